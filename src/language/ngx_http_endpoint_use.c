
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_use.h"


ngx_int_t
ngx_http_endpoint_use_note(ngx_http_endpoint_compile_t *c, ngx_str_t *text,
    ngx_http_endpoint_ref_t *ref)
{
    ngx_http_endpoint_use_t  *use;

    use = ngx_array_push(c->uses);
    if (use == NULL) {
        return NGX_ERROR;
    }

    use->statement = c->statement;
    use->step = c->step;
    use->text = *text;
    use->ref = *ref;
    use->condition = c->condition;

    return NGX_OK;
}
