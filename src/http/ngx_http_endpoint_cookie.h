
/* One cookie out of a request's. */


#ifndef _NGX_HTTP_ENDPOINT_COOKIE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_COOKIE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * The text of a cookie, of several the last: NGX_OK; NGX_BUSY where there are
 * several; NGX_DECLINED: there is none; NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_cookie(ngx_http_request_t *r, ngx_str_t *key,
    ngx_str_t *text);


#endif /* _NGX_HTTP_ENDPOINT_COOKIE_H_INCLUDED_ */
