
#include "unit.h"
#include "json_paths.h"
#include "json_tree.h"
#include "../../src/data/ngx_http_endpoint_escape.c"
#include "../../src/data/ngx_http_endpoint_value.c"
#include "../../src/data/ngx_http_endpoint_json_check.c"
#include "../../src/data/ngx_http_endpoint_json.c"
#include "../../src/data/ngx_http_endpoint_json_parse.c"
#include "../../src/data/ngx_http_endpoint_json_scan.c"
#include "../../src/data/ngx_http_endpoint_writer.c"
#include "../../src/data/ngx_http_endpoint_utf8.c"


#define JSON_PATHS     100
#define JSON_ELEMENTS  5000


typedef struct {
    const char  *text;
    const char  *path;
    const char  *found;
} json_case_t;


static json_case_t  json_cases[] = {
    { "{\"a\":1}", ".a", "1" },
    { "{\"a\":1}", ".b", "null" },
    { "{\"a\":1}", "", "{\"a\":1}" },
    { " 12 ", "", "12" },
    { "12", ".a", "null" },
    { "\"a\"", "[0]", "null" },
    { "null", "[*]", "null" },
    { "[]", ".a", "null" },
    { "{}", "[0]", "null" },
    { " { \"a\" : { \"b\" : -1.50 } , \"c\" : 2 } ", ".a.b", "-1.50" },
    { " { \"a\" : { \"b\" : -1.50 } , \"c\" : 2 } ", ".a",
      "{ \"b\" : -1.50 }" },
    { " { \"a\" : { \"b\" : -1.50 } , \"c\" : 2 } ", ".c", "2" },
    { "{\"a\":{\"b\":1},\"b\":2}", ".b", "2" },
    { "{\"x\":{\"a\":1},\"y\":[{\"a\":2}]}", ".a", "null" },
    { "{\"a\":true,\"b\":false,\"c\":null,\"d\":\"s\"}", ".a", "true" },
    { "{\"a\":true,\"b\":false,\"c\":null,\"d\":\"s\"}", ".b", "false" },
    { "{\"a\":true,\"b\":false,\"c\":null,\"d\":\"s\"}", ".c", "null" },
    { "{\"a\":true,\"b\":false,\"c\":null,\"d\":\"s\"}", ".d", "\"s\"" },
    { "{\"a\":12345678901234567890.1234567890e5}", ".a",
      "12345678901234567890.1234567890e5" },
    { "{\"a\":\"q\\\"\\u00e9\\n\",\"b\":1}", ".a", "\"q\\\"\\u00e9\\n\"" },
    { "{\"a\":\"q\\\"\\u00e9\\n\",\"b\":1}", ".b", "1" },
    { "{\"\\u0061\":1}", ".a", "1" },
    { "{\"\\u0061b\":1,\"b\\/\":2}", ".ab", "1" },
    { "{\"\\u00e9\":1}", ".\xc3\xa9", "1" },
    { "{\"\\ud83d\\ude00\":1}", ".\xf0\x9f\x98\x80", "1" },
    { "{\"\\ud83d\":1}", ".a", "null" },
    { "{\"a\\u0000\":1}", ".a", "null" },
    { "{\"\\u0061\\u0061\":1}", ".a", "null" },
    { "{\"\\\\\":1,\"a\\\"\":[\"]}\"],\"b\":2}", ".b", "2" },
    { "{\"a long key that is no other\":{\"x\":\"0123456789abcdef\\\"]\"},"
      "\"a long key that is no one's\":3}", ".a long key that is no one's", "3" },
    { "{\"\xc3\xa9\":1}", ".\xc3\xa9", "1" },
    { "{\"a\":[],\"b\":{}}", ".a", "[]" },
    { "{\"a\":[],\"b\":{}}", ".b", "{}" },

    /* of members named twice the last counts, at each level */

    { "{\"a\":1,\"a\":2}", ".a", "2" },
    { "{\"a\":1,\"a\":null}", ".a", "null" },
    { "{\"a\":{\"b\":1},\"a\":{\"c\":2}}", ".a.b", "null" },
    { "{\"a\":{\"b\":1},\"a\":5}", ".a.b", "null" },
    { "{\"a\":{\"b\":1},\"a\":[{\"b\":2}]}", ".a.b", "null" },
    { "{\"a\":{\"b\":{\"c\":1}},\"a\":{\"b\":{\"c\":3}}}", ".a.b.c", "3" },
    { "{\"a\":{\"a\":1},\"b\":{\"a\":2}}", ".a.a", "1" },

    { "[1,2,3]", "[0]", "1" },
    { "[1,2,3]", "[2]", "3" },
    { "[1,2,3]", "[3]", "null" },
    { "[1,2,3]", "[-1]", "3" },
    { "[1,2,3]", "[-3]", "1" },
    { "[1,2,3]", "[-4]", "null" },
    { "[ [ 1 , 2 ] , [ 3 , [ 4 ] ] ]", "[1]", "[ 3 , [ 4 ] ]" },
    { "[ [ 1 , 2 ] , [ 3 , [ 4 ] ] ]", "[1][1][0]", "4" },
    { "[ [ 1 , 2 ] , [ 3 , [ 4 ] ] ]", "[-1][-1][-1]", "4" },
    { "[[],[[]],{\"a\":[5,6]}]", "[2].a[1]", "6" },
    { "[{\"a\":1},{\"a\":2}]", "[1].a", "2" },
    { "[{\"a\":1},{\"a\":2}]", "[-1].a", "2" },
    { "[{\"a\":1},7]", "[-1].a", "null" },
    { "{\"a\":{\"0\":1}}", ".a[0]", "null" },
    { "{\"a\":{\"0\":1}}", ".a[-1]", "null" },

    { "[1, 2 ,3]", "[*]", "[1, 2 ,3]" },
    { "[]", "[*]", "[]" },
    { "{\"a\":1}", "[*]", "null" },
    { "[{\"a\":1},{\"b\":2},{\"a\":[3]},4,[{\"a\":5}],null]", "[*].a",
      "[1,null,[3],null,null,null]" },
    { "[{\"a\":1,\"a\":2}]", "[*].a", "[2]" },
    { "{\"p\":[{\"t\":\"x\"},{\"t\":\"y\"}]}", ".p[*].t", "[\"x\",\"y\"]" },
    { "{\"p\":{\"q\":[{\"t\":{\"u\":1}},{\"t\":2}]}}", ".p.q[*].t.u",
      "[1,null]" },
    { "{\"p\":7}", ".p[*].t", "null" },
    { "{}", ".p[*].t", "null" },
    { "[[1,2],[3],[],4]", "[*][0]", "[1,3,null,null]" },
    { "[[1,2],[3],[],4]", "[*][-1]", "[2,3,null,null]" },
    { "[[1,2],[3],[],4]", "[*][*]", "[[1,2],[3],[],null]" },
    { "[{\"a\":[{\"b\":1},{\"b\":2}]},{\"a\":[]},{}]", "[*].a[*].b",
      "[[1,2],[],null]" },
    { "[{\"a\":[{\"b\":1},{\"b\":2}]},{\"a\":[]},{}]", "[*].a[-1].b",
      "[2,null,null]" },

    { "[0,1,2,3,4]", "[0:3]", "[0,1,2]" },
    { "[0,1,2,3,4]", "[:2]", "[0,1]" },
    { "[0,1,2,3,4]", "[3:]", "[3,4]" },
    { "[0,1,2,3,4]", "[:]", "[0,1,2,3,4]" },
    { "[0,1,2,3,4]", "[-2:]", "[3,4]" },
    { "[0,1,2,3,4]", "[:-2]", "[0,1,2]" },
    { "[0,1,2,3,4]", "[-9:-3]", "[0,1]" },
    { "[0,1,2,3,4]", "[2:2]", "[]" },
    { "[0,1,2,3,4]", "[3:1]", "[]" },
    { "[0,1,2,3,4]", "[4:99]", "[4]" },
    { "[0,1,2,3,4]", "[7:99]", "[]" },
    { "[0,1,2,3,4]", "[:-9]", "[]" },
    { "[]", "[0:3]", "[]" },
    { "{\"p\":[{\"t\":1},{\"t\":2},{\"t\":3}]}", ".p[0:2].t", "[1,2]" },
    { "{\"p\":[{\"t\":1},{\"t\":2},{\"t\":3}]}", ".p[1:]",
      "[{\"t\":2},{\"t\":3}]" },
    { "[[[1,2],[3]],[[4]]]", "[0:1][0:2][0]", "[[1,3]]" }
};


