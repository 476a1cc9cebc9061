
/* Tasks: the blocks of the configuration, and what runs them in a worker. */


#ifndef _NGX_HTTP_ENDPOINT_TASK_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TASK_H_INCLUDED_


#include "ngx_http_endpoint_block.h"
#include "ngx_http_endpoint_task_zone.h"
#include "ngx_http_endpoint_template.h"


typedef struct ngx_http_endpoint_task_queue_s  ngx_http_endpoint_task_queue_t;


/* the statement background, of one endpoint */
typedef struct {
    ngx_http_endpoint_plan_t        *plan;
    ngx_http_endpoint_task_zone_t   *zone;
    ngx_http_endpoint_task_queue_t  *queue;     /* one of the two is NULL */
    ngx_http_endpoint_task_policy_t *policy;    /* of it */
    ngx_http_conf_ctx_t              ctx;       /* where it stands */
    ngx_http_endpoint_template_t    *unique;    /* of unique=, or NULL */
    ngx_msec_t                       delay;
    u_char                           identity[
                                             NGX_HTTP_ENDPOINT_TASK_IDENTITY];
    u_char                           digest[
                                     2 * NGX_HTTP_ENDPOINT_TASK_IDENTITY + 1];
} ngx_http_endpoint_task_block_t;


/* The handler of "endpoint_task_zone". */
char *ngx_http_endpoint_task_conf(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* The zone of that name, or NULL. */
ngx_http_endpoint_task_zone_t *ngx_http_endpoint_task_zone_find(
    ngx_http_endpoint_main_conf_t *emcf, ngx_str_t *name);

/* The queue of that name, or NULL. */
ngx_http_endpoint_task_queue_t *ngx_http_endpoint_task_queue_find(
    ngx_http_endpoint_main_conf_t *emcf, ngx_str_t *name);

/* The block of the zone that has that identity, or NULL. */
ngx_http_endpoint_task_block_t *ngx_http_endpoint_task_block_find(
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_task_zone_t *zone,
    u_char *identity);

/* The handler of "endpoint_tasks", a location that shows the tasks. */
char *ngx_http_endpoint_task_location(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * Starts what runs the tasks of all zones (ngx_http_endpoint_task_zone_t *) in
 * this worker.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_task_init_process(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf);

/* A task of the zone may be due: looks, from an event, never from here. */
void ngx_http_endpoint_task_wake(ngx_http_endpoint_task_zone_t *zone);

/*
 * Gives zones that are new what waits for them: the tasks of a zone of that
 * name and of another size, which is in use until the reload is over, else
 * those that a stop has left in its file.  In the master, when the
 * configuration has been read.
 */
void ngx_http_endpoint_task_init_module(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf);

/* Writes what is left to the files, in the master when all workers are gone. */
void ngx_http_endpoint_task_exit_master(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf);


extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_background;


#endif /* _NGX_HTTP_ENDPOINT_TASK_H_INCLUDED_ */
