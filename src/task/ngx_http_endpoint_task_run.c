
#include "ngx_http_endpoint_task_start.h"
#include "ngx_http_endpoint_timer.h"


/* how often a worker looks for what others have left */
#define NGX_HTTP_ENDPOINT_TASK_TICK      500

/* tasks that are started before others have their turn */
#define NGX_HTTP_ENDPOINT_TASK_TURN      64

/* when a task whose block this configuration has not is looked at again */
#define NGX_HTTP_ENDPOINT_TASK_POSTPONE  60000


/* what runs the tasks of a zone in this worker */
typedef struct {
    ngx_http_endpoint_task_zone_t   *zone;
    ngx_event_t                      tick;
    ngx_event_t                      look;      /* posted */
    ngx_msec_t                       exiting;   /* since then; 0: it is not */
} ngx_http_endpoint_task_runner_t;


/* a task under way, in memory of its run */
typedef struct {
    ngx_http_endpoint_task_t         task;
    ngx_http_endpoint_task_zone_t   *zone;
} ngx_http_endpoint_task_run_t;


static void ngx_http_endpoint_task_listen(void);
static void ngx_http_endpoint_task_tick(ngx_event_t *ev);
static void ngx_http_endpoint_task_look(ngx_event_t *ev);
static ngx_uint_t ngx_http_endpoint_task_leaves(
    ngx_http_endpoint_task_zone_t *zone);
static ngx_uint_t ngx_http_endpoint_task_stays(
    ngx_http_endpoint_task_runner_t *runner, ngx_msec_t wait);
static ngx_msec_t ngx_http_endpoint_task_start_due(
    ngx_http_endpoint_task_zone_t *zone, ngx_uint_t *more);
static void ngx_http_endpoint_task_start(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_t *task);
static void ngx_http_endpoint_task_launch(
    ngx_http_endpoint_task_block_t *tb, ngx_http_endpoint_task_t *task);
static void ngx_http_endpoint_task_fail(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_t *task, ngx_str_t *error, ngx_log_t *log);
static void ngx_http_endpoint_task_ended(ngx_http_endpoint_detached_t *d,
    void *data);


static ngx_http_endpoint_main_conf_t    *ngx_http_endpoint_task_main;
static ngx_http_endpoint_task_runner_t  *ngx_http_endpoint_task_runners;
static ngx_uint_t                      ngx_http_endpoint_task_nrunners;

static ngx_http_endpoint_listener_t    ngx_http_endpoint_task_listener = {
    ngx_http_endpoint_task_listen,
    NULL
};


