
/*
 * The room run/ holds the scheduler, which starts what can start and cancels
 * what need not end, and the steps that need nothing else.  It knows neither
 * HTTP nor the cache: shells start runs (shell.h), options hang themselves
 * around steps (step.h).  It may use language/ and what is below it.
 */

/*
 * A run is one execution of a plan.  It owns a pool's memory, a deadline, the
 * values, what is pending, and its cancellation.  It knows no HTTP: a shell
 * (shell.h) starts it and takes its result.
 */


#ifndef _NGX_HTTP_ENDPOINT_RUN_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_RUN_H_INCLUDED_


#include <ngx_event.h>
#include "ngx_http_endpoint_error.h"
#include "ngx_http_endpoint_result.h"
#include "ngx_http_endpoint_scope.h"
#include "ngx_http_endpoint_step.h"


typedef struct ngx_http_endpoint_run_s    ngx_http_endpoint_run_t;
typedef struct ngx_http_endpoint_shell_s  ngx_http_endpoint_shell_t;


typedef enum {
    ngx_http_endpoint_exec_waiting = 0,
    ngx_http_endpoint_exec_running,
    ngx_http_endpoint_exec_ended,       /* recorded, the scheduler is to come */
    ngx_http_endpoint_exec_settled
} ngx_http_endpoint_exec_state_e;


/* one step in one run */
struct ngx_http_endpoint_exec_s {
    ngx_http_endpoint_run_t        *run;
    ngx_http_endpoint_step_t       *step;
    ngx_http_endpoint_exec_t       *parent;     /* of a transaction's step */
    void                           *ctx;        /* of the step's type */
    void                           *around;     /* of step->around */
    void                           *within;     /* as of a run; NULL: that */
    ngx_event_t                    *timer;      /* of timeout=, or NULL */
    ngx_msec_t                      started;
    ngx_uint_t                      waits;
    ngx_http_endpoint_exec_state_e  state;
    ngx_http_endpoint_cause_e       cause;      /* why it failed, or none */
    unsigned                        woken:1;    /* resume() is to be called */
    unsigned                        held:1;     /* by step->around */
    unsigned                        expired:1;  /* its time is over */
    unsigned                        defaulted:1;    /* default= was used */
    unsigned                        lacks:1;    /* an element of each= has
                                                   come to null */
    unsigned                        fallback:1; /* its value stands in for
                                                   one that is not there */
};


/* what a statement does around the rest of a run, all that is below it */
typedef struct {
    void                          (*finish)(ngx_http_endpoint_run_t *run);
    void                          (*cancel)(ngx_http_endpoint_run_t *run);
} ngx_http_endpoint_rest_t;


/* what a plan's run takes beforehand, so that its end can rely on it */
struct ngx_http_endpoint_reserve_s {

    /* before the first step; NGX_ERROR: run->result is set */
    ngx_int_t                     (*reserve)(ngx_http_endpoint_run_t *run);

    /* the run has ended, or is cancelled; may be called twice */
    void                          (*release)(ngx_http_endpoint_run_t *run);
};


struct ngx_http_endpoint_run_s {

    /* first, so that the shell's variable() finds the run by it */
    ngx_http_endpoint_scope_t       scope;

    ngx_http_endpoint_plan_t       *plan;
    ngx_http_endpoint_shell_t      *shell;
    void                           *data;       /* the shell's */

    /* the request that subrequests start from; NULL: none yet */
    void                           *request;

    /* the run whose step fetches this one, or NULL */
    ngx_http_endpoint_run_t        *parent;

    ngx_uint_t                      fetches;    /* of it and those it fetches */

    ngx_http_endpoint_exec_t       *execs;      /* one for each step */
    ngx_uint_t                      unsettled;  /* number of execs */
    ngx_array_t                    *headers;    /* ngx_keyval_t, or NULL */

    ngx_event_t                     event;      /* posted: advance */
    ngx_event_t                     deadline;
    ngx_msec_t                      expires;    /* of ngx_current_msec */

    ngx_http_endpoint_result_t      result;

