
/*
 * cache= of a step: its value is kept, for all steps that name the same zone
 * and key.  It hangs its functions around the step's work: neither the
 * scheduler nor the kinds of steps know of it.
 */


#ifndef _NGX_HTTP_ENDPOINT_CACHE_OPTION_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CACHE_OPTION_H_INCLUDED_


#include "ngx_http_endpoint_key.h"
#include "ngx_http_endpoint_step.h"


/* around_conf of the step; the key is first, for those who check it */
typedef struct {
    ngx_http_endpoint_key_t   key;
    ngx_msec_t                empty;    /* an empty value is kept, 0: is not */
    uint64_t                  policy;   /* what makes a value of a failure */
} ngx_http_endpoint_cache_option_t;


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

/* The option's check(): what the key has to cover, and what it stands for. */
ngx_int_t ngx_http_endpoint_cache_option_check(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step);


extern ngx_http_endpoint_around_t  ngx_http_endpoint_cache_option;


#endif /* _NGX_HTTP_ENDPOINT_CACHE_OPTION_H_INCLUDED_ */
