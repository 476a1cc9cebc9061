
/* How a step ends that was given a value which it must not use. */


#ifndef _NGX_HTTP_ENDPOINT_REFUSE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_REFUSE_H_INCLUDED_


#include "ngx_http_endpoint_refusal.h"
#include "ngx_http_endpoint_run.h"


/*
 * Ends an exec because of a refusal: with 422 where a client sent the value,
 * as a failure of the step where it did not.
 */
void ngx_http_endpoint_refuse(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_refusal_t *refusal);


#endif /* _NGX_HTTP_ENDPOINT_REFUSE_H_INCLUDED_ */
