
#include "ngx_http_endpoint_condition.h"
#include "ngx_http_endpoint_reply.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_shell.h"
#include "ngx_http_endpoint_step.h"


static void ngx_http_endpoint_run_execs(ngx_http_endpoint_run_t *run);
static void ngx_http_endpoint_exec_resume(ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_run_reply(ngx_http_endpoint_run_t *run);
static void ngx_http_endpoint_run_fail(ngx_http_endpoint_run_t *run,
    ngx_str_t *label, ngx_http_endpoint_cause_e cause);
static void ngx_http_endpoint_run_end(ngx_http_endpoint_run_t *run);
static void ngx_http_endpoint_run_timeout(ngx_event_t *ev);
static void ngx_http_endpoint_exec_overdue(ngx_http_endpoint_exec_t *exec);
static ngx_int_t ngx_http_endpoint_exec_timer(ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_run_effect(ngx_http_endpoint_run_t *run);
static void ngx_http_endpoint_exec_timeout(ngx_event_t *ev);
static void ngx_http_endpoint_exec_settle(ngx_http_endpoint_exec_t *exec);


ngx_int_t
ngx_http_endpoint_run_init(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_plan_t *plan, ngx_pool_t *pool, ngx_log_t *log)
{
    size_t  size;

    run->plan = plan;
    run->scope.pool = pool;
    run->scope.log = log;

    /* one block for both: a sleeping run should fit its request's pool */

    size = plan->nslots * sizeof(ngx_http_endpoint_value_t);

    run->scope.values = ngx_pcalloc(pool, size + plan->steps.nelts
                                       * sizeof(ngx_http_endpoint_exec_t));
    if (run->scope.values == NULL) {
        return NGX_ERROR;
    }

    run->execs = (ngx_http_endpoint_exec_t *)
                     ((u_char *) run->scope.values + size);

    return NGX_OK;
}


void
ngx_http_endpoint_run_part(ngx_http_endpoint_run_t *run, ngx_uint_t first,
    ngx_uint_t end)
{
    ngx_uint_t  i;

    for (i = 0; i < run->plan->steps.nelts; i++) {
        if (i < first || i >= end) {
            run->execs[i].state = ngx_http_endpoint_exec_settled;
        }
    }
}


ngx_int_t
ngx_http_endpoint_run_start(ngx_http_endpoint_run_t *run, ngx_msec_t timeout)
{
    ngx_http_endpoint_run_execs(run);

    run->event.handler = run->shell->handler;
    run->event.data = run;
    run->event.log = run->scope.log;

    run->deadline.handler = ngx_http_endpoint_run_timeout;
    run->deadline.data = run;
    run->deadline.log = run->scope.log;

    run->expires = ngx_current_msec + timeout;

    if (run->plan->reserve && !run->bare
        && run->plan->reserve->reserve(run) != NGX_OK)
    {
        ngx_http_endpoint_run_end(run);
        return NGX_OK;
    }

    ngx_http_endpoint_run_advance(run);

    if (run->ended) {
        return NGX_OK;
    }

    ngx_add_timer(&run->deadline, timeout);

    return NGX_AGAIN;
}


static void
ngx_http_endpoint_run_execs(ngx_http_endpoint_run_t *run)
{
    ngx_uint_t                 i, k;
    ngx_http_endpoint_exec_t  *exec;

    run->unsettled = run->plan->steps.nelts;

    for (i = 0; i < run->plan->steps.nelts; i++) {
        exec = &run->execs[i];

        exec->run = run;
        exec->step = ngx_http_endpoint_plan_step(run->plan, i);
        exec->waits = exec->step->waits;
    }

    /* those that are not to be run: nobody waits for them */

    for (i = 0; i < run->plan->steps.nelts; i++) {
        exec = &run->execs[i];

        if (exec->state != ngx_http_endpoint_exec_settled) {
            continue;
        }

        run->unsettled--;

        for (k = 0; k < exec->step->nnext; k++) {
            run->execs[exec->step->next[k]].waits--;
        }
    }
}


void
ngx_http_endpoint_run_advance(ngx_http_endpoint_run_t *run)
{
    ngx_uint_t                 i, progress;
    ngx_http_endpoint_exec_t  *exec;

    run->advancing = 1;

    do {
        progress = 0;

        for (i = 0; i < run->plan->steps.nelts && !run->ended; i++) {
            exec = &run->execs[i];

            if (exec->state == ngx_http_endpoint_exec_waiting
                && exec->waits == 0)
            {
                ngx_http_endpoint_exec_start(exec);
                progress = 1;
            }

            if (exec->woken) {
                exec->woken = 0;
                ngx_http_endpoint_exec_resume(exec);
                progress = 1;
            }

            if (exec->state == ngx_http_endpoint_exec_ended) {
                ngx_http_endpoint_exec_settle(exec);
                progress = 1;
            }
        }

    } while (progress && !run->ended);

    if (!run->ended && run->unsettled == 0) {
        ngx_http_endpoint_run_reply(run);
    }

    run->advancing = 0;
}


static void
ngx_http_endpoint_exec_resume(ngx_http_endpoint_exec_t *exec)
{
    if (!exec->held) {
        exec->step->type->resume(exec);
        return;
    }

    if (exec->step->around->resume(exec)) {
        exec->held = 0;
        exec->step->type->start(exec);
    }
}


static void
ngx_http_endpoint_run_reply(ngx_http_endpoint_run_t *run)
{
    static ngx_str_t  label = ngx_string("reply");

    /* where nobody waits for a reply, its steps are all that a run has */

    if (run->plan->replies.nelts == 0 || run->bare) {
        run->result.status = 204;

    } else if (ngx_http_endpoint_reply_render(run->plan, &run->scope,
                                              &run->result)
               != NGX_OK)
    {
        ngx_http_endpoint_run_fail(run, &label,
                                   ngx_http_endpoint_cause_memory);
        return;
    }

    ngx_http_endpoint_run_end(run);
}


static void
ngx_http_endpoint_run_fail(ngx_http_endpoint_run_t *run, ngx_str_t *label,
    ngx_http_endpoint_cause_e cause)
{
    ngx_http_endpoint_run_failure(run, label, cause);
    ngx_http_endpoint_run_end(run);
}


void
ngx_http_endpoint_run_failure(ngx_http_endpoint_run_t *run, ngx_str_t *label,
    ngx_http_endpoint_cause_e cause)
{
    ngx_str_t  json, name;

    if (cause == ngx_http_endpoint_cause_result) {
        return;
    }

    ngx_str_null(&name);

    if (ngx_http_endpoint_error_detail(run->scope.pool, label, cause, &name,
                                       &json)
        != NGX_OK)
    {
        ngx_str_set(&json, "{\"detail\":\"Internal Server Error\"}");
        cause = ngx_http_endpoint_cause_memory;
    }

    ngx_http_endpoint_run_result(run, ngx_http_endpoint_error(cause)->status,
                                 &json);

    /* what is wanting now need not be in a second */

    if (ngx_http_endpoint_error(cause)->status == 503) {
        run->result.retry_after = 1;
    }
}


static void
ngx_http_endpoint_run_end(ngx_http_endpoint_run_t *run)
{
    run->ended = 1;

    if (run->rest) {
        run->rest->finish(run);
    }

    ngx_http_endpoint_run_cancel(run);
}


void
ngx_http_endpoint_run_cancel(ngx_http_endpoint_run_t *run)
{
    ngx_uint_t  i;

    run->ended = 1;

    if (run->deadline.timer_set) {
        ngx_del_timer(&run->deadline);
    }

    for (i = 0; i < run->plan->steps.nelts; i++) {
        ngx_http_endpoint_exec_cancel(&run->execs[i]);
    }

    if (run->rest) {
        run->rest->cancel(run);
    }

    if (run->plan->reserve) {
        run->plan->reserve->release(run);
    }

    if (run->event.posted) {
        ngx_delete_posted_event(&run->event);
    }
}


static void
ngx_http_endpoint_run_timeout(ngx_event_t *ev)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_run_t   *run;

    run = ev->data;

    for (i = 0; i < run->plan->steps.nelts; i++) {
        if (run->execs[i].state == ngx_http_endpoint_exec_running) {
            ngx_http_endpoint_exec_overdue(&run->execs[i]);
            return;
        }
    }
}


static void
ngx_http_endpoint_exec_overdue(ngx_http_endpoint_exec_t *exec)
{
    ngx_log_error(NGX_LOG_ERR, exec->run->scope.log, NGX_ETIMEDOUT,
                  "endpoint \"%V\": its time is over, step \"%V\" has not "
                  "ended", &exec->run->plan->label, &exec->step->label);

    exec->expired = 1;
    exec->run->overdue = 1;

    ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_timeout);
}


