
/*
 * Transactions, and isolated queries, which are transactions of one: each has
 * a connection of its own while it lasts.
 */


#ifndef _NGX_HTTP_ENDPOINT_PG_TRANSACTION_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_TRANSACTION_H_INCLUDED_


#include "ngx_http_endpoint_pg_lane.h"
#include "ngx_http_endpoint_pg_query.h"


struct ngx_http_endpoint_pg_transaction_s {
    ngx_queue_t                           link;     /* in the claims */
    ngx_http_endpoint_pg_pool_t          *pool;
    ngx_http_endpoint_pg_lane_t          *lane;     /* or NULL */
    ngx_queue_t                           held;     /* queries to be sent */
    ngx_http_endpoint_pg_statement_t    **statements;   /* of all */
    ngx_uint_t                            nstatements;
    ngx_msec_t                            timeout;
    ngx_http_endpoint_pg_cause_e          cause;    /* of one that failed */
    unsigned                              single:1; /* one isolated query */
    unsigned                              begun:1;
    unsigned                              claimed:1;    /* waits for a lane */
    unsigned                              failed:1;
};


extern ngx_http_endpoint_pg_owner_t  ngx_http_endpoint_pg_seat_owner;

/* Starts an isolated query. */
void ngx_http_endpoint_pg_isolate(ngx_http_endpoint_pg_query_t *query,
    ngx_msec_t timeout);

/* Starts a query of a transaction. */
void ngx_http_endpoint_pg_hold(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_transaction_t *t);

/* Closes those that do nothing and are better made again elsewhere. */
void ngx_http_endpoint_pg_seats_leave(ngx_http_endpoint_pg_pool_t *pool);

/* A query of a transaction is cancelled. */
void ngx_http_endpoint_pg_drop(ngx_http_endpoint_pg_query_t *query);


#endif /* _NGX_HTTP_ENDPOINT_PG_TRANSACTION_H_INCLUDED_ */
