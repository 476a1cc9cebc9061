
#include "ngx_http_endpoint_argument.h"
#include "ngx_http_endpoint_http.h"
#include "ngx_http_endpoint_operator.h"


/* a page of another origin cannot send it without asking first */

ngx_uint_t
ngx_http_endpoint_operator_allowed(ngx_http_request_t *r)
{
    ngx_str_t  text;

    static ngx_str_t  name = ngx_string("x-endpoint");

    return ngx_http_endpoint_argument_header(r, &name, &text) == NGX_OK
           && text.len == 1 && text.data[0] == '1';
}


ngx_int_t
ngx_http_endpoint_operator_refuse(ngx_http_request_t *r, ngx_uint_t status,
    char *detail, char *methods)
{
    ngx_str_t  text, allow;

    static ngx_str_t  json = ngx_string("application/json");

    text.len = sizeof("{\"detail\":\"\"}") - 1 + ngx_strlen(detail);
    text.data = ngx_pnalloc(r->pool, text.len);

    if (text.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_sprintf(text.data, "{\"detail\":\"%s\"}", detail);

    allow.data = (u_char *) methods;
    allow.len = ngx_strlen(methods);

    return ngx_http_endpoint_http_send_text(r, status, &json, &text, &allow);
}
