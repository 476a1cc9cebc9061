
/*
 * Checks JSON as it arrives, in pieces of any size: RFC 8259 and UTF-8
 * (RFC 3629).  For bodies that are spliced whole: no allocation, no decoding.
 */


#ifndef _NGX_HTTP_ENDPOINT_JSON_CHECK_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_JSON_CHECK_H_INCLUDED_


#include "ngx_http_endpoint_json.h"


typedef struct {
    ngx_uint_t   state;
    ngx_uint_t   token;         /* in which the last piece ended */
    ngx_uint_t   rest;          /* bytes of it to come, or read of a literal */
    ngx_uint_t   depth;
    u_char       low;           /* what the next byte of UTF-8 may be */
    u_char       high;
    u_char       stack[NGX_HTTP_ENDPOINT_JSON_DEPTH / 8];  /* bit: object */
} ngx_http_endpoint_json_check_t;


void ngx_http_endpoint_json_check_init(ngx_http_endpoint_json_check_t *check);

/* NGX_OK: valid so far; NGX_ERROR: not JSON, whatever follows. */
ngx_int_t ngx_http_endpoint_json_check(ngx_http_endpoint_json_check_t *check,
    u_char *p, size_t len);

/*
 * No more will come: NGX_OK, one whole value; NGX_DECLINED, nothing but white
 * space; NGX_ERROR, cut short.
 */
ngx_int_t ngx_http_endpoint_json_check_end(
    ngx_http_endpoint_json_check_t *check);


#endif /* _NGX_HTTP_ENDPOINT_JSON_CHECK_H_INCLUDED_ */
