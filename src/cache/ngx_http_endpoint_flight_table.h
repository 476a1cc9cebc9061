
/*
 * The records of flights in a cache zone, shared by all workers.  All of it is
 * called with the zone's lock held.
 */


#ifndef _NGX_HTTP_ENDPOINT_FLIGHT_TABLE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_FLIGHT_TABLE_H_INCLUDED_


#include "ngx_http_endpoint_cache.h"


#define NGX_HTTP_ENDPOINT_FLIGHT_NONE  0xffffffff


/* of a record; those that run are told from those that can be used again */
typedef enum {
    ngx_http_endpoint_flight_kept = 0,      /* look the key up */
    ngx_http_endpoint_flight_shared,        /* look the id up */
    ngx_http_endpoint_flight_alone,         /* nothing to be had */
    ngx_http_endpoint_flight_running,
    ngx_http_endpoint_flight_purged         /* runs, but nobody may join */
} ngx_http_endpoint_flight_state_e;

#define ngx_http_endpoint_flight_ended(state)                                 \
    ((state) < ngx_http_endpoint_flight_running)


/* The record that runs for a key and may be joined, or NONE. */
uint32_t ngx_http_endpoint_flight_table_find(ngx_http_endpoint_cache_t *cache,
    uint64_t hash, uint64_t digest);

/* A record led by this worker; NONE: all are in use. */
uint32_t ngx_http_endpoint_flight_table_lead(ngx_http_endpoint_cache_t *cache,
    uint64_t hash, uint64_t digest);

/* Makes this worker the leader of a record that has none. */
void ngx_http_endpoint_flight_table_take(ngx_http_endpoint_cache_t *cache,
    uint32_t i);

/* Ends a record that runs or was purged; state is the outcome. */
void ngx_http_endpoint_flight_table_finish(ngx_http_endpoint_cache_t *cache,
    uint32_t i, ngx_http_endpoint_flight_state_e state);

/* Tells those who follow that the record has no leader any more. */
void ngx_http_endpoint_flight_table_tell(ngx_http_endpoint_cache_t *cache,
    uint32_t i);

/* Lets a record run on, but nobody join it. */
void ngx_http_endpoint_flight_table_purge(ngx_http_endpoint_cache_t *cache,
    uint32_t i);

/* Makes all records unused. */
void ngx_http_endpoint_flight_table_create(ngx_http_endpoint_cache_t *cache);

/* Relinks all records; what pid led is left without a leader. */
void ngx_http_endpoint_flight_table_rebuild(ngx_http_endpoint_cache_t *cache,
    ngx_pid_t pid);


#endif /* _NGX_HTTP_ENDPOINT_FLIGHT_TABLE_H_INCLUDED_ */
