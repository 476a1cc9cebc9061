
#include "ngx_http_endpoint_cache_statement.h"
#include "ngx_http_endpoint_capture.h"
#include "ngx_http_endpoint_detached.h"
#include "ngx_http_endpoint_http.h"
#include "ngx_http_endpoint_refresh.h"
#include "ngx_http_endpoint_reply.h"
#include "ngx_http_endpoint_require.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_shell.h"


typedef struct {
    ngx_http_endpoint_run_t         run;
    ngx_http_request_t             *request;
    ngx_event_t                     watch;      /* once the client has left */
    unsigned                        gone:1;     /* it has */
    unsigned                        ignore_client_abort:1;
} ngx_http_endpoint_ctx_t;


static ngx_int_t ngx_http_endpoint_waited(ngx_http_request_t *r);
static ngx_int_t ngx_http_endpoint_read(ngx_http_request_t *r,
    ngx_http_endpoint_plan_t *plan, ngx_http_endpoint_route_match_t *match);
static ngx_int_t ngx_http_endpoint_no_match(ngx_http_request_t *r,
    ngx_http_endpoint_loc_conf_t *elcf);
static void ngx_http_endpoint_body_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_endpoint_serve(ngx_http_request_t *r,
    ngx_http_endpoint_plan_t *plan, ngx_http_endpoint_route_match_t *match);
static ngx_int_t ngx_http_endpoint_answer(ngx_http_request_t *r,
    ngx_http_endpoint_plan_t *plan, ngx_http_endpoint_route_match_t *match);
static ngx_int_t ngx_http_endpoint_prepare(ngx_http_request_t *r,
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_plan_t *plan,
    ngx_http_endpoint_route_match_t *match);
static ngx_int_t ngx_http_endpoint_circle(ngx_http_request_t *r,
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_capture_t *capture);
static ngx_uint_t ngx_http_endpoint_same(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_run_t *other);
static ngx_uint_t ngx_http_endpoint_same_text(ngx_str_t *a, ngx_str_t *b);
static ngx_int_t ngx_http_endpoint_run(ngx_http_request_t *r,
    ngx_http_endpoint_ctx_t *ctx);
static ngx_msec_t ngx_http_endpoint_timeout(ngx_http_endpoint_run_t *run);
static ngx_int_t ngx_http_endpoint_hold(ngx_http_request_t *r,
    ngx_http_endpoint_ctx_t *ctx);
static void ngx_http_endpoint_held_handler(ngx_http_request_t *r);
static void ngx_http_endpoint_read_handler(ngx_http_request_t *r);
static ngx_uint_t ngx_http_endpoint_told(ngx_http_request_t *r);
static void ngx_http_endpoint_watch_handler(ngx_event_t *ev);
static ngx_int_t ngx_http_endpoint_discarded(ngx_http_request_t *r,
    ngx_http_endpoint_ctx_t *ctx);
static void ngx_http_endpoint_write_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_endpoint_variable(ngx_http_endpoint_scope_t *scope,
    ngx_uint_t index, ngx_str_t *text);
static void ngx_http_endpoint_event_handler(ngx_event_t *ev);
static ngx_http_endpoint_run_t *ngx_http_endpoint_detach(
    ngx_http_endpoint_run_t *run, ngx_array_t *refs);
static void ngx_http_endpoint_cleanup(void *data);


static ngx_http_endpoint_shell_t  ngx_http_endpoint_shell = {
    ngx_http_endpoint_event_handler,
    NULL,
    ngx_http_endpoint_detach
};


