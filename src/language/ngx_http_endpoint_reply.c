
#include "ngx_http_endpoint_condition.h"
#include "ngx_http_endpoint_file.h"
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_refusal.h"
#include "ngx_http_endpoint_reply.h"


typedef struct {
    ngx_str_t   *status;
    ngx_str_t   *body;
    ngx_str_t   *file;
    ngx_str_t   *when;
    ngx_str_t   *type;
} ngx_http_endpoint_reply_args_t;


static ngx_int_t ngx_http_endpoint_reply_args(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_reply_args_t *args);
static ngx_uint_t ngx_http_endpoint_reply_is_status(ngx_str_t *word);
static ngx_int_t ngx_http_endpoint_reply_status(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_reply_t *reply,
    ngx_str_t *word);
static ngx_int_t ngx_http_endpoint_reply_body(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_reply_t *reply, ngx_http_endpoint_reply_args_t *args);
static ngx_int_t ngx_http_endpoint_reply_type_check(
    ngx_http_endpoint_compile_t *c, ngx_str_t *type);
static ngx_uint_t ngx_http_endpoint_reply_type_fits(ngx_str_t *type);
static ngx_int_t ngx_http_endpoint_reply_result_status(
    ngx_http_endpoint_reply_t *reply, ngx_http_endpoint_plan_t *plan,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_result_t *result);
static ngx_int_t ngx_http_endpoint_reply_result_type(
    ngx_http_endpoint_reply_t *reply, ngx_http_endpoint_scope_t *scope,
    ngx_str_t *type);


static ngx_str_t  ngx_http_endpoint_reply_json =
    ngx_string("application/json");


