
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_template.h"
#include "ngx_http_endpoint_template_fault.h"
#include "ngx_http_endpoint_utf8.h"


/* how much of the text an error shows on each side */
#define NGX_HTTP_ENDPOINT_TEMPLATE_NEAR  24


/* where the text of a JSON template stands: in a string or outside of one */
typedef struct {
    ngx_http_endpoint_compile_t  *compile;
    ngx_http_endpoint_writer_t    check;        /* with null for each value */
    ngx_uint_t                    string;
    ngx_uint_t                    escape;
    ngx_uint_t                    dense;        /* without white space */
} ngx_http_endpoint_template_json_t;


static ngx_int_t ngx_http_endpoint_template_add(ngx_array_t *parts,
    ngx_http_endpoint_part_type_e type, u_char *start, u_char *end,
    ngx_http_endpoint_ref_t *ref);
static ngx_uint_t ngx_http_endpoint_template_type_has(ngx_str_t *type,
    char *part);
static ngx_int_t ngx_http_endpoint_template_json_parts(
    ngx_http_endpoint_compile_t *c, ngx_str_t *text, ngx_array_t *parts);
static ngx_int_t ngx_http_endpoint_template_json_error(
    ngx_http_endpoint_compile_t *c, ngx_str_t *text);
static ngx_int_t ngx_http_endpoint_template_json_literal(
    ngx_http_endpoint_template_json_t *j, ngx_http_endpoint_part_t *part);
static ngx_uint_t ngx_http_endpoint_template_lines(ngx_str_t *text);
static void ngx_http_endpoint_template_json_dense(
    ngx_http_endpoint_part_t *part, ngx_uint_t string);
static ngx_uint_t ngx_http_endpoint_template_line_breaks(ngx_str_t *text);
static ngx_int_t ngx_http_endpoint_template_write_form(ngx_pool_t *pool,
    ngx_http_endpoint_writer_t *w, ngx_str_t *text);
static ngx_int_t ngx_http_endpoint_template_write_html(
    ngx_http_endpoint_writer_t *w, ngx_str_t *text);
static ngx_str_t *ngx_http_endpoint_template_entity(u_char ch);
static ngx_int_t ngx_http_endpoint_template_write_log(
    ngx_http_endpoint_writer_t *w, ngx_str_t *text);
static ngx_int_t ngx_http_endpoint_template_part(ngx_http_endpoint_part_t *p,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_writer_t *w);


