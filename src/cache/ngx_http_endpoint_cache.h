
/*
 * The room cache/ holds values that are kept: entries in a zone, flights of
 * those who make one value, keys, the cache statement, cache= of a step, purge.
 * It may use run/, shared/ and what is below them.
 */

/*
 * The entries of a cache zone: found by key, bound by number, bytes and time,
 * the least recently used out first.  The bytes of a value are copied outside
 * of the lock: in, into chunks that were claimed before; out, by reading first
 * and asking afterwards whether the entry was still there.
 */


#ifndef _NGX_HTTP_ENDPOINT_CACHE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CACHE_H_INCLUDED_


#include "ngx_http_endpoint_zone.h"
#include "ngx_http_endpoint_chunk.h"
#include "ngx_http_endpoint_hash.h"


#define NGX_HTTP_ENDPOINT_CACHE_MISS     0
#define NGX_HTTP_ENDPOINT_CACHE_EXPIRED  1      /* a miss; there was one */
#define NGX_HTTP_ENDPOINT_CACHE_STALE    2
#define NGX_HTTP_ENDPOINT_CACHE_HIT      3


/* ends of flights that a worker may miss before it looks at all it waits for */
#define NGX_HTTP_ENDPOINT_FLIGHTS_ENDED  256


/* flights that one leader can wait for at a time */
#define NGX_HTTP_ENDPOINT_FLIGHT_WAITS   4


/*
 * A value on its way in or out.  headers are the caller's bytes, opaque here.
 * A body may be given as a chain of buffers in memory: then body.data is NULL.
 * What comes out is one block of the caller's pool.
 */
typedef struct {
    ngx_uint_t                            status;
    ngx_str_t                             headers;
    ngx_str_t                             body;
    ngx_chain_t                          *chain;
    ngx_msec_t                            age;      /* only out */
} ngx_http_endpoint_cache_value_t;


typedef enum {
    ngx_http_endpoint_entry_key = 0,
    ngx_http_endpoint_entry_flight      /* hash is the flight's id */
} ngx_http_endpoint_entry_kind_e;


/* what an entry's first chunk begins with; key, headers and body follow */
typedef struct {
    uint64_t                              hash;
    uint64_t                              created;      /* msec */
    uint64_t                              expire;
    uint64_t                              stale;        /* end of the grace */
    uint32_t                              bucket_next;
    uint32_t                              lru_prev;
    uint32_t                              lru_next;
    uint32_t                              chunks;
    uint32_t                              key_len;
    uint32_t                              headers_len;
    uint32_t                              body_len;
    uint16_t                              status;
    uint16_t                              kind;
} ngx_http_endpoint_entry_t;


/* a flight of any zone */
typedef struct {
    uint64_t                              id;           /* 0: none */
    uint32_t                              record;
    uint32_t                              zone;         /* its name's hash */
} ngx_http_endpoint_flight_ref_t;


/* one leader for one key; how it ended can be read until it is used again */
typedef struct {
    volatile uint64_t                     id;           /* 0: never used */
    uint64_t                              hash;         /* two keyed hashes */
    uint64_t                              digest;       /* stand for the key */
    uint64_t                              waiting;      /* set of workers */
    ngx_http_endpoint_worker_t            leader;
    volatile uint32_t                     state;
    uint32_t                              next;

    /* what its leader waits for, of the work that is below it */
    ngx_http_endpoint_flight_ref_t       waits[NGX_HTTP_ENDPOINT_FLIGHT_WAITS];
} ngx_http_endpoint_flight_sh_t;


typedef struct {
    ngx_http_endpoint_zone_sh_t           zone;
    ngx_http_endpoint_hash_seed_t         seed;
    ngx_http_endpoint_hash_seed_t         digest_seed;
    ngx_http_endpoint_chunks_sh_t         chunks;

    uint32_t                              mask;         /* buckets - 1 */
    uint32_t                              entries;
    uint32_t                              lru_first;    /* used last */
    uint32_t                              lru_last;

    uint32_t                              flights;
    uint32_t                              flight_mask;
    uint32_t                              flight_first; /* to be used next */
    uint32_t                              flight_last;
    uint64_t                              flight_id;
    uint64_t                              flight_swept; /* msec */

    /* the ids of the flights that ended last, in a ring; how many have */
    uint64_t                  flights_ended[NGX_HTTP_ENDPOINT_FLIGHTS_ENDED];
    volatile uint64_t                     flight_ends;

    uint64_t                              hits;
    uint64_t                              misses;
    uint64_t                              evictions;
} ngx_http_endpoint_cache_sh_t;


