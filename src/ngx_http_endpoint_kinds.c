
#include "ngx_http_endpoint_cache_option.h"
#include "ngx_http_endpoint_kinds.h"


#define ngx_http_endpoint_kind_declare(kind, where, handler)                  \
    extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_##kind;

#define ngx_http_endpoint_kind_pointer(kind, where, handler)                  \
    &ngx_http_endpoint_step_##kind,


NGX_HTTP_ENDPOINT_KINDS(ngx_http_endpoint_kind_declare)


static ngx_http_endpoint_step_type_t  *ngx_http_endpoint_kind_types[] = {
    NGX_HTTP_ENDPOINT_KINDS(ngx_http_endpoint_kind_pointer)
    NULL
};


static ngx_http_endpoint_option_t  ngx_http_endpoint_kind_options[] = {
    { ngx_string("cache="), ngx_http_endpoint_cache_option_compile },
    { ngx_string("empty="), ngx_http_endpoint_cache_option_empty },
    { ngx_string("nonempty"), ngx_http_endpoint_cache_option_nonempty },
    { ngx_null_string, NULL }
};


ngx_http_endpoint_kinds_t  ngx_http_endpoint_kinds = {
    ngx_http_endpoint_kind_types,
    ngx_http_endpoint_kind_options
};
