
#include "ngx_http_endpoint_regex_tree.h"
#include "ngx_http_endpoint_utf8.h"


#define NGX_HTTP_ENDPOINT_REGEX_DEPTH  100


typedef struct {
    ngx_pool_t    *pool;
    u_char        *pos;
    u_char        *end;
    ngx_uint_t     depth;
    unsigned       any_case:1;          /* (?i) */
    unsigned       dot_all:1;           /* (?s) */
} ngx_http_endpoint_regex_parser_t;


static ngx_http_endpoint_regex_node_t *ngx_http_endpoint_regex_alternatives(
    ngx_http_endpoint_regex_parser_t *p);
static ngx_http_endpoint_regex_node_t *ngx_http_endpoint_regex_items(
    ngx_http_endpoint_regex_parser_t *p);
static ngx_http_endpoint_regex_node_t *ngx_http_endpoint_regex_item(
    ngx_http_endpoint_regex_parser_t *p);
static ngx_http_endpoint_regex_node_t *ngx_http_endpoint_regex_node(
    ngx_http_endpoint_regex_parser_t *p, ngx_http_endpoint_regex_node_e type);
static ngx_http_endpoint_regex_node_t *ngx_http_endpoint_regex_group(
    ngx_http_endpoint_regex_parser_t *p);
static ngx_int_t ngx_http_endpoint_regex_group_start(
    ngx_http_endpoint_regex_parser_t *p);
static ngx_int_t ngx_http_endpoint_regex_flags(
    ngx_http_endpoint_regex_parser_t *p);
static ngx_http_endpoint_regex_node_t *ngx_http_endpoint_regex_dot(
    ngx_http_endpoint_regex_parser_t *p);
static ngx_http_endpoint_regex_node_t *ngx_http_endpoint_regex_backslash(
    ngx_http_endpoint_regex_parser_t *p);
static ngx_http_endpoint_regex_node_t *ngx_http_endpoint_regex_literal(
    ngx_http_endpoint_regex_parser_t *p, uint32_t c);
static ngx_int_t ngx_http_endpoint_regex_character(
    ngx_http_endpoint_regex_parser_t *p, uint32_t *c);
static ngx_int_t ngx_http_endpoint_regex_hex(
    ngx_http_endpoint_regex_parser_t *p, uint32_t *c);
static ngx_http_endpoint_regex_node_t *ngx_http_endpoint_regex_class_of(
    ngx_http_endpoint_regex_parser_t *p);
static ngx_int_t ngx_http_endpoint_regex_member(
    ngx_http_endpoint_regex_parser_t *p, ngx_http_endpoint_regex_set_t *set);
static ngx_int_t ngx_http_endpoint_regex_named(
    ngx_http_endpoint_regex_parser_t *p, ngx_http_endpoint_regex_set_t *set);
static ngx_int_t ngx_http_endpoint_regex_add(
    ngx_http_endpoint_regex_parser_t *p, ngx_http_endpoint_regex_set_t *set,
    uint32_t low, uint32_t high);
static ngx_http_endpoint_regex_node_t *ngx_http_endpoint_regex_quantified(
    ngx_http_endpoint_regex_parser_t *p, ngx_http_endpoint_regex_node_t *item);


ngx_http_endpoint_regex_node_t *
ngx_http_endpoint_regex_tree(ngx_pool_t *pool, ngx_str_t *pattern)
{
    ngx_http_endpoint_regex_node_t    *node;
    ngx_http_endpoint_regex_parser_t   p;

    ngx_memzero(&p, sizeof(ngx_http_endpoint_regex_parser_t));

    p.pool = pool;
    p.pos = pattern->data;
    p.end = pattern->data + pattern->len;

    node = ngx_http_endpoint_regex_alternatives(&p);

    return p.pos == p.end ? node : NULL;
}


