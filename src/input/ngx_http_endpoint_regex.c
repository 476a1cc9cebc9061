
#include "ngx_http_endpoint_automaton.h"
#include "ngx_http_endpoint_backtrack.h"
#include "ngx_http_endpoint_regex.h"


/*
 * Automata, all of which must find something, or nothing where negated: for
 * ^(?=.*[0-9])(?!.*--)[a-z]+$ they are three.  Where a pattern is not regular
 * even so, there are none; else PCRE looks for mistakes in it once, and is not
 * asked again.
 */
struct ngx_http_endpoint_regex_s {
    ngx_array_t                     conditions;
    ngx_http_endpoint_backtrack_t  *backtrack;
};


typedef struct {
    ngx_http_endpoint_automaton_t  *automaton;
    ngx_uint_t                      negated;
} ngx_http_endpoint_regex_condition_t;


static ngx_int_t ngx_http_endpoint_regex_automata(ngx_pool_t *pool,
    ngx_str_t *pattern, ngx_http_endpoint_regex_t *regex);
static ngx_int_t ngx_http_endpoint_regex_looks_ahead(u_char *p, u_char *end,
    ngx_uint_t *negated);
static ngx_int_t ngx_http_endpoint_regex_condition(ngx_pool_t *pool,
    ngx_http_endpoint_regex_t *regex, ngx_str_t *flags, u_char *p, u_char *end,
    ngx_uint_t negated);
static ngx_int_t ngx_http_endpoint_regex_automaton(ngx_pool_t *pool,
    ngx_http_endpoint_regex_t *regex, ngx_str_t *pattern, ngx_uint_t negated);
static u_char *ngx_http_endpoint_regex_closing(u_char *p, u_char *end,
    ngx_uint_t *alternatives);
static ngx_int_t ngx_http_endpoint_regex_backtrack(ngx_pool_t *pool,
    ngx_str_t *pattern, ngx_http_endpoint_regex_t *regex, ngx_str_t *err);

static ngx_uint_t ngx_http_endpoint_regex_search(
    ngx_http_endpoint_regex_t *regex, ngx_str_t *text);
static u_char *ngx_http_endpoint_regex_unit(u_char *p, u_char *end);
static u_char *ngx_http_endpoint_regex_escape(u_char *p, u_char *end);
static u_char *ngx_http_endpoint_regex_class(u_char *p, u_char *end);
static u_char *ngx_http_endpoint_regex_posix(u_char *p, u_char *end);

#if (NGX_PCRE2)
static ngx_int_t ngx_http_endpoint_regex_rewrite(ngx_pool_t *pool,
    ngx_str_t *pattern, ngx_str_t *rewritten);
#endif


