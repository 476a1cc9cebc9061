
#include "unit.h"
#include "route_naive.h"
#include "../../src/language/ngx_http_endpoint_route.c"


#define ROUTE_TREES      2000
#define ROUTE_PATTERNS   40
#define ROUTE_PATHS      40
#define ROUTE_DEEP       10


static char *
route_data(const char *pattern)
{
    return (char *) pattern;
}


/* each pattern is its own data, so that a failure shows what was matched */

static void *
route_add(ngx_http_endpoint_route_t *tree, ngx_pool_t *pool,
    const char *method, const char *pattern, void *data)
{
    ngx_str_t     text, name;
    ngx_array_t  *parts;

    text = unit_copy(pool, pattern, ngx_strlen(pattern));
    name = unit_copy(pool, method, ngx_strlen(method));

    parts = route_naive_parts(pool, &text);
    if (parts == NULL) {
        return NULL;
    }

    data = ngx_http_endpoint_route_add(tree, &name, parts,
                                       data ? data : route_data(pattern));

    /* what was added must be a copy */

    ngx_memset(text.data, '!', text.len);
    ngx_memset(name.data, '!', name.len);

    return data;
}


/* captures: what is bound, each behind a space */

static void
route_is(ngx_http_endpoint_route_t *tree, const char *method, const char *path,
    const char *data, const char *captures)
{
    char                            *got;
    u_char                           buf[1024], *p;
    ngx_str_t                        text, name;
    ngx_uint_t                       i, passed;
    ngx_http_endpoint_route_match_t  match;

    text.data = (u_char *) path;
    text.len = ngx_strlen(path);
    name.data = (u_char *) method;
    name.len = ngx_strlen(method);

    got = ngx_http_endpoint_route_match(tree, &name, &text, &match);

    if (got == NULL || data == NULL) {
        (void) unit_ok(got == (char *) data, "%s %s is %s", method, path,
                       data ? data : "nothing");
        return;
    }

    p = buf;

    for (i = 0; i < match.ncaptures; i++) {
        *p++ = ' ';
        p = ngx_cpymem(p, match.captures[i].data, match.captures[i].len);
    }

    *p = '\0';

    passed = ngx_strcmp(got, data) == 0 && ngx_strcmp(buf, captures) == 0;

    (void) unit_ok(passed, "%s %s is %s%s", method, path, data, captures);

    if (!passed) {
        printf("# got %s%s\n", got, buf);
    }
}


static void
route_allows(ngx_http_endpoint_route_t *tree, ngx_pool_t *pool,
    const char *path, const char *expected)
{
    ngx_str_t  text, allow;

    text.data = (u_char *) path;
    text.len = ngx_strlen(path);

    if (ngx_http_endpoint_route_allow(tree, pool, &text, &allow) != NGX_OK) {
        (void) unit_ok(0, "allow of %s", path);
        return;
    }

    (void) unit_str(&allow, expected, path);
}


static void
route_empty(ngx_pool_t *pool)
{
    ngx_http_endpoint_route_t  *tree;

    tree = ngx_http_endpoint_route_create(pool);

    route_is(tree, "GET", "", NULL, NULL);
    route_is(tree, "GET", "/", NULL, NULL);
    route_is(tree, "HEAD", "/", NULL, NULL);
    route_allows(tree, pool, "/", "");
}


