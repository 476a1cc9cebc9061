
#include "ngx_http_endpoint_pg_lanes.h"


static ngx_http_endpoint_pg_server_t *ngx_http_endpoint_pg_server_oldest(
    ngx_http_endpoint_pg_pool_t *pool);
static ngx_uint_t ngx_http_endpoint_pg_server_first(
    ngx_http_endpoint_pg_server_t *server,
    ngx_http_endpoint_pg_server_t *other, ngx_uint_t kind);


/* where the last try of a lane failed is not where it tries again */

ngx_http_endpoint_pg_server_t *
ngx_http_endpoint_pg_server_pick(ngx_http_endpoint_pg_lane_t *lane)
{
    ngx_http_endpoint_pg_server_t  *server;

    server = ngx_http_endpoint_pg_server_best(lane->pool, lane->isolated,
                                        lane->failures ? lane->server : NULL);

    return server ? server : ngx_http_endpoint_pg_server_oldest(lane->pool);
}


ngx_http_endpoint_pg_server_t *
ngx_http_endpoint_pg_server_best(ngx_http_endpoint_pg_pool_t *pool,
    ngx_uint_t kind, ngx_http_endpoint_pg_server_t *except)
{
    ngx_uint_t                      i, n;
    ngx_http_endpoint_pg_server_t  *servers, *server, *best;

    servers = pool->servers.elts;
    n = pool->servers.nelts;
    best = NULL;

    for (i = 0; i < n; i++) {
        server = &servers[(pool->next + i) % n];

        if (server != except
            && ngx_http_endpoint_pg_server_rest(server) == 0
            && (best == NULL
                || ngx_http_endpoint_pg_server_first(server, best, kind)))
        {
            best = server;
        }
    }

    return best;
}


/* if all have failed, the one that was not tried for the longest time */

static ngx_http_endpoint_pg_server_t *
ngx_http_endpoint_pg_server_oldest(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_uint_t                      i, n;
    ngx_http_endpoint_pg_server_t  *servers, *server, *oldest;

    servers = pool->servers.elts;
    n = pool->servers.nelts;
    oldest = NULL;

    pool->next++;

    for (i = 0; i < n; i++) {
        server = &servers[(pool->next + i) % n];

        if (!server->down
            && (oldest == NULL
                || ngx_current_msec - server->tried
                   > ngx_current_msec - oldest->tried))
        {
            oldest = server;
        }
    }

    return oldest;
}


/* whether a new connection goes to server rather than to other */

static ngx_uint_t
ngx_http_endpoint_pg_server_first(ngx_http_endpoint_pg_server_t *server,
    ngx_http_endpoint_pg_server_t *other, ngx_uint_t kind)
{
    if (server->backup != other->backup) {
        return other->backup;
    }

    return (server->lanes[kind] + 1) * other->weight
           < (other->lanes[kind] + 1) * server->weight;
}


ngx_msec_t
ngx_http_endpoint_pg_server_rest(ngx_http_endpoint_pg_server_t *server)
{
    ngx_msec_t  since;

    if (server->down) {
        return NGX_TIMER_INFINITE;
    }

    since = ngx_current_msec - server->tried;

    if (server->max_fails == 0
        || server->fails < server->max_fails
        || since >= server->fail_timeout)
    {
        return 0;
    }

    return server->fail_timeout - since;
}


void
ngx_http_endpoint_pg_server_failed(ngx_http_endpoint_pg_server_t *server)
{
    if (ngx_current_msec - server->tried >= server->fail_timeout) {
        server->fails = 0;
    }

    server->fails++;
    server->tried = ngx_current_msec;
}
