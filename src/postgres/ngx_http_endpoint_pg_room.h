
/*
 * How many connections a worker opens, where its server does not allow as many
 * as all workers may: each has its share.
 */


#ifndef _NGX_HTTP_ENDPOINT_PG_ROOM_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_ROOM_H_INCLUDED_


#include "ngx_http_endpoint_pg_lane.h"


/* Until a server has said how many it allows, a worker has one to each. */
void ngx_http_endpoint_pg_room_init(ngx_http_endpoint_pg_pool_t *pool);

/* Takes what the server of a lane that is up has said, and logs it once. */
void ngx_http_endpoint_pg_room(ngx_http_endpoint_pg_lane_t *lane,
    volatile ngx_cycle_t *cycle);

/* Whether there is room for lane; for the spare one there always is. */
ngx_uint_t ngx_http_endpoint_pg_room_has(ngx_http_endpoint_pg_lane_t *lane);


#endif /* _NGX_HTTP_ENDPOINT_PG_ROOM_H_INCLUDED_ */
