
/*
 * A pattern as a tree, as far as it is regular: without lookaround, references
 * back and what forbids to go back, so that no text needs more than one look
 * at each of its characters.
 */


#ifndef _NGX_HTTP_ENDPOINT_REGEX_TREE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_REGEX_TREE_H_INCLUDED_


#include "ngx_http_endpoint_regex_quantifier.h"
#include "ngx_http_endpoint_regex_set.h"


typedef enum {
    ngx_http_endpoint_regex_one = 0,    /* a character of a set */
    ngx_http_endpoint_regex_sequence,
    ngx_http_endpoint_regex_choice,
    ngx_http_endpoint_regex_repeat,
    ngx_http_endpoint_regex_start,      /* of the text */
    ngx_http_endpoint_regex_end,
    ngx_http_endpoint_regex_edge,       /* of a word */
    ngx_http_endpoint_regex_no_edge
} ngx_http_endpoint_regex_node_e;


typedef struct ngx_http_endpoint_regex_node_s
    ngx_http_endpoint_regex_node_t;


struct ngx_http_endpoint_regex_node_s {
    ngx_http_endpoint_regex_node_e    type;
    ngx_http_endpoint_regex_node_t   *child;    /* the first of them */
    ngx_http_endpoint_regex_node_t   *next;     /* of the same parent */
    ngx_http_endpoint_regex_set_t    *set;
    ngx_uint_t                        min;      /* of a repeat */
    ngx_uint_t                        max;
};


/*
 * The tree of a pattern, which must be UTF-8.  NULL: it is not regular, not
 * understood, or memory.
 */
ngx_http_endpoint_regex_node_t *ngx_http_endpoint_regex_tree(ngx_pool_t *pool,
    ngx_str_t *pattern);


#endif /* _NGX_HTTP_ENDPOINT_REGEX_TREE_H_INCLUDED_ */
