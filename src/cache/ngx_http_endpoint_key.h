
/*
 * The key of a kept value: the KEY words of the configuration with their
 * values.  A word has at most one $name, so that no two sets of values give
 * the same text; what stands around the name is part of the key's shape.
 */


#ifndef _NGX_HTTP_ENDPOINT_KEY_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_KEY_H_INCLUDED_


#include "ngx_http_endpoint_cache.h"
#include "ngx_http_endpoint_scope.h"


#define NGX_HTTP_ENDPOINT_KEY_OWNER  8


typedef struct {
    ngx_str_t                    prefix;
    ngx_str_t                    suffix;
    ngx_http_endpoint_ref_t      ref;
    unsigned                     bound:1;       /* it has a $name */
} ngx_http_endpoint_word_t;


typedef struct {
    ngx_http_endpoint_cache_t   *cache;
    ngx_array_t                  words; /* ngx_http_endpoint_word_t */
    ngx_uint_t                   nrefs;

    /* ngx_http_endpoint_ref_t: what the value is made of, and the key */
    ngx_array_t                  made_of;

    /* a digest of the shape and of whom the values belong to */
    u_char                       owner[NGX_HTTP_ENDPOINT_KEY_OWNER];

    unsigned                     exact:1;       /* 1 is not "1" */
} ngx_http_endpoint_key_t;


/*
 * Compiles n words to key, for the zone that has been declared under that
 * name.  NGX_ERROR: a mistake (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_key_compile(ngx_http_endpoint_compile_t *c,
    ngx_str_t *zone, ngx_str_t *words, ngx_uint_t n,
    ngx_http_endpoint_key_t *key);

/* The zone of a name, for the statement of c.  NULL: unknown (logged). */
ngx_http_endpoint_cache_t *ngx_http_endpoint_key_zone(
    ngx_http_endpoint_compile_t *c, ngx_str_t *name);

/*
 * Makes the values those of identity alone, or with an empty one those of all
 * keys of this shape, and lets purges find them.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_key_own(ngx_conf_t *cf,
    ngx_http_endpoint_key_t *key, ngx_str_t *identity);

/*
 * Renders a key into text.  Its types tell apart what has the same text: null
 * from "", and in an exact key 1 from "1"; they are kept with the value, so
 * that a purge need not know them.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_key_render(ngx_http_endpoint_key_t *key,
    ngx_http_endpoint_scope_t *scope, ngx_str_t *text, ngx_str_t *types);

/*
 * Drops the values of all keys of cache whose n words have these texts.
 * NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_key_purge(ngx_http_endpoint_cache_t *cache,
    ngx_pool_t *pool, ngx_str_t *texts, ngx_uint_t n);


#endif /* _NGX_HTTP_ENDPOINT_KEY_H_INCLUDED_ */
