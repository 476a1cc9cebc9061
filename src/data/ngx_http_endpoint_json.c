
#include <ngx_config.h>
#include <ngx_core.h>

#include <setjmp.h>
#include <yajl/yajl_parse.h>

#include "ngx_http_endpoint_json.h"
#include "ngx_http_endpoint_json_check.h"


/* keeps what yajl gets as aligned as malloc() would */
#define NGX_HTTP_ENDPOINT_JSON_HEAD  16


/* a run of keys that one pass can follow: members and indexes from the start */
typedef struct {
    ngx_http_endpoint_json_key_t     *keys;
    ngx_uint_t                        nkeys;
    ngx_uint_t                        matched;  /* keys of the open parents */
    u_char                           *start;    /* of an open array, object */
    ngx_http_endpoint_value_t        *value;
    ngx_uint_t                        hit;      /* by the value to come */
} ngx_http_endpoint_json_target_t;


typedef struct {
    ngx_pool_t                       *pool;
    ngx_http_endpoint_json_target_t  *targets;
    ngx_uint_t                        ntargets;
    ngx_array_t                      *list;     /* a value for each element */

    u_char                           *text;
    u_char                           *end;      /* of the last token seen */
    ngx_uint_t                        level;
    ngx_uint_t                        live;     /* the level targets are in */
    ngx_uint_t                        hits;
    ngx_int_t                        *indexes;  /* of a level; -1: object */

    yajl_handle                       yajl;
    jmp_buf                           no_memory;
} ngx_http_endpoint_json_ctx_t;


static ngx_int_t ngx_http_endpoint_json_valid(ngx_str_t *text);
static ngx_uint_t ngx_http_endpoint_json_plain(
    ngx_http_endpoint_json_key_t *keys, ngx_uint_t n);
static ngx_int_t ngx_http_endpoint_json_rest(ngx_pool_t *pool,
    ngx_http_endpoint_value_t *v, ngx_http_endpoint_json_key_t *keys,
    ngx_uint_t n);
static ngx_array_t *ngx_http_endpoint_json_project(ngx_pool_t *pool,
    ngx_http_endpoint_value_t *v, ngx_http_endpoint_json_key_t *keys,
    ngx_uint_t n);
static void ngx_http_endpoint_json_cut(ngx_array_t *list,
    ngx_http_endpoint_json_key_t *key);
static ngx_int_t ngx_http_endpoint_json_gather(ngx_pool_t *pool,
    ngx_array_t *list, ngx_http_endpoint_value_t *v);
static ngx_int_t ngx_http_endpoint_json_follow(ngx_pool_t *pool,
    ngx_http_endpoint_value_t *v, ngx_http_endpoint_json_target_t *targets,
    ngx_uint_t n, ngx_array_t *list);
static ngx_int_t ngx_http_endpoint_json_parse(
    ngx_http_endpoint_json_ctx_t *ctx, size_t len);
static int ngx_http_endpoint_json_on_boolean(void *data, int value);
static int ngx_http_endpoint_json_on_number(void *data, const char *p,
    size_t len);
static int ngx_http_endpoint_json_on_string(void *data, const unsigned char *p,
    size_t len);
static int ngx_http_endpoint_json_on_start_map(void *data);
static int ngx_http_endpoint_json_on_start_array(void *data);
static int ngx_http_endpoint_json_on_key(void *data, const unsigned char *p,
    size_t len);
static int ngx_http_endpoint_json_on_scalar(void *data);
static int ngx_http_endpoint_json_open(ngx_http_endpoint_json_ctx_t *ctx,
    ngx_int_t index);
static int ngx_http_endpoint_json_on_end(void *data);
static void ngx_http_endpoint_json_match_index(
    ngx_http_endpoint_json_ctx_t *ctx);
static ngx_inline ngx_uint_t ngx_http_endpoint_json_in(
    ngx_http_endpoint_json_ctx_t *ctx,
    ngx_http_endpoint_json_target_t *target);
static void ngx_http_endpoint_json_hit(ngx_http_endpoint_json_ctx_t *ctx,
    ngx_http_endpoint_json_target_t *target);
static ngx_inline u_char *ngx_http_endpoint_json_position(
    ngx_http_endpoint_json_ctx_t *ctx);
static void *ngx_http_endpoint_json_alloc(void *data, size_t size);
static void *ngx_http_endpoint_json_realloc(void *data, void *old,
    size_t size);
static void ngx_http_endpoint_json_free(void *data, void *p);


