
#include "ngx_http_endpoint_fetch.h"
#include "ngx_http_endpoint_refuse.h"
#include "ngx_http_endpoint_run.h"


/* the first pause; each one after it is twice as long, up to the second */
#define NGX_HTTP_ENDPOINT_CALL_PAUSE      50
#define NGX_HTTP_ENDPOINT_CALL_MAX_PAUSE  2000


static void ngx_http_endpoint_call_try(ngx_http_endpoint_call_t *call);
static void ngx_http_endpoint_call_arrived(void *data);
static void ngx_http_endpoint_call_timer(ngx_event_t *ev);
static void ngx_http_endpoint_call_answer(ngx_http_endpoint_call_t *call);
static ngx_uint_t ngx_http_endpoint_call_pass(
    ngx_http_endpoint_call_t *call);
static ngx_uint_t ngx_http_endpoint_call_retry(
    ngx_http_endpoint_call_t *call, ngx_http_endpoint_cause_e cause);
static ngx_msec_t ngx_http_endpoint_call_left(ngx_http_endpoint_call_t *call);
static void ngx_http_endpoint_call_end(ngx_http_endpoint_call_t *call);
static void ngx_http_endpoint_call_failed(ngx_http_endpoint_call_t *call,
    ngx_http_endpoint_cause_e cause);
static void ngx_http_endpoint_call_log(ngx_http_endpoint_call_t *call,
    ngx_http_endpoint_cause_e cause);


void
ngx_http_endpoint_call_start(ngx_http_endpoint_branch_t *b)
{
    ngx_http_endpoint_call_t  *call;
    ngx_http_endpoint_exec_t  *exec;

    exec = b->fanout->exec;

    if (exec->expired) {
        ngx_http_endpoint_call_expire(b);
        return;
    }

    call = ngx_pcalloc(exec->run->scope.pool, sizeof(ngx_http_endpoint_call_t));
    if (call == NULL) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    b->ctx = call;

    call->exec = exec;
    call->branch = b;
    call->timer.handler = ngx_http_endpoint_call_timer;
    call->timer.data = call;
    call->timer.log = exec->run->scope.log;

    ngx_http_endpoint_call_try(call);
}


static void
ngx_http_endpoint_call_try(ngx_http_endpoint_call_t *call)
{
    ngx_int_t                        rc;
    ngx_http_endpoint_exec_t        *exec;
    ngx_http_endpoint_refusal_t      refusal;
    ngx_http_endpoint_fetch_conf_t  *conf;

    exec = call->exec;
    conf = exec->step->conf;

    call->state = ngx_http_endpoint_call_asking;
    call->started = ngx_current_msec;
    call->tries++;
    call->arrived = 0;
    call->timedout = 0;

    /* each try has its own: the one before may still call back */

    call->capture = (call->tries == 1)
                    ? &call->first
                    : ngx_pcalloc(exec->run->scope.pool,
                                  sizeof(ngx_http_endpoint_capture_t));

    if (call->capture == NULL) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    call->capture->handler = ngx_http_endpoint_call_arrived;
    call->capture->data = call;
    call->capture->run = exec->run;
    call->capture->known = exec->step->variables;
    call->capture->within = ngx_http_endpoint_exec_within(exec);

    rc = ngx_http_endpoint_fetch_request(call, &refusal);

    if (rc == NGX_OK) {

        if (conf->try_timeout) {
            ngx_add_timer(&call->timer, conf->try_timeout);
        }

        return;
    }

    ngx_http_endpoint_call_cancel(call->branch);

    if (rc == NGX_ERROR) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);

    } else if (ngx_http_endpoint_refusal_input(&refusal)
               || exec->step->def == NULL)
    {
        ngx_http_endpoint_refuse(exec, &refusal);

    } else {
        ngx_http_endpoint_call_failed(call, refusal.cause);
    }
}


/* from within the subrequest's own work: records and posts */

static void
ngx_http_endpoint_call_arrived(void *data)
{
    ngx_http_endpoint_call_t  *call = data;

    call->arrived = 1;

    ngx_http_endpoint_exec_wake(call->exec);
}


