
/*
 * A block that runs later than the one it stands in uses values of that one:
 * they are carried over to it, each in a slot of its own.
 */


#ifndef _NGX_HTTP_ENDPOINT_CARRIED_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CARRIED_H_INCLUDED_


#include "ngx_http_endpoint_plan.h"
#include "ngx_http_endpoint_scope.h"


typedef struct {
    ngx_http_endpoint_ref_t    from;    /* in the plan around */
    ngx_http_endpoint_name_t   name;    /* in the block's */
} ngx_http_endpoint_carried_t;


/*
 * Resolves a reference as ngx_http_endpoint_name_ref() does, in c->outer, for
 * whose step the use is noted, and gives it a slot of c->plan.
 */
ngx_int_t ngx_http_endpoint_carried_ref(ngx_http_endpoint_compile_t *c,
    u_char **pos, u_char *end, ngx_http_endpoint_ref_t *ref);

/*
 * Writes the values that plan takes from scope, of the plan around, as bytes
 * of pool.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_carried_pack(ngx_http_endpoint_plan_t *plan,
    ngx_http_endpoint_scope_t *scope, ngx_pool_t *pool, ngx_str_t *bytes);

/*
 * How many bytes pack() would write, of what is known before the first step:
 * inputs and variables.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_carried_known(ngx_http_endpoint_plan_t *plan,
    ngx_http_endpoint_scope_t *scope, size_t *len);

/*
 * Sets the values of plan in scope from the bytes of pack(), which must live
 * as long.  NGX_DECLINED: they are not of this plan.
 */
ngx_int_t ngx_http_endpoint_carried_unpack(ngx_http_endpoint_plan_t *plan,
    ngx_http_endpoint_scope_t *scope, ngx_str_t *bytes);


#endif /* _NGX_HTTP_ENDPOINT_CARRIED_H_INCLUDED_ */
