
#include "ngx_http_endpoint_pg.h"


/* client_connection_check_interval came with it */
#define NGX_HTTP_ENDPOINT_PG_CHECKS  140000

/* a setting that may be missing can be asked for */
#define NGX_HTTP_ENDPOINT_PG_ROOMS   90600


static ngx_int_t ngx_http_endpoint_pg_ask(ngx_http_endpoint_pg_t *pg);


/* what this role may have at once, of which others take their part, too */

static const char  ngx_http_endpoint_pg_room_sql[] =
    "SELECT least(current_setting('max_connections')::int"
        " - current_setting('superuser_reserved_connections')::int"
        " - coalesce(current_setting('reserved_connections', true), '0')::int,"
        " nullif(r.rolconnlimit, -1), nullif(d.datconnlimit, -1))"
    " FROM pg_catalog.pg_roles r, pg_catalog.pg_database d"
    " WHERE r.rolname = session_user AND d.datname = current_database()";


/* behind a pooler a session is not ours: a setting would reach others */

ngx_int_t
ngx_http_endpoint_pg_configure(ngx_http_endpoint_pg_t *pg)
{
    u_char                           buf[NGX_INT_T_LEN];
    ngx_str_t                        timeout;
    ngx_http_endpoint_pg_command_t  *c;

    c = pg->settings;

    ngx_memzero(c, sizeof(pg->settings));

    c[0].internal = 1;

    if (pg->options->pooler) {
        c[0].sql = "SELECT set_config('DateStyle', 'ISO', false)";

        return ngx_http_endpoint_pg_send(pg, &c[0]);
    }

    timeout.data = buf;
    timeout.len = ngx_sprintf(buf, "%M", pg->timeout) - buf;

    c[0].sql = "SELECT set_config('DateStyle', 'ISO', false),"
               " set_config('bytea_output', 'hex', false),"
               " set_config('extra_float_digits', '3', false),"
               " set_config('statement_timeout', $1, false)";
    c[0].nparams = 1;
    c[0].params = &timeout;

    if (ngx_http_endpoint_pg_send(pg, &c[0]) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_pg_ask(pg);
}


/* what a server may refuse, and is of use all the same */

static ngx_int_t
ngx_http_endpoint_pg_ask(ngx_http_endpoint_pg_t *pg)
{
    int                              version;
    ngx_http_endpoint_pg_command_t  *c;

    c = pg->settings;
    version = PQserverVersion(pg->conn);

    if (version < NGX_HTTP_ENDPOINT_PG_ROOMS) {
        return NGX_OK;
    }

    c[1].internal = 1;
    c[1].sql = ngx_http_endpoint_pg_room_sql;

    if (ngx_http_endpoint_pg_send(pg, &c[1]) != NGX_OK) {
        return NGX_ERROR;
    }

    if (version < NGX_HTTP_ENDPOINT_PG_CHECKS) {
        return NGX_OK;
    }

    /* not every system lets a server see that its client has gone */

    c[2].internal = 1;
    c[2].sql = "SELECT set_config('client_connection_check_interval', '1s',"
               " false)";

    return ngx_http_endpoint_pg_send(pg, &c[2]);
}


void
ngx_http_endpoint_pg_setting(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command)
{
    ngx_int_t  n;

    if (command == &pg->settings[1] && !command->failed
        && PQntuples(command->result) == 1)
    {
        n = ngx_atoi((u_char *) PQgetvalue(command->result, 0, 0),
                     PQgetlength(command->result, 0, 0));
        pg->room = (n > 0) ? n : 0;
    }

    if (command->failed && command == &pg->settings[0]) {
        ngx_http_endpoint_pg_complain(pg, "setup",
                                      PQresultErrorMessage(command->result));
        pg->doomed = 1;
    }

    PQclear(command->result);
    command->result = NULL;

    if (pg->state == ngx_http_endpoint_pg_setup && pg->ncommands == 0
        && !pg->doomed)
    {
        pg->state = ngx_http_endpoint_pg_up;

        ngx_http_endpoint_pg_recovered(pg);
        pg->owner->up(pg);
    }
}


ngx_int_t
ngx_http_endpoint_pg_set_timeout(ngx_http_endpoint_pg_t *pg,
    ngx_msec_t timeout)
{
    u_char                           buf[NGX_INT_T_LEN];
    ngx_str_t                        param;
    ngx_http_endpoint_pg_command_t  *c;

    if (timeout == pg->timeout) {
        return NGX_OK;
    }

    pg->timeout = timeout;
    pg->in_force = timeout;

    if (pg->options->pooler) {
        return NGX_OK;
    }

    param.data = buf;
    param.len = ngx_sprintf(buf, "%M", timeout) - buf;

    c = &pg->settings[0];
    c->sql = "SELECT set_config('statement_timeout', $1, false)";
    c->nparams = 1;
    c->params = &param;

    return ngx_http_endpoint_pg_send(pg, c);
}
