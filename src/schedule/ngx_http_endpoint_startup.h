
/*
 * What runs once for each load of the configuration, by one worker of all,
 * while the endpoints of its server wait for it.
 */


#ifndef _NGX_HTTP_ENDPOINT_STARTUP_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_STARTUP_H_INCLUDED_


#include "ngx_http_endpoint_gate.h"
#include "ngx_http_endpoint_timed.h"


typedef struct {
    ngx_http_endpoint_timed_t   timed;
    unsigned                    done:1;     /* in this worker's eyes */
    unsigned                    required:1;
} ngx_http_endpoint_startup_t;


/* The handler of the "startup" directive. */
char *ngx_http_endpoint_startup_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Compiles all startups.  NGX_ERROR: a mistake (logged), or memory. */
ngx_int_t ngx_http_endpoint_startup_compile_all(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf);

/*
 * Has those that are required run before the configuration is taken.
 * NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_startup_required(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf);

/* From then on this worker runs what no other one has. */
void ngx_http_endpoint_startup_init_process(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf);


#endif /* _NGX_HTTP_ENDPOINT_STARTUP_H_INCLUDED_ */
