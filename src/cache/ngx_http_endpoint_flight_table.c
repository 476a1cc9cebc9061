
#include "ngx_http_endpoint_flight_table.h"


/* how often a full table is searched for leaders that are gone */
#define NGX_HTTP_ENDPOINT_FLIGHT_SWEEP  1000


static void ngx_http_endpoint_flight_table_sweep(
    ngx_http_endpoint_cache_t *cache);
static void ngx_http_endpoint_flight_table_link(
    ngx_http_endpoint_cache_t *cache, uint32_t i);
static void ngx_http_endpoint_flight_table_unlink(
    ngx_http_endpoint_cache_t *cache, uint32_t i);
static void ngx_http_endpoint_flight_table_push(
    ngx_http_endpoint_cache_t *cache, uint32_t i);


uint32_t
ngx_http_endpoint_flight_table_find(ngx_http_endpoint_cache_t *cache,
    uint64_t hash, uint64_t digest)
{
    uint32_t                        i;
    ngx_http_endpoint_flight_sh_t  *rec;

    for (i = cache->flight_buckets[hash & cache->sh->flight_mask];
         i != NGX_HTTP_ENDPOINT_FLIGHT_NONE;
         i = rec->next)
    {
        rec = &cache->flights[i];

        if (rec->hash == hash && rec->digest == digest) {
            break;
        }
    }

    return i;
}


uint32_t
ngx_http_endpoint_flight_table_lead(ngx_http_endpoint_cache_t *cache,
    uint64_t hash, uint64_t digest)
{
    uint32_t                        i;
    ngx_http_endpoint_flight_sh_t  *rec;

    if (cache->sh->flight_first == NGX_HTTP_ENDPOINT_FLIGHT_NONE) {
        ngx_http_endpoint_flight_table_sweep(cache);
    }

    i = cache->sh->flight_first;

    if (i == NGX_HTTP_ENDPOINT_FLIGHT_NONE) {
        return i;
    }

    rec = &cache->flights[i];

    cache->sh->flight_first = rec->next;

    /* followers of the record's last flight look at it without the lock */

    rec->id = ++cache->sh->flight_id;
    ngx_memory_barrier();

    rec->hash = hash;
    rec->digest = digest;
    rec->waiting = 0;
    ngx_memzero(rec->waits, sizeof(rec->waits));
    rec->leader = ngx_http_endpoint_wake_self();

    ngx_memory_barrier();
    rec->state = ngx_http_endpoint_flight_running;

    ngx_http_endpoint_flight_table_link(cache, i);

    return i;
}


void
ngx_http_endpoint_flight_table_take(ngx_http_endpoint_cache_t *cache,
    uint32_t i)
{
    ngx_http_endpoint_flight_sh_t  *rec;

    rec = &cache->flights[i];

    rec->leader = ngx_http_endpoint_wake_self();

    /* what the one before has waited for */

    ngx_memzero(rec->waits, sizeof(rec->waits));
}


static void
ngx_http_endpoint_flight_table_sweep(ngx_http_endpoint_cache_t *cache)
{
    uint32_t                        i;
    ngx_http_endpoint_flight_sh_t  *rec;

    if (ngx_current_msec < cache->sh->flight_swept) {
        return;
    }

    cache->sh->flight_swept = ngx_current_msec
                              + NGX_HTTP_ENDPOINT_FLIGHT_SWEEP;

    for (i = 0; i < cache->sh->flights; i++) {
        rec = &cache->flights[i];

        if (!ngx_http_endpoint_flight_ended(rec->state)
            && !ngx_http_endpoint_wake_alive(rec->leader))
        {
            ngx_http_endpoint_flight_table_finish(cache, i,
                                               ngx_http_endpoint_flight_kept);
        }
    }
}


static void
ngx_http_endpoint_flight_table_link(ngx_http_endpoint_cache_t *cache,
    uint32_t i)
{
    uint32_t                       *bucket;
    ngx_http_endpoint_flight_sh_t  *rec;

    rec = &cache->flights[i];

    bucket = &cache->flight_buckets[rec->hash & cache->sh->flight_mask];

    rec->next = *bucket;
    *bucket = i;
}


