
/*
 * The scheduler, and the steps that need nothing else, in runs without any
 * request.
 */


#include "run_shell.h"


static ngx_int_t run_work_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step);
static void run_work_start(ngx_http_endpoint_exec_t *exec);
static void run_work_resume(ngx_http_endpoint_exec_t *exec);
static void run_work_cancel(ngx_http_endpoint_exec_t *exec);
static ngx_int_t run_option_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value);
static ngx_int_t run_around_check(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step);
static ngx_uint_t run_around_before(ngx_http_endpoint_exec_t *exec);
static ngx_uint_t run_around_resume(ngx_http_endpoint_exec_t *exec);
static void run_around_after(ngx_http_endpoint_exec_t *exec);
static void run_around_cancel(ngx_http_endpoint_exec_t *exec);


extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_sleep;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_require;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_wait;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_log;


static ngx_http_endpoint_exec_t  *run_exec;


/* a kind of its own: it ends when the program wakes its exec */

static ngx_http_endpoint_step_type_t  run_step_work = {
    ngx_string("work"),
    run_work_compile,
    run_work_start,
    run_work_resume,
    run_work_cancel,
    1,
    0,
    NULL,
    NULL
};


/* and an option: "hold=" keeps the work from its start until it is woken */

static ngx_http_endpoint_around_t  run_around = {
    run_around_check,
    run_around_before,
    run_around_resume,
    run_around_after,
    run_around_cancel
};


static ngx_http_endpoint_step_type_t  *run_types[] = {
    &ngx_http_endpoint_step_sleep,
    &ngx_http_endpoint_step_require,
    &ngx_http_endpoint_step_wait,
    &ngx_http_endpoint_step_log,
    &run_step_work,
    NULL
};


static ngx_http_endpoint_option_t  run_options[] = {
    { ngx_string("hold="), run_option_compile },
    { ngx_null_string, NULL }
};


static ngx_http_endpoint_kinds_t  run_kinds = { run_types, run_options };


static ngx_http_endpoint_place_t  run_schedule = {
    ngx_string("a schedule"), 0, 0, NULL
};


static ngx_http_endpoint_place_t  run_message = {
    ngx_string("a message"), 0, 1, NULL
};


/* the kind and the option of this program: each call leaves a letter */

static void
run_call(char letter)
{
    size_t  n;

    n = ngx_strlen(run_calls);
    run_calls[n] = letter;
    run_calls[n + 1] = '\0';
}


static ngx_int_t
run_work_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    return ngx_http_endpoint_step_options(c, step, step->result ? 2 : 1);
}


static void
run_work_start(ngx_http_endpoint_exec_t *exec)
{
    run_exec = exec;
    run_call('s');
}


static void
run_work_resume(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_value_t  v;

    run_call('r');

    if (exec->expired) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_timeout);
        return;
    }

    ngx_http_endpoint_value_json(&v, (u_char *) "{\"n\": 7}", 8);

    if (ngx_http_endpoint_exec_value(exec, &v) != NGX_OK) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    ngx_http_endpoint_exec_done(exec);
}


static void
run_work_cancel(ngx_http_endpoint_exec_t *exec)
{
    run_call('c');
}


static ngx_int_t
run_option_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value)
{
    step->around = &run_around;
    step->around_conf = value->data;

    return NGX_OK;
}


static ngx_int_t
run_around_check(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    return NGX_OK;
}


static ngx_uint_t
run_around_before(ngx_http_endpoint_exec_t *exec)
{
    run_exec = exec;
    run_call('B');

    return 0;
}


static ngx_uint_t
run_around_resume(ngx_http_endpoint_exec_t *exec)
{
    run_call('R');

    return 1;
}


static void
run_around_after(ngx_http_endpoint_exec_t *exec)
{
    run_call('A');
}


static void
run_around_cancel(ngx_http_endpoint_exec_t *exec)
{
    run_call('C');
}


static void
run_test_plans(void)
{
    run_shell_t                shell;
    ngx_msec_t                 started;
    ngx_http_endpoint_plan_t  *plan;

    plan = run_compile(&run_schedule, "log info 'it runs'");
    unit_ok(plan && run_start(&shell, plan) == NGX_OK && shell.run.ended
            && run_replied(&shell, 204, NULL),
            "a run without a reply ends at once");

    started = ngx_current_msec;
    plan = run_compile(&run_message,
                       "sleep 30ms | sleep 10ms | reply '{\"a\": 1}'");
    unit_ok(plan && run_start(&shell, plan) == NGX_AGAIN, "a run that waits");
    while (run_turn()) { /* void */ }
    unit_ok(shell.ended == 1 && ngx_current_msec - started == 30
            && run_replied(&shell, 200, "{\"a\": 1}"),
            "its sleeps start together, its shell sees its end once");

    plan = run_compile(&run_message, "work $w | require $w.n==8 404 gone"
                                     " | sleep 10ms | reply $w");
    unit_ok(plan && run_start(&shell, plan) == NGX_AGAIN, "a guard waits");
    ngx_http_endpoint_exec_wake(run_exec);
    while (run_turn()) { /* void */ }
    unit_ok(shell.ended == 1
            && run_replied(&shell, 404, "{\"detail\":\"gone\"}")
            && run_timers[0] == NULL,
            "a guard's reply ends it, no timer is left");

    plan = run_compile(&run_message, "work $w | reply '[$w.n]'");
    (void) run_start(&shell, plan);
    ngx_http_endpoint_exec_wake(run_exec);
    while (run_turn()) { /* void */ }
    unit_ok(run_replied(&shell, 200, "[7]"), "a member of what a step made");

    plan = run_compile(&run_schedule, "work timeout=5ms | sleep 20ms");
    (void) run_start(&shell, plan);
    while (run_turn()) { /* void */ }
    unit_ok(shell.ended == 1 && run_replied(&shell, 504,
                                    "{\"detail\":\"work 1: timed out\"}")
            && run_timers[0] == NULL,
            "a step's time is over, and the run with it");

    plan = run_compile(&run_schedule, "work | sleep 20ms");
    (void) run_start(&shell, plan);
    ngx_http_endpoint_run_cancel(&shell.run);
    ngx_http_endpoint_run_cancel(&shell.run);
    unit_ok(ngx_strcmp(run_calls, "sc") == 0 && run_timers[0] == NULL
            && ngx_queue_empty(&ngx_posted_events) && shell.ended == 0,
            "a cancelled run leaves nothing behind");
}


