
/*
 * nginx's variables in a fetch: each has its own, so that what a map or a
 * regular expression makes of one is not seen in another, but what "set",
 * "auth_request_set" or a server's name has said of the request holds there,
 * too.
 */


#ifndef _NGX_HTTP_ENDPOINT_VARIABLE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_VARIABLE_H_INCLUDED_


#include <ngx_http.h>
#include "ngx_http_endpoint_run.h"


/*
 * Finds out which variables are assigned, and not computed; once, in
 * postconfiguration.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_variable_init(ngx_conf_t *cf);

/* Notes which ones a fetch inherits, when all are known.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_variable_init_module(ngx_cycle_t *cycle);

/*
 * Sets variables, zeroed, of a fetch that r makes in run.  NULL or, where the
 * result is kept for others, known are the indices of those that are in the
 * key (ngx_uint_t): the others have no effect on it.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_variable_inherit(ngx_http_request_t *r,
    ngx_http_endpoint_run_t *run, ngx_array_t *known,
    ngx_http_variable_value_t *variables);


#endif /* _NGX_HTTP_ENDPOINT_VARIABLE_H_INCLUDED_ */