static char  *json_bad[] = { "{", "[1,]", "1 2", "\"\xed\xa0\x80\"", "1\"",
                             "{\"a\":\v1}", "[1]x", "nul", "\xff" };

static char  *json_empty[] = { "", " ", "\r\n\t " };


static ngx_int_t
json_one(ngx_pool_t *pool, ngx_str_t *text, const char *path,
    ngx_http_endpoint_value_t *v)
{
    ngx_http_endpoint_json_path_t  p;

    p.keys = json_paths_parse(pool, path);
    p.slot = 0;

    return ngx_http_endpoint_json_extract(pool, text, &p, 1, v);
}


static void
json_case(json_case_t *c)
{
    ngx_str_t                  s, json;
    ngx_pool_t                *pool;
    ngx_http_endpoint_value_t  v;

    pool = ngx_create_pool(4096, &unit_log);

    s = unit_copy(pool, c->text, ngx_strlen(c->text));

    if (unit_ok(json_one(pool, &s, c->path, &v) == NGX_OK
                && ngx_http_endpoint_value_to_json(pool, &v, &json) == NGX_OK,
                "%s of %s", c->path, c->text))
    {
        unit_str(&json, c->found, "is what it leads to");
    }

    ngx_destroy_pool(pool);
}


static void
json_codes(ngx_pool_t *pool)
{
    ngx_str_t                       s;
    ngx_uint_t                      i;
    ngx_http_endpoint_value_t       v;
    ngx_http_endpoint_json_path_t   path;

    for (i = 0; i < sizeof(json_bad) / sizeof(json_bad[0]); i++) {
        s = unit_copy(pool, json_bad[i], ngx_strlen(json_bad[i]));
        unit_int(json_one(pool, &s, ".a", &v), NGX_DECLINED, json_bad[i]);
        unit_int(ngx_http_endpoint_json_extract(pool, &s, NULL, 0, NULL),
                 NGX_DECLINED, "without a path");
    }

    for (i = 0; i < sizeof(json_empty) / sizeof(json_empty[0]); i++) {
        s = unit_copy(pool, json_empty[i], ngx_strlen(json_empty[i]));
        unit_int(json_one(pool, &s, ".a", &v), NGX_ABORT, "blank");
    }

    s = unit_copy(pool, " [1] ", 5);
    unit_int(ngx_http_endpoint_json_extract(pool, &s, NULL, 0, NULL), NGX_OK,
             "a check alone");

    path.keys = NULL;
    path.slot = 0;

    unit_int(ngx_http_endpoint_json_extract(pool, &s, &path, 1, &v), NGX_OK,
             "no keys");
    unit_str(&v.data, "[1]", "the whole text");
}


