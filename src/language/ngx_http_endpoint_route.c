
#include "ngx_http_endpoint_route.h"


typedef struct ngx_http_endpoint_route_node_s  ngx_http_endpoint_route_node_t;
typedef struct ngx_http_endpoint_route_leaf_s  ngx_http_endpoint_route_leaf_t;


struct ngx_http_endpoint_route_leaf_s {
    ngx_str_t                         method;
    void                             *data;
    ngx_uint_t                        order;    /* of its addition */
    ngx_http_endpoint_route_leaf_t   *next;
};


struct ngx_http_endpoint_route_node_s {
    ngx_http_endpoint_route_part_e    type;
    ngx_str_t                         text;     /* of a literal */

    ngx_http_endpoint_route_node_t   *parent;
    ngx_http_endpoint_route_node_t   *segment;
    ngx_http_endpoint_route_node_t   *rest;

    /*
     * The literal children by their first byte less first: the table spans
     * only the bytes in use, so that one load finds a child among any number
     * and a tree of thousands stays small.
     */
    ngx_http_endpoint_route_node_t  **literals;
    ngx_uint_t                        first;
    ngx_uint_t                        range;

    ngx_http_endpoint_route_leaf_t   *leaves;
};


struct ngx_http_endpoint_route_s {
    ngx_pool_t                       *pool;
    ngx_http_endpoint_route_node_t    root;
    ngx_uint_t                        nleaves;
};


/*
 * Where a search stands: at node, which took the path up to p, with the parts
 * before next tried there.
 *
 * The parts between the root and a node have lengths that only the path sets:
 * a literal has its own, a segment ends at the next slash, a rest at the end.
 * A node is therefore reached at one place of the path or not at all, and as
 * its parent tries it once, a search visits no node twice: whatever a client
 * sends, it costs at most one visit for each node, and of those only the nodes
 * whose parts the path has.  That is also why a search needs no stack: the way
 * back from a node is its parent and what the node took.
 */
typedef struct {
    ngx_http_endpoint_route_node_t   *node;
    ngx_uint_t                        next;
    u_char                           *p;
    u_char                           *last;
    ngx_http_endpoint_route_match_t  *match;
} ngx_http_endpoint_route_walk_t;


static ngx_http_endpoint_route_node_t *ngx_http_endpoint_route_add_part(
    ngx_http_endpoint_route_t *tree, ngx_http_endpoint_route_node_t *node,
    ngx_http_endpoint_route_part_t *part);
static ngx_http_endpoint_route_node_t *ngx_http_endpoint_route_add_literal(
    ngx_http_endpoint_route_t *tree, ngx_http_endpoint_route_node_t *node,
    ngx_str_t *text);
static ngx_inline ngx_http_endpoint_route_node_t *ngx_http_endpoint_route_child(
    ngx_http_endpoint_route_node_t *node, u_char c);
static ngx_http_endpoint_route_node_t *ngx_http_endpoint_route_append(
    ngx_http_endpoint_route_t *tree, ngx_http_endpoint_route_node_t *node,
    ngx_str_t *text);
static ngx_http_endpoint_route_node_t *ngx_http_endpoint_route_split(
    ngx_http_endpoint_route_t *tree, ngx_http_endpoint_route_node_t *node,
    size_t len);
static ngx_int_t ngx_http_endpoint_route_set_literal(
    ngx_http_endpoint_route_t *tree, ngx_http_endpoint_route_node_t *node,
    ngx_http_endpoint_route_node_t *child);
static void *ngx_http_endpoint_route_add_leaf(ngx_http_endpoint_route_t *tree,
    ngx_http_endpoint_route_node_t *node, ngx_str_t *method, void *data);
static void ngx_http_endpoint_route_walk(ngx_http_endpoint_route_walk_t *walk,
    ngx_http_endpoint_route_t *tree, ngx_str_t *path,
    ngx_http_endpoint_route_match_t *match);
static ngx_http_endpoint_route_leaf_t *ngx_http_endpoint_route_next(
    ngx_http_endpoint_route_walk_t *walk);
