
/* Paths for the JSON unit, from how they are written behind a name. */


#ifndef _JSON_PATHS_H_INCLUDED_
#define _JSON_PATHS_H_INCLUDED_


#include "../../src/data/ngx_http_endpoint_json.h"

#include "unit.h"


/* an integer or "", then the byte behind it */

static ngx_inline const char *
json_paths_int(const char *p, ngx_int_t *n, ngx_int_t empty)
{
    char  *end;

    *n = strtol(p, &end, 10);

    if (end == p) {
        *n = empty;
    }

    return end;
}


/* ".name", "[0]", "[-1]", "[*]", "[1:3]", one behind the other */

static ngx_inline ngx_array_t *
json_paths_parse(ngx_pool_t *pool, const char *p)
{
    ngx_array_t                   *keys;
    ngx_http_endpoint_json_key_t  *key;

    keys = ngx_array_create(pool, 4, sizeof(ngx_http_endpoint_json_key_t));
    if (keys == NULL) {
        abort();
    }

    while (*p) {
        key = ngx_array_push(keys);
        if (key == NULL) {
            abort();
        }

        ngx_memzero(key, sizeof(ngx_http_endpoint_json_key_t));

        if (*p == '.') {
            key->type = ngx_http_endpoint_json_member;
            key->name.data = (u_char *) ++p;
            key->name.len = strcspn(p, ".[");
            p += key->name.len;
            continue;
        }

        if (p[1] == '*') {
            key->type = ngx_http_endpoint_json_all;
            p += 3;
            continue;
        }

        key->type = ngx_http_endpoint_json_index;
        p = json_paths_int(p + 1, &key->from, 0);

        if (*p == ':') {
            key->type = ngx_http_endpoint_json_slice;
            p = json_paths_int(p + 1, &key->to, NGX_MAX_INT_T_VALUE);
        }

        p++;
    }

    return keys;
}


#endif /* _JSON_PATHS_H_INCLUDED_ */
