
#include "ngx_http_endpoint_timer.h"


/* a timer's data must look like a connection to nginx's debug log */
static ngx_connection_t  ngx_http_endpoint_timer_no_connection;


void
ngx_http_endpoint_timer_init(ngx_event_t *ev, ngx_event_handler_pt handler,
    ngx_log_t *log)
{
    ngx_http_endpoint_timer_no_connection.fd = (ngx_socket_t) -1;

    ev->handler = handler;
    ev->data = &ngx_http_endpoint_timer_no_connection;
    ev->log = log;
}
