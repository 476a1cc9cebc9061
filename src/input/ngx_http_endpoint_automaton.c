
#include "ngx_http_endpoint_automaton.h"
#include "ngx_http_endpoint_automaton_program.h"
#include "ngx_http_endpoint_utf8.h"


/* of a pattern's states in a worker; nothing is used before there are some */
#define NGX_HTTP_ENDPOINT_AUTOMATON_CACHE    (256 * 1024)
#define NGX_HTTP_ENDPOINT_AUTOMATON_BUCKETS  1024

/*
 * Instructions looked at in one text, so that states which are never the same
 * again take no more than some milliseconds.
 */
#define NGX_HTTP_ENDPOINT_AUTOMATON_WORK     (4 * 1024 * 1024)

/* in place of the offset of a state */
#define NGX_HTTP_ENDPOINT_AUTOMATON_UNKNOWN  0
#define NGX_HTTP_ENDPOINT_AUTOMATON_FOUND    1
#define NGX_HTTP_ENDPOINT_AUTOMATON_LOST     2


/* all instructions that may come next; those of a state's kind follow it */
typedef struct {
    uint32_t                                hash;
    uint32_t                                link;   /* of the same bucket */
    uint32_t                                n;
    uint16_t                                start;      /* of the text */
    uint16_t                                word;       /* behind one */
    uint32_t                                next[1];    /* of each class */
} ngx_http_endpoint_automaton_state_t;


struct ngx_http_endpoint_automaton_s {
    ngx_http_endpoint_automaton_program_t   program;

    u_char                                 *cache;
    size_t                                  used;
    uint32_t                                first;      /* or 0 */
    uint32_t                               *buckets;

    /* the set that is being made: in the order found, and as bits */
    uint16_t                               *list;
    ngx_uint_t                              n;
    u_char                                 *bits;
    uint16_t                               *stack;      /* and a copy */
    ngx_uint_t                              nbytes;     /* of bits */

    ngx_uint_t                              forgotten;  /* times */

    ngx_uint_t                              work;
};


static void ngx_http_endpoint_automaton_forget(
    ngx_http_endpoint_automaton_t *a);
static uint32_t ngx_http_endpoint_automaton_begin(
    ngx_http_endpoint_automaton_t *a);
static uint32_t ngx_http_endpoint_automaton_step(
    ngx_http_endpoint_automaton_t *a, uint32_t from, ngx_uint_t class);
static ngx_int_t ngx_http_endpoint_automaton_edges(
    ngx_http_endpoint_automaton_t *a,
    ngx_http_endpoint_automaton_state_t *state, ngx_uint_t class);
static ngx_uint_t ngx_http_endpoint_automaton_passes(
    ngx_http_endpoint_automaton_t *a, ngx_http_endpoint_automaton_op_t *op,
    ngx_http_endpoint_automaton_state_t *state, ngx_uint_t class);
static ngx_int_t ngx_http_endpoint_automaton_reach(
    ngx_http_endpoint_automaton_t *a, ngx_uint_t op, ngx_uint_t start);
static void ngx_http_endpoint_automaton_clear(
    ngx_http_endpoint_automaton_t *a);
static uint32_t ngx_http_endpoint_automaton_state(
    ngx_http_endpoint_automaton_t *a, ngx_uint_t start, ngx_uint_t word);
static uint32_t ngx_http_endpoint_automaton_known(
    ngx_http_endpoint_automaton_t *a, uint32_t hash, ngx_uint_t start,
    ngx_uint_t word);


#define ngx_http_endpoint_automaton_at(a, offset)                             \
    ((ngx_http_endpoint_automaton_state_t *) ((a)->cache + (offset)))

#define ngx_http_endpoint_automaton_list(a, state)                            \
    ((uint16_t *) &(state)->next[(a)->program.nclasses])


