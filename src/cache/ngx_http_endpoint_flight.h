
/*
 * Single flight: of all who miss one key, in any worker, one makes the value,
 * its leader, and the others, its followers, wait for an event.
 *
 * The way of a caller: cache_get(); where that gives no value, flight_begin();
 * a leader ends with flight_done() or flight_failed(), a follower is called
 * and takes flight_result().  flight_cancel() stands in the cleanup of the
 * caller's pool from the start: it is right in every state.
 */


#ifndef _NGX_HTTP_ENDPOINT_FLIGHT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_FLIGHT_H_INCLUDED_


#include "ngx_http_endpoint_cache.h"


typedef struct ngx_http_endpoint_flight_s  ngx_http_endpoint_flight_t;

typedef void (*ngx_http_endpoint_flight_pt)(
    ngx_http_endpoint_flight_t *flight, ngx_int_t rc);


typedef enum {
    ngx_http_endpoint_flight_idle = 0,
    ngx_http_endpoint_flight_leading,
    ngx_http_endpoint_flight_waiting,
    ngx_http_endpoint_flight_woken
} ngx_http_endpoint_flight_role_e;


/* zeroed memory of the caller, who sets the first part */
struct ngx_http_endpoint_flight_s {
    ngx_http_endpoint_cache_t            *cache;
    ngx_str_t                             key;      /* a slice, kept */
    ngx_http_endpoint_flight_pt           handler;  /* NULL: never wait */
    void                                 *data;
    ngx_http_endpoint_flight_t           *parent;   /* whose work we are */
    unsigned                              refresh:1;    /* though fresh */
    unsigned                              background:1; /* no client waits */

    ngx_http_endpoint_flight_role_e       state;
    unsigned                              shared:1; /* result under the id */
    unsigned                              noted:1;  /* that it waits */
    ngx_int_t                             rc;       /* of a woken one */

    /* the first of those who wait for one flight is the head of the others */
    unsigned                              first:1;
    ngx_rbtree_node_t                     node;
    ngx_queue_t                           queue;
    uint64_t                              ends;     /* of others, before */
    uint64_t                              hash;
    uint64_t                              digest;
    uint64_t                              id;
    uint32_t                              record;
};


/*
 * NGX_OK        lead: make the value, then end the flight
 * NGX_AGAIN     follow: the handler will be called, never from in here
 * NGX_BUSY      as NGX_AGAIN where handler is NULL: another one leads
 * NGX_DONE      a value came between the lookup and now: look up again
 * NGX_DECLINED  run without waiting and keep nothing: the value is being made
 *               by parent or one of its parents, or by one who waits for them,
 *               or the table of flights is full
 *
 * The handler of a follower is called once for NGX_AGAIN, from an event, with
 * NGX_OK (the leader is gone: lead), NGX_DONE (take flight_result()) or
 * NGX_DECLINED.  It may begin, end and cancel any flight.
 */
ngx_int_t ngx_http_endpoint_flight_begin(ngx_http_endpoint_flight_t *flight);

/*
 * A leader's end: keeps value for ttl (0: the zone's) and wakes the waiters.
 * NGX_DECLINED: not kept, for it is larger than the zone allows or the key
 * was purged since the flight began; waiters get a purged value all the same.
 * For who does not lead it does nothing: NGX_DECLINED.
 */
ngx_int_t ngx_http_endpoint_flight_done(ngx_http_endpoint_flight_t *flight,
    ngx_http_endpoint_cache_value_t *value, ngx_msec_t ttl);

/*
 * A leader's other end: value (an error, a reply that is not to be kept) goes
 * to those who wait now and to nobody else.  NULL: they run by themselves.
 */
void ngx_http_endpoint_flight_failed(ngx_http_endpoint_flight_t *flight,
    ngx_http_endpoint_cache_value_t *value);

/*
 * After NGX_DONE: what the leader ended with, as ngx_http_endpoint_cache_get()
 * returns it.  MISS, EXPIRED: already evicted, begin again.
 */
ngx_int_t ngx_http_endpoint_flight_result(ngx_http_endpoint_flight_t *flight,
    ngx_pool_t *pool, ngx_http_endpoint_cache_value_t *value);

/* Leaves: a leader hands the lead to one who waits, a follower just goes. */
void ngx_http_endpoint_flight_cancel(ngx_http_endpoint_flight_t *flight);

/* Drops the value of key; one that is being made will not be kept either. */
void ngx_http_endpoint_flight_purge(ngx_http_endpoint_cache_t *cache,
    ngx_str_t *key);


#endif /* _NGX_HTTP_ENDPOINT_FLIGHT_H_INCLUDED_ */
