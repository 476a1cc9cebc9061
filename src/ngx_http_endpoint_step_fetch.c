
#include "ngx_http_endpoint_fetch.h"
#include "ngx_http_endpoint_step.h"


static void ngx_http_endpoint_fetch_start(ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_fetch_resume(ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_fetch_cancel(ngx_http_endpoint_exec_t *exec);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_fetch = {
    ngx_string("fetch"),
    ngx_http_endpoint_fetch_compile,
    ngx_http_endpoint_fetch_start,
    ngx_http_endpoint_fetch_resume,
    ngx_http_endpoint_fetch_cancel,
    1
};


static void
ngx_http_endpoint_fetch_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = exec->step->conf;

    ngx_http_endpoint_fanout_start(exec, &conf->each,
                                   ngx_http_endpoint_call_start);
}


static void
ngx_http_endpoint_fetch_resume(ngx_http_endpoint_exec_t *exec)
{
    ngx_uint_t                   i;
    ngx_http_endpoint_branch_t  *b;
    ngx_http_endpoint_fanout_t  *fanout;

    fanout = exec->ctx;

    /* those that have not started yet are out of time too */

    if (exec->expired) {
        fanout->next = fanout->n;
    }

    for (i = 0; i < fanout->next; i++) {
        b = &fanout->branches[i];

        if (exec->state != ngx_http_endpoint_exec_running) {
            return;
        }

        if (b->ended) {
            continue;
        }

        if (exec->expired) {
            ngx_http_endpoint_call_expire(b);

        } else {
            ngx_http_endpoint_call_resume(b->ctx);
        }
    }

    ngx_http_endpoint_fanout_advance(fanout);
}


static void
ngx_http_endpoint_fetch_cancel(ngx_http_endpoint_exec_t *exec)
{
    ngx_uint_t                   i;
    ngx_http_endpoint_fanout_t  *fanout;

    fanout = exec->ctx;

    if (fanout == NULL) {
        return;
    }

    for (i = 0; i < fanout->next; i++) {
        if (fanout->branches[i].ctx) {
            ngx_http_endpoint_call_cancel(fanout->branches[i].ctx);
        }
    }
}


void
ngx_http_endpoint_fetch_wake(ngx_http_endpoint_run_t *run)
{
    ngx_uint_t                   i, k;
    ngx_http_endpoint_exec_t    *exec;
    ngx_http_endpoint_call_t    *call;
    ngx_http_endpoint_fanout_t  *fanout;

    for (i = 0; i < run->plan->steps.nelts; i++) {
        exec = &run->execs[i];
        fanout = exec->ctx;

        if (exec->state != ngx_http_endpoint_exec_running
            || exec->step->type != &ngx_http_endpoint_step_fetch)
        {
            continue;
        }

        for (k = 0; k < fanout->next; k++) {
            call = fanout->branches[k].ctx;

            if (call && call->state == ngx_http_endpoint_call_asking
                && !call->capture->done)
            {
                (void) ngx_http_post_request(call->capture->request, NULL);
            }
        }
    }
}