ngx_keyval_t *
ngx_http_endpoint_run_header(ngx_http_endpoint_run_t *run)
{
    if (run->headers == NULL) {
        run->headers = ngx_array_create(run->scope.pool, 2,
                                        sizeof(ngx_keyval_t));
        if (run->headers == NULL) {
            return NULL;
        }
    }

    return ngx_array_push(run->headers);
}


ngx_msec_t
ngx_http_endpoint_run_left(ngx_http_endpoint_run_t *run)
{
    ngx_msec_int_t  left;

    left = (ngx_msec_int_t) (run->expires - ngx_current_msec);

    return left > 0 ? (ngx_msec_t) left : 0;
}


void
ngx_http_endpoint_exec_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_int_t                  rc;
    ngx_http_endpoint_step_t  *step;

    step = exec->step;

    exec->state = ngx_http_endpoint_exec_running;
    exec->started = ngx_current_msec;

    /* the deadline may have fired while nothing was running */

    if (ngx_http_endpoint_run_left(exec->run) == 0) {
        ngx_http_endpoint_exec_overdue(exec);
        return;
    }

    if (step->when) {
        rc = ngx_http_endpoint_condition_test(step->when, &exec->run->scope);

        if (rc == NGX_ERROR) {
            ngx_http_endpoint_exec_failed(exec,
                                          ngx_http_endpoint_cause_memory);
            return;
        }

        if (rc == 0) {
            ngx_http_endpoint_exec_done(exec);
            return;
        }
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, exec->run->scope.log, 0,
                   "endpoint \"%V\": step \"%V\" starts",
                   &exec->run->plan->label, &step->label);

    if (step->timeout && ngx_http_endpoint_exec_timer(exec) != NGX_OK) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    if (step->effect) {
        ngx_http_endpoint_run_effect(exec->run);
    }

    if (step->around && !step->around->before(exec)) {
        exec->held = 1;
        return;
    }

    step->type->start(exec);
}


