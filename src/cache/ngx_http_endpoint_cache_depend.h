
/*
 * What a kept value depends on must be in its key: found out when the
 * configuration is read, so that no client gets what was made for another.
 */


#ifndef _NGX_HTTP_ENDPOINT_CACHE_DEPEND_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CACHE_DEPEND_H_INCLUDED_


#include "ngx_http_endpoint_plan.h"


/*
 * Checks what the value of a step with cache= depends on, or the reply below
 * the cache statement, and sets which headers their fetches pass.  NGX_ERROR:
 * something is missing in a key (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_cache_depend_option(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
ngx_int_t ngx_http_endpoint_cache_depend_statement(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);

/* Whether header tells requests apart, and nothing about their answers. */
ngx_uint_t ngx_http_endpoint_cache_depend_trace(ngx_hash_key_t *header);


#endif /* _NGX_HTTP_ENDPOINT_CACHE_DEPEND_H_INCLUDED_ */
