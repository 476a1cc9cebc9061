
#include "ngx_http_endpoint_cache.h"


#define NGX_HTTP_ENDPOINT_CACHE_NONE   NGX_HTTP_ENDPOINT_CHUNK_NONE

/* what is copied under the lock, and through one buffer on its way out */
#define NGX_HTTP_ENDPOINT_CACHE_PAGE   4096

/* entries that one holder of the lock evicts at most */
#define NGX_HTTP_ENDPOINT_CACHE_EVICT  128

/* of its zone, what a value may take where max_size= does not say: an eighth */
#define NGX_HTTP_ENDPOINT_CACHE_SHARE  8

/* lookups of a value that is replaced during every copy */
#define NGX_HTTP_ENDPOINT_CACHE_TRIES  3


static ngx_int_t ngx_http_endpoint_cache_read(
    ngx_http_endpoint_cache_t *cache, uint64_t hash, ngx_str_t *key,
    ngx_pool_t *pool, ngx_http_endpoint_cache_value_t *value);
static ngx_int_t ngx_http_endpoint_cache_touch(
    ngx_http_endpoint_cache_t *cache, uint64_t hash, ngx_str_t *key,
    uint32_t *found);
static uint32_t ngx_http_endpoint_cache_find(ngx_http_endpoint_cache_t *cache,
    uint64_t hash, ngx_str_t *key);
static void ngx_http_endpoint_cache_describe(
    ngx_http_endpoint_cache_t *cache, uint32_t i,
    ngx_http_endpoint_cursor_t *cursor,
    ngx_http_endpoint_cache_value_t *value);
static ngx_int_t ngx_http_endpoint_cache_small(
    ngx_http_endpoint_cache_t *cache, ngx_http_endpoint_cursor_t *cursor,
    ngx_pool_t *pool, ngx_http_endpoint_cache_value_t *value);
static ngx_int_t ngx_http_endpoint_cache_large(
    ngx_http_endpoint_cache_t *cache, uint32_t i,
    ngx_http_endpoint_cursor_t *cursor, ngx_pool_t *pool,
    ngx_http_endpoint_cache_value_t *value);
static u_char *ngx_http_endpoint_cache_place(ngx_pool_t *pool,
    ngx_http_endpoint_cache_value_t *value);
static size_t ngx_http_endpoint_cache_max_size(
    ngx_http_endpoint_cache_t *cache);
static size_t ngx_http_endpoint_cache_body_len(
    ngx_http_endpoint_cache_value_t *value);
static ngx_http_endpoint_claim_t *ngx_http_endpoint_cache_reserve(
    ngx_http_endpoint_cache_t *cache, size_t size);
static void ngx_http_endpoint_cache_copy(ngx_http_endpoint_cache_t *cache,
    ngx_http_endpoint_claim_t *claim, ngx_str_t *key,
    ngx_http_endpoint_cache_value_t *value, ngx_msec_t ttl);
static ngx_msec_t ngx_http_endpoint_cache_ttl(
    ngx_http_endpoint_cache_t *cache, ngx_msec_t ttl);
static uint32_t ngx_http_endpoint_cache_evict(
    ngx_http_endpoint_cache_t *cache, uint32_t missing);
static void ngx_http_endpoint_cache_delete(ngx_http_endpoint_cache_t *cache,
    uint32_t i);
static void ngx_http_endpoint_cache_lru_insert(
    ngx_http_endpoint_cache_t *cache, uint32_t i);
static void ngx_http_endpoint_cache_lru_remove(
    ngx_http_endpoint_cache_t *cache, uint32_t i);


ngx_int_t
ngx_http_endpoint_cache_get(ngx_http_endpoint_cache_t *cache, ngx_str_t *key,
    ngx_pool_t *pool, ngx_http_endpoint_cache_value_t *value)
{
    return ngx_http_endpoint_cache_read(cache,
                                   ngx_http_endpoint_cache_hash(cache, key),
                                   key, pool, value);
}


ngx_int_t
ngx_http_endpoint_cache_get_flight(ngx_http_endpoint_cache_t *cache,
    uint64_t flight, ngx_pool_t *pool, ngx_http_endpoint_cache_value_t *value)
{
    return ngx_http_endpoint_cache_read(cache, flight, NULL, pool, value);
}


