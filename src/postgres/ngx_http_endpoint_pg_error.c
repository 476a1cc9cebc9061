
#include "ngx_http_endpoint_pg_error.h"


typedef struct {
    const char                    *sqlstate;    /* or its first characters */
    ngx_http_endpoint_pg_cause_e   cause;
} ngx_http_endpoint_pg_error_t;


/* the first that fits counts */

static ngx_http_endpoint_pg_error_t  ngx_http_endpoint_pg_errors[] = {
    { "23505", ngx_http_endpoint_pg_unique },
    { "23P01", ngx_http_endpoint_pg_unique },
    { "23503", ngx_http_endpoint_pg_foreign_key },
    { "23001", ngx_http_endpoint_pg_foreign_key },
    { "23502", ngx_http_endpoint_pg_not_null },
    { "23", ngx_http_endpoint_pg_check },

    /* all that is bound is valid UTF-8: it is the server's own */
    { "22021", ngx_http_endpoint_pg_failed },
    { "22", ngx_http_endpoint_pg_data },
    { "40001", ngx_http_endpoint_pg_conflict },
    { "40P01", ngx_http_endpoint_pg_conflict },
    { "25006", ngx_http_endpoint_pg_read_only },

    /* no room for a connection, or a pooler that has no server */
    { "53", ngx_http_endpoint_pg_unavailable },
    { "57P03", ngx_http_endpoint_pg_unavailable },
    { "08P01", ngx_http_endpoint_pg_unavailable },
    { "57014", ngx_http_endpoint_pg_timeout },
    { "55P03", ngx_http_endpoint_pg_timeout },
    { "25P03", ngx_http_endpoint_pg_timeout },
    { "57P01", ngx_http_endpoint_pg_shutdown },
    { "57P05", ngx_http_endpoint_pg_shutdown },
    { "57P02", ngx_http_endpoint_pg_lost },
    { NULL, ngx_http_endpoint_pg_failed }
};


ngx_http_endpoint_pg_cause_e
ngx_http_endpoint_pg_error_cause(const char *sqlstate)
{
    ngx_http_endpoint_pg_error_t  *e;

    for (e = ngx_http_endpoint_pg_errors; e->sqlstate; e++) {
        if (ngx_strncmp(sqlstate, e->sqlstate, ngx_strlen(e->sqlstate)) == 0) {
            break;
        }
    }

    return e->cause;
}


ngx_uint_t
ngx_http_endpoint_pg_error_orderly(const char *sqlstate)
{
    /*
     * Not 57P02: after a crash the server ends its processes wherever they
     * are, be it between a commit and its answer.
     */

    return ngx_strcmp(sqlstate, "57P01") == 0
           || ngx_strcmp(sqlstate, "57P05") == 0;
}


ngx_uint_t
ngx_http_endpoint_pg_error_stale(const char *sqlstate, const char *function,
    const char *context, ngx_uint_t fresh)
{
    /* what a function says may be said after it has done something */

    if (context) {
        return 0;
    }

    if (ngx_strcmp(sqlstate, "26000") == 0
        || ngx_strcmp(sqlstate, "42P05") == 0)
    {
        return 1;
    }

    /* the types of its parameters are those of the time it was prepared */

    if (ngx_strncmp(sqlstate, "42", 2) == 0) {
        return !fresh;
    }

    /* "cached plan must not change result type", in any language */

    return ngx_strcmp(sqlstate, "0A000") == 0
           && function
           && ngx_strcmp(function, "RevalidateCachedQuery") == 0;
}


void
ngx_http_endpoint_pg_error_text(ngx_str_t *text, const char *said)
{
    u_char  *p, *last, *s;

    p = text->data;
    last = p + text->len;

    for (s = (u_char *) said; *s && last - p >= 4; s++) {

        /* libpq ends its messages with a line break */

        if (*s == '\n' && s[1] == '\0') {
            break;
        }

        if (*s == '\n' || *s == '\t') {
            *p++ = ' ';

        } else if (*s < 0x20 || *s >= 0x7f) {
            p = ngx_sprintf(p, "\\x%02Xd", (ngx_uint_t) *s);

        } else {
            *p++ = *s;
        }
    }

    text->len = p - text->data;
}
