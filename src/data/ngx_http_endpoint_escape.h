
/* Text as it stands inside a JSON string, eight bytes at a time. */


#ifndef _NGX_HTTP_ENDPOINT_ESCAPE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_ESCAPE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* Writes len bytes to p, where 6 * len or what is said below is; its end. */
u_char *ngx_http_endpoint_escape(u_char *p, u_char *v, size_t len);

/* How many bytes more than len that takes. */
size_t ngx_http_endpoint_escape_more(u_char *v, size_t len);


#endif /* _NGX_HTTP_ENDPOINT_ESCAPE_H_INCLUDED_ */
