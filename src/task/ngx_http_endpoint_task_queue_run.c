
#include "ngx_http_endpoint_detached.h"
#include "ngx_http_endpoint_task_queue_runner.h"
#include "ngx_http_endpoint_timer.h"


/* how often leases are renewed: a third of what they last */
#define NGX_HTTP_ENDPOINT_QUEUE_RENEW     10000

/* how long until it is asked again whether the tables are there */
#define NGX_HTTP_ENDPOINT_QUEUE_VERSION   5000

/* how often it is asked which tasks no block is for */
#define NGX_HTTP_ENDPOINT_QUEUE_STRANGE   60000

/* an exiting worker stays for so long to tell of the ends of its tasks */
#define NGX_HTTP_ENDPOINT_QUEUE_LINGER    5000

/* tasks that are taken with one statement */
#define NGX_HTTP_ENDPOINT_QUEUE_BATCH     100


static ngx_int_t ngx_http_endpoint_queue_runner(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf,
    ngx_http_endpoint_task_queue_t *queue);
static ngx_int_t ngx_http_endpoint_queue_blocks(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf,
    ngx_http_endpoint_task_queue_runner_t *r);
static void ngx_http_endpoint_queue_woken(void);
static void ngx_http_endpoint_queue_heard(void *data, const char *payload);
static void ngx_http_endpoint_queue_tick(ngx_event_t *ev);
static void ngx_http_endpoint_queue_tend(
    ngx_http_endpoint_task_queue_runner_t *r);
static void ngx_http_endpoint_queue_lead_on(
    ngx_http_endpoint_task_queue_runner_t *r);
static void ngx_http_endpoint_queue_leave(
    ngx_http_endpoint_task_queue_runner_t *r);
static ngx_msec_t ngx_http_endpoint_queue_wait(
    ngx_http_endpoint_task_queue_runner_t *r);
static ngx_uint_t ngx_http_endpoint_queue_busy(
    ngx_http_endpoint_task_queue_runner_t *r);
static void ngx_http_endpoint_queue_look(ngx_event_t *ev);
static ngx_uint_t ngx_http_endpoint_queue_share(
    ngx_http_endpoint_task_queue_runner_t *r);


static ngx_http_endpoint_main_conf_t  *ngx_http_endpoint_queue_main;

static ngx_http_endpoint_listener_t  ngx_http_endpoint_queue_listener = {
    ngx_http_endpoint_queue_woken,
    NULL
};


