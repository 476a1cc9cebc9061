
/*
 * The room schedule/ holds what runs by the clock, and at startup: the block,
 * when it is due, and which of the workers runs it.  It may use http/ and what
 * is below it.
 */


#ifndef _NGX_HTTP_ENDPOINT_SCHEDULE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_SCHEDULE_H_INCLUDED_


#include "ngx_http_endpoint_cron.h"
#include "ngx_http_endpoint_pg_call.h"
#include "ngx_http_endpoint_timed.h"


typedef struct {
    ngx_http_endpoint_timed_t           timed;

    ngx_msec_t                          interval;   /* 0: cron */
    ngx_http_endpoint_cron_t            cron;

    /* of db=, or empty; the same on other machines, if the steps are */
    ngx_str_t                           upstream;
    ngx_http_endpoint_pg_statement_t   *claim;
    ngx_http_endpoint_pg_statement_t   *end;
    u_char                              shared[NGX_HTTP_ENDPOINT_IDENTITY];

    uint64_t                            next;       /* of base */
    uint64_t                            base;
} ngx_http_endpoint_schedule_t;


/* The handler of the "schedule" directive. */
char *ngx_http_endpoint_schedule_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Compiles all schedules.  NGX_ERROR: a mistake (logged), or memory. */
ngx_int_t ngx_http_endpoint_schedule_compile_all(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf);

/* Registers what a schedule of db= asks.  NGX_ERROR: a mistake, or memory. */
ngx_int_t ngx_http_endpoint_schedule_shared(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_uint_t n);

/*
 * Asks the database whether the tick that was taken is for this machine; then
 * ngx_http_endpoint_schedule_launch() follows, or ..._release().
 */
void ngx_http_endpoint_schedule_claim(ngx_http_endpoint_schedule_t *s);

/* Tells it that the run is over; ..._release() follows. */
void ngx_http_endpoint_schedule_tell(ngx_http_endpoint_schedule_t *s);

/* Starts the run of the tick that this worker has taken. */
void ngx_http_endpoint_schedule_launch(ngx_http_endpoint_schedule_t *s);

/* Ends the tick; what was due meanwhile is not made up for. */
void ngx_http_endpoint_schedule_release(ngx_http_endpoint_schedule_t *s);

/* Of a run, in milliseconds. */
ngx_msec_t ngx_http_endpoint_schedule_timeout(ngx_http_endpoint_schedule_t *s);

/* From then on this worker runs what it finds due. */
void ngx_http_endpoint_schedule_init_process(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf);


#endif /* _NGX_HTTP_ENDPOINT_SCHEDULE_H_INCLUDED_ */