static void
route_literals(ngx_pool_t *pool)
{
    ngx_http_endpoint_route_t  *tree;

    tree = ngx_http_endpoint_route_create(pool);

    route_add(tree, pool, "GET", "/users/me", NULL);
    route_add(tree, pool, "GET", "/users", NULL);
    route_add(tree, pool, "GET", "/", NULL);
    route_add(tree, pool, "GET", "/users/mend", NULL);
    route_add(tree, pool, "GET", "/user", NULL);
    route_add(tree, pool, "GET", "/zebra", NULL);
    route_add(tree, pool, "GET", "/Alpha", NULL);

    route_is(tree, "GET", "/", "/", "");
    route_is(tree, "GET", "/user", "/user", "");
    route_is(tree, "GET", "/users", "/users", "");
    route_is(tree, "GET", "/users/me", "/users/me", "");
    route_is(tree, "GET", "/users/mend", "/users/mend", "");
    route_is(tree, "GET", "/zebra", "/zebra", "");
    route_is(tree, "GET", "/Alpha", "/Alpha", "");

    route_is(tree, "GET", "", NULL, NULL);
    route_is(tree, "GET", "/use", NULL, NULL);
    route_is(tree, "GET", "/users/", NULL, NULL);
    route_is(tree, "GET", "/users/m", NULL, NULL);
    route_is(tree, "GET", "/users/men", NULL, NULL);
    route_is(tree, "GET", "/users/menu", NULL, NULL);
    route_is(tree, "GET", "/users/me/", NULL, NULL);
    route_is(tree, "GET", "/alpha", NULL, NULL);
    route_is(tree, "GET", "/zebras", NULL, NULL);
    route_is(tree, "GET", "users", NULL, NULL);
}


static void
route_bound(ngx_pool_t *pool)
{
    ngx_http_endpoint_route_t  *tree;

    tree = ngx_http_endpoint_route_create(pool);

    route_add(tree, pool, "GET", "/files/*", NULL);
    route_add(tree, pool, "GET", "/users/$", NULL);
    route_add(tree, pool, "GET", "/users/$/posts/$", NULL);
    route_add(tree, pool, "GET", "/$/$", NULL);
    route_add(tree, pool, "GET", "/mixed/$", NULL);
    route_add(tree, pool, "GET", "/mixed/*", NULL);

    route_is(tree, "GET", "/users/7", "/users/$", " 7");
    route_is(tree, "GET", "/users/$", "/users/$", " $");
    route_is(tree, "GET", "/users/7/posts/12", "/users/$/posts/$", " 7 12");
    route_is(tree, "GET", "/other/7", "/$/$", " other 7");

    route_is(tree, "GET", "/files/", "/files/*", " ");
    route_is(tree, "GET", "/files/a", "/files/*", " a");
    route_is(tree, "GET", "/files/a/b//c/", "/files/*", " a/b//c/");

    route_is(tree, "GET", "/mixed/a", "/mixed/$", " a");
    route_is(tree, "GET", "/mixed/", "/mixed/*", " ");
    route_is(tree, "GET", "/mixed/a/", "/mixed/*", " a/");

    route_is(tree, "GET", "/files", NULL, NULL);
    route_is(tree, "GET", "/users/", NULL, NULL);
    route_is(tree, "GET", "/users/7/", NULL, NULL);
    route_is(tree, "GET", "/users/7/posts", NULL, NULL);
    route_is(tree, "GET", "/users/7/posts/", NULL, NULL);
    route_is(tree, "GET", "/users//posts/12", NULL, NULL);
    route_is(tree, "GET", "/users/7/posts/12/13", NULL, NULL);
    route_is(tree, "GET", "//", NULL, NULL);
}


static void
route_backtracking(ngx_pool_t *pool)
{
    ngx_uint_t                  i, j;
    ngx_http_endpoint_route_t  *tree;

    static const char  *patterns[] = {
        "/a/$/c", "/a/b/d", "/a/*", "/$/b/e", "/*", "/a/$/$/f", "/a/b/c/g"
    };

    /* whatever was added first */

    for (i = 0; i < 7; i++) {

        tree = ngx_http_endpoint_route_create(pool);

        for (j = 0; j < 7; j++) {
            route_add(tree, pool, "GET", patterns[(i + j) % 7], NULL);
        }

        route_is(tree, "GET", "/a/b/c", "/a/$/c", " b");
        route_is(tree, "GET", "/a/b/d", "/a/b/d", "");
        route_is(tree, "GET", "/a/b/e", "/a/*", " b/e");
        route_is(tree, "GET", "/x/b/e", "/$/b/e", " x");
        route_is(tree, "GET", "/x/b/f", "/*", " x/b/f");
        route_is(tree, "GET", "/a/b/c/f", "/a/$/$/f", " b c");
        route_is(tree, "GET", "/a/b/c/g", "/a/b/c/g", "");
        route_is(tree, "GET", "/a/b/c/h", "/a/*", " b/c/h");
        route_is(tree, "GET", "/", "/*", " ");
        route_is(tree, "GET", "", NULL, NULL);
    }
}