static void ngx_http_endpoint_route_descend(
    ngx_http_endpoint_route_walk_t *walk);
static ngx_uint_t ngx_http_endpoint_route_bind(
    ngx_http_endpoint_route_walk_t *walk);
static void ngx_http_endpoint_route_capture(
    ngx_http_endpoint_route_walk_t *walk,
    ngx_http_endpoint_route_node_t *child, u_char *end);
static ngx_uint_t ngx_http_endpoint_route_climb(
    ngx_http_endpoint_route_walk_t *walk);
static ngx_http_endpoint_route_leaf_t *ngx_http_endpoint_route_leaf(
    ngx_http_endpoint_route_leaf_t *leaf, ngx_str_t *method);
static ngx_uint_t ngx_http_endpoint_route_same(ngx_str_t *a, ngx_str_t *b);
static ngx_int_t ngx_http_endpoint_route_collect(ngx_array_t *leaves,
    ngx_http_endpoint_route_leaf_t *leaf);
static ngx_int_t ngx_http_endpoint_route_join(ngx_pool_t *pool,
    ngx_array_t *leaves, ngx_str_t *allow);


ngx_http_endpoint_route_t *
ngx_http_endpoint_route_create(ngx_pool_t *pool)
{
    ngx_http_endpoint_route_t  *tree;

    tree = ngx_pcalloc(pool, sizeof(ngx_http_endpoint_route_t));
    if (tree == NULL) {
        return NULL;
    }

    tree->pool = pool;

    return tree;
}


void *
ngx_http_endpoint_route_add(ngx_http_endpoint_route_t *tree,
    ngx_str_t *method, ngx_array_t *parts, void *data)
{
    ngx_uint_t                       i, n;
    ngx_http_endpoint_route_node_t  *node;
    ngx_http_endpoint_route_part_t  *part;

    part = parts->elts;

    for (i = 0, n = 0; i < parts->nelts; i++) {
        if (part[i].type != ngx_http_endpoint_route_literal) {
            n++;
        }
    }

    if (n > NGX_HTTP_ENDPOINT_MAX_CAPTURES) {
        return NULL;
    }

    node = &tree->root;

    for (i = 0; i < parts->nelts; i++) {
        node = ngx_http_endpoint_route_add_part(tree, node, &part[i]);
        if (node == NULL) {
            return NULL;
        }
    }

    return ngx_http_endpoint_route_add_leaf(tree, node, method, data);
}


static ngx_http_endpoint_route_node_t *
ngx_http_endpoint_route_add_part(ngx_http_endpoint_route_t *tree,
    ngx_http_endpoint_route_node_t *node, ngx_http_endpoint_route_part_t *part)
{
    ngx_http_endpoint_route_node_t  **child;

    if (part->type == ngx_http_endpoint_route_literal) {
        return ngx_http_endpoint_route_add_literal(tree, node, &part->text);
    }

    child = (part->type == ngx_http_endpoint_route_segment) ? &node->segment
                                                            : &node->rest;

    if (*child == NULL) {
        *child = ngx_pcalloc(tree->pool,
                             sizeof(ngx_http_endpoint_route_node_t));
        if (*child == NULL) {
            return NULL;
        }

        (*child)->type = part->type;
        (*child)->parent = node;
    }

    return *child;
}


static ngx_http_endpoint_route_node_t *
ngx_http_endpoint_route_add_literal(ngx_http_endpoint_route_t *tree,
    ngx_http_endpoint_route_node_t *node, ngx_str_t *text)
{
    size_t                           n;
    ngx_str_t                        rest;
    ngx_http_endpoint_route_node_t  *child;

    rest = *text;

    while (rest.len) {

        child = ngx_http_endpoint_route_child(node, rest.data[0]);
        if (child == NULL) {
            return ngx_http_endpoint_route_append(tree, node, &rest);
        }

        for (n = 1; n < rest.len && n < child->text.len; n++) {
            if (rest.data[n] != child->text.data[n]) {
                break;
            }
        }

        if (n < child->text.len) {
            child = ngx_http_endpoint_route_split(tree, child, n);
            if (child == NULL) {
                return NULL;
            }
        }

        node = child;
        rest.data += n;
        rest.len -= n;
    }

    return node;
}


