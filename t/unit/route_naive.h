
/*
 * A route matcher too simple to be wrong, for comparison: patterns are text
 * ("/users/$/posts", "/files/" and "*" for a bound rest), every pattern is
 * compared with the path segment by segment, and the best is taken.
 */


#ifndef _ROUTE_NAIVE_H_INCLUDED_
#define _ROUTE_NAIVE_H_INCLUDED_


#include "../../src/language/ngx_http_endpoint_route.h"


#define ROUTE_NAIVE_SEGMENTS  64


typedef struct {
    ngx_str_t                        pattern;
    ngx_str_t                        method;
    ngx_http_endpoint_route_match_t  match;
    u_char                           kinds[ROUTE_NAIVE_SEGMENTS + 1];
} route_naive_t;


/* the pattern's text as the parts a tree takes */

static ngx_array_t *
route_naive_parts(ngx_pool_t *pool, ngx_str_t *pattern)
{
    u_char                          *p, *last;
    ngx_array_t                     *parts;
    ngx_http_endpoint_route_part_t  *part;

    parts = ngx_array_create(pool, 4, sizeof(ngx_http_endpoint_route_part_t));
    if (parts == NULL) {
        return NULL;
    }

    p = pattern->data;
    last = p + pattern->len;

    while (p < last) {

        part = ngx_array_push(parts);
        if (part == NULL) {
            return NULL;
        }

        part->text.data = p;
        part->type = (*p == '$') ? ngx_http_endpoint_route_segment
                     : (*p == '*') ? ngx_http_endpoint_route_rest
                     : ngx_http_endpoint_route_literal;

        do {
            p++;
        } while (part->type == ngx_http_endpoint_route_literal
                 && p < last && *p != '$' && *p != '*');

        part->text.len = p - part->text.data;
    }

    return parts;
}


/*
 * Whether the pattern matches, with what it binds in naive->match, and in
 * naive->kinds one letter for each segment that sorts as patterns do.
 */

static ngx_uint_t
route_naive_match(route_naive_t *naive, ngx_str_t *path)
{
    u_char      *p, *q, *plast, *qlast, *pend, *qend;
    u_char      *kind;
    ngx_str_t   *capture;

    p = naive->pattern.data;
    plast = p + naive->pattern.len;
    q = path->data;
    qlast = q + path->len;

    kind = naive->kinds;
    ngx_memzero(naive->kinds, sizeof(naive->kinds));
    naive->match.ncaptures = 0;

    for ( ;; ) {

        for (pend = p; pend < plast && *pend != '/'; pend++) { /* void */ }
        for (qend = q; qend < qlast && *qend != '/'; qend++) { /* void */ }

        *kind = 'a';

        if (pend - p == 1 && (*p == '$' || *p == '*')) {

            *kind = (*p == '$') ? 'b' : 'c';

            if (*p == '*') {
                qend = qlast;

            } else if (qend == q) {
                return 0;
            }

            capture = &naive->match.captures[naive->match.ncaptures++];
            capture->data = q;
            capture->len = qend - q;

        } else if (pend - p != qend - q || ngx_memcmp(p, q, pend - p) != 0) {
            return 0;
        }

        kind++;

        if (pend == plast || qend == qlast) {
            return pend == plast && qend == qlast;
        }

        p = pend + 1;
        q = qend + 1;
    }
}


static ngx_uint_t
route_naive_same(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0;
}


/* which of n answers: the first of the best kinds, for HEAD not after a GET */

static route_naive_t *
route_naive_find(route_naive_t *naive, ngx_uint_t n, ngx_str_t *method,
    ngx_str_t *path)
{
    int             order;
    ngx_uint_t      i, exact;
    route_naive_t  *best;

    static ngx_str_t  get = ngx_string("GET");
    static ngx_str_t  head = ngx_string("HEAD");

    best = NULL;

    for (i = 0; i < n; i++) {

        exact = route_naive_same(&naive[i].method, method);

        if (!exact
            && !(route_naive_same(method, &head)
                 && route_naive_same(&naive[i].method, &get)))
        {
            continue;
        }

        if (!route_naive_match(&naive[i], path)) {
            continue;
        }

        order = best ? ngx_strcmp(naive[i].kinds, best->kinds) : -1;

        if (order < 0
            || (order == 0 && exact
                && !route_naive_same(&best->method, method)))
        {
            best = &naive[i];
        }
    }

    return best;
}


/* the methods of all that match, in order, into a buffer large enough */

static ngx_str_t
route_naive_allow(route_naive_t *naive, ngx_uint_t n, ngx_str_t *path,
    u_char *buf)
{
    ngx_str_t   allow;
    ngx_uint_t  i, j;

    allow.data = buf;
    allow.len = 0;

    for (i = 0; i < n; i++) {

        if (!route_naive_match(&naive[i], path)) {
            continue;
        }

        for (j = 0; j < i; j++) {
            if (route_naive_same(&naive[i].method, &naive[j].method)
                && route_naive_match(&naive[j], path))
            {
                break;
            }
        }

        if (j != i) {
            continue;
        }

        if (allow.len) {
            allow.data[allow.len++] = ',';
            allow.data[allow.len++] = ' ';
        }

        ngx_memcpy(&allow.data[allow.len], naive[i].method.data,
                   naive[i].method.len);
        allow.len += naive[i].method.len;
    }

    return allow;
}


/* the tree gives the same pattern, the same captures and the same methods */

static ngx_uint_t
route_naive_agrees(route_naive_t *naive, ngx_uint_t n,
    ngx_http_endpoint_route_t *tree, ngx_pool_t *pool, ngx_str_t *method,
    ngx_str_t *path, u_char *buf)
{
    ngx_str_t                        allow, expected;
    ngx_uint_t                       i;
    route_naive_t                   *best;
    ngx_http_endpoint_route_match_t  match;

    best = route_naive_find(naive, n, method, path);

    if (ngx_http_endpoint_route_match(tree, method, path, &match) != best) {
        return 0;
    }

    if (best) {
        if (match.ncaptures != best->match.ncaptures) {
            return 0;
        }

        for (i = 0; i < match.ncaptures; i++) {
            if (match.captures[i].data != best->match.captures[i].data
                || match.captures[i].len != best->match.captures[i].len)
            {
                return 0;
            }
        }
    }

    if (ngx_http_endpoint_route_allow(tree, pool, path, &allow) != NGX_OK) {
        return 0;
    }

    expected = route_naive_allow(naive, n, path, buf);

    return route_naive_same(&allow, &expected);
}


#endif /* _ROUTE_NAIVE_H_INCLUDED_ */
