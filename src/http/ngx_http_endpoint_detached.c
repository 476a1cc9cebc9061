
#include "ngx_http_endpoint_detached.h"
#include "ngx_http_endpoint_refresh.h"
#include "ngx_http_endpoint_shell.h"
#include "ngx_http_endpoint_timer.h"


/* room for a run of some steps: many of them may wait at once */
#define NGX_HTTP_ENDPOINT_DETACHED_POOL      2048

/* how long such runs may last in an exiting worker, unless it is configured */
#define NGX_HTTP_ENDPOINT_DETACHED_SHUTDOWN  60000


static ngx_int_t ngx_http_endpoint_detached_variable(
    ngx_http_endpoint_scope_t *scope, ngx_uint_t index, ngx_str_t *text);
static void ngx_http_endpoint_detached_begin(ngx_event_t *ev);
static void *ngx_http_endpoint_detached_request(ngx_http_endpoint_run_t *run);
static ngx_http_endpoint_run_t *ngx_http_endpoint_detached_detach(
    ngx_http_endpoint_run_t *run, ngx_array_t *refs);
static void ngx_http_endpoint_detached_event(ngx_event_t *ev);
static void ngx_http_endpoint_detached_terminated(void *data);
static void ngx_http_endpoint_detached_end(ngx_http_endpoint_detached_t *d);
static void ngx_http_endpoint_detached_free(void *data);
static u_char *ngx_http_endpoint_detached_log(ngx_log_t *log, u_char *buf,
    size_t len);
static u_char *ngx_http_endpoint_detached_log_request(ngx_http_request_t *r,
    u_char *buf, size_t len);
static void ngx_http_endpoint_detached_watch(void);
static void ngx_http_endpoint_detached_watch_handler(ngx_event_t *ev);


static ngx_http_endpoint_shell_t  ngx_http_endpoint_detached_shell = {
    ngx_http_endpoint_detached_event,
    ngx_http_endpoint_detached_request,
    ngx_http_endpoint_detached_detach
};


/* those under way in this worker */

static ngx_queue_t  ngx_http_endpoint_detached_queue;
static ngx_event_t  ngx_http_endpoint_detached_timer;


ngx_http_endpoint_detached_t *
ngx_http_endpoint_detached_create(ngx_http_endpoint_plan_t *plan,
    ngx_http_conf_ctx_t *ctx, ngx_str_t *name)
{
    ngx_pool_t                    *pool;
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_endpoint_detached_t  *d;

    clcf = ctx->loc_conf[ngx_http_core_module.ctx_index];

    pool = ngx_create_pool(NGX_HTTP_ENDPOINT_DETACHED_POOL, clcf->error_log);
    if (pool == NULL) {
        return NULL;
    }

    d = ngx_pcalloc(pool, sizeof(ngx_http_endpoint_detached_t));
    if (d == NULL) {
        goto failed;
    }

    d->pool = pool;
    d->ctx = ctx;

    d->log = *clcf->error_log;
    d->log.handler = ngx_http_endpoint_detached_log;
    d->log.data = &d->log_ctx;
    d->log.action = NULL;
    pool->log = &d->log;

    d->log_ctx.name.len = name->len;
    d->log_ctx.name.data = ngx_pstrdup(pool, name);

    d->run.shell = &ngx_http_endpoint_detached_shell;
    d->run.data = d;
    d->run.scope.variable = ngx_http_endpoint_detached_variable;

    if (d->log_ctx.name.data == NULL
        || ngx_http_endpoint_run_init(&d->run, plan, pool, &d->log) != NGX_OK)
    {
        goto failed;
    }

    ngx_queue_init(&d->queue);

    return d;

failed:

    pool->log = ngx_cycle->log;
    ngx_destroy_pool(pool);

    return NULL;
}


/* the configuration refuses them where there is no client to take them from */

