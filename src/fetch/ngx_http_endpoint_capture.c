
#include "ngx_http_endpoint_capture.h"
#include "ngx_http_endpoint_connection.h"
#include "ngx_http_endpoint_host.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_variable.h"


static ngx_http_request_t *ngx_http_endpoint_capture_subrequest(
    ngx_http_endpoint_capture_t *capture, ngx_http_request_t *parent,
    ngx_str_t *path, ngx_str_t *args);
static void ngx_http_endpoint_capture_headers_in(ngx_http_request_t *sr,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_endpoint_capture_header_filter(
    ngx_http_request_t *r);
static void ngx_http_endpoint_capture_unbuffered(ngx_http_request_t *r);
static void ngx_http_endpoint_capture_finalize(ngx_http_request_t *r,
    ngx_int_t rc);
static ngx_uint_t ngx_http_endpoint_capture_encoded(ngx_http_request_t *r);
static ngx_int_t ngx_http_endpoint_capture_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_uint_t ngx_http_endpoint_capture_stray(ngx_http_request_t *r);
static void ngx_http_endpoint_capture_buf(
    ngx_http_endpoint_capture_t *capture, ngx_buf_t *b);
static ngx_int_t ngx_http_endpoint_capture_done(ngx_http_request_t *r,
    void *data, ngx_int_t rc);
static ngx_uint_t ngx_http_endpoint_capture_cut(
    ngx_http_endpoint_capture_t *capture);
static ngx_uint_t ngx_http_endpoint_capture_foreign(ngx_http_request_t *sr);
static void ngx_http_endpoint_capture_unlock(ngx_http_request_t *sr);
static void ngx_http_endpoint_capture_ended(ngx_http_request_t *r);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


ngx_int_t
ngx_http_endpoint_capture_start(ngx_http_endpoint_capture_t *capture,
    ngx_http_request_t *parent, ngx_str_t *path, ngx_str_t *args)
{
    ngx_connection_t           *c;
    ngx_http_request_t         *sr;
    ngx_http_variable_value_t  *variables;

    capture->last = &capture->out;
    capture->post.handler = ngx_http_endpoint_capture_done;
    capture->post.data = capture;

    if (capture->checked) {
        ngx_http_endpoint_json_check_init(&capture->check);
    }

    if (ngx_http_endpoint_capture_pool(capture, parent) != NGX_OK) {
        return NGX_ERROR;
    }

    variables = ngx_http_endpoint_capture_variables(capture, parent->main);
    if (variables == NULL
        || ngx_http_endpoint_variable_inherit(parent, capture->run,
                                              capture->known, variables)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    c = ngx_http_endpoint_connection_copy(parent->connection, capture->pool);
    if (c == NULL) {
        return NGX_ERROR;
    }

    sr = ngx_http_endpoint_capture_subrequest(capture, parent, path, args);
    if (sr == NULL) {
        return NGX_ERROR;
    }

    capture->request = sr;

    c->data = sr;
    sr->connection = c;
    sr->variables = variables;
    sr->request_body = NULL;

    /*
     * Only its end is that of a background subrequest, see capture_done():
     * nginx's cache has one make what others need, and serves it nothing old.
     */

    sr->background = 0;

    /* it is for the main request to wait for the rest of its body */
    sr->discard_body = 0;

    ngx_http_endpoint_capture_headers_in(sr, parent);

    return NGX_OK;
}


static ngx_http_request_t *
ngx_http_endpoint_capture_subrequest(ngx_http_endpoint_capture_t *capture,
    ngx_http_request_t *parent, ngx_str_t *path, ngx_str_t *args)
{
    ngx_int_t            rc;
    ngx_uint_t           in_memory;
    ngx_pool_t          *pool;
    ngx_http_request_t  *sr;

    sr = NULL;

    /* nginx takes a subrequest's memory from its parent's pool */

    pool = parent->pool;
    parent->pool = capture->pool;

    /*
     * What ssi or njs takes into memory may have no subrequests, since their
     * output would be mixed with its own: that of this one is captured.
     */

    in_memory = parent->subrequest_in_memory;
    parent->subrequest_in_memory = 0;

    rc = ngx_http_subrequest(parent, path, args, &sr, &capture->post,
                             NGX_HTTP_SUBREQUEST_BACKGROUND);

    parent->subrequest_in_memory = in_memory;
    parent->pool = pool;

    if (rc == NGX_OK) {
        return sr;
    }

    if (sr) {

        /* it was counted, but could not be posted */

        parent->main->count--;
    }

    return NULL;
}


/* nothing of the client's passes but what the caller adds to the list */

static void
ngx_http_endpoint_capture_headers_in(ngx_http_request_t *sr,
    ngx_http_request_t *r)
{
    ngx_memzero(&sr->headers_in, sizeof(ngx_http_headers_in_t));

    sr->headers_in.host = r->headers_in.host;
    sr->headers_in.server = r->headers_in.server;
    sr->headers_in.content_length_n = -1;
    sr->headers_in.keep_alive_n = -1;
}


static ngx_int_t
ngx_http_endpoint_capture_header_filter(ngx_http_request_t *r)
{
    ngx_http_endpoint_capture_t  *capture;

    capture = ngx_http_endpoint_capture_get(r);

    if (capture == NULL) {
        return ngx_http_next_header_filter(r);
    }

    r->header_sent = 1;
    r->filter_need_in_memory = 1;

    if (r->method == NGX_HTTP_HEAD) {
        r->header_only = 1;
    }

    capture->status = r->headers_out.status;

    if (r->upstream) {
        ngx_http_endpoint_capture_unbuffered(r);

        capture->finalize = r->upstream->finalize_request;
        r->upstream->finalize_request = ngx_http_endpoint_capture_finalize;
    }

    if (r->upstream && (capture->status < 200 || capture->status > 599)) {

        /* no HTTP, or an interim answer, behind which nginx reads no other */

        ngx_http_endpoint_capture_fail(capture,
                                       ngx_http_endpoint_cause_upstream);

    } else if (r->method != NGX_HTTP_HEAD
               && ngx_http_endpoint_capture_encoded(r))
    {
        ngx_http_endpoint_capture_fail(capture,
                                       ngx_http_endpoint_cause_encoding);

    } else if (r->upstream == NULL && r->method != NGX_HTTP_HEAD
               && !capture->done
               && r->headers_out.content_length_n > (off_t) capture->limit)
    {
        /* a file is read, without a pause, as long as somebody takes it */

        r->header_only = 1;

        ngx_http_endpoint_capture_fail(capture,
                                       ngx_http_endpoint_cause_too_large);
    }

    return NGX_OK;
}


/*
 * Of a background subrequest nginx keeps what fits into proxy_buffers, writes
 * the rest to a file or waits for ever, until the upstream has ended.  Where
 * the body is not for a cache it can come in pieces instead.
 */

static void
ngx_http_endpoint_capture_unbuffered(ngx_http_request_t *r)
{
    ngx_http_upstream_t  *u;

    u = r->upstream;

    if (u->store) {
        return;
    }

#if (NGX_HTTP_CACHE)

    /* the same tests as nginx's own, which come after this filter */

    if (u->cacheable
        && ngx_http_test_predicates(r, u->conf->no_cache) == NGX_OK
        && (u->cache_status == NGX_HTTP_CACHE_BYPASS
            || (r->cache && r->cache->valid_sec)
            || ngx_http_file_cache_valid(u->conf->cache_valid,
                                         u->headers_in.status_n)))
    {
        return;
    }

#endif

    u->buffering = 0;
}


/*
 * Behind a header nginx tells a timeout from a connection that broke to nobody
 * else.
 */

static void
ngx_http_endpoint_capture_finalize(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_connection_t             *c;
    ngx_http_endpoint_capture_t  *capture;

    capture = ngx_http_endpoint_capture_get(r);
    c = r->upstream->peer.connection;

    capture->timedout = (rc >= NGX_HTTP_SPECIAL_RESPONSE
                         && c && c->read->timedout);

    capture->finalize(r, rc);
}


static ngx_uint_t
ngx_http_endpoint_capture_encoded(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = r->headers_out.content_encoding;

    return h && h->hash && h->value.len
           && ngx_strcasecmp(h->value.data, (u_char *) "identity") != 0;
}


static ngx_int_t
ngx_http_endpoint_capture_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_buf_t                    *b;
    ngx_chain_t                  *cl;
    ngx_http_endpoint_capture_t  *capture;

    capture = ngx_http_endpoint_capture_get(r);

    if (capture == NULL && !ngx_http_endpoint_capture_stray(r)) {
        return ngx_http_next_body_filter(r, in);
    }

    /*
     * Whatever happens, all is consumed and NGX_OK returned: buffers left
     * unread stall the upstream, an error would end the client's connection.
     */

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (capture) {
            ngx_http_endpoint_capture_buf(capture, b);
        }

        b->pos = b->last;
        b->file_pos = b->file_last;
    }

    return NGX_OK;
}


