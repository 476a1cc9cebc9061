
#include "ngx_http_endpoint_pg_check.h"


/* after this it is asked about before queries go on */
#define NGX_HTTP_ENDPOINT_PG_CHECK_HARD  2000

#define NGX_HTTP_ENDPOINT_PG_CHECK_LINE  1024


static void ngx_http_endpoint_pg_check_start(
    ngx_http_endpoint_pg_check_t *check);
static ngx_uint_t ngx_http_endpoint_pg_check_hold(
    ngx_http_endpoint_pg_query_t *query, ngx_http_endpoint_pg_check_t *check);
static ngx_uint_t ngx_http_endpoint_pg_check_vain(
    ngx_http_endpoint_pg_query_t *query);
static ngx_uint_t ngx_http_endpoint_pg_check_described(
    ngx_http_endpoint_pg_check_t *check, PGresult *result);
static ngx_uint_t ngx_http_endpoint_pg_check_scalar(Oid type);
static ngx_int_t ngx_http_endpoint_pg_check_lookup(
    ngx_http_endpoint_pg_query_t *query);
static void ngx_http_endpoint_pg_check_looked_up(
    ngx_http_endpoint_pg_check_t *check, PGresult *result);
static ngx_http_endpoint_pg_param_e ngx_http_endpoint_pg_check_param(Oid base,
    Oid element);
static void ngx_http_endpoint_pg_check_known(
    ngx_http_endpoint_pg_query_t *query);
static void ngx_http_endpoint_pg_check_log(
    ngx_http_endpoint_pg_check_t *check, PGresult *result);
static void ngx_http_endpoint_pg_check_release(
    ngx_http_endpoint_pg_check_t *check);


/* types whose values are texts, by pg_type.dat */

static Oid  ngx_http_endpoint_pg_check_scalars[] = {
    16 /* bool */, 17 /* bytea */, 18 /* char */, 19 /* name */,
    20 /* int8 */, 21 /* int2 */, 23 /* int4 */, 25 /* text */, 26 /* oid */,
    700 /* float4 */, 701 /* float8 */, 869 /* inet */, 1042 /* bpchar */,
    1043 /* varchar */, 1082 /* date */, 1083 /* time */,
    1114 /* timestamp */, 1184 /* timestamptz */, 1186 /* interval */,
    1700 /* numeric */, 2950 /* uuid */, 0
};

#define NGX_HTTP_ENDPOINT_PG_JSON   114
#define NGX_HTTP_ENDPOINT_PG_JSONB  3802


/* of a domain, what it stands on */

static const char  ngx_http_endpoint_pg_check_catalog[] =
    "WITH RECURSIVE u(oid, base) AS ("
        "SELECT oid, oid FROM pg_catalog.pg_type"
        " WHERE oid = ANY ($1::pg_catalog.oid[])"
        " UNION ALL SELECT u.oid, t.typbasetype"
        " FROM u JOIN pg_catalog.pg_type t ON t.oid = u.base"
        " WHERE t.typtype = 'd'"
    ") SELECT u.oid, t.oid,"
        " CASE t.typcategory WHEN 'A' THEN t.typelem ELSE 0 END"
    " FROM u JOIN pg_catalog.pg_type t ON t.oid = u.base"
    " WHERE t.typtype <> 'd'";


ngx_int_t
ngx_http_endpoint_pg_check_all(ngx_http_endpoint_pg_pool_t *pool)
{
    size_t                              size;
    ngx_uint_t                          i, n;
    ngx_http_endpoint_pg_check_t       *check;
    ngx_http_endpoint_pg_statement_t  **statements;

    statements = pool->statements.elts;

    for (i = 0; i < pool->statements.nelts; i++) {
        check = statements[i]->check;

        if (check->statement != statements[i]) {
            continue;
        }

        n = statements[i]->nparams;
        size = n * (sizeof(Oid) + sizeof(ngx_http_endpoint_pg_param_e));

        check->params = ngx_calloc(ngx_max(size, 1), pool->log);
        if (check->params == NULL) {
            return NGX_ERROR;
        }

        check->types = (Oid *) (check->params + n);
        ngx_queue_init(&check->held);

        if (!(statements[i]->flags & NGX_HTTP_ENDPOINT_PG_RAW)) {
            ngx_http_endpoint_pg_check_start(check);
        }
    }

    return NGX_OK;
}