/* more paths than a word has bits, into slots in another order */

static void
json_many(ngx_pool_t *pool)
{
    u_char                         *p;
    ngx_str_t                       s;
    ngx_uint_t                      i, good;
    ngx_http_endpoint_value_t       values[JSON_PATHS];
    ngx_http_endpoint_json_path_t   paths[JSON_PATHS];

    s.data = ngx_pnalloc(pool, JSON_PATHS * 64);
    p = ngx_sprintf(s.data, "{\"all\":{");

    for (i = 0; i < JSON_PATHS; i++) {
        p = ngx_sprintf(p, "%s\"k%ui\":{\"v\":[%ui,%ui]}", i ? "," : "", i, i,
                        i * i);
    }

    p = ngx_sprintf(p, "}}");
    s.len = p - s.data;

    for (i = 0; i < JSON_PATHS; i++) {
        p = ngx_pnalloc(pool, 64);
        ngx_sprintf(p, ".all.k%ui.v[1]%Z", i);

        paths[i].keys = json_paths_parse(pool, (char *) p);
        paths[i].slot = JSON_PATHS - 1 - i;
    }

    unit_int(ngx_http_endpoint_json_extract(pool, &s, paths, JSON_PATHS,
                                            values),
             NGX_OK, "many paths");

    good = 1;

    for (i = 0; i < JSON_PATHS; i++) {
        good = good
               && ngx_atoi(values[JSON_PATHS - 1 - i].data.data,
                           values[JSON_PATHS - 1 - i].data.len)
                  == (ngx_int_t) (i * i);
    }

    unit_ok(good, "each in its slot");
}


