
/* The reply statement: status, template, type, condition. */


#ifndef _NGX_HTTP_ENDPOINT_REPLY_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_REPLY_H_INCLUDED_


#include "ngx_http_endpoint_result.h"
#include "ngx_http_endpoint_template.h"


typedef struct ngx_http_endpoint_reply_s  ngx_http_endpoint_reply_t;


struct ngx_http_endpoint_reply_s {
    ngx_http_endpoint_statement_t   *statement;
    ngx_http_endpoint_condition_t   *when;      /* or NULL */
    ngx_uint_t                       status;    /* 0: status_ref */
    ngx_http_endpoint_ref_t          status_ref;
    ngx_str_t                        type;
    ngx_http_endpoint_template_t     type_template;
    ngx_http_endpoint_template_t     body;
    ngx_uint_t                       above;     /* number of steps above */
    unsigned                         empty:1;   /* reply 204; */
};


/* Compiles c->statement into reply.  NGX_ERROR: a mistake (logged). */
ngx_int_t ngx_http_endpoint_reply_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_reply_t *reply);

/*
 * The same for an answer that is given in parts; body: NULL, a template, or a
 * "$value"; type: NULL, or its Content-Type.
 */
ngx_int_t ngx_http_endpoint_reply_parts(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_reply_t *reply, ngx_str_t *status, ngx_str_t *body,
    ngx_str_t *type);

/* Sets result (zeroed) from reply.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_reply_result(ngx_http_endpoint_reply_t *reply,
    ngx_http_endpoint_plan_t *plan, ngx_http_endpoint_scope_t *scope,
    ngx_http_endpoint_result_t *result);

/*
 * Sets result (zeroed) from the first reply of the plan whose condition holds.
 * NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_reply_render(ngx_http_endpoint_plan_t *plan,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_result_t *result);

/*
 * The reply of a plan where it can be built when the configuration is read:
 * no inputs, no steps, one reply without references.  Else NULL.
 */
ngx_http_endpoint_reply_t *ngx_http_endpoint_reply_constant(
    ngx_http_endpoint_plan_t *plan);


#endif /* _NGX_HTTP_ENDPOINT_REPLY_H_INCLUDED_ */
