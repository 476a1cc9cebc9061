
/* Where the $names of a plan stand: they tell what a value depends on. */


#ifndef _NGX_HTTP_ENDPOINT_USE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_USE_H_INCLUDED_


#include "ngx_http_endpoint_plan.h"


/* one $name in one statement */
typedef struct {
    ngx_http_endpoint_statement_t    *statement;
    ngx_http_endpoint_step_t         *step;     /* NULL: a reply's */
    ngx_str_t                         text;     /* as written, without $ */
    ngx_http_endpoint_ref_t           ref;
    unsigned                          condition:1;      /* of when= */
} ngx_http_endpoint_use_t;


/* Notes a use of ref by the statement of c.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_use_note(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text, ngx_http_endpoint_ref_t *ref);


#endif /* _NGX_HTTP_ENDPOINT_USE_H_INCLUDED_ */
