
#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_endpoint_json_check.h"

#if (__SSE2__)
#include <emmintrin.h>
#endif


/* where a value may stand is even, what follows it is the next */
#define ngx_http_endpoint_json_behind(state)  (((state) & 7) + 1)

#define ngx_http_endpoint_json_each(c)                                       \
    ((uint64_t) (c) * 0x0101010101010101)

/* the number of bytes below the lowest bit that is set */
#define ngx_http_endpoint_json_below(word)                                   \
    ((size_t) __builtin_ctzll(word) >> 3)


/* what may come next */
enum {
    ngx_http_endpoint_json_start = 0,
    ngx_http_endpoint_json_done,
    ngx_http_endpoint_json_element,
    ngx_http_endpoint_json_after_element,
    ngx_http_endpoint_json_value,
    ngx_http_endpoint_json_after_value,
    ngx_http_endpoint_json_first_name,
    ngx_http_endpoint_json_name,
    ngx_http_endpoint_json_colon,
    ngx_http_endpoint_json_first_element = 10
};


/* the token in which a piece ended */
enum {
    ngx_http_endpoint_json_no_token = 0,
    ngx_http_endpoint_json_number,
    ngx_http_endpoint_json_minus,
    ngx_http_endpoint_json_zero,
    ngx_http_endpoint_json_integer,
    ngx_http_endpoint_json_point,
    ngx_http_endpoint_json_fraction,
    ngx_http_endpoint_json_e,
    ngx_http_endpoint_json_e_sign,
    ngx_http_endpoint_json_exponent,

    ngx_http_endpoint_json_in_true,
    ngx_http_endpoint_json_in_false,
    ngx_http_endpoint_json_in_null,

    ngx_http_endpoint_json_in_string,
    ngx_http_endpoint_json_in_escape,
    ngx_http_endpoint_json_in_hex,
    ngx_http_endpoint_json_in_utf8,

    ngx_http_endpoint_json_broken
};


static u_char *ngx_http_endpoint_json_check_resume(
    ngx_http_endpoint_json_check_t *check, u_char *p, u_char *last);
static ngx_int_t ngx_http_endpoint_json_check_number_byte(
    ngx_http_endpoint_json_check_t *check, u_char c);
static ngx_int_t ngx_http_endpoint_json_check_literal_byte(
    ngx_http_endpoint_json_check_t *check, u_char c);
static ngx_int_t ngx_http_endpoint_json_check_string_byte(
     ngx_http_endpoint_json_check_t *check, u_char c);
static ngx_int_t ngx_http_endpoint_json_check_plain_byte(
    ngx_http_endpoint_json_check_t *check, u_char c);
static ngx_inline ngx_uint_t ngx_http_endpoint_json_check_is_escape(u_char c);
static ngx_inline ngx_uint_t ngx_http_endpoint_json_check_is_hex(u_char c);
static ngx_inline uint64_t ngx_http_endpoint_json_check_word(u_char *p);
static ngx_inline u_char *ngx_http_endpoint_json_check_blank(
    ngx_http_endpoint_json_check_t *check, u_char *p, u_char *last);
static ngx_inline u_char *ngx_http_endpoint_json_check_after(
    ngx_http_endpoint_json_check_t *check, u_char *p, u_char *last,
    ngx_uint_t *state, ngx_uint_t next, u_char close);
static ngx_inline u_char *ngx_http_endpoint_json_check_value(
    ngx_http_endpoint_json_check_t *check, u_char *p, u_char *last,
    ngx_uint_t *state);
static ngx_inline u_char *ngx_http_endpoint_json_check_string(
    ngx_http_endpoint_json_check_t *check, u_char *p, u_char *last);
static ngx_inline u_char *ngx_http_endpoint_json_check_plain(u_char *p,
    u_char *last);
static u_char *ngx_http_endpoint_json_check_special(u_char *p, u_char *last);
static ngx_inline u_char *ngx_http_endpoint_json_check_utf8(u_char *p);
static u_char *ngx_http_endpoint_json_check_number(
    ngx_http_endpoint_json_check_t *check, u_char *p, u_char *last);
static ngx_inline u_char *ngx_http_endpoint_json_check_digits(u_char *p,
    u_char *last);
static u_char *ngx_http_endpoint_json_check_literal(
    ngx_http_endpoint_json_check_t *check, u_char *p, u_char *last);
static ngx_uint_t ngx_http_endpoint_json_check_open(
    ngx_http_endpoint_json_check_t *check, u_char c);
