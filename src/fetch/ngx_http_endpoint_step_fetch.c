
#include "ngx_http_endpoint_fetch.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_step.h"


static void ngx_http_endpoint_fetch_start(ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_fetch_resume(ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_fetch_cancel(ngx_http_endpoint_exec_t *exec);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_fetch = {
    ngx_string("fetch"),
    ngx_http_endpoint_fetch_compile,
    ngx_http_endpoint_fetch_start,
    ngx_http_endpoint_fetch_resume,
    ngx_http_endpoint_fetch_cancel,
    1,
    1,
    NULL,
    &ngx_http_endpoint_fetch_share
};


static void
ngx_http_endpoint_fetch_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = exec->step->conf;

    ngx_http_endpoint_fanout_start(exec, &conf->each,
                                   ngx_http_endpoint_call_start);
}


static void
ngx_http_endpoint_fetch_resume(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_fanout_resume(exec, ngx_http_endpoint_call_resume,
                                    ngx_http_endpoint_call_expire);
}


static void
ngx_http_endpoint_fetch_cancel(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_fanout_cancel(exec, ngx_http_endpoint_call_cancel);
}
