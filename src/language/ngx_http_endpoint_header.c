
#include "ngx_http_endpoint_header.h"
#include "ngx_http_endpoint_compile.h"


static ngx_int_t ngx_http_endpoint_header_name(ngx_http_endpoint_compile_t *c,
    ngx_str_t *name);
static ngx_uint_t ngx_http_endpoint_header_unsafe(ngx_str_t *text);
static ngx_int_t ngx_http_endpoint_header_refuse(
    ngx_http_endpoint_header_t *header, ngx_http_endpoint_scope_t *scope,
    ngx_http_endpoint_refusal_t *refusal);


/* RFC 9112 and RFC 9110, section 7.6.1: they belong to the connection */

static char  *ngx_http_endpoint_header_framing[] = {
    "content-length", "transfer-encoding", "connection", "upgrade",
    "keep-alive", "te", "trailer", "proxy-connection", "http2-settings",
    "expect", NULL
};


ngx_int_t
ngx_http_endpoint_header_compile(ngx_http_endpoint_compile_t *c,
    ngx_str_t *name, ngx_str_t *value, ngx_http_endpoint_header_t *header)
{
    size_t  i;

    if (ngx_http_endpoint_header_name(c, name) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < value->len; i++) {
        if (value->data[i] < 0x20 && value->data[i] != '\t') {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "a control byte in the value "
                                                "of header \"%V\"", name);
        }
    }

    header->name = *name;

    header->lowcase = ngx_pnalloc(c->cf->pool, name->len);
    if (header->lowcase == NULL) {
        return NGX_ERROR;
    }

    header->hash = ngx_hash_strlow(header->lowcase, name->data, name->len);

    return ngx_http_endpoint_template_compile(c, value,
                                              ngx_http_endpoint_template_text,
                                              &header->value);
}


static ngx_int_t
ngx_http_endpoint_header_name(ngx_http_endpoint_compile_t *c, ngx_str_t *name)
{
    if (!ngx_http_endpoint_header_token(name)) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid header name \"%V\", it "
                                            "must be a literal token", name);
    }

    if (ngx_http_endpoint_header_frames(name)) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "header \"%V\" frames the "
                                            "message, it is not for the "
                                            "configuration to set", name);
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_endpoint_header_token(ngx_str_t *name)
{
    u_char   ch;
    size_t   i;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if (ch <= 0x20 || ch >= 0x7f
            || ngx_strlchr((u_char *) "\"(),/:;<=>?@[\\]{}$",
                           (u_char *) "\"(),/:;<=>?@[\\]{}$" + 18, ch))
        {
            return 0;
        }
    }

    return name->len != 0;
}


ngx_uint_t
ngx_http_endpoint_header_frames(ngx_str_t *name)
{
    char  **framing;

    for (framing = ngx_http_endpoint_header_framing; *framing; framing++) {
        if (name->len == ngx_strlen(*framing)
            && ngx_strncasecmp(name->data, (u_char *) *framing, name->len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_endpoint_header_render(ngx_http_endpoint_header_t *header,
    ngx_http_endpoint_scope_t *scope, ngx_str_t *text,
    ngx_http_endpoint_refusal_t *refusal)
{
    if (ngx_http_endpoint_template_string(&header->value, scope, text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!ngx_http_endpoint_header_unsafe(text)) {
        return NGX_OK;
    }

    return ngx_http_endpoint_header_refuse(header, scope, refusal);
}


static ngx_uint_t
ngx_http_endpoint_header_unsafe(ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] == CR || text->data[i] == LF
            || text->data[i] == '\0')
        {
            return 1;
        }
    }

    return 0;
}


/* one of the values brought what the literals cannot have */

static ngx_int_t
ngx_http_endpoint_header_refuse(ngx_http_endpoint_header_t *header,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_refusal_t *refusal)
{
    ngx_str_t                   text;
    ngx_uint_t                  i;
    ngx_http_endpoint_part_t   *part;
    ngx_http_endpoint_value_t   v;

    refusal->cause = ngx_http_endpoint_cause_header;
    refusal->msg = "Value error, it must have no line break and no NUL";

    part = header->value.parts.elts;

    for (i = 0; i < header->value.parts.nelts; i++) {
        if (part[i].type == ngx_http_endpoint_part_literal) {
            continue;
        }

        if (ngx_http_endpoint_scope_value(scope, &part[i].ref, &v) != NGX_OK
            || ngx_http_endpoint_value_to_text(scope->pool, &v, &text)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        refusal->ref = &part[i].ref;

        if (ngx_http_endpoint_header_unsafe(&text)) {
            break;
        }
    }

    return NGX_DECLINED;
}
