
#include "ngx_http_endpoint_json_scan.h"
#include "ngx_http_endpoint_value.h"

#if (__SSE2__)
#include <emmintrin.h>
#endif


/* the longest of what stands for one byte: \u0061 */
#define NGX_HTTP_ENDPOINT_JSON_SCAN_ESCAPE  6


static ngx_inline u_char *ngx_http_endpoint_json_scan_blank(u_char *p);
static u_char *ngx_http_endpoint_json_scan_value(u_char *p, u_char *last);
static u_char *ngx_http_endpoint_json_scan_nested(u_char *p, u_char *last);
static u_char *ngx_http_endpoint_json_scan_string(u_char *p, u_char *last,
    ngx_uint_t *escaped);
static ngx_inline u_char *ngx_http_endpoint_json_scan_quote(u_char *p,
    u_char *last);
static ngx_inline u_char *ngx_http_endpoint_json_scan_bracket(u_char *p,
    u_char *last);


void
ngx_http_endpoint_json_scan(ngx_http_endpoint_json_scan_t *scan,
    ngx_str_t *text)
{
    scan->pos = text->data + 1;
    scan->last = text->data + text->len;
    scan->object = (*text->data == '{');
    scan->escaped = 0;
}


ngx_uint_t
ngx_http_endpoint_json_scan_next(ngx_http_endpoint_json_scan_t *scan)
{
    u_char      *p;
    ngx_uint_t   escaped;

    p = ngx_http_endpoint_json_scan_blank(scan->pos);

    if (*p == ',') {
        p = ngx_http_endpoint_json_scan_blank(p + 1);
    }

    if (*p == ']' || *p == '}') {
        scan->pos = p;
        return 0;
    }

    if (scan->object) {
        escaped = 0;
        scan->key.data = p + 1;

        p = ngx_http_endpoint_json_scan_string(p, scan->last, &escaped);

        scan->key.len = p - 1 - scan->key.data;
        scan->escaped = escaped;

        /* the colon is behind blanks, and before them */

        p = ngx_http_endpoint_json_scan_blank(p);
        p = ngx_http_endpoint_json_scan_blank(p + 1);
    }

    scan->value.data = p;

    p = ngx_http_endpoint_json_scan_value(p, scan->last);

    scan->value.len = p - scan->value.data;
    scan->pos = p;

    return 1;
}


ngx_uint_t
ngx_http_endpoint_json_scan_key(ngx_http_endpoint_json_scan_t *scan,
    ngx_str_t *name)
{
    size_t   len, n;
    u_char  *p, *last, buf[4];

    if (!scan->escaped) {
        return scan->key.len == name->len
               && ngx_memcmp(scan->key.data, name->data, name->len) == 0;
    }

    if (scan->key.len > name->len * NGX_HTTP_ENDPOINT_JSON_SCAN_ESCAPE) {
        return 0;
    }

    p = scan->key.data;
    last = p + scan->key.len;

    for (len = 0; p < last; len += n) {

        if (*p == '\\') {
            n = ngx_http_endpoint_value_escape(buf, &p, last) - buf;

        } else {
            buf[0] = *p++;
            n = 1;
        }

        if (n > name->len - len
            || ngx_memcmp(name->data + len, buf, n) != 0)
        {
            return 0;
        }
    }

    return len == name->len;
}


static ngx_inline u_char *
ngx_http_endpoint_json_scan_blank(u_char *p)
{
    while (*p <= ' ') {
        p++;
    }

    return p;
}


/* the end of the value that starts at p */

static u_char *
ngx_http_endpoint_json_scan_value(u_char *p, u_char *last)
{
    ngx_uint_t  escaped;

    switch (*p) {

    case '"':
        return ngx_http_endpoint_json_scan_string(p, last, &escaped);

    case '{':
    case '[':
        return ngx_http_endpoint_json_scan_nested(p, last);

    default:

        /* of what a number or a word has, a plus alone is below a comma */

        while (p < last
               && ((*p > ',' && *p != ']' && *p != '}') || *p == '+'))
        {
            p++;
        }

        return p;
    }
}


static u_char *
ngx_http_endpoint_json_scan_nested(u_char *p, u_char *last)
{
    ngx_uint_t  depth, escaped;

    depth = 0;

    for ( ;; ) {
        p = ngx_http_endpoint_json_scan_bracket(p, last);

        if (*p == '"') {
            p = ngx_http_endpoint_json_scan_string(p, last, &escaped);
            continue;
        }

        /* "[" and "{" differ from what closes them in the same way */

        if ((*p++ & 0x5f) == ('{' & 0x5f)) {
            depth++;

        } else if (--depth == 0) {
            return p;
        }
    }
}


/* from the quote that opens a string to behind the one that closes it */

static u_char *
ngx_http_endpoint_json_scan_string(u_char *p, u_char *last,
    ngx_uint_t *escaped)
{
    p++;

    for ( ;; ) {
        p = ngx_http_endpoint_json_scan_quote(p, last);

        if (*p == '"') {
            return p + 1;
        }

        *escaped = 1;
        p += 2;
    }
}


/* a quote or a backslash, one of which is there */

static ngx_inline u_char *
ngx_http_endpoint_json_scan_quote(u_char *p, u_char *last)
{
#if (__SSE2__)

    int      mask;
    __m128i  v;

    for ( /* void */ ; last - p >= 16; p += 16) {

        v = _mm_loadu_si128((__m128i *) p);

        mask = _mm_movemask_epi8(_mm_or_si128(
                   _mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                   _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));

        if (mask) {
            return p + __builtin_ctz(mask);
        }
    }

#endif

    while (p < last && *p != '"' && *p != '\\') {
        p++;
    }

    return p;
}


/* a quote or a bracket of any kind, one of which is there */

static ngx_inline u_char *
ngx_http_endpoint_json_scan_bracket(u_char *p, u_char *last)
{
#if (__SSE2__)

    int      mask;
    __m128i  v, lower;

    for ( /* void */ ; last - p >= 16; p += 16) {

        v = _mm_loadu_si128((__m128i *) p);
        lower = _mm_or_si128(v, _mm_set1_epi8(0x20));

        mask = _mm_movemask_epi8(_mm_or_si128(
                   _mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                   _mm_or_si128(
                       _mm_cmpeq_epi8(lower, _mm_set1_epi8('{')),
                       _mm_cmpeq_epi8(lower, _mm_set1_epi8('}')))));

        if (mask) {
            return p + __builtin_ctz(mask);
        }
    }

#endif

    while (p < last && *p != '"' && (*p | 0x20) != '{' && (*p | 0x20) != '}') {
        p++;
    }

    return p;
}
