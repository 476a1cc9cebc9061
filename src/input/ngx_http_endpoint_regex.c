
#include "ngx_http_endpoint_regex.h"


#if (NGX_PCRE)

/*
 * nginx passes none of PCRE's options on; what a pattern starts with is
 * understood by PCRE and PCRE2 alike.  The limit keeps the worst pattern to a
 * few milliseconds.
 */
#define NGX_HTTP_ENDPOINT_REGEX_START  "(*LIMIT_MATCH=10000)(*UTF)"


static ngx_int_t ngx_http_endpoint_regex_rewrite(ngx_pool_t *pool,
    ngx_str_t *pattern, ngx_str_t *rewritten);
static u_char *ngx_http_endpoint_regex_unit(u_char *p, u_char *end);
static u_char *ngx_http_endpoint_regex_escape(u_char *p, u_char *end);
static u_char *ngx_http_endpoint_regex_class(u_char *p, u_char *end);
static u_char *ngx_http_endpoint_regex_posix(u_char *p, u_char *end);


ngx_int_t
ngx_http_endpoint_regex_compile(ngx_pool_t *pool, ngx_str_t *pattern,
    ngx_http_endpoint_regex_t **regex, ngx_str_t *err)
{
    u_char               *p;
    ngx_regex_compile_t   rc;

    ngx_memzero(&rc, sizeof(ngx_regex_compile_t));

    rc.err.data = ngx_pnalloc(pool, NGX_MAX_CONF_ERRSTR);

    if (rc.err.data == NULL
        || ngx_http_endpoint_regex_rewrite(pool, pattern, &rc.pattern)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc.pool = pool;
    rc.err.len = NGX_MAX_CONF_ERRSTR;

    if (ngx_regex_compile(&rc) != NGX_OK) {
        *err = rc.err;

        /* behind this it shows the pattern as it was rewritten */

        p = ngx_strnstr(err->data, " in \"" NGX_HTTP_ENDPOINT_REGEX_START,
                        err->len);
        if (p) {
            err->len = p - err->data;
        }

        return NGX_ERROR;
    }

    *regex = rc.regex;

    return NGX_OK;
}


/* a "$" would match before a line break at the end too: "\z" does not */

static ngx_int_t
ngx_http_endpoint_regex_rewrite(ngx_pool_t *pool, ngx_str_t *pattern,
    ngx_str_t *rewritten)
{
    u_char  *p, *end, *next, *dst;

    dst = ngx_pnalloc(pool, sizeof(NGX_HTTP_ENDPOINT_REGEX_START)
                            + 2 * pattern->len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    rewritten->data = dst;

    dst = ngx_cpymem(dst, NGX_HTTP_ENDPOINT_REGEX_START,
                     sizeof(NGX_HTTP_ENDPOINT_REGEX_START) - 1);

    end = pattern->data + pattern->len;

    for (p = pattern->data; p < end; p = next) {

        if (*p == '$') {
            dst = ngx_cpymem(dst, "\\z", 2);
            next = p + 1;
            continue;
        }

        next = ngx_http_endpoint_regex_unit(p, end);
        dst = ngx_cpymem(dst, p, next - p);
    }

    rewritten->len = dst - rewritten->data;

    /* PCRE, and nginx's words about an error, read up to a NUL */

    *dst = '\0';

    return NGX_OK;
}


/* the end of what starts at p and may have in it a "$" that is only text */

static u_char *
ngx_http_endpoint_regex_unit(u_char *p, u_char *end)
{
    u_char  *last;

    switch (*p) {

    case '\\':
        return ngx_http_endpoint_regex_escape(p, end);

    case '[':
        return ngx_http_endpoint_regex_class(p, end);

    case '(':

        if (end - p > 3 && p[1] == '?' && p[2] == '#') {
            last = ngx_strlchr(p, end, ')');
            return last ? last : end;
        }

        return p + 1;

    default:
        return p + 1;
    }
}


static u_char *
ngx_http_endpoint_regex_escape(u_char *p, u_char *end)
{
    u_char  *last;

    if (end - p < 2) {
        return end;
    }

    if (p[1] == 'Q') {
        last = ngx_strnstr(p, "\\E", end - p);
        return last ? last + 2 : end;
    }

    last = p + (p[1] == 'c' ? 3 : 2);

    return ngx_min(last, end);
}


static u_char *
ngx_http_endpoint_regex_class(u_char *p, u_char *end)
{
    p++;

    if (p < end && *p == '^') {
        p++;
    }

    /* at the start it is a member */

    if (p < end && *p == ']') {
        p++;
    }

    while (p < end && *p != ']') {

        if (*p == '\\') {
            p = ngx_http_endpoint_regex_escape(p, end);

        } else {
            p = ngx_http_endpoint_regex_posix(p, end);
        }
    }

    return p < end ? p + 1 : end;
}


/* [:alpha:] within a class, else one character */

static u_char *
ngx_http_endpoint_regex_posix(u_char *p, u_char *end)
{
    u_char  *last;

    if (end - p < 2 || p[0] != '[' || p[1] != ':') {
        return p + 1;
    }

    for (last = p + 2; end - last > 1; last++) {

        if (last[0] == ':' && last[1] == ']') {
            return last + 2;
        }

        if (*last != '^' && (*last < 'a' || *last > 'z')) {
            break;
        }
    }

    return p + 1;
}


ngx_uint_t
ngx_http_endpoint_regex_match(ngx_http_endpoint_regex_t *regex,
    ngx_str_t *text)
{
    ngx_str_t  s;

    s = *text;

    /* PCRE takes no NULL, not even for a text without length */

    if (s.data == NULL) {
        ngx_str_set(&s, "");
    }

    return ngx_regex_exec(regex, &s, NULL, 0) >= 0;
}

#else

ngx_int_t
ngx_http_endpoint_regex_compile(ngx_pool_t *pool, ngx_str_t *pattern,
    ngx_http_endpoint_regex_t **regex, ngx_str_t *err)
{
    ngx_str_set(err, "using patterns requires PCRE library");
    return NGX_ERROR;
}


ngx_uint_t
ngx_http_endpoint_regex_match(ngx_http_endpoint_regex_t *regex,
    ngx_str_t *text)
{
    return 0;
}

#endif