static ngx_uint_t ngx_http_endpoint_json_check_close(
    ngx_http_endpoint_json_check_t *check);
static u_char *ngx_http_endpoint_json_check_fail(
    ngx_http_endpoint_json_check_t *check, u_char *last);


/* the next token behind 0, 1 to 9, ".", "e", "+", "-"; may the number end */

static u_char  ngx_http_endpoint_json_numbers[][7] = {
    { 0, 0, 0, 0, 0, 0, 1 },
    { 3, 4, 0, 0, 0, 2, 0 },        /* number */
    { 3, 4, 0, 0, 0, 0, 0 },        /* minus */
    { 0, 0, 5, 7, 0, 0, 1 },        /* zero */
    { 4, 4, 5, 7, 0, 0, 1 },        /* integer */
    { 6, 6, 0, 0, 0, 0, 0 },        /* point */
    { 6, 6, 0, 7, 0, 0, 1 },        /* fraction */
    { 9, 9, 0, 0, 8, 8, 0 },        /* e */
    { 9, 9, 0, 0, 0, 0, 0 },        /* e_sign */
    { 9, 9, 0, 0, 0, 0, 1 }         /* exponent */
};


void
ngx_http_endpoint_json_check_init(ngx_http_endpoint_json_check_t *check)
{
    check->state = ngx_http_endpoint_json_start;
    check->token = ngx_http_endpoint_json_no_token;
    check->depth = 0;
}


ngx_int_t
ngx_http_endpoint_json_check(ngx_http_endpoint_json_check_t *check, u_char *p,
    size_t len)
{
    u_char      *last, c;
    ngx_uint_t   state;

    last = p + len;
    state = check->state;

    if (check->token == ngx_http_endpoint_json_broken) {
        return NGX_ERROR;
    }

    if (check->token) {
        p = ngx_http_endpoint_json_check_resume(check, p, last);
    }

    while (p < last) {
        c = *p++;

        switch (state) {

        case ngx_http_endpoint_json_first_name:
        case ngx_http_endpoint_json_name:
            if (c == '"') {
                state = ngx_http_endpoint_json_colon;
                p = ngx_http_endpoint_json_check_string(check, p, last);
                break;
            }

            if (c == '}' && state == ngx_http_endpoint_json_first_name) {
                state = ngx_http_endpoint_json_check_close(check);
                break;
            }

            p = ngx_http_endpoint_json_check_blank(check, p, last);
            break;

        case ngx_http_endpoint_json_colon:
            if (c == ':') {
                state = ngx_http_endpoint_json_value;
                p += (p < last && *p == ' ');
                break;
            }

            p = ngx_http_endpoint_json_check_blank(check, p, last);
            break;

        case ngx_http_endpoint_json_after_value:
            p = ngx_http_endpoint_json_check_after(check, p, last, &state,
                                        ngx_http_endpoint_json_name, '}');
            break;

        case ngx_http_endpoint_json_after_element:
            p = ngx_http_endpoint_json_check_after(check, p, last, &state,
                                        ngx_http_endpoint_json_element, ']');
            break;

        case ngx_http_endpoint_json_done:
            p = ngx_http_endpoint_json_check_blank(check, p, last);
            break;

        case ngx_http_endpoint_json_first_element:
            if (c == ']') {
                state = ngx_http_endpoint_json_check_close(check);
                break;
            }

            /* fall through */

        default: /* a value */
            p = ngx_http_endpoint_json_check_value(check, p, last, &state);
            break;
        }
    }

    check->state = state;

    return check->token == ngx_http_endpoint_json_broken ? NGX_ERROR : NGX_OK;
}


ngx_int_t
ngx_http_endpoint_json_check_end(ngx_http_endpoint_json_check_t *check)
{
    if (check->state == ngx_http_endpoint_json_start) {
        return NGX_DECLINED;
    }

    if (check->state != ngx_http_endpoint_json_done) {
        return NGX_ERROR;
    }

    return (check->token <= ngx_http_endpoint_json_exponent
            && ngx_http_endpoint_json_numbers[check->token][6])
           ? NGX_OK : NGX_ERROR;
}


