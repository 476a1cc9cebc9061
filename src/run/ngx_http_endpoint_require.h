
/* Guards that are tested before the inputs that stand below them are wrong. */


#ifndef _NGX_HTTP_ENDPOINT_REQUIRE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_REQUIRE_H_INCLUDED_


#include "ngx_http_endpoint_run.h"


/*
 * Tests the guards among the first n steps of run, which has not been started,
 * that use nothing but inputs above them and variables.  NGX_OK: all hold;
 * NGX_DECLINED: one does not, and run->result is set; NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_require_early(ngx_http_endpoint_run_t *run,
    ngx_uint_t n);


#endif /* _NGX_HTTP_ENDPOINT_REQUIRE_H_INCLUDED_ */
