
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_query.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_step.h"


static ngx_int_t ngx_http_endpoint_query_step_compile(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_query_row_compile(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static void ngx_http_endpoint_query_step_start(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_query_step_resume(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_query_step_cancel(
    ngx_http_endpoint_exec_t *exec);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_query = {
    ngx_string("query"),
    ngx_http_endpoint_query_step_compile,
    ngx_http_endpoint_query_step_start,
    ngx_http_endpoint_query_step_resume,
    ngx_http_endpoint_query_step_cancel,
    1,
    0,
    NULL,
    &ngx_http_endpoint_query_share
};


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_query_row = {
    ngx_string("query_row"),
    ngx_http_endpoint_query_row_compile,
    ngx_http_endpoint_query_step_start,
    ngx_http_endpoint_query_step_resume,
    ngx_http_endpoint_query_step_cancel,
    1,
    0,
    NULL,
    &ngx_http_endpoint_query_share
};


static ngx_int_t
ngx_http_endpoint_query_step_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    return ngx_http_endpoint_query_compile(c, step, 0);
}


static ngx_int_t
ngx_http_endpoint_query_row_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    return ngx_http_endpoint_query_compile(c, step, 1);
}


static void
ngx_http_endpoint_query_step_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_query_conf_t  *conf;

    conf = exec->step->conf;

    ngx_http_endpoint_fanout_start(exec, &conf->each,
                                   ngx_http_endpoint_query_start);
}


static void
ngx_http_endpoint_query_step_resume(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_fanout_resume(exec, ngx_http_endpoint_query_resume,
                                    ngx_http_endpoint_query_expire);
}


static void
ngx_http_endpoint_query_step_cancel(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_fanout_cancel(exec, ngx_http_endpoint_query_cancel);
}
