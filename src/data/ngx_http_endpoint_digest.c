
#include "ngx_http_endpoint_digest.h"


void
ngx_http_endpoint_digest_text(ngx_md5_t *md5, ngx_str_t *text)
{
    ngx_md5_update(md5, &text->len, sizeof(size_t));

    /* memcpy() wants an address even for nothing */

    if (text->len) {
        ngx_md5_update(md5, text->data, text->len);
    }
}
