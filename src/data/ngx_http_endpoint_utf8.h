
/* UTF-8 as RFC 3629 defines it. */


#ifndef _NGX_HTTP_ENDPOINT_UTF8_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_UTF8_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Makes s valid UTF-8: each maximal part that is not becomes U+FFFD (as
 * Unicode, section 3.9, recommends and Python's "replace" does).  s is left as
 * it is where nothing has to change, else it becomes memory of pool.
 * NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_utf8_clean(ngx_pool_t *pool, ngx_str_t *s);

/* Whether s is valid UTF-8. */
ngx_uint_t ngx_http_endpoint_utf8_check(ngx_str_t *s);

/* The code point at *p, in valid UTF-8; moves *p behind it. */
uint32_t ngx_http_endpoint_utf8_next(u_char **p);

/* The number of code points in s, which must be valid UTF-8. */
size_t ngx_http_endpoint_utf8_length(ngx_str_t *s);

/*
 * Whether byte i of s is one of U+0080 to U+009F, control characters that some
 * terminals take for escapes.
 */
ngx_uint_t ngx_http_endpoint_utf8_c1(ngx_str_t *s, size_t i);


#endif /* _NGX_HTTP_ENDPOINT_UTF8_H_INCLUDED_ */
