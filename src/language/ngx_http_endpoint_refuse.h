
/* A value that must not stand where the configuration puts it. */


#ifndef _NGX_HTTP_ENDPOINT_REFUSE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_REFUSE_H_INCLUDED_


#include "ngx_http_endpoint_run.h"


/* which value was refused, and what a client that sent it is told */
typedef struct {
    ngx_http_endpoint_ref_t    *ref;        /* NULL: it was not a value */
    ngx_http_endpoint_cause_e   cause;
    char                       *msg;
} ngx_http_endpoint_refusal_t;


/* Whether a client sent the value: then it is the client's fault. */
#define ngx_http_endpoint_refused_input(refusal)                              \
    ((refusal)->ref && (refusal)->ref->name && (refusal)->ref->name->input)

/*
 * Ends an exec because of a refusal: with 422 where a client sent the value,
 * as a failure of the step where it did not.
 */
void ngx_http_endpoint_refuse(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_refusal_t *refusal);

/*
 * Makes 422 the result of a run, for a value that a client sent.  NGX_ERROR:
 * memory.
 */
ngx_int_t ngx_http_endpoint_refuse_input(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_refusal_t *refusal);


#endif /* _NGX_HTTP_ENDPOINT_REFUSE_H_INCLUDED_ */
