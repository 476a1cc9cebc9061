
/* A condition: one word, $x, !$x or $x==VALUE. */


#ifndef _NGX_HTTP_ENDPOINT_CONDITION_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CONDITION_H_INCLUDED_


#include "ngx_http_endpoint_scope.h"


/*
 * Compiles word.  NULL: a mistake (logged), or memory.  What it uses is noted
 * as a use of c->step.
 */
ngx_http_endpoint_condition_t *ngx_http_endpoint_condition_compile(
    ngx_http_endpoint_compile_t *c, ngx_str_t *word);

/* 1: it holds, 0: it does not, NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_condition_test(
    ngx_http_endpoint_condition_t *condition, ngx_http_endpoint_scope_t *scope);


#endif /* _NGX_HTTP_ENDPOINT_CONDITION_H_INCLUDED_ */
