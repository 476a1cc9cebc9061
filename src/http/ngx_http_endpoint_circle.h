
/*
 * Endpoints that wait for their own answers: what their fetches ask is another
 * endpoint, and so on, until it is the first one.
 */


#ifndef _NGX_HTTP_ENDPOINT_CIRCLE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CIRCLE_H_INCLUDED_


#include "ngx_http_endpoint_block.h"


/*
 * Warns of each fetch that closes a circle out of which nothing leads, once
 * all blocks are compiled.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_circle(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf);


#endif /* _NGX_HTTP_ENDPOINT_CIRCLE_H_INCLUDED_ */
