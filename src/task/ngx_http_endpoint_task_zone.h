
/*
 * The room task/ holds work without a client that must not be lost: the
 * statement background, the zones its tasks wait in, and what runs them.  It
 * may use all rooms but the module itself.
 */

/*
 * Tasks in shared memory.  A task has a slot, reserved before it is known, and
 * its bytes in chunks; those that wait stand in a heap by when they are due.
 * What counts is the state of a slot and the bytes it points to: all else is
 * made anew when a worker has died inside the lock.
 */


#ifndef _NGX_HTTP_ENDPOINT_TASK_ZONE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TASK_ZONE_H_INCLUDED_


#include "ngx_http_endpoint_chunk.h"
#include "ngx_http_endpoint_task_policy.h"
#include "ngx_http_endpoint_zone.h"


#define NGX_HTTP_ENDPOINT_TASK_NONE      0xffffffff
#define NGX_HTTP_ENDPOINT_TASK_IDENTITY  16
#define NGX_HTTP_ENDPOINT_TASK_ERROR     120


typedef enum {
    ngx_http_endpoint_task_free = 0,
    ngx_http_endpoint_task_reserved,
    ngx_http_endpoint_task_waiting,
    ngx_http_endpoint_task_running,
    ngx_http_endpoint_task_dead
} ngx_http_endpoint_task_state_e;


typedef struct {
    uint64_t                      id;
    u_char                        identity[NGX_HTTP_ENDPOINT_TASK_IDENTITY];
    u_char                        unique[NGX_HTTP_ENDPOINT_TASK_IDENTITY];
    ngx_http_endpoint_worker_t    owner;    /* who reserved or runs it */
    ngx_msec_t                    due;      /* of ngx_current_msec */
    uint64_t                      created;  /* seconds since 1970 */
    uint32_t                      head;     /* of its chunks */
    uint32_t                      len;
    uint32_t                      promised; /* chunks, while reserved */
    uint32_t                      attempt;
    uint32_t                      place;    /* in the heap */
    uint32_t                      prev;
    uint32_t                      next;
    uint32_t                      bucket;   /* the next of a bucket */
    uint8_t                       state;
    uint8_t                       keyed;    /* unique is set */
    uint8_t                       nerror;
    u_char                        error[NGX_HTTP_ENDPOINT_TASK_ERROR];
} ngx_http_endpoint_task_sh_t;


/* what has happened since the zone was made */
typedef struct {
    uint64_t                      queued;
    uint64_t                      done;
    uint64_t                      retried;
    uint64_t                      dead;
    uint64_t                      taken_over;   /* of workers that died */
    uint64_t                      rejected;     /* no room: 503 */
    uint64_t                      dropped;      /* no room: full=drop */
    uint64_t                      joined;       /* unique=: there was one */
} ngx_http_endpoint_task_counts_t;


typedef struct {
    uint32_t                      head;
    uint32_t                      tail;
    uint32_t                      n;
} ngx_http_endpoint_task_list_t;


typedef struct {
    ngx_http_endpoint_zone_sh_t      zone;
    uint32_t                         n;
    uint32_t                         nwaiting;
    uint32_t                         nrunning;
    uint32_t                         promised;
    uint64_t                         last;      /* the last id */
    ngx_http_endpoint_task_list_t    free;
    ngx_http_endpoint_task_list_t    held;      /* reserved and running */
    ngx_http_endpoint_task_list_t    dead;      /* the oldest first */
    ngx_http_endpoint_task_counts_t  counts;
    uint32_t                         moved;     /* to another zone: what comes
                                                   now is for the old workers */
    ngx_http_endpoint_chunks_sh_t    chunks;
} ngx_http_endpoint_task_zone_sh_t;


typedef struct ngx_http_endpoint_task_zone_s  ngx_http_endpoint_task_zone_t;


/* the handle of a process */
struct ngx_http_endpoint_task_zone_s {
    ngx_http_endpoint_zone_t          zone;     /* first */
    ngx_http_endpoint_task_zone_sh_t *sh;
    ngx_http_endpoint_task_sh_t      *tasks;
    uint32_t                         *heap;
    uint32_t                         *buckets;
    ngx_http_endpoint_chunks_t        chunks;

    /* of endpoint_task_zone */
    ngx_http_endpoint_task_policy_t   policy;
    ngx_uint_t                        drop;     /* full=drop */
    ngx_str_t                         file;     /* NUL-terminated, or empty */
    ngx_uint_t                        fresh;    /* this cycle has made it */
    ngx_http_endpoint_task_zone_t    *old;      /* of the last cycle, or NULL */
};


