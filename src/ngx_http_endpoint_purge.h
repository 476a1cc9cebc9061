
/* endpoint_cache_purge: a location by which operators drop a kept value. */


#ifndef _NGX_HTTP_ENDPOINT_PURGE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PURGE_H_INCLUDED_


#include <ngx_http.h>


/* endpoint_cache_purge ZONE; the setter of a command, NGX_CONF_TAKE1. */
char *ngx_http_endpoint_purge_conf(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* _NGX_HTTP_ENDPOINT_PURGE_H_INCLUDED_ */
