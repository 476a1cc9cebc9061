
/* A value that must not stand where the configuration puts it. */


#ifndef _NGX_HTTP_ENDPOINT_REFUSE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_REFUSE_H_INCLUDED_


#include "ngx_http_endpoint_run.h"


/*
 * Ends an exec because of the value of ref: with 422 and msg where a client
 * sent the value, as a failure of the step with cause where it did not.
 */
void ngx_http_endpoint_refuse(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_ref_t *ref, ngx_http_endpoint_cause_e cause, char *msg);


#endif /* _NGX_HTTP_ENDPOINT_REFUSE_H_INCLUDED_ */
