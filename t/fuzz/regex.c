
/*
 * An automaton finds what PCRE2 does.  The input is a pattern and, behind a
 * NUL, a text.
 */


#include "../unit/unit.h"
#include "../../src/data/ngx_http_endpoint_utf8.c"
#include "../../src/input/ngx_http_endpoint_automaton.c"
#include "../../src/input/ngx_http_endpoint_automaton_program.c"
#include "../../src/input/ngx_http_endpoint_backtrack.c"
#include "../../src/input/ngx_http_endpoint_regex.c"
#include "../../src/input/ngx_http_endpoint_regex_quantifier.c"
#include "../../src/input/ngx_http_endpoint_regex_set.c"
#include "../../src/input/ngx_http_endpoint_regex_tree.c"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* what PCRE2 says where it need not give up: 1, 0, or -1 */

static int
regex_oracle(ngx_http_endpoint_regex_t *re, ngx_str_t *text)
{
    int                   rc;
    pcre2_match_data     *data;
    pcre2_match_context  *context;

    data = pcre2_match_data_create(1, NULL);
    context = pcre2_match_context_create(NULL);

    (void) pcre2_set_match_limit(context, 100000);

    rc = pcre2_match(re->backtrack->code, text->data, text->len, 0, 0, data,
                     context);

    pcre2_match_context_free(context);
    pcre2_match_data_free(data);

    return rc >= 0 ? 1 : rc == PCRE2_ERROR_NOMATCH ? 0 : -1;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                         expected;
    u_char                     *nul;
    ngx_str_t                   pattern, text, err;
    ngx_pool_t                 *pool;
    ngx_http_endpoint_regex_t  *re;

    nul = memchr(data, '\0', size);

    if (nul == NULL || nul - data > 200) {
        return 0;
    }

    pool = ngx_create_pool(4096, &unit_log);

    pattern = unit_copy(pool, (char *) data, nul - data);
    text = unit_copy(pool, (char *) nul + 1, data + size - nul - 1);

    if (ngx_http_endpoint_utf8_clean(pool, &pattern) != NGX_OK
        || ngx_http_endpoint_utf8_clean(pool, &text) != NGX_OK)
    {
        abort();
    }

    if (ngx_http_endpoint_regex_compile(pool, &pattern, &re, &err) == NGX_OK) {

        expected = regex_oracle(re, &text);

        if (re->conditions.nelts && expected != -1
            && ngx_http_endpoint_regex_match(re, &text)
               != (ngx_uint_t) expected)
        {
            abort();
        }

        re->conditions.nelts = 0;
        (void) ngx_http_endpoint_regex_match(re, &text);
    }

    ngx_destroy_pool(pool);

    return 0;
}
