
#include "ngx_http_endpoint_query.h"
#include "ngx_http_endpoint_task_enqueue.h"
#include "ngx_http_endpoint_transaction.h"


/* what ctx of an exec points to */
typedef struct {
    ngx_http_endpoint_exec_t             *exec;
    ngx_http_endpoint_pg_query_t         *query;    /* NULL: not under way */
    ngx_http_endpoint_pg_result_t         result;
    ngx_http_endpoint_transaction_end_t   end;
    ngx_str_t                             params[
                                              NGX_HTTP_ENDPOINT_PG_CALL_PARAMS];
    ngx_http_endpoint_value_t             pvalues[
                                              NGX_HTTP_ENDPOINT_PG_CALL_PARAMS];
    ngx_str_t                             values;
    ngx_str_t                             id;
    ngx_msec_t                            since;
    u_char                                token[NGX_HTTP_ENDPOINT_TASK_TOKEN];
    unsigned                              own:1;    /* is run here at once */
    unsigned                              tells:1;  /* other machines */
    unsigned                              arrived:1;
} ngx_http_endpoint_enqueue_t;


static ngx_int_t ngx_http_endpoint_task_enqueue_params(
    ngx_http_endpoint_enqueue_t *e, ngx_str_t *key);
static void ngx_http_endpoint_task_enqueue_arrived(void *data,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_task_enqueue_over(void *data, ngx_int_t rc);
static void ngx_http_endpoint_task_enqueue_settle(
    ngx_http_endpoint_enqueue_t *e, ngx_int_t rc);


ngx_int_t
ngx_http_endpoint_task_enqueue(ngx_http_endpoint_exec_t *exec,
    ngx_str_t *values, ngx_str_t *key)
{
    ngx_http_endpoint_enqueue_t     *e;
    ngx_http_endpoint_task_block_t  *tb;
    ngx_http_endpoint_pg_request_t   request;

    tb = exec->step->conf;

    e = ngx_pcalloc(exec->run->scope.pool, sizeof(ngx_http_endpoint_enqueue_t));
    if (e == NULL) {
        return NGX_ERROR;
    }

    e->exec = exec;
    e->values = *values;
    e->since = ngx_current_msec;

    /* others with its key, and its time, are looked for in the database */

    if (key == NULL && tb->delay == 0) {
        e->own = ngx_http_endpoint_task_queue_own(tb->queue, e->token);

        if (!e->own) {
            e->tells = ngx_http_endpoint_task_queue_tells(tb->queue);
        }
    }

    exec->ctx = e;

    if (ngx_http_endpoint_task_enqueue_params(e, key) != NGX_OK) {
        goto failed;
    }

    request.statement = tb->queue->statements[
                              key ? ngx_http_endpoint_task_sql_insert_key
                                  : ngx_http_endpoint_task_sql_insert];
    request.params = e->params;
    request.values = e->pvalues;
    request.limit = 0;
    request.timeout = ngx_min(request.statement->timeout,
                              ngx_http_endpoint_run_left(exec->run));
    request.transaction = exec->parent
                          ? ngx_http_endpoint_transaction_get(exec->parent)
                          : NULL;
    request.pool = exec->run->scope.pool;
    request.handler = ngx_http_endpoint_task_enqueue_arrived;
    request.data = e;

    e->query = ngx_http_endpoint_pg_submit(&request);

    if (e->query) {
        return NGX_OK;
    }

failed:

    ngx_http_endpoint_task_enqueue_settle(e, NGX_DECLINED);

    return NGX_ERROR;
}


/* queue, block, label, values, delay, token, key, whether it notifies */

static ngx_int_t
ngx_http_endpoint_task_enqueue_params(ngx_http_endpoint_enqueue_t *e,
    ngx_str_t *key)
{
    u_char                          *p;
    ngx_str_t                       *param;
    ngx_uint_t                       i;
    ngx_http_endpoint_task_block_t  *tb;

    tb = e->exec->step->conf;
    param = e->params;

    p = ngx_pnalloc(e->exec->run->scope.pool,
                    2 * e->values.len + NGX_INT64_LEN + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    param[0] = tb->queue->name;

    param[1].data = tb->digest;
    param[1].len = sizeof(tb->digest) - 1;

    param[2] = tb->plan->label;

    param[3].data = p;
    p = ngx_hex_dump(p, e->values.data, e->values.len);
    param[3].len = p - param[3].data;

    param[4].data = p;
    param[4].len = ngx_sprintf(p, "%M", tb->delay) - p;

    if (e->own) {
        param[5].data = e->token;
        param[5].len = ngx_strlen(e->token);
    }

    if (key) {
        param[6] = *key;
    }

    if (e->tells) {
        ngx_str_set(&param[7], "1");
    }

    for (i = 0; i < NGX_HTTP_ENDPOINT_PG_CALL_PARAMS; i++) {
        if (param[i].data) {
            ngx_http_endpoint_value_text(&e->pvalues[i], param[i].data,
                                         param[i].len);
        }
    }

    return NGX_OK;
}


static void
ngx_http_endpoint_task_enqueue_arrived(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_enqueue_t *e = data;

    ngx_pool_t  *pool;

    pool = e->exec->run->scope.pool;

    e->query = NULL;
    e->result = *result;
    e->arrived = 1;

    /* no row: there is one of the same key */

    if (result->cause == ngx_http_endpoint_pg_ok && PQntuples(result->raw)) {

        e->id.len = PQgetlength(result->raw, 0, 0);
        e->id.data = ngx_pnalloc(pool, e->id.len + 1);

        if (e->id.data) {
            ngx_memcpy(e->id.data, PQgetvalue(result->raw, 0, 0),
                       e->id.len + 1);
        }
    }

    ngx_http_endpoint_exec_wake(e->exec);
}


void
ngx_http_endpoint_task_enqueue_resume(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_enqueue_t  *e;

    e = exec->ctx;

    if (e == NULL || !e->arrived) {
        return;
    }

    if (e->result.cause != ngx_http_endpoint_pg_ok) {
        ngx_http_endpoint_task_enqueue_settle(e,
                            e->result.cause == ngx_http_endpoint_pg_lost
                            ? NGX_ERROR : NGX_DECLINED);

        ngx_http_endpoint_query_failed(exec, &e->result, NULL);
        return;
    }

    if (exec->parent) {
        e->end.handler = ngx_http_endpoint_task_enqueue_over;
        e->end.data = e;

        ngx_http_endpoint_transaction_at_end(exec->parent, &e->end);

    } else {
        ngx_http_endpoint_task_enqueue_settle(e, NGX_OK);
    }

    ngx_http_endpoint_exec_done(exec);
}


void
ngx_http_endpoint_task_enqueue_cancel(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_enqueue_t  *e;

    e = exec->ctx;

    if (e == NULL || e->query == NULL) {
        return;
    }

    ngx_http_endpoint_pg_cancel(e->query);
    e->query = NULL;

    /* in a transaction it is rolled back, else it may be under way */

    ngx_http_endpoint_task_enqueue_settle(e, exec->parent ? NGX_DECLINED
                                                          : NGX_ERROR);
}


static void
ngx_http_endpoint_task_enqueue_over(void *data, ngx_int_t rc)
{
    ngx_http_endpoint_task_enqueue_settle(data, rc);
}


/* NGX_OK: it is there; NGX_DECLINED: it is not; NGX_ERROR: it may be */

static void
ngx_http_endpoint_task_enqueue_settle(ngx_http_endpoint_enqueue_t *e,
    ngx_int_t rc)
{
    ngx_http_endpoint_task_block_t  *tb;

    tb = e->exec->step->conf;

    if (rc == NGX_OK) {
        ngx_http_endpoint_task_queue_count(tb->queue, e->id.len == 0);
    }

    if (!e->own) {
        if (rc == NGX_OK && e->id.len) {
            ngx_http_endpoint_task_queue_wake(tb->queue, tb->delay, e->tells);
        }

        return;
    }

    e->own = 0;

    if (rc == NGX_OK && e->id.data) {
        ngx_http_endpoint_task_queue_started(tb, e->token, &e->id, &e->values,
                                             e->since);
        return;
    }

    ngx_http_endpoint_task_queue_given_up(tb->queue, e->token,
                                          rc != NGX_DECLINED);
}
