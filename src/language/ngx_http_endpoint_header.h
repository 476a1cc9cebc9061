
/* Header lines that the configuration writes: set_header, 'header=…'. */


#ifndef _NGX_HTTP_ENDPOINT_HEADER_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_HEADER_H_INCLUDED_


#include "ngx_http_endpoint_refusal.h"
#include "ngx_http_endpoint_template.h"


typedef struct {
    ngx_str_t                      name;
    u_char                        *lowcase;
    ngx_uint_t                     hash;
    ngx_http_endpoint_template_t   value;
} ngx_http_endpoint_header_t;


/*
 * Compiles a header's name, a literal token (RFC 9110, section 5.6.2) that
 * does not frame the message, and the template of its value.  NGX_ERROR: a
 * mistake (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_header_compile(ngx_http_endpoint_compile_t *c,
    ngx_str_t *name, ngx_str_t *value, ngx_http_endpoint_header_t *header);

/* Whether name is a token, as the name of a header must be. */
ngx_uint_t ngx_http_endpoint_header_token(ngx_str_t *name);

/* Whether a header belongs to the connection, and to nobody else. */
ngx_uint_t ngx_http_endpoint_header_frames(ngx_str_t *name);

/*
 * Renders the value.  NGX_DECLINED: it has a CR, LF or NUL, and refusal is set;
 * NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_header_render(ngx_http_endpoint_header_t *header,
    ngx_http_endpoint_scope_t *scope, ngx_str_t *text,
    ngx_http_endpoint_refusal_t *refusal);


#endif /* _NGX_HTTP_ENDPOINT_HEADER_H_INCLUDED_ */
