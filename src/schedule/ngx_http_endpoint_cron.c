
#include "ngx_http_endpoint_cron.h"


/* until every 29th of February has been on every day of the week */
#define NGX_HTTP_ENDPOINT_CRON_SPAN  ((time_t) 41 * 366 * 86400)

/* no clock that is changed twice a year jumps further */
#define NGX_HTTP_ENDPOINT_CRON_JUMP  (3 * 3600)


typedef struct {
    const char    *name;
    ngx_uint_t     min;
    ngx_uint_t     max;
    const char    *names;           /* three letters each, or NULL */
    const char    *expected;
} ngx_http_endpoint_cron_field_t;


static ngx_int_t ngx_http_endpoint_cron_field(
    ngx_http_endpoint_cron_field_t *field, u_char *p, u_char *last,
    uint64_t *set);
static ngx_int_t ngx_http_endpoint_cron_item(
    ngx_http_endpoint_cron_field_t *field, u_char *p, u_char *last,
    uint64_t *set);
static ngx_int_t ngx_http_endpoint_cron_number(
    ngx_http_endpoint_cron_field_t *field, u_char *p, u_char *last);
static void ngx_http_endpoint_cron_time(ngx_http_endpoint_cron_t *cron,
    time_t t, struct tm *tm);
static ngx_uint_t ngx_http_endpoint_cron_day(ngx_http_endpoint_cron_t *cron,
    struct tm *tm);
static ngx_uint_t ngx_http_endpoint_cron_skipped(
    ngx_http_endpoint_cron_t *cron, time_t t, struct tm *tm);
static ngx_uint_t ngx_http_endpoint_cron_again(ngx_http_endpoint_cron_t *cron,
    time_t t, struct tm *tm);


#define ngx_http_endpoint_cron_bit(set, n)  (((set) >> (n)) & 1)


static ngx_http_endpoint_cron_field_t  ngx_http_endpoint_cron_fields[] = {
    { "minute", 0, 59, NULL, "0-59" },
    { "hour", 0, 23, NULL, "0-23" },
    { "day of month", 1, 31, NULL, "1-31" },
    { "month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec",
      "1-12 or jan-dec" },
    { "day of week", 0, 7, "sunmontuewedthufrisat", "0-7 or sun-sat" }
};