static u_char *
ngx_http_endpoint_json_check_resume(ngx_http_endpoint_json_check_t *check,
    u_char *p, u_char *last)
{
    ngx_int_t  rc;

    while (p < last && check->token) {

        if (check->token <= ngx_http_endpoint_json_exponent) {
            rc = ngx_http_endpoint_json_check_number_byte(check, *p);

        } else if (check->token <= ngx_http_endpoint_json_in_null) {
            rc = ngx_http_endpoint_json_check_literal_byte(check, *p);

        } else {
            rc = ngx_http_endpoint_json_check_string_byte(check, *p);
        }

        if (rc == NGX_ERROR) {
            return ngx_http_endpoint_json_check_fail(check, last);
        }

        /* a number ends before the byte that shows its end */

        if (rc == NGX_OK) {
            p++;
        }
    }

    return p;
}


static ngx_int_t
ngx_http_endpoint_json_check_number_byte(ngx_http_endpoint_json_check_t *check,
    u_char c)
{
    u_char  next, *numbers;

    numbers = ngx_http_endpoint_json_numbers[check->token];

    if (c >= '0' && c <= '9') {
        next = numbers[c != '0'];

    } else if (c == '.') {
        next = numbers[2];

    } else if (c == 'e' || c == 'E') {
        next = numbers[3];

    } else if (c == '+') {
        next = numbers[4];

    } else if (c == '-') {
        next = numbers[5];

    } else {
        next = ngx_http_endpoint_json_no_token;
    }

    check->token = next;

    if (next == ngx_http_endpoint_json_no_token) {
        return numbers[6] ? NGX_DONE : NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_json_check_literal_byte(ngx_http_endpoint_json_check_t *check,
    u_char c)
{
    char         *literal;
    static char  *literals[] = { "true", "false", "null" };

    literal = literals[check->token - ngx_http_endpoint_json_in_true];

    if (c != (u_char) literal[check->rest]) {
        return NGX_ERROR;
    }

    check->rest++;

    if (literal[check->rest] == '\0') {
        check->token = ngx_http_endpoint_json_no_token;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_json_check_string_byte(
    ngx_http_endpoint_json_check_t *check, u_char c)
{
    ngx_uint_t  good;

    switch (check->token) {

    case ngx_http_endpoint_json_in_string:
        return ngx_http_endpoint_json_check_plain_byte(check, c);

    case ngx_http_endpoint_json_in_escape:
        if (c == 'u') {
            check->token = ngx_http_endpoint_json_in_hex;
            check->rest = 4;
            return NGX_OK;
        }

        check->rest = 1;
        good = ngx_http_endpoint_json_check_is_escape(c);
        break;

    case ngx_http_endpoint_json_in_hex:
        good = ngx_http_endpoint_json_check_is_hex(c);
        break;

    default: /* ngx_http_endpoint_json_in_utf8 */
        good = c >= check->low && c <= check->high;
        check->low = 0x80;
        check->high = 0xbf;
        break;
    }

    if (--check->rest == 0) {
        check->token = ngx_http_endpoint_json_in_string;
    }

    return good ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_endpoint_json_check_plain_byte(ngx_http_endpoint_json_check_t *check,
    u_char c)
{
    if (c == '"') {
        check->token = ngx_http_endpoint_json_no_token;
        return NGX_OK;
    }

    if (c == '\\') {
        check->token = ngx_http_endpoint_json_in_escape;
        return NGX_OK;
    }

    if (c < 0x80) {
        return c < ' ' ? NGX_ERROR : NGX_OK;
    }

    if (c < 0xc2 || c > 0xf4) {
        return NGX_ERROR;
    }

    /* the first byte may narrow the second: overlong, surrogate, too high */

    check->token = ngx_http_endpoint_json_in_utf8;
    check->rest = 1 + (c >= 0xe0) + (c >= 0xf0);
    check->low = (c == 0xe0) ? 0xa0 : (c == 0xf0) ? 0x90 : 0x80;
    check->high = (c == 0xed) ? 0x9f : (c == 0xf4) ? 0x8f : 0xbf;

    return NGX_OK;
}


static ngx_inline ngx_uint_t
ngx_http_endpoint_json_check_is_escape(u_char c)
{
    return c == '"' || c == '\\' || c == '/' || c == 'b' || c == 'f'
           || c == 'n' || c == 'r' || c == 't';
}


static ngx_inline ngx_uint_t
ngx_http_endpoint_json_check_is_hex(u_char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}


/* eight bytes, the first one lowest */

static ngx_inline uint64_t
ngx_http_endpoint_json_check_word(u_char *p)
{
    uint64_t  word;

    ngx_memcpy(&word, p, sizeof(uint64_t));

#if (NGX_HAVE_LITTLE_ENDIAN)
    return word;
#else
    return __builtin_bswap64(word);
#endif
}


/* p is behind what must be a blank, or what is looked at, here and below */

static ngx_inline u_char *
ngx_http_endpoint_json_check_blank(ngx_http_endpoint_json_check_t *check,
    u_char *p, u_char *last)
{
    uint64_t  word;

    if (p[-1] == ' ') {
        return p;
    }

    if (p[-1] != LF) {
        return (p[-1] == '\t' || p[-1] == CR)
               ? p : ngx_http_endpoint_json_check_fail(check, last);
    }

    while (last - p >= 8) {
        word = ngx_http_endpoint_json_check_word(p)
               ^ ngx_http_endpoint_json_each(' ');

        if (word) {
            return p + ngx_http_endpoint_json_below(word);
        }

        p += 8;
    }

    return p;
}


static ngx_inline u_char *
ngx_http_endpoint_json_check_after(ngx_http_endpoint_json_check_t *check,
    u_char *p, u_char *last, ngx_uint_t *state, ngx_uint_t next, u_char close)
{
    if (p[-1] == ',') {
        *state = next;
        return p;
    }

    if (p[-1] == close) {
        *state = ngx_http_endpoint_json_check_close(check);
        return p;
    }

    return ngx_http_endpoint_json_check_blank(check, p, last);
}


static ngx_inline u_char *
ngx_http_endpoint_json_check_value(ngx_http_endpoint_json_check_t *check,
    u_char *p, u_char *last, ngx_uint_t *state)
{
    u_char  c;

    c = p[-1];

    if (c == '"') {
        *state = ngx_http_endpoint_json_behind(*state);
        return ngx_http_endpoint_json_check_string(check, p, last);
    }

    if (c <= ' ') {
        return ngx_http_endpoint_json_check_blank(check, p, last);
    }

    if (c == '{' || c == '[') {

        if (check->depth == NGX_HTTP_ENDPOINT_JSON_DEPTH) {
            return ngx_http_endpoint_json_check_fail(check, last);
        }

        *state = ngx_http_endpoint_json_check_open(check, c);

        return p;
    }

    *state = ngx_http_endpoint_json_behind(*state);

    if (c > '9') {
        return ngx_http_endpoint_json_check_literal(check, p - 1, last);
    }

    /* most are one digit: what follows is not of a number */

    if (c >= '0' && p < last && (*p < '-' || (*p | 0x20) > 'e')) {
        return p;
    }

    return ngx_http_endpoint_json_check_number(check, p - 1, last);
}


static ngx_inline u_char *
ngx_http_endpoint_json_check_string(ngx_http_endpoint_json_check_t *check,
    u_char *p, u_char *last)
{
    for ( ;; ) {
        p = ngx_http_endpoint_json_check_plain(p, last);

        if (p < last && *p == '"') {
            return p + 1;
        }

        if (last - p < 8) {
            break;
        }

        p = ngx_http_endpoint_json_check_special(p, last);

        if (p == NULL) {
            return ngx_http_endpoint_json_check_fail(check, last);
        }
    }

    check->token = ngx_http_endpoint_json_in_string;

    return ngx_http_endpoint_json_check_resume(check, p, last);
}


/* the first quote, backslash, control or byte that is not ASCII, or last */

static ngx_inline u_char *
ngx_http_endpoint_json_check_plain(u_char *p, u_char *last)
{
    uint64_t  word;

#if (__SSE2__)
    size_t    mask;
    __m128i   block;

    while (last - p >= 16) {
        block = _mm_loadu_si128((__m128i *) p);

        /*
         * Only top bits count, and as signed bytes all that is not ASCII is
         * below the blank, too.
         */

        mask = _mm_movemask_epi8(
                 _mm_or_si128(
                   _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
                                _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))),
                   _mm_subs_epi8(block, _mm_set1_epi8(' '))));

        if (mask) {
            return p + __builtin_ctzll(mask);
        }

        p += 16;
    }
#endif

    while (last - p >= 8) {
        word = ngx_http_endpoint_json_check_word(p);

        /*
         * The top bit of each byte looked for.  Bit 1 turned over moves the
         * quote down beside the controls.  A borrow may mark more bytes, but
         * only above one that is marked rightly.
         */

        word = (((word ^ ngx_http_endpoint_json_each(2))
                 - ngx_http_endpoint_json_each(' ' + 1))
                | ((word ^ ngx_http_endpoint_json_each('\\'))
                   - ngx_http_endpoint_json_each(1))
                | word)
               & ngx_http_endpoint_json_each(0x80);

        if (word) {
            return p + ngx_http_endpoint_json_below(word);
        }

        p += 8;
    }

    while (p < last && *p != '"' && *p != '\\' && (signed char) *p >= ' ') {
        p++;
    }

    return p;
}


/* NULL: an error; at least eight bytes are left, no escape takes more */

static u_char *
ngx_http_endpoint_json_check_special(u_char *p, u_char *last)
{
    if (*p == '\\') {

        if (p[1] != 'u') {
            return ngx_http_endpoint_json_check_is_escape(p[1]) ? p + 2 : NULL;
        }

        return (ngx_http_endpoint_json_check_is_hex(p[2])
                && ngx_http_endpoint_json_check_is_hex(p[3])
                && ngx_http_endpoint_json_check_is_hex(p[4])
                && ngx_http_endpoint_json_check_is_hex(p[5])) ? p + 6 : NULL;
    }

    if (*p < ' ') {
        return NULL;
    }

    /* what is not ASCII seldom comes alone */

    do {
        p = ngx_http_endpoint_json_check_utf8(p);
    } while (p && last - p >= 4 && *p >= 0x80);

    return p;
}


/* at least four bytes are left */

static ngx_inline u_char *
ngx_http_endpoint_json_check_utf8(u_char *p)
{
    u_char  c;

    c = *p;

    if (c < 0xc2 || c > 0xf4 || (p[1] & 0xc0) != 0x80) {
        return NULL;
    }

    if (c < 0xe0) {
        return p + 2;
    }

    if ((p[2] & 0xc0) != 0x80) {
        return NULL;
    }

    if (c < 0xf0) {
        return ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f))
               ? NULL : p + 3;
    }

    return ((p[3] & 0xc0) != 0x80
            || (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f))
           ? NULL : p + 4;
}


