
/*
 * The shell of runs that have no client: background tasks, schedules, what
 * runs at startup, refreshes of the cache, messages of a socket.  Each has a
 * pool, a line in the log and a deadline of its own, and a host request if it
 * fetches; all of it is freed when it has ended and nothing of it is held.
 */


#ifndef _NGX_HTTP_ENDPOINT_DETACHED_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_DETACHED_H_INCLUDED_


#include <ngx_http.h>
#include "ngx_http_endpoint_client.h"
#include "ngx_http_endpoint_host.h"
#include "ngx_http_endpoint_run.h"


/* how often a worker with such runs looks whether it is to exit */
#define NGX_HTTP_ENDPOINT_DETACHED_WATCH  500


typedef struct ngx_http_endpoint_detached_s  ngx_http_endpoint_detached_t;


/* d->run.result is the outcome: a status from 200 to 299 is success */
typedef void (*ngx_http_endpoint_detached_pt)(ngx_http_endpoint_detached_t *d,
    void *data);


typedef struct {

    /* first, as nginx's requests look for it in their log */
    ngx_http_log_ctx_t              http;

    ngx_str_t                       name;
} ngx_http_endpoint_detached_log_t;


struct ngx_http_endpoint_detached_s {
    ngx_http_endpoint_run_t           run;      /* first */
    ngx_pool_t                       *pool;
    ngx_log_t                         log;
    ngx_http_endpoint_detached_log_t  log_ctx;
    ngx_http_conf_ctx_t              *ctx;
    ngx_http_endpoint_client_t       *client;   /* who caused it, or NULL */
    ngx_http_endpoint_host_t         *host;     /* NULL: it has not fetched */
    ngx_http_endpoint_detached_pt     handler;
    void                             *data;
    ngx_event_t                       begin;    /* posted: start */
    ngx_msec_t                        timeout;
    ngx_queue_t                       queue;    /* those of this worker */
    unsigned                          broken:1; /* nginx gave its host up */
};


/*
 * Prepares a run of plan with the configuration of where it stands, whose
 * errors are logged "while running NAME".  The caller sets the values of
 * the plan's inputs, d->run.scope.values, in memory of d->pool or that lasts
 * as long.  NULL: memory.
 */
ngx_http_endpoint_detached_t *ngx_http_endpoint_detached_create(
    ngx_http_endpoint_plan_t *plan, ngx_http_conf_ctx_t *ctx,
    ngx_str_t *name);

/*
 * Starts it.  When it has ended handler(d, data) is called once, never from
 * here, and d is freed some time after that.  timeout: milliseconds until the
 * deadline.
 */
void ngx_http_endpoint_detached_start(ngx_http_endpoint_detached_t *d,
    ngx_msec_t timeout, ngx_http_endpoint_detached_pt handler, void *data);

/*
 * The same from an event, for who is a step of another run.  Where d->run is
 * cancelled before, d is freed and its handler not called.
 */
void ngx_http_endpoint_detached_post(ngx_http_endpoint_detached_t *d,
    ngx_msec_t timeout, ngx_http_endpoint_detached_pt handler, void *data);

/*
 * Stops what it does and frees d, started or not; its handler is not called.
 * Not from within a step of it.
 */
void ngx_http_endpoint_detached_cancel(ngx_http_endpoint_detached_t *d);

/* How long they may go on in a worker that is to exit, in milliseconds. */
ngx_msec_t ngx_http_endpoint_detached_shutdown(void);

/* Brings the deadline of a run that no connection ends near, as of now. */
void ngx_http_endpoint_detached_hasten(ngx_http_endpoint_run_t *run);


#endif /* _NGX_HTTP_ENDPOINT_DETACHED_H_INCLUDED_ */
