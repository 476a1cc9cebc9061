
#include "ngx_http_endpoint_error.h"


/* in the order of ngx_http_endpoint_cause_e */

static ngx_http_endpoint_error_t  ngx_http_endpoint_errors[] = {
    { 200, ngx_string("") },
    { 500, ngx_string("out of memory") },
    { 504, ngx_string("timed out") },
    { 502, ngx_string("the upstream did not answer") },
    { 502, ngx_string("the upstream answered with an error") },
    { 502, ngx_string("the upstream's body is not valid JSON") },
    { 502, ngx_string("the upstream's body is encoded") },
    { 502, ngx_string("the upstream's body is too large") },
    { 502, ngx_string("a value cannot stand in the path") },
    { 502, ngx_string("a value cannot stand in a header") },
    { 502, ngx_string("the value of \\\"each=\\\" is not a list") },
    { 502, ngx_string("the list of \\\"each=\\\" is too long") }
};


ngx_http_endpoint_error_t *
ngx_http_endpoint_error(ngx_http_endpoint_cause_e cause)
{
    return &ngx_http_endpoint_errors[cause];
}


void
ngx_http_endpoint_error_detail(ngx_pool_t *pool, ngx_str_t *step,
    ngx_http_endpoint_cause_e cause, ngx_str_t *json)
{
    size_t                      len;
    ngx_http_endpoint_error_t  *error;

    error = &ngx_http_endpoint_errors[cause];

    len = sizeof("{\"detail\":\": \"}") - 1 + step->len + error->text.len;

    json->data = ngx_pnalloc(pool, len);

    if (json->data == NULL) {
        ngx_str_set(json, "{\"detail\":\"Internal Server Error\"}");
        return;
    }

    json->len = ngx_sprintf(json->data, "{\"detail\":\"%V: %V\"}", step,
                            &error->text)
                - json->data;
}
