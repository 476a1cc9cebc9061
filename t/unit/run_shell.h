
/*
 * A shell for runs without any request: compiles blocks, fills in values, and
 * turns an event loop of its own, whose clock jumps to the next timer.  Who
 * includes it says in run_types and run_options what kinds of steps there are.
 */


#ifndef _UNIT_RUN_SHELL_H_INCLUDED_
#define _UNIT_RUN_SHELL_H_INCLUDED_


#define UNIT_TIMERS  1      /* those of cache_tree.h are these */


#include "unit.h"

#include <ngx_event.h>
#include <ngx_http.h>

#include "../../src/data/ngx_http_endpoint_escape.c"
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
#include "../../src/language/ngx_http_endpoint_carried.c"
#include "../../src/language/ngx_http_endpoint_name.c"
#include "../../src/language/ngx_http_endpoint_nearest.c"
#include "../../src/language/ngx_http_endpoint_plan_bind.c"
#include "../../src/language/ngx_http_endpoint_plan_compile.c"
#include "../../src/language/ngx_http_endpoint_refusal.c"
#include "../../src/language/ngx_http_endpoint_reply.c"
#include "../../src/language/ngx_http_endpoint_result.c"
#include "../../src/language/ngx_http_endpoint_scope.c"
#include "../../src/language/ngx_http_endpoint_statement.c"
#include "../../src/language/ngx_http_endpoint_step_option.c"
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


ngx_queue_t    ngx_posted_events;
ngx_queue_t    ngx_posted_next_events;
ngx_rbtree_t   ngx_event_timer_rbtree;
ngx_module_t   ngx_http_core_module;

static ngx_rbtree_node_t  *run_timers[RUN_TIMERS];


static void run_handler(ngx_event_t *ev);


static ngx_http_endpoint_kinds_t  run_kinds;


static ngx_http_endpoint_shell_t  run_shell = { run_handler, NULL, NULL };


static ngx_pool_t                 *run_pool;
static ngx_str_t                   run_mistake;
static ngx_http_endpoint_limits_t  run_limits;
static char                        run_calls[256];  /* a letter for each */


/* nginx's part */

static void
unit_timer_insert(ngx_rbtree_node_t *node)
{
    ngx_uint_t  i;

    for (i = 0; run_timers[i]; i++) { /* void */ }

    run_timers[i] = node;
}


static void
unit_timer_delete(ngx_rbtree_node_t *node)
{
    ngx_uint_t  i;

    for (i = 0; run_timers[i] != node; i++) { /* void */ }

    for ( /* void */ ; run_timers[i]; i++) {
        run_timers[i] = run_timers[i + 1];
    }
}


#include "cache_tree.h"


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


ngx_uint_t
ngx_http_endpoint_header_token(ngx_str_t *name)
{
    abort();
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

    if (ngx_queue_empty(&ngx_posted_events)) {
        ngx_queue_add(&ngx_posted_events, &ngx_posted_next_events);
        ngx_queue_init(&ngx_posted_next_events);
    }

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
    c.limits = &run_limits;

    ngx_str_set(&run_mistake, "");

    plan = ngx_http_endpoint_plan_compile(&c, run_statements(text), NULL);

    if (plan) {
        ngx_str_set(&plan->label, "unit");
    }

    return plan;
}


static ngx_int_t
run_prepare(run_shell_t *shell, ngx_http_endpoint_plan_t *plan)
{
    ngx_memzero(shell, sizeof(run_shell_t));
    ngx_memzero(run_calls, sizeof(run_calls));

    shell->run.shell = &run_shell;
    shell->run.data = shell;
    shell->run.scope.variable = run_variable;

    return ngx_http_endpoint_run_init(&shell->run, plan, run_pool, &unit_log);
}


static ngx_int_t
run_start(run_shell_t *shell, ngx_http_endpoint_plan_t *plan)
{
    if (run_prepare(shell, plan) != NGX_OK) {
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


#endif /* _UNIT_RUN_SHELL_H_INCLUDED_ */
