
#include "ngx_http_endpoint_cookie.h"


static ngx_uint_t ngx_http_endpoint_cookie_pair(ngx_str_t *header,
    ngx_str_t *key, ngx_str_t *text);
static ngx_int_t ngx_http_endpoint_cookie_unquote(ngx_pool_t *pool,
    ngx_str_t *text);
static void ngx_http_endpoint_cookie_trim(u_char **start, u_char **end);


ngx_int_t
ngx_http_endpoint_cookie(ngx_http_request_t *r, ngx_str_t *key,
    ngx_str_t *text)
{
    ngx_uint_t        i, found;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    found = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash && h[i].key.len == sizeof("cookie") - 1
                && ngx_strncmp(h[i].lowcase_key, "cookie", h[i].key.len) == 0)
            {
                found += ngx_http_endpoint_cookie_pair(&h[i].value, key, text);
            }
        }
    }

    if (found == 0) {
        return NGX_DECLINED;
    }

    if (ngx_http_endpoint_cookie_unquote(r->pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    return found == 1 ? NGX_OK : NGX_BUSY;
}


/* the number of those in a header */

static ngx_uint_t
ngx_http_endpoint_cookie_pair(ngx_str_t *header, ngx_str_t *key,
    ngx_str_t *text)
{
    u_char      *p, *end, *next, *eq, *start, *stop;
    ngx_uint_t   found;

    found = 0;
    end = header->data + header->len;

    for (p = header->data; p < end; p = next + 1) {
        next = ngx_strlchr(p, end, ';');

        if (next == NULL) {
            next = end;
        }

        eq = ngx_strlchr(p, next, '=');

        if (eq == NULL) {
            continue;
        }

        start = p;
        stop = eq;
        ngx_http_endpoint_cookie_trim(&start, &stop);

        if ((size_t) (stop - start) != key->len
            || ngx_strncmp(start, key->data, key->len) != 0)
        {
            continue;
        }

        start = eq + 1;
        stop = next;
        ngx_http_endpoint_cookie_trim(&start, &stop);

        text->data = start;
        text->len = stop - start;
        found++;
    }

    return found;
}


/* as Python writes a cookie: \" is ", \054 the character of that number */

static ngx_int_t
ngx_http_endpoint_cookie_unquote(ngx_pool_t *pool, ngx_str_t *text)
{
    u_char  *p, *end, *dst, c;

    if (text->len < 2 || text->data[0] != '"'
        || text->data[text->len - 1] != '"')
    {
        return NGX_OK;
    }

    p = text->data + 1;
    end = text->data + text->len - 1;

    text->data = p;
    text->len = end - p;

    if (ngx_strlchr(p, end, '\\') == NULL) {
        return NGX_OK;
    }

    dst = ngx_pnalloc(pool, text->len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    text->data = dst;

    while (p < end) {

        if (*p != '\\' || end - p < 2) {
            *dst++ = *p++;
            continue;
        }

        if (end - p < 4 || p[1] < '0' || p[1] > '3' || p[2] < '0'
            || p[2] > '7' || p[3] < '0' || p[3] > '7')
        {
            *dst++ = p[1];
            p += 2;
            continue;
        }

        c = (p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0');
        p += 4;

        if (c < 0x80) {
            *dst++ = c;

        } else {
            *dst++ = 0xc0 | c >> 6;
            *dst++ = 0x80 | (c & 0x3f);
        }
    }

    text->len = dst - text->data;

    return NGX_OK;
}


static void
ngx_http_endpoint_cookie_trim(u_char **start, u_char **end)
{
    while (*start < *end && (**start == ' ' || **start == '\t')) {
        (*start)++;
    }

    while (*end > *start && ((*end)[-1] == ' ' || (*end)[-1] == '\t')) {
        (*end)--;
    }
}
