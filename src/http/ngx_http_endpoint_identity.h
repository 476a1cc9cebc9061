
/* What makes an endpoint the same one after a reload. */


#ifndef _NGX_HTTP_ENDPOINT_IDENTITY_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_IDENTITY_H_INCLUDED_


#include "ngx_http_endpoint_block.h"


/*
 * Sets the identity of a block's plan: the addresses and names of its server,
 * its location, all words of the block and the files that they name.
 */
void ngx_http_endpoint_identity(ngx_conf_t *cf,
    ngx_http_endpoint_block_t *block);

/*
 * The same, 16 bytes, for a statement of the block that has a plan of its own:
 * of the block itself the method and the path alone.
 */
void ngx_http_endpoint_identity_inner(ngx_conf_t *cf,
    ngx_http_endpoint_block_t *block, ngx_http_endpoint_statement_t *statement,
    u_char *identity);

/* The same without the addresses and names of the server. */
void ngx_http_endpoint_identity_portable(ngx_http_endpoint_block_t *block,
    ngx_http_endpoint_statement_t *statement, u_char *identity);

/* Of a statement and of those of its block the words alone. */
void ngx_http_endpoint_identity_words(ngx_http_endpoint_statement_t *head,
    ngx_array_t *statements, u_char *identity);

/* The same for what a server has by a name, and which of those it is. */
void ngx_http_endpoint_identity_named(ngx_conf_t *cf,
    ngx_http_core_srv_conf_t *server, ngx_str_t *name, ngx_str_t *which,
    u_char *identity);

/*
 * Makes a plan the owner of what its cache statement keeps, by its identity:
 * who changes an endpoint does not want what the old one has kept.  NGX_ERROR:
 * memory.
 */
ngx_int_t ngx_http_endpoint_identity_own(ngx_conf_t *cf,
    ngx_http_endpoint_plan_t *plan);


#endif /* _NGX_HTTP_ENDPOINT_IDENTITY_H_INCLUDED_ */
