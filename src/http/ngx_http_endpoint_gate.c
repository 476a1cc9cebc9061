
#include "ngx_http_endpoint_gate.h"
#include "ngx_http_endpoint_http.h"


/* a request that waits, in the memory of its cleanup */
typedef struct {
    ngx_queue_t                queue;
    ngx_http_request_t        *request;     /* NULL: it waits no more */
    ngx_http_endpoint_gate_t  *gate;
    ngx_http_handler_pt        handler;
    ngx_event_t                timer;
} ngx_http_endpoint_gate_wait_t;


static ngx_int_t ngx_http_endpoint_gate_hold(ngx_http_endpoint_gate_t *gate,
    ngx_http_request_t *r, ngx_http_handler_pt handler);
static void ngx_http_endpoint_gate_late(ngx_event_t *ev);
static void ngx_http_endpoint_gate_go(ngx_http_endpoint_gate_wait_t *w,
    ngx_uint_t open);
static void ngx_http_endpoint_gate_leave(void *data);
static ngx_int_t ngx_http_endpoint_gate_refuse(ngx_http_request_t *r);


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
ngx_http_endpoint_gate_pass(ngx_http_endpoint_gate_t *gate,
    ngx_http_request_t *r, ngx_http_handler_pt handler)
{
    switch (gate->state) {

    case ngx_http_endpoint_gate_open:
        return NGX_DECLINED;

    case ngx_http_endpoint_gate_closed:
        return ngx_http_endpoint_gate_refuse(r);

    default:
        return ngx_http_endpoint_gate_hold(gate, r, handler);
    }
}


static ngx_int_t
ngx_http_endpoint_gate_hold(ngx_http_endpoint_gate_t *gate,
    ngx_http_request_t *r, ngx_http_handler_pt handler)
{
    ngx_http_cleanup_t             *cln;
    ngx_http_endpoint_gate_wait_t  *w;

    cln = ngx_http_cleanup_add(r, sizeof(ngx_http_endpoint_gate_wait_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    w = cln->data;
    ngx_memzero(w, sizeof(ngx_http_endpoint_gate_wait_t));

    cln->handler = ngx_http_endpoint_gate_leave;

    w->request = r;
    w->gate = gate;
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
ngx_http_endpoint_gate_set(ngx_http_endpoint_gate_t *gate,
    ngx_http_endpoint_gate_state_e state)
{
    ngx_queue_t                    *q;
    ngx_http_endpoint_gate_wait_t  *w;

    gate->state = state;

    while (gate->state != ngx_http_endpoint_gate_waiting
           && !ngx_queue_empty(&gate->requests))
    {
        q = ngx_queue_head(&gate->requests);
        w = ngx_queue_data(q, ngx_http_endpoint_gate_wait_t, queue);

        ngx_http_endpoint_gate_go(w,
                                  gate->state == ngx_http_endpoint_gate_open);
    }
}


static void
ngx_http_endpoint_gate_late(ngx_event_t *ev)
{
    ngx_http_endpoint_gate_wait_t  *w;

    w = ev->data;

    ngx_log_error(NGX_LOG_WARN, w->request->connection->log, 0,
                  "startup has not ended in time, the endpoint %s",
                  w->gate->required ? "answers 503" : "does not wait for it");

    ngx_http_endpoint_gate_go(w, !w->gate->required);
}


static void
ngx_http_endpoint_gate_go(ngx_http_endpoint_gate_wait_t *w, ngx_uint_t open)
{
    ngx_int_t            rc;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = w->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    ngx_http_endpoint_gate_leave(w);

    r->read_event_handler = ngx_http_block_reading;

    rc = open ? w->handler(r) : ngx_http_endpoint_gate_refuse(r);

    ngx_http_finalize_request(r, rc);
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


static ngx_int_t
ngx_http_endpoint_gate_refuse(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    static ngx_str_t  text = ngx_string("{\"detail\":\"not started yet\"}");

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_endpoint_http_unavailable(r, &text, 1);
}
