
/*
 * nginx's tree as the units of the cache need it: not balanced.  Timers are
 * left out, the tests call their handlers, but where UNIT_TIMERS says that the
 * program has a list of them.
 */


#ifndef _UNIT_CACHE_TREE_H_INCLUDED_
#define _UNIT_CACHE_TREE_H_INCLUDED_


/* puts b, which may be the sentinel, where a is */

static void
unit_tree_replace(ngx_rbtree_t *tree, ngx_rbtree_node_t *a,
    ngx_rbtree_node_t *b)
{
    if (a == tree->root) {
        tree->root = b;

    } else if (a == a->parent->left) {
        a->parent->left = b;

    } else {
        a->parent->right = b;
    }

    if (b != tree->sentinel) {
        b->parent = a->parent;
    }
}


void
ngx_rbtree_insert_value(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node,
    ngx_rbtree_node_t *sentinel)
{
    ngx_rbtree_node_t  **p;

    for ( ;; ) {
        p = (node->key < temp->key) ? &temp->left : &temp->right;

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;

    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
}


void
ngx_rbtree_insert(ngx_rbtree_t *tree, ngx_rbtree_node_t *node)
{
    if (tree == &ngx_event_timer_rbtree) {
#ifdef UNIT_TIMERS
        unit_timer_insert(node);
#endif
        return;
    }

    if (tree->root == tree->sentinel) {
        node->parent = NULL;
        node->left = tree->sentinel;
        node->right = tree->sentinel;
        tree->root = node;
        return;
    }

    tree->insert(tree->root, node, tree->sentinel);
}


void
ngx_rbtree_delete(ngx_rbtree_t *tree, ngx_rbtree_node_t *node)
{
    ngx_rbtree_node_t  *next;

    if (tree == &ngx_event_timer_rbtree) {
#ifdef UNIT_TIMERS
        unit_timer_delete(node);
#endif
        return;
    }

    if (node->left == tree->sentinel) {
        unit_tree_replace(tree, node, node->right);
        return;
    }

    if (node->right == tree->sentinel) {
        unit_tree_replace(tree, node, node->left);
        return;
    }

    next = ngx_rbtree_min(node->right, tree->sentinel);

    if (next->parent != node) {
        unit_tree_replace(tree, next, next->right);
        next->right = node->right;
        next->right->parent = next;
    }

    unit_tree_replace(tree, node, next);

    next->left = node->left;
    next->left->parent = next;
}


ngx_rbtree_node_t *
ngx_rbtree_next(ngx_rbtree_t *tree, ngx_rbtree_node_t *node)
{
    if (node->right != tree->sentinel) {
        return ngx_rbtree_min(node->right, tree->sentinel);
    }

    while (node->parent && node == node->parent->right) {
        node = node->parent;
    }

    return node->parent;
}


#endif /* _UNIT_CACHE_TREE_H_INCLUDED_ */
