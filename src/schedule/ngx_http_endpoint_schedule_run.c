
#include "ngx_http_endpoint_schedule.h"
#include "ngx_http_endpoint_timer.h"


/*
 * How often a worker looks at least: in milliseconds, and so how long it takes
 * until the run of a dead worker is taken over, or a clock that was set is
 * seen.
 */
#define NGX_HTTP_ENDPOINT_SCHEDULE_LOOK    500

/* a tick that is older was missed: the machine stood still */
#define NGX_HTTP_ENDPOINT_SCHEDULE_LATE    60000

/* a clock that was set back further has no ticks that were taken already */
#define NGX_HTTP_ENDPOINT_SCHEDULE_BACK    (3 * 3600 * 1000)


static void ngx_http_endpoint_schedule_handler(ngx_event_t *ev);
static ngx_msec_t ngx_http_endpoint_schedule_look(
    ngx_http_endpoint_schedule_t *s);
static ngx_msec_t ngx_http_endpoint_schedule_due(
    ngx_http_endpoint_schedule_t *s, ngx_http_endpoint_schedule_slot_t *slot,
    uint64_t now);
static uint64_t ngx_http_endpoint_schedule_next(
    ngx_http_endpoint_schedule_t *s, uint64_t taken, uint64_t base);
static uint64_t ngx_http_endpoint_schedule_now(
    ngx_http_endpoint_schedule_t *s);
static void ngx_http_endpoint_schedule_ended(ngx_http_endpoint_detached_t *d,
    void *data);


/* of this worker */

static ngx_event_t                ngx_http_endpoint_schedule_timer;
static ngx_array_t               *ngx_http_endpoint_schedule_all;
static ngx_http_endpoint_zone_t  *ngx_http_endpoint_schedule_zone;


void
ngx_http_endpoint_schedule_init_process(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf)
{
    if (emcf->schedules.nelts == 0
        || ngx_http_endpoint_wake_self().slot == NGX_HTTP_ENDPOINT_WAKE_NONE)
    {
        return;
    }

    ngx_http_endpoint_schedule_all = &emcf->schedules;
    ngx_http_endpoint_schedule_zone = emcf->schedule_zone;

    ngx_http_endpoint_timer_init(&ngx_http_endpoint_schedule_timer,
                                 ngx_http_endpoint_schedule_handler,
                                 cycle->log);

    ngx_http_endpoint_schedule_timer.cancelable = 1;

    ngx_add_timer(&ngx_http_endpoint_schedule_timer, 1);
}


static void
ngx_http_endpoint_schedule_handler(ngx_event_t *ev)
{
    ngx_uint_t                      i;
    ngx_msec_t                      left, least;
    ngx_http_endpoint_schedule_t  **s;

    if (ngx_exiting || ngx_quit || ngx_terminate) {
        return;
    }

    least = NGX_HTTP_ENDPOINT_SCHEDULE_LOOK;
    s = ngx_http_endpoint_schedule_all->elts;

    for (i = 0; i < ngx_http_endpoint_schedule_all->nelts; i++) {
        left = ngx_http_endpoint_schedule_look(s[i]);
        least = ngx_min(least, left);
    }

    ngx_add_timer(ev, ngx_max(least, 1));
}


/* returns the milliseconds until the next look */

static ngx_msec_t
ngx_http_endpoint_schedule_look(ngx_http_endpoint_schedule_t *s)
{
    uint64_t                            now;
    ngx_msec_t                          left;
    ngx_uint_t                          start;
    ngx_http_endpoint_schedule_slot_t  *slot;

    now = ngx_http_endpoint_schedule_now(s);
    left = NGX_HTTP_ENDPOINT_SCHEDULE_LOOK;

    ngx_http_endpoint_zone_lock(ngx_http_endpoint_schedule_zone);

    slot = ngx_http_endpoint_schedule_slot(ngx_http_endpoint_schedule_zone,
                                           s->timed.key, now);

    if (slot->taken > slot->done) {
        start = ngx_http_endpoint_timed_adopt(&s->timed, slot,
                                              " until its next time");

    } else {
        left = ngx_http_endpoint_schedule_due(s, slot, now);
        start = (left == 0);
    }

    ngx_http_endpoint_zone_unlock(ngx_http_endpoint_schedule_zone);

    if (!start) {
        return left;
    }

    if (s->upstream.len) {
        ngx_http_endpoint_schedule_claim(s);

    } else {
        ngx_http_endpoint_schedule_launch(s);
    }

    return NGX_HTTP_ENDPOINT_SCHEDULE_LOOK;
}


