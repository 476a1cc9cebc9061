
#include "ngx_http_endpoint_template_fault.h"


/* deeper ones are not looked into */
#define NGX_HTTP_ENDPOINT_TEMPLATE_FAULT_DEPTH  100


typedef struct {
    u_char                              *p;
    u_char                              *end;
    ngx_uint_t                           depth;
    ngx_http_endpoint_template_fault_t  *fault;
} ngx_http_endpoint_template_reader_t;


static ngx_int_t ngx_http_endpoint_fault_value(
    ngx_http_endpoint_template_reader_t *r);
static ngx_int_t ngx_http_endpoint_fault_list(
    ngx_http_endpoint_template_reader_t *r, u_char close);
static ngx_int_t ngx_http_endpoint_fault_next(
    ngx_http_endpoint_template_reader_t *r, u_char close, u_char *open);
static ngx_int_t ngx_http_endpoint_fault_key(
    ngx_http_endpoint_template_reader_t *r);
static ngx_int_t ngx_http_endpoint_fault_string(
    ngx_http_endpoint_template_reader_t *r);
static ngx_int_t ngx_http_endpoint_fault_escape(
    ngx_http_endpoint_template_reader_t *r);
static ngx_int_t ngx_http_endpoint_fault_number(
    ngx_http_endpoint_template_reader_t *r);
static ngx_int_t ngx_http_endpoint_fault_word(
    ngx_http_endpoint_template_reader_t *r);
static void ngx_http_endpoint_fault_name(
    ngx_http_endpoint_template_reader_t *r);
static void ngx_http_endpoint_fault_space(
    ngx_http_endpoint_template_reader_t *r);
static ngx_uint_t ngx_http_endpoint_fault_letter(u_char ch);
static ngx_int_t ngx_http_endpoint_fault_at(
    ngx_http_endpoint_template_reader_t *r, u_char *pos, const char *reason);


void
ngx_http_endpoint_template_fault(ngx_str_t *text,
    ngx_http_endpoint_template_fault_t *fault)
{
    ngx_http_endpoint_template_reader_t  r;

    r.p = text->data;
    r.end = text->data + text->len;
    r.depth = 0;
    r.fault = fault;

    if (ngx_http_endpoint_fault_value(&r) != NGX_OK) {
        return;
    }

    ngx_http_endpoint_fault_space(&r);

    (void) ngx_http_endpoint_fault_at(&r, r.p,
               r.p == r.end ? "it is no JSON"
                            : "there is something behind the value");
}


static ngx_int_t
ngx_http_endpoint_fault_value(ngx_http_endpoint_template_reader_t *r)
{
    ngx_http_endpoint_fault_space(r);

    if (r->p == r->end) {
        return ngx_http_endpoint_fault_at(r, r->p, "a value is missing");
    }

    switch (*r->p) {

    case '{':
        return ngx_http_endpoint_fault_list(r, '}');

    case '[':
        return ngx_http_endpoint_fault_list(r, ']');

    case '"':
        return ngx_http_endpoint_fault_string(r);

    case '$':
        ngx_http_endpoint_fault_name(r);
        return NGX_OK;

    case '\'':
        return ngx_http_endpoint_fault_at(r, r->p,
                                          "JSON has double quotes only");

    case ',':
    case ':':
    case '}':
    case ']':
        return ngx_http_endpoint_fault_at(r, r->p, "a value is missing");
    }

    if (ngx_http_endpoint_fault_letter(*r->p)) {
        return ngx_http_endpoint_fault_word(r);
    }

    return ngx_http_endpoint_fault_number(r);
}


/* the members of an object, the elements of an array */

