
/* query and query_row: what the configuration asks, and one execution. */


#ifndef _NGX_HTTP_ENDPOINT_QUERY_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_QUERY_H_INCLUDED_


#include "ngx_http_endpoint_fanout.h"
#include "ngx_http_endpoint_outcome.h"
#include "ngx_http_endpoint_pg_pool.h"
#include "ngx_http_endpoint_refuse.h"


typedef struct {
    ngx_http_endpoint_pg_pool_t       *pool;
    ngx_http_endpoint_pg_statement_t  *statement;
    ngx_array_t                        params;  /* ngx_http_endpoint_ref_t */
    ngx_http_endpoint_each_t           each;
    ngx_msec_t                         timeout;

    /* ngx_http_endpoint_query_error_t */
    ngx_array_t                        errors;

    unsigned                           has_inputs:1;    /* among params */
} ngx_http_endpoint_query_conf_t;


/* error=P0001:409 */
typedef struct {
    ngx_str_t                          sqlstate;
    ngx_uint_t                         status;
} ngx_http_endpoint_query_error_t;


/* one execution: what a branch of a query does */
typedef struct {
    ngx_http_endpoint_exec_t          *exec;
    ngx_http_endpoint_branch_t        *branch;
    ngx_http_endpoint_pg_query_t      *query;   /* NULL: none under way */
    ngx_http_endpoint_pg_result_t      result;
    unsigned                           arrived:1;
} ngx_http_endpoint_query_t;


/*
 * Reads the statement of c into step->conf; row: query_row.  NGX_ERROR: a
 * mistake (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_query_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_uint_t row);

/* Starts the execution of a branch. */
void ngx_http_endpoint_query_start(ngx_http_endpoint_branch_t *b);

/* Takes the result of an execution where it has come. */
void ngx_http_endpoint_query_resume(ngx_http_endpoint_branch_t *b);

/* Ends a branch whose time is over, by its default or by failing the exec. */
void ngx_http_endpoint_query_expire(ngx_http_endpoint_branch_t *b);

/* Withdraws what an execution has under way. */
void ngx_http_endpoint_query_cancel(ngx_http_endpoint_branch_t *b);

/* The line in the error log for a failure of the database. */
void ngx_http_endpoint_query_log(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_pg_result_t *result);

/*
 * What a failure of the database is to a step: logs the whole of it, sets
 * run->result and fails exec.  conf says which errors have a status of their
 * own, and whether bad data is the client's; NULL: none, it is.
 */
void ngx_http_endpoint_query_failed(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_pg_result_t *result,
    ngx_http_endpoint_query_conf_t *conf);

/* The same without a line in the log. */
void ngx_http_endpoint_query_refuse(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_pg_result_t *result,
    ngx_http_endpoint_query_conf_t *conf);


extern ngx_http_endpoint_share_t  ngx_http_endpoint_query_share;


#endif /* _NGX_HTTP_ENDPOINT_QUERY_H_INCLUDED_ */