static void
route_methods(ngx_pool_t *pool)
{
    ngx_http_endpoint_route_t  *tree;

    tree = ngx_http_endpoint_route_create(pool);

    route_add(tree, pool, "POST", "/users/$", "post one");
    route_add(tree, pool, "GET", "/users/me", "get me");
    route_add(tree, pool, "GET", "/users/$", "get one");
    route_add(tree, pool, "DELETE", "/users/me", "delete me");
    route_add(tree, pool, "HEAD", "/users/me", "head me");
    route_add(tree, pool, "HEAD", "/only/head", "only head");
    route_add(tree, pool, "PUT", "/users/*", "put rest");
    route_add(tree, pool, "PURGE", "/$/$", "purge any");

    route_is(tree, "GET", "/users/me", "get me", "");
    route_is(tree, "HEAD", "/users/me", "head me", "");
    route_is(tree, "HEAD", "/users/you", "get one", " you");
    route_is(tree, "POST", "/users/me", "post one", " me");
    route_is(tree, "PUT", "/users/me", "put rest", " me");
    route_is(tree, "PURGE", "/users/me", "purge any", " users me");
    route_is(tree, "DELETE", "/users/me", "delete me", "");

    route_is(tree, "DELETE", "/users/you", NULL, NULL);
    route_is(tree, "GET", "/only/head", NULL, NULL);
    route_is(tree, "get", "/users/me", NULL, NULL);
    route_is(tree, "GE", "/users/me", NULL, NULL);
    route_is(tree, "GETS", "/users/me", NULL, NULL);
    route_is(tree, "HEAD", "/x/y", NULL, NULL);

    route_allows(tree, pool, "/users/me",
                 "POST, GET, DELETE, HEAD, PUT, PURGE");
    route_allows(tree, pool, "/users/you", "POST, GET, PUT, PURGE");
    route_allows(tree, pool, "/users/", "PUT");
    route_allows(tree, pool, "/only/head", "HEAD, PURGE");
    route_allows(tree, pool, "/nowhere", "");
}


static void
route_duplicates(ngx_pool_t *pool)
{
    ngx_str_t                   text;
    ngx_uint_t                  allocs;
    ngx_array_t                *parts;
    ngx_http_endpoint_route_t  *tree;

    static ngx_str_t  get = ngx_string("GET");

    static char  one[] = "one", two[] = "two", three[] = "three";

    tree = ngx_http_endpoint_route_create(pool);

    (void) unit_ok(route_add(tree, pool, "GET", "/users/$/x", one) == one,
                   "the first of a shape gives its data");
    (void) unit_ok(route_add(tree, pool, "GET", "/users/$/x", two) == one,
                   "the second of a shape gives the first's data");
    (void) unit_ok(route_add(tree, pool, "PUT", "/users/$/x", two) == two,
                   "another method is another pattern");
    (void) unit_ok(route_add(tree, pool, "GET", "/users/*", three) == three,
                   "a rest is another shape");

    text = unit_copy(pool, "/users/$/x", sizeof("/users/$/x") - 1);
    parts = route_naive_parts(pool, &text);

    allocs = unit_allocs;
    (void) ngx_http_endpoint_route_add(tree, &get, parts, two);
    (void) unit_int(unit_allocs - allocs, 0, "a duplicate takes no memory");

    route_is(tree, "GET", "/users/7/x", "one", " 7");
    route_is(tree, "PUT", "/users/7/x", "two", " 7");
    route_is(tree, "GET", "/users/7/y", "three", " 7/y");
    route_allows(tree, pool, "/users/7/x", "GET, PUT");
}


