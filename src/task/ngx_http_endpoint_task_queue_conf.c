
#include "ngx_http_endpoint_digest.h"
#include "ngx_http_endpoint_pg_conf.h"
#include "ngx_http_endpoint_task_queue.h"


static ngx_int_t ngx_http_endpoint_task_queue_word(ngx_conf_t *cf,
    ngx_http_endpoint_task_queue_t *queue, ngx_str_t *word);
static ngx_int_t ngx_http_endpoint_task_queue_upstream(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf,
    ngx_http_endpoint_task_queue_t *queue);
static void ngx_http_endpoint_task_queue_key(
    ngx_http_endpoint_task_queue_t *queue);


static ngx_http_endpoint_task_parameter_t
    ngx_http_endpoint_task_queue_parameters[] =
{
    { ngx_string("poll="), ngx_http_endpoint_task_time,
      offsetof(ngx_http_endpoint_task_queue_t, poll), "a time like 5s" },
    { ngx_null_string, NULL, 0, NULL }
};


/*
 * The parameters are texts, whatever they become: what the server takes for
 * their types is no business of ours.  The first is the queue's name.
 *
 * A lease lasts for 30 seconds, three times as long as it takes until it is
 * renewed.  For as long after the server's own start none has ended: nobody
 * could renew one while it was down.
 *
 * Those that look at all tasks of a queue, or wait for others, have a
 * connection of their own, where there are any: nobody is to wait behind them.
 *
 * What takes tasks finds them in a common table expression of its own, as
 * FOR UPDATE below a join may lock more rows than its LIMIT.
 */

#define NGX_HTTP_ENDPOINT_TASK_INSERT                                         \
    "INSERT INTO endpoint.task (queue, block, label, carried, due, owner,"    \
    " lease, key, attempt)"                                                   \
    " VALUES ($1::text, $2::text, $3::text, decode($4::text, 'hex'),"         \
    " now() + $5::text::bigint * interval '1 ms', $6::text,"                  \
    " CASE WHEN $6::text IS NOT NULL"                                         \
    " THEN clock_timestamp() + interval '30 s' END, $7::text, 0)"             \
    " ON CONFLICT (queue, key) WHERE key IS NOT NULL DO NOTHING"              \
    " RETURNING id, CASE WHEN $8::text IS NOT NULL"                           \
    " THEN pg_notify('endpoint_task', $1::text) END"


