
#include "ngx_http_endpoint_connection.h"
#include "ngx_http_endpoint_host.h"


/* until it is looked again whether all that a request started has ended */
#define NGX_HTTP_ENDPOINT_HOST_PAUSE  100


static ngx_connection_t *ngx_http_endpoint_host_connection(
    ngx_http_endpoint_host_t *host, ngx_pool_t *pool, ngx_log_t *log);
static ngx_int_t ngx_http_endpoint_host_request(
    ngx_http_endpoint_host_t *host, ngx_connection_t *c);
static void ngx_http_endpoint_host_line(ngx_http_request_t *r);
static void ngx_http_endpoint_host_handler(ngx_http_request_t *r);
static void ngx_http_endpoint_host_cleanup(void *data);
static void ngx_http_endpoint_host_event(ngx_event_t *ev);


/* what a client at a socket of the UNIX domain has */

static struct sockaddr  ngx_http_endpoint_host_sockaddr = { AF_UNIX, { 0 } };


ngx_http_endpoint_host_t *
ngx_http_endpoint_host_create(ngx_pool_t *pool, ngx_log_t *log,
    ngx_http_conf_ctx_t *ctx, void (*terminated)(void *data), void *data)
{
    ngx_connection_t          *c;
    ngx_http_endpoint_host_t  *host;

    host = ngx_pcalloc(pool, sizeof(ngx_http_endpoint_host_t));
    if (host == NULL) {
        return NULL;
    }

    host->http.conf_ctx = ctx;
    host->terminated = terminated;
    host->data = data;

    host->event.handler = ngx_http_endpoint_host_event;
    host->event.data = host;
    host->event.log = log;

    c = ngx_http_endpoint_host_connection(host, pool, log);

    if (c == NULL || ngx_http_endpoint_host_request(host, c) != NGX_OK) {
        return NULL;
    }

    return host;
}


static ngx_connection_t *
ngx_http_endpoint_host_connection(ngx_http_endpoint_host_t *host,
    ngx_pool_t *pool, ngx_log_t *log)
{
    ngx_connection_t     own, *c;
    ngx_http_log_ctx_t  *ctx;

    ngx_memzero(&own, sizeof(ngx_connection_t));

    own.fd = (ngx_socket_t) -1;
    own.log = log;
    own.pool = pool;
    own.type = SOCK_STREAM;
    own.sockaddr = &ngx_http_endpoint_host_sockaddr;
    own.socklen = sizeof(ngx_http_endpoint_host_sockaddr.sa_family);
    own.local_sockaddr = own.sockaddr;
    own.local_socklen = own.socklen;
    ngx_str_set(&own.addr_text, "unix:");
    own.number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    own.start_time = ngx_current_msec;

    own.buffer = ngx_create_temp_buf(pool, 1);
    if (own.buffer == NULL) {
        return NULL;
    }

    c = ngx_http_endpoint_connection_copy(&own, pool);
    if (c == NULL) {
        return NULL;
    }

    c->data = &host->http;

    ctx = log->data;
    ctx->connection = c;

    return c;
}


static ngx_int_t
ngx_http_endpoint_host_request(ngx_http_endpoint_host_t *host,
    ngx_connection_t *c)
{
    ngx_http_cleanup_t  *cln;
    ngx_http_request_t  *r;

    r = ngx_http_create_request(c);
    if (r == NULL) {
        return NGX_ERROR;
    }

    c->data = r;
    r->logged = 1;

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_reading, -1);
    r->stat_reading = 0;
    (void) ngx_atomic_fetch_add(ngx_stat_requests, -1);
#endif

    cln = ngx_http_cleanup_add(r, 0);

    if (cln == NULL
        || ngx_list_init(&r->headers_in.headers, r->pool, 1,
                         sizeof(ngx_table_elt_t))
           != NGX_OK)
    {
        ngx_http_free_request(r, 0);
        return NGX_ERROR;
    }

    cln->handler = ngx_http_endpoint_host_cleanup;
    cln->data = host;

    ngx_http_endpoint_host_line(r);

    r->header_only = 1;
    r->header_sent = 1;
    r->internal = 1;

    r->read_event_handler = ngx_http_request_empty_handler;
    r->write_event_handler = ngx_http_endpoint_host_handler;

    /* nginx terminates, but never frees, a request that is blocked */

    r->blocked = 1;

    host->request = r;

    return NGX_OK;
}


static void
ngx_http_endpoint_host_line(ngx_http_request_t *r)
{
    ngx_http_core_srv_conf_t  *cscf;

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    r->method = NGX_HTTP_GET;
    r->http_version = NGX_HTTP_VERSION_11;
    r->headers_in.server = cscf->server_name;

    ngx_str_set(&r->method_name, "GET");
    ngx_str_set(&r->http_protocol, "HTTP/1.1");
    ngx_str_set(&r->request_line, "GET / HTTP/1.1");
    ngx_str_set(&r->uri, "/");
    ngx_str_set(&r->unparsed_uri, "/");
}


/* there is nothing to be done; by it a host request is known */

static void
ngx_http_endpoint_host_handler(ngx_http_request_t *r)
{
    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "endpoint host request");
}


static void
ngx_http_endpoint_host_cleanup(void *data)
{
    ngx_http_endpoint_host_t  *host = data;

    host->broken = 1;

    if (!host->closing) {
        host->terminated(host->data);
    }
}


void
ngx_http_endpoint_host_close(ngx_http_endpoint_host_t *host,
    void (*closed)(void *data))
{
    host->closing = 1;
    host->closed = closed;

    ngx_post_event(&host->event, &ngx_posted_events);
}


ngx_uint_t
ngx_http_endpoint_host_is(ngx_http_request_t *main)
{
    return main->write_event_handler == ngx_http_endpoint_host_handler;
}


void
ngx_http_endpoint_host_released(ngx_http_request_t *main)
{
    ngx_http_endpoint_host_t  *host;

    if (!ngx_http_endpoint_host_is(main)) {
        return;
    }

    host = (ngx_http_endpoint_host_t *) main->http_connection;

    if (host->closing) {
        ngx_post_event(&host->event, &ngx_posted_events);
    }
}


static void
ngx_http_endpoint_host_event(ngx_event_t *ev)
{
    ngx_http_request_t        *r;
    ngx_http_endpoint_host_t  *host;

    host = ev->data;
    r = host->request;

    ngx_http_run_posted_requests(r->connection);

    /*
     * What is left is file aio, the wait of another module, or an update of
     * nginx's cache, which tells nobody when it has ended.
     */

    if (r->blocked > 1 || (r->count > 1 && !host->broken)) {
        ngx_add_timer(ev, NGX_HTTP_ENDPOINT_HOST_PAUSE);
        return;
    }

    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    r->count = 0;

    ngx_http_free_request(r, 0);

    host->closed(host->data);
}