void
ngx_http_endpoint_flight_table_finish(ngx_http_endpoint_cache_t *cache,
    uint32_t i, ngx_http_endpoint_flight_state_e state)
{
    ngx_http_endpoint_flight_sh_t  *rec;

    rec = &cache->flights[i];

    if (rec->state == ngx_http_endpoint_flight_running) {
        ngx_http_endpoint_flight_table_unlink(cache, i);
    }

    rec->state = state;

    ngx_http_endpoint_flight_table_push(cache, i);
}


void
ngx_http_endpoint_flight_table_purge(ngx_http_endpoint_cache_t *cache,
    uint32_t i)
{
    ngx_http_endpoint_flight_table_unlink(cache, i);
    cache->flights[i].state = ngx_http_endpoint_flight_purged;
}


static void
ngx_http_endpoint_flight_table_unlink(ngx_http_endpoint_cache_t *cache,
    uint32_t i)
{
    uint32_t                       *link;
    ngx_http_endpoint_flight_sh_t  *rec;

    rec = &cache->flights[i];

    link = &cache->flight_buckets[rec->hash & cache->sh->flight_mask];

    while (*link != i) {
        link = &cache->flights[*link].next;
    }

    *link = rec->next;
}


/* The record that ended first is used again first: followers may be late. */

static void
ngx_http_endpoint_flight_table_push(ngx_http_endpoint_cache_t *cache,
    uint32_t i)
{
    cache->flights[i].next = NGX_HTTP_ENDPOINT_FLIGHT_NONE;

    if (cache->sh->flight_first == NGX_HTTP_ENDPOINT_FLIGHT_NONE) {
        cache->sh->flight_first = i;

    } else {
        cache->flights[cache->sh->flight_last].next = i;
    }

    cache->sh->flight_last = i;
}


void
ngx_http_endpoint_flight_table_tell(ngx_http_endpoint_cache_t *cache,
    uint32_t i)
{
    ngx_http_endpoint_cache_sh_t  *sh;

    sh = cache->sh;

    sh->flights_ended[sh->flight_ends % NGX_HTTP_ENDPOINT_FLIGHTS_ENDED]
        = cache->flights[i].id;

    ngx_memory_barrier();

    sh->flight_ends++;
}


void
ngx_http_endpoint_flight_table_create(ngx_http_endpoint_cache_t *cache)
{
    ngx_memzero(cache->flights, cache->sh->flights
                                * sizeof(ngx_http_endpoint_flight_sh_t));

    cache->sh->flight_id = 0;
    cache->sh->flight_swept = 0;
    cache->sh->flight_ends = 0;

    ngx_http_endpoint_flight_table_rebuild(cache, 0);
}


void
ngx_http_endpoint_flight_table_rebuild(ngx_http_endpoint_cache_t *cache,
    ngx_pid_t pid)
{
    uint32_t                        i;
    ngx_http_endpoint_flight_sh_t  *rec;

    for (i = 0; i <= cache->sh->flight_mask; i++) {
        cache->flight_buckets[i] = NGX_HTTP_ENDPOINT_FLIGHT_NONE;
    }

    cache->sh->flight_first = NGX_HTTP_ENDPOINT_FLIGHT_NONE;

    for (i = 0; i < cache->sh->flights; i++) {
        rec = &cache->flights[i];

        if (ngx_http_endpoint_flight_ended(rec->state)) {
            ngx_http_endpoint_flight_table_push(cache, i);
            continue;
        }

        if (ngx_http_endpoint_wake_is(rec->leader, pid)) {
            rec->leader.slot = NGX_HTTP_ENDPOINT_WAKE_NONE;
        }

        if (rec->state == ngx_http_endpoint_flight_running) {
            ngx_http_endpoint_flight_table_link(cache, i);
        }
    }
}