ngx_int_t
ngx_http_endpoint_task_init_process(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf)
{
    ngx_uint_t                        i, n;
    ngx_http_endpoint_task_zone_t   **zones;
    ngx_http_endpoint_task_runner_t  *runner;

    n = emcf->task_zones.nelts;

    if (n == 0 || (ngx_process != NGX_PROCESS_WORKER
                   && ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    runner = ngx_pcalloc(cycle->pool,
                         n * sizeof(ngx_http_endpoint_task_runner_t));
    if (runner == NULL) {
        return NGX_ERROR;
    }

    ngx_http_endpoint_task_main = emcf;
    ngx_http_endpoint_task_runners = runner;
    ngx_http_endpoint_task_nrunners = n;

    zones = emcf->task_zones.elts;

    for (i = 0; i < n; i++) {
        runner[i].zone = zones[i];

        ngx_http_endpoint_timer_init(&runner[i].tick,
                                     ngx_http_endpoint_task_tick, cycle->log);
        ngx_http_endpoint_timer_init(&runner[i].look,
                                     ngx_http_endpoint_task_look, cycle->log);

        runner[i].tick.data = &runner[i];
        runner[i].look.data = &runner[i];

        runner[i].tick.cancelable = 1;
        ngx_add_timer(&runner[i].tick, 1);
    }

    ngx_http_endpoint_wake_listen(&ngx_http_endpoint_task_listener);

    return NGX_OK;
}


void
ngx_http_endpoint_task_wake(ngx_http_endpoint_task_zone_t *zone)
{
    ngx_uint_t  i;

    if (ngx_http_endpoint_task_leaves(zone)) {

        /* it is for the workers that stay */

        ngx_http_endpoint_wake((uint64_t) -1);
        return;
    }

    for (i = 0; i < ngx_http_endpoint_task_nrunners; i++) {
        if (ngx_http_endpoint_task_runners[i].zone == zone) {
            ngx_post_event(&ngx_http_endpoint_task_runners[i].look,
                           &ngx_posted_events);
        }
    }
}


/* called from an event, for whatever reason this worker was woken */

static void
ngx_http_endpoint_task_listen(void)
{
    ngx_uint_t  i;

    for (i = 0; i < ngx_http_endpoint_task_nrunners; i++) {
        if (ngx_http_endpoint_task_runners[i].zone->sh->nwaiting) {
            ngx_post_event(&ngx_http_endpoint_task_runners[i].look,
                           &ngx_posted_events);
        }
    }
}


static void
ngx_http_endpoint_task_tick(ngx_event_t *ev)
{
    ngx_uint_t                        n;
    ngx_http_endpoint_task_runner_t  *runner;

    runner = ev->data;

    if (ngx_http_endpoint_task_leaves(runner->zone)) {
        return;
    }

    /* a look without the lock: what is missed now is seen the next time */

    if (runner->zone->sh->held.n) {
        n = ngx_http_endpoint_task_reap(runner->zone);

        if (n) {
            ngx_log_error(NGX_LOG_NOTICE, ev->log, 0,
                          "zone \"%V\": %ui tasks of a worker process that "
                          "died are taken over", &runner->zone->zone.name, n);
        }
    }

    ngx_http_endpoint_task_look(ev);
}


static void
ngx_http_endpoint_task_look(ngx_event_t *ev)
{
    ngx_uint_t                        more;
    ngx_msec_t                        wait;
    ngx_http_endpoint_task_runner_t  *runner;

    runner = ev->data;

    if (ngx_http_endpoint_task_leaves(runner->zone)) {
        return;
    }

    wait = 0;
    more = 0;

    if (runner->zone->sh->nwaiting) {
        wait = ngx_http_endpoint_task_start_due(runner->zone, &more);
    }

    if (more) {
        ngx_post_event(&runner->look, &ngx_posted_next_events);
    }

    runner->tick.cancelable = !ngx_http_endpoint_task_stays(runner, wait);

    ngx_add_timer(&runner->tick, wait ? ngx_min(wait,
                                                NGX_HTTP_ENDPOINT_TASK_TICK)
                                      : NGX_HTTP_ENDPOINT_TASK_TICK);
}


/*
 * What is in a zone that was left behind nobody else does: whether a worker
 * stays for it, as long as it would for a run.  wait: until the next is due.
 */

static ngx_uint_t
ngx_http_endpoint_task_stays(ngx_http_endpoint_task_runner_t *runner,
    ngx_msec_t wait)
{
    ngx_msec_t  limit;

    if (runner->zone->sh->nwaiting == 0) {
        return 0;
    }

    /* one that is told to exit looks once more: the zone may be left by then */

    if (!ngx_exiting) {
        return 1;
    }

    if (!runner->zone->sh->moved) {
        return 0;
    }

    if (runner->exiting == 0) {
        runner->exiting = ngx_current_msec;
    }

    limit = ngx_http_endpoint_detached_shutdown();

    return ngx_current_msec - runner->exiting + wait < limit;
}


/* a worker that exits leaves the tasks to the others, where there are any */

static ngx_uint_t
ngx_http_endpoint_task_leaves(ngx_http_endpoint_task_zone_t *zone)
{
    return ngx_exiting && !zone->sh->moved;
}


/* returns the time until the next is due; 0: none waits */

static ngx_msec_t
ngx_http_endpoint_task_start_due(ngx_http_endpoint_task_zone_t *zone,
    ngx_uint_t *more)
{
    ngx_int_t                  rc;
    ngx_uint_t                 i;
    ngx_msec_t                 wait;
    ngx_http_endpoint_task_t   task;

    wait = 0;
    rc = NGX_OK;

    for (i = 0; i < NGX_HTTP_ENDPOINT_TASK_TURN; i++) {
        rc = ngx_http_endpoint_task_take(zone, &task, &wait);

        if (rc != NGX_OK) {
            break;
        }

        ngx_http_endpoint_task_start(zone, &task);
    }

    *more = (rc == NGX_OK);

    return wait;
}


static void
ngx_http_endpoint_task_start(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_t *task)
{
    ngx_str_t                        error;
    ngx_http_endpoint_task_block_t  *tb;

    static ngx_str_t  died = ngx_string("its worker process died");

    tb = ngx_http_endpoint_task_block_find(ngx_http_endpoint_task_main, zone,
                                           task->identity);

    if (tb == NULL) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "zone \"%V\": the background block of task %uL is not "
                      "in this configuration, the task waits",
                      &zone->zone.name, task->id);

        ngx_http_endpoint_task_postpone(zone, task,
                                        NGX_HTTP_ENDPOINT_TASK_POSTPONE);
        return;
    }

    if (task->attempt > zone->policy.retries + 1) {

        /* the last one killed its worker, or more of them were allowed */

        error.data = task->error;
        error.len = task->nerror;

        ngx_http_endpoint_task_fail(zone, task, error.len ? &error : &died,
                                    ngx_cycle->log);
        return;
    }

    ngx_http_endpoint_task_launch(tb, task);
}