ngx_int_t
ngx_http_endpoint_automaton_create(ngx_pool_t *pool,
    ngx_http_endpoint_regex_node_t *tree,
    ngx_http_endpoint_automaton_t **automaton)
{
    ngx_int_t                       rc;
    ngx_uint_t                      n;
    ngx_http_endpoint_automaton_t  *a;

    a = ngx_pcalloc(pool, sizeof(ngx_http_endpoint_automaton_t));
    if (a == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_automaton_program(pool, tree, &a->program);
    if (rc != NGX_OK) {
        return rc;
    }

    n = a->program.ops.nelts;
    a->nbytes = n / 8 + 1;

    a->cache = ngx_palloc(pool, NGX_HTTP_ENDPOINT_AUTOMATON_CACHE);
    a->buckets = ngx_palloc(pool, NGX_HTTP_ENDPOINT_AUTOMATON_BUCKETS
                                  * sizeof(uint32_t));
    a->list = ngx_palloc(pool, n * sizeof(uint16_t));
    a->stack = ngx_palloc(pool, 2 * n * sizeof(uint16_t));
    a->bits = ngx_pcalloc(pool, a->nbytes);

    if (a->cache == NULL || a->buckets == NULL || a->list == NULL
        || a->stack == NULL || a->bits == NULL)
    {
        return NGX_ERROR;
    }

    ngx_http_endpoint_automaton_forget(a);

    *automaton = a;

    return NGX_OK;
}


static void
ngx_http_endpoint_automaton_forget(ngx_http_endpoint_automaton_t *a)
{
    ngx_memzero(a->buckets, NGX_HTTP_ENDPOINT_AUTOMATON_BUCKETS
                            * sizeof(uint32_t));

    /* what stands in place of an offset is none */

    a->used = sizeof(ngx_http_endpoint_automaton_state_t);
    a->first = 0;
    a->forgotten++;
}


ngx_int_t
ngx_http_endpoint_automaton_match(ngx_http_endpoint_automaton_t *a,
    ngx_str_t *text)
{
    u_char                               *p, *end;
    uint32_t                              state, next;
    ngx_uint_t                            class;
    ngx_http_endpoint_automaton_state_t  *s;

    p = text->data;
    end = p + text->len;

    a->work = 0;

    if (a->first == 0) {
        a->first = ngx_http_endpoint_automaton_begin(a);
    }

    state = a->first;

    while (state > NGX_HTTP_ENDPOINT_AUTOMATON_LOST) {

        if (p > end) {
            return NGX_DECLINED;
        }

        if (p == end) {
            class = a->program.nclasses - 1;
            p++;

        } else if (*p < 0x80) {
            class = a->program.ascii[*p++];

        } else {
            class = ngx_http_endpoint_automaton_class(&a->program,
                                           ngx_http_endpoint_utf8_next(&p));
        }

        s = ngx_http_endpoint_automaton_at(a, state);
        next = s->next[class];

        if (next == NGX_HTTP_ENDPOINT_AUTOMATON_UNKNOWN) {
            next = ngx_http_endpoint_automaton_step(a, state, class);

            if (a->work > NGX_HTTP_ENDPOINT_AUTOMATON_WORK) {
                return NGX_ABORT;
            }
        }

        state = next;
    }

    return state == NGX_HTTP_ENDPOINT_AUTOMATON_FOUND ? NGX_OK : NGX_DECLINED;
}


static uint32_t
ngx_http_endpoint_automaton_begin(ngx_http_endpoint_automaton_t *a)
{
    ngx_http_endpoint_automaton_clear(a);

    if (ngx_http_endpoint_automaton_reach(a, a->program.first, 1) == NGX_DONE)
    {
        return NGX_HTTP_ENDPOINT_AUTOMATON_FOUND;
    }

    return ngx_http_endpoint_automaton_state(a, 1, 0);
}


/* the state behind a character */

static uint32_t
ngx_http_endpoint_automaton_step(ngx_http_endpoint_automaton_t *a,
    uint32_t from, ngx_uint_t class)
{
    uint16_t                              *list;
    uint32_t                               next;
    ngx_int_t                              rc;
    ngx_uint_t                             i, n, word, forgotten;
    ngx_http_endpoint_automaton_op_t      *op;
    ngx_http_endpoint_automaton_state_t   *s;

    s = ngx_http_endpoint_automaton_at(a, from);
    op = a->program.ops.elts;

    rc = ngx_http_endpoint_automaton_edges(a, s, class);

    if (rc == NGX_DONE) {
        next = NGX_HTTP_ENDPOINT_AUTOMATON_FOUND;
        goto done;
    }

    if (class == a->program.nclasses - 1) {
        next = NGX_HTTP_ENDPOINT_AUTOMATON_LOST;
        goto done;
    }

    /* the list is made anew from a copy of itself */

    n = a->n;
    list = a->stack + a->program.ops.nelts;
    ngx_memcpy(list, a->list, n * sizeof(uint16_t));

    ngx_http_endpoint_automaton_clear(a);

    for (i = 0; i < n; i++) {

        if (op[list[i]].op == ngx_http_endpoint_automaton_one
            && ngx_http_endpoint_automaton_bit(op[list[i]].classes, class)
            && ngx_http_endpoint_automaton_reach(a, op[list[i]].next, 0)
               == NGX_DONE)
        {
            next = NGX_HTTP_ENDPOINT_AUTOMATON_FOUND;
            goto done;
        }
    }

    /* a match may begin anywhere */

    if (ngx_http_endpoint_automaton_reach(a, a->program.first, 0) == NGX_DONE)
    {
        next = NGX_HTTP_ENDPOINT_AUTOMATON_FOUND;
        goto done;
    }

    if (a->n == 0) {
        next = NGX_HTTP_ENDPOINT_AUTOMATON_LOST;
        goto done;
    }

    word = a->program.edges
           && ngx_http_endpoint_automaton_bit(a->program.word, class);

    forgotten = a->forgotten;
    next = ngx_http_endpoint_automaton_state(a, 0, word);

    if (forgotten != a->forgotten) {

        /* the one that it comes from among them */

        return next;
    }

done:

    s->next[class] = next;

    return next;
}


/* what depends on the next character: the set of a state, and all behind it */

static ngx_int_t
ngx_http_endpoint_automaton_edges(ngx_http_endpoint_automaton_t *a,
    ngx_http_endpoint_automaton_state_t *state, ngx_uint_t class)
{
    uint16_t                          *list;
    ngx_uint_t                         i;
    ngx_http_endpoint_automaton_op_t  *op;

    ngx_http_endpoint_automaton_clear(a);

    op = a->program.ops.elts;
    list = ngx_http_endpoint_automaton_list(a, state);

    a->n = state->n;
    ngx_memcpy(a->list, list, a->n * sizeof(uint16_t));

    for (i = 0; i < a->n; i++) {
        a->bits[a->list[i] / 8] |= 1 << (a->list[i] % 8);
    }

    for (i = 0; i < a->n; i++) {

        if (ngx_http_endpoint_automaton_passes(a, &op[a->list[i]], state,
                                               class)
            && ngx_http_endpoint_automaton_reach(a, op[a->list[i]].next,
                                                 state->start)
               == NGX_DONE)
        {
            return NGX_DONE;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_automaton_passes(ngx_http_endpoint_automaton_t *a,
    ngx_http_endpoint_automaton_op_t *op,
    ngx_http_endpoint_automaton_state_t *state, ngx_uint_t class)
{
    ngx_uint_t  word;

    word = ngx_http_endpoint_automaton_bit(a->program.word, class) != 0;

    switch (op->op) {

    case ngx_http_endpoint_automaton_end:
        return class == a->program.nclasses - 1;

    case ngx_http_endpoint_automaton_edge:
        return word != state->word;

    case ngx_http_endpoint_automaton_no_edge:
        return word == state->word;

    default:
        return 0;
    }
}


/* adds what op leads to without a character; NGX_DONE: a match is found */

static ngx_int_t
ngx_http_endpoint_automaton_reach(ngx_http_endpoint_automaton_t *a,
    ngx_uint_t n, ngx_uint_t start)
{
    ngx_uint_t                         depth;
    ngx_http_endpoint_automaton_op_t  *ops, *op;

    ops = a->program.ops.elts;
    depth = 0;

    for ( ;; ) {

        op = &ops[n];

        if (!ngx_http_endpoint_automaton_bit(a->bits, n)) {

            a->bits[n / 8] |= 1 << (n % 8);
            a->work++;

            switch (op->op) {

            case ngx_http_endpoint_automaton_found:
                return NGX_DONE;

            case ngx_http_endpoint_automaton_split:
                a->stack[depth++] = op->other;
                n = op->next;
                continue;

            case ngx_http_endpoint_automaton_start:

                if (start) {
                    n = op->next;
                    continue;
                }

                break;

            default:
                a->list[a->n++] = n;
                break;
            }
        }

        if (depth == 0) {
            return NGX_OK;
        }

        n = a->stack[--depth];
    }
}


static void
ngx_http_endpoint_automaton_clear(ngx_http_endpoint_automaton_t *a)
{
    a->n = 0;
    a->work += a->nbytes / 16;

    ngx_memzero(a->bits, a->nbytes);
}


/* the state of the set, and of where it stands in the text */

static uint32_t
ngx_http_endpoint_automaton_state(ngx_http_endpoint_automaton_t *a,
    ngx_uint_t start, ngx_uint_t word)
{
    size_t                                size;
    uint32_t                              hash, offset, *bucket;
    ngx_uint_t                            i;
    ngx_http_endpoint_automaton_state_t  *s;

    hash = 2166136261;

    for (i = 0; i < a->n; i++) {
        hash = (hash ^ a->list[i]) * 16777619;
    }

    offset = ngx_http_endpoint_automaton_known(a, hash, start, word);
    if (offset) {
        return offset;
    }

    size = offsetof(ngx_http_endpoint_automaton_state_t, next)
           + a->program.nclasses * sizeof(uint32_t) + a->n * sizeof(uint16_t);
    size = ngx_align(size, sizeof(uint32_t));

    if (a->used + size > NGX_HTTP_ENDPOINT_AUTOMATON_CACHE) {
        ngx_http_endpoint_automaton_forget(a);
    }

    offset = a->used;
    a->used += size;
    a->work += size / 4;

    s = ngx_http_endpoint_automaton_at(a, offset);

    ngx_memzero(s, size);

    bucket = &a->buckets[hash % NGX_HTTP_ENDPOINT_AUTOMATON_BUCKETS];

    s->hash = hash;
    s->link = *bucket;
    s->n = a->n;
    s->start = start;
    s->word = word;

    ngx_memcpy(ngx_http_endpoint_automaton_list(a, s), a->list,
               a->n * sizeof(uint16_t));

    *bucket = offset;

    return offset;
}


/* 0: it is new */

static uint32_t
ngx_http_endpoint_automaton_known(ngx_http_endpoint_automaton_t *a,
    uint32_t hash, ngx_uint_t start, ngx_uint_t word)
{
    uint32_t                              offset;
    ngx_http_endpoint_automaton_state_t  *s;

    offset = a->buckets[hash % NGX_HTTP_ENDPOINT_AUTOMATON_BUCKETS];

    for ( /* void */ ; offset; offset = s->link) {
        s = ngx_http_endpoint_automaton_at(a, offset);

        if (s->hash == hash && s->n == a->n && s->start == start
            && s->word == word
            && ngx_memcmp(ngx_http_endpoint_automaton_list(a, s), a->list,
                          a->n * sizeof(uint16_t))
               == 0)
        {
            return offset;
        }
    }

    return 0;
}
