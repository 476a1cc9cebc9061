
#include "ngx_http_endpoint_operator.h"
#include "ngx_http_endpoint_task_location.h"
#include "ngx_http_endpoint_task_queue_runner.h"


/* one queue of those that are shown, or the one that is acted on */
typedef struct ngx_http_endpoint_tasks_show_s  ngx_http_endpoint_tasks_show_t;


typedef struct {
    ngx_http_endpoint_tasks_show_t   *show;
    ngx_http_endpoint_task_queue_t   *queue;
    ngx_http_endpoint_pg_query_t     *query;    /* NULL: not under way */
    ngx_http_endpoint_writer_t        w;
    ngx_pool_t                       *pool;     /* of the statement */
    ngx_uint_t                        failed;
    ngx_uint_t                        found;    /* what is acted on */
} ngx_http_endpoint_tasks_part_t;


struct ngx_http_endpoint_tasks_show_s {
    ngx_http_request_t               *request;
    ngx_http_endpoint_writer_t       *w;        /* NULL: an act */
    ngx_uint_t                        left;     /* that are asked */
    ngx_uint_t                        n;
    ngx_http_endpoint_tasks_part_t    parts[NGX_HTTP_ENDPOINT_QUEUES];
};


static ngx_http_endpoint_tasks_show_t *ngx_http_endpoint_tasks_show_create(
    ngx_http_request_t *r);
static void ngx_http_endpoint_tasks_show_cleanup(void *data);
static ngx_int_t ngx_http_endpoint_tasks_ask(
    ngx_http_endpoint_tasks_part_t *part, ngx_http_endpoint_task_sql_e sql,
    ngx_str_t *id, ngx_http_endpoint_pg_handler_pt handler);
