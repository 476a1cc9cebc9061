
/*
 * yajl over a text that nobody has looked at.  It takes a few texts more than
 * RFC 8259 does: they are told apart here.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include <setjmp.h>
#include <yajl/yajl_parse.h>

#include "ngx_http_endpoint_json.h"
#include "ngx_http_endpoint_utf8.h"


/* yajl takes some 100 instructions a byte where all is small */
#define NGX_HTTP_ENDPOINT_JSON_LARGE  (32 * 1024)

/* keeps what yajl gets as aligned as malloc() would */
#define NGX_HTTP_ENDPOINT_JSON_HEAD  16


typedef struct {
    ngx_pool_t   *pool;
    yajl_handle   yajl;
    ngx_uint_t    depth;
    size_t        end;          /* of the whole value */
    jmp_buf       no_memory;
} ngx_http_endpoint_json_parse_t;


static ngx_int_t ngx_http_endpoint_json_run(
    ngx_http_endpoint_json_parse_t *parse, ngx_str_t *text);
static int ngx_http_endpoint_json_open(void *data);
static int ngx_http_endpoint_json_close(void *data);
static void *ngx_http_endpoint_json_alloc(void *data, size_t size);
static void *ngx_http_endpoint_json_realloc(void *data, void *old,
    size_t size);
static void ngx_http_endpoint_json_free(void *data, void *p);


static yajl_callbacks  ngx_http_endpoint_json_callbacks = {
    NULL,                              /* null */
    NULL,                              /* boolean */
    NULL,                              /* integer */
    NULL,                              /* double */
    NULL,                              /* number */
    NULL,                              /* string */
    ngx_http_endpoint_json_open,       /* start map */
    NULL,                              /* map key */
    ngx_http_endpoint_json_close,      /* end map */
    ngx_http_endpoint_json_open,       /* start array */
    ngx_http_endpoint_json_close       /* end array */
};


ngx_int_t
ngx_http_endpoint_json_parse(ngx_pool_t *pool, ngx_str_t *text)
{
    size_t                          i;
    ngx_int_t                       rc;
    ngx_http_endpoint_json_parse_t  parse;

    for (i = 0; i < text->len && text->data[i] <= ' '; i++) { /* void */ }

    /*
     * Where nothing is nested yajl has nothing that could tell the end, and
     * where there is much others would wait for it.
     */

    if (i == text->len || (text->data[i] | 0x20) != '{'
        || text->len > NGX_HTTP_ENDPOINT_JSON_LARGE)
    {
        return ngx_http_endpoint_json_valid(text);
    }

    /* surrogates and overlong forms it would let pass, these as blanks */

    if (memchr(text->data, '\v', text->len)
        || memchr(text->data, '\f', text->len)
        || !ngx_http_endpoint_utf8_check(text))
    {
        return NGX_DECLINED;
    }

    parse.pool = pool;
    parse.depth = 0;
    parse.end = 0;

    rc = ngx_http_endpoint_json_run(&parse, text);

    if (rc != NGX_OK) {
        return rc;
    }

    /* a string that never ends behind a whole value is no error to it */

    for (i = parse.end; i < text->len; i++) {
        if (text->data[i] > ' ') {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_json_run(ngx_http_endpoint_json_parse_t *parse,
    ngx_str_t *text)
{
    yajl_status       status;
    yajl_alloc_funcs  funcs;

    funcs.malloc = ngx_http_endpoint_json_alloc;
    funcs.realloc = ngx_http_endpoint_json_realloc;
    funcs.free = ngx_http_endpoint_json_free;
    funcs.ctx = parse;

    /* yajl uses what its allocator gives without a test for NULL */

    if (setjmp(parse->no_memory) != 0) {
        return NGX_ERROR;
    }

    parse->yajl = yajl_alloc(&ngx_http_endpoint_json_callbacks, &funcs, parse);

    yajl_config(parse->yajl, yajl_dont_validate_strings, 1);

    status = yajl_parse(parse->yajl, text->data, text->len);

    if (status == yajl_status_ok) {
        status = yajl_complete_parse(parse->yajl);
    }

    yajl_free(parse->yajl);

    return status == yajl_status_ok ? NGX_OK : NGX_DECLINED;
}


/* 0 is the end of the parser's work */

static int
ngx_http_endpoint_json_open(void *data)
{
    ngx_http_endpoint_json_parse_t *parse = data;

    return parse->depth++ < NGX_HTTP_ENDPOINT_JSON_DEPTH;
}


static int
ngx_http_endpoint_json_close(void *data)
{
    ngx_http_endpoint_json_parse_t *parse = data;

    if (--parse->depth == 0) {
        parse->end = yajl_get_bytes_consumed(parse->yajl);
    }

    return 1;
}


static void *
ngx_http_endpoint_json_alloc(void *data, size_t size)
{
    ngx_http_endpoint_json_parse_t *parse = data;

    u_char  *p;

    p = ngx_palloc(parse->pool, NGX_HTTP_ENDPOINT_JSON_HEAD + size);
    if (p == NULL) {
        longjmp(parse->no_memory, 1);
    }

    *(size_t *) p = size;

    return p + NGX_HTTP_ENDPOINT_JSON_HEAD;
}


static void *
ngx_http_endpoint_json_realloc(void *data, void *old, size_t size)
{
    void    *p;
    size_t   len;

    p = ngx_http_endpoint_json_alloc(data, size);

    if (old) {
        len = *(size_t *) ((u_char *) old - NGX_HTTP_ENDPOINT_JSON_HEAD);
        ngx_memcpy(p, old, ngx_min(len, size));
        ngx_http_endpoint_json_free(data, old);
    }

    return p;
}


static void
ngx_http_endpoint_json_free(void *data, void *p)
{
    ngx_http_endpoint_json_parse_t *parse = data;

    size_t  size;

    if (p == NULL) {
        return;
    }

    p = (u_char *) p - NGX_HTTP_ENDPOINT_JSON_HEAD;
    size = NGX_HTTP_ENDPOINT_JSON_HEAD + *(size_t *) p;

    /* a pool takes back what is large, and searches for it */

    if (size > parse->pool->max) {
        (void) ngx_pfree(parse->pool, p);
    }
}
