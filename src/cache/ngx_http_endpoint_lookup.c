
#include "ngx_http_endpoint_lookup.h"
#include "ngx_http_endpoint_cache_content.h"


/* looks at a value that comes and goes between two of them */
#define NGX_HTTP_ENDPOINT_FILL_ROUNDS  3


static void ngx_http_endpoint_fill_woken(ngx_http_endpoint_flight_t *flight,
    ngx_int_t rc);
static ngx_int_t ngx_http_endpoint_fill_look(ngx_http_endpoint_fill_t *fill);
static ngx_int_t ngx_http_endpoint_fill_begin(ngx_http_endpoint_fill_t *fill);
static ngx_int_t ngx_http_endpoint_fill_alone(ngx_http_endpoint_fill_t *fill);
static ngx_int_t ngx_http_endpoint_fill_result(
    ngx_http_endpoint_fill_t *fill);


/* in the order of ngx_http_endpoint_fill_status_e */

static ngx_str_t  ngx_http_endpoint_fill_names[] = {
    ngx_string("BYPASS"),
    ngx_string("MISS"),
    ngx_string("EXPIRED"),
    ngx_string("STALE"),
    ngx_string("UPDATING"),
    ngx_string("HIT")
};


ngx_http_endpoint_fill_t *
ngx_http_endpoint_fill_create(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_cache_t *cache, ngx_str_t *text, ngx_str_t *types)
{
    ngx_http_endpoint_fill_t  *fill;

    fill = ngx_pcalloc(run->pool, sizeof(ngx_http_endpoint_fill_t));
    if (fill == NULL) {
        return NULL;
    }

    fill->flight.cache = cache;
    fill->flight.key = *text;
    fill->flight.parent = run->flight;
    fill->types = *types;

    return fill;
}


ngx_http_endpoint_fill_t *
ngx_http_endpoint_fill_of(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_key_t *key)
{
    ngx_str_t  text, types;

    if (ngx_http_endpoint_key_render(key, run, &text, &types) != NGX_OK) {
        return NULL;
    }

    return ngx_http_endpoint_fill_create(run, key->cache, &text, &types);
}


/* from the flight's event: records and posts */

static void
ngx_http_endpoint_fill_woken(ngx_http_endpoint_flight_t *flight, ngx_int_t rc)
{
    ngx_http_endpoint_fill_t  *fill;

    fill = (ngx_http_endpoint_fill_t *) flight;
    fill->rc = rc;

    ngx_http_endpoint_exec_wake(fill->exec);
}


ngx_int_t
ngx_http_endpoint_fill_start(ngx_http_endpoint_fill_t *fill)
{
    ngx_int_t  rc;

    do {
        rc = ngx_http_endpoint_fill_look(fill);

        if (rc == NGX_DONE) {
            rc = ngx_http_endpoint_fill_begin(fill);
        }

    } while (rc == NGX_DONE);

    return rc;
}


/* NGX_DONE: there is no value to be used now */

static ngx_int_t
ngx_http_endpoint_fill_look(ngx_http_endpoint_fill_t *fill)
{
    ngx_int_t  rc;

    fill->stale = 0;

    if (fill->looked) {
        fill->looked = 0;
        rc = fill->rc;

    } else {
        rc = ngx_http_endpoint_cache_get(fill->flight.cache,
                                         &fill->flight.key,
                                         fill->exec->run->pool, &fill->value);
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    fill->status = (rc == NGX_HTTP_ENDPOINT_CACHE_MISS)
                       ? ngx_http_endpoint_fill_miss
                       : ngx_http_endpoint_fill_expired;

    if (rc < NGX_HTTP_ENDPOINT_CACHE_STALE) {
        return NGX_DONE;
    }

    if (ngx_http_endpoint_kept_kind(&fill->value, &fill->types) == 0) {
        fill->flight.refresh = 1;
        fill->status = ngx_http_endpoint_fill_miss;
        return NGX_DONE;
    }

    if (rc == NGX_HTTP_ENDPOINT_CACHE_HIT && !fill->flight.refresh) {
        fill->status = ngx_http_endpoint_fill_hit;
        return NGX_OK;
    }

    fill->stale = 1;

    return NGX_DONE;
}


/* NGX_DONE: a value came meanwhile */

static ngx_int_t
ngx_http_endpoint_fill_begin(ngx_http_endpoint_fill_t *fill)
{
    ngx_http_endpoint_flight_t  *flight;

    flight = &fill->flight;

    /* who has an old value need not wait, unless a new one was asked for */

    flight->handler = (fill->stale && !flight->refresh)
                          ? NULL : ngx_http_endpoint_fill_woken;

    if (fill->rounds++ == NGX_HTTP_ENDPOINT_FILL_ROUNDS) {
        return ngx_http_endpoint_fill_alone(fill);
    }

    switch (ngx_http_endpoint_flight_begin(flight)) {

    case NGX_OK:

        if (flight->refresh && fill->stale) {
            fill->status = ngx_http_endpoint_fill_bypass;
        }

        return NGX_DECLINED;

    case NGX_AGAIN:
        fill->waiting = 1;
        return NGX_AGAIN;

    case NGX_BUSY:
        fill->status = ngx_http_endpoint_fill_updating;
        return NGX_OK;

    case NGX_DONE:
        return NGX_DONE;

    default: /* NGX_DECLINED */
        return ngx_http_endpoint_fill_alone(fill);
    }
}


static ngx_int_t
ngx_http_endpoint_fill_alone(ngx_http_endpoint_fill_t *fill)
{
    fill->status = ngx_http_endpoint_fill_bypass;

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_endpoint_fill_resume(ngx_http_endpoint_fill_t *fill)
{
    fill->waiting = 0;

    switch (fill->rc) {

    case NGX_OK:
        return NGX_DECLINED;

    case NGX_DONE:
        return ngx_http_endpoint_fill_result(fill);

    default: /* NGX_DECLINED */
        return ngx_http_endpoint_fill_alone(fill);
    }
}


static ngx_int_t
ngx_http_endpoint_fill_result(ngx_http_endpoint_fill_t *fill)
{
    ngx_int_t                        rc;
    ngx_http_endpoint_cache_value_t  value;

    rc = ngx_http_endpoint_flight_result(&fill->flight, fill->exec->run->pool,
                                         &value);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc < NGX_HTTP_ENDPOINT_CACHE_STALE) {
        return ngx_http_endpoint_fill_start(fill);
    }

    if (ngx_http_endpoint_kept_kind(&value, &fill->types) == 0) {
        return ngx_http_endpoint_fill_alone(fill);
    }

    fill->value = value;
    fill->status = fill->flight.shared ? ngx_http_endpoint_fill_miss
                                       : ngx_http_endpoint_fill_hit;

    return NGX_OK;
}


ngx_str_t *
ngx_http_endpoint_fill_name(ngx_http_endpoint_fill_status_e status)
{
    return &ngx_http_endpoint_fill_names[status];
}