static u_char *
ngx_http_endpoint_json_check_number(ngx_http_endpoint_json_check_t *check,
    u_char *p, u_char *last)
{
    u_char  *start, *end;

    start = p;
    p += (*p == '-');
    end = ngx_http_endpoint_json_check_digits(p, last);

    if (end < last && end > p && (*p != '0' || end - p == 1)) {

        if (*end == '.') {
            p = end + 1;
            end = ngx_http_endpoint_json_check_digits(p, last);
        }

        if (end < last && end > p && *end != 'e' && *end != 'E') {
            return end;
        }
    }

    /* what is rare, wrong, or may go on in the next piece */

    check->token = ngx_http_endpoint_json_number;

    return ngx_http_endpoint_json_check_resume(check, start, last);
}


static ngx_inline u_char *
ngx_http_endpoint_json_check_digits(u_char *p, u_char *last)
{
    while (p < last && *p >= '0' && *p <= '9') {
        p++;
    }

    return p;
}


static u_char *
ngx_http_endpoint_json_check_literal(ngx_http_endpoint_json_check_t *check,
    u_char *p, u_char *last)
{
    if (last - p >= 5) {

        if (ngx_memcmp(p, "true", 4) == 0 || ngx_memcmp(p, "null", 4) == 0) {
            return p + 4;
        }

        if (ngx_memcmp(p, "false", 5) == 0) {
            return p + 5;
        }
    }

    check->token = (*p == 't') ? ngx_http_endpoint_json_in_true
                 : (*p == 'f') ? ngx_http_endpoint_json_in_false
                               : ngx_http_endpoint_json_in_null;
    check->rest = 0;

    return ngx_http_endpoint_json_check_resume(check, p, last);
}


static ngx_uint_t
ngx_http_endpoint_json_check_open(ngx_http_endpoint_json_check_t *check,
    u_char c)
{
    u_char  *byte, bit;

    byte = &check->stack[check->depth / 8];
    bit = 1 << (check->depth % 8);

    check->depth++;

    if (c == '{') {
        *byte |= bit;
        return ngx_http_endpoint_json_first_name;
    }

    *byte &= ~bit;

    return ngx_http_endpoint_json_first_element;
}


static ngx_uint_t
ngx_http_endpoint_json_check_close(ngx_http_endpoint_json_check_t *check)
{
    ngx_uint_t  n;

    if (--check->depth == 0) {
        return ngx_http_endpoint_json_done;
    }

    n = check->depth - 1;

    return (check->stack[n / 8] & (1 << (n % 8)))
           ? ngx_http_endpoint_json_after_value
           : ngx_http_endpoint_json_after_element;
}


static u_char *
ngx_http_endpoint_json_check_fail(ngx_http_endpoint_json_check_t *check,
    u_char *last)
{
    check->token = ngx_http_endpoint_json_broken;

    return last;
}
