
/* One fault of an input, as an element of the 422's "detail". */


#ifndef _NGX_HTTP_ENDPOINT_FAULT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_FAULT_H_INCLUDED_


#include "ngx_http_endpoint_input.h"


typedef struct {
    char       *type;
    ngx_str_t   msg;
    ngx_str_t   ctx;        /* a JSON object, or empty */
    ngx_str_t   at;         /* JSON of one more element of loc, or empty */
} ngx_http_endpoint_fault_t;


/* Sets a fault without ctx; always NGX_DECLINED. */
ngx_int_t ngx_http_endpoint_fault_set(ngx_http_endpoint_fault_t *fault,
    char *type, char *msg);

/*
 * Sets a fault whose msg is the prefix and the error, which ctx repeats.
 * NGX_DECLINED, or NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_fault_error(ngx_pool_t *pool,
    ngx_http_endpoint_fault_t *fault, char *type, char *prefix,
    ngx_str_t *error);

/* Sets fault->ctx to {"key": value}.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_fault_ctx(ngx_pool_t *pool,
    ngx_http_endpoint_fault_t *fault, char *key,
    ngx_http_endpoint_value_t *value);

/*
 * Sets the json_invalid of a text that is not valid JSON, with line and column
 * as serde words them.  NGX_DECLINED, or NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_fault_json(ngx_pool_t *pool,
    ngx_http_endpoint_fault_t *fault, ngx_str_t *text);

/*
 * The offset of the first byte that cannot stand in JSON, the length of a
 * text that is only cut short.
 */
size_t ngx_http_endpoint_fault_position(ngx_str_t *text);

/*
 * Adds a fault of an input, whose loc it takes, showing the value as what the
 * client sent.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_fault_add(ngx_http_endpoint_faults_t *faults,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_fault_t *fault,
    ngx_http_endpoint_value_t *value);

/*
 * Sets err to words of a configuration error in memory of pool, unless there
 * is none; always NGX_ERROR.
 */
ngx_int_t ngx_http_endpoint_fault_conf(ngx_pool_t *pool, ngx_str_t *err,
    const char *fmt, ...);


#endif /* _NGX_HTTP_ENDPOINT_FAULT_H_INCLUDED_ */
