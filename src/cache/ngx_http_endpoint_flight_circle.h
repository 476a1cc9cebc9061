
/*
 * Who leads a flight and waits for another one, while that one's leader waits
 * for the first: nobody would end before the deadline.  Seen by what leaders
 * note in their flights' records, in whatever zone and worker.
 */


#ifndef _NGX_HTTP_ENDPOINT_FLIGHT_CIRCLE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_FLIGHT_CIRCLE_H_INCLUDED_


#include "ngx_http_endpoint_flight.h"


/*
 * Notes that the leaders among the parents of flight wait for the flight that
 * it follows, and sets flight->noted where there is one.  1: they may not, and
 * nothing is noted: that one waits for them, or they wait for too many.
 */
ngx_uint_t ngx_http_endpoint_flight_circle_enter(
    ngx_http_endpoint_flight_t *flight);

/* Takes that back. */
void ngx_http_endpoint_flight_circle_leave(
    ngx_http_endpoint_flight_t *flight);


#endif /* _NGX_HTTP_ENDPOINT_FLIGHT_CIRCLE_H_INCLUDED_ */
