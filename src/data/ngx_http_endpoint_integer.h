
/* 64-bit integers as text, in all forms that pydantic reads. */


#ifndef _NGX_HTTP_ENDPOINT_INTEGER_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_INTEGER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Reads an integer from UTF-8: white space around it, a sign, underscores
 * between digits and a fraction of zeros are allowed.  NGX_DECLINED: it is no
 * such text; NGX_BUSY: it is beyond 64 bits, *n is the end it is beyond;
 * NGX_ABORT: it has more digits than pydantic reads.
 */
ngx_int_t ngx_http_endpoint_integer_read(ngx_str_t *text, int64_t *n);

/*
 * The same for the digits alone that an integer is written with; 0 where it is
 * not certain that the text is that.
 */
ngx_uint_t ngx_http_endpoint_integer_plain(ngx_str_t *text, int64_t *n);

/* Writes at most NGX_INT64_LEN bytes to buf and returns their end. */
u_char *ngx_http_endpoint_integer_write(u_char *buf, int64_t n);

/* Takes what Unicode calls white space off both ends of UTF-8. */
void ngx_http_endpoint_integer_trim(ngx_str_t *text);


#endif /* _NGX_HTTP_ENDPOINT_INTEGER_H_INCLUDED_ */