static ngx_int_t
ngx_http_endpoint_detached_variable(ngx_http_endpoint_scope_t *scope,
    ngx_uint_t index, ngx_str_t *text)
{
    ngx_http_endpoint_run_t       *run;
    ngx_http_endpoint_detached_t  *d;

    run = (ngx_http_endpoint_run_t *) scope;
    d = run->data;

    if (d->client == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_client_variable(d->client, index, text);
}


void
ngx_http_endpoint_detached_start(ngx_http_endpoint_detached_t *d,
    ngx_msec_t timeout, ngx_http_endpoint_detached_pt handler, void *data)
{
    d->handler = handler;
    d->data = data;
    d->timeout = timeout;

    ngx_http_endpoint_detached_watch();

    ngx_queue_insert_tail(&ngx_http_endpoint_detached_queue, &d->queue);

    if (ngx_http_endpoint_run_start(&d->run, timeout) == NGX_OK) {
        ngx_post_event(&d->run.event, &ngx_posted_events);
        return;
    }

    if (d->host) {
        ngx_http_run_posted_requests(d->host->request->connection);
    }
}


void
ngx_http_endpoint_detached_post(ngx_http_endpoint_detached_t *d,
    ngx_msec_t timeout, ngx_http_endpoint_detached_pt handler, void *data)
{
    d->handler = handler;
    d->data = data;
    d->timeout = timeout;

    d->begin.handler = ngx_http_endpoint_detached_begin;
    d->begin.data = d;
    d->begin.log = &d->log;

    ngx_post_event(&d->begin, &ngx_posted_events);
}


static void
ngx_http_endpoint_detached_begin(ngx_event_t *ev)
{
    ngx_http_endpoint_detached_t  *d;

    d = ev->data;

    if (d->run.ended) {
        ngx_http_endpoint_detached_end(d);
        return;
    }

    ngx_http_endpoint_detached_start(d, d->timeout, d->handler, d->data);
}


static void *
ngx_http_endpoint_detached_request(ngx_http_endpoint_run_t *run)
{
    ngx_http_endpoint_detached_t  *d;

    d = run->data;

    d->host = ngx_http_endpoint_host_create(d->pool, &d->log, d->ctx,
                                       ngx_http_endpoint_detached_terminated,
                                       d);
    if (d->host == NULL) {
        return NULL;
    }

    if (d->client
        && ngx_http_endpoint_client_set(d->client, d->host->request) != NGX_OK)
    {
        return NULL;
    }

    run->request = d->host->request;

    return run->request;
}


/* a run without a client has found an old value */

static ngx_http_endpoint_run_t *
ngx_http_endpoint_detached_detach(ngx_http_endpoint_run_t *run,
    ngx_array_t *refs)
{
    ngx_http_endpoint_detached_t  *d;

    d = run->data;

    if (run->request == NULL
        && ngx_http_endpoint_detached_request(run) == NULL)
    {
        return NULL;
    }

    return ngx_http_endpoint_refresh_create(run, d->ctx, d->timeout, refs);
}


static void
ngx_http_endpoint_detached_event(ngx_event_t *ev)
{
    ngx_http_endpoint_run_t       *run;
    ngx_http_endpoint_detached_t  *d;

    static ngx_str_t  label = ngx_string("fetch");

    run = ev->data;
    d = run->data;

    if (d->broken && !run->ended) {
        ngx_http_endpoint_run_cancel(run);
        ngx_http_endpoint_run_failure(run, &label,
                                      ngx_http_endpoint_cause_upstream);
    }

    if (!run->ended) {
        ngx_http_endpoint_run_advance(run);
    }

    if (run->ended) {
        d->handler(d, d->data);
        ngx_http_endpoint_detached_end(d);
        return;
    }

    if (d->host) {
        ngx_http_run_posted_requests(d->host->request->connection);
    }
}


/* from within nginx's own work: records and posts */

static void
ngx_http_endpoint_detached_terminated(void *data)
{
    ngx_http_endpoint_detached_t  *d = data;

    d->broken = 1;

    ngx_post_event(&d->run.event, &ngx_posted_events);
}


void
ngx_http_endpoint_detached_cancel(ngx_http_endpoint_detached_t *d)
{
    ngx_http_endpoint_run_cancel(&d->run);
    ngx_http_endpoint_detached_end(d);
}


static void
ngx_http_endpoint_detached_end(ngx_http_endpoint_detached_t *d)
{
    ngx_queue_remove(&d->queue);

    if (d->begin.posted) {
        ngx_delete_posted_event(&d->begin);
    }

    if (d->run.event.posted) {
        ngx_delete_posted_event(&d->run.event);
    }

    if (d->host) {
        ngx_http_endpoint_host_close(d->host, ngx_http_endpoint_detached_free);
        return;
    }

    ngx_http_endpoint_detached_free(d);
}


static void
ngx_http_endpoint_detached_free(void *data)
{
    ngx_http_endpoint_detached_t  *d = data;

    /* its log is in the pool */

    d->pool->log = ngx_cycle->log;

    ngx_destroy_pool(d->pool);
}


static u_char *
ngx_http_endpoint_detached_log(ngx_log_t *log, u_char *buf, size_t len)
{
    u_char                            *p;
    ngx_http_request_t                *r;
    ngx_http_endpoint_detached_log_t  *ctx;

    ctx = log->data;

    p = ngx_snprintf(buf, len, " while running %V", &ctx->name);
    len -= p - buf;
    buf = p;

    if (log->action) {
        p = ngx_snprintf(buf, len, ", %s", log->action);
        len -= p - buf;
        buf = p;
    }

    r = ctx->http.current_request;

    if (ctx->http.request == NULL || r == NULL || r == ctx->http.request) {
        return buf;
    }

    return ngx_http_endpoint_detached_log_request(r, buf, len);
}


static u_char *
ngx_http_endpoint_detached_log_request(ngx_http_request_t *r, u_char *buf,
    size_t len)
{
    u_char               *p;
    ngx_http_upstream_t  *u;

    p = ngx_snprintf(buf, len, ", subrequest: \"%V\"", &r->uri);
    len -= p - buf;
    buf = p;

    u = r->upstream;

    if (u && u->peer.name) {
        p = ngx_snprintf(buf, len, ", upstream: \"%V%V%V\"", &u->schema,
                         u->peer.name, &u->uri);
    }

    return p;
}


/*
 * nginx tells an exiting worker's connections alone, and these runs have none.
 * The timer keeps no worker from exiting.
 */

static void
ngx_http_endpoint_detached_watch(void)
{
    ngx_event_t  *ev;

    ev = &ngx_http_endpoint_detached_timer;

    if (ev->handler == NULL) {
        ngx_queue_init(&ngx_http_endpoint_detached_queue);

        ngx_http_endpoint_timer_init(ev,
                                     ngx_http_endpoint_detached_watch_handler,
                                     ngx_cycle->log);
        ev->cancelable = 1;
    }

    if (!ev->timer_set) {
        ngx_add_timer(ev, NGX_HTTP_ENDPOINT_DETACHED_WATCH);
    }
}


/* when the worker is to exit, once: the deadlines come nearer */

static void
ngx_http_endpoint_detached_watch_handler(ngx_event_t *ev)
{
    ngx_queue_t                   *q;
    ngx_http_endpoint_detached_t  *d;

    if (ngx_queue_empty(&ngx_http_endpoint_detached_queue)) {
        return;
    }

    if (!ngx_exiting) {
        ngx_add_timer(ev, NGX_HTTP_ENDPOINT_DETACHED_WATCH);
        return;
    }

    for (q = ngx_queue_head(&ngx_http_endpoint_detached_queue);
         q != ngx_queue_sentinel(&ngx_http_endpoint_detached_queue);
         q = ngx_queue_next(q))
    {
        d = ngx_queue_data(q, ngx_http_endpoint_detached_t, queue);

        ngx_http_endpoint_detached_hasten(&d->run);
    }
}


void
ngx_http_endpoint_detached_hasten(ngx_http_endpoint_run_t *run)
{
    ngx_msec_t  limit;

    limit = ngx_http_endpoint_detached_shutdown();

    if (!run->ended && ngx_http_endpoint_run_left(run) > limit) {
        run->expires = ngx_current_msec + limit;
        ngx_add_timer(&run->deadline, limit);
    }
}


ngx_msec_t
ngx_http_endpoint_detached_shutdown(void)
{
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(ngx_cycle->conf_ctx,
                                           ngx_core_module);

    return ccf->shutdown_timeout ? ccf->shutdown_timeout
                                 : NGX_HTTP_ENDPOINT_DETACHED_SHUTDOWN;
}
