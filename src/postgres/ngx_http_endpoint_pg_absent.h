
/* What happens while no server can be reached. */


#ifndef _NGX_HTTP_ENDPOINT_PG_ABSENT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_ABSENT_H_INCLUDED_


#include "ngx_http_endpoint_pg_lane.h"


void ngx_http_endpoint_pg_absent_init(ngx_http_endpoint_pg_pool_t *pool);

/* Notes that lane connects, is up, was lost; silent: closed by us. */
void ngx_http_endpoint_pg_absent_connect(ngx_http_endpoint_pg_lane_t *lane);
void ngx_http_endpoint_pg_absent_up(ngx_http_endpoint_pg_lane_t *lane);
void ngx_http_endpoint_pg_absent_down(ngx_http_endpoint_pg_lane_t *lane);

/*
 * Whether there has been no connection of a kind for longer than a query waits;
 * if not, those that wait are told when it has.
 */
ngx_uint_t ngx_http_endpoint_pg_absent(ngx_http_endpoint_pg_pool_t *pool,
    ngx_uint_t isolated);

/* Fails what waits for a lane; for an isolated connection. */
void ngx_http_endpoint_pg_queue_failed(ngx_http_endpoint_pg_pool_t *pool);
void ngx_http_endpoint_pg_claims_failed(ngx_http_endpoint_pg_pool_t *pool);


#endif /* _NGX_HTTP_ENDPOINT_PG_ABSENT_H_INCLUDED_ */
