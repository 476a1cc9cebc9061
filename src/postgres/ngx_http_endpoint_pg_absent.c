
#include "ngx_http_endpoint_pg_lanes.h"
#include "ngx_http_endpoint_timer.h"


/*
 * A server that restarts is waited for.  Where none has been there for a while,
 * those who wait are told, and whoever comes then is told at once.
 */


static void ngx_http_endpoint_pg_absent_handler(ngx_event_t *ev);


void
ngx_http_endpoint_pg_absent_init(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_http_endpoint_timer_init(&pool->patience,
                                 ngx_http_endpoint_pg_absent_handler,
                                 pool->log);

    pool->why = "no server is available: it does not answer";
}


void
ngx_http_endpoint_pg_absent_connect(ngx_http_endpoint_pg_lane_t *lane)
{
    lane->started = ngx_current_msec;

    if (lane->pool->nup == 0 && !lane->pool->trying) {
        lane->pool->trying = 1;
        lane->pool->since = ngx_current_msec;
    }
}


void
ngx_http_endpoint_pg_absent_up(ngx_http_endpoint_pg_lane_t *lane)
{
    lane->pool->nup++;
    lane->pool->trying = 0;

    if (lane->pool->patience.timer_set) {
        ngx_del_timer(&lane->pool->patience);
    }
}


void
ngx_http_endpoint_pg_absent_down(ngx_http_endpoint_pg_lane_t *lane)
{
    ngx_http_endpoint_pg_pool_t  *pool;

    pool = lane->pool;

    if (lane->up) {
        pool->nup--;
    }

    if (lane->pg.silent) {

        /* of an exiting worker: nobody needed it */

        if (pool->nup == 0) {
            pool->trying = 0;
        }

        return;
    }

    if (*lane->server->address.why) {
        pool->why = (char *) lane->server->address.why;
    }

    if (pool->nup == 0 && !pool->trying) {
        pool->trying = 1;
        pool->since = ngx_current_msec;
    }
}


ngx_uint_t
ngx_http_endpoint_pg_absent(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_msec_t  age;

    if (pool->nup || !pool->trying) {
        return 0;
    }

    age = ngx_current_msec - pool->since;

    if (age >= pool->wait) {
        return 1;
    }

    if (!pool->patience.timer_set) {
        ngx_add_timer(&pool->patience, pool->wait - age);
    }

    return 0;
}


static void
ngx_http_endpoint_pg_absent_handler(ngx_event_t *ev)
{
    ngx_http_endpoint_pg_pool_t  *pool;

    pool = ngx_queue_data(ev, ngx_http_endpoint_pg_pool_t, patience);

    if (ngx_http_endpoint_pg_absent(pool)) {
        ngx_http_endpoint_pg_queue_failed(pool);
        ngx_http_endpoint_pg_claims_failed(pool);
    }
}
