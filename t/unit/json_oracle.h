
/*
 * What the JSON checker must say, from yajl: it takes a few texts more than
 * RFC 8259 does, which are told apart here.
 */


#ifndef _JSON_ORACLE_H_INCLUDED_
#define _JSON_ORACLE_H_INCLUDED_


#include "../../src/data/ngx_http_endpoint_json_check.h"
#include "../../src/data/ngx_http_endpoint_utf8.h"

#include <yajl/yajl_parse.h>


typedef struct {
    ngx_uint_t   depth;
    ngx_uint_t   deepest;
} json_oracle_depth_t;


static int
json_oracle_open(void *data)
{
    json_oracle_depth_t *depth = data;

    depth->depth++;
    depth->deepest = ngx_max(depth->deepest, depth->depth);

    return 1;
}


static int
json_oracle_close(void *data)
{
    json_oracle_depth_t *depth = data;

    depth->depth--;

    return 1;
}


static ngx_inline ngx_uint_t
json_oracle_parses(u_char *p, size_t len, ngx_uint_t wrapped)
{
    yajl_handle          h;
    yajl_status          status;
    yajl_callbacks       callbacks;
    json_oracle_depth_t  depth;

    ngx_memzero(&depth, sizeof(json_oracle_depth_t));
    ngx_memzero(&callbacks, sizeof(yajl_callbacks));

    callbacks.yajl_start_map = json_oracle_open;
    callbacks.yajl_start_array = json_oracle_open;
    callbacks.yajl_end_map = json_oracle_close;
    callbacks.yajl_end_array = json_oracle_close;

    h = yajl_alloc(&callbacks, NULL, &depth);

    status = yajl_status_ok;

    if (wrapped) {
        status = yajl_parse(h, (u_char *) "[", 1);
    }

    if (status == yajl_status_ok) {
        status = yajl_parse(h, p, len);
    }

    if (wrapped && status == yajl_status_ok) {
        status = yajl_parse(h, (u_char *) "]", 1);
    }

    if (status == yajl_status_ok) {
        status = yajl_complete_parse(h);
    }

    yajl_free(h);

    return status == yajl_status_ok
           && depth.deepest <= NGX_HTTP_ENDPOINT_JSON_DEPTH + wrapped;
}


static ngx_inline ngx_int_t
json_oracle(ngx_pool_t *pool, u_char *p, size_t len)
{
    size_t      i;
    ngx_str_t   s;
    ngx_uint_t  blank;

    blank = 1;

    for (i = 0; i < len; i++) {

        /* blanks for yajl */

        if (p[i] == '\v' || p[i] == '\f') {
            return NGX_ERROR;
        }

        blank = blank && p[i] && strchr(" \t\r\n", p[i]);
    }

    if (blank) {
        return NGX_DECLINED;
    }

    /* yajl lets surrogates, overlong forms and what is too high pass */

    s.data = p;
    s.len = len;

    if (ngx_http_endpoint_utf8_clean(pool, &s) != NGX_OK || s.data != p) {
        return NGX_ERROR;
    }

    /* a string that never ends behind a whole value is no error to yajl */

    return (json_oracle_parses(p, len, 0) && json_oracle_parses(p, len, 1))
           ? NGX_OK : NGX_ERROR;
}


/* what the checker says of a text in two pieces */

static ngx_inline ngx_int_t
json_oracle_split(u_char *p, size_t len, size_t at)
{
    ngx_int_t                       rc;
    ngx_http_endpoint_json_check_t  check;

    ngx_http_endpoint_json_check_init(&check);

    rc = ngx_http_endpoint_json_check(&check, p, at);

    if (rc == NGX_OK) {
        rc = ngx_http_endpoint_json_check(&check, p + at, len - at);
    }

    return rc == NGX_OK ? ngx_http_endpoint_json_check_end(&check) : rc;
}


#endif /* _JSON_ORACLE_H_INCLUDED_ */