static void
run_test_part(void)
{
    run_shell_t                shell;
    ngx_msec_t                 started;
    ngx_http_endpoint_plan_t  *plan;

    plan = run_compile(&run_message, "work $w | sleep 30ms | wait"
                                     " | sleep 10ms | reply $w");

    unit_ok(plan && run_prepare(&shell, plan) == NGX_OK, "a plan of parts");

    ngx_http_endpoint_value_json(&shell.run.scope.values[0], (u_char *) "5",
                                 1);
    ngx_http_endpoint_run_part(&shell.run, 3, 4);

    started = ngx_current_msec;

    unit_ok(ngx_http_endpoint_run_start(&shell.run, 60000) == NGX_AGAIN,
            "its last part starts");
    while (run_turn()) { /* void */ }
    unit_ok(ngx_current_msec - started == 10 && run_calls[0] == '\0'
            && shell.ended == 1 && run_replied(&shell, 200, "5"),
            "and waits for none of those that are not run");

    (void) run_prepare(&shell, plan);
    ngx_http_endpoint_run_part(&shell.run, 0, 1);
    shell.run.bare = 1;

    unit_ok(ngx_http_endpoint_run_start(&shell.run, 60000) == NGX_AGAIN,
            "one step alone starts");
    ngx_http_endpoint_exec_wake(run_exec);
    while (run_turn()) { /* void */ }
    unit_ok(shell.ended == 1 && run_replied(&shell, 204, NULL)
            && run_timers[0] == NULL,
            "and is all of the run");

    (void) run_prepare(&shell, plan);
    ngx_http_endpoint_run_part(&shell.run, 4, 4);

    unit_ok(ngx_http_endpoint_run_start(&shell.run, 60000) == NGX_OK
            && shell.run.ended, "where nothing is to be run the reply is made");
}


static void
run_test_around(void)
{
    run_shell_t                shell;
    ngx_http_endpoint_plan_t  *plan;

    plan = run_compile(&run_message, "work $w hold=x | reply $w");
    unit_ok(plan && run_start(&shell, plan) == NGX_AGAIN
            && ngx_strcmp(run_calls, "B") == 0, "an option holds the work");
    ngx_http_endpoint_exec_wake(run_exec);
    (void) run_turn();
    unit_ok(ngx_strcmp(run_calls, "BRs") == 0, "woken, it lets it start");
    ngx_http_endpoint_exec_wake(run_exec);
    while (run_turn()) { /* void */ }
    unit_ok(ngx_strncmp(run_calls, "BRsrA", 5) == 0 && shell.ended == 1
            && run_replied(&shell, 200, "{\"n\": 7}"),
            "the work's own wake, and the end of both");

    (void) run_start(&shell, plan);
    ngx_http_endpoint_run_cancel(&shell.run);
    unit_ok(ngx_strcmp(run_calls, "BcC") == 0, "both are cancelled");
}


static void
run_test_places(void)
{
    unit_ok(run_compile(&run_schedule, "log info $http_x") == NULL
            && ngx_strcmp(run_mistake.data,
                          "variable \"$http_x\" in a schedule, which has no "
                          "request") == 0,
            "a variable where no request is");

    unit_ok(run_compile(&run_schedule, "sleep 1ms | reply 204") == NULL
            && ngx_strcmp(run_mistake.data,
                          "\"reply\" in a schedule, which nobody waits for")
               == 0,
            "a reply that nobody waits for");

    unit_ok(run_compile(&run_message, "sleep 1ms") == NULL,
            "no reply where one is waited for");
}


static void
run_test_memory(void)
{
    ngx_int_t                  rc;
    ngx_uint_t                 n;
    run_shell_t                shell;
    ngx_http_endpoint_plan_t  *plan;

    plan = run_compile(&run_message, "work $w | sleep 5ms timeout=9ms"
                                     " | log info $w.n | reply '[$w.n]'");

    for (n = 1; n < 100; n++) {
        run_exec = NULL;
        unit_fail_alloc = n;
        rc = run_start(&shell, plan);

        if (rc == NGX_AGAIN && run_exec) {
            ngx_http_endpoint_exec_wake(run_exec);
        }

        while (run_turn()) { /* void */ }

        if (unit_fail_alloc) {
            break;
        }

        if (rc != NGX_ERROR && !shell.run.ended) {
            break;
        }
    }

    unit_fail_alloc = 0;

    unit_ok(n > 3 && n < 100 && run_replied(&shell, 200, "[7]")
            && run_timers[0] == NULL,
            "each allocation may fail: %lu of them", (unsigned long) n - 1);
}


int
main(void)
{
    ngx_queue_init(&ngx_posted_events);
    ngx_queue_init(&ngx_posted_next_events);

    run_pool = ngx_create_pool(4096, &unit_log);

    run_test_plans();
    run_test_part();
    run_test_around();
    run_test_places();
    run_test_memory();

    ngx_destroy_pool(run_pool);

    return unit_done();
}
