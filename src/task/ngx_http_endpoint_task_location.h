
/* endpoint_tasks, a location that shows tasks, as its own files see it. */


#ifndef _NGX_HTTP_ENDPOINT_TASK_LOCATION_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TASK_LOCATION_H_INCLUDED_


#include "ngx_http_endpoint_task_queue.h"
#include "ngx_http_endpoint_writer.h"


/* Writes a dead task; tb NULL: its block is not in this configuration. */
ngx_int_t ngx_http_endpoint_tasks_dead(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_task_block_t *tb, ngx_http_endpoint_task_t *task);

/* Writes what has happened in zones and queues alike, without braces. */
ngx_int_t ngx_http_endpoint_tasks_total(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_task_counts_t *n);

/* Writes what is shorter than a name or a value can be. */
ngx_int_t ngx_http_endpoint_tasks_print(ngx_http_endpoint_writer_t *w,
    const char *fmt, ...);

/*
 * Asks the databases of all queues and answers with what w has, and what they
 * say.  Returns what a content handler does.
 */
ngx_int_t ngx_http_endpoint_tasks_queues_show(ngx_http_request_t *r,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_writer_t *w);

/* Does for a dead task of a queue what the request's method says. */
ngx_int_t ngx_http_endpoint_tasks_queue_act(ngx_http_request_t *r,
    ngx_http_endpoint_task_queue_t *queue, ngx_str_t *id);


#endif /* _NGX_HTTP_ENDPOINT_TASK_LOCATION_H_INCLUDED_ */
