
/* endpoint_postgres: a pool of connections from an upstream block. */


#ifndef _NGX_HTTP_ENDPOINT_PG_CONF_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_CONF_H_INCLUDED_


#include "ngx_http_endpoint_pg_pool.h"


/*
 * The directive, in the upstream block that is being read: adds a pool to
 * pools, an array of ngx_http_endpoint_pg_pool_t *.
 */
char *ngx_http_endpoint_pg_conf(ngx_conf_t *cf, ngx_array_t *pools);

/*
 * For postconfiguration, when the upstream blocks are complete: takes their
 * servers.  NGX_ERROR: a mistake (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_pg_conf_init(ngx_conf_t *cf, ngx_array_t *pools);

/* The pool of the upstream block with this name, or NULL. */
ngx_http_endpoint_pg_pool_t *ngx_http_endpoint_pg_conf_find(
    ngx_array_t *pools, ngx_str_t *name);

/*
 * The number of a pool's isolated connections; name is set to that of its
 * upstream block.
 */
ngx_uint_t ngx_http_endpoint_pg_conf_isolated(
    ngx_http_endpoint_pg_pool_t *pool, ngx_str_t **name);


#endif /* _NGX_HTTP_ENDPOINT_PG_CONF_H_INCLUDED_ */
