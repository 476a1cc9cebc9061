
/*
 * Tasks as rows of Postgres, for any number of machines; the database is all
 * that they have in common.  A worker takes tasks that are due, in batches, for
 * as long as its lease lasts, which it renews; one worker of each machine
 * listens for what others queue, looks from time to time, and gives back what
 * workers that died had taken.
 */


#ifndef _NGX_HTTP_ENDPOINT_TASK_QUEUE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TASK_QUEUE_H_INCLUDED_


#include "ngx_http_endpoint_pg_call.h"
#include "ngx_http_endpoint_pg_listen.h"
#include "ngx_http_endpoint_task.h"
#include "ngx_http_endpoint_task_queue_zone.h"


/* what owns a task in the database: a worker, and what it took it with */
#define NGX_HTTP_ENDPOINT_TASK_TOKEN  64


typedef enum {
    ngx_http_endpoint_task_sql_version = 0,
    ngx_http_endpoint_task_sql_insert,
    ngx_http_endpoint_task_sql_insert_key,
    ngx_http_endpoint_task_sql_take,
    ngx_http_endpoint_task_sql_retry,
    ngx_http_endpoint_task_sql_bury,
    ngx_http_endpoint_task_sql_renew,
    ngx_http_endpoint_task_sql_undo,
    ngx_http_endpoint_task_sql_free,
    ngx_http_endpoint_task_sql_notify,
    ngx_http_endpoint_task_sql_strange,
    ngx_http_endpoint_task_sql_count,
    ngx_http_endpoint_task_sql_dead,
    ngx_http_endpoint_task_sql_revive,
    ngx_http_endpoint_task_sql_delete,
    ngx_http_endpoint_task_sql_n
} ngx_http_endpoint_task_sql_e;


typedef struct ngx_http_endpoint_task_queue_runner_s
    ngx_http_endpoint_task_queue_runner_t;


struct ngx_http_endpoint_task_queue_s {
    ngx_str_t                               name;
    ngx_str_t                               upstream;
    ngx_str_t                               file;   /* where it stands */
    ngx_uint_t                              line;
    ngx_http_endpoint_task_policy_t         policy;
    ngx_msec_t                              poll;
    u_char                                  key[NGX_HTTP_ENDPOINT_QUEUE_KEY];
    ngx_http_endpoint_zone_t               *zone;   /* of all queues */
    ngx_http_endpoint_pg_pool_t            *pool;
    ngx_http_endpoint_pg_statement_t
                          *statements[ngx_http_endpoint_task_sql_n];

    /* of the worker; NULL: it runs no tasks */
    ngx_http_endpoint_task_queue_runner_t  *runner;
};


/* a task of this worker, from before its first step until its end is told */
typedef struct {
    ngx_queue_t                             link;
    ngx_http_endpoint_task_queue_t         *queue;
    ngx_http_endpoint_task_block_t         *block;
    u_char                                  id[NGX_INT64_LEN + 1];
    u_char                                  token[
                                                NGX_HTTP_ENDPOINT_TASK_TOKEN];
    ngx_uint_t                              attempt;
    size_t                                  nerror;
    u_char                                  error[
                                                NGX_HTTP_ENDPOINT_TASK_ERROR];
    ngx_str_t                               values; /* until it is started */
    unsigned                                done:1;
    unsigned                                telling:1;
} ngx_http_endpoint_task_work_t;


/* The handler of "endpoint_task_queue". */
char *ngx_http_endpoint_task_queue_conf(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * For postconfiguration, when the upstreams are known and before blocks are
 * compiled.  NGX_ERROR: a mistake (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_task_queue_compile(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf);

/*
 * A statement of the queue to be filled with parameters, the queue's name
 * being the first.  NULL: memory.
 */
ngx_http_endpoint_pg_call_t *ngx_http_endpoint_task_call(
    ngx_http_endpoint_task_queue_t *queue, ngx_http_endpoint_task_sql_e sql,
    void *data);

/* Logs that a statement of a queue has failed. */
void ngx_http_endpoint_task_call_failed(ngx_http_endpoint_pg_call_t *call,
    ngx_http_endpoint_pg_result_t *result);

/* Starts what runs the tasks of a queue in this worker.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_task_queue_init_process(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf);

/*
 * Whether this worker may run one more task at once: then there is a token to
 * own it by, and ..._started() or ..._given_up() must follow.
 */
ngx_uint_t ngx_http_endpoint_task_queue_own(
    ngx_http_endpoint_task_queue_t *queue, u_char *token);

/*
 * The task is in the database under that token, since that time of
 * ngx_current_msec; values are copied.
 */
void ngx_http_endpoint_task_queue_started(
    ngx_http_endpoint_task_block_t *tb, u_char *token, ngx_str_t *id,
    ngx_str_t *values, ngx_msec_t since);

/* It is not run here; unsure: it may be in the database all the same. */
void ngx_http_endpoint_task_queue_given_up(
    ngx_http_endpoint_task_queue_t *queue, u_char *token, ngx_uint_t unsure);

/* Counts a task that was queued; joined: there was one of its key. */
void ngx_http_endpoint_task_queue_count(ngx_http_endpoint_task_queue_t *queue,
    ngx_uint_t joined);

/* Whether a task that is queued now is to tell other machines of itself. */
ngx_uint_t ngx_http_endpoint_task_queue_tells(
    ngx_http_endpoint_task_queue_t *queue);

/*
 * A task is in the database, to be run when delay milliseconds are over; told:
 * other machines know of it.
 */
void ngx_http_endpoint_task_queue_wake(ngx_http_endpoint_task_queue_t *queue,
    ngx_msec_t delay, ngx_uint_t told);


#endif /* _NGX_HTTP_ENDPOINT_TASK_QUEUE_H_INCLUDED_ */
