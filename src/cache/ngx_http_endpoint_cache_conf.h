
/* The directive of a cache zone. */


#ifndef _NGX_HTTP_ENDPOINT_CACHE_CONF_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CACHE_CONF_H_INCLUDED_


#include "ngx_http_endpoint_cache.h"


/*
 * endpoint_cache_zone zone=name:size entries=N ttl=T [stale=T] [jitter=P%]
 * [max_size=SIZE]; the setter of a command, NGX_HTTP_MAIN_CONF|NGX_CONF_2MORE.
 */
char *ngx_http_endpoint_cache_conf(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * The zone that a statement names; its data is the ngx_http_endpoint_cache_t
 * once the directive was read, which may stand further down: NULL until then,
 * and nginx refuses a zone that stays without a directive.  NULL: logged.
 */
ngx_shm_zone_t *ngx_http_endpoint_cache_conf_zone(ngx_conf_t *cf,
    ngx_str_t *name);


#endif /* _NGX_HTTP_ENDPOINT_CACHE_CONF_H_INCLUDED_ */
