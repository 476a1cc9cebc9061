
#include "ngx_http_endpoint_cache_content.h"
#include "ngx_http_endpoint_cache_depend.h"
#include "ngx_http_endpoint_cache_option.h"
#include "ngx_http_endpoint_lookup.h"
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_run.h"


/* what the options of a step say; the key is first, for those who check it */
typedef struct {
    ngx_http_endpoint_key_t   key;
    ngx_msec_t                empty;    /* how long, 0: not at all */
} ngx_http_endpoint_cache_option_t;


static ngx_http_endpoint_cache_option_t *ngx_http_endpoint_cache_option_conf(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_cache_option_beside(
    ngx_http_endpoint_compile_t *c, char *option);
static ngx_uint_t ngx_http_endpoint_cache_option_before(
    ngx_http_endpoint_exec_t *exec);
static ngx_uint_t ngx_http_endpoint_cache_option_resume(
    ngx_http_endpoint_exec_t *exec);
static ngx_uint_t ngx_http_endpoint_cache_option_advance(
    ngx_http_endpoint_exec_t *exec, ngx_int_t rc);
static ngx_uint_t ngx_http_endpoint_cache_option_use(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_cache_option_value(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_value_t *v);
static void ngx_http_endpoint_cache_option_failed(
    ngx_http_endpoint_exec_t *exec, ngx_http_endpoint_cause_e cause);
static ngx_uint_t ngx_http_endpoint_cache_option_fits(
    ngx_http_endpoint_exec_t *exec);
static ngx_uint_t ngx_http_endpoint_cache_option_is_empty(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_cache_option_keep(
    ngx_http_endpoint_exec_t *exec, ngx_http_endpoint_cache_value_t *value);
static ngx_uint_t ngx_http_endpoint_cache_option_stale(
    ngx_http_endpoint_exec_t *exec);
static ngx_int_t ngx_http_endpoint_cache_option_pack(
    ngx_http_endpoint_exec_t *exec, ngx_http_endpoint_cache_value_t *value);
static void ngx_http_endpoint_cache_option_after(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_cache_option_cancel(
    ngx_http_endpoint_exec_t *exec);


static ngx_http_endpoint_around_t  ngx_http_endpoint_cache_option = {
    ngx_http_endpoint_cache_depend_option,
    ngx_http_endpoint_cache_option_before,
    ngx_http_endpoint_cache_option_resume,
    ngx_http_endpoint_cache_option_after,
    ngx_http_endpoint_cache_option_cancel
};


ngx_int_t
ngx_http_endpoint_cache_option_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value)
{
    u_char                            *p, *end, *next;
    ngx_str_t                          none, zone, *word;
    ngx_array_t                        words;
    ngx_http_endpoint_name_t          *item;
    ngx_http_endpoint_cache_option_t  *conf;

    ngx_str_null(&none);

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

    /* one value for all elements of each=: $item has none yet */

    item = c->item;
    c->item = NULL;

    if (ngx_http_endpoint_key_compile(c, &zone, words.elts, words.nelts,
                                      &conf->key)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    c->item = item;

    return ngx_http_endpoint_key_own(c->cf, &conf->key, &none);
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


static ngx_uint_t
ngx_http_endpoint_cache_option_before(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_lookup_t  *lookup;

    lookup = ngx_http_endpoint_lookup_key(exec->run, exec->step->around_conf);
    if (lookup == NULL) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return 0;
    }

    lookup->exec = exec;

    exec->around = lookup;
    exec->within = &lookup->flight;

    return ngx_http_endpoint_cache_option_advance(exec,
                                       ngx_http_endpoint_lookup_start(lookup));
}


static ngx_uint_t
ngx_http_endpoint_cache_option_resume(ngx_http_endpoint_exec_t *exec)
{
    if (exec->expired) {
        ngx_http_endpoint_cache_option_cancel(exec);
        ngx_http_endpoint_cache_option_failed(exec,
                                             ngx_http_endpoint_cause_timeout);
        return 0;
    }

    return ngx_http_endpoint_cache_option_advance(exec,
                               ngx_http_endpoint_lookup_resume(exec->around));
}


static ngx_uint_t
ngx_http_endpoint_cache_option_advance(ngx_http_endpoint_exec_t *exec,
    ngx_int_t rc)
{
    switch (rc) {

    case NGX_OK:
        return ngx_http_endpoint_cache_option_use(exec);

    case NGX_AGAIN:
        return 0;

    case NGX_DECLINED:
        return 1;

    default: /* NGX_ERROR */
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return 0;
    }
}


static ngx_uint_t
ngx_http_endpoint_cache_option_use(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_lookup_t  *lookup;
    ngx_http_endpoint_value_t    v;

    lookup = exec->around;

    switch (ngx_http_endpoint_cache_content_kind(&lookup->value,
                                                 &lookup->types))
    {

    case ngx_http_endpoint_cache_content_cause:
        ngx_http_endpoint_cache_option_failed(exec, lookup->value.status);
        return 0;

    case ngx_http_endpoint_cache_content_reply:

        if (ngx_http_endpoint_cache_content_unpack_reply(&lookup->value,
                                                         exec->run)
            != NGX_OK)
        {
            ngx_http_endpoint_exec_failed(exec,
                                          ngx_http_endpoint_cause_memory);
            return 0;
        }

        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_result);
        return 0;

    default: /* a value */

        if (!ngx_http_endpoint_cache_option_fits(exec)) {
            return 1;
        }

        if (lookup->status == ngx_http_endpoint_lookup_updating) {
            ngx_http_endpoint_exec_fallback(exec);
        }

        ngx_http_endpoint_cache_content_unpack_value(&lookup->value, &v);
        ngx_http_endpoint_cache_option_value(exec, &v);
        return 0;
    }
}


static void
ngx_http_endpoint_cache_option_value(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_value_t *v)
{
    switch (ngx_http_endpoint_exec_value(exec, v)) {

    case NGX_OK:
        ngx_http_endpoint_exec_done(exec);
        return;

    case NGX_ERROR:
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;

    default:
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_json);
    }
}


/* another's failure, or too long a wait for another: "default=" is for both */

static void
ngx_http_endpoint_cache_option_failed(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_cause_e cause)
{
    if (exec->step->def == NULL || exec->step->each) {
        ngx_http_endpoint_exec_failed(exec, cause);
        return;
    }

    ngx_http_endpoint_exec_fallback(exec);
    ngx_http_endpoint_cache_option_value(exec, exec->step->def);
}


/* a text of as=text is no JSON, even if it should look so */

static ngx_uint_t
ngx_http_endpoint_cache_option_fits(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_lookup_t             *lookup;
    ngx_http_endpoint_cache_content_kind_e  kind;

    lookup = exec->around;
    kind = ngx_http_endpoint_cache_content_kind(&lookup->value, &lookup->types);

    return kind == ngx_http_endpoint_cache_content_null
           || kind == (exec->step->result->scalar
                       ? ngx_http_endpoint_cache_content_text
                       : ngx_http_endpoint_cache_content_json);
}


static void
ngx_http_endpoint_cache_option_after(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_lookup_t       *lookup;
    ngx_http_endpoint_cache_value_t   value;

    lookup = exec->around;

    /* it was skipped, or its time was over, before it was looked for */

    if (lookup == NULL) {
        return;
    }

    if (lookup->stale && ngx_http_endpoint_cache_option_stale(exec)) {
        ngx_http_endpoint_flight_failed(&lookup->flight, &lookup->value);
        return;
    }

    if (!ngx_http_endpoint_lookup_leads(lookup)) {
        ngx_http_endpoint_lookup_cancel(lookup);
        return;
    }

    if (ngx_http_endpoint_cache_option_pack(exec, &value) != NGX_OK) {
        ngx_http_endpoint_flight_failed(&lookup->flight, NULL);
        return;
    }

    if (exec->cause != ngx_http_endpoint_cause_none || exec->fallback) {
        ngx_http_endpoint_flight_failed(&lookup->flight, &value);
        return;
    }

    ngx_http_endpoint_cache_option_keep(exec, &value);
}


static void
ngx_http_endpoint_cache_option_keep(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_cache_value_t *value)
{
    ngx_http_endpoint_flight_t        *flight;
    ngx_http_endpoint_lookup_t        *lookup;
    ngx_http_endpoint_cache_option_t  *conf;

    lookup = exec->around;
    flight = &lookup->flight;
    conf = exec->step->around_conf;

    if (!ngx_http_endpoint_cache_option_is_empty(exec)) {
        (void) ngx_http_endpoint_flight_done(flight, value, 0);
        return;
    }

    if (conf->empty) {
        (void) ngx_http_endpoint_flight_done(flight, value, conf->empty);
        return;
    }

    if (lookup->stale) {
        ngx_http_endpoint_flight_purge(flight->cache, &flight->key);
    }

    ngx_http_endpoint_flight_failed(flight, value);
}


/* what is not there may be there at any time */

static ngx_uint_t
ngx_http_endpoint_cache_option_is_empty(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_value_t  *v;

    v = &exec->run->scope.values[exec->step->result->slot];

    return exec->lacks || ngx_http_endpoint_value_empty(v);
}


/* Whether the old value was put in the place of a failure. */

static ngx_uint_t
ngx_http_endpoint_cache_option_stale(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_run_t     *run;
    ngx_http_endpoint_value_t    v;
    ngx_http_endpoint_lookup_t  *lookup;

    run = exec->run;

    if (exec->cause == ngx_http_endpoint_cause_none && !exec->fallback) {
        return 0;
    }

    /* what is below 500 is an answer */

    if (exec->cause == ngx_http_endpoint_cause_result
        && run->result.status < 500)
    {
        return 0;
    }

    if (!ngx_http_endpoint_cache_option_fits(exec)) {
        return 0;
    }

    lookup = exec->around;

    ngx_http_endpoint_cache_content_unpack_value(&lookup->value, &v);

    if (ngx_http_endpoint_exec_value(exec, &v) != NGX_OK) {
        return 0;
    }

    exec->cause = ngx_http_endpoint_cause_none;
    ngx_memzero(&run->result, sizeof(ngx_http_endpoint_result_t));

    ngx_http_endpoint_exec_fallback(exec);

    return 1;
}


static ngx_int_t
ngx_http_endpoint_cache_option_pack(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_cache_value_t *value)
{
    ngx_uint_t                   first;
    ngx_http_endpoint_run_t     *run;
    ngx_http_endpoint_lookup_t  *lookup;
    ngx_http_endpoint_name_t    *name;

    run = exec->run;
    lookup = exec->around;

    switch (exec->cause) {

    case ngx_http_endpoint_cause_none:
        name = exec->step->result;

        return ngx_http_endpoint_cache_content_pack_value(run,
                                              &run->scope.values[name->slot],
                                              &lookup->types, value);

    case ngx_http_endpoint_cause_result:

        /* the headers are those of other steps */

        first = run->headers ? run->headers->nelts : 0;

        return ngx_http_endpoint_cache_content_pack_reply(run, first, 0,
                                                    &lookup->types, value);

    default:
        return ngx_http_endpoint_cache_content_pack_cause(run, exec->cause,
                                                    &lookup->types, value);
    }
}


static void
ngx_http_endpoint_cache_option_cancel(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_lookup_t  *lookup;

    lookup = exec->around;

    if (lookup) {
        ngx_http_endpoint_lookup_cancel(lookup);
    }
}
