
/* How a step puts its task into a queue. */


#ifndef _NGX_HTTP_ENDPOINT_TASK_ENQUEUE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TASK_ENQUEUE_H_INCLUDED_


#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_task_queue.h"


/*
 * Starts to insert the task of a step of kind background, in its transaction
 * where it stands in one.  key: of unique=, or NULL.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_task_enqueue(ngx_http_endpoint_exec_t *exec,
    ngx_str_t *values, ngx_str_t *key);

/* resume() and cancel() of the step. */
void ngx_http_endpoint_task_enqueue_resume(ngx_http_endpoint_exec_t *exec);
void ngx_http_endpoint_task_enqueue_cancel(ngx_http_endpoint_exec_t *exec);


#endif /* _NGX_HTTP_ENDPOINT_TASK_ENQUEUE_H_INCLUDED_ */
