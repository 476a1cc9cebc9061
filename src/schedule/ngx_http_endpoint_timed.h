
/*
 * What schedules and startups have in common: a block of a server that is run
 * without a client, by one worker of all.
 */


#ifndef _NGX_HTTP_ENDPOINT_TIMED_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TIMED_H_INCLUDED_


#include "ngx_http_endpoint_block.h"
#include "ngx_http_endpoint_detached.h"
#include "ngx_http_endpoint_schedule_zone.h"


typedef struct {
    ngx_http_endpoint_statement_t    head;
    ngx_array_t                      statements;
    ngx_http_endpoint_plan_t        *plan;
    ngx_http_endpoint_loc_conf_t    *conf;      /* the server's */
    ngx_http_core_srv_conf_t        *server;

    ngx_str_t                        name;      /* for the log */
    ngx_msec_t                       timeout;   /* 0: the server's */
    u_char                           key[NGX_HTTP_ENDPOINT_SCHEDULE_KEY];

    uint64_t                         taken;     /* its run in this worker */
} ngx_http_endpoint_timed_t;


/*
 * Prepares the block of the directive that has just been read, conf being its
 * server's, and the zone that workers share.  NGX_ERROR: memory, or logged.
 */
ngx_int_t ngx_http_endpoint_timed_init(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_timed_t *timed,
    void *conf);

/* Reads a parameter that all have.  NGX_DECLINED: it is none, or wrong. */
ngx_int_t ngx_http_endpoint_timed_parameter(ngx_http_endpoint_timed_t *timed,
    ngx_str_t *word);

/*
 * Compiles its steps, which may wait for timeout at most.  NGX_ERROR: a mistake
 * (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_timed_compile(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_timed_t *timed,
    ngx_http_endpoint_place_t *place, ngx_msec_t timeout);

/* Prepares a run of it, to be started.  NULL: memory. */
ngx_http_endpoint_detached_t *ngx_http_endpoint_timed_create(
    ngx_http_endpoint_timed_t *timed);

/*
 * Looks, with the zone's lock held, at a run that is under way: 1 where its
 * worker died, it is this worker's from now on.  A run that has cost too many
 * workers is ended; until says in the log for how long.
 */
ngx_uint_t ngx_http_endpoint_timed_adopt(ngx_http_endpoint_timed_t *timed,
    ngx_http_endpoint_schedule_slot_t *slot, const char *until);


#endif /* _NGX_HTTP_ENDPOINT_TIMED_H_INCLUDED_ */
