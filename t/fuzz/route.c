
/*
 * Lines of a method and a pattern, an empty line, then lines of a method and
 * a path: the tree must agree with the naive matcher on each.
 */


#include "../unit/unit.h"
#include "../unit/route_naive.h"
#include "../../src/language/ngx_http_endpoint_route.c"


#define ROUTE_LINES  32
#define ROUTE_BYTES  512


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* the next line without its end; 0: no more */

static ngx_uint_t
route_line(u_char **p, u_char *last, ngx_str_t *line)
{
    u_char  *end;

    if (*p >= last) {
        return 0;
    }

    end = ngx_strlchr(*p, last, LF);
    if (end == NULL) {
        end = last;
    }

    line->data = *p;
    line->len = end - *p;
    *p = end + 1;

    return 1;
}


static ngx_str_t *
route_method(ngx_str_t *line)
{
    ngx_uint_t  i;

    static ngx_str_t  methods[] = {
        ngx_string("GET"), ngx_string("HEAD"), ngx_string("POST")
    };

    i = line->data[0] % 3;

    line->data++;
    line->len--;

    return &methods[i];
}


/* a bound part is a whole segment, a rest is last, and 16 are enough */

static ngx_uint_t
route_is_pattern(ngx_str_t *text)
{
    u_char      *p, *last;
    ngx_uint_t   bound;

    p = text->data;
    last = p + text->len;

    if (p == last || *p != '/') {
        return 0;
    }

    for (bound = 0; p < last; p++) {

        if (*p != '$' && *p != '*') {
            continue;
        }

        if (p[-1] != '/'
            || (p + 1 < last && (*p == '*' || p[1] != '/'))
            || ++bound > NGX_HTTP_ENDPOINT_MAX_CAPTURES)
        {
            return 0;
        }
    }

    return 1;
}


/* one letter for each segment must fit */

static ngx_uint_t
route_is_short(ngx_str_t *text)
{
    size_t      i;
    ngx_uint_t  n;

    for (i = 0, n = 1; i < text->len; i++) {
        n += text->data[i] == '/';
    }

    return n < ROUTE_NAIVE_SEGMENTS;
}


static void
route_fuzz(ngx_pool_t *pool, u_char *p, u_char *last)
{
    u_char                      buf[256];
    ngx_str_t                   line, *method;
    ngx_uint_t                  n;
    route_naive_t               naive[ROUTE_LINES];
    ngx_http_endpoint_route_t  *tree;

    tree = ngx_http_endpoint_route_create(pool);
    n = 0;

    while (n < ROUTE_LINES && route_line(&p, last, &line) && line.len) {

        method = route_method(&line);

        if (!route_is_pattern(&line) || !route_is_short(&line)) {
            continue;
        }

        naive[n].method = *method;
        naive[n].pattern = line;

        if (ngx_http_endpoint_route_add(tree, method,
                                        route_naive_parts(pool, &line),
                                        &naive[n])
            == &naive[n])
        {
            n++;
        }
    }

    while (route_line(&p, last, &line)) {

        if (line.len == 0) {
            continue;
        }

        method = route_method(&line);

        if (!route_is_short(&line)) {
            continue;
        }

        if (!route_naive_agrees(naive, n, tree, pool, method, &line, buf)) {
            abort();
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char      *text;
    ngx_pool_t  *pool;

    if (size == 0 || size > ROUTE_BYTES) {
        return 0;
    }

    pool = ngx_create_pool(4096, &unit_log);
    text = ngx_pnalloc(pool, size);

    ngx_memcpy(text, data, size);
    route_fuzz(pool, text, text + size);

    ngx_destroy_pool(pool);

    return 0;
}
