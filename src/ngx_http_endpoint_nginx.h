
/* What differs between the versions of nginx, and nothing else. */


#ifndef _NGX_HTTP_ENDPOINT_NGINX_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_NGINX_H_INCLUDED_


#include <ngx_http.h>


/* since 1.23 header lines of one name are linked */

#if (nginx_version >= 1023000)

#define ngx_http_endpoint_header_next(h)  (h)->next = NULL

#else

#define ngx_http_endpoint_header_next(h)

#endif


/* before, fields that may come more than once were kept in arrays */

#if (nginx_version >= 1023000)

#define ngx_http_endpoint_header_many(hh)  0

#elif !(NGX_HTTP_X_FORWARDED_FOR)

#define ngx_http_endpoint_header_many(hh)                                     \
    ((hh)->offset == offsetof(ngx_http_headers_in_t, cookies))

#else

#define ngx_http_endpoint_header_many(hh)                                     \
    ((hh)->offset == offsetof(ngx_http_headers_in_t, cookies)                 \
     || (hh)->offset == offsetof(ngx_http_headers_in_t, x_forwarded_for))

#endif


#endif /* _NGX_HTTP_ENDPOINT_NGINX_H_INCLUDED_ */
