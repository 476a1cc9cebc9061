
#include "ngx_http_endpoint_cache_zone.h"
#include "ngx_http_endpoint_flight_table.h"


/* chunks for each record of a flight, and the fewest records of a zone */
#define NGX_HTTP_ENDPOINT_CACHE_FLIGHTS      16
#define NGX_HTTP_ENDPOINT_CACHE_MIN_FLIGHTS  32

/* a zone that holds fewer chunks is of no use */
#define NGX_HTTP_ENDPOINT_CACHE_MIN_CHUNKS   16

/* of what follows in a zone: a line of the processor's cache */
#define NGX_HTTP_ENDPOINT_CACHE_ALIGN        64


static ngx_int_t ngx_http_endpoint_cache_create(
    ngx_http_endpoint_zone_t *zone);
static void ngx_http_endpoint_cache_attach(ngx_http_endpoint_zone_t *zone);
static void ngx_http_endpoint_cache_rebuild(ngx_http_endpoint_zone_t *zone,
    ngx_pid_t pid);
static size_t ngx_http_endpoint_cache_layout(ngx_http_endpoint_cache_t *cache,
    uint32_t n);
static size_t ngx_http_endpoint_cache_power(uint32_t n);
static void ngx_http_endpoint_cache_empty(ngx_http_endpoint_cache_t *cache);
static void ngx_http_endpoint_cache_unlink_all(
    ngx_http_endpoint_cache_t *cache);
static void ngx_http_endpoint_cache_recover_claims(
    ngx_http_endpoint_cache_t *cache, ngx_pid_t pid);
static ngx_uint_t ngx_http_endpoint_cache_recover(
    ngx_http_endpoint_cache_t *cache, uint32_t i);
static uint64_t ngx_http_endpoint_cache_expected(
    ngx_http_endpoint_entry_t *e);


ngx_http_endpoint_zone_kind_t  ngx_http_endpoint_cache_kind = {
    "endpoint_cache_zone",
    2,
    ((uint64_t) sizeof(ngx_http_endpoint_cache_sh_t) << 32)
        + (sizeof(ngx_http_endpoint_entry_t) << 16)
        + (sizeof(ngx_http_endpoint_flight_sh_t) << 8)
        + NGX_HTTP_ENDPOINT_CHUNK_SIZE / 16,
    ngx_http_endpoint_cache_create,
    ngx_http_endpoint_cache_attach,
    ngx_http_endpoint_cache_rebuild
};


