
#include "ngx_http_endpoint_integer.h"


/* pydantic reads no more than these, whatever the constraints */
#define NGX_HTTP_ENDPOINT_INTEGER_DIGITS  4300

/* as many always fit into 64 bits */
#define NGX_HTTP_ENDPOINT_INTEGER_PLAIN   18


static size_t ngx_http_endpoint_integer_space(u_char *p, size_t len);
static u_char *ngx_http_endpoint_integer_point(u_char *p, u_char *end);
static ngx_int_t ngx_http_endpoint_integer_digits(u_char *p, u_char *end,
    uint64_t *n);


ngx_uint_t
ngx_http_endpoint_integer_plain(ngx_str_t *text, int64_t *n)
{
    size_t   i;
    u_char  *p;
    int64_t  v;

    p = text->data;

    if (text->len == 0 || text->len > NGX_HTTP_ENDPOINT_INTEGER_PLAIN
        || (*p == '0' && text->len != 1))
    {
        return 0;
    }

    v = 0;

    for (i = 0; i < text->len; i++) {

        if (p[i] < '0' || p[i] > '9') {
            return 0;
        }

        v = v * 10 + (p[i] - '0');
    }

    *n = v;

    return 1;
}


ngx_int_t
ngx_http_endpoint_integer_read(ngx_str_t *text, int64_t *n)
{
    u_char      *p, *end;
    uint64_t     v;
    ngx_int_t    rc;
    ngx_str_t    s;
    ngx_uint_t   minus;

    s = *text;
    ngx_http_endpoint_integer_trim(&s);

    p = s.data;
    end = p + s.len;
    minus = 0;

    if (p < end && (*p == '-' || *p == '+')) {
        minus = (*p++ == '-');
    }

    end = ngx_http_endpoint_integer_point(p, end);

    rc = ngx_http_endpoint_integer_digits(p, end, &v);

    if (rc == NGX_DECLINED || rc == NGX_ABORT) {
        return rc;
    }

    if (rc == NGX_BUSY || v > (uint64_t) INT64_MAX + minus) {
        *n = minus ? INT64_MIN : INT64_MAX;
        return NGX_BUSY;
    }

    *n = minus ? (int64_t) (0 - v) : (int64_t) v;

    return NGX_OK;
}


u_char *
ngx_http_endpoint_integer_write(u_char *buf, int64_t n)
{
    /* %L would negate the least integer, whose negative does not exist */

    if (n < 0) {
        return ngx_sprintf(buf, "-%uL", 0 - (uint64_t) n);
    }

    return ngx_sprintf(buf, "%uL", (uint64_t) n);
}


void
ngx_http_endpoint_integer_trim(ngx_str_t *text)
{
    size_t   n;
    u_char  *p;

    while ((n = ngx_http_endpoint_integer_space(text->data, text->len))) {
        text->data += n;
        text->len -= n;
    }

    for (n = 1; n <= 3 && n <= text->len; n++) {
        p = text->data + text->len - n;

        if (ngx_http_endpoint_integer_space(p, n) == n) {
            text->len -= n;
            n = 0;
        }
    }
}


/* the length of the character at p where Unicode calls it white space */

static size_t
ngx_http_endpoint_integer_space(u_char *p, size_t len)
{
    uint32_t  c;

    if (len >= 1 && (p[0] == ' ' || (p[0] >= '\t' && p[0] <= '\r'))) {
        return 1;
    }

    if (len >= 2 && p[0] == 0xc2 && (p[1] == 0x85 || p[1] == 0xa0)) {
        return 2;
    }

    if (len < 3 || p[0] < 0xe1 || p[0] > 0xe3) {
        return 0;
    }

    c = (p[0] & 0xf) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);

    if ((c >= 0x2000 && c <= 0x200a) || c == 0x1680 || c == 0x2028
        || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000)
    {
        return 3;
    }

    return 0;
}


/* where an integer ends that has a fraction of zeros: "5.00" is 5 */

static u_char *
ngx_http_endpoint_integer_point(u_char *p, u_char *end)
{
    u_char  *point;

    for (point = end; point > p && point[-1] == '0'; point--) { /* void */ }

    if (point == end || point == p || point[-1] != '.') {
        return end;
    }

    return point - 1;
}


/* NGX_BUSY: more than 64 bits; NGX_ABORT: more than pydantic reads */

static ngx_int_t
ngx_http_endpoint_integer_digits(u_char *p, u_char *end, uint64_t *n)
{
    size_t      len;
    ngx_int_t   rc;
    ngx_uint_t  digit;

    *n = 0;
    len = 0;
    rc = NGX_OK;
    digit = 0;

    for ( /* void */ ; p < end; p++) {

        if (*p == '_' && digit) {
            digit = 0;
            continue;
        }

        if (*p < '0' || *p > '9') {
            return NGX_DECLINED;
        }

        digit = 1;
        len += (len || *p != '0');

        if (*n > (UINT64_MAX - 9) / 10) {
            rc = NGX_BUSY;

        } else {
            *n = *n * 10 + (*p - '0');
        }
    }

    if (!digit) {
        return NGX_DECLINED;
    }

    return len > NGX_HTTP_ENDPOINT_INTEGER_DIGITS ? NGX_ABORT : rc;
}
