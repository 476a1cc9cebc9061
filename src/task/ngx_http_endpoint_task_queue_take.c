
#include "ngx_http_endpoint_task_queue_runner.h"
#include "ngx_http_endpoint_task_start.h"
#include "ngx_http_endpoint_utf8.h"


/* ends that are told with one statement */
#define NGX_HTTP_ENDPOINT_QUEUE_ENDS  500


/* what data of a take is */
typedef struct {
    ngx_uint_t                        want;
    ngx_uint_t                        told;     /* of tasks that are done */
    ngx_uint_t                        granted;  /* places beside theirs */
    u_char                            token[NGX_HTTP_ENDPOINT_TASK_TOKEN];
} ngx_http_endpoint_queue_take_t;


static ngx_int_t ngx_http_endpoint_queue_take_start(
    ngx_http_endpoint_task_queue_runner_t *r,
    ngx_http_endpoint_pg_call_t *call);
static ngx_uint_t ngx_http_endpoint_queue_done(
    ngx_http_endpoint_task_queue_runner_t *r);
static ngx_int_t ngx_http_endpoint_queue_done_ids(
    ngx_http_endpoint_task_queue_runner_t *r, ngx_pool_t *pool, ngx_uint_t n,
    ngx_str_t *ids);
static void ngx_http_endpoint_queue_taken(void *data,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_queue_not_taken(
    ngx_http_endpoint_task_queue_runner_t *r,
    ngx_http_endpoint_pg_call_t *call, ngx_http_endpoint_pg_cause_e cause);
static void ngx_http_endpoint_queue_forget_done(
    ngx_http_endpoint_task_queue_runner_t *r, ngx_uint_t told);
static void ngx_http_endpoint_queue_row(
    ngx_http_endpoint_task_queue_runner_t *r, PGresult *res, int row,
    u_char *token);
static void ngx_http_endpoint_queue_ended(ngx_http_endpoint_detached_t *d,
    void *data);
static void ngx_http_endpoint_queue_fail(
    ngx_http_endpoint_task_queue_runner_t *r,
    ngx_http_endpoint_task_work_t *work, ngx_str_t *error);
static void ngx_http_endpoint_queue_end(
    ngx_http_endpoint_task_queue_runner_t *r,
    ngx_http_endpoint_task_work_t *work);
static void ngx_http_endpoint_queue_tell(
    ngx_http_endpoint_task_queue_runner_t *r,
    ngx_http_endpoint_task_work_t *work);
static void ngx_http_endpoint_queue_told(void *data,
    ngx_http_endpoint_pg_result_t *result);


/*
 * A task that is done has its place until that is told: so no more of them are
 * run again, where the worker dies, than may run at once.
 */

void
ngx_http_endpoint_queue_take(ngx_http_endpoint_task_queue_runner_t *r,
    ngx_uint_t most)
{
    ngx_uint_t                       told, granted;
    ngx_http_endpoint_pg_call_t     *call;
    ngx_http_endpoint_queue_take_t  *take;

    told = ngx_http_endpoint_queue_done(r);
    granted = 0;

    if (most > told) {
        granted = ngx_http_endpoint_queue_grant(r->queue->zone, r->sh,
                                             r->place, most - told,
                                             r->queue->policy.concurrency);
    }

    if (told + granted == 0) {

        /* what was queued here others may have, but not what they told of */

        if (most && r->offer) {
            r->offer = 0;
            ngx_http_endpoint_queue_notify(r);
        }

        return;
    }

    r->offer = 0;

    call = ngx_http_endpoint_task_call(r->queue,
                                       ngx_http_endpoint_task_sql_take, NULL);
    if (call == NULL) {
        goto failed;
    }

    take = ngx_palloc(call->pool, sizeof(ngx_http_endpoint_queue_take_t));

    if (take == NULL) {
        ngx_http_endpoint_pg_call_end(call);
        goto failed;
    }

    take->told = told;
    take->granted = granted;
    take->want = ngx_min(told + granted, most);

    ngx_http_endpoint_queue_token(r, take->token);

    call->data = take;

    if (ngx_http_endpoint_queue_take_start(r, call) == NGX_OK) {
        r->taking = 1;
        r->again = 0;
        return;
    }

    ngx_http_endpoint_queue_forget_done(r, 0);

failed:

    ngx_http_endpoint_queue_return(r, granted);
}


/* NGX_ERROR: the call is gone */

static ngx_int_t
ngx_http_endpoint_queue_take_start(ngx_http_endpoint_task_queue_runner_t *r,
    ngx_http_endpoint_pg_call_t *call)
{
    ngx_str_t                        ids;
    ngx_http_endpoint_queue_take_t  *take;

    take = call->data;

    if (ngx_http_endpoint_queue_done_ids(r, call->pool, take->told, &ids)
        != NGX_OK)
    {
        ngx_http_endpoint_pg_call_end(call);
        return NGX_ERROR;
    }

    ngx_http_endpoint_pg_call_param(call, &ids);
    ngx_http_endpoint_pg_call_print(call, "%ui", take->want);
    ngx_http_endpoint_pg_call_param(call, &r->blocks);
    ngx_http_endpoint_pg_call_print(call, "%s", take->token);

    return ngx_http_endpoint_pg_call_start(call,
                                             ngx_http_endpoint_queue_taken);
}


/* how many are done of which nothing was told */

static ngx_uint_t
ngx_http_endpoint_queue_done(ngx_http_endpoint_task_queue_runner_t *r)
{
    ngx_uint_t                      n;
    ngx_queue_t                    *q;
    ngx_http_endpoint_task_work_t  *work;

    n = 0;

    for (q = ngx_queue_head(&r->ended);
         q != ngx_queue_sentinel(&r->ended) && n < NGX_HTTP_ENDPOINT_QUEUE_ENDS;
         q = ngx_queue_next(q))
    {
        work = ngx_queue_data(q, ngx_http_endpoint_task_work_t, link);
        n += work->done;
    }

    return n;
}


/* '{1,2}': the first n of those that are done */

static ngx_int_t
ngx_http_endpoint_queue_done_ids(ngx_http_endpoint_task_queue_runner_t *r,
    ngx_pool_t *pool, ngx_uint_t n, ngx_str_t *ids)
{
    u_char                         *p;
    ngx_queue_t                    *q;
    ngx_http_endpoint_task_work_t  *work;

    p = ngx_pnalloc(pool, 2 + n * (NGX_INT64_LEN + 1));
    if (p == NULL) {
        return NGX_ERROR;
    }

    ids->data = p;
    *p++ = '{';

    for (q = ngx_queue_head(&r->ended); n; q = ngx_queue_next(q)) {
        work = ngx_queue_data(q, ngx_http_endpoint_task_work_t, link);

        if (!work->done) {
            continue;
        }

        work->telling = 1;
        n--;

        p = ngx_sprintf(p, "%s%s", work->id, n ? "," : "");
    }

    *p++ = '}';
    ids->len = p - ids->data;

    return NGX_OK;
}


static void
ngx_http_endpoint_queue_taken(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_pg_call_t *call = data;

    int                                     i, n;
    ngx_http_endpoint_queue_take_t         *take;
    ngx_http_endpoint_task_queue_runner_t  *r;

    r = ngx_http_endpoint_queue_runner_of(call);
    take = call->data;

    r->taking = 0;

    if (result->cause != ngx_http_endpoint_pg_ok) {
        ngx_http_endpoint_task_call_failed(call, result);
        ngx_http_endpoint_queue_not_taken(r, call, result->cause);
        ngx_http_endpoint_pg_call_end(call);
        return;
    }

    ngx_http_endpoint_queue_forget_done(r, 1);

    n = PQntuples(result->raw);

    ngx_http_endpoint_queue_return(r, take->told + take->granted - n);

    for (i = 0; i < n; i++) {
        ngx_http_endpoint_queue_row(r, result->raw, i, take->token);
    }

    /* there may be more of them than these */

    if (n && (ngx_uint_t) n == take->want) {
        ngx_http_endpoint_queue_call(r);
        ngx_http_endpoint_queue_look_soon(r);

    } else if (r->again) {
        ngx_http_endpoint_queue_look_soon(r);
    }

    ngx_http_endpoint_pg_call_end(call);
}


static void
ngx_http_endpoint_queue_not_taken(ngx_http_endpoint_task_queue_runner_t *r,
    ngx_http_endpoint_pg_call_t *call, ngx_http_endpoint_pg_cause_e cause)
{
    ngx_http_endpoint_queue_take_t  *take;

    take = call->data;

    ngx_http_endpoint_queue_forget_done(r, 0);
    ngx_http_endpoint_queue_return(r, take->granted);

    if (take->want && cause == ngx_http_endpoint_pg_lost) {
        ngx_http_endpoint_queue_doubt(r, take->token);
    }

    r->again = 1;
}


/* those that a take has told of are told, or are to be told again */

static void
ngx_http_endpoint_queue_forget_done(ngx_http_endpoint_task_queue_runner_t *r,
    ngx_uint_t told)
{
    ngx_queue_t                    *q, *next;
    ngx_http_endpoint_task_work_t  *work;

    for (q = ngx_queue_head(&r->ended);
         q != ngx_queue_sentinel(&r->ended);
         q = next)
    {
        next = ngx_queue_next(q);
        work = ngx_queue_data(q, ngx_http_endpoint_task_work_t, link);

        if (!work->done || !work->telling) {
            continue;
        }

        work->telling = 0;

        if (told) {
            ngx_queue_remove(q);
            ngx_free(work);
        }
    }
}


/* id, block, attempt, values, error */

static void
ngx_http_endpoint_queue_row(ngx_http_endpoint_task_queue_runner_t *r,
    PGresult *res, int row, u_char *token)
{
    ngx_str_t                       error;
    ngx_http_endpoint_task_work_t  *work;

    static ngx_str_t  died = ngx_string("its worker process died");
    static ngx_str_t  broken = ngx_string("it could not be started");

    work = ngx_calloc(sizeof(ngx_http_endpoint_task_work_t), ngx_cycle->log);

    if (work == NULL) {

        /* until its lease is over */

        ngx_http_endpoint_queue_return(r, 1);
        return;
    }

    work->queue = r->queue;
    work->attempt = atoi(PQgetvalue(res, row, 2));

    (void) ngx_cpystrn(work->id, (u_char *) PQgetvalue(res, row, 0),
                       sizeof(work->id));
    (void) ngx_cpystrn(work->token, token, NGX_HTTP_ENDPOINT_TASK_TOKEN);

    work->block = ngx_http_endpoint_queue_block(r, PQgetvalue(res, row, 1));

    if (work->attempt > r->queue->policy.retries + 1) {

        error.data = (u_char *) PQgetvalue(res, row, 4);
        error.len = PQgetlength(res, row, 4);

        ngx_http_endpoint_queue_fail(r, work, error.len ? &error : &died);
        return;
    }

    work->values.data = PQunescapeBytea((u_char *) PQgetvalue(res, row, 3),
                                        &work->values.len);

    if (work->block == NULL || work->values.data == NULL) {
        ngx_http_endpoint_queue_fail(r, work, &broken);
        return;
    }

    ngx_http_endpoint_queue_start(r, work);
}


void
ngx_http_endpoint_queue_start(ngx_http_endpoint_task_queue_runner_t *r,
    ngx_http_endpoint_task_work_t *work)
{
    ngx_int_t                      rc;
    ngx_str_t                      id, values;
    ngx_http_endpoint_detached_t  *d;

    static ngx_str_t  broken = ngx_string("it could not be started");

    id.data = work->id;
    id.len = ngx_strlen(work->id);

    rc = NGX_ERROR;

    d = ngx_http_endpoint_task_create(work->block, &id, work->attempt);

    if (d) {
        values.len = work->values.len;
        values.data = ngx_pstrdup(d->pool, &work->values);

        if (values.data) {
            rc = ngx_http_endpoint_task_begin(d, work->block, &values,
                                              ngx_http_endpoint_queue_ended,
                                              work);
        } else {
            ngx_http_endpoint_detached_cancel(d);
        }
    }

    if (work->values.data != (u_char *) (work + 1)) {
        PQfreemem(work->values.data);
    }

    work->values.data = NULL;

    if (rc != NGX_OK) {
        ngx_http_endpoint_queue_fail(r, work, &broken);
        return;
    }

    ngx_queue_insert_tail(&r->running, &work->link);

    /* a worker that is told to exit stays until its end is told */

    r->tick.cancelable = 0;

    if (!r->tick.timer_set) {
        ngx_add_timer(&r->tick, NGX_HTTP_ENDPOINT_QUEUE_TICK);
    }
}


static void
ngx_http_endpoint_queue_ended(ngx_http_endpoint_detached_t *d, void *data)
{
    ngx_http_endpoint_task_work_t *work = data;

    ngx_str_t                               error;
    ngx_http_endpoint_task_queue_runner_t  *r;

    r = work->queue->runner;

    ngx_queue_remove(&work->link);

    if (ngx_http_endpoint_task_outcome(d, &error) != NGX_OK) {
        ngx_http_endpoint_queue_fail(r, work, &error);
        return;
    }

    work->done = 1;
    (void) ngx_atomic_fetch_add(&r->sh->counts.done, 1);

    ngx_http_endpoint_queue_end(r, work);
}


static void
ngx_http_endpoint_queue_fail(ngx_http_endpoint_task_queue_runner_t *r,
    ngx_http_endpoint_task_work_t *work, ngx_str_t *error)
{
    work->nerror = ngx_min(error->len, NGX_HTTP_ENDPOINT_TASK_ERROR);
    ngx_memcpy(work->error, error->data, work->nerror);

    if (work->attempt <= r->queue->policy.retries) {
        (void) ngx_atomic_fetch_add(&r->sh->counts.retried, 1);

        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "task %s of queue \"%V\" failed at attempt %ui, it is "
                      "tried again", work->id, &r->queue->name, work->attempt);

    } else {
        (void) ngx_atomic_fetch_add(&r->sh->counts.dead, 1);

        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "task %s of queue \"%V\" is dead after %ui attempts",
                      work->id, &r->queue->name, work->attempt);
    }

    ngx_http_endpoint_queue_end(r, work);
}