static ngx_int_t
ngx_http_endpoint_cache_create(ngx_http_endpoint_zone_t *zone)
{
    size_t                         size;
    uint32_t                       n;
    ngx_http_endpoint_cache_t     *cache;
    ngx_http_endpoint_cache_sh_t  *sh;

    cache = (ngx_http_endpoint_cache_t *) zone;
    sh = (ngx_http_endpoint_cache_sh_t *) zone->sh;

    /* more than can fit, as every chunk has its share of the tables */

    size = ngx_min(zone->sh->size / (NGX_HTTP_ENDPOINT_CHUNK_SIZE
                                     + sizeof(ngx_http_endpoint_chunk_t)),
                   NGX_MAX_INT32_VALUE);

    for (n = size; n >= NGX_HTTP_ENDPOINT_CACHE_MIN_CHUNKS; n--) {

        if (ngx_http_endpoint_cache_layout(cache, n) <= zone->sh->size) {

            sh->chunks.n = n;
            ngx_http_endpoint_hash_seed(&sh->seed);
            ngx_http_endpoint_hash_seed(&sh->digest_seed);

            ngx_http_endpoint_cache_attach(zone);
            ngx_http_endpoint_cache_empty(cache);

            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


static void
ngx_http_endpoint_cache_attach(ngx_http_endpoint_zone_t *zone)
{
    ngx_http_endpoint_cache_t     *cache;
    ngx_http_endpoint_cache_sh_t  *sh;

    cache = (ngx_http_endpoint_cache_t *) zone;
    sh = (ngx_http_endpoint_cache_sh_t *) zone->sh;

    (void) ngx_http_endpoint_cache_layout(cache, sh->chunks.n);
}


/* Points cache to where all stands; returns the size it takes. */

static size_t
ngx_http_endpoint_cache_layout(ngx_http_endpoint_cache_t *cache, uint32_t n)
{
    u_char                        *p, *start;
    uint32_t                       flights;
    ngx_http_endpoint_cache_sh_t  *sh;

    flights = ngx_max(n / NGX_HTTP_ENDPOINT_CACHE_FLIGHTS,
                      NGX_HTTP_ENDPOINT_CACHE_MIN_FLIGHTS);

    start = (u_char *) cache->zone.sh;
    sh = (ngx_http_endpoint_cache_sh_t *) start;

    cache->sh = sh;
    cache->chunks.sh = &sh->chunks;

    p = start + ngx_align(sizeof(ngx_http_endpoint_cache_sh_t),
                          NGX_HTTP_ENDPOINT_CACHE_ALIGN);

    cache->flights = (ngx_http_endpoint_flight_sh_t *) p;
    p += flights * sizeof(ngx_http_endpoint_flight_sh_t);

    cache->chunks.chunk = (ngx_http_endpoint_chunk_t *) p;
    p += (size_t) n * sizeof(ngx_http_endpoint_chunk_t);

    cache->buckets = (uint32_t *) p;
    p += ngx_http_endpoint_cache_power(n) * sizeof(uint32_t);

    cache->flight_buckets = (uint32_t *) p;
    p += ngx_http_endpoint_cache_power(flights) * sizeof(uint32_t);

    cache->chunks.marks = p;
    p += (n + 7) / 8;

    cache->chunks.data = start + ngx_align((size_t) (p - start),
                                           NGX_HTTP_ENDPOINT_CACHE_ALIGN);

    return cache->chunks.data - start
           + (size_t) n * NGX_HTTP_ENDPOINT_CHUNK_SIZE;
}


/* the largest power of two that is not larger than n */

static size_t
ngx_http_endpoint_cache_power(uint32_t n)
{
    size_t  power;

    for (power = 1; power <= n / 2; power *= 2) { /* void */ }

    return power;
}


static void
ngx_http_endpoint_cache_empty(ngx_http_endpoint_cache_t *cache)
{
    uint32_t                       n;
    ngx_http_endpoint_cache_sh_t  *sh;

    sh = cache->sh;
    n = sh->chunks.n;

    ngx_http_endpoint_chunks_create(&cache->chunks, n);

    sh->mask = ngx_http_endpoint_cache_power(n) - 1;

    ngx_http_endpoint_cache_unlink_all(cache);

    sh->flights = ngx_max(n / NGX_HTTP_ENDPOINT_CACHE_FLIGHTS,
                          NGX_HTTP_ENDPOINT_CACHE_MIN_FLIGHTS);
    sh->flight_mask = ngx_http_endpoint_cache_power(sh->flights) - 1;

    ngx_http_endpoint_flight_table_create(cache);

    sh->hits = 0;
    sh->misses = 0;
    sh->evictions = 0;
}


static void
ngx_http_endpoint_cache_unlink_all(ngx_http_endpoint_cache_t *cache)
{
    uint32_t  i;

    for (i = 0; i <= cache->sh->mask; i++) {
        cache->buckets[i] = NGX_HTTP_ENDPOINT_CHUNK_NONE;
    }

    cache->sh->entries = 0;
    cache->sh->lru_first = NGX_HTTP_ENDPOINT_CHUNK_NONE;
    cache->sh->lru_last = NGX_HTTP_ENDPOINT_CHUNK_NONE;
}


/*
 * Of what a dead worker left only this is trusted: a chain whose head has an
 * odd generation is an entry, whole and nobody else's, for it became odd last
 * and even first.  All lists are made anew from that.
 */

static void
ngx_http_endpoint_cache_rebuild(ngx_http_endpoint_zone_t *zone, ngx_pid_t pid)
{
    uint32_t                    i, lost;
    ngx_http_endpoint_cache_t  *cache;

    cache = (ngx_http_endpoint_cache_t *) zone;

    ngx_http_endpoint_chunks_unmark(&cache->chunks);
    ngx_http_endpoint_cache_recover_claims(cache, pid);

    ngx_http_endpoint_cache_unlink_all(cache);

    lost = 0;

    for (i = 0; i < cache->sh->chunks.n; i++) {
        if (cache->chunks.chunk[i].generation % 2) {
            lost += !ngx_http_endpoint_cache_recover(cache, i);
        }
    }

    ngx_http_endpoint_chunks_collect(&cache->chunks);
    ngx_http_endpoint_flight_table_rebuild(cache, pid);

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "%s \"%V\" was rebuilt: %uD entries kept, %uD lost",
                  zone->kind->name, &zone->name, cache->sh->entries, lost);
}


/* those who live go on writing without the lock, into what they hold */

static void
ngx_http_endpoint_cache_recover_claims(ngx_http_endpoint_cache_t *cache,
    ngx_pid_t pid)
{
    ngx_uint_t                  i;
    ngx_http_endpoint_claim_t  *claim;

    cache->sh->chunks.promised = 0;

    for (i = 0; i < NGX_HTTP_ENDPOINT_CLAIMS; i++) {
        claim = &cache->sh->chunks.claims[i];

        if (claim->count
            && !ngx_http_endpoint_wake_is(claim->owner, pid)
            && ngx_http_endpoint_wake_alive(claim->owner)
            && ngx_http_endpoint_chunks_mark(&cache->chunks, claim->head,
                                             claim->taken))
        {
            cache->sh->chunks.promised += claim->count;

        } else {
            claim->count = 0;
        }
    }
}


static ngx_uint_t
ngx_http_endpoint_cache_recover(ngx_http_endpoint_cache_t *cache, uint32_t i)
{
    ngx_http_endpoint_entry_t  *e;

    e = ngx_http_endpoint_cache_entry(cache, i);

    if (e->chunks != ngx_http_endpoint_cache_expected(e)
        || !ngx_http_endpoint_chunks_mark(&cache->chunks, i, e->chunks))
    {
        return 0;
    }

    ngx_http_endpoint_cache_link(cache, i);

    return 1;
}


static uint64_t
ngx_http_endpoint_cache_expected(ngx_http_endpoint_entry_t *e)
{
    uint64_t  size;

    size = sizeof(ngx_http_endpoint_entry_t);
    size += e->key_len;
    size += e->headers_len;
    size += e->body_len;

    return (size + NGX_HTTP_ENDPOINT_CHUNK_SIZE - 1)
           / NGX_HTTP_ENDPOINT_CHUNK_SIZE;
}
