
#include "ngx_http_endpoint_refusal.h"
#include "ngx_http_endpoint_fault.h"


ngx_int_t
ngx_http_endpoint_refusal_result(ngx_http_endpoint_refusal_t *refusal,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_result_t *result)
{
    ngx_str_t                    json;
    ngx_http_endpoint_ref_t     *ref;
    ngx_http_endpoint_faults_t   faults;

    ref = refusal->ref;

    ngx_http_endpoint_faults_init(&faults, scope->pool);

    if (ngx_http_endpoint_input_fault(ref->name->input, refusal->cause
                                      == ngx_http_endpoint_cause_list
                                      ? "list_type" : "value_error",
                                      refusal->msg,
                                      &scope->values[ref->index], &faults)
        != NGX_OK
        || ngx_http_endpoint_faults_reply(&faults, &json) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_endpoint_result_json(result, scope->pool, 422, &json);

    return NGX_OK;
}
