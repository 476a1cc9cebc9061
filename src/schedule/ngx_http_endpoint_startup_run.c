
#include "ngx_http_endpoint_startup.h"
#include "ngx_http_endpoint_timer.h"


/* how often a worker looks while something has not ended, in milliseconds */
#define NGX_HTTP_ENDPOINT_STARTUP_LOOK   500


static void ngx_http_endpoint_startup_listen(void);
static void ngx_http_endpoint_startup_handler(ngx_event_t *ev);
static ngx_uint_t ngx_http_endpoint_startup_look(
    ngx_http_endpoint_startup_t *s);
static ngx_uint_t ngx_http_endpoint_startup_takes(
    ngx_http_endpoint_startup_t *s, ngx_http_endpoint_schedule_slot_t *slot);
static void ngx_http_endpoint_startup_gates(void);
static void ngx_http_endpoint_startup_start(ngx_http_endpoint_startup_t *s);
static void ngx_http_endpoint_startup_ended(ngx_http_endpoint_detached_t *d,
    void *data);
static void ngx_http_endpoint_startup_done(ngx_http_endpoint_startup_t *s,
    ngx_uint_t status, ngx_log_t *log);


/* of this worker */

static ngx_event_t                   ngx_http_endpoint_startup_timer;
static ngx_event_t                   ngx_http_endpoint_startup_posted;
static ngx_array_t                  *ngx_http_endpoint_startup_all;
static ngx_http_endpoint_zone_t     *ngx_http_endpoint_startup_zone;

static ngx_http_endpoint_listener_t  ngx_http_endpoint_startup_listener = {
    ngx_http_endpoint_startup_listen,
    NULL
};


void
ngx_http_endpoint_startup_init_process(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf)
{
    if (emcf->startups.nelts == 0
        || (ngx_process != NGX_PROCESS_WORKER
            && ngx_process != NGX_PROCESS_SINGLE))
    {
        return;
    }

    ngx_http_endpoint_startup_all = &emcf->startups;
    ngx_http_endpoint_startup_zone = emcf->schedule_zone;

    ngx_http_endpoint_timer_init(&ngx_http_endpoint_startup_timer,
                                 ngx_http_endpoint_startup_handler,
                                 cycle->log);
    ngx_http_endpoint_timer_init(&ngx_http_endpoint_startup_posted,
                                 ngx_http_endpoint_startup_handler,
                                 cycle->log);

    ngx_http_endpoint_startup_timer.cancelable = 1;

    ngx_add_timer(&ngx_http_endpoint_startup_timer, 1);

    ngx_http_endpoint_wake_listen(&ngx_http_endpoint_startup_listener);
}


/* called from an event, for whatever reason this worker was woken */

static void
ngx_http_endpoint_startup_listen(void)
{
    if (ngx_http_endpoint_startup_timer.timer_set) {
        ngx_post_event(&ngx_http_endpoint_startup_posted, &ngx_posted_events);
    }
}


static void
ngx_http_endpoint_startup_handler(ngx_event_t *ev)
{
    ngx_uint_t                     i, more;
    ngx_http_endpoint_startup_t  **s;

    more = 0;
    s = ngx_http_endpoint_startup_all->elts;

    for (i = 0; i < ngx_http_endpoint_startup_all->nelts; i++) {
        if (ngx_http_endpoint_startup_look(s[i])) {
            more = 1;
        }
    }

    ngx_http_endpoint_startup_gates();

    if (more) {
        ngx_add_timer(&ngx_http_endpoint_startup_timer,
                      NGX_HTTP_ENDPOINT_STARTUP_LOOK);

    } else if (ngx_http_endpoint_startup_timer.timer_set) {
        ngx_del_timer(&ngx_http_endpoint_startup_timer);
    }
}


/* whether it has to be looked at again */

static ngx_uint_t
ngx_http_endpoint_startup_look(ngx_http_endpoint_startup_t *s)
{
    ngx_uint_t                          takes;
    ngx_http_endpoint_schedule_slot_t  *slot;

    if (s->done) {
        return 0;
    }

    ngx_http_endpoint_zone_lock(ngx_http_endpoint_startup_zone);

    slot = ngx_http_endpoint_schedule_slot(ngx_http_endpoint_startup_zone,
                                           s->timed.key, 0);

    takes = ngx_http_endpoint_startup_takes(s, slot);

    if (slot->taken && slot->taken <= slot->done) {
        s->done = 1;
    }

    ngx_http_endpoint_zone_unlock(ngx_http_endpoint_startup_zone);

    if (takes) {
        ngx_http_endpoint_startup_start(s);
    }

    return !s->done;
}


/* whether a run of it is this worker's from now on */

static ngx_uint_t
ngx_http_endpoint_startup_takes(ngx_http_endpoint_startup_t *s,
    ngx_http_endpoint_schedule_slot_t *slot)
{
    if (ngx_exiting || ngx_quit || ngx_terminate
        || ngx_http_endpoint_wake_self().slot == NGX_HTTP_ENDPOINT_WAKE_NONE)
    {
        return 0;
    }

    if (slot->taken > slot->done) {
        return ngx_http_endpoint_timed_adopt(&s->timed, slot, "");
    }

    if (slot->taken) {
        return 0;
    }

    slot->owner = ngx_http_endpoint_wake_self();
    slot->deaths = 0;
    ngx_memory_barrier();

    s->timed.taken = ngx_max(ngx_current_msec, 1);
    slot->taken = s->timed.taken;

    return 1;
}


/* one that has several is opened when all of them have ended */

static void
ngx_http_endpoint_startup_gates(void)
{
    ngx_uint_t                     i, k;
    ngx_http_endpoint_startup_t  **s;

    s = ngx_http_endpoint_startup_all->elts;

    for (i = 0; i < ngx_http_endpoint_startup_all->nelts; i++) {

        for (k = 0; k < ngx_http_endpoint_startup_all->nelts; k++) {
            if (s[k]->timed.conf->gate == s[i]->timed.conf->gate
                && !s[k]->done)
            {
                break;
            }
        }

        if (k == ngx_http_endpoint_startup_all->nelts) {
            ngx_http_endpoint_gate_open(s[i]->timed.conf->gate);
        }
    }
}


static void
ngx_http_endpoint_startup_start(ngx_http_endpoint_startup_t *s)
{
    ngx_http_endpoint_detached_t  *d;

    d = ngx_http_endpoint_timed_create(&s->timed);

    if (d == NULL) {
        ngx_http_endpoint_startup_done(s, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                       ngx_cycle->log);
        return;
    }

    ngx_http_endpoint_detached_start(d, s->timed.timeout,
                                     ngx_http_endpoint_startup_ended, s);
}


static void
ngx_http_endpoint_startup_ended(ngx_http_endpoint_detached_t *d, void *data)
{
    ngx_http_endpoint_startup_done(data, d->run.result.status, &d->log);
}


static void
ngx_http_endpoint_startup_done(ngx_http_endpoint_startup_t *s,
    ngx_uint_t status, ngx_log_t *log)
{
    if (status < 200 || status > 299) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "the run ended with %ui, endpoints of this server are "
                      "served without it", status);
    }

    ngx_http_endpoint_schedule_done(ngx_http_endpoint_startup_zone,
                                    s->timed.key, s->timed.taken,
                                    ngx_current_msec);

    /* all workers, this one too */

    ngx_http_endpoint_wake((uint64_t) -1);
}
