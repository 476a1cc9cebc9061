
/* The cache statement: an endpoint's reply is kept, what is below it saved. */


#ifndef _NGX_HTTP_ENDPOINT_CACHE_STATEMENT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CACHE_STATEMENT_H_INCLUDED_


#include "ngx_http_endpoint_key.h"
#include "ngx_http_endpoint_run.h"


/* status=404,410:10s */
typedef struct {
    ngx_uint_t                 status;
    ngx_msec_t                 ttl;
} ngx_http_endpoint_status_ttl_t;


/* conf of the step */
typedef struct {
    ngx_http_endpoint_key_t    key;
    ngx_array_t                unkeyed;     /* ngx_http_endpoint_ref_t */
    ngx_array_t                statuses;    /* ngx_http_endpoint_status_ttl_t */
    ngx_msec_t                 ttl;         /* 0: the zone's */
    ngx_msec_t                 default_ttl; /* of keep_default=, 0: never */
    ngx_int_t                  cache_control;   /* variable's index */
    unsigned                   client_refresh:1;
    unsigned                   nonempty:1;
} ngx_http_endpoint_cache_statement_t;


/*
 * Reads the statement of c into step->conf.  NGX_ERROR: a mistake (logged), or
 * memory.
 */
ngx_int_t ngx_http_endpoint_cache_statement_compile(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);

/*
 * Where the cache statement is the first step, looks for a kept reply before
 * the run is started.  NGX_OK: it is the result, and there is nothing to be
 * run; NGX_DECLINED: start the run; NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_cache_statement_look(ngx_http_endpoint_run_t *run);

/* What $endpoint_cache says of a run; NULL: it did not come to its cache. */
ngx_str_t *ngx_http_endpoint_cache_statement_status(
    ngx_http_endpoint_run_t *run);


#endif /* _NGX_HTTP_ENDPOINT_CACHE_STATEMENT_H_INCLUDED_ */
