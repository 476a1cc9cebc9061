
#include "ngx_http_endpoint_cache_statement.h"
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_step_option.h"

#include <ngx_http.h>


static ngx_int_t ngx_http_endpoint_cache_statement_words(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_cache_statement_option(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step,
    ngx_str_t *arg);
static ngx_int_t ngx_http_endpoint_cache_statement_unkeyed(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_cache_statement_t *conf,
    ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_cache_statement_statuses(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_cache_statement_t *conf,
    ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_cache_statement_refresh(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_cache_statement_t *conf);


ngx_int_t
ngx_http_endpoint_cache_statement_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_http_endpoint_cache_statement_t  *conf;
    ngx_http_endpoint_statement_t        *head;

    head = c->plan->statement;

    if (ngx_strcmp(head->args[1].data, "GET") != 0) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"cache\" in an endpoint for %V, "
                                            "only GET can be cached",
                                            &head->args[1]);
    }

    if (c->plan->cache) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"cache\" is duplicate, the "
                                            "first is at line %ui",
                                            c->plan->cache->statement->line);
    }

    conf = ngx_pcalloc(c->cf->pool,
                       sizeof(ngx_http_endpoint_cache_statement_t));
    if (conf == NULL) {
        return NGX_ERROR;
    }

    conf->key.exact = 1;

    step->conf = conf;
    step->barrier = 1;

    c->plan->cache = step;

    if (ngx_array_init(&conf->unkeyed, c->cf->pool, 1,
                       sizeof(ngx_http_endpoint_ref_t))
        != NGX_OK
        || ngx_array_init(&conf->statuses, c->cf->pool, 1,
                          sizeof(ngx_http_endpoint_status_ttl_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_cache_statement_words(c, step);
}


static ngx_int_t
ngx_http_endpoint_cache_statement_words(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_int_t                             rc;
    ngx_str_t                            *arg, *words;
    ngx_uint_t                            i, n;
    ngx_http_endpoint_cache_statement_t  *conf;

    conf = step->conf;
    arg = c->statement->args;

    words = ngx_palloc(c->cf->temp_pool,
                       c->statement->nargs * sizeof(ngx_str_t));
    if (words == NULL) {
        return NGX_ERROR;
    }

    n = 0;

    for (i = 2; i < c->statement->nargs; i++) {
        rc = ngx_http_endpoint_cache_statement_option(c, step, &arg[i]);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_OK) {
            continue;
        }

        /* as a word of the key it would be the same for all */

        if (ngx_http_endpoint_step_like_option(&arg[i])
            && ngx_strchr(arg[i].data, '$') == NULL)
        {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "unknown option \"%V\" of "
                                                "\"cache\"", &arg[i]);
        }

        words[n++] = arg[i];
    }

    return ngx_http_endpoint_key_compile(c, &arg[1], words, n, &conf->key);
}


/* NGX_DECLINED: it is a word of the key */

static ngx_int_t
ngx_http_endpoint_cache_statement_option(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *arg)
{
    ngx_str_t                             value;
    ngx_http_endpoint_cache_statement_t  *conf;

    conf = step->conf;

    if (ngx_strncmp(arg->data, "unkeyed=", 8) == 0) {
        value.data = arg->data + 8;
        value.len = arg->len - 8;
        return ngx_http_endpoint_cache_statement_unkeyed(c, conf, &value);
    }

    if (ngx_strncmp(arg->data, "ttl=", 4) == 0) {
        value.data = arg->data + 4;
        value.len = arg->len - 4;

        if (conf->ttl) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "duplicate \"ttl=\" in "
                                                "\"cache\"");
        }

        return ngx_http_endpoint_plan_time(c, "ttl", &value, &conf->ttl);
    }

    if (ngx_strncmp(arg->data, "keep_default=", 13) == 0) {
        value.data = arg->data + 13;
        value.len = arg->len - 13;

        if (conf->default_ttl) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "duplicate \"keep_default=\" "
                                                "in \"cache\"");
        }

        return ngx_http_endpoint_plan_time(c, "keep_default", &value,
                                           &conf->default_ttl);
    }

    if (ngx_strncmp(arg->data, "status=", 7) == 0) {
        value.data = arg->data + 7;
        value.len = arg->len - 7;
        return ngx_http_endpoint_cache_statement_statuses(c, conf, &value);
    }

    if (ngx_strcmp(arg->data, "nonempty") == 0) {
        conf->nonempty = 1;
        return NGX_OK;
    }

    if (ngx_strcmp(arg->data, "client_refresh") == 0) {
        return ngx_http_endpoint_cache_statement_refresh(c, conf);
    }

    if (ngx_strcmp(arg->data, "unordered") == 0
        || ngx_strncmp(arg->data, "timeout=", 8) == 0
        || ngx_strncmp(arg->data, "cache=", 6) == 0
        || ngx_strncmp(arg->data, "empty=", 6) == 0)
    {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"%V\" is no option of \"cache\"",
                                            arg);
    }

    return ngx_http_endpoint_step_option(c, step, arg);
}


static ngx_int_t
ngx_http_endpoint_cache_statement_unkeyed(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_cache_statement_t *conf, ngx_str_t *value)
{
    ngx_http_endpoint_ref_t  *ref;

    ref = ngx_array_push(&conf->unkeyed);
    if (ref == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_name_ref_word(c, value, ref);
}


static ngx_int_t
ngx_http_endpoint_cache_statement_statuses(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_cache_statement_t *conf, ngx_str_t *value)
{
    u_char                          *p, *end;
    ngx_int_t                        n;
    ngx_str_t                        text;
    ngx_msec_t                       ttl;
    ngx_http_endpoint_status_ttl_t  *status;

    p = value->data;
    end = ngx_strlchr(p, p + value->len, ':');

    if (end == NULL) {
        goto invalid;
    }

    text.data = end + 1;
    text.len = value->data + value->len - text.data;
    ttl = 0;

    if (ngx_http_endpoint_plan_time(c, "ttl", &text, &ttl) != NGX_OK) {
        return NGX_ERROR;
    }

    do {
        n = (end - p >= 3) ? ngx_atoi(p, 3) : NGX_ERROR;

        if (n < 300 || n > 599 || n == NGX_HTTP_NOT_MODIFIED
            || (end - p > 3 && p[3] != ','))
        {
            goto invalid;
        }

        status = ngx_array_push(&conf->statuses);
        if (status == NULL) {
            return NGX_ERROR;
        }

        status->status = n;
        status->ttl = ttl;

        p += 4;

    } while (p <= end);

    return NGX_OK;

invalid:

    return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                        "invalid \"status=%V\", it must be "
                                        "statuses and their ttl like "
                                        "404,410:10s", value);
}


static ngx_int_t
ngx_http_endpoint_cache_statement_refresh(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_cache_statement_t *conf)
{
    static ngx_str_t  name = ngx_string("http_cache_control");

    conf->client_refresh = 1;

    conf->cache_control = ngx_http_get_variable_index(c->cf, &name);

    return conf->cache_control == NGX_ERROR ? NGX_ERROR : NGX_OK;
}
