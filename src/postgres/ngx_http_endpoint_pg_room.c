
#include "ngx_http_endpoint_pg_lanes.h"


static ngx_uint_t ngx_http_endpoint_pg_room_servers(
    ngx_http_endpoint_pg_pool_t *pool);
static ngx_uint_t ngx_http_endpoint_pg_room_workers(
    volatile ngx_cycle_t *cycle);
static void ngx_http_endpoint_pg_room_divide(ngx_http_endpoint_pg_pool_t *pool,
    ngx_uint_t share);
static void ngx_http_endpoint_pg_room_log(ngx_http_endpoint_pg_pool_t *pool,
    ngx_uint_t workers);


void
ngx_http_endpoint_pg_room_init(ngx_http_endpoint_pg_pool_t *pool)
{
    pool->kinds[0].room = ngx_min(pool->connections, pool->servers.nelts);
    pool->kinds[1].room = pool->isolated;
}


void
ngx_http_endpoint_pg_room(ngx_http_endpoint_pg_lane_t *lane,
    volatile ngx_cycle_t *cycle)
{
    ngx_uint_t                    room, workers;
    ngx_http_endpoint_pg_pool_t  *pool;

    pool = lane->pool;
    room = lane->pg.room * ngx_http_endpoint_pg_room_servers(pool);

    if (room == 0) {
        pool->kinds[0].room = pool->connections;
        return;
    }

    workers = ngx_http_endpoint_pg_room_workers(cycle);

    ngx_http_endpoint_pg_room_divide(pool, room / workers);

    if (room != pool->room) {
        pool->room = room;
        ngx_http_endpoint_pg_room_log(pool, workers);
    }
}


/* those that have connections as long as they are there */

static ngx_uint_t
ngx_http_endpoint_pg_room_servers(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_uint_t                      i, n;
    ngx_http_endpoint_pg_server_t  *server;

    n = 0;
    server = pool->servers.elts;

    for (i = 0; i < pool->servers.nelts; i++) {
        n += (!server[i].down && !server[i].backup);
    }

    return ngx_max(n, 1);
}


static ngx_uint_t
ngx_http_endpoint_pg_room_workers(volatile ngx_cycle_t *cycle)
{
    ngx_core_conf_t  *ccf;

    if (ngx_process != NGX_PROCESS_WORKER) {
        return 1;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    return ccf->worker_processes;
}


/* an isolated connection is made when it is needed: half of it is for these */

static void
ngx_http_endpoint_pg_room_divide(ngx_http_endpoint_pg_pool_t *pool,
    ngx_uint_t share)
{
    ngx_uint_t  lanes, seats;

    lanes = pool->connections;
    seats = pool->isolated;

    pool->tight = (share < lanes + seats);

    if (pool->tight) {
        share = ngx_max(share, 2);
        seats = ngx_min(seats, share / 2);
        lanes = ngx_min(lanes, share - seats);
    }

    pool->kinds[0].room = lanes;
    pool->kinds[1].room = seats;
}


/* the first worker speaks for all */

static void
ngx_http_endpoint_pg_room_log(ngx_http_endpoint_pg_pool_t *pool,
    ngx_uint_t workers)
{
    ngx_uint_t  most;

    if (ngx_worker != 0) {
        return;
    }

    most = workers * (pool->connections + pool->isolated);

    if (pool->tight) {
        ngx_log_error(NGX_LOG_WARN, pool->log, 0,
                      "postgres upstream \"%V\": its workers may open %ui "
                      "connections, and the server allows %ui: each opens "
                      "%ui, and %ui isolated ones", &pool->name, most,
                      pool->room, pool->kinds[0].room, pool->kinds[1].room);
        return;
    }

    ngx_log_error(NGX_LOG_NOTICE, pool->log, 0,
                  "postgres upstream \"%V\": its workers may open %ui "
                  "connections, and the server allows %ui", &pool->name, most,
                  pool->room);
}


ngx_uint_t
ngx_http_endpoint_pg_room_has(ngx_http_endpoint_pg_lane_t *lane)
{
    ngx_uint_t                    n;
    ngx_http_endpoint_pg_lane_t  *other;
    ngx_http_endpoint_pg_pool_t  *pool;

    pool = lane->pool;

    if (lane->isolated) {
        return (ngx_uint_t) (lane - pool->seats) < pool->kinds[1].room;
    }

    n = 0;

    for (other = pool->lanes; other < pool->seats; other++) {

        /* the spare one, or that which is about to be it */

        if (other == pool->spare || other->leaving) {
            if (other == lane) {
                return 1;
            }

            continue;
        }

        if (other == lane) {
            break;
        }

        n++;
    }

    return n < pool->kinds[0].room;
}
