
#include "ngx_http_endpoint_handed.h"
#include "ngx_http_endpoint_compile.h"


static ngx_uint_t ngx_http_endpoint_handed_within(ngx_array_t *inner,
    ngx_array_t *outer);
static ngx_uint_t ngx_http_endpoint_handed_one_of(ngx_str_t *name,
    ngx_str_t *list);


static ngx_str_t  ngx_http_endpoint_handed_bodies[] = {
    ngx_string("request_body"), ngx_string("request_body_file"),
    ngx_null_string
};


static ngx_str_t  ngx_http_endpoint_handed_args[] = {
    ngx_string("args"), ngx_string("query_string"), ngx_string("request_uri"),
    ngx_string("request"), ngx_null_string
};


void
ngx_http_endpoint_handed_name(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_name_t *name, ngx_array_t *keys)
{
    ngx_uint_t                      i, j;
    ngx_http_endpoint_json_path_t  *path;

    if (!c->condition && !c->list) {
        name->whole |= (keys->nelts == 0);

        if (name->input
            && name->input->source == ngx_http_endpoint_input_body)
        {
            c->plan->body_handed = 1;
        }
    }

    path = name->paths.elts;

    for (i = 0; i < name->paths.nelts; i++) {
        for (j = 0; j < name->paths.nelts; j++) {
            if (name->whole
                || ngx_http_endpoint_handed_within(path[i].keys, path[j].keys))
            {
                path[i].once = 1;
            }
        }
    }
}


/* whether the one leads to some part of what the other leads to */

static ngx_uint_t
ngx_http_endpoint_handed_within(ngx_array_t *inner, ngx_array_t *outer)
{
    ngx_uint_t                     i;
    ngx_http_endpoint_json_key_t  *x, *y;

    if (outer->nelts == 0 || inner->nelts <= outer->nelts) {
        return 0;
    }

    x = inner->elts;
    y = outer->elts;

    for (i = 0; i < outer->nelts; i++) {

        /* of lists any elements may be the same */

        if (x[i].name.len != y[i].name.len
            || (x[i].name.len
                && ngx_memcmp(x[i].name.data, y[i].name.data, x[i].name.len)
                   != 0))
        {
            return 0;
        }
    }

    return 1;
}


void
ngx_http_endpoint_handed_variable(ngx_http_endpoint_plan_t *plan,
    ngx_str_t *name)
{
    if (ngx_http_endpoint_handed_one_of(name,
                                        ngx_http_endpoint_handed_bodies))
    {
        plan->body_handed = 1;
        plan->body_raw = 1;
    }

    if (ngx_http_endpoint_handed_one_of(name, ngx_http_endpoint_handed_args)) {
        plan->args_handed = 1;
    }
}


static ngx_uint_t
ngx_http_endpoint_handed_one_of(ngx_str_t *name, ngx_str_t *list)
{
    for ( /* void */ ; list->len; list++) {
        if (list->len == name->len
            && ngx_strncasecmp(list->data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
