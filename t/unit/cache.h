
/*
 * What the units of the shared room need of nginx: a lock that the parent can
 * break as the master does, a clock that stands still, and workers that are
 * made by switching a number.
 */


#ifndef _UNIT_CACHE_H_INCLUDED_
#define _UNIT_CACHE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "unit.h"

#include "../../src/shared/ngx_http_endpoint_zone.c"
#include "../../src/data/ngx_http_endpoint_hash.c"
#include "../../src/shared/ngx_http_endpoint_chunk.c"
#include "../../src/run/ngx_http_endpoint_timer.c"
#include "../../src/cache/ngx_http_endpoint_cache.c"
#include "../../src/cache/ngx_http_endpoint_flight_table.c"
#include "../../src/cache/ngx_http_endpoint_flight_circle.c"
#include "../../src/cache/ngx_http_endpoint_followers.c"
#include "../../src/cache/ngx_http_endpoint_flight.c"
#include "../../src/cache/ngx_http_endpoint_cache_zone.c"

#include "cache_walk.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>


#define UNIT_SLOTS  8
#define SIZE        (96 * 1024)


typedef struct {
    ngx_atomic_t           lock;
    ngx_uint_t             alive[UNIT_SLOTS];
    uint32_t               generation[UNIT_SLOTS];
    ngx_pid_t              pid[UNIT_SLOTS];
} unit_shared_t;


ngx_rbtree_t               ngx_event_timer_rbtree;

#include "cache_tree.h"

static ngx_cycle_t         unit_cycle;
static unit_shared_t      *unit_shared;
static ngx_uint_t          unit_self;           /* slot of this worker */
static uint64_t            unit_woken;          /* set of workers */
static ngx_shmtx_t         unit_mutex;

/* what another worker does as soon as this one has left the lock */

static void              (*unit_meanwhile)(void);

static ngx_pool_t                      *pool;
static ngx_http_endpoint_cache_t        cache;
static ngx_http_endpoint_cache_value_t  got;


void
ngx_shmtx_lock(ngx_shmtx_t *mtx)
{
    while (!ngx_atomic_cmp_set(mtx->lock, 0, ngx_pid)) {
        sched_yield();
    }
}


void
ngx_shmtx_unlock(ngx_shmtx_t *mtx)
{
    void  (*meanwhile)(void);

    (void) ngx_atomic_cmp_set(mtx->lock, ngx_pid, 0);

    meanwhile = unit_meanwhile;

    if (meanwhile) {
        unit_meanwhile = NULL;
        meanwhile();
    }
}


#ifndef UNIT_TIMERS

void ngx_cdecl
ngx_conf_log_error(ngx_uint_t level, ngx_conf_t *cf, ngx_err_t err,
    const char *fmt, ...)
{
    abort();
}

#endif


ssize_t
ngx_parse_size(ngx_str_t *line)
{
    abort();
}


ngx_shm_zone_t *
ngx_shared_memory_add(ngx_conf_t *cf, ngx_str_t *name, size_t size, void *tag)
{
    abort();
}


ngx_http_endpoint_worker_t
ngx_http_endpoint_wake_self(void)
{
    ngx_http_endpoint_worker_t  worker;

    worker.slot = unit_self;
    worker.generation = unit_shared->generation[unit_self];

    return worker;
}


ngx_uint_t
ngx_http_endpoint_wake_alive(ngx_http_endpoint_worker_t worker)
{
    return worker.slot < UNIT_SLOTS
           && unit_shared->alive[worker.slot]
           && unit_shared->generation[worker.slot] == worker.generation;
}


ngx_uint_t
ngx_http_endpoint_wake_is(ngx_http_endpoint_worker_t worker, ngx_pid_t pid)
{
    return worker.slot < UNIT_SLOTS
           && unit_shared->generation[worker.slot] == worker.generation
           && unit_shared->pid[worker.slot] == pid;
}


uint64_t
ngx_http_endpoint_wake_bit(ngx_http_endpoint_worker_t worker)
{
    return (uint64_t) 1 << (worker.slot % 64);
}


void
ngx_http_endpoint_wake(uint64_t set)
{
    unit_woken |= set;
}


void
ngx_http_endpoint_wake_listen(ngx_http_endpoint_listener_t *listener)
{
    /* void: the tests call it */
}


static ngx_inline void *
unit_share(size_t size)
{
    void  *p;

    p = mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_ANON|MAP_SHARED, -1, 0);

    if (p == MAP_FAILED) {
        abort();
    }

    return p;
}


static ngx_inline void
unit_workers(void)
{
    ngx_uint_t  i;

    unit_shared = unit_share(sizeof(unit_shared_t));
    unit_mutex.lock = &unit_shared->lock;

    for (i = 0; i < UNIT_SLOTS; i++) {
        unit_shared->alive[i] = 1;
    }

    unit_cycle.log = &unit_log;

    ngx_pid = getpid();
    ngx_cycle = &unit_cycle;
    ngx_current_msec = 1000000;
}


/* what the master does when it reaps a worker */

static ngx_inline void
unit_bury(ngx_uint_t slot, ngx_pid_t pid)
{
    unit_shared->alive[slot] = 0;
    (void) ngx_atomic_cmp_set(&unit_shared->lock, (ngx_atomic_uint_t) pid, 0);
}


/* an exit in place of the signal is a wrong value, a mix of two */

static ngx_inline ngx_uint_t
reap(ngx_uint_t slot, pid_t pid)
{
    int  status;

    (void) kill(pid, SIGKILL);
    (void) waitpid(pid, &status, 0);

    unit_bury(slot, pid);

    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}


static ngx_inline void
open_zone(ngx_http_endpoint_cache_t *c, size_t size)
{
    ngx_memzero(c, sizeof(ngx_http_endpoint_cache_t));

    c->zone.mutex = &unit_mutex;
    c->zone.name.len = 4;
    c->zone.name.data = (u_char *) "unit";

    c->entries = 1000;
    c->ttl = 60000;
    c->max_size = size;

    if (ngx_http_endpoint_zone_open(&c->zone, &ngx_http_endpoint_cache_kind,
                                    unit_share(size), size)
        != NGX_OK)
    {
        abort();
    }
}


static ngx_inline void
whole(const char *name)
{
    char  *broken;

    broken = walk(&cache);

    (void) unit_ok(broken == NULL, "whole: %s", name);

    if (broken) {
        printf("# %s\n", broken);
    }
}


static ngx_inline ngx_str_t
str(const char *text)
{
    ngx_str_t  s;

    s.len = ngx_strlen(text);
    s.data = (u_char *) text;

    return s;
}


static ngx_inline ngx_int_t
set(const char *key, const char *body, ngx_msec_t ttl)
{
    ngx_str_t                        k;
    ngx_http_endpoint_cache_value_t  value;

    ngx_memzero(&value, sizeof(ngx_http_endpoint_cache_value_t));

    k = str(key);
    value.status = 200;
    value.headers = str("X-A: 1\n");
    value.body = str(body);

    return ngx_http_endpoint_cache_set(&cache, &k, &value, ttl);
}


static ngx_inline ngx_int_t
get(const char *key)
{
    ngx_str_t  k;

    k = str(key);

    return ngx_http_endpoint_cache_get(&cache, &k, pool, &got);
}


#endif /* _UNIT_CACHE_H_INCLUDED_ */
