
/*
 * Inputs from a request body, by FastAPI's rules: what is not said to be
 * something else is JSON, what is something else is a string, null is no body.
 */

#include "ngx_http_endpoint_fault.h"
#include "ngx_http_endpoint_json.h"
#include "ngx_http_endpoint_utf8.h"


typedef struct {
    ngx_array_t                    array;
    ngx_http_endpoint_json_key_t   key;
} ngx_http_endpoint_body_key_t;


static ngx_uint_t ngx_http_endpoint_body_is_json(ngx_str_t *content_type);
static void ngx_http_endpoint_body_skip_bom(ngx_str_t *text);
static ngx_int_t ngx_http_endpoint_body_text(ngx_pool_t *pool,
    ngx_str_t *text, ngx_http_endpoint_value_t *whole);
static ngx_int_t ngx_http_endpoint_body_json(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *inputs, ngx_uint_t n, ngx_str_t *text,
    ngx_http_endpoint_value_t *members, ngx_http_endpoint_input_t **twice);
static ngx_int_t ngx_http_endpoint_body_invalid(
    ngx_http_endpoint_input_t *inputs, ngx_str_t *text,
    ngx_http_endpoint_faults_t *faults);
static ngx_int_t ngx_http_endpoint_body_absent(
    ngx_http_endpoint_input_t *inputs, ngx_uint_t n,
    ngx_http_endpoint_value_t *values, ngx_http_endpoint_faults_t *faults);
static ngx_int_t ngx_http_endpoint_body_take(ngx_http_endpoint_input_t *inputs,
    ngx_uint_t n, ngx_http_endpoint_value_t *whole,
    ngx_http_endpoint_value_t *members, ngx_http_endpoint_value_t *values,
    ngx_http_endpoint_faults_t *faults);
static ngx_int_t ngx_http_endpoint_body_fault(
    ngx_http_endpoint_input_t *inputs, ngx_http_endpoint_fault_t *fault,
    ngx_http_endpoint_value_t *value, ngx_http_endpoint_faults_t *faults);


ngx_int_t
ngx_http_endpoint_input_from_body(ngx_http_endpoint_input_t *inputs,
    ngx_uint_t n, ngx_str_t *body, ngx_str_t *content_type, ngx_uint_t once,
    ngx_http_endpoint_value_t *values, ngx_http_endpoint_faults_t *faults)
{
    ngx_int_t                   rc;
    ngx_str_t                   text;
    ngx_uint_t                  i;
    ngx_http_endpoint_value_t   whole, *members;
    ngx_http_endpoint_input_t  *twice;

    for (i = 0; i < n; i++) {
        ngx_memzero(&values[inputs[i].slot],
                    sizeof(ngx_http_endpoint_value_t));
    }

    if (body->len == 0) {
        return ngx_http_endpoint_body_absent(inputs, n, values, faults);
    }

    members = ngx_pcalloc(faults->pool, n * sizeof(ngx_http_endpoint_value_t));
    if (members == NULL) {
        return NGX_ERROR;
    }

    text = *body;
    twice = NULL;

    if (ngx_http_endpoint_body_is_json(content_type)) {
        ngx_http_endpoint_body_skip_bom(&text);

        rc = ngx_http_endpoint_body_json(faults->pool, inputs, n, &text,
                                         members, &twice);

        ngx_http_endpoint_value_json(&whole, text.data, text.len);

    } else {
        rc = ngx_http_endpoint_body_text(faults->pool, &text, &whole);
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_endpoint_body_invalid(inputs, &text, faults);
    }

    if (once && twice) {
        return ngx_http_endpoint_input_twice(twice, NULL, &whole, faults);
    }

    if (whole.type == ngx_http_endpoint_null) {
        return ngx_http_endpoint_body_absent(inputs, n, values, faults);
    }

    return ngx_http_endpoint_body_take(inputs, n, &whole, members, values,
                                       faults);
}


static ngx_uint_t
ngx_http_endpoint_body_is_json(ngx_str_t *content_type)
{
    size_t   len;
    u_char  *p, *end;

    if (content_type->len == 0) {
        return 1;
    }

    p = content_type->data;

    end = ngx_strlchr(p, p + content_type->len, ';');
    end = end ? end : p + content_type->len;

    while (end > p && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }

    len = sizeof("application/") - 1;

    if ((size_t) (end - p) < len
        || ngx_strncasecmp(p, (u_char *) "application/", len) != 0)
    {
        return 0;
    }

    p += len;
    len = end - p;

    if (ngx_strlchr(p, end, '/')) {
        return 0;
    }

    if (len == 4) {
        return ngx_strncasecmp(p, (u_char *) "json", 4) == 0;
    }

    return len > 4 && ngx_strncasecmp(end - 5, (u_char *) "+json", 5) == 0;
}


static void
ngx_http_endpoint_body_skip_bom(ngx_str_t *text)
{
    if (text->len >= 3 && ngx_memcmp(text->data, "\xef\xbb\xbf", 3) == 0) {
        text->data += 3;
        text->len -= 3;
    }
}


