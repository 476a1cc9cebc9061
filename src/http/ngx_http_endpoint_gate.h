
/*
 * The gate of a server's endpoints: requests wait before it until what runs at
 * startup has ended.  It is this worker's; whoever knows sets it.
 */


#ifndef _NGX_HTTP_ENDPOINT_GATE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_GATE_H_INCLUDED_


#include <ngx_http.h>


typedef enum {
    ngx_http_endpoint_gate_waiting = 0,
    ngx_http_endpoint_gate_open,
    ngx_http_endpoint_gate_closed           /* endpoints answer 503 */
} ngx_http_endpoint_gate_state_e;


typedef struct {
    ngx_http_endpoint_gate_state_e    state;
    ngx_msec_t                        timeout;  /* the most that one waits */
    ngx_queue_t                       requests;
    unsigned                          required:1;   /* and gets 503 then */
} ngx_http_endpoint_gate_t;


/* For the configuration of a server.  NULL: memory. */
ngx_http_endpoint_gate_t *ngx_http_endpoint_gate_create(ngx_pool_t *pool);

/*
 * NGX_DECLINED: the request may go on.  Otherwise what a content handler
 * returns: of an answer, or NGX_DONE, and handler(r) is called, from an event,
 * when it may.
 */
ngx_int_t ngx_http_endpoint_gate_pass(ngx_http_endpoint_gate_t *gate,
    ngx_http_request_t *r, ngx_http_handler_pt handler);

/* Sets the state; those who wait go on.  From an event alone. */
void ngx_http_endpoint_gate_set(ngx_http_endpoint_gate_t *gate,
    ngx_http_endpoint_gate_state_e state);


#endif /* _NGX_HTTP_ENDPOINT_GATE_H_INCLUDED_ */