typedef struct {
    ngx_http_endpoint_zone_t              zone;         /* first */

    ngx_http_endpoint_cache_sh_t         *sh;
    ngx_http_endpoint_chunks_t            chunks;
    uint32_t                             *buckets;
    ngx_http_endpoint_flight_sh_t        *flights;
    uint32_t                             *flight_buckets;

    ngx_uint_t                            entries;
    ngx_msec_t                            ttl;
    ngx_msec_t                            stale;
    ngx_uint_t                            jitter;       /* percent */
    size_t                                max_size; /* of a value, 0: a share */

    /* of this worker: who waits for a flight, by its id; ends it has seen */
    ngx_rbtree_t                          followers;
    ngx_rbtree_node_t                     followers_sentinel;
    ngx_queue_t                           queue;
    uint64_t                              ends_seen;

    /* of the language: the keys that the configuration has, for purging */
    ngx_array_t                          *keys;
} ngx_http_endpoint_cache_t;


typedef struct {
    ngx_uint_t                            entries;
    size_t                                size;         /* of all chunks */
    size_t                                used;
    uint64_t                              hits;         /* stale ones too */
    uint64_t                              misses;
    uint64_t                              evictions;
} ngx_http_endpoint_cache_stat_t;


/*
 * Looks key up.  HIT, STALE: value is set in memory of pool; EXPIRED, MISS:
 * it is not; NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_cache_get(ngx_http_endpoint_cache_t *cache,
    ngx_str_t *key, ngx_pool_t *pool, ngx_http_endpoint_cache_value_t *value);

/*
 * Keeps value under key for ttl milliseconds (0: the zone's), in place of an
 * older one.  NGX_DECLINED: it is larger than the zone allows.  What a purge
 * shall be able to stop is kept by ngx_http_endpoint_flight_done() instead.
 */
ngx_int_t ngx_http_endpoint_cache_set(ngx_http_endpoint_cache_t *cache,
    ngx_str_t *key, ngx_http_endpoint_cache_value_t *value, ngx_msec_t ttl);

void ngx_http_endpoint_cache_stat(ngx_http_endpoint_cache_t *cache,
    ngx_http_endpoint_cache_stat_t *stat);


/* For single flight, which is the other half of this zone. */

/*
 * Copies value into the zone, where nobody sees it until it is published or
 * dropped, both with the lock held.  NULL: larger than the zone allows.
 */
ngx_http_endpoint_claim_t *ngx_http_endpoint_cache_write(
    ngx_http_endpoint_cache_t *cache, ngx_str_t *key,
    ngx_http_endpoint_cache_value_t *value, ngx_msec_t ttl);

/* Publishes under key, which it was written for, or under a flight's id. */
void ngx_http_endpoint_cache_publish(ngx_http_endpoint_cache_t *cache,
    ngx_http_endpoint_claim_t *claim, ngx_str_t *key, uint64_t flight);

/* The lookup by a flight's id, as ngx_http_endpoint_cache_get(). */
ngx_int_t ngx_http_endpoint_cache_get_flight(ngx_http_endpoint_cache_t *cache,
    uint64_t flight, ngx_pool_t *pool, ngx_http_endpoint_cache_value_t *value);

uint64_t ngx_http_endpoint_cache_hash(ngx_http_endpoint_cache_t *cache,
    ngx_str_t *key);

/* With the lock held: whether key has a value within its ttl; drops key's. */
ngx_uint_t ngx_http_endpoint_cache_fresh(ngx_http_endpoint_cache_t *cache,
    uint64_t hash, ngx_str_t *key);
void ngx_http_endpoint_cache_remove(ngx_http_endpoint_cache_t *cache,
    uint64_t hash, ngx_str_t *key);

/* With the lock held: puts an entry whose content is whole into the lists. */
void ngx_http_endpoint_cache_link(ngx_http_endpoint_cache_t *cache,
    uint32_t i);

#define ngx_http_endpoint_cache_entry(cache, i)                               \
    ((ngx_http_endpoint_entry_t *)                                            \
         ngx_http_endpoint_chunk_data(&(cache)->chunks, i))


#endif /* _NGX_HTTP_ENDPOINT_CACHE_H_INCLUDED_ */
