
#include "ngx_http_endpoint_flight_circle.h"
#include "ngx_http_endpoint_flight_table.h"
#include "ngx_http_endpoint_followers.h"
#include "ngx_http_endpoint_timer.h"

#include <ngx_event.h>


/* how often a follower looks whether its leader is alive */
#define NGX_HTTP_ENDPOINT_FOLLOWERS_TICK  500


static void ngx_http_endpoint_followers_watch(void);
static ngx_http_endpoint_flight_t *ngx_http_endpoint_followers_first(
    ngx_http_endpoint_cache_t *cache, uint64_t id);
static void ngx_http_endpoint_followers_stand_first(
    ngx_http_endpoint_flight_t *flight);
static void ngx_http_endpoint_followers_listener(void);
static void ngx_http_endpoint_followers_tick(ngx_event_t *ev);
static void ngx_http_endpoint_followers_look(ngx_uint_t alive);
static ngx_int_t ngx_http_endpoint_followers_look_ended(
    ngx_http_endpoint_cache_t *cache);
static void ngx_http_endpoint_followers_look_all(
    ngx_http_endpoint_cache_t *cache, ngx_uint_t alive);
static void ngx_http_endpoint_followers_look_at(
    ngx_http_endpoint_flight_t *first, ngx_uint_t alive);
static ngx_int_t ngx_http_endpoint_followers_outcome(
    ngx_http_endpoint_flight_t *flight, ngx_uint_t alive);
static ngx_int_t ngx_http_endpoint_followers_take_over(
    ngx_http_endpoint_flight_t *flight);


/* caches that have followers here, and those who will be called now */

static ngx_queue_t                    ngx_http_endpoint_followers_caches;
static ngx_queue_t                    ngx_http_endpoint_followers_woken;

static ngx_http_endpoint_listener_t   ngx_http_endpoint_followers_listen = {
    ngx_http_endpoint_followers_listener, NULL
};

static ngx_event_t                    ngx_http_endpoint_followers_timer;


void
ngx_http_endpoint_followers_add(ngx_http_endpoint_flight_t *flight)
{
    ngx_http_endpoint_cache_t   *cache;
    ngx_http_endpoint_flight_t  *first;

    ngx_http_endpoint_followers_watch();

    cache = flight->cache;

    if (cache->followers.root == NULL) {
        ngx_rbtree_init(&cache->followers, &cache->followers_sentinel,
                        ngx_rbtree_insert_value);
    }

    if (cache->followers.root == cache->followers.sentinel) {
        cache->ends_seen = flight->ends;
        ngx_queue_insert_tail(&ngx_http_endpoint_followers_caches,
                              &cache->queue);
    }

    flight->state = ngx_http_endpoint_flight_waiting;

    first = ngx_http_endpoint_followers_first(cache, flight->id);

    if (first) {
        ngx_queue_insert_tail(&first->queue, &flight->queue);
        return;
    }

    ngx_queue_init(&flight->queue);
    ngx_http_endpoint_followers_stand_first(flight);
}


/* what wakes the followers of this worker */

static void
ngx_http_endpoint_followers_watch(void)
{
    ngx_event_t  *ev;

    ev = &ngx_http_endpoint_followers_timer;

    if (ev->handler == NULL) {
        ngx_queue_init(&ngx_http_endpoint_followers_caches);
        ngx_queue_init(&ngx_http_endpoint_followers_woken);

        ngx_http_endpoint_timer_init(ev, ngx_http_endpoint_followers_tick,
                                     ngx_cycle->log);
        ev->cancelable = 1;

        ngx_http_endpoint_wake_listen(&ngx_http_endpoint_followers_listen);
    }

    if (!ev->timer_set) {
        ngx_add_timer(ev, NGX_HTTP_ENDPOINT_FOLLOWERS_TICK);
    }
}


/* of those who wait for the flight of an id, or NULL */

