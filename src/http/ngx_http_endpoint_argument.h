
/* What a request says beside its path and its body: arguments and headers. */


#ifndef _NGX_HTTP_ENDPOINT_ARGUMENT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_ARGUMENT_H_INCLUDED_


#include <ngx_http.h>


/*
 * Takes the argument at *pos, which is before end, and moves *pos behind it.
 * A name may be encoded itself, so that ngx_http_arg() would not find it: it
 * is decoded, its value is not.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_argument_next(ngx_pool_t *pool, u_char **pos,
    u_char *end, ngx_str_t *name, ngx_str_t *value);

/*
 * Decodes application/x-www-form-urlencoded; a malformed escape stays as it
 * is.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_argument_decode(ngx_pool_t *pool,
    ngx_str_t *text);

/* Finds the first header of a name in small letters.  NGX_DECLINED: none. */
ngx_int_t ngx_http_endpoint_argument_header(ngx_http_request_t *r,
    ngx_str_t *key, ngx_str_t *text);


#endif /* _NGX_HTTP_ENDPOINT_ARGUMENT_H_INCLUDED_ */
