
/*
 * A plan and a scope for templates alone: names are single letters, bound to the
 * values below, and no variable is known.  Of a URI, r is the rest of a path, q
 * are arguments, and v is the value of one.
 */


#include "../../src/data/ngx_http_endpoint_escape.c"
#include "../../src/data/ngx_http_endpoint_value.c"
#include "../../src/data/ngx_http_endpoint_utf8.c"
#include "../../src/data/ngx_http_endpoint_json_check.c"
#include "../../src/data/ngx_http_endpoint_json.c"
#include "../../src/data/ngx_http_endpoint_json_parse.c"
#include "../../src/data/ngx_http_endpoint_json_scan.c"
#include "../../src/data/ngx_http_endpoint_writer.c"
#include "../../src/language/ngx_http_endpoint_scope.c"
#include "../../src/language/ngx_http_endpoint_template.c"
#include "../../src/language/ngx_http_endpoint_template_fault.c"


#define TEMPLATE_NAMES  26


static ngx_http_endpoint_name_t     template_names[TEMPLATE_NAMES];
static ngx_http_endpoint_value_t    template_values[TEMPLATE_NAMES];
static ngx_http_endpoint_scope_t    template_scope;
static ngx_http_endpoint_compile_t  template_compile;
static ngx_conf_t                   template_conf;
static ngx_uint_t                   template_errors;


ngx_int_t
ngx_http_endpoint_name_ref(ngx_http_endpoint_compile_t *c, u_char **text,
    u_char *end, ngx_http_endpoint_ref_t *ref)
{
    u_char  *p, ch;

    p = *text;

    if (p < end && *p == '{') {
        if (end - p < 3 || p[2] != '}') {
            return ngx_http_endpoint_plan_error(c->cf, c->statement, "braces");
        }

        ch = p[1];
        *text = p + 3;

    } else {
        if (p == end) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement, "end");
        }

        ch = *p;
        *text = p + 1;
    }

    if (ch < 'a' || ch > 'z') {
        return ngx_http_endpoint_plan_error(c->cf, c->statement, "name");
    }

    ref->name = &template_names[ch - 'a'];
    ref->index = ch - 'a';
    ref->uri = ch == 'r' ? ngx_http_endpoint_uri_rest
               : ch == 'q' ? ngx_http_endpoint_uri_args
               : ch == 'v' ? ngx_http_endpoint_uri_arg
               : ngx_http_endpoint_uri_none;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_plan_error(ngx_conf_t *cf,
    ngx_http_endpoint_statement_t *statement, const char *fmt, ...)
{
    template_errors++;

    return NGX_ERROR;
}


static ngx_inline void
template_init(ngx_pool_t *pool)
{
    ngx_memzero(&template_scope, sizeof(ngx_http_endpoint_scope_t));
    ngx_memzero(template_values, sizeof(template_values));

    template_conf.pool = pool;
    template_conf.temp_pool = pool;
    template_compile.cf = &template_conf;
    template_scope.pool = pool;
    template_scope.values = template_values;
    template_errors = 0;
}


static ngx_inline void
template_json(char name, char *json)
{
    ngx_http_endpoint_value_json(&template_values[name - 'a'],
                                 (u_char *) json, ngx_strlen(json));
}


static ngx_inline void
template_text(char name, u_char *text, size_t len)
{
    ngx_http_endpoint_value_text(&template_values[name - 'a'], text, len);
}


/* NGX_DECLINED: the template is a mistake; NGX_ERROR: memory */

static ngx_inline ngx_int_t
template_render(ngx_http_endpoint_template_kind_e kind, ngx_str_t *text,
    ngx_str_t *out)
{
    ngx_http_endpoint_template_t  t;

    template_errors = 0;

    if (ngx_http_endpoint_template_compile(&template_compile, text, kind, &t)
        != NGX_OK)
    {
        return template_errors ? NGX_DECLINED : NGX_ERROR;
    }

    return ngx_http_endpoint_template_string(&t, &template_scope, out);
}


static ngx_inline ngx_uint_t
template_is_json(ngx_str_t *text)
{
    ngx_http_endpoint_json_check_t  check;

    ngx_http_endpoint_json_check_init(&check);

    return ngx_http_endpoint_json_check(&check, text->data, text->len)
           == NGX_OK
           && ngx_http_endpoint_json_check_end(&check) == NGX_OK;
}
