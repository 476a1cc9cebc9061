
#include "ngx_http_endpoint_fetch.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_utf8.h"


static ngx_uint_t ngx_http_endpoint_answer_own(ngx_http_request_t *sr,
    ngx_uint_t status);
static ngx_http_endpoint_cause_e ngx_http_endpoint_answer_status(
    ngx_http_endpoint_call_t *call);
static ngx_int_t ngx_http_endpoint_answer_header(ngx_http_request_t *sr,
    ngx_pool_t *pool, ngx_str_t *name, ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_answer_add(ngx_pool_t *pool,
    ngx_str_t *value, ngx_str_t *more);
static ngx_http_endpoint_cause_e ngx_http_endpoint_answer_checked(
    ngx_http_endpoint_call_t *call);
static ngx_http_endpoint_cause_e ngx_http_endpoint_answer_members(
    ngx_http_endpoint_call_t *call);
static ngx_int_t ngx_http_endpoint_answer_fields(
    ngx_http_endpoint_outcome_t *outcome, ngx_http_request_t *sr);
static ngx_uint_t ngx_http_endpoint_answer_field_passed(
    ngx_http_endpoint_fetch_conf_t *conf, ngx_str_t *name);
static ngx_int_t ngx_http_endpoint_answer_pass_fields(
    ngx_http_endpoint_exec_t *exec, ngx_http_endpoint_outcome_t *outcome);


/* what a status means is often said by one of these */

static ngx_str_t  ngx_http_endpoint_answer_headers[] = {
    ngx_string("Location"),
    ngx_string("WWW-Authenticate"),
    ngx_string("Allow"),
    ngx_string("Retry-After"),
    ngx_string("ETag"),
    ngx_string("Content-Range"),
    ngx_string("Content-Location"),
    ngx_null_string
};


ngx_http_endpoint_cause_e
ngx_http_endpoint_answer_cause(ngx_http_endpoint_call_t *call)
{
    ngx_uint_t  status;

    if (call->capture->cause != ngx_http_endpoint_cause_none) {
        return call->capture->cause;
    }

    status = call->capture->status;

    if (ngx_http_endpoint_answer_own(call->capture->request, status)) {
        return status == NGX_HTTP_GATEWAY_TIME_OUT
               ? ngx_http_endpoint_cause_timeout
               : ngx_http_endpoint_cause_upstream;
    }

    if (call->exec->step->status) {
        return ngx_http_endpoint_answer_status(call);
    }

    return (status >= 200 && status <= 299) ? ngx_http_endpoint_cause_none
                                            : ngx_http_endpoint_cause_status;
}


/* nginx answers itself where an upstream did not */

static ngx_uint_t
ngx_http_endpoint_answer_own(ngx_http_request_t *sr, ngx_uint_t status)
{
    ngx_http_upstream_t  *u;

    u = sr->upstream;

    if (u == NULL || status < NGX_HTTP_INTERNAL_SERVER_ERROR
        || u->headers_in.status_n == status)
    {
        return 0;
    }

    /* it did, and another location was chosen by its answer */

    if (u->headers_in.x_accel_redirect
        && !(u->conf->ignore_headers & NGX_HTTP_UPSTREAM_IGN_XA_REDIRECT))
    {
        return 0;
    }

    return !(sr->error_page
             && u->headers_in.status_n >= NGX_HTTP_SPECIAL_RESPONSE);
}


/* status=$code takes every answer */

static ngx_http_endpoint_cause_e
ngx_http_endpoint_answer_status(ngx_http_endpoint_call_t *call)
{
    u_char                     *p, *last;
    ngx_http_endpoint_run_t    *run;
    ngx_http_endpoint_value_t  *v;

    run = call->exec->run;

    p = ngx_pnalloc(run->scope.pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return ngx_http_endpoint_cause_memory;
    }

    last = ngx_sprintf(p, "%ui", call->capture->status);

    v = &run->scope.values[call->exec->step->status->slot];

    ngx_http_endpoint_value_json(v, p, last - p);

    return ngx_http_endpoint_cause_none;
}


ngx_int_t
ngx_http_endpoint_answer_binds(ngx_http_endpoint_call_t *call)
{
    ngx_str_t                  text;
    ngx_uint_t                 i;
    ngx_array_t               *binds;
    ngx_http_endpoint_run_t   *run;
    ngx_http_endpoint_bind_t  *bind;

    run = call->exec->run;
    binds = call->exec->step->binds;

    if (binds == NULL) {
        return NGX_OK;
    }

    bind = binds->elts;

    for (i = 0; i < binds->nelts; i++) {

        ngx_str_null(&text);

        if (ngx_http_endpoint_answer_header(call->capture->request,
                                            run->scope.pool, &bind[i].header,
                                            &text)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (text.data == NULL) {
            continue;
        }

        if (ngx_http_endpoint_utf8_clean(run->scope.pool, &text) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_http_endpoint_value_text(&run->scope.values[bind[i].name->slot],
                                     text.data, text.len);
    }

    return NGX_OK;
}


/* copies it: the answer's own memory may be given back before the run ends */

static ngx_int_t
ngx_http_endpoint_answer_header(ngx_http_request_t *sr, ngx_pool_t *pool,
    ngx_str_t *name, ngx_str_t *value)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    /* nginx keeps this one apart from the others */

    if (name->len == sizeof("Content-Type") - 1
        && ngx_strncasecmp(name->data, (u_char *) "Content-Type", name->len)
           == 0
        && sr->headers_out.content_type.len)
    {
        return ngx_http_endpoint_answer_add(pool, value,
                                            &sr->headers_out.content_type);
    }

    for (part = &sr->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].hash == 0 || h[i].key.len != name->len
                || ngx_strncasecmp(h[i].key.data, name->data, name->len) != 0)
            {
                continue;
            }

            if (ngx_http_endpoint_answer_add(pool, value, &h[i].value)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* several lines of one name are a list, RFC 9110, 5.3 */

static ngx_int_t
ngx_http_endpoint_answer_add(ngx_pool_t *pool, ngx_str_t *value,
    ngx_str_t *more)
{
    u_char  *p, *data;

    data = ngx_pnalloc(pool, value->len + 2 + more->len);
    if (data == NULL) {
        return NGX_ERROR;
    }

    p = data;

    if (value->data) {
        p = ngx_cpymem(p, value->data, value->len);
        *p++ = ',';
        *p++ = ' ';
    }

    p = ngx_cpymem(p, more->data, more->len);

    value->data = data;
    value->len = p - data;

    return NGX_OK;
}


ngx_http_endpoint_cause_e
ngx_http_endpoint_answer_value(ngx_http_endpoint_call_t *call)
{
    ngx_pool_t                      *pool;
    ngx_http_endpoint_name_t        *name;
    ngx_http_endpoint_value_t       *v;
    ngx_http_endpoint_fetch_conf_t  *conf;

    name = call->exec->step->result;

    if (name == NULL || !name->used) {
        return ngx_http_endpoint_cause_none;
    }

    conf = call->exec->step->conf;
    pool = call->exec->run->scope.pool;

    v = &call->branch->value;

    ngx_http_endpoint_capture_value(call->capture, !conf->text, v);

    if (conf->text) {

        /* no body is an empty text */

        if (v->type == ngx_http_endpoint_null) {
            ngx_http_endpoint_value_text(v, (u_char *) "", 0);
            return ngx_http_endpoint_cause_none;
        }

        if (ngx_http_endpoint_value_flatten(pool, v) != NGX_OK
            || ngx_http_endpoint_utf8_clean(pool, &v->data) != NGX_OK)
        {
            return ngx_http_endpoint_cause_memory;
        }

        return ngx_http_endpoint_cause_none;
    }

    if (call->capture->checked) {
        return ngx_http_endpoint_answer_checked(call);
    }

    return ngx_http_endpoint_answer_members(call);
}


/* a body that is spliced whole was checked as it arrived */

static ngx_http_endpoint_cause_e
ngx_http_endpoint_answer_checked(ngx_http_endpoint_call_t *call)
{
    ngx_int_t                     rc;
    ngx_http_endpoint_capture_t  *capture;

    capture = call->capture;

    if (capture->size == 0) {
        return ngx_http_endpoint_cause_none;
    }

    /* a byte order mark may have been cut */

    if (capture->invalid || capture->bom % 3) {
        return ngx_http_endpoint_cause_json;
    }

    rc = ngx_http_endpoint_json_check_end(&capture->check);

    if (rc == NGX_DECLINED) {
        ngx_memzero(&call->branch->value, sizeof(ngx_http_endpoint_value_t));
        return ngx_http_endpoint_cause_none;
    }

    return rc == NGX_OK ? ngx_http_endpoint_cause_none
                        : ngx_http_endpoint_cause_json;
}


/* taking the members checks the body too */

static ngx_http_endpoint_cause_e
ngx_http_endpoint_answer_members(ngx_http_endpoint_call_t *call)
{
    ngx_http_endpoint_exec_t  *exec;

    exec = call->exec;

    switch (ngx_http_endpoint_exec_value(exec, &call->branch->value)) {

    case NGX_OK:
        call->branch->fanout->set = 1;
        return ngx_http_endpoint_cause_none;

    case NGX_ABORT: /* nothing but white space */
        ngx_memzero(&call->branch->value, sizeof(ngx_http_endpoint_value_t));
        return ngx_http_endpoint_cause_none;

    case NGX_DECLINED:
        return ngx_http_endpoint_cause_json;

    default: /* NGX_ERROR */
        return ngx_http_endpoint_cause_memory;
    }
}


ngx_int_t
ngx_http_endpoint_answer_outcome(ngx_http_endpoint_call_t *call,
    ngx_http_endpoint_outcome_t *outcome)
{
    ngx_http_request_t           *sr;
    ngx_http_endpoint_value_t     v;
    ngx_http_endpoint_capture_t  *capture;

    capture = call->capture;
    sr = capture->request;

    ngx_http_endpoint_capture_value(capture, 0, &v);

    outcome->status = capture->status;
    outcome->body = capture->out;
    outcome->length = v.data.len;

    if (ngx_http_endpoint_outcome_add(outcome, call->exec->run->scope.pool,
                                      "Content-Type",
                                      &sr->headers_out.content_type)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_answer_fields(outcome, sr);
}


/* all of them: who waits for the answer may pass others than who asked */

static ngx_int_t
ngx_http_endpoint_answer_fields(ngx_http_endpoint_outcome_t *outcome,
    ngx_http_request_t *sr)
{
    ngx_uint_t        i;
    ngx_keyval_t     *field;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &sr->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].hash == 0 || ngx_http_endpoint_header_frames(&h[i].key)) {
                continue;
            }

            field = ngx_array_push(outcome->fields);
            if (field == NULL) {
                return NGX_ERROR;
            }

            field->key = h[i].key;
            field->value = h[i].value;
        }
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_endpoint_answer_passed(ngx_http_endpoint_fetch_conf_t *conf,
    ngx_uint_t status)
{
    ngx_uint_t                        i;
    ngx_http_endpoint_fetch_range_t  *range;

    range = conf->pass.elts;

    for (i = 0; i < conf->pass.nelts; i++) {
        if (status >= range[i].from && status <= range[i].to) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_http_endpoint_answer_pass(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_outcome_t *outcome)
{
    ngx_http_endpoint_result_t  *result;

    if (!ngx_http_endpoint_answer_passed(exec->step->conf, outcome->status)) {
        return 0;
    }

    result = &exec->run->result;

    result->status = outcome->status;
    result->body = outcome->body;
    result->length = outcome->length;

    ngx_http_endpoint_outcome_field(outcome, "Content-Type", &result->type);

    if (ngx_http_endpoint_answer_pass_fields(exec, outcome) != NGX_OK) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
    }

    return 1;
}


static ngx_int_t
ngx_http_endpoint_answer_pass_fields(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_outcome_t *outcome)
{
    ngx_uint_t     i;
    ngx_keyval_t  *field, *kv;

    field = outcome->fields->elts;

    for (i = 0; i < outcome->fields->nelts; i++) {

        if (!ngx_http_endpoint_answer_field_passed(exec->step->conf,
                                                   &field[i].key))
        {
            continue;
        }

        kv = ngx_http_endpoint_run_header(exec->run);
        if (kv == NULL) {
            return NGX_ERROR;
        }

        *kv = field[i];
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_answer_field_passed(ngx_http_endpoint_fetch_conf_t *conf,
    ngx_str_t *name)
{
    ngx_str_t   *known;
    ngx_uint_t   i;

    for (known = ngx_http_endpoint_answer_headers; known->len; known++) {
        if (name->len == known->len
            && ngx_strncasecmp(name->data, known->data, name->len) == 0)
        {
            return 1;
        }
    }

    known = conf->pass_headers.elts;

    for (i = 0; i < conf->pass_headers.nelts; i++) {
        if (name->len == known[i].len
            && ngx_strncasecmp(name->data, known[i].data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
