
/* Files that statements name: file=PATH, read with the configuration. */


#ifndef _NGX_HTTP_ENDPOINT_FILE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_FILE_H_INCLUDED_


#include "ngx_http_endpoint_plan.h"


/*
 * Reads the whole of a file, whose name is taken relative to the
 * configuration's folder as nginx does for include.  NGX_ERROR: cannot be
 * read (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_file_read(ngx_http_endpoint_compile_t *c,
    ngx_str_t *name, ngx_str_t *text);


#endif /* _NGX_HTTP_ENDPOINT_FILE_H_INCLUDED_ */
