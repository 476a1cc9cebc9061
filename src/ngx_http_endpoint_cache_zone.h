
/* What stands where in the zone of a cache, how it is mended, its walker. */


#ifndef _NGX_HTTP_ENDPOINT_CACHE_ZONE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CACHE_ZONE_H_INCLUDED_


#include "ngx_http_endpoint_cache.h"


extern ngx_http_endpoint_zone_kind_t  ngx_http_endpoint_cache_kind;


/*
 * Checks every invariant of the zone under its lock.  NULL: it is whole,
 * otherwise the words for what is broken.
 */
char *ngx_http_endpoint_cache_walk(ngx_http_endpoint_cache_t *cache);


#endif /* _NGX_HTTP_ENDPOINT_CACHE_ZONE_H_INCLUDED_ */
