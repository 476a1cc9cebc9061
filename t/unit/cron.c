
#include "unit.h"
#include "../../src/schedule/ngx_http_endpoint_cron.c"

#include <stdlib.h>
#include <time.h>


/* Berlin: ahead at 2026-03-29 01:00 UTC, back at 2026-10-25 01:00 UTC */

#define BERLIN  "CET-1CEST,M3.5.0,M10.5.0/3"

/* half an hour, and one that jumps over midnight */

#define HOWE    "LHST-10:30LHDT-11,M10.1.0,M4.1.0"
#define NIGHT   "XXX3YYY2,M10.3.0/0,M2.3.0/0"


typedef struct {
    const char   *zone;             /* NULL: UTC by cron->utc */
    const char   *fields;
    const char   *after;            /* UTC */
    const char   *next[3];          /* UTC, NULL: never */
} cron_case_t;


static cron_case_t  cron_cases[] = {
    { NULL, "* * * * *", "2026-01-01 00:00:00",
      { "2026-01-01 00:01", "2026-01-01 00:02", "2026-01-01 00:03" } },
    { NULL, "* * * * *", "2026-01-01 00:00:59",
      { "2026-01-01 00:01", "2026-01-01 00:02", "2026-01-01 00:03" } },
    { NULL, "0 3 * * *", "2026-01-31 03:00:00",
      { "2026-02-01 03:00", "2026-02-02 03:00", "2026-02-03 03:00" } },
    { NULL, "*/20 8-9 * * *", "2026-01-01 08:30:00",
      { "2026-01-01 08:40", "2026-01-01 09:00", "2026-01-01 09:20" } },
    { NULL, "5,50 23 31 DEC *", "2026-01-01 00:00:00",
      { "2026-12-31 23:05", "2026-12-31 23:50", "2027-12-31 23:05" } },
    { NULL, "0 0 29 2 *", "2026-01-01 00:00:00",
      { "2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00" } },
    { NULL, "0 0 * * 7", "2026-01-01 00:00:00",
      { "2026-01-04 00:00", "2026-01-11 00:00", "2026-01-18 00:00" } },
    { NULL, "0 0 * * fri-sat", "2026-01-01 00:00:00",
      { "2026-01-02 00:00", "2026-01-03 00:00", "2026-01-09 00:00" } },
    { NULL, "0 0 * jan-mar/2 mon", "2026-01-20 00:00:00",
      { "2026-01-26 00:00", "2026-03-02 00:00", "2026-03-09 00:00" } },
    { NULL, "0 0 1-10/3,20 * *", "2026-01-05 00:00:00",
      { "2026-01-07 00:00", "2026-01-10 00:00", "2026-01-20 00:00" } },

    /* of two days one is enough, unless one begins with a star */

    { NULL, "0 0 13 * fri", "2026-01-01 00:00:00",
      { "2026-01-02 00:00", "2026-01-09 00:00", "2026-01-13 00:00" } },
    { NULL, "0 0 */2 * fri", "2026-01-01 00:00:00",
      { "2026-01-09 00:00", "2026-01-23 00:00", "2026-02-13 00:00" } },

    { NULL, "0 0 31 2 *", "2026-01-01 00:00:00", { NULL, NULL, NULL } },
    { NULL, "0 0 31 4,6,9,11 *", "2026-01-01 00:00:00",
      { NULL, NULL, NULL } },

    { BERLIN, "0 3 * * *", "2026-01-01 12:00:00",
      { "2026-01-02 02:00", "2026-01-03 02:00", "2026-01-04 02:00" } },

    /* 02:30 is skipped: right after; and every minute is what it is */

    { BERLIN, "30 2 * * *", "2026-03-28 01:30:00",
      { "2026-03-29 01:00", "2026-03-30 00:30", "2026-03-31 00:30" } },
    { BERLIN, "0 3 * * *", "2026-03-28 02:00:00",
      { "2026-03-29 01:00", "2026-03-30 01:00", "2026-03-31 01:00" } },
    { BERLIN, "30 * * * *", "2026-03-29 00:30:00",
      { "2026-03-29 01:30", "2026-03-29 02:30", "2026-03-29 03:30" } },
    { BERLIN, "*/30 2 * * *", "2026-03-28 12:00:00",
      { "2026-03-30 00:00", "2026-03-30 00:30", "2026-03-31 00:00" } },
    { BERLIN, "30 2 * * mon", "2026-03-28 12:00:00",
      { "2026-03-30 00:30", "2026-04-06 00:30", "2026-04-13 00:30" } },

    /* 02:30 comes twice: the first one */

    { BERLIN, "30 2 * * *", "2026-10-24 00:30:00",
      { "2026-10-25 00:30", "2026-10-26 01:30", "2026-10-27 01:30" } },
    { BERLIN, "0 3 * * *", "2026-10-24 01:00:00",
      { "2026-10-25 02:00", "2026-10-26 02:00", "2026-10-27 02:00" } },
    { BERLIN, "30 * * * *", "2026-10-24 23:30:00",
      { "2026-10-25 00:30", "2026-10-25 01:30", "2026-10-25 02:30" } },

    { HOWE, "15 2 * * *", "2026-10-03 00:00:00",
      { "2026-10-03 15:30", "2026-10-04 15:15", "2026-10-05 15:15" } },
    { HOWE, "45 1 * * *", "2026-04-04 00:00:00",
      { "2026-04-04 14:45", "2026-04-05 15:15", "2026-04-06 15:15" } },

    { NIGHT, "30 0 * * *", "2026-10-17 12:00:00",
      { "2026-10-18 03:00", "2026-10-19 02:30", "2026-10-20 02:30" } },
    { NIGHT, "30 0 18 10 *", "2026-10-01 12:00:00",
      { "2026-10-18 03:00", "2027-10-18 02:30", "2028-10-18 02:30" } },

    { NULL, NULL, NULL, { NULL, NULL, NULL } }
};


