
/* The five fields of cron: which minutes they mean.  Knows no nginx.conf. */


#ifndef _NGX_HTTP_ENDPOINT_CRON_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CRON_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* sets of bits, from 0; of the month and its day bit 0 is unused */
typedef struct {
    uint64_t       minutes;
    uint64_t       hours;
    uint64_t       days;
    uint64_t       months;
    uint64_t       weekdays;        /* 0 is Sunday */

    unsigned       utc:1;           /* else local time */
    unsigned       any_day:1;       /* that field begins with "*" */
    unsigned       any_weekday:1;
    unsigned       any_time:1;      /* the minute's or the hour's does */
} ngx_http_endpoint_cron_t;


/* a mistake: word of that field is not what was expected */
typedef struct {
    const char    *field;
    ngx_str_t      word;
    const char    *expected;
} ngx_http_endpoint_cron_error_t;


/*
 * Reads a text of five fields into cron (zeroed).  NGX_ERROR: a mistake, err
 * is set.
 */
ngx_int_t ngx_http_endpoint_cron_parse(ngx_http_endpoint_cron_t *cron,
    ngx_str_t *text, ngx_http_endpoint_cron_error_t *err);

/*
 * The first second of the next minute that cron means, behind after; 0: none
 * in a lifetime.  Of local time: where any_time is set, what the clock on the
 * wall shows counts; else a time that the clock skips comes right after the
 * jump, and of a time that comes twice the first one counts.
 */
time_t ngx_http_endpoint_cron_next(ngx_http_endpoint_cron_t *cron,
    time_t after);


#endif /* _NGX_HTTP_ENDPOINT_CRON_H_INCLUDED_ */
