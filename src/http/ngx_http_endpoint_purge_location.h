
/* endpoint_cache_purge: a location by which operators drop a kept value. */


#ifndef _NGX_HTTP_ENDPOINT_PURGE_LOCATION_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PURGE_LOCATION_H_INCLUDED_


#include <ngx_http.h>
#include "ngx_http_endpoint_plan.h"


/* a location with endpoint_cache_purge, as it was read */
typedef struct {
    ngx_http_endpoint_statement_t   statement;
    ngx_shm_zone_t                 *zone;
    ngx_http_core_loc_conf_t       *location;
} ngx_http_endpoint_purge_location_t;


/* endpoint_cache_purge ZONE; the setter of a command, NGX_CONF_TAKE1. */
char *ngx_http_endpoint_purge_conf(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * When all is read: whether the zones exist, and no other directive has taken
 * the locations.  purges are ngx_http_endpoint_purge_location_t.  NGX_ERROR: a
 * mistake (logged).
 */
ngx_int_t ngx_http_endpoint_purge_check(ngx_conf_t *cf, ngx_array_t *purges);


#endif /* _NGX_HTTP_ENDPOINT_PURGE_LOCATION_H_INCLUDED_ */
