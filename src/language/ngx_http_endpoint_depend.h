
/*
 * What a kept value depends on must be in its key: found out when the
 * configuration is read, so that no client gets what was made for another.
 */


#ifndef _NGX_HTTP_ENDPOINT_DEPEND_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_DEPEND_H_INCLUDED_


#include "ngx_http_endpoint_plan.h"


/* one $name in one statement */
typedef struct {
    ngx_http_endpoint_statement_t    *statement;
    ngx_http_endpoint_step_t         *step;     /* NULL: a reply's */
    ngx_str_t                         text;     /* as written, without $ */
    ngx_http_endpoint_ref_t           ref;
    unsigned                          condition:1;      /* of when= */
} ngx_http_endpoint_use_t;


/* a client's header whose value is in the key */
typedef struct {
    ngx_hash_key_t                   *header;
    ngx_http_endpoint_ref_t           ref;
} ngx_http_endpoint_keyed_t;


/* what of the client's headers goes into a fetch whose result is kept */
typedef struct ngx_http_endpoint_pass_s {
    ngx_array_t                       lines;    /* ngx_hash_key_t */
    ngx_array_t                       keyed; /* ngx_http_endpoint_keyed_t */
} ngx_http_endpoint_pass_t;


/* Notes a use of ref by the statement of c.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_depend_note(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text, ngx_http_endpoint_ref_t *ref);

/*
 * Checks what the cache statement and every cache= of the plan depend on, and
 * sets which headers their fetches pass.  NGX_ERROR: something is missing in a
 * key (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_depend_check(ngx_http_endpoint_compile_t *c);


#endif /* _NGX_HTTP_ENDPOINT_DEPEND_H_INCLUDED_ */
