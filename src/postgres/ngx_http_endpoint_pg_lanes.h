
/*
 * A pool as its own files see it: lanes, isolated connections, and what waits
 * for them.
 */


#ifndef _NGX_HTTP_ENDPOINT_PG_LANES_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_LANES_H_INCLUDED_


#include "ngx_http_endpoint_pg_absent.h"
#include "ngx_http_endpoint_pg_balance.h"
#include "ngx_http_endpoint_pg_room.h"
#include "ngx_http_endpoint_pg_transaction.h"


/* of the lanes, and of the isolated connections */
typedef struct {
    ngx_uint_t                            nup;
    ngx_uint_t                            room;     /* of these may be used */
    ngx_msec_t                            since;    /* when it had none */
    unsigned                              trying:1; /* to have one again */
} ngx_http_endpoint_pg_kind_t;


struct ngx_http_endpoint_pg_pool_s {
    ngx_str_t                             name;
    void                                 *upstream;     /* its block */
    ngx_http_endpoint_pg_options_t        options;
    ngx_array_t                           servers;
    ngx_array_t                           statements;   /* pointers */
    ngx_msec_t                            timeout;      /* of the lanes */

    ngx_uint_t                            connections;
    ngx_uint_t                            pipeline;
    ngx_uint_t                            queue_max;
    ngx_uint_t                            isolated;
    ngx_msec_t                            wait;     /* without a server */
    ngx_uint_t                            given;    /* set of parameters */

    /* of the worker */

    ngx_log_t                            *log;
    ngx_http_endpoint_pg_kind_t           kinds[2];     /* isolated: 1 */
    ngx_uint_t                            room;     /* of all, was heard of */
    ngx_event_t                           patience;
    const char                           *why;
    ngx_http_endpoint_pg_lane_t          *lanes;
    ngx_http_endpoint_pg_lane_t          *seats;        /* isolated ones */
    ngx_http_endpoint_pg_lane_t          *spare;        /* or NULL */
    ngx_event_t                           balance;
    ngx_uint_t                            next;         /* server */

    ngx_queue_t                           queue;
    ngx_uint_t                            nqueue;
    ngx_queue_t                           claims;
    ngx_uint_t                            nclaims;

    ngx_queue_t                           ended;
    ngx_event_t                           event;
    ngx_queue_t                           written;  /* in pieces */
    ngx_event_t                           writer;
    ngx_queue_t                           free;

    unsigned                              done:1;   /* nobody is told more */
    unsigned                              tight:1;  /* others lack them */
};


/* Starts a query whose statement is known. */
void ngx_http_endpoint_pg_start(ngx_http_endpoint_pg_query_t *query);

/* Gives a query to a lane, or to those that wait for one. */
void ngx_http_endpoint_pg_enqueue(ngx_http_endpoint_pg_query_t *query);


#endif /* _NGX_HTTP_ENDPOINT_PG_LANES_H_INCLUDED_ */
