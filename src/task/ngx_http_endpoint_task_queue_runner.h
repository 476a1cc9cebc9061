
/* What runs the tasks of a queue in a worker, as its own files see it. */


#ifndef _NGX_HTTP_ENDPOINT_TASK_QUEUE_RUNNER_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TASK_QUEUE_RUNNER_H_INCLUDED_


#include "ngx_http_endpoint_task_queue.h"


/* how often a worker looks after what it has, and after the others */
#define NGX_HTTP_ENDPOINT_QUEUE_TICK  500


struct ngx_http_endpoint_task_queue_runner_s {
    ngx_http_endpoint_task_queue_t     *queue;
    ngx_http_endpoint_queue_sh_t       *sh;
    ngx_http_endpoint_queue_worker_t   *place;
    ngx_http_endpoint_pg_listen_t      *listen;
    ngx_event_t                         tick;
    ngx_event_t                         look;       /* posted */

    ngx_queue_t                         ready;      /* to be started */
    ngx_queue_t                         running;
    ngx_queue_t                         ended;      /* to be told */
    ngx_queue_t                         doubts;

    ngx_str_t                           blocks;     /* {digest,…} */
    uint64_t                            serial;     /* of the last token */
    uint32_t                            calls;      /* that were heard */
    ngx_msec_t                          due;        /* of one queued here */
    ngx_msec_t                          polled;
    ngx_msec_t                          renewed;
    ngx_msec_t                          asked;      /* for the version */
    ngx_msec_t                          notified;
    ngx_msec_t                          strange;    /* looked for */
    ngx_msec_t                          exiting;

    unsigned                            has_due:1;
    unsigned                            leads:1;
    unsigned                            ok:1;       /* the tables are there */
    unsigned                            asking:1;
    unsigned                            taking:1;
    unsigned                            again:1;
    unsigned                            renewing:1;
    unsigned                            undoing:1;
    unsigned                            freeing:1;
    unsigned                            offer:1;    /* queued here */
    unsigned                            notify:1;   /* when it is time */
};


/* The runner of the queue that a call is of. */
#define ngx_http_endpoint_queue_runner_of(call)                               \
    (((ngx_http_endpoint_task_queue_t *) (call)->owner)->runner)

/* The block of the queue with that digest, or NULL. */
ngx_http_endpoint_task_block_t *ngx_http_endpoint_queue_block(
    ngx_http_endpoint_task_queue_runner_t *r, const char *digest);

/* Posts a look: for tasks to be taken, and ends to be told. */
void ngx_http_endpoint_queue_look_soon(
    ngx_http_endpoint_task_queue_runner_t *r);

/*
 * Tells of the tasks that are done, and takes up to most others in their places
 * and in those that are free.
 */
void ngx_http_endpoint_queue_take(ngx_http_endpoint_task_queue_runner_t *r,
    ngx_uint_t most);

/* Starts a task, which is in no list. */
void ngx_http_endpoint_queue_start(ngx_http_endpoint_task_queue_runner_t *r,
    ngx_http_endpoint_task_work_t *work);

/* Tells again of what has failed, where that could not be told. */
void ngx_http_endpoint_queue_tell_all(
    ngx_http_endpoint_task_queue_runner_t *r);

/* Writes a token for the next task, or the next tasks, of this worker. */
void ngx_http_endpoint_queue_token(ngx_http_endpoint_task_queue_runner_t *r,
    u_char *token);

/* Renews the leases of all that is here. */
void ngx_http_endpoint_queue_renew(ngx_http_endpoint_task_queue_runner_t *r);

/* Tasks with that token, if there are any, are run by nobody. */
void ngx_http_endpoint_queue_doubt(ngx_http_endpoint_task_queue_runner_t *r,
    u_char *token);

/* Gives them back, when it is time. */
void ngx_http_endpoint_queue_undo(ngx_http_endpoint_task_queue_runner_t *r);

/* Gives back what workers of this machine had that died. */
void ngx_http_endpoint_queue_free_dead(
    ngx_http_endpoint_task_queue_runner_t *r);

/* Asks whether the tables are there; r->ok is the answer. */
void ngx_http_endpoint_queue_ask(ngx_http_endpoint_task_queue_runner_t *r);

/* Has the other workers of this machine look, too. */
void ngx_http_endpoint_queue_call(ngx_http_endpoint_task_queue_runner_t *r);

/* Tells other machines that there is more to do than this one can. */
void ngx_http_endpoint_queue_notify(ngx_http_endpoint_task_queue_runner_t *r);

/* Logs which tasks wait for a block that is not in this configuration. */
void ngx_http_endpoint_queue_strangers(
    ngx_http_endpoint_task_queue_runner_t *r);

/* Tasks of this worker that are counted as running are not any more. */
void ngx_http_endpoint_queue_return(ngx_http_endpoint_task_queue_runner_t *r,
    ngx_uint_t n);


#endif /* _NGX_HTTP_ENDPOINT_TASK_QUEUE_RUNNER_H_INCLUDED_ */
