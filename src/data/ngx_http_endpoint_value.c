
#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_endpoint_escape.h"
#include "ngx_http_endpoint_value.h"


/* longer than any number that is not written to be long */
#define NGX_HTTP_ENDPOINT_VALUE_DIGITS  64


static ngx_inline ngx_uint_t ngx_http_endpoint_value_is_blank(u_char c);
static u_char *ngx_http_endpoint_value_unescape(u_char *dst, u_char *p,
    u_char *last);
static u_char *ngx_http_endpoint_value_code_point(u_char *dst, u_char **p,
    u_char *last);
static uint32_t ngx_http_endpoint_value_unit(u_char *p, u_char *last);
static u_char *ngx_http_endpoint_value_utf8(u_char *dst, uint32_t code);
static ngx_int_t ngx_http_endpoint_value_order(ngx_pool_t *pool,
    ngx_http_endpoint_value_t *a, ngx_http_endpoint_value_t *b,
    ngx_int_t *order);
static ngx_int_t ngx_http_endpoint_value_order_text(ngx_pool_t *pool,
    ngx_http_endpoint_value_t *a, ngx_http_endpoint_value_t *b,
    ngx_int_t *order);
static ngx_int_t ngx_http_endpoint_value_order_numbers(ngx_pool_t *pool,
    ngx_str_t *a, ngx_str_t *b, ngx_int_t *order);
static ngx_uint_t ngx_http_endpoint_value_is_integer(ngx_str_t *s);
static ngx_int_t ngx_http_endpoint_value_order_integers(ngx_str_t *a,
    ngx_str_t *b);
static ngx_int_t ngx_http_endpoint_value_double(ngx_pool_t *pool,
    ngx_str_t *s, double *d);


void
ngx_http_endpoint_value_json(ngx_http_endpoint_value_t *v, u_char *data,
    size_t len)
{
    while (len && ngx_http_endpoint_value_is_blank(*data)) {
        data++;
        len--;
    }

    while (len && ngx_http_endpoint_value_is_blank(data[len - 1])) {
        len--;
    }

    v->data.data = data;
    v->data.len = len;
    v->chain = NULL;

    switch (len ? *data : 'n') {

    case 'n':
        v->type = ngx_http_endpoint_null;
        break;

    case 'f':
        v->type = ngx_http_endpoint_false;
        break;

    case 't':
        v->type = ngx_http_endpoint_true;
        break;

    case '"':
        v->type = ngx_http_endpoint_string;
        break;

    case '[':
        v->type = ngx_http_endpoint_array;
        break;

    case '{':
        v->type = ngx_http_endpoint_object;
        break;

    default:
        v->type = ngx_http_endpoint_number;
        break;
    }
}


static ngx_inline ngx_uint_t
ngx_http_endpoint_value_is_blank(u_char c)
{
    return c == ' ' || c == '\t' || c == CR || c == LF;
}


void
ngx_http_endpoint_value_text(ngx_http_endpoint_value_t *v, u_char *data,
    size_t len)
{
    v->type = ngx_http_endpoint_text;
    v->data.data = data;
    v->data.len = len;
    v->chain = NULL;
}


