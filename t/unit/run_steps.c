
/*
 * query and cache= in runs without any request: the pool of connections is this
 * program's, the zone is a real one.
 */


#include "run_shell.h"
#include "cache.h"

#include "../../src/data/ngx_http_endpoint_digest.c"
#include "../../src/run/ngx_http_endpoint_fanout.c"
#include "../../src/run/ngx_http_endpoint_outcome.c"
#include "../../src/cache/ngx_http_endpoint_cache_content.c"
#include "../../src/cache/ngx_http_endpoint_key.c"
#include "../../src/cache/ngx_http_endpoint_lookup.c"
#include "../../src/cache/ngx_http_endpoint_cache_option_conf.c"
#include "../../src/cache/ngx_http_endpoint_cache_option.c"
#include "../../src/postgres/ngx_http_endpoint_sql.c"
#include "../../src/postgres/ngx_http_endpoint_sql_word.c"
#include "../../src/postgres/ngx_http_endpoint_query.c"
#include "../../src/postgres/ngx_http_endpoint_query_conf.c"
#include "../../src/postgres/ngx_http_endpoint_query_share.c"
#include "../../src/postgres/ngx_http_endpoint_step_query.c"


extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_require;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_sleep;


static ngx_http_endpoint_step_type_t  *run_types[] = {
    &ngx_http_endpoint_step_sleep,
    &ngx_http_endpoint_step_require,
    &ngx_http_endpoint_step_query,
    &ngx_http_endpoint_step_query_row,
    NULL
};


static ngx_http_endpoint_option_t  run_options[] = {
    { ngx_string("cache="), ngx_http_endpoint_cache_option_compile },
    { ngx_string("empty="), ngx_http_endpoint_cache_option_empty },
    { ngx_null_string, NULL }
};


static ngx_http_endpoint_kinds_t  run_kinds = { run_types, run_options };


static ngx_http_endpoint_place_t  run_message = {
    ngx_string("a message"), 0, 1, NULL
};


static ngx_shm_zone_t                  run_zone;
static ngx_http_endpoint_pg_request_t  run_request;
static ngx_uint_t                      run_queries;
static ngx_uint_t                      run_cancelled;


/* nginx's part: a digest need not be this one to tell texts apart */

void
ngx_md5_init(ngx_md5_t *ctx)
{
    ctx->bytes = 0;
    ctx->a = 2166136261u;
    ctx->b = 84696351u;
}


void
ngx_md5_update(ngx_md5_t *ctx, const void *data, size_t size)
{
    size_t         i;
    const u_char  *p = data;

    for (i = 0; i < size; i++) {
        ctx->a = (ctx->a ^ p[i]) * 16777619u;
        ctx->b = (ctx->b + p[i]) * 16777619u ^ ctx->a;
    }
}


void
ngx_md5_final(u_char result[16], ngx_md5_t *ctx)
{
    ngx_memzero(result, 16);
    ngx_memcpy(result, &ctx->a, 4);
    ngx_memcpy(result + 4, &ctx->b, 4);
}


/* parts of the module that these blocks have not */

ngx_int_t
ngx_http_endpoint_cache_depend_option(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    return NGX_OK;
}


ngx_shm_zone_t *
ngx_http_endpoint_cache_conf_zone(ngx_conf_t *cf, ngx_str_t *name)
{
    run_zone.data = &cache;

    return &run_zone;
}


/* the pool of connections: it answers when a test says so */

ngx_http_endpoint_pg_pool_t *
ngx_http_endpoint_pg_conf_find(ngx_array_t *pools, ngx_str_t *name)
{
    return (ngx_http_endpoint_pg_pool_t *) &run_queries;
}


ngx_uint_t
ngx_http_endpoint_pg_conf_isolated(ngx_http_endpoint_pg_pool_t *pool,
    ngx_str_t **name)
{
    static ngx_str_t  db = ngx_string("db");

    *name = &db;

    return 1;
}


ngx_http_endpoint_pg_statement_t *
ngx_http_endpoint_pg_statement(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool, ngx_http_endpoint_sql_t *sql,
    ngx_str_t *file, ngx_uint_t line, ngx_uint_t flags, ngx_msec_t timeout)
{
    return ngx_pcalloc(cf->pool, 1);
}


