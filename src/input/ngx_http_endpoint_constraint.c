
#include "ngx_http_endpoint_constraint.h"
#include "ngx_http_endpoint_number.h"
#include "ngx_http_endpoint_utf8.h"


#define NGX_HTTP_ENDPOINT_CONSTRAINT_TEXT                                     \
    (1 << ngx_http_endpoint_type_str | 1 << ngx_http_endpoint_type_path)
#define NGX_HTTP_ENDPOINT_CONSTRAINT_NUMBER                                   \
    (1 << ngx_http_endpoint_type_int | 1 << ngx_http_endpoint_type_float)


typedef struct {
    ngx_str_t     name;
    ngx_uint_t    types;    /* bits of those it applies to */
    ngx_int_t   (*compile)(ngx_pool_t *pool, ngx_http_endpoint_input_t *input,
                           ngx_http_endpoint_constraint_t *c, ngx_str_t *err);
    ngx_uint_t  (*holds)(ngx_http_endpoint_constraint_t *c,
                         ngx_http_endpoint_typed_t *typed);
    char         *fault;
    char         *msg;
} ngx_http_endpoint_constraint_kind_t;


static ngx_int_t ngx_http_endpoint_constraint_find(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *option,
    ngx_http_endpoint_constraint_t *c, ngx_str_t *err);
static ngx_int_t ngx_http_endpoint_constraint_unknown(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *option, ngx_str_t *err);
static ngx_int_t ngx_http_endpoint_constraint_add(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_constraint_t *c);
static ngx_int_t ngx_http_endpoint_constraint_bound(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_constraint_t *c,
    ngx_str_t *err);
static ngx_int_t ngx_http_endpoint_constraint_invalid(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_constraint_t *c,
    ngx_str_t *value, ngx_str_t *err);
static ngx_int_t ngx_http_endpoint_constraint_length(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_constraint_t *c,
    ngx_str_t *err);
static ngx_int_t ngx_http_endpoint_constraint_regex(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_constraint_t *c,
    ngx_str_t *err);
static ngx_int_t ngx_http_endpoint_constraint_choice(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_constraint_t *c,
    ngx_str_t *err);
static ngx_int_t ngx_http_endpoint_constraint_fault(ngx_pool_t *pool,
    ngx_http_endpoint_constraint_t *c, ngx_str_t *shown, char *key,
    ngx_http_endpoint_value_t *value);
static ngx_uint_t ngx_http_endpoint_constraint_compare(
    ngx_http_endpoint_constraint_t *c, ngx_http_endpoint_typed_t *typed);
static ngx_uint_t ngx_http_endpoint_constraint_measure(
    ngx_http_endpoint_constraint_t *c, ngx_http_endpoint_typed_t *typed);
static ngx_uint_t ngx_http_endpoint_constraint_match(
    ngx_http_endpoint_constraint_t *c, ngx_http_endpoint_typed_t *typed);
static ngx_uint_t ngx_http_endpoint_constraint_member(
    ngx_http_endpoint_constraint_t *c, ngx_http_endpoint_typed_t *typed);


/* by ngx_http_endpoint_constraint_e */
static ngx_http_endpoint_constraint_kind_t
    ngx_http_endpoint_constraint_kinds[] =
{
    { ngx_string("enum"),
      NGX_HTTP_ENDPOINT_CONSTRAINT_TEXT | 1 << ngx_http_endpoint_type_int,
      ngx_http_endpoint_constraint_choice, ngx_http_endpoint_constraint_member,
      "literal_error", "Input should be %V" },

    { ngx_string("le"), NGX_HTTP_ENDPOINT_CONSTRAINT_NUMBER,
      ngx_http_endpoint_constraint_bound, ngx_http_endpoint_constraint_compare,
      "less_than_equal", "Input should be less than or equal to %V" },

    { ngx_string("lt"), NGX_HTTP_ENDPOINT_CONSTRAINT_NUMBER,
      ngx_http_endpoint_constraint_bound, ngx_http_endpoint_constraint_compare,
      "less_than", "Input should be less than %V" },

    { ngx_string("ge"), NGX_HTTP_ENDPOINT_CONSTRAINT_NUMBER,
      ngx_http_endpoint_constraint_bound, ngx_http_endpoint_constraint_compare,
      "greater_than_equal", "Input should be greater than or equal to %V" },

    { ngx_string("gt"), NGX_HTTP_ENDPOINT_CONSTRAINT_NUMBER,
      ngx_http_endpoint_constraint_bound, ngx_http_endpoint_constraint_compare,
      "greater_than", "Input should be greater than %V" },

    { ngx_string("min_length"), NGX_HTTP_ENDPOINT_CONSTRAINT_TEXT,
      ngx_http_endpoint_constraint_length,
      ngx_http_endpoint_constraint_measure,
      "string_too_short", "String should have at least %V" },

    { ngx_string("max_length"), NGX_HTTP_ENDPOINT_CONSTRAINT_TEXT,
      ngx_http_endpoint_constraint_length,
      ngx_http_endpoint_constraint_measure,
      "string_too_long", "String should have at most %V" },

    { ngx_string("pattern"), NGX_HTTP_ENDPOINT_CONSTRAINT_TEXT,
      ngx_http_endpoint_constraint_regex, ngx_http_endpoint_constraint_match,
      "string_pattern_mismatch", "String should match pattern '%V'" }
};


