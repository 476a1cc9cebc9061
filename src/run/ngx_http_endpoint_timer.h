
/* Timers of a worker, which belong to no request and no connection. */


#ifndef _NGX_HTTP_ENDPOINT_TIMER_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TIMER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


/*
 * Prepares ev (zeroed) for ngx_add_timer(); its data is not the handler's, who
 * finds what it is about by where ev lies.
 */
void ngx_http_endpoint_timer_init(ngx_event_t *ev,
    ngx_event_handler_pt handler, ngx_log_t *log);


#endif /* _NGX_HTTP_ENDPOINT_TIMER_H_INCLUDED_ */
