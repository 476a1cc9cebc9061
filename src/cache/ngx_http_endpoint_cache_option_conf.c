
#include "ngx_http_endpoint_cache_depend.h"
#include "ngx_http_endpoint_cache_option.h"
#include "ngx_http_endpoint_digest.h"
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_outcome.h"
#include "ngx_http_endpoint_plan_compile.h"
#include "ngx_http_endpoint_step_option.h"


static ngx_http_endpoint_cache_option_t *ngx_http_endpoint_cache_option_conf(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_cache_option_beside(
    ngx_http_endpoint_compile_t *c, char *option);
static uint64_t ngx_http_endpoint_cache_option_digest(
    ngx_http_endpoint_statement_t *statement);


ngx_int_t
ngx_http_endpoint_cache_option_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value)
{
    u_char                            *p, *end, *next;
    ngx_str_t                          zone, *word;
    ngx_array_t                        words;
    ngx_http_endpoint_cache_option_t  *conf;

    if (c->order) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"cache=\" in a transaction, "
                                            "whose queries see one another");
    }

    conf = ngx_http_endpoint_cache_option_conf(c, step);

    if (conf == NULL
        || ngx_array_init(&words, c->cf->temp_pool, 2, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    step->around = &ngx_http_endpoint_cache_option;

    end = value->data + value->len;
    next = ngx_strlchr(value->data, end, ':');

    zone.data = value->data;
    zone.len = (next ? next : end) - value->data;

    while (next) {
        p = next + 1;
        next = ngx_strlchr(p, end, ':');

        word = ngx_array_push(&words);
        if (word == NULL) {
            return NGX_ERROR;
        }

        word->data = p;
        word->len = (next ? next : end) - p;
    }

    c->common = "cache=";

    if (ngx_http_endpoint_key_compile(c, &zone, words.elts, words.nelts,
                                      &conf->key)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    c->common = NULL;

    return ngx_http_endpoint_step_target(c, &step->cached, "zone", &zone);
}


ngx_int_t
ngx_http_endpoint_cache_option_empty(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value)
{
    ngx_http_endpoint_cache_option_t  *conf;

    conf = ngx_http_endpoint_cache_option_conf(c, step);

    if (conf == NULL
        || ngx_http_endpoint_cache_option_beside(c, "empty=") != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_plan_time(c, "empty", value, &conf->empty);
}


ngx_int_t
ngx_http_endpoint_cache_option_nonempty(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value)
{
    ngx_uint_t   i;
    ngx_str_t   *word;

    if (value->len) {
        return NGX_DECLINED;
    }

    word = c->statement->args;

    for (i = 1; i < c->statement->nargs; i++) {
        if (ngx_strncmp(word[i].data, "empty=", 6) == 0) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "\"nonempty\" beside "
                                                "\"%V\"", &word[i]);
        }
    }

    return ngx_http_endpoint_cache_option_beside(c, "nonempty");
}


/* the options may be given in any order */

static ngx_http_endpoint_cache_option_t *
ngx_http_endpoint_cache_option_conf(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    if (step->around_conf == NULL) {
        step->around_conf = ngx_pcalloc(c->cf->pool,
                                    sizeof(ngx_http_endpoint_cache_option_t));
    }

    return step->around_conf;
}


static ngx_int_t
ngx_http_endpoint_cache_option_beside(ngx_http_endpoint_compile_t *c,
    char *option)
{
    ngx_uint_t   i;
    ngx_str_t   *word;

    word = c->statement->args;

    for (i = 1; i < c->statement->nargs; i++) {
        if (ngx_strncmp(word[i].data, "cache=", 6) == 0) {
            return NGX_OK;
        }
    }

    return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                        "\"%s\" without \"cache=\"", option);
}


ngx_int_t
ngx_http_endpoint_cache_option_check(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    char                              *shape;
    ngx_str_t                          identity;
    ngx_http_endpoint_cache_option_t  *conf;

    if (ngx_http_endpoint_cache_depend_option(c, step) != NGX_OK) {
        return NGX_ERROR;
    }

    conf = step->around_conf;
    conf->policy = ngx_http_endpoint_cache_option_digest(step->statement);

    /* what is of another shape is another value, whatever the key says */

    shape = step->type->share ? step->type->share->shape(c, step) : "";

    identity.len = ngx_strlen(shape) + 1;
    identity.data = ngx_pnalloc(c->cf->temp_pool, identity.len);
    if (identity.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(identity.data, shape, identity.len - 1);
    identity.data[identity.len - 1] = step->each ? '*' : '1';

    return ngx_http_endpoint_key_own(c->cf, &conf->key, &identity);
}


/* who says the same makes the same of a failure */

static uint64_t
ngx_http_endpoint_cache_option_digest(ngx_http_endpoint_statement_t *statement)
{
    u_char      digest[16];
    uint64_t    policy;
    ngx_md5_t   md5;
    ngx_uint_t  i;

    ngx_md5_init(&md5);

    for (i = 0; i < statement->nargs; i++) {
        ngx_http_endpoint_digest_text(&md5, &statement->args[i]);
    }

    ngx_md5_final(digest, &md5);
    ngx_memcpy(&policy, digest, sizeof(policy));

    return policy;
}
