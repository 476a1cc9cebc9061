
#include "ngx_http_endpoint_flight.h"
#include "ngx_http_endpoint_flight_circle.h"
#include "ngx_http_endpoint_flight_table.h"

#include <ngx_event.h>


/* how often a follower looks whether its leader is alive */
#define NGX_HTTP_ENDPOINT_FLIGHT_TICK   500

/* how long a reply that is not kept waits to be taken by the followers */
#define NGX_HTTP_ENDPOINT_FLIGHT_TTL    5000



static ngx_uint_t ngx_http_endpoint_flight_nested(
    ngx_http_endpoint_flight_t *flight);
static ngx_int_t ngx_http_endpoint_flight_join(
    ngx_http_endpoint_flight_t *flight);
static void ngx_http_endpoint_flight_wait(ngx_http_endpoint_flight_t *flight);
static void ngx_http_endpoint_flight_watch(void);
static ngx_http_endpoint_flight_t *ngx_http_endpoint_flight_first(
    ngx_http_endpoint_cache_t *cache, uint64_t id);
static void ngx_http_endpoint_flight_stand_first(
    ngx_http_endpoint_flight_t *flight);
static ngx_int_t ngx_http_endpoint_flight_end(
    ngx_http_endpoint_flight_t *flight, ngx_http_endpoint_claim_t *claim,
    ngx_uint_t keep);
static ngx_http_endpoint_flight_sh_t *ngx_http_endpoint_flight_own(
    ngx_http_endpoint_flight_t *flight);
static void ngx_http_endpoint_flight_leave(
    ngx_http_endpoint_flight_t *flight);
static void ngx_http_endpoint_flight_abandon(
    ngx_http_endpoint_flight_t *flight);
static void ngx_http_endpoint_flight_listener(void);
static void ngx_http_endpoint_flight_tick(ngx_event_t *ev);
static void ngx_http_endpoint_flight_look(ngx_uint_t alive);
static ngx_int_t ngx_http_endpoint_flight_look_ended(
    ngx_http_endpoint_cache_t *cache);
static void ngx_http_endpoint_flight_look_all(
    ngx_http_endpoint_cache_t *cache, ngx_uint_t alive);
static void ngx_http_endpoint_flight_look_at(
    ngx_http_endpoint_flight_t *first, ngx_uint_t alive);
static ngx_int_t ngx_http_endpoint_flight_outcome(
    ngx_http_endpoint_flight_t *flight, ngx_uint_t alive);
static ngx_int_t ngx_http_endpoint_flight_take_over(
    ngx_http_endpoint_flight_t *flight);


/* of this worker: caches that have followers, and who will be called now */

static ngx_queue_t                    ngx_http_endpoint_flight_caches;
static ngx_queue_t                    ngx_http_endpoint_flight_woken_queue;

static ngx_http_endpoint_listener_t   ngx_http_endpoint_flight_listen = {
    ngx_http_endpoint_flight_listener, NULL
};

/* nginx's debug log wants to see a connection behind a timer */

static ngx_connection_t               ngx_http_endpoint_flight_no_connection;
static ngx_event_t                    ngx_http_endpoint_flight_timer;


ngx_int_t
ngx_http_endpoint_flight_begin(ngx_http_endpoint_flight_t *flight)
{
    ngx_int_t                   rc;
    ngx_http_endpoint_cache_t  *cache;

    cache = flight->cache;

    flight->state = ngx_http_endpoint_flight_idle;
    flight->hash = ngx_http_endpoint_cache_hash(cache, &flight->key);
    flight->digest = ngx_http_endpoint_hash(&cache->sh->digest_seed,
                                            flight->key.data, flight->key.len);

    if (ngx_http_endpoint_wake_self().slot == NGX_HTTP_ENDPOINT_WAKE_NONE
        || ngx_http_endpoint_flight_nested(flight))
    {
        return NGX_DECLINED;
    }

    ngx_http_endpoint_zone_lock(&cache->zone);

    rc = ngx_http_endpoint_flight_join(flight);

    ngx_http_endpoint_zone_unlock(&cache->zone);

    if (rc == NGX_OK) {
        flight->state = ngx_http_endpoint_flight_leading;

    } else if (rc == NGX_AGAIN) {

        if (flight->parent && ngx_http_endpoint_flight_circle_enter(flight)) {
            return NGX_DECLINED;
        }

        ngx_http_endpoint_flight_wait(flight);
    }

    return rc;
}


