
/* A task's run, wherever the task was waiting. */


#ifndef _NGX_HTTP_ENDPOINT_TASK_START_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TASK_START_H_INCLUDED_


#include "ngx_http_endpoint_detached.h"
#include "ngx_http_endpoint_task.h"


/*
 * Prepares the run of a block, with $task_id and $task_attempt.  NULL: memory.
 */
ngx_http_endpoint_detached_t *ngx_http_endpoint_task_create(
    ngx_http_endpoint_task_block_t *tb, ngx_str_t *id, ngx_uint_t attempt);

/*
 * Sets the values that the block was given, in memory of the run, and starts
 * it.  NGX_ERROR: memory, or they are not of this block; the run is gone.
 */
ngx_int_t ngx_http_endpoint_task_begin(ngx_http_endpoint_detached_t *d,
    ngx_http_endpoint_task_block_t *tb, ngx_str_t *values,
    ngx_http_endpoint_detached_pt handler, void *data);

/* What a run that has ended failed with: NGX_OK: with nothing. */
ngx_int_t ngx_http_endpoint_task_outcome(ngx_http_endpoint_detached_t *d,
    ngx_str_t *error);


#endif /* _NGX_HTTP_ENDPOINT_TASK_START_H_INCLUDED_ */
