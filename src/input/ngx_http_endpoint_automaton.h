
/*
 * An automaton that finds whether any part of a text matches a pattern, in one
 * pass over the text.  Its states are made as texts need them, and forgotten
 * when there are too many.
 */


#ifndef _NGX_HTTP_ENDPOINT_AUTOMATON_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_AUTOMATON_H_INCLUDED_


#include "ngx_http_endpoint_regex_tree.h"


typedef struct ngx_http_endpoint_automaton_s  ngx_http_endpoint_automaton_t;


/* NGX_DECLINED: too large for one; NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_automaton_create(ngx_pool_t *pool,
    ngx_http_endpoint_regex_node_t *tree,
    ngx_http_endpoint_automaton_t **automaton);

/*
 * Whether some part of text, which must be UTF-8, matches: NGX_OK or
 * NGX_DECLINED; NGX_ABORT: not known, it would have taken too much work.
 */
ngx_int_t ngx_http_endpoint_automaton_match(ngx_http_endpoint_automaton_t *a,
    ngx_str_t *text);


#endif /* _NGX_HTTP_ENDPOINT_AUTOMATON_H_INCLUDED_ */
