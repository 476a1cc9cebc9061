
/*
 * Patterns of public lists that take for ever elsewhere, over long texts that
 * fit and that do not: each is answered, rightly, in bounded work.
 */


#include "unit.h"
#include "../../src/data/ngx_http_endpoint_utf8.c"
#include "../../src/input/ngx_http_endpoint_automaton.c"
#include "../../src/input/ngx_http_endpoint_automaton_program.c"
#include "../../src/input/ngx_http_endpoint_backtrack.c"
#include "../../src/input/ngx_http_endpoint_regex.c"
#include "../../src/input/ngx_http_endpoint_regex_quantifier.c"
#include "../../src/input/ngx_http_endpoint_regex_set.c"
#include "../../src/input/ngx_http_endpoint_regex_tree.c"

#include <time.h>


#define REGEX_LONG  200000

/* a hundred times what it takes, a hundredth of what it took */
#define REGEX_TIME  (CLOCKS_PER_SEC / 4)


/* start, what is repeated up to a length, and end of a text */
typedef struct {
    const char  *pattern;
    const char  *start;
    const char  *again;
    const char  *end;
    ngx_uint_t   matches;
} regex_case_t;


static regex_case_t  regex_cases[] = {

    /* quadratic: a run from each start */

    { "[a-z]+[0-9]", "", "a", "", 0 },
    { "[a-z]+[0-9]", "", "a", "1", 1 },
    { "[a-z]+[0-9]", "", "a", "- b1", 1 },
    { "\\s+$", "", " ", "x", 0 },
    { "\\s+$", "x", " ", "", 1 },
    { "\\s+$", "x", " ", "x ", 1 },
    { "\\d+\\.", "", "1", "", 0 },
    { "\\w+@\\w+\\.com$", "", "a", "", 0 },
    { "<!--.*?-->", "", "<!--", "", 0 },
    { ",.*,.*,.*;", "", ",", "", 0 },
    { "^\\s+|\\s+$", "a", " ", "a", 0 },
    { "[^\"]*\"", "", "a", "", 0 },
    { "\\b\\w+\\b!", "", "a", "", 0 },
    { "(?i)x.*y", "", "X", "", 0 },

    /* exponential: nested and overlapping */

    { "^(a+)+$", "", "a", "!", 0 },
    { "^(a+)+$", "", "a", "", 1 },
    { "(a*)*$", "", "a", "!", 1 },
    { "^(a|a)*$", "", "a", "!", 0 },
    { "^(a|aa)+$", "", "a", "!", 0 },
    { "^(a|aa)+$", "", "a", "", 1 },
    { "^(([a-z])+.)+[A-Z]([a-z])+$", "", "a", "", 0 },
    { "^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}"
      "(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$", "", "a", "!", 0 },
    { "^(.*)*x", "", "a", "", 0 },
    { "(.*)*x", "", "a", "", 0 },
    { "^(?:(?:\\d+)+-)+$", "", "1", "x", 0 },
    { "(x+x+)+y", "", "x", "", 0 },
    { "(x+x+)+y", "", "x", "y", 1 },
    { "^(\\w+\\s?)*$", "", "a ", "!", 0 },
    { "^(\\w+\\s?)*$", "", "a ", "", 1 },
    { "^(([^\\n]|\\n)*)*z$", "", "a\n", "", 0 },
    { "^(a?){30}a{30}$", "", "a", "", 0 },
    { "^.*=.*;.*=.*;.*=.*$", "", "=", "", 0 },
    { "^(?:.|\\n)+?\\z", "", "ab\xc3\xa9", "", 1 },
    { "^[\\s\\S]*end$", "", "\xf0\x9f\x98\x80", "end", 1 },
    { "^[a-z]{1,255}$", "", "a", "", 0 },
    { "[a-z]{1,255}[0-9]", "", "a", "", 0 },
    { "(?:[a-z]{2,40}\\.){2,10}$", "", "abcdef.", "!", 0 },

    /* not regular, but quick */

    { "^(?=.*\\d)(?=.*[a-z])[a-z\\d]{8,}$", "1", "a", "", 1 },
    { "^(?=.*\\d)(?=.*[A-Z])[a-z\\d]{8,}$", "1", "a", "", 0 },
    { "^(?!.*--)[a-z-]+$", "", "a-", "", 1 },
    { "^([a-z])\\1*$", "", "a", "", 1 },
    { "^(?>[a-z]+)$", "", "a", "", 1 },
    { "^\\p{L}+$", "", "\xc3\xa9", "", 1 },

    /* not regular, and of the worst */

    { "[a-z]++[0-9]", "", "a", "", 0 },
    { "(?>\\s+)$", "", " ", "x", 0 },
    { "^(?=(a+)+$)a", "", "a", "!", 0 },
    { "^(a+)+\\1$", "", "a", "!", 0 },
    { "^(.*)\\1x", "", "a", "", 0 },
    { "(?i)(.+)\\1\\1!", "", "a", "", 0 },
    { "(?=.*b)(?=.*c)d", "", "a", "", 0 },
    { "(?<=a)a*b", "", "a", "", 0 },
    { "(?:(?=[a-z]*+1)|[a-z])*!$", "", "a", "", 0 },
    { "^(?:(a)|b|\\1)*(?!x)c$", "", "ab", "", 0 },
    { "(?=.)[a-z]{30000}1", "", "a", "", 0 },
    { "^(\\((?:[^()]|(?1))*\\))+$", "", "(", "", 0 },
    { "\\X{2}", "a", "\xcc\x81", "", 0 },
    { "(?<=.{30000}b)c", "", "a", "", 0 },
    { "\\R+!", "", "\r\n", "x!x", 0 }
};


