
/*
 * A step is one kind of work: one file that exports one table of functions.
 * To add a kind, add its file and its line in ngx_http_endpoint_kinds.h.
 */


#ifndef _NGX_HTTP_ENDPOINT_STEP_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_STEP_H_INCLUDED_


#include "ngx_http_endpoint_plan.h"


/* one step in one run, which the scheduler alone looks into */
typedef struct ngx_http_endpoint_exec_s  ngx_http_endpoint_exec_t;

typedef struct ngx_http_endpoint_share_s  ngx_http_endpoint_share_t;


struct ngx_http_endpoint_step_type_s {
    ngx_str_t       name;

    /*
     * Reads the statement of c into step->conf; sets act, guard, effect.
     * NGX_ERROR: a mistake (logged), or memory.
     */
    ngx_int_t     (*compile)(ngx_http_endpoint_compile_t *c,
                             ngx_http_endpoint_step_t *step);

    /*
     * Starts the work.  It ends by exec_done() or exec_failed(), called from
     * here or later.
     */
    void          (*start)(ngx_http_endpoint_exec_t *exec);

    /*
     * Goes on with running work after ngx_http_endpoint_exec_wake(); NULL
     * where nothing wakes it.
     */
    void          (*resume)(ngx_http_endpoint_exec_t *exec);

    /* Stops running work; NULL where start() always ends it. */
    void          (*cancel)(ngx_http_endpoint_exec_t *exec);

    /* $name as first argument, status=$name and bind=$name: bind names */
    unsigned        binds:1;

    /* headers of the client go with it */
    unsigned        passes:1;

    /*
     * Looks at step when all steps have been read; NULL: nothing to look at.
     * NGX_ERROR: a mistake (logged), or memory.
     */
    ngx_int_t     (*check)(ngx_http_endpoint_compile_t *c,
                           ngx_http_endpoint_step_t *step);

    /* of work that can be done for several steps at once, or NULL */
    ngx_http_endpoint_share_t  *share;
};


/*
 * What an option has done around the work of the step that has it, whatever
 * kind that is.
 */
struct ngx_http_endpoint_around_s {

    /* as check() of a kind */
    ngx_int_t     (*check)(ngx_http_endpoint_compile_t *c,
                           ngx_http_endpoint_step_t *step);

    /* 1: the work is to be started; 0: exec has ended, or will be woken */
    ngx_uint_t    (*before)(ngx_http_endpoint_exec_t *exec);

    /* the same for an exec that was woken after before() gave 0 */
    ngx_uint_t    (*resume)(ngx_http_endpoint_exec_t *exec);

    /* exec has ended; its value or its cause may be changed */
    void          (*after)(ngx_http_endpoint_exec_t *exec);

    /* exec is cancelled, or had ended without after() */
    void          (*cancel)(ngx_http_endpoint_exec_t *exec);
};


/* an option that sets step->around */
typedef struct {
    ngx_str_t       name;                       /* "cache=" */
    ngx_int_t     (*compile)(ngx_http_endpoint_compile_t *c,
                             ngx_http_endpoint_step_t *step,
                             ngx_str_t *value);
} ngx_http_endpoint_option_t;


/* the kinds of steps and the options that there are, NULL and "" are last */
typedef struct {
    ngx_http_endpoint_step_type_t  **types;
    ngx_http_endpoint_option_t      *options;
} ngx_http_endpoint_kinds_t;


#endif /* _NGX_HTTP_ENDPOINT_STEP_H_INCLUDED_ */
