
#include "ngx_http_endpoint_pg.h"
#include "ngx_http_endpoint_pg_error.h"


#define NGX_HTTP_ENDPOINT_PG_LINE    1024

/* a server that stays lost is spoken of again */
#define NGX_HTTP_ENDPOINT_PG_REPEAT  60000


ngx_uint_t
ngx_http_endpoint_pg_muted(ngx_http_endpoint_pg_t *pg)
{
    ngx_http_endpoint_pg_address_t  *address;

    address = pg->address;

    if (address->lost
        && ngx_current_msec - address->said < NGX_HTTP_ENDPOINT_PG_REPEAT)
    {
        address->muted++;
        return 1;
    }

    address->lost = 1;
    address->said = ngx_current_msec;

    return 0;
}


void
ngx_http_endpoint_pg_complain(ngx_http_endpoint_pg_t *pg, const char *what,
    const char *message)
{
    u_char     buf[NGX_HTTP_ENDPOINT_PG_LINE];
    ngx_str_t  text;

    text.data = buf;
    text.len = sizeof(buf);

    ngx_http_endpoint_pg_error_text(&text, message);

    if (pg->silent) {
        return;
    }

    (void) ngx_snprintf(pg->address->why, NGX_HTTP_ENDPOINT_PG_WHY,
                        "no server is available: %V%Z", &text);
    pg->address->why[NGX_HTTP_ENDPOINT_PG_WHY - 1] = '\0';

    if (ngx_http_endpoint_pg_muted(pg)) {
        return;
    }

    ngx_log_error(NGX_LOG_ERR, pg->log, 0, "postgres %V: %s failed: %V",
                  &pg->address->name, what, &text);
}


void
ngx_http_endpoint_pg_recovered(ngx_http_endpoint_pg_t *pg)
{
    ngx_http_endpoint_pg_address_t  *address;

    address = pg->address;

    if (!address->lost) {
        return;
    }

    ngx_log_error(NGX_LOG_NOTICE, pg->log, 0,
                  "postgres %V: connected again, %ui more failures were not "
                  "logged", &address->name, address->muted);

    address->lost = 0;
    address->muted = 0;
}


void
ngx_http_endpoint_pg_notice(void *data, const PGresult *result)
{
    ngx_http_endpoint_pg_t *pg = data;

    u_char       buf[NGX_HTTP_ENDPOINT_PG_LINE];
    ngx_str_t    text;
    ngx_uint_t   level;
    const char  *severity, *sqlstate;
    ngx_http_endpoint_pg_command_t  *command;

    severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    severity = severity ? severity : "";

    sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    sqlstate = sqlstate ? sqlstate : "";

    level = NGX_LOG_WARN;

    /*
     * To an idle connection it is a notice, and its end is yet to be read.
     * One that libpq takes for idle, since it lost the commands that it was
     * given, was at the first of them.
     */

    if (ngx_strcmp(severity, "FATAL") == 0) {
        level = NGX_LOG_ERR;
        pg->orderly = ngx_http_endpoint_pg_error_orderly(sqlstate);

        if (!ngx_queue_empty(&pg->commands)) {
            command = ngx_queue_data(ngx_queue_head(&pg->commands),
                                     ngx_http_endpoint_pg_command_t, link);
            command->hit = 1;
        }

        ngx_http_endpoint_pg_doom(pg);

    } else if (pg->draining && *sqlstate == '\0') {

        /* libpq's own: an answer came, and it knows of no command */

        pg->stray = 1;

    } else if (ngx_strcmp(severity, "NOTICE") == 0
               || ngx_strcmp(severity, "INFO") == 0)
    {
        level = NGX_LOG_INFO;
    }

    if (ngx_strncmp(sqlstate, "57P", 3) == 0
        && ngx_http_endpoint_pg_muted(pg))
    {
        return;
    }

    text.data = buf;
    text.len = sizeof(buf);

    ngx_http_endpoint_pg_error_text(&text, PQresultErrorMessage(result));

    ngx_log_error(level, pg->log, 0, "postgres %V: %V", &pg->address->name,
                  &text);
}
