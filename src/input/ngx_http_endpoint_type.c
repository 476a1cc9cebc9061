
#include "ngx_http_endpoint_type.h"
#include "ngx_http_endpoint_integer.h"
#include "ngx_http_endpoint_json.h"
#include "ngx_http_endpoint_number.h"
#include "ngx_http_endpoint_uuid.h"

#include <math.h>


typedef struct {
    char       *name;
    ngx_int_t (*read)(ngx_pool_t *pool, ngx_str_t *text,
                      ngx_http_endpoint_typed_t *typed,
                      ngx_http_endpoint_fault_t *fault);
} ngx_http_endpoint_type_t;


static ngx_int_t ngx_http_endpoint_type_read_str(ngx_pool_t *pool,
    ngx_str_t *text, ngx_http_endpoint_typed_t *typed,
    ngx_http_endpoint_fault_t *fault);
static ngx_int_t ngx_http_endpoint_type_read_int(ngx_pool_t *pool,
    ngx_str_t *text, ngx_http_endpoint_typed_t *typed,
    ngx_http_endpoint_fault_t *fault);
static ngx_int_t ngx_http_endpoint_type_read_float(ngx_pool_t *pool,
    ngx_str_t *text, ngx_http_endpoint_typed_t *typed,
    ngx_http_endpoint_fault_t *fault);
static ngx_int_t ngx_http_endpoint_type_underscores(ngx_pool_t *pool,
    ngx_str_t *text);
static ngx_int_t ngx_http_endpoint_type_read_bool(ngx_pool_t *pool,
    ngx_str_t *text, ngx_http_endpoint_typed_t *typed,
    ngx_http_endpoint_fault_t *fault);
static ngx_int_t ngx_http_endpoint_type_read_uuid(ngx_pool_t *pool,
    ngx_str_t *text, ngx_http_endpoint_typed_t *typed,
    ngx_http_endpoint_fault_t *fault);
static ngx_int_t ngx_http_endpoint_type_read_json(ngx_pool_t *pool,
    ngx_str_t *text, ngx_http_endpoint_typed_t *typed,
    ngx_http_endpoint_fault_t *fault);


/* by ngx_http_endpoint_type_e */
static ngx_http_endpoint_type_t  ngx_http_endpoint_types[] = {
    { "str", ngx_http_endpoint_type_read_str },
    { "int", ngx_http_endpoint_type_read_int },
    { "float", ngx_http_endpoint_type_read_float },
    { "bool", ngx_http_endpoint_type_read_bool },
    { "uuid", ngx_http_endpoint_type_read_uuid },
    { "json", ngx_http_endpoint_type_read_json },
    { "path", ngx_http_endpoint_type_read_str }
};


static ngx_str_t  ngx_http_endpoint_type_true[] = {
    ngx_string("1"), ngx_string("on"), ngx_string("t"), ngx_string("true"),
    ngx_string("y"), ngx_string("yes"), ngx_null_string
};


static ngx_str_t  ngx_http_endpoint_type_false[] = {
    ngx_string("0"), ngx_string("off"), ngx_string("f"), ngx_string("false"),
    ngx_string("n"), ngx_string("no"), ngx_null_string
};


