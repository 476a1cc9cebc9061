
/* The PATH of an endpoint: /user/$user_id:int/posts */


#ifndef _NGX_HTTP_ENDPOINT_PATH_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PATH_H_INCLUDED_


#include "ngx_http_endpoint_plan.h"
#include "ngx_http_endpoint_route.h"


/*
 * Splits path into parts (ngx_http_endpoint_route_part_t), adds an input for
 * each bound part to c->plan and sets its label.  NGX_ERROR: a mistake
 * (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_path_compile(ngx_http_endpoint_compile_t *c,
    ngx_str_t *path, ngx_array_t *parts);


#endif /* _NGX_HTTP_ENDPOINT_PATH_H_INCLUDED_ */
