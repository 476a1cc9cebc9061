
#include "ngx_http_endpoint_task_queue.h"


ngx_http_endpoint_pg_call_t *
ngx_http_endpoint_task_call(ngx_http_endpoint_task_queue_t *queue,
    ngx_http_endpoint_task_sql_e sql, void *data)
{
    ngx_http_endpoint_pg_call_t  *call;

    call = ngx_http_endpoint_pg_call(queue->statements[sql], queue, data);

    if (call) {
        ngx_http_endpoint_pg_call_param(call, &queue->name);
    }

    return call;
}


void
ngx_http_endpoint_task_call_failed(ngx_http_endpoint_pg_call_t *call,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_task_queue_t  *queue;

    queue = call->owner;

    ngx_http_endpoint_pg_call_failed(result, "queue", &queue->name);
}