static ngx_inline ngx_http_endpoint_route_node_t *
ngx_http_endpoint_route_child(ngx_http_endpoint_route_node_t *node, u_char c)
{
    ngx_uint_t  i;

    i = c - node->first;

    return (i < node->range) ? node->literals[i] : NULL;
}


static ngx_http_endpoint_route_node_t *
ngx_http_endpoint_route_append(ngx_http_endpoint_route_t *tree,
    ngx_http_endpoint_route_node_t *node, ngx_str_t *text)
{
    ngx_http_endpoint_route_node_t  *child;

    child = ngx_pcalloc(tree->pool, sizeof(ngx_http_endpoint_route_node_t));
    if (child == NULL) {
        return NULL;
    }

    child->text.len = text->len;
    child->text.data = ngx_pstrdup(tree->pool, text);
    if (child->text.data == NULL) {
        return NULL;
    }

    if (ngx_http_endpoint_route_set_literal(tree, node, child) != NGX_OK) {
        return NULL;
    }

    return child;
}


static ngx_http_endpoint_route_node_t *
ngx_http_endpoint_route_split(ngx_http_endpoint_route_t *tree,
    ngx_http_endpoint_route_node_t *node, size_t len)
{
    ngx_http_endpoint_route_node_t  *head;

    /* the new node goes above: below, nothing has to learn of a new parent */

    head = ngx_pcalloc(tree->pool, sizeof(ngx_http_endpoint_route_node_t));
    if (head == NULL) {
        return NULL;
    }

    head->literals = ngx_palloc(tree->pool,
                                sizeof(ngx_http_endpoint_route_node_t *));
    if (head->literals == NULL) {
        return NULL;
    }

    head->text.len = len;
    head->text.data = node->text.data;

    node->text.len -= len;
    node->text.data += len;

    head->literals[0] = node;
    head->first = node->text.data[0];
    head->range = 1;

    head->parent = node->parent;
    node->parent = head;

    node = head->parent;
    node->literals[head->text.data[0] - node->first] = head;

    return head;
}


static ngx_int_t
ngx_http_endpoint_route_set_literal(ngx_http_endpoint_route_t *tree,
    ngx_http_endpoint_route_node_t *node, ngx_http_endpoint_route_node_t *child)
{
    ngx_uint_t                        c, first, last;
    ngx_http_endpoint_route_node_t  **literals;

    c = child->text.data[0];

    first = node->range ? ngx_min(c, node->first) : c;
    last = ngx_max(c + 1, node->first + node->range);

    if (last - first > node->range) {
        literals = ngx_pcalloc(tree->pool, (last - first)
                                  * sizeof(ngx_http_endpoint_route_node_t *));
        if (literals == NULL) {
            return NGX_ERROR;
        }

        if (node->range) {
            ngx_memcpy(&literals[node->first - first], node->literals,
                       node->range * sizeof(ngx_http_endpoint_route_node_t *));
        }

        node->literals = literals;
        node->first = first;
        node->range = last - first;
    }

    node->literals[c - node->first] = child;
    child->parent = node;

    return NGX_OK;
}


static void *
ngx_http_endpoint_route_add_leaf(ngx_http_endpoint_route_t *tree,
    ngx_http_endpoint_route_node_t *node, ngx_str_t *method, void *data)
{
    ngx_http_endpoint_route_leaf_t  *leaf;

    leaf = ngx_http_endpoint_route_leaf(node->leaves, method);
    if (leaf) {
        return leaf->data;
    }

    leaf = ngx_palloc(tree->pool, sizeof(ngx_http_endpoint_route_leaf_t));
    if (leaf == NULL) {
        return NULL;
    }

    leaf->method.len = method->len;
    leaf->method.data = ngx_pstrdup(tree->pool, method);
    if (leaf->method.data == NULL) {
        return NULL;
    }

    leaf->data = data;
    leaf->order = tree->nleaves++;
    leaf->next = node->leaves;
    node->leaves = leaf;

    return data;
}


