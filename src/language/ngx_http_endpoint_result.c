
#include "ngx_http_endpoint_result.h"
#include "ngx_http_endpoint_writer.h"


void
ngx_http_endpoint_result_json(ngx_http_endpoint_result_t *result,
    ngx_pool_t *pool, ngx_uint_t status, ngx_str_t *json)
{
    ngx_http_endpoint_writer_t  w;

    ngx_http_endpoint_writer_init(&w, pool, json->len);

    result->status = status;

    if (ngx_http_endpoint_write(&w, json->data, json->len) != NGX_OK) {

        /* the status alone can be sent without memory */

        return;
    }

    ngx_str_set(&result->type, "application/json");
    result->body = ngx_http_endpoint_writer_chain(&w);
    result->length = w.size;
}
