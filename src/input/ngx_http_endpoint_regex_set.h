
/* Sets of code points, as patterns write them. */


#ifndef _NGX_HTTP_ENDPOINT_REGEX_SET_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_REGEX_SET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_ENDPOINT_REGEX_LAST  0x10ffff


typedef struct {
    uint32_t       low;
    uint32_t       high;
} ngx_http_endpoint_regex_range_t;


/* first in no order, then sorted, no two of which touch */
typedef struct {
    ngx_array_t    ranges;      /* of ngx_http_endpoint_regex_range_t */
    u_char        *classes;     /* of the automaton, or NULL */
} ngx_http_endpoint_regex_set_t;


/* An empty set.  NULL: memory. */
ngx_http_endpoint_regex_set_t *ngx_http_endpoint_regex_set(ngx_pool_t *pool);

/* NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_regex_set_add(ngx_http_endpoint_regex_set_t *set,
    uint32_t low, uint32_t high);

/*
 * The same, and whatever differs from it only in case.  NGX_DECLINED where
 * that is not known: beyond ASCII.
 */
ngx_int_t ngx_http_endpoint_regex_set_add_any_case(
    ngx_http_endpoint_regex_set_t *set, uint32_t low, uint32_t high);

/* Adds what \d, \w, \s stand for, or \D, \W, \S.  NGX_DECLINED: no such. */
ngx_int_t ngx_http_endpoint_regex_set_add_escape(
    ngx_http_endpoint_regex_set_t *set, u_char c);

/* Adds what [:name:] stands for.  NGX_DECLINED: no such. */
ngx_int_t ngx_http_endpoint_regex_set_add_name(
    ngx_http_endpoint_regex_set_t *set, ngx_str_t *name, ngx_uint_t negated);

/* Sorts the set, or makes it all that it was not.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_regex_set_finish(
    ngx_http_endpoint_regex_set_t *set, ngx_uint_t negated);

/* Whether a set that is sorted has c. */
ngx_uint_t ngx_http_endpoint_regex_set_has(ngx_http_endpoint_regex_set_t *set,
    uint32_t c);


#endif /* _NGX_HTTP_ENDPOINT_REGEX_SET_H_INCLUDED_ */