ngx_int_t
ngx_http_endpoint_template_split(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text, ngx_array_t *parts)
{
    u_char                   *p, *start, *end;
    ngx_http_endpoint_ref_t   ref;

    end = text->data + text->len;
    start = text->data;
    p = start;

    while (p < end) {

        if (*p != '$') {
            p++;
            continue;
        }

        if (ngx_http_endpoint_template_add(parts,
                                           ngx_http_endpoint_part_literal,
                                           start, p, NULL)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        p++;

        if (p < end && *p == '$') {
            start = p++;
            continue;
        }

        if (ngx_http_endpoint_name_ref(c, &p, end, &ref) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ngx_http_endpoint_template_add(parts, ngx_http_endpoint_part_text,
                                           NULL, NULL, &ref)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        start = p;
    }

    return ngx_http_endpoint_template_add(parts,
                                          ngx_http_endpoint_part_literal,
                                          start, end, NULL);
}


static ngx_int_t
ngx_http_endpoint_template_add(ngx_array_t *parts,
    ngx_http_endpoint_part_type_e type, u_char *start, u_char *end,
    ngx_http_endpoint_ref_t *ref)
{
    ngx_http_endpoint_part_t  *part;

    if (ref == NULL && start == end) {
        return NGX_OK;
    }

    part = ngx_array_push(parts);
    if (part == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(part, sizeof(ngx_http_endpoint_part_t));

    part->type = type;
    part->literal.data = start;
    part->literal.len = end - start;

    if (ref) {
        part->ref = *ref;
    }

    return NGX_OK;
}


ngx_http_endpoint_template_kind_e
ngx_http_endpoint_template_kind(ngx_str_t *type)
{
    if (ngx_http_endpoint_template_type_has(type, "json")) {
        return ngx_http_endpoint_template_json;
    }

    if (ngx_http_endpoint_template_type_has(type, "html")
        || ngx_http_endpoint_template_type_has(type, "xml"))
    {
        return ngx_http_endpoint_template_html;
    }

    if (ngx_http_endpoint_template_type_has(type, "x-www-form-urlencoded")) {
        return ngx_http_endpoint_template_form;
    }

    return ngx_http_endpoint_template_text;
}


static ngx_uint_t
ngx_http_endpoint_template_type_has(ngx_str_t *type, char *part)
{
    return ngx_strlcasestrn(type->data, type->data + type->len,
                            (u_char *) part, ngx_strlen(part) - 1)
           != NULL;
}


ngx_int_t
ngx_http_endpoint_template_compile(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text, ngx_http_endpoint_template_kind_e kind,
    ngx_http_endpoint_template_t *t)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_part_t  *part;

    if (ngx_array_init(&t->parts, c->cf->pool, 4,
                       sizeof(ngx_http_endpoint_part_t))
        != NGX_OK
        || ngx_http_endpoint_template_split(c, text, &t->parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (kind == ngx_http_endpoint_template_json) {
        return ngx_http_endpoint_template_json_parts(c, text, &t->parts);
    }

    part = t->parts.elts;

    for (i = 0; i < t->parts.nelts; i++) {
        if (part[i].type == ngx_http_endpoint_part_literal) {
            continue;
        }

        if (kind == ngx_http_endpoint_template_html) {
            part[i].type = ngx_http_endpoint_part_html;

        } else if (kind == ngx_http_endpoint_template_form) {
            part[i].type = ngx_http_endpoint_part_form;

        } else if (kind == ngx_http_endpoint_template_log) {
            part[i].type = ngx_http_endpoint_part_log;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_template_json_parts(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text, ngx_array_t *parts)
{
    ngx_int_t                           rc;
    ngx_str_t                           check;
    ngx_uint_t                          i;
    ngx_http_endpoint_part_t           *part;
    ngx_http_endpoint_template_json_t   j;

    ngx_memzero(&j, sizeof(ngx_http_endpoint_template_json_t));

    j.compile = c;
    j.dense = ngx_http_endpoint_template_lines(text);

    ngx_http_endpoint_writer_init(&j.check, c->cf->temp_pool, text->len);

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].type == ngx_http_endpoint_part_literal) {
            rc = ngx_http_endpoint_template_json_literal(&j, &part[i]);

        } else if (j.string) {

            /* no escape that stands before a name may go on in its text */

            part[i].type = ngx_http_endpoint_part_string;
            rc = ngx_http_endpoint_write(&j.check, (u_char *) "x", 1);

        } else {
            part[i].type = ngx_http_endpoint_part_value;
            rc = ngx_http_endpoint_write(&j.check, (u_char *) "null", 4);
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (ngx_http_endpoint_writer_string(&j.check, &check) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_json_extract(c->cf->temp_pool, &check, NULL, 0,
                                        NULL);

    if (rc == NGX_DECLINED || rc == NGX_ABORT) {
        return ngx_http_endpoint_template_json_error(c, text);
    }

    return rc;
}


/* of a file too, the line is counted from the start of the template */

static ngx_int_t
ngx_http_endpoint_template_json_error(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text)
{
    u_char                              *p, *start, *end;
    ngx_str_t                            near;
    ngx_uint_t                           line;
    ngx_http_endpoint_template_fault_t   fault;

    ngx_http_endpoint_template_fault(text, &fault);

    start = text->data;
    end = text->data + text->len;
    line = 1;

    for (p = text->data; p < fault.pos; p++) {
        if (*p == '\n') {
            start = p + 1;
            line++;
        }
    }

    while (start < fault.pos && (*start == ' ' || *start == '\t')) {
        start++;
    }

    near.data = ngx_max(start, fault.pos - ngx_min(fault.pos - text->data,
                                            NGX_HTTP_ENDPOINT_TEMPLATE_NEAR));

    for (p = fault.pos;
         p < end && *p != '\n' && *p != '\r'
         && p < fault.pos + NGX_HTTP_ENDPOINT_TEMPLATE_NEAR;
         p++)
    { /* void */ }

    near.len = p - near.data;

    return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                        "invalid JSON in line %ui of the "
                                        "template, in \"%V\", at \"%*s\": %s",
                                        line, &near, (size_t) (p - fault.pos),
                                        fault.pos, fault.reason);
}


/* whether there is a line break that is in no string */

static ngx_uint_t
ngx_http_endpoint_template_lines(ngx_str_t *text)
{
    size_t      i;
    ngx_uint_t  string;

    string = 0;

    for (i = 0; i < text->len; i++) {

        if (text->data[i] == '"') {
            string = !string;

        } else if (text->data[i] == '\\') {
            i++;

        } else if (text->data[i] == '\n' && !string) {
            return 1;
        }
    }

    return 0;
}


/*
 * Raw line breaks and tabs inside a string are escaped for the user.  Of text
 * in several lines the white space outside of strings is not sent; it is left
 * in what is checked, where it parts values.
 */

static ngx_int_t
ngx_http_endpoint_template_json_literal(ngx_http_endpoint_template_json_t *j,
    ngx_http_endpoint_part_t *part)
{
    u_char      *p, *end, *dst;
    ngx_str_t    text;
    ngx_uint_t   string;

    string = j->string;

    text.data = ngx_pnalloc(j->compile->cf->pool, part->literal.len
                            + ngx_http_endpoint_template_line_breaks(
                                  &part->literal));
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    dst = text.data;
    end = part->literal.data + part->literal.len;

    for (p = part->literal.data; p < end; p++) {

        if (j->string && !j->escape
            && (*p == '\n' || *p == '\r' || *p == '\t'))
        {
            *dst++ = '\\';
            *dst++ = (*p == '\n') ? 'n' : (*p == '\r') ? 'r' : 't';
            continue;
        }

        if (j->escape) {
            j->escape = 0;

        } else if (*p == '\\') {
            j->escape = j->string;

        } else if (*p == '"') {
            j->string = !j->string;
        }

        *dst++ = *p;
    }

    text.len = dst - text.data;
    part->literal = text;

    if (ngx_http_endpoint_write(&j->check, text.data, text.len) != NGX_OK) {
        return NGX_ERROR;
    }

    if (j->dense) {
        ngx_http_endpoint_template_json_dense(part, string);
    }

    return NGX_OK;
}


/* string: whether the literal begins within one */

static void
ngx_http_endpoint_template_json_dense(ngx_http_endpoint_part_t *part,
    ngx_uint_t string)
{
    u_char      *p, *end, *dst;
    ngx_uint_t   escape;

    escape = 0;
    end = part->literal.data + part->literal.len;

    dst = part->literal.data;

    for (p = dst; p < end; p++) {

        if (!string
            && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        {
            continue;
        }

        if (escape) {
            escape = 0;

        } else if (*p == '\\') {
            escape = string;

        } else if (*p == '"') {
            string = !string;
        }

        *dst++ = *p;
    }

    part->literal.len = dst - part->literal.data;
}


static ngx_uint_t
ngx_http_endpoint_template_line_breaks(ngx_str_t *text)
{
    size_t      i;
    ngx_uint_t  n;

    n = 0;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] == '\n' || text->data[i] == '\r'
            || text->data[i] == '\t')
        {
            n++;
        }
    }

    return n;
}


ngx_int_t
ngx_http_endpoint_template_render(ngx_http_endpoint_template_t *t,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_writer_t *w)
{
    ngx_int_t                  rc;
    ngx_uint_t                 i;
    ngx_http_endpoint_part_t  *part;

    part = t->parts.elts;

    for (i = 0; i < t->parts.nelts; i++) {

        if (part[i].type == ngx_http_endpoint_part_literal) {
            rc = ngx_http_endpoint_write_slice(w, part[i].literal.data,
                                               part[i].literal.len);

        } else {
            rc = ngx_http_endpoint_template_part(&part[i], scope, w);
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_template_part(ngx_http_endpoint_part_t *part,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_writer_t *w)
{
    ngx_str_t                  text;
    ngx_http_endpoint_value_t  v;

    if (ngx_http_endpoint_scope_value(scope, &part->ref, &v) != NGX_OK) {
        return NGX_ERROR;
    }

    if (part->type == ngx_http_endpoint_part_value) {
        return ngx_http_endpoint_write_value(w, &v);
    }

    if (ngx_http_endpoint_value_to_text(scope->pool, &v, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    switch (part->type) {

    case ngx_http_endpoint_part_string:
        return ngx_http_endpoint_write_escaped(w, &text);

    case ngx_http_endpoint_part_html:
        return ngx_http_endpoint_template_write_html(w, &text);

    case ngx_http_endpoint_part_form:
        return ngx_http_endpoint_template_write_form(scope->pool, w, &text);

    case ngx_http_endpoint_part_log:
        return ngx_http_endpoint_template_write_log(w, &text);

    default: /* ngx_http_endpoint_part_text */
        return ngx_http_endpoint_write_slice(w, text.data, text.len);
    }
}


/* URL Standard, section 5.2, but that a space is %20: it is so in a URI, too */

static ngx_int_t
ngx_http_endpoint_template_write_form(ngx_pool_t *pool,
    ngx_http_endpoint_writer_t *w, ngx_str_t *text)
{
    u_char     *p;
    uintptr_t   escapes;

    escapes = ngx_escape_uri(NULL, text->data, text->len,
                             NGX_ESCAPE_URI_COMPONENT);
    if (escapes == 0) {
        return ngx_http_endpoint_write_slice(w, text->data, text->len);
    }

    p = ngx_pnalloc(pool, text->len + 2 * escapes);
    if (p == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_escape_uri(p, text->data, text->len, NGX_ESCAPE_URI_COMPONENT);

    return ngx_http_endpoint_write_slice(w, p, text->len + 2 * escapes);
}


/* unlike ngx_escape_html(), with the apostrophe: it ends attributes too */

static ngx_int_t
ngx_http_endpoint_template_write_html(ngx_http_endpoint_writer_t *w,
    ngx_str_t *text)
{
    size_t      i, start;
    ngx_str_t  *entity;

    start = 0;

    for (i = 0; i < text->len; i++) {
        entity = ngx_http_endpoint_template_entity(text->data[i]);

        if (entity == NULL) {
            continue;
        }

        if (ngx_http_endpoint_write(w, text->data + start, i - start)
            != NGX_OK
            || ngx_http_endpoint_write(w, entity->data, entity->len)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        start = i + 1;
    }

    return ngx_http_endpoint_write_slice(w, text->data + start,
                                         text->len - start);
}


static ngx_str_t *
ngx_http_endpoint_template_entity(u_char ch)
{
    static ngx_str_t  lt = ngx_string("&lt;");
    static ngx_str_t  gt = ngx_string("&gt;");
    static ngx_str_t  amp = ngx_string("&amp;");
    static ngx_str_t  quot = ngx_string("&quot;");
    static ngx_str_t  apos = ngx_string("&#39;");

    switch (ch) {

    case '<':
        return &lt;

    case '>':
        return &gt;

    case '&':
        return &amp;

    case '"':
        return &quot;

    case '\'':
        return &apos;

    default:
        return NULL;
    }
}


/* a foreign line break must not start a line of its own in the log */

static ngx_int_t
ngx_http_endpoint_template_write_log(ngx_http_endpoint_writer_t *w,
    ngx_str_t *text)
{
    size_t  i, start;
    u_char  hex[4];

    start = 0;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] >= 0x20 && text->data[i] != 0x7f
            && !ngx_http_endpoint_utf8_c1(text, i))
        {
            continue;
        }

        (void) ngx_sprintf(hex, "\\x%02Xd", (ngx_uint_t) text->data[i]);

        if (ngx_http_endpoint_write(w, text->data + start, i - start)
            != NGX_OK
            || ngx_http_endpoint_write(w, hex, 4) != NGX_OK)
        {
            return NGX_ERROR;
        }

        start = i + 1;
    }

    return ngx_http_endpoint_write(w, text->data + start, text->len - start);
}


ngx_int_t
ngx_http_endpoint_template_string(ngx_http_endpoint_template_t *t,
    ngx_http_endpoint_scope_t *scope, ngx_str_t *text)
{
    ngx_http_endpoint_part_t    *part;
    ngx_http_endpoint_writer_t   w;

    if (ngx_http_endpoint_template_constant(t)) {
        part = t->parts.elts;

        if (t->parts.nelts) {
            *text = part->literal;

        } else {
            ngx_str_set(text, "");
        }

        return NGX_OK;
    }

    ngx_http_endpoint_writer_init(&w, scope->pool,
                                  ngx_http_endpoint_template_hint(t, scope));

    if (ngx_http_endpoint_template_render(t, scope, &w) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_writer_string(&w, text);
}


size_t
ngx_http_endpoint_template_hint(ngx_http_endpoint_template_t *t,
    ngx_http_endpoint_scope_t *scope)
{
    size_t                      len, size;
    ngx_uint_t                  i;
    ngx_http_endpoint_part_t   *part;
    ngx_http_endpoint_value_t  *v;

    size = 0;
    part = t->parts.elts;

    for (i = 0; i < t->parts.nelts; i++) {

        if (part[i].type == ngx_http_endpoint_part_literal) {
            len = part[i].literal.len;

        } else if (part[i].ref.name) {
            v = &scope->values[part[i].ref.index];
            len = v->data.len;

            if (v->type == ngx_http_endpoint_text) {
                size += sizeof("\"\"");
            }

        } else {
            continue;
        }

        /* what is long will be linked, not copied */

        if (len < NGX_HTTP_ENDPOINT_WRITER_LINK) {
            size += len;
        }
    }

    return size;
}