static ngx_http_endpoint_pg_call_sql_t  ngx_http_endpoint_task_sql[] = {

    /* version */
    { "SELECT version FROM endpoint.version WHERE $1::text IS NOT NULL", 1, 0 },

    /* insert: block, label, values, delay, token, key, whether it notifies */
    { NGX_HTTP_ENDPOINT_TASK_INSERT, 8, 0 },

    /* insert_key: it may wait for others that have the same key */
    { NGX_HTTP_ENDPOINT_TASK_INSERT, 8,
      NGX_HTTP_ENDPOINT_PG_ISOLATED },

    /* take: those that are done, how many, blocks, token */
    { "WITH done AS (DELETE FROM endpoint.task"
      " WHERE id = ANY ($2::text::bigint[])),"
      " next AS MATERIALIZED (SELECT id FROM endpoint.task"
      " WHERE queue = $1::text AND due <= now()"
      " AND (lease IS NULL OR (lease < now()"
      " AND pg_postmaster_start_time() < now() - interval '30 s'))"
      " AND block = ANY ($4::text::text[])"
      " AND NOT id = ANY ($2::text::bigint[])"
      " ORDER BY due LIMIT $3::text::integer FOR UPDATE SKIP LOCKED)"
      " UPDATE endpoint.task t SET lease = now() + interval '30 s',"
      " owner = $5::text, key = NULL, attempt = attempt + 1"
      " FROM next WHERE t.id = next.id"
      " RETURNING t.id, t.block, t.attempt, t.carried, t.error", 5, 0 },

    /* retry: id, token, attempt, delay, error */
    { "UPDATE endpoint.task SET due = now() + $5::text::bigint"
      " * interval '1 ms', lease = NULL, owner = NULL,"
      " attempt = $4::text::integer, error = $6::text"
      " WHERE queue = $1::text AND id = $2::text::bigint"
      " AND owner = $3::text", 6, NGX_HTTP_ENDPOINT_PG_IDEMPOTENT },

    /* bury: id, token, attempt, error */
    { "WITH gone AS (DELETE FROM endpoint.task WHERE queue = $1::text"
      " AND id = $2::text::bigint AND owner = $3::text RETURNING *)"
      " INSERT INTO endpoint.dead_task (id, queue, block, label, attempt,"
      " created, error, carried) SELECT id, queue, block, label,"
      " $4::text::integer, created, $5::text, carried FROM gone"
      " ON CONFLICT (id) DO NOTHING", 5, NGX_HTTP_ENDPOINT_PG_IDEMPOTENT },

    /* renew: ids, the worker's tokens */
    { "UPDATE endpoint.task SET lease = now() + interval '30 s'"
      " WHERE queue = $1::text AND id = ANY ($2::text::bigint[])"
      " AND starts_with(owner, $3::text)", 3,
      NGX_HTTP_ENDPOINT_PG_IDEMPOTENT },

    /* undo: tokens whose tasks were not begun */
    { "UPDATE endpoint.task SET lease = NULL, owner = NULL, attempt ="
      " greatest(attempt - 1, 0) WHERE queue = $1::text AND due <= now()"
      " AND lease IS NOT NULL AND owner = ANY ($2::text::text[])", 2,
      NGX_HTTP_ENDPOINT_PG_IDEMPOTENT|NGX_HTTP_ENDPOINT_PG_ISOLATED },

    /* free: the tokens of a worker that died */
    { "UPDATE endpoint.task SET lease = NULL, owner = NULL"
      " WHERE queue = $1::text AND due <= now() AND lease IS NOT NULL"
      " AND starts_with(owner, $2::text)", 2,
      NGX_HTTP_ENDPOINT_PG_IDEMPOTENT|NGX_HTTP_ENDPOINT_PG_ISOLATED },

    /* notify */
    { "SELECT pg_notify('endpoint_task', $1::text)", 1,
      NGX_HTTP_ENDPOINT_PG_IDEMPOTENT },

    /* strange: blocks that are known here */
    { "SELECT label, count(*) FROM endpoint.task WHERE queue = $1::text"
      " AND due < now() - interval '1 min' AND lease IS NULL"
      " AND NOT block = ANY ($2::text::text[]) GROUP BY label LIMIT 10", 2,
      NGX_HTTP_ENDPOINT_PG_ISOLATED },

    /* count */
    { "SELECT count(*) FILTER (WHERE lease IS NULL),"
      " count(*) FILTER (WHERE lease IS NOT NULL),"
      " (SELECT count(*) FROM endpoint.dead_task WHERE queue = $1::text)"
      " FROM endpoint.task WHERE queue = $1::text", 1,
      NGX_HTTP_ENDPOINT_PG_ISOLATED },

    /* dead */
    { "SELECT id, extract(epoch FROM created)::bigint, attempt, error, label,"
      " block, carried FROM endpoint.dead_task WHERE queue = $1::text"
      " ORDER BY died DESC LIMIT 50", 1, 0 },

    /* revive: id */
    { "WITH back AS (DELETE FROM endpoint.dead_task WHERE queue = $1::text"
      " AND id = $2::text::bigint RETURNING *) INSERT INTO endpoint.task (id,"
      " queue, block, label, carried, due, attempt, created, error)"
      " OVERRIDING SYSTEM VALUE SELECT id, queue, block, label, carried,"
      " now(), 0, created, error FROM back RETURNING id", 2, 0 },

    /* delete: id */
    { "DELETE FROM endpoint.dead_task WHERE queue = $1::text"
      " AND id = $2::text::bigint RETURNING id", 2, 0 }
};


