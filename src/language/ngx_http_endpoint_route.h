
/*
 * Which endpoint answers a method and a path.  A radix tree over the bytes of
 * the paths' literal parts, with at most one bound segment and one bound
 * rest for each place: matching costs by the length of the path.
 */


#ifndef _NGX_HTTP_ENDPOINT_ROUTE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_ROUTE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_ENDPOINT_MAX_CAPTURES  16


/* one part of a path, in order */
typedef enum {
    ngx_http_endpoint_route_literal = 0,    /* text, slashes included */
    ngx_http_endpoint_route_segment,        /* $name:int, one whole segment */
    ngx_http_endpoint_route_rest            /* $name:path, last only */
} ngx_http_endpoint_route_part_e;


typedef struct {
    ngx_http_endpoint_route_part_e   type;
    ngx_str_t                        text;  /* of a literal */
} ngx_http_endpoint_route_part_t;


typedef struct ngx_http_endpoint_route_s  ngx_http_endpoint_route_t;


typedef struct {
    ngx_str_t                        captures[NGX_HTTP_ENDPOINT_MAX_CAPTURES];
    ngx_uint_t                       ncaptures;
} ngx_http_endpoint_route_match_t;


/* An empty tree in pool, which must outlive it.  NULL: memory. */
ngx_http_endpoint_route_t *ngx_http_endpoint_route_create(ngx_pool_t *pool);

/*
 * Adds a path of parts (ngx_http_endpoint_route_part_t) for a method as in
 * r->method_name, with the data a match gives back.  The parts are copied.
 * Where method and shape are there already: NULL is not returned but the data
 * that stands there, and the tree is unchanged; on success data itself;
 * NULL: memory, or more than NGX_HTTP_ENDPOINT_MAX_CAPTURES bound parts.
 */
void *ngx_http_endpoint_route_add(ngx_http_endpoint_route_t *tree,
    ngx_str_t *method, ngx_array_t *parts, void *data);

/*
 * The data that was added for what matches path, with the bound parts as slices
 * of path in match->captures; a literal goes before a bound segment, that
 * before a bound rest; a bound segment is never empty, a rest may be.  HEAD is
 * matched as GET where no path names HEAD itself.  NULL: no path for this
 * method.
 */
void *ngx_http_endpoint_route_match(ngx_http_endpoint_route_t *tree,
    ngx_str_t *method, ngx_str_t *path, ngx_http_endpoint_route_match_t *match);

/*
 * The methods, in the order they were added, joined by ", ", for which some
 * path matches path, in memory of pool; an empty string where there is none.
 * NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_route_allow(ngx_http_endpoint_route_t *tree,
    ngx_pool_t *pool, ngx_str_t *path, ngx_str_t *allow);


#endif /* _NGX_HTTP_ENDPOINT_ROUTE_H_INCLUDED_ */
