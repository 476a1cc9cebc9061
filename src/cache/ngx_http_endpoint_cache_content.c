
#include "ngx_http_endpoint_cache_content.h"
#include "ngx_http_endpoint_run.h"


#define NGX_HTTP_ENDPOINT_CACHE_CONTENT_VERSION  3


/*
 * What value->headers begins with; the key's types, the Content-Type, the ETag
 * and the headers follow, each of those behind its two lengths.
 */
typedef struct {
    uint16_t    version;
    uint16_t    kind;
    uint32_t    fallback;
    uint64_t    policy;
    uint32_t    retry_after;
    uint32_t    types;      /* lengths */
    uint32_t    type;
    uint32_t    etag;
    uint32_t    nheaders;
} ngx_http_endpoint_cache_content_head_t;


/* what stands before the headers of a failure, in place of a Content-Type */
typedef struct {
    uint32_t    cause;
    uint32_t    tries;
    uint64_t    waited;
    uint64_t    limit;
} ngx_http_endpoint_cache_content_failure_t;


static ngx_uint_t ngx_http_endpoint_cache_content_header(ngx_keyval_t *kv);
static ngx_int_t ngx_http_endpoint_cache_content_pack(ngx_pool_t *pool,
    ngx_http_endpoint_cache_content_head_t *head, ngx_str_t *types,
    ngx_str_t *type, ngx_str_t *etag, ngx_keyval_t *kv, ngx_uint_t n,
    ngx_http_endpoint_cache_value_t *value);
static u_char *ngx_http_endpoint_cache_content_put(u_char *p, ngx_str_t *text);
static u_char *ngx_http_endpoint_cache_content_put_header(u_char *p,
    ngx_keyval_t *kv);
static u_char *ngx_http_endpoint_cache_content_get_header(u_char *p,
    ngx_keyval_t *kv);
static ngx_int_t ngx_http_endpoint_cache_content_body(ngx_pool_t *pool,
    ngx_str_t *body, ngx_chain_t **out);


ngx_int_t
ngx_http_endpoint_cache_content_pack_reply(ngx_http_endpoint_run_t *run,
    ngx_uint_t first, ngx_uint_t fallback, ngx_str_t *types,
    ngx_http_endpoint_cache_value_t *value)
{
    ngx_keyval_t                           *kv;
    ngx_http_endpoint_result_t             *result;
    ngx_http_endpoint_cache_content_head_t  head;

    result = &run->result;

    ngx_memzero(&head, sizeof(head));

    head.kind = ngx_http_endpoint_cache_content_reply;
    head.fallback = fallback;
    head.retry_after = result->retry_after;

    value->status = result->status;
    ngx_str_null(&value->body);
    value->chain = result->body;

    kv = run->headers ? run->headers->elts : NULL;

    return ngx_http_endpoint_cache_content_pack(run->scope.pool, &head, types,
                                   &result->type, &result->etag,
                                   kv ? kv + first : NULL,
                                   kv ? run->headers->nelts - first : 0,
                                   value);
}


static ngx_uint_t
ngx_http_endpoint_cache_content_header(ngx_keyval_t *kv)
{
    return kv->key.len != sizeof("Set-Cookie") - 1
           || ngx_strncasecmp(kv->key.data, (u_char *) "Set-Cookie",
                              sizeof("Set-Cookie") - 1)
              != 0;
}


static u_char *
ngx_http_endpoint_cache_content_put_header(u_char *p, ngx_keyval_t *kv)
{
    uint32_t  len[2];

    len[0] = kv->key.len;
    len[1] = kv->value.len;

    p = ngx_cpymem(p, len, sizeof(len));
    p = ngx_cpymem(p, kv->key.data, kv->key.len);

    if (kv->value.len) {
        p = ngx_cpymem(p, kv->value.data, kv->value.len);
    }

    return p;
}


ngx_int_t
ngx_http_endpoint_cache_content_pack_value(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_value_t *v, ngx_str_t *types,
    ngx_http_endpoint_cache_value_t *value)
{
    ngx_str_t                               none;
    ngx_http_endpoint_cache_content_head_t  head;

    ngx_str_null(&none);
    ngx_memzero(&head, sizeof(head));

    value->status = 0;
    value->body = v->data;
    value->chain = v->chain;

    switch (v->type) {

    case ngx_http_endpoint_null:
        head.kind = ngx_http_endpoint_cache_content_null;
        ngx_str_null(&value->body);
        break;

    case ngx_http_endpoint_text:
        head.kind = ngx_http_endpoint_cache_content_text;
        break;

    default:
        head.kind = ngx_http_endpoint_cache_content_json;
    }

    return ngx_http_endpoint_cache_content_pack(run->scope.pool, &head, types,
                                                &none, &none, NULL, 0, value);
}


