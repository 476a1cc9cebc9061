
#include "ngx_http_endpoint_outcome.h"


void
ngx_http_endpoint_outcome_field(ngx_http_endpoint_outcome_t *outcome,
    const char *name, ngx_str_t *text)
{
    size_t         len;
    ngx_uint_t     i;
    ngx_keyval_t  *field;

    ngx_str_null(text);

    if (outcome->fields == NULL) {
        return;
    }

    len = ngx_strlen(name);
    field = outcome->fields->elts;

    for (i = 0; i < outcome->fields->nelts; i++) {
        if (field[i].key.len == len
            && ngx_strncmp(field[i].key.data, name, len) == 0)
        {
            *text = field[i].value;
            return;
        }
    }
}


ngx_int_t
ngx_http_endpoint_outcome_add(ngx_http_endpoint_outcome_t *outcome,
    ngx_pool_t *pool, const char *name, ngx_str_t *text)
{
    ngx_keyval_t  *field;

    if (outcome->fields == NULL) {
        outcome->fields = ngx_array_create(pool, 4, sizeof(ngx_keyval_t));
        if (outcome->fields == NULL) {
            return NGX_ERROR;
        }
    }

    field = ngx_array_push(outcome->fields);
    if (field == NULL) {
        return NGX_ERROR;
    }

    field->key.data = (u_char *) name;
    field->key.len = ngx_strlen(name);
    field->value = *text;

    return NGX_OK;
}
