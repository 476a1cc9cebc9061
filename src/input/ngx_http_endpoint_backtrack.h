
/*
 * PCRE2 for patterns that are not regular.  What they cost is counted step by
 * step, whatever they go back to, and bounded.
 */


#ifndef _NGX_HTTP_ENDPOINT_BACKTRACK_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_BACKTRACK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct ngx_http_endpoint_backtrack_s  ngx_http_endpoint_backtrack_t;


/* NGX_ERROR with err set, or unchanged: memory. */
ngx_int_t ngx_http_endpoint_backtrack_create(ngx_pool_t *pool,
    ngx_str_t *pattern, ngx_http_endpoint_backtrack_t **backtrack,
    ngx_str_t *err);

/* Whether some part of text, which must be UTF-8, matches. */
ngx_uint_t ngx_http_endpoint_backtrack_match(ngx_http_endpoint_backtrack_t *b,
    ngx_str_t *text);


#endif /* _NGX_HTTP_ENDPOINT_BACKTRACK_H_INCLUDED_ */