static void
route_captures(ngx_pool_t *pool)
{
    ngx_http_endpoint_route_t  *tree;

    tree = ngx_http_endpoint_route_create(pool);

    (void) unit_ok(route_add(tree, pool, "GET",
                             "/$/$/$/$/$/$/$/$/$/$/$/$/$/$/$/*", NULL) != NULL,
                   "sixteen bound parts");
    (void) unit_ok(route_add(tree, pool, "GET",
                             "/$/$/$/$/$/$/$/$/$/$/$/$/$/$/$/$", NULL) != NULL,
                   "sixteen bound segments");
    (void) unit_ok(route_add(tree, pool, "GET",
                             "/$/$/$/$/$/$/$/$/$/$/$/$/$/$/$/$/*", NULL)
                   == NULL, "not seventeen");

    route_is(tree, "GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16",
             "/$/$/$/$/$/$/$/$/$/$/$/$/$/$/$/$",
             " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16");
    route_is(tree, "GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17",
             "/$/$/$/$/$/$/$/$/$/$/$/$/$/$/$/*",
             " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16/17");
    route_is(tree, "GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15", NULL, NULL);
}


/* every byte can lead to a child, in any order, and none to a wrong one */

static void
route_bytes(ngx_pool_t *pool)
{
    char                             path[3] = "/?";
    ngx_str_t                        text;
    ngx_uint_t                       i, c, wrong;
    ngx_array_t                     *parts;
    ngx_http_endpoint_route_t       *tree;
    ngx_http_endpoint_route_part_t  *part;
    ngx_http_endpoint_route_match_t  match;

    static char       seen[256];
    static ngx_str_t  get = ngx_string("GET");

    tree = ngx_http_endpoint_route_create(pool);
    parts = ngx_array_create(pool, 1, sizeof(ngx_http_endpoint_route_part_t));
    part = ngx_array_push(parts);

    text.data = (u_char *) path;
    text.len = 2;

    part->type = ngx_http_endpoint_route_literal;
    part->text = text;

    /* 97 and 256 have no common factor: every byte once, far from in order */

    for (i = 0; i < 255; i++) {
        c = (i * 97 + 128) % 256;
        path[1] = (char) c;
        ngx_http_endpoint_route_add(tree, &get, parts, &seen[c]);
    }

    wrong = 0;

    for (c = 0; c < 256; c++) {
        path[1] = (char) c;

        if (ngx_http_endpoint_route_match(tree, &get, &text, &match)
            != (c == (255 * 97 + 128) % 256 ? NULL : &seen[c]))
        {
            wrong++;
        }
    }

    (void) unit_int(wrong, 0, "children by all bytes but one");
}


static void
route_many(ngx_pool_t *pool)
{
    char                             buf[64];
    ngx_str_t                        text;
    ngx_uint_t                       i, wrong;
    ngx_http_endpoint_route_t       *tree;
    ngx_http_endpoint_route_match_t  match;

    static char       data[10000];
    static ngx_str_t  get = ngx_string("GET");

    tree = ngx_http_endpoint_route_create(pool);

    for (i = 0; i < 10000; i++) {
        (void) sprintf(buf, "/r%lu/$/x", (unsigned long) i * 7919 % 10000);
        route_add(tree, pool, "GET", buf, &data[i]);
    }

    wrong = 0;

    for (i = 0; i < 10000; i++) {
        text.data = (u_char *) buf;
        text.len = sprintf(buf, "/r%lu/%lu/x",
                           (unsigned long) i * 7919 % 10000, (unsigned long) i);

        if (ngx_http_endpoint_route_match(tree, &get, &text, &match)
            != &data[i] || match.ncaptures != 1)
        {
            wrong++;
        }
    }

    (void) unit_int(wrong, 0, "each of ten thousand is found");
}


