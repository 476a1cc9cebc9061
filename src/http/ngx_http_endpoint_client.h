
/*
 * What is kept of a client's request for a run that goes on without it: a
 * location that such a run fetches sees the client as the request did.
 */


#ifndef _NGX_HTTP_ENDPOINT_CLIENT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CLIENT_H_INCLUDED_


#include <ngx_http.h>
#include "ngx_http_endpoint_plan.h"


/* a variable that the run itself names */
typedef struct {
    ngx_uint_t                  index;
    ngx_str_t                   text;
} ngx_http_endpoint_client_text_t;


typedef struct {
    ngx_array_t                 texts;  /* ngx_http_endpoint_client_text_t */
    ngx_http_variable_value_t  *variables;  /* by index, for its fetches */
    ngx_array_t                 headers;    /* ngx_table_elt_t */
    ngx_str_t                   request_line;
    ngx_str_t                   request_uri;
    ngx_str_t                   server;     /* of $host */
    ngx_table_elt_t            *host;       /* or NULL */
    struct sockaddr            *sockaddr;
    socklen_t                   socklen;
    ngx_str_t                   addr_text;
    struct sockaddr            *local_sockaddr;
    socklen_t                   local_socklen;
} ngx_http_endpoint_client_t;


/*
 * Copies into pool what r tells of its client: the request line, the host, the
 * addresses, variables of TLS and of the PROXY protocol, and those headers of
 * pass (ngx_hash_key_t) that it has sent.  NULL: memory.
 */
ngx_http_endpoint_client_t *ngx_http_endpoint_client_copy(ngx_pool_t *pool,
    ngx_http_request_t *r, ngx_array_t *pass);

/* Keeps a copy of text for variable().  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_client_keep(ngx_http_endpoint_client_t *client,
    ngx_pool_t *pool, ngx_uint_t index, ngx_str_t *text);

/* The text of a variable.  NGX_ERROR: it was not kept. */
ngx_int_t ngx_http_endpoint_client_variable(
    ngx_http_endpoint_client_t *client, ngx_uint_t index, ngx_str_t *text);

/*
 * Makes a host's request one of this client, which must live as long.
 * NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_client_set(ngx_http_endpoint_client_t *client,
    ngx_http_request_t *r);


#endif /* _NGX_HTTP_ENDPOINT_CLIENT_H_INCLUDED_ */