void *
ngx_http_endpoint_route_match(ngx_http_endpoint_route_t *tree,
    ngx_str_t *method, ngx_str_t *path, ngx_http_endpoint_route_match_t *match)
{
    ngx_http_endpoint_route_leaf_t  *leaves, *leaf;
    ngx_http_endpoint_route_walk_t   walk;

    static ngx_str_t  get = ngx_string("GET");
    static ngx_str_t  head = ngx_string("HEAD");

    ngx_http_endpoint_route_walk(&walk, tree, path, match);

    for ( ;; ) {
        leaves = ngx_http_endpoint_route_next(&walk);
        if (leaves == NULL) {
            return NULL;
        }

        leaf = ngx_http_endpoint_route_leaf(leaves, method);

        if (leaf == NULL && ngx_http_endpoint_route_same(method, &head)) {
            leaf = ngx_http_endpoint_route_leaf(leaves, &get);
        }

        if (leaf) {
            return leaf->data;
        }
    }
}


static void
ngx_http_endpoint_route_walk(ngx_http_endpoint_route_walk_t *walk,
    ngx_http_endpoint_route_t *tree, ngx_str_t *path,
    ngx_http_endpoint_route_match_t *match)
{
    match->ncaptures = 0;

    walk->node = &tree->root;
    walk->next = ngx_http_endpoint_route_literal;
    walk->p = path->data;
    walk->last = path->data + path->len;
    walk->match = match;
}


/* the leaves of the next shape that matches, best first; NULL: no more */

static ngx_http_endpoint_route_leaf_t *
ngx_http_endpoint_route_next(ngx_http_endpoint_route_walk_t *walk)
{
    for ( ;; ) {

        if (walk->next == ngx_http_endpoint_route_literal) {
            ngx_http_endpoint_route_descend(walk);

            if (walk->p == walk->last && walk->node->leaves) {
                return walk->node->leaves;
            }
        }

        if (ngx_http_endpoint_route_bind(walk)) {
            continue;
        }

        if (!ngx_http_endpoint_route_climb(walk)) {
            return NULL;
        }
    }
}


static void
ngx_http_endpoint_route_descend(ngx_http_endpoint_route_walk_t *walk)
{
    u_char                          *p;
    size_t                           len;
    ngx_http_endpoint_route_node_t  *node, *child;

    node = walk->node;

    for (p = walk->p; p < walk->last; p += len) {

        child = ngx_http_endpoint_route_child(node, *p);
        if (child == NULL) {
            break;
        }

        len = child->text.len;

        /* the first byte led here, and in a bushy tree there is no other */

        if (len > 1
            && (len > (size_t) (walk->last - p)
                || ngx_memcmp(p + 1, child->text.data + 1, len - 1) != 0))
        {
            break;
        }

        node = child;
    }

    walk->node = node;
    walk->p = p;
    walk->next = ngx_http_endpoint_route_segment;
}


static ngx_uint_t
ngx_http_endpoint_route_bind(ngx_http_endpoint_route_walk_t *walk)
{
    u_char                          *end;
    ngx_http_endpoint_route_node_t  *node;

    node = walk->node;

    if (walk->next == ngx_http_endpoint_route_segment && node->segment) {

        end = ngx_strlchr(walk->p, walk->last, '/');
        if (end == NULL) {
            end = walk->last;
        }

        if (end != walk->p) {
            ngx_http_endpoint_route_capture(walk, node->segment, end);
            return 1;
        }
    }

    if (walk->next <= ngx_http_endpoint_route_rest && node->rest) {
        ngx_http_endpoint_route_capture(walk, node->rest, walk->last);
        return 1;
    }

    return 0;
}


