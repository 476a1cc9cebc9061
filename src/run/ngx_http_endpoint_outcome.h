
/*
 * What the work of a step came to, before its options made a result of it:
 * default=, pass= and the times are each step's own, but who waits for the
 * work of another step is told its outcome.
 */


#ifndef _NGX_HTTP_ENDPOINT_OUTCOME_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_OUTCOME_H_INCLUDED_


#include "ngx_http_endpoint_plan_compile.h"
#include "ngx_http_endpoint_run.h"


/* of a failure; a success is the step's value */
typedef struct {
    ngx_http_endpoint_cause_e    cause;
    ngx_uint_t                   tries;
    ngx_msec_t                   waited;    /* that was too long, or 0 */
    size_t                       limit;     /* that was too small, or 0 */

    /* what was answered, if anything; the fields are the kind's */
    ngx_uint_t                   status;
    ngx_array_t                 *fields;    /* ngx_keyval_t, or NULL */
    ngx_chain_t                 *body;
    off_t                        length;
} ngx_http_endpoint_outcome_t;


/* what a kind of step has whose work can be done for several */
struct ngx_http_endpoint_share_s {

    /*
     * Sets outcome, zeroed, to the failure of exec.  NGX_DECLINED: it says
     * nothing about the work of others; NGX_ABORT: nor has the work failed, it
     * was only not waited for; NGX_ERROR: memory.
     */
    ngx_int_t     (*outcome)(ngx_http_endpoint_exec_t *exec,
                             ngx_http_endpoint_outcome_t *outcome);

    /*
     * Ends exec as if that failure were its own.  NGX_DECLINED: it would not
     * have given up yet, its own work is to be done.
     */
    ngx_int_t     (*adopt)(ngx_http_endpoint_exec_t *exec,
                           ngx_http_endpoint_outcome_t *outcome);

    /* what the value of step is like; of another shape it is another value */
    char         *(*shape)(ngx_http_endpoint_compile_t *c,
                           ngx_http_endpoint_step_t *step);

    /* how long exec waits for the work, 0: as long as it has time */
    ngx_msec_t    (*patience)(ngx_http_endpoint_exec_t *exec);

    /* the largest value that exec takes */
    size_t        (*limit)(ngx_http_endpoint_exec_t *exec);
};


/*
 * Looks for a field of outcome.  An empty text: there is none.
 */
void ngx_http_endpoint_outcome_field(ngx_http_endpoint_outcome_t *outcome,
    const char *name, ngx_str_t *text);

/* Adds a field, whose texts outlive outcome.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_outcome_add(ngx_http_endpoint_outcome_t *outcome,
    ngx_pool_t *pool, const char *name, ngx_str_t *text);


#endif /* _NGX_HTTP_ENDPOINT_OUTCOME_H_INCLUDED_ */