static ngx_int_t
ngx_http_endpoint_body_text(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_value_t *whole)
{
    if (ngx_http_endpoint_utf8_clean(pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_endpoint_value_text(whole, text->data, text->len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_body_json(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *inputs, ngx_uint_t n, ngx_str_t *text,
    ngx_http_endpoint_value_t *members, ngx_http_endpoint_input_t **twice)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i, npaths;
    ngx_http_endpoint_body_key_t    *keys;
    ngx_http_endpoint_json_path_t   *paths, *path;

    rc = ngx_http_endpoint_json_parse(pool, text);

    if (rc != NGX_OK) {
        return rc == NGX_ERROR ? NGX_ERROR : NGX_DECLINED;
    }

    keys = ngx_pcalloc(pool, n * sizeof(ngx_http_endpoint_body_key_t));
    if (keys == NULL) {
        return NGX_ERROR;
    }

    paths = ngx_palloc(pool, n * sizeof(ngx_http_endpoint_json_path_t));
    if (paths == NULL) {
        return NGX_ERROR;
    }

    for (i = 0, npaths = 0; i < n; i++) {

        if (inputs[i].source != ngx_http_endpoint_input_field) {
            continue;
        }

        keys[i].key.type = ngx_http_endpoint_json_member;
        keys[i].key.name = inputs[i].key;

        keys[i].array.elts = &keys[i].key;
        keys[i].array.nelts = 1;

        paths[npaths].keys = &keys[i].array;
        paths[npaths].slot = i;
        npaths++;
    }

    if (npaths == 0) {
        return NGX_OK;
    }

    if (ngx_http_endpoint_json_take(pool, text, paths, npaths, 1, members,
                                    &path)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (path) {
        *twice = &inputs[path->slot];
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_body_invalid(ngx_http_endpoint_input_t *inputs,
    ngx_str_t *text, ngx_http_endpoint_faults_t *faults)
{
    u_char                     *p, buf[NGX_INT64_LEN];
    ngx_http_endpoint_fault_t   fault;
    ngx_http_endpoint_value_t   value;

    (void) ngx_http_endpoint_fault_set(&fault, "json_invalid",
                                       "JSON decode error");

    p = ngx_sprintf(buf, "%uz", ngx_http_endpoint_fault_position(text));

    fault.at.data = buf;
    fault.at.len = p - buf;

    ngx_str_set(&fault.ctx, "{\"error\":\"Expecting value\"}");

    ngx_http_endpoint_value_json(&value, (u_char *) "{}", 2);

    return ngx_http_endpoint_body_fault(inputs, &fault, &value, faults);
}


/* one fault for the whole body, unless nothing in it is required */

static ngx_int_t
ngx_http_endpoint_body_absent(ngx_http_endpoint_input_t *inputs, ngx_uint_t n,
    ngx_http_endpoint_value_t *values, ngx_http_endpoint_faults_t *faults)
{
    ngx_uint_t                  i;
    ngx_http_endpoint_fault_t   fault;
    ngx_http_endpoint_value_t   null;

    for (i = 0; i < n; i++) {

        if (!inputs[i].has_default) {
            (void) ngx_http_endpoint_fault_set(&fault, "missing",
                                               "Field required");

            ngx_memzero(&null, sizeof(ngx_http_endpoint_value_t));

            return ngx_http_endpoint_body_fault(inputs, &fault, &null, faults);
        }

        values[inputs[i].slot] = inputs[i].def;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_body_take(ngx_http_endpoint_input_t *inputs, ngx_uint_t n,
    ngx_http_endpoint_value_t *whole, ngx_http_endpoint_value_t *members,
    ngx_http_endpoint_value_t *values, ngx_http_endpoint_faults_t *faults)
{
    ngx_int_t                   rc;
    ngx_uint_t                  i, faulty;
    ngx_http_endpoint_fault_t   fault;
    ngx_http_endpoint_value_t  *value;

    faulty = 0;

    for (i = 0; i < n; i++) {

        value = &values[inputs[i].slot];

        if (inputs[i].source == ngx_http_endpoint_input_body) {
            rc = ngx_http_endpoint_input_json(&inputs[i], whole, value,
                                              faults);

        } else if (whole->type != ngx_http_endpoint_object) {

            if (faulty++) {
                continue;
            }

            (void) ngx_http_endpoint_fault_set(&fault, "model_attributes_type",
                       "Input should be a valid dictionary or object "
                       "to extract fields from");

            rc = ngx_http_endpoint_body_fault(inputs, &fault, whole, faults);

        } else if (members[i].type != ngx_http_endpoint_null
                   || members[i].data.data)
        {
            rc = ngx_http_endpoint_input_json(&inputs[i], &members[i], value,
                                              faults);

        } else if (inputs[i].has_default) {
            *value = inputs[i].def;
            rc = NGX_OK;

        } else {
            rc = ngx_http_endpoint_input_fault(&inputs[i], "missing",
                                               "Field required", whole,
                                               faults);
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_body_fault(ngx_http_endpoint_input_t *inputs,
    ngx_http_endpoint_fault_t *fault, ngx_http_endpoint_value_t *value,
    ngx_http_endpoint_faults_t *faults)
{
    ngx_http_endpoint_input_t  body;

    ngx_memzero(&body, sizeof(ngx_http_endpoint_input_t));

    body.source = ngx_http_endpoint_input_body;
    body.order = inputs->order;

    return ngx_http_endpoint_fault_add(faults, &body, fault, value);
}
