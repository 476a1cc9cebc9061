
/*
 * The room postgres/ holds connections on libpq, pools of them, statements and
 * rows (pg_...), which know neither runs nor HTTP, and the steps that use them
 * (query..., step_..., sql).  It may use run/ and what is below it.
 */

/*
 * The connections of a worker to one upstream of Postgres servers: "lanes" in
 * pipeline mode that all requests share, and isolated connections that serve
 * one query or one transaction at a time.  Knows nothing of HTTP.
 */


#ifndef _NGX_HTTP_ENDPOINT_PG_POOL_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_POOL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <libpq-fe.h>
#include "ngx_http_endpoint_pg_error.h"
#include "ngx_http_endpoint_sql.h"
#include "ngx_http_endpoint_value.h"


#define NGX_HTTP_ENDPOINT_PG_ROW         0x01   /* the first row, or null */
#define NGX_HTTP_ENDPOINT_PG_BIGINT      0x02   /* int8 as strings */
#define NGX_HTTP_ENDPOINT_PG_ISOLATED    0x04
#define NGX_HTTP_ENDPOINT_PG_IDEMPOTENT  0x08   /* may be executed twice */

/* one of the module's own: libpq's result, no JSON, and all types are text */
#define NGX_HTTP_ENDPOINT_PG_RAW         0x10


typedef struct ngx_http_endpoint_pg_pool_s
    ngx_http_endpoint_pg_pool_t;
typedef struct ngx_http_endpoint_pg_statement_s
    ngx_http_endpoint_pg_statement_t;
typedef struct ngx_http_endpoint_pg_query_s
    ngx_http_endpoint_pg_query_t;
typedef struct ngx_http_endpoint_pg_transaction_s
    ngx_http_endpoint_pg_transaction_t;
typedef struct ngx_http_endpoint_pg_check_s
    ngx_http_endpoint_pg_check_t;
typedef struct ngx_http_endpoint_pg_lane_s
    ngx_http_endpoint_pg_lane_t;


typedef struct {
    ngx_http_endpoint_pg_cause_e   cause;

    /* of a success: an array of objects, or an object or null, of which a large
       one is a chain; its rows */
    ngx_str_t                      json;
    ngx_chain_t                   *chain;
    ngx_uint_t                     rows;
    PGresult                      *raw;     /* of a success of such a one */

    /* of a failure: for the log, printable; "" where there is none; said is
       the message as it was */
    ngx_str_t                      sqlstate;
    ngx_str_t                      message;
    ngx_str_t                      detail;
    ngx_str_t                      said;
    ngx_str_t                      constraint;
} ngx_http_endpoint_pg_result_t;


/*
 * Called once, from an event of the worker, never from within the call that
 * started the work.  result is the callee's only during the call, its strings
 * live in the pool that was given for them.
 */
typedef void (*ngx_http_endpoint_pg_handler_pt)(void *data,
    ngx_http_endpoint_pg_result_t *result);


/* what was asked for, in one piece; all of it outlives the query */
typedef struct {
    ngx_http_endpoint_pg_statement_t    *statement;

    /*
     * As many as the statement has.  A param is the text of its value, data
     * NULL: NULL; no NUL bytes inside.  Where the server's type takes
     * something else, it is set anew.
     */
    ngx_str_t                           *params;
    ngx_http_endpoint_value_t           *values;

    /*
     * of an isolated query or a transaction: the server's statement_timeout;
     * of a query on a lane, unused: who waits cancels
     */
    ngx_msec_t                           timeout;

    size_t                               limit;         /* of the result */
    ngx_http_endpoint_pg_transaction_t  *transaction;   /* or NULL */
    ngx_pool_t                          *pool;          /* of the result */
    ngx_http_endpoint_pg_handler_pt      handler;
    void                                *data;
} ngx_http_endpoint_pg_request_t;


/*
 * Configuration time.  Registers a statement with a pool, in memory of cf's
 * pool; file and line are where it stands, flags are NGX_HTTP_ENDPOINT_PG_…,
 * timeout is the longest that a step may wait for it: the lanes'
 * statement_timeout is the largest of these.  NULL: memory.
 */
ngx_http_endpoint_pg_statement_t *ngx_http_endpoint_pg_statement(
    ngx_conf_t *cf, ngx_http_endpoint_pg_pool_t *pool,
    ngx_http_endpoint_sql_t *sql, ngx_str_t *file, ngx_uint_t line,
    ngx_uint_t flags, ngx_msec_t timeout);

/* For a worker's init_process: starts to connect.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_pg_pool_init(ngx_http_endpoint_pg_pool_t *pool,
    ngx_cycle_t *cycle);

/* For a worker's exit_process.  No handler is called any more. */
void ngx_http_endpoint_pg_pool_done(ngx_http_endpoint_pg_pool_t *pool);

/*
 * Starts a query.  A failure that is known at once, a full queue for one,
 * goes to the handler too.  NULL: memory.
 */
ngx_http_endpoint_pg_query_t *ngx_http_endpoint_pg_submit(
    ngx_http_endpoint_pg_request_t *request);

/*
 * The handler will not be called.  A waiting query is withdrawn, an isolated
 * one is stopped by closing its connection, what was sent on a lane runs on.
 * One of a transaction dooms it: what is left is to roll back.
 */
void ngx_http_endpoint_pg_cancel(ngx_http_endpoint_pg_query_t *query);

/*
 * A transaction, to be given with each of its queries; it takes a connection
 * when the first of them starts.  It must be ended by one of the next two.
 * timeout: statement_timeout of each query; statements are those that it may
 * execute, and last as long as it does.  NULL: memory.
 */
ngx_http_endpoint_pg_transaction_t *ngx_http_endpoint_pg_begin(
    ngx_http_endpoint_pg_pool_t *pool, ngx_msec_t timeout,
    ngx_http_endpoint_pg_statement_t **statements, ngx_uint_t n);

/*
 * Commits.  The handler gets a result without rows; pool, handler and data as
 * for a query.  After the handler was called the transaction is gone; until
 * then ngx_http_endpoint_pg_rollback() may still be called instead.
 * NGX_ERROR: memory, and the transaction is still to be rolled back.
 */
ngx_int_t ngx_http_endpoint_pg_commit(ngx_http_endpoint_pg_transaction_t *t,
    ngx_pool_t *pool, ngx_http_endpoint_pg_handler_pt handler, void *data);

/*
 * Rolls back, for sure: where a query or the COMMIT is under way, by closing
 * the connection.  No handler of the transaction is called any more; it is
 * gone.
 */
void ngx_http_endpoint_pg_rollback(ngx_http_endpoint_pg_transaction_t *t);


#endif /* _NGX_HTTP_ENDPOINT_PG_POOL_H_INCLUDED_ */