static ngx_uint_t
ngx_http_endpoint_flight_nested(ngx_http_endpoint_flight_t *flight)
{
    ngx_http_endpoint_flight_t  *f;

    for (f = flight->parent; f; f = f->parent) {
        if (f->cache == flight->cache
            && f->hash == flight->hash
            && f->digest == flight->digest)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_endpoint_flight_join(ngx_http_endpoint_flight_t *flight)
{
    uint32_t                        i;
    ngx_http_endpoint_worker_t      self;
    ngx_http_endpoint_cache_t      *cache;
    ngx_http_endpoint_flight_sh_t  *rec;

    cache = flight->cache;
    self = ngx_http_endpoint_wake_self();

    i = ngx_http_endpoint_flight_table_find(cache, flight->hash,
                                            flight->digest);

    if (i == NGX_HTTP_ENDPOINT_FLIGHT_NONE) {

        /* a flight may have ended since the caller looked the key up */

        if (!flight->refresh
            && ngx_http_endpoint_cache_fresh(cache, flight->hash,
                                             &flight->key))
        {
            return NGX_DONE;
        }

        i = ngx_http_endpoint_flight_table_lead(cache, flight->hash,
                                                flight->digest);

        if (i == NGX_HTTP_ENDPOINT_FLIGHT_NONE) {
            return NGX_DECLINED;
        }

        flight->record = i;
        flight->id = cache->flights[i].id;

        return NGX_OK;
    }

    rec = &cache->flights[i];

    flight->record = i;
    flight->id = rec->id;

    if (!ngx_http_endpoint_wake_alive(rec->leader)) {
        ngx_http_endpoint_flight_table_take(cache, i);
        return NGX_OK;
    }

    if (flight->handler == NULL) {
        return NGX_BUSY;
    }

    rec->waiting |= ngx_http_endpoint_wake_bit(self);
    flight->ends = cache->sh->flight_ends;

    return NGX_AGAIN;
}


static void
ngx_http_endpoint_flight_wait(ngx_http_endpoint_flight_t *flight)
{
    ngx_http_endpoint_cache_t   *cache;
    ngx_http_endpoint_flight_t  *first;

    ngx_http_endpoint_flight_watch();

    cache = flight->cache;

    if (cache->followers.root == NULL) {
        ngx_rbtree_init(&cache->followers, &cache->followers_sentinel,
                        ngx_rbtree_insert_value);
    }

    if (cache->followers.root == cache->followers.sentinel) {
        cache->ends_seen = flight->ends;
        ngx_queue_insert_tail(&ngx_http_endpoint_flight_caches, &cache->queue);
    }

    flight->state = ngx_http_endpoint_flight_waiting;

    first = ngx_http_endpoint_flight_first(cache, flight->id);

    if (first) {
        ngx_queue_insert_tail(&first->queue, &flight->queue);
        return;
    }

    ngx_queue_init(&flight->queue);
    ngx_http_endpoint_flight_stand_first(flight);
}


/* what wakes the followers of this worker */

static void
ngx_http_endpoint_flight_watch(void)
{
    ngx_event_t  *ev;

    ev = &ngx_http_endpoint_flight_timer;

    if (ev->handler == NULL) {
        ngx_queue_init(&ngx_http_endpoint_flight_caches);
        ngx_queue_init(&ngx_http_endpoint_flight_woken_queue);

        ngx_http_endpoint_flight_no_connection.fd = (ngx_socket_t) -1;

        ev->handler = ngx_http_endpoint_flight_tick;
        ev->data = &ngx_http_endpoint_flight_no_connection;
        ev->log = ngx_cycle->log;
        ev->cancelable = 1;

        ngx_http_endpoint_wake_listen(&ngx_http_endpoint_flight_listen);
    }

    if (!ev->timer_set) {
        ngx_add_timer(ev, NGX_HTTP_ENDPOINT_FLIGHT_TICK);
    }
}


/* of those who wait for the flight of an id, or NULL */

static ngx_http_endpoint_flight_t *
ngx_http_endpoint_flight_first(ngx_http_endpoint_cache_t *cache, uint64_t id)
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
ngx_http_endpoint_flight_stand_first(ngx_http_endpoint_flight_t *flight)
{
    flight->first = 1;
    flight->node.key = flight->id;

    ngx_rbtree_insert(&flight->cache->followers, &flight->node);
}


ngx_int_t
ngx_http_endpoint_flight_done(ngx_http_endpoint_flight_t *flight,
    ngx_http_endpoint_cache_value_t *value, ngx_msec_t ttl)
{
    ngx_http_endpoint_claim_t  *claim;

    if (flight->state != ngx_http_endpoint_flight_leading) {
        return NGX_DECLINED;
    }

    claim = ngx_http_endpoint_cache_write(flight->cache, &flight->key, value,
                                          ttl);

    return ngx_http_endpoint_flight_end(flight, claim, 1);
}


void
ngx_http_endpoint_flight_failed(ngx_http_endpoint_flight_t *flight,
    ngx_http_endpoint_cache_value_t *value)
{
    ngx_http_endpoint_claim_t  *claim;

    if (flight->state != ngx_http_endpoint_flight_leading) {
        return;
    }

    claim = NULL;

    if (value && flight->cache->flights[flight->record].waiting) {
        claim = ngx_http_endpoint_cache_write(flight->cache, &flight->key,
                                              value,
                                              NGX_HTTP_ENDPOINT_FLIGHT_TTL);
    }

    (void) ngx_http_endpoint_flight_end(flight, claim, 0);
}


static ngx_int_t
ngx_http_endpoint_flight_end(ngx_http_endpoint_flight_t *flight,
    ngx_http_endpoint_claim_t *claim, ngx_uint_t keep)
{
    uint64_t                            waiting;
    ngx_int_t                           rc;
    ngx_http_endpoint_cache_t          *cache;
    ngx_http_endpoint_flight_sh_t      *rec;
    ngx_http_endpoint_flight_state_e    state;

    cache = flight->cache;

    waiting = 0;
    rc = NGX_DECLINED;
    state = ngx_http_endpoint_flight_alone;

    ngx_http_endpoint_zone_lock(&cache->zone);

    rec = ngx_http_endpoint_flight_own(flight);

    if (rec) {
        waiting = rec->waiting;
    }

    if (claim) {
        if (keep && rec && rec->state == ngx_http_endpoint_flight_running) {
            ngx_http_endpoint_cache_publish(cache, claim, &flight->key, 0);
            state = ngx_http_endpoint_flight_kept;
            rc = NGX_OK;

        } else if (waiting) {
            ngx_http_endpoint_cache_publish(cache, claim, NULL, flight->id);
            state = ngx_http_endpoint_flight_shared;

        } else {
            ngx_http_endpoint_claim_drop(&cache->chunks, claim);
        }
    }

    if (rec) {
        ngx_http_endpoint_flight_table_finish(cache, flight->record, state);

        if (waiting) {
            ngx_http_endpoint_flight_table_tell(cache, flight->record);
        }
    }

    ngx_http_endpoint_zone_unlock(&cache->zone);

    flight->state = ngx_http_endpoint_flight_idle;

    ngx_http_endpoint_wake(waiting);

    return rc;
}


/* NULL: the lead was lost, which only a broken zone can bring about */

static ngx_http_endpoint_flight_sh_t *
ngx_http_endpoint_flight_own(ngx_http_endpoint_flight_t *flight)
{
    ngx_http_endpoint_worker_t      self;
    ngx_http_endpoint_flight_sh_t  *rec;

    self = ngx_http_endpoint_wake_self();
    rec = &flight->cache->flights[flight->record];

    if (rec->id == flight->id
        && !ngx_http_endpoint_flight_ended(rec->state)
        && rec->leader.slot == self.slot
        && rec->leader.generation == self.generation)
    {
        return rec;
    }

    return NULL;
}


ngx_int_t
ngx_http_endpoint_flight_result(ngx_http_endpoint_flight_t *flight,
    ngx_pool_t *pool, ngx_http_endpoint_cache_value_t *value)
{
    if (flight->shared) {
        return ngx_http_endpoint_cache_get_flight(flight->cache, flight->id,
                                                  pool, value);
    }

    return ngx_http_endpoint_cache_get(flight->cache, &flight->key, pool,
                                       value);
}


void
ngx_http_endpoint_flight_cancel(ngx_http_endpoint_flight_t *flight)
{
    ngx_http_endpoint_flight_role_e  state;

    state = flight->state;
    flight->state = ngx_http_endpoint_flight_idle;

    switch (state) {

    case ngx_http_endpoint_flight_idle:
        return;

    case ngx_http_endpoint_flight_waiting:
        ngx_http_endpoint_flight_leave(flight);
        return;

    case ngx_http_endpoint_flight_woken:
        ngx_queue_remove(&flight->queue);

        if (flight->rc != NGX_OK) {
            return;
        }

        /* it has taken the lead over and will never know */

        break;

    case ngx_http_endpoint_flight_leading:
        break;
    }

    ngx_http_endpoint_flight_abandon(flight);
}


static void
ngx_http_endpoint_flight_leave(ngx_http_endpoint_flight_t *flight)
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
            ngx_http_endpoint_flight_stand_first(
                     ngx_queue_data(next, ngx_http_endpoint_flight_t, queue));
        }
    }

    ngx_queue_remove(&flight->queue);

    if (cache->followers.root != cache->followers.sentinel) {
        return;
    }

    ngx_queue_remove(&cache->queue);

    if (ngx_queue_empty(&ngx_http_endpoint_flight_caches)
        && ngx_http_endpoint_flight_timer.timer_set)
    {
        ngx_del_timer(&ngx_http_endpoint_flight_timer);
    }
}


