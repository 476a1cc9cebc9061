
/* What locations that are for operators have in common. */


#ifndef _NGX_HTTP_ENDPOINT_OPERATOR_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_OPERATOR_H_INCLUDED_


#include <ngx_http.h>


/* Whether the header X-Endpoint: 1 is there, which an act needs. */
ngx_uint_t ngx_http_endpoint_operator_allowed(ngx_http_request_t *r);

/*
 * Answers {"detail": …}, methods going into Allow where it is not empty; what
 * a content handler returns.
 */
ngx_int_t ngx_http_endpoint_operator_refuse(ngx_http_request_t *r,
    ngx_uint_t status, char *detail, char *methods);


#endif /* _NGX_HTTP_ENDPOINT_OPERATOR_H_INCLUDED_ */
