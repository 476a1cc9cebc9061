
/* What nginx makes of PCRE2, for the unit programs that use patterns. */

#include <ngx_config.h>
#include <ngx_core.h>


static void *
unit_regex_alloc(size_t size, void *data)
{
    return ngx_palloc(data, size);
}


static void
unit_regex_free(void *p, void *data)
{
    /* memory of the pool */
}


ngx_int_t
ngx_regex_compile(ngx_regex_compile_t *rc)
{
    int                     code;
    u_char                  words[128];
    size_t                  offset;
    pcre2_code             *re;
    pcre2_compile_context  *cctx;
    pcre2_general_context  *gctx;

    re = NULL;

    gctx = pcre2_general_context_create(unit_regex_alloc, unit_regex_free,
                                        rc->pool);
    cctx = gctx ? pcre2_compile_context_create(gctx) : NULL;

    if (cctx == NULL) {
        rc->err.len = 0;
        return NGX_ERROR;
    }

    re = pcre2_compile(rc->pattern.data, rc->pattern.len, 0, &code, &offset,
                       cctx);

    if (re == NULL) {
        pcre2_get_error_message(code, words, sizeof(words));

        rc->err.len = ngx_snprintf(rc->err.data, rc->err.len,
                                   "pcre2_compile() failed: %s in \"%V\"",
                                   words, &rc->pattern)
                      - rc->err.data;
        return NGX_ERROR;
    }

    rc->regex = re;

    return NGX_OK;
}


ngx_int_t
ngx_regex_exec(ngx_regex_t *re, ngx_str_t *s, int *captures, ngx_uint_t size)
{
    int                n;
    pcre2_match_data  *data;

    data = pcre2_match_data_create(1, NULL);
    if (data == NULL) {
        return PCRE2_ERROR_NOMEMORY;
    }

    n = pcre2_match(re, s->data, s->len, 0, 0, data, NULL);

    pcre2_match_data_free(data);

    return n;
}
