
#include "ngx_http_endpoint_header.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_refuse.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_step.h"


static ngx_int_t ngx_http_endpoint_set_header_compile(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static void ngx_http_endpoint_set_header_start(ngx_http_endpoint_exec_t *exec);
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

    if (rc == NGX_ERROR
        || ngx_http_endpoint_set_header_push(exec->run, &header->name, &value)
           != NGX_OK)
    {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    ngx_http_endpoint_exec_done(exec);
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
