
#include "ngx_http_endpoint_connection.h"


/* connections that are kept to be used again, in each worker */
#define NGX_HTTP_ENDPOINT_CONNECTION_FREE  256


typedef struct {
    ngx_connection_t  connection;
    ngx_event_t       read;
    ngx_event_t       write;
} ngx_http_endpoint_connection_t;


static ngx_connection_t *ngx_http_endpoint_connection_get(ngx_log_t *log);
static void ngx_http_endpoint_connection_event(ngx_connection_t *c,
    ngx_event_t *ev);
static void ngx_http_endpoint_connection_handler(ngx_event_t *ev);
static void ngx_http_endpoint_connection_cleanup(void *data);
static void ngx_http_endpoint_connection_free(ngx_event_t *ev);


/* linked by data */

static ngx_connection_t  *ngx_http_endpoint_connections;
static ngx_uint_t         ngx_http_endpoint_connections_n;
static ngx_connection_t  *ngx_http_endpoint_connections_left;

static ngx_event_t        ngx_http_endpoint_connections_event;


ngx_connection_t *
ngx_http_endpoint_connection_copy(ngx_connection_t *c, ngx_pool_t *pool)
{
    ngx_event_t         *rev, *wev;
    ngx_connection_t    *copy;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    copy = ngx_http_endpoint_connection_get(c->log);
    if (copy == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_endpoint_connection_cleanup;
    cln->data = copy;

    rev = copy->read;
    wev = copy->write;

    *copy = *c;

    copy->read = rev;
    copy->write = wev;
    copy->buffered = 0;
    copy->timedout = 0;
    copy->error = 0;
    copy->tcp_nodelay = NGX_TCP_NODELAY_DISABLED;

    ngx_http_endpoint_connection_event(copy, rev);
    ngx_http_endpoint_connection_event(copy, wev);

    /* what is active already, or ready, is not registered by anybody */

    rev->active = 1;
    wev->active = (ngx_event_flags & NGX_USE_CLEAR_EVENT) != 0;
    wev->ready = 1;
    wev->write = 1;

    return copy;
}


static ngx_connection_t *
ngx_http_endpoint_connection_get(ngx_log_t *log)
{
    ngx_connection_t                *c;
    ngx_http_endpoint_connection_t  *own;

    c = ngx_http_endpoint_connections;

    if (c) {
        ngx_http_endpoint_connections = c->data;
        ngx_http_endpoint_connections_n--;
        return c;
    }

    own = ngx_alloc(sizeof(ngx_http_endpoint_connection_t), log);
    if (own == NULL) {
        return NULL;
    }

    c = &own->connection;
    c->read = &own->read;
    c->write = &own->write;

    return c;
}


static void
ngx_http_endpoint_connection_event(ngx_connection_t *c, ngx_event_t *ev)
{
    ngx_memzero(ev, sizeof(ngx_event_t));

    ev->data = c;
    ev->log = c->log;
    ev->handler = ngx_http_endpoint_connection_handler;
}


/* as nginx's own, which is not to be had */

static void
ngx_http_endpoint_connection_handler(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    c = ev->data;
    r = c->data;

    ngx_http_set_log_request(c->log, r);

    if (ev->delayed && ev->timedout) {
        ev->delayed = 0;
        ev->timedout = 0;
    }

    if (ev->write) {
        r->write_event_handler(r);

    } else {
        r->read_event_handler(r);
    }

    ngx_http_run_posted_requests(c);
}


void
ngx_http_endpoint_connection_quiet(ngx_connection_t *c)
{
    ngx_uint_t    i;
    ngx_event_t  *ev;

    for (i = 0; i < 2; i++) {
        ev = i ? c->write : c->read;

        if (ev->timer_set) {
            ngx_del_timer(ev);
        }

        if (ev->posted) {
            ngx_delete_posted_event(ev);
        }
    }
}


/*
 * Who has freed the request may be going to look whether its connection is
 * destroyed, so it is free to be used again in the next turn.
 */

static void
ngx_http_endpoint_connection_cleanup(void *data)
{
    ngx_connection_t  *c = data;

    ngx_http_endpoint_connection_quiet(c);

    c->destroyed = 1;
    c->data = ngx_http_endpoint_connections_left;

    ngx_http_endpoint_connections_left = c;
    ngx_http_endpoint_connections_event.handler =
                                             ngx_http_endpoint_connection_free;
    ngx_http_endpoint_connections_event.log = ngx_cycle->log;

    ngx_post_event(&ngx_http_endpoint_connections_event, &ngx_posted_events);
}


static void
ngx_http_endpoint_connection_free(ngx_event_t *ev)
{
    ngx_connection_t  *c;

    while ((c = ngx_http_endpoint_connections_left) != NULL) {
        ngx_http_endpoint_connections_left = c->data;

        if (ngx_http_endpoint_connections_n
            == NGX_HTTP_ENDPOINT_CONNECTION_FREE)
        {
            ngx_free(c);
            continue;
        }

        c->data = ngx_http_endpoint_connections;
        ngx_http_endpoint_connections = c;
        ngx_http_endpoint_connections_n++;
    }
}
