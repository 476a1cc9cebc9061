
/*
 * cache= of a step: its value is kept, for all steps that name the same zone
 * and key.  The scheduler asks here before it starts a step and when the step
 * has ended; the kinds of steps know nothing of it.
 */


#ifndef _NGX_HTTP_ENDPOINT_CACHE_OPTION_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CACHE_OPTION_H_INCLUDED_


#include "ngx_http_endpoint_run.h"


/*
 * Compiles the value of cache=, ZONE:KEY with a ":" between the key's words.
 * NGX_ERROR: a mistake (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_cache_option_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value);

/* 1: the step's work is to be started; 0: exec has ended, or will be woken. */
ngx_uint_t ngx_http_endpoint_cache_option_start(ngx_http_endpoint_exec_t *exec);

/* The same for an exec that was woken while it waited for another's work. */
ngx_uint_t ngx_http_endpoint_cache_option_resume(
    ngx_http_endpoint_exec_t *exec);

/*
 * Keeps the value of an exec that has ended, tells those who wait; puts an
 * old value in the place of a failure.
 */
void ngx_http_endpoint_cache_option_end(ngx_http_endpoint_exec_t *exec);


#endif /* _NGX_HTTP_ENDPOINT_CACHE_OPTION_H_INCLUDED_ */
