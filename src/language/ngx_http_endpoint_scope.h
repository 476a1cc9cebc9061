
/*
 * What texts of the configuration are rendered against: values, and where to
 * look for a variable.  A run has one, and so may have anything else that fills
 * in values.
 */


#ifndef _NGX_HTTP_ENDPOINT_SCOPE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_SCOPE_H_INCLUDED_


#include "ngx_http_endpoint_plan.h"


typedef struct ngx_http_endpoint_scope_s  ngx_http_endpoint_scope_t;


struct ngx_http_endpoint_scope_s {
    ngx_pool_t                   *pool;     /* of what is rendered */
    ngx_log_t                    *log;
    ngx_http_endpoint_value_t    *values;   /* by slot */

    /* the text of an nginx variable, empty where it has none; NGX_ERROR */
    ngx_int_t                   (*variable)(ngx_http_endpoint_scope_t *scope,
                                            ngx_uint_t index, ngx_str_t *text);
};


/* The value of a reference; of a variable, a text.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_scope_value(ngx_http_endpoint_scope_t *scope,
    ngx_http_endpoint_ref_t *ref, ngx_http_endpoint_value_t *v);


#endif /* _NGX_HTTP_ENDPOINT_SCOPE_H_INCLUDED_ */
