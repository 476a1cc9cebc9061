
/* A statement of the configuration, and what a worker knows of it. */


#ifndef _NGX_HTTP_ENDPOINT_PG_STATEMENT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_STATEMENT_H_INCLUDED_


#include "ngx_http_endpoint_pg_pool.h"
#include "ngx_http_endpoint_pg_row.h"


struct ngx_http_endpoint_pg_statement_s {
    ngx_http_endpoint_pg_pool_t          *pool;
    ngx_http_endpoint_sql_kind_e          kind;
    ngx_str_t                             text;
    const char                           *name;
    ngx_uint_t                            slot;
    ngx_uint_t                            nparams;
    ngx_uint_t                            flags;
    ngx_msec_t                            timeout;  /* on a lane */
    ngx_http_endpoint_pg_check_t         *check;

    /* for the log: where it stands, which name is which parameter */
    ngx_str_t                             file;
    ngx_uint_t                            line;
    ngx_str_t                             legend;

    /* of the worker */
    ngx_http_endpoint_pg_row_head_t       head;
};


#endif /* _NGX_HTTP_ENDPOINT_PG_STATEMENT_H_INCLUDED_ */
