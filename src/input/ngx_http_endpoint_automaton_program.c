
#include "ngx_http_endpoint_automaton_program.h"


/* a{1000} is a thousand instructions */
#define NGX_HTTP_ENDPOINT_AUTOMATON_OPS  10000

#define NGX_HTTP_ENDPOINT_AUTOMATON_NONE  ((ngx_uint_t) -1)


typedef struct {
    ngx_pool_t                             *pool;
    ngx_http_endpoint_automaton_program_t  *program;
} ngx_http_endpoint_automaton_maker_t;


static ngx_int_t ngx_http_endpoint_automaton_alphabet(
    ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_node_t *tree,
    ngx_http_endpoint_regex_set_t *word);
static ngx_int_t ngx_http_endpoint_automaton_borders(
    ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_node_t *node);
static ngx_int_t ngx_http_endpoint_automaton_border(
    ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_set_t *set);
static int ngx_libc_cdecl ngx_http_endpoint_automaton_order(const void *one,
    const void *two);
static void ngx_http_endpoint_automaton_classes(
    ngx_http_endpoint_automaton_program_t *program,
    ngx_http_endpoint_regex_set_t *set, u_char *bits);
static ngx_uint_t ngx_http_endpoint_automaton_node(
    ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_node_t *node, ngx_uint_t next);
static ngx_uint_t ngx_http_endpoint_automaton_sequence(
    ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_node_t *child, ngx_uint_t next);
static ngx_uint_t ngx_http_endpoint_automaton_choice(
    ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_node_t *child, ngx_uint_t next);
static ngx_uint_t ngx_http_endpoint_automaton_repeat(
    ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_node_t *node, ngx_uint_t next);
static ngx_uint_t ngx_http_endpoint_automaton_set(
    ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_set_t *set, ngx_uint_t next);
static ngx_uint_t ngx_http_endpoint_automaton_op(
    ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_automaton_op_e op, ngx_uint_t next);


