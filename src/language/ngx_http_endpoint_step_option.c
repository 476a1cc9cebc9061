
#include "ngx_http_endpoint_condition.h"
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_nearest.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_step_option.h"


static ngx_int_t ngx_http_endpoint_step_once(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *arg);
static ngx_int_t ngx_http_endpoint_step_after(ngx_http_endpoint_compile_t *c,
    ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_step_when(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value);


/* options of all kinds of steps that may not be repeated */

static ngx_str_t  ngx_http_endpoint_step_single[] = {
    ngx_string("timeout="),
    ngx_string("when="),
    ngx_string("cache="),
    ngx_string("empty="),
    ngx_string("nonempty"),
    ngx_string("default="),
    ngx_string("each="),
    ngx_string("limit="),
    ngx_string("retries="),
    ngx_string("try_timeout="),
    ngx_string("pass="),
    ngx_string("as="),
    ngx_string("file="),
    ngx_null_string
};


ngx_http_endpoint_step_type_t *
ngx_http_endpoint_step_find(ngx_http_endpoint_kinds_t *kinds, ngx_str_t *name)
{
    ngx_http_endpoint_step_type_t  **type;

    for (type = kinds->types; *type; type++) {

        if ((*type)->name.len == name->len
            && ngx_strncmp((*type)->name.data, name->data, name->len) == 0)
        {
            return *type;
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_endpoint_step_options(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_uint_t first)
{
    ngx_int_t    rc;
    ngx_str_t   *arg;
    ngx_uint_t   i;

    arg = c->statement->args;

    for (i = first; i < c->statement->nargs; i++) {
        rc = ngx_http_endpoint_step_option(c, step, &arg[i]);

        if (rc == NGX_DECLINED) {
            return ngx_http_endpoint_step_unknown(c, &arg[i], NULL);
        }

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_step_option(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *arg)
{
    ngx_str_t                    value;
    ngx_http_endpoint_option_t  *option;

    if (ngx_http_endpoint_step_once(c, step, arg) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_strcmp(arg->data, "unordered") == 0) {
        step->unordered = 1;
        return NGX_OK;
    }

    if (ngx_strncmp(arg->data, "timeout=", 8) == 0) {
        value.data = arg->data + 8;
        value.len = arg->len - 8;
        return ngx_http_endpoint_plan_time(c, "timeout", &value,
                                           &step->timeout);
    }

    if (ngx_strncmp(arg->data, "after=", 6) == 0) {
        value.data = arg->data + 6;
        value.len = arg->len - 6;
        return ngx_http_endpoint_step_after(c, &value);
    }

    if (ngx_strncmp(arg->data, "when=", 5) == 0) {
        value.data = arg->data + 5;
        value.len = arg->len - 5;
        return ngx_http_endpoint_step_when(c, step, &value);
    }

    for (option = c->kinds->options; option->name.len; option++) {

        if (ngx_strncmp(arg->data, option->name.data, option->name.len) == 0) {
            value.data = arg->data + option->name.len;
            value.len = arg->len - option->name.len;
            return option->compile(c, step, &value);
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_endpoint_step_once(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *arg)
{
    ngx_str_t   name;
    ngx_uint_t  i;

    for (i = 0; ngx_http_endpoint_step_single[i].len; i++) {
        name = ngx_http_endpoint_step_single[i];

        if (ngx_strncmp(arg->data, name.data, name.len) != 0) {
            continue;
        }

        if (step->options & (1 << i)) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "duplicate \"%V\" in \"%V\"",
                                                &name,
                                                &c->statement->args[0]);
        }

        step->options |= 1 << i;
        break;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_step_after(ngx_http_endpoint_compile_t *c,
    ngx_str_t *value)
{
    ngx_http_endpoint_name_t  *name;

    name = NULL;

    if (value->len > 1 && value->data[0] == '$') {
        name = ngx_http_endpoint_name_find(c->plan, value->data + 1,
                                           value->len - 1);
    }

    if (name == NULL || name->step == NULL) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid \"after=%V\", it must be "
                                            "the \"$name\" of a step", value);
    }

    name->used = 1;

    return ngx_http_endpoint_plan_edge(c, name->step, c->step);
}


static ngx_int_t
ngx_http_endpoint_step_when(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value)
{
    c->common = "when=";
    c->condition = 1;

    step->when = ngx_http_endpoint_condition_compile(c, value);

    c->condition = 0;
    c->common = NULL;

    return step->when ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_endpoint_step_unknown(ngx_http_endpoint_compile_t *c,
    ngx_str_t *word, const char **own)
{
    u_char                        *p, *last, list[512];
    ngx_str_t                      option, name;
    ngx_uint_t                     i;
    const char                   **known;
    ngx_http_endpoint_nearest_t    nearest;

    static const char  *common[] = { "timeout=", "after=", "when=",
                                     "unordered", NULL };

    /* the name with its "=", whatever the value is */

    name.data = word->data;

    for (name.len = 0; name.len < word->len; name.len++) {
        if (word->data[name.len] == '=') {
            name.len++;
            break;
        }
    }

    ngx_http_endpoint_nearest_init(&nearest, &name);

    p = list;
    last = list + sizeof(list);

    for (i = 0; i < 2; i++) {
        for (known = i ? common : own; known && *known; known++) {
            option.data = (u_char *) *known;
            option.len = ngx_strlen(*known);

            ngx_http_endpoint_nearest_look(&nearest, &option);

            p = ngx_slprintf(p, last, "%s%V", p == list ? "" : ", ", &option);
        }
    }

    option.data = list;
    option.len = p - list;

    return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                        "unknown option \"%V\" of \"%V\"%s%V%s"
                                        ", the options are %V", word,
                                        &c->statement->args[0],
                                        nearest.found.len
                                        ? ", did you mean \"" : "",
                                        &nearest.found,
                                        nearest.found.len ? "\"" : "",
                                        &option);
}


ngx_int_t
ngx_http_endpoint_step_target(ngx_http_endpoint_compile_t *c,
    ngx_str_t *target, const char *kind, ngx_str_t *name)
{
    target->data = ngx_pnalloc(c->cf->pool, ngx_strlen(kind) + name->len
                                            + sizeof(" \"\"") - 1);
    if (target->data == NULL) {
        return NGX_ERROR;
    }

    target->len = ngx_sprintf(target->data, "%s \"%V\"", kind, name)
                  - target->data;

    return NGX_OK;
}


ngx_uint_t
ngx_http_endpoint_step_like_option(ngx_str_t *word)
{
    u_char  *p, *end;

    p = word->data;
    end = word->data + word->len;

    while (p < end && ((*p >= 'a' && *p <= 'z') || *p == '_')) {
        p++;
    }

    return p > word->data && p < end && *p == '=';
}


ngx_int_t
ngx_http_endpoint_step_default(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value)
{
    ngx_int_t  rc;

    rc = ngx_http_endpoint_json_extract(c->cf->temp_pool, value, NULL, 0,
                                        NULL);
    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc != NGX_OK) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid \"default=%V\", it must "
                                            "be JSON", value);
    }

    step->def = ngx_palloc(c->cf->pool, sizeof(ngx_http_endpoint_value_t));
    if (step->def == NULL) {
        return NGX_ERROR;
    }

    ngx_http_endpoint_value_json(step->def, value->data, value->len);

    return NGX_OK;
}
