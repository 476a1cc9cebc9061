
/* A statement of a block, as nginx's lexer has read it. */


#ifndef _NGX_HTTP_ENDPOINT_STATEMENT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_STATEMENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* one statement as it was read, with what an error message needs */
typedef struct {
    ngx_str_t                        *args;     /* args[0] is its name */
    ngx_uint_t                        nargs;
    ngx_str_t                         file;
    ngx_uint_t                        line;
    ngx_array_t                      *block;    /* what stands in it, or NULL */
    ngx_str_t                         content;  /* of its file=, or empty */
    ngx_uint_t                        apart;    /* its block is a plan */
} ngx_http_endpoint_statement_t;


/* Logs a configuration error at a statement; always NGX_ERROR. */
ngx_int_t ngx_http_endpoint_plan_error(ngx_conf_t *cf,
    ngx_http_endpoint_statement_t *statement, const char *fmt, ...);


/* The same for a warning. */
void ngx_http_endpoint_plan_warn(ngx_conf_t *cf,
    ngx_http_endpoint_statement_t *statement, const char *fmt, ...);


#endif /* _NGX_HTTP_ENDPOINT_STATEMENT_H_INCLUDED_ */