/* paths that share what they lead through, with one that takes it whole */

static void
json_overlapping(ngx_pool_t *pool)
{
    ngx_str_t                       s;
    ngx_uint_t                      i;
    ngx_http_endpoint_value_t       values[6];
    ngx_http_endpoint_json_path_t   paths[6];
    static char                    *text = "{\"a\":{\"b\":[1,{\"c\":2}],"
                                           "\"d\":3},\"e\":4}";
    static char                    *names[] = { "", ".a", ".a.b", ".a.b[1].c",
                                                ".a.d", ".a.b[*]" };
    static char                    *found[] = {
        NULL, "{\"b\":[1,{\"c\":2}],\"d\":3}", "[1,{\"c\":2}]", "2", "3",
        "[1,{\"c\":2}]"
    };

    found[0] = text;
    s = unit_copy(pool, text, ngx_strlen(text));

    for (i = 0; i < 6; i++) {
        paths[i].keys = json_paths_parse(pool, names[i]);
        paths[i].slot = i;
    }

    unit_int(ngx_http_endpoint_json_extract(pool, &s, paths, 6, values),
             NGX_OK, "overlapping paths");

    for (i = 0; i < 6; i++) {
        unit_str(&values[i].data, found[i], names[i]);
    }

    unit_ok(values[0].data.data == s.data
            && values[2].data.data == s.data + 10, "are slices of the text");
}


static void
json_elements_of(ngx_pool_t *pool)
{
    u_char                         *p;
    ngx_str_t                       s;
    ngx_uint_t                      i, good;
    ngx_http_endpoint_value_t       v;
    ngx_http_endpoint_json_scan_t   scan;

    s.data = ngx_pnalloc(pool, JSON_ELEMENTS * 32);
    p = s.data;

    for (i = 0; i < JSON_ELEMENTS; i++) {
        p = ngx_sprintf(p, "%c{\"n\":[%ui]}\n", i ? ',' : '[', i);
    }

    *p++ = ']';
    s.len = p - s.data;

    ngx_http_endpoint_value_json(&v, s.data, s.len);

    unit_int(ngx_http_endpoint_json_count(&v, JSON_ELEMENTS * 2),
             JSON_ELEMENTS, "elements");
    unit_int(ngx_http_endpoint_json_count(&v, 7), 7, "counted no further");

    ngx_http_endpoint_json_scan(&scan, &s);
    good = 1;

    for (i = 0; ngx_http_endpoint_json_scan_next(&scan); i++) {
        good = good && ngx_atoi(scan.value.data + 6, scan.value.len - 8)
                       == (ngx_int_t) i;
    }

    unit_ok(good && i == JSON_ELEMENTS, "each in its place");

    unit_int(json_one(pool, &s, "[*].n[0]", &v), NGX_OK, "a long projection");
    unit_ok(v.data.len > JSON_ELEMENTS && v.data.data[1] == '0', "is one");

    ngx_http_endpoint_value_json(&v, (u_char *) "{}", 2);
    unit_int(ngx_http_endpoint_json_count(&v, 9), 0, "an object has none");
}


