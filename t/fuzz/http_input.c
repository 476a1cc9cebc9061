
/*
 * The first byte is the length of a name; the name, a value behind it, and what
 * was sent before: the argument or cookie that is sent last is found again.
 */


#include "../../src/http/ngx_http_endpoint_argument.c"
#include "../../src/http/ngx_http_endpoint_cookie.c"
#include "../../src/http/ngx_http_endpoint_http_input.c"
#include "../unit/unit.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* what the functions that are not called here stand on */

ngx_int_t
ngx_http_endpoint_input_text(ngx_http_endpoint_input_t *input,
    ngx_str_t *text, ngx_http_endpoint_value_t *value,
    ngx_http_endpoint_faults_t *faults)
{
    abort();
}


ngx_int_t
ngx_http_endpoint_input_from_body(ngx_http_endpoint_input_t *inputs,
    ngx_uint_t n, ngx_str_t *body, ngx_str_t *content_type, ngx_uint_t once,
    ngx_http_endpoint_value_t *values, ngx_http_endpoint_faults_t *faults)
{
    abort();
}


ngx_int_t
ngx_http_endpoint_input_twice(ngx_http_endpoint_input_t *input,
    ngx_http_endpoint_json_path_t *path, ngx_http_endpoint_value_t *value,
    ngx_http_endpoint_faults_t *faults)
{
    abort();
}


ngx_int_t
ngx_http_endpoint_json_take(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_json_path_t *paths, ngx_uint_t n, ngx_uint_t once,
    ngx_http_endpoint_value_t *values, ngx_http_endpoint_json_path_t **twice)
{
    abort();
}


void
ngx_http_endpoint_value_text(ngx_http_endpoint_value_t *v, u_char *data,
    size_t len)
{
    abort();
}


ssize_t
ngx_read_file(ngx_file_t *file, u_char *buf, size_t size, off_t offset)
{
    abort();
}


static u_char *
http_input_escape(u_char *p, ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {
        p = ngx_sprintf(p, "%%%02xd", (ngx_uint_t) text->data[i]);
    }

    return p;
}


static void
http_input_require(ngx_int_t rc, ngx_str_t *text, ngx_str_t *expected)
{
    if ((rc != NGX_OK && rc != NGX_BUSY) || text->len != expected->len
        || ngx_memcmp(text->data, expected->data, text->len) != 0)
    {
        abort();
    }
}


static void
http_input_arg(ngx_pool_t *pool, ngx_str_t *name, ngx_str_t *value,
    ngx_str_t *before)
{
    u_char              *p;
    ngx_str_t            args, text;
    ngx_http_request_t   r;

    ngx_memzero(&r, sizeof(ngx_http_request_t));
    r.pool = pool;
    r.args = *before;

    (void) ngx_http_endpoint_http_arg(&r, name, &text);

    args.data = ngx_pnalloc(pool, before->len + 3 * name->len
                                  + 3 * value->len + 2);

    p = ngx_cpymem(args.data, before->data, before->len);
    *p++ = '&';
    p = http_input_escape(p, name);
    *p++ = '=';
    p = http_input_escape(p, value);

    args.len = p - args.data;
    r.args = unit_copy(pool, (char *) args.data, args.len);

    http_input_require(ngx_http_endpoint_http_arg(&r, name, &text), &text,
                       value);
}


/* no quotes or spaces about the value, and nothing that ends it */

static ngx_uint_t
http_input_plain(ngx_str_t *text, char *not)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] == '\0' || ngx_strchr(not, text->data[i])) {
            return 0;
        }
    }

    return 1;
}


static void
http_input_cookie(ngx_pool_t *pool, ngx_str_t *name, ngx_str_t *value,
    ngx_str_t *before)
{
    u_char     *p;
    ngx_str_t   cookie, text;

    text = *before;
    (void) ngx_http_endpoint_cookie_unquote(pool, &text);
    (void) ngx_http_endpoint_cookie_pair(before, name, &text);

    if (!http_input_plain(name, " \t;=")
        || !http_input_plain(value, " \t;\"\\"))
    {
        return;
    }

    cookie.data = ngx_pnalloc(pool, before->len + name->len + value->len + 7);

    p = ngx_cpymem(cookie.data, before->data, before->len);
    p = ngx_cpymem(p, "; ", 2);
    p = ngx_cpymem(p, name->data, name->len);
    p = ngx_cpymem(p, " =\"", 3);
    p = ngx_cpymem(p, value->data, value->len);
    *p++ = '"';
    *p++ = ' ';

    cookie = unit_copy(pool, (char *) cookie.data, p - cookie.data);

    if (!ngx_http_endpoint_cookie_pair(&cookie, name, &text)) {
        abort();
    }

    http_input_require(ngx_http_endpoint_cookie_unquote(pool, &text), &text,
                       value);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t       len;
    u_char      *p, *end;
    ngx_str_t    name, value, before;
    ngx_pool_t  *pool;

    if (size == 0) {
        return 0;
    }

    pool = ngx_create_pool(4096, &unit_log);

    p = (u_char *) data + 1;
    end = (u_char *) data + size;

    len = ngx_min(data[0], end - p);
    name = unit_copy(pool, (char *) p, len);
    p += len;

    len = (end - p) / 2;
    value = unit_copy(pool, (char *) p, len);
    p += len;

    before = unit_copy(pool, (char *) p, end - p);

    http_input_arg(pool, &name, &value, &before);
    http_input_cookie(pool, &name, &value, &before);

    ngx_destroy_pool(pool);

    return 0;
}
