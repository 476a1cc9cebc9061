
#include "ngx_http_endpoint_pg_lanes.h"
#include "ngx_http_endpoint_timer.h"


#define NGX_HTTP_ENDPOINT_PG_BACKOFF_MIN  50
#define NGX_HTTP_ENDPOINT_PG_BACKOFF_MAX  1000

/* a connection that lived shorter is a failure, too */
#define NGX_HTTP_ENDPOINT_PG_LIFE         1000


static ngx_msec_t ngx_http_endpoint_pg_lane_backoff(
    ngx_http_endpoint_pg_lane_t *lane);
static void ngx_http_endpoint_pg_lane_retry(ngx_event_t *ev);


ngx_int_t
ngx_http_endpoint_pg_lane_init(ngx_http_endpoint_pg_lane_t *lane,
    ngx_http_endpoint_pg_pool_t *pool, ngx_http_endpoint_pg_owner_t *owner,
    ngx_pool_t *memory)
{
    lane->pool = pool;
    lane->pg.owner = owner;
    lane->pg.data = lane;

    ngx_http_endpoint_timer_init(&lane->retry, ngx_http_endpoint_pg_lane_retry,
                                 pool->log);
    lane->retry.cancelable = 1;

    return ngx_http_endpoint_pg_init(&lane->pg, &pool->options, memory,
                                     pool->log);
}


void
ngx_http_endpoint_pg_lane_connect(ngx_http_endpoint_pg_lane_t *lane,
    ngx_http_endpoint_pg_server_t *server)
{
    ngx_http_endpoint_pg_absent_connect(lane);

    lane->server = server;
    server->lanes[lane->isolated]++;

    /* of those that may be tried again only one is */

    if (server->fails) {
        server->tried = ngx_current_msec;
    }

    ngx_http_endpoint_pg_connect(&lane->pg, &lane->server->address,
                                 lane->pool->timeout);
}


void
ngx_http_endpoint_pg_lane_wake(ngx_http_endpoint_pg_lane_t *lane)
{
    ngx_msec_t  since;

    if (lane->pg.state != ngx_http_endpoint_pg_down || lane->retry.timer_set
        || lane == lane->pool->spare || !ngx_http_endpoint_pg_room_has(lane))
    {
        return;
    }

    since = ngx_current_msec - lane->since;

    if (lane->failures && since < NGX_HTTP_ENDPOINT_PG_BACKOFF_MAX) {
        ngx_add_timer(&lane->retry, ngx_http_endpoint_pg_lane_backoff(lane));
        return;
    }

    ngx_http_endpoint_pg_lane_connect(lane,
                                      ngx_http_endpoint_pg_server_pick(lane));
}


void
ngx_http_endpoint_pg_lane_up(ngx_http_endpoint_pg_lane_t *lane)
{
    ngx_http_endpoint_pg_absent_up(lane);

    lane->up = 1;
    lane->since = ngx_current_msec;
    lane->server->fails = 0;
}


void
ngx_http_endpoint_pg_lane_down(ngx_http_endpoint_pg_lane_t *lane)
{
    ngx_msec_t  life;

    life = ngx_current_msec - lane->since;

    ngx_http_endpoint_pg_absent_down(lane);

    if (lane->pg.silent) {
        lane->failures = 0;

    } else if (!lane->up || life < NGX_HTTP_ENDPOINT_PG_LIFE) {
        lane->failures++;
        ngx_http_endpoint_pg_server_failed(lane->server);

    } else {
        lane->failures = 0;
    }

    lane->server->lanes[lane->isolated]--;
    lane->up = 0;
    lane->quit = 0;
    lane->outdated = 0;
    lane->since = ngx_current_msec;

    if (lane->leaving) {
        lane->leaving = 0;
        lane->pool->spare = lane;
    }

    if (ngx_http_endpoint_pg_lane_needed(lane)
        || (lane == lane->pool->spare && lane->failures))
    {
        ngx_add_timer(&lane->retry, ngx_http_endpoint_pg_lane_backoff(lane));
    }
}


static ngx_msec_t
ngx_http_endpoint_pg_lane_backoff(ngx_http_endpoint_pg_lane_t *lane)
{
    ngx_uint_t  i;
    ngx_msec_t  delay;

    delay = NGX_HTTP_ENDPOINT_PG_BACKOFF_MIN;

    /* each server is tried once before the first is tried again */

    for (i = lane->pool->servers.nelts; i < lane->failures; i++) {
        delay *= 2;

        if (delay >= NGX_HTTP_ENDPOINT_PG_BACKOFF_MAX) {
            delay = NGX_HTTP_ENDPOINT_PG_BACKOFF_MAX;
            break;
        }
    }

    if (lane->failures == 0) {
        delay /= 2;
    }

    return delay / 2 + (ngx_msec_t) ngx_random() % delay;
}


static void
ngx_http_endpoint_pg_lane_retry(ngx_event_t *ev)
{
    ngx_http_endpoint_pg_lane_t  *lane;

    lane = ngx_queue_data(ev, ngx_http_endpoint_pg_lane_t, retry);

    if (lane == lane->pool->spare) {
        ngx_http_endpoint_pg_balance(lane->pool);

    } else if (ngx_http_endpoint_pg_lane_needed(lane)) {
        ngx_http_endpoint_pg_lane_connect(lane,
                                      ngx_http_endpoint_pg_server_pick(lane));
    }
}


ngx_uint_t
ngx_http_endpoint_pg_lane_needed(ngx_http_endpoint_pg_lane_t *lane)
{
    if (!ngx_http_endpoint_pg_room_has(lane)) {
        return 0;
    }

    if (lane->isolated) {
        return lane->pool->nclaims > 0;
    }

    if (lane == lane->pool->spare) {
        return 0;
    }

    return lane->pool->nqueue > 0 || (!ngx_exiting && !ngx_terminate);
}


void
ngx_http_endpoint_pg_lane_done(ngx_http_endpoint_pg_lane_t *lane)
{
    if (lane->retry.timer_set) {
        ngx_del_timer(&lane->retry);
    }

    ngx_http_endpoint_pg_close(&lane->pg);
}
