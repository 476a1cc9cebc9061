
#include "ngx_http_endpoint_capture.h"
#include "ngx_http_endpoint_http.h"
#include "ngx_http_endpoint_nginx.h"
#include "ngx_http_endpoint_run.h"


typedef struct {
    ngx_str_t    name;
    ngx_uint_t   offset;
} ngx_http_endpoint_http_field_t;


static void ngx_http_endpoint_http_tell(ngx_http_request_t *r,
    ngx_http_endpoint_result_t *result);
static ngx_int_t ngx_http_endpoint_http_intercepted(ngx_http_request_t *r,
    ngx_uint_t status);
static ngx_int_t ngx_http_endpoint_http_type(ngx_http_request_t *r,
    ngx_str_t *type);
static ngx_int_t ngx_http_endpoint_http_header(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);
static ngx_table_elt_t *ngx_http_endpoint_http_push(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_http_retry_after(ngx_http_request_t *r,
    ngx_uint_t seconds);
static void ngx_http_endpoint_http_known_header(ngx_http_request_t *r,
    ngx_table_elt_t *h);
static ngx_int_t ngx_http_endpoint_http_run_headers(ngx_http_request_t *r,
    ngx_http_endpoint_run_t *run);
static void ngx_http_endpoint_http_conditions(ngx_http_request_t *r);
static ngx_int_t ngx_http_endpoint_http_body(ngx_http_request_t *r,
    ngx_chain_t *out);


static ngx_http_endpoint_http_field_t  ngx_http_endpoint_http_fields[] = {
    { ngx_string("ETag"), offsetof(ngx_http_headers_out_t, etag) },
    { ngx_string("Date"), offsetof(ngx_http_headers_out_t, date) },
    { ngx_string("Server"), offsetof(ngx_http_headers_out_t, server) },
    { ngx_string("Last-Modified"),
      offsetof(ngx_http_headers_out_t, last_modified) },
    { ngx_string("WWW-Authenticate"),
      offsetof(ngx_http_headers_out_t, www_authenticate) },
    { ngx_string("Content-Encoding"),
      offsetof(ngx_http_headers_out_t, content_encoding) },
    { ngx_string("Content-Range"),
      offsetof(ngx_http_headers_out_t, content_range) },
    { ngx_string("Expires"), offsetof(ngx_http_headers_out_t, expires) },
    { ngx_null_string, 0 }
};


static ngx_str_t  ngx_http_endpoint_nosniff_name =
    ngx_string("X-Content-Type-Options");
static ngx_str_t  ngx_http_endpoint_nosniff = ngx_string("nosniff");
static ngx_str_t  ngx_http_endpoint_etag_name = ngx_string("ETag");
static ngx_str_t  ngx_http_endpoint_vary_name = ngx_string("Vary");


ngx_int_t
ngx_http_endpoint_http_send_text(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *type, ngx_str_t *text, ngx_str_t *allow)
{
    ngx_buf_t    *b;
    ngx_chain_t   out;

    static ngx_str_t  name = ngx_string("Allow");

    if (ngx_http_endpoint_http_intercepted(r, status)) {
        return status;
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = text->len;

    if (ngx_http_endpoint_http_type(r, type) != NGX_OK
        || (allow->len
            && ngx_http_endpoint_http_header(r, &name, allow) != NGX_OK))
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->pos = text->data;
    b->last = text->data + text->len;
    b->memory = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_endpoint_http_body(r, &out);
}


ngx_int_t
ngx_http_endpoint_http_send(ngx_http_request_t *r,
    ngx_http_endpoint_run_t *run)
{
    ngx_http_endpoint_result_t  *result;

    result = &run->result;

    ngx_http_endpoint_http_tell(r, result);

    if (ngx_http_endpoint_http_intercepted(r, result->status)) {
        return result->status;
    }

    r->headers_out.status = result->status;

    /* RFC 9110, section 15.5.21: nginx has no text for it */

    if (result->status == 422) {
        ngx_str_set(&r->headers_out.status_line, "422 Unprocessable Entity");
    }
    r->headers_out.content_length_n = result->length;

    if (result->type.len
        && ngx_http_endpoint_http_type(r, &result->type) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (result->etag.len
        && ngx_http_endpoint_http_header(r, &ngx_http_endpoint_etag_name,
                                         &result->etag)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (result->retry_after
        && ngx_http_endpoint_http_retry_after(r, result->retry_after)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (run->plan->vary.len
        && ngx_http_endpoint_http_header(r, &ngx_http_endpoint_vary_name,
                                         &run->plan->vary)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (run->headers
        && ngx_http_endpoint_http_run_headers(r, run) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_endpoint_http_body(r, result->body);
}


/* the endpoint that fetches this one must not keep what it does not keep */

static void
ngx_http_endpoint_http_tell(ngx_http_request_t *r,
    ngx_http_endpoint_result_t *result)
{
    ngx_http_endpoint_capture_t  *capture;

    capture = ngx_http_endpoint_capture_get(r);

    if (capture) {
        capture->fallback = result->fallback;
    }
}


static ngx_int_t
ngx_http_endpoint_http_intercepted(ngx_http_request_t *r, ngx_uint_t status)
{
    ngx_uint_t                     i;
    ngx_http_err_page_t           *page;
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_endpoint_loc_conf_t  *elcf;

    if (status < NGX_HTTP_SPECIAL_RESPONSE) {
        return 0;
    }

    elcf = ngx_http_get_module_loc_conf(r, ngx_http_endpoint_module);
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    /* this is an error's page already, nginx would take its own */

    if (!elcf->intercept_errors || clcf->error_pages == NULL
        || r->error_page || r->uri_changes == 0)
    {
        return 0;
    }

    page = clcf->error_pages->elts;

    for (i = 0; i < clcf->error_pages->nelts; i++) {
        if (page[i].status == (ngx_int_t) status) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_endpoint_http_type(ngx_http_request_t *r, ngx_str_t *type)
{
    u_char  *p;

    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = type->len;
    r->headers_out.content_type_lowcase = NULL;

    /* gzip, charset and the like look for the type without parameters */

    p = memchr(type->data, ';', type->len);

    if (p) {
        while (p > type->data && p[-1] == ' ') {
            p--;
        }

        r->headers_out.content_type_len = p - type->data;
    }

    return ngx_http_endpoint_http_push(r, &ngx_http_endpoint_nosniff_name,
                                       &ngx_http_endpoint_nosniff)
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_endpoint_http_header(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_http_endpoint_http_push(r, name, value);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_http_endpoint_http_known_header(r, h);

    return NGX_OK;
}


static ngx_table_elt_t *
ngx_http_endpoint_http_push(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    h->hash = 1;
    h->key = *name;
    h->value = *value;
    ngx_http_endpoint_header_next(h);

    return h;
}


/*
 * nginx writes these itself unless it knows of one, tests them, or looks at
 * them elsewhere, as auth_request does at the WWW-Authenticate of a 401
 */

static void
ngx_http_endpoint_http_known_header(ngx_http_request_t *r, ngx_table_elt_t *h)
{
    ngx_http_endpoint_http_field_t  *field;

    for (field = ngx_http_endpoint_http_fields; field->name.len; field++) {

        if (h->key.len != field->name.len
            || ngx_strncasecmp(h->key.data, field->name.data, h->key.len) != 0)
        {
            continue;
        }

        *(ngx_table_elt_t **) ((char *) &r->headers_out + field->offset) = h;

        if (h == r->headers_out.last_modified) {
            r->headers_out.last_modified_time =
                                 ngx_parse_http_time(h->value.data,
                                                     h->value.len);
        }

        return;
    }
}


static ngx_int_t
ngx_http_endpoint_http_retry_after(ngx_http_request_t *r, ngx_uint_t seconds)
{
    ngx_str_t  value;

    static ngx_str_t  name = ngx_string("Retry-After");

    value.data = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "%ui", seconds) - value.data;

    return ngx_http_endpoint_http_header(r, &name, &value);
}


static ngx_int_t
ngx_http_endpoint_http_run_headers(ngx_http_request_t *r,
    ngx_http_endpoint_run_t *run)
{
    ngx_uint_t     i;
    ngx_keyval_t  *kv;

    kv = run->headers->elts;

    for (i = 0; i < run->headers->nelts; i++) {
        if (ngx_http_endpoint_http_header(r, &kv[i].key, &kv[i].value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* what has been done cannot be answered by a 412 or 304 any more */

static void
ngx_http_endpoint_http_conditions(ngx_http_request_t *r)
{
    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        r->disable_not_modified = 1;
        return;
    }

    /* without what they ask for nginx would answer 412 */

    if (r->headers_out.etag == NULL) {
        r->headers_in.if_match = NULL;
    }

    if (r->headers_out.last_modified == NULL) {
        r->headers_in.if_unmodified_since = NULL;
    }

    if (r->headers_out.etag == NULL && r->headers_out.last_modified == NULL) {
        r->disable_not_modified = 1;
    }
}


static ngx_int_t
ngx_http_endpoint_http_body(ngx_http_request_t *r, ngx_chain_t *out)
{
    ngx_int_t     rc;
    ngx_chain_t  *cl;

    ngx_http_endpoint_http_conditions(r);

    if (r->headers_out.content_length_n == 0) {
        r->header_only = 1;
    }

    /* it would be the length of what the client has: RFC 9110, section 8.6 */

    if (r->headers_out.status == NGX_HTTP_NOT_MODIFIED) {
        ngx_http_clear_content_length(r);
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    for (cl = out; cl->next; cl = cl->next) { /* void */ }

    cl->buf->last_buf = (r == r->main);
    cl->buf->last_in_chain = 1;

    return ngx_http_output_filter(r, out);
}
