
#include "ngx_http_endpoint_cache_content.h"
#include "ngx_http_endpoint_lookup.h"
#include "ngx_http_endpoint_run.h"


/* looks at a value that comes and goes between two of them */
#define NGX_HTTP_ENDPOINT_LOOKUP_ROUNDS  3


static void ngx_http_endpoint_lookup_woken(ngx_http_endpoint_flight_t *flight,
    ngx_int_t rc);
static ngx_int_t ngx_http_endpoint_lookup_look(
    ngx_http_endpoint_lookup_t *lookup);
static ngx_int_t ngx_http_endpoint_lookup_begin(
    ngx_http_endpoint_lookup_t *lookup);
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
    ngx_http_endpoint_flight_t  *flight;

    flight = &lookup->flight;

    /* who has an old value need not wait, unless a new one was asked for */

    flight->handler = (lookup->stale && !flight->refresh)
                          ? NULL : ngx_http_endpoint_lookup_woken;

    if (lookup->rounds++ == NGX_HTTP_ENDPOINT_LOOKUP_ROUNDS) {
        return ngx_http_endpoint_lookup_alone(lookup);
    }

    switch (ngx_http_endpoint_flight_begin(flight)) {

    case NGX_OK:

        if (flight->refresh && lookup->stale) {
            lookup->status = ngx_http_endpoint_lookup_bypass;
        }

        return NGX_DECLINED;

    case NGX_AGAIN:
        lookup->waiting = 1;
        return NGX_AGAIN;

    case NGX_BUSY:
        lookup->status = ngx_http_endpoint_lookup_updating;
        return NGX_OK;

    case NGX_DONE:
        return NGX_DONE;

    default: /* NGX_DECLINED */
        return ngx_http_endpoint_lookup_alone(lookup);
    }
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
