
/* What an input must satisfy beside its type: ge=1, pattern=…, enum=a,b. */


#ifndef _NGX_HTTP_ENDPOINT_CONSTRAINT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CONSTRAINT_H_INCLUDED_


#include "ngx_http_endpoint_choice.h"
#include "ngx_http_endpoint_regex.h"


/* in the order in which they are checked: the first that fails is the fault */
typedef enum {
    ngx_http_endpoint_constraint_enum = 0,
    ngx_http_endpoint_constraint_le,
    ngx_http_endpoint_constraint_lt,
    ngx_http_endpoint_constraint_ge,
    ngx_http_endpoint_constraint_gt,
    ngx_http_endpoint_constraint_min_length,
    ngx_http_endpoint_constraint_max_length,
    ngx_http_endpoint_constraint_pattern
} ngx_http_endpoint_constraint_e;


struct ngx_http_endpoint_constraint_s {
    ngx_http_endpoint_constraint_e   type;
    ngx_str_t                        text;  /* behind "=", as written */

    ngx_http_endpoint_typed_t        bound; /* of le, lt, ge, gt */
    size_t                           length;
    ngx_array_t                      choice; /* ngx_http_endpoint_typed_t */
    ngx_http_endpoint_regex_t       *regex;

    ngx_http_endpoint_fault_t        fault; /* of what does not satisfy it */
};


/*
 * Compiles the option "name=value" of an input that has its type, and adds it
 * to input->constraints, which becomes an array in pool with the first.
 * NGX_ERROR with err set to the words for the configuration error, or
 * unchanged: memory.
 */
ngx_int_t ngx_http_endpoint_constraint_compile(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *option, ngx_str_t *err);

/*
 * Whether the constraints of an input, all of which are compiled, leave a
 * value.  NGX_ERROR with err set to the words for the configuration error, or
 * unchanged: memory.
 */
ngx_int_t ngx_http_endpoint_constraint_agree(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *err);

/*
 * NGX_DECLINED, with a copy in fault of what the first of the constraints (or
 * NULL) that fails has to say.
 */
ngx_int_t ngx_http_endpoint_constraint_check(ngx_array_t *constraints,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault);


#endif /* _NGX_HTTP_ENDPOINT_CONSTRAINT_H_INCLUDED_ */