/*
 * A subrequest of a fetched location whose output nobody takes: nginx would
 * send it to the client, in the midst of another reply.
 */

static ngx_uint_t
ngx_http_endpoint_capture_stray(ngx_http_request_t *r)
{
    return r != r->main && r->post_subrequest == NULL
           && r->connection != r->main->connection;
}


static void
ngx_http_endpoint_capture_buf(ngx_http_endpoint_capture_t *capture,
    ngx_buf_t *b)
{
    if (ngx_buf_in_memory(b) && b->last > b->pos) {
        ngx_http_endpoint_capture_append(capture, b->pos, b->last - b->pos);
    }

    if (b->last_in_chain) {
        capture->complete = 1;
    }
}


/* the answer is of no use any more: the scheduler will end the rest of it */

void
ngx_http_endpoint_capture_fail(ngx_http_endpoint_capture_t *capture,
    ngx_http_endpoint_cause_e cause)
{
    if (capture->done || capture->cause != ngx_http_endpoint_cause_none) {
        return;
    }

    capture->cause = cause;

    capture->handler(capture->data);
}


static ngx_int_t
ngx_http_endpoint_capture_done(ngx_http_request_t *r, void *data,
    ngx_int_t rc)
{
    ngx_http_endpoint_capture_t  *capture = data;

    /* file aio is under way: nginx finalizes once more when it is done */

    if (r->buffered && (rc == NGX_OK || rc == NGX_AGAIN)) {
        return rc;
    }

    /* an error without a header yet may be answered by error_page */

    if (!r->header_sent
        && (rc >= NGX_HTTP_SPECIAL_RESPONSE || rc == NGX_HTTP_CREATED
            || rc == NGX_HTTP_NO_CONTENT)
        && rc != NGX_HTTP_CLOSE
        && rc != NGX_HTTP_REQUEST_TIME_OUT
        && rc != NGX_HTTP_CLIENT_CLOSED_REQUEST
        && !capture->done)
    {
        return rc;
    }

    r->background = 1;

    if (capture->done) {
        ngx_http_endpoint_host_released(r->main);
        return NGX_OK;
    }

    capture->done = 1;

    if (capture->cause == ngx_http_endpoint_cause_none
        && (rc == NGX_ERROR || rc >= NGX_HTTP_SPECIAL_RESPONSE
            || !r->header_sent || ngx_http_endpoint_capture_cut(capture)))
    {
        capture->cause = capture->timedout ? ngx_http_endpoint_cause_timeout
                                           : ngx_http_endpoint_cause_upstream;
    }

    ngx_http_endpoint_connection_quiet(r->connection);

    capture->handler(capture->data);

    return NGX_OK;
}


