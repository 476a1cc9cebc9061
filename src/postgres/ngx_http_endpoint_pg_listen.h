
/*
 * A connection that hears what others NOTIFY, made again when it was lost.
 * Not through a pooler that gives connections for a transaction alone: what
 * listens also looks by itself now and then.
 */


#ifndef _NGX_HTTP_ENDPOINT_PG_LISTEN_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_LISTEN_H_INCLUDED_


#include "ngx_http_endpoint_pg_pool.h"


typedef struct ngx_http_endpoint_pg_listen_s  ngx_http_endpoint_pg_listen_t;


/*
 * Called from events.  payload: what came with the notification; NULL: it
 * hears from now on, what was before it may have missed.
 */
typedef void (*ngx_http_endpoint_pg_listen_pt)(void *data,
    const char *payload);


/*
 * Prepares a listener for the life of the worker; sql is its LISTEN.  NULL:
 * memory.
 */
ngx_http_endpoint_pg_listen_t *ngx_http_endpoint_pg_listen_create(
    ngx_http_endpoint_pg_pool_t *pool, const char *sql, ngx_pool_t *memory,
    ngx_http_endpoint_pg_listen_pt handler, void *data);

/* Connects, and stays so; doing it again does nothing. */
void ngx_http_endpoint_pg_listen_start(ngx_http_endpoint_pg_listen_t *listen);

/* Closes the connection; the handler is not called any more. */
void ngx_http_endpoint_pg_listen_stop(ngx_http_endpoint_pg_listen_t *listen);


#endif /* _NGX_HTTP_ENDPOINT_PG_LISTEN_H_INCLUDED_ */