/* where a path leads through a member twice, whatever is found */

static void
json_twice(ngx_pool_t *pool)
{
    ngx_str_t                       s;
    ngx_uint_t                      i;
    ngx_http_endpoint_value_t       v;
    ngx_http_endpoint_json_path_t   path, *twice;
    static struct {
        const char  *text;
        const char  *path;
        ngx_uint_t   twice;
    } cases[] = {
        { "{\"a\":1,\"a\":1}", ".a", 1 },
        { "{\"a\":1,\"\\u0061\":2}", ".a", 1 },
        { "{\"a\":1,\"b\":2,\"b\":2}", ".a", 0 },
        { "{\"a\":1,\"A\":2}", ".a", 0 },
        { "{\"a\":{\"b\":1},\"a\":{\"c\":1}}", ".a.b", 1 },
        { "{\"a\":{\"b\":1,\"b\":2}}", ".a.b", 1 },
        { "{\"a\":{\"b\":1,\"b\":2}}", ".a", 0 },
        { "{\"a\":{\"b\":1},\"b\":{\"b\":1}}", ".a.b", 0 },
        { "[{\"a\":1},{\"a\":1}]", "[*].a", 0 },
        { "[{\"a\":1},{\"a\":1,\"a\":2}]", "[*].a", 1 },
        { "[[{\"a\":1,\"a\":2}]]", "[*][*].a", 1 },
        { "[{\"a\":1},{\"a\":1,\"a\":2}]", "[0].a", 0 },
        { "[{\"a\":1},{\"a\":1,\"a\":2}]", "[-1].a", 1 },
        { "{\"x\":[{\"a\":1,\"a\":2}]}", ".x[0:1].a", 1 },
        { "{\"x\":[1],\"x\":[2]}", ".x[-1]", 1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        s = unit_copy(pool, cases[i].text, ngx_strlen(cases[i].text));

        path.keys = json_paths_parse(pool, cases[i].path);
        path.slot = 0;

        unit_ok(ngx_http_endpoint_json_take(pool, &s, &path, 1, 1, &v,
                                            &twice)
                == NGX_OK
                && (twice == &path) == cases[i].twice,
                "%s of %s twice: %d", cases[i].path, cases[i].text,
                (int) cases[i].twice);
    }
}


/* what is found is what yajl's tree leads to */

static void
json_oracle_agrees(json_case_t *c)
{
    char                       *expected, *found;
    ngx_str_t                   s, json;
    ngx_pool_t                 *pool;
    ngx_http_endpoint_value_t   v;

    pool = ngx_create_pool(4096, &unit_log);
    s = unit_copy(pool, c->text, ngx_strlen(c->text));

    (void) json_one(pool, &s, c->path, &v);
    (void) ngx_http_endpoint_value_to_json(pool, &v, &json);

    expected = json_tree(&s, json_paths_parse(pool, c->path));
    found = json_tree(&json, NULL);

    unit_ok(expected && found && ngx_strcmp(expected, found) == 0,
            "%s of %s as yajl finds it: %s, %s", c->path, c->text, expected,
            found);

    free(expected);
    free(found);
    ngx_destroy_pool(pool);
}


/* a small text of much: no more memory than a few times the text */

static void
json_memory(void)
{
    ngx_str_t                   s;
    ngx_uint_t                  i, allocs;
    ngx_pool_t                 *pool;
    ngx_http_endpoint_value_t   v;
    static char                *paths[] = { "[*]", "[-1]", "[*][*]", "[1:-1]",
                                            "[*].a", "[*][-1]" };

    s.len = 4 * 100000 + 1;
    s.data = malloc(s.len);

    for (i = 0; i < 100000; i++) {
        ngx_memcpy(s.data + 4 * i, i ? ",[1]" : "[[1]", 4);
    }

    s.data[s.len - 1] = ']';

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        pool = ngx_create_pool(4096, &unit_log);
        allocs = unit_allocs;

        unit_int(json_one(pool, &s, paths[i], &v), NGX_OK, paths[i]);
        unit_ok(unit_allocs - allocs < 30, "%s takes a few blocks", paths[i]);

        ngx_destroy_pool(pool);
    }

    free(s.data);
}


