
/* The values of enum=a,b,c, of which an input must be one. */


#ifndef _NGX_HTTP_ENDPOINT_CHOICE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CHOICE_H_INCLUDED_


#include "ngx_http_endpoint_type.h"


/*
 * Makes choice an array of ngx_http_endpoint_typed_t in pool with the values
 * of list, "a,b,c".  NGX_DECLINED with bad set where one is empty or not of
 * that type; NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_choice_read(ngx_pool_t *pool,
    ngx_http_endpoint_type_e type, ngx_str_t *list, ngx_array_t *choice,
    ngx_str_t *bad);

/* The values as FastAPI lists them: 'a', 'b' or 'c'.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_choice_show(ngx_pool_t *pool,
    ngx_array_t *choice, ngx_str_t *text);

/* Whether typed, of the same type, is one of the values. */
ngx_uint_t ngx_http_endpoint_choice_has(ngx_array_t *choice,
    ngx_http_endpoint_typed_t *typed);


#endif /* _NGX_HTTP_ENDPOINT_CHOICE_H_INCLUDED_ */