ngx_http_endpoint_pg_query_t *
ngx_http_endpoint_pg_submit(ngx_http_endpoint_pg_request_t *request)
{
    run_request = *request;
    run_queries++;

    return (ngx_http_endpoint_pg_query_t *) &run_request;
}


void
ngx_http_endpoint_pg_cancel(ngx_http_endpoint_pg_query_t *query)
{
    run_cancelled++;
}


static void
run_answer(char *json)
{
    ngx_http_endpoint_pg_result_t  result;

    ngx_memzero(&result, sizeof(ngx_http_endpoint_pg_result_t));

    if (json) {
        result.json = str(json);
        result.rows = 1;

    } else {
        result.cause = ngx_http_endpoint_pg_unavailable;
        result.message = str("no server is available");
    }

    run_request.handler(run_request.data, &result);

    /* not the timers: a run that waits again has its deadline among them */

    while (!ngx_queue_empty(&ngx_posted_events)) {
        (void) run_turn();
    }
}


static void
run_test_query(void)
{
    run_shell_t                shell;
    ngx_http_endpoint_plan_t  *plan;

    plan = run_compile(&run_message,
                       "query_row $a db 'SELECT 1 AS n'"
                       " | query_row $b db 'SELECT $a.n + 1 AS n'"
                       " | require $b.n==2 404 gone"
                       " | reply '{\"a\": $a, \"b\": $b.n}'");
    run_queries = 0;
    unit_ok(plan && run_start(&shell, plan) == NGX_AGAIN && run_queries == 1,
            "one query waits for the value of the other");

    run_answer("{\"n\":1}");
    unit_ok(run_queries == 2 && run_request.params[0].len == 1
            && run_request.params[0].data[0] == '1' && !shell.ended,
            "whose value is bound");

    run_answer("{\"n\":2}");
    unit_ok(shell.ended == 1 && run_timers[0] == NULL
            && run_replied(&shell, 200, "{\"a\": {\"n\":1}, \"b\": 2}"),
            "and both are replied");

    (void) run_start(&shell, plan);
    run_answer(NULL);
    unit_ok(shell.ended == 1 && shell.run.result.status == 503,
            "a server that is away ends the run");

    (void) run_start(&shell, plan);
    run_cancelled = 0;
    ngx_http_endpoint_run_cancel(&shell.run);
    unit_ok(run_cancelled == 1 && run_timers[0] == NULL && shell.ended == 0,
            "a query is cancelled with its run");
}


static void
run_test_cache(void)
{
    run_shell_t                first, second, third;
    ngx_http_endpoint_plan_t  *plan;

    plan = run_compile(&run_message,
                       "query_row $a db 'SELECT 1 AS n' cache=unit:a"
                       " | reply $a");
    run_queries = 0;
    unit_ok(plan && run_start(&first, plan) == NGX_AGAIN && run_queries == 1,
            "what is not kept is asked for");

    unit_ok(run_start(&second, plan) == NGX_AGAIN && run_queries == 1,
            "another run waits for it");

    run_answer("{\"n\":1}");
    unit_ok(first.ended == 1 && run_replied(&first, 200, "{\"n\":1}"),
            "the first run has its answer");
    while (run_turn()) { /* void */ }
    unit_ok(second.ended == 1 && run_replied(&second, 200, "{\"n\":1}")
            && run_queries == 1,
            "and so has the other");

    unit_ok(run_start(&third, plan) == NGX_OK && run_queries == 1
            && run_replied(&third, 200, "{\"n\":1}"),
            "a third run finds it, and ends at once");

    unit_ok(walk(&cache) == NULL && run_timers[0] == NULL,
            "the zone is whole, no timer is left");
}


int
main(void)
{
    ngx_queue_init(&ngx_posted_events);
    ngx_queue_init(&ngx_posted_next_events);

    run_pool = ngx_create_pool(4096, &unit_log);
    run_limits.query_buffer = 4096;
    run_limits.max_fanout = 10;

    unit_workers();
    open_zone(&cache, SIZE);

    run_test_query();
    run_test_cache();

    ngx_destroy_pool(run_pool);

    return unit_done();
}
