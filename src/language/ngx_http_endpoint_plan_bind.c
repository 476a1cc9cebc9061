
#include "ngx_http_endpoint_header.h"
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_plan_bind.h"


ngx_http_endpoint_name_t *
ngx_http_endpoint_plan_step_name(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, u_char *data, size_t len)
{
    ngx_str_t                  text;
    ngx_http_endpoint_name_t  *name;

    text.data = data;
    text.len = len;

    if (ngx_http_endpoint_name_check(c, &text) != NGX_OK) {
        return NULL;
    }

    name = ngx_http_endpoint_name_bind(c, &text);

    if (name) {
        name->step = step;
        name->order = c->order;
    }

    return name;
}


ngx_int_t
ngx_http_endpoint_plan_bind(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *word)
{
    u_char                    *p, *colon, *end;
    ngx_str_t                  header;
    ngx_http_endpoint_bind_t  *bind;

    p = word->data + sizeof("bind=") - 1;
    end = word->data + word->len;

    colon = ngx_strlchr(p, end, ':');

    if (colon) {
        header.data = colon + 1;
        header.len = end - header.data;
    }

    if (*p != '$' || colon == NULL
        || !ngx_http_endpoint_header_token(&header))
    {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid \"%V\", it must be "
                                            "bind=$name:Header", word);
    }

    if (step->binds == NULL) {
        step->binds = ngx_array_create(c->cf->pool, 1,
                                       sizeof(ngx_http_endpoint_bind_t));
        if (step->binds == NULL) {
            return NGX_ERROR;
        }
    }

    bind = ngx_array_push(step->binds);
    if (bind == NULL) {
        return NGX_ERROR;
    }

    p++;

    bind->header = header;
    bind->name = ngx_http_endpoint_plan_step_name(c, step, p, colon - p);

    if (bind->name == NULL) {
        return NGX_ERROR;
    }

    bind->name->scalar = 1;

    return NGX_OK;
}


ngx_uint_t
ngx_http_endpoint_plan_bind_used(ngx_http_endpoint_step_t *step)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_bind_t  *bind;

    if (step->binds == NULL) {
        return 0;
    }

    bind = step->binds->elts;

    for (i = 0; i < step->binds->nelts; i++) {
        if (bind[i].name->used) {
            return 1;
        }
    }

    return 0;
}