static void
ngx_http_endpoint_queue_end(ngx_http_endpoint_task_queue_runner_t *r,
    ngx_http_endpoint_task_work_t *work)
{
    ngx_queue_insert_tail(&r->ended, &work->link);

    if (work->done) {
        ngx_http_endpoint_queue_look_soon(r);

    } else {
        ngx_http_endpoint_queue_tell(r, work);
    }
}


static void
ngx_http_endpoint_queue_tell(ngx_http_endpoint_task_queue_runner_t *r,
    ngx_http_endpoint_task_work_t *work)
{
    ngx_str_t                       error;
    ngx_uint_t                      dead;
    ngx_msec_t                      delay;
    ngx_http_endpoint_pg_call_t  *call;

    dead = (work->attempt > r->queue->policy.retries);

    call = ngx_http_endpoint_task_call(r->queue,
                                       dead ? ngx_http_endpoint_task_sql_bury
                                            : ngx_http_endpoint_task_sql_retry,
                                       work);
    if (call == NULL) {
        return;
    }

    ngx_http_endpoint_pg_call_print(call, "%s", work->id);
    ngx_http_endpoint_pg_call_print(call, "%s", work->token);
    ngx_http_endpoint_pg_call_print(call, "%ui", work->attempt);

    delay = 0;

    if (!dead) {
        delay = ngx_http_endpoint_task_backoff(&r->queue->policy,
                                               work->attempt);
        ngx_http_endpoint_pg_call_print(call, "%M", delay);
    }

    /* it is cut somewhere, and was made of what others sent */

    error.data = work->error;
    error.len = work->nerror;

    if (ngx_http_endpoint_utf8_clean(call->pool, &error) != NGX_OK) {
        error.len = 0;
    }

    ngx_http_endpoint_pg_call_param(call, &error);

    if (ngx_http_endpoint_pg_call_start(call, ngx_http_endpoint_queue_told)
        != NGX_OK)
    {
        return;
    }

    work->telling = 1;

    if (!dead && !ngx_exiting) {
        ngx_http_endpoint_task_queue_wake(r->queue, delay, 1);
    }
}