/* a task as it is told outside of the zone */
typedef struct {
    uint32_t                      slot;
    uint64_t                      id;
    ngx_uint_t                    attempt;  /* from 1 */
    u_char                        identity[NGX_HTTP_ENDPOINT_TASK_IDENTITY];
    uint64_t                      created;
    ngx_str_t                     values;   /* as they were packed */
    size_t                        nerror;
    u_char                        error[NGX_HTTP_ENDPOINT_TASK_ERROR];
} ngx_http_endpoint_task_t;


/* what a task is to be */
typedef struct {
    u_char                       *identity;
    u_char                       *unique;   /* or NULL */
    ngx_msec_t                    delay;
    ngx_str_t                     values;
} ngx_http_endpoint_task_order_t;


extern ngx_http_endpoint_zone_kind_t  ngx_http_endpoint_task_zone_kind;


/*
 * Takes a slot, and the promise of room for a task of policy.task_size bytes.
 * TASK_NONE: there is none, even without the dead tasks.
 */
uint32_t ngx_http_endpoint_task_reserve(ngx_http_endpoint_task_zone_t *zone);

/*
 * Gives a reserved slot its task, whose values are no longer than task_size.
 * NGX_DECLINED: one of the same unique key waits already, the slot is free.
 */
ngx_int_t ngx_http_endpoint_task_fill(ngx_http_endpoint_task_zone_t *zone,
    uint32_t slot, ngx_http_endpoint_task_order_t *order);

/* Gives a reserved slot back. */
void ngx_http_endpoint_task_release(ngx_http_endpoint_task_zone_t *zone,
    uint32_t slot);

/*
 * Takes the task that is due first, for this worker to run.  NGX_DECLINED: none
 * is due, or as many run as may; *wait is how long until one is, 0 where
 * nothing waits.
 */
ngx_int_t ngx_http_endpoint_task_take(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_t *task, ngx_msec_t *wait);

/*
 * Reads the values of a task into memory of pool: of one that was taken without
 * the lock, as nobody else frees them.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_task_read(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_t *task, ngx_pool_t *pool);

/* A task has been done. */
void ngx_http_endpoint_task_done(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_t *task);

/*
 * An attempt has failed: it waits for the next one, or is dead where it had as
 * many as may be: 0.
 */
ngx_uint_t ngx_http_endpoint_task_failed(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_t *task, ngx_str_t *error);

/* It was no attempt: the task waits for msec. */
void ngx_http_endpoint_task_postpone(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_t *task, ngx_msec_t msec);

/*
 * Takes over what workers that died had reserved or were running.  Returns how
 * many tasks wait again.
 */
ngx_uint_t ngx_http_endpoint_task_reap(ngx_http_endpoint_task_zone_t *zone);

/*
 * The n-th dead task, the newest is 0, with its values in memory of pool.
 * NGX_DECLINED: there are not so many; NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_task_nth_dead(ngx_http_endpoint_task_zone_t *zone,
    ngx_uint_t n, ngx_pool_t *pool, ngx_http_endpoint_task_t *task);

/*
 * A dead task waits again as if it were new, or is deleted.  NGX_DECLINED:
 * none has that id.
 */
ngx_int_t ngx_http_endpoint_task_retry(ngx_http_endpoint_task_zone_t *zone,
    uint64_t id);
ngx_int_t ngx_http_endpoint_task_delete(ngx_http_endpoint_task_zone_t *zone,
    uint64_t id);

/*
 * Copies the task of a slot of another zone, or one whose values stand behind
 * it, as a task that waits, or is dead.  NGX_DECLINED: there is no room.  For
 * zones that no worker uses yet; the caller holds the other's lock.
 */
ngx_int_t ngx_http_endpoint_task_put(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_sh_t *from, u_char *values);

/* Reads the values of a slot's task into len bytes; NGX_ERROR: broken. */
ngx_int_t ngx_http_endpoint_task_get(ngx_http_endpoint_task_zone_t *zone,
    uint32_t slot, u_char *values);

/* Counts, and the numbers of tasks that are there now. */
void ngx_http_endpoint_task_counts(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_counts_t *counts, uint32_t *waiting,
    uint32_t *running, uint32_t *dead);


#endif /* _NGX_HTTP_ENDPOINT_TASK_ZONE_H_INCLUDED_ */