ngx_int_t
ngx_http_endpoint_constraint_compile(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *option, ngx_str_t *err)
{
    ngx_int_t                             rc;
    ngx_http_endpoint_constraint_t        c;
    ngx_http_endpoint_constraint_kind_t  *kind;

    ngx_memzero(&c, sizeof(ngx_http_endpoint_constraint_t));

    if (ngx_http_endpoint_constraint_find(pool, input, option, &c, err)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    kind = &ngx_http_endpoint_constraint_kinds[c.type];

    if (!(kind->types & 1 << input->type)) {
        return ngx_http_endpoint_fault_conf(pool, err,
                   "\"%V\" does not apply to \"$%V\" of type \"%s\"",
                   option, &input->name,
                   ngx_http_endpoint_type_name(input->type));
    }

    if (kind->compile(pool, input, &c, err) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_constraint_add(pool, input, &c);

    if (rc == NGX_DECLINED) {
        return ngx_http_endpoint_fault_conf(pool, err,
                   "duplicate \"%V\" of \"$%V\"", &kind->name, &input->name);
    }

    return rc;
}


static ngx_int_t
ngx_http_endpoint_constraint_find(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *option,
    ngx_http_endpoint_constraint_t *c, ngx_str_t *err)
{
    size_t       len;
    ngx_uint_t   i, n;
    ngx_str_t   *name;

    n = sizeof(ngx_http_endpoint_constraint_kinds)
        / sizeof(ngx_http_endpoint_constraint_kind_t);

    for (i = 0; i < n; i++) {
        name = &ngx_http_endpoint_constraint_kinds[i].name;
        len = name->len;

        if (option->len > len && option->data[len] == '='
            && ngx_strncmp(option->data, name->data, len) == 0)
        {
            c->type = i;
            c->text.data = option->data + len + 1;
            c->text.len = option->len - len - 1;

            return NGX_OK;
        }
    }

    return ngx_http_endpoint_constraint_unknown(pool, input, option, err);
}


static ngx_int_t
ngx_http_endpoint_constraint_unknown(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *option, ngx_str_t *err)
{
    u_char                               *p, list[NGX_MAX_CONF_ERRSTR];
    ngx_str_t                             known;
    ngx_uint_t                            i, n;
    ngx_http_endpoint_constraint_kind_t  *kind;

    p = list;
    kind = ngx_http_endpoint_constraint_kinds;

    n = sizeof(ngx_http_endpoint_constraint_kinds)
        / sizeof(ngx_http_endpoint_constraint_kind_t);

    for (i = 0; i < n; i++) {
        if (kind[i].types & 1 << input->type) {
            p = ngx_sprintf(p, "%s%V=", p == list ? "" : ", ", &kind[i].name);
        }
    }

    known.data = list;
    known.len = p - list;

    if (known.len == 0) {
        return ngx_http_endpoint_fault_conf(pool, err,
                   "invalid parameter \"%V\" of \"$%V\", there is none for "
                   "type \"%s\"", option, &input->name,
                   ngx_http_endpoint_type_name(input->type));
    }

    return ngx_http_endpoint_fault_conf(pool, err,
               "invalid parameter \"%V\" of \"$%V\", of type \"%s\" it must "
               "be one of %V", option, &input->name,
               ngx_http_endpoint_type_name(input->type), &known);
}


/* NGX_DECLINED: there is one of that type */

static ngx_int_t
ngx_http_endpoint_constraint_add(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_constraint_t *c)
{
    ngx_uint_t                       i;
    ngx_http_endpoint_constraint_t  *list;

    if (input->constraints == NULL) {
        input->constraints = ngx_array_create(pool, 2,
                                      sizeof(ngx_http_endpoint_constraint_t));
        if (input->constraints == NULL) {
            return NGX_ERROR;
        }
    }

    if (ngx_array_push(input->constraints) == NULL) {
        return NGX_ERROR;
    }

    list = input->constraints->elts;

    for (i = input->constraints->nelts - 1; i > 0; i--) {

        if (list[i - 1].type == c->type) {
            return NGX_DECLINED;
        }

        if (list[i - 1].type < c->type) {
            break;
        }

        list[i] = list[i - 1];
    }

    list[i] = *c;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_constraint_bound(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_constraint_t *c,
    ngx_str_t *err)
{
    u_char                                buf[NGX_HTTP_ENDPOINT_NUMBER_LEN];
    ngx_int_t                             rc;
    ngx_str_t                             shown;
    ngx_http_endpoint_fault_t             fault;
    ngx_http_endpoint_value_t             value;
    ngx_http_endpoint_constraint_kind_t  *kind;

    rc = ngx_http_endpoint_type_from_text(pool, input->type, &c->text,
                                          &c->bound, &fault);

    if (rc == NGX_OK) {
        rc = ngx_http_endpoint_type_value(pool, &c->bound, &value, &fault);
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_endpoint_constraint_invalid(pool, input, c, &c->text,
                                                    err);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    shown = value.data;

    if (c->bound.type == ngx_http_endpoint_type_float) {
        shown.data = buf;
        shown.len = ngx_http_endpoint_number_write(buf, c->bound.real, 1)
                    - buf;
    }

    kind = &ngx_http_endpoint_constraint_kinds[c->type];

    return ngx_http_endpoint_constraint_fault(pool, c, &shown,
                                              (char *) kind->name.data, &value);
}


static ngx_int_t
ngx_http_endpoint_constraint_invalid(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_constraint_t *c,
    ngx_str_t *value, ngx_str_t *err)
{
    return ngx_http_endpoint_fault_conf(pool, err,
               "invalid value \"%V\" in \"%V=%V\" of \"$%V\", "
               "it must be of type \"%s\"%s", value,
               &ngx_http_endpoint_constraint_kinds[c->type].name, &c->text,
               &input->name, ngx_http_endpoint_type_name(input->type),
               value->len ? "" : " and not empty");
}


static ngx_int_t
ngx_http_endpoint_constraint_length(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_constraint_t *c,
    ngx_str_t *err)
{
    u_char                     *p, buf[64];
    ngx_int_t                   n;
    ngx_str_t                   shown, *name;
    ngx_http_endpoint_value_t   value;

    name = &ngx_http_endpoint_constraint_kinds[c->type].name;

    n = ngx_atoi(c->text.data, c->text.len);

    if (n == NGX_ERROR) {
        return ngx_http_endpoint_fault_conf(pool, err,
                   "invalid value \"%V\" in \"%V=%V\" of \"$%V\", "
                   "it must be a number of characters",
                   &c->text, name, &c->text, &input->name);
    }

    c->length = n;

    p = ngx_sprintf(buf, "%i", n);
    ngx_http_endpoint_value_json(&value, buf, p - buf);

    p = ngx_sprintf(p, " character%s", n == 1 ? "" : "s");

    shown.data = buf;
    shown.len = p - buf;

    return ngx_http_endpoint_constraint_fault(pool, c, &shown,
                                              (char *) name->data, &value);
}


static ngx_int_t
ngx_http_endpoint_constraint_regex(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_constraint_t *c,
    ngx_str_t *err)
{
    ngx_str_t                  words;
    ngx_http_endpoint_value_t  value;

    if (ngx_http_endpoint_regex_compile(pool, &c->text, &c->regex, &words)
        != NGX_OK)
    {
        return ngx_http_endpoint_fault_conf(pool, err,
                   "invalid pattern \"%V\" of \"$%V\": %V",
                   &c->text, &input->name, &words);
    }

    ngx_http_endpoint_value_text(&value, c->text.data, c->text.len);

    return ngx_http_endpoint_constraint_fault(pool, c, &c->text, "pattern",
                                              &value);
}


static ngx_int_t
ngx_http_endpoint_constraint_choice(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_constraint_t *c,
    ngx_str_t *err)
{
    ngx_int_t                  rc;
    ngx_str_t                  bad, expected;
    ngx_http_endpoint_value_t  value;

    rc = ngx_http_endpoint_choice_read(pool, input->type, &c->text, &c->choice,
                                       &bad);

    if (rc == NGX_DECLINED) {
        return ngx_http_endpoint_constraint_invalid(pool, input, c, &bad, err);
    }

    if (rc != NGX_OK
        || ngx_http_endpoint_choice_show(pool, &c->choice, &expected)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_endpoint_value_text(&value, expected.data, expected.len);

    return ngx_http_endpoint_constraint_fault(pool, c, &expected, "expected",
                                              &value);
}


static ngx_int_t
ngx_http_endpoint_constraint_fault(ngx_pool_t *pool,
    ngx_http_endpoint_constraint_t *c, ngx_str_t *shown, char *key,
    ngx_http_endpoint_value_t *value)
{
    size_t                                len;
    u_char                               *p;
    ngx_http_endpoint_constraint_kind_t  *kind;

    kind = &ngx_http_endpoint_constraint_kinds[c->type];

    (void) ngx_http_endpoint_fault_set(&c->fault, kind->fault, kind->msg);

    len = c->fault.msg.len + shown->len;

    p = ngx_pnalloc(pool, len);

    if (p == NULL
        || ngx_http_endpoint_fault_ctx(pool, &c->fault, key, value) != NGX_OK)
    {
        return NGX_ERROR;
    }

    c->fault.msg.data = p;
    c->fault.msg.len = ngx_snprintf(p, len, kind->msg, shown) - p;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_constraint_check(ngx_array_t *constraints,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault)
{
    ngx_uint_t                       i;
    ngx_http_endpoint_constraint_t  *c;

    if (constraints == NULL) {
        return NGX_OK;
    }

    c = constraints->elts;

    for (i = 0; i < constraints->nelts; i++) {

        if (!ngx_http_endpoint_constraint_kinds[c[i].type].holds(&c[i],
                                                                 typed))
        {
            *fault = c[i].fault;
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_constraint_compare(ngx_http_endpoint_constraint_t *c,
    ngx_http_endpoint_typed_t *typed)
{
    ngx_int_t  less, more;

    if (typed->type == ngx_http_endpoint_type_float) {

        /* neither of both is so where it is not a number */

        less = (typed->real < c->bound.real);
        more = (typed->real > c->bound.real);

        if (!less && !more && typed->real != c->bound.real) {
            return 0;
        }

    } else if (typed->beyond) {
        less = (typed->beyond < 0);
        more = (typed->beyond > 0);

    } else {
        less = (typed->integer < c->bound.integer);
        more = (typed->integer > c->bound.integer);
    }

    switch (c->type) {

    case ngx_http_endpoint_constraint_le:
        return !more;

    case ngx_http_endpoint_constraint_lt:
        return less;

    case ngx_http_endpoint_constraint_ge:
        return !less;

    default:
        return more;
    }
}


static ngx_uint_t
ngx_http_endpoint_constraint_measure(ngx_http_endpoint_constraint_t *c,
    ngx_http_endpoint_typed_t *typed)
{
    size_t  len;

    len = ngx_http_endpoint_utf8_length(&typed->value.data);

    if (c->type == ngx_http_endpoint_constraint_min_length) {
        return len >= c->length;
    }

    return len <= c->length;
}


static ngx_uint_t
ngx_http_endpoint_constraint_match(ngx_http_endpoint_constraint_t *c,
    ngx_http_endpoint_typed_t *typed)
{
    return ngx_http_endpoint_regex_match(c->regex, &typed->value.data);
}


static ngx_uint_t
ngx_http_endpoint_constraint_member(ngx_http_endpoint_constraint_t *c,
    ngx_http_endpoint_typed_t *typed)
{
    return ngx_http_endpoint_choice_has(&c->choice, typed);
}