ngx_int_t
ngx_http_endpoint_reply_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_reply_t *reply)
{
    ngx_http_endpoint_reply_args_t  args;

    ngx_memzero(&args, sizeof(ngx_http_endpoint_reply_args_t));

    if (ngx_http_endpoint_reply_args(c, &args) != NGX_OK) {
        return NGX_ERROR;
    }

    reply->status = 200;

    if (args.status
        && ngx_http_endpoint_reply_status(c, reply, args.status) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (args.when) {
        reply->when = ngx_http_endpoint_condition_compile(c, args.when);
        if (reply->when == NULL) {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_reply_body(c, reply, &args);
}


ngx_int_t
ngx_http_endpoint_reply_parts(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_reply_t *reply, ngx_str_t *status, ngx_str_t *body,
    ngx_str_t *type)
{
    ngx_http_endpoint_reply_args_t  args;

    ngx_memzero(&args, sizeof(ngx_http_endpoint_reply_args_t));

    args.body = body;
    args.type = type;

    reply->statement = c->statement;

    if (ngx_http_endpoint_reply_status(c, reply, status) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_reply_body(c, reply, &args);
}


static ngx_int_t
ngx_http_endpoint_reply_args(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_reply_args_t *args)
{
    ngx_str_t                      *word, *option, **place;
    ngx_uint_t                      i;
    ngx_http_endpoint_statement_t  *st;

    st = c->statement;

    for (i = 1; i < st->nargs; i++) {
        word = &st->args[i];
        place = NULL;

        if (ngx_strncmp(word->data, "when=", 5) == 0) {
            place = &args->when;

        } else if (ngx_strncmp(word->data, "file=", 5) == 0) {
            place = &args->file;

        } else if (ngx_strncmp(word->data, "type=", 5) == 0) {
            place = &args->type;
        }

        if (place) {
            if (*place) {
                return ngx_http_endpoint_plan_error(c->cf, st,
                                                    "duplicate \"%*s\" in "
                                                    "\"reply\"",
                                                    (size_t) 5, word->data);
            }

            option = ngx_palloc(c->cf->pool, sizeof(ngx_str_t));
            if (option == NULL) {
                return NGX_ERROR;
            }

            option->data = word->data + 5;
            option->len = word->len - 5;
            *place = option;

        } else if (args->body == NULL) {
            args->body = word;

        } else if (args->status == NULL) {

            /* of two words the first is the status */

            args->status = args->body;
            args->body = word;

        } else {
            return ngx_http_endpoint_plan_error(c->cf, st,
                                                "unexpected \"%V\" in "
                                                "\"reply\"", word);
        }
    }

    if (args->body && args->status == NULL
        && (args->file || ngx_http_endpoint_reply_is_status(args->body)))
    {
        args->status = args->body;
        args->body = NULL;
    }

    if (args->file && args->body) {
        return ngx_http_endpoint_plan_error(c->cf, st,
                                            "\"reply\" has both a template "
                                            "and \"file=\"");
    }

    if (args->status == NULL && args->body == NULL && args->file == NULL) {
        return ngx_http_endpoint_plan_error(c->cf, st,
                                            "\"reply\" needs a status, a "
                                            "template, a \"$name\" or "
                                            "\"file=\"");
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_reply_is_status(ngx_str_t *word)
{
    ngx_int_t  n;

    n = ngx_atoi(word->data, word->len);

    return word->len == 3 && n >= 100 && n <= 599;
}


static ngx_int_t
ngx_http_endpoint_reply_status(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_reply_t *reply, ngx_str_t *word)
{
    if (word->len > 1 && word->data[0] == '$') {
        reply->status = 0;
        return ngx_http_endpoint_name_ref_word(c, word, &reply->status_ref);
    }

    if (!ngx_http_endpoint_reply_is_status(word) || word->data[0] == '1') {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid status \"%V\", it must "
                                            "be 200 to 599 or a \"$name\"%s",
                                            word,
                                            ngx_atoi(word->data, word->len)
                                            == NGX_ERROR
                                            ? ", and stands before the body"
                                            : "");
    }

    reply->status = ngx_atoi(word->data, word->len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_reply_body(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_reply_t *reply, ngx_http_endpoint_reply_args_t *args)
{
    ngx_str_t  text;

    if (args->body == NULL && args->file == NULL) {
        reply->empty = 1;
        return NGX_OK;
    }

    if (reply->status == 204 || reply->status == 304) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "a reply of status %ui has no "
                                            "body", reply->status);
    }

    if (args->file) {
        if (ngx_http_endpoint_file_read(c, args->file, &text) != NGX_OK) {
            return NGX_ERROR;
        }

    } else {
        text = *args->body;
    }

    reply->type = args->type ? *args->type : ngx_http_endpoint_reply_json;

    if (ngx_http_endpoint_reply_type_check(c, &reply->type) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_endpoint_template_compile(c, &reply->type,
                                           ngx_http_endpoint_template_text,
                                           &reply->type_template)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_template_compile(c, &text,
                               ngx_http_endpoint_template_kind(&reply->type),
                               &reply->body);
}


static ngx_int_t
ngx_http_endpoint_reply_type_check(ngx_http_endpoint_compile_t *c,
    ngx_str_t *type)
{
    if (type->len && ngx_http_endpoint_reply_type_fits(type)) {
        return NGX_OK;
    }

    return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                        "invalid \"type=%V\", it must be a "
                                        "type like text/plain", type);
}


/* into a line of the header */

static ngx_uint_t
ngx_http_endpoint_reply_type_fits(ngx_str_t *type)
{
    size_t  i;

    for (i = 0; i < type->len && type->data[i] >= 0x20; i++) { /* void */ }

    return i == type->len;
}


ngx_int_t
ngx_http_endpoint_reply_render(ngx_http_endpoint_plan_t *plan,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_result_t *result)
{
    ngx_int_t                   rc;
    ngx_http_endpoint_reply_t  *reply;

    /* the last reply has no condition, so that the loop ends */

    for (reply = plan->replies.elts; reply->when; reply++) {
        rc = ngx_http_endpoint_condition_test(reply->when, scope);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc) {
            break;
        }
    }

    return ngx_http_endpoint_reply_result(reply, plan, scope, result);
}


ngx_int_t
ngx_http_endpoint_reply_result(ngx_http_endpoint_reply_t *reply,
    ngx_http_endpoint_plan_t *plan, ngx_http_endpoint_scope_t *scope,
    ngx_http_endpoint_result_t *result)
{
    ngx_int_t                   rc;
    ngx_http_endpoint_writer_t  w;

    result->status = reply->status;

    if (result->status == 0) {
        rc = ngx_http_endpoint_reply_result_status(reply, plan, scope,
                                                   result);

        if (rc != NGX_OK) {
            return rc == NGX_DECLINED ? NGX_OK : NGX_ERROR;
        }
    }

    if (reply->empty || result->status == 204 || result->status == 304) {
        return NGX_OK;
    }

    if (ngx_http_endpoint_reply_result_type(reply, scope, &result->type)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_endpoint_writer_init(&w, scope->pool,
                         ngx_http_endpoint_template_hint(&reply->body, scope));

    if (ngx_http_endpoint_template_render(&reply->body, scope, &w) != NGX_OK) {
        return NGX_ERROR;
    }

    result->body = ngx_http_endpoint_writer_chain(&w);
    result->length = w.size;

    return NGX_OK;
}


/* NGX_DECLINED: a client sent what is no status, the result is the 422 */

static ngx_int_t
ngx_http_endpoint_reply_result_status(ngx_http_endpoint_reply_t *reply,
    ngx_http_endpoint_plan_t *plan, ngx_http_endpoint_scope_t *scope,
    ngx_http_endpoint_result_t *result)
{
    ngx_int_t                    status;
    ngx_http_endpoint_value_t    v;
    ngx_http_endpoint_refusal_t  refusal;

    if (ngx_http_endpoint_scope_value(scope, &reply->status_ref, &v)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    status = ngx_atoi(v.data.data, v.data.len);

    if (v.type != ngx_http_endpoint_null && status >= 200 && status <= 599) {
        result->status = status;
        return NGX_OK;
    }

    refusal.ref = &reply->status_ref;
    refusal.cause = ngx_http_endpoint_cause_result;
    refusal.msg = "Value error, it must be a status from 200 to 599";

    if (ngx_http_endpoint_refusal_input(&refusal)) {
        return ngx_http_endpoint_refusal_result(&refusal, scope, result)
               == NGX_OK ? NGX_DECLINED : NGX_ERROR;
    }

    ngx_log_error(NGX_LOG_ERR, scope->log, 0,
                  "endpoint \"%V\": the status of the reply is not 200 to 599",
                  &plan->label);

    result->status = 500;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_reply_result_type(ngx_http_endpoint_reply_t *reply,
    ngx_http_endpoint_scope_t *scope, ngx_str_t *type)
{
    if (ngx_http_endpoint_template_string(&reply->type_template, scope, type)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_endpoint_template_constant(&reply->type_template)) {
        return NGX_OK;
    }

    /*
     * What a value brought must neither end the header line nor make a page
     * of what was escaped for something else.
     */

    if (!ngx_http_endpoint_reply_type_fits(type)
        || ngx_http_endpoint_template_kind(type)
           != ngx_http_endpoint_template_kind(&reply->type))
    {
        ngx_str_set(type, "application/octet-stream");
    }

    return NGX_OK;
}


ngx_http_endpoint_reply_t *
ngx_http_endpoint_reply_constant(ngx_http_endpoint_plan_t *plan)
{
    ngx_http_endpoint_reply_t  *reply;

    reply = plan->replies.elts;

    if (plan->inputs.nelts || plan->steps.nelts
        || plan->replies.nelts != 1
        || reply->empty
        || !ngx_http_endpoint_template_constant(&reply->body)
        || !ngx_http_endpoint_template_constant(&reply->type_template)
        || reply->body.parts.nelts == 0)
    {
        return NULL;
    }

    return reply;
}
