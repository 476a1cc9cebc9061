
/* What the files of a pool share: its queries, lanes and transactions. */


#ifndef _NGX_HTTP_ENDPOINT_PG_QUERY_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_QUERY_H_INCLUDED_


#include "ngx_http_endpoint_pg.h"
#include "ngx_http_endpoint_pg_param.h"
#include "ngx_http_endpoint_pg_pool.h"
#include "ngx_http_endpoint_pg_row.h"


/* a query that takes its servers down with it is not to take them all */
#define NGX_HTTP_ENDPOINT_PG_TRIES    3

/* a connection that is older may be one to a server that has changed */
#define NGX_HTTP_ENDPOINT_PG_SETTLED  1000


typedef struct ngx_http_endpoint_pg_lane_s  ngx_http_endpoint_pg_lane_t;


typedef struct {
    ngx_http_endpoint_pg_address_t        address;
    ngx_uint_t                            max_fails;
    ngx_msec_t                            fail_timeout;
    ngx_uint_t                            weight;

    /* of the worker */
    ngx_uint_t                            fails;
    ngx_msec_t                            tried;    /* or failed, last */
    ngx_uint_t                            lanes[2]; /* and isolated ones */

    unsigned                              down:1;
    unsigned                              backup:1;
} ngx_http_endpoint_pg_server_t;


struct ngx_http_endpoint_pg_statement_s {
    ngx_http_endpoint_pg_pool_t          *pool;
    ngx_http_endpoint_sql_kind_e          kind;
    ngx_str_t                             text;
    const char                           *name;
    ngx_uint_t                            slot;
    ngx_uint_t                            nparams;
    ngx_uint_t                            flags;
    ngx_msec_t                            timeout;  /* on a lane */
    ngx_http_endpoint_pg_check_t         *check;

    /* for the log: where it stands, which name is which parameter */
    ngx_str_t                             file;
    ngx_uint_t                            line;
    ngx_str_t                             legend;

    /* of the worker */
    ngx_http_endpoint_pg_row_head_t       head;
};


typedef enum {
    ngx_http_endpoint_pg_query_queued = 0,      /* for a lane */
    ngx_http_endpoint_pg_query_checked,         /* its statement is */
    ngx_http_endpoint_pg_query_held,            /* by its transaction */
    ngx_http_endpoint_pg_query_sent,
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
};


struct ngx_http_endpoint_pg_transaction_s {
    ngx_queue_t                           link;     /* in the claims */
    ngx_http_endpoint_pg_pool_t          *pool;
    ngx_http_endpoint_pg_lane_t          *lane;     /* or NULL */
    ngx_queue_t                           held;     /* queries to be sent */
    ngx_http_endpoint_pg_statement_t    **statements;   /* of all */
    ngx_uint_t                            nstatements;
    ngx_msec_t                            timeout;
    unsigned                              single:1; /* one isolated query */
    unsigned                              begun:1;
    unsigned                              claimed:1;    /* waits for a lane */
    unsigned                              failed:1;
};


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
    ngx_uint_t                            nup;      /* connections */
    ngx_msec_t                            since;    /* when it had none */
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
    ngx_queue_t                           free;

    unsigned                              done:1;   /* nobody is told more */
    unsigned                              trying:1; /* to have one again */
};


/* server: which one a connection is made to */

ngx_http_endpoint_pg_server_t *ngx_http_endpoint_pg_server_pick(
    ngx_http_endpoint_pg_lane_t *lane);

/*
 * Where a new connection belongs, of the servers that may be used now; kind: 1
 * for an isolated one.  NULL: there is none but except.
 */
ngx_http_endpoint_pg_server_t *ngx_http_endpoint_pg_server_best(
    ngx_http_endpoint_pg_pool_t *pool, ngx_uint_t kind,
    ngx_http_endpoint_pg_server_t *except);

/* For how long a server is not to be used. */
ngx_msec_t ngx_http_endpoint_pg_server_rest(
    ngx_http_endpoint_pg_server_t *server);

void ngx_http_endpoint_pg_server_failed(
    ngx_http_endpoint_pg_server_t *server);


/* balance: back to servers that were lost */

void ngx_http_endpoint_pg_balance_init(ngx_http_endpoint_pg_pool_t *pool);

/* Looks whether a lane is to be moved, now or later. */
void ngx_http_endpoint_pg_balance(ngx_http_endpoint_pg_pool_t *pool);

/* The spare lane is up. */
void ngx_http_endpoint_pg_balance_up(ngx_http_endpoint_pg_lane_t *spare);

/* Whether an isolated connection is better made again elsewhere. */
ngx_uint_t ngx_http_endpoint_pg_balance_leaves(
    ngx_http_endpoint_pg_lane_t *seat);


/* absent: no server can be reached */

void ngx_http_endpoint_pg_absent_init(ngx_http_endpoint_pg_pool_t *pool);

/* Notes that lane connects, is up, was lost; silent: closed by us. */
void ngx_http_endpoint_pg_absent_connect(ngx_http_endpoint_pg_lane_t *lane);
void ngx_http_endpoint_pg_absent_up(ngx_http_endpoint_pg_lane_t *lane);
void ngx_http_endpoint_pg_absent_down(ngx_http_endpoint_pg_lane_t *lane);

/*
 * Whether it has been so for longer than a query waits; if not, those that wait
 * are told when it has.
 */
ngx_uint_t ngx_http_endpoint_pg_absent(ngx_http_endpoint_pg_pool_t *pool);

/* Fails what waits for a lane; for an isolated connection. */
void ngx_http_endpoint_pg_queue_failed(ngx_http_endpoint_pg_pool_t *pool);
void ngx_http_endpoint_pg_claims_failed(ngx_http_endpoint_pg_pool_t *pool);


/* lane: when it is connected */

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


/* pool: how a query starts */

/* Starts a query whose statement is known. */
void ngx_http_endpoint_pg_start(ngx_http_endpoint_pg_query_t *query);

/* Gives a query to a lane, or to those that wait for one. */
void ngx_http_endpoint_pg_enqueue(ngx_http_endpoint_pg_query_t *query);


/* query: how it ends */

ngx_http_endpoint_pg_query_t *ngx_http_endpoint_pg_query(
    ngx_http_endpoint_pg_pool_t *pool);
/* The handler of pool->event: tells the queries that ended. */
void ngx_http_endpoint_pg_query_ended_handler(ngx_event_t *ev);

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


/* transaction: isolated connections */

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


#endif /* _NGX_HTTP_ENDPOINT_PG_QUERY_H_INCLUDED_ */
