
/* Back to servers that were lost. */


#ifndef _NGX_HTTP_ENDPOINT_PG_BALANCE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_BALANCE_H_INCLUDED_


#include "ngx_http_endpoint_pg_lane.h"


void ngx_http_endpoint_pg_balance_init(ngx_http_endpoint_pg_pool_t *pool);

/* Looks whether a lane is to be moved, now or later. */
void ngx_http_endpoint_pg_balance(ngx_http_endpoint_pg_pool_t *pool);

/* The spare lane is up. */
void ngx_http_endpoint_pg_balance_up(ngx_http_endpoint_pg_lane_t *spare);

/* Whether an isolated connection is better made again elsewhere. */
ngx_uint_t ngx_http_endpoint_pg_balance_leaves(
    ngx_http_endpoint_pg_lane_t *seat);


#endif /* _NGX_HTTP_ENDPOINT_PG_BALANCE_H_INCLUDED_ */
