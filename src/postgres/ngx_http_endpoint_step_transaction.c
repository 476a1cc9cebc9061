
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_query.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_step_option.h"
#include "ngx_http_endpoint_transaction.h"


/* those that fail for each other are not to do so for ever */
#define NGX_HTTP_ENDPOINT_TRANSACTION_TRIES  5


/* conf of the step */
typedef struct {
    ngx_http_endpoint_pg_pool_t         *pool;
    ngx_array_t                          statements;    /* pointers */
} ngx_http_endpoint_transaction_conf_t;


typedef struct {
    ngx_http_endpoint_transaction_head_t  head;     /* first */
    ngx_http_endpoint_exec_t             *exec;
    ngx_http_endpoint_exec_t             *inner;    /* one for each step */
    ngx_uint_t                            next;     /* those before started */
    ngx_http_endpoint_pg_result_t         result;   /* of COMMIT */
    ngx_uint_t                            tries;
    unsigned                              committing:1;
    unsigned                              committed:1;
} ngx_http_endpoint_transaction_t;


static ngx_int_t ngx_http_endpoint_transaction_compile(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_transaction_inner(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_transaction_query(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step,
    ngx_http_endpoint_step_t *inner);
static void ngx_http_endpoint_transaction_start(
    ngx_http_endpoint_exec_t *exec);
static ngx_int_t ngx_http_endpoint_transaction_begin(
    ngx_http_endpoint_transaction_t *t);
static void ngx_http_endpoint_transaction_over(
    ngx_http_endpoint_transaction_t *t, ngx_int_t rc);
static void ngx_http_endpoint_transaction_resume(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_transaction_advance(
    ngx_http_endpoint_transaction_t *t);
static ngx_uint_t ngx_http_endpoint_transaction_repeat(
    ngx_http_endpoint_transaction_t *t);
static void ngx_http_endpoint_transaction_failed(
    ngx_http_endpoint_transaction_t *t, ngx_http_endpoint_exec_t *inner);
static void ngx_http_endpoint_transaction_commit(
    ngx_http_endpoint_transaction_t *t);
static void ngx_http_endpoint_transaction_committed(void *data,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_transaction_cancel(
    ngx_http_endpoint_exec_t *exec);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_transaction = {
    ngx_string("transaction"),
    ngx_http_endpoint_transaction_compile,
    ngx_http_endpoint_transaction_start,
    ngx_http_endpoint_transaction_resume,
    ngx_http_endpoint_transaction_cancel,
    0,
    0,
    NULL,
    NULL
};


static ngx_int_t
ngx_http_endpoint_transaction_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_int_t                       rc;
    ngx_http_endpoint_statement_t  *st;

    st = c->statement;

    step->act = 1;
    step->effect = 1;

    if (ngx_http_endpoint_step_options(c, step, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_transaction_inner(c, step);

    c->statement = st;
    c->order = 0;

    if (rc == NGX_OK && step->target.len == 0) {
        return ngx_http_endpoint_plan_error(c->cf, st,
                                            "\"transaction\" has no query");
    }

    return rc;
}


static ngx_int_t
ngx_http_endpoint_transaction_inner(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_uint_t                  i;
    ngx_http_endpoint_step_t  **inner;

    inner = step->inner->elts;

    for (i = 0; i < step->inner->nelts; i++) {
        c->statement = inner[i]->statement;
        c->order = i + 1;

        if (inner[i]->type->compile(c, inner[i]) != NGX_OK) {
            return NGX_ERROR;
        }

        if (inner[i]->unordered) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "\"unordered\" in a "
                                                "transaction, whose steps run "
                                                "in order");
        }

        if (inner[i]->type->binds
            && ngx_http_endpoint_transaction_query(c, step, inner[i])
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* what binds names here is a query */

static ngx_int_t
ngx_http_endpoint_transaction_query(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_http_endpoint_step_t *inner)
{
    ngx_http_endpoint_query_conf_t  *query;

    query = inner->conf;

    step->target = inner->target;

    return ngx_http_endpoint_transaction_statement(c, query->pool,
                                                   query->statement);
}


ngx_int_t
ngx_http_endpoint_transaction_statement(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_pg_pool_t *pool,
    ngx_http_endpoint_pg_statement_t *statement)
{
    ngx_http_endpoint_pg_statement_t      **sp;
    ngx_http_endpoint_transaction_conf_t   *conf;

    conf = c->step->conf;

    if (conf == NULL) {
        conf = ngx_palloc(c->cf->pool,
                          sizeof(ngx_http_endpoint_transaction_conf_t));

        if (conf == NULL
            || ngx_array_init(&conf->statements, c->cf->pool,
                              c->step->inner->nelts,
                              sizeof(ngx_http_endpoint_pg_statement_t *))
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        conf->pool = pool;

        c->step->conf = conf;
    }

    if (conf->pool != pool) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "another upstream than that of "
                                            "the transaction");
    }

    sp = ngx_array_push(&conf->statements);
    if (sp == NULL) {
        return NGX_ERROR;
    }

    *sp = statement;

    return NGX_OK;
}


static void
ngx_http_endpoint_transaction_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_transaction_t  *t;

    t = ngx_pcalloc(exec->run->scope.pool,
                    sizeof(ngx_http_endpoint_transaction_t)
                    + exec->step->inner->nelts
                      * sizeof(ngx_http_endpoint_exec_t));
    if (t == NULL) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    t->exec = exec;
    t->inner = (ngx_http_endpoint_exec_t *) &t[1];

    exec->ctx = t;

    if (ngx_http_endpoint_transaction_begin(t) != NGX_OK) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    ngx_http_endpoint_transaction_advance(t);
}


/* t->inner is zeroed, and none of it is under way */

static ngx_int_t
ngx_http_endpoint_transaction_begin(ngx_http_endpoint_transaction_t *t)
{
    ngx_uint_t                             i;
    ngx_msec_t                             timeout;
    ngx_http_endpoint_exec_t              *exec;
    ngx_http_endpoint_step_t             **inner;
    ngx_http_endpoint_transaction_conf_t  *conf;

    exec = t->exec;
    conf = exec->step->conf;
    inner = exec->step->inner->elts;

    for (i = 0; i < exec->step->inner->nelts; i++) {
        t->inner[i].run = exec->run;
        t->inner[i].step = inner[i];
        t->inner[i].parent = exec;
    }

    timeout = ngx_http_endpoint_run_left(exec->run);

    if (exec->step->timeout) {
        timeout = ngx_min(timeout, exec->step->timeout);
    }

    t->head.transaction = ngx_http_endpoint_pg_begin(conf->pool, timeout,
                                                conf->statements.elts,
                                                conf->statements.nelts);

    return t->head.transaction ? NGX_OK : NGX_ERROR;
}


void
ngx_http_endpoint_transaction_at_end(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_transaction_end_t *end)
{
    ngx_http_endpoint_transaction_t  *t;

    t = exec->ctx;

    end->next = t->head.ends;
    t->head.ends = end;
}


static void
ngx_http_endpoint_transaction_over(ngx_http_endpoint_transaction_t *t,
    ngx_int_t rc)
{
    ngx_http_endpoint_transaction_end_t  *end;

    while (t->head.ends) {
        end = t->head.ends;
        t->head.ends = end->next;

        end->handler(end->data, rc);
    }
}


static void
ngx_http_endpoint_transaction_resume(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_transaction_t  *t;

    t = exec->ctx;

    if (exec->expired) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_timeout);
        return;
    }

    if (t->committed) {
        if (t->result.cause == ngx_http_endpoint_pg_ok) {
            ngx_http_endpoint_transaction_over(t, NGX_OK);
            ngx_http_endpoint_exec_done(exec);
            return;
        }

        if ((t->result.cause == ngx_http_endpoint_pg_conflict
             || t->result.cause == ngx_http_endpoint_pg_shutdown)
            && ngx_http_endpoint_transaction_repeat(t))
        {
            return;
        }

        /* a deferred constraint speaks up at COMMIT */

        ngx_http_endpoint_query_failed(exec, &t->result, NULL);
        return;
    }

    ngx_http_endpoint_transaction_advance(t);
}


/* goes on as far as it can without waiting */

static void
ngx_http_endpoint_transaction_advance(ngx_http_endpoint_transaction_t *t)
{
    ngx_uint_t                 n;
    ngx_http_endpoint_exec_t  *inner;

    n = t->exec->step->inner->nelts;

    while (!t->committing) {

        if (t->next) {
            inner = &t->inner[t->next - 1];

            if (inner->woken) {
                inner->woken = 0;
                inner->step->type->resume(inner);
            }

            if (inner->state != ngx_http_endpoint_exec_ended) {
                return;
            }

            if ((inner->cause == ngx_http_endpoint_cause_conflict
                 || inner->cause == ngx_http_endpoint_cause_lost)
                && ngx_http_endpoint_transaction_repeat(t))
            {
                return;
            }

            if (inner->cause != ngx_http_endpoint_cause_none) {
                ngx_http_endpoint_transaction_failed(t, inner);
                return;
            }
        }

        if (t->next == n) {
            ngx_http_endpoint_transaction_commit(t);
            return;
        }

        ngx_http_endpoint_exec_start(&t->inner[t->next++]);
    }
}


/*
 * What lost against others, or its connection to a server that ended in order,
 * is rolled back, and nothing else was done: it may begin again, from an event,
 * while there is time.
 */

static ngx_uint_t
ngx_http_endpoint_transaction_repeat(ngx_http_endpoint_transaction_t *t)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_exec_t  *exec;

    exec = t->exec;

    if (++t->tries >= NGX_HTTP_ENDPOINT_TRANSACTION_TRIES
        || ngx_http_endpoint_run_left(exec->run) == 0)
    {
        return 0;
    }

    for (i = 0; i < t->next; i++) {
        ngx_http_endpoint_exec_cancel(&t->inner[i]);
    }

    if (t->head.transaction) {
        ngx_http_endpoint_pg_rollback(t->head.transaction);
    }

    ngx_http_endpoint_transaction_over(t, NGX_DECLINED);

    ngx_memzero(t->inner, exec->step->inner->nelts
                          * sizeof(ngx_http_endpoint_exec_t));

    t->next = 0;
    t->committing = 0;
    t->committed = 0;

    if (ngx_http_endpoint_transaction_begin(t) != NGX_OK) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return 1;
    }

    ngx_http_endpoint_exec_wake(exec);

    return 1;
}