static ngx_int_t
ngx_http_endpoint_cache_read(ngx_http_endpoint_cache_t *cache, uint64_t hash,
    ngx_str_t *key, ngx_pool_t *pool, ngx_http_endpoint_cache_value_t *value)
{
    uint32_t                    i;
    ngx_int_t                   rc, kind;
    ngx_uint_t                  tries;
    ngx_http_endpoint_cursor_t  cursor;

    for (tries = 0; tries < NGX_HTTP_ENDPOINT_CACHE_TRIES; tries++) {

        ngx_http_endpoint_zone_lock(&cache->zone);

        kind = ngx_http_endpoint_cache_touch(cache, hash, key, &i);

        if (kind < NGX_HTTP_ENDPOINT_CACHE_STALE) {
            ngx_http_endpoint_zone_unlock(&cache->zone);
            return kind;
        }

        ngx_http_endpoint_cache_describe(cache, i, &cursor, value);

        if (value->headers.len + value->body.len
            <= NGX_HTTP_ENDPOINT_CACHE_PAGE)
        {
            rc = ngx_http_endpoint_cache_small(cache, &cursor, pool, value);

        } else {
            rc = ngx_http_endpoint_cache_large(cache, i, &cursor, pool, value);
        }

        if (rc != NGX_AGAIN) {
            return (rc == NGX_OK) ? kind : rc;
        }
    }

    return NGX_HTTP_ENDPOINT_CACHE_MISS;
}


static ngx_int_t
ngx_http_endpoint_cache_touch(ngx_http_endpoint_cache_t *cache, uint64_t hash,
    ngx_str_t *key, uint32_t *found)
{
    uint32_t                    i;
    ngx_http_endpoint_entry_t  *e;

    i = ngx_http_endpoint_cache_find(cache, hash, key);

    if (i == NGX_HTTP_ENDPOINT_CACHE_NONE) {
        cache->sh->misses++;
        return NGX_HTTP_ENDPOINT_CACHE_MISS;
    }

    e = ngx_http_endpoint_cache_entry(cache, i);

    if (ngx_current_msec >= e->stale) {
        cache->sh->misses++;
        ngx_http_endpoint_cache_delete(cache, i);
        return NGX_HTTP_ENDPOINT_CACHE_EXPIRED;
    }

    cache->sh->hits++;

    if (cache->sh->lru_first != i) {
        ngx_http_endpoint_cache_lru_remove(cache, i);
        ngx_http_endpoint_cache_lru_insert(cache, i);
    }

    *found = i;

    return (ngx_current_msec < e->expire) ? NGX_HTTP_ENDPOINT_CACHE_HIT
                                          : NGX_HTTP_ENDPOINT_CACHE_STALE;
}


static uint32_t
ngx_http_endpoint_cache_find(ngx_http_endpoint_cache_t *cache, uint64_t hash,
    ngx_str_t *key)
{
    uint32_t                     i, kind;
    ngx_http_endpoint_entry_t   *e;
    ngx_http_endpoint_cursor_t   cursor;

    kind = key ? ngx_http_endpoint_entry_key : ngx_http_endpoint_entry_flight;

    for (i = cache->buckets[hash & cache->sh->mask];
         i != NGX_HTTP_ENDPOINT_CACHE_NONE;
         i = e->bucket_next)
    {
        e = ngx_http_endpoint_cache_entry(cache, i);

        if (e->hash != hash || e->kind != kind) {
            continue;
        }

        if (key == NULL) {
            break;
        }

        cursor.chunk = i;
        cursor.pos = sizeof(ngx_http_endpoint_entry_t);

        if (e->key_len == key->len
            && ngx_http_endpoint_chunks_equal(&cache->chunks, &cursor,
                                              key->data, key->len))
        {
            break;
        }
    }

    return i;
}


/* Sets all of value but its bytes, and the cursor to where those begin. */

static void
ngx_http_endpoint_cache_describe(ngx_http_endpoint_cache_t *cache, uint32_t i,
    ngx_http_endpoint_cursor_t *cursor, ngx_http_endpoint_cache_value_t *value)
{
    size_t                      skip;
    ngx_http_endpoint_entry_t  *e;

    e = ngx_http_endpoint_cache_entry(cache, i);

    value->status = e->status;
    value->headers.len = e->headers_len;
    value->body.len = e->body_len;
    value->chain = NULL;
    value->age = (ngx_msec_t) (ngx_current_msec - e->created);

    skip = sizeof(ngx_http_endpoint_entry_t) + e->key_len;

    for (cursor->chunk = i; skip > NGX_HTTP_ENDPOINT_CHUNK_SIZE; /* void */ ) {
        cursor->chunk = cache->chunks.chunk[cursor->chunk].next;
        skip -= NGX_HTTP_ENDPOINT_CHUNK_SIZE;
    }

    cursor->pos = skip;
}


