
/*
 * What is handed on as a client sent it, beside what is read of it.  Of a
 * member that is named twice the last one counts here, but who knows where a
 * value is handed on to: there must be one.
 */


#ifndef _NGX_HTTP_ENDPOINT_HANDED_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_HANDED_H_INCLUDED_


#include "ngx_http_endpoint_plan.h"


/* Notes a use of a name, or of what keys lead to in its value. */
void ngx_http_endpoint_handed_name(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_name_t *name, ngx_array_t *keys);

/* Notes a use of a variable of nginx. */
void ngx_http_endpoint_handed_variable(ngx_http_endpoint_plan_t *plan,
    ngx_str_t *name);


#endif /* _NGX_HTTP_ENDPOINT_HANDED_H_INCLUDED_ */
