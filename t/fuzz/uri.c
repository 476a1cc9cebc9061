
/*
 * Any text in a URI and in a header: what is rendered has no more segments and
 * arguments than its template, and nothing that ends a line.
 */


#include "../unit/unit.h"
#include "../unit/template_plan.h"
#include "../../src/language/ngx_http_endpoint_uri.c"
#include "../../src/language/ngx_http_endpoint_header.c"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static char  *uri_templates[] = {
    "/up/$t", "/up/$t/x", "/up/.$t", "/up/$t$u", "/up/$t.$u/a",
    "/up/x?t=$t", "/up/x?$t=$u&v=a$t$u", "/up/$t?u=${u}x",
    "/up/x?$v=$t&a=$t"
};


/* text that a URI takes as it is */

static char  *uri_parts[] = {
    "/up/$r", "/up/$r.$t", "/up/$t/x/$r", "/up/x?$q", "/up/x?a=$v&$q&b=x$v$t"
};


/* the templates have no escapes */

void
ngx_unescape_uri(u_char **dst, u_char **src, size_t size, ngx_uint_t type)
{
    *dst = ngx_cpymem(*dst, *src, size);
    *src += size;
}


ngx_uint_t
ngx_hash_strlow(u_char *dst, u_char *src, size_t n)
{
    ngx_strlow(dst, src, n);

    return 1;
}


static ngx_inline void
uri_require(ngx_uint_t condition)
{
    if (!condition) {
        abort();
    }
}


static ngx_uint_t
uri_count(ngx_str_t *text, u_char ch)
{
    size_t      i;
    ngx_uint_t  n;

    for (i = 0, n = 0; i < text->len; i++) {
        n += text->data[i] == ch;
    }

    return n;
}


static void
uri_check(ngx_str_t *template, ngx_str_t *path, ngx_str_t *args,
    ngx_uint_t parts)
{
    size_t  i;

    uri_require(ngx_strncmp(path->data, "/up/", 4) == 0);
    uri_require(parts || uri_count(path, '/') == uri_count(template, '/'));
    uri_require(uri_count(path, '\\') == 0);
    uri_require(!ngx_http_endpoint_uri_dots(path));

    for (i = 0; i < path->len; i++) {
        uri_require(path->data[i] >= 0x20 && path->data[i] != 0x7f);
    }

    uri_require(parts || uri_count(args, '&') <= uri_count(template, '&'));
    uri_require(parts || uri_count(args, '=') <= uri_count(template, '='));

    for (i = 0; i < args->len; i++) {
        uri_require(args->data[i] > 0x20 && args->data[i] < 0x7f
                    && args->data[i] != '#'
                    && (parts || args->data[i] != '?'));
    }
}


static void
uri_render(ngx_pool_t *pool, char *template, ngx_uint_t parts)
{
    ngx_str_t                    text, path, args;
    ngx_int_t                    rc;
    ngx_http_endpoint_uri_t      uri;
    ngx_http_endpoint_refusal_t  refusal;

    text = unit_copy(pool, template, ngx_strlen(template));

    uri_require(ngx_http_endpoint_uri_compile(&template_compile, &text, &uri)
                == NGX_OK);

    ngx_memzero(&refusal, sizeof(ngx_http_endpoint_refusal_t));

    rc = ngx_http_endpoint_uri_render(&uri, &template_scope, &path, &args,
                                      &refusal);

    if (rc == NGX_OK) {
        uri_check(&text, &path, &args, parts);
        return;
    }

    uri_require(rc == NGX_DECLINED && refusal.msg && refusal.ref);
}


static void
uri_header(ngx_pool_t *pool)
{
    ngx_int_t                     rc;
    ngx_str_t                     name, value, text;
    ngx_http_endpoint_header_t    header;
    ngx_http_endpoint_refusal_t   refusal;

    name = unit_copy(pool, "X-A", 3);
    value = unit_copy(pool, "a $t, $u", 8);

    uri_require(ngx_http_endpoint_header_compile(&template_compile, &name,
                                                 &value, &header)
                == NGX_OK);

    rc = ngx_http_endpoint_header_render(&header, &template_scope, &text,
                                         &refusal);

    if (rc == NGX_OK) {
        uri_require(uri_count(&text, CR) + uri_count(&text, LF)
                    + uri_count(&text, '\0') == 0);
        return;
    }

    uri_require(rc == NGX_DECLINED && refusal.msg && refusal.ref);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_str_t    t, u;
    ngx_uint_t   i;
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &unit_log);
    template_init(pool);

    /* two values, the longer one first */

    t = unit_copy(pool, (char *) data, size - size / 3);
    u = unit_copy(pool, (char *) data + t.len, size / 3);

    uri_require(ngx_http_endpoint_utf8_clean(pool, &t) == NGX_OK);
    uri_require(ngx_http_endpoint_utf8_clean(pool, &u) == NGX_OK);

    template_text('t', t.data, t.len);
    template_text('u', u.data, u.len);
    template_text('r', t.data, t.len);
    template_text('q', u.data, u.len);
    template_text('v', t.data, t.len);

    for (i = 0; i < sizeof(uri_templates) / sizeof(uri_templates[0]); i++) {
        uri_render(pool, uri_templates[i], 0);
    }

    for (i = 0; i < sizeof(uri_parts) / sizeof(uri_parts[0]); i++) {
        uri_render(pool, uri_parts[i], 1);
    }

    uri_header(pool);

    ngx_destroy_pool(pool);

    return 0;
}
