
#include "ngx_http_endpoint_pg_query.h"


#define NGX_HTTP_ENDPOINT_PG_BACKOFF_MIN  50
#define NGX_HTTP_ENDPOINT_PG_BACKOFF_MAX  5000

/* a connection that lived shorter is a failure, too */
#define NGX_HTTP_ENDPOINT_PG_LIFE         1000


static ngx_http_endpoint_pg_server_t *ngx_http_endpoint_pg_lane_server(
    ngx_http_endpoint_pg_pool_t *pool);
static ngx_uint_t ngx_http_endpoint_pg_lane_usable(
    ngx_http_endpoint_pg_server_t *server, ngx_uint_t pass);
static ngx_msec_t ngx_http_endpoint_pg_lane_backoff(
    ngx_http_endpoint_pg_lane_t *lane);
static void ngx_http_endpoint_pg_lane_retry(ngx_event_t *ev);


/* a timer's data must look like a connection to nginx's debug log */
static ngx_connection_t  ngx_http_endpoint_pg_lane_no_connection;


ngx_int_t
ngx_http_endpoint_pg_lane_init(ngx_http_endpoint_pg_lane_t *lane,
    ngx_http_endpoint_pg_pool_t *pool, ngx_http_endpoint_pg_owner_t *owner,
    ngx_pool_t *memory)
{
    lane->pool = pool;
    lane->pg.owner = owner;
    lane->pg.data = lane;

    ngx_http_endpoint_pg_lane_no_connection.fd = (ngx_socket_t) -1;

    lane->retry.handler = ngx_http_endpoint_pg_lane_retry;
    lane->retry.data = &ngx_http_endpoint_pg_lane_no_connection;
    lane->retry.log = pool->log;
    lane->retry.cancelable = 1;

    return ngx_http_endpoint_pg_init(&lane->pg, &pool->options, memory,
                                     pool->log);
}


void
ngx_http_endpoint_pg_lane_connect(ngx_http_endpoint_pg_lane_t *lane)
{
    lane->server = ngx_http_endpoint_pg_lane_server(lane->pool);

    ngx_http_endpoint_pg_connect(&lane->pg, &lane->server->address,
                                 lane->pool->timeout);
}


void
ngx_http_endpoint_pg_lane_wake(ngx_http_endpoint_pg_lane_t *lane)
{
    ngx_msec_t  since;

    if (lane->pg.state != ngx_http_endpoint_pg_down || lane->retry.timer_set) {
        return;
    }

    since = ngx_current_msec - lane->since;

    if (lane->failures && since < NGX_HTTP_ENDPOINT_PG_BACKOFF_MAX) {
        ngx_add_timer(&lane->retry, ngx_http_endpoint_pg_lane_backoff(lane));
        return;
    }

    ngx_http_endpoint_pg_lane_connect(lane);
}


/* of those that have not failed, backups last; if all have, of all */

static ngx_http_endpoint_pg_server_t *
ngx_http_endpoint_pg_lane_server(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_uint_t                      i, n, pass;
    ngx_http_endpoint_pg_server_t  *servers;

    servers = pool->servers.elts;
    n = pool->servers.nelts;

    for (pass = 0; pass < 3; pass++) {
        for (i = 0; i < n; i++) {
            pool->next = (pool->next + 1) % n;

            if (ngx_http_endpoint_pg_lane_usable(&servers[pool->next], pass)) {
                return &servers[pool->next];
            }
        }
    }

    pool->next = (pool->next + 1) % n;

    return &servers[pool->next];
}


static ngx_uint_t
ngx_http_endpoint_pg_lane_usable(ngx_http_endpoint_pg_server_t *server,
    ngx_uint_t pass)
{
    ngx_msec_t  since;

    if (server->down) {
        return 0;
    }

    if (pass == 2) {
        return 1;
    }

    if (server->backup != pass) {
        return 0;
    }

    since = ngx_current_msec - server->failed;

    return server->max_fails == 0
           || server->fails < server->max_fails
           || since >= server->fail_timeout;
}


void
ngx_http_endpoint_pg_lane_up(ngx_http_endpoint_pg_lane_t *lane)
{
    lane->up = 1;
    lane->since = ngx_current_msec;
    lane->server->fails = 0;
}


void
ngx_http_endpoint_pg_lane_down(ngx_http_endpoint_pg_lane_t *lane)
{
    ngx_msec_t  now, life;

    now = ngx_current_msec;
    life = now - lane->since;

    if (lane->pg.silent) {
        lane->failures = 0;

    } else if (!lane->up) {
        lane->failures++;

        if (now - lane->server->failed >= lane->server->fail_timeout) {
            lane->server->fails = 0;
        }

        lane->server->fails++;
        lane->server->failed = now;

    } else if (life < NGX_HTTP_ENDPOINT_PG_LIFE) {
        lane->failures++;

    } else {
        lane->failures = 0;
    }

    lane->up = 0;
    lane->quit = 0;
    lane->since = now;

    if (ngx_http_endpoint_pg_lane_needed(lane)) {
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

    if (ngx_http_endpoint_pg_lane_needed(lane)) {
        ngx_http_endpoint_pg_lane_connect(lane);
    }
}


ngx_uint_t
ngx_http_endpoint_pg_lane_needed(ngx_http_endpoint_pg_lane_t *lane)
{
    if (lane->isolated) {
        return lane->pool->nclaims > 0;
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
