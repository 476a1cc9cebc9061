
/* UUIDs as text, in all forms that FastAPI reads. */


#ifndef _NGX_HTTP_ENDPOINT_UUID_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_UUID_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_ENDPOINT_UUID_LEN  36

/* the longest words of ngx_http_endpoint_uuid_error(), rounded up */
#define NGX_HTTP_ENDPOINT_UUID_ERROR_LEN  256


/*
 * Reads 32 hexadecimal digits, the form with hyphens, or that one in braces or
 * behind "urn:uuid:"; writes NGX_HTTP_ENDPOINT_UUID_LEN bytes, lower case with
 * hyphens.  NGX_DECLINED: it is no such text.
 */
ngx_int_t ngx_http_endpoint_uuid_read(ngx_str_t *text, u_char *uuid);

/*
 * Says what is wrong with a text that is declined, which must be UTF-8, in
 * the words of Rust's uuid crate.  Returns the end of the words; buf holds
 * NGX_HTTP_ENDPOINT_UUID_ERROR_LEN bytes.
 */
u_char *ngx_http_endpoint_uuid_error(ngx_str_t *text, u_char *buf);


#endif /* _NGX_HTTP_ENDPOINT_UUID_H_INCLUDED_ */