static ngx_http_endpoint_regex_node_t *
ngx_http_endpoint_regex_alternatives(ngx_http_endpoint_regex_parser_t *p)
{
    ngx_http_endpoint_regex_node_t  *choice, **last;

    choice = ngx_http_endpoint_regex_node(p, ngx_http_endpoint_regex_choice);
    if (choice == NULL) {
        return NULL;
    }

    last = &choice->child;

    for ( ;; ) {
        *last = ngx_http_endpoint_regex_items(p);

        if (*last == NULL) {
            return NULL;
        }

        if (p->pos == p->end || *p->pos != '|') {
            return choice;
        }

        p->pos++;
        last = &(*last)->next;
    }
}


static ngx_http_endpoint_regex_node_t *
ngx_http_endpoint_regex_items(ngx_http_endpoint_regex_parser_t *p)
{
    ngx_http_endpoint_regex_node_t  *sequence, **last;

    sequence = ngx_http_endpoint_regex_node(p,
                                            ngx_http_endpoint_regex_sequence);
    if (sequence == NULL) {
        return NULL;
    }

    last = &sequence->child;

    while (p->pos < p->end && *p->pos != '|' && *p->pos != ')') {

        *last = ngx_http_endpoint_regex_item(p);

        if (*last) {
            *last = ngx_http_endpoint_regex_quantified(p, *last);
        }

        if (*last == NULL) {
            return NULL;
        }

        last = &(*last)->next;
    }

    return sequence;
}


static ngx_http_endpoint_regex_node_t *
ngx_http_endpoint_regex_item(ngx_http_endpoint_regex_parser_t *p)
{
    uint32_t  c;

    switch (*p->pos) {

    case '(':
        return ngx_http_endpoint_regex_group(p);

    case '[':
        return ngx_http_endpoint_regex_class_of(p);

    case '\\':
        return ngx_http_endpoint_regex_backslash(p);

    case '.':
        return ngx_http_endpoint_regex_dot(p);

    case '^':
        p->pos++;
        return ngx_http_endpoint_regex_node(p, ngx_http_endpoint_regex_start);

    case '$':
        p->pos++;
        return ngx_http_endpoint_regex_node(p, ngx_http_endpoint_regex_end);

    case '*':
    case '+':
    case '?':
        return NULL;

    default:

        if (ngx_http_endpoint_regex_character(p, &c) != NGX_OK) {
            return NULL;
        }

        return ngx_http_endpoint_regex_literal(p, c);
    }
}


static ngx_http_endpoint_regex_node_t *
ngx_http_endpoint_regex_node(ngx_http_endpoint_regex_parser_t *p,
    ngx_http_endpoint_regex_node_e type)
{
    ngx_http_endpoint_regex_node_t  *node;

    node = ngx_pcalloc(p->pool, sizeof(ngx_http_endpoint_regex_node_t));

    if (node) {
        node->type = type;
    }

    return node;
}


static ngx_http_endpoint_regex_node_t *
ngx_http_endpoint_regex_group(ngx_http_endpoint_regex_parser_t *p)
{
    ngx_int_t                        rc;
    ngx_uint_t                       any_case, dot_all;
    ngx_http_endpoint_regex_node_t  *node;

    any_case = p->any_case;
    dot_all = p->dot_all;

    p->pos++;

    rc = ngx_http_endpoint_regex_group_start(p);

    if (rc == NGX_ERROR || p->depth == NGX_HTTP_ENDPOINT_REGEX_DEPTH) {
        return NULL;
    }

    if (rc == NGX_DONE) {

        /*
         * (?i) alone is for the rest of the group that it stands in; what is
         * repeated behind a comment is what stands before it
         */

        if (p->pos < p->end && ngx_strchr("*+?{", *p->pos)) {
            return NULL;
        }

        return ngx_http_endpoint_regex_node(p,
                                            ngx_http_endpoint_regex_sequence);
    }

    p->depth++;
    node = ngx_http_endpoint_regex_alternatives(p);
    p->depth--;

    if (node == NULL || p->pos == p->end) {
        return NULL;
    }

    p->pos++;
    p->any_case = any_case;
    p->dot_all = dot_all;

    return node;
}