static yajl_callbacks  ngx_http_endpoint_json_callbacks = {
    ngx_http_endpoint_json_on_scalar,
    ngx_http_endpoint_json_on_boolean,
    NULL,                              /* integer: numbers keep their digits */
    NULL,                              /* double */
    ngx_http_endpoint_json_on_number,
    ngx_http_endpoint_json_on_string,
    ngx_http_endpoint_json_on_start_map,
    ngx_http_endpoint_json_on_key,
    ngx_http_endpoint_json_on_end,
    ngx_http_endpoint_json_on_start_array,
    ngx_http_endpoint_json_on_end
};


ngx_int_t
ngx_http_endpoint_json_extract(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_json_path_t *paths, ngx_uint_t n,
    ngx_http_endpoint_value_t *values)
{
    ngx_int_t                         rc;
    ngx_uint_t                        i;
    ngx_http_endpoint_value_t         whole;
    ngx_http_endpoint_json_target_t  *targets;

    rc = ngx_http_endpoint_json_valid(text);

    if (rc != NGX_OK || n == 0) {
        return rc;
    }

    targets = ngx_pcalloc(pool, n * sizeof(ngx_http_endpoint_json_target_t));
    if (targets == NULL) {
        return NGX_ERROR;
    }

    ngx_http_endpoint_value_json(&whole, text->data, text->len);

    for (i = 0; i < n; i++) {
        targets[i].value = &values[paths[i].slot];

        if (paths[i].keys) {
            targets[i].keys = paths[i].keys->elts;
            targets[i].nkeys = ngx_http_endpoint_json_plain(
                                   paths[i].keys->elts, paths[i].keys->nelts);
        }
    }

    rc = ngx_http_endpoint_json_follow(pool, &whole, targets, n, NULL);

    for (i = 0; rc == NGX_OK && i < n; i++) {

        if (paths[i].keys) {
            rc = ngx_http_endpoint_json_rest(pool, targets[i].value,
                                   targets[i].keys + targets[i].nkeys,
                                   paths[i].keys->nelts - targets[i].nkeys);
        }
    }

    return rc;
}


/* yajl alone would let pass surrogates and overlong forms in UTF-8 */

static ngx_int_t
ngx_http_endpoint_json_valid(ngx_str_t *text)
{
    ngx_int_t                       rc;
    ngx_http_endpoint_json_check_t  check;

    ngx_http_endpoint_json_check_init(&check);

    if (ngx_http_endpoint_json_check(&check, text->data, text->len)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    rc = ngx_http_endpoint_json_check_end(&check);

    switch (rc) {

    case NGX_DECLINED:
        return NGX_ABORT;

    case NGX_ERROR:
        return NGX_DECLINED;

    default:
        return rc;
    }
}


static ngx_uint_t
ngx_http_endpoint_json_plain(ngx_http_endpoint_json_key_t *keys, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (keys[i].type != ngx_http_endpoint_json_member
            && (keys[i].type != ngx_http_endpoint_json_index
                || keys[i].from < 0))
        {
            break;
        }
    }

    return i;
}


/* replaces v by what n keys, the first of which is not plain, lead to in it */

