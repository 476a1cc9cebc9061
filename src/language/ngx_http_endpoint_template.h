
/*
 * Text of the configuration with $names in it, compiled once.  A JSON template
 * is checked as JSON when it is compiled, so that what a client sends can
 * change its values but never its structure.
 */


#ifndef _NGX_HTTP_ENDPOINT_TEMPLATE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TEMPLATE_H_INCLUDED_


#include "ngx_http_endpoint_scope.h"
#include "ngx_http_endpoint_writer.h"


typedef enum {
    ngx_http_endpoint_template_json = 0,
    ngx_http_endpoint_template_text,
    ngx_http_endpoint_template_html,        /* escaped for HTML and XML */
    ngx_http_endpoint_template_form,        /* percent-encoded */
    ngx_http_endpoint_template_log          /* control bytes escaped */
} ngx_http_endpoint_template_kind_e;


typedef enum {
    ngx_http_endpoint_part_literal = 0,
    ngx_http_endpoint_part_value,           /* as JSON */
    ngx_http_endpoint_part_string,          /* inside a JSON string */
    ngx_http_endpoint_part_text,
    ngx_http_endpoint_part_html,
    ngx_http_endpoint_part_form,
    ngx_http_endpoint_part_log
} ngx_http_endpoint_part_type_e;


typedef struct {
    ngx_http_endpoint_part_type_e    type;
    ngx_str_t                        literal;
    ngx_http_endpoint_ref_t          ref;
} ngx_http_endpoint_part_t;


typedef struct {
    ngx_array_t                      parts;     /* ngx_http_endpoint_part_t */
} ngx_http_endpoint_template_t;


/*
 * Splits text into literals and references, resolved in c's plan; "$$" is a
 * dollar sign.  The parts' type is left as literal or text.  NGX_ERROR: a
 * mistake (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_template_split(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text, ngx_array_t *parts);

/*
 * How values are written into a body of a media type, in any case and with any
 * parameters.
 */
ngx_http_endpoint_template_kind_e ngx_http_endpoint_template_kind(
    ngx_str_t *type);

/* Compiles text as a template.  NGX_ERROR: a mistake (logged), or memory. */
ngx_int_t ngx_http_endpoint_template_compile(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text, ngx_http_endpoint_template_kind_e kind,
    ngx_http_endpoint_template_t *t);

/* Whether t has no references: its one literal, or none, is the text. */
#define ngx_http_endpoint_template_constant(t)                                \
    ((t)->parts.nelts == 0                                                    \
     || ((t)->parts.nelts == 1                                                \
         && ((ngx_http_endpoint_part_t *) (t)->parts.elts)->type              \
            == ngx_http_endpoint_part_literal))

/* Appends t, with the values of run, to w.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_template_render(ngx_http_endpoint_template_t *t,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_writer_t *w);

/* How long the rendered text will be, about: to size a writer's block. */
size_t ngx_http_endpoint_template_hint(ngx_http_endpoint_template_t *t,
    ngx_http_endpoint_scope_t *scope);

/* The rendered text as one string.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_template_string(ngx_http_endpoint_template_t *t,
    ngx_http_endpoint_scope_t *scope, ngx_str_t *text);


#endif /* _NGX_HTTP_ENDPOINT_TEMPLATE_H_INCLUDED_ */
