
#include "ngx_http_endpoint_pg_param.h"


typedef struct {
    ngx_pool_t    *pool;
    u_char        *in;      /* valid JSON, ended by its last bracket */
    u_char        *end;
    u_char        *out;
    ngx_uint_t     json;    /* elements are JSON, and no more dimensions */
} ngx_http_endpoint_pg_array_t;


static ngx_int_t ngx_http_endpoint_pg_array(ngx_pool_t *pool,
    ngx_http_endpoint_value_t *v, ngx_uint_t json, ngx_str_t *param);
static ngx_int_t ngx_http_endpoint_pg_array_list(
    ngx_http_endpoint_pg_array_t *a);
static ngx_int_t ngx_http_endpoint_pg_array_element(
    ngx_http_endpoint_pg_array_t *a);
static void ngx_http_endpoint_pg_array_space(ngx_http_endpoint_pg_array_t *a);
static u_char *ngx_http_endpoint_pg_array_skip(u_char *p, u_char *end);
static void ngx_http_endpoint_pg_array_quote(ngx_http_endpoint_pg_array_t *a,
    ngx_str_t *text);


ngx_int_t
ngx_http_endpoint_pg_param(ngx_pool_t *pool, ngx_http_endpoint_pg_param_e type,
    ngx_http_endpoint_value_t *v, ngx_str_t *param)
{
    if (v->type == ngx_http_endpoint_null) {
        return NGX_OK;
    }

    switch (type) {

    case ngx_http_endpoint_pg_param_json:
        return ngx_http_endpoint_value_flatten(pool, v) == NGX_OK
               ? ngx_http_endpoint_value_to_json(pool, v, param) : NGX_ERROR;

    case ngx_http_endpoint_pg_param_array:
        return ngx_http_endpoint_pg_array(pool, v, 0, param);

    case ngx_http_endpoint_pg_param_json_array:
        return ngx_http_endpoint_pg_array(pool, v, 1, param);

    default: /* ngx_http_endpoint_pg_param_text */
        return NGX_OK;
    }
}


/* a text may be an array in the server's own notation */

static ngx_int_t
ngx_http_endpoint_pg_array(ngx_pool_t *pool, ngx_http_endpoint_value_t *v,
    ngx_uint_t json, ngx_str_t *param)
{
    u_char                        *p;
    ngx_http_endpoint_pg_array_t   a;

    if (v->type == ngx_http_endpoint_object) {
        return NGX_DECLINED;
    }

    if (v->type != ngx_http_endpoint_array) {
        return NGX_OK;
    }

    if (ngx_http_endpoint_value_flatten(pool, v) != NGX_OK) {
        return NGX_ERROR;
    }

    /* each byte may be escaped, each element may get quotes for its comma */

    p = ngx_pnalloc(pool, 3 * v->data.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    a.pool = pool;
    a.in = v->data.data;
    a.end = v->data.data + v->data.len;
    a.out = p;
    a.json = json;

    if (ngx_http_endpoint_pg_array_list(&a) != NGX_OK) {
        return NGX_ERROR;
    }

    param->data = p;
    param->len = a.out - p;

    /* libpq would cut it there */

    return memchr(p, '\0', param->len) ? NGX_DECLINED : NGX_OK;
}


/* documentation of Postgres, "Array Value Input" */

static ngx_int_t
ngx_http_endpoint_pg_array_list(ngx_http_endpoint_pg_array_t *a)
{
    *a->out++ = '{';
    a->in++;

    for ( ;; ) {
        ngx_http_endpoint_pg_array_space(a);

        if (*a->in == ']') {
            a->in++;
            *a->out++ = '}';
            return NGX_OK;
        }

        if (*a->in == ',') {
            a->in++;
            *a->out++ = ',';
            continue;
        }

        if (ngx_http_endpoint_pg_array_element(a) != NGX_OK) {
            return NGX_ERROR;
        }
    }
}


static ngx_int_t
ngx_http_endpoint_pg_array_element(ngx_http_endpoint_pg_array_t *a)
{
    u_char                     *last;
    ngx_str_t                   text;
    ngx_http_endpoint_value_t   v;

    if (*a->in == '[' && !a->json) {
        return ngx_http_endpoint_pg_array_list(a);
    }

    last = ngx_http_endpoint_pg_array_skip(a->in, a->end);

    ngx_http_endpoint_value_json(&v, a->in, last - a->in);
    a->in = last;

    if (v.type == ngx_http_endpoint_null) {
        a->out = ngx_cpymem(a->out, "NULL", 4);
        return NGX_OK;
    }

    text = v.data;

    if (!a->json
        && ngx_http_endpoint_value_to_text(a->pool, &v, &text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_endpoint_pg_array_quote(a, &text);

    return NGX_OK;
}


static void
ngx_http_endpoint_pg_array_space(ngx_http_endpoint_pg_array_t *a)
{
    while (*a->in == ' ' || *a->in == '\t' || *a->in == '\n'
           || *a->in == '\r')
    {
        a->in++;
    }
}


/* to the end of a value: brackets count outside of strings */

static u_char *
ngx_http_endpoint_pg_array_skip(u_char *p, u_char *end)
{
    ngx_uint_t  depth;

    depth = 0;

    for ( /* void */ ; p < end; p++) {

        switch (*p) {

        case '"':
            for (p++; *p != '"'; p++) {
                if (*p == '\\') {
                    p++;
                }
            }

            break;

        case '[':
        case '{':
            depth++;
            break;

        case ']':
        case '}':
            if (depth == 0) {
                return p;
            }

            depth--;
            break;

        case ',':
            if (depth == 0) {
                return p;
            }

            break;
        }
    }

    return p;
}


static void
ngx_http_endpoint_pg_array_quote(ngx_http_endpoint_pg_array_t *a,
    ngx_str_t *text)
{
    u_char  *p, *last;

    *a->out++ = '"';

    last = text->data + text->len;

    for (p = text->data; p < last; p++) {

        if (*p == '"' || *p == '\\') {
            *a->out++ = '\\';
        }

        *a->out++ = *p;
    }

    *a->out++ = '"';
}