static ngx_int_t
ngx_http_endpoint_json_rest(ngx_pool_t *pool, ngx_http_endpoint_value_t *v,
    ngx_http_endpoint_json_key_t *keys, ngx_uint_t n)
{
    ngx_int_t                   rc;
    ngx_uint_t                  i, used;
    ngx_array_t                *list;
    ngx_http_endpoint_value_t  *element;

    if (n == 0) {
        return NGX_OK;
    }

    if (v->type != ngx_http_endpoint_array) {
        ngx_http_endpoint_value_json(v, NULL, 0);
        return NGX_OK;
    }

    used = 1 + ngx_http_endpoint_json_plain(keys + 1, n - 1);

    list = ngx_http_endpoint_json_project(pool, v, keys, used);
    if (list == NULL) {
        return NGX_ERROR;
    }

    if (keys->type != ngx_http_endpoint_json_all) {
        ngx_http_endpoint_json_cut(list, keys);
    }

    element = list->elts;

    for (i = 0; i < list->nelts; i++) {
        rc = ngx_http_endpoint_json_rest(pool, &element[i], keys + used,
                                         n - used);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (keys->type != ngx_http_endpoint_json_index) {
        return ngx_http_endpoint_json_gather(pool, list, v);
    }

    if (list->nelts) {
        *v = element[0];

    } else {
        ngx_http_endpoint_value_json(v, NULL, 0);
    }

    return NGX_OK;
}


ngx_array_t *
ngx_http_endpoint_json_elements(ngx_pool_t *pool, ngx_http_endpoint_value_t *v)
{
    ngx_http_endpoint_json_key_t  key;

    if (ngx_http_endpoint_value_flatten(pool, v) != NGX_OK) {
        return NULL;
    }

    ngx_memzero(&key, sizeof(ngx_http_endpoint_json_key_t));

    key.type = ngx_http_endpoint_json_all;

    return ngx_http_endpoint_json_project(pool, v, &key, 1);
}


/* the first key stands for each element, those behind it are plain */

static ngx_array_t *
ngx_http_endpoint_json_project(ngx_pool_t *pool, ngx_http_endpoint_value_t *v,
    ngx_http_endpoint_json_key_t *keys, ngx_uint_t n)
{
    ngx_array_t                      *list;
    ngx_http_endpoint_value_t         unused;
    ngx_http_endpoint_json_target_t   target;

    list = ngx_array_create(pool, 8, sizeof(ngx_http_endpoint_value_t));
    if (list == NULL) {
        return NULL;
    }

    if (v->type != ngx_http_endpoint_array) {
        return list;
    }

    ngx_memzero(&target, sizeof(ngx_http_endpoint_json_target_t));

    target.keys = keys;
    target.nkeys = n;
    target.value = &unused;

    if (ngx_http_endpoint_json_follow(pool, v, &target, 1, list)
        != NGX_OK)
    {
        return NULL;
    }

    return list;
}


static void
ngx_http_endpoint_json_cut(ngx_array_t *list,
    ngx_http_endpoint_json_key_t *key)
{
    ngx_int_t                   n, from, to;
    ngx_http_endpoint_value_t  *elts;

    n = list->nelts;

    from = key->from < 0 ? key->from + n : key->from;
    to = key->to < 0 ? key->to + n : key->to;

    if (key->type == ngx_http_endpoint_json_index) {
        to = from < 0 ? 0 : from + 1;
    }

    from = ngx_max(from, 0);
    to = ngx_min(to, n);

    elts = list->elts;

    list->elts = elts + ngx_min(from, n);
    list->nelts = ngx_max(to - from, 0);
}


static ngx_int_t
ngx_http_endpoint_json_gather(ngx_pool_t *pool, ngx_array_t *list,
    ngx_http_endpoint_value_t *v)
{
    u_char                     *p, *data;
    size_t                      len;
    ngx_uint_t                  i;
    ngx_http_endpoint_value_t  *element;

    element = list->elts;
    len = 2;

    for (i = 0; i < list->nelts; i++) {
        if (element[i].type == ngx_http_endpoint_null) {
            ngx_str_set(&element[i].data, "null");
        }

        len += element[i].data.len + 1;
    }

    data = ngx_pnalloc(pool, len);
    if (data == NULL) {
        return NGX_ERROR;
    }

    p = data;
    *p++ = '[';

    for (i = 0; i < list->nelts; i++) {

        if (i) {
            *p++ = ',';
        }

        p = ngx_cpymem(p, element[i].data.data, element[i].data.len);
    }

    *p++ = ']';

    ngx_http_endpoint_value_json(v, data, p - data);

    return NGX_OK;
}


/* one pass over v for all targets; what is not there becomes null */

static ngx_int_t
ngx_http_endpoint_json_follow(ngx_pool_t *pool, ngx_http_endpoint_value_t *v,
    ngx_http_endpoint_json_target_t *targets, ngx_uint_t n, ngx_array_t *list)
{
    ngx_uint_t                    i, deepest;
    ngx_http_endpoint_json_ctx_t  ctx;

    ngx_memzero(&ctx, sizeof(ngx_http_endpoint_json_ctx_t));

    ctx.pool = pool;
    ctx.targets = targets;
    ctx.ntargets = n;
    ctx.list = list;
    ctx.text = v->data.data;

    deepest = 0;

    for (i = 0; i < n; i++) {

        if (targets[i].nkeys == 0) {
            *targets[i].value = *v;
            continue;
        }

        deepest = ngx_max(deepest, targets[i].nkeys);
        ngx_http_endpoint_json_hit(&ctx, &targets[i]);
    }

    if (deepest == 0
        || (v->type != ngx_http_endpoint_array
            && v->type != ngx_http_endpoint_object))
    {
        return NGX_OK;
    }

    /* from the level of the text itself to one below the last key */

    ctx.indexes = ngx_palloc(pool, (deepest + 2) * sizeof(ngx_int_t));
    if (ctx.indexes == NULL) {
        return NGX_ERROR;
    }

    ctx.indexes[0] = -1;

    return ngx_http_endpoint_json_parse(&ctx, v->data.len);
}


static ngx_int_t
ngx_http_endpoint_json_parse(ngx_http_endpoint_json_ctx_t *ctx, size_t len)
{
    yajl_status       status;
    yajl_alloc_funcs  funcs;

    funcs.malloc = ngx_http_endpoint_json_alloc;
    funcs.realloc = ngx_http_endpoint_json_realloc;
    funcs.free = ngx_http_endpoint_json_free;
    funcs.ctx = ctx;

    /* yajl uses what its allocator gives without a test for NULL */

    if (setjmp(ctx->no_memory) != 0) {
        return NGX_ERROR;
    }

    ctx->yajl = yajl_alloc(&ngx_http_endpoint_json_callbacks, &funcs, ctx);

    yajl_config(ctx->yajl, yajl_dont_validate_strings, 1);

    status = yajl_parse(ctx->yajl, ctx->text, len);

    yajl_free(ctx->yajl);

    return status == yajl_status_ok ? NGX_OK : NGX_DECLINED;
}


static int
ngx_http_endpoint_json_on_boolean(void *data, int value)
{
    return ngx_http_endpoint_json_on_scalar(data);
}


static int
ngx_http_endpoint_json_on_number(void *data, const char *p, size_t len)
{
    return ngx_http_endpoint_json_on_scalar(data);
}


static int
ngx_http_endpoint_json_on_string(void *data, const unsigned char *p,
    size_t len)
{
    return ngx_http_endpoint_json_on_scalar(data);
}


static int
ngx_http_endpoint_json_on_start_map(void *data)
{
    return ngx_http_endpoint_json_open(data, -1);
}


static int
ngx_http_endpoint_json_on_start_array(void *data)
{
    return ngx_http_endpoint_json_open(data, 0);
}


static int
ngx_http_endpoint_json_on_key(void *data, const unsigned char *p, size_t len)
{
    ngx_http_endpoint_json_ctx_t *ctx = data;

    ngx_uint_t                        i;
    ngx_http_endpoint_json_key_t     *key;
    ngx_http_endpoint_json_target_t  *target;

    if (ctx->level != ctx->live) {
        return 1;
    }

    for (i = 0; i < ctx->ntargets; i++) {
        target = &ctx->targets[i];

        if (!ngx_http_endpoint_json_in(ctx, target)) {
            continue;
        }

        key = &target->keys[target->matched];

        if (key->type == ngx_http_endpoint_json_member
            && key->name.len == len
            && ngx_memcmp(key->name.data, p, len) == 0)
        {
            ngx_http_endpoint_json_hit(ctx, target);
        }
    }

    ctx->end = ngx_http_endpoint_json_position(ctx);

    return 1;
}


static int
ngx_http_endpoint_json_on_scalar(void *data)
{
    ngx_http_endpoint_json_ctx_t *ctx = data;

    u_char                           *start, *end;
    ngx_uint_t                        i;
    ngx_http_endpoint_json_target_t  *target;

    if (ctx->level != ctx->live) {
        return 1;
    }

    ngx_http_endpoint_json_match_index(ctx);

    end = ngx_http_endpoint_json_position(ctx);

    if (ctx->hits) {

        /* yajl tells where a token ends, and only that */

        start = ctx->end;

        while (*start == ',' || *start == ':' || *start <= ' ') {
            start++;
        }

        for (i = 0; i < ctx->ntargets; i++) {
            target = &ctx->targets[i];

            if (target->hit && target->nkeys == ctx->level) {
                ngx_http_endpoint_value_json(target->value, start,
                                             end - start);
            }

            target->hit = 0;
        }

        ctx->hits = 0;
    }

    ctx->end = end;

    return 1;
}


static int
ngx_http_endpoint_json_open(ngx_http_endpoint_json_ctx_t *ctx, ngx_int_t index)
{
    ngx_uint_t                        i;
    ngx_http_endpoint_json_target_t  *target;

    if (ctx->level != ctx->live) {
        ctx->level++;
        return 1;
    }

    ngx_http_endpoint_json_match_index(ctx);

    ctx->end = ngx_http_endpoint_json_position(ctx);

    if (ctx->hits) {

        for (i = 0; i < ctx->ntargets; i++) {
            target = &ctx->targets[i];

            if (!target->hit) {
                continue;
            }

            target->hit = 0;
            target->matched = ctx->level;

            if (target->nkeys == ctx->level) {
                target->start = ctx->end - 1;
            }
        }

        ctx->hits = 0;
        ctx->live++;
        ctx->indexes[ctx->live] = index;
    }

    ctx->level++;

    return 1;
}


static int
ngx_http_endpoint_json_on_end(void *data)
{
    ngx_http_endpoint_json_ctx_t *ctx = data;

    ngx_uint_t                        i;
    ngx_http_endpoint_json_target_t  *target;

    if (ctx->level > ctx->live + 1) {
        ctx->level--;
        return 1;
    }

    ctx->end = ngx_http_endpoint_json_position(ctx);

    if (ctx->level == ctx->live) {

        for (i = 0; i < ctx->ntargets; i++) {
            target = &ctx->targets[i];

            if (target->matched != ctx->level - 1) {
                continue;
            }

            if (target->start) {
                ngx_http_endpoint_value_json(target->value, target->start,
                                             ctx->end - target->start);
                target->start = NULL;
            }

            if (target->matched) {
                target->matched--;
            }
        }

        ctx->live--;
    }

    ctx->level--;

    return 1;
}


static void
ngx_http_endpoint_json_match_index(ngx_http_endpoint_json_ctx_t *ctx)
{
    ngx_int_t                         index;
    ngx_uint_t                        i;
    ngx_http_endpoint_json_key_t     *key;
    ngx_http_endpoint_json_target_t  *target;

    index = ctx->indexes[ctx->level];

    if (index == -1) {
        return;
    }

    ctx->indexes[ctx->level]++;

    for (i = 0; i < ctx->ntargets; i++) {
        target = &ctx->targets[i];

        if (!ngx_http_endpoint_json_in(ctx, target)) {
            continue;
        }

        key = &target->keys[target->matched];

        if (ctx->list && target->matched == 0) {
            target->value = ngx_array_push(ctx->list);
            if (target->value == NULL) {
                longjmp(ctx->no_memory, 1);
            }

            ngx_http_endpoint_json_hit(ctx, target);

        } else if (key->type == ngx_http_endpoint_json_index
                   && key->from == index)
        {
            ngx_http_endpoint_json_hit(ctx, target);
        }
    }
}


static ngx_inline ngx_uint_t
ngx_http_endpoint_json_in(ngx_http_endpoint_json_ctx_t *ctx,
    ngx_http_endpoint_json_target_t *target)
{
    return target->matched + 1 == ctx->level
           && target->matched < target->nkeys;
}


/* a member named twice comes here twice, and takes back what the first gave */

static void
ngx_http_endpoint_json_hit(ngx_http_endpoint_json_ctx_t *ctx,
    ngx_http_endpoint_json_target_t *target)
{
    target->hit = 1;
    ctx->hits++;

    ngx_http_endpoint_value_json(target->value, NULL, 0);
}


static ngx_inline u_char *
ngx_http_endpoint_json_position(ngx_http_endpoint_json_ctx_t *ctx)
{
    return ctx->text + yajl_get_bytes_consumed(ctx->yajl);
}


static void *
ngx_http_endpoint_json_alloc(void *data, size_t size)
{
    ngx_http_endpoint_json_ctx_t *ctx = data;

    u_char  *p;

    p = ngx_palloc(ctx->pool, NGX_HTTP_ENDPOINT_JSON_HEAD + size);
    if (p == NULL) {
        longjmp(ctx->no_memory, 1);
    }

    *(size_t *) p = size;

    return p + NGX_HTTP_ENDPOINT_JSON_HEAD;
}


static void *
ngx_http_endpoint_json_realloc(void *data, void *old, size_t size)
{
    void    *p;
    size_t   len;

    p = ngx_http_endpoint_json_alloc(data, size);

    if (old) {
        len = *(size_t *) ((u_char *) old - NGX_HTTP_ENDPOINT_JSON_HEAD);
        ngx_memcpy(p, old, ngx_min(len, size));
        ngx_http_endpoint_json_free(data, old);
    }

    return p;
}


static void
ngx_http_endpoint_json_free(void *data, void *p)
{
    ngx_http_endpoint_json_ctx_t *ctx = data;

    size_t  size;

    if (p == NULL) {
        return;
    }

    p = (u_char *) p - NGX_HTTP_ENDPOINT_JSON_HEAD;
    size = NGX_HTTP_ENDPOINT_JSON_HEAD + *(size_t *) p;

    /* a pool takes back what is large, and searches for it */

    if (size > ctx->pool->max) {
        (void) ngx_pfree(ctx->pool, p);
    }
}
