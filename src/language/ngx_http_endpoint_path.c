
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_path.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_uri.h"


static ngx_int_t ngx_http_endpoint_path_check(
    ngx_http_endpoint_compile_t *c, ngx_str_t *path);
static ngx_int_t ngx_http_endpoint_path_literal(
    ngx_http_endpoint_compile_t *c, ngx_array_t *parts, u_char *start,
    u_char *end);
static ngx_int_t ngx_http_endpoint_path_bound(
    ngx_http_endpoint_compile_t *c, ngx_array_t *parts, ngx_str_t *word,
    ngx_uint_t last);
static u_char *ngx_http_endpoint_path_label(u_char *p,
    ngx_http_endpoint_input_t *input);


ngx_int_t
ngx_http_endpoint_path_compile(ngx_http_endpoint_compile_t *c,
    ngx_str_t *path, ngx_array_t *parts)
{
    u_char     *p, *end, *literal, *label;
    ngx_str_t   word;

    if (ngx_http_endpoint_path_check(c, path) != NGX_OK) {
        return NGX_ERROR;
    }

    /* "$a" becomes "{a}": one byte more for every two */

    label = ngx_pnalloc(c->cf->pool, 2 * path->len);
    if (label == NULL) {
        return NGX_ERROR;
    }

    c->plan->label.data = label;

    literal = path->data;
    end = path->data + path->len;

    for (p = path->data; p < end; p++) {

        if (*p != '$') {
            *label++ = *p;
            continue;
        }

        if (p[-1] != '/') {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "invalid path \"%V\", a "
                                                "\"$name\" must be a whole "
                                                "segment", path);
        }

        if (ngx_http_endpoint_path_literal(c, parts, literal, p)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        word.data = p;

        while (p < end && *p != '/') {
            p++;
        }

        word.len = p - word.data;
        literal = p--;

        if (ngx_http_endpoint_path_bound(c, parts, &word, literal == end)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        label = ngx_http_endpoint_path_label(label,
                    (ngx_http_endpoint_input_t *) c->plan->inputs.elts
                    + c->plan->inputs.nelts - 1);
    }

    c->plan->label.len = label - c->plan->label.data;

    if (literal == end) {
        return NGX_OK;
    }

    return ngx_http_endpoint_path_literal(c, parts, literal, end);
}


static ngx_int_t
ngx_http_endpoint_path_check(ngx_http_endpoint_compile_t *c,
    ngx_str_t *path)
{
    if (path->len == 0 || path->data[0] != '/') {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid path \"%V\", it must "
                                            "start with \"/\"", path);
    }

    if (ngx_strlchr(path->data, path->data + path->len, '{')
        || ngx_strnstr(path->data, "/:", path->len))
    {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid path \"%V\", a segment "
                                            "is bound by \"$id\" or "
                                            "\"$id:int\"", path);
    }

    if (ngx_strlchr(path->data, path->data + path->len, '?')) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid path \"%V\", its "
                                            "arguments are taken by \"arg\"",
                                            path);
    }

    /* nginx has resolved them before an endpoint is looked for */

    if (ngx_http_endpoint_uri_dots(path)) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid path \"%V\", it must "
                                            "have no \".\" or \"..\" segment",
                                            path);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_path_literal(ngx_http_endpoint_compile_t *c,
    ngx_array_t *parts, u_char *start, u_char *end)
{
    ngx_http_endpoint_route_part_t  *part;

    part = ngx_array_push(parts);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->type = ngx_http_endpoint_route_literal;
    part->text.data = start;
    part->text.len = end - start;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_path_bound(ngx_http_endpoint_compile_t *c,
    ngx_array_t *parts, ngx_str_t *word, ngx_uint_t last)
{
    ngx_str_t                        err;
    ngx_http_endpoint_name_t        *name;
    ngx_http_endpoint_input_t       *input;
    ngx_http_endpoint_route_part_t  *part;

    input = ngx_array_push(&c->plan->inputs);
    if (input == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(input, sizeof(ngx_http_endpoint_input_t));
    ngx_str_null(&err);

    if (ngx_http_endpoint_input_compile(c->cf->pool, c->cf->log,
                                        ngx_http_endpoint_input_path, word,
                                        NULL, 0, input, &err)
        != NGX_OK)
    {
        return ngx_http_endpoint_plan_error(c->cf, c->statement, "%V", &err);
    }

    name = ngx_http_endpoint_name_bind(c, &input->name);
    if (name == NULL) {
        return NGX_ERROR;
    }

    name->scalar = (input->type != ngx_http_endpoint_type_json);
    input->slot = name->slot;

    part = ngx_array_push(parts);
    if (part == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(part, sizeof(ngx_http_endpoint_route_part_t));

    part->type = ngx_http_endpoint_route_segment;

    if (input->type == ngx_http_endpoint_type_path) {
        if (!last) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "\"%V\" takes the rest of the "
                                                "path, so it must be last",
                                                word);
        }

        part->type = ngx_http_endpoint_route_rest;
    }

    c->plan->ncaptures++;

    if (c->plan->ncaptures > NGX_HTTP_ENDPOINT_MAX_CAPTURES) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "more than %d \"$names\" in the "
                                            "path",
                                            NGX_HTTP_ENDPOINT_MAX_CAPTURES);
    }

    return NGX_OK;
}


static u_char *
ngx_http_endpoint_path_label(u_char *p, ngx_http_endpoint_input_t *input)
{
    *p++ = '{';
    p = ngx_cpymem(p, input->name.data, input->name.len);

    if (input->type == ngx_http_endpoint_type_path) {
        p = ngx_cpymem(p, ":path", 5);
    }

    *p++ = '}';

    return p;
}
