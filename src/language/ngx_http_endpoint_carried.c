
#include "ngx_http_endpoint_carried.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_use.h"


/* of each value: its type, and the length of its text */
#define NGX_HTTP_ENDPOINT_CARRIED_HEAD  (1 + sizeof(uint32_t))


static ngx_http_endpoint_carried_t *ngx_http_endpoint_carried_find(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_ref_t *from);
static ngx_http_endpoint_carried_t *ngx_http_endpoint_carried_add(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_ref_t *from,
    ngx_str_t *text);


ngx_int_t
ngx_http_endpoint_carried_ref(ngx_http_endpoint_compile_t *c, u_char **pos,
    u_char *end, ngx_http_endpoint_ref_t *ref)
{
    u_char                         *start;
    ngx_int_t                       rc;
    ngx_str_t                       text;
    ngx_http_endpoint_ref_t         from;
    ngx_http_endpoint_carried_t    *carried;
    ngx_http_endpoint_statement_t  *statement;

    start = *pos;

    /* a mistake is told where it is */

    statement = c->outer->statement;
    c->outer->statement = c->statement;

    rc = ngx_http_endpoint_name_ref(c->outer, pos, end, &from);

    c->outer->statement = statement;

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    text.data = start;
    text.len = *pos - start;

    carried = ngx_http_endpoint_carried_find(c, &from);

    if (carried == NULL) {
        carried = ngx_http_endpoint_carried_add(c, &from, &text);
    }

    if (carried == NULL) {
        return NGX_ERROR;
    }

    ref->name = &carried->name;
    ref->index = carried->name.slot;
    ref->uri = from.uri;

    return ngx_http_endpoint_use_note(c, &text, ref);
}


static ngx_http_endpoint_carried_t *
ngx_http_endpoint_carried_find(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_ref_t *from)
{
    ngx_uint_t                     i;
    ngx_http_endpoint_carried_t  **carried;

    if (c->plan->carried == NULL) {
        return NULL;
    }

    carried = c->plan->carried->elts;

    for (i = 0; i < c->plan->carried->nelts; i++) {
        if (carried[i]->from.name == from->name
            && carried[i]->from.index == from->index)
        {
            return carried[i];
        }
    }

    return NULL;
}


static ngx_http_endpoint_carried_t *
ngx_http_endpoint_carried_add(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_ref_t *from, ngx_str_t *text)
{
    ngx_pool_t                    *pool;
    ngx_http_endpoint_carried_t   *carried, **cp;

    pool = c->cf->pool;

    if (c->plan->carried == NULL) {
        c->plan->carried = ngx_array_create(pool, 4,
                                     sizeof(ngx_http_endpoint_carried_t *));
        if (c->plan->carried == NULL) {
            return NULL;
        }
    }

    carried = ngx_pcalloc(pool, sizeof(ngx_http_endpoint_carried_t));
    cp = ngx_array_push(c->plan->carried);

    if (carried == NULL || cp == NULL
        || ngx_array_init(&carried->name.paths, pool, 1,
                          sizeof(ngx_http_endpoint_json_path_t))
           != NGX_OK)
    {
        return NULL;
    }

    *cp = carried;

    carried->from = *from;
    carried->name.name = *text;
    carried->name.statement = c->statement;
    carried->name.slot = c->plan->nslots++;
    carried->name.scalar = (from->name == NULL || from->name->scalar);
    carried->name.used = 1;

    return carried;
}


ngx_int_t
ngx_http_endpoint_carried_pack(ngx_http_endpoint_plan_t *plan,
    ngx_http_endpoint_scope_t *scope, ngx_pool_t *pool, ngx_str_t *bytes)
{
    u_char                        *p;
    uint32_t                       len;
    ngx_uint_t                     i, n;
    ngx_http_endpoint_value_t     *v;
    ngx_http_endpoint_carried_t  **carried;

    n = plan->carried ? plan->carried->nelts : 0;
    carried = n ? plan->carried->elts : NULL;

    v = ngx_palloc(pool, (n + 1) * sizeof(ngx_http_endpoint_value_t));
    if (v == NULL) {
        return NGX_ERROR;
    }

    bytes->len = n * NGX_HTTP_ENDPOINT_CARRIED_HEAD;

    for (i = 0; i < n; i++) {
        if (ngx_http_endpoint_scope_value(scope, &carried[i]->from, &v[i])
            != NGX_OK
            || ngx_http_endpoint_value_flatten(pool, &v[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (v[i].type == ngx_http_endpoint_null) {
            v[i].data.len = 0;
        }

        bytes->len += v[i].data.len;
    }

    bytes->data = ngx_pnalloc(pool, bytes->len + 1);
    if (bytes->data == NULL) {
        return NGX_ERROR;
    }

    p = bytes->data;

    for (i = 0; i < n; i++) {
        len = v[i].data.len;

        *p++ = (u_char) v[i].type;
        p = ngx_cpymem(p, &len, sizeof(uint32_t));

        /* memcpy() wants an address even for nothing */

        if (len) {
            p = ngx_cpymem(p, v[i].data.data, len);
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_carried_known(ngx_http_endpoint_plan_t *plan,
    ngx_http_endpoint_scope_t *scope, size_t *len)
{
    ngx_uint_t                     i, n;
    ngx_http_endpoint_value_t      v;
    ngx_http_endpoint_carried_t  **carried;

    n = plan->carried ? plan->carried->nelts : 0;
    carried = n ? plan->carried->elts : NULL;

    *len = n * NGX_HTTP_ENDPOINT_CARRIED_HEAD;

    for (i = 0; i < n; i++) {
        if (carried[i]->from.name && carried[i]->from.name->input == NULL) {
            continue;
        }

        if (ngx_http_endpoint_scope_value(scope, &carried[i]->from, &v)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (v.type != ngx_http_endpoint_null) {
            *len += v.data.len;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_carried_unpack(ngx_http_endpoint_plan_t *plan,
    ngx_http_endpoint_scope_t *scope, ngx_str_t *bytes)
{
    u_char                        *p, *last;
    uint32_t                       len;
    ngx_uint_t                     i, n;
    ngx_http_endpoint_value_t     *v;
    ngx_http_endpoint_carried_t  **carried;

    n = plan->carried ? plan->carried->nelts : 0;
    carried = n ? plan->carried->elts : NULL;

    p = bytes->data;
    last = p + bytes->len;

    for (i = 0; i < n; i++) {
        if (last - p < (ptrdiff_t) NGX_HTTP_ENDPOINT_CARRIED_HEAD
            || *p > ngx_http_endpoint_text)
        {
            return NGX_DECLINED;
        }

        v = &scope->values[carried[i]->name.slot];
        v->type = *p++;

        ngx_memcpy(&len, p, sizeof(uint32_t));
        p += sizeof(uint32_t);

        if (len > (size_t) (last - p)) {
            return NGX_DECLINED;
        }

        v->data.data = p;
        v->data.len = len;
        v->chain = NULL;

        p += len;
    }

    return p == last ? NGX_OK : NGX_DECLINED;
}
