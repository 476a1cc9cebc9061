
#include "ngx_http_endpoint_wake.h"
#include "ngx_http_endpoint_zone.h"

#include <ngx_event.h>
#include <ngx_channel.h>

#include <sys/eventfd.h>
#include <sys/random.h>


/*
 * nginx numbers its child processes, each of them for as long as it lives and
 * then whoever replaces it: that number is the slot.  A reload runs old and
 * new workers side by side, so there are eventfds for several generations.
 */
#define NGX_HTTP_ENDPOINT_WAKE_SLOTS        NGX_MAX_PROCESSES
#define NGX_HTTP_ENDPOINT_WAKE_MIN_FDS      16
#define NGX_HTTP_ENDPOINT_WAKE_GENERATIONS  2


typedef struct {
    volatile ngx_pid_t                    pid;          /* 0: nobody */
    volatile uint32_t                     generation;
} ngx_http_endpoint_wake_slot_t;


typedef struct {
    ngx_http_endpoint_zone_sh_t           zone;
    uint64_t                              node;
    ngx_http_endpoint_wake_slot_t         slots[NGX_HTTP_ENDPOINT_WAKE_SLOTS];
} ngx_http_endpoint_wake_sh_t;


static ngx_int_t ngx_http_endpoint_wake_create(
    ngx_http_endpoint_zone_t *zone);
static ngx_http_endpoint_wake_slot_t *ngx_http_endpoint_wake_table(
    ngx_cycle_t *cycle);
static ngx_int_t ngx_http_endpoint_wake_open(ngx_cycle_t *cycle);
static void ngx_http_endpoint_wake_close(void *data);
static void ngx_http_endpoint_wake_read(ngx_event_t *ev);
static void ngx_http_endpoint_wake_listeners(ngx_event_t *ev);


/*
 * The slots are found once the cycle is sure to run; each has one writer, so
 * nobody takes this lock.
 */

static ngx_http_endpoint_zone_kind_t  ngx_http_endpoint_wake_kind = {
    "endpoint workers",
    1,
    sizeof(ngx_http_endpoint_wake_sh_t),
    ngx_http_endpoint_wake_create,
    NULL,
    NULL
};


static ngx_str_t  ngx_http_endpoint_wake_name =
    ngx_string("ngx_http_endpoint_workers");


/* of the running cycle; a cycle that fails to start must leave them alone */

static ngx_http_endpoint_wake_slot_t  *ngx_http_endpoint_wake_slots;
static uint64_t                        ngx_http_endpoint_wake_number;
static ngx_http_endpoint_worker_t      ngx_http_endpoint_wake_me = {
    NGX_HTTP_ENDPOINT_WAKE_NONE, 0
};

/* eventfds pass from cycle to cycle and are closed with the last */

static int                             ngx_http_endpoint_wake_fds[
                                              NGX_HTTP_ENDPOINT_WAKE_SLOTS];
static ngx_uint_t                      ngx_http_endpoint_wake_nfds;
static ngx_uint_t                      ngx_http_endpoint_wake_cycles;

static ngx_event_t                     ngx_http_endpoint_wake_event;
static ngx_http_endpoint_listener_t   *ngx_http_endpoint_wake_first;


ngx_int_t
ngx_http_endpoint_wake_add_zone(ngx_conf_t *cf)
{
    ngx_int_t                  rc;
    ngx_http_endpoint_zone_t  *zone;

    rc = ngx_http_endpoint_zone_own(cf, &ngx_http_endpoint_wake_name,
                                    &ngx_http_endpoint_wake_kind, &zone);

    return (rc == NGX_DECLINED) ? NGX_OK : rc;
}


/*
 * The number stands for this nginx among those of other machines, so it is none
 * of ngx_random(), which begins with a process's pid and time.
 */

