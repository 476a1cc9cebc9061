
/*
 * How the memory of a zone of tasks is laid out, its lists and its heap.  All
 * of it is called with the zone's lock held.
 */


#ifndef _NGX_HTTP_ENDPOINT_TASK_LAYOUT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TASK_LAYOUT_H_INCLUDED_


#include "ngx_http_endpoint_task_zone.h"


/* chunks of a task of len bytes: one at least, so that it has a chain */
#define ngx_http_endpoint_task_chunks(len)                                    \
    ((uint32_t) ngx_max(((len) + NGX_HTTP_ENDPOINT_CHUNK_SIZE - 1)            \
                        / NGX_HTTP_ENDPOINT_CHUNK_SIZE, 1))


/* Appends a slot to a list, takes it out of the one it stands in. */
void ngx_http_endpoint_task_link(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_list_t *list, uint32_t slot);
void ngx_http_endpoint_task_unlink(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_list_t *list, uint32_t slot);

/* Adds a task to those that wait, by when it is due and by its key. */
void ngx_http_endpoint_task_push(ngx_http_endpoint_task_zone_t *zone,
    uint32_t slot);

/* Takes a task out of those that wait, wherever it stands. */
void ngx_http_endpoint_task_pop(ngx_http_endpoint_task_zone_t *zone,
    uint32_t slot);

/* The first of the tasks that wait and whose key may be this one. */
uint32_t *ngx_http_endpoint_task_bucket(ngx_http_endpoint_task_zone_t *zone,
    u_char *unique);


#endif /* _NGX_HTTP_ENDPOINT_TASK_LAYOUT_H_INCLUDED_ */
