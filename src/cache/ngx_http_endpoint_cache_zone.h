
/* What stands where in the zone of a cache, and how it is mended. */


#ifndef _NGX_HTTP_ENDPOINT_CACHE_ZONE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CACHE_ZONE_H_INCLUDED_


#include "ngx_http_endpoint_cache.h"


extern ngx_http_endpoint_zone_kind_t  ngx_http_endpoint_cache_kind;


#endif /* _NGX_HTTP_ENDPOINT_CACHE_ZONE_H_INCLUDED_ */