ngx_int_t
ngx_http_endpoint_handler(ngx_http_request_t *r)
{
    ngx_int_t                         rc;
    ngx_http_endpoint_plan_t         *plan;
    ngx_http_endpoint_loc_conf_t     *elcf;
    ngx_http_endpoint_route_match_t   match;

    elcf = ngx_http_get_module_loc_conf(r, ngx_http_endpoint_module);

    plan = ngx_http_endpoint_route_match(elcf->routes, &r->method_name,
                                         &r->uri, &match);
    if (plan == NULL) {
        return ngx_http_endpoint_no_match(r, elcf);
    }

    if (elcf->gate && r == r->main) {
        rc = ngx_http_endpoint_gate_wait(elcf->gate, r,
                                         ngx_http_endpoint_waited);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return ngx_http_endpoint_read(r, plan, &match);
}


/* the route is looked for once more, as below */

static ngx_int_t
ngx_http_endpoint_waited(ngx_http_request_t *r)
{
    ngx_http_endpoint_plan_t         *plan;
    ngx_http_endpoint_loc_conf_t     *elcf;
    ngx_http_endpoint_route_match_t   match;

    elcf = ngx_http_get_module_loc_conf(r, ngx_http_endpoint_module);

    plan = ngx_http_endpoint_route_match(elcf->routes, &r->method_name,
                                         &r->uri, &match);

    return ngx_http_endpoint_read(r, plan, &match);
}


static ngx_int_t
ngx_http_endpoint_read(ngx_http_request_t *r, ngx_http_endpoint_plan_t *plan,
    ngx_http_endpoint_route_match_t *match)
{
    ngx_int_t  rc;

    if (plan->nbody) {
        rc = ngx_http_read_client_request_body(r,
                                              ngx_http_endpoint_body_handler);

        return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_endpoint_serve(r, plan, match);
}


static ngx_int_t
ngx_http_endpoint_no_match(ngx_http_request_t *r,
    ngx_http_endpoint_loc_conf_t *elcf)
{
    ngx_int_t   rc;
    ngx_str_t   allow;

    static ngx_str_t  json = ngx_string("application/json");
    static ngx_str_t  not_found = ngx_string("{\"detail\":\"Not Found\"}");
    static ngx_str_t  not_allowed =
        ngx_string("{\"detail\":\"Method Not Allowed\"}");

    if (ngx_http_endpoint_route_allow(elcf->routes, r->pool, &r->uri, &allow)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (allow.len == 0 && elcf->fallback.len) {

        if (elcf->fallback.data[0] == '@') {
            return ngx_http_named_location(r, &elcf->fallback);
        }

        return ngx_http_internal_redirect(r, &elcf->fallback, &r->args);
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (allow.len) {
        return ngx_http_endpoint_http_send_text(r, NGX_HTTP_NOT_ALLOWED, &json,
                                                &not_allowed, &allow);
    }

    return ngx_http_endpoint_http_send_text(r, NGX_HTTP_NOT_FOUND, &json,
                                            &not_found, &allow);
}


/* the route is looked for once more: cheaper than to keep what matched */

static void
ngx_http_endpoint_body_handler(ngx_http_request_t *r)
{
    ngx_http_endpoint_plan_t         *plan;
    ngx_http_endpoint_loc_conf_t     *elcf;
    ngx_http_endpoint_route_match_t   match;

    elcf = ngx_http_get_module_loc_conf(r, ngx_http_endpoint_module);

    plan = ngx_http_endpoint_route_match(elcf->routes, &r->method_name,
                                         &r->uri, &match);

    ngx_http_finalize_request(r, ngx_http_endpoint_serve(r, plan, &match));
}


static ngx_int_t
ngx_http_endpoint_serve(ngx_http_request_t *r, ngx_http_endpoint_plan_t *plan,
    ngx_http_endpoint_route_match_t *match)
{
    ngx_str_t                   allow;
    ngx_http_endpoint_part_t   *part;
    ngx_http_endpoint_reply_t  *reply;

    reply = plan->constant;

    if (reply) {
        part = reply->body.parts.elts;
        ngx_str_null(&allow);

        return ngx_http_endpoint_http_send_text(r, reply->status, &reply->type,
                                                &part->literal, &allow);
    }

    return ngx_http_endpoint_answer(r, plan, match);
}


/* where there is nothing to wait for, the run is not started */

static ngx_int_t
ngx_http_endpoint_answer(ngx_http_request_t *r, ngx_http_endpoint_plan_t *plan,
    ngx_http_endpoint_route_match_t *match)
{
    ngx_int_t                 rc;
    ngx_http_endpoint_ctx_t  *ctx;
    ngx_http_endpoint_run_t  *run;

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_endpoint_ctx_t));
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->request = r;

    run = &ctx->run;
    run->data = ctx;

    ngx_http_set_ctx(r, ctx, ngx_http_endpoint_module);

    rc = ngx_http_endpoint_prepare(r, run, plan, match);

    if (rc == NGX_OK && plan->steps.nelts == 0) {
        rc = ngx_http_endpoint_reply_render(plan, &run->scope, &run->result);

    } else if (rc == NGX_OK) {
        rc = ngx_http_endpoint_cache_statement_look(run);

        if (rc == NGX_DECLINED) {
            return ngx_http_endpoint_run(r, ctx);
        }
    }

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_endpoint_http_send(r, run);
}


/* NGX_DECLINED: an input is at fault, or a cycle, and run->result is set */

static ngx_int_t
ngx_http_endpoint_prepare(ngx_http_request_t *r, ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_plan_t *plan, ngx_http_endpoint_route_match_t *match)
{
    ngx_int_t                     rc;
    ngx_str_t                     json;
    ngx_http_endpoint_faults_t    faults;
    ngx_http_endpoint_capture_t  *capture;

    run->shell = &ngx_http_endpoint_shell;
    run->scope.variable = ngx_http_endpoint_variable;
    run->request = r;

    capture = ngx_http_endpoint_capture_above(r);

    if (capture) {
        run->within = capture->within;
        run->parent = capture->run;
    }

    if (ngx_http_endpoint_run_init(run, plan, r->pool, r->connection->log)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (plan->inputs.nelts == 0) {
        return ngx_http_endpoint_circle(r, run, capture);
    }

    ngx_http_endpoint_faults_init(&faults, r->pool);

    if (ngx_http_endpoint_http_inputs(r, run, match, &faults) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_endpoint_faults_empty(&faults)) {
        return ngx_http_endpoint_circle(r, run, capture);
    }

    rc = ngx_http_endpoint_require_early(run, faults.order);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_endpoint_faults_reply(&faults, &json) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_endpoint_run_result(run, 422, &json);

    return NGX_DECLINED;
}


/*
 * Whether a run that fetches this one, or one further up, is the same once
 * more.  NGX_DECLINED: it is, and its fetch has failed.
 */

static ngx_int_t
ngx_http_endpoint_circle(ngx_http_request_t *r, ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_capture_t *capture)
{
    while (capture) {

        if (ngx_http_endpoint_same(run, capture->run)) {
            ngx_http_endpoint_capture_fail(capture,
                                           ngx_http_endpoint_cause_cycle);
            ngx_http_endpoint_run_failure(run, &run->plan->label,
                                          ngx_http_endpoint_cause_cycle);
            return NGX_DECLINED;
        }

        capture = ngx_http_endpoint_capture_above(capture->run->request);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_same(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_run_t *other)
{
    ngx_uint_t                   i;
    ngx_http_request_t          *r, *o;
    ngx_http_endpoint_input_t   *input;
    ngx_http_endpoint_value_t   *a, *b;

    if (run->plan != other->plan) {
        return 0;
    }

    r = run->request;
    o = other->request;

    if (!ngx_http_endpoint_same_text(&r->uri, &o->uri)
        || !ngx_http_endpoint_same_text(&r->args, &o->args))
    {
        return 0;
    }

    input = run->plan->inputs.elts;

    for (i = 0; i < run->plan->inputs.nelts; i++) {
        a = &run->scope.values[input[i].slot];
        b = &other->scope.values[input[i].slot];

        if (a->type != b->type || a->chain || b->chain
            || !ngx_http_endpoint_same_text(&a->data, &b->data))
        {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_http_endpoint_same_text(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || ngx_memcmp(a->data, b->data, a->len) == 0);
}


static ngx_int_t
ngx_http_endpoint_run(ngx_http_request_t *r, ngx_http_endpoint_ctx_t *ctx)
{
    ngx_http_cleanup_t            *cln;
    ngx_http_endpoint_loc_conf_t  *elcf;

    elcf = ngx_http_get_module_loc_conf(r, ngx_http_endpoint_module);

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_endpoint_cleanup;
    cln->data = ctx;

    ctx->ignore_client_abort = elcf->ignore_client_abort;

    if (ngx_http_endpoint_run_start(&ctx->run,
                                    ngx_http_endpoint_timeout(&ctx->run))
        == NGX_OK)
    {
        return ngx_http_endpoint_http_send(r, &ctx->run);
    }

    return ngx_http_endpoint_hold(r, ctx);
}


static ngx_msec_t
ngx_http_endpoint_timeout(ngx_http_endpoint_run_t *run)
{
    ngx_http_request_t            *r;
    ngx_http_endpoint_loc_conf_t  *elcf;

    r = run->request;
    elcf = ngx_http_get_module_loc_conf(r, ngx_http_endpoint_module);

    return run->plan->timeout ? run->plan->timeout : elcf->timeout;
}


/* the run waits, and the request with it until its result is sent */

static ngx_int_t
ngx_http_endpoint_hold(ngx_http_request_t *r, ngx_http_endpoint_ctx_t *ctx)
{
    ngx_http_endpoint_capture_t  *capture;

    r->main->count++;

    capture = ngx_http_endpoint_capture_get(r);

    if (capture) {
        capture->nested = &ctx->run;
    }

    r->read_event_handler = ngx_http_endpoint_read_handler;
    r->write_event_handler = ngx_http_endpoint_write_handler;

    /* the client's events go to one request, often not a subrequest */

    if (r->connection->data != r) {
        return NGX_DONE;
    }

    if (r->discard_body) {

        /* nginx sets its own read handler when this handler has returned */

        r->write_event_handler = ngx_http_endpoint_held_handler;

        if (ngx_http_post_request(r, NULL) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    /* an event that came before now will not come again */

    if (r->connection->read->ready) {
        ngx_post_event(r->connection->read, &ngx_posted_events);
    }

    return NGX_DONE;
}


static void
ngx_http_endpoint_held_handler(ngx_http_request_t *r)
{
    r->read_event_handler = ngx_http_endpoint_read_handler;
    r->write_event_handler = ngx_http_endpoint_write_handler;

    /* it has yet to begin: nginx took the wait for the request's end */

    r->lingering_time = 0;

    if (r->connection->read->timer_set) {
        ngx_del_timer(r->connection->read);
    }
}


static void
ngx_http_endpoint_read_handler(ngx_http_request_t *r)
{
    ngx_http_endpoint_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_endpoint_module);

    if (ctx == NULL) {
        return;
    }

    if (r == r->main && r->discard_body
        && ngx_http_endpoint_discarded(r, ctx) != NGX_OK)
    {
        return;
    }

    if ((!ctx->run.effect && !ctx->ignore_client_abort)
        || ngx_http_endpoint_told(r))
    {
        ngx_http_test_reading(r);
        return;
    }

    ngx_http_block_reading(r);

    if (r->connection->error) {

        /*
         * A reset HTTP/2 stream.  The run goes on, and an error on the
         * connection would end it with the next subrequest that is not its
         * own.
         */

        r->connection->error = 0;
        ctx->gone = 1;

        /* nor does nginx's end of an exiting worker's connections reach it */

        if (ctx->watch.handler == NULL) {
            ctx->watch.handler = ngx_http_endpoint_watch_handler;
            ctx->watch.data = ctx;
            ctx->watch.log = ngx_cycle->log;
            ctx->watch.cancelable = 1;

            ngx_add_timer(&ctx->watch, NGX_HTTP_ENDPOINT_DETACHED_WATCH);
        }
    }
}


/*
 * Whether worker_shutdown_timeout is over.  Over HTTP/1 nginx itself ends the
 * request; a stream is told as if the client had left, which has not.
 */

static ngx_uint_t
ngx_http_endpoint_told(ngx_http_request_t *r)
{
#if (NGX_HTTP_V2)

    ngx_connection_t  *c;

    if (r->stream && ngx_exiting) {
        c = r->stream->connection->connection;

        return c->error && !c->read->eof && !c->read->error
               && !c->write->error && !c->write->timedout;
    }

#endif

    return 0;
}


static void
ngx_http_endpoint_watch_handler(ngx_event_t *ev)
{
    ngx_http_endpoint_ctx_t  *ctx;

    ctx = ev->data;

    if (ngx_exiting) {
        ngx_http_endpoint_detached_hasten(&ctx->run);

    } else if (!ctx->run.ended) {
        ngx_add_timer(ev, NGX_HTTP_ENDPOINT_DETACHED_WATCH);
    }
}


/* NGX_OK: the whole body has been discarded, the client is watched again */

static ngx_int_t
ngx_http_endpoint_discarded(ngx_http_request_t *r,
    ngx_http_endpoint_ctx_t *ctx)
{
    ngx_http_discarded_request_body_handler(r);

    if (r->discard_body || ctx->run.abandoned) {
        return NGX_AGAIN;
    }

    r->read_event_handler = ngx_http_endpoint_read_handler;

    return NGX_OK;
}


/*
 * A timer of the page that includes this one's reply: its writer would take
 * the client for one that does not read.
 */

static void
ngx_http_endpoint_write_handler(ngx_http_request_t *r)
{
    r->connection->write->timedout = 0;
}


static ngx_int_t
ngx_http_endpoint_variable(ngx_http_endpoint_scope_t *scope, ngx_uint_t index,
    ngx_str_t *text)
{
    ngx_http_endpoint_run_t    *run;
    ngx_http_variable_value_t  *vv;

    run = (ngx_http_endpoint_run_t *) scope;

    vv = ngx_http_get_indexed_variable(run->request, index);

    /* an error must not look like an empty value: it would be a cache's key */

    if (vv == NULL) {
        return NGX_ERROR;
    }

    if (vv->not_found) {
        ngx_str_null(text);
        return NGX_OK;
    }

    text->data = vv->data;
    text->len = vv->len;

    return NGX_OK;
}


static void
ngx_http_endpoint_event_handler(ngx_event_t *ev)
{
    ngx_int_t                     rc;
    ngx_connection_t             *c;
    ngx_http_request_t           *r;
    ngx_http_endpoint_ctx_t      *ctx;
    ngx_http_endpoint_run_t      *run;
    ngx_http_endpoint_capture_t  *capture;

    run = ev->data;
    ctx = run->data;
    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    ngx_http_endpoint_run_advance(run);

    if (run->ended) {
        capture = ngx_http_endpoint_capture_get(r);

        if (capture) {
            capture->nested = NULL;
        }

        if (ctx->gone) {
            c->error = 1;
            rc = NGX_HTTP_CLIENT_CLOSED_REQUEST;

        } else {
            rc = ngx_http_endpoint_http_send(r, run);
        }

        ngx_http_finalize_request(r, rc);
    }

    ngx_http_run_posted_requests(c);
}


/* the request has found an old value, and will not wait for the new one */

static ngx_http_endpoint_run_t *
ngx_http_endpoint_detach(ngx_http_endpoint_run_t *run, ngx_array_t *refs)
{
    ngx_http_request_t   *r;
    ngx_http_conf_ctx_t   ctx;

    r = run->request;

    ctx.main_conf = r->main_conf;
    ctx.srv_conf = r->srv_conf;
    ctx.loc_conf = r->loc_conf;

    return ngx_http_endpoint_refresh_create(run, &ctx,
                                            ngx_http_endpoint_timeout(run),
                                            refs);
}


static void
ngx_http_endpoint_cleanup(void *data)
{
    ngx_http_endpoint_ctx_t  *ctx = data;

    if (ctx->watch.timer_set) {
        ngx_del_timer(&ctx->watch);
    }

    ctx->run.abandoned = 1;

    ngx_http_endpoint_run_cancel(&ctx->run);
}


ngx_int_t
ngx_http_endpoint_http_cache(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                *status;
    ngx_http_endpoint_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_endpoint_module);

    status = ctx ? ngx_http_endpoint_cache_statement_status(&ctx->run) : NULL;

    if (status == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = status->data;
    v->len = status->len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}
