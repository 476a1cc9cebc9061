
/*
 * Runs without any request: a shell of this program compiles blocks, fills in
 * values, and turns an event loop of its own, whose clock jumps to the next
 * timer.
 */


#include "unit.h"

#include <ngx_event.h>
#include <ngx_http.h>

#include "../../src/data/ngx_http_endpoint_value.c"
#include "../../src/data/ngx_http_endpoint_utf8.c"
#include "../../src/data/ngx_http_endpoint_json_check.c"
#include "../../src/data/ngx_http_endpoint_json.c"
#include "../../src/data/ngx_http_endpoint_json_parse.c"
#include "../../src/data/ngx_http_endpoint_json_scan.c"
#include "../../src/data/ngx_http_endpoint_writer.c"
#include "../../src/data/ngx_http_endpoint_integer.c"
#include "../../src/data/ngx_http_endpoint_number.c"
#include "../../src/data/ngx_http_endpoint_uuid.c"
#include "../../src/input/ngx_http_endpoint_choice.c"
#include "../../src/input/ngx_http_endpoint_constraint.c"
#include "../../src/input/ngx_http_endpoint_constraint_agree.c"
#include "../../src/input/ngx_http_endpoint_fault.c"
#include "../../src/input/ngx_http_endpoint_input.c"
#include "../../src/input/ngx_http_endpoint_automaton.c"
#include "../../src/input/ngx_http_endpoint_automaton_program.c"
#include "../../src/input/ngx_http_endpoint_backtrack.c"
#include "../../src/input/ngx_http_endpoint_regex.c"
#include "../../src/input/ngx_http_endpoint_regex_quantifier.c"
#include "../../src/input/ngx_http_endpoint_regex_set.c"
#include "../../src/input/ngx_http_endpoint_regex_tree.c"
#include "../../src/input/ngx_http_endpoint_type.c"
#include "../../src/input/ngx_http_endpoint_type_json.c"
#include "../../src/language/ngx_http_endpoint_compile.c"
#include "../../src/language/ngx_http_endpoint_condition.c"
#include "../../src/language/ngx_http_endpoint_error.c"
#include "../../src/language/ngx_http_endpoint_graph.c"
#include "../../src/language/ngx_http_endpoint_handed.c"
#include "../../src/language/ngx_http_endpoint_name.c"
#include "../../src/language/ngx_http_endpoint_nearest.c"
#include "../../src/language/ngx_http_endpoint_plan_compile.c"
#include "../../src/language/ngx_http_endpoint_refusal.c"
#include "../../src/language/ngx_http_endpoint_reply.c"
#include "../../src/language/ngx_http_endpoint_result.c"
#include "../../src/language/ngx_http_endpoint_scope.c"
#include "../../src/language/ngx_http_endpoint_statement.c"
#include "../../src/language/ngx_http_endpoint_step.c"
#include "../../src/language/ngx_http_endpoint_template.c"
#include "../../src/language/ngx_http_endpoint_template_fault.c"
#include "../../src/language/ngx_http_endpoint_use.c"
#include "../../src/run/ngx_http_endpoint_refuse.c"
#include "../../src/run/ngx_http_endpoint_run.c"
#include "../../src/run/ngx_http_endpoint_step_log.c"
#include "../../src/run/ngx_http_endpoint_step_require.c"
#include "../../src/run/ngx_http_endpoint_step_sleep.c"
#include "../../src/run/ngx_http_endpoint_step_wait.c"


#define RUN_TIMERS  16


typedef struct {
    ngx_http_endpoint_run_t  run;
    ngx_uint_t               ended;     /* how often its shell saw the end */
} run_shell_t;


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
static void run_handler(ngx_event_t *ev);


extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_sleep;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_require;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_wait;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_log;


ngx_queue_t    ngx_posted_events;
ngx_rbtree_t   ngx_event_timer_rbtree;
ngx_module_t   ngx_http_core_module;

static ngx_rbtree_node_t  *run_timers[RUN_TIMERS];


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
    ngx_string("a schedule"), 0, 0
};


static ngx_http_endpoint_place_t  run_message = {
    ngx_string("a message"), 0, 1
};


static ngx_http_endpoint_shell_t  run_shell = { run_handler, NULL };


static ngx_pool_t                *run_pool;
static ngx_str_t                  run_mistake;
static ngx_http_endpoint_exec_t  *run_exec;
static char                       run_calls[256];


