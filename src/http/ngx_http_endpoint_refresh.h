
/* The refresh of a cached value: a run without the client who caused it. */


#ifndef _NGX_HTTP_ENDPOINT_REFRESH_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_REFRESH_H_INCLUDED_


#include <ngx_http.h>
#include "ngx_http_endpoint_run.h"


/*
 * For detach() of a shell whose run has a request: ctx is the configuration
 * that the run goes by, timeout the milliseconds that the new one may take.
 */
ngx_http_endpoint_run_t *ngx_http_endpoint_refresh_create(
    ngx_http_endpoint_run_t *run, ngx_http_conf_ctx_t *ctx,
    ngx_msec_t timeout, ngx_array_t *refs);


#endif /* _NGX_HTTP_ENDPOINT_REFRESH_H_INCLUDED_ */