static ngx_http_endpoint_flight_t *
ngx_http_endpoint_followers_first(ngx_http_endpoint_cache_t *cache, uint64_t id)
{
    ngx_rbtree_key_t    key;
    ngx_rbtree_node_t  *node;

    key = id;
    node = cache->followers.root;

    while (node != cache->followers.sentinel) {

        if (key == node->key) {
            return ngx_rbtree_data(node, ngx_http_endpoint_flight_t, node);
        }

        node = (key < node->key) ? node->left : node->right;
    }

    return NULL;
}


static void
ngx_http_endpoint_followers_stand_first(ngx_http_endpoint_flight_t *flight)
{
    flight->first = 1;
    flight->node.key = flight->id;

    ngx_rbtree_insert(&flight->cache->followers, &flight->node);
}


void
ngx_http_endpoint_followers_remove(ngx_http_endpoint_flight_t *flight)
{
    ngx_queue_t                 *next;
    ngx_http_endpoint_cache_t   *cache;

    if (flight->noted) {
        ngx_http_endpoint_flight_circle_leave(flight);
    }

    cache = flight->cache;
    next = ngx_queue_head(&flight->queue);

    if (flight->first) {
        flight->first = 0;
        ngx_rbtree_delete(&cache->followers, &flight->node);

        if (next != &flight->queue) {
            ngx_http_endpoint_followers_stand_first(
                     ngx_queue_data(next, ngx_http_endpoint_flight_t, queue));
        }
    }

    ngx_queue_remove(&flight->queue);

    if (cache->followers.root != cache->followers.sentinel) {
        return;
    }

    ngx_queue_remove(&cache->queue);

    if (ngx_queue_empty(&ngx_http_endpoint_followers_caches)
        && ngx_http_endpoint_followers_timer.timer_set)
    {
        ngx_del_timer(&ngx_http_endpoint_followers_timer);
    }
}


static void
ngx_http_endpoint_followers_listener(void)
{
    ngx_http_endpoint_followers_look(0);
}


static void
ngx_http_endpoint_followers_tick(ngx_event_t *ev)
{
    ngx_http_endpoint_followers_look(1);

    if (!ngx_queue_empty(&ngx_http_endpoint_followers_caches)
        && !ev->timer_set)
    {
        ngx_add_timer(ev, NGX_HTTP_ENDPOINT_FOLLOWERS_TICK);
    }
}


/* Calls all who need not wait any longer; they may begin and cancel others. */

static void
ngx_http_endpoint_followers_look(ngx_uint_t alive)
{
    ngx_queue_t                 *q, *next, *woken;
    ngx_http_endpoint_cache_t   *cache;
    ngx_http_endpoint_flight_t  *flight;

    for (q = ngx_queue_head(&ngx_http_endpoint_followers_caches);
         q != ngx_queue_sentinel(&ngx_http_endpoint_followers_caches);
         q = next)
    {
        next = ngx_queue_next(q);

        cache = ngx_queue_data(q, ngx_http_endpoint_cache_t, queue);

        if (alive || ngx_http_endpoint_followers_look_ended(cache) != NGX_OK) {
            ngx_http_endpoint_followers_look_all(cache, alive);
        }
    }

    woken = &ngx_http_endpoint_followers_woken;

    while (!ngx_queue_empty(woken)) {

        q = ngx_queue_head(woken);
        ngx_queue_remove(q);

        flight = ngx_queue_data(q, ngx_http_endpoint_flight_t, queue);

        flight->state = (flight->rc == NGX_OK)
                            ? ngx_http_endpoint_flight_leading
                            : ngx_http_endpoint_flight_idle;

        flight->handler(flight, flight->rc);
    }
}


/* what has ended since the last look; NGX_DECLINED: it was too much */

static ngx_int_t
ngx_http_endpoint_followers_look_ended(ngx_http_endpoint_cache_t *cache)
{
    uint64_t                       i, from, to;
    ngx_http_endpoint_flight_t    *first;
    ngx_http_endpoint_cache_sh_t  *sh;

    sh = cache->sh;
    from = cache->ends_seen;
    to = sh->flight_ends;

    ngx_memory_barrier();

    cache->ends_seen = to;

    if (to - from > NGX_HTTP_ENDPOINT_FLIGHTS_ENDED) {
        return NGX_DECLINED;
    }

    for (i = from; i < to; i++) {
        first = ngx_http_endpoint_followers_first(cache,
                    sh->flights_ended[i % NGX_HTTP_ENDPOINT_FLIGHTS_ENDED]);

        if (first) {
            ngx_http_endpoint_followers_look_at(first, 0);
        }
    }

    ngx_memory_barrier();

    return (sh->flight_ends - from > NGX_HTTP_ENDPOINT_FLIGHTS_ENDED)
           ? NGX_DECLINED : NGX_OK;
}


