
#include "ngx_http_endpoint_condition.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_escape.h"
#include "ngx_http_endpoint_header.h"
#include "ngx_http_endpoint_refuse.h"
#include "ngx_http_endpoint_reply.h"
#include "ngx_http_endpoint_require.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_step_option.h"
#include "ngx_http_endpoint_use.h"


typedef struct {
    ngx_http_endpoint_condition_t  *condition;
    ngx_http_endpoint_reply_t       reply;
    ngx_array_t                     headers; /* ngx_http_endpoint_header_t */
    ngx_uint_t                      early;  /* uses what is above it alone */
} ngx_http_endpoint_require_t;


/* the words behind the status; NULL: not given */
typedef struct {
    ngx_str_t                      *detail;
    ngx_str_t                      *body;
    ngx_str_t                      *type;
} ngx_http_endpoint_require_args_t;


static ngx_int_t ngx_http_endpoint_require_compile(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_require_args(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_require_t *conf,
    ngx_http_endpoint_require_args_t *args);
static ngx_int_t ngx_http_endpoint_require_arg(
    ngx_http_endpoint_compile_t *c, ngx_str_t **place, ngx_str_t *word,
    size_t prefix);
static ngx_int_t ngx_http_endpoint_require_set_header(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_require_t *conf,
    ngx_str_t *word);
static ngx_int_t ngx_http_endpoint_require_detail(
    ngx_http_endpoint_compile_t *c, ngx_str_t *text, ngx_str_t *json);
static ngx_int_t ngx_http_endpoint_require_check(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static void ngx_http_endpoint_require_start(ngx_http_endpoint_exec_t *exec);
static ngx_int_t ngx_http_endpoint_require_test(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_require_t *conf, ngx_http_endpoint_refusal_t *refusal);
static ngx_int_t ngx_http_endpoint_require_headers(
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_require_t *conf,
    ngx_http_endpoint_refusal_t *refusal);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_require = {
    ngx_string("require"),
    ngx_http_endpoint_require_compile,
    ngx_http_endpoint_require_start,
    NULL,
    NULL,
    0,
    0,
    ngx_http_endpoint_require_check,
    NULL
};


static ngx_int_t
ngx_http_endpoint_require_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_str_t                         *arg, json;
    ngx_http_endpoint_require_t       *conf;
    ngx_http_endpoint_require_args_t   args;

    conf = ngx_pcalloc(c->cf->pool, sizeof(ngx_http_endpoint_require_t));

    if (conf == NULL
        || ngx_array_init(&conf->headers, c->cf->pool, 1,
                          sizeof(ngx_http_endpoint_header_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    step->conf = conf;
    step->guard = 1;

    ngx_memzero(&args, sizeof(ngx_http_endpoint_require_args_t));

    arg = c->statement->args;

    /* "$a == 1" with spaces */

    if (arg[2].len && arg[2].len < 3 && ngx_strchr("=!<>", arg[2].data[0])) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "a condition is one word, write "
                                            "\"%V%V%V\"", &arg[1], &arg[2],
                                            c->statement->nargs > 3
                                            ? &arg[3] : &arg[2]);
    }

    conf->condition = ngx_http_endpoint_condition_compile(c, &arg[1]);

    if (conf->condition == NULL
        || ngx_http_endpoint_require_args(c, conf, &args) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (args.detail) {
        if (ngx_http_endpoint_require_detail(c, args.detail, &json)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        args.body = &json;
    }

    return ngx_http_endpoint_reply_parts(c, &conf->reply, &arg[2], args.body,
                                         args.type);
}


static ngx_int_t
ngx_http_endpoint_require_args(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_require_t *conf, ngx_http_endpoint_require_args_t *args)
{
    ngx_int_t    rc;
    ngx_str_t   *arg;
    ngx_uint_t   i;

    arg = c->statement->args;

    for (i = 3; i < c->statement->nargs; i++) {

        if (ngx_strncmp(arg[i].data, "body=", 5) == 0) {
            rc = ngx_http_endpoint_require_arg(c, &args->body, &arg[i], 5);

        } else if (ngx_strncmp(arg[i].data, "type=", 5) == 0) {
            rc = ngx_http_endpoint_require_arg(c, &args->type, &arg[i], 5);

        } else if (ngx_strncmp(arg[i].data, "header=", 7) == 0) {
            rc = ngx_http_endpoint_require_set_header(c, conf, &arg[i]);

        } else if (i > 3 && ngx_http_endpoint_step_like_option(&arg[i])) {
            rc = ngx_http_endpoint_plan_error(c->cf, c->statement,
                                              "unknown option \"%V\" of "
                                              "\"require\"", &arg[i]);

        } else {
            rc = ngx_http_endpoint_require_arg(c, &args->detail, &arg[i], 0);
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (args->detail && (args->body || args->type)) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"require\" has both a detail "
                                            "and \"%s\"",
                                            args->body ? "body=" : "type=");
    }

    if (args->type && args->body == NULL) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"type=\" of \"require\" "
                                            "without \"body=\"");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_require_arg(ngx_http_endpoint_compile_t *c,
    ngx_str_t **place, ngx_str_t *word, size_t prefix)
{
    if (*place) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "unexpected \"%V\" in "
                                            "\"require\"", word);
    }

    *place = ngx_palloc(c->cf->pool, sizeof(ngx_str_t));
    if (*place == NULL) {
        return NGX_ERROR;
    }

    (*place)->data = word->data + prefix;
    (*place)->len = word->len - prefix;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_require_set_header(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_require_t *conf, ngx_str_t *word)
{
    u_char                      *p, *end;
    ngx_str_t                    name, value;
    ngx_http_endpoint_header_t  *header;

    name.data = word->data + 7;
    end = word->data + word->len;

    p = ngx_strlchr(name.data, end, ':');

    if (p == NULL) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid \"%V\", it must be "
                                            "\"header=NAME: value\"", word);
    }

    name.len = p - name.data;

    for (p++; p < end && *p == ' '; p++) { /* void */ }

    value.data = p;
    value.len = end - p;

    if (ngx_strncasecmp(name.data, (u_char *) "Content-Type", name.len) == 0
        && name.len == sizeof("Content-Type") - 1)
    {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "header \"%V\" is set by \"type=\" "
                                            "of \"require\"", &name);
    }

    header = ngx_array_push(&conf->headers);
    if (header == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(header, sizeof(ngx_http_endpoint_header_t));

    return ngx_http_endpoint_header_compile(c, &name, &value, header);
}


/* the text becomes a string of a JSON template, with its $names in it */

static ngx_int_t
ngx_http_endpoint_require_detail(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text, ngx_str_t *json)
{
    u_char  *p;
    size_t   len;

    len = sizeof("{\"detail\":\"\"}") - 1 + text->len
          + ngx_http_endpoint_escape_more(text->data, text->len);

    json->data = ngx_pnalloc(c->cf->pool, len);
    if (json->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(json->data, "{\"detail\":\"",
                   sizeof("{\"detail\":\"") - 1);
    p = ngx_http_endpoint_escape(p, text->data, text->len);
    p = ngx_cpymem(p, "\"}", 2);

    json->len = p - json->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_require_check(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_uint_t                    i;
    ngx_http_endpoint_use_t      *use;
    ngx_http_endpoint_name_t     *name;
    ngx_http_endpoint_require_t  *conf;

    conf = step->conf;
    use = c->uses->elts;

    for (i = 0; i < c->uses->nelts; i++) {
        name = use[i].ref.name;

        if (use[i].step != step || name == NULL) {
            continue;
        }

        /* members are taken when all inputs are there */

        if (name->input == NULL || use[i].ref.index != name->slot
            || name->input->order > step->index)
        {
            return NGX_OK;
        }
    }

    conf->early = 1;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_require_early(ngx_http_endpoint_run_t *run, ngx_uint_t n)
{
    ngx_int_t                     rc;
    ngx_uint_t                    i;
    ngx_http_endpoint_step_t     *step;
    ngx_http_endpoint_refusal_t   refusal;
    ngx_http_endpoint_require_t  *conf;

    for (i = 0; i < n; i++) {
        step = ngx_http_endpoint_plan_step(run->plan, i);
        conf = step->conf;

        if (step->type != &ngx_http_endpoint_step_require || !conf->early) {
            continue;
        }

        rc = ngx_http_endpoint_require_test(run, conf, &refusal);

        /* what cannot be said as it should is not said here */

        if (rc != NGX_OK && rc != NGX_DECLINED) {
            return rc == NGX_DONE ? NGX_DECLINED : NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
ngx_http_endpoint_require_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_refusal_t  refusal;

    switch (ngx_http_endpoint_require_test(exec->run, exec->step->conf,
                                           &refusal))
    {

    case NGX_OK:
        ngx_http_endpoint_exec_done(exec);
        return;

    case NGX_DONE:
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_result);
        return;

    case NGX_DECLINED:
        ngx_http_endpoint_refuse(exec, &refusal);
        return;

    default: /* NGX_ERROR */
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
    }
}


/*
 * NGX_OK: it holds; NGX_DONE: it does not, and run->result is set;
 * NGX_DECLINED: nor can that be said, and refusal is set; NGX_ERROR: memory.
 */

static ngx_int_t
ngx_http_endpoint_require_test(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_require_t *conf, ngx_http_endpoint_refusal_t *refusal)
{
    ngx_int_t  rc;

    rc = ngx_http_endpoint_condition_test(conf->condition, &run->scope);

    if (rc == 1) {
        return NGX_OK;
    }

    if (rc != 0) {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_require_headers(run, conf, refusal);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_endpoint_reply_result(&conf->reply, run->plan, &run->scope,
                                          &run->result)
           == NGX_OK ? NGX_DONE : NGX_ERROR;
}


/* NGX_DECLINED: refusal is set; NGX_ERROR: memory */

static ngx_int_t
ngx_http_endpoint_require_headers(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_require_t *conf, ngx_http_endpoint_refusal_t *refusal)
{
    ngx_int_t                    rc;
    ngx_str_t                    value;
    ngx_uint_t                   i;
    ngx_keyval_t                *kv;
    ngx_http_endpoint_header_t  *header;

    header = conf->headers.elts;

    for (i = 0; i < conf->headers.nelts; i++) {
        rc = ngx_http_endpoint_header_render(&header[i], &run->scope,
                                             &value, refusal);
        if (rc != NGX_OK) {
            return rc;
        }

        kv = ngx_http_endpoint_run_header(run);
        if (kv == NULL) {
            return NGX_ERROR;
        }

        kv->key = header[i].name;
        kv->value = value;
    }

    return NGX_OK;
}
