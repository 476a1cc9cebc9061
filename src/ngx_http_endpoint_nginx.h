
/* What differs between the versions of nginx, and nothing else. */


#ifndef _NGX_HTTP_ENDPOINT_NGINX_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_NGINX_H_INCLUDED_


#include <ngx_http.h>


/* since 1.23 header lines of one name are linked */

#if (nginx_version >= 1023000)

#define ngx_http_endpoint_header_next(h)  (h)->next = NULL
#define ngx_http_endpoint_has_next  1

#else

#define ngx_http_endpoint_header_next(h)
#define ngx_http_endpoint_has_next  0

#endif


#endif /* _NGX_HTTP_ENDPOINT_NGINX_H_INCLUDED_ */
