
/*
 * The gate of a server's endpoints: requests wait before it until what runs at
 * startup has ended.  It is this worker's; whoever knows sets it.
 */


#ifndef _NGX_HTTP_ENDPOINT_GATE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_GATE_H_INCLUDED_


#include <ngx_http.h>


typedef struct {
    ngx_msec_t                timeout;      /* the most that one waits */
    ngx_queue_t               requests;
    unsigned                  open:1;
} ngx_http_endpoint_gate_t;


/* For the configuration of a server.  NULL: memory. */
ngx_http_endpoint_gate_t *ngx_http_endpoint_gate_create(ngx_pool_t *pool);

/*
 * NGX_DECLINED: the request need not wait.  Otherwise what a content handler
 * returns: NGX_DONE, and handler(r) is called, from an event, when it has
 * waited, or 500.
 */
ngx_int_t ngx_http_endpoint_gate_wait(ngx_http_endpoint_gate_t *gate,
    ngx_http_request_t *r, ngx_http_handler_pt handler);

/* Those who wait go on, and nobody waits any more.  From an event alone. */
void ngx_http_endpoint_gate_open(ngx_http_endpoint_gate_t *gate);


#endif /* _NGX_HTTP_ENDPOINT_GATE_H_INCLUDED_ */
