
/*
 * One exec as many branches: each=$list makes one for every element, bound to
 * $item; without it there is one.  What a branch does is its step's business.
 */


#ifndef _NGX_HTTP_ENDPOINT_FANOUT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_FANOUT_H_INCLUDED_


#include "ngx_http_endpoint_json_scan.h"
#include "ngx_http_endpoint_run.h"


/* each=$list limit=8 */
typedef struct {
    ngx_http_endpoint_ref_t          list;
    ngx_http_endpoint_name_t        *item;      /* NULL: no each= */
    ngx_uint_t                       limit;
} ngx_http_endpoint_each_t;


typedef struct ngx_http_endpoint_fanout_s  ngx_http_endpoint_fanout_t;


typedef struct {
    ngx_http_endpoint_fanout_t      *fanout;
    ngx_queue_t                      queue;     /* in active */
    ngx_http_endpoint_value_t        item;      /* of each= */
    ngx_http_endpoint_value_t        value;     /* its result */
    void                            *ctx;       /* of the step's type */
    unsigned                         ended:1;
} ngx_http_endpoint_branch_t;


struct ngx_http_endpoint_fanout_s {
    ngx_http_endpoint_exec_t        *exec;
    ngx_http_endpoint_each_t        *each;

    /*
     * Starts a branch, with $item set; it ends by setting ended, or by failing
     * the exec, now or later.
     */
    void                           (*start)(ngx_http_endpoint_branch_t *b);

    ngx_http_endpoint_branch_t      *branches;
    ngx_http_endpoint_branch_t       only;      /* where there is no each= */
    ngx_uint_t                       n;
    ngx_uint_t                       next;      /* those before are started */
    ngx_queue_t                      active;    /* started, and not ended */
    ngx_uint_t                       nactive;

    ngx_http_endpoint_json_scan_t    scan;      /* of the list, behind next */
    ngx_uint_t                       burst;     /* started since others had
                                                   their turn */
    ngx_event_t                     *turn;      /* posted: theirs; or NULL */

    /* the only branch has set the exec's value and its members already */
    unsigned                         set:1;
};


/*
 * Looks for each= among the words of c->statement; from then on $item means
 * the element, until c->item is NULL again.  NGX_ERROR: a mistake (logged).
 */
ngx_int_t ngx_http_endpoint_each_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_http_endpoint_each_t *each);

/* Reads the value of limit=.  NGX_ERROR: a mistake (logged). */
ngx_int_t ngx_http_endpoint_each_limit(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_each_t *each, ngx_str_t *value);

/* Sets the limit where none was given: act is whether the step acts. */
void ngx_http_endpoint_each_default(ngx_http_endpoint_each_t *each,
    ngx_uint_t act);

/*
 * Starts the branches of an exec, whose ctx becomes the fan-out.  Where it
 * cannot, the exec has failed.
 */
void ngx_http_endpoint_fanout_start(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_each_t *each,
    void (*start)(ngx_http_endpoint_branch_t *b));

/*
 * Starts as many branches as may run; when all have ended, sets the exec's
 * value and ends it.  For the step's resume().
 */
void ngx_http_endpoint_fanout_advance(ngx_http_endpoint_fanout_t *fanout);

/*
 * The step's resume(): calls resume() for each branch under way, or expire()
 * for each that has not ended where the exec's time is over, then advances.
 */
void ngx_http_endpoint_fanout_resume(ngx_http_endpoint_exec_t *exec,
    void (*resume)(ngx_http_endpoint_branch_t *b),
    void (*expire)(ngx_http_endpoint_branch_t *b));

/* The step's cancel(): calls cancel() for each branch that has started. */
void ngx_http_endpoint_fanout_cancel(ngx_http_endpoint_exec_t *exec,
    void (*cancel)(ngx_http_endpoint_branch_t *b));

/*
 * Gives b the value of default=.  0: the step has none, b stays as it is.
 */
ngx_uint_t ngx_http_endpoint_branch_default(ngx_http_endpoint_branch_t *b);

/*
 * Ends an exec without each= whose work has failed: by its default=, or as
 * ngx_http_endpoint_exec_failed().
 */
void ngx_http_endpoint_exec_default(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_cause_e cause);

/*
 * Makes $item the element of b: all branches share its slots.  NGX_DECLINED:
 * the exec has failed; NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_branch_item(ngx_http_endpoint_branch_t *b);


#endif /* _NGX_HTTP_ENDPOINT_FANOUT_H_INCLUDED_ */
