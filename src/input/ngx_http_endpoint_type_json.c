
#include "ngx_http_endpoint_type.h"
#include "ngx_http_endpoint_number.h"

#include <math.h>


/* the first double that no 64-bit integer holds */
#define NGX_HTTP_ENDPOINT_TYPE_2_63  9223372036854775808.0


typedef struct {
    char       *fault;
    char       *msg;

    /* of what is no string; NGX_DECLINED: the fault is as above, or set */
    ngx_int_t (*read)(ngx_http_endpoint_value_t *json,
                      ngx_http_endpoint_typed_t *typed,
                      ngx_http_endpoint_fault_t *fault);
} ngx_http_endpoint_type_json_t;


static ngx_int_t ngx_http_endpoint_type_json_int(
    ngx_http_endpoint_value_t *json, ngx_http_endpoint_typed_t *typed,
    ngx_http_endpoint_fault_t *fault);
static ngx_int_t ngx_http_endpoint_type_json_integral(ngx_str_t *number,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault);
static ngx_uint_t ngx_http_endpoint_type_json_whole(ngx_str_t *number);
static ngx_int_t ngx_http_endpoint_type_json_float(
    ngx_http_endpoint_value_t *json, ngx_http_endpoint_typed_t *typed,
    ngx_http_endpoint_fault_t *fault);
static ngx_int_t ngx_http_endpoint_type_json_bool(
    ngx_http_endpoint_value_t *json, ngx_http_endpoint_typed_t *typed,
    ngx_http_endpoint_fault_t *fault);


/* by ngx_http_endpoint_type_e */
static ngx_http_endpoint_type_json_t  ngx_http_endpoint_type_jsons[] = {

    { "string_type", "Input should be a valid string", NULL },

    { "int_type", "Input should be a valid integer",
      ngx_http_endpoint_type_json_int },

    { "float_type", "Input should be a valid number",
      ngx_http_endpoint_type_json_float },

    { "bool_type", "Input should be a valid boolean",
      ngx_http_endpoint_type_json_bool },

    { "uuid_type", "UUID input should be a string, bytes or UUID object",
      NULL },

    { NULL, NULL, NULL },

    { "string_type", "Input should be a valid string", NULL }
};


