
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_uri.h"
#include "ngx_http_endpoint_utf8.h"


static ngx_int_t ngx_http_endpoint_uri_path_compile(
    ngx_http_endpoint_compile_t *c, ngx_str_t *text, ngx_array_t *parts);
static ngx_int_t ngx_http_endpoint_uri_path_literal(
    ngx_http_endpoint_compile_t *c, ngx_str_t *literal);
static ngx_uint_t ngx_http_endpoint_uri_escaped(ngx_str_t *literal);
static ngx_int_t ngx_http_endpoint_uri_path_check(
    ngx_http_endpoint_compile_t *c, ngx_str_t *text, ngx_array_t *parts);
static ngx_int_t ngx_http_endpoint_uri_path_refs(
    ngx_http_endpoint_compile_t *c, ngx_str_t *text, ngx_array_t *parts);
static ngx_int_t ngx_http_endpoint_uri_pairs_compile(
    ngx_http_endpoint_compile_t *c, u_char *p, u_char *end,
    ngx_array_t *pairs);
static ngx_int_t ngx_http_endpoint_uri_path_render(
    ngx_http_endpoint_uri_t *uri, ngx_http_endpoint_scope_t *scope,
    ngx_str_t *path, ngx_http_endpoint_refusal_t *refusal);
static ngx_int_t ngx_http_endpoint_uri_path_value(
    ngx_http_endpoint_part_t *part, ngx_http_endpoint_scope_t *scope,
    ngx_http_endpoint_writer_t *w);
static ngx_uint_t ngx_http_endpoint_uri_segment_safe(
    ngx_http_endpoint_value_t *v, ngx_str_t *text, ngx_uint_t rest);
static ngx_int_t ngx_http_endpoint_uri_args_render(
    ngx_http_endpoint_uri_t *uri, ngx_http_endpoint_scope_t *scope,
    ngx_str_t *args);
static ngx_int_t ngx_http_endpoint_uri_pair_render(
    ngx_http_endpoint_uri_pair_t *pair, ngx_http_endpoint_scope_t *scope,
    ngx_http_endpoint_writer_t *w);
static ngx_int_t ngx_http_endpoint_uri_value(ngx_http_endpoint_part_t *part,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_uri_part_e as,
    ngx_http_endpoint_writer_t *w);
static ngx_int_t ngx_http_endpoint_uri_encode(ngx_http_endpoint_writer_t *w,
    ngx_str_t *text);
static ngx_int_t ngx_http_endpoint_uri_encoded(ngx_http_endpoint_writer_t *w,
    ngx_str_t *text, ngx_uint_t pairs);