ngx_int_t
ngx_http_endpoint_regex_compile(ngx_pool_t *pool, ngx_str_t *pattern,
    ngx_http_endpoint_regex_t **regex, ngx_str_t *err)
{
    ngx_int_t                   rc;
    ngx_http_endpoint_regex_t  *re;

    re = ngx_pcalloc(pool, sizeof(ngx_http_endpoint_regex_t));
    if (re == NULL) {
        return NGX_ERROR;
    }

    if (ngx_array_init(&re->conditions, pool, 1,
                       sizeof(ngx_http_endpoint_regex_condition_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_regex_automata(pool, pattern, re);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED) {
        re->conditions.nelts = 0;
    }

    if (ngx_http_endpoint_regex_backtrack(pool, pattern, re, err) != NGX_OK) {
        return NGX_ERROR;
    }

    *regex = re;

    return NGX_OK;
}


/* NGX_DECLINED: it is not regular, or too large */

static ngx_int_t
ngx_http_endpoint_regex_automata(ngx_pool_t *pool, ngx_str_t *pattern,
    ngx_http_endpoint_regex_t *regex)
{
    u_char      *p, *end, *last;
    ngx_int_t    rc;
    ngx_str_t    flags;
    ngx_uint_t   negated, alternatives;

    p = pattern->data;
    end = p + pattern->len;

    flags.data = p;
    flags.len = (end - p > 4 && ngx_strncmp(p, "(?i)", 4) == 0) ? 4 : 0;
    p += flags.len;

    if (p == end || *p != '^'
        || ngx_http_endpoint_regex_looks_ahead(p + 1, end, &negated) != NGX_OK)
    {
        return ngx_http_endpoint_regex_automaton(pool, regex, pattern, 0);
    }

    p++;

    while (ngx_http_endpoint_regex_looks_ahead(p, end, &negated) == NGX_OK) {

        p += 3;
        last = ngx_http_endpoint_regex_closing(p, end, &alternatives);

        if (last == end || (end - last > 1 && ngx_strchr("*+?{", last[1]))) {
            return NGX_DECLINED;
        }

        rc = ngx_http_endpoint_regex_condition(pool, regex, &flags, p, last,
                                               negated);
        if (rc != NGX_OK) {
            return rc;
        }

        p = last + 1;
    }

    /* of several alternatives they belong to the first alone */

    if (ngx_http_endpoint_regex_closing(p, end, &alternatives) != end
        || alternatives)
    {
        return NGX_DECLINED;
    }

    return ngx_http_endpoint_regex_condition(pool, regex, &flags, p, end, 0);
}


static ngx_int_t
ngx_http_endpoint_regex_looks_ahead(u_char *p, u_char *end,
    ngx_uint_t *negated)
{
    if (end - p < 4 || p[0] != '(' || p[1] != '?'
        || (p[2] != '=' && p[2] != '!'))
    {
        return NGX_DECLINED;
    }

    *negated = (p[2] == '!');

    return NGX_OK;
}


/* the parenthesis that closes, or the end */

static u_char *
ngx_http_endpoint_regex_closing(u_char *p, u_char *end,
    ngx_uint_t *alternatives)
{
    ngx_uint_t  depth;

    depth = 0;
    *alternatives = 0;

    for ( /* void */ ; p < end; p = ngx_http_endpoint_regex_unit(p, end)) {

        switch (*p) {

        case '(':
            depth++;
            break;

        case ')':

            if (depth-- == 0) {
                return p;
            }

            break;

        case '|':
            *alternatives += (depth == 0);
            break;

        default:
            break;
        }
    }

    return end;
}


/* what stands at the start of the text */

static ngx_int_t
ngx_http_endpoint_regex_condition(ngx_pool_t *pool,
    ngx_http_endpoint_regex_t *regex, ngx_str_t *flags, u_char *p, u_char *end,
    ngx_uint_t negated)
{
    ngx_str_t  pattern;

    pattern.len = flags->len + sizeof("^(?:)") - 1 + (end - p);

    pattern.data = ngx_pnalloc(pool, pattern.len);
    if (pattern.data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(pattern.data, "%V^(?:%*s)", flags, (size_t) (end - p),
                       p);

    return ngx_http_endpoint_regex_automaton(pool, regex, &pattern, negated);
}


static ngx_int_t
ngx_http_endpoint_regex_automaton(ngx_pool_t *pool,
    ngx_http_endpoint_regex_t *regex, ngx_str_t *pattern, ngx_uint_t negated)
{
    ngx_http_endpoint_regex_node_t       *tree;
    ngx_http_endpoint_regex_condition_t  *condition;

    tree = ngx_http_endpoint_regex_tree(pool, pattern);
    if (tree == NULL) {
        return NGX_DECLINED;
    }

    condition = ngx_array_push(&regex->conditions);
    if (condition == NULL) {
        return NGX_ERROR;
    }

    condition->negated = negated;

    return ngx_http_endpoint_automaton_create(pool, tree,
                                              &condition->automaton);
}


ngx_uint_t
ngx_http_endpoint_regex_match(ngx_http_endpoint_regex_t *regex,
    ngx_str_t *text)
{
    ngx_uint_t                            i;
    ngx_http_endpoint_regex_condition_t  *condition;

    if (regex->conditions.nelts == 0) {
        return ngx_http_endpoint_regex_search(regex, text);
    }

    condition = regex->conditions.elts;

    for (i = 0; i < regex->conditions.nelts; i++) {

        if (ngx_http_endpoint_automaton_match(condition[i].automaton, text)
            != (condition[i].negated ? NGX_DECLINED : NGX_OK))
        {
            return 0;
        }
    }

    return 1;
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


#if (NGX_PCRE2)

static ngx_uint_t
ngx_http_endpoint_regex_search(ngx_http_endpoint_regex_t *regex,
    ngx_str_t *text)
{
    ngx_str_t  s;

    s = *text;

    /* PCRE takes no NULL, not even for a text without length */

    if (s.data == NULL) {
        ngx_str_set(&s, "");
    }

    return ngx_http_endpoint_backtrack_match(regex->backtrack, &s);
}


static ngx_int_t
ngx_http_endpoint_regex_backtrack(ngx_pool_t *pool, ngx_str_t *pattern,
    ngx_http_endpoint_regex_t *regex, ngx_str_t *err)
{
    ngx_str_t  rewritten;

    if (ngx_http_endpoint_regex_rewrite(pool, pattern, &rewritten) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_backtrack_create(pool, &rewritten,
                                              &regex->backtrack, err);
}


/* a "$" would match before a line break at the end too: "\z" does not */

static ngx_int_t
ngx_http_endpoint_regex_rewrite(ngx_pool_t *pool, ngx_str_t *pattern,
    ngx_str_t *rewritten)
{
    u_char  *p, *end, *next, *dst;

    dst = ngx_pnalloc(pool, 2 * pattern->len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    rewritten->data = dst;

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

    return NGX_OK;
}


#else

/* of nginx without PCRE2: there is nothing that bounds its work */

static ngx_uint_t
ngx_http_endpoint_regex_search(ngx_http_endpoint_regex_t *regex,
    ngx_str_t *text)
{
    return 0;
}


static ngx_int_t
ngx_http_endpoint_regex_backtrack(ngx_pool_t *pool, ngx_str_t *pattern,
    ngx_http_endpoint_regex_t *regex, ngx_str_t *err)
{
    if (regex->conditions.nelts) {
        return NGX_OK;
    }

    ngx_str_set(err, "it is not regular, which takes nginx with PCRE2");
    return NGX_ERROR;
}

#endif
