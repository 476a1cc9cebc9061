
/*
 * Floating point numbers as text, read and written whatever the locale:
 * the correctly rounded value of any decimal, and the shortest decimal that
 * gives a value back.
 */


#ifndef _NGX_HTTP_ENDPOINT_NUMBER_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_NUMBER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* what ngx_http_endpoint_number_write() needs: "-", "0.", 323 zeros, digits */
#define NGX_HTTP_ENDPOINT_NUMBER_LEN  352


/*
 * Reads len bytes as "[+-]digits[.digits][e[+-]digits]", with digits on at
 * least one side of the point, or as "inf", "infinity" or "nan" in any case.
 * What is too large becomes infinite, what is too small zero.
 * NGX_DECLINED: it is no such text.
 */
ngx_int_t ngx_http_endpoint_number_read(u_char *data, size_t len, double *x);

/*
 * Writes a finite number and returns the end.  As Python writes it: 1000.0,
 * 0.5, 1e-07; plain as Rust does: 1000, 0.5, 0.0000001.  buf holds
 * NGX_HTTP_ENDPOINT_NUMBER_LEN bytes.
 */
u_char *ngx_http_endpoint_number_write(u_char *buf, double x,
    ngx_uint_t plain);


#endif /* _NGX_HTTP_ENDPOINT_NUMBER_H_INCLUDED_ */