/* nginx's part */

void
ngx_rbtree_insert(ngx_rbtree_t *tree, ngx_rbtree_node_t *node)
{
    ngx_uint_t  i;

    for (i = 0; run_timers[i]; i++) { /* void */ }

    run_timers[i] = node;
}


void
ngx_rbtree_delete(ngx_rbtree_t *tree, ngx_rbtree_node_t *node)
{
    ngx_uint_t  i;

    for (i = 0; run_timers[i] != node; i++) { /* void */ }

    for ( /* void */ ; run_timers[i]; i++) {
        run_timers[i] = run_timers[i + 1];
    }
}


void
ngx_conf_log_error(ngx_uint_t level, ngx_conf_t *cf, ngx_err_t err,
    const char *fmt, ...)
{
    va_list  args;
    u_char  *last;

    run_mistake.data = ngx_palloc(cf->pool, 1024);

    va_start(args, fmt);
    last = ngx_vslprintf(run_mistake.data, run_mistake.data + 1023, fmt, args);
    va_end(args);

    *last = '\0';
    run_mistake.len = last - run_mistake.data;
}


ngx_int_t
ngx_http_get_variable_index(ngx_conf_t *cf, ngx_str_t *name)
{
    return 0;
}


ngx_int_t
ngx_parse_time(ngx_str_t *line, ngx_uint_t is_sec)
{
    return ngx_atoi(line->data, line->len - 2);
}


/* parts of the language that these blocks have not */

ngx_int_t
ngx_http_endpoint_path_compile(ngx_http_endpoint_compile_t *c,
    ngx_str_t *path, ngx_array_t *parts)
{
    return NGX_ERROR;
}


ngx_int_t
ngx_http_endpoint_file_read(ngx_http_endpoint_compile_t *c, ngx_str_t *name,
    ngx_str_t *text)
{
    return NGX_ERROR;
}


ngx_int_t
ngx_http_endpoint_header_compile(ngx_http_endpoint_compile_t *c,
    ngx_str_t *name, ngx_str_t *value, ngx_http_endpoint_header_t *header)
{
    return NGX_ERROR;
}


ngx_int_t
ngx_http_endpoint_header_render(ngx_http_endpoint_header_t *header,
    ngx_http_endpoint_scope_t *scope, ngx_str_t *text,
    ngx_http_endpoint_refusal_t *refusal)
{
    return NGX_ERROR;
}


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


/* the shell */

static ngx_int_t
run_variable(ngx_http_endpoint_scope_t *scope, ngx_uint_t index,
    ngx_str_t *text)
{
    return NGX_ERROR;
}


static void
run_handler(ngx_event_t *ev)
{
    run_shell_t              *shell;
    ngx_http_endpoint_run_t  *run;

    run = ev->data;
    shell = run->data;

    ngx_http_endpoint_run_advance(run);

    if (run->ended) {
        shell->ended++;
    }
}


/* posted events, or the first of the timers; 0: nothing is left */

static ngx_uint_t
run_turn(void)
{
    ngx_uint_t    i, first;
    ngx_event_t  *ev;
    ngx_queue_t  *q;

    if (!ngx_queue_empty(&ngx_posted_events)) {
        q = ngx_queue_head(&ngx_posted_events);
        ev = ngx_queue_data(q, ngx_event_t, queue);

        ngx_delete_posted_event(ev);
        ev->handler(ev);

        return 1;
    }

    if (run_timers[0] == NULL) {
        return 0;
    }

    first = 0;

    for (i = 1; run_timers[i]; i++) {
        if (run_timers[i]->key < run_timers[first]->key) {
            first = i;
        }
    }

    ngx_current_msec = run_timers[first]->key;

    ev = ngx_rbtree_data(run_timers[first], ngx_event_t, timer);
    ngx_rbtree_delete(&ngx_event_timer_rbtree, &ev->timer);

    ev->timer_set = 0;
    ev->timedout = 1;
    ev->handler(ev);

    return 1;
}


/* a block is written as words, "|" between statements */

