
/* A result of the server as JSON, by the types of its columns. */


#ifndef _NGX_HTTP_ENDPOINT_PG_ROW_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_ROW_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <libpq-fe.h>


#define NGX_HTTP_ENDPOINT_PG_ROW_FIRST   0x01   /* an object, or null */
#define NGX_HTTP_ENDPOINT_PG_ROW_BIGINT  0x02   /* int8 as strings */


/*
 * Writes a result in text format as an array of row objects, or as its first
 * row, into memory of pool.  The session must have DateStyle ISO, bytea_output
 * hex and client_encoding UTF8.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_pg_row_json(PGresult *result, ngx_uint_t flags,
    ngx_pool_t *pool, ngx_str_t *json);


#endif /* _NGX_HTTP_ENDPOINT_PG_ROW_H_INCLUDED_ */
