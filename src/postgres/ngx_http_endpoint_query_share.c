
#include "ngx_http_endpoint_query.h"
#include "ngx_http_endpoint_run.h"


static ngx_int_t ngx_http_endpoint_query_outcome(
    ngx_http_endpoint_exec_t *exec, ngx_http_endpoint_outcome_t *outcome);
static ngx_int_t ngx_http_endpoint_query_adopt(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_outcome_t *outcome);
static char *ngx_http_endpoint_query_shape(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step);
static ngx_msec_t ngx_http_endpoint_query_patience(
    ngx_http_endpoint_exec_t *exec);
static size_t ngx_http_endpoint_query_limit(ngx_http_endpoint_exec_t *exec);


ngx_http_endpoint_share_t  ngx_http_endpoint_query_share = {
    ngx_http_endpoint_query_outcome,
    ngx_http_endpoint_query_adopt,
    ngx_http_endpoint_query_shape,
    ngx_http_endpoint_query_patience,
    ngx_http_endpoint_query_limit
};


static ngx_int_t
ngx_http_endpoint_query_outcome(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_outcome_t *outcome)
{
    ngx_pool_t                     *pool;
    ngx_http_endpoint_query_t      *q;
    ngx_http_endpoint_fanout_t     *fanout;
    ngx_http_endpoint_pg_result_t  *result;

    if (exec->expired) {
        return NGX_ABORT;
    }

    if (exec->step->each) {
        return NGX_DONE;
    }

    fanout = exec->ctx;
    q = fanout ? fanout->only.ctx : NULL;

    if (q == NULL || !q->arrived) {
        return NGX_DECLINED;
    }

    result = &q->result;

    switch (result->cause) {

    case ngx_http_endpoint_pg_ok:
    case ngx_http_endpoint_pg_memory:
    case ngx_http_endpoint_pg_full:
        return NGX_DECLINED;

    case ngx_http_endpoint_pg_timeout:

        if (result->sqlstate.len == 0) {

            /* the server was not waited for any longer */

            return NGX_ABORT;
        }

        break;

    default:
        break;
    }

    pool = exec->run->scope.pool;

    outcome->cause = ngx_http_endpoint_cause_database;
    outcome->status = result->cause;

    if (ngx_http_endpoint_outcome_add(outcome, pool, "sqlstate",
                                      &result->sqlstate)
        != NGX_OK
        || ngx_http_endpoint_outcome_add(outcome, pool, "message",
                                         &result->message)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_outcome_add(outcome, pool, "constraint",
                                         &result->constraint);
}


static ngx_int_t
ngx_http_endpoint_query_adopt(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_outcome_t *outcome)
{
    ngx_http_endpoint_pg_result_t    result;
    ngx_http_endpoint_query_conf_t  *conf;

    if (exec->step->def) {
        ngx_http_endpoint_exec_default(exec, outcome->cause);
        return NGX_OK;
    }

    conf = exec->step->conf;

    ngx_memzero(&result, sizeof(ngx_http_endpoint_pg_result_t));

    result.cause = outcome->status;

    ngx_http_endpoint_outcome_field(outcome, "sqlstate", &result.sqlstate);
    ngx_http_endpoint_outcome_field(outcome, "message", &result.message);
    ngx_http_endpoint_outcome_field(outcome, "constraint", &result.constraint);

    ngx_http_endpoint_query_refuse(exec, &result, conf);

    return NGX_OK;
}


static char *
ngx_http_endpoint_query_shape(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    if (ngx_strcmp(step->type->name.data, "query") == 0) {
        return c->bigint_string ? "rows, bigint as strings" : "rows";
    }

    return c->bigint_string ? "bigint as strings" : "";
}


static ngx_msec_t
ngx_http_endpoint_query_patience(ngx_http_endpoint_exec_t *exec)
{
    return 0;
}


static size_t
ngx_http_endpoint_query_limit(ngx_http_endpoint_exec_t *exec)
{
    return NGX_MAX_SIZE_T_VALUE;
}