/* NGX_DONE: nothing is grouped; NGX_ERROR: what is not regular */

static ngx_int_t
ngx_http_endpoint_regex_group_start(ngx_http_endpoint_regex_parser_t *p)
{
    u_char  *last;

    if (p->pos == p->end || *p->pos == '*') {
        return NGX_ERROR;
    }

    if (*p->pos != '?') {
        return NGX_OK;
    }

    if (++p->pos == p->end) {
        return NGX_ERROR;
    }

    switch (*p->pos) {

    case '#':
        last = ngx_strlchr(p->pos, p->end, ')');
        if (last == NULL) {
            return NGX_ERROR;
        }

        p->pos = last + 1;
        return NGX_DONE;

    case 'P':

        if (p->end - p->pos < 2 || p->pos[1] != '<') {
            return NGX_ERROR;
        }

        p->pos++;

        /* fall through */

    case '<':

        if (p->end - p->pos < 2 || p->pos[1] == '=' || p->pos[1] == '!'
            || p->pos[1] == '*')
        {
            return NGX_ERROR;
        }

        last = ngx_strlchr(p->pos, p->end, '>');
        if (last == NULL) {
            return NGX_ERROR;
        }

        p->pos = last + 1;
        return NGX_OK;

    default:
        return ngx_http_endpoint_regex_flags(p);
    }
}


static ngx_int_t
ngx_http_endpoint_regex_flags(ngx_http_endpoint_regex_parser_t *p)
{
    ngx_uint_t  on;

    on = 1;

    for ( /* void */ ; p->pos < p->end; p->pos++) {

        switch (*p->pos) {

        case '-':

            if (!on) {
                return NGX_ERROR;
            }

            on = 0;
            break;

        case 'i':
            p->any_case = on;
            break;

        case 's':
            p->dot_all = on;
            break;

        case ':':
            p->pos++;
            return NGX_OK;

        case ')':
            p->pos++;
            return NGX_DONE;

        default:
            return NGX_ERROR;
        }
    }

    return NGX_ERROR;
}


static ngx_http_endpoint_regex_node_t *
ngx_http_endpoint_regex_dot(ngx_http_endpoint_regex_parser_t *p)
{
    ngx_http_endpoint_regex_node_t  *node;

    p->pos++;

    node = ngx_http_endpoint_regex_node(p, ngx_http_endpoint_regex_one);
    if (node == NULL) {
        return NULL;
    }

    node->set = ngx_http_endpoint_regex_set(p->pool);

    if (node->set == NULL
        || (!p->dot_all
            && ngx_http_endpoint_regex_set_add(node->set, LF, LF) != NGX_OK)
        || ngx_http_endpoint_regex_set_finish(node->set, 1) != NGX_OK)
    {
        return NULL;
    }

    return node;
}


static ngx_http_endpoint_regex_node_t *
ngx_http_endpoint_regex_backslash(ngx_http_endpoint_regex_parser_t *p)
{
    ngx_int_t                        rc;
    uint32_t                         c;
    ngx_http_endpoint_regex_node_t  *node;

    if (p->end - p->pos < 2) {
        return NULL;
    }

    switch (p->pos[1]) {

    case 'A':
        p->pos += 2;
        return ngx_http_endpoint_regex_node(p, ngx_http_endpoint_regex_start);

    case 'z':
        p->pos += 2;
        return ngx_http_endpoint_regex_node(p, ngx_http_endpoint_regex_end);

    case 'b':
        p->pos += 2;
        return ngx_http_endpoint_regex_node(p, ngx_http_endpoint_regex_edge);

    case 'B':
        p->pos += 2;
        return ngx_http_endpoint_regex_node(p,
                                            ngx_http_endpoint_regex_no_edge);
    }

    node = ngx_http_endpoint_regex_node(p, ngx_http_endpoint_regex_one);
    if (node == NULL) {
        return NULL;
    }

    node->set = ngx_http_endpoint_regex_set(p->pool);
    if (node->set == NULL) {
        return NULL;
    }

    rc = ngx_http_endpoint_regex_set_add_escape(node->set, p->pos[1]);

    if (rc == NGX_OK) {
        p->pos += 2;
        return ngx_http_endpoint_regex_set_finish(node->set, 0) == NGX_OK
               ? node : NULL;
    }

    if (rc == NGX_ERROR
        || ngx_http_endpoint_regex_character(p, &c) != NGX_OK)
    {
        return NULL;
    }

    return ngx_http_endpoint_regex_literal(p, c);
}