static void
json_depths(ngx_pool_t *pool)
{
    ngx_str_t                  s;
    ngx_uint_t                 n;
    ngx_http_endpoint_value_t  v;

    for (n = NGX_HTTP_ENDPOINT_JSON_DEPTH - 1;
         n <= NGX_HTTP_ENDPOINT_JSON_DEPTH; n++)
    {
        s.len = 2 * n + 7;
        s.data = ngx_pnalloc(pool, s.len);

        memset(s.data, '[', n);
        memset(s.data + n, ']', n);
        memmove(s.data + 5, s.data, 2 * n);
        ngx_memcpy(s.data, "{\"a\":", 5);
        ngx_memcpy(s.data + 2 * n + 5, "} ", 2);

        if (n == NGX_HTTP_ENDPOINT_JSON_DEPTH) {
            unit_int(json_one(pool, &s, ".a", &v), NGX_DECLINED, "too deep");
            break;
        }

        unit_int(json_one(pool, &s, ".a[0][0]", &v), NGX_OK, "deep");
        unit_int(v.data.len, 2 * (n - 2), "and whole");
    }
}


/* each allocation fails once; yajl's own are among them */

static void
json_no_memory(void)
{
    ngx_int_t                       rc;
    ngx_str_t                       s;
    ngx_uint_t                      i, n;
    ngx_pool_t                     *pool;
    ngx_http_endpoint_value_t       values[4];
    ngx_http_endpoint_json_path_t   paths[4];
    static char                    *names[] = { ".a", ".b[*].c[-1]", "[1:2]",
                                                ".b[-1].c[0]" };
    static char                    *text = "{\"\\u0061\": \"\\n\", \"b\":"
                                           " [{\"c\": [\"\\t\", 1, [[[]]]]},"
                                           " 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}";

    for (n = 1; n < 1000; n++) {
        pool = ngx_create_pool(4096, &unit_log);

        s = unit_copy(pool, text, ngx_strlen(text));

        for (i = 0; i < 4; i++) {
            paths[i].keys = json_paths_parse(pool, names[i]);
            paths[i].slot = i;
        }

        unit_fail_alloc = n;
        rc = ngx_http_endpoint_json_parse(pool, &s);

        if (rc == NGX_OK) {
            rc = ngx_http_endpoint_json_extract(pool, &s, paths, 4, values);
        }

        i = unit_fail_alloc;
        unit_fail_alloc = 0;

        ngx_destroy_pool(pool);

        if (i || rc != NGX_ERROR) {
            break;
        }
    }

    unit_ok(rc == NGX_OK && i && n > 10, "each of %lu allocations failed",
            (unsigned long) n - 1);
}


int
main(void)
{
    ngx_uint_t   i;
    ngx_pool_t  *pool;

    for (i = 0; i < sizeof(json_cases) / sizeof(json_cases[0]); i++) {
        json_case(&json_cases[i]);

        /* yajl's tree has strings up to a NUL */

        if (strstr(json_cases[i].text, "\\u0000") == NULL) {
            json_oracle_agrees(&json_cases[i]);
        }
    }

    pool = ngx_create_pool(4096, &unit_log);

    json_codes(pool);
    json_many(pool);
    json_overlapping(pool);
    json_elements_of(pool);
    json_twice(pool);
    json_memory();
    json_depths(pool);
    json_no_memory();

    ngx_destroy_pool(pool);

    return unit_done();
}
