
/* Patterns that a client's text must match, whatever it was made to cost. */


#ifndef _NGX_HTTP_ENDPOINT_REGEX_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_REGEX_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct ngx_http_endpoint_regex_s  ngx_http_endpoint_regex_t;


/*
 * Compiles a case sensitive pattern over code points, in which "$" is the very
 * end of the text.  NGX_ERROR with err set, or unchanged: memory.
 */
ngx_int_t ngx_http_endpoint_regex_compile(ngx_pool_t *pool,
    ngx_str_t *pattern, ngx_http_endpoint_regex_t **regex, ngx_str_t *err);

/*
 * Whether some part of text, which must be UTF-8, matches.  A match that would
 * take more than some milliseconds is none: that may be so of patterns that are
 * not regular, and of those that are only where they are of the worst.
 */
ngx_uint_t ngx_http_endpoint_regex_match(ngx_http_endpoint_regex_t *regex,
    ngx_str_t *text);


#endif /* _NGX_HTTP_ENDPOINT_REGEX_H_INCLUDED_ */
