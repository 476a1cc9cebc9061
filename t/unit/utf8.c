
#include "unit.h"
#include "../../src/data/ngx_http_endpoint_utf8.c"


#define FFFD  "\xef\xbf\xbd"


typedef struct {
    const char   *text;
    const char   *clean;
    size_t        length;           /* of clean, in code points */
} utf8_case_t;


/* what Python's bytes.decode("utf-8", "replace") makes of the same */

static utf8_case_t  utf8_cases[] = {
    { "", "", 0 },
    { "plain", "plain", 5 },
    { "\xc2\x80\xdf\xbf", "\xc2\x80\xdf\xbf", 2 },
    { "\xe0\xa0\x80\xed\x9f\xbf", "\xe0\xa0\x80\xed\x9f\xbf", 2 },
    { "\xee\x80\x80\xef\xbf\xbf", "\xee\x80\x80\xef\xbf\xbf", 2 },
    { "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
      2 },

    { "a\x80z", "a" FFFD "z", 3 },
    { "\xbf\xbf", FFFD FFFD, 2 },
    { "\xff\xfe", FFFD FFFD, 2 },
    { "\xc0\xaf", FFFD FFFD, 2 },
    { "\xc1\xbf", FFFD FFFD, 2 },
    { "\xc2", FFFD, 1 },
    { "\xc2" "a", FFFD "a", 2 },
    { "\xc2\xc2\x80", FFFD "\xc2\x80", 2 },

    /* a cut sequence is one part, an overlong one is as many as bytes */

    { "\xe2\x82", FFFD, 1 },
    { "\xe2\x82" "a", FFFD "a", 2 },
    { "\xe0\x80\xaf", FFFD FFFD FFFD, 3 },
    { "\xe0\x9f\xbf", FFFD FFFD FFFD, 3 },
    { "\xed\xa0\x80", FFFD FFFD FFFD, 3 },
    { "\xed\xbf\xbf", FFFD FFFD FFFD, 3 },
    { "\xf0\x9f\x98", FFFD, 1 },
    { "\xf0\x9f" "a", FFFD "a", 2 },
    { "\xf0\x8f\xbf\xbf", FFFD FFFD FFFD FFFD, 4 },
    { "\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD, 4 },
    { "\xf5\x80", FFFD FFFD, 2 },
    { "\xf1\x80\x80\xe1\x80\xc2" "b", FFFD FFFD FFFD "b", 4 }
};


static void
utf8_case(ngx_pool_t *pool, utf8_case_t *c)
{
    u_char     *data;
    ngx_str_t   s;

    s = unit_copy(pool, c->text, ngx_strlen(c->text));
    data = s.data;

    unit_int(ngx_http_endpoint_utf8_clean(pool, &s), NGX_OK, "cleaned");
    unit_str(&s, c->clean, "as Python does");
    unit_ok((s.data == data) == (ngx_strcmp(c->text, c->clean) == 0),
            "copied only where it changes");
    unit_int(ngx_http_endpoint_utf8_length(&s), c->length, "code points");
}


int
main(void)
{
    ngx_str_t    s;
    ngx_uint_t   i;
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &unit_log);

    for (i = 0; i < sizeof(utf8_cases) / sizeof(utf8_cases[0]); i++) {
        utf8_case(pool, &utf8_cases[i]);
    }

    s = unit_copy(pool, "a\0b", 3);
    unit_ok(ngx_http_endpoint_utf8_clean(pool, &s) == NGX_OK && s.len == 3,
            "NUL is a character");

    s = unit_copy(pool, "a\xff", 2);
    unit_fail_alloc = 1;
    unit_int(ngx_http_endpoint_utf8_clean(pool, &s), NGX_ERROR, "no memory");

    ngx_destroy_pool(pool);

    return unit_done();
}
