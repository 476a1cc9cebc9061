
/* What a run answers: whoever started it sends it. */


#ifndef _NGX_HTTP_ENDPOINT_RESULT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_RESULT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    ngx_uint_t                      status;
    ngx_str_t                       type;       /* Content-Type; "": no body */
    ngx_str_t                       etag;       /* of a kept reply */
    ngx_chain_t                    *body;       /* NULL: empty */
    off_t                           length;
    ngx_uint_t                      retry_after;    /* seconds, 0: none */

    /* made of a value in place of another: a default=, or an old one */
    ngx_uint_t                      fallback;
} ngx_http_endpoint_result_t;


/*
 * Makes a status and a JSON text, which outlives the result, the result.  The
 * body is in memory of pool; without it, the status stands alone.
 */
void ngx_http_endpoint_result_json(ngx_http_endpoint_result_t *result,
    ngx_pool_t *pool, ngx_uint_t status, ngx_str_t *json);


#endif /* _NGX_HTTP_ENDPOINT_RESULT_H_INCLUDED_ */
