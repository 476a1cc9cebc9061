
/* How often an item of a pattern may be there: * + ? {2,4}. */


#ifndef _NGX_HTTP_ENDPOINT_REGEX_QUANTIFIER_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_REGEX_QUANTIFIER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_ENDPOINT_REGEX_MANY  ((ngx_uint_t) -1)


/*
 * Reads the quantifier at *pos, if there is one, and moves *pos behind it.  A
 * lazy one is as any other.  NGX_DECLINED: none; NGX_ERROR: one that gives
 * nothing back, or not understood.
 */
ngx_int_t ngx_http_endpoint_regex_quantifier(u_char **pos, u_char *end,
    ngx_uint_t *min, ngx_uint_t *max);


#endif /* _NGX_HTTP_ENDPOINT_REGEX_QUANTIFIER_H_INCLUDED_ */
