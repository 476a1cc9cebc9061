
/* The body of a captured answer: what has come, as a value. */


#include "ngx_http_endpoint_capture.h"
#include "ngx_http_endpoint_run.h"


/* a first block for a body of unknown length, and the most a block grows to */
#define NGX_HTTP_ENDPOINT_CAPTURE_BLOCK  1024
#define NGX_HTTP_ENDPOINT_CAPTURE_GROWN  65536


static void ngx_http_endpoint_capture_check(
    ngx_http_endpoint_capture_t *capture, u_char *data, size_t len);
static ngx_int_t ngx_http_endpoint_capture_block(
    ngx_http_endpoint_capture_t *capture, size_t len);
static ngx_uint_t ngx_http_endpoint_capture_bom(
    ngx_http_endpoint_capture_t *capture);


void
ngx_http_endpoint_capture_append(ngx_http_endpoint_capture_t *capture,
    u_char *data, size_t len)
{
    size_t  n;

    if (capture->done || capture->cause != ngx_http_endpoint_cause_none) {
        return;
    }

    if (len > capture->limit - capture->size) {
        ngx_http_endpoint_capture_fail(capture,
                                       ngx_http_endpoint_cause_too_large);
        return;
    }

    if (capture->checked && !capture->invalid) {
        ngx_http_endpoint_capture_check(capture, data, len);
    }

    while (len) {

        if (capture->buf == NULL || capture->buf->last == capture->buf->end) {
            if (ngx_http_endpoint_capture_block(capture, len) != NGX_OK) {
                ngx_http_endpoint_capture_fail(capture,
                                               ngx_http_endpoint_cause_memory);
                return;
            }
        }

        n = ngx_min(len, (size_t) (capture->buf->end - capture->buf->last));

        capture->buf->last = ngx_cpymem(capture->buf->last, data, n);
        capture->size += n;

        data += n;
        len -= n;
    }
}


/* a byte order mark may come in pieces */

static void
ngx_http_endpoint_capture_check(ngx_http_endpoint_capture_t *capture,
    u_char *data, size_t len)
{
    size_t  skip;

    static u_char  bom[] = { 0xef, 0xbb, 0xbf };

    skip = 0;

    while (capture->bom < 3 && capture->size + skip == capture->bom
           && skip < len && data[skip] == bom[capture->bom])
    {
        capture->bom++;
        skip++;
    }

    if (skip == len) {
        return;
    }

    if (capture->bom % 3
        || ngx_http_endpoint_json_check(&capture->check, data + skip,
                                        len - skip)
           != NGX_OK)
    {
        capture->invalid = 1;
    }
}


static ngx_int_t
ngx_http_endpoint_capture_block(ngx_http_endpoint_capture_t *capture,
    size_t len)
{
    off_t         declared;
    size_t        size;
    ngx_buf_t    *b;
    ngx_pool_t   *pool;
    ngx_chain_t  *cl;

    /* the body is a value of the run */

    pool = capture->run->scope.pool;
    declared = capture->request->headers_out.content_length_n;

    if (capture->buf) {
        size = 2 * (capture->buf->end - capture->buf->start);

    } else if (declared > 0) {

        /* a declared length is a hint: it may lie */

        size = ngx_min(declared, NGX_HTTP_ENDPOINT_CAPTURE_GROWN);

    } else {
        size = ngx_max(len, NGX_HTTP_ENDPOINT_CAPTURE_BLOCK);
    }

    size = ngx_min(size, NGX_HTTP_ENDPOINT_CAPTURE_GROWN);
    size = ngx_min(size, capture->limit - capture->size);

    b = ngx_create_temp_buf(pool, size);
    if (b == NULL) {
        return NGX_ERROR;
    }

    cl = ngx_alloc_chain_link(pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    cl->buf = b;
    cl->next = NULL;

    *capture->last = cl;
    capture->last = &cl->next;
    capture->buf = b;

    return NGX_OK;
}


void
ngx_http_endpoint_capture_value(ngx_http_endpoint_capture_t *capture,
    ngx_uint_t json, ngx_http_endpoint_value_t *v)
{
    u_char       *data;
    size_t        len;
    ngx_chain_t  *cl;

    ngx_memzero(v, sizeof(ngx_http_endpoint_value_t));

    if (capture->size == 0) {
        return;
    }

    cl = capture->out;

    if (json && ngx_http_endpoint_capture_bom(capture)) {
        cl->buf->pos += 3;
        capture->size -= 3;

        if (capture->size == 0) {
            return;
        }
    }

    data = cl->buf->pos;
    len = cl->buf->last - data;

    if (json) {
        ngx_http_endpoint_value_json(v, data, len);

    } else {
        ngx_http_endpoint_value_text(v, data, len);
    }

    if (cl->next) {
        v->data.data = NULL;
        v->data.len = capture->size;
        v->chain = cl;
    }
}


/* RFC 8259, section 8.1: it may be ignored; the first buffer has all of it */

static ngx_uint_t
ngx_http_endpoint_capture_bom(ngx_http_endpoint_capture_t *capture)
{
    ngx_buf_t  *b;

    b = capture->out->buf;

    return b->last - b->pos >= 3
           && b->pos[0] == 0xef && b->pos[1] == 0xbb && b->pos[2] == 0xbf;
}
