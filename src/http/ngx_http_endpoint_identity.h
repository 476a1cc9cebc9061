
/* What makes an endpoint the same one after a reload. */


#ifndef _NGX_HTTP_ENDPOINT_IDENTITY_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_IDENTITY_H_INCLUDED_


#include "ngx_http_endpoint_block.h"


/*
 * Makes the endpoint of a block the owner of what its cache statement keeps.
 * It is known by the addresses and names of its server, its location, all words
 * of its block and the files that they name: who changes an endpoint does not
 * want what the old one has kept.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_identity_own(ngx_conf_t *cf,
    ngx_http_endpoint_block_t *block);


#endif /* _NGX_HTTP_ENDPOINT_IDENTITY_H_INCLUDED_ */
