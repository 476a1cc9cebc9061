
#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_endpoint_utf8.h"


static u_char *ngx_http_endpoint_utf8_valid(u_char *p, u_char *last);
static size_t ngx_http_endpoint_utf8_sequence(u_char *p, u_char *last,
    ngx_uint_t *valid);


ngx_int_t
ngx_http_endpoint_utf8_clean(ngx_pool_t *pool, ngx_str_t *s)
{
    size_t       n;
    u_char      *p, *last, *start, *dst;
    ngx_uint_t   valid;

    last = s->data + s->len;

    p = ngx_http_endpoint_utf8_valid(s->data, last);

    if (p == last) {
        return NGX_OK;
    }

    /* at worst each byte that is left becomes the three of U+FFFD */

    n = p - s->data;

    start = ngx_pnalloc(pool, n + (s->len - n) * 3);
    if (start == NULL) {
        return NGX_ERROR;
    }

    dst = ngx_cpymem(start, s->data, n);

    while (p < last) {
        n = ngx_http_endpoint_utf8_sequence(p, last, &valid);

        dst = valid ? ngx_cpymem(dst, p, n)
                    : ngx_cpymem(dst, "\xef\xbf\xbd", 3);
        p += n;
    }

    s->data = start;
    s->len = dst - start;

    return NGX_OK;
}


ngx_uint_t
ngx_http_endpoint_utf8_check(ngx_str_t *s)
{
    u_char  *last;

    last = s->data + s->len;

    return ngx_http_endpoint_utf8_valid(s->data, last) == last;
}


static u_char *
ngx_http_endpoint_utf8_valid(u_char *p, u_char *last)
{
    size_t      n;
    uint64_t    bytes;
    ngx_uint_t  valid;

    while (p < last) {

        /* ASCII rarely stands alone */

        if (*p < 0x80) {

            for ( /* void */ ; last - p >= 8; p += 8) {
                ngx_memcpy(&bytes, p, 8);

                if (bytes & 0x8080808080808080ull) {
                    break;
                }
            }

            while (p < last && *p < 0x80) {
                p++;
            }

            continue;
        }

        n = ngx_http_endpoint_utf8_sequence(p, last, &valid);

        if (!valid) {
            break;
        }

        p += n;
    }

    return p;
}


/* the length of one code point, or of the part that cannot become one */

static size_t
ngx_http_endpoint_utf8_sequence(u_char *p, u_char *last, ngx_uint_t *valid)
{
    u_char  c, low, high;
    size_t  i, n;

    c = *p;
    low = 0x80;
    high = 0xbf;

    if (c < 0x80) {
        n = 1;

    } else if (c >= 0xc2 && c <= 0xdf) {
        n = 2;

    } else if (c >= 0xe0 && c <= 0xef) {
        n = 3;

        /* neither overlong nor a surrogate */
        low = (c == 0xe0) ? 0xa0 : 0x80;
        high = (c == 0xed) ? 0x9f : 0xbf;

    } else if (c >= 0xf0 && c <= 0xf4) {
        n = 4;

        /* neither overlong nor above U+10FFFF */
        low = (c == 0xf0) ? 0x90 : 0x80;
        high = (c == 0xf4) ? 0x8f : 0xbf;

    } else {
        *valid = 0;
        return 1;
    }

    for (i = 1; i < n; i++) {

        if (p + i == last || p[i] < low || p[i] > high) {
            *valid = 0;
            return i;
        }

        low = 0x80;
        high = 0xbf;
    }

    *valid = 1;

    return n;
}


size_t
ngx_http_endpoint_utf8_length(ngx_str_t *s)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < s->len; i++) {
        n += (s->data[i] & 0xc0) != 0x80;
    }

    return n;
}


uint32_t
ngx_http_endpoint_utf8_next(u_char **p)
{
    u_char    *s;
    uint32_t   c;

    s = *p;
    c = *s++;

    if (c >= 0xf0) {
        c = (c & 0x07) << 18 | (s[0] & 0x3f) << 12 | (s[1] & 0x3f) << 6
            | (s[2] & 0x3f);
        s += 3;

    } else if (c >= 0xe0) {
        c = (c & 0x0f) << 12 | (s[0] & 0x3f) << 6 | (s[1] & 0x3f);
        s += 2;

    } else if (c >= 0xc0) {
        c = (c & 0x1f) << 6 | (s[0] & 0x3f);
        s++;
    }

    *p = s;

    return c;
}


ngx_uint_t
ngx_http_endpoint_utf8_c1(ngx_str_t *text, size_t i)
{
    u_char  ch;

    ch = text->data[i];

    if (ch == 0xc2) {
        return i + 1 < text->len && text->data[i + 1] >= 0x80
               && text->data[i + 1] <= 0x9f;
    }

    return ch >= 0x80 && ch <= 0x9f && i > 0 && text->data[i - 1] == 0xc2;
}
