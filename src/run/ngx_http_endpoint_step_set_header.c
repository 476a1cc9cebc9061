
#include "ngx_http_endpoint_header.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_refuse.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_step_option.h"


static ngx_int_t ngx_http_endpoint_set_header_compile(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static void ngx_http_endpoint_set_header_start(ngx_http_endpoint_exec_t *exec);
static ngx_uint_t ngx_http_endpoint_set_header_is_uri(ngx_str_t *name);
static ngx_int_t ngx_http_endpoint_set_header_encode(ngx_pool_t *pool,
    ngx_str_t *uri);
static ngx_int_t ngx_http_endpoint_set_header_push(
    ngx_http_endpoint_run_t *run, ngx_str_t *name, ngx_str_t *value);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_set_header = {
    ngx_string("set_header"),
    ngx_http_endpoint_set_header_compile,
    ngx_http_endpoint_set_header_start,
    NULL,
    NULL,
    0,
    0,
    NULL,
    NULL
};


static ngx_int_t
ngx_http_endpoint_set_header_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_str_t                   *arg;
    ngx_http_endpoint_header_t  *header;

    header = ngx_pcalloc(c->cf->pool, sizeof(ngx_http_endpoint_header_t));
    if (header == NULL) {
        return NGX_ERROR;
    }

    step->conf = header;
    step->act = 1;

    arg = c->statement->args;

    if (ngx_strcasecmp(arg[1].data, (u_char *) "Content-Type") == 0) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "header \"%V\" is set by \"type=\" "
                                            "of \"reply\"", &arg[1]);
    }

    if (ngx_http_endpoint_step_options(c, step, 3) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_header_compile(c, &arg[1], &arg[2], header);
}


static void
ngx_http_endpoint_set_header_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_int_t                     rc;
    ngx_str_t                     value;
    ngx_http_endpoint_header_t   *header;
    ngx_http_endpoint_refusal_t   refusal;

    header = exec->step->conf;

    rc = ngx_http_endpoint_header_render(header, &exec->run->scope, &value,
                                         &refusal);

    if (rc == NGX_DECLINED) {
        ngx_http_endpoint_refuse(exec, &refusal);
        return;
    }

    if (rc == NGX_OK && ngx_http_endpoint_set_header_is_uri(&header->name)) {
        rc = ngx_http_endpoint_set_header_encode(exec->run->scope.pool,
                                                 &value);
    }

    if (rc == NGX_ERROR
        || ngx_http_endpoint_set_header_push(exec->run, &header->name, &value)
           != NGX_OK)
    {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    ngx_http_endpoint_exec_done(exec);
}


static ngx_uint_t
ngx_http_endpoint_set_header_is_uri(ngx_str_t *name)
{
    return (name->len == 8
            && ngx_strncasecmp(name->data, (u_char *) "Location", 8) == 0)
           || (name->len == 16
               && ngx_strncasecmp(name->data, (u_char *) "Content-Location",
                                  16)
                  == 0);
}


/* what cannot stand in a URI at all; what has a meaning in it is left */

static ngx_int_t
ngx_http_endpoint_set_header_encode(ngx_pool_t *pool, ngx_str_t *uri)
{
    u_char  *p, *dst, ch;
    size_t   i;

    p = ngx_pnalloc(pool, 3 * uri->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    dst = p;

    for (i = 0; i < uri->len; i++) {
        ch = uri->data[i];

        if (ch <= 0x20 || ch >= 0x7f
            || ngx_strchr("\"<>\\^`{|}", ch) != NULL)
        {
            dst = ngx_sprintf(dst, "%%%02Xd", (ngx_uint_t) ch);

        } else {
            *dst++ = ch;
        }
    }

    uri->data = p;
    uri->len = dst - p;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_set_header_push(ngx_http_endpoint_run_t *run,
    ngx_str_t *name, ngx_str_t *value)
{
    ngx_keyval_t  *kv;

    kv = ngx_http_endpoint_run_header(run);
    if (kv == NULL) {
        return NGX_ERROR;
    }

    kv->key = *name;
    kv->value = *value;

    return NGX_OK;
}
