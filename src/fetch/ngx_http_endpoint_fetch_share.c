
#include "ngx_http_endpoint_fetch.h"
#include "ngx_http_endpoint_run.h"


static ngx_int_t ngx_http_endpoint_fetch_outcome(
    ngx_http_endpoint_exec_t *exec, ngx_http_endpoint_outcome_t *outcome);
static ngx_int_t ngx_http_endpoint_fetch_adopt(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_outcome_t *outcome);
static ngx_uint_t ngx_http_endpoint_fetch_goes_on(
    ngx_http_endpoint_exec_t *exec, ngx_http_endpoint_outcome_t *outcome);
static char *ngx_http_endpoint_fetch_shape(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step);
static ngx_msec_t ngx_http_endpoint_fetch_patience(
    ngx_http_endpoint_exec_t *exec);
static size_t ngx_http_endpoint_fetch_limit(ngx_http_endpoint_exec_t *exec);


ngx_http_endpoint_share_t  ngx_http_endpoint_fetch_share = {
    ngx_http_endpoint_fetch_outcome,
    ngx_http_endpoint_fetch_adopt,
    ngx_http_endpoint_fetch_shape,
    ngx_http_endpoint_fetch_patience,
    ngx_http_endpoint_fetch_limit
};


static ngx_int_t
ngx_http_endpoint_fetch_outcome(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_outcome_t *outcome)
{
    ngx_http_endpoint_call_t        *call;
    ngx_http_endpoint_fanout_t      *fanout;
    ngx_http_endpoint_fetch_conf_t  *conf;

    if (exec->expired) {
        return NGX_ABORT;
    }

    if (exec->step->each) {
        return NGX_DONE;
    }

    conf = exec->step->conf;
    fanout = exec->ctx;
    call = fanout ? fanout->only.ctx : NULL;

    if (call == NULL) {
        return NGX_DECLINED;
    }

    outcome->cause = call->failure;
    outcome->tries = call->tries;

    switch (call->failure) {

    case ngx_http_endpoint_cause_status:
        return ngx_http_endpoint_answer_outcome(call, outcome);

    case ngx_http_endpoint_cause_timeout:
        outcome->waited = call->timedout ? conf->try_timeout : 0;
        return NGX_OK;

    case ngx_http_endpoint_cause_too_large:
        outcome->limit = exec->run->plan->limits->fetch_buffer;
        return NGX_OK;

    case ngx_http_endpoint_cause_upstream:
    case ngx_http_endpoint_cause_json:
    case ngx_http_endpoint_cause_encoding:
        return NGX_OK;

    default:

        /* the request's own: what it sends, where it comes from */

        return NGX_DECLINED;
    }
}


static ngx_int_t
ngx_http_endpoint_fetch_adopt(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_outcome_t *outcome)
{
    if (ngx_http_endpoint_fetch_goes_on(exec, outcome)) {
        return NGX_DECLINED;
    }

    if (outcome->cause == ngx_http_endpoint_cause_status
        && ngx_http_endpoint_answer_pass(exec, outcome))
    {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_result);

    } else {
        ngx_http_endpoint_exec_default(exec, outcome->cause);
    }

    return NGX_OK;
}


/* more tries, more time, more room */

static ngx_uint_t
ngx_http_endpoint_fetch_goes_on(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_outcome_t *outcome)
{
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = exec->step->conf;

    if (outcome->tries && outcome->tries <= conf->retries
        && ngx_http_endpoint_call_retryable(outcome->cause, outcome->status))
    {
        return 1;
    }

    if (outcome->waited
        && (conf->try_timeout == 0 || conf->try_timeout > outcome->waited))
    {
        return 1;
    }

    return outcome->limit
           && outcome->limit < exec->run->plan->limits->fetch_buffer;
}


static char *
ngx_http_endpoint_fetch_shape(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = step->conf;

    return conf->text ? "text" : "";
}


static ngx_msec_t
ngx_http_endpoint_fetch_patience(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = exec->step->conf;

    return exec->step->each ? 0 : conf->try_timeout * (conf->retries + 1);
}


/* of several bodies each has its own */

static size_t
ngx_http_endpoint_fetch_limit(ngx_http_endpoint_exec_t *exec)
{
    return exec->step->each ? NGX_MAX_SIZE_T_VALUE
                            : exec->run->plan->limits->fetch_buffer;
}
