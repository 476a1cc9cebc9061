
#include "ngx_http_endpoint_cache_content.h"
#include "ngx_http_endpoint_lookup.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_shell.h"


/* looks at a value that comes and goes between two of them */
#define NGX_HTTP_ENDPOINT_LOOKUP_ROUNDS  3


static void ngx_http_endpoint_lookup_woken(ngx_http_endpoint_flight_t *flight,
    ngx_int_t rc);
static ngx_int_t ngx_http_endpoint_lookup_look(
    ngx_http_endpoint_lookup_t *lookup);
static ngx_int_t ngx_http_endpoint_lookup_begin(
    ngx_http_endpoint_lookup_t *lookup);
static ngx_uint_t ngx_http_endpoint_lookup_patient(
    ngx_http_endpoint_lookup_t *lookup);
static ngx_int_t ngx_http_endpoint_lookup_copy(
    ngx_http_endpoint_lookup_t *copy, ngx_http_endpoint_lookup_t *lookup,
    ngx_pool_t *pool);
static ngx_int_t ngx_http_endpoint_lookup_alone(
    ngx_http_endpoint_lookup_t *lookup);
static ngx_int_t ngx_http_endpoint_lookup_result(
    ngx_http_endpoint_lookup_t *lookup);


/* in the order of ngx_http_endpoint_lookup_status_e */

static ngx_str_t  ngx_http_endpoint_lookup_status_names[] = {
    ngx_string("BYPASS"),
    ngx_string("MISS"),
    ngx_string("EXPIRED"),
    ngx_string("STALE"),
    ngx_string("UPDATING"),
    ngx_string("HIT")
};


ngx_http_endpoint_lookup_t *
ngx_http_endpoint_lookup_create(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_cache_t *cache, ngx_str_t *text, ngx_str_t *types)
{
    ngx_http_endpoint_lookup_t  *lookup;

    lookup = ngx_pcalloc(run->scope.pool, sizeof(ngx_http_endpoint_lookup_t));
    if (lookup == NULL) {
        return NULL;
    }

    lookup->flight.cache = cache;
    lookup->flight.key = *text;
    lookup->flight.parent = run->within;
    lookup->types = *types;

    return lookup;
}


ngx_http_endpoint_lookup_t *
ngx_http_endpoint_lookup_key(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_key_t *key)
{
    ngx_str_t  text, types;

    if (ngx_http_endpoint_key_render(key, &run->scope, &text, &types)
        != NGX_OK)
    {
        return NULL;
    }

    return ngx_http_endpoint_lookup_create(run, key->cache, &text, &types);
}


/* from the flight's event: records and posts */

static void
ngx_http_endpoint_lookup_woken(ngx_http_endpoint_flight_t *flight, ngx_int_t rc)
{
    ngx_http_endpoint_lookup_t  *lookup;

    lookup = (ngx_http_endpoint_lookup_t *) flight;
    lookup->rc = rc;

    ngx_http_endpoint_exec_wake(lookup->exec);
}


ngx_int_t
ngx_http_endpoint_lookup_start(ngx_http_endpoint_lookup_t *lookup)
{
    ngx_int_t  rc;

    do {
        rc = ngx_http_endpoint_lookup_look(lookup);

        if (rc == NGX_DONE) {
            rc = ngx_http_endpoint_lookup_begin(lookup);
        }

    } while (rc == NGX_DONE);

    return rc;
}


/* NGX_DONE: there is no value to be used now */

