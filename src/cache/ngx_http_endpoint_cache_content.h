
/*
 * What is kept in a cache zone: a reply, a step's value, or for those who wait
 * the reason why there is none; and the way there and back.
 */


#ifndef _NGX_HTTP_ENDPOINT_CACHE_CONTENT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CACHE_CONTENT_H_INCLUDED_


#include "ngx_http_endpoint_cache.h"
#include "ngx_http_endpoint_outcome.h"
#include "ngx_http_endpoint_run.h"


typedef enum {
    ngx_http_endpoint_cache_content_reply = 1,
    ngx_http_endpoint_cache_content_null,
    ngx_http_endpoint_cache_content_json,
    ngx_http_endpoint_cache_content_text,
    ngx_http_endpoint_cache_content_outcome
} ngx_http_endpoint_cache_content_kind_e;


/*
 * Packs run->result with the headers from number first on; the body is not
 * copied.  A Set-Cookie is left out: it is one client's.  fallback: it was
 * made of a value in place of another.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_cache_content_pack_reply(
    ngx_http_endpoint_run_t *run, ngx_uint_t first, ngx_uint_t fallback,
    ngx_str_t *types, ngx_http_endpoint_cache_value_t *value);

/* Packs a step's value; the text is not copied.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_cache_content_pack_value(
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_value_t *v,
    ngx_str_t *types, ngx_http_endpoint_cache_value_t *value);

/* Packs why a step failed; the body is not copied.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_cache_content_pack_outcome(
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_outcome_t *outcome,
    ngx_str_t *types, ngx_http_endpoint_cache_value_t *value);

/*
 * Notes that value was made of one in place of another, or what only those
 * make the same of it whose policy is the same, which is not 0.
 */
void ngx_http_endpoint_cache_content_set_fallback(
    ngx_http_endpoint_cache_value_t *value);
void ngx_http_endpoint_cache_content_set_policy(
    ngx_http_endpoint_cache_value_t *value, uint64_t policy);

ngx_uint_t ngx_http_endpoint_cache_content_fallback(
    ngx_http_endpoint_cache_value_t *value);
uint64_t ngx_http_endpoint_cache_content_policy(
    ngx_http_endpoint_cache_value_t *value);

/*
 * What value is, or 0: made by another version of this code, or for a key that
 * only looks the same.
 */
ngx_uint_t ngx_http_endpoint_cache_content_kind(
    ngx_http_endpoint_cache_value_t *value, ngx_str_t *types);

/*
 * Makes a reply of value the result of run, adding its headers.  NGX_ERROR:
 * memory.
 */
ngx_int_t ngx_http_endpoint_cache_content_unpack_reply(
    ngx_http_endpoint_cache_value_t *value, ngx_http_endpoint_run_t *run);

/* Sets outcome to a failure.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_cache_content_unpack_outcome(
    ngx_http_endpoint_cache_value_t *value, ngx_pool_t *pool,
    ngx_http_endpoint_outcome_t *outcome);

/* Makes v the step's value. */
void ngx_http_endpoint_cache_content_unpack_value(
    ngx_http_endpoint_cache_value_t *value, ngx_http_endpoint_value_t *v);


#endif /* _NGX_HTTP_ENDPOINT_CACHE_CONTENT_H_INCLUDED_ */
