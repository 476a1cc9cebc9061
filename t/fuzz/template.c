
/*
 * The first line is a template, the rest the text of a value: what an accepted
 * template renders is JSON, and no byte is written out of bounds.
 */


#include "../unit/unit.h"
#include "../unit/template_plan.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char      *value;
    ngx_str_t    text, out, clean;
    ngx_pool_t  *pool;

    /* a word of the configuration is never nowhere */

    if (size == 0) {
        return 0;
    }

    pool = ngx_create_pool(4096, &unit_log);
    template_init(pool);

    text.data = (u_char *) data;
    value = ngx_strlchr(text.data, text.data + size, '\n');

    text.len = value ? (size_t) (value - text.data) : size;

    if (value) {
        clean.data = value + 1;
        clean.len = size - text.len - 1;

        if (ngx_http_endpoint_utf8_clean(pool, &clean) != NGX_OK) {
            abort();
        }

        template_text('t', clean.data, clean.len);
    }

    template_json('n', "-0.5e3");
    template_json('o', "{\"x\": [1, \"\\u2028\"]}");

    if (template_render(ngx_http_endpoint_template_json, &text, &out) == NGX_OK
        && !template_is_json(&out))
    {
        abort();
    }

    (void) template_render(ngx_http_endpoint_template_html, &text, &out);
    (void) template_render(ngx_http_endpoint_template_log, &text, &out);

    ngx_destroy_pool(pool);

    return 0;
}
