
#include "ngx_http_endpoint_key.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_step_option.h"
#include "ngx_http_endpoint_template.h"


typedef struct {
    ngx_http_endpoint_cache_t   *cache;
    ngx_array_t                  words; /* ngx_http_endpoint_template_t */
} ngx_http_endpoint_purge_statement_t;


static ngx_int_t ngx_http_endpoint_purge_statement_compile(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_purge_statement_words(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static void ngx_http_endpoint_purge_statement_start(
    ngx_http_endpoint_exec_t *exec);
static ngx_int_t ngx_http_endpoint_purge_statement_run(
    ngx_http_endpoint_purge_statement_t *conf, ngx_http_endpoint_run_t *run);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_purge = {
    ngx_string("purge"),
    ngx_http_endpoint_purge_statement_compile,
    ngx_http_endpoint_purge_statement_start,
    NULL,
    NULL,
    0,
    0,
    NULL,
    NULL
};


static ngx_int_t
ngx_http_endpoint_purge_statement_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_str_t                            *zone;
    ngx_http_endpoint_purge_statement_t  *conf;

    zone = &c->statement->args[1];

    conf = ngx_pcalloc(c->cf->pool,
                       sizeof(ngx_http_endpoint_purge_statement_t));
    if (conf == NULL) {
        return NGX_ERROR;
    }

    step->conf = conf;
    step->act = 1;
    step->effect = 1;

    conf->cache = ngx_http_endpoint_key_zone(c, zone);

    if (conf->cache == NULL
        || ngx_http_endpoint_step_target(c, &step->target, "zone", zone)
           != NGX_OK
        || ngx_array_init(&conf->words, c->cf->pool, 1,
                          sizeof(ngx_http_endpoint_template_t))
           != NGX_OK
        || ngx_http_endpoint_purge_statement_words(c, step) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (conf->words.nelts == 0) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "a key is missing behind the zone "
                                            "\"%V\"", zone);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_purge_statement_words(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_int_t                             rc;
    ngx_str_t                            *arg;
    ngx_uint_t                            i;
    ngx_http_endpoint_purge_statement_t  *conf;
    ngx_http_endpoint_template_t         *word;

    conf = step->conf;
    arg = c->statement->args;

    for (i = 2; i < c->statement->nargs; i++) {
        rc = ngx_http_endpoint_step_option(c, step, &arg[i]);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_OK) {
            continue;
        }

        word = ngx_array_push(&conf->words);

        if (word == NULL
            || ngx_http_endpoint_template_compile(c, &arg[i],
                                              ngx_http_endpoint_template_text,
                                              word)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
ngx_http_endpoint_purge_statement_start(ngx_http_endpoint_exec_t *exec)
{
    if (ngx_http_endpoint_purge_statement_run(exec->step->conf, exec->run)
        != NGX_OK)
    {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    ngx_http_endpoint_exec_done(exec);
}


static ngx_int_t
ngx_http_endpoint_purge_statement_run(ngx_http_endpoint_purge_statement_t *conf,
    ngx_http_endpoint_run_t *run)
{
    ngx_str_t                     *texts;
    ngx_uint_t                     i, n;
    ngx_http_endpoint_template_t  *word;

    n = conf->words.nelts;
    word = conf->words.elts;

    texts = ngx_palloc(run->scope.pool, n * sizeof(ngx_str_t));
    if (texts == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        if (ngx_http_endpoint_template_string(&word[i], &run->scope, &texts[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_key_purge(conf->cache, run->scope.pool, texts, n);
}
