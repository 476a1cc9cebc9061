
#include "ngx_http_endpoint_refuse.h"
#include "ngx_http_endpoint_run.h"


void
ngx_http_endpoint_refuse(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_refusal_t *refusal)
{
    ngx_http_endpoint_run_t  *run;

    run = exec->run;

    if (!ngx_http_endpoint_refusal_input(refusal)) {
        ngx_log_error(NGX_LOG_ERR, run->scope.log, 0,
                      "endpoint \"%V\": step \"%V\": %V",
                      &run->plan->label, &exec->step->label,
                      &ngx_http_endpoint_error(refusal->cause)->text);

        ngx_http_endpoint_exec_failed(exec, refusal->cause);
        return;
    }

    if (ngx_http_endpoint_refusal_result(refusal, &run->scope, &run->result)
        != NGX_OK)
    {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_result);
}
