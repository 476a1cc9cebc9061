
#include "ngx_http_endpoint_task_queue.h"


#define NGX_HTTP_ENDPOINT_TASK_CALL_POOL  1024


ngx_http_endpoint_task_call_t *
ngx_http_endpoint_task_call(ngx_http_endpoint_task_queue_t *queue,
    ngx_http_endpoint_task_sql_e sql, void *data)
{
    ngx_pool_t                     *pool;
    ngx_http_endpoint_task_call_t  *call;

    pool = ngx_create_pool(NGX_HTTP_ENDPOINT_TASK_CALL_POOL, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    call = ngx_pcalloc(pool, sizeof(ngx_http_endpoint_task_call_t));
    if (call == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    call->queue = queue;
    call->sql = sql;
    call->pool = pool;
    call->data = data;

    ngx_http_endpoint_task_param(call, &queue->name);

    return call;
}


void
ngx_http_endpoint_task_param(ngx_http_endpoint_task_call_t *call,
    ngx_str_t *text)
{
    ngx_uint_t  n;

    n = call->nparams++;

    if (text->data) {
        call->params[n] = *text;
        ngx_http_endpoint_value_text(&call->values[n], text->data, text->len);
    }
}


void
ngx_http_endpoint_task_param_print(ngx_http_endpoint_task_call_t *call,
    const char *fmt, ...)
{
    u_char     buf[NGX_HTTP_ENDPOINT_TASK_TOKEN + 64];
    va_list    args;
    ngx_str_t  text;

    va_start(args, fmt);
    text.len = ngx_vslprintf(buf, buf + sizeof(buf), fmt, args) - buf;
    va_end(args);

    text.data = ngx_pnalloc(call->pool, ngx_max(text.len, 1));

    if (text.data) {
        ngx_memcpy(text.data, buf, text.len);
    }

    ngx_http_endpoint_task_param(call, &text);
}


ngx_int_t
ngx_http_endpoint_task_call_start(ngx_http_endpoint_task_call_t *call,
    ngx_http_endpoint_pg_handler_pt handler)
{
    ngx_http_endpoint_pg_request_t  request;

    request.statement = call->queue->statements[call->sql];
    request.params = call->params;
    request.values = call->values;
    request.timeout = request.statement->timeout;
    request.limit = 0;
    request.transaction = NULL;
    request.pool = call->pool;
    request.handler = handler;
    request.data = call;

    call->query = ngx_http_endpoint_pg_submit(&request);

    if (call->query) {
        return NGX_OK;
    }

    ngx_destroy_pool(call->pool);

    return NGX_ERROR;
}


void
ngx_http_endpoint_task_call_end(ngx_http_endpoint_task_call_t *call)
{
    ngx_destroy_pool(call->pool);
}


/* without a server all of them fail, and the pool has said so */

void
ngx_http_endpoint_task_call_failed(ngx_http_endpoint_task_call_t *call,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_uint_t  level;

    level = (result->cause == ngx_http_endpoint_pg_unavailable
             || result->cause == ngx_http_endpoint_pg_lost
             || result->cause == ngx_http_endpoint_pg_shutdown)
            ? NGX_LOG_INFO : NGX_LOG_ERR;

    ngx_log_error(level, ngx_cycle->log, 0,
                  "queue \"%V\": SQLSTATE %V: %V", &call->queue->name,
                  &result->sqlstate, &result->message);
}