static ngx_int_t
ngx_http_endpoint_exec_timer(ngx_http_endpoint_exec_t *exec)
{
    exec->timer = ngx_pcalloc(exec->run->scope.pool, sizeof(ngx_event_t));
    if (exec->timer == NULL) {
        return NGX_ERROR;
    }

    exec->timer->handler = ngx_http_endpoint_exec_timeout;
    exec->timer->data = exec;
    exec->timer->log = exec->run->scope.log;

    ngx_add_timer(exec->timer, exec->step->timeout);

    return NGX_OK;
}


/* the client's leaving is seen by the outermost run */

static void
ngx_http_endpoint_run_effect(ngx_http_endpoint_run_t *run)
{
    for ( /* void */ ; run; run = run->parent) {
        run->effect = 1;
    }
}


static void
ngx_http_endpoint_exec_timeout(ngx_event_t *ev)
{
    ngx_http_endpoint_exec_t  *exec;

    exec = ev->data;

    ngx_log_error(NGX_LOG_ERR, exec->run->scope.log, NGX_ETIMEDOUT,
                  "endpoint \"%V\": step \"%V\" timed out",
                  &exec->run->plan->label, &exec->step->label);

    exec->expired = 1;

    if (exec->step->type->resume) {
        ngx_http_endpoint_exec_wake(exec);
        return;
    }

    ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_timeout);
}