static void
ngx_http_endpoint_call_timer(ngx_event_t *ev)
{
    ngx_http_endpoint_call_t  *call;

    call = ev->data;
    call->timedout = 1;

    ngx_http_endpoint_exec_wake(call->exec);
}


void
ngx_http_endpoint_call_resume(ngx_http_endpoint_branch_t *b)
{
    ngx_http_endpoint_call_t  *call;

    call = b->ctx;

    switch (call->state) {

    case ngx_http_endpoint_call_asking:

        if (call->arrived) {
            ngx_http_endpoint_call_answer(call);

        } else if (call->timedout) {
            ngx_http_endpoint_capture_end(call->capture);
            ngx_http_endpoint_call_failed(call,
                                          ngx_http_endpoint_cause_timeout);
        }

        return;

    case ngx_http_endpoint_call_pausing:

        if (!call->timedout) {
            return;
        }

        if (ngx_http_endpoint_branch_item(call->branch) != NGX_OK) {
            ngx_http_endpoint_exec_failed(call->exec,
                                          ngx_http_endpoint_cause_memory);
            return;
        }

        ngx_http_endpoint_call_try(call);

        return;

    default:
        return;
    }
}


static void
ngx_http_endpoint_call_answer(ngx_http_endpoint_call_t *call)
{
    ngx_http_endpoint_cause_e  cause;

    if (call->timer.timer_set) {
        ngx_del_timer(&call->timer);
    }

    if (call->capture->fallback) {
        ngx_http_endpoint_exec_fallback(call->exec);
    }

    cause = ngx_http_endpoint_answer_cause(call);

    if (cause == ngx_http_endpoint_cause_none) {
        cause = ngx_http_endpoint_answer_value(call);
    }

    if (cause == ngx_http_endpoint_cause_none
        && ngx_http_endpoint_answer_binds(call) != NGX_OK)
    {
        cause = ngx_http_endpoint_cause_memory;
    }

    if (cause != ngx_http_endpoint_cause_none) {

        /* a body that is too large may still be on its way */

        ngx_http_endpoint_capture_end(call->capture);
        ngx_http_endpoint_call_failed(call, cause);
        return;
    }

    ngx_http_endpoint_call_end(call);
    ngx_http_endpoint_capture_free(call->capture);
}


static void
ngx_http_endpoint_call_end(ngx_http_endpoint_call_t *call)
{
    call->state = ngx_http_endpoint_call_ended;
    call->branch->ended = 1;
}


static void
ngx_http_endpoint_call_failed(ngx_http_endpoint_call_t *call,
    ngx_http_endpoint_cause_e cause)
{
    ngx_http_endpoint_call_log(call, cause);

    if (ngx_http_endpoint_call_retry(call, cause)) {
        return;
    }

    call->failure = cause;

    ngx_http_endpoint_call_end(call);

    if (cause == ngx_http_endpoint_cause_status
        && ngx_http_endpoint_call_pass(call))
    {
        return;
    }

    if (cause == ngx_http_endpoint_cause_memory
        || !ngx_http_endpoint_branch_default(call->branch))
    {
        ngx_http_endpoint_exec_failed(call->exec, cause);
    }
}


static ngx_uint_t
ngx_http_endpoint_call_pass(ngx_http_endpoint_call_t *call)
{
    ngx_http_endpoint_outcome_t  outcome;

    ngx_memzero(&outcome, sizeof(ngx_http_endpoint_outcome_t));

    if (ngx_http_endpoint_answer_outcome(call, &outcome) != NGX_OK) {
        ngx_http_endpoint_exec_failed(call->exec,
                                      ngx_http_endpoint_cause_memory);
        return 1;
    }

    if (!ngx_http_endpoint_answer_pass(call->exec, &outcome)) {
        return 0;
    }

    ngx_http_endpoint_exec_failed(call->exec, ngx_http_endpoint_cause_result);

    return 1;
}


/* whether there will be one more try */

