
/*
 * What the workers of one machine know of its queues: which of them listens,
 * how many tasks each runs, and what has happened.
 */


#ifndef _NGX_HTTP_ENDPOINT_TASK_QUEUE_ZONE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TASK_QUEUE_ZONE_H_INCLUDED_


#include "ngx_http_endpoint_task_zone.h"
#include "ngx_http_endpoint_wake.h"


#define NGX_HTTP_ENDPOINT_QUEUE_KEY      16

/* of one configuration, and of those before it whose workers may be left */
#define NGX_HTTP_ENDPOINT_QUEUES         16
#define NGX_HTTP_ENDPOINT_QUEUES_KEPT    64

#define NGX_HTTP_ENDPOINT_QUEUE_WORKERS  256


/* of one worker, and what is left of it until its tasks are given back */
typedef struct {
    ngx_http_endpoint_worker_t        worker;
    volatile uint32_t                 used;
    volatile uint32_t                 running;
} ngx_http_endpoint_queue_worker_t;


typedef struct {
    u_char                            key[NGX_HTTP_ENDPOINT_QUEUE_KEY];
    volatile uint32_t                 used;
    volatile uint32_t                 calls;    /* for more workers */
    uint64_t                          seen;     /* of ngx_current_msec */
    ngx_http_endpoint_worker_t        leader;   /* who listens */
    volatile uint32_t                 nworkers; /* places used so far */
    ngx_http_endpoint_task_counts_t   counts;
    ngx_http_endpoint_queue_worker_t  workers[
                                             NGX_HTTP_ENDPOINT_QUEUE_WORKERS];
} ngx_http_endpoint_queue_sh_t;


/* Adds the zone of the queues to the cycle, once.  NULL: logged. */
ngx_http_endpoint_zone_t *ngx_http_endpoint_queue_zone_add(ngx_conf_t *cf);

/* The queue of that key; one that was not used for the longest makes room. */
ngx_http_endpoint_queue_sh_t *ngx_http_endpoint_queue_find(
    ngx_http_endpoint_zone_t *zone, u_char *key);

/* This worker's place in a queue.  NULL: there are too many workers. */
ngx_http_endpoint_queue_worker_t *ngx_http_endpoint_queue_join(
    ngx_http_endpoint_zone_t *zone, ngx_http_endpoint_queue_sh_t *sh);

/* Makes this worker the one that listens, where there is none: 1. */
ngx_uint_t ngx_http_endpoint_queue_lead(ngx_http_endpoint_zone_t *zone,
    ngx_http_endpoint_queue_sh_t *sh);

/* This worker listens no more. */
void ngx_http_endpoint_queue_resign(ngx_http_endpoint_zone_t *zone,
    ngx_http_endpoint_queue_sh_t *sh);

/* How many of want more tasks may run: they are counted as if they did. */
ngx_uint_t ngx_http_endpoint_queue_grant(ngx_http_endpoint_zone_t *zone,
    ngx_http_endpoint_queue_sh_t *sh, ngx_http_endpoint_queue_worker_t *place,
    ngx_uint_t want, ngx_uint_t most);

/* A place whose worker has died, or NULL. */
ngx_http_endpoint_queue_worker_t *ngx_http_endpoint_queue_orphan(
    ngx_http_endpoint_queue_sh_t *sh);


#endif /* _NGX_HTTP_ENDPOINT_TASK_QUEUE_ZONE_H_INCLUDED_ */
