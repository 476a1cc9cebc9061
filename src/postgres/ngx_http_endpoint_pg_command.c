
#include "ngx_http_endpoint_pg.h"
#include "ngx_http_endpoint_pg_error.h"


/* the memory for parameters that a worker keeps */
#define NGX_HTTP_ENDPOINT_PG_KEEP  (256 * 1024)


static ngx_int_t ngx_http_endpoint_pg_give_one(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command);
static ngx_int_t ngx_http_endpoint_pg_put(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command);
static ngx_int_t ngx_http_endpoint_pg_put_timeout(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command);
static ngx_int_t ngx_http_endpoint_pg_put_plain(ngx_http_endpoint_pg_t *pg,
    const char *sql);
static ngx_int_t ngx_http_endpoint_pg_put_prepare(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command);
static const char **ngx_http_endpoint_pg_values(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command);
static ngx_int_t ngx_http_endpoint_pg_sync(ngx_http_endpoint_pg_t *pg);
static PGresult *ngx_http_endpoint_pg_result(ngx_http_endpoint_pg_t *pg);
static ngx_uint_t ngx_http_endpoint_pg_invented(ngx_http_endpoint_pg_t *pg,
    PGresult *result);
static void ngx_http_endpoint_pg_take(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command, PGresult *result);
static void ngx_http_endpoint_pg_failure(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command, PGresult *result);
static void ngx_http_endpoint_pg_done(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command);


/* libpq wants strings that end with a NUL, and copies them when it sends */

static u_char  *ngx_http_endpoint_pg_buffer;
static size_t   ngx_http_endpoint_pg_buffer_size;


ngx_int_t
ngx_http_endpoint_pg_send(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command)
{
    if (pg->state < ngx_http_endpoint_pg_setup || pg->doomed) {
        return NGX_ERROR;
    }

    command->pg = pg;
    command->result = NULL;
    command->given = 0;
    command->complete = 0;
    command->hit = 0;
    command->large = 0;
    command->sets = 0;
    command->failed = 0;
    command->fresh = 0;
    command->parsing = 0;

    if (pg->ncommands++ == 0) {
        pg->progress = ngx_current_msec;
    }

    /* a timer that was set for less time, or as much, is early enough */

    if (!pg->timer.timer_set || command->timeout == 0
        || command->timeout + NGX_HTTP_ENDPOINT_PG_GRACE < pg->watched)
    {
        ngx_http_endpoint_pg_watch(pg, command);
    }

    ngx_queue_insert_tail(&pg->commands, &command->link);

    /*
     * libpq that finds its server gone while it writes reads what was left
     * to be read, and forgets whose answers these were.  So what has come is
     * read before more is written; where nothing is under way nothing has.
     */

    if (pg->ncommands == 1 && !pg->working) {

        if (ngx_http_endpoint_pg_give_one(pg, command) == NGX_OK
            && PQflush(pg->conn) == 0)
        {
            pg->unsent = 0;
            return NGX_OK;
        }

    } else if (command->internal) {
        ngx_http_endpoint_pg_give_all(pg);

        if (!pg->doomed && PQflush(pg->conn) == 0) {
            return NGX_OK;
        }
    }

    if (!pg->working) {
        ngx_post_event(&pg->event, &ngx_posted_events);
    }

    return NGX_OK;
}


void
ngx_http_endpoint_pg_give_all(ngx_http_endpoint_pg_t *pg)
{
    ngx_queue_t                     *q;
    ngx_http_endpoint_pg_command_t  *command;

    /* what waits is at the end of the queue */

    for (q = ngx_queue_last(&pg->commands);
         q != ngx_queue_sentinel(&pg->commands);
         q = ngx_queue_prev(q))
    {
        command = ngx_queue_data(q, ngx_http_endpoint_pg_command_t, link);

        if (command->given) {
            break;
        }
    }

    for (q = ngx_queue_next(q);
         q != ngx_queue_sentinel(&pg->commands);
         q = ngx_queue_next(q))
    {
        command = ngx_queue_data(q, ngx_http_endpoint_pg_command_t, link);

        if (ngx_http_endpoint_pg_give_one(pg, command) != NGX_OK) {
            return;
        }
    }
}