/*
 * Where an upstream's body ends early nginx flushes what has come and reports
 * success; only the mark of the end is missing.
 */

static ngx_uint_t
ngx_http_endpoint_capture_cut(ngx_http_endpoint_capture_t *capture)
{
    ngx_http_request_t  *r;

    r = capture->request;

    return r->upstream && r->upstream->header_sent && !r->header_only
           && !capture->complete;
}


void
ngx_http_endpoint_capture_end(ngx_http_endpoint_capture_t *capture)
{
    ngx_uint_t           held;
    ngx_http_request_t  *sr;

    sr = capture->request;

    if (sr == NULL || capture->done) {
        return;
    }

    capture->done = 1;

    held = 1;

    if (capture->nested) {
        ngx_http_endpoint_run_cancel(capture->nested);

    } else if (sr->upstream && sr->upstream->cleanup) {

        /* closes its connection and lets go of the main request */

        (*sr->upstream->cleanup)(sr);
        held = 0;

    } else if (ngx_http_endpoint_capture_foreign(sr)) {
        return;
    }

    ngx_http_endpoint_connection_quiet(sr->connection);
    ngx_http_endpoint_capture_unlock(sr);

    sr->read_event_handler = ngx_http_request_empty_handler;
    sr->write_event_handler = ngx_http_request_empty_handler;

    if (sr->aio) {

        /* its completion needs the main request and calls this handler */

        sr->main->count += !held;
        sr->write_event_handler = ngx_http_endpoint_capture_ended;

        ngx_http_endpoint_capture_ended(sr);

    } else if (held) {
        sr->write_event_handler = ngx_http_endpoint_capture_ended;

        (void) ngx_http_post_request(sr, &capture->posted);
    }
}