static ngx_int_t
ngx_http_endpoint_lookup_look(ngx_http_endpoint_lookup_t *lookup)
{
    ngx_int_t  rc;

    lookup->stale = 0;

    if (lookup->looked) {
        lookup->looked = 0;
        rc = lookup->rc;

    } else {
        rc = ngx_http_endpoint_cache_get(lookup->flight.cache,
                                         &lookup->flight.key,
                                         lookup->exec->run->scope.pool,
                                         &lookup->value);
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    lookup->status = (rc == NGX_HTTP_ENDPOINT_CACHE_MISS)
                         ? ngx_http_endpoint_lookup_miss
                         : ngx_http_endpoint_lookup_expired;

    if (rc < NGX_HTTP_ENDPOINT_CACHE_STALE) {
        return NGX_DONE;
    }

    if (ngx_http_endpoint_cache_content_kind(&lookup->value, &lookup->types)
        == 0)
    {
        lookup->flight.refresh = 1;
        lookup->status = ngx_http_endpoint_lookup_miss;
        return NGX_DONE;
    }

    if (rc == NGX_HTTP_ENDPOINT_CACHE_HIT && !lookup->flight.refresh) {
        lookup->status = ngx_http_endpoint_lookup_hit;
        return NGX_OK;
    }

    lookup->stale = 1;

    return NGX_DONE;
}


/* NGX_DONE: a value came meanwhile */

static ngx_int_t
ngx_http_endpoint_lookup_begin(ngx_http_endpoint_lookup_t *lookup)
{
    ngx_int_t                    rc;
    ngx_uint_t                   patient;
    ngx_http_endpoint_flight_t  *flight;

    flight = &lookup->flight;
    patient = ngx_http_endpoint_lookup_patient(lookup);

    flight->handler = patient ? ngx_http_endpoint_lookup_woken : NULL;

    rc = (lookup->rounds++ == NGX_HTTP_ENDPOINT_LOOKUP_ROUNDS)
             ? NGX_DECLINED : ngx_http_endpoint_flight_begin(flight);

    if (!patient && rc != NGX_DONE) {
        lookup->status = ngx_http_endpoint_lookup_updating;
        return NGX_OK;
    }

    switch (rc) {

    case NGX_OK:

        if (flight->refresh && lookup->stale) {
            lookup->status = ngx_http_endpoint_lookup_bypass;
        }

        return NGX_DECLINED;

    case NGX_AGAIN:
        lookup->waiting = 1;
        return NGX_AGAIN;

    case NGX_DONE:
        return NGX_DONE;

    default: /* NGX_DECLINED */
        return ngx_http_endpoint_lookup_alone(lookup);
    }
}


/* whether to wait for the new value: there is no old one that would do */

static ngx_uint_t
ngx_http_endpoint_lookup_patient(ngx_http_endpoint_lookup_t *lookup)
{
    ngx_http_endpoint_flight_t  *f;

    if (!lookup->stale || lookup->flight.refresh
        || lookup->exec->run->shell->detach == NULL)
    {
        return 1;
    }

    /* what is refreshed itself is not to be made of an old value */

    for (f = lookup->flight.parent; f; f = f->parent) {
        if (f->background) {
            return 1;
        }
    }

    return 0;
}


ngx_http_endpoint_lookup_t *
ngx_http_endpoint_lookup_detach(ngx_http_endpoint_lookup_t *lookup,
    ngx_array_t *refs)
{
    ngx_uint_t                   index;
    ngx_http_endpoint_run_t     *run, *again;
    ngx_http_endpoint_lookup_t  *copy;

    run = lookup->exec->run;
    index = lookup->exec->step->index;

    copy = NULL;
    again = run->shell->detach(run, refs);

    if (again) {
        copy = ngx_pcalloc(again->scope.pool,
                           sizeof(ngx_http_endpoint_lookup_t));

        if (copy == NULL
            || ngx_http_endpoint_lookup_copy(copy, lookup, again->scope.pool)
               != NGX_OK)
        {
            ngx_http_endpoint_run_cancel(again);
            again = NULL;
        }
    }

    if (again == NULL) {
        ngx_log_error(NGX_LOG_ERR, run->scope.log, 0,
                      "endpoint \"%V\": step \"%V\" has an old value that "
                      "could not be refreshed", &run->plan->label,
                      &lookup->exec->step->label);

        ngx_http_endpoint_lookup_cancel(lookup);

        return NULL;
    }

    copy->exec = &again->execs[index];
    copy->exec->run = again;

    lookup->flight.state = ngx_http_endpoint_flight_idle;

    return copy;
}


/* a leader's flight: nothing points to it yet */

static ngx_int_t
ngx_http_endpoint_lookup_copy(ngx_http_endpoint_lookup_t *copy,
    ngx_http_endpoint_lookup_t *lookup, ngx_pool_t *pool)
{
    copy->flight = lookup->flight;
    copy->flight.parent = NULL;
    copy->flight.background = 1;

    copy->flight.key.data = ngx_pstrdup(pool, &lookup->flight.key);
    copy->types.len = lookup->types.len;
    copy->types.data = ngx_pstrdup(pool, &lookup->types);

    if (copy->flight.key.data == NULL || copy->types.data == NULL) {
        return NGX_ERROR;
    }

    copy->status = ngx_http_endpoint_lookup_expired;
    copy->stale = 1;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_lookup_old(ngx_http_endpoint_lookup_t *lookup)
{
    ngx_int_t  rc;

    if (!lookup->flight.background) {
        return lookup->stale ? NGX_OK : NGX_DECLINED;
    }

    /* it was the client's: by now it may have been dropped */

    rc = ngx_http_endpoint_cache_get(lookup->flight.cache,
                                     &lookup->flight.key,
                                     lookup->exec->run->scope.pool,
                                     &lookup->value);

    lookup->stale = (rc >= NGX_HTTP_ENDPOINT_CACHE_STALE
                     && ngx_http_endpoint_cache_content_kind(&lookup->value,
                                                             &lookup->types));

    return lookup->stale ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_endpoint_lookup_alone(ngx_http_endpoint_lookup_t *lookup)
{
    lookup->status = ngx_http_endpoint_lookup_bypass;

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_endpoint_lookup_resume(ngx_http_endpoint_lookup_t *lookup)
{
    lookup->waiting = 0;

    switch (lookup->rc) {

    case NGX_OK:
        return NGX_DECLINED;

    case NGX_DONE:
        return ngx_http_endpoint_lookup_result(lookup);

    default: /* NGX_DECLINED */
        return ngx_http_endpoint_lookup_alone(lookup);
    }
}


static ngx_int_t
ngx_http_endpoint_lookup_result(ngx_http_endpoint_lookup_t *lookup)
{
    ngx_int_t                        rc;
    ngx_http_endpoint_cache_value_t  value;

    rc = ngx_http_endpoint_flight_result(&lookup->flight,
                                         lookup->exec->run->scope.pool, &value);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc < NGX_HTTP_ENDPOINT_CACHE_STALE) {
        return ngx_http_endpoint_lookup_start(lookup);
    }

    if (ngx_http_endpoint_cache_content_kind(&value, &lookup->types) == 0) {
        return ngx_http_endpoint_lookup_alone(lookup);
    }

    lookup->value = value;
    lookup->status = lookup->flight.shared ? ngx_http_endpoint_lookup_miss
                                           : ngx_http_endpoint_lookup_hit;

    return NGX_OK;
}


ngx_str_t *
ngx_http_endpoint_lookup_status_name(ngx_http_endpoint_lookup_status_e status)
{
    return &ngx_http_endpoint_lookup_status_names[status];
}
