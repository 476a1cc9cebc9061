
/* One table: why a step failed, and what the client and the log are told. */


#ifndef _NGX_HTTP_ENDPOINT_ERROR_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_ERROR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef enum {
    ngx_http_endpoint_cause_none = 0,
    ngx_http_endpoint_cause_memory,
    ngx_http_endpoint_cause_timeout,
    ngx_http_endpoint_cause_upstream,       /* no answer, or a broken one */
    ngx_http_endpoint_cause_status,         /* an answer other than 2xx */
    ngx_http_endpoint_cause_json,
    ngx_http_endpoint_cause_encoding,
    ngx_http_endpoint_cause_too_large,
    ngx_http_endpoint_cause_cycle,
    ngx_http_endpoint_cause_fetches,
    ngx_http_endpoint_cause_uri,
    ngx_http_endpoint_cause_header,
    ngx_http_endpoint_cause_list,
    ngx_http_endpoint_cause_fanout,
    ngx_http_endpoint_cause_sql,
    ngx_http_endpoint_cause_database,
    ngx_http_endpoint_cause_lost,           /* with the connection */
    ngx_http_endpoint_cause_read_only,
    ngx_http_endpoint_cause_queue,
    ngx_http_endpoint_cause_unavailable,    /* no server can be reached */
    ngx_http_endpoint_cause_conflict,       /* with others */
    ngx_http_endpoint_cause_result_size,
    ngx_http_endpoint_cause_unique,
    ngx_http_endpoint_cause_foreign_key,
    ngx_http_endpoint_cause_check,
    ngx_http_endpoint_cause_not_null,
    ngx_http_endpoint_cause_data,
    ngx_http_endpoint_cause_result          /* the step has set run->result */
} ngx_http_endpoint_cause_e;


typedef struct {
    ngx_uint_t   status;
    ngx_str_t    text;
} ngx_http_endpoint_error_t;


/* What is told of a cause. */
ngx_http_endpoint_error_t *ngx_http_endpoint_error(
    ngx_http_endpoint_cause_e cause);

/*
 * {"detail":"STEP: TEXT"} in memory of pool, with the name of what was violated
 * behind it in quotes where it is not empty.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_error_detail(ngx_pool_t *pool, ngx_str_t *step,
    ngx_http_endpoint_cause_e cause, ngx_str_t *name, ngx_str_t *json);


#endif /* _NGX_HTTP_ENDPOINT_ERROR_H_INCLUDED_ */
