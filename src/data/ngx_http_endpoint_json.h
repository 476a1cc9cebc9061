
/* Checking JSON text, and taking members out of it. */


#ifndef _NGX_HTTP_ENDPOINT_JSON_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_JSON_H_INCLUDED_


#include "ngx_http_endpoint_value.h"


/* an array or object deeper than this is refused, as too deep to be data */
#define NGX_HTTP_ENDPOINT_JSON_DEPTH  1024


typedef enum {
    ngx_http_endpoint_json_member = 0,      /* .name */
    ngx_http_endpoint_json_index,           /* [0]; negative: from the end */
    ngx_http_endpoint_json_all,             /* [*] */
    ngx_http_endpoint_json_slice            /* [0:3], as in Python */
} ngx_http_endpoint_json_key_e;


typedef struct {
    ngx_http_endpoint_json_key_e   type;
    ngx_str_t                      name;    /* decoded, of a member */
    ngx_int_t                      from;    /* index, or start of a slice */
    ngx_int_t                      to;      /* end of a slice, or
                                               NGX_MAX_INT_T_VALUE: open */
} ngx_http_endpoint_json_key_t;


/* where a value is found in a body, and where it is put */
typedef struct {
    ngx_array_t                   *keys;    /* ngx_http_endpoint_json_key_t,
                                               NULL: the whole text */
    ngx_uint_t                     slot;    /* index into values[] */
    unsigned                       once:1;  /* no member of it twice */
} ngx_http_endpoint_json_path_t;


/*
 * Whether text is one JSON value (RFC 8259, valid UTF-8; several values are an
 * error): NGX_OK, NGX_DECLINED where it is not valid or too deep, NGX_ABORT
 * where it is empty or only white space.
 */
ngx_int_t ngx_http_endpoint_json_valid(ngx_str_t *text);

/* The same by yajl, for what a client has sent.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_json_parse(ngx_pool_t *pool, ngx_str_t *text);

/*
 * Sets values[path->slot] for each of n paths to a slice of a text that is
 * valid; what is missing is null, of members named twice the last counts; what
 * stands behind [*] and slices is gathered into a new array in memory of pool,
 * with null where an element lacks the member.  twice becomes the first path
 * that leads through a member that is named twice, of those that must not, or
 * with once set of all, or NULL.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_json_take(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_json_path_t *paths, ngx_uint_t n, ngx_uint_t once,
    ngx_http_endpoint_value_t *values, ngx_http_endpoint_json_path_t **twice);

/* Checks a text, then takes; n may be 0: a check alone. */
ngx_int_t ngx_http_endpoint_json_extract(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_json_path_t *paths, ngx_uint_t n,
    ngx_http_endpoint_value_t *values);

/* The number of elements of an array, counted up to most; 0 of all else. */
ngx_uint_t ngx_http_endpoint_json_count(ngx_http_endpoint_value_t *v,
    ngx_uint_t most);


#endif /* _NGX_HTTP_ENDPOINT_JSON_H_INCLUDED_ */
