
#include "ngx_http_endpoint_fetch.h"
#include "ngx_http_endpoint_step.h"
#include "ngx_http_endpoint_utf8.h"


typedef struct {
    char        *name;
    ngx_uint_t   id;
} ngx_http_endpoint_fetch_method_t;


static ngx_int_t ngx_http_endpoint_fetch_compile(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_fetch_line(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_uint_t *next);
static ngx_int_t ngx_http_endpoint_fetch_method(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_fetch_conf_t *conf,
    ngx_str_t *word);
static ngx_int_t ngx_http_endpoint_fetch_option(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step,
    ngx_str_t *arg, ngx_uint_t first);
static ngx_int_t ngx_http_endpoint_fetch_option_header(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_fetch_conf_t *conf,
    ngx_str_t *arg);
static ngx_int_t ngx_http_endpoint_fetch_option_body(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_fetch_conf_t *conf,
    u_char *data, size_t len);
static void ngx_http_endpoint_fetch_start(ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_fetch_end(void *data);
static ngx_http_endpoint_cause_e ngx_http_endpoint_fetch_outcome(
    ngx_http_endpoint_fetch_t *fetch);
static ngx_http_endpoint_cause_e ngx_http_endpoint_fetch_status(
    ngx_http_endpoint_fetch_t *fetch);
static ngx_http_endpoint_cause_e ngx_http_endpoint_fetch_value(
    ngx_http_endpoint_fetch_t *fetch, ngx_http_endpoint_value_t *v);
static void ngx_http_endpoint_fetch_log(ngx_http_endpoint_fetch_t *fetch,
    ngx_http_endpoint_cause_e cause);
static void ngx_http_endpoint_fetch_cancel(ngx_http_endpoint_exec_t *exec);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_fetch = {
    ngx_string("fetch"),
    ngx_http_endpoint_fetch_compile,
    ngx_http_endpoint_fetch_start,
    ngx_http_endpoint_fetch_cancel,
    1
};


static ngx_http_endpoint_fetch_method_t  ngx_http_endpoint_fetch_methods[] = {
    { "GET", NGX_HTTP_GET },
    { "HEAD", NGX_HTTP_HEAD },
    { "POST", NGX_HTTP_POST },
    { "PUT", NGX_HTTP_PUT },
    { "DELETE", NGX_HTTP_DELETE },
    { "PATCH", NGX_HTTP_PATCH },
    { "OPTIONS", NGX_HTTP_OPTIONS },
    { NULL, 0 }
};


static ngx_int_t
ngx_http_endpoint_fetch_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_uint_t                       i, first;
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = ngx_pcalloc(c->cf->pool, sizeof(ngx_http_endpoint_fetch_conf_t));
    if (conf == NULL) {
        return NGX_ERROR;
    }

    step->conf = conf;

    if (ngx_array_init(&conf->headers, c->cf->pool, 1,
                       sizeof(ngx_http_endpoint_header_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    i = step->result ? 2 : 1;

    if (ngx_http_endpoint_fetch_line(c, conf, &i) != NGX_OK) {
        return NGX_ERROR;
    }

    if (conf->method_id != NGX_HTTP_GET && conf->method_id != NGX_HTTP_HEAD) {
        step->act = 1;
        step->effect = 1;
    }

    for (first = i; i < c->statement->nargs; i++) {
        if (ngx_http_endpoint_fetch_option(c, step, &c->statement->args[i],
                                           i == first)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* [METHOD] URI, where args[*next] is the first word of it */

static ngx_int_t
ngx_http_endpoint_fetch_line(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_uint_t *next)
{
    ngx_str_t                      *word;
    ngx_http_endpoint_statement_t  *st;

    st = c->statement;

    ngx_str_set(&conf->method, "GET");
    conf->method_id = NGX_HTTP_GET;

    word = &st->args[*next];

    if (*next < st->nargs && word->len && word->data[0] >= 'A'
        && word->data[0] <= 'Z')
    {
        if (ngx_http_endpoint_fetch_method(c, conf, word) != NGX_OK) {
            return NGX_ERROR;
        }

        (*next)++;
    }

    if (*next >= st->nargs) {
        return ngx_http_endpoint_plan_error(c->cf, st,
                                            "a URI is missing in \"fetch\"");
    }

    return ngx_http_endpoint_uri_compile(c, &st->args[(*next)++], &conf->uri);
}


static ngx_int_t
ngx_http_endpoint_fetch_method(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_str_t *word)
{
    ngx_http_endpoint_fetch_method_t  *m;

    for (m = ngx_http_endpoint_fetch_methods; m->name; m++) {
        if (ngx_strcmp(word->data, m->name) == 0) {
            conf->method = *word;
            conf->method_id = m->id;
            return NGX_OK;
        }
    }

    return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                        "invalid method \"%V\", it must be "
                                        "GET, HEAD, POST, PUT, DELETE, PATCH "
                                        "or OPTIONS", word);
}


static ngx_int_t
ngx_http_endpoint_fetch_option(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *arg, ngx_uint_t first)
{
    ngx_int_t                        rc;
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = step->conf;

    rc = ngx_http_endpoint_step_option(c, step, arg);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ngx_strncmp(arg->data, "header=", 7) == 0) {
        return ngx_http_endpoint_fetch_option_header(c, conf, arg);
    }

    if (ngx_strncmp(arg->data, "body=", 5) == 0) {
        return ngx_http_endpoint_fetch_option_body(c, conf, arg->data + 5,
                                                   arg->len - 5);
    }

    if (ngx_strcmp(arg->data, "as=text") == 0) {
        conf->text = 1;
        return NGX_OK;
    }

    /* the name was bound before the steps were compiled */

    if (ngx_strncmp(arg->data, "status=$", 8) == 0) {
        return NGX_OK;
    }

    if (first) {
        return ngx_http_endpoint_fetch_option_body(c, conf, arg->data,
                                                   arg->len);
    }

    return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                        "unknown option \"%V\" of \"fetch\"",
                                        arg);
}


static ngx_int_t
ngx_http_endpoint_fetch_option_header(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_str_t *arg)
{
    u_char                      *p, *end;
    ngx_str_t                    name, value;
    ngx_http_endpoint_header_t  *header;

    name.data = arg->data + 7;
    end = arg->data + arg->len;

    p = ngx_strlchr(name.data, end, ':');

    if (p == NULL) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid \"%V\", it must be "
                                            "'header=NAME: text'", arg);
    }

    name.len = p++ - name.data;

    while (p < end && *p == ' ') {
        p++;
    }

    value.data = p;
    value.len = end - p;

    header = ngx_array_push(&conf->headers);
    if (header == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_header_compile(c, &name, &value, header);
}


static ngx_int_t
ngx_http_endpoint_fetch_option_body(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, u_char *data, size_t len)
{
    ngx_str_t  text;

    if (conf->body) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"fetch\" has two bodies");
    }

    conf->body = ngx_palloc(c->cf->pool, sizeof(ngx_http_endpoint_template_t));
    if (conf->body == NULL) {
        return NGX_ERROR;
    }

    text.data = data;
    text.len = len;

    return ngx_http_endpoint_template_compile(c, &text,
                                              ngx_http_endpoint_template_json,
                                              conf->body);
}


static void
ngx_http_endpoint_fetch_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_fetch_t  *fetch;

    fetch = ngx_pcalloc(exec->run->pool, sizeof(ngx_http_endpoint_fetch_t));
    if (fetch == NULL) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    exec->ctx = fetch;

    fetch->exec = exec;
    fetch->capture.handler = ngx_http_endpoint_fetch_end;
    fetch->capture.data = fetch;

    (void) ngx_http_endpoint_fetch_request(fetch);
}