static ngx_int_t
ngx_http_endpoint_cache_small(ngx_http_endpoint_cache_t *cache,
    ngx_http_endpoint_cursor_t *cursor, ngx_pool_t *pool,
    ngx_http_endpoint_cache_value_t *value)
{
    size_t         len;
    u_char        *p;
    static u_char  page[NGX_HTTP_ENDPOINT_CACHE_PAGE];

    len = value->headers.len + value->body.len;

    /* not straight into the pool: malloc() is no work for under a lock */

    (void) ngx_http_endpoint_chunks_read(&cache->chunks, cursor, page, len);

    ngx_http_endpoint_zone_unlock(&cache->zone);

    p = ngx_http_endpoint_cache_place(pool, value);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, page, len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_cache_large(ngx_http_endpoint_cache_t *cache, uint32_t i,
    ngx_http_endpoint_cursor_t *cursor, ngx_pool_t *pool,
    ngx_http_endpoint_cache_value_t *value)
{
    size_t      len;
    u_char     *p;
    uint32_t    generation;
    ngx_int_t   rc;

    len = value->headers.len + value->body.len;
    generation = cache->chunks.chunk[i].generation;

    ngx_http_endpoint_zone_unlock(&cache->zone);

    p = ngx_http_endpoint_cache_place(pool, value);
    if (p == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_chunks_read(&cache->chunks, cursor, p, len);

    ngx_memory_barrier();

    if (rc == NGX_OK && cache->chunks.chunk[i].generation == generation) {
        return NGX_OK;
    }

    (void) ngx_pfree(pool, p);

    return NGX_AGAIN;
}


static u_char *
ngx_http_endpoint_cache_place(ngx_pool_t *pool,
    ngx_http_endpoint_cache_value_t *value)
{
    u_char  *p;

    p = ngx_pnalloc(pool, value->headers.len + value->body.len);
    if (p == NULL) {
        return NULL;
    }

    value->headers.data = p;
    value->body.data = p + value->headers.len;

    return p;
}


ngx_int_t
ngx_http_endpoint_cache_set(ngx_http_endpoint_cache_t *cache, ngx_str_t *key,
    ngx_http_endpoint_cache_value_t *value, ngx_msec_t ttl)
{
    ngx_http_endpoint_claim_t  *claim;

    claim = ngx_http_endpoint_cache_write(cache, key, value, ttl);
    if (claim == NULL) {
        return NGX_DECLINED;
    }

    ngx_http_endpoint_zone_lock(&cache->zone);
    ngx_http_endpoint_cache_publish(cache, claim, key, 0);
    ngx_http_endpoint_zone_unlock(&cache->zone);

    return NGX_OK;
}


ngx_http_endpoint_claim_t *
ngx_http_endpoint_cache_write(ngx_http_endpoint_cache_t *cache, ngx_str_t *key,
    ngx_http_endpoint_cache_value_t *value, ngx_msec_t ttl)
{
    size_t                       size;
    ngx_http_endpoint_claim_t  *claim;

    size = sizeof(ngx_http_endpoint_entry_t) + key->len + value->headers.len
           + ngx_http_endpoint_cache_body_len(value);

    if (size > NGX_MAX_INT32_VALUE
        || size > ngx_http_endpoint_cache_max_size(cache))
    {
        return NULL;
    }

    claim = ngx_http_endpoint_cache_reserve(cache, size);

    if (claim) {
        ngx_http_endpoint_cache_copy(cache, claim, key, value, ttl);
    }

    return claim;
}


/* so that one value does not push all others out */

static size_t
ngx_http_endpoint_cache_max_size(ngx_http_endpoint_cache_t *cache)
{
    return cache->max_size ? cache->max_size
                           : cache->zone.sh->size
                             / NGX_HTTP_ENDPOINT_CACHE_SHARE;
}


/* Counted where it is copied from: a wrong sum would show another's bytes. */

static size_t
ngx_http_endpoint_cache_body_len(ngx_http_endpoint_cache_value_t *value)
{
    size_t        len;
    ngx_chain_t  *cl;

    if (value->body.data) {
        return value->body.len;
    }

    len = 0;

    for (cl = value->chain; cl; cl = cl->next) {
        len += cl->buf->last - cl->buf->pos;
    }

    return len;
}


static ngx_http_endpoint_claim_t *
ngx_http_endpoint_cache_reserve(ngx_http_endpoint_cache_t *cache, size_t size)
{
    uint32_t                     missing, evicted;
    ngx_http_endpoint_claim_t  *claim;

    evicted = 0;

    ngx_http_endpoint_zone_lock(&cache->zone);

    claim = ngx_http_endpoint_claim_open(&cache->chunks,
                                (size + NGX_HTTP_ENDPOINT_CHUNK_SIZE - 1)
                                / NGX_HTTP_ENDPOINT_CHUNK_SIZE);

    while (claim) {

        missing = ngx_http_endpoint_claim_take(&cache->chunks, claim);

        if (missing == 0) {
            break;
        }

        if (evicted) {

            /* a large value pushes many out: let others in between */

            ngx_http_endpoint_zone_unlock(&cache->zone);
            ngx_http_endpoint_zone_lock(&cache->zone);
        }

        evicted = ngx_http_endpoint_cache_evict(cache, missing);
    }

    ngx_http_endpoint_zone_unlock(&cache->zone);

    return claim;
}


static void
ngx_http_endpoint_cache_copy(ngx_http_endpoint_cache_t *cache,
    ngx_http_endpoint_claim_t *claim, ngx_str_t *key,
    ngx_http_endpoint_cache_value_t *value, ngx_msec_t ttl)
{
    ngx_chain_t                 *cl;
    ngx_http_endpoint_entry_t   *e;
    ngx_http_endpoint_cursor_t   cursor;

    e = ngx_http_endpoint_cache_entry(cache, claim->head);

    e->hash = ngx_http_endpoint_cache_hash(cache, key);
    e->kind = ngx_http_endpoint_entry_key;
    e->created = ngx_current_msec;
    e->expire = e->created + ngx_http_endpoint_cache_ttl(cache, ttl);
    e->stale = e->expire + cache->stale;
    e->chunks = claim->count;
    e->key_len = key->len;
    e->headers_len = value->headers.len;
    e->body_len = ngx_http_endpoint_cache_body_len(value);
    e->status = value->status;

    cursor.chunk = claim->head;
    cursor.pos = sizeof(ngx_http_endpoint_entry_t);

    ngx_http_endpoint_chunks_write(&cache->chunks, &cursor, key->data,
                                   key->len);
    ngx_http_endpoint_chunks_write(&cache->chunks, &cursor,
                                   value->headers.data, value->headers.len);

    if (value->body.data) {
        ngx_http_endpoint_chunks_write(&cache->chunks, &cursor,
                                       value->body.data, value->body.len);
        return;
    }

    for (cl = value->chain; cl; cl = cl->next) {
        ngx_http_endpoint_chunks_write(&cache->chunks, &cursor, cl->buf->pos,
                                       cl->buf->last - cl->buf->pos);
    }
}


/* Only ever shortens, so that no value outlives what was asked for. */

static ngx_msec_t
ngx_http_endpoint_cache_ttl(ngx_http_endpoint_cache_t *cache, ngx_msec_t ttl)
{
    ngx_msec_t  jitter;

    if (ttl == 0) {
        ttl = cache->ttl;
    }

    jitter = ttl * cache->jitter / 100;

    return jitter ? ttl - ngx_random() % jitter : ttl;
}


void
ngx_http_endpoint_cache_publish(ngx_http_endpoint_cache_t *cache,
    ngx_http_endpoint_claim_t *claim, ngx_str_t *key, uint64_t flight)
{
    uint32_t                    i;
    ngx_uint_t                  n;
    ngx_http_endpoint_entry_t  *e;

    e = ngx_http_endpoint_cache_entry(cache, claim->head);

    if (flight) {
        e->kind = ngx_http_endpoint_entry_flight;
        e->hash = flight;

    } else {
        ngx_http_endpoint_cache_remove(cache, e->hash, key);
    }

    for (n = 0; n < NGX_HTTP_ENDPOINT_CACHE_EVICT; n++) {

        if (cache->sh->entries < cache->entries) {
            break;
        }

        cache->sh->evictions++;
        ngx_http_endpoint_cache_delete(cache, cache->sh->lru_last);
    }

    i = ngx_http_endpoint_claim_publish(&cache->chunks, claim);

    ngx_http_endpoint_cache_link(cache, i);
}


uint64_t
ngx_http_endpoint_cache_hash(ngx_http_endpoint_cache_t *cache, ngx_str_t *key)
{
    return ngx_http_endpoint_hash(&cache->sh->seed, key->data, key->len);
}


ngx_uint_t
ngx_http_endpoint_cache_fresh(ngx_http_endpoint_cache_t *cache, uint64_t hash,
    ngx_str_t *key)
{
    uint32_t                    i;
    ngx_http_endpoint_entry_t  *e;

    i = ngx_http_endpoint_cache_find(cache, hash, key);

    if (i == NGX_HTTP_ENDPOINT_CACHE_NONE) {
        return 0;
    }

    e = ngx_http_endpoint_cache_entry(cache, i);

    return ngx_current_msec < e->expire;
}


void
ngx_http_endpoint_cache_remove(ngx_http_endpoint_cache_t *cache, uint64_t hash,
    ngx_str_t *key)
{
    uint32_t  i;

    i = ngx_http_endpoint_cache_find(cache, hash, key);

    if (i != NGX_HTTP_ENDPOINT_CACHE_NONE) {
        ngx_http_endpoint_cache_delete(cache, i);
    }
}


static uint32_t
ngx_http_endpoint_cache_evict(ngx_http_endpoint_cache_t *cache,
    uint32_t missing)
{
    uint32_t  n;

    for (n = 0; n < NGX_HTTP_ENDPOINT_CACHE_EVICT; n++) {

        if (cache->chunks.sh->nfree >= missing) {
            break;
        }

        cache->sh->evictions++;
        ngx_http_endpoint_cache_delete(cache, cache->sh->lru_last);
    }

    return n;
}


static void
ngx_http_endpoint_cache_delete(ngx_http_endpoint_cache_t *cache, uint32_t i)
{
    uint32_t                   *link;
    ngx_http_endpoint_entry_t  *e;

    e = ngx_http_endpoint_cache_entry(cache, i);

    link = &cache->buckets[e->hash & cache->sh->mask];

    while (*link != i) {
        link = &ngx_http_endpoint_cache_entry(cache, *link)->bucket_next;
    }

    *link = e->bucket_next;

    ngx_http_endpoint_cache_lru_remove(cache, i);
    cache->sh->entries--;

    ngx_http_endpoint_chunks_free(&cache->chunks, i);
}


void
ngx_http_endpoint_cache_link(ngx_http_endpoint_cache_t *cache, uint32_t i)
{
    uint32_t                   *bucket;
    ngx_http_endpoint_entry_t  *e;

    e = ngx_http_endpoint_cache_entry(cache, i);

    bucket = &cache->buckets[e->hash & cache->sh->mask];

    e->bucket_next = *bucket;
    *bucket = i;

    ngx_http_endpoint_cache_lru_insert(cache, i);
    cache->sh->entries++;
}


static void
ngx_http_endpoint_cache_lru_insert(ngx_http_endpoint_cache_t *cache,
    uint32_t i)
{
    uint32_t                    first;
    ngx_http_endpoint_entry_t  *e;

    first = cache->sh->lru_first;

    e = ngx_http_endpoint_cache_entry(cache, i);

    e->lru_prev = NGX_HTTP_ENDPOINT_CACHE_NONE;
    e->lru_next = first;

    if (first != NGX_HTTP_ENDPOINT_CACHE_NONE) {
        ngx_http_endpoint_cache_entry(cache, first)->lru_prev = i;

    } else {
        cache->sh->lru_last = i;
    }

    cache->sh->lru_first = i;
}


static void
ngx_http_endpoint_cache_lru_remove(ngx_http_endpoint_cache_t *cache,
    uint32_t i)
{
    uint32_t                    prev, next;
    ngx_http_endpoint_entry_t  *e;

    e = ngx_http_endpoint_cache_entry(cache, i);

    prev = e->lru_prev;
    next = e->lru_next;

    if (prev != NGX_HTTP_ENDPOINT_CACHE_NONE) {
        ngx_http_endpoint_cache_entry(cache, prev)->lru_next = next;

    } else {
        cache->sh->lru_first = next;
    }

    if (next != NGX_HTTP_ENDPOINT_CACHE_NONE) {
        ngx_http_endpoint_cache_entry(cache, next)->lru_prev = prev;

    } else {
        cache->sh->lru_last = prev;
    }
}


void
ngx_http_endpoint_cache_stat(ngx_http_endpoint_cache_t *cache,
    ngx_http_endpoint_cache_stat_t *stat)
{
    ngx_http_endpoint_chunks_sh_t  *chunks;

    ngx_http_endpoint_zone_lock(&cache->zone);

    chunks = cache->chunks.sh;

    stat->entries = cache->sh->entries;
    stat->size = (size_t) chunks->n * NGX_HTTP_ENDPOINT_CHUNK_SIZE;
    stat->used = (size_t) (chunks->n - chunks->nfree)
                 * NGX_HTTP_ENDPOINT_CHUNK_SIZE;
    stat->hits = cache->sh->hits;
    stat->misses = cache->sh->misses;
    stat->evictions = cache->sh->evictions;

    ngx_http_endpoint_zone_unlock(&cache->zone);
}
