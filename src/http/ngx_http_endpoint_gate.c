
#include "ngx_http_endpoint_gate.h"


/* a request that waits, in the memory of its cleanup */
typedef struct {
    ngx_queue_t           queue;
    ngx_http_request_t   *request;      /* NULL: it waits no more */
    ngx_http_handler_pt   handler;
    ngx_event_t           timer;
} ngx_http_endpoint_gate_wait_t;


static void ngx_http_endpoint_gate_late(ngx_event_t *ev);
static void ngx_http_endpoint_gate_go(ngx_http_endpoint_gate_wait_t *w);
static void ngx_http_endpoint_gate_leave(void *data);


ngx_http_endpoint_gate_t *
ngx_http_endpoint_gate_create(ngx_pool_t *pool)
{
    ngx_http_endpoint_gate_t  *gate;

    gate = ngx_pcalloc(pool, sizeof(ngx_http_endpoint_gate_t));

    if (gate) {
        ngx_queue_init(&gate->requests);
    }

    return gate;
}


ngx_int_t
ngx_http_endpoint_gate_wait(ngx_http_endpoint_gate_t *gate,
    ngx_http_request_t *r, ngx_http_handler_pt handler)
{
    ngx_http_cleanup_t             *cln;
    ngx_http_endpoint_gate_wait_t  *w;

    if (gate->open) {
        return NGX_DECLINED;
    }

    cln = ngx_http_cleanup_add(r, sizeof(ngx_http_endpoint_gate_wait_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    w = cln->data;
    ngx_memzero(w, sizeof(ngx_http_endpoint_gate_wait_t));

    cln->handler = ngx_http_endpoint_gate_leave;

    w->request = r;
    w->handler = handler;
    w->timer.handler = ngx_http_endpoint_gate_late;
    w->timer.data = w;
    w->timer.log = r->connection->log;

    ngx_queue_insert_tail(&gate->requests, &w->queue);
    ngx_add_timer(&w->timer, gate->timeout);

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "endpoint waits for startup: %M", gate->timeout);

    r->main->count++;

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    /* an event that came before now will not come again */

    if (r->connection->read->ready) {
        ngx_post_event(r->connection->read, &ngx_posted_events);
    }

    return NGX_DONE;
}


void
ngx_http_endpoint_gate_open(ngx_http_endpoint_gate_t *gate)
{
    ngx_queue_t  *q;

    gate->open = 1;

    while (!ngx_queue_empty(&gate->requests)) {
        q = ngx_queue_head(&gate->requests);

        ngx_http_endpoint_gate_go(ngx_queue_data(q,
                                                 ngx_http_endpoint_gate_wait_t,
                                                 queue));
    }
}


static void
ngx_http_endpoint_gate_late(ngx_event_t *ev)
{
    ngx_http_endpoint_gate_wait_t  *w;

    w = ev->data;

    ngx_log_error(NGX_LOG_WARN, w->request->connection->log, 0,
                  "startup has not ended in time, the endpoint is served "
                  "without it");

    ngx_http_endpoint_gate_go(w);
}


static void
ngx_http_endpoint_gate_go(ngx_http_endpoint_gate_wait_t *w)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = w->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    ngx_http_endpoint_gate_leave(w);

    r->read_event_handler = ngx_http_block_reading;

    ngx_http_finalize_request(r, w->handler(r));
    ngx_http_run_posted_requests(c);
}


static void
ngx_http_endpoint_gate_leave(void *data)
{
    ngx_http_endpoint_gate_wait_t *w = data;

    if (w->request == NULL) {
        return;
    }

    w->request = NULL;
    ngx_queue_remove(&w->queue);

    if (w->timer.timer_set) {
        ngx_del_timer(&w->timer);
    }
}