static void
ngx_http_endpoint_flight_abandon(ngx_http_endpoint_flight_t *flight)
{
    uint64_t                        waiting;
    ngx_http_endpoint_cache_t      *cache;
    ngx_http_endpoint_flight_sh_t  *rec;

    cache = flight->cache;
    waiting = 0;

    ngx_http_endpoint_zone_lock(&cache->zone);

    rec = ngx_http_endpoint_flight_own(flight);

    if (rec) {
        waiting = rec->waiting;

        if (waiting) {
            rec->leader.slot = NGX_HTTP_ENDPOINT_WAKE_NONE;
            ngx_http_endpoint_flight_table_tell(cache, flight->record);

        } else {
            ngx_http_endpoint_flight_table_finish(cache, flight->record,
                                            ngx_http_endpoint_flight_alone);
        }
    }

    ngx_http_endpoint_zone_unlock(&cache->zone);

    ngx_http_endpoint_wake(waiting);
}


void
ngx_http_endpoint_flight_purge(ngx_http_endpoint_cache_t *cache,
    ngx_str_t *key)
{
    uint32_t  i;
    uint64_t  hash, digest;

    hash = ngx_http_endpoint_cache_hash(cache, key);
    digest = ngx_http_endpoint_hash(&cache->sh->digest_seed, key->data,
                                    key->len);

    ngx_http_endpoint_zone_lock(&cache->zone);

    ngx_http_endpoint_cache_remove(cache, hash, key);

    i = ngx_http_endpoint_flight_table_find(cache, hash, digest);

    if (i != NGX_HTTP_ENDPOINT_FLIGHT_NONE) {
        ngx_http_endpoint_flight_table_purge(cache, i);
    }

    ngx_http_endpoint_zone_unlock(&cache->zone);
}


