
/* A query, from the time it is given to a pool until it has ended. */


#ifndef _NGX_HTTP_ENDPOINT_PG_QUERY_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_QUERY_H_INCLUDED_


#include "ngx_http_endpoint_pg.h"
#include "ngx_http_endpoint_pg_param.h"
#include "ngx_http_endpoint_pg_row.h"
#include "ngx_http_endpoint_pg_statement.h"


/* a query that takes its servers down with it is not to take them all */
#define NGX_HTTP_ENDPOINT_PG_TRIES    3


typedef enum {
    ngx_http_endpoint_pg_query_queued = 0,      /* for a lane */
    ngx_http_endpoint_pg_query_checked,         /* its statement is */
    ngx_http_endpoint_pg_query_held,            /* by its transaction */
    ngx_http_endpoint_pg_query_sent,
    ngx_http_endpoint_pg_query_written,         /* its result is, in pieces */
    ngx_http_endpoint_pg_query_ended            /* to be told */
} ngx_http_endpoint_pg_query_state_e;


struct ngx_http_endpoint_pg_query_s {
    ngx_http_endpoint_pg_command_t        command;  /* its link: any queue */
    ngx_http_endpoint_pg_statement_t     *statement;    /* NULL: COMMIT */
    ngx_http_endpoint_pg_check_t         *check;    /* it asks for, or NULL */
    ngx_http_endpoint_value_t            *values;   /* of its parameters */
    ngx_http_endpoint_pg_pool_t          *owner;
    ngx_http_endpoint_pg_transaction_t   *transaction;
    ngx_pool_t                           *pool;
    ngx_http_endpoint_pg_handler_pt       handler;  /* NULL: cancelled */
    void                                 *data;
    ngx_http_endpoint_pg_query_state_e    state;
    ngx_msec_t                            timeout;  /* of an isolated one */
    ngx_uint_t                            tries;
    unsigned                              renewed:1;

    /* of one that ended without a result of the server */
    ngx_http_endpoint_pg_cause_e          cause;
    const char                           *message;

    /* of its result, once that is there */
    ngx_http_endpoint_pg_row_text_t       text;
};


ngx_http_endpoint_pg_query_t *ngx_http_endpoint_pg_query(
    ngx_http_endpoint_pg_pool_t *pool);
/* The handler of pool->event: tells the queries that ended. */
void ngx_http_endpoint_pg_query_ended_handler(ngx_event_t *ev);

/* The handler of pool->writer: goes on with results that are written. */
void ngx_http_endpoint_pg_query_write_handler(ngx_event_t *ev);

void ngx_http_endpoint_pg_query_free(ngx_http_endpoint_pg_query_t *query);

/* Ends a query from an event to come. */
void ngx_http_endpoint_pg_query_end(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_cause_e cause, const char *message);

/* Ends a query now, with what its command has as a result. */
void ngx_http_endpoint_pg_query_finish(ngx_http_endpoint_pg_query_t *query);

/* Ends a query now, without a result of the server. */
void ngx_http_endpoint_pg_query_fail(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_cause_e cause, const char *message);

/*
 * Whether a query whose connection was lost is to be sent again; if not, it
 * has ended.
 */
ngx_uint_t ngx_http_endpoint_pg_query_again(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_fate_e fate);


#endif /* _NGX_HTTP_ENDPOINT_PG_QUERY_H_INCLUDED_ */
