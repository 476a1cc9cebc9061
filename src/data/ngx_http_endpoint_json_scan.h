
/*
 * Walking over JSON text that was checked before: nothing is allocated, and
 * what is not asked for is passed over without a look at its inside.
 */


#ifndef _NGX_HTTP_ENDPOINT_JSON_SCAN_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_JSON_SCAN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* the elements of an array, or the members of an object, one after another */
typedef struct {
    u_char      *pos;           /* behind the one that was found */
    u_char      *last;          /* of the text that may be looked at */
    ngx_str_t    key;           /* of a member, as it is written */
    ngx_str_t    value;
    unsigned     object:1;
    unsigned     escaped:1;     /* the key */
} ngx_http_endpoint_json_scan_t;


/* Starts in front of the first element or member of an array or object. */
void ngx_http_endpoint_json_scan(ngx_http_endpoint_json_scan_t *scan,
    ngx_str_t *text);

/* Finds the next one.  0: there is none. */
ngx_uint_t ngx_http_endpoint_json_scan_next(
    ngx_http_endpoint_json_scan_t *scan);

/* Whether the key of the member that was found means name. */
ngx_uint_t ngx_http_endpoint_json_scan_key(
    ngx_http_endpoint_json_scan_t *scan, ngx_str_t *name);


#endif /* _NGX_HTTP_ENDPOINT_JSON_SCAN_H_INCLUDED_ */