ngx_int_t
ngx_http_endpoint_type_find(u_char *data, size_t len,
    ngx_http_endpoint_type_e *type)
{
    ngx_uint_t  i, n;

    n = sizeof(ngx_http_endpoint_types) / sizeof(ngx_http_endpoint_type_t);

    for (i = 0; i < n; i++) {
        if (ngx_strlen(ngx_http_endpoint_types[i].name) == len
            && ngx_strncmp(ngx_http_endpoint_types[i].name, data, len) == 0)
        {
            *type = i;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


char *
ngx_http_endpoint_type_name(ngx_http_endpoint_type_e type)
{
    return ngx_http_endpoint_types[type].name;
}


ngx_int_t
ngx_http_endpoint_type_from_text(ngx_pool_t *pool,
    ngx_http_endpoint_type_e type, ngx_str_t *text,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault)
{
    ngx_memzero(typed, sizeof(ngx_http_endpoint_typed_t));

    typed->type = type;

    return ngx_http_endpoint_types[type].read(pool, text, typed, fault);
}


static ngx_int_t
ngx_http_endpoint_type_read_str(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault)
{
    ngx_http_endpoint_value_text(&typed->value, text->data, text->len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_type_read_int(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault)
{
    /* most are sent as they would be written: so the text is the value */

    if (ngx_http_endpoint_integer_plain(text, &typed->integer)) {
        typed->value.type = ngx_http_endpoint_number;
        typed->value.data = *text;
        typed->plain = 1;

        return NGX_OK;
    }

    switch (ngx_http_endpoint_integer_read(text, &typed->integer)) {

    case NGX_OK:
        return NGX_OK;

    case NGX_BUSY:
        typed->beyond = typed->integer < 0 ? -1 : 1;
        return NGX_OK;

    case NGX_ABORT:
        return ngx_http_endpoint_type_size(fault);

    default:
        return ngx_http_endpoint_fault_set(fault, "int_parsing",
                   "Input should be a valid integer, "
                   "unable to parse string as an integer");
    }
}


ngx_int_t
ngx_http_endpoint_type_size(ngx_http_endpoint_fault_t *fault)
{
    return ngx_http_endpoint_fault_set(fault, "int_parsing_size",
               "Unable to parse input string as an integer, "
               "exceeded maximum size");
}


static ngx_int_t
ngx_http_endpoint_type_read_float(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault)
{
    ngx_int_t  rc;
    ngx_str_t  s;

    s = *text;

    if (ngx_strlchr(s.data, s.data + s.len, '_')) {
        rc = ngx_http_endpoint_type_underscores(pool, &s);
        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

    } else {
        ngx_http_endpoint_integer_trim(&s);
        rc = NGX_OK;
    }

    if (rc != NGX_OK
        || ngx_http_endpoint_number_read(s.data, s.len, &typed->real)
           != NGX_OK)
    {
        return ngx_http_endpoint_fault_set(fault, "float_parsing",
                   "Input should be a valid number, "
                   "unable to parse string as a number");
    }

    return NGX_OK;
}


/* pydantic takes them out anywhere between two other characters */

static ngx_int_t
ngx_http_endpoint_type_underscores(ngx_pool_t *pool, ngx_str_t *text)
{
    size_t   i;
    u_char  *p, *dst;

    p = text->data;

    dst = ngx_pnalloc(pool, text->len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    text->data = dst;

    for (i = 0; i < text->len; i++) {

        if (p[i] != '_') {
            *dst++ = p[i];
            continue;
        }

        if (i == 0 || i == text->len - 1 || p[i - 1] == '_') {
            return NGX_DECLINED;
        }
    }

    text->len = dst - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_type_read_bool(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault)
{
    ngx_str_t   *word;
    ngx_uint_t   truth;

    for (truth = 0; truth < 2; truth++) {

        word = truth ? ngx_http_endpoint_type_true
                     : ngx_http_endpoint_type_false;

        for ( /* void */ ; word->len; word++) {
            if (word->len == text->len
                && ngx_strncasecmp(word->data, text->data, text->len) == 0)
            {
                ngx_http_endpoint_type_truth(typed, truth);
                return NGX_OK;
            }
        }
    }

    return ngx_http_endpoint_fault_set(fault, "bool_parsing",
               "Input should be a valid boolean, unable to interpret input");
}


void
ngx_http_endpoint_type_truth(ngx_http_endpoint_typed_t *typed,
    ngx_uint_t truth)
{
    if (truth) {
        ngx_http_endpoint_value_json(&typed->value, (u_char *) "true", 4);

    } else {
        ngx_http_endpoint_value_json(&typed->value, (u_char *) "false", 5);
    }
}


static ngx_int_t
ngx_http_endpoint_type_read_uuid(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault)
{
    u_char     *p, buf[NGX_HTTP_ENDPOINT_UUID_ERROR_LEN];
    ngx_str_t   error;

    p = ngx_pnalloc(pool, NGX_HTTP_ENDPOINT_UUID_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_endpoint_uuid_read(text, p) == NGX_OK) {
        ngx_http_endpoint_value_text(&typed->value, p,
                                     NGX_HTTP_ENDPOINT_UUID_LEN);
        return NGX_OK;
    }

    error.data = buf;
    error.len = ngx_http_endpoint_uuid_error(text, buf) - buf;

    return ngx_http_endpoint_fault_error(pool, fault, "uuid_parsing",
                                         "Input should be a valid UUID, ",
                                         &error);
}


static ngx_int_t
ngx_http_endpoint_type_read_json(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault)
{
    ngx_int_t  rc;

    rc = ngx_http_endpoint_json_extract(pool, text, NULL, 0, NULL);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc != NGX_OK) {
        return ngx_http_endpoint_fault_json(pool, fault, text);
    }

    ngx_http_endpoint_value_json(&typed->value, text->data, text->len);

    if (ngx_http_endpoint_type_unpaired(text)) {
        return ngx_http_endpoint_fault_set(fault, "json_invalid",
                   "Invalid JSON: lone leading surrogate in hex escape");
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_type_value(ngx_pool_t *pool,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_value_t *value,
    ngx_http_endpoint_fault_t *fault)
{
    u_char  *p, *end;
    u_char   buf[NGX_HTTP_ENDPOINT_NUMBER_LEN];

    if (typed->type == ngx_http_endpoint_type_int && !typed->plain) {

        if (typed->beyond) {
            return ngx_http_endpoint_type_size(fault);
        }

        end = ngx_http_endpoint_integer_write(buf, typed->integer);

    } else if (typed->type == ngx_http_endpoint_type_float) {

        if (!isfinite(typed->real)) {
            return ngx_http_endpoint_fault_set(fault, "finite_number",
                       "Input should be a finite number");
        }

        end = ngx_http_endpoint_number_write(buf, typed->real, 0);

    } else {
        *value = typed->value;
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, end - buf);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, buf, end - buf);
    ngx_http_endpoint_value_json(value, p, end - buf);

    return NGX_OK;
}