static ngx_int_t
ngx_http_endpoint_wake_create(ngx_http_endpoint_zone_t *zone)
{
    ngx_http_endpoint_wake_sh_t  *sh;

    sh = (ngx_http_endpoint_wake_sh_t *) zone->sh;

    if (zone->sh->size < sizeof(ngx_http_endpoint_wake_sh_t)
        || getrandom(&sh->node, sizeof(uint64_t), 0) != sizeof(uint64_t))
    {
        return NGX_ERROR;
    }

    ngx_memzero(sh->slots, sizeof(sh->slots));

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_wake_init_module(ngx_cycle_t *cycle)
{
    ngx_http_endpoint_wake_slots = ngx_http_endpoint_wake_table(cycle);

    if (ngx_http_endpoint_wake_slots == NULL) {
        return NGX_OK;
    }

    return ngx_http_endpoint_wake_open(cycle);
}


static ngx_http_endpoint_wake_slot_t *
ngx_http_endpoint_wake_table(ngx_cycle_t *cycle)
{
    ngx_uint_t                    i;
    ngx_shm_zone_t               *shm_zone;
    ngx_list_part_t              *part;
    ngx_http_endpoint_zone_t     *zone;
    ngx_http_endpoint_wake_sh_t  *sh;

    for (part = &cycle->shared_memory.part; part; part = part->next) {

        shm_zone = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (shm_zone[i].tag == &ngx_http_endpoint_wake_kind) {
                zone = shm_zone[i].data;
                sh = (ngx_http_endpoint_wake_sh_t *) zone->sh;
                ngx_http_endpoint_wake_number = sh->node;
                return sh->slots;
            }
        }
    }

    return NULL;
}


uint64_t
ngx_http_endpoint_wake_node(void)
{
    return ngx_http_endpoint_wake_number;
}


static ngx_int_t
ngx_http_endpoint_wake_open(ngx_cycle_t *cycle)
{
    int                  fd;
    ngx_uint_t           n;
    ngx_core_conf_t     *ccf;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cycle->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_endpoint_wake_close;
    ngx_http_endpoint_wake_cycles++;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    n = NGX_HTTP_ENDPOINT_WAKE_GENERATIONS * ngx_max(ccf->worker_processes, 1);
    n = ngx_max(n, NGX_HTTP_ENDPOINT_WAKE_MIN_FDS);
    n = ngx_min(n, NGX_HTTP_ENDPOINT_WAKE_SLOTS);

    while (ngx_http_endpoint_wake_nfds < n) {

        fd = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);

        if (fd == -1) {
            ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                          "eventfd() failed");
            return NGX_ERROR;
        }

        ngx_http_endpoint_wake_fds[ngx_http_endpoint_wake_nfds++] = fd;
    }

    return NGX_OK;
}


static void
ngx_http_endpoint_wake_close(void *data)
{
    ngx_uint_t  n;

    if (--ngx_http_endpoint_wake_cycles) {
        return;
    }

    for (n = 0; n < ngx_http_endpoint_wake_nfds; n++) {
        if (close(ngx_http_endpoint_wake_fds[n]) == -1) {
            ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                          "close() eventfd failed");
        }
    }

    ngx_http_endpoint_wake_nfds = 0;
}


ngx_int_t
ngx_http_endpoint_wake_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                      slot;
    ngx_http_endpoint_wake_slot_t  *s;

    if (ngx_http_endpoint_wake_slots == NULL
        || (ngx_process != NGX_PROCESS_WORKER
            && ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    slot = ngx_process_slot;
    s = &ngx_http_endpoint_wake_slots[slot];

    s->generation++;
    ngx_memory_barrier();
    s->pid = ngx_pid;

    ngx_http_endpoint_wake_me.slot = slot;
    ngx_http_endpoint_wake_me.generation = s->generation;

    ngx_http_endpoint_wake_event.handler = ngx_http_endpoint_wake_listeners;
    ngx_http_endpoint_wake_event.log = cycle->log;

    if (slot >= ngx_http_endpoint_wake_nfds) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                      "no eventfd for the worker in slot %ui, "
                      "it will see ends of other workers late", slot);
        return NGX_OK;
    }

    return ngx_add_channel_event(cycle, ngx_http_endpoint_wake_fds[slot],
                                 NGX_READ_EVENT, ngx_http_endpoint_wake_read);
}


