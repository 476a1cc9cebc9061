
/*
 * A connection for each subrequest that is captured.  nginx's requests keep on
 * their connection what they wait for and how they fare: the write event's
 * timer and its "delayed", which limit_req, limit_rate and send_timeout share,
 * the read event's timer, errors, what is buffered, which request is active.
 * Subrequests that run at once would wake, delay and fail one another by it,
 * and the client's request too, so each has a copy of the client's connection,
 * as a stream of HTTP/2 has: addresses, TLS and log are the client's, events
 * and state are its own.  Nothing is read from it or written to it.
 */


#ifndef _NGX_HTTP_ENDPOINT_CONNECTION_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CONNECTION_H_INCLUDED_


#include <ngx_http.h>


/*
 * A copy of c that lasts as long as pool; its data, the request whose it is,
 * is for the caller to set.  NULL: memory.
 */
ngx_connection_t *ngx_http_endpoint_connection_copy(ngx_connection_t *c,
    ngx_pool_t *pool);

/* Nothing wakes the request of an own connection by its events any more. */
void ngx_http_endpoint_connection_quiet(ngx_connection_t *c);


#endif /* _NGX_HTTP_ENDPOINT_CONNECTION_H_INCLUDED_ */
