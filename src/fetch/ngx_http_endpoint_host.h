
/*
 * The host request of a run that has no client: what the run's fetches are
 * subrequests of.  Its connection has no socket, nothing is sent, logged or
 * counted.  nginx does not end it: what it is terminated for, an error in
 * another module's subrequest, is told, and it is freed by close() alone.
 */


#ifndef _NGX_HTTP_ENDPOINT_HOST_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_HOST_H_INCLUDED_


#include <ngx_http.h>


typedef struct {

    /* first, so that a request of the host's finds it */
    ngx_http_connection_t    http;

    ngx_http_request_t      *request;
    ngx_event_t              event;         /* posted: is it free? */
    void                   (*terminated)(void *data);
    void                   (*closed)(void *data);
    void                    *data;
    unsigned                 closing:1;
    unsigned                 broken:1;      /* nginx has terminated it */
} ngx_http_endpoint_host_t;


/*
 * Makes a host request for the configuration of a server, or of a location.
 * The data of log is a ngx_http_log_ctx_t; terminated(data), which records and
 * posts, is called where nginx gives up all of the host's subrequests.  NULL:
 * memory.
 */
ngx_http_endpoint_host_t *ngx_http_endpoint_host_create(ngx_pool_t *pool,
    ngx_log_t *log, ngx_http_conf_ctx_t *ctx, void (*terminated)(void *data),
    void *data);

/*
 * Frees the request as soon as none of its subrequests holds it, which all must
 * have been ended before, and then calls closed(data), from an event.
 */
void ngx_http_endpoint_host_close(ngx_http_endpoint_host_t *host,
    void (*closed)(void *data));

/* Whether a main request is a host's. */
ngx_uint_t ngx_http_endpoint_host_is(ngx_http_request_t *main);

/* A subrequest that had been ended lets go of its main request. */
void ngx_http_endpoint_host_released(ngx_http_request_t *main);


#endif /* _NGX_HTTP_ENDPOINT_HOST_H_INCLUDED_ */
