
/* The client's headers that the keys of an endpoint depend on, for Vary. */


#ifndef _NGX_HTTP_ENDPOINT_CACHE_VARY_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CACHE_VARY_H_INCLUDED_


#include "ngx_http_endpoint_key.h"


/*
 * Adds those of key to c->plan->vary, also what a step depends on whose result
 * is in the key.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_cache_vary(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_key_t *key);


#endif /* _NGX_HTTP_ENDPOINT_CACHE_VARY_H_INCLUDED_ */
