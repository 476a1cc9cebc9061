
#include "ngx_http_endpoint_number.h"

#include <float.h>
#include <math.h>


/*
 * No point half-way between two doubles has more digits than this: of those
 * that follow it only matters whether all are zero.
 */
#define NGX_HTTP_ENDPOINT_NUMBER_DIGITS  768

/* far beyond the exponents of a double, far within those of an int64_t */
#define NGX_HTTP_ENDPOINT_NUMBER_EXP  99999


typedef struct {
    u_char    digits[NGX_HTTP_ENDPOINT_NUMBER_DIGITS + sizeof("1e-99999")];
    size_t    len;
    int64_t   exp;
} ngx_http_endpoint_number_t;


static ngx_int_t ngx_http_endpoint_number_word(u_char *data, size_t len,
    double *x);
static u_char *ngx_http_endpoint_number_mantissa(u_char *p, u_char *end,
    ngx_http_endpoint_number_t *n);
static u_char *ngx_http_endpoint_number_exponent(u_char *p, u_char *end,
    ngx_http_endpoint_number_t *n);
static double ngx_http_endpoint_number_value(ngx_http_endpoint_number_t *n);
static size_t ngx_http_endpoint_number_shortest(double x, u_char *digits,
    ngx_int_t *point);
static size_t ngx_http_endpoint_number_split(char *text, u_char *digits,
    ngx_int_t *point);
static u_char *ngx_http_endpoint_number_fixed(u_char *p, u_char *digits,
    size_t len, ngx_int_t point);


