
#include "ngx_http_endpoint_lookup.h"
#include "ngx_http_endpoint_cache_statement.h"
#include "ngx_http_endpoint_cache_content.h"
#include "ngx_http_endpoint_step.h"

#include <ngx_http.h>
#include <ngx_md5.h>


/* bytes of a digest that tell one body from another */
#define NGX_HTTP_ENDPOINT_KEEP_ETAG  8


static void ngx_http_endpoint_keep_start(ngx_http_endpoint_exec_t *exec);
static ngx_int_t ngx_http_endpoint_keep_refreshes(
    ngx_http_endpoint_keep_t *conf, ngx_http_endpoint_run_t *run,
    ngx_uint_t *refresh);
static void ngx_http_endpoint_keep_resume(ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_keep_cancel(ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_keep_advance(ngx_http_endpoint_exec_t *exec,
    ngx_int_t rc);
static void ngx_http_endpoint_keep_below(ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_keep_finish(ngx_http_endpoint_run_t *run);
static ngx_uint_t ngx_http_endpoint_keep_lasts(ngx_http_endpoint_keep_t *conf,
    ngx_uint_t status, ngx_msec_t *ttl);
static void ngx_http_endpoint_keep_done(ngx_http_endpoint_run_t *run,
    ngx_msec_t ttl);
static void ngx_http_endpoint_keep_stale(ngx_http_endpoint_run_t *run);
static void ngx_http_endpoint_keep_failed(ngx_http_endpoint_run_t *run);
static void ngx_http_endpoint_keep_etag(ngx_http_endpoint_run_t *run);
static ngx_uint_t ngx_http_endpoint_keep_has_etag(
    ngx_http_endpoint_run_t *run);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_cache = {
    ngx_string("cache"),
    ngx_http_endpoint_keep_compile,
    ngx_http_endpoint_keep_start,
    ngx_http_endpoint_keep_resume,
    ngx_http_endpoint_keep_cancel,
    0
};


static void
ngx_http_endpoint_keep_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_uint_t                 refresh;
    ngx_http_endpoint_keep_t  *conf;
    ngx_http_endpoint_fill_t  *fill;

    conf = exec->step->conf;

    if (ngx_http_endpoint_keep_refreshes(conf, exec->run, &refresh)
        != NGX_OK)
    {
        goto failed;
    }

    /* the look before the run has left what it found */

    fill = exec->run->fill;

    if (fill == NULL) {
        fill = ngx_http_endpoint_fill_of(exec->run, &conf->key);
        if (fill == NULL) {
            goto failed;
        }
    }

    exec->run->fill = NULL;
    exec->ctx = fill;

    fill->exec = exec;
    fill->flight.refresh = refresh;

    ngx_http_endpoint_keep_advance(exec, ngx_http_endpoint_fill_start(fill));

    return;

failed:

    ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
}


static ngx_int_t
ngx_http_endpoint_keep_refreshes(ngx_http_endpoint_keep_t *conf,
    ngx_http_endpoint_run_t *run, ngx_uint_t *refresh)
{
    u_char     *p, *end;
    size_t      len;
    ngx_str_t   text;

    *refresh = 0;

    if (!conf->client_refresh) {
        return NGX_OK;
    }

    if (run->shell->variable(run, conf->cache_control, &text) != NGX_OK) {
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
ngx_http_endpoint_keep_resume(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_keep_advance(exec,
                                   ngx_http_endpoint_fill_resume(exec->ctx));
}


static void
ngx_http_endpoint_keep_cancel(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_fill_t  *fill;

    fill = exec->ctx;

    if (fill) {
        ngx_http_endpoint_fill_cancel(fill);
    }
}


static void
ngx_http_endpoint_keep_advance(ngx_http_endpoint_exec_t *exec, ngx_int_t rc)
{
    ngx_http_endpoint_fill_t  *fill;

    fill = exec->ctx;

    switch (rc) {

    case NGX_AGAIN:
        return;

    case NGX_DECLINED:
        ngx_http_endpoint_keep_below(exec);
        return;

    case NGX_OK:

        if (ngx_http_endpoint_kept_unpack_reply(&fill->value, exec->run)
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


/* what stands below the statement runs, its result is to be kept */

static void
ngx_http_endpoint_keep_below(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_run_t   *run;
    ngx_http_endpoint_fill_t  *fill;

    run = exec->run;
    fill = exec->ctx;

    fill->nheaders = run->headers ? run->headers->nelts : 0;

    run->fill = fill;
    run->finish = ngx_http_endpoint_keep_finish;

    if (ngx_http_endpoint_fill_leads(fill)) {
        run->flight = &fill->flight;
    }

    ngx_http_endpoint_exec_done(exec);
}


static void
ngx_http_endpoint_keep_finish(ngx_http_endpoint_run_t *run)
{
    ngx_msec_t                 ttl;
    ngx_http_endpoint_keep_t  *conf;

    conf = run->plan->cache->conf;

    if (run->result.status == NGX_HTTP_OK) {
        ngx_http_endpoint_keep_etag(run);
    }

    if (ngx_http_endpoint_keep_lasts(conf, run->result.status, &ttl)) {
        ngx_http_endpoint_keep_done(run, ttl);

    } else if (run->fill->stale
               && run->result.status >= NGX_HTTP_INTERNAL_SERVER_ERROR)
    {
        ngx_http_endpoint_keep_stale(run);

    } else {
        ngx_http_endpoint_keep_failed(run);
    }
}


static ngx_uint_t
ngx_http_endpoint_keep_lasts(ngx_http_endpoint_keep_t *conf,
    ngx_uint_t status, ngx_msec_t *ttl)
{
    ngx_uint_t                        i;
    ngx_http_endpoint_keep_status_t  *listed;

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

    return 0;
}


static void
ngx_http_endpoint_keep_done(ngx_http_endpoint_run_t *run, ngx_msec_t ttl)
{
    ngx_http_endpoint_fill_t         *fill;
    ngx_http_endpoint_cache_value_t   value;

    fill = run->fill;

    if (!ngx_http_endpoint_fill_leads(fill)) {
        return;
    }

    if (ngx_http_endpoint_kept_pack_reply(run, fill->nheaders, &fill->types,
                                          &value)
        != NGX_OK)
    {
        ngx_http_endpoint_flight_failed(&fill->flight, NULL);

    } else if (ngx_http_endpoint_flight_done(&fill->flight, &value, ttl)
               == NGX_OK)
    {
        return;
    }

    fill->status = ngx_http_endpoint_fill_bypass;

    ngx_log_error(NGX_LOG_INFO, run->log, 0,
                  "endpoint \"%V\": the reply is not kept, it was purged "
                  "meanwhile or is too large: %O bytes", &run->plan->label,
                  run->result.length);
}


static void
ngx_http_endpoint_keep_stale(ngx_http_endpoint_run_t *run)
{
    ngx_http_endpoint_fill_t  *fill;

    fill = run->fill;

    if (run->headers) {
        run->headers->nelts = fill->nheaders;
    }

    if (ngx_http_endpoint_kept_unpack_reply(&fill->value, run) != NGX_OK) {
        ngx_http_endpoint_flight_failed(&fill->flight, NULL);
        return;
    }

    fill->status = ngx_http_endpoint_fill_stale;

    ngx_http_endpoint_flight_failed(&fill->flight, &fill->value);
}


static void
ngx_http_endpoint_keep_failed(ngx_http_endpoint_run_t *run)
{
    ngx_http_endpoint_fill_t         *fill;
    ngx_http_endpoint_cache_value_t   value;

    fill = run->fill;

    /* what there was is no longer true */

    if (fill->stale) {
        ngx_http_endpoint_flight_purge(fill->flight.cache, &fill->flight.key);
    }

    if (ngx_http_endpoint_kept_pack_reply(run, fill->nheaders, &fill->types,
                                          &value)
        != NGX_OK)
    {
        ngx_http_endpoint_flight_failed(&fill->flight, NULL);
        return;
    }

    ngx_http_endpoint_flight_failed(&fill->flight, &value);
}


/* kept with the reply, so that a hit costs none */

static void
ngx_http_endpoint_keep_etag(ngx_http_endpoint_run_t *run)
{
    u_char       *p, digest[16];
    ngx_md5_t     md5;
    ngx_chain_t  *cl;

    if (ngx_http_endpoint_keep_has_etag(run)) {
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

    p = ngx_pnalloc(run->pool, 2 + 2 * NGX_HTTP_ENDPOINT_KEEP_ETAG);

    if (p == NULL) {

        /* it is a reply without an ETag */

        return;
    }

    run->result.etag.data = p;
    run->result.etag.len = 2 + 2 * NGX_HTTP_ENDPOINT_KEEP_ETAG;

    *p++ = '"';
    p = ngx_hex_dump(p, digest, NGX_HTTP_ENDPOINT_KEEP_ETAG);
    *p = '"';
}


static ngx_uint_t
ngx_http_endpoint_keep_has_etag(ngx_http_endpoint_run_t *run)
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
ngx_http_endpoint_keep_look(ngx_http_endpoint_run_t *run)
{
    ngx_int_t                         rc;
    ngx_str_t                         key, types;
    ngx_http_endpoint_fill_t         *fill;
    ngx_http_endpoint_keep_t         *conf;
    ngx_http_endpoint_step_t         *step;
    ngx_http_endpoint_cache_value_t   value;

    step = run->plan->cache;
    conf = step ? step->conf : NULL;

    if (conf == NULL || step->index || step->when || conf->client_refresh) {
        return NGX_DECLINED;
    }

    if (ngx_http_endpoint_key_render(&conf->key, run, &key, &types)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_cache_get(conf->key.cache, &key, run->pool, &value);

    if (rc == NGX_HTTP_ENDPOINT_CACHE_HIT
        && ngx_http_endpoint_kept_kind(&value, &types))
    {
        return ngx_http_endpoint_kept_unpack_reply(&value, run);
    }

    fill = ngx_http_endpoint_fill_create(run, conf->key.cache, &key, &types);
    if (fill == NULL) {
        return NGX_ERROR;
    }

    fill->looked = 1;
    fill->rc = rc;
    fill->value = value;

    run->fill = fill;

    return NGX_DECLINED;
}


ngx_str_t *
ngx_http_endpoint_keep_status(ngx_http_endpoint_run_t *run)
{
    ngx_http_endpoint_exec_t         *exec;
    ngx_http_endpoint_fill_t         *fill;
    ngx_http_endpoint_fill_status_e   status;

    if (run->plan->cache == NULL) {
        return NULL;
    }

    exec = &run->execs[run->plan->cache->index];

    if (exec->state == ngx_http_endpoint_exec_waiting) {
        return NULL;
    }

    /* "when=" has skipped it, if it has nothing */

    fill = exec->ctx;
    status = fill ? fill->status : ngx_http_endpoint_fill_bypass;

    return ngx_http_endpoint_fill_name(status);
}