ngx_int_t
ngx_http_endpoint_uri_compile(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text, ngx_http_endpoint_uri_t *uri)
{
    u_char     *end, *args;
    ngx_str_t   path;

    if (ngx_array_init(&uri->path, c->cf->pool, 2,
                       sizeof(ngx_http_endpoint_part_t))
        != NGX_OK
        || ngx_array_init(&uri->pairs, c->cf->pool, 1,
                          sizeof(ngx_http_endpoint_uri_pair_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    end = text->data + text->len;
    uri->size = text->len;

    if (ngx_strlchr(text->data, end, '#')) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "a fragment in URI \"%V\", write "
                                            "\"%%23\" for a \"#\"", text);
    }

    args = ngx_strlchr(text->data, end, '?');

    path.data = text->data;
    path.len = (args ? args : end) - text->data;

    if (ngx_http_endpoint_uri_path_compile(c, &path, &uri->path) != NGX_OK) {
        return NGX_ERROR;
    }

    if (args == NULL) {
        return NGX_OK;
    }

    return ngx_http_endpoint_uri_pairs_compile(c, args + 1, end, &uri->pairs);
}


static ngx_int_t
ngx_http_endpoint_uri_path_compile(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text, ngx_array_t *parts)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_part_t  *part;

    if (ngx_http_endpoint_template_split(c, text, parts) != NGX_OK) {
        return NGX_ERROR;
    }

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        if (part[i].type == ngx_http_endpoint_part_literal
            && ngx_http_endpoint_uri_path_literal(c, &part[i].literal)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ngx_http_endpoint_uri_path_refs(c, text, parts) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_uri_path_check(c, text, parts);
}


/* a subrequest's URI is decoded, while the user writes a request line */

static ngx_int_t
ngx_http_endpoint_uri_path_literal(ngx_http_endpoint_compile_t *c,
    ngx_str_t *literal)
{
    u_char  *src, *dst, *p;

    if (!ngx_http_endpoint_uri_escaped(literal)) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "a \"%%\" without two hexadecimal "
                                            "digits in URI \"%V\", write "
                                            "\"%%25\" for a \"%%\"", literal);
    }

    p = ngx_pnalloc(c->cf->pool, literal->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    src = literal->data;
    dst = p;

    ngx_unescape_uri(&dst, &src, literal->len, 0);

    literal->data = p;
    literal->len = dst - p;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_uri_escaped(ngx_str_t *literal)
{
    u_char  *p, *end;

    end = literal->data + literal->len;

    for (p = literal->data; p < end; p++) {
        if (*p == '%' && (end - p < 3 || ngx_hextoi(p + 1, 2) == NGX_ERROR)) {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_http_endpoint_uri_path_check(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text, ngx_array_t *parts)
{
    u_char                    *nul;
    ngx_str_t                  literal;
    ngx_uint_t                 i;
    ngx_http_endpoint_part_t  *part;

    part = parts->elts;

    if (parts->nelts == 0
        || part[0].type != ngx_http_endpoint_part_literal
        || part[0].literal.len == 0 || part[0].literal.data[0] != '/'
        || (parts->nelts > 1
            && ngx_strlchr(part[0].literal.data + 1,
                           part[0].literal.data + part[0].literal.len, '/')
               == NULL))
    {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid URI \"%V\", it must "
                                            "start with \"/\" and a literal "
                                            "segment", text);
    }

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].type != ngx_http_endpoint_part_literal) {
            continue;
        }

        literal = part[i].literal;
        nul = ngx_strlchr(literal.data, literal.data + literal.len, '\0');

        /* what a value ends, as in ".$x", is looked at with the value */

        while (i + 1 < parts->nelts && literal.len
               && literal.data[literal.len - 1] != '/')
        {
            literal.len--;
        }

        if (nul || ngx_http_endpoint_uri_dots(&literal)) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "invalid URI \"%V\", it must "
                                                "have no \".\" or \"..\" "
                                                "segment and no NUL", text);
        }
    }

    return NGX_OK;
}


/* what would be refused, or hidden in a segment, whatever a client sends */