/*
 * What another module waits for in a content handler, or before, is its own:
 * it goes on without effect, and lets go of the main request itself.
 */

static ngx_uint_t
ngx_http_endpoint_capture_foreign(ngx_http_request_t *sr)
{
    ngx_http_phase_handler_t   *ph;
    ngx_http_core_main_conf_t  *cmcf;

    if (sr->aio || sr->write_event_handler == ngx_http_handler) {
        return 0;
    }

#if (NGX_HTTP_CACHE)

    if (sr->cache && sr->cache->waiting) {
        return 0;
    }

#endif

    /* a delay of limit_req */

    cmcf = ngx_http_get_module_main_conf(sr, ngx_http_core_module);
    ph = cmcf->phase_engine.handlers;

    return ph[sr->phase_handler].checker != ngx_http_core_generic_phase;
}


/* ends the wait for the lock of a cache's entry, which blocks the request */

static void
ngx_http_endpoint_capture_unlock(ngx_http_request_t *sr)
{
#if (NGX_HTTP_CACHE)

    ngx_http_cache_t  *cache;

    cache = sr->cache;

    if (cache == NULL || !cache->waiting) {
        return;
    }

    cache->waiting = 0;
    sr->main->blocked--;

    if (cache->wait_event.timer_set) {
        ngx_del_timer(&cache->wait_event);
    }

#endif
}


/*
 * Lets go of the main request.  Where nginx gave that up it has waited for
 * file aio alone, and has to be told to go on.
 */

static void
ngx_http_endpoint_capture_ended(ngx_http_request_t *r)
{
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_endpoint_capture_t  *capture;

    if (r->aio) {

        /* a worker that is to exit does so where no timer is left */

        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

        ngx_add_timer(r->connection->write, clcf->send_timeout);
        return;
    }

    ngx_http_endpoint_connection_quiet(r->connection);

    capture = ngx_http_endpoint_capture_get(r);

    /* it may be posted twice, but holds the main request once */

    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_http_endpoint_host_released(r->main);

    if (capture->run->abandoned) {
        r->connection->error = 1;
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    ngx_http_finalize_request(r, NGX_DONE);
}


ngx_http_endpoint_capture_t *
ngx_http_endpoint_capture_get(ngx_http_request_t *r)
{
    if (r == r->main || r->post_subrequest == NULL
        || r->post_subrequest->handler != ngx_http_endpoint_capture_done)
    {
        return NULL;
    }

    return r->post_subrequest->data;
}


ngx_http_endpoint_capture_t *
ngx_http_endpoint_capture_above(ngx_http_request_t *r)
{
    ngx_http_endpoint_capture_t  *capture;

    for ( /* void */ ; r != r->main; r = r->parent) {
        capture = ngx_http_endpoint_capture_get(r);

        if (capture) {
            return capture;
        }
    }

    return NULL;
}


void
ngx_http_endpoint_capture_init(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_endpoint_capture_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_endpoint_capture_body_filter;
}