/* the failure names the inner step; the exec's cancelling rolls back */

static void
ngx_http_endpoint_transaction_failed(ngx_http_endpoint_transaction_t *t,
    ngx_http_endpoint_exec_t *inner)
{
    ngx_http_endpoint_run_failure(inner->run, &inner->step->label,
                                  inner->cause);

    ngx_http_endpoint_exec_failed(t->exec, ngx_http_endpoint_cause_result);
}


static void
ngx_http_endpoint_transaction_commit(ngx_http_endpoint_transaction_t *t)
{
    t->committing = 1;

    if (ngx_http_endpoint_pg_commit(t->head.transaction,
                                    t->exec->run->scope.pool,
                                    ngx_http_endpoint_transaction_committed, t)
        != NGX_OK)
    {
        ngx_http_endpoint_exec_failed(t->exec, ngx_http_endpoint_cause_memory);
    }
}


static void
ngx_http_endpoint_transaction_committed(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_transaction_t  *t = data;

    t->head.transaction = NULL;
    t->result = *result;
    t->committed = 1;

    ngx_http_endpoint_exec_wake(t->exec);
}


static void
ngx_http_endpoint_transaction_cancel(ngx_http_endpoint_exec_t *exec)
{
    ngx_uint_t                        i, unsure;
    ngx_http_endpoint_transaction_t  *t;

    t = exec->ctx;

    if (t == NULL) {
        return;
    }

    for (i = 0; i < t->next; i++) {
        ngx_http_endpoint_exec_cancel(&t->inner[i]);
    }

    if (t->head.transaction) {
        ngx_http_endpoint_pg_rollback(t->head.transaction);
        t->head.transaction = NULL;
    }

    /* a COMMIT that was sent may have been executed */

    unsure = t->committing
             && (!t->committed
                 || t->result.cause == ngx_http_endpoint_pg_lost);

    ngx_http_endpoint_transaction_over(t, unsure ? NGX_ERROR : NGX_DECLINED);
}
