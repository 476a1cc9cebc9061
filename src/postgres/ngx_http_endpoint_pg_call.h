
/*
 * Statements that the module has of its own, for what it keeps in a database:
 * their parameters are texts, whatever they become, and their answers libpq's
 * results.
 */


#ifndef _NGX_HTTP_ENDPOINT_PG_CALL_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_CALL_H_INCLUDED_


#include "ngx_http_endpoint_pg_statement.h"


/* parameters of such a statement at most */
#define NGX_HTTP_ENDPOINT_PG_CALL_PARAMS  8


/* text of the program, with $1::text and so on */
typedef struct {
    const char                          *text;
    ngx_uint_t                           nparams;
    ngx_uint_t                           flags; /* NGX_HTTP_ENDPOINT_PG_… */
} ngx_http_endpoint_pg_call_sql_t;


/* one under way; its handler frees it by ngx_http_endpoint_pg_call_end() */
typedef struct {
    ngx_http_endpoint_pg_statement_t    *statement;
    ngx_pool_t                          *pool;
    void                                *owner;
    void                                *data;
    ngx_http_endpoint_pg_query_t        *query;
    ngx_uint_t                           nparams;
    ngx_str_t                            params[
                                            NGX_HTTP_ENDPOINT_PG_CALL_PARAMS];
    ngx_http_endpoint_value_t            values[
                                            NGX_HTTP_ENDPOINT_PG_CALL_PARAMS];
} ngx_http_endpoint_pg_call_t;


/*
 * Configuration time.  Registers a statement with a pool; name is whose it is,
 * file and line where that stands.  NULL: memory.
 */
ngx_http_endpoint_pg_statement_t *ngx_http_endpoint_pg_call_statement(
    ngx_conf_t *cf, ngx_http_endpoint_pg_pool_t *pool,
    ngx_http_endpoint_pg_call_sql_t *sql, ngx_str_t *name, ngx_str_t *file,
    ngx_uint_t line);

/* A statement to be filled with parameters.  NULL: memory. */
ngx_http_endpoint_pg_call_t *ngx_http_endpoint_pg_call(
    ngx_http_endpoint_pg_statement_t *statement, void *owner, void *data);

/* Adds a parameter, which lives as long as the call; data NULL: NULL. */
void ngx_http_endpoint_pg_call_param(ngx_http_endpoint_pg_call_t *call,
    ngx_str_t *text);

/* The same of what is printed, up to 128 bytes. */
void ngx_http_endpoint_pg_call_print(ngx_http_endpoint_pg_call_t *call,
    const char *fmt, ...);

/*
 * Starts it; handler(call, result) follows.  NGX_ERROR: memory, the call is
 * gone.
 */
ngx_int_t ngx_http_endpoint_pg_call_start(ngx_http_endpoint_pg_call_t *call,
    ngx_http_endpoint_pg_handler_pt handler);

void ngx_http_endpoint_pg_call_end(ngx_http_endpoint_pg_call_t *call);

/*
 * Logs that it has failed; what names the owner.  Without a server all of them
 * fail, and the pool has said so: that is logged as information alone.
 */
void ngx_http_endpoint_pg_call_failed(ngx_http_endpoint_pg_result_t *result,
    const char *what, ngx_str_t *name);


#endif /* _NGX_HTTP_ENDPOINT_PG_CALL_H_INCLUDED_ */
