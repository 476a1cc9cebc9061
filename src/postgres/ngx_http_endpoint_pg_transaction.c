
#include "ngx_http_endpoint_pg_check.h"


static ngx_http_endpoint_pg_transaction_t *ngx_http_endpoint_pg_transaction(
    ngx_http_endpoint_pg_pool_t *pool, ngx_msec_t timeout, ngx_uint_t single);
static void ngx_http_endpoint_pg_pump(ngx_http_endpoint_pg_transaction_t *t);
static ngx_uint_t ngx_http_endpoint_pg_claim(
    ngx_http_endpoint_pg_transaction_t *t);
static ngx_int_t ngx_http_endpoint_pg_assign(ngx_http_endpoint_pg_lane_t *seat,
    ngx_http_endpoint_pg_transaction_t *t);
static void ngx_http_endpoint_pg_abandon(ngx_http_endpoint_pg_transaction_t *t,
    ngx_http_endpoint_pg_cause_e cause, const char *message);
static void ngx_http_endpoint_pg_release(ngx_http_endpoint_pg_lane_t *seat);
static void ngx_http_endpoint_pg_next(ngx_http_endpoint_pg_lane_t *seat);
static void ngx_http_endpoint_pg_forsake(ngx_http_endpoint_pg_lane_t *seat);
static void ngx_http_endpoint_pg_withdraw(
    ngx_http_endpoint_pg_transaction_t *t, ngx_queue_t *queue);
static void ngx_http_endpoint_pg_withdraw_checked(
    ngx_http_endpoint_pg_transaction_t *t);