ngx_int_t
ngx_http_endpoint_number_read(u_char *data, size_t len, double *x)
{
    u_char                      *p, *end;
    ngx_uint_t                   minus;
    ngx_http_endpoint_number_t   n;

    p = data;
    end = data + len;
    minus = 0;

    if (p < end && (*p == '-' || *p == '+')) {
        minus = (*p++ == '-');
    }

    if (ngx_http_endpoint_number_word(p, end - p, x) != NGX_OK) {

        p = ngx_http_endpoint_number_mantissa(p, end, &n);
        if (p == NULL) {
            return NGX_DECLINED;
        }

        p = ngx_http_endpoint_number_exponent(p, end, &n);
        if (p != end) {
            return NGX_DECLINED;
        }

        *x = ngx_http_endpoint_number_value(&n);
    }

    if (minus) {
        *x = -*x;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_number_word(u_char *data, size_t len, double *x)
{
    if ((len == 3 && ngx_strncasecmp(data, (u_char *) "inf", 3) == 0)
        || (len == 8 && ngx_strncasecmp(data, (u_char *) "infinity", 8) == 0))
    {
        *x = INFINITY;
        return NGX_OK;
    }

    if (len == 3 && ngx_strncasecmp(data, (u_char *) "nan", 3) == 0) {
        *x = NAN;
        return NGX_OK;
    }

    return NGX_DECLINED;
}


static u_char *
ngx_http_endpoint_number_mantissa(u_char *p, u_char *end,
    ngx_http_endpoint_number_t *n)
{
    ngx_uint_t  point, found, rest;

    n->len = 0;
    n->exp = 0;

    point = 0;
    found = 0;
    rest = 0;

    for ( /* void */ ; p < end; p++) {

        if (*p == '.' && !point) {
            point = 1;
            continue;
        }

        if (*p < '0' || *p > '9') {
            break;
        }

        found = 1;
        n->exp -= point;

        if (*p == '0' && n->len == 0) {
            continue;
        }

        if (n->len < NGX_HTTP_ENDPOINT_NUMBER_DIGITS) {
            n->digits[n->len++] = *p;

        } else {
            n->exp++;
            rest |= (*p != '0');
        }
    }

    if (rest) {
        n->digits[n->len++] = '1';
        n->exp--;
    }

    return found ? p : NULL;
}


/* NULL where an exponent has no digits */

static u_char *
ngx_http_endpoint_number_exponent(u_char *p, u_char *end,
    ngx_http_endpoint_number_t *n)
{
    u_char      *start;
    int64_t      exp;
    ngx_uint_t   minus;

    if (p == end || (*p != 'e' && *p != 'E')) {
        return p;
    }

    p++;
    minus = 0;

    if (p < end && (*p == '-' || *p == '+')) {
        minus = (*p++ == '-');
    }

    start = p;

    for (exp = 0; p < end && *p >= '0' && *p <= '9'; p++) {
        if (exp < INT64_MAX / 100) {
            exp = exp * 10 + (*p - '0');
        }
    }

    n->exp += minus ? -exp : exp;

    return p == start ? NULL : p;
}


/* strtod() is exact, and meets no decimal point that a locale might change */

static double
ngx_http_endpoint_number_value(ngx_http_endpoint_number_t *n)
{
    if (n->len == 0) {
        return 0;
    }

    n->exp = ngx_max(n->exp, -NGX_HTTP_ENDPOINT_NUMBER_EXP);
    n->exp = ngx_min(n->exp, NGX_HTTP_ENDPOINT_NUMBER_EXP);

    ngx_sprintf(&n->digits[n->len], "e%L%Z", n->exp);

    return strtod((char *) n->digits, NULL);
}


u_char *
ngx_http_endpoint_number_write(u_char *buf, double x, ngx_uint_t plain)
{
    size_t      len;
    u_char      digits[32], *p, *end;
    ngx_int_t   point;

    p = buf;

    if (signbit(x)) {
        *p++ = '-';
        x = -x;
    }

    len = ngx_http_endpoint_number_shortest(x, digits, &point);

    if (plain) {
        return ngx_http_endpoint_number_fixed(p, digits, len, point);
    }

    if (point > -4 && point <= 16) {
        end = ngx_http_endpoint_number_fixed(p, digits, len, point);
        return point < (ngx_int_t) len ? end : ngx_cpymem(end, ".0", 2);
    }

    *p++ = digits[0];

    if (len > 1) {
        *p++ = '.';
        p = ngx_cpymem(p, &digits[1], len - 1);
    }

    return ngx_sprintf(p, "e%c%02i", point > 0 ? '+' : '-',
                       ngx_abs(point - 1));
}


/*
 * The value is 0.DIGITS times ten to the power of point.  A double keeps any
 * 15 digits, so that fewer need not be tried where it has its full precision.
 */

static size_t
ngx_http_endpoint_number_shortest(double x, u_char *digits, ngx_int_t *point)
{
    int   n;
    char  text[32], *last;

    if (x == 0) {
        digits[0] = '0';
        *point = 1;
        return 1;
    }

    for (n = (x < DBL_MIN) ? 1 : DBL_DIG; n < DBL_DIG + 2; n++) {
        snprintf(text, sizeof(text), "%.*e", n - 1, x);

        if (strtod(text, NULL) == x) {
            return ngx_http_endpoint_number_split(text, digits, point);
        }

        /*
         * More decimals above a power of two are read as it than below: the
         * nearest may miss where the next one up does not.
         */

        last = strchr(text, 'e') - 1;

        if (*last != '9' && (*last)++ && strtod(text, NULL) == x) {
            return ngx_http_endpoint_number_split(text, digits, point);
        }
    }

    snprintf(text, sizeof(text), "%.*e", n - 1, x);

    return ngx_http_endpoint_number_split(text, digits, point);
}


static size_t
ngx_http_endpoint_number_split(char *text, u_char *digits, ngx_int_t *point)
{
    size_t  len;

    for (len = 0; *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9') {
            digits[len++] = *text;
        }
    }

    *point = strtol(text + 1, NULL, 10) + 1;

    while (len > 1 && digits[len - 1] == '0') {
        len--;
    }

    return len;
}


static u_char *
ngx_http_endpoint_number_fixed(u_char *p, u_char *digits, size_t len,
    ngx_int_t point)
{
    if (point <= 0) {
        p = ngx_cpymem(p, "0.", 2);
        ngx_memset(p, '0', -point);
        return ngx_cpymem(p - point, digits, len);
    }

    if (point >= (ngx_int_t) len) {
        p = ngx_cpymem(p, digits, len);
        ngx_memset(p, '0', point - len);
        return p + (point - len);
    }

    p = ngx_cpymem(p, digits, point);
    *p++ = '.';

    return ngx_cpymem(p, &digits[point], len - point);
}
