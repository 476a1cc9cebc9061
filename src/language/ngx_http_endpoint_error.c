
#include "ngx_http_endpoint_error.h"
#include "ngx_http_endpoint_escape.h"


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
    { 502, ngx_string("endpoints fetch each other in a cycle") },
    { 502, ngx_string("the request has started too many fetches") },
    { 502, ngx_string("a value cannot stand in the path") },
    { 502, ngx_string("a value cannot stand in a header") },
    { 502, ngx_string("the value of \\\"each=\\\" is not a list") },
    { 502, ngx_string("the list of \\\"each=\\\" is too long") },
    { 502, ngx_string("a value cannot stand in SQL") },
    { 502, ngx_string("the database failed") },
    { 502, ngx_string("the connection to the database was lost") },
    { 502, ngx_string("the database is read-only") },
    { 503, ngx_string("the queue for the database is full") },
    { 503, ngx_string("the database is not available") },
    { 503, ngx_string("it conflicts with other requests, try again") },
    { 502, ngx_string("the result of the query is too large") },
    { 409, ngx_string("violates a unique constraint") },
    { 422, ngx_string("violates a foreign key constraint") },
    { 422, ngx_string("violates a check constraint") },
    { 422, ngx_string("violates a not null constraint") },
    { 422, ngx_string("a value is out of range or malformed") }
};


ngx_http_endpoint_error_t *
ngx_http_endpoint_error(ngx_http_endpoint_cause_e cause)
{
    return &ngx_http_endpoint_errors[cause];
}


ngx_int_t
ngx_http_endpoint_error_detail(ngx_pool_t *pool, ngx_str_t *step,
    ngx_http_endpoint_cause_e cause, ngx_str_t *name, ngx_str_t *json)
{
    u_char                     *p;
    ngx_http_endpoint_error_t  *error;

    error = &ngx_http_endpoint_errors[cause];

    p = ngx_pnalloc(pool, sizeof("{\"detail\":\":  \\\"\\\"\"}") + step->len
                          + error->text.len + name->len
                          + ngx_http_endpoint_escape_more(name->data,
                                                          name->len));
    if (p == NULL) {
        return NGX_ERROR;
    }

    json->data = p;

    p = ngx_sprintf(p, "{\"detail\":\"%V: %V", step, &error->text);

    if (name->len) {
        p = ngx_cpymem(p, " \\\"", 3);
        p = ngx_http_endpoint_escape(p, name->data, name->len);
        p = ngx_cpymem(p, "\\\"", 2);
    }

    p = ngx_cpymem(p, "\"}", 2);

    json->len = p - json->data;

    return NGX_OK;
}
