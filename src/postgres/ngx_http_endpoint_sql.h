
/*
 * SQL of the configuration: every $name outside quotes and comments becomes a
 * bound parameter, never text.  Knows no server and no request.
 */


#ifndef _NGX_HTTP_ENDPOINT_SQL_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_SQL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef enum {
    ngx_http_endpoint_sql_read = 0,     /* SELECT, VALUES, TABLE, SHOW */
    ngx_http_endpoint_sql_act,
    ngx_http_endpoint_sql_call          /* CALL, DO: may commit inside */
} ngx_http_endpoint_sql_kind_e;


typedef struct {
    ngx_http_endpoint_sql_kind_e   kind;
    ngx_str_t                      text;    /* with $1, …; NUL-terminated */

    /*
     * What is bound as $1, $2, …: ngx_str_t, the reference as it was written
     * but for its dollar sign: name, name.member, {name}.  A reference that
     * is written twice is one parameter.
     */
    ngx_array_t                    refs;

    /* a reference that is all of an ORDER BY, which has no effect, or "" */
    ngx_str_t                      constant;
} ngx_http_endpoint_sql_t;


/* whether an input or a step has this name */
typedef ngx_uint_t (*ngx_http_endpoint_sql_known_pt)(void *data,
    ngx_str_t *name);


/*
 * Scans text into sql, in memory of pool.  A known name inside quotes, $1, a
 * quote without its end, a second statement, and statements that would change
 * the connection which requests share (BEGIN, SET, COPY, …) are mistakes:
 * NGX_DECLINED with err set to the words for the configuration error.
 * NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_sql_scan(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_sql_known_pt known, void *data,
    ngx_http_endpoint_sql_t *sql, ngx_str_t *err);


#endif /* _NGX_HTTP_ENDPOINT_SQL_H_INCLUDED_ */