typedef struct {
    const char   *fields;
    const char   *field;            /* NULL: they are right */
    const char   *word;
} cron_error_t;


static cron_error_t  cron_errors[] = {
    { "60 * * * *", "minute", "60" },
    { "-1 * * * *", "minute", "-1" },
    { "1- * * * *", "minute", "1-" },
    { "5-1 * * * *", "minute", "5-1" },
    { "5/2 * * * *", "minute", "5/2" },
    { "*/0 * * * *", "minute", "*/0" },
    { "*/60 * * * *", "minute", "*/60" },
    { "*/ * * * *", "minute", "*/" },
    { "1,,2 * * * *", "minute", "1,,2" },
    { ", * * * *", "minute", "," },
    { "** * * * *", "minute", "**" },
    { "jan * * * *", "minute", "jan" },
    { "99999999999999999999 * * * *", "minute", "99999999999999999999" },
    { "* 24 * * *", "hour", "24" },
    { "* * 0 * *", "day of month", "0" },
    { "* * 32 * *", "day of month", "32" },
    { "* * * 13 *", "month", "13" },
    { "* * * foo *", "month", "foo" },
    { "* * * * 8", "day of week", "8" },
    { "* * * * january", "day of week", "january" },
    { "* * *", "month", "" },
    { "* * * * ", "day of week", "" },
    { "* * * * * *", "sixth field", "*" },
    { "  1\t2  3 4 5 ", NULL, NULL },
    { "0-59/59 0-23 1-31 1-12 0-7", NULL, NULL },
    { "* * * JAN,feb,Mar-DEC/2 Sun,5-7", NULL, NULL },
    { NULL, NULL, NULL }
};


static time_t
utc(const char *text)
{
    struct tm  tm;

    ngx_memzero(&tm, sizeof(struct tm));

    if (strptime(text, "%Y-%m-%d %H:%M", &tm) == NULL) {
        abort();
    }

    if (strlen(text) > 16) {
        tm.tm_sec = atoi(text + 17);
    }

    return timegm(&tm);
}


static void
next(cron_case_t *c)
{
    char                            buf[64];
    time_t                          t;
    ngx_str_t                       text;
    struct tm                       tm;
    ngx_uint_t                      i;
    ngx_http_endpoint_cron_t        cron;
    ngx_http_endpoint_cron_error_t  err;

    ngx_memzero(&cron, sizeof(cron));

    setenv("TZ", c->zone ? c->zone : BERLIN, 1);
    tzset();

    cron.utc = (c->zone == NULL);
    text.data = (u_char *) c->fields;
    text.len = strlen(c->fields);

    unit_ok(ngx_http_endpoint_cron_parse(&cron, &text, &err) == NGX_OK,
            "\"%s\" is right", c->fields);

    t = utc(c->after);

    for (i = 0; i < 3; i++) {
        t = ngx_http_endpoint_cron_next(&cron, t);

        if (c->next[i] == NULL) {
            unit_ok(t == 0, "\"%s\" never comes", c->fields);
            return;
        }

        gmtime_r(&t, &tm);
        strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M", &tm);

        unit_ok(t == utc(c->next[i]), "\"%s\" after %s, %s: %s, %s",
                c->fields, c->after, c->zone ? c->zone : "UTC", c->next[i],
                buf);
    }
}


int
main(void)
{
    ngx_str_t                        text;
    ngx_int_t                        rc;
    cron_case_t                     *c;
    cron_error_t                    *e;
    ngx_http_endpoint_cron_t         cron;
    ngx_http_endpoint_cron_error_t   err;

    for (c = cron_cases; c->fields; c++) {
        next(c);
    }

    for (e = cron_errors; e->fields; e++) {
        ngx_memzero(&cron, sizeof(cron));

        /* not a byte behind the text is looked at */

        text.len = strlen(e->fields);
        text.data = malloc(text.len);
        ngx_memcpy(text.data, e->fields, text.len);

        rc = ngx_http_endpoint_cron_parse(&cron, &text, &err);

        if (e->field == NULL) {
            unit_ok(rc == NGX_OK, "\"%s\" is right", e->fields);

        } else {
            unit_ok(rc == NGX_ERROR && ngx_strcmp(err.field, e->field) == 0
                    && err.word.len == strlen(e->word)
                    && ngx_memcmp(err.word.data, e->word, err.word.len) == 0,
                    "\"%s\": the %s", e->fields, e->field);
        }

        free(text.data);
    }

    return unit_done();
}
