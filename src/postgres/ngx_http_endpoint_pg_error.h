
/* What an SQLSTATE means to the one who asked. */


#ifndef _NGX_HTTP_ENDPOINT_PG_ERROR_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_ERROR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef enum {
    ngx_http_endpoint_pg_ok = 0,

    /* what the client caused */
    ngx_http_endpoint_pg_unique,            /* 23505, and exclusion 23P01 */
    ngx_http_endpoint_pg_foreign_key,
    ngx_http_endpoint_pg_check,
    ngx_http_endpoint_pg_not_null,
    ngx_http_endpoint_pg_data,              /* class 22; a NUL in a string */

    ngx_http_endpoint_pg_conflict,          /* serialization, deadlock */
    ngx_http_endpoint_pg_timeout,           /* statement_, lock_timeout */
    ngx_http_endpoint_pg_full,              /* the queue: nothing was sent */
    ngx_http_endpoint_pg_unavailable,       /* there is no server */
    ngx_http_endpoint_pg_read_only,         /* the server is no primary */
    ngx_http_endpoint_pg_large,             /* the result */
    ngx_http_endpoint_pg_lost,              /* it may have been executed */
    ngx_http_endpoint_pg_shutdown,          /* ended by the server, undone */
    ngx_http_endpoint_pg_memory,            /* ours */
    ngx_http_endpoint_pg_failed             /* everything else */
} ngx_http_endpoint_pg_cause_e;


/* sqlstate: five characters and a NUL */
ngx_http_endpoint_pg_cause_e ngx_http_endpoint_pg_error_cause(
    const char *sqlstate);

/*
 * Whether the FATAL error with this SQLSTATE ends a connection in good order:
 * what was sent behind the failed command was not looked at.
 */
ngx_uint_t ngx_http_endpoint_pg_error_orderly(const char *sqlstate);

/*
 * Whether a prepared statement that fails so was not executed, and may succeed
 * once it is prepared again.  fresh: it was prepared only now; function names
 * the server's function that found the error, context what it was called by:
 * NULL where the server was at nothing but the statement itself.
 */
ngx_uint_t ngx_http_endpoint_pg_error_stale(const char *sqlstate,
    const char *function, const char *context, ngx_uint_t fresh);

/*
 * Copies what a server said to text->data, where text->len bytes are, as one
 * printable line, cut short where it must be; sets text->len.
 */
void ngx_http_endpoint_pg_error_text(ngx_str_t *text, const char *said);


#endif /* _NGX_HTTP_ENDPOINT_PG_ERROR_H_INCLUDED_ */