ngx_int_t
ngx_http_endpoint_cron_parse(ngx_http_endpoint_cron_t *cron, ngx_str_t *text,
    ngx_http_endpoint_cron_error_t *err)
{
    u_char                          *p, *end, *start;
    uint64_t                        *set[5];
    ngx_uint_t                       i;
    ngx_uint_t                       any[5];
    ngx_http_endpoint_cron_field_t  *field;

    set[0] = &cron->minutes;
    set[1] = &cron->hours;
    set[2] = &cron->days;
    set[3] = &cron->months;
    set[4] = &cron->weekdays;

    p = text->data;
    end = p + text->len;

    for (i = 0; i < 5; i++) {
        field = &ngx_http_endpoint_cron_fields[i];

        while (p < end && (*p == ' ' || *p == '\t')) { p++; }

        start = p;

        while (p < end && *p != ' ' && *p != '\t') { p++; }

        err->field = field->name;
        err->expected = field->expected;
        err->word.data = start;
        err->word.len = p - start;

        *set[i] = 0;

        if (ngx_http_endpoint_cron_field(field, start, p, set[i]) != NGX_OK) {
            return NGX_ERROR;
        }

        any[i] = (*start == '*');
    }

    while (p < end && (*p == ' ' || *p == '\t')) { p++; }

    if (p < end) {
        err->field = "sixth field";
        err->expected = "five fields";
        err->word.data = p;
        err->word.len = end - p;
        return NGX_ERROR;
    }

    /* Sunday has two numbers */

    cron->weekdays |= ngx_http_endpoint_cron_bit(cron->weekdays, 7);

    cron->any_time = any[0] || any[1];
    cron->any_day = any[2];
    cron->any_weekday = any[4];

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_cron_field(ngx_http_endpoint_cron_field_t *field, u_char *p,
    u_char *last, uint64_t *set)
{
    u_char  *comma;

    for ( ;; ) {
        comma = ngx_strlchr(p, last, ',');

        if (ngx_http_endpoint_cron_item(field, p, comma ? comma : last, set)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (comma == NULL) {
            return NGX_OK;
        }

        p = comma + 1;
    }
}


static ngx_int_t
ngx_http_endpoint_cron_item(ngx_http_endpoint_cron_field_t *field, u_char *p,
    u_char *last, uint64_t *set)
{
    u_char     *dash, *slash;
    ngx_int_t   from, to, step;

    slash = ngx_strlchr(p, last, '/');
    step = 1;

    if (slash) {
        step = ngx_atoi(slash + 1, last - slash - 1);

        if (step < 1 || step > (ngx_int_t) field->max) {
            return NGX_ERROR;
        }

        last = slash;
    }

    dash = ngx_strlchr(p, last, '-');

    if (last - p == 1 && *p == '*') {
        from = field->min;

        /* the eighth day of a week is its first */

        to = (field->max == 7) ? 6 : field->max;

    } else if (dash) {
        from = ngx_http_endpoint_cron_number(field, p, dash);
        to = ngx_http_endpoint_cron_number(field, dash + 1, last);

    } else {
        from = ngx_http_endpoint_cron_number(field, p, last);
        to = slash ? NGX_ERROR : from;
    }

    if (from == NGX_ERROR || to == NGX_ERROR || from > to) {
        return NGX_ERROR;
    }

    for ( /* void */ ; from <= to; from += step) {
        *set |= (uint64_t) 1 << from;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_cron_number(ngx_http_endpoint_cron_field_t *field, u_char *p,
    u_char *last)
{
    ngx_int_t    n;
    const char  *name;

    if (field->names && last - p == 3) {
        n = field->min;

        for (name = field->names; *name; name += 3) {
            if (ngx_strncasecmp(p, (u_char *) name, 3) == 0) {
                return n;
            }

            n++;
        }
    }

    n = ngx_atoi(p, last - p);

    if (n < (ngx_int_t) field->min || n > (ngx_int_t) field->max) {
        return NGX_ERROR;
    }

    return n;
}


time_t
ngx_http_endpoint_cron_next(ngx_http_endpoint_cron_t *cron, time_t after)
{
    time_t     t, end, left;
    struct tm  tm;

    t = after - after % 60 + 60;
    end = t + NGX_HTTP_ENDPOINT_CRON_SPAN;

    while (t < end) {
        ngx_http_endpoint_cron_time(cron, t, &tm);

        if (!cron->any_time && ngx_http_endpoint_cron_skipped(cron, t, &tm)) {
            return t;
        }

        if (!ngx_http_endpoint_cron_day(cron, &tm)) {

            /* by hours where the clock may jump, and so past midnight */

            left = 86400 - tm.tm_hour * 3600 - tm.tm_min * 60;

            t += left > NGX_HTTP_ENDPOINT_CRON_JUMP
                 ? left - NGX_HTTP_ENDPOINT_CRON_JUMP
                 : 3600 - tm.tm_min * 60;
            continue;
        }

        if (!ngx_http_endpoint_cron_bit(cron->hours, tm.tm_hour)) {
            t += 3600 - tm.tm_min * 60;
            continue;
        }

        if (ngx_http_endpoint_cron_bit(cron->minutes, tm.tm_min)
            && (cron->any_time
                || !ngx_http_endpoint_cron_again(cron, t, &tm)))
        {
            return t;
        }

        t += 60;
    }

    return 0;
}


static void
ngx_http_endpoint_cron_time(ngx_http_endpoint_cron_t *cron, time_t t,
    struct tm *tm)
{
    if (cron->utc) {
        gmtime_r(&t, tm);
        return;
    }

    localtime_r(&t, tm);
}


/* as cron: of two days that are both given, one is enough */

static ngx_uint_t
ngx_http_endpoint_cron_day(ngx_http_endpoint_cron_t *cron, struct tm *tm)
{
    ngx_uint_t  day, weekday;

    if (!ngx_http_endpoint_cron_bit(cron->months, tm->tm_mon + 1)) {
        return 0;
    }

    day = ngx_http_endpoint_cron_bit(cron->days, tm->tm_mday);
    weekday = ngx_http_endpoint_cron_bit(cron->weekdays, tm->tm_wday);

    return (cron->any_day || cron->any_weekday) ? (day && weekday)
                                                : (day || weekday);
}


/* whether the clock jumps ahead at t, over a minute that is meant */

static ngx_uint_t
ngx_http_endpoint_cron_skipped(ngx_http_endpoint_cron_t *cron, time_t t,
    struct tm *tm)
{
    time_t     wall;
    struct tm  before, skipped;

    ngx_http_endpoint_cron_time(cron, t - 60, &before);

    if (tm->tm_gmtoff <= before.tm_gmtoff
        || tm->tm_gmtoff - before.tm_gmtoff > NGX_HTTP_ENDPOINT_CRON_JUMP)
    {
        return 0;
    }

    for (wall = t + before.tm_gmtoff; wall < t + tm->tm_gmtoff; wall += 60) {
        gmtime_r(&wall, &skipped);

        if (ngx_http_endpoint_cron_day(cron, &skipped)
            && ngx_http_endpoint_cron_bit(cron->hours, skipped.tm_hour)
            && ngx_http_endpoint_cron_bit(cron->minutes, skipped.tm_min))
        {
            return 1;
        }
    }

    return 0;
}


/* whether the clock has been set back, and has shown this minute before */

static ngx_uint_t
ngx_http_endpoint_cron_again(ngx_http_endpoint_cron_t *cron, time_t t,
    struct tm *tm)
{
    time_t     back;
    struct tm  before, first;

    ngx_http_endpoint_cron_time(cron, t - NGX_HTTP_ENDPOINT_CRON_JUMP,
                                &before);

    back = before.tm_gmtoff - tm->tm_gmtoff;

    if (back <= 0 || back > NGX_HTTP_ENDPOINT_CRON_JUMP) {
        return 0;
    }

    ngx_http_endpoint_cron_time(cron, t - back, &first);

    return first.tm_gmtoff == before.tm_gmtoff;
}
