
#include "ngx_http_endpoint_scope.h"
#include "ngx_http_endpoint_utf8.h"


ngx_int_t
ngx_http_endpoint_scope_value(ngx_http_endpoint_scope_t *scope,
    ngx_http_endpoint_ref_t *ref, ngx_http_endpoint_value_t *v)
{
    ngx_str_t  text;

    if (ref->name) {
        *v = scope->values[ref->index];
        return NGX_OK;
    }

    if (scope->variable(scope, ref->index, &text) != NGX_OK
        || ngx_http_endpoint_utf8_clean(scope->pool, &text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_endpoint_value_text(v, text.data, text.len);

    return NGX_OK;
}
