
#include "ngx_http_endpoint_task_queue_runner.h"


/* of conf/endpoint_tasks.sql */
#define NGX_HTTP_ENDPOINT_QUEUE_SCHEMA  "1"

/* how often other machines are told, in milliseconds */
#define NGX_HTTP_ENDPOINT_QUEUE_NOTIFY  20


static void ngx_http_endpoint_queue_answered(void *data,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_queue_notified(void *data,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_queue_strange(void *data,
    ngx_http_endpoint_pg_result_t *result);


void
ngx_http_endpoint_queue_ask(ngx_http_endpoint_task_queue_runner_t *r)
{
    ngx_http_endpoint_pg_call_t  *call;

    if (r->asking) {
        return;
    }

    call = ngx_http_endpoint_task_call(r->queue,
                                       ngx_http_endpoint_task_sql_version, r);

    r->asking = (call
                 && ngx_http_endpoint_pg_call_start(call,
                                             ngx_http_endpoint_queue_answered)
                    == NGX_OK);
}


static void
ngx_http_endpoint_queue_answered(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_pg_call_t *call = data;

    ngx_str_t                               *name;
    const char                              *version;
    ngx_http_endpoint_task_queue_runner_t   *r;

    r = call->data;
    r->asking = 0;
    name = &r->queue->name;

    if (result->cause == ngx_http_endpoint_pg_ok) {

        version = PQntuples(result->raw) ? PQgetvalue(result->raw, 0, 0) : "";

        if (ngx_strcmp(version, NGX_HTTP_ENDPOINT_QUEUE_SCHEMA) == 0) {
            r->ok = 1;

        } else if (r->leads) {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                          "queue \"%V\": the tables in \"%V\" have version "
                          "\"%s\", expected \"%s\": run the "
                          "endpoint_tasks.sql of this module there",
                          name, &r->queue->upstream, version,
                          NGX_HTTP_ENDPOINT_QUEUE_SCHEMA);
        }

    } else if (result->sqlstate.len && r->leads) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "queue \"%V\": the tables in \"%V\" cannot be used: "
                      "SQLSTATE %V: %V: see endpoint_tasks.sql", name,
                      &r->queue->upstream, &result->sqlstate,
                      &result->message);
    }

    ngx_http_endpoint_pg_call_end(call);

    if (r->ok) {
        ngx_http_endpoint_queue_look_soon(r);
    }
}


/* NOTIFY has those commits wait for each other that do it: not all of them */

ngx_uint_t
ngx_http_endpoint_task_queue_tells(ngx_http_endpoint_task_queue_t *queue)
{
    ngx_http_endpoint_task_queue_runner_t  *r;

    r = queue->runner;

    if (r == NULL
        || ngx_current_msec - r->notified < NGX_HTTP_ENDPOINT_QUEUE_NOTIFY)
    {
        return 0;
    }

    r->notified = ngx_current_msec;

    return 1;
}


void
ngx_http_endpoint_queue_notify(ngx_http_endpoint_task_queue_runner_t *r)
{
    ngx_http_endpoint_pg_call_t  *call;

    if (ngx_current_msec - r->notified < NGX_HTTP_ENDPOINT_QUEUE_NOTIFY) {

        if (!r->notify && !ngx_exiting) {
            r->notify = 1;
            ngx_add_timer(&r->tick, NGX_HTTP_ENDPOINT_QUEUE_NOTIFY);
        }

        return;
    }

    r->notify = 0;
    r->notified = ngx_current_msec;

    call = ngx_http_endpoint_task_call(r->queue,
                                       ngx_http_endpoint_task_sql_notify, r);
    if (call) {
        (void) ngx_http_endpoint_pg_call_start(call,
                                            ngx_http_endpoint_queue_notified);
    }
}


/* where it has failed they find out by looking */

static void
ngx_http_endpoint_queue_notified(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_pg_call_t *call = data;

    if (result->cause != ngx_http_endpoint_pg_ok) {
        ngx_http_endpoint_task_call_failed(call, result);
    }

    ngx_http_endpoint_pg_call_end(call);
}


void
ngx_http_endpoint_queue_strangers(ngx_http_endpoint_task_queue_runner_t *r)
{
    ngx_http_endpoint_pg_call_t  *call;

    call = ngx_http_endpoint_task_call(r->queue,
                                       ngx_http_endpoint_task_sql_strange, r);
    if (call) {
        ngx_http_endpoint_pg_call_param(call, &r->blocks);
        (void) ngx_http_endpoint_pg_call_start(call,
                                             ngx_http_endpoint_queue_strange);
    }
}


static void
ngx_http_endpoint_queue_strange(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_pg_call_t *call = data;

    int                                     i;
    ngx_http_endpoint_task_queue_runner_t  *r;

    r = call->data;

    if (result->cause != ngx_http_endpoint_pg_ok) {
        ngx_http_endpoint_task_call_failed(call, result);
        ngx_http_endpoint_pg_call_end(call);
        return;
    }

    for (i = 0; i < PQntuples(result->raw); i++) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "queue \"%V\": %s tasks of \"%s\" wait for a block that "
                      "is not in this configuration", &r->queue->name,
                      PQgetvalue(result->raw, i, 1),
                      PQgetvalue(result->raw, i, 0));
    }

    ngx_http_endpoint_pg_call_end(call);
}
