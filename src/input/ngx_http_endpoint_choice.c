
#include "ngx_http_endpoint_choice.h"
#include "ngx_http_endpoint_integer.h"
#include "ngx_http_endpoint_writer.h"


static ngx_int_t ngx_http_endpoint_choice_write(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_typed_t *typed);
static ngx_int_t ngx_http_endpoint_choice_quote(ngx_http_endpoint_writer_t *w,
    ngx_str_t *text);


ngx_int_t
ngx_http_endpoint_choice_read(ngx_pool_t *pool, ngx_http_endpoint_type_e type,
    ngx_str_t *list, ngx_array_t *choice, ngx_str_t *bad)
{
    u_char                     *p, *end, *comma;
    ngx_int_t                   rc;
    ngx_http_endpoint_fault_t   fault;
    ngx_http_endpoint_typed_t  *typed;

    if (ngx_array_init(choice, pool, 4, sizeof(ngx_http_endpoint_typed_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    end = list->data + list->len;

    for (p = list->data; p <= end; p = comma + 1) {

        comma = ngx_strlchr(p, end, ',');
        comma = comma ? comma : end;

        bad->data = p;
        bad->len = comma - p;

        if (bad->len == 0) {
            return NGX_DECLINED;
        }

        typed = ngx_array_push(choice);
        if (typed == NULL) {
            return NGX_ERROR;
        }

        rc = ngx_http_endpoint_type_from_text(pool, type, bad, typed, &fault);

        if (rc == NGX_OK && typed->beyond) {
            return NGX_DECLINED;
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_choice_show(ngx_pool_t *pool, ngx_array_t *choice,
    ngx_str_t *text)
{
    ngx_str_t                    between;
    ngx_uint_t                   i;
    ngx_http_endpoint_typed_t   *typed;
    ngx_http_endpoint_writer_t   w;

    ngx_http_endpoint_writer_init(&w, pool, 0);

    typed = choice->elts;

    for (i = 0; i < choice->nelts; i++) {

        if (i == 0) {
            ngx_str_set(&between, "");

        } else if (i == choice->nelts - 1) {
            ngx_str_set(&between, " or ");

        } else {
            ngx_str_set(&between, ", ");
        }

        if (ngx_http_endpoint_write(&w, between.data, between.len) != NGX_OK
            || ngx_http_endpoint_choice_write(&w, &typed[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_writer_string(&w, text);
}


static ngx_int_t
ngx_http_endpoint_choice_write(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_typed_t *typed)
{
    u_char  *p, buf[NGX_INT64_LEN];

    if (typed->type != ngx_http_endpoint_type_int) {
        return ngx_http_endpoint_choice_quote(w, &typed->value.data);
    }

    p = ngx_http_endpoint_integer_write(buf, typed->integer);

    return ngx_http_endpoint_write(w, buf, p - buf);
}


/* as Python shows a string: clients have come to know it so */

static ngx_int_t
ngx_http_endpoint_choice_quote(ngx_http_endpoint_writer_t *w, ngx_str_t *text)
{
    size_t   i, n;
    u_char  *end, quote, c[2];

    end = text->data + text->len;
    quote = '\'';

    if (ngx_strlchr(text->data, end, '\'')
        && ngx_strlchr(text->data, end, '"') == NULL)
    {
        quote = '"';
    }

    if (ngx_http_endpoint_write(w, &quote, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < text->len; i++) {

        n = 0;

        if (text->data[i] == '\\' || text->data[i] == quote) {
            c[n++] = '\\';
        }

        c[n++] = text->data[i];

        if (ngx_http_endpoint_write(w, c, n) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_write(w, &quote, 1);
}


ngx_uint_t
ngx_http_endpoint_choice_has(ngx_array_t *choice,
    ngx_http_endpoint_typed_t *typed)
{
    ngx_str_t                  *a, *b;
    ngx_uint_t                  i;
    ngx_http_endpoint_typed_t  *one;

    a = &typed->value.data;
    one = choice->elts;

    for (i = 0; i < choice->nelts; i++) {

        if (typed->type == ngx_http_endpoint_type_int) {

            if (!typed->beyond && typed->integer == one[i].integer) {
                return 1;
            }

            continue;
        }

        b = &one[i].value.data;

        if (a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0) {
            return 1;
        }
    }

    return 0;
}