static ngx_str_t
regex_text(ngx_pool_t *pool, regex_case_t *c)
{
    u_char     *p;
    size_t      n, len;
    ngx_str_t   s;

    len = ngx_strlen(c->again);

    s.data = ngx_pnalloc(pool, REGEX_LONG + ngx_strlen(c->start) + len
                               + ngx_strlen(c->end));

    p = ngx_cpymem(s.data, c->start, ngx_strlen(c->start));

    for (n = 0; n < REGEX_LONG; n += len) {
        p = ngx_cpymem(p, c->again, len);
    }

    p = ngx_cpymem(p, c->end, ngx_strlen(c->end));
    s.len = p - s.data;

    return s;
}


static void
regex_case(regex_case_t *c)
{
    clock_t                     start, time;
    ngx_str_t                   pattern, text, err;
    ngx_uint_t                  matches;
    ngx_pool_t                 *pool;
    ngx_http_endpoint_regex_t  *re;

    pool = ngx_create_pool(4096, &unit_log);

    pattern = unit_copy(pool, c->pattern, ngx_strlen(c->pattern));
    text = regex_text(pool, c);

    if (ngx_http_endpoint_regex_compile(pool, &pattern, &re, &err) != NGX_OK) {
        (void) unit_ok(0, "%s: %.*s", c->pattern, (int) err.len, err.data);
        return;
    }

    start = clock();
    matches = ngx_http_endpoint_regex_match(re, &text);
    time = clock() - start;

    unit_ok(matches == c->matches, "%s of %s... %s", c->pattern, c->again,
            c->end);
    unit_ok(time < REGEX_TIME, "in bounded work, %ld us", (long) time);

    ngx_destroy_pool(pool);
}


/* states that are never the same again: it is given up, or they are forgotten */

static void
regex_many_states(ngx_pool_t *pool)
{
    size_t                      i;
    clock_t                     start;
    ngx_str_t                   pattern, text, err;
    ngx_http_endpoint_regex_t  *re;

    pattern = unit_copy(pool, "^(a|b)*a(a|b){13}c$", 19);

    unit_int(ngx_http_endpoint_regex_compile(pool, &pattern, &re, &err),
             NGX_OK, "a pattern of 16,384 states");
    unit_ok(re->conditions.nelts == 1, "is regular");

    text.len = 20000;
    text.data = ngx_pnalloc(pool, 1000000);

    srandom(1);

    for (i = 0; i < 1000000; i++) {
        text.data[i] = "ab"[random() % 2];
    }

    text.data[text.len - 15] = 'a';
    text.data[text.len - 1] = 'c';

    unit_int(ngx_http_endpoint_regex_match(re, &text), 1, "a text that fits");

    text.data[text.len - 15] = 'b';

    unit_int(ngx_http_endpoint_regex_match(re, &text), 0, "one that does not");

    text.len = 1000000;
    start = clock();

    unit_int(ngx_http_endpoint_regex_match(re, &text), 0, "and a long one");
    unit_ok(clock() - start < REGEX_TIME, "in bounded work");
}


int
main(void)
{
    ngx_uint_t   i;
    ngx_pool_t  *pool;

    for (i = 0; i < sizeof(regex_cases) / sizeof(regex_cases[0]); i++) {
        regex_case(&regex_cases[i]);
    }

    pool = ngx_create_pool(4096, &unit_log);
    regex_many_states(pool);
    ngx_destroy_pool(pool);

    return unit_done();
}
