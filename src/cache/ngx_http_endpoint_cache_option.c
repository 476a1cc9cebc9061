
#include "ngx_http_endpoint_cache_content.h"
#include "ngx_http_endpoint_cache_option.h"
#include "ngx_http_endpoint_lookup.h"
#include "ngx_http_endpoint_outcome.h"


static ngx_uint_t ngx_http_endpoint_cache_option_before(
    ngx_http_endpoint_exec_t *exec);
static ngx_uint_t ngx_http_endpoint_cache_option_advance(
    ngx_http_endpoint_exec_t *exec, ngx_int_t rc);
static ngx_int_t ngx_http_endpoint_cache_option_wait(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_cache_option_late(ngx_event_t *ev);
static ngx_uint_t ngx_http_endpoint_cache_option_resume(
    ngx_http_endpoint_exec_t *exec);
static ngx_uint_t ngx_http_endpoint_cache_option_use(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_cache_option_refresh(
    ngx_http_endpoint_exec_t *exec);
static ngx_uint_t ngx_http_endpoint_cache_option_adopt(
    ngx_http_endpoint_exec_t *exec);
static ngx_uint_t ngx_http_endpoint_cache_option_take(
    ngx_http_endpoint_exec_t *exec);
static uint64_t ngx_http_endpoint_cache_option_policy(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_cache_option_after(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_cache_option_share(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_cache_option_keep(
    ngx_http_endpoint_exec_t *exec, ngx_http_endpoint_cache_value_t *value);
static ngx_uint_t ngx_http_endpoint_cache_option_is_empty(
    ngx_http_endpoint_exec_t *exec);
static ngx_int_t ngx_http_endpoint_cache_option_outcome(
    ngx_http_endpoint_exec_t *exec, ngx_http_endpoint_cache_value_t *value);
static ngx_int_t ngx_http_endpoint_cache_option_stale(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_cache_option_cancel(
    ngx_http_endpoint_exec_t *exec);


ngx_http_endpoint_around_t  ngx_http_endpoint_cache_option = {
    ngx_http_endpoint_cache_option_check,
    ngx_http_endpoint_cache_option_before,
    ngx_http_endpoint_cache_option_resume,
    ngx_http_endpoint_cache_option_after,
    ngx_http_endpoint_cache_option_cancel
};


static ngx_uint_t
ngx_http_endpoint_cache_option_before(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_lookup_t  *lookup;

    if (exec->around) {

        /* a refresh: it has been looked for */

        return 1;
    }

    lookup = ngx_http_endpoint_lookup_key(exec->run, exec->step->around_conf);
    if (lookup == NULL) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return 0;
    }

    lookup->exec = exec;

    exec->around = lookup;
    exec->within = &lookup->flight;

    return ngx_http_endpoint_cache_option_advance(exec,
                                       ngx_http_endpoint_lookup_start(lookup));
}


static ngx_uint_t
ngx_http_endpoint_cache_option_advance(ngx_http_endpoint_exec_t *exec,
    ngx_int_t rc)
{
    ngx_http_endpoint_lookup_t  *lookup;

    lookup = exec->around;

    if (rc == NGX_AGAIN) {
        rc = ngx_http_endpoint_cache_option_wait(exec);
    }

    switch (rc) {

    case NGX_OK:

        if (ngx_http_endpoint_lookup_leads(lookup)) {
            ngx_http_endpoint_cache_option_refresh(exec);
        }

        return ngx_http_endpoint_cache_option_use(exec);

    case NGX_AGAIN:
        return 0;

    case NGX_DECLINED:
        return 1;

    default: /* NGX_ERROR */
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return 0;
    }
}


/* for another's work, but no longer than for one's own */

static ngx_int_t
ngx_http_endpoint_cache_option_wait(ngx_http_endpoint_exec_t *exec)
{
    ngx_msec_t                   msec;
    ngx_http_endpoint_share_t   *share;
    ngx_http_endpoint_lookup_t  *lookup;

    share = exec->step->type->share;
    lookup = exec->around;

    msec = share ? share->patience(exec) : 0;

    if (msec == 0) {
        return NGX_AGAIN;
    }

    if (lookup->timer == NULL) {
        lookup->timer = ngx_pcalloc(exec->run->scope.pool,
                                    sizeof(ngx_event_t));
        if (lookup->timer == NULL) {
            return NGX_ERROR;
        }

        lookup->timer->handler = ngx_http_endpoint_cache_option_late;
        lookup->timer->data = exec;
        lookup->timer->log = exec->run->scope.log;
    }

    ngx_add_timer(lookup->timer, msec);

    return NGX_AGAIN;
}


static void
ngx_http_endpoint_cache_option_late(ngx_event_t *ev)
{
    ngx_http_endpoint_exec_t    *exec;
    ngx_http_endpoint_lookup_t  *lookup;

    exec = ev->data;
    lookup = exec->around;

    lookup->late = 1;

    ngx_http_endpoint_exec_wake(exec);
}


static ngx_uint_t
ngx_http_endpoint_cache_option_resume(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_lookup_t  *lookup;

    lookup = exec->around;

    if (exec->expired || lookup->late) {

        /* the work knows what it is to have no time left */

        exec->expired = 1;
        ngx_http_endpoint_cache_option_cancel(exec);
        return 1;
    }

    if (lookup->timer && lookup->timer->timer_set) {
        ngx_del_timer(lookup->timer);
    }

    return ngx_http_endpoint_cache_option_advance(exec,
                                      ngx_http_endpoint_lookup_resume(lookup));
}


static ngx_uint_t
ngx_http_endpoint_cache_option_use(ngx_http_endpoint_exec_t *exec)
{
    uint64_t                     policy;
    ngx_http_endpoint_lookup_t  *lookup;

    lookup = exec->around;
    policy = ngx_http_endpoint_cache_content_policy(&lookup->value);

    if (policy && policy != ngx_http_endpoint_cache_option_policy(exec)) {
        return 1;
    }

    switch (ngx_http_endpoint_cache_content_kind(&lookup->value,
                                                 &lookup->types))
    {

    case ngx_http_endpoint_cache_content_outcome:
        return ngx_http_endpoint_cache_option_adopt(exec);

    case ngx_http_endpoint_cache_content_reply:

        if (ngx_http_endpoint_cache_content_unpack_reply(&lookup->value,
                                                         exec->run)
            != NGX_OK)
        {
            ngx_http_endpoint_exec_failed(exec,
                                          ngx_http_endpoint_cause_memory);
            return 0;
        }

        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_result);
        return 0;

    default: /* a value */
        return ngx_http_endpoint_cache_option_take(exec);
    }
}


/* this step alone, in a run of its own */

static void
ngx_http_endpoint_cache_option_refresh(ngx_http_endpoint_exec_t *exec)
{
    ngx_uint_t                         index;
    ngx_http_endpoint_lookup_t        *lookup;
    ngx_http_endpoint_cache_option_t  *conf;

    conf = exec->step->around_conf;
    index = exec->step->index;

    lookup = ngx_http_endpoint_lookup_detach(exec->around,
                                             &conf->key.made_of);

    if (lookup) {
        lookup->exec->around = lookup;
        lookup->exec->within = &lookup->flight;
        lookup->exec->run->bare = 1;

        ngx_http_endpoint_run_part(lookup->exec->run, index, index + 1);
    }
}


/* another's failure, of which this step makes its own */

static ngx_uint_t
ngx_http_endpoint_cache_option_adopt(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_share_t    *share;
    ngx_http_endpoint_lookup_t   *lookup;
    ngx_http_endpoint_outcome_t   outcome;

    share = exec->step->type->share;
    lookup = exec->around;

    ngx_memzero(&outcome, sizeof(ngx_http_endpoint_outcome_t));

    if (ngx_http_endpoint_cache_content_unpack_outcome(&lookup->value,
                                                exec->run->scope.pool,
                                                &outcome)
        != NGX_OK)
    {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return 0;
    }

    if (share == NULL
        || ngx_http_endpoint_cache_content_policy(&lookup->value))
    {
        ngx_http_endpoint_exec_failed(exec, outcome.cause);
        return 0;
    }

    if (share->adopt(exec, &outcome) == NGX_DECLINED) {
        return ngx_http_endpoint_cache_option_advance(exec,
                                       ngx_http_endpoint_lookup_start(lookup));
    }

    return 0;
}


static ngx_uint_t
ngx_http_endpoint_cache_option_take(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_share_t    *share;
    ngx_http_endpoint_value_t     v;
    ngx_http_endpoint_lookup_t   *lookup;
    ngx_http_endpoint_outcome_t   outcome;

    share = exec->step->type->share;
    lookup = exec->around;

    if (share && lookup->value.body.len > share->limit(exec)) {
        ngx_memzero(&outcome, sizeof(ngx_http_endpoint_outcome_t));

        outcome.cause = ngx_http_endpoint_cause_too_large;
        outcome.limit = share->limit(exec);

        (void) share->adopt(exec, &outcome);

        return 0;
    }

    if (lookup->status == ngx_http_endpoint_lookup_updating
        || ngx_http_endpoint_cache_content_fallback(&lookup->value))
    {
        ngx_http_endpoint_exec_fallback(exec);
    }

    ngx_http_endpoint_cache_content_unpack_value(&lookup->value, &v);

    switch (ngx_http_endpoint_exec_value(exec, &v)) {

    case NGX_OK:
        ngx_http_endpoint_exec_done(exec);
        return 0;

    case NGX_ERROR:
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return 0;

    default:
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_json);
        return 0;
    }
}


/* never 0 */

static uint64_t
ngx_http_endpoint_cache_option_policy(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_limits_t        *limits;
    ngx_http_endpoint_cache_option_t  *conf;

    conf = exec->step->around_conf;
    limits = exec->run->plan->limits;

    return (conf->policy + 31 * limits->fetch_buffer
            + 37 * limits->max_fanout) | 1;
}


static void
ngx_http_endpoint_cache_option_after(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_value_t        *v;
    ngx_http_endpoint_lookup_t       *lookup;
    ngx_http_endpoint_cache_value_t   value;

    lookup = exec->around;

    /* it was skipped, or its time was over, before it was looked for */

    if (lookup == NULL) {
        return;
    }

    if (exec->cause != ngx_http_endpoint_cause_none || exec->defaulted) {
        ngx_http_endpoint_cache_option_share(exec);

    } else if (ngx_http_endpoint_lookup_leads(lookup)) {
        v = &exec->run->scope.values[exec->step->result->slot];

        if (ngx_http_endpoint_cache_content_pack_value(exec->run, v,
                                                       &lookup->types, &value)
            == NGX_OK)
        {
            ngx_http_endpoint_cache_option_keep(exec, &value);

        } else {
            ngx_http_endpoint_flight_failed(&lookup->flight, NULL);
        }
    }

    ngx_http_endpoint_cache_option_cancel(exec);
}


static void
ngx_http_endpoint_cache_option_keep(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_cache_value_t *value)
{
    ngx_http_endpoint_flight_t        *flight;
    ngx_http_endpoint_lookup_t        *lookup;
    ngx_http_endpoint_cache_option_t  *conf;

    lookup = exec->around;
    flight = &lookup->flight;
    conf = exec->step->around_conf;

    if (exec->fallback) {
        ngx_http_endpoint_cache_content_set_fallback(value);
        ngx_http_endpoint_flight_failed(flight, value);
        return;
    }

    if (!ngx_http_endpoint_cache_option_is_empty(exec)) {
        (void) ngx_http_endpoint_flight_done(flight, value, 0);
        return;
    }

    if (conf->empty) {
        (void) ngx_http_endpoint_flight_done(flight, value, conf->empty);
        return;
    }

    if (lookup->stale) {
        ngx_http_endpoint_flight_purge(flight->cache, &flight->key);
    }

    ngx_http_endpoint_flight_failed(flight, value);
}


/* what is not there may be there at any time */

static ngx_uint_t
ngx_http_endpoint_cache_option_is_empty(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_value_t  *v;

    v = &exec->run->scope.values[exec->step->result->slot];

    return exec->lacks || ngx_http_endpoint_value_empty(v);
}


/* the failure of the work itself, whatever this step has made of it */

static void
ngx_http_endpoint_cache_option_share(ngx_http_endpoint_exec_t *exec)
{
    ngx_int_t                         rc;
    ngx_uint_t                        answered;
    ngx_http_endpoint_lookup_t       *lookup;
    ngx_http_endpoint_cache_value_t   value;

    lookup = exec->around;

    rc = ngx_http_endpoint_cache_option_outcome(exec, &value);

    /* what is below 500 is an answer, and drops the old value */

    answered = (exec->cause == ngx_http_endpoint_cause_result
                && exec->run->result.status < 500);

    if (!answered
        && ngx_http_endpoint_cache_option_stale(exec) == NGX_OK
        && rc != NGX_ABORT)
    {
        ngx_http_endpoint_cache_content_set_fallback(&lookup->value);
        value = lookup->value;
        rc = NGX_OK;
    }

    if (rc == NGX_ABORT || !ngx_http_endpoint_lookup_leads(lookup)) {
        return;
    }

    if (lookup->stale && answered) {
        ngx_http_endpoint_flight_purge(lookup->flight.cache,
                                       &lookup->flight.key);
    }

    ngx_http_endpoint_flight_failed(&lookup->flight,
                                    rc == NGX_OK ? &value : NULL);
}


/* as outcome() of a kind of step; value is packed */

static ngx_int_t
ngx_http_endpoint_cache_option_outcome(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_cache_value_t *value)
{
    ngx_int_t                     rc;
    ngx_str_t                    *types;
    ngx_http_endpoint_run_t      *run;
    ngx_http_endpoint_lookup_t   *lookup;
    ngx_http_endpoint_outcome_t   outcome;

    run = exec->run;
    lookup = exec->around;
    types = &lookup->types;

    if (exec->step->type->share == NULL) {
        return NGX_DECLINED;
    }

    ngx_memzero(&outcome, sizeof(ngx_http_endpoint_outcome_t));

    rc = exec->step->type->share->outcome(exec, &outcome);

    if (rc == NGX_OK) {
        return ngx_http_endpoint_cache_content_pack_outcome(run, &outcome,
                                                            types, value);
    }

    if (rc != NGX_DONE) {
        return rc;
    }

    /* of several calls: what became of them, for those who do the same */

    if (exec->cause == ngx_http_endpoint_cause_none) {
        rc = ngx_http_endpoint_cache_content_pack_value(run,
                             &run->scope.values[exec->step->result->slot],
                             types, value);

    } else if (exec->cause == ngx_http_endpoint_cause_result) {
        rc = ngx_http_endpoint_cache_content_pack_reply(run,
                                    run->headers ? run->headers->nelts : 0, 0,
                                    types, value);

    } else {
        outcome.cause = exec->cause;
        rc = ngx_http_endpoint_cache_content_pack_outcome(run, &outcome, types,
                                                          value);
    }

    if (rc == NGX_OK) {
        ngx_http_endpoint_cache_content_set_policy(value,
                                 ngx_http_endpoint_cache_option_policy(exec));

        if (exec->fallback) {
            ngx_http_endpoint_cache_content_set_fallback(value);
        }
    }

    return rc;
}


/* NGX_OK: the old value was put in the place of a failure */

static ngx_int_t
ngx_http_endpoint_cache_option_stale(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_value_t    v;
    ngx_http_endpoint_lookup_t  *lookup;

    lookup = exec->around;

    if (ngx_http_endpoint_lookup_old(lookup) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (lookup->flight.background) {

        /* it is for those who wait, the run ends with the failure */

        return NGX_OK;
    }

    ngx_http_endpoint_cache_content_unpack_value(&lookup->value, &v);

    if (ngx_http_endpoint_exec_value(exec, &v) != NGX_OK) {
        return NGX_DECLINED;
    }

    exec->cause = ngx_http_endpoint_cause_none;

    ngx_memzero(&exec->run->result, sizeof(ngx_http_endpoint_result_t));
    ngx_http_endpoint_exec_fallback(exec);

    return NGX_OK;
}


/* leaves the flight, where it has not ended: another one takes the lead */

static void
ngx_http_endpoint_cache_option_cancel(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_lookup_t  *lookup;

    lookup = exec->around;

    if (lookup == NULL) {
        return;
    }

    if (lookup->timer && lookup->timer->timer_set) {
        ngx_del_timer(lookup->timer);
    }

    ngx_http_endpoint_lookup_cancel(lookup);
}
