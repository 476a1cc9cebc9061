
#include "ngx_http_endpoint_uuid.h"


#define NGX_HTTP_ENDPOINT_UUID_URN  "urn:uuid:"


static ngx_uint_t ngx_http_endpoint_uuid_digit(u_char c);
static size_t ngx_http_endpoint_uuid_prefix(ngx_str_t *text, ngx_str_t *s);
static u_char *ngx_http_endpoint_uuid_char(u_char *p, size_t len,
    size_t index, u_char *buf);
static u_char *ngx_http_endpoint_uuid_group(size_t *hyphens, size_t len,
    u_char *buf);


static size_t  ngx_http_endpoint_uuid_groups[] = { 8, 4, 4, 4, 12 };


ngx_int_t
ngx_http_endpoint_uuid_read(ngx_str_t *text, u_char *uuid)
{
    size_t      i, n, prefix;
    u_char     *p;
    ngx_str_t   s;

    prefix = ngx_http_endpoint_uuid_prefix(text, &s);

    if (s.len != NGX_HTTP_ENDPOINT_UUID_LEN && (s.len != 32 || prefix)) {
        return NGX_DECLINED;
    }

    p = s.data;

    for (i = 0, n = 0; i < NGX_HTTP_ENDPOINT_UUID_LEN; i++) {

        if (i == 8 || i == 13 || i == 18 || i == 23) {

            if (s.len != 32 && p[n++] != '-') {
                return NGX_DECLINED;
            }

            uuid[i] = '-';
            continue;
        }

        if (!ngx_http_endpoint_uuid_digit(p[n])) {
            return NGX_DECLINED;
        }

        uuid[i] = ngx_tolower(p[n]);
        n++;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_uuid_digit(u_char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
           || (c >= 'A' && c <= 'F');
}


/* the length of what s, the rest, has lost at its start */

static size_t
ngx_http_endpoint_uuid_prefix(ngx_str_t *text, ngx_str_t *s)
{
    size_t  len;

    *s = *text;

    if (s->len >= 2 && s->data[0] == '{' && s->data[s->len - 1] == '}') {
        s->data++;
        s->len -= 2;
        return 1;
    }

    len = sizeof(NGX_HTTP_ENDPOINT_UUID_URN) - 1;

    if (s->len >= len
        && ngx_strncmp(s->data, NGX_HTTP_ENDPOINT_UUID_URN, len) == 0)
    {
        s->data += len;
        s->len -= len;
        return len;
    }

    return 0;
}


u_char *
ngx_http_endpoint_uuid_error(ngx_str_t *text, u_char *buf)
{
    size_t      i, n, prefix, hyphens[4];
    ngx_str_t   s;

    prefix = ngx_http_endpoint_uuid_prefix(text, &s);

    for (i = 0, n = 0; i < s.len; i++) {

        if (s.data[i] == '-') {

            if (n < 4) {
                hyphens[n] = i;
            }

            n++;

        } else if (!ngx_http_endpoint_uuid_digit(s.data[i])) {
            return ngx_http_endpoint_uuid_char(&s.data[i], s.len - i,
                                               prefix + i + 1, buf);
        }
    }

    if (n == 0 && prefix == 0) {
        return ngx_sprintf(buf, "invalid length: expected length 32 for "
                           "simple format, found %uz", s.len);
    }

    if (n != 4) {
        return ngx_sprintf(buf, "invalid group count: expected 5, found %uz",
                           n + 1);
    }

    return ngx_http_endpoint_uuid_group(hyphens, text->len, buf);
}


static u_char *
ngx_http_endpoint_uuid_char(u_char *p, size_t len, size_t index, u_char *buf)
{
    size_t  n;

    for (n = 1; n < len && (p[n] & 0xc0) == 0x80; n++) { /* void */ }

    return ngx_sprintf(buf, "invalid character: expected an optional prefix "
                       "of `urn:uuid:` followed by [0-9a-fA-F-], "
                       "found `%*s` at %uz", n, p, index);
}


/* len is that of the whole text: braces count for the last group, as there */

static u_char *
ngx_http_endpoint_uuid_group(size_t *hyphens, size_t len, u_char *buf)
{
    size_t  i, found, start;

    for (i = 0, start = 0; /* void */ ; i++) {

        found = (i < 4 ? hyphens[i] : len) - start;

        if (i == 4 || found != ngx_http_endpoint_uuid_groups[i]) {
            break;
        }

        start += found + 1;
    }

    return ngx_sprintf(buf, "invalid group length in group %uz: expected %uz, "
                       "found %uz", i, ngx_http_endpoint_uuid_groups[i],
                       found);
}
