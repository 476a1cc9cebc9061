
/* A value of the server, in text format, as JSON. */


#ifndef _NGX_HTTP_ENDPOINT_PG_VALUE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_VALUE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* what each function that writes leaves free: a separator, a quote, a word */
#define NGX_HTTP_ENDPOINT_PG_VALUE_SLACK  32


typedef enum {
    ngx_http_endpoint_pg_value_string = 0,
    ngx_http_endpoint_pg_value_number,
    ngx_http_endpoint_pg_value_bigint,          /* as a string */
    ngx_http_endpoint_pg_value_float,
    ngx_http_endpoint_pg_value_bool,
    ngx_http_endpoint_pg_value_raw,             /* JSON already */
    ngx_http_endpoint_pg_value_time,
    ngx_http_endpoint_pg_value_bytea
} ngx_http_endpoint_pg_value_kind_e;


/* memory of the worker's that grows and is used again */
typedef struct {
    u_char   *start;
    u_char   *pos;
    u_char   *end;
} ngx_http_endpoint_pg_value_buf_t;


/* Makes room for len bytes behind pos.  NGX_ERROR: memory. */
#define ngx_http_endpoint_pg_value_reserve(b, len)                            \
    (((size_t) ((b)->end - (b)->pos) >= (size_t) (len))                       \
     ? NGX_OK : ngx_http_endpoint_pg_value_grow(b, len))

#define ngx_http_endpoint_pg_value_put(b, text)                               \
    (b)->pos = ngx_cpymem((b)->pos, text, sizeof(text) - 1)


/*
 * How values of the type with this oid are written; array is set where each is
 * an array of them; bigint: int8 as strings.
 */
ngx_http_endpoint_pg_value_kind_e ngx_http_endpoint_pg_value_kind(
    ngx_uint_t oid, ngx_uint_t bigint, ngx_uint_t *array);

/*
 * Appends a value of len bytes, or an array, to b, which has the slack free
 * before and after.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_pg_value(ngx_http_endpoint_pg_value_buf_t *b,
    ngx_http_endpoint_pg_value_kind_e kind, u_char *v, size_t len);
ngx_int_t ngx_http_endpoint_pg_value_array(
    ngx_http_endpoint_pg_value_buf_t *b,
    ngx_http_endpoint_pg_value_kind_e kind, u_char *v, size_t len);

ngx_int_t ngx_http_endpoint_pg_value_grow(
    ngx_http_endpoint_pg_value_buf_t *b, size_t len);

/* Gives back what a big result took. */
void ngx_http_endpoint_pg_value_keep(ngx_http_endpoint_pg_value_buf_t *b);


#endif /* _NGX_HTTP_ENDPOINT_PG_VALUE_H_INCLUDED_ */
