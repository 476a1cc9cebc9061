
/* The names that a step binds: $name, status=$name, bind=$name:Header. */


#ifndef _NGX_HTTP_ENDPOINT_PLAN_BIND_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PLAN_BIND_H_INCLUDED_


#include "ngx_http_endpoint_compile.h"


/* Binds a name to step.  NULL: a mistake (logged), or memory. */
ngx_http_endpoint_name_t *ngx_http_endpoint_plan_step_name(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step,
    u_char *data, size_t len);

/* Reads a word that begins with "bind=".  NGX_ERROR: as above. */
ngx_int_t ngx_http_endpoint_plan_bind(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *word);

/* Whether one of the step's bind= is used. */
ngx_uint_t ngx_http_endpoint_plan_bind_used(ngx_http_endpoint_step_t *step);


#endif /* _NGX_HTTP_ENDPOINT_PLAN_BIND_H_INCLUDED_ */