static void
ngx_http_endpoint_flight_listener(void)
{
    ngx_http_endpoint_flight_look(0);
}


static void
ngx_http_endpoint_flight_tick(ngx_event_t *ev)
{
    ngx_http_endpoint_flight_look(1);

    if (!ngx_queue_empty(&ngx_http_endpoint_flight_caches) && !ev->timer_set) {
        ngx_add_timer(ev, NGX_HTTP_ENDPOINT_FLIGHT_TICK);
    }
}


/* Calls all who need not wait any longer; they may begin and cancel others. */

static void
ngx_http_endpoint_flight_look(ngx_uint_t alive)
{
    ngx_queue_t                 *q, *next, *woken;
    ngx_http_endpoint_cache_t   *cache;
    ngx_http_endpoint_flight_t  *flight;

    for (q = ngx_queue_head(&ngx_http_endpoint_flight_caches);
         q != ngx_queue_sentinel(&ngx_http_endpoint_flight_caches);
         q = next)
    {
        next = ngx_queue_next(q);

        cache = ngx_queue_data(q, ngx_http_endpoint_cache_t, queue);

        if (alive || ngx_http_endpoint_flight_look_ended(cache) != NGX_OK) {
            ngx_http_endpoint_flight_look_all(cache, alive);
        }
    }

    woken = &ngx_http_endpoint_flight_woken_queue;

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
ngx_http_endpoint_flight_look_ended(ngx_http_endpoint_cache_t *cache)
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
        first = ngx_http_endpoint_flight_first(cache,
                    sh->flights_ended[i % NGX_HTTP_ENDPOINT_FLIGHTS_ENDED]);

        if (first) {
            ngx_http_endpoint_flight_look_at(first, 0);
        }
    }

    ngx_memory_barrier();

    return (sh->flight_ends - from > NGX_HTTP_ENDPOINT_FLIGHTS_ENDED)
           ? NGX_DECLINED : NGX_OK;
}


