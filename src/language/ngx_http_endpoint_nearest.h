
/* The known word that is nearest to a misspelt one. */


#ifndef _NGX_HTTP_ENDPOINT_NEAREST_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_NEAREST_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    ngx_str_t    word;
    ngx_str_t    found;         /* or empty */
    ngx_uint_t   distance;      /* of found */
} ngx_http_endpoint_nearest_t;


/* Begins a search for word: only what is no further than a slip is found. */
void ngx_http_endpoint_nearest_init(ngx_http_endpoint_nearest_t *nearest,
    ngx_str_t *word);

/* Looks at one known word; of those as near the first is found. */
void ngx_http_endpoint_nearest_look(ngx_http_endpoint_nearest_t *nearest,
    ngx_str_t *known);


#endif /* _NGX_HTTP_ENDPOINT_NEAREST_H_INCLUDED_ */
