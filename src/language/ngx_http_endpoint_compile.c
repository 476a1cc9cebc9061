
#include "ngx_http_endpoint_compile.h"


ngx_int_t
ngx_http_endpoint_plan_time(ngx_http_endpoint_compile_t *c, const char *what,
    ngx_str_t *value, ngx_msec_t *msec)
{
    ngx_int_t  n;

    n = ngx_parse_time(value, 0);

    if (n == NGX_ERROR || n == 0) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid %s \"%V\", it must be a "
                                            "time like 2s or 500ms", what,
                                            value);
    }

    *msec = n;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_plan_edge(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *from, ngx_http_endpoint_step_t *to)
{
    ngx_http_endpoint_edge_t  *edge;

    edge = ngx_array_push(c->edges);
    if (edge == NULL) {
        return NGX_ERROR;
    }

    edge->from = from->index;
    edge->to = to->index;

    return NGX_OK;
}