void
ngx_http_endpoint_exec_wake(ngx_http_endpoint_exec_t *exec)
{
    if (exec->state != ngx_http_endpoint_exec_running) {
        return;
    }

    exec->woken = 1;

    if (exec->parent) {
        ngx_http_endpoint_exec_wake(exec->parent);
        return;
    }

    if (!exec->run->advancing) {
        ngx_post_event(&exec->run->event, &ngx_posted_events);
    }
}


void
ngx_http_endpoint_exec_failed(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_cause_e cause)
{
    if (exec->state != ngx_http_endpoint_exec_running) {
        return;
    }

    exec->cause = cause;

    ngx_http_endpoint_exec_done(exec);
}


void
ngx_http_endpoint_exec_done(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_run_t  *run;

    run = exec->run;

    if (exec->state != ngx_http_endpoint_exec_running) {
        return;
    }

    exec->state = ngx_http_endpoint_exec_ended;
    exec->woken = 0;

    if (exec->timer && exec->timer->timer_set) {
        ngx_del_timer(exec->timer);
    }

    if (exec->parent) {
        ngx_http_endpoint_exec_wake(exec->parent);
        return;
    }

    if (!run->advancing) {
        ngx_post_event(&run->event, &ngx_posted_events);
    }
}


void
ngx_http_endpoint_exec_fallback(ngx_http_endpoint_exec_t *exec)
{
    exec->fallback = 1;
    exec->run->result.fallback = 1;
}


ngx_int_t
ngx_http_endpoint_exec_value(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_value_t *v)
{
    ngx_http_endpoint_name_t   *name;
    ngx_http_endpoint_value_t  *value;

    name = exec->step->result;

    if (name == NULL) {
        return NGX_OK;
    }

    value = &exec->run->scope.values[name->slot];
    *value = *v;

    if (name->paths.nelts == 0 || v->type == ngx_http_endpoint_null) {
        return NGX_OK;
    }

    if (ngx_http_endpoint_value_flatten(exec->run->scope.pool, value)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_json_extract(exec->run->scope.pool, &value->data,
                                          name->paths.elts, name->paths.nelts,
                                          exec->run->scope.values);
}


static void
ngx_http_endpoint_exec_settle(ngx_http_endpoint_exec_t *exec)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_run_t   *run;
    ngx_http_endpoint_step_t  *step;

    run = exec->run;
    step = exec->step;

    exec->state = ngx_http_endpoint_exec_settled;
    run->unsettled--;

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, run->scope.log, 0,
                   "endpoint \"%V\": step \"%V\" ended: %d",
                   &run->plan->label, &step->label, exec->cause);

    if (exec->cause != ngx_http_endpoint_cause_none) {

        /* what failed may still be under way: a body too large, a timeout */

        if (step->type->cancel) {
            step->type->cancel(exec);
        }
    }

    if (step->around) {
        step->around->after(exec);
    }

    if (exec->cause != ngx_http_endpoint_cause_none) {
        ngx_http_endpoint_run_fail(run, &step->label, exec->cause);
        return;
    }

    for (i = 0; i < step->nnext; i++) {
        run->execs[step->next[i]].waits--;
    }
}


void
ngx_http_endpoint_exec_cancel(ngx_http_endpoint_exec_t *exec)
{
    if (exec->timer && exec->timer->timer_set) {
        ngx_del_timer(exec->timer);
    }

    /* what has failed, but is not settled, may still be under way */

    if (exec->state != ngx_http_endpoint_exec_running
        && exec->state != ngx_http_endpoint_exec_ended)
    {
        return;
    }

    exec->state = ngx_http_endpoint_exec_settled;
    exec->woken = 0;

    if (exec->step->type->cancel) {
        exec->step->type->cancel(exec);
    }

    if (exec->step->around) {
        exec->step->around->cancel(exec);
    }
}
