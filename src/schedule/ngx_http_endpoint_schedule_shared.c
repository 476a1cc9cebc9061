
/*
 * A schedule of many machines: which of them runs a tick is decided by a row of
 * the database that all of them write.  The clocks of the machines say which
 * tick it is; what they differ in delays a run, or has it skipped, but doubles
 * none.
 */

#include "ngx_http_endpoint_digest.h"
#include "ngx_http_endpoint_identity.h"
#include "ngx_http_endpoint_pg_conf.h"
#include "ngx_http_endpoint_schedule.h"


/* milliseconds that a run may be late with telling of its end */
#define NGX_HTTP_ENDPOINT_SCHEDULE_GRACE  10000


static void ngx_http_endpoint_schedule_claimed(void *data,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_schedule_told(void *data,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_schedule_shared_key(
    ngx_http_endpoint_main_conf_t *emcf, ngx_uint_t n);
static void ngx_http_endpoint_schedule_params(
    ngx_http_endpoint_pg_call_t *call, ngx_http_endpoint_schedule_t *s);


/*
 * key, machine, tick, name, lease.  The run of a worker that died is its
 * machine's to run again, while it is not over; a tick that is yet to come is
 * that of a clock that is fast.
 */

static ngx_http_endpoint_pg_call_sql_t  ngx_http_endpoint_schedule_sql_claim =
{
    "INSERT INTO endpoint.schedule AS s (key, node, tick, name, lease)"
    " SELECT $1::text, $2::text, $3::text::bigint, $4::text,"
    " now() + $5::text::bigint * interval '1 ms'"
    " WHERE $3::text::bigint"
    " < extract(epoch FROM clock_timestamp()) * 1000 + 60000"
    " ON CONFLICT (key) DO UPDATE SET node = excluded.node,"
    " tick = excluded.tick, lease = excluded.lease"
    " WHERE (s.tick < excluded.tick AND (s.lease IS NULL OR s.lease < now()))"
    " OR (s.tick = excluded.tick AND s.node = excluded.node"
    " AND s.lease IS NOT NULL)"
    " RETURNING tick", 5, 0
};


/* key, machine, tick */

static ngx_http_endpoint_pg_call_sql_t  ngx_http_endpoint_schedule_sql_end = {
    "UPDATE endpoint.schedule SET lease = NULL WHERE key = $1::text"
    " AND node = $2::text AND tick = $3::text::bigint", 3,
    NGX_HTTP_ENDPOINT_PG_IDEMPOTENT
};


ngx_int_t
ngx_http_endpoint_schedule_shared(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_uint_t n)
{
    ngx_http_endpoint_pg_pool_t    *pool;
    ngx_http_endpoint_schedule_t   *s, **all;

    all = emcf->schedules.elts;
    s = all[n];

    pool = ngx_http_endpoint_pg_conf_find(&emcf->pools, &s->upstream);

    if (pool == NULL) {
        return ngx_http_endpoint_plan_error(cf, &s->timed.head,
                                            "no upstream \"%V\" with "
                                            "\"endpoint_postgres\"",
                                            &s->upstream);
    }

    s->claim = ngx_http_endpoint_pg_call_statement(cf, pool,
                                        &ngx_http_endpoint_schedule_sql_claim,
                                        &s->timed.name, &s->timed.head.file,
                                        s->timed.head.line);

    s->end = ngx_http_endpoint_pg_call_statement(cf, pool,
                                          &ngx_http_endpoint_schedule_sql_end,
                                          &s->timed.name, &s->timed.head.file,
                                          s->timed.head.line);

    if (s->claim == NULL || s->end == NULL) {
        return NGX_ERROR;
    }

    ngx_http_endpoint_schedule_shared_key(emcf, n);

    return NGX_OK;
}


/* of those with the same words it is the n-th */

static void
ngx_http_endpoint_schedule_shared_key(ngx_http_endpoint_main_conf_t *emcf,
    ngx_uint_t n)
{
    u_char                          words[NGX_HTTP_ENDPOINT_IDENTITY];
    ngx_md5_t                       md5;
    ngx_uint_t                      i, same;
    ngx_http_endpoint_schedule_t  **all;

    all = emcf->schedules.elts;
    same = 0;

    ngx_http_endpoint_identity_words(&all[n]->timed.head,
                                     &all[n]->timed.statements,
                                     all[n]->shared);

    for (i = 0; i < n; i++) {
        ngx_http_endpoint_identity_words(&all[i]->timed.head,
                                         &all[i]->timed.statements,
                                         words);

        same += ngx_memcmp(words, all[n]->shared, NGX_HTTP_ENDPOINT_IDENTITY)
                == 0;
    }

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, all[n]->shared, NGX_HTTP_ENDPOINT_IDENTITY);
    ngx_md5_update(&md5, &same, sizeof(ngx_uint_t));
    ngx_md5_final(all[n]->shared, &md5);
}


void
ngx_http_endpoint_schedule_claim(ngx_http_endpoint_schedule_t *s)
{
    ngx_http_endpoint_pg_call_t  *call;

    call = ngx_http_endpoint_pg_call(s->claim, s, NULL);

    if (call) {
        ngx_http_endpoint_schedule_params(call, s);
        ngx_http_endpoint_pg_call_param(call, &s->timed.name);
        ngx_http_endpoint_pg_call_print(call, "%M",
                                       ngx_http_endpoint_schedule_timeout(s)
                                       + NGX_HTTP_ENDPOINT_SCHEDULE_GRACE);

        if (ngx_http_endpoint_pg_call_start(call,
                                            ngx_http_endpoint_schedule_claimed)
            == NGX_OK)
        {
            return;
        }
    }

    ngx_http_endpoint_schedule_release(s);
}


static void
ngx_http_endpoint_schedule_params(ngx_http_endpoint_pg_call_t *call,
    ngx_http_endpoint_schedule_t *s)
{
    u_char     key[2 * NGX_HTTP_ENDPOINT_IDENTITY];
    ngx_str_t  text;

    text.data = key;
    text.len = ngx_hex_dump(key, s->shared, NGX_HTTP_ENDPOINT_IDENTITY) - key;

    ngx_http_endpoint_pg_call_print(call, "%V", &text);
    ngx_http_endpoint_pg_call_print(call, "%016xL",
                                    ngx_http_endpoint_wake_node());
    ngx_http_endpoint_pg_call_print(call, "%uL", s->timed.taken);
}


static void
ngx_http_endpoint_schedule_claimed(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_pg_call_t *call = data;

    ngx_uint_t                     failed, won;
    ngx_http_endpoint_schedule_t  *s;

    s = call->owner;

    failed = (result->cause != ngx_http_endpoint_pg_ok);
    won = !failed && PQntuples(result->raw);

    if (failed) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "%V is not run, as the database of \"%V\" does not say "
                      "by whom: SQLSTATE %V: %V", &s->timed.name, &s->upstream,
                      &result->sqlstate, &result->message);
    }

    ngx_http_endpoint_pg_call_end(call);

    if (won) {
        ngx_http_endpoint_schedule_launch(s);

    } else {
        ngx_http_endpoint_schedule_release(s);
    }
}


/* its tick is this worker's until that is told: the next one may be near */

void
ngx_http_endpoint_schedule_tell(ngx_http_endpoint_schedule_t *s)
{
    ngx_http_endpoint_pg_call_t  *call;

    call = ngx_http_endpoint_pg_call(s->end, s, NULL);

    if (call) {
        ngx_http_endpoint_schedule_params(call, s);

        if (ngx_http_endpoint_pg_call_start(call,
                                            ngx_http_endpoint_schedule_told)
            == NGX_OK)
        {
            return;
        }
    }

    ngx_http_endpoint_schedule_release(s);
}


static void
ngx_http_endpoint_schedule_told(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_pg_call_t *call = data;

    ngx_http_endpoint_schedule_t  *s;

    s = call->owner;

    /* the next run waits for the end of its lease */

    if (result->cause != ngx_http_endpoint_pg_ok) {
        ngx_http_endpoint_pg_call_failed(result, "schedule", &s->timed.name);
    }

    ngx_http_endpoint_pg_call_end(call);
    ngx_http_endpoint_schedule_release(s);
}