ngx_int_t
ngx_http_endpoint_automaton_program(ngx_pool_t *pool,
    ngx_http_endpoint_regex_node_t *tree,
    ngx_http_endpoint_automaton_program_t *program)
{
    ngx_int_t                             rc;
    ngx_http_endpoint_regex_set_t        *word;
    ngx_http_endpoint_automaton_maker_t   m;

    m.pool = pool;
    m.program = program;

    word = ngx_http_endpoint_regex_set(pool);

    if (word == NULL
        || ngx_http_endpoint_regex_set_add_escape(word, 'w') != NGX_OK
        || ngx_array_init(&program->ops, pool, 16,
                          sizeof(ngx_http_endpoint_automaton_op_t))
           != NGX_OK
        || ngx_array_init(&program->starts, pool, 16, sizeof(uint32_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_automaton_alphabet(&m, tree, word);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_memzero(program->word, sizeof(program->word));
    ngx_http_endpoint_automaton_classes(program, word, program->word);

    program->first = ngx_http_endpoint_automaton_op(&m,
                                       ngx_http_endpoint_automaton_found, 0);

    program->first = ngx_http_endpoint_automaton_node(&m, tree,
                                                      program->first);

    if (program->first != NGX_HTTP_ENDPOINT_AUTOMATON_NONE) {
        return NGX_OK;
    }

    return program->ops.nelts >= NGX_HTTP_ENDPOINT_AUTOMATON_OPS
           ? NGX_DECLINED : NGX_ERROR;
}


static ngx_int_t
ngx_http_endpoint_automaton_alphabet(ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_node_t *tree, ngx_http_endpoint_regex_set_t *word)
{
    uint32_t                               *start, *first;
    ngx_uint_t                              i, n;
    ngx_http_endpoint_automaton_program_t  *program;

    program = m->program;

    first = ngx_array_push(&program->starts);
    if (first == NULL) {
        return NGX_ERROR;
    }

    *first = 0;

    if (ngx_http_endpoint_automaton_border(m, word) != NGX_OK
        || ngx_http_endpoint_automaton_borders(m, tree) != NGX_OK)
    {
        return NGX_ERROR;
    }

    start = program->starts.elts;

    ngx_qsort(start, program->starts.nelts, sizeof(uint32_t),
              ngx_http_endpoint_automaton_order);

    n = 1;

    for (i = 1; i < program->starts.nelts; i++) {
        if (start[i] != start[n - 1]) {
            start[n++] = start[i];
        }
    }

    if (n >= NGX_HTTP_ENDPOINT_AUTOMATON_CLASSES) {
        return NGX_DECLINED;
    }

    program->starts.nelts = n;
    program->nclasses = n + 1;

    for (i = 0; i < 128; i++) {
        program->ascii[i] = ngx_http_endpoint_automaton_class(program, i);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_automaton_borders(ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_node_t *node)
{
    ngx_http_endpoint_regex_node_t  *child;

    if (node->set) {
        return ngx_http_endpoint_automaton_border(m, node->set);
    }

    for (child = node->child; child; child = child->next) {
        if (ngx_http_endpoint_automaton_borders(m, child) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_automaton_border(ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_set_t *set)
{
    uint32_t                         *start;
    ngx_uint_t                        i;
    ngx_http_endpoint_regex_range_t  *range;

    range = set->ranges.elts;

    for (i = 0; i < set->ranges.nelts; i++) {

        start = ngx_array_push_n(&m->program->starts, 2);
        if (start == NULL) {
            return NGX_ERROR;
        }

        start[0] = range[i].low;
        start[1] = range[i].high + 1;
    }

    return NGX_OK;
}


static int ngx_libc_cdecl
ngx_http_endpoint_automaton_order(const void *one, const void *two)
{
    const uint32_t  *a = one, *b = two;

    return (*a > *b) - (*a < *b);
}


ngx_uint_t
ngx_http_endpoint_automaton_class(
    ngx_http_endpoint_automaton_program_t *program, uint32_t c)
{
    uint32_t    *start;
    ngx_uint_t   low, high, middle;

    start = program->starts.elts;
    low = 0;
    high = program->starts.nelts;

    while (high - low > 1) {
        middle = (low + high) / 2;

        if (start[middle] <= c) {
            low = middle;

        } else {
            high = middle;
        }
    }

    return low;
}


static void
ngx_http_endpoint_automaton_classes(
    ngx_http_endpoint_automaton_program_t *program,
    ngx_http_endpoint_regex_set_t *set, u_char *bits)
{
    uint32_t    *start;
    ngx_uint_t   i;

    start = program->starts.elts;

    for (i = 0; i < program->starts.nelts; i++) {
        if (ngx_http_endpoint_regex_set_has(set, start[i])) {
            bits[i / 8] |= 1 << (i % 8);
        }
    }
}


/* from the end to the start: the instruction that a node begins with */

static ngx_uint_t
ngx_http_endpoint_automaton_node(ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_node_t *node, ngx_uint_t next)
{
    if (next == NGX_HTTP_ENDPOINT_AUTOMATON_NONE) {
        return next;
    }

    switch (node->type) {

    case ngx_http_endpoint_regex_one:
        return ngx_http_endpoint_automaton_set(m, node->set, next);

    case ngx_http_endpoint_regex_sequence:
        return ngx_http_endpoint_automaton_sequence(m, node->child, next);

    case ngx_http_endpoint_regex_choice:
        return ngx_http_endpoint_automaton_choice(m, node->child, next);

    case ngx_http_endpoint_regex_repeat:
        return ngx_http_endpoint_automaton_repeat(m, node, next);

    case ngx_http_endpoint_regex_start:
        return ngx_http_endpoint_automaton_op(m,
                                   ngx_http_endpoint_automaton_start, next);

    case ngx_http_endpoint_regex_end:
        return ngx_http_endpoint_automaton_op(m,
                                   ngx_http_endpoint_automaton_end, next);

    case ngx_http_endpoint_regex_edge:
        return ngx_http_endpoint_automaton_op(m,
                                   ngx_http_endpoint_automaton_edge, next);

    default: /* ngx_http_endpoint_regex_no_edge */
        return ngx_http_endpoint_automaton_op(m,
                                   ngx_http_endpoint_automaton_no_edge, next);
    }
}


static ngx_uint_t
ngx_http_endpoint_automaton_sequence(ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_node_t *child, ngx_uint_t next)
{
    ngx_uint_t                        i, n;
    ngx_http_endpoint_regex_node_t   *node, **nodes;

    n = 0;

    for (node = child; node; node = node->next) {
        n++;
    }

    nodes = ngx_palloc(m->pool, (n + 1)
                                * sizeof(ngx_http_endpoint_regex_node_t *));
    if (nodes == NULL) {
        return NGX_HTTP_ENDPOINT_AUTOMATON_NONE;
    }

    for (i = 0, node = child; node; node = node->next) {
        nodes[i++] = node;
    }

    while (n) {
        next = ngx_http_endpoint_automaton_node(m, nodes[--n], next);
    }

    return next;
}


static ngx_uint_t
ngx_http_endpoint_automaton_choice(ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_node_t *child, ngx_uint_t next)
{
    ngx_uint_t                         n, first, before;
    ngx_http_endpoint_automaton_op_t  *op;

    first = ngx_http_endpoint_automaton_node(m, child, next);

    for (child = child->next; child; child = child->next) {

        before = first;
        n = ngx_http_endpoint_automaton_node(m, child, next);

        first = ngx_http_endpoint_automaton_op(m,
                                      ngx_http_endpoint_automaton_split, n);

        if (n == NGX_HTTP_ENDPOINT_AUTOMATON_NONE
            || before == NGX_HTTP_ENDPOINT_AUTOMATON_NONE
            || first == NGX_HTTP_ENDPOINT_AUTOMATON_NONE)
        {
            return NGX_HTTP_ENDPOINT_AUTOMATON_NONE;
        }

        op = m->program->ops.elts;
        op[first].other = before;
    }

    return first;
}


static ngx_uint_t
ngx_http_endpoint_automaton_repeat(ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_node_t *node, ngx_uint_t next)
{
    ngx_uint_t                         i, n, split, end;
    ngx_http_endpoint_automaton_op_t  *op;

    end = next;

    if (node->max == NGX_HTTP_ENDPOINT_REGEX_MANY) {

        /* a circle, that the last of what must be there leads into */

        split = ngx_http_endpoint_automaton_op(m,
                                    ngx_http_endpoint_automaton_split, next);
        if (split == NGX_HTTP_ENDPOINT_AUTOMATON_NONE) {
            return split;
        }

        n = ngx_http_endpoint_automaton_node(m, node->child, split);

        op = m->program->ops.elts;
        op[split].other = n;
        next = split;

        if (n == NGX_HTTP_ENDPOINT_AUTOMATON_NONE) {
            return n;
        }
    }

    for (i = node->min; node->max != NGX_HTTP_ENDPOINT_REGEX_MANY
                        && i < node->max; i++)
    {
        n = ngx_http_endpoint_automaton_node(m, node->child, next);

        next = ngx_http_endpoint_automaton_op(m,
                                      ngx_http_endpoint_automaton_split, end);

        if (n == NGX_HTTP_ENDPOINT_AUTOMATON_NONE
            || next == NGX_HTTP_ENDPOINT_AUTOMATON_NONE)
        {
            return NGX_HTTP_ENDPOINT_AUTOMATON_NONE;
        }

        op = m->program->ops.elts;
        op[next].other = n;
    }

    for (i = 0; i < node->min && next != NGX_HTTP_ENDPOINT_AUTOMATON_NONE; i++)
    {
        n = ngx_http_endpoint_automaton_node(m, node->child, next);

        /* nothing is nothing, however often */

        if (n == next) {
            break;
        }

        next = n;
    }

    return next;
}


static ngx_uint_t
ngx_http_endpoint_automaton_set(ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_regex_set_t *set, ngx_uint_t next)
{
    ngx_uint_t                         n;
    ngx_http_endpoint_automaton_op_t  *op;

    n = ngx_http_endpoint_automaton_op(m, ngx_http_endpoint_automaton_one,
                                       next);
    if (n == NGX_HTTP_ENDPOINT_AUTOMATON_NONE) {
        return n;
    }

    /* the copies of a set that is repeated share its bits */

    if (set->classes == NULL) {
        set->classes = ngx_pcalloc(m->pool, m->program->nclasses / 8 + 1);
        if (set->classes == NULL) {
            return NGX_HTTP_ENDPOINT_AUTOMATON_NONE;
        }

        ngx_http_endpoint_automaton_classes(m->program, set, set->classes);
    }

    op = m->program->ops.elts;
    op[n].classes = set->classes;

    return n;
}


static ngx_uint_t
ngx_http_endpoint_automaton_op(ngx_http_endpoint_automaton_maker_t *m,
    ngx_http_endpoint_automaton_op_e op, ngx_uint_t next)
{
    ngx_http_endpoint_automaton_op_t  *o;

    if (m->program->ops.nelts >= NGX_HTTP_ENDPOINT_AUTOMATON_OPS) {
        return NGX_HTTP_ENDPOINT_AUTOMATON_NONE;
    }

    o = ngx_array_push(&m->program->ops);
    if (o == NULL) {
        return NGX_HTTP_ENDPOINT_AUTOMATON_NONE;
    }

    ngx_memzero(o, sizeof(ngx_http_endpoint_automaton_op_t));

    o->op = op;
    o->next = next;

    if (op == ngx_http_endpoint_automaton_edge
        || op == ngx_http_endpoint_automaton_no_edge)
    {
        m->program->edges = 1;
    }

    return m->program->ops.nelts - 1;
}
