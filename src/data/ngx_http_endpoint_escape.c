
#include "ngx_http_endpoint_escape.h"


static uint64_t ngx_http_endpoint_escape_any(uint64_t w);
static u_char *ngx_http_endpoint_escape_bytes(u_char *p, u_char *v,
    u_char *last);
static u_char *ngx_http_endpoint_escape_char(u_char *p, u_char ch);


u_char *
ngx_http_endpoint_escape(u_char *p, u_char *v, size_t len)
{
    u_char    *last, *start;
    size_t     rest;
    uint64_t   w;

    start = v;
    last = v + len;

    while (last - v >= 8) {
        ngx_memcpy(&w, v, 8);

        if (ngx_http_endpoint_escape_any(w)) {
            return ngx_http_endpoint_escape_bytes(p, v, last);
        }

        ngx_memcpy(p, &w, 8);
        p += 8;
        v += 8;
    }

    rest = last - v;

    if (rest == 0) {
        return p;
    }

    /* the end is looked at as one word, along with what is done already */

    if (v != start) {
        ngx_memcpy(&w, last - 8, 8);

        if (!ngx_http_endpoint_escape_any(w)) {
            ngx_memcpy(p + rest - 8, &w, 8);
            return p + rest;
        }
    }

    return ngx_http_endpoint_escape_bytes(p, v, last);
}


/* whether one of eight bytes has to be escaped: all that do are ASCII */

static ngx_inline uint64_t
ngx_http_endpoint_escape_any(uint64_t w)
{
    uint64_t  quote, slash;

    const uint64_t  ones = 0x0101010101010101;
    const uint64_t  tops = 0x8080808080808080;

    quote = w ^ (ones * '"');
    slash = w ^ (ones * '\\');

    return ((w - ones * 0x20) | (quote - ones) | (slash - ones)) & ~w & tops;
}


/* up to eight bytes one by one, the rest as words again */

static u_char *
ngx_http_endpoint_escape_bytes(u_char *p, u_char *v, u_char *last)
{
    u_char  *stop;

    stop = v + ngx_min(last - v, 8);

    while (v < stop) {
        if (*v >= 0x20 && *v != '"' && *v != '\\') {
            *p++ = *v++;

        } else {
            p = ngx_http_endpoint_escape_char(p, *v++);
        }
    }

    return ngx_http_endpoint_escape(p, v, last - v);
}


static u_char *
ngx_http_endpoint_escape_char(u_char *p, u_char ch)
{
    static u_char  hex[] = "0123456789ABCDEF";

    *p++ = '\\';

    switch (ch) {

    case '"':
    case '\\':
        *p++ = ch;
        break;

    case '\n':
        *p++ = 'n';
        break;

    case '\r':
        *p++ = 'r';
        break;

    case '\t':
        *p++ = 't';
        break;

    case '\b':
        *p++ = 'b';
        break;

    case '\f':
        *p++ = 'f';
        break;

    default:
        *p++ = 'u';
        *p++ = '0';
        *p++ = '0';
        *p++ = hex[ch >> 4];
        *p++ = hex[ch & 0xf];
    }

    return p;
}


size_t
ngx_http_endpoint_escape_more(u_char *v, size_t len)
{
    u_char    *last, buf[6];
    size_t     more;
    uint64_t   w;

    last = v + len;
    more = 0;

    while (v < last) {

        if (last - v >= 8) {
            ngx_memcpy(&w, v, 8);

            if (!ngx_http_endpoint_escape_any(w)) {
                v += 8;
                continue;
            }
        }

        if (*v < 0x20 || *v == '"' || *v == '\\') {
            more += ngx_http_endpoint_escape_char(buf, *v) - buf - 1;
        }

        v++;
    }

    return more;
}