static ngx_int_t
ngx_http_endpoint_pg_give_one(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command)
{
    command->given = 1;
    pg->unsent = 1;

    /* a part of it may be on its way, but no Sync behind it */

    if (ngx_http_endpoint_pg_put(pg, command) != NGX_OK
        || ngx_http_endpoint_pg_sync(pg) != NGX_OK)
    {
        ngx_http_endpoint_pg_doom(pg);
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_pg_take_back(ngx_http_endpoint_pg_command_t *command)
{
    if (command->given) {
        return NGX_DECLINED;
    }

    ngx_queue_remove(&command->link);
    command->pg->ncommands--;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_pg_put(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command)
{
    int                           rc;
    const char                  **values;
    ngx_http_endpoint_pg_slot_t  *slot;

    values = ngx_http_endpoint_pg_values(pg, command);
    if (values == NULL) {
        return NGX_ERROR;
    }

    if (command->begin) {
        command->parsing++;

        if (ngx_http_endpoint_pg_put_plain(pg, "BEGIN") != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (ngx_http_endpoint_pg_put_timeout(pg, command) != NGX_OK) {
        return NGX_ERROR;
    }

    if (command->describe) {
        command->parsing++;

        return PQsendPrepare(pg->conn, "", command->sql, 0, NULL)
               && PQsendDescribePrepared(pg->conn, "")
               ? NGX_OK : NGX_ERROR;
    }

    if (command->name == NULL) {
        rc = PQsendQueryParams(pg->conn, command->sql, command->nparams, NULL,
                               values, NULL, NULL, 0);

    } else {

        slot = &pg->slots[command->slot];

        /* one of the types that its parameters had once */

        if (slot->ready && slot->version != command->version) {
            slot->ready = 0;
            slot->drop = 1;
        }

        if (!slot->ready
            && ngx_http_endpoint_pg_put_prepare(pg, command) != NGX_OK)
        {
            return NGX_ERROR;
        }

        command->generation = slot->generation;

        rc = PQsendQueryPrepared(pg->conn, command->name, command->nparams,
                                 values, NULL, NULL, 0);
    }

    return rc ? NGX_OK : NGX_ERROR;
}


/*
 * The server itself ends what nobody waits for any more: nobody else could
 * without a risk for what stands behind it.  The setting is rolled back with a
 * statement that fails, so that nothing can rely on one that is on its way.
 */

static ngx_int_t
ngx_http_endpoint_pg_put_timeout(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command)
{
    u_char  sql[sizeof("SET statement_timeout = ") + NGX_INT_T_LEN];

    if (command->internal || command->timeout == 0
        || (command->timeout == pg->in_force && pg->nsettings == 0)
        || pg->options->pooler)
    {
        return NGX_OK;
    }

    (void) ngx_sprintf(sql, "SET statement_timeout = %M%Z", command->timeout);

    pg->nsettings++;
    command->sets = 1;
    command->parsing++;

    return ngx_http_endpoint_pg_put_plain(pg, (char *) sql);
}


static ngx_int_t
ngx_http_endpoint_pg_put_plain(ngx_http_endpoint_pg_t *pg, const char *sql)
{
    return PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, 0)
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_endpoint_pg_put_prepare(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command)
{
    u_char                        sql[sizeof("DEALLOCATE ")
                                      + NGX_HTTP_ENDPOINT_PG_NAME_LEN];
    ngx_http_endpoint_pg_slot_t  *slot;

    slot = &pg->slots[command->slot];

    if (slot->drop) {
        slot->drop = 0;
        command->parsing++;

        (void) ngx_sprintf(sql, "DEALLOCATE %s%Z", command->name);

        if (ngx_http_endpoint_pg_put_plain(pg, (char *) sql) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    slot->ready = 1;
    slot->generation++;
    slot->version = command->version;
    command->fresh = 1;
    command->parsing++;

    return PQsendPrepare(pg->conn, command->name, command->sql,
                         command->nparams, NULL)
           ? NGX_OK : NGX_ERROR;
}


static const char **
ngx_http_endpoint_pg_values(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command)
{
    u_char       *p;
    size_t        size;
    ngx_str_t    *param, *last;
    const char  **values, **value;

    size = command->nparams * sizeof(char *) + 1;
    last = command->params + command->nparams;

    for (param = command->params; param < last; param++) {
        size += param->len + 1;
    }

    if (size > ngx_http_endpoint_pg_buffer_size
        || ngx_http_endpoint_pg_buffer_size > NGX_HTTP_ENDPOINT_PG_KEEP)
    {
        if (ngx_http_endpoint_pg_buffer) {
            ngx_free(ngx_http_endpoint_pg_buffer);
        }

        size = ngx_max(size, ngx_pagesize);

        ngx_http_endpoint_pg_buffer = ngx_alloc(size, pg->log);
        ngx_http_endpoint_pg_buffer_size =
                                       ngx_http_endpoint_pg_buffer ? size : 0;

        if (ngx_http_endpoint_pg_buffer == NULL) {
            return NULL;
        }
    }

    values = (const char **) ngx_http_endpoint_pg_buffer;
    value = values;
    p = (u_char *) (values + command->nparams);

    for (param = command->params; param < last; param++) {

        if (param->data == NULL) {
            *value++ = NULL;
            continue;
        }

        *value++ = (char *) p;
        p = ngx_cpymem(p, param->data, param->len);
        *p++ = '\0';
    }

    return values;
}


/* from libpq 17 on, all that one turn of the event loop sends goes at once */

static ngx_int_t
ngx_http_endpoint_pg_sync(ngx_http_endpoint_pg_t *pg)
{
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC

    if (!PQsendPipelineSync(pg->conn)) {
        return NGX_ERROR;
    }

#else

    if (!PQpipelineSync(pg->conn)) {
        return NGX_ERROR;
    }

#endif

    return NGX_OK;
}


void
ngx_http_endpoint_pg_results(ngx_http_endpoint_pg_t *pg)
{
    PGresult                        *result;
    ngx_queue_t                     *q;
    ngx_http_endpoint_pg_command_t  *command;

    /* what a server says unasked is parsed by it, too */

    if (pg->ncommands == 0) {
        (void) PQisBusy(pg->conn);
        return;
    }

    while (!pg->doomed || pg->draining) {

        result = ngx_http_endpoint_pg_result(pg);
        if (result == NULL) {
            return;
        }

        pg->progress = ngx_current_msec;

        q = ngx_queue_head(&pg->commands);
        command = ngx_queue_data(q, ngx_http_endpoint_pg_command_t, link);

        switch (PQresultStatus(result)) {

        case PGRES_PIPELINE_SYNC:
            PQclear(result);
            ngx_http_endpoint_pg_done(pg, command);
            break;

        case PGRES_PIPELINE_ABORTED:
            PQclear(result);
            break;

        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH:
            PQclear(result);

            ngx_log_error(NGX_LOG_ERR, pg->log, 0,
                          "postgres %V: COPY cannot be used in a query",
                          &pg->address->name);
            pg->doomed = 1;
            pg->draining = 0;
            break;

        default:
            ngx_http_endpoint_pg_take(pg, command, result);
        }
    }
}


/*
 * The only place that asks for a result: PQgetResult() would block the worker
 * where none is there.  NULL: no more until something is read.
 */

static PGresult *
ngx_http_endpoint_pg_result(ngx_http_endpoint_pg_t *pg)
{
    PGresult    *result;
    ngx_uint_t   nulls;

    /* a NULL ends the results of each part of a command */

    for (nulls = 0; nulls < 2; nulls++) {

        if (ngx_queue_empty(&pg->commands)) {
            return NULL;
        }

        if (PQisBusy(pg->conn)) {
            pg->reads++;
            return NULL;
        }

        result = PQgetResult(pg->conn);

        if (result == NULL) {
            continue;
        }

        if (ngx_http_endpoint_pg_invented(pg, result)) {
            PQclear(result);
            return NULL;
        }

        return result;
    }

    return NULL;
}


/* of a lost connection libpq ends the results with one of its own */

static ngx_uint_t
ngx_http_endpoint_pg_invented(ngx_http_endpoint_pg_t *pg, PGresult *result)
{
    return PQstatus(pg->conn) == CONNECTION_BAD
           && PQresultStatus(result) == PGRES_FATAL_ERROR
           && PQresultErrorField(result, PG_DIAG_SQLSTATE) == NULL;
}


static void
ngx_http_endpoint_pg_take(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command, PGresult *result)
{
    ExecStatusType  status;

    status = PQresultStatus(result);

    if (command->failed) {
        PQclear(result);
        return;
    }

    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK
        && status != PGRES_EMPTY_QUERY)
    {
        ngx_http_endpoint_pg_failure(pg, command, result);

    } else if (command->parsing) {
        command->parsing--;
        PQclear(result);
        return;
    }

    if (command->result) {
        PQclear(command->result);
    }

    command->result = result;
}


static void
ngx_http_endpoint_pg_failure(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command, PGresult *result)
{
    const char  *sqlstate, *severity;

    command->failed = 1;

    /* it may have been committed, or not, before the error came */
    command->complete = (command->result && !command->parsing);

    sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    /*
     * libpq's own, mostly of memory: an answer that it could not keep, or a
     * Sync, may be missing, and those behind it would be taken for others.
     */

    if (sqlstate == NULL) {
        pg->doomed = 1;
        pg->draining = 0;
    }

    if (sqlstate && severity && ngx_strcmp(severity, "FATAL") == 0) {
        command->hit = 1;
        pg->orderly = ngx_http_endpoint_pg_error_orderly(sqlstate);
        ngx_http_endpoint_pg_complain(pg, "connection",
                                      PQresultErrorMessage(result));
    }

    if (command->parsing && command->name) {
        ngx_http_endpoint_pg_forget(pg, command, sqlstate
                                        && ngx_strcmp(sqlstate, "42P05") == 0);
    }
}


void
ngx_http_endpoint_pg_forget(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command, ngx_uint_t drop)
{
    ngx_http_endpoint_pg_slot_t  *slot;

    slot = &pg->slots[command->slot];

    /* one that failed before may have prepared it again already */

    if (slot->generation != command->generation) {
        return;
    }

    slot->ready = 0;
    slot->drop = drop;
}


static void
ngx_http_endpoint_pg_done(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command)
{
    ngx_queue_remove(&command->link);
    pg->ncommands--;

    pg->reads = 0;
    pg->received = 0;

    if (command->sets) {
        pg->nsettings--;

        if (!command->failed) {
            pg->in_force = command->timeout;
        }
    }

    if (command->internal) {
        ngx_http_endpoint_pg_setting(pg, command);

    } else {
        pg->owner->done(pg, command, ngx_http_endpoint_pg_synced);
    }
}