/* called from within the subrequest's own work: it records and posts */

static void
ngx_http_endpoint_fetch_end(void *data)
{
    ngx_http_endpoint_fetch_t  *fetch = data;

    ngx_http_endpoint_value_t   v;
    ngx_http_endpoint_cause_e   cause;

    cause = ngx_http_endpoint_fetch_outcome(fetch);

    if (cause == ngx_http_endpoint_cause_none) {
        cause = ngx_http_endpoint_fetch_value(fetch, &v);
    }

    if (cause != ngx_http_endpoint_cause_none) {
        ngx_http_endpoint_fetch_log(fetch, cause);
        ngx_http_endpoint_exec_failed(fetch->exec, cause);
        return;
    }

    ngx_http_endpoint_exec_done(fetch->exec);
}


static ngx_http_endpoint_cause_e
ngx_http_endpoint_fetch_outcome(ngx_http_endpoint_fetch_t *fetch)
{
    ngx_uint_t            status;
    ngx_http_upstream_t  *u;

    if (fetch->capture.cause != ngx_http_endpoint_cause_none) {
        return fetch->capture.cause;
    }

    u = fetch->capture.request->upstream;
    status = fetch->capture.status;

    /* nginx answers itself where an upstream did not */

    if (u && u->headers_in.status_n == 0
        && status >= NGX_HTTP_INTERNAL_SERVER_ERROR)
    {
        return status == NGX_HTTP_GATEWAY_TIME_OUT
               ? ngx_http_endpoint_cause_timeout
               : ngx_http_endpoint_cause_upstream;
    }

    if (fetch->exec->step->status) {
        return ngx_http_endpoint_fetch_status(fetch);
    }

    return (status >= 200 && status <= 299) ? ngx_http_endpoint_cause_none
                                            : ngx_http_endpoint_cause_status;
}


