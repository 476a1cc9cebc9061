
#include "ngx_http_endpoint_flight.h"
#include "ngx_http_endpoint_flight_circle.h"
#include "ngx_http_endpoint_flight_table.h"
#include "ngx_http_endpoint_followers.h"


/* how long a reply that is not kept waits to be taken by the followers */
#define NGX_HTTP_ENDPOINT_FLIGHT_TTL  5000


static ngx_uint_t ngx_http_endpoint_flight_nested(
    ngx_http_endpoint_flight_t *flight);
static ngx_int_t ngx_http_endpoint_flight_join(
    ngx_http_endpoint_flight_t *flight);
static ngx_int_t ngx_http_endpoint_flight_end(
    ngx_http_endpoint_flight_t *flight, ngx_http_endpoint_claim_t *claim,
    ngx_uint_t keep);
static ngx_http_endpoint_flight_sh_t *ngx_http_endpoint_flight_own(
    ngx_http_endpoint_flight_t *flight);
static void ngx_http_endpoint_flight_abandon(
    ngx_http_endpoint_flight_t *flight);


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

        ngx_http_endpoint_followers_add(flight);
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
        ngx_http_endpoint_followers_remove(flight);
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