static void ngx_http_endpoint_pg_seat_up(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_seat_down(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_seat_quit(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_seat_done(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command, ngx_http_endpoint_pg_fate_e fate);
static ngx_http_endpoint_pg_cause_e ngx_http_endpoint_pg_seat_lost(
    ngx_http_endpoint_pg_fate_e fate);
static void ngx_http_endpoint_pg_seat_look(ngx_http_endpoint_pg_lane_t *seat,
    ngx_http_endpoint_pg_query_t *query);
static void ngx_http_endpoint_pg_seat_single(
    ngx_http_endpoint_pg_lane_t *seat, ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_fate_e fate);
static void ngx_http_endpoint_pg_seat_commit(
    ngx_http_endpoint_pg_lane_t *seat, ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_fate_e fate);


ngx_http_endpoint_pg_owner_t  ngx_http_endpoint_pg_seat_owner = {
    ngx_http_endpoint_pg_seat_up,
    ngx_http_endpoint_pg_seat_done,
    ngx_http_endpoint_pg_seat_down,
    ngx_http_endpoint_pg_seat_quit,
    NULL
};


ngx_http_endpoint_pg_transaction_t *
ngx_http_endpoint_pg_begin(ngx_http_endpoint_pg_pool_t *pool,
    ngx_msec_t timeout, ngx_http_endpoint_pg_statement_t **statements,
    ngx_uint_t n)
{
    ngx_http_endpoint_pg_transaction_t  *t;

    t = ngx_http_endpoint_pg_transaction(pool, timeout, 0);

    if (t) {
        t->statements = statements;
        t->nstatements = n;
    }

    return t;
}


static ngx_http_endpoint_pg_transaction_t *
ngx_http_endpoint_pg_transaction(ngx_http_endpoint_pg_pool_t *pool,
    ngx_msec_t timeout, ngx_uint_t single)
{
    ngx_http_endpoint_pg_transaction_t  *t;

    t = ngx_calloc(sizeof(ngx_http_endpoint_pg_transaction_t), pool->log);
    if (t == NULL) {
        return NULL;
    }

    t->pool = pool;
    t->timeout = timeout;
    t->single = single;

    ngx_queue_init(&t->held);

    return t;
}


/* an isolated query is a transaction of one, without BEGIN and COMMIT */

void
ngx_http_endpoint_pg_isolate(ngx_http_endpoint_pg_query_t *query,
    ngx_msec_t timeout)
{
    ngx_http_endpoint_pg_transaction_t  *t;

    t = ngx_http_endpoint_pg_transaction(query->owner, timeout, 1);

    if (t == NULL) {
        ngx_http_endpoint_pg_query_end(query, ngx_http_endpoint_pg_memory,
                                       "no memory for an isolated query");
        return;
    }

    ngx_http_endpoint_pg_hold(query, t);
}


void
ngx_http_endpoint_pg_hold(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_transaction_t *t)
{
    query->transaction = t;

    if (t->failed) {
        ngx_http_endpoint_pg_query_end(query, t->cause,
                                       "its transaction has failed before");
        return;
    }

    query->state = ngx_http_endpoint_pg_query_held;
    ngx_queue_insert_tail(&t->held, &query->command.link);

    ngx_http_endpoint_pg_pump(t);
}


static void
ngx_http_endpoint_pg_pump(ngx_http_endpoint_pg_transaction_t *t)
{
    ngx_queue_t                   *q;
    ngx_http_endpoint_pg_query_t  *query;

    if (t->lane == NULL && !ngx_http_endpoint_pg_claim(t)) {
        return;
    }

    while (!ngx_queue_empty(&t->held)) {
        q = ngx_queue_head(&t->held);
        query = ngx_queue_data(q, ngx_http_endpoint_pg_query_t, command.link);

        ngx_queue_remove(q);

        query->command.begin = (!t->single && !t->begun);
        query->command.timeout = 0;

        if (ngx_http_endpoint_pg_send(&t->lane->pg, &query->command)
            != NGX_OK)
        {
            /* the connection is about to go down, that decides */

            ngx_queue_insert_head(&t->held, q);
            return;
        }

        query->state = ngx_http_endpoint_pg_query_sent;
        t->begun = 1;
    }
}


static ngx_uint_t
ngx_http_endpoint_pg_claim(ngx_http_endpoint_pg_transaction_t *t)
{
    ngx_uint_t                    i;
    ngx_http_endpoint_pg_lane_t  *seat;
    ngx_http_endpoint_pg_pool_t  *pool;

    if (t->claimed) {
        return 0;
    }

    pool = t->pool;

    for (i = 0; i < pool->isolated; i++) {
        seat = &pool->seats[i];

        if (seat->up && seat->transaction == NULL
            && ngx_http_endpoint_pg_idle(&seat->pg)
            && ngx_http_endpoint_pg_assign(seat, t) == NGX_OK)
        {
            return 1;
        }
    }

    if (pool->nclaims >= pool->queue_max) {
        ngx_http_endpoint_pg_abandon(t, ngx_http_endpoint_pg_full,
                                     "the queue is full");
        return 0;
    }

    t->claimed = 1;
    ngx_queue_insert_tail(&pool->claims, &t->link);
    pool->nclaims++;

    for (i = 0; i < pool->isolated; i++) {
        seat = &pool->seats[i];

        if (seat->pg.state == ngx_http_endpoint_pg_down
            && !seat->retry.timer_set)
        {
            ngx_http_endpoint_pg_lane_wake(seat);
            break;
        }
    }

    if (ngx_http_endpoint_pg_absent(pool, 1)) {
        ngx_http_endpoint_pg_claims_failed(pool);
    }

    return 0;
}


void
ngx_http_endpoint_pg_claims_failed(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_queue_t                         *q;
    ngx_http_endpoint_pg_transaction_t  *t;

    while (!ngx_queue_empty(&pool->claims)) {
        q = ngx_queue_head(&pool->claims);
        ngx_queue_remove(q);
        pool->nclaims--;

        t = ngx_queue_data(q, ngx_http_endpoint_pg_transaction_t, link);
        t->claimed = 0;

        ngx_http_endpoint_pg_abandon(t, ngx_http_endpoint_pg_unavailable,
                                     pool->why);
    }
}


static ngx_int_t
ngx_http_endpoint_pg_assign(ngx_http_endpoint_pg_lane_t *seat,
    ngx_http_endpoint_pg_transaction_t *t)
{
    if (ngx_http_endpoint_pg_set_timeout(&seat->pg, t->timeout) != NGX_OK) {
        return NGX_ERROR;
    }

    seat->transaction = t;
    t->lane = seat;

    return NGX_OK;
}


/* fails what it holds; what comes later fails, too */

static void
ngx_http_endpoint_pg_abandon(ngx_http_endpoint_pg_transaction_t *t,
    ngx_http_endpoint_pg_cause_e cause, const char *message)
{
    ngx_queue_t                   *q;
    ngx_http_endpoint_pg_query_t  *query;

    t->failed = 1;
    t->cause = cause;

    while (!ngx_queue_empty(&t->held)) {
        q = ngx_queue_head(&t->held);
        ngx_queue_remove(q);

        query = ngx_queue_data(q, ngx_http_endpoint_pg_query_t, command.link);

        if (t->single) {
            query->transaction = NULL;
        }

        ngx_http_endpoint_pg_query_end(query, cause, message);
    }

    if (t->single) {
        ngx_free(t);
    }
}


ngx_int_t
ngx_http_endpoint_pg_commit(ngx_http_endpoint_pg_transaction_t *t,
    ngx_pool_t *pool, ngx_http_endpoint_pg_handler_pt handler, void *data)
{
    ngx_http_endpoint_pg_query_t  *query;

    query = ngx_http_endpoint_pg_query(t->pool);
    if (query == NULL) {
        return NGX_ERROR;
    }

    query->command.sql = "COMMIT";
    query->pool = pool;
    query->handler = handler;
    query->data = data;

    if (!t->begun && !t->failed && ngx_queue_empty(&t->held)) {
        query->transaction = t;
        ngx_http_endpoint_pg_query_end(query, ngx_http_endpoint_pg_ok, "");
        return NGX_OK;
    }

    ngx_http_endpoint_pg_hold(query, t);

    return NGX_OK;
}


void
ngx_http_endpoint_pg_rollback(ngx_http_endpoint_pg_transaction_t *t)
{
    ngx_http_endpoint_pg_lane_t  *seat;

    if (t->claimed) {
        ngx_queue_remove(&t->link);
        t->pool->nclaims--;
    }

    ngx_http_endpoint_pg_withdraw(t, &t->held);
    ngx_http_endpoint_pg_withdraw(t, &t->pool->ended);
    ngx_http_endpoint_pg_withdraw(t, &t->pool->written);
    ngx_http_endpoint_pg_withdraw_checked(t);

    seat = t->lane;

    if (seat) {
        seat->transaction = NULL;
        ngx_http_endpoint_pg_forsake(seat);
    }

    ngx_free(t);
}


static void
ngx_http_endpoint_pg_withdraw(ngx_http_endpoint_pg_transaction_t *t,
    ngx_queue_t *queue)
{
    ngx_queue_t                   *q, *next;
    ngx_http_endpoint_pg_query_t  *query;

    for (q = ngx_queue_head(queue); q != ngx_queue_sentinel(queue); q = next) {
        next = ngx_queue_next(q);

        query = ngx_queue_data(q, ngx_http_endpoint_pg_query_t, command.link);

        if (query->transaction == t) {
            ngx_queue_remove(q);
            ngx_http_endpoint_pg_query_free(query);
        }
    }
}


/* what waits until its statement was asked about */

static void
ngx_http_endpoint_pg_withdraw_checked(ngx_http_endpoint_pg_transaction_t *t)
{
    ngx_uint_t                          i;
    ngx_http_endpoint_pg_statement_t  **statements;

    statements = t->pool->statements.elts;

    for (i = 0; i < t->pool->statements.nelts; i++) {
        if (statements[i]->check->running) {
            ngx_http_endpoint_pg_withdraw(t, &statements[i]->check->held);
        }
    }
}


/* a connection that its transaction left as it was */

static void
ngx_http_endpoint_pg_forsake(ngx_http_endpoint_pg_lane_t *seat)
{
    ngx_queue_t                   *q;
    ngx_http_endpoint_pg_t        *pg;
    ngx_http_endpoint_pg_query_t  *query;

    pg = &seat->pg;

    if (pg->ncommands == 0) {

        if (ngx_http_endpoint_pg_idle(pg)) {
            ngx_http_endpoint_pg_release(seat);
            return;
        }

        ngx_memzero(&seat->rollback, sizeof(ngx_http_endpoint_pg_command_t));
        seat->rollback.sql = "ROLLBACK";

        if (ngx_http_endpoint_pg_send(pg, &seat->rollback) == NGX_OK) {
            return;
        }
    }

    for (q = ngx_queue_head(&pg->commands);
         q != ngx_queue_sentinel(&pg->commands);
         q = ngx_queue_next(q))
    {
        query = ngx_queue_data(q, ngx_http_endpoint_pg_query_t, command.link);

        if (!query->command.internal) {
            query->handler = NULL;
            query->transaction = NULL;
        }
    }

    ngx_http_endpoint_pg_close(pg);
}


void
ngx_http_endpoint_pg_drop(ngx_http_endpoint_pg_query_t *query)
{
    ngx_http_endpoint_pg_transaction_t  *t;

    t = query->transaction;

    if (t->single) {
        ngx_http_endpoint_pg_rollback(t);
        return;
    }

    t->failed = 1;
    t->cause = ngx_http_endpoint_pg_failed;

    if (query->state != ngx_http_endpoint_pg_query_sent) {
        ngx_queue_remove(&query->command.link);

    } else if (ngx_http_endpoint_pg_take_back(&query->command) != NGX_OK) {
        query->handler = NULL;
        return;
    }

    ngx_http_endpoint_pg_query_free(query);
}


/* the connection is idle: for the next, if there is one */

static void
ngx_http_endpoint_pg_release(ngx_http_endpoint_pg_lane_t *seat)
{
    seat->transaction = NULL;

    if (seat->outdated || !ngx_http_endpoint_pg_idle(&seat->pg)) {
        ngx_http_endpoint_pg_close(&seat->pg);
        return;
    }

    ngx_http_endpoint_pg_next(seat);
}


static void
ngx_http_endpoint_pg_next(ngx_http_endpoint_pg_lane_t *seat)
{
    ngx_queue_t                         *q;
    ngx_http_endpoint_pg_pool_t         *pool;
    ngx_http_endpoint_pg_transaction_t  *t;

    pool = seat->pool;

    if (pool->nclaims == 0) {
        if (seat->quit || ngx_exiting || pool->tight
            || ngx_http_endpoint_pg_balance_leaves(seat))
        {
            ngx_http_endpoint_pg_close(&seat->pg);
        }

        return;
    }

    q = ngx_queue_head(&pool->claims);
    t = ngx_queue_data(q, ngx_http_endpoint_pg_transaction_t, link);

    if (ngx_http_endpoint_pg_assign(seat, t) != NGX_OK) {
        return;
    }

    ngx_queue_remove(q);
    pool->nclaims--;
    t->claimed = 0;

    ngx_http_endpoint_pg_pump(t);
}


void
ngx_http_endpoint_pg_seats_leave(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_uint_t                    i;
    ngx_http_endpoint_pg_lane_t  *seat;

    for (i = 0; i < pool->isolated; i++) {
        seat = &pool->seats[i];

        if (seat->up && seat->transaction == NULL
            && ngx_http_endpoint_pg_idle(&seat->pg)
            && ngx_http_endpoint_pg_balance_leaves(seat))
        {
            ngx_http_endpoint_pg_close(&seat->pg);
        }
    }
}


static void
ngx_http_endpoint_pg_seat_up(ngx_http_endpoint_pg_t *pg)
{
    ngx_http_endpoint_pg_lane_t *seat = pg->data;

    ngx_http_endpoint_pg_lane_up(seat);
    ngx_http_endpoint_pg_next(seat);
}


static void
ngx_http_endpoint_pg_seat_down(ngx_http_endpoint_pg_t *pg)
{
    ngx_http_endpoint_pg_lane_t *seat = pg->data;

    ngx_http_endpoint_pg_transaction_t  *t;

    ngx_http_endpoint_pg_lane_down(seat);

    t = seat->transaction;

    if (t == NULL) {
        return;
    }

    seat->transaction = NULL;
    t->lane = NULL;

    if (t->begun) {
        ngx_http_endpoint_pg_abandon(t, pg->orderly
                                        ? ngx_http_endpoint_pg_shutdown
                                        : ngx_http_endpoint_pg_lost,
                                     "the connection was lost before");

    } else {
        ngx_http_endpoint_pg_pump(t);
    }
}


static void
ngx_http_endpoint_pg_seat_quit(ngx_http_endpoint_pg_t *pg)
{
    ngx_http_endpoint_pg_lane_t *seat = pg->data;

    seat->quit = 1;

    if (seat->transaction == NULL && pg->ncommands == 0) {
        ngx_http_endpoint_pg_close(pg);
    }
}


static void
ngx_http_endpoint_pg_seat_done(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command, ngx_http_endpoint_pg_fate_e fate)
{
    ngx_http_endpoint_pg_lane_t *seat = pg->data;

    ngx_http_endpoint_pg_query_t  *query;

    if (command == &seat->rollback) {
        PQclear(command->result);
        command->result = NULL;

        if (fate == ngx_http_endpoint_pg_synced) {
            ngx_http_endpoint_pg_release(seat);
        }

        return;
    }

    query = (ngx_http_endpoint_pg_query_t *) command;

    ngx_http_endpoint_pg_seat_look(seat, query);

    if (pg->swollen) {
        seat->outdated = 1;
    }

    if (query->handler == NULL) {
        ngx_http_endpoint_pg_query_free(query);

    } else if (query->statement == NULL) {
        ngx_http_endpoint_pg_seat_commit(seat, query, fate);

    } else if (query->transaction->single) {
        ngx_http_endpoint_pg_seat_single(seat, query, fate);

    } else if (fate == ngx_http_endpoint_pg_synced) {
        ngx_http_endpoint_pg_query_finish(query);

    } else {
        query->transaction->failed = 1;
        query->transaction->cause = ngx_http_endpoint_pg_seat_lost(fate);
        ngx_http_endpoint_pg_query_fail(query, query->transaction->cause,
                                        "the connection was lost, and the "
                                        "transaction with it");
    }
}


/* a server that ended in order has committed nothing of it */

static ngx_http_endpoint_pg_cause_e
ngx_http_endpoint_pg_seat_lost(ngx_http_endpoint_pg_fate_e fate)
{
    return (fate == ngx_http_endpoint_pg_undone)
           ? ngx_http_endpoint_pg_shutdown : ngx_http_endpoint_pg_lost;
}


/* whether it is a connection to what is no primary any more */

static void
ngx_http_endpoint_pg_seat_look(ngx_http_endpoint_pg_lane_t *seat,
    ngx_http_endpoint_pg_query_t *query)
{
    const char  *sqlstate;

    if (!query->command.failed) {
        return;
    }

    sqlstate = PQresultErrorField(query->command.result, PG_DIAG_SQLSTATE);

    if (sqlstate
        && ngx_http_endpoint_pg_error_cause(sqlstate)
           == ngx_http_endpoint_pg_read_only
        && ngx_current_msec - seat->since >= NGX_HTTP_ENDPOINT_PG_SETTLED)
    {
        seat->outdated = 1;
    }
}


static void
ngx_http_endpoint_pg_seat_single(ngx_http_endpoint_pg_lane_t *seat,
    ngx_http_endpoint_pg_query_t *query, ngx_http_endpoint_pg_fate_e fate)
{
    ngx_http_endpoint_pg_transaction_t  *t;

    t = query->transaction;

    if (fate == ngx_http_endpoint_pg_synced
        && ngx_http_endpoint_pg_left_open(&seat->pg))
    {
        fate = ngx_http_endpoint_pg_unknown;
    }

    if (fate == ngx_http_endpoint_pg_synced) {
        query->transaction = NULL;
        ngx_free(t);
        ngx_http_endpoint_pg_release(seat);
        ngx_http_endpoint_pg_query_finish(query);
        return;
    }

    if (ngx_http_endpoint_pg_query_again(query, fate)) {

        /* seat_down() is next, and looks for another connection */

        t->begun = 0;
        query->state = ngx_http_endpoint_pg_query_held;
        ngx_queue_insert_head(&t->held, &query->command.link);
        return;
    }

    seat->transaction = NULL;
    ngx_free(t);
}


static void
ngx_http_endpoint_pg_seat_commit(ngx_http_endpoint_pg_lane_t *seat,
    ngx_http_endpoint_pg_query_t *query, ngx_http_endpoint_pg_fate_e fate)
{
    ngx_uint_t                           committed;
    ngx_http_endpoint_pg_transaction_t  *t;

    t = query->transaction;
    seat->transaction = NULL;

    ngx_free(t);

    if (fate != ngx_http_endpoint_pg_synced) {
        ngx_http_endpoint_pg_query_fail(query,
                                        ngx_http_endpoint_pg_seat_lost(fate),
                                        "the connection was lost, what became "
                                        "of the COMMIT is unknown");
        return;
    }

    ngx_http_endpoint_pg_release(seat);

    /* of a transaction in which a query failed COMMIT makes a ROLLBACK */

    committed = !query->command.failed
                && ngx_strcmp(PQcmdStatus(query->command.result), "COMMIT")
                   == 0;

    if (committed || query->command.failed) {
        ngx_http_endpoint_pg_query_finish(query);
        return;
    }

    ngx_http_endpoint_pg_query_fail(query, ngx_http_endpoint_pg_failed,
                                    "rolled back, a query had failed");
}
