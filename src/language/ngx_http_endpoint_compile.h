
/*
 * The state of a compilation, for all that compiles a part of a statement.
 * The compiler itself is ngx_http_endpoint_plan_compile().
 */


#ifndef _NGX_HTTP_ENDPOINT_COMPILE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_COMPILE_H_INCLUDED_


#include "ngx_http_endpoint_step.h"


/* where a block stands, and so what there is for it to name */
typedef struct {
    ngx_str_t                         name;     /* "an endpoint" */
    unsigned                          variables:1;  /* nginx's, of a request */
    unsigned                          reply:1;      /* somebody waits for it */

    /* texts that whoever starts the run gives it, "" is last; or NULL */
    ngx_str_t                        *names;
} ngx_http_endpoint_place_t;


/* the state of a compilation: which plan, which statement, for which step */
struct ngx_http_endpoint_compile_s {
    ngx_conf_t                       *cf;
    ngx_http_endpoint_kinds_t        *kinds;
    ngx_http_endpoint_place_t        *place;
    ngx_http_endpoint_plan_t         *plan;
    ngx_http_endpoint_statement_t    *statement;

    /* whose uses are noted as edges; NULL: a reply's, which waits for all */
    ngx_http_endpoint_step_t         *step;
    ngx_array_t                      *edges;    /* ngx_http_endpoint_edge_t */
    ngx_http_endpoint_name_t         *item;     /* $item of each=, or NULL */
    ngx_uint_t                        order;    /* in a transaction, from 1 */
    ngx_array_t                      *uses;     /* ngx_http_endpoint_use_t */
    ngx_uint_t                        condition;    /* within when= */
    ngx_uint_t                        list;         /* within each= */

    /* the option that is read, of all elements of each= at once, or NULL */
    const char                       *common;

    /* what the location says */
    ngx_array_t                      *pools;    /* of endpoint_postgres */
    ngx_msec_t                        timeout;
    ngx_uint_t                        bigint_string;
    ngx_http_endpoint_limits_t       *limits;
    void                             *block;    /* of the caller */

    /* of the block that this one stands in, to run later; or NULL */
    ngx_http_endpoint_compile_t      *outer;
};


typedef struct {
    ngx_uint_t                        from;
    ngx_uint_t                        to;
} ngx_http_endpoint_edge_t;


/*
 * Reads a time that must not be 0: what names it in the error, msec is
 * milliseconds.  NGX_ERROR: a mistake (logged).
 */
ngx_int_t ngx_http_endpoint_plan_time(ngx_http_endpoint_compile_t *c,
    const char *what, ngx_str_t *value, ngx_msec_t *msec);

/* Notes that step to waits for step from.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_plan_edge(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *from, ngx_http_endpoint_step_t *to);


#endif /* _NGX_HTTP_ENDPOINT_COMPILE_H_INCLUDED_ */