char *
ngx_http_endpoint_task_queue_conf(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_str_t                       *value;
    ngx_uint_t                       i;
    ngx_http_endpoint_main_conf_t   *emcf = conf;
    ngx_http_endpoint_task_queue_t  *queue, **qp;

    value = cf->args->elts;

    if (ngx_http_endpoint_task_queue_find(emcf, &value[1])
        || ngx_http_endpoint_task_zone_find(emcf, &value[1]))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate name \"%V\"",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    if (emcf->task_queues.nelts == NGX_HTTP_ENDPOINT_QUEUES) {
        return "is there more than 16 times";
    }

    if (emcf->queue_zone == NULL) {
        emcf->queue_zone = ngx_http_endpoint_queue_zone_add(cf);
    }

    queue = ngx_pcalloc(cf->pool, sizeof(ngx_http_endpoint_task_queue_t));
    qp = ngx_array_push(&emcf->task_queues);

    if (emcf->queue_zone == NULL || queue == NULL || qp == NULL) {
        return NGX_CONF_ERROR;
    }

    *qp = queue;

    queue->name = value[1];
    queue->file = cf->conf_file->file.name;
    queue->line = cf->conf_file->line;
    queue->zone = emcf->queue_zone;
    queue->poll = 5000;

    ngx_http_endpoint_task_policy_init(&queue->policy);

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_endpoint_task_queue_word(cf, queue, &value[i])
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (queue->upstream.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" must have \"db\" parameter", &cmd->name);
        return NGX_CONF_ERROR;
    }

    ngx_http_endpoint_task_queue_key(queue);

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_endpoint_task_queue_word(ngx_conf_t *cf,
    ngx_http_endpoint_task_queue_t *queue, ngx_str_t *word)
{
    ngx_int_t  rc;

    if (ngx_strncmp(word->data, "db=", 3) == 0) {
        queue->upstream.data = word->data + 3;
        queue->upstream.len = word->len - 3;
        return NGX_OK;
    }

    rc = ngx_http_endpoint_task_policy_parameter(cf, &queue->policy, word);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_endpoint_task_parameter(cf,
                                      ngx_http_endpoint_task_queue_parameters,
                                      queue, word);
    }

    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\", there are db=, retries=, "
                       "backoff=, max_backoff=, concurrency=, timeout=, "
                       "task_size= and poll=", word);

    return NGX_ERROR;
}


static void
ngx_http_endpoint_task_queue_key(ngx_http_endpoint_task_queue_t *queue)
{
    ngx_md5_t  md5;

    ngx_md5_init(&md5);
    ngx_http_endpoint_digest_text(&md5, &queue->name);
    ngx_http_endpoint_digest_text(&md5, &queue->upstream);
    ngx_md5_final(queue->key, &md5);
}


ngx_http_endpoint_task_queue_t *
ngx_http_endpoint_task_queue_find(ngx_http_endpoint_main_conf_t *emcf,
    ngx_str_t *name)
{
    ngx_uint_t                        i;
    ngx_http_endpoint_task_queue_t  **queues;

    queues = emcf->task_queues.elts;

    for (i = 0; i < emcf->task_queues.nelts; i++) {
        if (queues[i]->name.len == name->len
            && ngx_strncmp(queues[i]->name.data, name->data, name->len) == 0)
        {
            return queues[i];
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_endpoint_task_queue_compile(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf)
{
    ngx_str_t                        *name;
    ngx_uint_t                        i, n;
    ngx_http_endpoint_pg_call_sql_t   sql;
    ngx_http_endpoint_task_queue_t   *queue, **queues;

    queues = emcf->task_queues.elts;

    for (i = 0; i < emcf->task_queues.nelts; i++) {
        queue = queues[i];

        if (ngx_http_endpoint_task_queue_upstream(cf, emcf, queue) != NGX_OK)
        {
            return NGX_ERROR;
        }

        for (n = 0; n < ngx_http_endpoint_task_sql_n; n++) {
            sql = ngx_http_endpoint_task_sql[n];

            if (!ngx_http_endpoint_pg_conf_isolated(queue->pool, &name)) {
                sql.flags &= ~NGX_HTTP_ENDPOINT_PG_ISOLATED;
            }

            queue->statements[n] = ngx_http_endpoint_pg_call_statement(cf,
                                                   queue->pool, &sql,
                                                   &queue->name, &queue->file,
                                                   queue->line);

            if (queue->statements[n] == NULL) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_task_queue_upstream(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_task_queue_t *queue)
{
    queue->pool = ngx_http_endpoint_pg_conf_find(&emcf->pools,
                                                 &queue->upstream);
    if (queue->pool) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "no upstream \"%V\" with \"endpoint_postgres\" in %V:%ui",
                  &queue->upstream, &queue->file, queue->line);

    return NGX_ERROR;
}
