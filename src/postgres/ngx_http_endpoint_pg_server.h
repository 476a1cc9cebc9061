
/* Which server of a pool a connection is made to. */


#ifndef _NGX_HTTP_ENDPOINT_PG_SERVER_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_SERVER_H_INCLUDED_


#include "ngx_http_endpoint_pg.h"
#include "ngx_http_endpoint_pg_pool.h"


typedef struct {
    ngx_http_endpoint_pg_address_t        address;
    ngx_uint_t                            max_fails;
    ngx_msec_t                            fail_timeout;
    ngx_uint_t                            weight;

    /* of the worker */
    ngx_uint_t                            fails;
    ngx_msec_t                            tried;    /* or failed, last */
    ngx_uint_t                            lanes[2]; /* and isolated ones */

    unsigned                              down:1;
    unsigned                              backup:1;
} ngx_http_endpoint_pg_server_t;


ngx_http_endpoint_pg_server_t *ngx_http_endpoint_pg_server_pick(
    ngx_http_endpoint_pg_lane_t *lane);

/*
 * Where a new connection belongs, of the servers that may be used now; kind: 1
 * for an isolated one.  NULL: there is none but except.
 */
ngx_http_endpoint_pg_server_t *ngx_http_endpoint_pg_server_best(
    ngx_http_endpoint_pg_pool_t *pool, ngx_uint_t kind,
    ngx_http_endpoint_pg_server_t *except);

/* For how long a server is not to be used. */
ngx_msec_t ngx_http_endpoint_pg_server_rest(
    ngx_http_endpoint_pg_server_t *server);

void ngx_http_endpoint_pg_server_failed(
    ngx_http_endpoint_pg_server_t *server);


#endif /* _NGX_HTTP_ENDPOINT_PG_SERVER_H_INCLUDED_ */