static void
ngx_http_endpoint_queue_told(void *data, ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_pg_call_t *call = data;

    ngx_http_endpoint_task_work_t          *work;
    ngx_http_endpoint_task_queue_runner_t  *r;

    r = ngx_http_endpoint_queue_runner_of(call);
    work = call->data;

    if (result->cause == ngx_http_endpoint_pg_ok) {
        ngx_queue_remove(&work->link);
        ngx_free(work);

        ngx_http_endpoint_queue_return(r, 1);
        ngx_http_endpoint_queue_look_soon(r);

    } else {
        ngx_http_endpoint_task_call_failed(call, result);
        work->telling = 0;
    }

    ngx_http_endpoint_pg_call_end(call);
}


void
ngx_http_endpoint_queue_tell_all(ngx_http_endpoint_task_queue_runner_t *r)
{
    ngx_queue_t                    *q;
    ngx_http_endpoint_task_work_t  *work;

    for (q = ngx_queue_head(&r->ended);
         q != ngx_queue_sentinel(&r->ended);
         q = ngx_queue_next(q))
    {
        work = ngx_queue_data(q, ngx_http_endpoint_task_work_t, link);

        if (work->telling) {
            continue;
        }

        if (work->done) {
            ngx_http_endpoint_queue_look_soon(r);

        } else {
            ngx_http_endpoint_queue_tell(r, work);
        }
    }
}
