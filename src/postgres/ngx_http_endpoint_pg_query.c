
#include "ngx_http_endpoint_pg_check.h"
#include "ngx_http_endpoint_utf8.h"


#define NGX_HTTP_ENDPOINT_PG_TEXT   2048


static void ngx_http_endpoint_pg_query_write(
    ngx_http_endpoint_pg_query_t *query);
static ngx_int_t ngx_http_endpoint_pg_query_json(
    ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_pg_query_large(
    ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_pg_query_error(
    ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_pg_query_text(ngx_pool_t *pool, ngx_str_t *text,
    const char *said);
static void ngx_http_endpoint_pg_query_said(ngx_pool_t *pool, ngx_str_t *text,
    const char *said);
static void ngx_http_endpoint_pg_query_tell(
    ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_result_t *result);


/* zeroed up to its text, from those that were used before */

ngx_http_endpoint_pg_query_t *
ngx_http_endpoint_pg_query(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_queue_t                   *q;
    ngx_http_endpoint_pg_query_t  *query;

    if (ngx_queue_empty(&pool->free)) {
        query = ngx_alloc(sizeof(ngx_http_endpoint_pg_query_t), pool->log);
        if (query == NULL) {
            return NULL;
        }

    } else {
        q = ngx_queue_head(&pool->free);
        ngx_queue_remove(q);

        query = ngx_queue_data(q, ngx_http_endpoint_pg_query_t, command.link);
    }

    ngx_memzero(query, offsetof(ngx_http_endpoint_pg_query_t, text));

    query->owner = pool;

    return query;
}


void
ngx_http_endpoint_pg_query_free(ngx_http_endpoint_pg_query_t *query)
{
    if (query->command.result) {
        PQclear(query->command.result);
        query->command.result = NULL;
    }

    ngx_queue_insert_head(&query->owner->free, &query->command.link);
}


void
ngx_http_endpoint_pg_query_end(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_cause_e cause, const char *message)
{
    query->state = ngx_http_endpoint_pg_query_ended;
    query->cause = cause;
    query->message = message;

    ngx_queue_insert_tail(&query->owner->ended, &query->command.link);
    ngx_post_event(&query->owner->event, &ngx_posted_events);
}


void
ngx_http_endpoint_pg_query_ended_handler(ngx_event_t *ev)
{
    ngx_queue_t                   *q;
    ngx_http_endpoint_pg_pool_t   *pool;
    ngx_http_endpoint_pg_query_t  *query;

    pool = ev->data;

    while (!ngx_queue_empty(&pool->ended)) {
        q = ngx_queue_head(&pool->ended);
        ngx_queue_remove(q);

        query = ngx_queue_data(q, ngx_http_endpoint_pg_query_t, command.link);

        if (query->statement == NULL) {
            ngx_http_endpoint_pg_rollback(query->transaction);
        }

        ngx_http_endpoint_pg_query_fail(query, query->cause, query->message);
    }
}


void
ngx_http_endpoint_pg_query_finish(ngx_http_endpoint_pg_query_t *query)
{
    if (query->check) {
        ngx_http_endpoint_pg_check_answer(query);
        return;
    }

    ngx_memzero(&query->text, sizeof(ngx_http_endpoint_pg_row_text_t));

    ngx_http_endpoint_pg_query_write(query);
}


static void
ngx_http_endpoint_pg_query_write(ngx_http_endpoint_pg_query_t *query)
{
    ngx_int_t                      rc;
    ngx_http_endpoint_pg_result_t  result;

    ngx_memzero(&result, sizeof(ngx_http_endpoint_pg_result_t));

    if (query->command.large) {
        ngx_http_endpoint_pg_query_large(query, &result);

    } else if (query->command.failed || query->command.result == NULL) {
        ngx_http_endpoint_pg_query_error(query, &result);

    } else {
        rc = ngx_http_endpoint_pg_query_json(query, &result);

        if (rc == NGX_ERROR) {
            result.cause = ngx_http_endpoint_pg_memory;
            ngx_str_set(&result.message, "no memory for the result");

        } else if (query->command.limit
                   && query->text.json.len > query->command.limit)
        {
            ngx_http_endpoint_pg_query_large(query, &result);

        } else if (rc == NGX_AGAIN) {

            /* it was on a connection that others have now */

            query->state = ngx_http_endpoint_pg_query_written;
            ngx_queue_insert_tail(&query->owner->written, &query->command.link);
            ngx_post_event(&query->owner->writer, &ngx_posted_next_events);
            return;
        }
    }

    ngx_http_endpoint_pg_query_tell(query, &result);
}


/* one of them each time, in turn */

void
ngx_http_endpoint_pg_query_write_handler(ngx_event_t *ev)
{
    ngx_queue_t                   *q;
    ngx_http_endpoint_pg_pool_t   *pool;
    ngx_http_endpoint_pg_query_t  *query;

    pool = ev->data;

    if (ngx_queue_empty(&pool->written)) {
        return;
    }

    q = ngx_queue_head(&pool->written);
    ngx_queue_remove(q);

    query = ngx_queue_data(q, ngx_http_endpoint_pg_query_t, command.link);

    ngx_http_endpoint_pg_query_write(query);

    if (!ngx_queue_empty(&pool->written)) {
        ngx_post_event(&pool->writer, &ngx_posted_next_events);
    }
}


static void
ngx_http_endpoint_pg_query_large(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_result_t *result)
{
    result->cause = ngx_http_endpoint_pg_large;
    ngx_str_set(&result->message, "the result is larger than "
                                  "\"endpoint_query_buffer\"");
}


static ngx_int_t
ngx_http_endpoint_pg_query_json(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_result_t *result)
{
    char        *affected;
    PGresult    *res;
    ngx_int_t    rc;
    ngx_uint_t   flags, given;

    if (query->statement == NULL) {
        return NGX_OK;
    }

    res = query->command.result;
    given = query->statement->flags;

    if (given & NGX_HTTP_ENDPOINT_PG_RAW) {
        result->raw = res;
        return NGX_OK;
    }

    result->rows = PQntuples(res);

    if (PQresultStatus(res) == PGRES_COMMAND_OK) {
        affected = PQcmdTuples(res);
        result->rows = strtoul(affected, NULL, 10);
    }

    flags = 0;

    if (given & NGX_HTTP_ENDPOINT_PG_ROW) {
        flags |= NGX_HTTP_ENDPOINT_PG_ROW_FIRST;
    }

    if (given & NGX_HTTP_ENDPOINT_PG_BIGINT) {
        flags |= NGX_HTTP_ENDPOINT_PG_ROW_BIGINT;
    }

    rc = ngx_http_endpoint_pg_row_json(res, &query->statement->head, flags,
                                       query->pool, &query->text);

    result->json = query->text.json;
    result->chain = query->text.chain;

    return rc;
}


static void
ngx_http_endpoint_pg_query_error(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_result_t *result)
{
    PGresult    *res;
    const char  *sqlstate;

    res = query->command.result;
    sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);

    if (sqlstate == NULL) {
        result->cause = ngx_http_endpoint_pg_failed;
        ngx_http_endpoint_pg_query_text(query->pool, &result->message,
                                        PQresultErrorMessage(res));
        return;
    }

    result->cause = ngx_http_endpoint_pg_error_cause(sqlstate);

    ngx_http_endpoint_pg_query_text(query->pool, &result->sqlstate, sqlstate);
    ngx_http_endpoint_pg_query_text(query->pool, &result->message,
                           PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY));
    ngx_http_endpoint_pg_query_said(query->pool, &result->said,
                           PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY));
    ngx_http_endpoint_pg_query_text(query->pool, &result->detail,
                           PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL));

    /* of a not null there is none, but the column */

    if (result->cause == ngx_http_endpoint_pg_not_null) {
        ngx_http_endpoint_pg_query_text(query->pool, &result->constraint,
                           PQresultErrorField(res, PG_DIAG_COLUMN_NAME));
        return;
    }

    ngx_http_endpoint_pg_query_text(query->pool, &result->constraint,
                       PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME));
}


