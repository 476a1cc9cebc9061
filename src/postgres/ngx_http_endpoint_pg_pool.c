
#include "ngx_http_endpoint_pg_check.h"


/* one that connects for longer is not waited for */
#define NGX_HTTP_ENDPOINT_PG_SOON  300

/* one that has not answered for so long may not do so soon */
#define NGX_HTTP_ENDPOINT_PG_SLOW  20


static ngx_int_t ngx_http_endpoint_pg_params(
    ngx_http_endpoint_pg_query_t *query);
static ngx_inline void ngx_http_endpoint_pg_share_out(
    ngx_http_endpoint_pg_query_t *query);
static ngx_uint_t ngx_http_endpoint_pg_share(
    ngx_http_endpoint_pg_pool_t *pool);
static ngx_http_endpoint_pg_lane_t *ngx_http_endpoint_pg_pick(
    ngx_http_endpoint_pg_pool_t *pool);
static ngx_int_t ngx_http_endpoint_pg_give(ngx_http_endpoint_pg_lane_t *lane,
    ngx_http_endpoint_pg_query_t *query);
static void ngx_http_endpoint_pg_requeue(ngx_http_endpoint_pg_query_t *query);
static void ngx_http_endpoint_pg_feed(ngx_http_endpoint_pg_pool_t *pool);
static void ngx_http_endpoint_pg_lane_is_up(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_rouse(ngx_http_endpoint_pg_pool_t *pool);
static void ngx_http_endpoint_pg_lane_is_down(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_lane_quit(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_answer(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command, ngx_http_endpoint_pg_fate_e fate);
static void ngx_http_endpoint_pg_settle(ngx_http_endpoint_pg_lane_t *lane,
    ngx_http_endpoint_pg_query_t *query);
static ngx_uint_t ngx_http_endpoint_pg_repeat(
    ngx_http_endpoint_pg_lane_t *lane, ngx_http_endpoint_pg_query_t *query);
static ngx_uint_t ngx_http_endpoint_pg_renew(ngx_http_endpoint_pg_lane_t *lane,
    ngx_http_endpoint_pg_query_t *query);


static ngx_http_endpoint_pg_owner_t  ngx_http_endpoint_pg_lane_owner = {
    ngx_http_endpoint_pg_lane_is_up,
    ngx_http_endpoint_pg_answer,
    ngx_http_endpoint_pg_lane_is_down,
    ngx_http_endpoint_pg_lane_quit,
    NULL
};


ngx_int_t
ngx_http_endpoint_pg_pool_init(ngx_http_endpoint_pg_pool_t *pool,
    ngx_cycle_t *cycle)
{
    ngx_uint_t                     n;
    ngx_http_endpoint_pg_lane_t   *lane, *last;
    ngx_http_endpoint_pg_owner_t  *owner;

    pool->log = cycle->log;

    ngx_queue_init(&pool->queue);
    ngx_queue_init(&pool->claims);
    ngx_queue_init(&pool->ended);
    ngx_queue_init(&pool->written);
    ngx_queue_init(&pool->free);

    pool->event.handler = ngx_http_endpoint_pg_query_ended_handler;
    pool->event.data = pool;
    pool->event.log = cycle->log;

    pool->writer.handler = ngx_http_endpoint_pg_query_write_handler;
    pool->writer.data = pool;
    pool->writer.log = cycle->log;

    ngx_http_endpoint_pg_balance_init(pool);
    ngx_http_endpoint_pg_absent_init(pool);

    /* one more where there is another server to go to */
    n = pool->connections + (pool->servers.nelts > 1);

    pool->lanes = ngx_pcalloc(cycle->pool,
                              (n + pool->isolated)
                              * sizeof(ngx_http_endpoint_pg_lane_t));
    if (pool->lanes == NULL) {
        return NGX_ERROR;
    }

    pool->seats = pool->lanes + n;

    if (n > pool->connections) {
        pool->spare = pool->seats - 1;
    }

    ngx_http_endpoint_pg_room_init(pool);

    /* so that not all workers begin with the same server */
    pool->next = ngx_random();

    last = pool->seats + pool->isolated;

    for (lane = pool->lanes; lane < last; lane++) {
        lane->isolated = (lane >= pool->seats);

        owner = lane->isolated ? &ngx_http_endpoint_pg_seat_owner
                               : &ngx_http_endpoint_pg_lane_owner;

        if (ngx_http_endpoint_pg_lane_init(lane, pool, owner, cycle->pool)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for (lane = pool->lanes; lane < pool->seats; lane++) {
        ngx_http_endpoint_pg_lane_wake(lane);
    }

    return ngx_http_endpoint_pg_check_all(pool);
}


void
ngx_http_endpoint_pg_pool_done(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_uint_t                          i;
    ngx_http_endpoint_pg_lane_t        *lane;
    ngx_http_endpoint_pg_statement_t  **statements;

    if (pool->lanes == NULL) {
        return;
    }

    pool->done = 1;

    if (pool->balance.timer_set) {
        ngx_del_timer(&pool->balance);
    }

    if (pool->patience.timer_set) {
        ngx_del_timer(&pool->patience);
    }

    for (lane = pool->lanes; lane < pool->seats + pool->isolated; lane++) {
        ngx_http_endpoint_pg_lane_done(lane);
    }

    statements = pool->statements.elts;

    for (i = 0; i < pool->statements.nelts; i++) {
        ngx_http_endpoint_pg_row_free(&statements[i]->head);
    }

    ngx_http_endpoint_pg_check_free(pool);
}


ngx_http_endpoint_pg_query_t *
ngx_http_endpoint_pg_submit(ngx_http_endpoint_pg_request_t *request)
{
    ngx_http_endpoint_pg_query_t      *query;
    ngx_http_endpoint_pg_statement_t  *statement;

    statement = request->statement;

    query = ngx_http_endpoint_pg_query(statement->pool);
    if (query == NULL) {
        return NULL;
    }

    query->statement = statement;
    query->pool = request->pool;
    query->handler = request->handler;
    query->data = request->data;

    query->command.sql = (char *) statement->text.data;
    query->command.nparams = statement->nparams;
    query->command.params = request->params;
    query->values = request->values;
    query->transaction = request->transaction;
    query->timeout = request->timeout;
    query->command.timeout = statement->timeout;
    query->command.limit = request->limit;

    /* what most of them are: for a lane, with nothing to ask */

    if (query->transaction == NULL && !statement->check->special
        && !(statement->flags & NGX_HTTP_ENDPOINT_PG_ISOLATED)
        && ngx_http_endpoint_pg_check_fresh(statement->check))
    {
        ngx_http_endpoint_pg_share_out(query);

    } else if (!ngx_http_endpoint_pg_check_holds(query)) {
        ngx_http_endpoint_pg_start(query);
    }

    return query;
}


void
ngx_http_endpoint_pg_start(ngx_http_endpoint_pg_query_t *query)
{
    ngx_http_endpoint_pg_statement_t  *statement;

    statement = query->statement;

    if (statement->check->special
        && ngx_http_endpoint_pg_params(query) != NGX_OK)
    {
        return;
    }

    if (query->transaction) {
        ngx_http_endpoint_pg_hold(query, query->transaction);
        return;
    }

    if (statement->flags & NGX_HTTP_ENDPOINT_PG_ISOLATED) {
        ngx_http_endpoint_pg_isolate(query, query->timeout);
        return;
    }

    ngx_http_endpoint_pg_share_out(query);
}


static ngx_inline void
ngx_http_endpoint_pg_share_out(ngx_http_endpoint_pg_query_t *query)
{
    ngx_http_endpoint_pg_statement_t  *statement;

    statement = query->statement;

    if (!statement->pool->options.pooler) {
        query->command.name = statement->name;
        query->command.slot = statement->slot;
        query->command.version = statement->check->version;
    }

    ngx_http_endpoint_pg_enqueue(query);
}


/* what the server's types take; NGX_ERROR: the query has ended */

static ngx_int_t
ngx_http_endpoint_pg_params(ngx_http_endpoint_pg_query_t *query)
{
    ngx_int_t                      rc;
    ngx_uint_t                     i;
    ngx_http_endpoint_pg_check_t  *check;

    check = query->statement->check;

    for (i = 0; i < query->command.nparams; i++) {
        rc = ngx_http_endpoint_pg_param(query->pool, check->params[i],
                                        &query->values[i],
                                        &query->command.params[i]);
        if (rc == NGX_OK) {
            continue;
        }

        query->transaction = NULL;

        if (rc == NGX_DECLINED) {
            ngx_http_endpoint_pg_query_end(query, ngx_http_endpoint_pg_data,
                                           "a value is no list for an array");
        } else {
            ngx_http_endpoint_pg_query_end(query, ngx_http_endpoint_pg_memory,
                                           "no memory for a parameter");
        }

        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_http_endpoint_pg_enqueue(ngx_http_endpoint_pg_query_t *query)
{
    ngx_http_endpoint_pg_lane_t  *lane;
    ngx_http_endpoint_pg_pool_t  *pool;

    pool = query->owner;

    if (pool->nqueue == 0) {
        lane = ngx_http_endpoint_pg_pick(pool);

        if (lane && ngx_http_endpoint_pg_give(lane, query) == NGX_OK) {
            return;
        }
    }

    if (pool->nqueue >= pool->queue_max) {
        ngx_http_endpoint_pg_query_end(query, ngx_http_endpoint_pg_full,
                                       "the queue is full");
        return;
    }

    query->state = ngx_http_endpoint_pg_query_queued;
    ngx_queue_insert_tail(&pool->queue, &query->command.link);
    pool->nqueue++;

    /* an exiting worker has let go of its idle lanes */

    for (lane = pool->lanes; lane < pool->seats; lane++) {
        ngx_http_endpoint_pg_lane_wake(lane);
    }

    /* its connections may be too slow for it, if they come */

    if (ngx_http_endpoint_pg_absent(pool, 0)) {
        ngx_http_endpoint_pg_queue_failed(pool);
    }
}


void
ngx_http_endpoint_pg_queue_failed(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_queue_t                   *q;
    ngx_http_endpoint_pg_query_t  *query;

    while (!ngx_queue_empty(&pool->queue)) {
        q = ngx_queue_head(&pool->queue);
        ngx_queue_remove(q);
        pool->nqueue--;

        query = ngx_queue_data(q, ngx_http_endpoint_pg_query_t, command.link);

        ngx_http_endpoint_pg_query_end(query, ngx_http_endpoint_pg_unavailable,
                                       pool->why);
    }
}


/*
 * An idle lane, else the one with the fewest queries under way, of those that
 * are not at a slow one if there are any: what stands behind that waits for it.
 */

static ngx_http_endpoint_pg_lane_t *
ngx_http_endpoint_pg_pick(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_uint_t                    n, most, least, slow;
    ngx_http_endpoint_pg_lane_t  *lane, *best;

    best = NULL;
    least = NGX_MAX_UINT32_VALUE;
    most = ngx_http_endpoint_pg_share(pool);

    for (lane = pool->lanes; lane < pool->seats; lane++) {
        n = lane->pg.ncommands;

        if (lane->pg.state != ngx_http_endpoint_pg_up || lane->pg.doomed
            || lane->leaving || lane->outdated || n >= most)
        {
            continue;
        }

        if (n == 0) {
            return lane;
        }

        slow = ngx_current_msec - lane->pg.progress
               >= NGX_HTTP_ENDPOINT_PG_SLOW;

        n += slow * pool->pipeline;

        if (n < least) {
            least = n;
            best = lane;
        }
    }

    return best;
}


/*
 * How many queries a lane may have under way.  What has waited for the first
 * connection is not all given to it: the others are about to be there.
 */

static ngx_uint_t
ngx_http_endpoint_pg_share(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_uint_t                    n, up, soon;
    ngx_http_endpoint_pg_lane_t  *lane;

    if (pool->kinds[0].nup >= pool->kinds[0].room) {
        return pool->pipeline;
    }

    n = pool->nqueue + 1;
    up = 0;
    soon = 0;

    for (lane = pool->lanes; lane < pool->seats; lane++) {
        n += lane->pg.ncommands;

        if (lane->pg.state == ngx_http_endpoint_pg_up) {
            up++;

        } else if (lane->pg.state != ngx_http_endpoint_pg_down
                   && ngx_current_msec - lane->started
                      < NGX_HTTP_ENDPOINT_PG_SOON)
        {
            soon++;
        }
    }

    if (soon == 0) {
        return pool->pipeline;
    }

    n = (n + up + soon - 1) / (up + soon);

    return ngx_min(n, pool->pipeline);
}


static ngx_int_t
ngx_http_endpoint_pg_give(ngx_http_endpoint_pg_lane_t *lane,
    ngx_http_endpoint_pg_query_t *query)
{
    if (ngx_http_endpoint_pg_send(&lane->pg, &query->command) != NGX_OK) {
        return NGX_ERROR;
    }

    query->state = ngx_http_endpoint_pg_query_sent;

    return NGX_OK;
}


/* at the head, as what it waited for is over */

static void
ngx_http_endpoint_pg_requeue(ngx_http_endpoint_pg_query_t *query)
{
    query->state = ngx_http_endpoint_pg_query_queued;
    ngx_queue_insert_head(&query->owner->queue, &query->command.link);
    query->owner->nqueue++;
}


static void
ngx_http_endpoint_pg_feed(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_queue_t                   *q;
    ngx_http_endpoint_pg_lane_t   *lane;
    ngx_http_endpoint_pg_query_t  *query;

    while (pool->nqueue) {

        lane = ngx_http_endpoint_pg_pick(pool);
        if (lane == NULL) {
            return;
        }

        q = ngx_queue_head(&pool->queue);
        ngx_queue_remove(q);
        pool->nqueue--;

        query = ngx_queue_data(q, ngx_http_endpoint_pg_query_t, command.link);

        if (ngx_http_endpoint_pg_give(lane, query) != NGX_OK) {
            ngx_http_endpoint_pg_requeue(query);
        }
    }
}


void
ngx_http_endpoint_pg_cancel(ngx_http_endpoint_pg_query_t *query)
{
    if (query->transaction) {
        ngx_http_endpoint_pg_drop(query);
        return;
    }

    if (query->state == ngx_http_endpoint_pg_query_sent) {

        if (ngx_http_endpoint_pg_take_back(&query->command) != NGX_OK) {
            query->handler = NULL;
            return;
        }

    } else {
        ngx_queue_remove(&query->command.link);
    }

    if (query->state == ngx_http_endpoint_pg_query_queued) {
        query->owner->nqueue--;
    }

    ngx_http_endpoint_pg_query_free(query);
}


static void
ngx_http_endpoint_pg_lane_is_up(ngx_http_endpoint_pg_t *pg)
{
    ngx_http_endpoint_pg_lane_t *lane = pg->data;

    ngx_http_endpoint_pg_lane_up(lane);
    ngx_http_endpoint_pg_room(lane, ngx_cycle);

    if (!ngx_http_endpoint_pg_room_has(lane)) {
        ngx_http_endpoint_pg_close(pg);
        return;
    }

    if (lane == lane->pool->spare) {
        ngx_http_endpoint_pg_balance_up(lane);
    }

    ngx_http_endpoint_pg_balance(lane->pool);
    ngx_http_endpoint_pg_rouse(lane->pool);
    ngx_http_endpoint_pg_feed(lane->pool);

    /* of an exiting worker: others may have done what it was made for */

    if (pg->ncommands == 0 && (lane->quit || ngx_exiting)) {
        ngx_http_endpoint_pg_close(pg);
    }
}


/*
 * Where one could connect, the others need not wait for their next try; and
 * there may be more of them by what its server has said.
 */

static void
ngx_http_endpoint_pg_rouse(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_http_endpoint_pg_lane_t  *lane;

    if (pool->kinds[0].nup != 1) {
        return;
    }

    for (lane = pool->lanes; lane < pool->seats; lane++) {

        if (lane->pg.state != ngx_http_endpoint_pg_down
            || !ngx_http_endpoint_pg_lane_needed(lane))
        {
            continue;
        }

        if (lane->retry.timer_set) {
            ngx_del_timer(&lane->retry);
        }

        ngx_http_endpoint_pg_lane_connect(lane,
                                      ngx_http_endpoint_pg_server_pick(lane));
    }
}


static void
ngx_http_endpoint_pg_lane_is_down(ngx_http_endpoint_pg_t *pg)
{
    ngx_http_endpoint_pg_lane_t *lane = pg->data;

    ngx_http_endpoint_pg_lane_down(lane);
    ngx_http_endpoint_pg_balance(lane->pool);
    ngx_http_endpoint_pg_feed(lane->pool);
}


static void
ngx_http_endpoint_pg_lane_quit(ngx_http_endpoint_pg_t *pg)
{
    ngx_http_endpoint_pg_lane_t *lane = pg->data;

    lane->quit = 1;

    if (pg->ncommands == 0 || !lane->up) {
        ngx_http_endpoint_pg_close(pg);
    }
}


static void
ngx_http_endpoint_pg_answer(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command, ngx_http_endpoint_pg_fate_e fate)
{
    ngx_http_endpoint_pg_lane_t *lane = pg->data;

    ngx_http_endpoint_pg_query_t  *query;

    query = (ngx_http_endpoint_pg_query_t *) command;

    if (pg->swollen) {
        lane->outdated = 1;
    }

    if (fate == ngx_http_endpoint_pg_synced
        && ngx_http_endpoint_pg_left_open(pg))
    {
        fate = ngx_http_endpoint_pg_unknown;
    }

    if (query->handler == NULL && query->check == NULL) {
        ngx_http_endpoint_pg_query_free(query);

    } else if (fate == ngx_http_endpoint_pg_synced) {
        ngx_http_endpoint_pg_settle(lane, query);

    } else if (ngx_http_endpoint_pg_query_again(query, fate)) {
        ngx_http_endpoint_pg_requeue(query);
    }

    if (fate != ngx_http_endpoint_pg_synced) {
        return;
    }

    if (lane->pool->nqueue) {
        ngx_http_endpoint_pg_feed(lane->pool);
    }

    if (pg->ncommands == 0
        && (lane->quit || lane->leaving || lane->outdated || ngx_exiting))
    {
        ngx_http_endpoint_pg_close(pg);
    }
}


static void
ngx_http_endpoint_pg_settle(ngx_http_endpoint_pg_lane_t *lane,
    ngx_http_endpoint_pg_query_t *query)
{
    if (query->command.failed
        && (ngx_http_endpoint_pg_renew(lane, query)
            || ngx_http_endpoint_pg_repeat(lane, query)))
    {
        return;
    }

    ngx_http_endpoint_pg_query_finish(query);
}


/*
 * A statement that lost against others, or came to a server that is no primary
 * any more, was rolled back.
 */

static ngx_uint_t
ngx_http_endpoint_pg_repeat(ngx_http_endpoint_pg_lane_t *lane,
    ngx_http_endpoint_pg_query_t *query)
{
    const char                    *sqlstate;
    ngx_http_endpoint_pg_cause_e   cause;

    sqlstate = PQresultErrorField(query->command.result, PG_DIAG_SQLSTATE);

    if (sqlstate == NULL
        || query->statement->kind == ngx_http_endpoint_sql_call
        || query->tries + 1 >= NGX_HTTP_ENDPOINT_PG_TRIES)
    {
        return 0;
    }

    cause = ngx_http_endpoint_pg_error_cause(sqlstate);

    if (cause == ngx_http_endpoint_pg_read_only) {

        /* a server that has just been connected to is what there is */

        if (ngx_current_msec - lane->since < NGX_HTTP_ENDPOINT_PG_SETTLED) {
            return 0;
        }

        lane->outdated = 1;
        ngx_http_endpoint_pg_server_failed(lane->server);

    } else if (cause != ngx_http_endpoint_pg_conflict) {
        return 0;
    }

    query->tries++;

    PQclear(query->command.result);
    query->command.result = NULL;

    ngx_http_endpoint_pg_requeue(query);

    return 1;
}


/* a failed statement is undone, so that it may be sent again: once */

static ngx_uint_t
ngx_http_endpoint_pg_renew(ngx_http_endpoint_pg_lane_t *lane,
    ngx_http_endpoint_pg_query_t *query)
{
    PGresult    *result;
    const char  *sqlstate;

    result = query->command.result;
    sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (query->renewed
        || query->command.name == NULL
        || sqlstate == NULL
        || !ngx_http_endpoint_pg_error_stale(sqlstate,
                           PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION),
                           PQresultErrorField(result, PG_DIAG_CONTEXT),
                           query->command.fresh))
    {
        return 0;
    }

    /* one that failed along with it was forgotten when it did */

    if (!query->command.fresh) {
        ngx_http_endpoint_pg_forget(&lane->pg, &query->command,
                                    ngx_strcmp(sqlstate, "26000") != 0);
    }

    query->renewed = 1;

    PQclear(result);
    query->command.result = NULL;

    if (ngx_http_endpoint_pg_give(lane, query) != NGX_OK) {
        ngx_http_endpoint_pg_requeue(query);
    }

    return 1;
}
