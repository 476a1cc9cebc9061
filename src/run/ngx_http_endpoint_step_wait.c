
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_run.h"


static ngx_int_t ngx_http_endpoint_wait_compile(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static void ngx_http_endpoint_wait_start(ngx_http_endpoint_exec_t *exec);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_wait = {
    ngx_string("wait"),
    ngx_http_endpoint_wait_compile,
    ngx_http_endpoint_wait_start,
    NULL,
    NULL,
    0,
    0,
    NULL,
    NULL
};


static ngx_int_t
ngx_http_endpoint_wait_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    step->barrier = 1;

    return NGX_OK;
}


static void
ngx_http_endpoint_wait_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_exec_done(exec);
}