static void
ngx_http_endpoint_route_capture(ngx_http_endpoint_route_walk_t *walk,
    ngx_http_endpoint_route_node_t *child, u_char *end)
{
    ngx_str_t  *capture;

    capture = &walk->match->captures[walk->match->ncaptures++];

    capture->data = walk->p;
    capture->len = end - walk->p;

    walk->node = child;
    walk->p = end;
    walk->next = ngx_http_endpoint_route_literal;
}


static ngx_uint_t
ngx_http_endpoint_route_climb(ngx_http_endpoint_route_walk_t *walk)
{
    ngx_http_endpoint_route_node_t  *node;

    node = walk->node;

    if (node->type == ngx_http_endpoint_route_literal) {
        walk->p -= node->text.len;

    } else {
        walk->p = walk->match->captures[--walk->match->ncaptures].data;
    }

    walk->node = node->parent;
    walk->next = node->type + 1;

    return walk->node != NULL;
}


static ngx_http_endpoint_route_leaf_t *
ngx_http_endpoint_route_leaf(ngx_http_endpoint_route_leaf_t *leaf,
    ngx_str_t *method)
{
    for ( /* void */ ; leaf; leaf = leaf->next) {

        if (ngx_http_endpoint_route_same(&leaf->method, method)) {
            return leaf;
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_endpoint_route_same(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0;
}


ngx_int_t
ngx_http_endpoint_route_allow(ngx_http_endpoint_route_t *tree,
    ngx_pool_t *pool, ngx_str_t *path, ngx_str_t *allow)
{
    ngx_array_t                      leaves;
    ngx_http_endpoint_route_leaf_t  *leaf;
    ngx_http_endpoint_route_walk_t   walk;
    ngx_http_endpoint_route_match_t  match;

    if (ngx_array_init(&leaves, pool, 4,
                       sizeof(ngx_http_endpoint_route_leaf_t *))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_endpoint_route_walk(&walk, tree, path, &match);

    for ( ;; ) {
        leaf = ngx_http_endpoint_route_next(&walk);
        if (leaf == NULL) {
            return ngx_http_endpoint_route_join(pool, &leaves, allow);
        }

        for ( /* void */ ; leaf; leaf = leaf->next) {
            if (ngx_http_endpoint_route_collect(&leaves, leaf) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }
}


/* keeps leaves in the order of their addition, the first of each method */

static ngx_int_t
ngx_http_endpoint_route_collect(ngx_array_t *leaves,
    ngx_http_endpoint_route_leaf_t *leaf)
{
    ngx_uint_t                        i;
    ngx_http_endpoint_route_leaf_t  **slot;

    slot = leaves->elts;

    for (i = 0; i < leaves->nelts; i++) {

        if (ngx_http_endpoint_route_same(&slot[i]->method, &leaf->method)) {
            break;
        }
    }

    if (i == leaves->nelts) {
        if (ngx_array_push(leaves) == NULL) {
            return NGX_ERROR;
        }

    } else if (slot[i]->order < leaf->order) {
        return NGX_OK;
    }

    slot = leaves->elts;

    for ( /* void */ ; i && slot[i - 1]->order > leaf->order; i--) {
        slot[i] = slot[i - 1];
    }

    slot[i] = leaf;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_route_join(ngx_pool_t *pool, ngx_array_t *leaves,
    ngx_str_t *allow)
{
    u_char                           *p;
    size_t                            len;
    ngx_uint_t                        i;
    ngx_http_endpoint_route_leaf_t  **leaf;

    ngx_str_set(allow, "");

    if (leaves->nelts == 0) {
        return NGX_OK;
    }

    leaf = leaves->elts;

    for (i = 0, len = 0; i < leaves->nelts; i++) {
        len += sizeof(", ") - 1 + leaf[i]->method.len;
    }

    p = ngx_pnalloc(pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    allow->data = p;

    for (i = 0; i < leaves->nelts; i++) {
        if (i) {
            *p++ = ',';
            *p++ = ' ';
        }

        p = ngx_cpymem(p, leaf[i]->method.data, leaf[i]->method.len);
    }

    allow->len = p - allow->data;

    return NGX_OK;
}
