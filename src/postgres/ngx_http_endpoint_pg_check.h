
/*
 * What the server says of a statement: that it can be prepared, and of which
 * types its parameters are.  Asked when the worker has its first connection,
 * and again while the statement is used: who changes a table meanwhile finds
 * the new types used within two seconds.
 */


#ifndef _NGX_HTTP_ENDPOINT_PG_CHECK_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_CHECK_H_INCLUDED_


#include "ngx_http_endpoint_pg_lanes.h"


/* one for each text; all of it but statement is the worker's */
struct ngx_http_endpoint_pg_check_s {
    ngx_http_endpoint_pg_statement_t  *statement;   /* the first with it */
    Oid                               *types;       /* of its parameters */
    ngx_http_endpoint_pg_param_e      *params;      /* what they take */
    ngx_queue_t                        held;        /* queries that wait */
    ngx_msec_t                         since;       /* when it was asked */
    ngx_uint_t                         version;     /* of the types */
    ngx_str_t                          oids;        /* types to be looked up */
    unsigned                           asked:1;     /* once, at least */
    unsigned                           known:1;
    unsigned                           running:1;
    unsigned                           special:1;   /* not all take text */
    unsigned                           foreign:1;   /* types to look up */
    unsigned                           logged:1;
};


/* a used statement is asked about again after this, while queries go on */
#define NGX_HTTP_ENDPOINT_PG_CHECK_SOFT  1000

/* Whether no query has to wait for it. */
#define ngx_http_endpoint_pg_check_fresh(check)                              \
    ((check)->asked && ngx_current_msec - (check)->since                      \
                       < NGX_HTTP_ENDPOINT_PG_CHECK_SOFT)


/* Asks about all statements of a pool.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_pg_check_all(ngx_http_endpoint_pg_pool_t *pool);

/*
 * Whether a query has to wait until its statement was asked about: it is held,
 * and started by ngx_http_endpoint_pg_start().
 */
ngx_uint_t ngx_http_endpoint_pg_check_holds(
    ngx_http_endpoint_pg_query_t *query);

/* A query of a check has ended, with a result of the server, or without. */
void ngx_http_endpoint_pg_check_answer(ngx_http_endpoint_pg_query_t *query);
void ngx_http_endpoint_pg_check_failed(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_cause_e cause, const char *message);

/* For a worker that exits. */
void ngx_http_endpoint_pg_check_free(ngx_http_endpoint_pg_pool_t *pool);


#endif /* _NGX_HTTP_ENDPOINT_PG_CHECK_H_INCLUDED_ */
