
/* What an automaton walks through: instructions, and classes of characters. */


#ifndef _NGX_HTTP_ENDPOINT_AUTOMATON_PROGRAM_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_AUTOMATON_PROGRAM_H_INCLUDED_


#include "ngx_http_endpoint_regex_tree.h"


/* characters that no set of the pattern tells apart, and the end of the text */
#define NGX_HTTP_ENDPOINT_AUTOMATON_CLASSES  255


typedef enum {
    ngx_http_endpoint_automaton_one = 0,
    ngx_http_endpoint_automaton_split,
    ngx_http_endpoint_automaton_start,
    ngx_http_endpoint_automaton_end,
    ngx_http_endpoint_automaton_edge,
    ngx_http_endpoint_automaton_no_edge,
    ngx_http_endpoint_automaton_found
} ngx_http_endpoint_automaton_op_e;


typedef struct {
    ngx_http_endpoint_automaton_op_e   op;
    ngx_uint_t                         next;
    ngx_uint_t                         other;       /* of a split */
    u_char                            *classes;     /* bits of a set's */
} ngx_http_endpoint_automaton_op_t;


typedef struct {
    ngx_array_t    ops;         /* ngx_http_endpoint_automaton_op_t */
    ngx_uint_t     first;
    ngx_uint_t     edges;       /* of words are asked for */

    ngx_array_t    starts;      /* uint32_t, of the ranges of characters */
    ngx_uint_t     nclasses;    /* the class of the end is the last */
    u_char         ascii[128];  /* the classes of those */
    u_char         word[NGX_HTTP_ENDPOINT_AUTOMATON_CLASSES / 8 + 1];
} ngx_http_endpoint_automaton_program_t;


#define ngx_http_endpoint_automaton_bit(bits, n)                              \
    ((bits)[(n) / 8] & (1 << ((n) % 8)))


/* NGX_DECLINED: too large; NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_automaton_program(ngx_pool_t *pool,
    ngx_http_endpoint_regex_node_t *tree,
    ngx_http_endpoint_automaton_program_t *program);

/* The class of a character. */
ngx_uint_t ngx_http_endpoint_automaton_class(
    ngx_http_endpoint_automaton_program_t *program, uint32_t c);


#endif /* _NGX_HTTP_ENDPOINT_AUTOMATON_PROGRAM_H_INCLUDED_ */