static void
ngx_http_endpoint_followers_look_all(ngx_http_endpoint_cache_t *cache,
    ngx_uint_t alive)
{
    ngx_rbtree_t       *tree;
    ngx_rbtree_node_t  *node, *next;

    tree = &cache->followers;

    if (tree->root == tree->sentinel) {
        return;
    }

    for (node = ngx_rbtree_min(tree->root, tree->sentinel); node; node = next) {
        next = ngx_rbtree_next(tree, node);

        ngx_http_endpoint_followers_look_at(
                 ngx_rbtree_data(node, ngx_http_endpoint_flight_t, node),
                 alive);
    }
}


/* all who follow one flight, of whom this is the first */

static void
ngx_http_endpoint_followers_look_at(ngx_http_endpoint_flight_t *first,
    ngx_uint_t alive)
{
    ngx_int_t                    rc;
    ngx_uint_t                   shared;
    ngx_queue_t                 *next;
    ngx_http_endpoint_flight_t  *flight;

    rc = ngx_http_endpoint_followers_outcome(first, alive);

    if (rc == NGX_AGAIN) {
        return;
    }

    shared = first->shared;

    do {
        next = ngx_queue_head(&first->queue);

        flight = (next == &first->queue) ? NULL
                 : ngx_queue_data(next, ngx_http_endpoint_flight_t, queue);

        ngx_http_endpoint_followers_remove(first);

        first->rc = rc;
        first->shared = shared;
        first->state = ngx_http_endpoint_flight_woken;

        ngx_queue_insert_tail(&ngx_http_endpoint_followers_woken,
                              &first->queue);

        first = flight;

        /* one is enough to lead, the others go on following */

    } while (first && rc != NGX_OK);
}


static ngx_int_t
ngx_http_endpoint_followers_outcome(ngx_http_endpoint_flight_t *flight,
    ngx_uint_t alive)
{
    uint32_t                        state;
    ngx_http_endpoint_worker_t      leader;
    ngx_http_endpoint_flight_sh_t  *rec;

    rec = &flight->cache->flights[flight->record];

    flight->shared = 0;

    state = rec->state;
    leader = rec->leader;

    ngx_memory_barrier();

    if (rec->id != flight->id) {

        /* used again already: its value, if it was kept, is under the key */

        return NGX_DONE;
    }

    switch (state) {

    case ngx_http_endpoint_flight_kept:
        return NGX_DONE;

    case ngx_http_endpoint_flight_shared:
        flight->shared = 1;
        return NGX_DONE;

    case ngx_http_endpoint_flight_alone:
        return NGX_DECLINED;
    }

    if (leader.slot != NGX_HTTP_ENDPOINT_WAKE_NONE
        && (!alive || ngx_http_endpoint_wake_alive(leader)))
    {
        return NGX_AGAIN;
    }

    return ngx_http_endpoint_followers_take_over(flight);
}


static ngx_int_t
ngx_http_endpoint_followers_take_over(ngx_http_endpoint_flight_t *flight)
{
    ngx_int_t                       rc;
    ngx_http_endpoint_cache_t      *cache;
    ngx_http_endpoint_flight_sh_t  *rec;

    cache = flight->cache;
    rec = &cache->flights[flight->record];

    rc = NGX_AGAIN;

    ngx_http_endpoint_zone_lock(&cache->zone);

    if (rec->id == flight->id
        && !ngx_http_endpoint_flight_ended(rec->state)
        && !ngx_http_endpoint_wake_alive(rec->leader))
    {
        ngx_http_endpoint_flight_table_take(cache, flight->record);
        rc = NGX_OK;
    }

    ngx_http_endpoint_zone_unlock(&cache->zone);

    return rc;
}