ngx_int_t
ngx_http_endpoint_task_queue_init_process(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf)
{
    ngx_uint_t                        i;
    ngx_http_endpoint_task_queue_t  **queues;

    if (emcf->task_queues.nelts == 0
        || ngx_http_endpoint_wake_self().slot == NGX_HTTP_ENDPOINT_WAKE_NONE)
    {
        return NGX_OK;
    }

    ngx_http_endpoint_queue_main = emcf;

    queues = emcf->task_queues.elts;

    for (i = 0; i < emcf->task_queues.nelts; i++) {
        if (ngx_http_endpoint_queue_runner(cycle, emcf, queues[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_http_endpoint_wake_listen(&ngx_http_endpoint_queue_listener);

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_queue_runner(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_task_queue_t *queue)
{
    ngx_http_endpoint_task_queue_runner_t  *r;

    r = ngx_pcalloc(cycle->pool,
                    sizeof(ngx_http_endpoint_task_queue_runner_t));
    if (r == NULL) {
        return NGX_ERROR;
    }

    r->queue = queue;
    r->sh = ngx_http_endpoint_queue_find(queue->zone, queue->key);
    r->place = ngx_http_endpoint_queue_join(queue->zone, r->sh);

    if (r->place == NULL) {
        ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                      "queue \"%V\": too many worker processes, this one runs "
                      "no tasks of it", &queue->name);
        return NGX_OK;
    }

    ngx_queue_init(&r->ready);
    ngx_queue_init(&r->running);
    ngx_queue_init(&r->ended);
    ngx_queue_init(&r->doubts);

    r->calls = r->sh->calls;
    r->renewed = ngx_current_msec;
    r->strange = ngx_current_msec - NGX_HTTP_ENDPOINT_QUEUE_STRANGE;
    r->asked = ngx_current_msec - NGX_HTTP_ENDPOINT_QUEUE_VERSION;

    ngx_http_endpoint_timer_init(&r->tick, ngx_http_endpoint_queue_tick,
                                 cycle->log);
    ngx_http_endpoint_timer_init(&r->look, ngx_http_endpoint_queue_look,
                                 cycle->log);

    r->listen = ngx_http_endpoint_pg_listen_create(queue->pool,
                                               "LISTEN endpoint_task",
                                               cycle->pool,
                                               ngx_http_endpoint_queue_heard,
                                               r);
    if (r->listen == NULL
        || ngx_http_endpoint_queue_blocks(cycle, emcf, r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    queue->runner = r;

    r->tick.cancelable = 1;
    ngx_add_timer(&r->tick, 1);

    return NGX_OK;
}


/* tasks of other blocks are left to machines that have those */

static ngx_int_t
ngx_http_endpoint_queue_blocks(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf,
    ngx_http_endpoint_task_queue_runner_t *r)
{
    u_char                           *p;
    ngx_uint_t                        i;
    ngx_http_endpoint_task_block_t  **tb;

    tb = emcf->task_blocks.elts;

    p = ngx_pnalloc(cycle->pool, 2 + emcf->task_blocks.nelts
                                 * sizeof(tb[0]->digest));
    if (p == NULL) {
        return NGX_ERROR;
    }

    r->blocks.data = p;
    *p++ = '{';

    for (i = 0; i < emcf->task_blocks.nelts; i++) {

        if (tb[i]->queue != r->queue) {
            continue;
        }

        if (p[-1] != '{') {
            *p++ = ',';
        }

        p = ngx_cpymem(p, tb[i]->digest, sizeof(tb[0]->digest) - 1);
    }

    *p++ = '}';
    r->blocks.len = p - r->blocks.data;

    return NGX_OK;
}


ngx_http_endpoint_task_block_t *
ngx_http_endpoint_queue_block(ngx_http_endpoint_task_queue_runner_t *r,
    const char *digest)
{
    ngx_uint_t                        i;
    ngx_http_endpoint_main_conf_t    *emcf;
    ngx_http_endpoint_task_block_t  **tb;

    emcf = ngx_http_endpoint_queue_main;
    tb = emcf->task_blocks.elts;

    for (i = 0; i < emcf->task_blocks.nelts; i++) {
        if (tb[i]->queue == r->queue
            && ngx_strcmp(tb[i]->digest, digest) == 0)
        {
            return tb[i];
        }
    }

    return NULL;
}


void
ngx_http_endpoint_task_queue_wake(ngx_http_endpoint_task_queue_t *queue,
    ngx_msec_t delay, ngx_uint_t told)
{
    ngx_msec_t                              due;
    ngx_http_endpoint_task_queue_runner_t  *r;

    r = queue->runner;

    if (r == NULL || ngx_exiting) {

        /* it is for those that stay, and where none does for others */

        if (r) {
            ngx_http_endpoint_queue_call(r);
            ngx_http_endpoint_queue_notify(r);
        }

        return;
    }

    if (delay == 0) {
        r->offer |= !told;
        ngx_http_endpoint_queue_look_soon(r);
        return;
    }

    due = ngx_current_msec + delay;

    if (!r->has_due || (ngx_msec_int_t) (due - r->due) < 0) {
        r->has_due = 1;
        r->due = due;

        if (delay < NGX_HTTP_ENDPOINT_QUEUE_TICK) {
            ngx_add_timer(&r->tick, delay);
        }
    }
}


void
ngx_http_endpoint_queue_call(ngx_http_endpoint_task_queue_runner_t *r)
{
    (void) ngx_atomic_fetch_add(&r->sh->calls, 1);
    r->calls = r->sh->calls;

    ngx_http_endpoint_wake((uint64_t) -1);
}


/* another worker has found more than it can run */

static void
ngx_http_endpoint_queue_woken(void)
{
    ngx_uint_t                               i;
    ngx_http_endpoint_task_queue_t         **queues;
    ngx_http_endpoint_task_queue_runner_t   *r;

    queues = ngx_http_endpoint_queue_main->task_queues.elts;

    for (i = 0; i < ngx_http_endpoint_queue_main->task_queues.nelts; i++) {
        r = queues[i]->runner;

        if (r && r->calls != r->sh->calls) {
            r->calls = r->sh->calls;
            ngx_http_endpoint_queue_look_soon(r);
        }
    }
}


/* another machine has queued something, or it may have without being heard */

static void
ngx_http_endpoint_queue_heard(void *data, const char *payload)
{
    ngx_http_endpoint_task_queue_runner_t *r = data;

    ngx_str_t  *name;

    name = &r->queue->name;

    if (payload == NULL
        || (ngx_strlen(payload) == name->len
            && ngx_strncmp(payload, name->data, name->len) == 0))
    {
        ngx_http_endpoint_queue_look_soon(r);
    }
}


static void
ngx_http_endpoint_queue_tick(ngx_event_t *ev)
{
    ngx_http_endpoint_task_queue_runner_t  *r;

    r = ngx_queue_data(ev, ngx_http_endpoint_task_queue_runner_t, tick);

    if (ngx_exiting) {
        ngx_http_endpoint_queue_leave(r);

    } else {
        r->leads = ngx_http_endpoint_queue_lead(r->queue->zone, r->sh);

        if (r->ok) {
            ngx_http_endpoint_queue_tend(r);

        } else if (ngx_current_msec - r->asked
                   >= NGX_HTTP_ENDPOINT_QUEUE_VERSION)
        {
            r->asked = ngx_current_msec;
            ngx_http_endpoint_queue_ask(r);
        }
    }

    /* what could not be told is told again */

    ngx_http_endpoint_queue_tell_all(r);
    ngx_http_endpoint_queue_undo(r);

    if (ngx_current_msec - r->renewed >= NGX_HTTP_ENDPOINT_QUEUE_RENEW) {
        r->renewed = ngx_current_msec;
        ngx_http_endpoint_queue_renew(r);
    }

    /* an exiting worker stays for what it has, but not for ever */

    r->tick.cancelable = !ngx_http_endpoint_queue_busy(r);

    if (!ngx_exiting || !r->tick.cancelable) {
        ngx_add_timer(&r->tick, ngx_http_endpoint_queue_wait(r));
    }
}


static void
ngx_http_endpoint_queue_tend(ngx_http_endpoint_task_queue_runner_t *r)
{
    if (r->has_due && (ngx_msec_int_t) (ngx_current_msec - r->due) >= 0) {
        r->has_due = 0;
        ngx_http_endpoint_queue_look_soon(r);
    }

    if (r->notify) {
        ngx_http_endpoint_queue_notify(r);
    }

    if (r->leads) {
        ngx_http_endpoint_queue_lead_on(r);
    }
}


static void
ngx_http_endpoint_queue_lead_on(ngx_http_endpoint_task_queue_runner_t *r)
{
    ngx_http_endpoint_pg_listen_start(r->listen);

    ngx_http_endpoint_queue_free_dead(r);

    if (ngx_current_msec - r->polled >= r->queue->poll) {
        r->polled = ngx_current_msec;
        ngx_http_endpoint_queue_look_soon(r);
    }

    if (ngx_current_msec - r->strange >= NGX_HTTP_ENDPOINT_QUEUE_STRANGE) {
        r->strange = ngx_current_msec;
        ngx_http_endpoint_queue_strangers(r);
    }
}


static void
ngx_http_endpoint_queue_leave(ngx_http_endpoint_task_queue_runner_t *r)
{
    if (r->exiting == 0) {
        r->exiting = ngx_current_msec;
    }

    if (r->leads) {
        r->leads = 0;
        ngx_http_endpoint_pg_listen_stop(r->listen);
        ngx_http_endpoint_queue_resign(r->queue->zone, r->sh);
    }

    if (!ngx_http_endpoint_queue_busy(r) && r->place->running == 0) {
        r->place->used = 0;
    }
}


static ngx_msec_t
ngx_http_endpoint_queue_wait(ngx_http_endpoint_task_queue_runner_t *r)
{
    ngx_msec_int_t  left;

    if (!r->has_due) {
        return NGX_HTTP_ENDPOINT_QUEUE_TICK;
    }

    left = r->due - ngx_current_msec;

    return left < 1 ? 1 : ngx_min((ngx_msec_t) left,
                                  NGX_HTTP_ENDPOINT_QUEUE_TICK);
}


static ngx_uint_t
ngx_http_endpoint_queue_busy(ngx_http_endpoint_task_queue_runner_t *r)
{
    if (ngx_queue_empty(&r->ready) && ngx_queue_empty(&r->running)
        && ngx_queue_empty(&r->ended) && !r->taking)
    {
        return 0;
    }

    return !ngx_exiting || r->exiting == 0
           || ngx_current_msec - r->exiting
              < ngx_http_endpoint_detached_shutdown()
                + NGX_HTTP_ENDPOINT_QUEUE_LINGER;
}


void
ngx_http_endpoint_queue_look_soon(ngx_http_endpoint_task_queue_runner_t *r)
{
    ngx_post_event(&r->look, &ngx_posted_events);
}


static void
ngx_http_endpoint_queue_look(ngx_event_t *ev)
{
    ngx_queue_t                            *q;
    ngx_http_endpoint_task_work_t          *work;
    ngx_http_endpoint_task_queue_runner_t  *r;

    r = ngx_queue_data(ev, ngx_http_endpoint_task_queue_runner_t, look);

    while (!ngx_queue_empty(&r->ready)) {
        q = ngx_queue_head(&r->ready);
        ngx_queue_remove(q);

        work = ngx_queue_data(q, ngx_http_endpoint_task_work_t, link);
        ngx_http_endpoint_queue_start(r, work);
    }

    if (r->taking) {
        r->again = 1;
        return;
    }

    ngx_http_endpoint_queue_take(r, ngx_http_endpoint_queue_share(r));
}


/*
 * How many tasks it may take: not all that its machine may run, where other
 * workers could run them beside it.
 */

static ngx_uint_t
ngx_http_endpoint_queue_share(ngx_http_endpoint_task_queue_runner_t *r)
{
    ngx_uint_t        n;
    ngx_core_conf_t  *ccf;

    if (ngx_exiting || !r->ok || r->blocks.len == 2) {
        return 0;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(ngx_cycle->conf_ctx,
                                           ngx_core_module);

    n = ngx_max(ccf->worker_processes, 1);
    n = (r->queue->policy.concurrency + n - 1) / n;

    return ngx_min(n, NGX_HTTP_ENDPOINT_QUEUE_BATCH);
}


void
ngx_http_endpoint_queue_return(ngx_http_endpoint_task_queue_runner_t *r,
    ngx_uint_t n)
{
    ngx_http_endpoint_zone_lock(r->queue->zone);
    r->place->running -= n;
    ngx_http_endpoint_zone_unlock(r->queue->zone);
}
