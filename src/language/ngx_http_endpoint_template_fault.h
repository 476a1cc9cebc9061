
/* Where and why a JSON template is none: for the one who has written it. */


#ifndef _NGX_HTTP_ENDPOINT_TEMPLATE_FAULT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TEMPLATE_FAULT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    u_char       *pos;
    const char   *reason;
} ngx_http_endpoint_template_fault_t;


/* Finds the fault in text, which is known to have one. */
void ngx_http_endpoint_template_fault(ngx_str_t *text,
    ngx_http_endpoint_template_fault_t *fault);


#endif /* _NGX_HTTP_ENDPOINT_TEMPLATE_FAULT_H_INCLUDED_ */
