
#include "ngx_http_endpoint_argument.h"


static u_char *ngx_http_endpoint_argument_name(u_char *p, u_char *end,
    ngx_uint_t *encoded);


ngx_int_t
ngx_http_endpoint_argument_next(ngx_pool_t *pool, u_char **pos, u_char *end,
    ngx_str_t *name, ngx_str_t *value)
{
    u_char      *eq, *next;
    ngx_uint_t   encoded;

    eq = ngx_http_endpoint_argument_name(*pos, end, &encoded);
    next = ngx_strlchr(eq, end, '&');

    if (next == NULL) {
        next = end;
    }

    name->data = *pos;
    name->len = eq - *pos;

    value->data = (eq < next) ? eq + 1 : next;
    value->len = next - value->data;

    *pos = next + 1;

    return encoded ? ngx_http_endpoint_argument_decode(pool, name) : NGX_OK;
}


/* where the name ends that begins at p */

static u_char *
ngx_http_endpoint_argument_name(u_char *p, u_char *end, ngx_uint_t *encoded)
{
    *encoded = 0;

    for ( /* void */ ; p < end && *p != '=' && *p != '&'; p++) {
        if (*p == '%' || *p == '+') {
            *encoded = 1;
        }
    }

    return p;
}


ngx_int_t
ngx_http_endpoint_argument_decode(ngx_pool_t *pool, ngx_str_t *text)
{
    u_char     *p, *dst, *end;
    ngx_int_t   ch;

    p = text->data;
    end = text->data + text->len;

    if (ngx_strlchr(p, end, '%') == NULL && ngx_strlchr(p, end, '+') == NULL)
    {
        return NGX_OK;
    }

    dst = ngx_pnalloc(pool, text->len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    text->data = dst;

    for ( /* void */ ; p < end; p++) {

        if (*p == '+') {
            *dst++ = ' ';
            continue;
        }

        if (*p == '%' && end - p > 2) {
            ch = ngx_hextoi(p + 1, 2);

            if (ch != NGX_ERROR) {
                *dst++ = (u_char) ch;
                p += 2;
                continue;
            }
        }

        *dst++ = *p;
    }

    text->len = dst - text->data;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_argument_header(ngx_http_request_t *r, ngx_str_t *key,
    ngx_str_t *text)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash && h[i].key.len == key->len
                && ngx_strncmp(h[i].lowcase_key, key->data, key->len) == 0)
            {
                *text = h[i].value;
                return NGX_OK;
            }
        }
    }

    return NGX_DECLINED;
}
