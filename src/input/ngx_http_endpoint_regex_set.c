
#include "ngx_http_endpoint_regex_set.h"


typedef struct {
    ngx_str_t    name;
    char        *pairs;         /* of the first and the last of each range */
} ngx_http_endpoint_regex_name_t;


static ngx_int_t ngx_http_endpoint_regex_set_add_pairs(
    ngx_http_endpoint_regex_set_t *set, char *pairs, ngx_uint_t negated);
static int ngx_libc_cdecl ngx_http_endpoint_regex_set_order(const void *one,
    const void *two);
static void ngx_http_endpoint_regex_set_join(
    ngx_http_endpoint_regex_set_t *set);
static ngx_int_t ngx_http_endpoint_regex_set_negate(
    ngx_http_endpoint_regex_set_t *set);


static ngx_http_endpoint_regex_name_t  ngx_http_endpoint_regex_names[] = {
    { ngx_string("alpha"), "AZaz" },
    { ngx_string("lower"), "az" },
    { ngx_string("upper"), "AZ" },
    { ngx_string("alnum"), "09AZaz" },
    { ngx_string("ascii"), "\1\177" },
    { ngx_string("blank"), "\t\t  " },
    { ngx_string("cntrl"), "\1\037\177\177" },
    { ngx_string("digit"), "09" },
    { ngx_string("graph"), "!~" },
    { ngx_string("print"), " ~" },
    { ngx_string("punct"), "!/:@[`{~" },
    { ngx_string("space"), "\t\r  " },
    { ngx_string("word"), "09AZ__az" },
    { ngx_string("xdigit"), "09AFaf" },
    { ngx_null_string, NULL }
};


ngx_http_endpoint_regex_set_t *
ngx_http_endpoint_regex_set(ngx_pool_t *pool)
{
    ngx_http_endpoint_regex_set_t  *set;

    set = ngx_pcalloc(pool, sizeof(ngx_http_endpoint_regex_set_t));
    if (set == NULL) {
        return NULL;
    }

    if (ngx_array_init(&set->ranges, pool, 2,
                       sizeof(ngx_http_endpoint_regex_range_t))
        != NGX_OK)
    {
        return NULL;
    }

    return set;
}


