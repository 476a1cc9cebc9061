
/*
 * A connection of a pool that is made again when it was lost: one that all
 * requests share, or an isolated one.
 */


#ifndef _NGX_HTTP_ENDPOINT_PG_LANE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_LANE_H_INCLUDED_


#include "ngx_http_endpoint_pg_server.h"


/* a connection that is older may be one to a server that has changed */
#define NGX_HTTP_ENDPOINT_PG_SETTLED  1000


/* a connection that is made again when it was lost */
struct ngx_http_endpoint_pg_lane_s {
    ngx_http_endpoint_pg_t                pg;
    ngx_http_endpoint_pg_pool_t          *pool;
    ngx_http_endpoint_pg_server_t        *server;
    ngx_event_t                           retry;
    ngx_uint_t                            failures;     /* in a row */
    ngx_msec_t                            since;        /* up, or down */
    ngx_msec_t                            started;      /* to connect */

    /* of an isolated one: whose it is, and what frees it */
    ngx_http_endpoint_pg_transaction_t   *transaction;
    ngx_http_endpoint_pg_command_t        rollback;

    unsigned                              isolated:1;
    unsigned                              up:1;
    unsigned                              quit:1;
    unsigned                              leaving:1;    /* for another */
    unsigned                              outdated:1;   /* no primary's */
};


ngx_int_t ngx_http_endpoint_pg_lane_init(ngx_http_endpoint_pg_lane_t *lane,
    ngx_http_endpoint_pg_pool_t *pool, ngx_http_endpoint_pg_owner_t *owner,
    ngx_pool_t *memory);

void ngx_http_endpoint_pg_lane_connect(ngx_http_endpoint_pg_lane_t *lane,
    ngx_http_endpoint_pg_server_t *server);

/* The same for one that is down because nobody needed it. */
void ngx_http_endpoint_pg_lane_wake(ngx_http_endpoint_pg_lane_t *lane);

void ngx_http_endpoint_pg_lane_up(ngx_http_endpoint_pg_lane_t *lane);
void ngx_http_endpoint_pg_lane_down(ngx_http_endpoint_pg_lane_t *lane);
void ngx_http_endpoint_pg_lane_done(ngx_http_endpoint_pg_lane_t *lane);

/* Whether a lane that is down is to be connected. */
ngx_uint_t ngx_http_endpoint_pg_lane_needed(ngx_http_endpoint_pg_lane_t *lane);


#endif /* _NGX_HTTP_ENDPOINT_PG_LANE_H_INCLUDED_ */
