
#include "ngx_http_endpoint_escape.h"
#include "ngx_http_endpoint_query.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_step.h"
#include "ngx_http_endpoint_transaction.h"


static ngx_int_t ngx_http_endpoint_query_values(ngx_http_endpoint_query_t *q,
    ngx_http_endpoint_refusal_t *refusal, ngx_http_endpoint_value_t *values,
    ngx_str_t *params);
static void ngx_http_endpoint_query_arrived(void *data,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_query_value(
    ngx_http_endpoint_pg_result_t *result, ngx_http_endpoint_value_t *v);
static ngx_int_t ngx_http_endpoint_query_named(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_pg_result_t *result,
    ngx_http_endpoint_query_conf_t *conf);
static ngx_uint_t ngx_http_endpoint_query_faulty(
    ngx_http_endpoint_pg_cause_e cause);
static ngx_http_endpoint_cause_e ngx_http_endpoint_query_cause(
    ngx_http_endpoint_pg_cause_e cause, ngx_uint_t client);


void
ngx_http_endpoint_query_start(ngx_http_endpoint_branch_t *b)
{
    ngx_int_t                        rc;
    ngx_str_t                       *params;
    ngx_http_endpoint_exec_t        *exec;
    ngx_http_endpoint_value_t       *values;
    ngx_http_endpoint_query_t       *q;
    ngx_http_endpoint_refusal_t      refusal;
    ngx_http_endpoint_pg_request_t   request;
    ngx_http_endpoint_query_conf_t  *conf;

    exec = b->fanout->exec;
    conf = exec->step->conf;

    if (exec->expired) {
        ngx_http_endpoint_query_expire(b);
        return;
    }

    q = ngx_pcalloc(exec->run->scope.pool, sizeof(ngx_http_endpoint_query_t)
                    + conf->params.nelts * (sizeof(ngx_http_endpoint_value_t)
                                            + sizeof(ngx_str_t)));
    if (q == NULL) {
        goto failed;
    }

    b->ctx = q;

    q->exec = exec;
    q->branch = b;

    values = (ngx_http_endpoint_value_t *) (q + 1);
    params = (ngx_str_t *) (values + conf->params.nelts);

    rc = ngx_http_endpoint_query_values(q, &refusal, values, params);

    if (rc == NGX_DECLINED) {
        ngx_http_endpoint_refuse(exec, &refusal);
        return;
    }

    if (rc == NGX_ERROR) {
        goto failed;
    }

    request.statement = conf->statement;
    request.params = params;
    request.values = values;
    request.limit = exec->run->plan->limits->query_buffer;
    request.timeout = ngx_min(conf->timeout,
                              ngx_http_endpoint_run_left(exec->run));
    request.transaction = exec->parent
                          ? ngx_http_endpoint_transaction_get(exec->parent)
                          : NULL;
    request.pool = exec->run->scope.pool;
    request.handler = ngx_http_endpoint_query_arrived;
    request.data = q;

    q->query = ngx_http_endpoint_pg_submit(&request);

    if (q->query) {
        return;
    }

failed:

    ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
}


/* NGX_DECLINED: a string has a NUL, where libpq would cut it */

static ngx_int_t
ngx_http_endpoint_query_values(ngx_http_endpoint_query_t *q,
    ngx_http_endpoint_refusal_t *refusal, ngx_http_endpoint_value_t *values,
    ngx_str_t *params)
{
    ngx_uint_t                       i;
    ngx_http_endpoint_ref_t         *ref;
    ngx_http_endpoint_run_t         *run;
    ngx_http_endpoint_query_conf_t  *conf;

    run = q->exec->run;
    conf = q->exec->step->conf;
    ref = conf->params.elts;

    for (i = 0; i < conf->params.nelts; i++) {
        if (ngx_http_endpoint_scope_value(&run->scope, &ref[i], &values[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (values[i].type == ngx_http_endpoint_null) {
            continue;
        }

        if (ngx_http_endpoint_value_to_text(run->scope.pool, &values[i],
                                            &params[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (params[i].data == NULL) {
            params[i].data = (u_char *) "";
        }

        if (memchr(params[i].data, '\0', params[i].len)) {
            refusal->ref = &ref[i];
            refusal->cause = ngx_http_endpoint_cause_sql;
            refusal->msg = "Value error, it must have no NUL";
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static void
ngx_http_endpoint_query_arrived(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_query_t  *q = data;

    q->query = NULL;
    q->result = *result;
    q->arrived = 1;

    ngx_http_endpoint_exec_wake(q->exec);
}


void
ngx_http_endpoint_query_resume(ngx_http_endpoint_branch_t *b)
{
    ngx_http_endpoint_query_t       *q;
    ngx_http_endpoint_query_conf_t  *conf;

    q = b->ctx;

    if (!q->arrived) {
        return;
    }

    b->ended = 1;

    if (q->result.cause == ngx_http_endpoint_pg_ok) {
        ngx_http_endpoint_query_value(&q->result, &b->value);
        return;
    }

    conf = q->exec->step->conf;

    if (q->exec->step->def) {
        ngx_http_endpoint_query_log(q->exec, &q->result);
        (void) ngx_http_endpoint_branch_default(b);
        return;
    }

    ngx_http_endpoint_query_failed(q->exec, &q->result, conf);
}


static void
ngx_http_endpoint_query_value(ngx_http_endpoint_pg_result_t *result,
    ngx_http_endpoint_value_t *v)
{
    ngx_buf_t  *b;

    if (result->chain == NULL) {
        ngx_http_endpoint_value_json(v, result->json.data, result->json.len);
        return;
    }

    b = result->chain->buf;

    ngx_http_endpoint_value_json(v, b->pos, b->last - b->pos);

    v->data.data = NULL;
    v->data.len = result->json.len;
    v->chain = result->chain;
}


void
ngx_http_endpoint_query_expire(ngx_http_endpoint_branch_t *b)
{
    ngx_http_endpoint_query_cancel(b);

    b->ended = 1;

    if (!ngx_http_endpoint_branch_default(b)) {
        ngx_http_endpoint_exec_failed(b->fanout->exec,
                                      ngx_http_endpoint_cause_timeout);
    }
}


void
ngx_http_endpoint_query_cancel(ngx_http_endpoint_branch_t *b)
{
    ngx_http_endpoint_query_t  *q;

    q = b->ctx;

    if (q && q->query) {
        ngx_http_endpoint_pg_cancel(q->query);
        q->query = NULL;
    }
}


void
ngx_http_endpoint_query_failed(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_pg_result_t *result,
    ngx_http_endpoint_query_conf_t *conf)
{
    ngx_http_endpoint_query_log(exec, result);
    ngx_http_endpoint_query_refuse(exec, result, conf);
}


void
ngx_http_endpoint_query_refuse(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_pg_result_t *result,
    ngx_http_endpoint_query_conf_t *conf)
{
    ngx_int_t                   rc;
    ngx_str_t                   json;
    ngx_http_endpoint_run_t    *run;
    ngx_http_endpoint_cause_e   cause;

    run = exec->run;

    rc = conf ? ngx_http_endpoint_query_named(exec, result, conf)
              : NGX_DECLINED;

    if (rc == NGX_DECLINED) {
        cause = ngx_http_endpoint_query_cause(result->cause,
                                              conf == NULL
                                              || conf->has_inputs);

        /* its transaction may be tried again */

        if (exec->parent
            && (result->cause == ngx_http_endpoint_pg_conflict
                || result->cause == ngx_http_endpoint_pg_shutdown))
        {
            ngx_http_endpoint_exec_failed(exec, cause);
            return;
        }

        rc = ngx_http_endpoint_error_detail(run->scope.pool,
                                            &exec->step->label, cause,
                                            &result->constraint, &json);
        if (rc == NGX_OK) {
            ngx_http_endpoint_run_result(run,
                                   ngx_http_endpoint_error(cause)->status,
                                   &json);
        }

        if (ngx_http_endpoint_error(cause)->status == 503) {
            run->result.retry_after = 1;
        }
    }

    ngx_http_endpoint_exec_failed(exec, rc == NGX_OK
                                        ? ngx_http_endpoint_cause_result
                                        : ngx_http_endpoint_cause_memory);
}


/* NGX_DECLINED: the configuration names no such error */

static ngx_int_t
ngx_http_endpoint_query_named(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_pg_result_t *result,
    ngx_http_endpoint_query_conf_t *conf)
{
    u_char                           *p;
    ngx_str_t                         json;
    ngx_uint_t                        i;
    ngx_http_endpoint_query_error_t  *error;

    error = conf->errors.elts;

    for (i = 0; i < conf->errors.nelts; i++) {
        if (result->sqlstate.len == error[i].sqlstate.len
            && ngx_strncmp(result->sqlstate.data, error[i].sqlstate.data,
                           result->sqlstate.len)
               == 0)
        {
            break;
        }
    }

    if (i == conf->errors.nelts) {
        return NGX_DECLINED;
    }

    p = ngx_pnalloc(exec->run->scope.pool,
                    sizeof("{\"detail\":\"\"}") + result->said.len
                    + ngx_http_endpoint_escape_more(result->said.data,
                                                    result->said.len));
    if (p == NULL) {
        return NGX_ERROR;
    }

    json.data = p;

    p = ngx_cpymem(p, "{\"detail\":\"", 11);
    p = ngx_http_endpoint_escape(p, result->said.data, result->said.len);
    p = ngx_cpymem(p, "\"}", 2);

    json.len = p - json.data;

    ngx_http_endpoint_run_result(exec->run, error[i].status, &json);

    return NGX_OK;
}


static ngx_http_endpoint_cause_e
ngx_http_endpoint_query_cause(ngx_http_endpoint_pg_cause_e cause,
    ngx_uint_t client)
{
    switch (cause) {

    case ngx_http_endpoint_pg_unique:
        return ngx_http_endpoint_cause_unique;

    case ngx_http_endpoint_pg_foreign_key:
        return ngx_http_endpoint_cause_foreign_key;

    case ngx_http_endpoint_pg_check:
        return ngx_http_endpoint_cause_check;

    case ngx_http_endpoint_pg_not_null:
        return ngx_http_endpoint_cause_not_null;

    case ngx_http_endpoint_pg_data:
        return client ? ngx_http_endpoint_cause_data
                      : ngx_http_endpoint_cause_database;

    case ngx_http_endpoint_pg_timeout:
        return ngx_http_endpoint_cause_timeout;

    case ngx_http_endpoint_pg_full:
        return ngx_http_endpoint_cause_queue;

    case ngx_http_endpoint_pg_unavailable:
        return ngx_http_endpoint_cause_unavailable;

    case ngx_http_endpoint_pg_conflict:
        return ngx_http_endpoint_cause_conflict;

    case ngx_http_endpoint_pg_read_only:
        return ngx_http_endpoint_cause_read_only;

    case ngx_http_endpoint_pg_lost:
    case ngx_http_endpoint_pg_shutdown:
        return ngx_http_endpoint_cause_lost;

    case ngx_http_endpoint_pg_large:
        return ngx_http_endpoint_cause_result_size;

    case ngx_http_endpoint_pg_memory:
        return ngx_http_endpoint_cause_memory;

    default:
        return ngx_http_endpoint_cause_database;
    }
}


void
ngx_http_endpoint_query_log(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_msec_t  ms;
    ngx_uint_t  level;

    static ngx_str_t  colon = ngx_string(": "), none = ngx_null_string;

    ms = ngx_current_msec - exec->started;

    /* a server that was lost, or never asked, has said none */

    if (result->sqlstate.len == 0) {
        ngx_log_error(NGX_LOG_ERR, exec->run->scope.log, 0,
                      "endpoint \"%V\": step \"%V\": %V, %M ms",
                      &exec->run->plan->label, &exec->step->label,
                      &result->message, ms);
        return;
    }

    /*
     * What its data has caused is the client's, and a detail has the whole
     * row.
     */

    if (ngx_http_endpoint_query_faulty(result->cause)) {
        level = NGX_LOG_INFO;
        result->detail.len = 0;

    } else {
        level = NGX_LOG_ERR;
    }

    ngx_log_error(level, exec->run->scope.log, 0,
                  "endpoint \"%V\": step \"%V\": SQLSTATE %V: %V%V%V, %M ms",
                  &exec->run->plan->label, &exec->step->label,
                  &result->sqlstate, &result->message,
                  result->detail.len ? &colon : &none, &result->detail, ms);
}


static ngx_uint_t
ngx_http_endpoint_query_faulty(ngx_http_endpoint_pg_cause_e cause)
{
    switch (cause) {

    case ngx_http_endpoint_pg_unique:
    case ngx_http_endpoint_pg_foreign_key:
    case ngx_http_endpoint_pg_check:
    case ngx_http_endpoint_pg_not_null:
    case ngx_http_endpoint_pg_data:
        return 1;

    default:
        return 0;
    }
}
