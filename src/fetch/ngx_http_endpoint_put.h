
/* PUT to a location without a content handler, nginx's dav module's. */


#ifndef _NGX_HTTP_ENDPOINT_PUT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PUT_H_INCLUDED_


#include <ngx_http.h>


/* Installs the handler of the phase before it.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_put_init(ngx_conf_t *cf);


#endif /* _NGX_HTTP_ENDPOINT_PUT_H_INCLUDED_ */
