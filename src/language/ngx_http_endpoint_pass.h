
/* Which headers of the client go with a step that asks someone else. */


#ifndef _NGX_HTTP_ENDPOINT_PASS_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PASS_H_INCLUDED_


#include "ngx_http_endpoint_plan.h"


/* a client's header whose value is in the key */
typedef struct {
    ngx_hash_key_t                   *header;
    ngx_http_endpoint_ref_t           ref;
} ngx_http_endpoint_keyed_t;


/* what of the client's headers goes into a fetch whose result is kept */
struct ngx_http_endpoint_pass_s {
    ngx_array_t                       lines;    /* ngx_hash_key_t */
    ngx_array_t                       keyed; /* ngx_http_endpoint_keyed_t */
};


#endif /* _NGX_HTTP_ENDPOINT_PASS_H_INCLUDED_ */