static void
ngx_http_endpoint_pg_query_text(ngx_pool_t *pool, ngx_str_t *text,
    const char *said)
{
    size_t  len;

    if (said == NULL) {
        return;
    }

    len = ngx_min(4 * ngx_strlen(said) + 8, NGX_HTTP_ENDPOINT_PG_TEXT);

    text->data = ngx_pnalloc(pool, len);
    if (text->data == NULL) {
        return;
    }

    text->len = len;
    ngx_http_endpoint_pg_error_text(text, said);
}


/* as it was said, for a client that may be told */

static void
ngx_http_endpoint_pg_query_said(ngx_pool_t *pool, ngx_str_t *text,
    const char *said)
{
    if (said == NULL) {
        return;
    }

    text->len = ngx_min(ngx_strlen(said), NGX_HTTP_ENDPOINT_PG_TEXT);
    text->data = ngx_pnalloc(pool, text->len + 1);

    if (text->data == NULL) {
        text->len = 0;
        return;
    }

    ngx_memcpy(text->data, said, text->len);

    if (ngx_http_endpoint_utf8_clean(pool, text) != NGX_OK) {
        text->len = 0;
    }
}


void
ngx_http_endpoint_pg_query_fail(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_cause_e cause, const char *message)
{
    ngx_http_endpoint_pg_result_t  result;

    if (query->check) {
        ngx_http_endpoint_pg_check_failed(query, cause, message);
        return;
    }

    ngx_memzero(&result, sizeof(ngx_http_endpoint_pg_result_t));

    result.cause = cause;
    result.message.data = (u_char *) message;
    result.message.len = ngx_strlen(message);

    ngx_http_endpoint_pg_query_tell(query, &result);
}


