
/*
 * The URI of a fetch: /users/$id/posts?limit=$n.  nginx does not normalise
 * the URI of a subrequest, so no value may bring a slash or a dot segment.
 */


#ifndef _NGX_HTTP_ENDPOINT_URI_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_URI_H_INCLUDED_


#include "ngx_http_endpoint_refusal.h"
#include "ngx_http_endpoint_template.h"


typedef struct {
    ngx_array_t                parts;   /* ngx_http_endpoint_part_t */
} ngx_http_endpoint_uri_pair_t;


typedef struct {
    ngx_array_t                path;    /* ngx_http_endpoint_part_t, decoded */
    ngx_array_t                pairs;   /* ngx_http_endpoint_uri_pair_t */
    size_t                     size;    /* of all literals */
} ngx_http_endpoint_uri_t;


/* Compiles text.  NGX_ERROR: a mistake (logged), or memory. */
ngx_int_t ngx_http_endpoint_uri_compile(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text, ngx_http_endpoint_uri_t *uri);

/*
 * Renders the path, decoded as ngx_http_subrequest() wants it, and the
 * arguments, encoded.  NGX_DECLINED: a value cannot stand in the path, and
 * refusal is set; NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_uri_render(ngx_http_endpoint_uri_t *uri,
    ngx_http_endpoint_scope_t *scope, ngx_str_t *path, ngx_str_t *args,
    ngx_http_endpoint_refusal_t *refusal);

/* Whether path, decoded, has a "." or ".." segment. */
ngx_uint_t ngx_http_endpoint_uri_dots(ngx_str_t *path);


#endif /* _NGX_HTTP_ENDPOINT_URI_H_INCLUDED_ */