/* 0: the tick is taken */

static ngx_msec_t
ngx_http_endpoint_schedule_due(ngx_http_endpoint_schedule_t *s,
    ngx_http_endpoint_schedule_slot_t *slot, uint64_t now)
{
    uint64_t  base, next, back;

    /* what the clock shows again counts, but for a time of its own */

    back = s->cron.any_time ? NGX_HTTP_ENDPOINT_SCHEDULE_LATE
                            : NGX_HTTP_ENDPOINT_SCHEDULE_BACK;

    if (slot->done > now + back) {
        slot->taken = now;
        slot->done = now;
    }

    base = slot->done;
    next = ngx_http_endpoint_schedule_next(s, slot->taken, base);

    if (next + NGX_HTTP_ENDPOINT_SCHEDULE_LATE < now) {
        base = now - NGX_HTTP_ENDPOINT_SCHEDULE_LATE;
        slot->done = base;
        next = ngx_http_endpoint_schedule_next(s, slot->taken, base);
    }

    if (next > now) {
        return ngx_min(next - now, NGX_HTTP_ENDPOINT_SCHEDULE_LOOK);
    }

    slot->owner = ngx_http_endpoint_wake_self();
    slot->deaths = 0;
    ngx_memory_barrier();

    /* an end may be later than the clock, where that was set back a little */

    s->timed.taken = ngx_max(next, slot->done + 1);
    slot->taken = s->timed.taken;

    return 0;
}


static uint64_t
ngx_http_endpoint_schedule_next(ngx_http_endpoint_schedule_t *s,
    uint64_t taken, uint64_t base)
{
    time_t  next;

    /* of all machines at the same time */

    if (s->interval && s->upstream.len) {
        return s->interval * (ngx_max(taken, base) / s->interval + 1);
    }

    if (s->interval) {
        return taken + s->interval * ((base - taken) / s->interval + 1);
    }

    if (s->base != base || s->next == 0) {
        next = ngx_http_endpoint_cron_next(&s->cron, base / 1000);

        s->base = base;
        s->next = next ? (uint64_t) next * 1000 : NGX_MAX_INT_T_VALUE;
    }

    return s->next;
}


/*
 * An interval is counted by a clock that nobody sets; all processes of a
 * machine read the same.
 */

static uint64_t
ngx_http_endpoint_schedule_now(ngx_http_endpoint_schedule_t *s)
{
    ngx_time_t  *tp;

    if (s->interval && s->upstream.len == 0) {
        return ngx_current_msec;
    }

    tp = ngx_timeofday();

    return (uint64_t) tp->sec * 1000 + tp->msec;
}


void
ngx_http_endpoint_schedule_launch(ngx_http_endpoint_schedule_t *s)
{
    ngx_http_endpoint_detached_t  *d;

    d = ngx_http_endpoint_timed_create(&s->timed);

    if (d == NULL) {
        ngx_http_endpoint_schedule_release(s);
        return;
    }

    ngx_http_endpoint_detached_start(d, ngx_http_endpoint_schedule_timeout(s),
                                     ngx_http_endpoint_schedule_ended, s);
}


ngx_msec_t
ngx_http_endpoint_schedule_timeout(ngx_http_endpoint_schedule_t *s)
{
    return s->timed.plan->timeout ? s->timed.plan->timeout
           : s->timed.timeout ? s->timed.timeout : s->timed.conf->timeout;
}


static void
ngx_http_endpoint_schedule_ended(ngx_http_endpoint_detached_t *d, void *data)
{
    ngx_http_endpoint_schedule_t *s = data;

    ngx_uint_t  level, status;

    status = d->run.result.status;
    level = (status < 500) ? NGX_LOG_INFO : NGX_LOG_ERR;

    if (status < 200 || status > 299) {
        ngx_log_error(level, &d->log, 0, "the run ended with %ui", status);
    }

    if (s->upstream.len) {
        ngx_http_endpoint_schedule_tell(s);

    } else {
        ngx_http_endpoint_schedule_release(s);
    }
}


/* what was due meanwhile is not made up for */

void
ngx_http_endpoint_schedule_release(ngx_http_endpoint_schedule_t *s)
{
    ngx_http_endpoint_schedule_done(ngx_http_endpoint_schedule_zone,
                                    s->timed.key, s->timed.taken,
                                    ngx_http_endpoint_schedule_now(s));
}