static ngx_array_t *
run_statements(char *text)
{
    ngx_str_t                      *arg;
    ngx_array_t                    *statements;
    ngx_http_endpoint_statement_t  *st;

    statements = ngx_array_create(run_pool, 4,
                                  sizeof(ngx_http_endpoint_statement_t));
    st = NULL;

    for ( ;; ) {
        text += strspn(text, " ");

        if (*text == '\0') {
            return statements;
        }

        if (*text == '|') {
            st = NULL;
            text++;
            continue;
        }

        if (st == NULL) {
            st = ngx_array_push(statements);
            ngx_memzero(st, sizeof(ngx_http_endpoint_statement_t));
            st->args = ngx_pcalloc(run_pool, 8 * sizeof(ngx_str_t));
            ngx_str_set(&st->file, "unit");
            st->line = statements->nelts;
        }

        arg = &st->args[st->nargs++];

        if (*text == '\'') {
            text++;
            arg->len = strcspn(text, "'");
        } else {
            arg->len = strcspn(text, " |");
        }

        arg->data = ngx_pcalloc(run_pool, arg->len + 1);
        ngx_memcpy(arg->data, text, arg->len);

        text += arg->len + (text[arg->len] == '\'');
    }
}


static ngx_http_endpoint_plan_t *
run_compile(ngx_http_endpoint_place_t *place, char *text)
{
    ngx_http_endpoint_plan_t                *plan;
    ngx_http_endpoint_compile_t              c;

    static ngx_conf_t                        cf;
    static ngx_http_conf_ctx_t               ctx;
    static void                             *main_conf[1];
    static ngx_http_core_main_conf_t         cmcf;
    static ngx_hash_keys_arrays_t            keys;
    static ngx_http_variable_t               prefix;
    static ngx_http_endpoint_statement_t     head;

    static ngx_str_t  words[] = {
        ngx_string("websocket"), ngx_string(""), ngx_string("/ws")
    };

    head.args = words;
    head.nargs = 3;

    ngx_str_set(&prefix.name, "http_");
    ngx_memzero(&keys, sizeof(ngx_hash_keys_arrays_t));
    cmcf.variables_keys = &keys;
    cmcf.prefix_variables.elts = &prefix;
    cmcf.prefix_variables.nelts = 1;
    main_conf[0] = &cmcf;
    ctx.main_conf = main_conf;

    cf.pool = run_pool;
    cf.temp_pool = run_pool;
    cf.log = &unit_log;
    cf.ctx = &ctx;

    ngx_memzero(&c, sizeof(ngx_http_endpoint_compile_t));

    c.cf = &cf;
    c.kinds = &run_kinds;
    c.place = place;
    c.statement = &head;

    ngx_str_set(&run_mistake, "");

    plan = ngx_http_endpoint_plan_compile(&c, run_statements(text), NULL);

    if (plan) {
        ngx_str_set(&plan->label, "unit");
    }

    return plan;
}


static ngx_int_t
run_start(run_shell_t *shell, ngx_http_endpoint_plan_t *plan)
{
    ngx_memzero(shell, sizeof(run_shell_t));
    ngx_memzero(run_calls, sizeof(run_calls));

    shell->run.shell = &run_shell;
    shell->run.data = shell;
    shell->run.scope.variable = run_variable;

    if (ngx_http_endpoint_run_init(&shell->run, plan, run_pool, &unit_log)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_run_start(&shell->run, 60000);
}


static ngx_uint_t
run_replied(run_shell_t *shell, ngx_uint_t status, const char *text)
{
    ngx_buf_t  *b;

    if (shell->run.result.status != status) {
        printf("# status %lu\n", (unsigned long) shell->run.result.status);
        return 0;
    }

    if (text == NULL) {
        return shell->run.result.body == NULL;
    }

    b = shell->run.result.body->buf;

    return (size_t) (b->last - b->pos) == ngx_strlen(text)
           && ngx_memcmp(b->pos, text, b->last - b->pos) == 0;
}


static void
run_test_plans(void)
{
    run_shell_t                shell;
    ngx_msec_t                 started;
    ngx_http_endpoint_plan_t  *plan;

    plan = run_compile(&run_schedule, "log info 'it runs'");
    unit_ok(plan && run_start(&shell, plan) == NGX_OK && shell.run.ended
            && run_replied(&shell, 0, NULL),
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

    run_pool = ngx_create_pool(4096, &unit_log);

    run_test_plans();
    run_test_around();
    run_test_places();
    run_test_memory();

    ngx_destroy_pool(run_pool);

    return unit_done();
}