ngx_int_t
ngx_http_endpoint_regex_set_add(ngx_http_endpoint_regex_set_t *set,
    uint32_t low, uint32_t high)
{
    ngx_http_endpoint_regex_range_t  *range;

    range = ngx_array_push(&set->ranges);
    if (range == NULL) {
        return NGX_ERROR;
    }

    range->low = low;
    range->high = high;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_regex_set_add_any_case(ngx_http_endpoint_regex_set_t *set,
    uint32_t low, uint32_t high)
{
    uint32_t  c;

    if (high > 0x7f) {
        return NGX_DECLINED;
    }

    if (ngx_http_endpoint_regex_set_add(set, low, high) != NGX_OK) {
        return NGX_ERROR;
    }

    for (c = low; c <= high; c++) {

        if ((c | 0x20) < 'a' || (c | 0x20) > 'z') {
            continue;
        }

        if (ngx_http_endpoint_regex_set_add(set, c ^ 0x20, c ^ 0x20) != NGX_OK)
        {
            return NGX_ERROR;
        }

        /* the Kelvin sign and the long s are letters of the same two */

        if ((c | 0x20) == 'k'
            && ngx_http_endpoint_regex_set_add(set, 0x212a, 0x212a) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if ((c | 0x20) == 's'
            && ngx_http_endpoint_regex_set_add(set, 0x017f, 0x017f) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_regex_set_add_escape(ngx_http_endpoint_regex_set_t *set,
    u_char c)
{
    switch (c) {

    case 'd':
    case 'D':
        return ngx_http_endpoint_regex_set_add_pairs(set, "09", c == 'D');

    case 'w':
    case 'W':
        return ngx_http_endpoint_regex_set_add_pairs(set, "09AZ__az",
                                                     c == 'W');

    case 's':
    case 'S':
        return ngx_http_endpoint_regex_set_add_pairs(set, "\t\r  ", c == 'S');

    default:
        return NGX_DECLINED;
    }
}


ngx_int_t
ngx_http_endpoint_regex_set_add_name(ngx_http_endpoint_regex_set_t *set,
    ngx_str_t *name, ngx_uint_t negated)
{
    ngx_http_endpoint_regex_name_t  *n;

    for (n = ngx_http_endpoint_regex_names; n->pairs; n++) {

        if (n->name.len != name->len
            || ngx_strncmp(n->name.data, name->data, name->len) != 0)
        {
            continue;
        }

        /* NUL would end the list of pairs */

        if (n->pairs[0] == '\1' && !negated
            && ngx_http_endpoint_regex_set_add(set, 0, 0) != NGX_OK)
        {
            return NGX_ERROR;
        }

        return ngx_http_endpoint_regex_set_add_pairs(set, n->pairs, negated);
    }

    return NGX_DECLINED;
}


/* pairs are sorted */

static ngx_int_t
ngx_http_endpoint_regex_set_add_pairs(ngx_http_endpoint_regex_set_t *set,
    char *pairs, ngx_uint_t negated)
{
    u_char    *p;
    uint32_t   from;

    from = (pairs[0] == '\1');

    for (p = (u_char *) pairs; *p; p += 2) {

        if (!negated) {
            if (ngx_http_endpoint_regex_set_add(set, p[0], p[1]) != NGX_OK) {
                return NGX_ERROR;
            }

            continue;
        }

        if (from < p[0]
            && ngx_http_endpoint_regex_set_add(set, from, p[0] - 1) != NGX_OK)
        {
            return NGX_ERROR;
        }

        from = p[1] + 1;
    }

    if (!negated) {
        return NGX_OK;
    }

    return ngx_http_endpoint_regex_set_add(set, from,
                                           NGX_HTTP_ENDPOINT_REGEX_LAST);
}


ngx_int_t
ngx_http_endpoint_regex_set_finish(ngx_http_endpoint_regex_set_t *set,
    ngx_uint_t negated)
{
    ngx_qsort(set->ranges.elts, set->ranges.nelts,
              sizeof(ngx_http_endpoint_regex_range_t),
              ngx_http_endpoint_regex_set_order);

    ngx_http_endpoint_regex_set_join(set);

    return negated ? ngx_http_endpoint_regex_set_negate(set) : NGX_OK;
}


static int ngx_libc_cdecl
ngx_http_endpoint_regex_set_order(const void *one, const void *two)
{
    const ngx_http_endpoint_regex_range_t  *a = one, *b = two;

    return (a->low > b->low) - (a->low < b->low);
}


static void
ngx_http_endpoint_regex_set_join(ngx_http_endpoint_regex_set_t *set)
{
    ngx_uint_t                        i, n;
    ngx_http_endpoint_regex_range_t  *range;

    range = set->ranges.elts;
    n = 0;

    for (i = 0; i < set->ranges.nelts; i++) {

        if (n && range[i].low <= range[n - 1].high + 1) {
            range[n - 1].high = ngx_max(range[n - 1].high, range[i].high);

        } else {
            range[n++] = range[i];
        }
    }

    set->ranges.nelts = n;
}


static ngx_int_t
ngx_http_endpoint_regex_set_negate(ngx_http_endpoint_regex_set_t *set)
{
    uint32_t                          from, low, high;
    ngx_uint_t                        i, n;
    ngx_http_endpoint_regex_range_t  *range;

    /* at most one more than there are */

    if (ngx_array_push(&set->ranges) == NULL) {
        return NGX_ERROR;
    }

    range = set->ranges.elts;
    from = 0;
    n = 0;

    for (i = 0; i < set->ranges.nelts - 1; i++) {
        low = range[i].low;
        high = range[i].high;

        if (from < low) {
            range[n].low = from;
            range[n++].high = low - 1;
        }

        from = high + 1;
    }

    if (from <= NGX_HTTP_ENDPOINT_REGEX_LAST) {
        range[n].low = from;
        range[n++].high = NGX_HTTP_ENDPOINT_REGEX_LAST;
    }

    set->ranges.nelts = n;

    return NGX_OK;
}


ngx_uint_t
ngx_http_endpoint_regex_set_has(ngx_http_endpoint_regex_set_t *set, uint32_t c)
{
    ngx_uint_t                        i;
    ngx_http_endpoint_regex_range_t  *range;

    range = set->ranges.elts;

    for (i = 0; i < set->ranges.nelts; i++) {
        if (c >= range[i].low && c <= range[i].high) {
            return 1;
        }
    }

    return 0;
}
