
/* A keyed hash: clients choose what is hashed, so the key must be secret. */


#ifndef _NGX_HTTP_ENDPOINT_HASH_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_HASH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    uint64_t                              k0;
    uint64_t                              k1;
} ngx_http_endpoint_hash_seed_t;


/* SipHash-1-3 of len bytes. */
uint64_t ngx_http_endpoint_hash(ngx_http_endpoint_hash_seed_t *seed,
    u_char *data, size_t len);

/* Sets a seed from the system's random bytes. */
void ngx_http_endpoint_hash_seed(ngx_http_endpoint_hash_seed_t *seed);


#endif /* _NGX_HTTP_ENDPOINT_HASH_H_INCLUDED_ */