static ngx_uint_t
ngx_http_endpoint_call_retry(ngx_http_endpoint_call_t *call,
    ngx_http_endpoint_cause_e cause)
{
    ngx_uint_t                       i;
    ngx_msec_t                       pause;
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = call->exec->step->conf;

    if (call->tries > conf->retries
        || !ngx_http_endpoint_call_retryable(cause, call->capture->status))
    {
        return 0;
    }

    pause = NGX_HTTP_ENDPOINT_CALL_PAUSE;

    for (i = 1; i < call->tries; i++) {
        pause = ngx_min(2 * pause, NGX_HTTP_ENDPOINT_CALL_MAX_PAUSE);
    }

    /* half of it by chance: many who failed at once must not meet again */

    pause = pause / 2 + ngx_random() % (pause / 2 + 1);

    if (pause >= ngx_http_endpoint_call_left(call)) {
        return 0;
    }

    call->state = ngx_http_endpoint_call_pausing;
    call->timedout = 0;

    ngx_add_timer(&call->timer, pause);

    return 1;
}


ngx_uint_t
ngx_http_endpoint_call_retryable(ngx_http_endpoint_cause_e cause,
    ngx_uint_t status)
{
    if (cause == ngx_http_endpoint_cause_upstream
        || cause == ngx_http_endpoint_cause_timeout)
    {
        return 1;
    }

    return cause == ngx_http_endpoint_cause_status
           && (status == NGX_HTTP_BAD_GATEWAY
               || status == NGX_HTTP_SERVICE_UNAVAILABLE
               || status == NGX_HTTP_GATEWAY_TIME_OUT);
}


static ngx_msec_t
ngx_http_endpoint_call_left(ngx_http_endpoint_call_t *call)
{
    ngx_msec_t                 left;
    ngx_msec_int_t             own;
    ngx_http_endpoint_exec_t  *exec;

    exec = call->exec;
    left = ngx_http_endpoint_run_left(exec->run);

    if (exec->step->timeout) {
        own = (ngx_msec_int_t) (exec->started + exec->step->timeout
                                - ngx_current_msec);

        left = ngx_min(left, (ngx_msec_t) ngx_max(own, 0));
    }

    return left;
}


void
ngx_http_endpoint_call_expire(ngx_http_endpoint_branch_t *b)
{
    ngx_http_endpoint_call_t  *call;

    call = b->ctx;

    if (call) {

        /* while one waits for its next try, the last one was logged */

        if (call->state == ngx_http_endpoint_call_asking) {
            ngx_http_endpoint_call_log(call, ngx_http_endpoint_cause_timeout);
        }

        ngx_http_endpoint_call_cancel(b);
    }

    b->ended = 1;

    if (!ngx_http_endpoint_branch_default(b)) {
        ngx_http_endpoint_exec_failed(b->fanout->exec,
                                      ngx_http_endpoint_cause_timeout);
    }
}


void
ngx_http_endpoint_call_cancel(ngx_http_endpoint_branch_t *b)
{
    ngx_http_endpoint_call_t  *call;

    call = b->ctx;

    if (call->timer.timer_set) {
        ngx_del_timer(&call->timer);
    }

    call->state = ngx_http_endpoint_call_ended;

    if (call->capture) {
        ngx_http_endpoint_capture_end(call->capture);
    }
}


static void
ngx_http_endpoint_call_log(ngx_http_endpoint_call_t *call,
    ngx_http_endpoint_cause_e cause)
{
    ngx_str_t                  *peer, *uri;
    ngx_uint_t                  level;
    ngx_http_request_t         *sr;
    ngx_http_endpoint_exec_t   *exec;

    static ngx_str_t            none = ngx_string("-");

    exec = call->exec;
    sr = call->capture->request;

    /* what the configuration foresees is nobody's fault */

    level = (cause == ngx_http_endpoint_cause_status
             && ngx_http_endpoint_answer_passed(exec->step->conf,
                                                call->capture->status))
            ? NGX_LOG_INFO : NGX_LOG_ERR;

    uri = sr ? &sr->uri : &none;
    peer = sr && sr->upstream && sr->upstream->peer.name
           ? sr->upstream->peer.name : &none;

    ngx_log_error(level, exec->run->scope.log, 0,
                  "endpoint \"%V\": step \"%V\": %V, try %ui, "
                  "location \"%V\", upstream %V, status %ui, %M ms",
                  &exec->run->plan->label, &exec->step->label,
                  &ngx_http_endpoint_error(cause)->text, call->tries,
                  uri, peer, call->capture->status,
                  ngx_current_msec - call->started);
}
