
/*
 * The room http/ holds shells: an HTTP request, and runs without a client; and
 * what of the configuration belongs to nginx's servers and locations.  It may
 * use all rooms.
 */

/* The HTTP shell: a request starts a run, the run's result is its reply. */


#ifndef _NGX_HTTP_ENDPOINT_HTTP_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_HTTP_H_INCLUDED_


#include <ngx_http.h>
#include "ngx_http_endpoint_gate.h"
#include "ngx_http_endpoint_route.h"
#include "ngx_http_endpoint_run.h"


typedef struct {
    ngx_http_endpoint_route_t    *routes;       /* NULL: no endpoint here */
    ngx_array_t                  *blocks;       /* until they are compiled */
    ngx_array_t                  *pass_headers; /* of ngx_str_t, as written */
    ngx_str_t                     fallback;
    ngx_msec_t                    timeout;
    ngx_flag_t                    ignore_client_abort;
    ngx_flag_t                    intercept_errors;
    ngx_uint_t                    bigint;       /* as strings */
    ngx_uint_t                    max_fetches;  /* as written, or 0 */
    ngx_shm_zone_t               *purge;        /* NULL: nothing to purge */
    ngx_http_endpoint_gate_t     *gate;         /* the server's, or NULL */
    ngx_http_endpoint_limits_t    limits;
} ngx_http_endpoint_loc_conf_t;


/* The content handler of a location with endpoints. */
ngx_int_t ngx_http_endpoint_handler(ngx_http_request_t *r);

/*
 * Finds the inputs of a plan in a request and sets their values, or adds to
 * faults.  The request body has been read where the plan has fields or a body.
 * NGX_ERROR: memory, or a file that cannot be read.
 */
ngx_int_t ngx_http_endpoint_http_inputs(ngx_http_request_t *r,
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_route_match_t *match,
    ngx_http_endpoint_faults_t *faults);

/* Sends run->result; what a content handler returns. */
ngx_int_t ngx_http_endpoint_http_send(ngx_http_request_t *r,
    ngx_http_endpoint_run_t *run);

/* Finds $endpoint_cache; ngx_http_get_variable_pt. */
ngx_int_t ngx_http_endpoint_http_cache(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);

/* Sends a constant JSON text, allow going into Allow where it is not empty. */
ngx_int_t ngx_http_endpoint_http_send_text(ngx_http_request_t *r,
    ngx_uint_t status, ngx_str_t *type, ngx_str_t *text, ngx_str_t *allow);


extern ngx_module_t  ngx_http_endpoint_module;


#endif /* _NGX_HTTP_ENDPOINT_HTTP_H_INCLUDED_ */
