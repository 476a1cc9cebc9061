
#include "ngx_http_endpoint_task_queue_runner.h"


/*
 * What was queued longer ago than that is given back instead of being run: its
 * lease may end before it is renewed.
 */
#define NGX_HTTP_ENDPOINT_QUEUE_FRESH   10000

/* what a lost connection was asked for may be done a little later */
#define NGX_HTTP_ENDPOINT_QUEUE_SETTLE  1000


/* tasks with this token are run by nobody */
typedef struct {
    ngx_queue_t                       link;
    ngx_msec_t                        since;
    ngx_uint_t                        telling;
    u_char                            token[NGX_HTTP_ENDPOINT_TASK_TOKEN];
} ngx_http_endpoint_queue_doubt_t;


static u_char *ngx_http_endpoint_queue_ids(u_char *p, ngx_queue_t *works);
static size_t ngx_http_endpoint_queue_ids_len(ngx_queue_t *works);
static void ngx_http_endpoint_queue_renewed(void *data,
    ngx_http_endpoint_pg_result_t *result);
static ngx_int_t ngx_http_endpoint_queue_doubted(
    ngx_http_endpoint_task_queue_runner_t *r, ngx_pool_t *pool,
    ngx_str_t *tokens);
static void ngx_http_endpoint_queue_undone(void *data,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_queue_freed(void *data,
    ngx_http_endpoint_pg_result_t *result);


/* machine, worker, its life, how many it had before */

void
ngx_http_endpoint_queue_token(ngx_http_endpoint_task_queue_runner_t *r,
    u_char *token)
{
    (void) ngx_sprintf(token, "%016xL.%uD.%uD.%uL%Z",
                       ngx_http_endpoint_wake_node(),
                       r->place->worker.slot, r->place->worker.generation,
                       ++r->serial);
}


ngx_uint_t
ngx_http_endpoint_task_queue_own(ngx_http_endpoint_task_queue_t *queue,
    u_char *token)
{
    ngx_http_endpoint_task_queue_runner_t  *r;

    r = queue->runner;

    if (r == NULL || ngx_exiting || !r->ok
        || ngx_http_endpoint_queue_grant(queue->zone, r->sh, r->place, 1,
                                         queue->policy.concurrency)
           == 0)
    {
        return 0;
    }

    ngx_http_endpoint_queue_token(r, token);

    return 1;
}


void
ngx_http_endpoint_task_queue_started(ngx_http_endpoint_task_block_t *tb,
    u_char *token, ngx_str_t *id, ngx_str_t *values, ngx_msec_t since)
{
    ngx_http_endpoint_task_work_t          *work;
    ngx_http_endpoint_task_queue_runner_t  *r;

    r = tb->queue->runner;

    work = ngx_alloc(sizeof(ngx_http_endpoint_task_work_t) + values->len,
                     ngx_cycle->log);

    if (work == NULL
        || ngx_current_msec - since > NGX_HTTP_ENDPOINT_QUEUE_FRESH)
    {
        if (work) {
            ngx_free(work);
        }

        ngx_http_endpoint_task_queue_given_up(tb->queue, token, 1);
        return;
    }

    ngx_memzero(work, sizeof(ngx_http_endpoint_task_work_t));

    work->queue = tb->queue;
    work->block = tb;
    work->attempt = 1;

    (void) ngx_cpystrn(work->id, id->data,
                       ngx_min(id->len + 1, sizeof(work->id)));
    (void) ngx_cpystrn(work->token, token, NGX_HTTP_ENDPOINT_TASK_TOKEN);

    work->values.data = (u_char *) (work + 1);
    work->values.len = values->len;
    ngx_memcpy(work->values.data, values->data, values->len);

    ngx_queue_insert_tail(&r->ready, &work->link);
    ngx_http_endpoint_queue_look_soon(r);
}


void
ngx_http_endpoint_task_queue_count(ngx_http_endpoint_task_queue_t *queue,
    ngx_uint_t joined)
{
    ngx_http_endpoint_task_counts_t  *counts;

    if (queue->runner) {
        counts = &queue->runner->sh->counts;
        (void) ngx_atomic_fetch_add(joined ? &counts->joined : &counts->queued,
                                    1);
    }
}


void
ngx_http_endpoint_task_queue_given_up(ngx_http_endpoint_task_queue_t *queue,
    u_char *token, ngx_uint_t unsure)
{
    ngx_http_endpoint_queue_return(queue->runner, 1);

    if (unsure) {
        ngx_http_endpoint_queue_doubt(queue->runner, token);
    }
}


void
ngx_http_endpoint_queue_renew(ngx_http_endpoint_task_queue_runner_t *r)
{
    u_char                         *p;
    size_t                          len;
    ngx_str_t                       ids;
    ngx_http_endpoint_pg_call_t  *call;

    len = ngx_http_endpoint_queue_ids_len(&r->running)
          + ngx_http_endpoint_queue_ids_len(&r->ended);

    if (len == 0 || r->renewing) {
        return;
    }

    call = ngx_http_endpoint_task_call(r->queue,
                                       ngx_http_endpoint_task_sql_renew, r);
    if (call == NULL) {
        return;
    }

    p = ngx_pnalloc(call->pool, len + 2);

    if (p == NULL) {
        ngx_http_endpoint_pg_call_end(call);
        return;
    }

    ids.data = p;
    *p++ = '{';
    p = ngx_http_endpoint_queue_ids(p, &r->running);
    p = ngx_http_endpoint_queue_ids(p, &r->ended);

    /* in place of the last comma */
    p[-1] = '}';
    ids.len = p - ids.data;

    ngx_http_endpoint_pg_call_param(call, &ids);
    ngx_http_endpoint_pg_call_print(call, "%016xL.%uD.%uD.",
                               ngx_http_endpoint_wake_node(),
                               r->place->worker.slot,
                               r->place->worker.generation);

    r->renewing = (ngx_http_endpoint_pg_call_start(call,
                                             ngx_http_endpoint_queue_renewed)
                   == NGX_OK);
}


static u_char *
ngx_http_endpoint_queue_ids(u_char *p, ngx_queue_t *works)
{
    ngx_queue_t                    *q;
    ngx_http_endpoint_task_work_t  *work;

    for (q = ngx_queue_head(works);
         q != ngx_queue_sentinel(works);
         q = ngx_queue_next(q))
    {
        work = ngx_queue_data(q, ngx_http_endpoint_task_work_t, link);
        p = ngx_sprintf(p, "%s,", work->id);
    }

    return p;
}


static size_t
ngx_http_endpoint_queue_ids_len(ngx_queue_t *works)
{
    size_t        len;
    ngx_queue_t  *q;

    len = 0;

    for (q = ngx_queue_head(works);
         q != ngx_queue_sentinel(works);
         q = ngx_queue_next(q))
    {
        len += NGX_INT64_LEN + 1;
    }

    return len;
}


static void
ngx_http_endpoint_queue_renewed(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_pg_call_t *call = data;

    ngx_http_endpoint_task_queue_runner_t  *r;

    r = call->data;
    r->renewing = 0;

    /* what has failed is tried again with the next tick */

    if (result->cause != ngx_http_endpoint_pg_ok) {
        ngx_http_endpoint_task_call_failed(call, result);
        r->renewed = 0;
    }

    ngx_http_endpoint_pg_call_end(call);
}


void
ngx_http_endpoint_queue_doubt(ngx_http_endpoint_task_queue_runner_t *r,
    u_char *token)
{
    ngx_http_endpoint_queue_doubt_t  *doubt;

    doubt = ngx_alloc(sizeof(ngx_http_endpoint_queue_doubt_t), ngx_cycle->log);

    if (doubt == NULL) {

        /* until its lease is over */
        return;
    }

    doubt->since = ngx_current_msec;
    doubt->telling = 0;
    ngx_memcpy(doubt->token, token, NGX_HTTP_ENDPOINT_TASK_TOKEN);

    ngx_queue_insert_tail(&r->doubts, &doubt->link);
}


void
ngx_http_endpoint_queue_undo(ngx_http_endpoint_task_queue_runner_t *r)
{
    ngx_int_t                       rc;
    ngx_str_t                       tokens;
    ngx_http_endpoint_pg_call_t  *call;

    if (r->undoing || ngx_queue_empty(&r->doubts)) {
        return;
    }

    call = ngx_http_endpoint_task_call(r->queue,
                                       ngx_http_endpoint_task_sql_undo, r);
    if (call == NULL) {
        return;
    }

    rc = ngx_http_endpoint_queue_doubted(r, call->pool, &tokens);

    if (rc != NGX_OK) {
        ngx_http_endpoint_pg_call_end(call);
        return;
    }

    ngx_http_endpoint_pg_call_param(call, &tokens);

    r->undoing = (ngx_http_endpoint_pg_call_start(call,
                                              ngx_http_endpoint_queue_undone)
                  == NGX_OK);
}


/* NGX_DECLINED: none of them is old enough */

static ngx_int_t
ngx_http_endpoint_queue_doubted(ngx_http_endpoint_task_queue_runner_t *r,
    ngx_pool_t *pool, ngx_str_t *tokens)
{
    u_char                           *p;
    ngx_uint_t                        n;
    ngx_queue_t                      *q;
    ngx_http_endpoint_queue_doubt_t  *doubt;

    n = 0;

    for (q = ngx_queue_head(&r->doubts);
         q != ngx_queue_sentinel(&r->doubts);
         q = ngx_queue_next(q))
    {
        n++;
    }

    p = ngx_pnalloc(pool, n * NGX_HTTP_ENDPOINT_TASK_TOKEN + 2);
    if (p == NULL) {
        return NGX_ERROR;
    }

    tokens->data = p;
    *p++ = '{';

    for (q = ngx_queue_head(&r->doubts);
         q != ngx_queue_sentinel(&r->doubts);
         q = ngx_queue_next(q))
    {
        doubt = ngx_queue_data(q, ngx_http_endpoint_queue_doubt_t, link);

        doubt->telling = (ngx_current_msec - doubt->since
                          >= NGX_HTTP_ENDPOINT_QUEUE_SETTLE);

        if (doubt->telling) {
            p = ngx_sprintf(p, "%s,", doubt->token);
        }
    }

    if (p[-1] == '{') {
        return NGX_DECLINED;
    }

    p[-1] = '}';
    tokens->len = p - tokens->data;

    return NGX_OK;
}


static void
ngx_http_endpoint_queue_undone(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_pg_call_t *call = data;

    ngx_queue_t                            *q, *next;
    ngx_http_endpoint_queue_doubt_t        *doubt;
    ngx_http_endpoint_task_queue_runner_t  *r;

    r = call->data;
    r->undoing = 0;

    if (result->cause != ngx_http_endpoint_pg_ok) {
        ngx_http_endpoint_task_call_failed(call, result);
        ngx_http_endpoint_pg_call_end(call);
        return;
    }

    for (q = ngx_queue_head(&r->doubts);
         q != ngx_queue_sentinel(&r->doubts);
         q = next)
    {
        next = ngx_queue_next(q);
        doubt = ngx_queue_data(q, ngx_http_endpoint_queue_doubt_t, link);

        if (doubt->telling) {
            ngx_queue_remove(q);
            ngx_free(doubt);
        }
    }

    ngx_http_endpoint_pg_call_end(call);
    ngx_http_endpoint_queue_look_soon(r);
}


/* one after the other, as a place is given back when it is known to be free */

void
ngx_http_endpoint_queue_free_dead(ngx_http_endpoint_task_queue_runner_t *r)
{
    ngx_http_endpoint_pg_call_t     *call;
    ngx_http_endpoint_queue_worker_t  *place;

    if (r->freeing) {
        return;
    }

    place = ngx_http_endpoint_queue_orphan(r->sh);
    if (place == NULL) {
        return;
    }

    call = ngx_http_endpoint_task_call(r->queue,
                                       ngx_http_endpoint_task_sql_free, place);
    if (call == NULL) {
        return;
    }

    ngx_http_endpoint_pg_call_print(call, "%016xL.%uD.%uD.",
                               ngx_http_endpoint_wake_node(),
                               place->worker.slot, place->worker.generation);

    r->freeing = (ngx_http_endpoint_pg_call_start(call,
                                               ngx_http_endpoint_queue_freed)
                  == NGX_OK);
}


static void
ngx_http_endpoint_queue_freed(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_pg_call_t *call = data;

    ngx_uint_t                              n;
    ngx_http_endpoint_queue_worker_t       *place;
    ngx_http_endpoint_task_queue_runner_t  *r;

    r = ngx_http_endpoint_queue_runner_of(call);
    place = call->data;

    r->freeing = 0;

    if (result->cause != ngx_http_endpoint_pg_ok) {
        ngx_http_endpoint_task_call_failed(call, result);
        ngx_http_endpoint_pg_call_end(call);
        return;
    }

    n = strtoul(PQcmdTuples(result->raw), NULL, 10);

    if (n) {
        (void) ngx_atomic_fetch_add(&r->sh->counts.taken_over, n);

        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "queue \"%V\": %ui tasks of a worker process that died "
                      "are taken over", &r->queue->name, n);
    }

    place->used = 0;

    ngx_http_endpoint_pg_call_end(call);
    ngx_http_endpoint_queue_look_soon(r);
}
