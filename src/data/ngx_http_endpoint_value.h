
/*
 * The room data/ holds what knows nothing but bytes: values as slices of JSON,
 * the checks and scanners of JSON, writers, numbers, UTF-8, UUIDs, digests.
 * Pure: a pool, a pointer and a length.  It may use nginx's core alone.
 */

/*
 * A value is JSON, kept as a slice of the text it came in: a number keeps
 * its digits and a spliced body costs no copy.
 */


#ifndef _NGX_HTTP_ENDPOINT_VALUE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_VALUE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef enum {
    ngx_http_endpoint_null = 0,
    ngx_http_endpoint_false,
    ngx_http_endpoint_true,
    ngx_http_endpoint_number,
    ngx_http_endpoint_string,       /* data is JSON, its quotes included */
    ngx_http_endpoint_array,
    ngx_http_endpoint_object,
    ngx_http_endpoint_text          /* data is valid UTF-8, not JSON */
} ngx_http_endpoint_value_type_e;


typedef enum {
    ngx_http_endpoint_eq = 0,
    ngx_http_endpoint_ne,
    ngx_http_endpoint_lt,
    ngx_http_endpoint_le,
    ngx_http_endpoint_gt,
    ngx_http_endpoint_ge
} ngx_http_endpoint_op_e;


typedef struct {
    ngx_http_endpoint_value_type_e   type;

    /* JSON text, or raw text for ngx_http_endpoint_text; of null, unused */
    ngx_str_t                        data;

    /*
     * A body that did not fit one block: data.data is NULL, data.len is the
     * sum of the links until ngx_http_endpoint_value_flatten() joins them.
     */
    ngx_chain_t                     *chain;
} ngx_http_endpoint_value_t;


/*
 * Makes v the JSON value whose text is data, len bytes (a slice, not copied),
 * without white space around it.  The text must be valid JSON: the type is
 * taken from its first byte.  An empty text is null.
 */
void ngx_http_endpoint_value_json(ngx_http_endpoint_value_t *v, u_char *data,
    size_t len);

/* Makes v the text of len bytes, valid UTF-8 (a slice, not copied). */
void ngx_http_endpoint_value_text(ngx_http_endpoint_value_t *v, u_char *data,
    size_t len);

/* Joins a value kept as a chain into one block of pool; NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_value_flatten(ngx_pool_t *pool,
    ngx_http_endpoint_value_t *v);

/*
 * The text of a value: a string without its quotes and escapes, "" for null,
 * the JSON text for all else.  A slice of v where nothing had to be decoded,
 * else memory of pool.  A lone surrogate becomes U+FFFD.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_value_to_text(ngx_pool_t *pool,
    ngx_http_endpoint_value_t *v, ngx_str_t *text);

/*
 * Writes what the escape of a JSON string at *p stands for, 4 bytes at most,
 * to dst, moves *p behind it, and returns the end of what was written.
 */
u_char *ngx_http_endpoint_value_escape(u_char *dst, u_char **p, u_char *last);

/*
 * The JSON of a value: text is quoted and escaped into memory of pool, all
 * else is a slice.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_value_to_json(ngx_pool_t *pool,
    ngx_http_endpoint_value_t *v, ngx_str_t *json);

/* null, false and "" are false; 0, [] and {} are true. */
ngx_uint_t ngx_http_endpoint_value_truth(ngx_http_endpoint_value_t *v);

/* null, "", [] and {}. */
ngx_uint_t ngx_http_endpoint_value_empty(ngx_http_endpoint_value_t *v);

/*
 * Numbers compare as numbers (64-bit integers exactly), strings and text by
 * their bytes; of different or other types only == and != can hold.
 * 1, 0, or NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_value_compare(ngx_pool_t *pool,
    ngx_http_endpoint_value_t *a, ngx_http_endpoint_op_e op,
    ngx_http_endpoint_value_t *b);


#endif /* _NGX_HTTP_ENDPOINT_VALUE_H_INCLUDED_ */
