
#include "ngx_http_endpoint_pg_lanes.h"
#include "ngx_http_endpoint_pg_listen.h"
#include "ngx_http_endpoint_timer.h"


/* milliseconds until a connection that was lost is made again */
#define NGX_HTTP_ENDPOINT_PG_LISTEN_RETRY  1000


struct ngx_http_endpoint_pg_listen_s {
    ngx_http_endpoint_pg_t            pg;
    ngx_http_endpoint_pg_pool_t      *pool;
    ngx_http_endpoint_pg_command_t    command;
    ngx_http_endpoint_pg_listen_pt    handler;
    void                             *data;
    ngx_event_t                       retry;
    unsigned                          started:1;
};


static void ngx_http_endpoint_pg_listen_connect(
    ngx_http_endpoint_pg_listen_t *listen);
static void ngx_http_endpoint_pg_listen_retry(ngx_event_t *ev);
static void ngx_http_endpoint_pg_listen_up(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_listen_done(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command, ngx_http_endpoint_pg_fate_e fate);
static void ngx_http_endpoint_pg_listen_down(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_listen_quit(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_listen_notified(ngx_http_endpoint_pg_t *pg,
    const char *payload);


static ngx_http_endpoint_pg_owner_t  ngx_http_endpoint_pg_listen_owner = {
    ngx_http_endpoint_pg_listen_up,
    ngx_http_endpoint_pg_listen_done,
    ngx_http_endpoint_pg_listen_down,
    ngx_http_endpoint_pg_listen_quit,
    ngx_http_endpoint_pg_listen_notified
};


ngx_http_endpoint_pg_listen_t *
ngx_http_endpoint_pg_listen_create(ngx_http_endpoint_pg_pool_t *pool,
    const char *sql, ngx_pool_t *memory,
    ngx_http_endpoint_pg_listen_pt handler, void *data)
{
    ngx_http_endpoint_pg_listen_t  *listen;

    listen = ngx_pcalloc(memory, sizeof(ngx_http_endpoint_pg_listen_t));
    if (listen == NULL) {
        return NULL;
    }

    listen->pool = pool;
    listen->handler = handler;
    listen->data = data;
    listen->command.sql = sql;

    listen->pg.owner = &ngx_http_endpoint_pg_listen_owner;
    listen->pg.data = listen;

    ngx_http_endpoint_timer_init(&listen->retry,
                                 ngx_http_endpoint_pg_listen_retry,
                                 ngx_cycle->log);
    listen->retry.cancelable = 1;

    if (ngx_http_endpoint_pg_init(&listen->pg, &pool->options, memory,
                                  ngx_cycle->log)
        != NGX_OK)
    {
        return NULL;
    }

    return listen;
}


void
ngx_http_endpoint_pg_listen_start(ngx_http_endpoint_pg_listen_t *listen)
{
    if (!listen->started) {
        listen->started = 1;
        ngx_http_endpoint_pg_listen_connect(listen);
    }
}


void
ngx_http_endpoint_pg_listen_stop(ngx_http_endpoint_pg_listen_t *listen)
{
    listen->started = 0;

    if (listen->retry.timer_set) {
        ngx_del_timer(&listen->retry);
    }

    ngx_http_endpoint_pg_close(&listen->pg);
}


static void
ngx_http_endpoint_pg_listen_connect(ngx_http_endpoint_pg_listen_t *listen)
{
    ngx_http_endpoint_pg_server_t  *server;

    if (listen->pg.state != ngx_http_endpoint_pg_down) {
        return;
    }

    server = ngx_http_endpoint_pg_server_best(listen->pool, 1, NULL);

    if (server == NULL) {
        ngx_add_timer(&listen->retry, NGX_HTTP_ENDPOINT_PG_LISTEN_RETRY);
        return;
    }

    ngx_http_endpoint_pg_connect(&listen->pg, &server->address,
                                 listen->pool->timeout);
}


static void
ngx_http_endpoint_pg_listen_retry(ngx_event_t *ev)
{
    ngx_http_endpoint_pg_listen_t  *listen;

    listen = ngx_queue_data(ev, ngx_http_endpoint_pg_listen_t, retry);

    if (listen->started) {
        ngx_http_endpoint_pg_listen_connect(listen);
    }
}


static void
ngx_http_endpoint_pg_listen_up(ngx_http_endpoint_pg_t *pg)
{
    ngx_http_endpoint_pg_listen_t *listen = pg->data;

    if (!listen->started) {
        ngx_http_endpoint_pg_close(pg);
        return;
    }

    /* where it cannot be sent the connection goes down */

    (void) ngx_http_endpoint_pg_send(pg, &listen->command);
}


static void
ngx_http_endpoint_pg_listen_done(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command, ngx_http_endpoint_pg_fate_e fate)
{
    ngx_http_endpoint_pg_listen_t *listen = pg->data;

    PQclear(command->result);
    command->result = NULL;

    if (fate == ngx_http_endpoint_pg_synced && !command->failed
        && listen->started)
    {
        listen->handler(listen->data, NULL);
    }
}


static void
ngx_http_endpoint_pg_listen_down(ngx_http_endpoint_pg_t *pg)
{
    ngx_http_endpoint_pg_listen_t *listen = pg->data;

    if (listen->started && !ngx_exiting) {
        ngx_add_timer(&listen->retry, NGX_HTTP_ENDPOINT_PG_LISTEN_RETRY);
    }
}


static void
ngx_http_endpoint_pg_listen_quit(ngx_http_endpoint_pg_t *pg)
{
    ngx_http_endpoint_pg_close(pg);
}


static void
ngx_http_endpoint_pg_listen_notified(ngx_http_endpoint_pg_t *pg,
    const char *payload)
{
    ngx_http_endpoint_pg_listen_t *listen = pg->data;

    if (listen->started) {
        listen->handler(listen->data, payload);
    }
}