ngx_int_t
ngx_http_endpoint_type_from_json(ngx_pool_t *pool,
    ngx_http_endpoint_type_e type, ngx_http_endpoint_value_t *json,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault)
{
    ngx_str_t                       text;
    ngx_http_endpoint_type_json_t  *t;

    if (type == ngx_http_endpoint_type_json
        || json->type == ngx_http_endpoint_string)
    {
        if (json->type != ngx_http_endpoint_text
            && ngx_http_endpoint_type_unpaired(&json->data))
        {
            return ngx_http_endpoint_fault_set(fault, "string_unicode",
                       "Input should be a valid string, "
                       "unable to parse raw data as a unicode string");
        }
    }

    ngx_memzero(typed, sizeof(ngx_http_endpoint_typed_t));

    typed->type = type;
    typed->value = *json;

    if (type == ngx_http_endpoint_type_json) {
        return NGX_OK;
    }

    if (json->type == ngx_http_endpoint_string
        || json->type == ngx_http_endpoint_text)
    {
        if (ngx_http_endpoint_value_to_text(pool, json, &text) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_http_endpoint_type_from_text(pool, type, &text, typed,
                                                fault);
    }

    t = &ngx_http_endpoint_type_jsons[type];

    (void) ngx_http_endpoint_fault_set(fault, t->fault, t->msg);

    return t->read ? t->read(json, typed, fault) : NGX_DECLINED;
}


ngx_uint_t
ngx_http_endpoint_type_unpaired(ngx_str_t *json)
{
    u_char     *p, *end;
    ngx_int_t   c;
    ngx_uint_t  high;

    high = 0;
    p = json->data;
    end = p + json->len;

    for ( ;; ) {

        /* the other half has to follow at once */

        p = memchr(p, '\\', high ? 1 : end - p);

        if (p == NULL) {
            return high;
        }

        if (p[1] != 'u') {

            if (high) {
                return 1;
            }

            p += 2;
            continue;
        }

        c = ngx_hextoi(p + 2, 4);
        p += 6;

        if (high != (c >= 0xdc00 && c <= 0xdfff)) {
            return 1;
        }

        high = (c >= 0xd800 && c <= 0xdbff);
    }
}


static ngx_int_t
ngx_http_endpoint_type_json_int(ngx_http_endpoint_value_t *json,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault)
{
    switch (json->type) {

    case ngx_http_endpoint_true:
        typed->integer = 1;
        return NGX_OK;

    case ngx_http_endpoint_false:
        return NGX_OK;

    case ngx_http_endpoint_number:

        if (ngx_http_endpoint_type_json_whole(&json->data)) {
            return ngx_http_endpoint_type_from_text(NULL,
                       ngx_http_endpoint_type_int, &json->data, typed, fault);
        }

        return ngx_http_endpoint_type_json_integral(&json->data, typed, fault);

    default:
        return NGX_DECLINED;
    }
}


static ngx_int_t
ngx_http_endpoint_type_json_integral(ngx_str_t *number,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault)
{
    double  x;

    if (ngx_http_endpoint_number_read(number->data, number->len, &x)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (!isfinite(x)) {
        return ngx_http_endpoint_fault_set(fault, "finite_number",
                   "Input should be a finite number");
    }

    /* pydantic refuses both ends, though the lower one would fit */

    if (x >= NGX_HTTP_ENDPOINT_TYPE_2_63 || x <= -NGX_HTTP_ENDPOINT_TYPE_2_63) {
        return ngx_http_endpoint_type_size(fault);
    }

    typed->integer = (int64_t) x;

    if (x != (double) typed->integer) {
        return ngx_http_endpoint_fault_set(fault, "int_from_float",
                   "Input should be a valid integer, "
                   "got a number with a fractional part");
    }

    return NGX_OK;
}


/* a number written as an integer, which Python reads as one */

static ngx_uint_t
ngx_http_endpoint_type_json_whole(ngx_str_t *number)
{
    size_t  i;

    for (i = 0; i < number->len; i++) {
        if (number->data[i] == '.' || (number->data[i] | 0x20) == 'e') {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_http_endpoint_type_json_float(ngx_http_endpoint_value_t *json,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault)
{
    switch (json->type) {

    case ngx_http_endpoint_true:
        typed->real = 1;
        return NGX_OK;

    case ngx_http_endpoint_false:
        return NGX_OK;

    case ngx_http_endpoint_number:

        if (ngx_http_endpoint_number_read(json->data.data, json->data.len,
                                          &typed->real)
            != NGX_OK)
        {
            return NGX_DECLINED;
        }

        if (ngx_http_endpoint_type_json_whole(&json->data)) {

            /* to Python it was an integer: neither infinite nor -0 */

            typed->real += 0.0;

            return isinf(typed->real) ? NGX_DECLINED : NGX_OK;
        }

        return NGX_OK;

    default:
        return NGX_DECLINED;
    }
}


static ngx_int_t
ngx_http_endpoint_type_json_bool(ngx_http_endpoint_value_t *json,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault)
{
    ngx_http_endpoint_fault_t  unused;
    ngx_http_endpoint_typed_t  n;

    ngx_memzero(&n, sizeof(ngx_http_endpoint_typed_t));

    switch (json->type) {

    case ngx_http_endpoint_true:
    case ngx_http_endpoint_false:
        return NGX_OK;

    case ngx_http_endpoint_number:

        if (ngx_http_endpoint_type_json_int(json, &n, &unused) != NGX_OK
            || n.beyond)
        {
            return NGX_DECLINED;
        }

        if (n.integer != 0 && n.integer != 1) {
            return ngx_http_endpoint_fault_set(fault, "bool_parsing",
                       "Input should be a valid boolean, "
                       "unable to interpret input");
        }

        ngx_http_endpoint_type_truth(typed, n.integer == 1);

        return NGX_OK;

    default:
        return NGX_DECLINED;
    }
}