/*
 * All combinations of a literal and a bound segment, and a path that leads
 * through every node before it fails: were a node visited for each way there,
 * this would not end.
 */

static void
route_adversary(ngx_pool_t *pool)
{
    char                             buf[4 * ROUTE_DEEP + 8], *p;
    ngx_str_t                        text;
    ngx_uint_t                       i, j, found;
    ngx_http_endpoint_route_t       *tree;
    ngx_http_endpoint_route_match_t  match;

    static ngx_str_t  get = ngx_string("GET");

    tree = ngx_http_endpoint_route_create(pool);

    for (i = 0; i < 1 << ROUTE_DEEP; i++) {
        p = buf;

        for (j = 0; j < ROUTE_DEEP; j++) {
            *p++ = '/';
            *p++ = (i & (1 << j)) ? '$' : 'a';
        }

        ngx_memcpy(p, "/end", sizeof("/end"));
        route_add(tree, pool, "GET", buf, buf);
    }

    for (p = buf, j = 0; j < ROUTE_DEEP; j++) {
        *p++ = '/';
        *p++ = 'a';
    }

    text.data = (u_char *) buf;
    text.len = p - buf + 4;
    ngx_memcpy(p, "/eno", sizeof("/eno"));

    for (i = 0, found = 0; i < 1000; i++) {
        if (ngx_http_endpoint_route_match(tree, &get, &text, &match)) {
            found++;
        }
    }

    (void) unit_int(found, 0, "a search through every node ends");
}


/* a failed add harms nothing that is there, and can be done again */

static void
route_memory(ngx_pool_t *pool)
{
    ngx_str_t                        text[9];
    ngx_uint_t                       i, n, lost, failed;
    ngx_array_t                     *parts[9];
    ngx_http_endpoint_route_t       *tree;
    ngx_http_endpoint_route_match_t  match;

    static ngx_str_t    get = ngx_string("GET");
    static const char  *patterns[] = {
        "/users/me", "/users/mend", "/users/$", "/usual", "/", "/users/x/*",
        "/users/$/posts", "/a", "/zzz/$/*"
    };

    for (i = 0; i < 9; i++) {
        text[i] = unit_copy(pool, patterns[i], ngx_strlen(patterns[i]));
        parts[i] = route_naive_parts(pool, &text[i]);
    }

    unit_fail_alloc = 1;
    (void) unit_ok(ngx_http_endpoint_route_create(pool) == NULL,
                   "no memory for a tree");

    lost = 0;
    failed = 0;

    for (n = 1; unit_fail_alloc == 0; n++) {

        tree = ngx_http_endpoint_route_create(pool);
        unit_fail_alloc = n;

        for (i = 0; i < 9; i++) {
            while (ngx_http_endpoint_route_add(tree, &get, parts[i], &text[i])
                   != &text[i])
            {
                failed++;
            }
        }

        for (i = 0; i < 9; i++) {
            if (ngx_http_endpoint_route_match(tree, &get, &text[i], &match)
                != &text[i])
            {
                lost++;
            }
        }
    }

    unit_fail_alloc = 0;

    (void) unit_ok(failed > 40, "every allocation of an add failed once");
    (void) unit_int(failed, n - 2, "and each failed one add");
    (void) unit_int(lost, 0, "no pattern was lost");
}


static void
route_allow_memory(ngx_pool_t *pool)
{
    ngx_str_t                   path, allow;
    ngx_uint_t                  n;
    ngx_http_endpoint_route_t  *tree;

    tree = ngx_http_endpoint_route_create(pool);

    route_add(tree, pool, "GET", "/$", NULL);
    route_add(tree, pool, "PUT", "/a", NULL);
    route_add(tree, pool, "POST", "/a", NULL);
    route_add(tree, pool, "PATCH", "/a", NULL);
    route_add(tree, pool, "DELETE", "/*", NULL);

    ngx_str_set(&path, "/a");

    for (n = 1; n < 10; n++) {
        unit_fail_alloc = n;

        if (ngx_http_endpoint_route_allow(tree, pool, &path, &allow) == NGX_OK)
        {
            break;
        }
    }

    unit_fail_alloc = 0;

    (void) unit_int(n, 4, "allow fails for each of three allocations");
    (void) unit_str(&allow, "GET, PUT, POST, PATCH, DELETE", "then answers");
}


