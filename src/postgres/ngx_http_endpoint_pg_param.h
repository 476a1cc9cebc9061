
/*
 * Values for parameters whose type the server told: JSON stays JSON, a list
 * becomes an array.
 */


#ifndef _NGX_HTTP_ENDPOINT_PG_PARAM_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_PARAM_H_INCLUDED_


#include "ngx_http_endpoint_value.h"


typedef enum {
    ngx_http_endpoint_pg_param_text = 0,
    ngx_http_endpoint_pg_param_json,
    ngx_http_endpoint_pg_param_array,
    ngx_http_endpoint_pg_param_json_array   /* of json or jsonb */
} ngx_http_endpoint_pg_param_e;


/*
 * Sets param, the value's text, to what a parameter of this type takes, in
 * memory of pool; of null, and where the text will do, it stays.  NGX_DECLINED:
 * an object for an array, or a NUL in one; NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_pg_param(ngx_pool_t *pool,
    ngx_http_endpoint_pg_param_e type, ngx_http_endpoint_value_t *v,
    ngx_str_t *param);


#endif /* _NGX_HTTP_ENDPOINT_PG_PARAM_H_INCLUDED_ */