static ngx_http_endpoint_cause_e
ngx_http_endpoint_fetch_status(ngx_http_endpoint_fetch_t *fetch)
{
    u_char                     *p;
    ngx_http_endpoint_run_t    *run;
    ngx_http_endpoint_value_t  *v;

    run = fetch->exec->run;

    p = ngx_pnalloc(run->pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return ngx_http_endpoint_cause_memory;
    }

    v = &run->values[fetch->exec->step->status->slot];

    ngx_http_endpoint_value_json(v, p, ngx_sprintf(p, "%ui",
                                                   fetch->capture.status)
                                       - p);

    return ngx_http_endpoint_cause_none;
}


static ngx_http_endpoint_cause_e
ngx_http_endpoint_fetch_value(ngx_http_endpoint_fetch_t *fetch,
    ngx_http_endpoint_value_t *v)
{
    ngx_int_t                        rc;
    ngx_pool_t                      *pool;
    ngx_http_endpoint_capture_t     *capture;
    ngx_http_endpoint_fetch_conf_t  *conf;

    if (fetch->exec->step->result == NULL) {
        return ngx_http_endpoint_cause_none;
    }

    conf = fetch->exec->step->conf;
    pool = fetch->exec->run->pool;
    capture = &fetch->capture;

    ngx_http_endpoint_capture_value(capture, !conf->text, v);

    if (conf->text) {
        if (ngx_http_endpoint_value_flatten(pool, v) != NGX_OK
            || ngx_http_endpoint_utf8_clean(pool, &v->data) != NGX_OK)
        {
            return ngx_http_endpoint_cause_memory;
        }

    } else if (capture->checked && capture->size) {
        rc = capture->invalid
             ? NGX_ERROR
             : ngx_http_endpoint_json_check_end(&capture->check);

        if (rc == NGX_ERROR) {
            return ngx_http_endpoint_cause_json;
        }

        if (rc == NGX_DECLINED) {
            ngx_memzero(v, sizeof(ngx_http_endpoint_value_t));
        }
    }

    switch (ngx_http_endpoint_exec_value(fetch->exec, v)) {

    case NGX_OK:
        return ngx_http_endpoint_cause_none;

    case NGX_ABORT: /* nothing but white space: null, as its members are */
        ngx_memzero(v, sizeof(ngx_http_endpoint_value_t));
        (void) ngx_http_endpoint_exec_value(fetch->exec, v);
        return ngx_http_endpoint_cause_none;

    case NGX_DECLINED:
        return ngx_http_endpoint_cause_json;

    default: /* NGX_ERROR */
        return ngx_http_endpoint_cause_memory;
    }
}


static void
ngx_http_endpoint_fetch_log(ngx_http_endpoint_fetch_t *fetch,
    ngx_http_endpoint_cause_e cause)
{
    ngx_str_t                  *peer;
    ngx_http_request_t         *sr;
    ngx_http_endpoint_exec_t   *exec;

    static ngx_str_t            none = ngx_string("-");

    exec = fetch->exec;
    sr = fetch->capture.request;

    peer = sr->upstream && sr->upstream->peer.name ? sr->upstream->peer.name
                                                   : &none;

    ngx_log_error(NGX_LOG_ERR, exec->run->log, 0,
                  "endpoint \"%V\": step \"%V\": %V, location \"%V\", "
                  "upstream %V, status %ui, %M ms",
                  &exec->run->plan->label, &exec->step->label,
                  &ngx_http_endpoint_error(cause)->text, &sr->uri, peer,
                  fetch->capture.status, ngx_current_msec - exec->started);
}


static void
ngx_http_endpoint_fetch_cancel(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_fetch_t  *fetch;

    fetch = exec->ctx;

    if (fetch && !exec->run->abandoned) {
        ngx_http_endpoint_capture_cancel(&fetch->capture);
    }
}


void
ngx_http_endpoint_fetch_wake(ngx_http_endpoint_run_t *run)
{
    ngx_uint_t                  i;
    ngx_http_endpoint_exec_t   *exec;
    ngx_http_endpoint_fetch_t  *fetch;

    for (i = 0; i < run->plan->steps.nelts; i++) {
        exec = &run->execs[i];
        fetch = exec->ctx;

        if (exec->step->type == &ngx_http_endpoint_step_fetch
            && exec->state == ngx_http_endpoint_exec_running
            && fetch->capture.request)
        {
            (void) ngx_http_post_request(fetch->capture.request, NULL);
        }
    }
}
