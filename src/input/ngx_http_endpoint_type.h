
/* Reading each type of input from text and from JSON, as pydantic does. */


#ifndef _NGX_HTTP_ENDPOINT_TYPE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TYPE_H_INCLUDED_


#include "ngx_http_endpoint_fault.h"


/* what was read, before the constraints have seen it */
typedef struct {
    ngx_http_endpoint_type_e    type;
    int64_t                     integer;
    ngx_int_t                   beyond;     /* 64 bits, at which end: -1, 1 */
    double                      real;       /* not always finite */
    ngx_http_endpoint_value_t   value;      /* of all types but numbers */
    unsigned                    plain:1;    /* of an integer too */
} ngx_http_endpoint_typed_t;


/* The type of that name; NGX_DECLINED: there is none. */
ngx_int_t ngx_http_endpoint_type_find(u_char *data, size_t len,
    ngx_http_endpoint_type_e *type);

/* The name of a type, as declarations have it. */
char *ngx_http_endpoint_type_name(ngx_http_endpoint_type_e type);

/*
 * Reads a type from text, which must be UTF-8, or from a JSON value.  The
 * result may be a slice of it.  NGX_DECLINED with fault set, or NGX_ERROR:
 * memory.
 */
ngx_int_t ngx_http_endpoint_type_from_text(ngx_pool_t *pool,
    ngx_http_endpoint_type_e type, ngx_str_t *text,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault);
ngx_int_t ngx_http_endpoint_type_from_json(ngx_pool_t *pool,
    ngx_http_endpoint_type_e type, ngx_http_endpoint_value_t *json,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_fault_t *fault);

/*
 * Makes a value of what was read.  NGX_DECLINED with fault set where a number
 * cannot be one: beyond 64 bits, or not finite.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_type_value(ngx_pool_t *pool,
    ngx_http_endpoint_typed_t *typed, ngx_http_endpoint_value_t *value,
    ngx_http_endpoint_fault_t *fault);

/* whether valid JSON has half a surrogate pair, which no UTF-8 stands for */
ngx_uint_t ngx_http_endpoint_type_unpaired(ngx_str_t *json);

/* the bool that was read */
void ngx_http_endpoint_type_truth(ngx_http_endpoint_typed_t *typed,
    ngx_uint_t truth);

/* Sets the fault of an integer that does not fit; always NGX_DECLINED. */
ngx_int_t ngx_http_endpoint_type_size(ngx_http_endpoint_fault_t *fault);


#endif /* _NGX_HTTP_ENDPOINT_TYPE_H_INCLUDED_ */
