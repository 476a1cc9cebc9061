
/*
 * The one list of the kinds of steps: the table of a kind is
 * ngx_http_endpoint_step_NAME, its statement has the same name.
 */


#ifndef _NGX_HTTP_ENDPOINT_KINDS_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_KINDS_H_INCLUDED_


#include "ngx_http_endpoint_block.h"


/* an endpoint's, and those that run without a client */
#define NGX_HTTP_ENDPOINT_BLOCKS                                              \
    (NGX_HTTP_ENDPOINT_BLOCK|NGX_HTTP_ENDPOINT_DETACHED)


/* the name, where the statement may stand with how many words, its handler */
#define NGX_HTTP_ENDPOINT_KINDS(KIND)                                         \
                                                                              \
    KIND(sleep, NGX_HTTP_ENDPOINT_BLOCKS|NGX_CONF_1MORE,                      \
         ngx_http_endpoint_statement)                                         \
                                                                              \
    KIND(fetch, NGX_HTTP_ENDPOINT_BLOCKS|NGX_CONF_1MORE,                      \
         ngx_http_endpoint_statement)                                         \
                                                                              \
    KIND(require, NGX_HTTP_ENDPOINT_BLOCKS|NGX_HTTP_ENDPOINT_TRANSACTION      \
         |NGX_CONF_2MORE,                                                     \
         ngx_http_endpoint_statement)                                         \
                                                                              \
    KIND(wait, NGX_HTTP_ENDPOINT_BLOCKS|NGX_CONF_NOARGS,                      \
         ngx_http_endpoint_statement)                                         \
                                                                              \
    KIND(log, NGX_HTTP_ENDPOINT_BLOCKS|NGX_HTTP_ENDPOINT_TRANSACTION          \
         |NGX_CONF_2MORE,                                                     \
         ngx_http_endpoint_statement)                                         \
                                                                              \
    KIND(set_header, NGX_HTTP_ENDPOINT_BLOCK|NGX_CONF_2MORE,                  \
         ngx_http_endpoint_statement)                                         \
                                                                              \
    KIND(query, NGX_HTTP_ENDPOINT_BLOCKS|NGX_HTTP_ENDPOINT_TRANSACTION        \
         |NGX_CONF_2MORE,                                                     \
         ngx_http_endpoint_statement)                                         \
                                                                              \
    KIND(query_row, NGX_HTTP_ENDPOINT_BLOCKS|NGX_HTTP_ENDPOINT_TRANSACTION    \
         |NGX_CONF_2MORE,                                                     \
         ngx_http_endpoint_statement)                                         \
                                                                              \
    KIND(transaction, NGX_HTTP_ENDPOINT_BLOCKS|NGX_CONF_BLOCK|NGX_CONF_ANY,   \
         ngx_http_endpoint_transaction)                                       \
                                                                              \
    KIND(background, NGX_HTTP_ENDPOINT_BLOCK|NGX_HTTP_ENDPOINT_TRANSACTION    \
         |NGX_CONF_BLOCK|NGX_CONF_ANY,                                        \
         ngx_http_endpoint_background)                                        \
                                                                              \
    KIND(cache, NGX_HTTP_ENDPOINT_BLOCK|NGX_CONF_2MORE,                       \
         ngx_http_endpoint_statement)                                         \
                                                                              \
    KIND(purge, NGX_HTTP_ENDPOINT_BLOCKS|NGX_CONF_2MORE,                      \
         ngx_http_endpoint_statement)


extern ngx_http_endpoint_kinds_t  ngx_http_endpoint_kinds;


#endif /* _NGX_HTTP_ENDPOINT_KINDS_H_INCLUDED_ */
