
#include "ngx_http_endpoint_cache_content.h"
#include "ngx_http_endpoint_run.h"


#define NGX_HTTP_ENDPOINT_CACHE_CONTENT_VERSION  2


/*
 * What value->headers begins with; the key's types, the Content-Type, the ETag
 * and the headers follow, each of those behind its two lengths.
 */
typedef struct {
    uint16_t    version;
    uint16_t    kind;
    uint32_t    fallback;
    uint32_t    retry_after;
    uint32_t    types;      /* lengths */
    uint32_t    type;
    uint32_t    etag;
    uint32_t    nheaders;
} ngx_http_endpoint_cache_content_head_t;


static ngx_uint_t ngx_http_endpoint_cache_content_header(ngx_keyval_t *kv);
static ngx_int_t ngx_http_endpoint_cache_content_pack(
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_cache_content_kind_e kind,
    ngx_str_t *types, ngx_http_endpoint_cache_value_t *value);
static u_char *ngx_http_endpoint_cache_content_put_header(u_char *p,
    ngx_keyval_t *kv);
static ngx_int_t ngx_http_endpoint_cache_content_unpack_headers(
    ngx_http_endpoint_run_t *run, u_char *p, ngx_uint_t n);
static ngx_int_t ngx_http_endpoint_cache_content_body(
    ngx_http_endpoint_run_t *run, ngx_str_t *body);


ngx_int_t
ngx_http_endpoint_cache_content_pack_reply(ngx_http_endpoint_run_t *run,
    ngx_uint_t first, ngx_uint_t fallback, ngx_str_t *types,
    ngx_http_endpoint_cache_value_t *value)
{
    u_char                                 *p;
    size_t                                  len;
    ngx_uint_t                              i, n;
    ngx_keyval_t                           *kv;
    ngx_http_endpoint_cache_content_head_t  head;

    kv = run->headers ? run->headers->elts : NULL;
    n = run->headers ? run->headers->nelts : 0;

    head.version = NGX_HTTP_ENDPOINT_CACHE_CONTENT_VERSION;
    head.kind = ngx_http_endpoint_cache_content_reply;
    head.fallback = fallback;
    head.retry_after = run->result.retry_after;
    head.types = types->len;
    head.type = run->result.type.len;
    head.etag = run->result.etag.len;
    head.nheaders = 0;

    len = sizeof(head) + types->len + head.type + head.etag;

    for (i = first; i < n; i++) {
        if (ngx_http_endpoint_cache_content_header(&kv[i])) {
            len += 2 * sizeof(uint32_t) + kv[i].key.len + kv[i].value.len;
            head.nheaders++;
        }
    }

    p = ngx_pnalloc(run->scope.pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->status = run->result.status;
    value->headers.data = p;
    value->headers.len = len;
    ngx_str_null(&value->body);
    value->chain = run->result.body;

    p = ngx_cpymem(p, &head, sizeof(head));
    p = ngx_cpymem(p, types->data, types->len);

    if (head.type) {
        p = ngx_cpymem(p, run->result.type.data, head.type);
    }

    if (head.etag) {
        p = ngx_cpymem(p, run->result.etag.data, head.etag);
    }

    for (i = first; i < n; i++) {
        if (ngx_http_endpoint_cache_content_header(&kv[i])) {
            p = ngx_http_endpoint_cache_content_put_header(p, &kv[i]);
        }
    }

    return NGX_OK;
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
    ngx_http_endpoint_cache_content_kind_e  kind;

    value->status = 0;
    value->body = v->data;
    value->chain = v->chain;

    switch (v->type) {

    case ngx_http_endpoint_null:
        kind = ngx_http_endpoint_cache_content_null;
        ngx_str_null(&value->body);
        break;

    case ngx_http_endpoint_text:
        kind = ngx_http_endpoint_cache_content_text;
        break;

    default:
        kind = ngx_http_endpoint_cache_content_json;
    }

    return ngx_http_endpoint_cache_content_pack(run, kind, types, value);
}


ngx_int_t
ngx_http_endpoint_cache_content_pack_cause(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_cause_e cause, ngx_str_t *types,
    ngx_http_endpoint_cache_value_t *value)
{
    value->status = cause;
    ngx_str_null(&value->body);
    value->chain = NULL;

    return ngx_http_endpoint_cache_content_pack(run,
                                        ngx_http_endpoint_cache_content_cause,
                                        types, value);
}


static ngx_int_t
ngx_http_endpoint_cache_content_pack(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_cache_content_kind_e kind, ngx_str_t *types,
    ngx_http_endpoint_cache_value_t *value)
{
    u_char                                 *p;
    ngx_http_endpoint_cache_content_head_t  head;

    ngx_memzero(&head, sizeof(head));

    head.version = NGX_HTTP_ENDPOINT_CACHE_CONTENT_VERSION;
    head.kind = kind;
    head.types = types->len;

    value->headers.len = sizeof(head) + types->len;
    value->headers.data = ngx_pnalloc(run->scope.pool, value->headers.len);
    if (value->headers.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(value->headers.data, &head, sizeof(head));
    ngx_memcpy(p, types->data, types->len);

    return NGX_OK;
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

    if (ngx_http_endpoint_cache_content_unpack_headers(run, p, head.nheaders)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_cache_content_body(run, &value->body);
}


static ngx_int_t
ngx_http_endpoint_cache_content_unpack_headers(ngx_http_endpoint_run_t *run,
    u_char *p, ngx_uint_t n)
{
    uint32_t       len[2];
    ngx_keyval_t  *kv;

    while (n--) {
        kv = ngx_http_endpoint_run_header(run);
        if (kv == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(len, p, sizeof(len));

        kv->key.data = p + sizeof(len);
        kv->key.len = len[0];
        kv->value.data = kv->key.data + len[0];
        kv->value.len = len[1];

        p = kv->value.data + len[1];
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_cache_content_body(ngx_http_endpoint_run_t *run,
    ngx_str_t *body)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    run->result.length = body->len;
    run->result.body = NULL;

    if (body->len == 0) {
        return NGX_OK;
    }

    b = ngx_pcalloc(run->scope.pool, sizeof(ngx_buf_t) + sizeof(ngx_chain_t));
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = body->data;
    b->last = body->data + body->len;
    b->memory = 1;
    b->last_in_chain = 1;

    cl = (ngx_chain_t *) (b + 1);
    cl->buf = b;

    run->result.body = cl;

    return NGX_OK;
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
