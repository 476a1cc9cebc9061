
/*
 * What is taken out of any text is what yajl's tree leads to, valid JSON, and a
 * slice of the text where nothing was gathered; its text is UTF-8.
 */


#include "../unit/unit.h"
#include "../unit/json_paths.h"
#include "../unit/json_tree.h"
#include "../../src/data/ngx_http_endpoint_escape.c"
#include "../../src/data/ngx_http_endpoint_value.c"
#include "../../src/data/ngx_http_endpoint_utf8.c"
#include "../../src/data/ngx_http_endpoint_json_check.c"
#include "../../src/data/ngx_http_endpoint_json.c"
#include "../../src/data/ngx_http_endpoint_json_parse.c"
#include "../../src/data/ngx_http_endpoint_json_scan.c"
#include "../../src/data/ngx_http_endpoint_writer.c"


#define JSON_PLAIN  6


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static char  *json_paths[] = {
    ".a", ".a.b", "[0]", ".a[1].b", "", "[0][0].a",

    /* may be gathered */
    "[-1]", "[*]", "[*].a", ".a[*].b", "[1:-1]", "[-2].a[*][0]",
    ".a[:2].b[*]", "[*][*]"
};


static ngx_inline void
json_require(ngx_uint_t condition)
{
    if (!condition) {
        abort();
    }
}


static void
json_value(ngx_pool_t *pool, ngx_http_endpoint_value_t *v)
{
    u_char     *data;
    ngx_str_t   s;

    json_require(ngx_http_endpoint_value_to_json(pool, v, &s) == NGX_OK);
    json_require(ngx_http_endpoint_json_valid(&s) == NGX_OK);

    json_require(ngx_http_endpoint_value_to_text(pool, v, &s) == NGX_OK);
    data = s.data;
    json_require(ngx_http_endpoint_utf8_clean(pool, &s) == NGX_OK);
    json_require(s.data == data);

    json_require(ngx_http_endpoint_value_compare(pool, v, ngx_http_endpoint_eq,
                                                 v) == 1);
}


static void
json_values(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_json_path_t *paths, ngx_http_endpoint_value_t *v,
    ngx_uint_t n)
{
    char        *expected, *found;
    ngx_str_t    json;
    ngx_uint_t   i;

    for (i = 0; i < n; i++) {
        json_value(pool, &v[i]);

        if (i < JSON_PLAIN && v[i].type != ngx_http_endpoint_null) {
            json_require(v[i].data.data >= text->data
                         && v[i].data.data + v[i].data.len
                            <= text->data + text->len);
        }

        (void) ngx_http_endpoint_value_to_json(pool, &v[i], &json);

        expected = json_tree(text, paths[i].keys);
        found = json_tree(&json, NULL);

        json_require(expected && found && ngx_strcmp(expected, found) == 0);

        free(expected);
        free(found);
    }
}


/* a NUL would end a string of the tree */

static ngx_uint_t
json_has_nul(ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i + 4 <= text->len; i++) {
        if (ngx_memcmp(text->data + i, "0000", 4) == 0) {
            return 1;
        }
    }

    return 0;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_int_t                       rc, valid;
    ngx_str_t                       text;
    ngx_uint_t                      i, n;
    ngx_pool_t                     *pool;
    ngx_http_endpoint_value_t       values[32];
    ngx_http_endpoint_json_path_t   paths[32], *twice;

    pool = ngx_create_pool(4096, &unit_log);
    text = unit_copy(pool, (char *) data, size);
    n = sizeof(json_paths) / sizeof(json_paths[0]);

    for (i = 0; i < n; i++) {
        paths[i].keys = json_paths_parse(pool, json_paths[i]);
        paths[i].slot = i;
    }

    valid = ngx_http_endpoint_json_valid(&text);
    rc = ngx_http_endpoint_json_parse(pool, &text);

    json_require(rc == valid);

    if (rc == NGX_OK) {
        rc = ngx_http_endpoint_json_take(pool, &text, paths, n, 0,
                                         values, &twice);
        json_require(rc == NGX_OK);

        if (!json_has_nul(&text)) {
            json_values(pool, &text, paths, values, n);
        }
    }

    ngx_destroy_pool(pool);

    return 0;
}
