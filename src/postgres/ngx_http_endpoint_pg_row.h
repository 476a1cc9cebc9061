
/* A result of the server as JSON, by the types of its columns. */


#ifndef _NGX_HTTP_ENDPOINT_PG_ROW_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_ROW_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <libpq-fe.h>


#define NGX_HTTP_ENDPOINT_PG_ROW_FIRST   0x01   /* an object, or null */
#define NGX_HTTP_ENDPOINT_PG_ROW_BIGINT  0x02   /* int8 as strings */


/* the columns of a statement's results, zeroed before the first of them */
typedef struct {
    struct ngx_http_endpoint_pg_row_column_s  *columns;
    int                                        ncolumns;
} ngx_http_endpoint_pg_row_head_t;


/* what is written of a result, zeroed before its first piece */
typedef struct {
    ngx_str_t                                  json;    /* all of it, or of */
    ngx_chain_t                               *chain;   /* several pieces */
    ngx_chain_t                              **last;
    int                                        next;    /* row */
} ngx_http_endpoint_pg_row_text_t;


/*
 * Writes a result in text format as an array of row objects, or as its first
 * row, into memory of pool.  The session must have DateStyle ISO, bytea_output
 * hex and client_encoding UTF8.  head keeps the keys, for the next result with
 * the same columns, and goes with the same flags each time.
 *
 * NGX_AGAIN: a piece is written, others are to have their turn before the next.
 * NGX_OK: json.len is that of all; where there is a chain, json.data is NULL.
 * NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_pg_row_json(PGresult *result,
    ngx_http_endpoint_pg_row_head_t *head, ngx_uint_t flags, ngx_pool_t *pool,
    ngx_http_endpoint_pg_row_text_t *text);

/* Frees what head keeps. */
void ngx_http_endpoint_pg_row_free(ngx_http_endpoint_pg_row_head_t *head);


#endif /* _NGX_HTTP_ENDPOINT_PG_ROW_H_INCLUDED_ */
