
/* Texts in a digest, so that no two lists of them give the same. */


#ifndef _NGX_HTTP_ENDPOINT_DIGEST_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_DIGEST_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_md5.h>


/* Adds a text, which may be a null string, behind its length. */
void ngx_http_endpoint_digest_text(ngx_md5_t *md5, ngx_str_t *text);


#endif /* _NGX_HTTP_ENDPOINT_DIGEST_H_INCLUDED_ */