static ngx_http_endpoint_regex_node_t *
ngx_http_endpoint_regex_literal(ngx_http_endpoint_regex_parser_t *p,
    uint32_t c)
{
    ngx_http_endpoint_regex_node_t  *node;

    node = ngx_http_endpoint_regex_node(p, ngx_http_endpoint_regex_one);
    if (node == NULL) {
        return NULL;
    }

    node->set = ngx_http_endpoint_regex_set(p->pool);

    if (node->set == NULL
        || ngx_http_endpoint_regex_add(p, node->set, c, c) != NGX_OK
        || ngx_http_endpoint_regex_set_finish(node->set, 0) != NGX_OK)
    {
        return NULL;
    }

    return node;
}


/* one that stands for itself, or an escape that does */

static ngx_int_t
ngx_http_endpoint_regex_character(ngx_http_endpoint_regex_parser_t *p,
    uint32_t *c)
{
    static char  *known = "tnrfea", *meant = "\t\n\r\f\033\007";

    char  *found;

    if (*p->pos != '\\') {
        *c = ngx_http_endpoint_utf8_next(&p->pos);
        return NGX_OK;
    }

    if (p->end - p->pos < 2 || p->pos[1] > 0x7f) {
        return NGX_ERROR;
    }

    *c = p->pos[1];
    p->pos += 2;

    if (*c == 'x') {
        return ngx_http_endpoint_regex_hex(p, c);
    }

    if ((*c >= '0' && *c <= '9') || ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z'))
    {
        found = ngx_strchr(known, *c);
        if (found == NULL) {
            return NGX_ERROR;
        }

        *c = meant[found - known];
    }

    return NGX_OK;
}


/* \xHH or \x{H} */

static ngx_int_t
ngx_http_endpoint_regex_hex(ngx_http_endpoint_regex_parser_t *p, uint32_t *c)
{
    u_char     *last;
    size_t      len;
    ngx_int_t   n;

    len = 2;

    if (p->pos < p->end && *p->pos == '{') {
        p->pos++;

        last = ngx_strlchr(p->pos, p->end, '}');
        if (last == NULL || last - p->pos > 6) {
            return NGX_ERROR;
        }

        len = last - p->pos;
    }

    if ((size_t) (p->end - p->pos) < len) {
        return NGX_ERROR;
    }

    n = ngx_hextoi(p->pos, len);

    if (n == NGX_ERROR || n > NGX_HTTP_ENDPOINT_REGEX_LAST) {
        return NGX_ERROR;
    }

    p->pos += len;

    if (p->pos < p->end && *p->pos == '}' && p->pos[-1 - (ngx_int_t) len]
                                             == '{')
    {
        p->pos++;
    }

    *c = (uint32_t) n;

    return NGX_OK;
}


static ngx_http_endpoint_regex_node_t *
ngx_http_endpoint_regex_class_of(ngx_http_endpoint_regex_parser_t *p)
{
    ngx_uint_t                       negated, first;
    ngx_http_endpoint_regex_node_t  *node;

    node = ngx_http_endpoint_regex_node(p, ngx_http_endpoint_regex_one);
    if (node == NULL) {
        return NULL;
    }

    node->set = ngx_http_endpoint_regex_set(p->pool);
    if (node->set == NULL) {
        return NULL;
    }

    p->pos++;
    negated = (p->pos < p->end && *p->pos == '^');
    p->pos += negated;

    /* at the start a bracket is a member */

    for (first = 1; p->pos < p->end && (first || *p->pos != ']'); first = 0) {

        if (ngx_http_endpoint_regex_member(p, node->set) != NGX_OK) {
            return NULL;
        }
    }

    if (p->pos == p->end
        || ngx_http_endpoint_regex_set_finish(node->set, negated) != NGX_OK)
    {
        return NULL;
    }

    p->pos++;

    return node;
}


static ngx_int_t
ngx_http_endpoint_regex_member(ngx_http_endpoint_regex_parser_t *p,
    ngx_http_endpoint_regex_set_t *set)
{
    uint32_t  low, high;

    if (*p->pos == '[' && p->end - p->pos > 1
        && (p->pos[1] == ':' || p->pos[1] == '.' || p->pos[1] == '='))
    {
        return ngx_http_endpoint_regex_named(p, set);
    }

    if (*p->pos == '\\' && p->end - p->pos > 1
        && ngx_strchr("dDwWsS", p->pos[1]))
    {
        p->pos += 2;

        /* what a hyphen means behind it is no one's to guess */

        if (p->pos < p->end && *p->pos == '-') {
            return NGX_ERROR;
        }

        return ngx_http_endpoint_regex_set_add_escape(set, p->pos[-1]);
    }

    if (ngx_http_endpoint_regex_character(p, &low) != NGX_OK) {
        return NGX_ERROR;
    }

    high = low;

    if (p->end - p->pos > 1 && p->pos[0] == '-' && p->pos[1] != ']') {
        p->pos++;

        if (*p->pos == '['
            || ngx_http_endpoint_regex_character(p, &high) != NGX_OK
            || high < low)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_regex_add(p, set, low, high);
}


/* [:alpha:] or [:^alpha:] */

static ngx_int_t
ngx_http_endpoint_regex_named(ngx_http_endpoint_regex_parser_t *p,
    ngx_http_endpoint_regex_set_t *set)
{
    u_char      *last;
    ngx_str_t    name;
    ngx_uint_t   negated;

    name.data = p->pos + 2;
    last = ngx_strlchr(name.data, p->end, ':');

    if (last == NULL || p->pos[1] != ':' || p->end - last < 2
        || last[1] != ']' || p->any_case)
    {
        return NGX_ERROR;
    }

    negated = (*name.data == '^');
    name.data += negated;
    name.len = last - name.data;

    p->pos = last + 2;

    if (p->pos < p->end && *p->pos == '-') {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_regex_set_add_name(set, &name, negated);
}


static ngx_int_t
ngx_http_endpoint_regex_add(ngx_http_endpoint_regex_parser_t *p,
    ngx_http_endpoint_regex_set_t *set, uint32_t low, uint32_t high)
{
    return p->any_case
           ? ngx_http_endpoint_regex_set_add_any_case(set, low, high)
           : ngx_http_endpoint_regex_set_add(set, low, high);
}


/* an item with the quantifiers behind it: as many as there are */

static ngx_http_endpoint_regex_node_t *
ngx_http_endpoint_regex_quantified(ngx_http_endpoint_regex_parser_t *p,
    ngx_http_endpoint_regex_node_t *item)
{
    ngx_int_t                        rc;
    ngx_uint_t                       min, max;
    ngx_http_endpoint_regex_node_t  *repeat;

    rc = ngx_http_endpoint_regex_quantifier(&p->pos, p->end, &min, &max);

    if (rc == NGX_DECLINED) {
        return item;
    }

    if (rc == NGX_ERROR) {
        return NULL;
    }

    repeat = ngx_http_endpoint_regex_node(p, ngx_http_endpoint_regex_repeat);
    if (repeat == NULL) {
        return NULL;
    }

    repeat->child = item;
    repeat->min = min;
    repeat->max = max;

    return repeat;
}
