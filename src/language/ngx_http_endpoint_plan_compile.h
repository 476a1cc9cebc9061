
/* The compiler: from the statements of a block to a plan. */


#ifndef _NGX_HTTP_ENDPOINT_PLAN_COMPILE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PLAN_COMPILE_H_INCLUDED_


#include "ngx_http_endpoint_compile.h"


/*
 * Compiles a block.  c is zeroed but for cf, kinds, place, statement (the head,
 * of an endpoint with METHOD and PATH) and what the location says; statements
 * (ngx_http_endpoint_statement_t) are what stands inside, parts
 * (ngx_http_endpoint_route_part_t) is set to the path's, or NULL where the
 * place has none: then the label is the caller's.  Every mistake is logged with
 * the statement's file and line.  NULL: a mistake, or memory.
 */
ngx_http_endpoint_plan_t *ngx_http_endpoint_plan_compile(
    ngx_http_endpoint_compile_t *c, ngx_array_t *statements,
    ngx_array_t *parts);


#endif /* _NGX_HTTP_ENDPOINT_PLAN_COMPILE_H_INCLUDED_ */