void
ngx_http_endpoint_wake_exit_process(ngx_cycle_t *cycle)
{
    if (ngx_http_endpoint_wake_me.slot == NGX_HTTP_ENDPOINT_WAKE_NONE) {
        return;
    }

    ngx_http_endpoint_wake_slots[ngx_http_endpoint_wake_me.slot].pid = 0;
    ngx_http_endpoint_wake_me.slot = NGX_HTTP_ENDPOINT_WAKE_NONE;
}


ngx_http_endpoint_worker_t
ngx_http_endpoint_wake_self(void)
{
    return ngx_http_endpoint_wake_me;
}


ngx_uint_t
ngx_http_endpoint_wake_alive(ngx_http_endpoint_worker_t worker)
{
    ngx_pid_t                       pid;
    ngx_http_endpoint_wake_slot_t  *s;

    if (worker.slot >= NGX_HTTP_ENDPOINT_WAKE_SLOTS
        || ngx_http_endpoint_wake_slots == NULL)
    {
        return 0;
    }

    s = &ngx_http_endpoint_wake_slots[worker.slot];

    pid = s->pid;

    if (s->generation != worker.generation || pid == 0) {
        return 0;
    }

    return pid == ngx_pid || kill(pid, 0) == 0 || ngx_errno != NGX_ESRCH;
}


ngx_uint_t
ngx_http_endpoint_wake_is(ngx_http_endpoint_worker_t worker, ngx_pid_t pid)
{
    ngx_http_endpoint_wake_slot_t  *s;

    if (worker.slot >= NGX_HTTP_ENDPOINT_WAKE_SLOTS
        || ngx_http_endpoint_wake_slots == NULL)
    {
        return 0;
    }

    s = &ngx_http_endpoint_wake_slots[worker.slot];

    return s->generation == worker.generation && s->pid == pid;
}


uint64_t
ngx_http_endpoint_wake_bit(ngx_http_endpoint_worker_t worker)
{
    return (uint64_t) 1 << (worker.slot % 64);
}


void
ngx_http_endpoint_wake(uint64_t set)
{
    uint64_t                    one;
    ngx_http_endpoint_worker_t  worker;

    one = 1;

    for (worker.slot = 0;
         worker.slot < ngx_http_endpoint_wake_nfds;
         worker.slot++)
    {
        if ((set & ngx_http_endpoint_wake_bit(worker)) == 0
            || worker.slot == ngx_http_endpoint_wake_me.slot
            || ngx_http_endpoint_wake_slots[worker.slot].pid == 0)
        {
            continue;
        }

        /* a full counter wakes as well, so its error does not matter */

        if (write(ngx_http_endpoint_wake_fds[worker.slot], &one,
                  sizeof(uint64_t))
            == -1)
        {
            ngx_log_debug1(NGX_LOG_DEBUG_CORE, ngx_cycle->log, ngx_errno,
                           "write() to eventfd of slot %uD", worker.slot);
        }
    }

    if (set & ngx_http_endpoint_wake_bit(ngx_http_endpoint_wake_me)) {
        ngx_post_event(&ngx_http_endpoint_wake_event, &ngx_posted_events);
    }
}


void
ngx_http_endpoint_wake_listen(ngx_http_endpoint_listener_t *listener)
{
    ngx_http_endpoint_listener_t  *l;

    for (l = ngx_http_endpoint_wake_first; l; l = l->next) {
        if (l == listener) {
            return;
        }
    }

    listener->next = ngx_http_endpoint_wake_first;
    ngx_http_endpoint_wake_first = listener;
}


static void
ngx_http_endpoint_wake_read(ngx_event_t *ev)
{
    uint64_t           count;
    ngx_connection_t  *c;

    c = ev->data;

    if (read(c->fd, &count, sizeof(uint64_t)) == -1
        && ngx_errno != NGX_EAGAIN)
    {
        ngx_log_error(NGX_LOG_ALERT, ev->log, ngx_errno,
                      "read() eventfd %d failed", c->fd);
    }

    ngx_http_endpoint_wake_listeners(ev);
}


static void
ngx_http_endpoint_wake_listeners(ngx_event_t *ev)
{
    ngx_http_endpoint_listener_t  *l;

    for (l = ngx_http_endpoint_wake_first; l; l = l->next) {
        l->handler();
    }
}