static ngx_int_t
ngx_http_endpoint_fault_list(ngx_http_endpoint_template_reader_t *r,
    u_char close)
{
    u_char     *open;
    ngx_int_t   rc;

    open = r->p++;

    if (++r->depth > NGX_HTTP_ENDPOINT_TEMPLATE_FAULT_DEPTH) {
        return ngx_http_endpoint_fault_at(r, open, "it is too deep");
    }

    ngx_http_endpoint_fault_space(r);

    if (r->p < r->end && *r->p == close) {
        r->p++;
        r->depth--;
        return NGX_OK;
    }

    for ( ;; ) {

        if (r->p == r->end) {
            return ngx_http_endpoint_fault_at(r, open, close == '}'
                                              ? "its \"}\" is missing"
                                              : "its \"]\" is missing");
        }

        if (close == '}' && ngx_http_endpoint_fault_key(r) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ngx_http_endpoint_fault_value(r) != NGX_OK) {
            return NGX_ERROR;
        }

        rc = ngx_http_endpoint_fault_next(r, close, open);

        if (rc == NGX_DONE) {
            r->depth--;
            return NGX_OK;
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }
}


/* NGX_OK: a comma, and what follows it; NGX_DONE: the end */

static ngx_int_t
ngx_http_endpoint_fault_next(ngx_http_endpoint_template_reader_t *r,
    u_char close, u_char *open)
{
    u_char  *comma;

    ngx_http_endpoint_fault_space(r);

    if (r->p == r->end) {
        return ngx_http_endpoint_fault_at(r, open, close == '}'
                                          ? "its \"}\" is missing"
                                          : "its \"]\" is missing");
    }

    if (*r->p == close) {
        r->p++;
        return NGX_DONE;
    }

    if (*r->p == '}' || *r->p == ']') {
        return ngx_http_endpoint_fault_at(r, r->p, close == '}'
                                          ? "a \"}\" is missing before it"
                                          : "a \"]\" is missing before it");
    }

    if (*r->p != ',') {
        return ngx_http_endpoint_fault_at(r, r->p,
                                          "a comma is missing before it");
    }

    comma = r->p++;

    ngx_http_endpoint_fault_space(r);

    if (r->p < r->end && (*r->p == '}' || *r->p == ']')) {
        return ngx_http_endpoint_fault_at(r, comma,
                                          "there is a comma too many");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_fault_key(ngx_http_endpoint_template_reader_t *r)
{
    u_char  *key;

    key = r->p;

    if (*key == '\'') {
        return ngx_http_endpoint_fault_at(r, key,
                                          "JSON has double quotes only");
    }

    if (*key != '"') {
        return ngx_http_endpoint_fault_at(r, key,
                   (ngx_http_endpoint_fault_letter(*key) || *key == '$')
                   ? "a key must be in double quotes" : "a key is missing");
    }

    if (ngx_http_endpoint_fault_string(r) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_endpoint_fault_space(r);

    if (r->p == r->end || *r->p != ':') {
        return ngx_http_endpoint_fault_at(r, key,
                                          "a \":\" is missing behind the key");
    }

    r->p++;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_fault_string(ngx_http_endpoint_template_reader_t *r)
{
    u_char  *open;

    open = r->p++;

    while (r->p < r->end) {

        if (*r->p == '"') {
            r->p++;
            return NGX_OK;
        }

        if (*r->p == '\\') {
            if (ngx_http_endpoint_fault_escape(r) != NGX_OK) {
                return NGX_ERROR;
            }

            continue;
        }

        if (*r->p < 0x20 && *r->p != '\n' && *r->p != '\r' && *r->p != '\t') {
            return ngx_http_endpoint_fault_at(r, r->p,
                                              "there is a control character "
                                              "in the text");
        }

        r->p++;
    }

    return ngx_http_endpoint_fault_at(r, open, "its closing quote is missing");
}


static ngx_int_t
ngx_http_endpoint_fault_escape(ngx_http_endpoint_template_reader_t *r)
{
    u_char      *p;
    ngx_uint_t   n;

    p = r->p + 1;
    n = 0;

    if (p < r->end && ngx_strchr("\"\\/bfnrtu", *p)) {

        if (*p++ != 'u') {
            r->p = p;
            return NGX_OK;
        }

        while (n < 4 && p < r->end
               && ((*p >= '0' && *p <= '9')
                   || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'f')))
        {
            n++;
            p++;
        }
    }

    if (n == 4) {
        r->p = p;
        return NGX_OK;
    }

    return ngx_http_endpoint_fault_at(r, r->p,
                                      "there is no such escape, a backslash "
                                      "is written twice");
}


static ngx_int_t
ngx_http_endpoint_fault_number(ngx_http_endpoint_template_reader_t *r)
{
    u_char  *start, *p;

    start = r->p;
    p = start;

    if (*p == '-') {
        p++;
    }

    if (p == r->end || *p < '0' || *p > '9'
        || (*p == '0' && p + 1 < r->end && p[1] >= '0' && p[1] <= '9'))
    {
        return ngx_http_endpoint_fault_at(r, start, "it is no value of JSON");
    }

    while (p < r->end
           && ((*p >= '0' && *p <= '9') || *p == '.' || *p == '-' || *p == '+'
               || *p == 'e' || *p == 'E'))
    {
        p++;
    }

    if (p[-1] < '0' || p[-1] > '9') {
        return ngx_http_endpoint_fault_at(r, start, "it is no number of JSON");
    }

    r->p = p;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_fault_word(ngx_http_endpoint_template_reader_t *r)
{
    size_t   len;
    u_char  *start;

    start = r->p;

    while (r->p < r->end && ngx_http_endpoint_fault_letter(*r->p)) {
        r->p++;
    }

    len = r->p - start;

    if ((len == 4 && ngx_strncmp(start, "true", 4) == 0)
        || (len == 4 && ngx_strncmp(start, "null", 4) == 0)
        || (len == 5 && ngx_strncmp(start, "false", 5) == 0))
    {
        return NGX_OK;
    }

    if ((len == 4 && ngx_strncmp(start, "None", 4) == 0)
        || (len == 4 && ngx_strncmp(start, "True", 4) == 0)
        || (len == 5 && ngx_strncmp(start, "False", 5) == 0))
    {
        return ngx_http_endpoint_fault_at(r, start, "JSON has null, true and "
                                          "false");
    }

    return ngx_http_endpoint_fault_at(r, start, r->depth
                                      ? "a text must be in double quotes"
                                      : "a text must be in double quotes, or "
                                        "has a type= like text/plain");
}


/* it is right, and stands for a value */

static void
ngx_http_endpoint_fault_name(ngx_http_endpoint_template_reader_t *r)
{
    u_char  *close;

    r->p++;

    if (r->p < r->end && *r->p == '{') {
        close = ngx_strlchr(r->p, r->end, '}');
        r->p = close ? close + 1 : r->end;
        return;
    }

    for ( ;; ) {

        while (r->p < r->end
               && (ngx_http_endpoint_fault_letter(*r->p)
                   || (*r->p >= '0' && *r->p <= '9')))
        {
            r->p++;
        }

        if (r->p + 1 < r->end && *r->p == '.'
            && ngx_http_endpoint_fault_letter(r->p[1]))
        {
            r->p++;
            continue;
        }

        if (r->p + 1 < r->end && *r->p == '[' && r->p[1] != ']'
            && ngx_strchr("0123456789*-:", r->p[1]))
        {
            close = ngx_strlchr(r->p, r->end, ']');

            if (close) {
                r->p = close + 1;
                continue;
            }
        }

        return;
    }
}


static void
ngx_http_endpoint_fault_space(ngx_http_endpoint_template_reader_t *r)
{
    while (r->p < r->end
           && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n'
               || *r->p == '\r'))
    {
        r->p++;
    }
}


static ngx_uint_t
ngx_http_endpoint_fault_letter(u_char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_'
           || ch >= 0x80;
}


static ngx_int_t
ngx_http_endpoint_fault_at(ngx_http_endpoint_template_reader_t *r, u_char *pos,
    const char *reason)
{
    r->fault->pos = pos;
    r->fault->reason = reason;

    return NGX_ERROR;
}