static ngx_uint_t ngx_http_endpoint_tasks_came(
    ngx_http_endpoint_pg_call_t *call,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_tasks_counted(void *data,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_tasks_dead_came(void *data,
    ngx_http_endpoint_pg_result_t *result);
static ngx_int_t ngx_http_endpoint_tasks_dead_row(
    ngx_http_endpoint_tasks_part_t *part, PGresult *res, int row);
static void ngx_http_endpoint_tasks_acted(void *data,
    ngx_http_endpoint_pg_result_t *result);
static void ngx_http_endpoint_tasks_part_done(
    ngx_http_endpoint_tasks_part_t *part);
static ngx_int_t ngx_http_endpoint_tasks_answer(
    ngx_http_endpoint_tasks_show_t *show);
static ngx_int_t ngx_http_endpoint_tasks_act_answer(
    ngx_http_endpoint_tasks_show_t *show);


ngx_int_t
ngx_http_endpoint_tasks_queues_show(ngx_http_request_t *r,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_writer_t *w)
{
    ngx_uint_t                        i;
    ngx_http_endpoint_task_queue_t  **queues;
    ngx_http_endpoint_tasks_part_t   *part;
    ngx_http_endpoint_tasks_show_t   *show;

    show = ngx_http_endpoint_tasks_show_create(r);
    if (show == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    show->w = ngx_palloc(r->pool, sizeof(ngx_http_endpoint_writer_t));
    if (show->w == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    *show->w = *w;

    queues = emcf->task_queues.elts;
    show->n = emcf->task_queues.nelts;

    for (i = 0; i < show->n; i++) {
        part = &show->parts[i];

        part->show = show;
        part->queue = queues[i];

        ngx_http_endpoint_writer_init(&part->w, r->pool, 1024);

        if (ngx_http_endpoint_tasks_ask(part, ngx_http_endpoint_task_sql_count,
                                        NULL, ngx_http_endpoint_tasks_counted)
            != NGX_OK)
        {
            ngx_http_endpoint_tasks_show_cleanup(show);
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        show->left++;
    }

    r->main->count++;

    return NGX_DONE;
}


ngx_int_t
ngx_http_endpoint_tasks_queue_act(ngx_http_request_t *r,
    ngx_http_endpoint_task_queue_t *queue, ngx_str_t *id)
{
    ngx_http_endpoint_task_sql_e     sql;
    ngx_http_endpoint_tasks_show_t  *show;

    show = ngx_http_endpoint_tasks_show_create(r);
    if (show == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    show->n = 1;
    show->left = 1;
    show->parts[0].show = show;
    show->parts[0].queue = queue;

    sql = (r->method & NGX_HTTP_DELETE) ? ngx_http_endpoint_task_sql_delete
                                        : ngx_http_endpoint_task_sql_revive;

    if (ngx_http_endpoint_tasks_ask(&show->parts[0], sql, id,
                                    ngx_http_endpoint_tasks_acted)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->main->count++;

    return NGX_DONE;
}


static ngx_http_endpoint_tasks_show_t *
ngx_http_endpoint_tasks_show_create(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t              *cln;
    ngx_http_endpoint_tasks_show_t  *show;

    show = ngx_pcalloc(r->pool, sizeof(ngx_http_endpoint_tasks_show_t));
    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (show == NULL || cln == NULL) {
        return NULL;
    }

    show->request = r;

    cln->handler = ngx_http_endpoint_tasks_show_cleanup;
    cln->data = show;

    return show;
}


static void
ngx_http_endpoint_tasks_show_cleanup(void *data)
{
    ngx_http_endpoint_tasks_show_t *show = data;

    ngx_uint_t                       i;
    ngx_http_endpoint_tasks_part_t  *part;

    for (i = 0; i < show->n; i++) {
        part = &show->parts[i];

        if (part->query) {
            ngx_http_endpoint_pg_cancel(part->query);
            ngx_destroy_pool(part->pool);
            part->query = NULL;
        }
    }
}


static ngx_int_t
ngx_http_endpoint_tasks_ask(ngx_http_endpoint_tasks_part_t *part,
    ngx_http_endpoint_task_sql_e sql, ngx_str_t *id,
    ngx_http_endpoint_pg_handler_pt handler)
{
    ngx_http_endpoint_pg_call_t  *call;

    call = ngx_http_endpoint_task_call(part->queue, sql, part);
    if (call == NULL) {
        return NGX_ERROR;
    }

    if (id) {
        ngx_http_endpoint_pg_call_print(call, "%V", id);
    }

    part->pool = call->pool;

    if (ngx_http_endpoint_pg_call_start(call, handler) != NGX_OK) {
        return NGX_ERROR;
    }

    part->query = call->query;

    return NGX_OK;
}


/* 0: it has failed, and is logged */

static ngx_uint_t
ngx_http_endpoint_tasks_came(ngx_http_endpoint_pg_call_t *call,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_tasks_part_t  *part;

    part = call->data;
    part->query = NULL;

    if (result->cause == ngx_http_endpoint_pg_ok) {
        return 1;
    }

    ngx_http_endpoint_task_call_failed(call, result);
    part->failed = 1;

    return 0;
}


static void
ngx_http_endpoint_tasks_counted(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_pg_call_t *call = data;

    PGresult                         *res;
    ngx_int_t                         rc;
    ngx_http_endpoint_tasks_part_t   *part;
    ngx_http_endpoint_task_counts_t   n;

    part = call->data;
    rc = NGX_ERROR;

    if (ngx_http_endpoint_tasks_came(call, result)) {
        res = result->raw;

        ngx_memzero(&n, sizeof(ngx_http_endpoint_task_counts_t));

        if (part->queue->runner) {
            n = part->queue->runner->sh->counts;
        }

        if (ngx_http_endpoint_tasks_print(&part->w, ",\"waiting\":%s,"
                   "\"running\":%s,\"dead\":%s,\"total\":{",
                   PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 1),
                   PQgetvalue(res, 0, 2))
            == NGX_OK
            && ngx_http_endpoint_tasks_total(&part->w, &n) == NGX_OK)
        {
            rc = ngx_http_endpoint_tasks_ask(part,
                                           ngx_http_endpoint_task_sql_dead,
                                           NULL,
                                           ngx_http_endpoint_tasks_dead_came);
        }
    }

    ngx_http_endpoint_pg_call_end(call);

    if (rc != NGX_OK) {
        part->failed = 1;
        ngx_http_endpoint_tasks_part_done(part);
    }
}


static void
ngx_http_endpoint_tasks_dead_came(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_pg_call_t *call = data;

    int                              i;
    ngx_int_t                        rc;
    ngx_http_endpoint_tasks_part_t  *part;

    part = call->data;

    if (ngx_http_endpoint_tasks_came(call, result)) {

        rc = ngx_http_endpoint_tasks_print(&part->w, "},\"tasks\":[");

        for (i = 0; rc == NGX_OK && i < PQntuples(result->raw); i++) {
            rc = ngx_http_endpoint_tasks_dead_row(part, result->raw, i);
        }

        part->failed = (rc != NGX_OK);
    }

    ngx_http_endpoint_pg_call_end(call);
    ngx_http_endpoint_tasks_part_done(part);
}


/* id, created, attempt, error, label, block, values */

static ngx_int_t
ngx_http_endpoint_tasks_dead_row(ngx_http_endpoint_tasks_part_t *part,
    PGresult *res, int row)
{
    u_char                          *values;
    ngx_int_t                        rc;
    ngx_http_endpoint_task_t         task;
    ngx_http_endpoint_task_block_t  *tb;

    if (row && ngx_http_endpoint_tasks_print(&part->w, ",") != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(&task, sizeof(ngx_http_endpoint_task_t));

    task.id = strtoull(PQgetvalue(res, row, 0), NULL, 10);
    task.created = strtoull(PQgetvalue(res, row, 1), NULL, 10);
    task.attempt = strtoul(PQgetvalue(res, row, 2), NULL, 10);
    task.nerror = ngx_min(PQgetlength(res, row, 3),
                          NGX_HTTP_ENDPOINT_TASK_ERROR);
    ngx_memcpy(task.error, PQgetvalue(res, row, 3), task.nerror);

    tb = part->queue->runner
         ? ngx_http_endpoint_queue_block(part->queue->runner,
                                         PQgetvalue(res, row, 5))
         : NULL;

    values = PQunescapeBytea((u_char *) PQgetvalue(res, row, 6),
                             &task.values.len);
    if (values == NULL) {
        return NGX_ERROR;
    }

    task.values.data = values;

    rc = ngx_http_endpoint_tasks_dead(&part->w, tb, &task);

    PQfreemem(values);

    return rc;
}


static void
ngx_http_endpoint_tasks_acted(void *data,
    ngx_http_endpoint_pg_result_t *result)
{
    ngx_http_endpoint_pg_call_t *call = data;

    ngx_http_endpoint_tasks_part_t  *part;

    part = call->data;

    if (ngx_http_endpoint_tasks_came(call, result)) {
        part->found = PQntuples(result->raw);
    }

    ngx_http_endpoint_pg_call_end(call);
    ngx_http_endpoint_tasks_part_done(part);
}


static void
ngx_http_endpoint_tasks_part_done(ngx_http_endpoint_tasks_part_t *part)
{
    ngx_int_t                        rc;
    ngx_connection_t                *c;
    ngx_http_request_t              *r;
    ngx_http_endpoint_tasks_show_t  *show;

    show = part->show;

    if (--show->left) {
        return;
    }

    r = show->request;
    c = r->connection;

    rc = show->w ? ngx_http_endpoint_tasks_answer(show)
                 : ngx_http_endpoint_tasks_act_answer(show);

    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_endpoint_tasks_answer(ngx_http_endpoint_tasks_show_t *show)
{
    ngx_str_t                        text, allow;
    ngx_uint_t                       i;
    ngx_http_endpoint_writer_t      *w;
    ngx_http_endpoint_tasks_part_t  *part;

    static ngx_str_t  json = ngx_string("application/json");

    ngx_str_null(&allow);

    w = show->w;

    for (i = 0; i < show->n; i++) {
        part = &show->parts[i];

        if (ngx_http_endpoint_tasks_print(w, i ? ",{\"queue\":\""
                                               : ",\"queues\":[{\"queue\":\"")
            != NGX_OK
            || ngx_http_endpoint_write_escaped(w, &part->queue->name) != NGX_OK
            || ngx_http_endpoint_writer_string(&part->w, &text) != NGX_OK
            || ngx_http_endpoint_tasks_print(w, "\"") != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (part->failed) {
            ngx_str_set(&text, ",\"detail\":\"the database does not answer\""
                               ",\"tasks\":[");
        }

        if (ngx_http_endpoint_write(w, text.data, text.len) != NGX_OK
            || ngx_http_endpoint_tasks_print(w, "]}") != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (ngx_http_endpoint_tasks_print(w, "]}") != NGX_OK
        || ngx_http_endpoint_writer_string(w, &text) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_endpoint_http_send_text(show->request, NGX_HTTP_OK, &json,
                                            &text, &allow);
}


static ngx_int_t
ngx_http_endpoint_tasks_act_answer(ngx_http_endpoint_tasks_show_t *show)
{
    ngx_http_request_t              *r;
    ngx_http_endpoint_tasks_part_t  *part;

    r = show->request;
    part = &show->parts[0];

    if (part->failed) {
        return ngx_http_endpoint_operator_refuse(r,
                                               NGX_HTTP_SERVICE_UNAVAILABLE,
                                               "the database does not answer",
                                               "");
    }

    if (part->found == 0) {
        return ngx_http_endpoint_operator_refuse(r, NGX_HTTP_NOT_FOUND,
                                                 "no such dead task", "");
    }

    if (r->method & NGX_HTTP_POST) {
        ngx_http_endpoint_task_queue_wake(part->queue, 0, 0);
    }

    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->header_only = 1;

    return ngx_http_send_header(r);
}