    /* what a statement does around all that stands below it, or NULL */
    ngx_http_endpoint_rest_t       *rest;
    void                           *rest_data;

    /* whose work it does, handed on to the runs that it asks; not looked at */
    void                           *within;

    unsigned                        advancing:1;
    unsigned                        ended:1;    /* result is set */
    unsigned                        overdue:1;  /* its time is over */
    unsigned                        effect:1;   /* an act here or below it
                                                   has started */
    unsigned                        bare:1;     /* a step's value is all that
                                                   is wanted: no reply */

    /* the request is being freed: nothing of it may be touched any more */
    unsigned                        abandoned:1;
};


/*
 * Prepares run (zeroed) for a plan: values are allocated from pool, for the
 * shell to fill in the inputs.  NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_run_init(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_plan_t *plan, ngx_pool_t *pool, ngx_log_t *log);

/*
 * Before run_start(): of the plan's steps only those from first on are to be
 * run, and before end.  What they use of the others the caller has set.
 */
void ngx_http_endpoint_run_part(ngx_http_endpoint_run_t *run,
    ngx_uint_t first, ngx_uint_t end);

/*
 * Starts what can start.  NGX_OK: the run has ended already, its result is
 * set; NGX_AGAIN: shell->handler() will be called.  timeout: milliseconds
 * until the deadline.
 */
ngx_int_t ngx_http_endpoint_run_start(ngx_http_endpoint_run_t *run,
    ngx_msec_t timeout);

/* Goes on with what can go on: the scheduler, for the shell's handler alone. */
void ngx_http_endpoint_run_advance(ngx_http_endpoint_run_t *run);

/* Cancels all that still runs, without a result; may be called twice. */
void ngx_http_endpoint_run_cancel(ngx_http_endpoint_run_t *run);

/*
 * For steps: records that an exec ended, its value being set, and posts the
 * scheduler.
 */
void ngx_http_endpoint_exec_done(ngx_http_endpoint_exec_t *exec);

/* The same for a failure. */
void ngx_http_endpoint_exec_failed(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_cause_e cause);

/*
 * For a step with steps of its own: starts one of them, an exec with parent
 * set, and stops it.  When it ends or wakes, the parent is woken.
 */
void ngx_http_endpoint_exec_start(ngx_http_endpoint_exec_t *exec);
void ngx_http_endpoint_exec_cancel(ngx_http_endpoint_exec_t *exec);

/* Sets run->result to what is told of a step's failure. */
void ngx_http_endpoint_run_failure(ngx_http_endpoint_run_t *run,
    ngx_str_t *label, ngx_http_endpoint_cause_e cause);

/* Records that running work can go on, and posts the scheduler. */
void ngx_http_endpoint_exec_wake(ngx_http_endpoint_exec_t *exec);

/*
 * Records that the value of exec, or a part of it, is one in place of another:
 * a default=, or an old one.  What is made of it is not to be kept.
 */
void ngx_http_endpoint_exec_fallback(ngx_http_endpoint_exec_t *exec);

/*
 * Sets the value that an exec's step binds, and the members of it that the
 * plan uses.  NGX_DECLINED: not valid JSON; NGX_ABORT: only white space;
 * NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_exec_value(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_value_t *v);

/*
 * Sets run->result to a status and a JSON text that outlives the run; an exec
 * that has done so fails with ngx_http_endpoint_cause_result.
 */
#define ngx_http_endpoint_run_result(run, status, json)                       \
    ngx_http_endpoint_result_json(&(run)->result, (run)->scope.pool, status,  \
                                  json)

/* Adds a header to the reply, for the caller to set.  NULL: memory. */
ngx_keyval_t *ngx_http_endpoint_run_header(ngx_http_endpoint_run_t *run);

/* Whose work an exec does: what an option says, or what its run was told. */
#define ngx_http_endpoint_exec_within(exec)                                   \
    ((exec)->within ? (exec)->within : (exec)->run->within)

/* milliseconds left until the deadline */
ngx_msec_t ngx_http_endpoint_run_left(ngx_http_endpoint_run_t *run);


#endif /* _NGX_HTTP_ENDPOINT_RUN_H_INCLUDED_ */