static void
ngx_http_endpoint_pg_check_start(ngx_http_endpoint_pg_check_t *check)
{
    ngx_http_endpoint_pg_query_t  *query;

    query = ngx_http_endpoint_pg_query(check->statement->pool);
    if (query == NULL) {

        /* the next query tries it again */

        return;
    }

    check->running = 1;

    query->statement = check->statement;
    query->check = check;
    query->command.sql = (char *) check->statement->text.data;
    query->command.describe = 1;
    query->command.timeout = check->statement->timeout;

    ngx_http_endpoint_pg_enqueue(query);
}


/*
 * A transaction is held before it has begun, for all of its statements: later
 * it would keep a connection that the checks may be waiting for.
 */

ngx_uint_t
ngx_http_endpoint_pg_check_holds(ngx_http_endpoint_pg_query_t *query)
{
    ngx_uint_t                           i;
    ngx_http_endpoint_pg_transaction_t  *t;

    t = query->transaction;

    if (t == NULL) {
        return ngx_http_endpoint_pg_check_hold(query, query->statement->check);
    }

    if (t->begun) {
        return 0;
    }

    for (i = 0; i < t->nstatements; i++) {
        if (ngx_http_endpoint_pg_check_hold(query, t->statements[i]->check)) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_endpoint_pg_check_hold(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_check_t *check)
{
    ngx_msec_t  age;

    if (check->statement->nparams == 0
        || (check->statement->flags & NGX_HTTP_ENDPOINT_PG_RAW))
    {
        return 0;
    }

    age = ngx_current_msec - check->since;

    if (ngx_http_endpoint_pg_check_fresh(check)) {
        return 0;
    }

    if (!check->running) {
        ngx_http_endpoint_pg_check_start(check);
    }

    if (!check->running
        || (check->asked && age < NGX_HTTP_ENDPOINT_PG_CHECK_HARD))
    {
        return 0;
    }

    query->state = ngx_http_endpoint_pg_query_checked;
    ngx_queue_insert_tail(&check->held, &query->command.link);

    return 1;
}


void
ngx_http_endpoint_pg_check_answer(ngx_http_endpoint_pg_query_t *query)
{
    PGresult                      *result;
    ngx_http_endpoint_pg_check_t  *check;

    check = query->check;
    result = query->command.result;

    if (query->command.failed && ngx_http_endpoint_pg_check_vain(query)) {
        return;
    }

    if (query->command.failed || result == NULL) {

        /* each query will find this out by itself, and be told */

        ngx_http_endpoint_pg_check_log(check, result);
        ngx_http_endpoint_pg_check_known(query);
        return;
    }

    if (!query->command.describe) {
        ngx_http_endpoint_pg_check_looked_up(check, result);

    } else if (ngx_http_endpoint_pg_check_described(check, result)
               && ngx_http_endpoint_pg_check_lookup(query) == NGX_OK)
    {
        return;
    }

    check->known = 1;
    check->logged = 0;

    ngx_http_endpoint_pg_check_known(query);
}


/*
 * Whether it has come to nothing, as behind a lock: then nobody knows what the
 * parameters take, and what waits for it fails as it did.
 */

static ngx_uint_t
ngx_http_endpoint_pg_check_vain(ngx_http_endpoint_pg_query_t *query)
{
    const char                    *sqlstate;
    ngx_http_endpoint_pg_cause_e   cause;

    sqlstate = PQresultErrorField(query->command.result, PG_DIAG_SQLSTATE);

    cause = sqlstate ? ngx_http_endpoint_pg_error_cause(sqlstate)
                     : ngx_http_endpoint_pg_failed;

    if (cause != ngx_http_endpoint_pg_timeout
        && cause != ngx_http_endpoint_pg_conflict
        && cause != ngx_http_endpoint_pg_unavailable)
    {
        return 0;
    }

    ngx_http_endpoint_pg_check_failed(query, cause, "the types of its "
                                      "parameters could not be asked for");

    return 1;
}


/* Whether there are types to be looked up. */

static ngx_uint_t
ngx_http_endpoint_pg_check_described(ngx_http_endpoint_pg_check_t *check,
    PGresult *result)
{
    Oid         type;
    ngx_uint_t  i, n, changed;

    n = ngx_min((ngx_uint_t) PQnparams(result), check->statement->nparams);

    changed = 0;

    for (i = 0; i < n; i++) {
        type = PQparamtype(result, i);

        if (type != check->types[i]) {
            check->types[i] = type;
            changed = 1;
        }
    }

    /* a lookup that came to nothing is made again */

    if (!changed) {
        return check->foreign;
    }

    check->version++;
    check->special = 0;
    check->foreign = 0;

    for (i = 0; i < n; i++) {
        type = check->types[i];

        check->params[i] = ngx_http_endpoint_pg_check_param(type, 0);

        if (check->params[i] != ngx_http_endpoint_pg_param_text) {
            check->special = 1;

        } else if (!ngx_http_endpoint_pg_check_scalar(type)) {
            check->foreign = 1;
        }
    }

    return check->foreign;
}


static ngx_uint_t
ngx_http_endpoint_pg_check_scalar(Oid type)
{
    Oid  *scalar;

    for (scalar = ngx_http_endpoint_pg_check_scalars; *scalar; scalar++) {
        if (*scalar == type) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_endpoint_pg_check_lookup(ngx_http_endpoint_pg_query_t *query)
{
    u_char                        *p;
    ngx_uint_t                     i, n;
    ngx_http_endpoint_pg_check_t  *check;

    check = query->check;
    n = check->statement->nparams;

    if (check->oids.data == NULL) {
        check->oids.data = ngx_alloc(n * (NGX_INT32_LEN + 1) + 2,
                                     query->owner->log);
        if (check->oids.data == NULL) {
            return NGX_ERROR;
        }
    }

    p = check->oids.data;

    for (i = 0; i < n; i++) {
        p = ngx_sprintf(p, "%c%uD", i ? ',' : '{', check->types[i]);
    }

    *p++ = '}';
    check->oids.len = p - check->oids.data;

    PQclear(query->command.result);
    query->command.result = NULL;

    query->command.describe = 0;
    query->command.sql = ngx_http_endpoint_pg_check_catalog;
    query->command.nparams = 1;
    query->command.params = &check->oids;

    ngx_http_endpoint_pg_enqueue(query);

    return NGX_OK;
}


static void
ngx_http_endpoint_pg_check_looked_up(ngx_http_endpoint_pg_check_t *check,
    PGresult *result)
{
    int         row;
    Oid         type, base, element;
    ngx_uint_t  i;

    for (row = 0; row < PQntuples(result); row++) {
        type = strtoul(PQgetvalue(result, row, 0), NULL, 10);
        base = strtoul(PQgetvalue(result, row, 1), NULL, 10);
        element = strtoul(PQgetvalue(result, row, 2), NULL, 10);

        for (i = 0; i < check->statement->nparams; i++) {

            if (check->types[i] == type) {
                check->params[i] = ngx_http_endpoint_pg_check_param(base,
                                                                    element);
            }
        }
    }

    check->foreign = 0;

    for (i = 0; i < check->statement->nparams; i++) {
        if (check->params[i] != ngx_http_endpoint_pg_param_text) {
            check->special = 1;
        }
    }
}


static ngx_http_endpoint_pg_param_e
ngx_http_endpoint_pg_check_param(Oid base, Oid element)
{
    if (base == NGX_HTTP_ENDPOINT_PG_JSON || base == NGX_HTTP_ENDPOINT_PG_JSONB)
    {
        return ngx_http_endpoint_pg_param_json;
    }

    if (element == NGX_HTTP_ENDPOINT_PG_JSON
        || element == NGX_HTTP_ENDPOINT_PG_JSONB)
    {
        return ngx_http_endpoint_pg_param_json_array;
    }

    return element ? ngx_http_endpoint_pg_param_array
                   : ngx_http_endpoint_pg_param_text;
}


static void
ngx_http_endpoint_pg_check_known(ngx_http_endpoint_pg_query_t *query)
{
    ngx_http_endpoint_pg_check_t  *check;

    check = query->check;

    check->running = 0;
    check->asked = 1;
    check->since = ngx_current_msec;

    ngx_http_endpoint_pg_query_free(query);
    ngx_http_endpoint_pg_check_release(check);
}


/* in their order */

static void
ngx_http_endpoint_pg_check_release(ngx_http_endpoint_pg_check_t *check)
{
    ngx_queue_t                   *q, held;
    ngx_http_endpoint_pg_query_t  *query;

    if (ngx_queue_empty(&check->held)) {
        return;
    }

    held = check->held;
    held.next->prev = &held;
    held.prev->next = &held;
    ngx_queue_init(&check->held);

    while (!ngx_queue_empty(&held)) {
        q = ngx_queue_head(&held);
        ngx_queue_remove(q);

        query = ngx_queue_data(q, ngx_http_endpoint_pg_query_t, command.link);

        if (query->transaction == NULL
            || !ngx_http_endpoint_pg_check_holds(query))
        {
            ngx_http_endpoint_pg_start(query);
        }
    }
}


void
ngx_http_endpoint_pg_check_failed(ngx_http_endpoint_pg_query_t *query,
    ngx_http_endpoint_pg_cause_e cause, const char *message)
{
    ngx_queue_t                   *q;
    ngx_http_endpoint_pg_check_t  *check;
    ngx_http_endpoint_pg_query_t  *waiting;

    check = query->check;
    check->running = 0;

    ngx_http_endpoint_pg_query_free(query);

    while (!ngx_queue_empty(&check->held)) {
        q = ngx_queue_head(&check->held);
        ngx_queue_remove(q);

        waiting = ngx_queue_data(q, ngx_http_endpoint_pg_query_t,
                                 command.link);

        ngx_http_endpoint_pg_query_end(waiting, cause, message);
    }
}


/* the first worker speaks for all, once until it can be prepared */

static void
ngx_http_endpoint_pg_check_log(ngx_http_endpoint_pg_check_t *check,
    PGresult *result)
{
    u_char                             buf[NGX_HTTP_ENDPOINT_PG_CHECK_LINE];
    ngx_str_t                          text;
    const char                        *sqlstate;
    ngx_http_endpoint_pg_statement_t  *statement;

    if (check->logged || check->known || ngx_worker != 0) {
        return;
    }

    check->logged = 1;
    statement = check->statement;

    text.data = buf;
    text.len = sizeof(buf);

    ngx_http_endpoint_pg_error_text(&text, PQresultErrorMessage(result));

    sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    ngx_log_error(NGX_LOG_WARN, statement->pool->log, 0,
                  "postgres upstream \"%V\": the statement at %V:%ui cannot be "
                  "prepared: SQLSTATE %s: %V%V", &statement->pool->name,
                  &statement->file, statement->line,
                  sqlstate ? sqlstate : "?", &text, &statement->legend);
}


void
ngx_http_endpoint_pg_check_free(ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_uint_t                          i;
    ngx_http_endpoint_pg_check_t       *check;
    ngx_http_endpoint_pg_statement_t  **statements;

    statements = pool->statements.elts;

    for (i = 0; i < pool->statements.nelts; i++) {
        check = statements[i]->check;

        if (check->statement != statements[i]) {
            continue;
        }

        if (check->params) {
            ngx_free(check->params);
        }

        if (check->oids.data) {
            ngx_free(check->oids.data);
        }
    }
}
