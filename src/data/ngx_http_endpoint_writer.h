
/*
 * The one writer behind all text that is made at run time: every append is
 * bounds-checked, so there is no pass that counts and none that could
 * disagree with it.
 */


#ifndef _NGX_HTTP_ENDPOINT_WRITER_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_WRITER_H_INCLUDED_


#include "ngx_http_endpoint_value.h"


/* below this, copying costs less than one more buffer through the filters */
#define NGX_HTTP_ENDPOINT_WRITER_LINK  2048


typedef struct {
    ngx_pool_t     *pool;
    ngx_chain_t    *out;
    ngx_chain_t   **last;
    ngx_buf_t      *buf;            /* the block being filled, or NULL */
    size_t          hint;
    off_t           size;
} ngx_http_endpoint_writer_t;


/*
 * Nothing is allocated yet; hint is the number of bytes expected in all, which
 * sizes the first block.
 */
void ngx_http_endpoint_writer_init(ngx_http_endpoint_writer_t *w,
    ngx_pool_t *pool, size_t hint);

/* Appends a copy of len bytes.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_write(ngx_http_endpoint_writer_t *w, u_char *data,
    size_t len);

/*
 * Appends len bytes that outlive the output: what is long, or the whole of it,
 * is linked, not copied.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_write_slice(ngx_http_endpoint_writer_t *w,
    u_char *data, size_t len);

/* Appends text escaped to stand inside a JSON string.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_write_escaped(ngx_http_endpoint_writer_t *w,
    ngx_str_t *text);

/* Appends a value as JSON.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_write_value(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_value_t *v);

/*
 * Ends the output: its last buffer is marked as the last in its chain.
 * NULL where nothing was written.
 */
ngx_chain_t *ngx_http_endpoint_writer_chain(ngx_http_endpoint_writer_t *w);

/* The whole output as one string.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_writer_string(ngx_http_endpoint_writer_t *w,
    ngx_str_t *text);


#endif /* _NGX_HTTP_ENDPOINT_WRITER_H_INCLUDED_ */
