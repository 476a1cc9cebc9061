
/*
 * Workers that wake each other: a slot for every worker process, with an
 * eventfd that was made before the fork.  Used by single flight, and by
 * whatever else has workers that wait for one another.
 */


#ifndef _NGX_HTTP_ENDPOINT_WAKE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_WAKE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_ENDPOINT_WAKE_NONE  0xffffffff


/* one life of one worker; the slot's next owner has another generation */
typedef struct {
    uint32_t                              slot;     /* WAKE_NONE: nobody */
    uint32_t                              generation;
} ngx_http_endpoint_worker_t;


typedef struct ngx_http_endpoint_listener_s  ngx_http_endpoint_listener_t;


struct ngx_http_endpoint_listener_s {
    void                                (*handler)(void);
    ngx_http_endpoint_listener_t         *next;
};


/* Adds the shared table of workers to the cycle, once; NGX_ERROR: logged. */
ngx_int_t ngx_http_endpoint_wake_add_zone(ngx_conf_t *cf);

/* For the hooks of the module with the same names. */
ngx_int_t ngx_http_endpoint_wake_init_module(ngx_cycle_t *cycle);
ngx_int_t ngx_http_endpoint_wake_init_process(ngx_cycle_t *cycle);
void ngx_http_endpoint_wake_exit_process(ngx_cycle_t *cycle);

/*
 * The number of this nginx among those of all machines, made by chance, for as
 * long as its master lives.
 */
uint64_t ngx_http_endpoint_wake_node(void);

/* This process as others see it; nobody in a process that is no worker. */
ngx_http_endpoint_worker_t ngx_http_endpoint_wake_self(void);

/* Whether that life still lasts; one system call for another's. */
ngx_uint_t ngx_http_endpoint_wake_alive(ngx_http_endpoint_worker_t worker);

/* Whether that life is, or was, the process pid. */
ngx_uint_t ngx_http_endpoint_wake_is(ngx_http_endpoint_worker_t worker,
    ngx_pid_t pid);

/* The bit of a worker in a set of those to wake; workers may share a bit. */
uint64_t ngx_http_endpoint_wake_bit(ngx_http_endpoint_worker_t worker);

/*
 * Wakes the workers of the set, this one too: their listeners are called from
 * an event, never from here.  To be called outside of any lock.  A worker
 * whose eventfd is younger than this process is not reached, so one who waits
 * also looks by itself now and then.
 */
void ngx_http_endpoint_wake(uint64_t set);

/* Adds a listener of this process for good; adding it again does nothing. */
void ngx_http_endpoint_wake_listen(ngx_http_endpoint_listener_t *listener);


#endif /* _NGX_HTTP_ENDPOINT_WAKE_H_INCLUDED_ */
