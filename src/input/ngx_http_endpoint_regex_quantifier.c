
#include "ngx_http_endpoint_regex_quantifier.h"


/* what PCRE takes at most */
#define NGX_HTTP_ENDPOINT_REGEX_MOST  65535


static ngx_int_t ngx_http_endpoint_regex_braces(u_char **p, u_char *end,
    ngx_uint_t *min, ngx_uint_t *max);
static ngx_int_t ngx_http_endpoint_regex_number(u_char **p, u_char *end);


ngx_int_t
ngx_http_endpoint_regex_quantifier(u_char **pos, u_char *end, ngx_uint_t *min,
    ngx_uint_t *max)
{
    u_char     *p;
    ngx_int_t   rc;

    if (*pos == end) {
        return NGX_DECLINED;
    }

    p = *pos;

    *min = 0;
    *max = NGX_HTTP_ENDPOINT_REGEX_MANY;

    switch (*p) {

    case '*':
        break;

    case '+':
        *min = 1;
        break;

    case '?':
        *max = 1;
        break;

    case '{':

        rc = ngx_http_endpoint_regex_braces(&p, end, min, max);
        if (rc != NGX_OK) {
            return rc;
        }

        break;

    default:
        return NGX_DECLINED;
    }

    p++;

    if (p < end && *p == '?') {
        p++;
    }

    /* one that gives nothing back is not regular, another is a mistake */

    if (p < end && (*p == '+' || *p == '*' || *p == '?')) {
        return NGX_ERROR;
    }

    *pos = p;

    return NGX_OK;
}


/* {2} {2,} {2,4}, up to the brace that closes; all else is text */

static ngx_int_t
ngx_http_endpoint_regex_braces(u_char **p, u_char *end, ngx_uint_t *min,
    ngx_uint_t *max)
{
    u_char     *pos;
    ngx_int_t   n;

    pos = *p + 1;

    n = ngx_http_endpoint_regex_number(&pos, end);

    if (pos == end || n == NGX_ERROR) {

        /* newer ones read {,4} and blanks as one */

        return NGX_ERROR;
    }

    *min = n;
    *max = n;

    if (*pos == ',') {
        pos++;

        if (pos < end && *pos == '}') {
            *max = NGX_HTTP_ENDPOINT_REGEX_MANY;

        } else {
            n = ngx_http_endpoint_regex_number(&pos, end);

            if (n == NGX_ERROR || (ngx_uint_t) n < *min) {
                return NGX_ERROR;
            }

            *max = n;
        }
    }

    if (pos == end || *pos != '}') {
        return NGX_ERROR;
    }

    *p = pos;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_regex_number(u_char **p, u_char *end)
{
    u_char     *start;
    ngx_int_t   n;

    start = *p;

    while (*p < end && **p >= '0' && **p <= '9') {
        (*p)++;
    }

    n = ngx_atoi(start, *p - start);

    return n > NGX_HTTP_ENDPOINT_REGEX_MOST ? NGX_ERROR : n;
}
