
/*
 * A shell is what starts runs and takes their results: an HTTP request is one
 * (http/), a run that has no client is another (detached), and what a socket's
 * messages, background tasks and schedules are made of.  A run knows nothing
 * of its shell but the table below.
 *
 * Before the start.  The shell zeroes a run, sets shell, data and
 * scope.variable, and calls run_init() with a plan, a pool and a log; it fills
 * the slots of the plan's inputs in scope.values, and calls run_start() with
 * the time until the deadline.
 *
 *   pool      lasts longer than the run: until whatever its steps have asked
 *             for has let go, see below.  A shell of many runs in turn gives
 *             each of them its own.
 *   log       says what is being run: its handler adds the client's request,
 *             or the name of a task.  Steps log nothing of the kind.
 *   variable  the texts of nginx's variables, where the plan's place has any;
 *             NGX_ERROR where it cannot say, never an empty text.
 *   request   what fetches are subrequests of.  The HTTP shell has one; others
 *             make one when the first fetch asks for it (host.h in fetch/), so
 *             that a run without fetches does without.
 *
 * While it runs.  Whatever wakes the run, a timer, a socket, the end of a
 * subrequest, only records and posts run->event: the shell's handler is the
 * one place that calls run_advance(), with no frame of a step or of nginx's
 * subrequests below it on the stack.  After that it runs what steps have
 * posted: ngx_http_run_posted_requests() for its request, or for its host
 * request where there is one.  A run may have ended within run_start(), and
 * then the handler is not called.
 *
 * A run without a client's request has no headers to pass on, no variables
 * but what was captured, and nobody who leaves: its deadline and its shell's
 * cancelling end it.  Every step works in it.  set_header is without effect,
 * as is the status of a result but for success and failure.  A fetch of it is
 * made as any other; limit_req and limit_conn count it once for each run, and
 * its address is "unix:".  A location that is fetched may be an endpoint,
 * whose run then has the HTTP shell, and this run as its parent.
 *
 * The end, in this order.
 *
 *   1. run->ended is set, run->result with it, the cache has taken the result,
 *      and all steps under way are cancelled: none of them calls back any more.
 *   2. The shell takes the result: sends the reply, or notes that a task is
 *      done.
 *   3. What comes after it starts: the next message of a socket, a background
 *      task, which by then may rely on the reply's having been sent.
 *   4. The memory is freed when nothing points to it.  What nginx cannot stop
 *      of a subrequest, file aio or another module's wait, goes on without
 *      effect and holds the main request, that is the client's or the host's;
 *      run, execs and captures live as long as that does.
 *
 * run->parent and run->flight point to the run, and to the work of the cache,
 * that a run is part of: memory of another run.  They are followed only while
 * this run has not ended, and the parent's fetch, when it is given up, cancels
 * this run first.  A main request that is freed frees both.
 *
 * A worker that exits.  nginx waits until no timer is left that is not
 * cancelable; the deadline of a run is such a timer, so what runs is waited
 * for.  Timers that only start runs are cancelable.  After
 * worker_shutdown_timeout nginx closes clients' connections, which ends their
 * runs; the others a shell has to end itself (detached.h).
 */


#ifndef _NGX_HTTP_ENDPOINT_SHELL_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_SHELL_H_INCLUDED_


#include "ngx_http_endpoint_run.h"


struct ngx_http_endpoint_shell_s {
    /*
     * The handler of the run's posted event, whose data is the run: it calls
     * ngx_http_endpoint_run_advance(), and where run->ended, takes run->result.
     */
    ngx_event_handler_pt   handler;

    /*
     * The request that subrequests start from, where run->request is NULL:
     * sets it, makes it.  NULL: memory, or a shell whose runs cannot fetch.
     */
    void                *(*request)(ngx_http_endpoint_run_t *run);

    /*
     * Makes a run of the same plan that has no client and a time of its own,
     * with the values of refs (ngx_http_endpoint_ref_t) and what else of the
     * request such a run may look at; all of it in memory of its own.  It is
     * started from an event: until then the caller completes it, or cancels
     * it.  NULL: memory, or an error in a variable; a shell without this
     * function has no such runs.
     */
    ngx_http_endpoint_run_t
                        *(*detach)(ngx_http_endpoint_run_t *run,
                                   ngx_array_t *refs);
};


#endif /* _NGX_HTTP_ENDPOINT_SHELL_H_INCLUDED_ */