ngx_int_t
ngx_http_endpoint_value_flatten(ngx_pool_t *pool, ngx_http_endpoint_value_t *v)
{
    u_char       *data, *p;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    if (v->chain == NULL) {
        return NGX_OK;
    }

    data = ngx_pnalloc(pool, v->data.len);
    if (data == NULL) {
        return NGX_ERROR;
    }

    p = data;

    for (cl = v->chain; cl; cl = cl->next) {
        b = cl->buf;
        p = ngx_cpymem(p, b->pos, ngx_min(b->last - b->pos,
                                          data + v->data.len - p));
    }

    if (v->type == ngx_http_endpoint_text) {
        ngx_http_endpoint_value_text(v, data, p - data);

    } else {
        ngx_http_endpoint_value_json(v, data, p - data);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_value_to_text(ngx_pool_t *pool, ngx_http_endpoint_value_t *v,
    ngx_str_t *text)
{
    u_char  *last, *dst;

    if (v->type == ngx_http_endpoint_null) {
        ngx_str_set(text, "");
        return NGX_OK;
    }

    if (ngx_http_endpoint_value_flatten(pool, v) != NGX_OK) {
        return NGX_ERROR;
    }

    *text = v->data;

    if (v->type != ngx_http_endpoint_string) {
        return NGX_OK;
    }

    text->data++;
    text->len -= 2;

    last = text->data + text->len;

    if (memchr(text->data, '\\', text->len) == NULL) {
        return NGX_OK;
    }

    /* no escape is shorter than what it stands for */

    dst = ngx_pnalloc(pool, text->len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    last = ngx_http_endpoint_value_unescape(dst, text->data, last);

    text->data = dst;
    text->len = last - dst;

    return NGX_OK;
}


static u_char *
ngx_http_endpoint_value_unescape(u_char *dst, u_char *p, u_char *last)
{
    u_char  *next;

    for ( ;; ) {
        next = ngx_strlchr(p, last, '\\');

        if (next == NULL || last - next < 2) {
            return ngx_cpymem(dst, p, last - p);
        }

        dst = ngx_cpymem(dst, p, next - p);
        p = next;

        dst = ngx_http_endpoint_value_escape(dst, &p, last);
    }
}


u_char *
ngx_http_endpoint_value_escape(u_char *dst, u_char **p, u_char *last)
{
    u_char  c;

    c = (*p)[1];

    if (c == 'u') {
        return ngx_http_endpoint_value_code_point(dst, p, last);
    }

    *p += 2;

    switch (c) {

    case 'b':
        *dst++ = '\b';
        break;

    case 'f':
        *dst++ = '\f';
        break;

    case 'n':
        *dst++ = LF;
        break;

    case 'r':
        *dst++ = CR;
        break;

    case 't':
        *dst++ = '\t';
        break;

    default: /* '"', '\\', '/' */
        *dst++ = c;
        break;
    }

    return dst;
}


static u_char *
ngx_http_endpoint_value_code_point(u_char *dst, u_char **p, u_char *last)
{
    uint32_t  high, low;

    high = ngx_http_endpoint_value_unit(*p, last);
    *p += 6;

    if (high < 0xd800 || high > 0xdfff) {
        return ngx_http_endpoint_value_utf8(dst, high);
    }

    low = ngx_http_endpoint_value_unit(*p, last);

    if (high > 0xdbff || low < 0xdc00 || low > 0xdfff) {
        return ngx_http_endpoint_value_utf8(dst, 0xfffd);
    }

    *p += 6;

    return ngx_http_endpoint_value_utf8(dst, 0x10000 + ((high - 0xd800) << 10)
                                             + (low - 0xdc00));
}


/* the number in \uXXXX, 0 where p is at something else */

static uint32_t
ngx_http_endpoint_value_unit(u_char *p, u_char *last)
{
    if (last - p < 6 || p[0] != '\\' || p[1] != 'u') {
        return 0;
    }

    return ngx_hextoi(p + 2, 4);
}


static u_char *
ngx_http_endpoint_value_utf8(u_char *dst, uint32_t code)
{
    if (code < 0x80) {
        *dst++ = code;
        return dst;
    }

    if (code < 0x800) {
        *dst++ = 0xc0 | (code >> 6);
        *dst++ = 0x80 | (code & 0x3f);
        return dst;
    }

    if (code < 0x10000) {
        *dst++ = 0xe0 | (code >> 12);
        *dst++ = 0x80 | ((code >> 6) & 0x3f);
        *dst++ = 0x80 | (code & 0x3f);
        return dst;
    }

    *dst++ = 0xf0 | (code >> 18);
    *dst++ = 0x80 | ((code >> 12) & 0x3f);
    *dst++ = 0x80 | ((code >> 6) & 0x3f);
    *dst++ = 0x80 | (code & 0x3f);

    return dst;
}


ngx_int_t
ngx_http_endpoint_value_to_json(ngx_pool_t *pool, ngx_http_endpoint_value_t *v,
    ngx_str_t *json)
{
    size_t   escaped;
    u_char  *p;

    if (v->type == ngx_http_endpoint_null) {
        ngx_str_set(json, "null");
        return NGX_OK;
    }

    if (ngx_http_endpoint_value_flatten(pool, v) != NGX_OK) {
        return NGX_ERROR;
    }

    if (v->type != ngx_http_endpoint_text) {
        *json = v->data;
        return NGX_OK;
    }

    escaped = ngx_http_endpoint_escape_more(v->data.data, v->data.len);

    json->len = v->data.len + escaped + 2;

    json->data = ngx_pnalloc(pool, json->len);
    if (json->data == NULL) {
        return NGX_ERROR;
    }

    p = json->data;
    *p++ = '"';

    if (escaped) {
        p = ngx_http_endpoint_escape(p, v->data.data, v->data.len);

    } else {
        p = ngx_cpymem(p, v->data.data, v->data.len);
    }

    *p = '"';

    return NGX_OK;
}


ngx_uint_t
ngx_http_endpoint_value_truth(ngx_http_endpoint_value_t *v)
{
    switch (v->type) {

    case ngx_http_endpoint_null:
    case ngx_http_endpoint_false:
        return 0;

    case ngx_http_endpoint_string:
        return v->data.len > 2;

    case ngx_http_endpoint_text:
        return v->data.len != 0;

    default:
        return 1;
    }
}


ngx_uint_t
ngx_http_endpoint_value_empty(ngx_http_endpoint_value_t *v)
{
    u_char  *p, *last;

    if (v->type == ngx_http_endpoint_null || v->data.len == 0) {
        return 1;
    }

    if (v->chain || v->data.len < 2) {
        return 0;
    }

    p = v->data.data + 1;
    last = v->data.data + v->data.len - 1;

    switch (v->type) {

    case ngx_http_endpoint_string:
    case ngx_http_endpoint_array:
    case ngx_http_endpoint_object:

        while (p < last && ngx_http_endpoint_value_is_blank(*p)
               && v->type != ngx_http_endpoint_string)
        {
            p++;
        }

        return p == last;

    default:
        return 0;
    }
}


ngx_int_t
ngx_http_endpoint_value_compare(ngx_pool_t *pool, ngx_http_endpoint_value_t *a,
    ngx_http_endpoint_op_e op, ngx_http_endpoint_value_t *b)
{
    ngx_int_t  rc, order;

    rc = ngx_http_endpoint_value_order(pool, a, b, &order);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    switch (op) {

    case ngx_http_endpoint_eq:
        return order == 0;

    case ngx_http_endpoint_ne:
        return order != 0;

    case ngx_http_endpoint_lt:
        return rc == NGX_OK && order < 0;

    case ngx_http_endpoint_le:
        return rc == NGX_OK && order <= 0;

    case ngx_http_endpoint_gt:
        return rc == NGX_OK && order > 0;

    default: /* ngx_http_endpoint_ge */
        return rc == NGX_OK && order >= 0;
    }
}


/* NGX_DECLINED: the two have no order, and only 0 means something */

static ngx_int_t
ngx_http_endpoint_value_order(ngx_pool_t *pool, ngx_http_endpoint_value_t *a,
    ngx_http_endpoint_value_t *b, ngx_int_t *order)
{
    if (ngx_http_endpoint_value_flatten(pool, a) != NGX_OK
        || ngx_http_endpoint_value_flatten(pool, b) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if ((a->type == ngx_http_endpoint_string
         || a->type == ngx_http_endpoint_text)
        && (b->type == ngx_http_endpoint_string
            || b->type == ngx_http_endpoint_text))
    {
        return ngx_http_endpoint_value_order_text(pool, a, b, order);
    }

    if (a->type != b->type) {
        *order = 1;
        return NGX_DECLINED;
    }

    switch (a->type) {

    case ngx_http_endpoint_number:
        return ngx_http_endpoint_value_order_numbers(pool, &a->data, &b->data,
                                                     order);

    case ngx_http_endpoint_array:
    case ngx_http_endpoint_object:
        /* as they are written: to compare what they mean is no one's need */

        *order = a->data.len != b->data.len
                 || ngx_memcmp(a->data.data, b->data.data, a->data.len) != 0;
        return NGX_DECLINED;

    default:
        *order = 0;
        return NGX_DECLINED;
    }
}


static ngx_int_t
ngx_http_endpoint_value_order_text(ngx_pool_t *pool,
    ngx_http_endpoint_value_t *a, ngx_http_endpoint_value_t *b,
    ngx_int_t *order)
{
    ngx_str_t  s, t;

    if (ngx_http_endpoint_value_to_text(pool, a, &s) != NGX_OK
        || ngx_http_endpoint_value_to_text(pool, b, &t) != NGX_OK)
    {
        return NGX_ERROR;
    }

    *order = ngx_memn2cmp(s.data, t.data, s.len, t.len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_value_order_numbers(ngx_pool_t *pool, ngx_str_t *a,
    ngx_str_t *b, ngx_int_t *order)
{
    double  x, y;

    if (ngx_http_endpoint_value_is_integer(a)
        && ngx_http_endpoint_value_is_integer(b))
    {
        *order = ngx_http_endpoint_value_order_integers(a, b);
        return NGX_OK;
    }

    if (ngx_http_endpoint_value_double(pool, a, &x) != NGX_OK
        || ngx_http_endpoint_value_double(pool, b, &y) != NGX_OK)
    {
        return NGX_ERROR;
    }

    *order = (x > y) - (x < y);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_value_is_integer(ngx_str_t *s)
{
    size_t  i;

    for (i = (s->data[0] == '-'); i < s->len; i++) {
        if (s->data[i] < '0' || s->data[i] > '9') {
            return 0;
        }
    }

    return 1;
}


/* of any length, as JSON writes them: without zeros ahead */

static ngx_int_t
ngx_http_endpoint_value_order_integers(ngx_str_t *a, ngx_str_t *b)
{
    ngx_int_t   order;
    ngx_str_t   x, y;
    ngx_uint_t  a_negative, b_negative;

    x = *a;
    y = *b;

    /* "-0" is 0 */

    a_negative = x.data[0] == '-';
    x.data += a_negative;
    x.len -= a_negative;
    a_negative = a_negative && x.data[0] != '0';

    b_negative = y.data[0] == '-';
    y.data += b_negative;
    y.len -= b_negative;
    b_negative = b_negative && y.data[0] != '0';

    if (a_negative != b_negative) {
        return a_negative ? -1 : 1;
    }

    if (x.len != y.len) {
        order = x.len < y.len ? -1 : 1;

    } else {
        order = ngx_memcmp(x.data, y.data, x.len);
    }

    return a_negative ? -order : order;
}


static ngx_int_t
ngx_http_endpoint_value_double(ngx_pool_t *pool, ngx_str_t *s, double *d)
{
    u_char  buf[NGX_HTTP_ENDPOINT_VALUE_DIGITS], *p;

    p = buf;

    if (s->len >= NGX_HTTP_ENDPOINT_VALUE_DIGITS) {
        p = ngx_pnalloc(pool, s->len + 1);
        if (p == NULL) {
            return NGX_ERROR;
        }
    }

    /* strtod() would read on behind the slice */

    ngx_memcpy(p, s->data, s->len);
    p[s->len] = '\0';

    *d = strtod((char *) p, NULL);

    return NGX_OK;
}
