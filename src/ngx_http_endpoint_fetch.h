
/*
 * fetch: what is asked (the configuration's), one call with its tries, and
 * the subrequest that a try is.
 */


#ifndef _NGX_HTTP_ENDPOINT_FETCH_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_FETCH_H_INCLUDED_


#include "ngx_http_endpoint_capture.h"
#include "ngx_http_endpoint_header.h"
#include "ngx_http_endpoint_uri.h"


typedef struct {
    ngx_str_t                       method;
    ngx_uint_t                      method_id;      /* NGX_HTTP_GET, … */
    ngx_http_endpoint_uri_t         uri;
    ngx_http_endpoint_template_t   *body;           /* or NULL */
    ngx_array_t                     headers;    /* ngx_http_endpoint_header_t */
    unsigned                        text:1;         /* as=text */
} ngx_http_endpoint_fetch_conf_t;


typedef struct {
    ngx_http_endpoint_exec_t       *exec;
    ngx_http_endpoint_capture_t     capture;
} ngx_http_endpoint_fetch_t;


/*
 * Starts the subrequest of fetch->capture for its exec.  Where it cannot be
 * started the exec has failed, and NGX_ERROR is returned.
 */
ngx_int_t ngx_http_endpoint_fetch_request(ngx_http_endpoint_fetch_t *fetch);

/*
 * Posts the subrequests of a run that are under way: a delay of limit_req
 * waits on the client's connection, whose write handler is the run's.
 */
void ngx_http_endpoint_fetch_wake(ngx_http_endpoint_run_t *run);


#endif /* _NGX_HTTP_ENDPOINT_FETCH_H_INCLUDED_ */
