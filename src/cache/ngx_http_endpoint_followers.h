
/*
 * Those of this worker who follow flights: found by the flight's id, so that
 * the end of one costs nothing to who waits for another.
 */


#ifndef _NGX_HTTP_ENDPOINT_FOLLOWERS_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_FOLLOWERS_H_INCLUDED_


#include "ngx_http_endpoint_flight.h"


/*
 * Adds a flight that has joined another's: its handler will be called, from an
 * event, unless it is removed before.
 */
void ngx_http_endpoint_followers_add(ngx_http_endpoint_flight_t *flight);
void ngx_http_endpoint_followers_remove(ngx_http_endpoint_flight_t *flight);


#endif /* _NGX_HTTP_ENDPOINT_FOLLOWERS_H_INCLUDED_ */
