
#include "ngx_http_endpoint_pg_lanes.h"
#include "ngx_http_endpoint_timer.h"


/*
 * A server that was lost is tried by a spare lane, so that those which work
 * elsewhere are not missed meanwhile.  Once that is up, it takes the place of a
 * lane that is there only because the server was lost; which finishes what is
 * under way, and is the spare one then.
 */


static void ngx_http_endpoint_pg_balance_handler(ngx_event_t *ev);
static ngx_http_endpoint_pg_lane_t *ngx_http_endpoint_pg_misplaced(
    ngx_http_endpoint_pg_pool_t *pool, ngx_http_endpoint_pg_server_t *server,
    ngx_uint_t more);
static ngx_msec_t ngx_http_endpoint_pg_balance_wait(
    ngx_http_endpoint_pg_pool_t *pool);


void
ngx_http_endpoint_pg_balance_init(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_http_endpoint_timer_init(&pool->balance,
                                 ngx_http_endpoint_pg_balance_handler,
                                 pool->log);
    pool->balance.cancelable = 1;
}


static void
ngx_http_endpoint_pg_balance_handler(ngx_event_t *ev)
{
    ngx_http_endpoint_pg_pool_t  *pool;

    pool = ngx_queue_data(ev, ngx_http_endpoint_pg_pool_t, balance);

    ngx_http_endpoint_pg_balance(pool);
}


void
ngx_http_endpoint_pg_balance(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_msec_t                      wait;
    ngx_http_endpoint_pg_lane_t    *spare;
    ngx_http_endpoint_pg_server_t  *server;

    spare = pool->spare;

    if (spare == NULL || spare->pg.state != ngx_http_endpoint_pg_down
        || pool->done || ngx_exiting || ngx_terminate)
    {
        return;
    }

    server = ngx_http_endpoint_pg_server_best(pool, 0, NULL);

    if (server && ngx_http_endpoint_pg_misplaced(pool, server, 1)) {

        /* after a failure its own timer says when it tries again */

        if (!spare->retry.timer_set) {
            ngx_http_endpoint_pg_lane_connect(spare, server);
        }

        return;
    }

    wait = ngx_http_endpoint_pg_balance_wait(pool);

    if (wait != NGX_TIMER_INFINITE) {
        ngx_add_timer(&pool->balance, wait);
    }
}


/*
 * A lane that belongs to server rather than to where it is, once server has so
 * many more.
 */

static ngx_http_endpoint_pg_lane_t *
ngx_http_endpoint_pg_misplaced(ngx_http_endpoint_pg_pool_t *pool,
    ngx_http_endpoint_pg_server_t *server, ngx_uint_t more)
{
    ngx_http_endpoint_pg_lane_t    *lane;
    ngx_http_endpoint_pg_server_t  *used;

    for (lane = pool->lanes; lane < pool->seats; lane++) {
        used = lane->server;

        if (!lane->up || lane->leaving || used == server) {
            continue;
        }

        if (used->backup != server->backup) {
            if (used->backup) {
                return lane;
            }

            continue;
        }

        if ((server->lanes[0] + more) * used->weight
            < used->lanes[0] * server->weight)
        {
            return lane;
        }
    }

    return NULL;
}


/* until a server that has failed may be tried again, if that is wanted */

static ngx_msec_t
ngx_http_endpoint_pg_balance_wait(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_msec_t                      rest, least;
    ngx_http_endpoint_pg_server_t  *server, *last;

    least = NGX_TIMER_INFINITE;
    server = pool->servers.elts;

    for (last = server + pool->servers.nelts; server < last; server++) {
        rest = ngx_http_endpoint_pg_server_rest(server);

        if (rest < least && ngx_http_endpoint_pg_misplaced(pool, server, 1)) {
            least = rest;
        }
    }

    return least;
}


void
ngx_http_endpoint_pg_balance_up(ngx_http_endpoint_pg_lane_t *spare)
{
    ngx_http_endpoint_pg_lane_t  *lane;
    ngx_http_endpoint_pg_pool_t  *pool;

    pool = spare->pool;
    pool->spare = NULL;

    lane = ngx_http_endpoint_pg_misplaced(pool, spare->server, 0);

    /* meanwhile it may have found its way itself */

    if (lane == NULL) {
        lane = spare;
    }

    lane->leaving = 1;

    if (lane->pg.ncommands == 0) {
        ngx_http_endpoint_pg_close(&lane->pg);
    }

    ngx_http_endpoint_pg_seats_leave(pool);
}


ngx_uint_t
ngx_http_endpoint_pg_balance_leaves(ngx_http_endpoint_pg_lane_t *seat)
{
    ngx_http_endpoint_pg_server_t  *server;

    if (!seat->server->backup) {
        return 0;
    }

    server = ngx_http_endpoint_pg_server_best(seat->pool, 1, NULL);

    return server && !server->backup && server->lanes[0];
}
