
/*
 * The harness of the unit programs: TAP on standard output, and the handles
 * on the allocator of nginx_stubs.c.
 */


#ifndef _UNIT_H_INCLUDED_
#define _UNIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdarg.h>
#include <stdio.h>


/* the n-th allocation from here on fails, once; 0: none does */
extern ngx_uint_t  unit_fail_alloc;

/* allocations made so far, those that failed included */
extern ngx_uint_t  unit_allocs;

extern ngx_log_t   unit_log;


static ngx_uint_t  unit_count;
static ngx_uint_t  unit_failures;


static ngx_inline ngx_uint_t
unit_ok(ngx_uint_t passed, const char *name, ...)
{
    char     line[256], *p;
    va_list  args;

    if (!passed) {
        unit_failures++;
    }

    va_start(args, name);
    (void) vsnprintf(line, sizeof(line), name, args);
    va_end(args);

    /* a line break or a "#" would be TAP's, not the name's */

    for (p = line; *p; p++) {
        if ((u_char) *p < ' ' || *p == '#') {
            *p = '.';
        }
    }

    printf("%sok %lu - %s\n", passed ? "" : "not ",
           (unsigned long) ++unit_count, line);

    return passed;
}


static ngx_inline ngx_uint_t
unit_int(ngx_int_t got, ngx_int_t expected, const char *name)
{
    ngx_uint_t  passed;

    passed = unit_ok(got == expected, "%s", name);

    if (!passed) {
        printf("# got %ld, expected %ld\n", (long) got, (long) expected);
    }

    return passed;
}


/* expected is a C string: it can hold no NUL */

static ngx_inline ngx_uint_t
unit_str(ngx_str_t *got, const char *expected, const char *name)
{
    ngx_uint_t  passed;

    passed = got->len == ngx_strlen(expected)
             && ngx_memcmp(got->data, expected, got->len) == 0;

    (void) unit_ok(passed, "%s", name);

    if (!passed) {
        printf("# got \"%.*s\", expected \"%s\"\n", (int) got->len,
               (char *) got->data, expected);
    }

    return passed;
}


/* the text in a block of its own, where the sanitizer sees every overrun */

static ngx_inline ngx_str_t
unit_copy(ngx_pool_t *pool, const char *text, size_t len)
{
    ngx_str_t  s;

    s.len = len;
    s.data = ngx_pnalloc(pool, len);

    if (s.data == NULL) {
        abort();
    }

    ngx_memcpy(s.data, text, len);

    return s;
}


/* the plan, and the status for main() to return */

static ngx_inline int
unit_done(void)
{
    printf("1..%lu\n", (unsigned long) unit_count);

    return unit_failures ? 1 : 0;
}


#endif /* _UNIT_H_INCLUDED_ */