/* the same numbers on every machine */

static ngx_uint_t
route_random(ngx_uint_t n)
{
    static uint64_t  state = 20240229;

    state = state * 6364136223846793005ULL + 1442695040888963407ULL;

    return (ngx_uint_t) (state >> 33) % n;
}


/* few words that are one another's beginnings, so that much collides */

static ngx_str_t
route_random_text(ngx_pool_t *pool, ngx_uint_t bound)
{
    u_char       buf[64], *p;
    ngx_uint_t   n;
    const char  *word;

    static const char  *words[] = {
        "", "a", "b", "ab", "aa", "abc", "abcd", "b\x80", "\xff", "$", "$", "$"
    };

    p = buf;

    for (n = route_random(5) + 1; n; n--) {
        *p++ = '/';

        if (bound && n == 1 && route_random(5) == 0) {
            *p++ = '*';
            break;
        }

        word = words[route_random(bound ? 12 : 9)];
        p = ngx_cpymem(p, word, ngx_strlen(word));
    }

    return unit_copy(pool, (char *) buf, p - buf);
}


static ngx_uint_t
route_random_tree(ngx_pool_t *pool)
{
    void                       *data;
    u_char                      buf[256];
    ngx_str_t                   path, text, *method;
    ngx_uint_t                  i, n, wrong;
    ngx_array_t                *parts;
    route_naive_t              *naive;
    ngx_http_endpoint_route_t  *tree;

    static ngx_str_t  methods[] = {
        ngx_string("GET"), ngx_string("HEAD"), ngx_string("POST"),
        ngx_string("PUT")
    };

    wrong = 0;

    tree = ngx_http_endpoint_route_create(pool);
    naive = ngx_pcalloc(pool, ROUTE_PATTERNS * sizeof(route_naive_t));

    n = 0;

    for (i = route_random(ROUTE_PATTERNS); i; i--) {

        text = route_random_text(pool, 1);
        method = &methods[route_random(4)];
        parts = route_naive_parts(pool, &text);

        naive[n].pattern = text;
        naive[n].method = *method;

        data = ngx_http_endpoint_route_add(tree, method, parts, &naive[n]);

        if (data == &naive[n]) {
            n++;

        } else if (!route_naive_same(&((route_naive_t *) data)->pattern, &text)
                   || !route_naive_same(&((route_naive_t *) data)->method,
                                        method))
        {
            wrong++;
        }
    }

    for (i = 0; i < ROUTE_PATHS; i++) {

        path = route_random_text(pool, 0);

        if (!route_naive_agrees(naive, n, tree, pool,
                                &methods[route_random(4)], &path, buf))
        {
            wrong++;
        }
    }

    return wrong;
}


static void
route_differential(void)
{
    ngx_uint_t   i, wrong;
    ngx_pool_t  *pool;

    wrong = 0;

    for (i = 0; i < ROUTE_TREES; i++) {
        pool = ngx_create_pool(4096, &unit_log);
        wrong += route_random_tree(pool);
        ngx_destroy_pool(pool);
    }

    (void) unit_int(wrong, 0, "random trees agree with the naive matcher");
}


int
main(void)
{
    ngx_uint_t   i;
    ngx_pool_t  *pool;

    static void  (*tests[])(ngx_pool_t *pool) = {
        route_empty, route_literals, route_bound, route_backtracking,
        route_methods, route_duplicates, route_captures, route_bytes,
        route_many, route_adversary, route_memory, route_allow_memory
    };

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        pool = ngx_create_pool(4096, &unit_log);
        tests[i](pool);
        ngx_destroy_pool(pool);
    }

    route_differential();

    return unit_done();
}