static void
ngx_http_endpoint_task_launch(ngx_http_endpoint_task_block_t *tb,
    ngx_http_endpoint_task_t *task)
{
    u_char                         text[NGX_INT64_LEN];
    ngx_str_t                      id;
    ngx_http_endpoint_detached_t  *d;
    ngx_http_endpoint_task_run_t  *tr;

    static ngx_str_t  memory = ngx_string("out of memory");

    id.data = text;
    id.len = ngx_sprintf(text, "%uL", task->id) - text;

    d = ngx_http_endpoint_task_create(tb, &id, task->attempt);

    if (d == NULL) {
        goto failed;
    }

    tr = ngx_palloc(d->pool, sizeof(ngx_http_endpoint_task_run_t));

    if (tr == NULL
        || ngx_http_endpoint_task_read(tb->zone, task, d->pool) != NGX_OK)
    {
        ngx_http_endpoint_detached_cancel(d);
        goto failed;
    }

    tr->task = *task;
    tr->zone = tb->zone;

    if (ngx_http_endpoint_task_begin(d, tb, &task->values,
                                     ngx_http_endpoint_task_ended, tr)
        == NGX_OK)
    {
        return;
    }

failed:

    ngx_http_endpoint_task_fail(tb->zone, task, &memory, ngx_cycle->log);
}


static void
ngx_http_endpoint_task_ended(ngx_http_endpoint_detached_t *d, void *data)
{
    ngx_http_endpoint_task_run_t *tr = data;

    ngx_str_t  error;

    if (ngx_http_endpoint_task_outcome(d, &error) == NGX_OK) {
        ngx_http_endpoint_task_done(tr->zone, &tr->task);

    } else {
        ngx_http_endpoint_task_fail(tr->zone, &tr->task, &error, &d->log);
    }

    if (tr->zone->sh->nwaiting) {
        ngx_http_endpoint_task_wake(tr->zone);
    }
}


static void
ngx_http_endpoint_task_fail(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_t *task, ngx_str_t *error, ngx_log_t *log)
{
    if (ngx_http_endpoint_task_failed(zone, task, error)) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "task %uL of zone \"%V\" failed at attempt %ui, it is "
                      "tried again", task->id, &zone->zone.name,
                      task->attempt);
        return;
    }

    ngx_log_error(NGX_LOG_ERR, log, 0,
                  "task %uL of zone \"%V\" is dead after %ui attempts",
                  task->id, &zone->zone.name, task->attempt);
}