static void
ngx_http_endpoint_flight_look_all(ngx_http_endpoint_cache_t *cache,
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

        ngx_http_endpoint_flight_look_at(
                 ngx_rbtree_data(node, ngx_http_endpoint_flight_t, node),
                 alive);
    }
}


/* all who follow one flight, of whom this is the first */

static void
ngx_http_endpoint_flight_look_at(ngx_http_endpoint_flight_t *first,
    ngx_uint_t alive)
{
    ngx_int_t                    rc;
    ngx_uint_t                   shared;
    ngx_queue_t                 *next;
    ngx_http_endpoint_flight_t  *flight;

    rc = ngx_http_endpoint_flight_outcome(first, alive);

    if (rc == NGX_AGAIN) {
        return;
    }

    shared = first->shared;

    do {
        next = ngx_queue_head(&first->queue);

        flight = (next == &first->queue) ? NULL
                 : ngx_queue_data(next, ngx_http_endpoint_flight_t, queue);

        ngx_http_endpoint_flight_leave(first);

        first->rc = rc;
        first->shared = shared;
        first->state = ngx_http_endpoint_flight_woken;

        ngx_queue_insert_tail(&ngx_http_endpoint_flight_woken_queue,
                              &first->queue);

        first = flight;

        /* one is enough to lead, the others go on following */

    } while (first && rc != NGX_OK);
}


static ngx_int_t
ngx_http_endpoint_flight_outcome(ngx_http_endpoint_flight_t *flight,
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

    return ngx_http_endpoint_flight_take_over(flight);
}


static ngx_int_t
ngx_http_endpoint_flight_take_over(ngx_http_endpoint_flight_t *flight)
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
