
#include "ngx_http_endpoint_escape.h"
#include "ngx_http_endpoint_writer.h"


#define NGX_HTTP_ENDPOINT_WRITER_BLOCK  256


static ngx_int_t ngx_http_endpoint_writer_block(ngx_http_endpoint_writer_t *w,
    size_t len);
static ngx_buf_t *ngx_http_endpoint_writer_append(
    ngx_http_endpoint_writer_t *w);


void
ngx_http_endpoint_writer_init(ngx_http_endpoint_writer_t *w, ngx_pool_t *pool,
    size_t hint)
{
    w->pool = pool;
    w->out = NULL;
    w->last = &w->out;
    w->buf = NULL;
    w->hint = hint;
    w->size = 0;
}


ngx_int_t
ngx_http_endpoint_write(ngx_http_endpoint_writer_t *w, u_char *data,
    size_t len)
{
    /* an empty value may have no memory, and memcpy() takes no NULL */

    if (len == 0) {
        return NGX_OK;
    }

    if (w->buf == NULL || (size_t) (w->buf->end - w->buf->last) < len) {
        if (ngx_http_endpoint_writer_block(w, len) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    w->buf->last = ngx_cpymem(w->buf->last, data, len);
    w->size += len;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_writer_block(ngx_http_endpoint_writer_t *w, size_t len)
{
    size_t      size;
    ngx_buf_t  *b;

    size = w->buf ? 2 * (size_t) (w->buf->end - w->buf->start) : w->hint;
    size = ngx_max(size, NGX_HTTP_ENDPOINT_WRITER_BLOCK);
    size = ngx_max(size, len);

    b = ngx_http_endpoint_writer_append(w);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->start = ngx_pnalloc(w->pool, size);
    if (b->start == NULL) {
        return NGX_ERROR;
    }

    b->pos = b->start;
    b->last = b->start;
    b->end = b->start + size;
    b->temporary = 1;

    w->buf = b;
    w->hint = 0;

    return NGX_OK;
}


static ngx_buf_t *
ngx_http_endpoint_writer_append(ngx_http_endpoint_writer_t *w)
{
    ngx_chain_t  *cl;

    cl = ngx_alloc_chain_link(w->pool);
    if (cl == NULL) {
        return NULL;
    }

    cl->buf = ngx_calloc_buf(w->pool);
    if (cl->buf == NULL) {
        return NULL;
    }

    cl->next = NULL;
    *w->last = cl;
    w->last = &cl->next;

    return cl->buf;
}


ngx_int_t
ngx_http_endpoint_write_slice(ngx_http_endpoint_writer_t *w, u_char *data,
    size_t len)
{
    ngx_buf_t  *b;

    /* what is all that is expected needs no block beside it */

    if (len < NGX_HTTP_ENDPOINT_WRITER_LINK
        && (len == 0 || w->out || len < w->hint))
    {
        return ngx_http_endpoint_write(w, data, len);
    }

    b = ngx_http_endpoint_writer_append(w);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->start = data;
    b->pos = data;
    b->last = data + len;
    b->end = b->last;
    b->memory = 1;

    /* what follows must not be written into the block before this one */
    w->buf = NULL;
    w->size += len;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_write_escaped(ngx_http_endpoint_writer_t *w,
    ngx_str_t *text)
{
    size_t  len;

    len = text->len + ngx_http_endpoint_escape_more(text->data, text->len);

    if (len == text->len) {
        return ngx_http_endpoint_write(w, text->data, len);
    }

    if (w->buf == NULL || (size_t) (w->buf->end - w->buf->last) < len) {
        if (ngx_http_endpoint_writer_block(w, len) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    w->buf->last = ngx_http_endpoint_escape(w->buf->last, text->data,
                                            text->len);
    w->size += len;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_write_value(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_value_t *v)
{
    ngx_chain_t  *cl;

    if (v->type == ngx_http_endpoint_null) {
        return ngx_http_endpoint_write(w, (u_char *) "null", 4);
    }

    if (v->type == ngx_http_endpoint_text) {
        if (ngx_http_endpoint_write(w, (u_char *) "\"", 1) != NGX_OK
            || ngx_http_endpoint_write_escaped(w, &v->data) != NGX_OK)
        {
            return NGX_ERROR;
        }

        return ngx_http_endpoint_write(w, (u_char *) "\"", 1);
    }

    if (v->data.data) {
        return ngx_http_endpoint_write_slice(w, v->data.data, v->data.len);
    }

    for (cl = v->chain; cl; cl = cl->next) {
        if (ngx_http_endpoint_write_slice(w, cl->buf->pos,
                                          cl->buf->last - cl->buf->pos)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_chain_t *
ngx_http_endpoint_writer_chain(ngx_http_endpoint_writer_t *w)
{
    ngx_chain_t  *cl;

    if (w->out == NULL) {
        return NULL;
    }

    for (cl = w->out; cl->next; cl = cl->next) { /* void */ }

    cl->buf->last_in_chain = 1;

    return w->out;
}


ngx_int_t
ngx_http_endpoint_writer_string(ngx_http_endpoint_writer_t *w,
    ngx_str_t *text)
{
    u_char       *p;
    ngx_chain_t  *cl;

    if (w->out == NULL) {
        ngx_str_set(text, "");
        return NGX_OK;
    }

    text->len = w->size;

    if (w->out->next == NULL) {
        text->data = w->out->buf->pos;
        return NGX_OK;
    }

    text->data = ngx_pnalloc(w->pool, text->len);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    p = text->data;

    for (cl = w->out; cl; cl = cl->next) {
        p = ngx_cpymem(p, cl->buf->pos, cl->buf->last - cl->buf->pos);
    }

    return NGX_OK;
}