static ngx_int_t
ngx_http_endpoint_uri_path_refs(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text, ngx_array_t *parts)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_part_t  *part;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].type == ngx_http_endpoint_part_literal) {
            continue;
        }

        if (part[i].ref.uri == ngx_http_endpoint_uri_path) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "a whole URI within the path "
                                                "of \"%V\", bind what is "
                                                "needed of it as the "
                                                "endpoint's \"$name:path\" "
                                                "and write \"$name\"", text);
        }

        if (part[i].ref.uri == ngx_http_endpoint_uri_args) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "arguments within the path of "
                                                "\"%V\", write them behind a "
                                                "\"?\"", text);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_uri_pairs_compile(ngx_http_endpoint_compile_t *c,
    u_char *p, u_char *end, ngx_array_t *pairs)
{
    ngx_str_t                      text;
    ngx_http_endpoint_uri_pair_t  *pair;

    while (p < end) {
        text.data = p;

        for ( /* void */ ; p < end && *p != '&'; p++) {
            if (*p <= 0x20) {
                text.len = end - text.data;
                return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                    "a space or control byte "
                                                    "in arguments \"%V\", "
                                                    "write it as %%XX",
                                                    &text);
            }
        }

        text.len = p++ - text.data;

        pair = ngx_array_push(pairs);
        if (pair == NULL) {
            return NGX_ERROR;
        }

        if (ngx_array_init(&pair->parts, c->cf->pool, 2,
                           sizeof(ngx_http_endpoint_part_t))
            != NGX_OK
            || ngx_http_endpoint_template_split(c, &text, &pair->parts)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_uri_render(ngx_http_endpoint_uri_t *uri,
    ngx_http_endpoint_scope_t *scope, ngx_str_t *path, ngx_str_t *args,
    ngx_http_endpoint_refusal_t *refusal)
{
    ngx_int_t  rc;

    refusal->cause = ngx_http_endpoint_cause_uri;

    rc = ngx_http_endpoint_uri_path_render(uri, scope, path, refusal);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_endpoint_uri_args_render(uri, scope, args);
}


static ngx_int_t
ngx_http_endpoint_uri_path_render(ngx_http_endpoint_uri_t *uri,
    ngx_http_endpoint_scope_t *scope, ngx_str_t *path,
    ngx_http_endpoint_refusal_t *refusal)
{
    ngx_int_t                    rc;
    ngx_uint_t                   i;
    ngx_http_endpoint_part_t    *part;
    ngx_http_endpoint_writer_t   w;

    part = uri->path.elts;

    if (uri->path.nelts == 1) {
        *path = part->literal;
        return NGX_OK;
    }

    ngx_http_endpoint_writer_init(&w, scope->pool, uri->size);

    for (i = 0; i < uri->path.nelts; i++) {

        if (part[i].type == ngx_http_endpoint_part_literal) {
            rc = ngx_http_endpoint_write(&w, part[i].literal.data,
                                         part[i].literal.len);

        } else {
            rc = ngx_http_endpoint_uri_path_value(&part[i], scope, &w);
            refusal->ref = &part[i].ref;
        }

        if (rc == NGX_DECLINED) {
            refusal->msg = part[i].ref.uri == ngx_http_endpoint_uri_rest
                         ? "Value error, it must be text without backslash "
                           "and control characters"
                         : "Value error, it must be text or a number without "
                           "slash, backslash and control characters";
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (ngx_http_endpoint_writer_string(&w, path) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_endpoint_uri_dots(path)) {
        refusal->msg = "Value error, it makes a dot segment of a path";
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_uri_path_value(ngx_http_endpoint_part_t *part,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_writer_t *w)
{
    ngx_str_t                  text;
    ngx_http_endpoint_value_t  v;

    if (ngx_http_endpoint_scope_value(scope, &part->ref, &v) != NGX_OK
        || ngx_http_endpoint_value_to_text(scope->pool, &v, &text)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!ngx_http_endpoint_uri_segment_safe(&v, &text,
                            part->ref.uri == ngx_http_endpoint_uri_rest))
    {
        return NGX_DECLINED;
    }

    return ngx_http_endpoint_write(w, text.data, text.len);
}


/* the rest of a path has segments, or none */

static ngx_uint_t
ngx_http_endpoint_uri_segment_safe(ngx_http_endpoint_value_t *v,
    ngx_str_t *text, ngx_uint_t rest)
{
    size_t  i;

    if ((text->len == 0 && !rest)
        || (v->type != ngx_http_endpoint_number
            && v->type != ngx_http_endpoint_string
            && v->type != ngx_http_endpoint_text))
    {
        return 0;
    }

    for (i = 0; i < text->len; i++) {
        if (text->data[i] < 0x20 || text->data[i] == 0x7f
            || (text->data[i] == '/' && !rest) || text->data[i] == '\\'
            || ngx_http_endpoint_utf8_c1(text, i))
        {
            return 0;
        }
    }

    return 1;
}


/*
 * Whether "." or ".." stands between two slashes, or at the end; some servers
 * take what is behind a ";" for a parameter of the segment.
 */

ngx_uint_t
ngx_http_endpoint_uri_dots(ngx_str_t *path)
{
    u_char  *p, *end;

    end = path->data + path->len;

    for (p = path->data; p < end; p++) {

        if (*p != '/') {
            continue;
        }

        if (end - p > 1 && p[1] == '.'
            && (end - p == 2 || p[2] == '/' || p[2] == ';'
                || (p[2] == '.'
                    && (end - p == 3 || p[3] == '/' || p[3] == ';'))))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_endpoint_uri_args_render(ngx_http_endpoint_uri_t *uri,
    ngx_http_endpoint_scope_t *scope, ngx_str_t *args)
{
    ngx_uint_t                     i;
    ngx_http_endpoint_writer_t     w;
    ngx_http_endpoint_uri_pair_t  *pair;

    ngx_str_null(args);

    if (uri->pairs.nelts == 0) {
        return NGX_OK;
    }

    ngx_http_endpoint_writer_init(&w, scope->pool, uri->size);

    pair = uri->pairs.elts;

    for (i = 0; i < uri->pairs.nelts; i++) {
        if (ngx_http_endpoint_uri_pair_render(&pair[i], scope, &w) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_writer_string(&w, args);
}


static ngx_int_t
ngx_http_endpoint_uri_pair_render(ngx_http_endpoint_uri_pair_t *pair,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_writer_t *w)
{
    ngx_int_t                   rc;
    ngx_uint_t                  i, n, value;
    ngx_http_endpoint_part_t   *part;
    ngx_http_endpoint_value_t   v;

    part = pair->parts.elts;
    n = pair->parts.nelts;

    if (n && n <= 2 && part[n - 1].type != ngx_http_endpoint_part_literal) {
        if (ngx_http_endpoint_scope_value(scope, &part[n - 1].ref, &v)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (v.type == ngx_http_endpoint_null
            || (n == 1 && part->ref.uri == ngx_http_endpoint_uri_args
                && v.data.len == 0))
        {
            return NGX_OK;
        }
    }

    if (w->size && ngx_http_endpoint_write(w, (u_char *) "&", 1) != NGX_OK) {
        return NGX_ERROR;
    }

    value = 0;

    for (i = 0; i < n; i++) {

        if (part[i].type == ngx_http_endpoint_part_literal) {
            rc = ngx_http_endpoint_write(w, part[i].literal.data,
                                         part[i].literal.len);

            value |= ngx_strlchr(part[i].literal.data,
                                 part[i].literal.data + part[i].literal.len,
                                 '=')
                     != NULL;

        } else {
            rc = ngx_http_endpoint_uri_value(&part[i], scope,
                        value ? ngx_http_endpoint_uri_arg
                        : n == 1 ? ngx_http_endpoint_uri_args
                        : ngx_http_endpoint_uri_none, w);
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* what came from a URI as what it is to be here has been encoded there */

static ngx_int_t
ngx_http_endpoint_uri_value(ngx_http_endpoint_part_t *part,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_uri_part_e as,
    ngx_http_endpoint_writer_t *w)
{
    ngx_str_t                  text;
    ngx_http_endpoint_value_t  v;

    if (ngx_http_endpoint_scope_value(scope, &part->ref, &v) != NGX_OK
        || ngx_http_endpoint_value_to_text(scope->pool, &v, &text)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (as == ngx_http_endpoint_uri_none || as != part->ref.uri) {
        return ngx_http_endpoint_uri_encode(w, &text);
    }

    return ngx_http_endpoint_uri_encoded(w, &text,
                                         as == ngx_http_endpoint_uri_args);
}


static ngx_int_t
ngx_http_endpoint_uri_encode(ngx_http_endpoint_writer_t *w, ngx_str_t *text)
{
    u_char     *p;
    uintptr_t   escapes;

    escapes = ngx_escape_uri(NULL, text->data, text->len,
                             NGX_ESCAPE_URI_COMPONENT);
    if (escapes == 0) {
        return ngx_http_endpoint_write(w, text->data, text->len);
    }

    p = ngx_pnalloc(w->pool, text->len + 2 * escapes);
    if (p == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_escape_uri(p, text->data, text->len, NGX_ESCAPE_URI_COMPONENT);

    return ngx_http_endpoint_write(w, p, text->len + 2 * escapes);
}


/* "set" and "rewrite" may have made it of text that was not encoded */

static ngx_int_t
ngx_http_endpoint_uri_encoded(ngx_http_endpoint_writer_t *w, ngx_str_t *text,
    ngx_uint_t pairs)
{
    u_char   ch, *p, *start, *end, escaped[3];

    end = text->data + text->len;

    for (p = text->data, start = p; p < end; p++) {
        ch = *p;

        if (ch > 0x20 && ch < 0x7f && ch != '#' && (ch != '&' || pairs)) {
            continue;
        }

        (void) ngx_sprintf(escaped, "%%%02Xi", (ngx_int_t) ch);

        if (ngx_http_endpoint_write(w, start, p - start) != NGX_OK
            || ngx_http_endpoint_write(w, escaped, 3) != NGX_OK)
        {
            return NGX_ERROR;
        }

        start = p + 1;
    }

    return ngx_http_endpoint_write(w, start, p - start);
}