static void
ngx_http_endpoint_pg_query_tell(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_result_t *result)
{
    void                             *data;
    ngx_http_endpoint_pg_pool_t      *pool;
    ngx_http_endpoint_pg_handler_pt   handler;

    pool = query->owner;
    handler = query->handler;
    data = query->data;

    if (result->raw) {
        query->command.result = NULL;
    }

    ngx_http_endpoint_pg_query_free(query);

    if (!pool->done) {
        handler(data, result);
    }

    PQclear(result->raw);
}


ngx_uint_t
ngx_http_endpoint_pg_query_again(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_fate_e fate)
{
    ngx_uint_t                     begun, undone;
    const char                    *sqlstate;
    ngx_http_endpoint_pg_cause_e   cause;

    begun = query->command.hit || query->command.failed;

    if (query->command.large) {
        ngx_http_endpoint_pg_query_finish(query);
        return 0;
    }

    if (query->command.failed) {
        sqlstate = PQresultErrorField(query->command.result,
                                      PG_DIAG_SQLSTATE);
        cause = sqlstate ? ngx_http_endpoint_pg_error_cause(sqlstate)
                         : ngx_http_endpoint_pg_failed;

        /* the server answered, only the Sync is missing */

        if (cause != ngx_http_endpoint_pg_shutdown
            && cause != ngx_http_endpoint_pg_lost
            && cause != ngx_http_endpoint_pg_failed)
        {
            ngx_http_endpoint_pg_query_finish(query);
            return 0;
        }
    }

    /* what was begun is rolled back, but for what it committed itself */

    undone = (fate == ngx_http_endpoint_pg_undone)
             && !(begun
                  && query->statement->kind == ngx_http_endpoint_sql_call);

    if ((undone || query->check
         || (query->statement->flags & NGX_HTTP_ENDPOINT_PG_IDEMPOTENT))
        && ++query->tries < NGX_HTTP_ENDPOINT_PG_TRIES)
    {
        PQclear(query->command.result);
        query->command.result = NULL;

        return 1;
    }

    if (query->command.failed && !query->command.complete) {
        ngx_http_endpoint_pg_query_finish(query);

    } else {
        ngx_http_endpoint_pg_query_fail(query, ngx_http_endpoint_pg_lost,
                                        "the connection was lost, what became "
                                        "of the query is unknown");
    }

    return 0;
}
