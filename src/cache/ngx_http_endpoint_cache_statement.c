
#include "ngx_http_endpoint_cache_content.h"
#include "ngx_http_endpoint_cache_depend.h"
#include "ngx_http_endpoint_cache_statement.h"
#include "ngx_http_endpoint_lookup.h"
#include "ngx_http_endpoint_run.h"

#include <ngx_http.h>
#include <ngx_md5.h>


/* bytes of a digest that tell one body from another */
#define NGX_HTTP_ENDPOINT_CACHE_STATEMENT_ETAG   8

/* the longest body that may be empty: null, "", [] or {} */
#define NGX_HTTP_ENDPOINT_CACHE_STATEMENT_EMPTY  16


static void ngx_http_endpoint_cache_statement_start(
    ngx_http_endpoint_exec_t *exec);
static ngx_int_t ngx_http_endpoint_cache_statement_refreshes(
    ngx_http_endpoint_cache_statement_t *conf, ngx_http_endpoint_run_t *run,
    ngx_uint_t *refresh);
static void ngx_http_endpoint_cache_statement_resume(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_cache_statement_cancel(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_cache_statement_advance(
    ngx_http_endpoint_exec_t *exec, ngx_int_t rc);
static void ngx_http_endpoint_cache_statement_refresh(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_cache_statement_below(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_cache_statement_around(
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_lookup_t *lookup);
static void ngx_http_endpoint_cache_statement_finish(
    ngx_http_endpoint_run_t *run);
static ngx_uint_t ngx_http_endpoint_cache_statement_fallback(
    ngx_http_endpoint_run_t *run);
static ngx_uint_t ngx_http_endpoint_cache_statement_empty(
    ngx_http_endpoint_run_t *run);
static ngx_uint_t ngx_http_endpoint_cache_statement_lasts(
    ngx_http_endpoint_cache_statement_t *conf, ngx_uint_t status,
    ngx_msec_t *ttl);
static void ngx_http_endpoint_cache_statement_done(
    ngx_http_endpoint_run_t *run, ngx_msec_t ttl);
static void ngx_http_endpoint_cache_statement_stale(
    ngx_http_endpoint_run_t *run);
static void ngx_http_endpoint_cache_statement_failed(
    ngx_http_endpoint_run_t *run);
static void ngx_http_endpoint_cache_statement_leave(
    ngx_http_endpoint_run_t *run);
static void ngx_http_endpoint_cache_statement_etag(
    ngx_http_endpoint_run_t *run);
static ngx_uint_t ngx_http_endpoint_cache_statement_has_etag(
    ngx_http_endpoint_run_t *run);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_cache = {
    ngx_string("cache"),
    ngx_http_endpoint_cache_statement_compile,
    ngx_http_endpoint_cache_statement_start,
    ngx_http_endpoint_cache_statement_resume,
    ngx_http_endpoint_cache_statement_cancel,
    0,
    0,
    ngx_http_endpoint_cache_depend_statement,
    NULL
};


static ngx_http_endpoint_rest_t  ngx_http_endpoint_cache_statement_rest = {
    ngx_http_endpoint_cache_statement_finish,
    ngx_http_endpoint_cache_statement_leave
};


static void
ngx_http_endpoint_cache_statement_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_uint_t                            refresh;
    ngx_http_endpoint_cache_statement_t  *conf;
    ngx_http_endpoint_lookup_t           *lookup;

    conf = exec->step->conf;

    if (ngx_http_endpoint_cache_statement_refreshes(conf, exec->run, &refresh)
        != NGX_OK)
    {
        goto failed;
    }

    /* the look before the run has left what it found */

    lookup = exec->run->rest_data;

    if (lookup == NULL) {
        lookup = ngx_http_endpoint_lookup_key(exec->run, &conf->key);
        if (lookup == NULL) {
            goto failed;
        }
    }

    exec->run->rest_data = NULL;
    exec->ctx = lookup;

    lookup->exec = exec;
    lookup->flight.refresh = refresh;

    ngx_http_endpoint_cache_statement_advance(exec,
                                   ngx_http_endpoint_lookup_start(lookup));

    return;

failed:

    ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
}


static ngx_int_t
ngx_http_endpoint_cache_statement_refreshes(
    ngx_http_endpoint_cache_statement_t *conf, ngx_http_endpoint_run_t *run,
    ngx_uint_t *refresh)
{
    u_char     *p, *end;
    size_t      len;
    ngx_str_t   text;

    *refresh = 0;

    if (!conf->client_refresh) {
        return NGX_OK;
    }

    if (run->scope.variable(&run->scope, conf->cache_control, &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = text.data;
    end = text.data + text.len;
    len = sizeof("no-cache") - 1;

    for ( ;; ) {

        while (p < end && (*p == ' ' || *p == '\t' || *p == ',')) {
            p++;
        }

        if ((size_t) (end - p) < len) {
            return NGX_OK;
        }

        if (ngx_strncasecmp(p, (u_char *) "no-cache", len) == 0
            && (p + len == end || p[len] == ',' || p[len] == ' '))
        {
            *refresh = 1;
            return NGX_OK;
        }

        while (p < end && *p != ',') {
            p++;
        }
    }
}


static void
ngx_http_endpoint_cache_statement_resume(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_cache_statement_advance(exec,
                                  ngx_http_endpoint_lookup_resume(exec->ctx));
}


static void
ngx_http_endpoint_cache_statement_cancel(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_lookup_t  *lookup;

    lookup = exec->ctx;

    if (lookup) {
        ngx_http_endpoint_lookup_cancel(lookup);
    }
}


static void
ngx_http_endpoint_cache_statement_advance(ngx_http_endpoint_exec_t *exec,
    ngx_int_t rc)
{
    ngx_http_endpoint_lookup_t  *lookup;

    lookup = exec->ctx;

    switch (rc) {

    case NGX_AGAIN:
        return;

    case NGX_DECLINED:
        ngx_http_endpoint_cache_statement_below(exec);
        return;

    case NGX_OK:

        if (lookup->status == ngx_http_endpoint_lookup_updating) {
            exec->run->result.fallback = 1;
        }

        if (ngx_http_endpoint_lookup_leads(lookup)) {
            ngx_http_endpoint_cache_statement_refresh(exec);
        }

        if (ngx_http_endpoint_cache_content_unpack_reply(&lookup->value,
                                                         exec->run)
            == NGX_OK)
        {
            ngx_http_endpoint_exec_failed(exec,
                                          ngx_http_endpoint_cause_result);
            return;
        }

        /* fall through */

    default: /* NGX_ERROR */
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
    }
}


/* what stands below the statement, with what the steps above it have set */

static void
ngx_http_endpoint_cache_statement_refresh(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_run_t              *run;
    ngx_http_endpoint_lookup_t           *lookup;
    ngx_http_endpoint_cache_statement_t  *conf;

    conf = exec->step->conf;

    lookup = ngx_http_endpoint_lookup_detach(exec->ctx, &conf->key.made_of);

    if (lookup) {
        run = lookup->exec->run;

        ngx_http_endpoint_run_part(run, exec->step->index + 1,
                                   run->plan->steps.nelts);
        ngx_http_endpoint_cache_statement_around(run, lookup);
    }
}


/* what stands below the statement runs, its result is to be kept */

static void
ngx_http_endpoint_cache_statement_below(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_run_t     *run;
    ngx_http_endpoint_lookup_t  *lookup;

    run = exec->run;
    lookup = exec->ctx;

    lookup->nheaders = run->headers ? run->headers->nelts : 0;

    ngx_http_endpoint_cache_statement_around(run, lookup);
    ngx_http_endpoint_exec_done(exec);
}


static void
ngx_http_endpoint_cache_statement_around(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_lookup_t *lookup)
{
    run->rest = &ngx_http_endpoint_cache_statement_rest;
    run->rest_data = lookup;

    if (ngx_http_endpoint_lookup_leads(lookup)) {
        run->within = &lookup->flight;
    }
}


static void
ngx_http_endpoint_cache_statement_finish(ngx_http_endpoint_run_t *run)
{
    ngx_msec_t                            ttl;
    ngx_uint_t                            lasts, fails;
    ngx_http_endpoint_lookup_t           *lookup;
    ngx_http_endpoint_cache_statement_t  *conf;

    lookup = run->rest_data;
    conf = run->plan->cache->conf;

    if (run->result.status == NGX_HTTP_OK) {
        ngx_http_endpoint_cache_statement_etag(run);
    }

    lookup->fallback = ngx_http_endpoint_cache_statement_fallback(run);

    lasts = ngx_http_endpoint_cache_statement_lasts(conf, run->result.status,
                                                    &ttl)
            && (!conf->nonempty
                || !ngx_http_endpoint_cache_statement_empty(run));

    fails = lasts ? lookup->fallback
                  : run->result.status >= NGX_HTTP_INTERNAL_SERVER_ERROR;

    if (lookup->fallback) {
        ttl = conf->default_ttl;
    }

    /* its time is its own: who has some left takes the lead */

    if (run->overdue) {
        ngx_http_endpoint_lookup_cancel(lookup);
    }

    if (fails && ngx_http_endpoint_lookup_old(lookup) == NGX_OK) {
        ngx_http_endpoint_cache_statement_stale(run);

    } else if (lasts && (ttl || !lookup->fallback)) {
        ngx_http_endpoint_cache_statement_done(run, ttl);

    } else {
        ngx_http_endpoint_cache_statement_failed(run);
    }
}


/* what stands above the statement is in the key */

static ngx_uint_t
ngx_http_endpoint_cache_statement_fallback(ngx_http_endpoint_run_t *run)
{
    ngx_uint_t  i;

    for (i = run->plan->cache->index + 1; i < run->plan->steps.nelts; i++) {
        if (run->execs[i].fallback) {
            return 1;
        }
    }

    return 0;
}


/* a longer one is not empty, whatever white space is in it */

static ngx_uint_t
ngx_http_endpoint_cache_statement_empty(ngx_http_endpoint_run_t *run)
{
    u_char                     *p;
    u_char                      text[NGX_HTTP_ENDPOINT_CACHE_STATEMENT_EMPTY];
    ngx_chain_t                *cl;
    ngx_http_endpoint_value_t   v;

    if (run->result.length > (off_t) sizeof(text)) {
        return 0;
    }

    p = text;

    for (cl = run->result.body; cl; cl = cl->next) {
        p = ngx_cpymem(p, cl->buf->pos, cl->buf->last - cl->buf->pos);
    }

    ngx_http_endpoint_value_json(&v, text, p - text);

    return ngx_http_endpoint_value_empty(&v);
}


static ngx_uint_t
ngx_http_endpoint_cache_statement_lasts(
    ngx_http_endpoint_cache_statement_t *conf, ngx_uint_t status,
    ngx_msec_t *ttl)
{
    ngx_uint_t                       i;
    ngx_http_endpoint_status_ttl_t  *listed;

    if (status == NGX_HTTP_OK) {
        *ttl = conf->ttl;
        return 1;
    }

    listed = conf->statuses.elts;

    for (i = 0; i < conf->statuses.nelts; i++) {
        if (listed[i].status == status) {
            *ttl = listed[i].ttl;
            return 1;
        }
    }

    *ttl = 0;

    return 0;
}


static void
ngx_http_endpoint_cache_statement_done(ngx_http_endpoint_run_t *run,
    ngx_msec_t ttl)
{
    ngx_http_endpoint_lookup_t       *lookup;
    ngx_http_endpoint_cache_value_t   value;

    lookup = run->rest_data;

    if (!ngx_http_endpoint_lookup_leads(lookup)) {
        return;
    }

    if (ngx_http_endpoint_cache_content_pack_reply(run, lookup->nheaders,
                                                   lookup->fallback,
                                                   &lookup->types, &value)
        != NGX_OK)
    {
        ngx_http_endpoint_flight_failed(&lookup->flight, NULL);

    } else if (ngx_http_endpoint_flight_done(&lookup->flight, &value, ttl)
               == NGX_OK)
    {
        return;
    }

    lookup->status = ngx_http_endpoint_lookup_bypass;

    ngx_log_error(NGX_LOG_INFO, run->scope.log, 0,
                  "endpoint \"%V\": the reply is not kept, it was purged "
                  "meanwhile or is too large: %O bytes", &run->plan->label,
                  run->result.length);
}


static void
ngx_http_endpoint_cache_statement_stale(ngx_http_endpoint_run_t *run)
{
    ngx_http_endpoint_lookup_t  *lookup;

    lookup = run->rest_data;

    if (lookup->flight.background) {

        /* it is for those who wait, the result says what went wrong */

        ngx_http_endpoint_flight_failed(&lookup->flight, &lookup->value);
        return;
    }

    if (run->headers) {
        run->headers->nelts = lookup->nheaders;
    }

    if (ngx_http_endpoint_cache_content_unpack_reply(&lookup->value, run)
        != NGX_OK)
    {
        ngx_http_endpoint_flight_failed(&lookup->flight, NULL);
        return;
    }

    lookup->status = ngx_http_endpoint_lookup_stale;
    run->result.fallback = 1;

    ngx_http_endpoint_flight_failed(&lookup->flight, &lookup->value);
}


static void
ngx_http_endpoint_cache_statement_failed(ngx_http_endpoint_run_t *run)
{
    ngx_http_endpoint_lookup_t       *lookup;
    ngx_http_endpoint_cache_value_t   value;

    lookup = run->rest_data;

    /* what there was is no longer true, where that was told, not supposed */

    if (lookup->stale && !lookup->fallback) {
        ngx_http_endpoint_flight_purge(lookup->flight.cache,
                                       &lookup->flight.key);
    }

    if (ngx_http_endpoint_cache_content_pack_reply(run, lookup->nheaders,
                                                   lookup->fallback,
                                                   &lookup->types, &value)
        != NGX_OK)
    {
        ngx_http_endpoint_flight_failed(&lookup->flight, NULL);
        return;
    }

    ngx_http_endpoint_flight_failed(&lookup->flight, &value);
}


static void
ngx_http_endpoint_cache_statement_leave(ngx_http_endpoint_run_t *run)
{
    ngx_http_endpoint_lookup_t  *lookup;

    lookup = run->rest_data;

    ngx_http_endpoint_lookup_cancel(lookup);
}


/* kept with the reply, so that a hit costs none */

static void
ngx_http_endpoint_cache_statement_etag(ngx_http_endpoint_run_t *run)
{
    u_char       *p, digest[16];
    ngx_md5_t     md5;
    ngx_chain_t  *cl;

    if (ngx_http_endpoint_cache_statement_has_etag(run)) {
        return;
    }

    ngx_md5_init(&md5);

    if (run->result.type.len) {
        ngx_md5_update(&md5, run->result.type.data, run->result.type.len);
    }

    for (cl = run->result.body; cl; cl = cl->next) {
        ngx_md5_update(&md5, cl->buf->pos, cl->buf->last - cl->buf->pos);
    }

    ngx_md5_final(digest, &md5);

    p = ngx_pnalloc(run->scope.pool,
                    2 + 2 * NGX_HTTP_ENDPOINT_CACHE_STATEMENT_ETAG);

    if (p == NULL) {

        /* it is a reply without an ETag */

        return;
    }

    run->result.etag.data = p;
    run->result.etag.len = 2 + 2 * NGX_HTTP_ENDPOINT_CACHE_STATEMENT_ETAG;

    *p++ = '"';
    p = ngx_hex_dump(p, digest, NGX_HTTP_ENDPOINT_CACHE_STATEMENT_ETAG);
    *p = '"';
}


static ngx_uint_t
ngx_http_endpoint_cache_statement_has_etag(ngx_http_endpoint_run_t *run)
{
    ngx_uint_t     i;
    ngx_keyval_t  *kv;

    if (run->headers == NULL) {
        return 0;
    }

    kv = run->headers->elts;

    for (i = 0; i < run->headers->nelts; i++) {
        if (kv[i].key.len == 4
            && ngx_strncasecmp(kv[i].key.data, (u_char *) "ETag", 4) == 0)
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_endpoint_cache_statement_look(ngx_http_endpoint_run_t *run)
{
    ngx_int_t                             rc;
    ngx_str_t                             key, types;
    ngx_http_endpoint_lookup_t           *lookup;
    ngx_http_endpoint_cache_statement_t  *conf;
    ngx_http_endpoint_step_t             *step;
    ngx_http_endpoint_cache_value_t       value;

    step = run->plan->cache;
    conf = step ? step->conf : NULL;

    if (conf == NULL || step->index || step->when || conf->client_refresh) {
        return NGX_DECLINED;
    }

    if (ngx_http_endpoint_key_render(&conf->key, &run->scope, &key, &types)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_cache_get(conf->key.cache, &key, run->scope.pool,
                                     &value);

    if (rc == NGX_HTTP_ENDPOINT_CACHE_HIT
        && ngx_http_endpoint_cache_content_kind(&value, &types))
    {
        run->execs[step->index].state = ngx_http_endpoint_exec_settled;
        run->execs[step->index].cause = ngx_http_endpoint_cause_result;

        return ngx_http_endpoint_cache_content_unpack_reply(&value, run);
    }

    lookup = ngx_http_endpoint_lookup_create(run, conf->key.cache, &key,
                                             &types);
    if (lookup == NULL) {
        return NGX_ERROR;
    }

    lookup->looked = 1;
    lookup->rc = rc;
    lookup->value = value;

    run->rest_data = lookup;

    return NGX_DECLINED;
}


ngx_str_t *
ngx_http_endpoint_cache_statement_status(ngx_http_endpoint_run_t *run)
{
    ngx_http_endpoint_exec_t          *exec;
    ngx_http_endpoint_lookup_t        *lookup;
    ngx_http_endpoint_lookup_status_e  status;

    if (run->execs == NULL || run->plan->cache == NULL) {
        return NULL;
    }

    exec = &run->execs[run->plan->cache->index];

    if (exec->state == ngx_http_endpoint_exec_waiting) {
        return NULL;
    }

    /* without one it was a hit before the run, or "when=" has skipped it */

    lookup = exec->ctx;

    status = lookup ? lookup->status
             : (exec->cause == ngx_http_endpoint_cause_result)
                   ? ngx_http_endpoint_lookup_hit
                   : ngx_http_endpoint_lookup_bypass;

    return ngx_http_endpoint_lookup_status_name(status);
}
