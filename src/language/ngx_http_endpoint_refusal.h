
/* A value that must not stand where the configuration puts it. */


#ifndef _NGX_HTTP_ENDPOINT_REFUSAL_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_REFUSAL_H_INCLUDED_


#include "ngx_http_endpoint_error.h"
#include "ngx_http_endpoint_result.h"
#include "ngx_http_endpoint_scope.h"


/* which value was refused, and what a client that sent it is told */
typedef struct {
    ngx_http_endpoint_ref_t    *ref;        /* NULL: it was not a value */
    ngx_http_endpoint_cause_e   cause;
    char                       *msg;
} ngx_http_endpoint_refusal_t;


/* Whether a client sent the value: then it is the client's fault. */
#define ngx_http_endpoint_refusal_input(refusal)                              \
    ((refusal)->ref && (refusal)->ref->name && (refusal)->ref->name->input)

/* Makes 422 the result, for a value that a client sent.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_refusal_result(
    ngx_http_endpoint_refusal_t *refusal, ngx_http_endpoint_scope_t *scope,
    ngx_http_endpoint_result_t *result);


#endif /* _NGX_HTTP_ENDPOINT_REFUSAL_H_INCLUDED_ */