ngx_int_t
ngx_http_endpoint_cache_content_pack_outcome(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_outcome_t *outcome, ngx_str_t *types,
    ngx_http_endpoint_cache_value_t *value)
{
    ngx_str_t                                  none, text;
    ngx_array_t                               *fields;
    ngx_http_endpoint_cache_content_head_t     head;
    ngx_http_endpoint_cache_content_failure_t  failure;

    ngx_str_null(&none);
    ngx_memzero(&head, sizeof(head));
    ngx_memzero(&failure, sizeof(failure));

    head.kind = ngx_http_endpoint_cache_content_outcome;

    failure.cause = outcome->cause;
    failure.tries = outcome->tries;
    failure.waited = outcome->waited;
    failure.limit = outcome->limit;

    text.data = (u_char *) &failure;
    text.len = sizeof(failure);

    value->status = outcome->status;
    ngx_str_null(&value->body);
    value->chain = outcome->body;

    fields = outcome->fields;

    return ngx_http_endpoint_cache_content_pack(run->scope.pool, &head, types,
                                                &text, &none,
                                                fields ? fields->elts : NULL,
                                                fields ? fields->nelts : 0,
                                                value);
}


/* sets what head has of versions and lengths, and value->headers */

static ngx_int_t
ngx_http_endpoint_cache_content_pack(ngx_pool_t *pool,
    ngx_http_endpoint_cache_content_head_t *head, ngx_str_t *types,
    ngx_str_t *type, ngx_str_t *etag, ngx_keyval_t *kv, ngx_uint_t n,
    ngx_http_endpoint_cache_value_t *value)
{
    u_char      *p;
    size_t       len;
    ngx_uint_t   i;

    head->version = NGX_HTTP_ENDPOINT_CACHE_CONTENT_VERSION;
    head->types = types->len;
    head->type = type->len;
    head->etag = etag->len;

    len = sizeof(*head) + types->len + type->len + etag->len;

    for (i = 0; i < n; i++) {
        if (ngx_http_endpoint_cache_content_header(&kv[i])) {
            len += 2 * sizeof(uint32_t) + kv[i].key.len + kv[i].value.len;
            head->nheaders++;
        }
    }

    p = ngx_pnalloc(pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->headers.data = p;
    value->headers.len = len;

    p = ngx_cpymem(p, head, sizeof(*head));
    p = ngx_http_endpoint_cache_content_put(p, types);
    p = ngx_http_endpoint_cache_content_put(p, type);
    p = ngx_http_endpoint_cache_content_put(p, etag);

    for (i = 0; i < n; i++) {
        if (ngx_http_endpoint_cache_content_header(&kv[i])) {
            p = ngx_http_endpoint_cache_content_put_header(p, &kv[i]);
        }
    }

    return NGX_OK;
}


static u_char *
ngx_http_endpoint_cache_content_put(u_char *p, ngx_str_t *text)
{
    return text->len ? ngx_cpymem(p, text->data, text->len) : p;
}


void
ngx_http_endpoint_cache_content_set_fallback(
    ngx_http_endpoint_cache_value_t *value)
{
    ngx_http_endpoint_cache_content_head_t  head;

    ngx_memcpy(&head, value->headers.data, sizeof(head));
    head.fallback = 1;
    ngx_memcpy(value->headers.data, &head, sizeof(head));
}


void
ngx_http_endpoint_cache_content_set_policy(
    ngx_http_endpoint_cache_value_t *value, uint64_t policy)
{
    ngx_http_endpoint_cache_content_head_t  head;

    ngx_memcpy(&head, value->headers.data, sizeof(head));
    head.policy = policy;
    ngx_memcpy(value->headers.data, &head, sizeof(head));
}


ngx_uint_t
ngx_http_endpoint_cache_content_fallback(
    ngx_http_endpoint_cache_value_t *value)
{
    ngx_http_endpoint_cache_content_head_t  head;

    ngx_memcpy(&head, value->headers.data, sizeof(head));

    return head.fallback;
}


uint64_t
ngx_http_endpoint_cache_content_policy(ngx_http_endpoint_cache_value_t *value)
{
    ngx_http_endpoint_cache_content_head_t  head;

    ngx_memcpy(&head, value->headers.data, sizeof(head));

    return head.policy;
}


ngx_uint_t
ngx_http_endpoint_cache_content_kind(ngx_http_endpoint_cache_value_t *value,
    ngx_str_t *types)
{
    u_char                                 *p;
    size_t                                  i;
    ngx_http_endpoint_cache_content_head_t  head;

    if (value->headers.len < sizeof(head)) {
        return 0;
    }

    ngx_memcpy(&head, value->headers.data, sizeof(head));

    if (head.version != NGX_HTTP_ENDPOINT_CACHE_CONTENT_VERSION
        || head.types != types->len)
    {
        return 0;
    }

    p = value->headers.data + sizeof(head);

    for (i = 0; i < types->len; i++) {
        if (p[i] != types->data[i]) {
            return 0;
        }
    }

    return head.kind;
}


ngx_int_t
ngx_http_endpoint_cache_content_unpack_reply(
    ngx_http_endpoint_cache_value_t *value, ngx_http_endpoint_run_t *run)
{
    u_char                                 *p;
    ngx_keyval_t                           *kv;
    ngx_http_endpoint_cache_content_head_t  head;

    p = value->headers.data;

    ngx_memcpy(&head, p, sizeof(head));

    p += sizeof(head) + head.types;

    run->result.status = value->status;
    run->result.retry_after = head.retry_after;
    run->result.fallback |= head.fallback;
    run->result.type.data = p;
    run->result.type.len = head.type;

    p += head.type;

    run->result.etag.data = p;
    run->result.etag.len = head.etag;

    p += head.etag;

    while (head.nheaders--) {
        kv = ngx_http_endpoint_run_header(run);
        if (kv == NULL) {
            return NGX_ERROR;
        }

        p = ngx_http_endpoint_cache_content_get_header(p, kv);
    }

    run->result.length = value->body.len;

    return ngx_http_endpoint_cache_content_body(run->scope.pool, &value->body,
                                                &run->result.body);
}


static u_char *
ngx_http_endpoint_cache_content_get_header(u_char *p, ngx_keyval_t *kv)
{
    uint32_t  len[2];

    ngx_memcpy(len, p, sizeof(len));

    kv->key.data = p + sizeof(len);
    kv->key.len = len[0];
    kv->value.data = kv->key.data + len[0];
    kv->value.len = len[1];

    return kv->value.data + len[1];
}


static ngx_int_t
ngx_http_endpoint_cache_content_body(ngx_pool_t *pool, ngx_str_t *body,
    ngx_chain_t **out)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    *out = NULL;

    if (body->len == 0) {
        return NGX_OK;
    }

    b = ngx_pcalloc(pool, sizeof(ngx_buf_t) + sizeof(ngx_chain_t));
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = body->data;
    b->last = body->data + body->len;
    b->memory = 1;
    b->last_in_chain = 1;

    cl = (ngx_chain_t *) (b + 1);
    cl->buf = b;

    *out = cl;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_cache_content_unpack_outcome(
    ngx_http_endpoint_cache_value_t *value, ngx_pool_t *pool,
    ngx_http_endpoint_outcome_t *outcome)
{
    u_char                                    *p;
    ngx_keyval_t                              *kv;
    ngx_http_endpoint_cache_content_head_t     head;
    ngx_http_endpoint_cache_content_failure_t  failure;

    p = value->headers.data;

    ngx_memcpy(&head, p, sizeof(head));

    p += sizeof(head) + head.types;

    ngx_memcpy(&failure, p, sizeof(failure));

    p += head.type + head.etag;

    outcome->cause = failure.cause;
    outcome->tries = failure.tries;
    outcome->waited = failure.waited;
    outcome->limit = failure.limit;
    outcome->status = value->status;
    outcome->length = value->body.len;

    outcome->fields = ngx_array_create(pool, head.nheaders + 1,
                                       sizeof(ngx_keyval_t));
    if (outcome->fields == NULL) {
        return NGX_ERROR;
    }

    while (head.nheaders--) {
        kv = ngx_array_push(outcome->fields);
        if (kv == NULL) {
            return NGX_ERROR;
        }

        p = ngx_http_endpoint_cache_content_get_header(p, kv);
    }

    return ngx_http_endpoint_cache_content_body(pool, &value->body,
                                                &outcome->body);
}


void
ngx_http_endpoint_cache_content_unpack_value(
    ngx_http_endpoint_cache_value_t *value, ngx_http_endpoint_value_t *v)
{
    ngx_http_endpoint_cache_content_head_t  head;

    ngx_memcpy(&head, value->headers.data, sizeof(head));

    if (head.kind == ngx_http_endpoint_cache_content_text) {
        ngx_http_endpoint_value_text(v, value->body.data, value->body.len);

    } else {

        /* null is an empty text */

        ngx_http_endpoint_value_json(v, value->body.data, value->body.len);
    }
}
