
#include "ngx_http_endpoint_refuse.h"


void
ngx_http_endpoint_refuse(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_refusal_t *refusal)
{
    ngx_http_endpoint_run_t  *run;

    run = exec->run;

    if (!ngx_http_endpoint_refused_input(refusal)) {
        ngx_log_error(NGX_LOG_ERR, run->log, 0,
                      "endpoint \"%V\": step \"%V\": %V",
                      &run->plan->label, &exec->step->label,
                      &ngx_http_endpoint_error(refusal->cause)->text);

        ngx_http_endpoint_exec_failed(exec, refusal->cause);
        return;
    }

    if (ngx_http_endpoint_refuse_input(run, refusal) != NGX_OK) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_result);
}


ngx_int_t
ngx_http_endpoint_refuse_input(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_refusal_t *refusal)
{
    ngx_str_t                    json;
    ngx_http_endpoint_ref_t     *ref;
    ngx_http_endpoint_faults_t   faults;

    ref = refusal->ref;

    ngx_http_endpoint_faults_init(&faults, run->pool);

    if (ngx_http_endpoint_input_fault(ref->name->input, refusal->cause
                                      == ngx_http_endpoint_cause_list
                                      ? "list_type" : "value_error",
                                      refusal->msg,
                                      &run->values[ref->index], &faults)
        != NGX_OK
        || ngx_http_endpoint_faults_reply(&faults, &json) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_endpoint_run_result(run, 422, &json);

    return NGX_OK;
}
