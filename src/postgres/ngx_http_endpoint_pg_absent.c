
#include "ngx_http_endpoint_pg_lanes.h"
#include "ngx_http_endpoint_timer.h"


/*
 * A server that restarts is waited for.  Where none has been there for a while,
 * those who wait are told, and whoever comes then is told at once.
 */


static void ngx_http_endpoint_pg_absent_try(ngx_http_endpoint_pg_lane_t *lane);
static void ngx_http_endpoint_pg_absent_handler(ngx_event_t *ev);


void
ngx_http_endpoint_pg_absent_init(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_http_endpoint_timer_init(&pool->patience,
                                 ngx_http_endpoint_pg_absent_handler,
                                 pool->log);

    /* those who wait have deadlines that keep an exiting worker */
    pool->patience.cancelable = 1;

    pool->why = "no server is available: it does not answer";
}


void
ngx_http_endpoint_pg_absent_connect(ngx_http_endpoint_pg_lane_t *lane)
{
    lane->started = ngx_current_msec;

    ngx_http_endpoint_pg_absent_try(lane);
}


static void
ngx_http_endpoint_pg_absent_try(ngx_http_endpoint_pg_lane_t *lane)
{
    ngx_http_endpoint_pg_kind_t  *kind;

    kind = &lane->pool->kinds[lane->isolated];

    if (kind->nup == 0 && !kind->trying) {
        kind->trying = 1;
        kind->since = ngx_current_msec;
    }
}


void
ngx_http_endpoint_pg_absent_up(ngx_http_endpoint_pg_lane_t *lane)
{
    ngx_http_endpoint_pg_kind_t  *kind;

    kind = &lane->pool->kinds[lane->isolated];

    kind->nup++;
    kind->trying = 0;
}


void
ngx_http_endpoint_pg_absent_down(ngx_http_endpoint_pg_lane_t *lane)
{
    ngx_http_endpoint_pg_kind_t  *kind;

    kind = &lane->pool->kinds[lane->isolated];

    if (lane->up) {
        kind->nup--;
    }

    if (lane->pg.silent) {

        /* of an exiting worker: nobody needed it */

        if (kind->nup == 0) {
            kind->trying = 0;
        }

        return;
    }

    if (*lane->server->address.why) {
        lane->pool->why = (char *) lane->server->address.why;
    }

    if (ngx_http_endpoint_pg_lane_needed(lane)) {
        ngx_http_endpoint_pg_absent_try(lane);

    } else if (kind->nup == 0) {
        kind->trying = 0;
    }
}


ngx_uint_t
ngx_http_endpoint_pg_absent(ngx_http_endpoint_pg_pool_t *pool,
    ngx_uint_t isolated)
{
    ngx_msec_t                    age;
    ngx_http_endpoint_pg_kind_t  *kind;

    if (pool->kinds[isolated].nup) {
        return 0;
    }

    /* a lane is tried all the time, an isolated connection when it is needed */

    kind = &pool->kinds[isolated && pool->kinds[0].nup];

    if (kind != pool->kinds && !kind->trying) {
        kind->trying = 1;
        kind->since = ngx_current_msec;
    }

    if (!kind->trying) {
        return 0;
    }

    age = ngx_current_msec - kind->since;

    if (age >= pool->wait) {
        return 1;
    }

    if (!pool->patience.timer_set) {
        ngx_add_timer(&pool->patience, pool->wait - age);
    }

    return 0;
}


/* each looks whether it is to come again */

static void
ngx_http_endpoint_pg_absent_handler(ngx_event_t *ev)
{
    ngx_http_endpoint_pg_pool_t  *pool;

    pool = ngx_queue_data(ev, ngx_http_endpoint_pg_pool_t, patience);

    if (pool->nqueue && ngx_http_endpoint_pg_absent(pool, 0)) {
        ngx_http_endpoint_pg_queue_failed(pool);
    }

    if (pool->nclaims && ngx_http_endpoint_pg_absent(pool, 1)) {
        pool->kinds[1].trying = 0;
        ngx_http_endpoint_pg_claims_failed(pool);
    }
}
