
#include "ngx_http_endpoint_fetch.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_step_option.h"


typedef struct {
    char        *name;
    ngx_uint_t   id;
} ngx_http_endpoint_fetch_method_t;


typedef struct {
    char        *name;
    ngx_int_t  (*set)(ngx_http_endpoint_compile_t *c,
                      ngx_http_endpoint_fetch_conf_t *conf, ngx_str_t *value);
} ngx_http_endpoint_fetch_option_t;


static ngx_int_t ngx_http_endpoint_fetch_line(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_uint_t *next);
static ngx_int_t ngx_http_endpoint_fetch_method(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_fetch_conf_t *conf,
    ngx_str_t *word);
static ngx_int_t ngx_http_endpoint_fetch_options(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step,
    ngx_uint_t i);
static ngx_int_t ngx_http_endpoint_fetch_option(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step,
    ngx_str_t *arg);
static ngx_int_t ngx_http_endpoint_fetch_set_header(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_fetch_conf_t *conf,
    ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_fetch_set_default(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_fetch_conf_t *conf,
    ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_fetch_set_pass(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_fetch_conf_t *conf,
    ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_fetch_set_pass_headers(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_fetch_conf_t *conf,
    ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_fetch_set_retries(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_fetch_conf_t *conf,
    ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_fetch_set_try_timeout(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_fetch_conf_t *conf,
    ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_fetch_set_limit(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_fetch_conf_t *conf,
    ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_fetch_set_as(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_fetch_conf_t *conf,
    ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_fetch_body(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_str_t *text);
static ngx_int_t ngx_http_endpoint_fetch_body_type(
    ngx_http_endpoint_compile_t *c, ngx_str_t *type);
static ngx_int_t ngx_http_endpoint_fetch_target(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_fetch_check(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step);


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


static ngx_http_endpoint_fetch_option_t  ngx_http_endpoint_fetch_setters[] = {
    { "header=", ngx_http_endpoint_fetch_set_header },
    { "default=", ngx_http_endpoint_fetch_set_default },
    { "pass=", ngx_http_endpoint_fetch_set_pass },
    { "pass_headers=", ngx_http_endpoint_fetch_set_pass_headers },
    { "retries=", ngx_http_endpoint_fetch_set_retries },
    { "try_timeout=", ngx_http_endpoint_fetch_set_try_timeout },
    { "limit=", ngx_http_endpoint_fetch_set_limit },
    { "as=", ngx_http_endpoint_fetch_set_as },
    { NULL, NULL }
};


static const char  *ngx_http_endpoint_fetch_known[] = {
    "body=", "header=", "default=", "pass=", "pass_headers=", "status=",
    "bind=", "as=", "retries=", "try_timeout=", "cache=", "each=", "limit=",
    NULL
};


ngx_int_t
ngx_http_endpoint_fetch_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i;
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = ngx_pcalloc(c->cf->pool, sizeof(ngx_http_endpoint_fetch_conf_t));
    if (conf == NULL) {
        return NGX_ERROR;
    }

    step->conf = conf;

    if (ngx_array_init(&conf->headers, c->cf->pool, 1,
                       sizeof(ngx_http_endpoint_header_t))
        != NGX_OK
        || ngx_array_init(&conf->pass, c->cf->pool, 1,
                          sizeof(ngx_http_endpoint_fetch_range_t))
           != NGX_OK
        || ngx_array_init(&conf->pass_headers, c->cf->pool, 1,
                          sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* the other words may use $item */

    if (ngx_http_endpoint_each_compile(c, step, &conf->each) != NGX_OK) {
        return NGX_ERROR;
    }

    i = step->result ? 2 : 1;

    rc = ngx_http_endpoint_fetch_line(c, conf, &i);

    if (rc == NGX_OK) {
        rc = ngx_http_endpoint_fetch_options(c, step, i);
    }

    c->item = NULL;

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_fetch_check(c, step);
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

    if (*next < st->nargs) {
        word = &st->args[*next];

        if (word->len && word->data[0] >= 'A' && word->data[0] <= 'Z') {
            if (ngx_http_endpoint_fetch_method(c, conf, word) != NGX_OK) {
                return NGX_ERROR;
            }

            (*next)++;
        }
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
            conf->given = 1;
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
ngx_http_endpoint_fetch_options(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_uint_t i)
{
    ngx_int_t                        rc;
    ngx_str_t                       *arg, body;
    ngx_uint_t                       first;
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = step->conf;
    ngx_str_null(&body);

    for (first = i; i < c->statement->nargs; i++) {
        arg = &c->statement->args[i];

        rc = ngx_http_endpoint_fetch_option(c, step, arg);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_OK) {
            continue;
        }

        if (body.data) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "unexpected \"%V\" in "
                                                "\"fetch\", which has a body",
                                                arg);
        }

        body = *arg;

        if (ngx_strncmp(arg->data, "body=", 5) == 0) {
            body.data += 5;
            body.len -= 5;

        } else if (i > first) {
            return ngx_http_endpoint_step_unknown(c, arg,
                                              ngx_http_endpoint_fetch_known);
        }
    }

    /* the headers say what the body is */

    return body.data ? ngx_http_endpoint_fetch_body(c, conf, &body) : NGX_OK;
}


/* NGX_DECLINED: it is no option */

static ngx_int_t
ngx_http_endpoint_fetch_option(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *arg)
{
    size_t                             len;
    ngx_int_t                          rc;
    ngx_str_t                          value;
    ngx_http_endpoint_fetch_option_t  *option;

    rc = ngx_http_endpoint_step_option(c, step, arg);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    for (option = ngx_http_endpoint_fetch_setters; option->name; option++) {
        len = ngx_strlen(option->name);

        if (ngx_strncmp(arg->data, option->name, len) == 0) {
            value.data = arg->data + len;
            value.len = arg->len - len;
            return option->set(c, step->conf, &value);
        }
    }

    /* these were read before the others */

    if (ngx_strncmp(arg->data, "each=", 5) == 0
        || ngx_strncmp(arg->data, "status=$", 8) == 0
        || ngx_strncmp(arg->data, "bind=", 5) == 0)
    {
        return NGX_OK;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_endpoint_fetch_set_header(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_str_t *value)
{
    u_char                      *p, *end;
    ngx_str_t                    name, text;
    ngx_http_endpoint_header_t  *header;

    name.data = value->data;
    end = value->data + value->len;

    p = ngx_strlchr(name.data, end, ':');

    if (p == NULL) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid \"header=%V\", it must "
                                            "be 'header=NAME: text'", value);
    }

    name.len = p++ - name.data;

    while (p < end && *p == ' ') {
        p++;
    }

    text.data = p;
    text.len = end - p;

    header = ngx_array_push(&conf->headers);
    if (header == NULL) {
        return NGX_ERROR;
    }

    if (name.len == sizeof("Content-Type") - 1
        && ngx_strncasecmp(name.data, (u_char *) "Content-Type", name.len)
           == 0)
    {
        conf->has_content_type = 1;
        conf->type = text;
    }

    return ngx_http_endpoint_header_compile(c, &name, &text, header);
}


static ngx_int_t
ngx_http_endpoint_fetch_set_default(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_str_t *value)
{
    return ngx_http_endpoint_step_default(c, c->step, value);
}


static ngx_int_t
ngx_http_endpoint_fetch_set_pass(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_str_t *value)
{
    u_char                           *p, *end;
    ngx_int_t                         n;
    ngx_http_endpoint_fetch_range_t  *range;

    p = value->data;
    end = value->data + value->len;

    do {
        if (end - p < 3 || p[0] < '2' || p[0] > '5'
            || (end - p > 3 && p[3] != ','))
        {
            goto invalid;
        }

        range = ngx_array_push(&conf->pass);
        if (range == NULL) {
            return NGX_ERROR;
        }

        if (p[1] == 'x' && p[2] == 'x') {
            range->from = (p[0] - '0') * 100;
            range->to = range->from + 99;

        } else {
            n = ngx_atoi(p, 3);

            if (n == NGX_ERROR) {
                goto invalid;
            }

            range->from = n;
            range->to = n;
        }

        p += 4;

    } while (p <= end);

    return NGX_OK;

invalid:

    return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                        "invalid \"pass=%V\", it must be "
                                        "statuses like 404 or 4xx with "
                                        "commas between", value);
}


static ngx_int_t
ngx_http_endpoint_fetch_set_pass_headers(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_str_t *value)
{
    u_char     *p, *end, *next;
    ngx_str_t  *name;

    end = value->data + value->len;

    for (p = value->data; p <= end; p = next + 1) {

        next = ngx_strlchr(p, end, ',');

        if (next == NULL) {
            next = end;
        }

        name = ngx_array_push(&conf->pass_headers);
        if (name == NULL) {
            return NGX_ERROR;
        }

        name->data = p;
        name->len = next - p;

        if (!ngx_http_endpoint_header_token(name)
            || ngx_http_endpoint_header_frames(name)
            || (name->len == sizeof("Content-Type") - 1
                && ngx_strncasecmp(name->data, (u_char *) "Content-Type",
                                   name->len)
                   == 0))
        {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "invalid \"pass_headers=%V\", "
                                                "it must be names of headers, "
                                                "not of those that frame the "
                                                "message, with commas between",
                                                value);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_fetch_set_retries(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_str_t *value)
{
    ngx_int_t  n;

    n = ngx_atoi(value->data, value->len);

    if (n == NGX_ERROR || n > 10) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid \"retries=%V\", it must "
                                            "be 0 to 10", value);
    }

    conf->retries = n;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_fetch_set_try_timeout(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_str_t *value)
{
    return ngx_http_endpoint_plan_time(c, "try_timeout", value,
                                       &conf->try_timeout);
}


static ngx_int_t
ngx_http_endpoint_fetch_set_limit(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_str_t *value)
{
    return ngx_http_endpoint_each_limit(c, &conf->each, value);
}


/* the plan has noted it before, since a text has no members */

static ngx_int_t
ngx_http_endpoint_fetch_set_as(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "text") != 0) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid \"as=%V\", it must be "
                                            "\"as=text\"", value);
    }

    conf->text = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_fetch_body(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_fetch_conf_t *conf, ngx_str_t *text)
{
    ngx_int_t                            rc;
    ngx_http_endpoint_template_kind_e    kind;

    kind = conf->type.len ? ngx_http_endpoint_template_kind(&conf->type)
                          : ngx_http_endpoint_template_json;

    /* "retry=3" is no JSON, but an option that is not known */

    if (kind == ngx_http_endpoint_template_json
        && ngx_http_endpoint_step_like_option(text))
    {
        return ngx_http_endpoint_step_unknown(c, text,
                                              ngx_http_endpoint_fetch_known);
    }

    if (!conf->given) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "a body in a \"fetch\" without a "
                                            "method, write one like POST "
                                            "before the URI");
    }

    conf->body = ngx_palloc(c->cf->pool, sizeof(ngx_http_endpoint_template_t));
    if (conf->body == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_template_compile(c, text, kind, conf->body);

    if (rc != NGX_OK || ngx_http_endpoint_template_constant(conf->body)) {
        return rc;
    }

    return ngx_http_endpoint_fetch_body_type(c, &conf->type);
}


/* values must not be able to end a part, or be what nobody knows */

static ngx_int_t
ngx_http_endpoint_fetch_body_type(ngx_http_endpoint_compile_t *c,
    ngx_str_t *type)
{
    u_char  *end;

    end = ngx_strlchr(type->data, type->data + type->len, ';');

    if (end == NULL) {
        end = type->data + type->len;
    }

    if (ngx_strlchr(type->data, end, '$')) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "a body with names of the type "
                                            "\"%V\", which has names itself: "
                                            "how they are to be escaped is "
                                            "not known", type);
    }

    if (type->len >= 10
        && ngx_strncasecmp(type->data, (u_char *) "multipart/", 10) == 0)
    {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "a body with names of the type "
                                            "\"%V\", in which a value could "
                                            "end its part", type);
    }

    return NGX_OK;
}


/* the first segment, which is literal, stands for the upstream behind it */

static ngx_int_t
ngx_http_endpoint_fetch_target(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_str_t                        segment;
    ngx_http_endpoint_part_t        *part;
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = step->conf;
    part = conf->uri.path.elts;

    segment.data = part->literal.data;

    for (segment.len = 1; segment.len < part->literal.len; segment.len++) {
        if (segment.data[segment.len] == '/') {
            break;
        }
    }

    return ngx_http_endpoint_step_target(c, &step->target, "path", &segment);
}


static ngx_int_t
ngx_http_endpoint_fetch_check(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = step->conf;

    if (ngx_http_endpoint_fetch_target(c, step) != NGX_OK) {
        return NGX_ERROR;
    }

    if (conf->method_id != NGX_HTTP_GET && conf->method_id != NGX_HTTP_HEAD) {
        step->act = 1;
        step->effect = 1;
    }

    if (conf->retries
        && (conf->method_id == NGX_HTTP_POST
            || conf->method_id == NGX_HTTP_PATCH))
    {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"retries=\" of a %V, which is "
                                            "not idempotent", &conf->method);
    }

    if (conf->pass_headers.nelts && conf->pass.nelts == 0) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"pass_headers=\" without "
                                            "\"pass=\"");
    }

    if (conf->each.item && (step->status || step->binds)) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"%s=\" beside \"each=\", "
                                            "which has many",
                                            step->status ? "status" : "bind");
    }

    ngx_http_endpoint_each_default(&conf->each, step->act);

    return NGX_OK;
}
