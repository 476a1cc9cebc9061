
/*
 * cache= of a step: its value is kept, for all steps that name the same zone
 * and key.  It hangs its functions around the step's work: neither the
 * scheduler nor the kinds of steps know of it.
 */


#ifndef _NGX_HTTP_ENDPOINT_CACHE_OPTION_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CACHE_OPTION_H_INCLUDED_


#include "ngx_http_endpoint_step.h"


/*
 * Compiles the value of cache=, ZONE:KEY with a ":" between the key's words.
 * NGX_ERROR: a mistake (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_cache_option_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value);

/*
 * The same for empty=TIME and nonempty, whether and how long a value that is
 * empty is kept.
 */
ngx_int_t ngx_http_endpoint_cache_option_empty(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value);
ngx_int_t ngx_http_endpoint_cache_option_nonempty(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step,
    ngx_str_t *value);


#endif /* _NGX_HTTP_ENDPOINT_CACHE_OPTION_H_INCLUDED_ */
