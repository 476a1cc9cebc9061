
#include "ngx_http_endpoint_argument.h"
#include "ngx_http_endpoint_carried.h"
#include "ngx_http_endpoint_operator.h"
#include "ngx_http_endpoint_task_location.h"


/* dead tasks of each zone that are shown, as of a queue */
#define NGX_HTTP_ENDPOINT_TASK_SHOWN  50


static ngx_int_t ngx_http_endpoint_tasks_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_endpoint_tasks_act(ngx_http_request_t *r,
    ngx_http_endpoint_main_conf_t *emcf);
static ngx_int_t ngx_http_endpoint_tasks_arguments(ngx_http_request_t *r,
    ngx_str_t *zone, ngx_str_t *queue, ngx_str_t *id);
static ngx_int_t ngx_http_endpoint_tasks_show(ngx_http_request_t *r,
    ngx_http_endpoint_main_conf_t *emcf);
static ngx_int_t ngx_http_endpoint_tasks_zone(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_task_zone_t *zone);
static ngx_int_t ngx_http_endpoint_tasks_values(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_plan_t *plan, ngx_str_t *bytes);


char *
ngx_http_endpoint_task_location(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler) {
        return "stands beside another content handler";
    }

    clcf->handler = ngx_http_endpoint_tasks_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_endpoint_tasks_handler(ngx_http_request_t *r)
{
    ngx_int_t                       rc;
    ngx_http_endpoint_main_conf_t  *emcf;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    emcf = ngx_http_get_module_main_conf(r, ngx_http_endpoint_module);

    if (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)) {
        return ngx_http_endpoint_tasks_show(r, emcf);
    }

    if (!(r->method & (NGX_HTTP_POST|NGX_HTTP_DELETE))) {
        return ngx_http_endpoint_operator_refuse(r, NGX_HTTP_NOT_ALLOWED,
                                                 "Method Not Allowed",
                                                 "DELETE, GET, HEAD, POST");
    }

    if (!ngx_http_endpoint_operator_allowed(r)) {
        return ngx_http_endpoint_operator_refuse(r, NGX_HTTP_FORBIDDEN,
                                                 "the header X-Endpoint: 1 "
                                                 "is missing", "");
    }

    return ngx_http_endpoint_tasks_act(r, emcf);
}


/* POST tries a dead task again, DELETE forgets it */

static ngx_int_t
ngx_http_endpoint_tasks_act(ngx_http_request_t *r,
    ngx_http_endpoint_main_conf_t *emcf)
{
    off_t                            id;
    ngx_int_t                        rc;
    ngx_str_t                        name, queue_name, text;
    ngx_http_endpoint_task_zone_t   *zone;
    ngx_http_endpoint_task_queue_t  *queue;

    if (ngx_http_endpoint_tasks_arguments(r, &name, &queue_name, &text)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    id = ngx_atoof(text.data, text.len);

    if (id == NGX_ERROR || (name.len == 0) == (queue_name.len == 0)) {
        return ngx_http_endpoint_operator_refuse(r, NGX_HTTP_BAD_REQUEST,
                                                 "the arguments are zone or "
                                                 "queue, and id", "");
    }

    queue = ngx_http_endpoint_task_queue_find(emcf, &queue_name);

    if (queue) {
        return ngx_http_endpoint_tasks_queue_act(r, queue, &text);
    }

    zone = ngx_http_endpoint_task_zone_find(emcf, &name);

    rc = (zone == NULL) ? NGX_DECLINED
         : (r->method & NGX_HTTP_DELETE)
           ? ngx_http_endpoint_task_delete(zone, id)
           : ngx_http_endpoint_task_retry(zone, id);

    if (rc != NGX_OK) {
        return ngx_http_endpoint_operator_refuse(r, NGX_HTTP_NOT_FOUND,
                                                 "no such dead task", "");
    }

    if (r->method & NGX_HTTP_POST) {
        ngx_http_endpoint_task_wake(zone);
    }

    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->header_only = 1;

    return ngx_http_send_header(r);
}


static ngx_int_t
ngx_http_endpoint_tasks_arguments(ngx_http_request_t *r, ngx_str_t *zone,
    ngx_str_t *queue, ngx_str_t *id)
{
    u_char     *p, *end;
    ngx_str_t   name, value, *to;

    ngx_str_null(zone);
    ngx_str_null(queue);
    ngx_str_null(id);

    p = r->args.data;
    end = r->args.data + r->args.len;

    while (p < end) {
        if (ngx_http_endpoint_argument_next(r->pool, &p, end, &name, &value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        to = (name.len == 4 && ngx_strncmp(name.data, "zone", 4) == 0) ? zone
             : (name.len == 5 && ngx_strncmp(name.data, "queue", 5) == 0)
               ? queue
             : (name.len == 2 && ngx_strncmp(name.data, "id", 2) == 0) ? id
             : NULL;

        if (to == NULL) {
            continue;
        }

        if (ngx_http_endpoint_argument_decode(r->pool, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        *to = value;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_tasks_show(ngx_http_request_t *r,
    ngx_http_endpoint_main_conf_t *emcf)
{
    ngx_str_t                        text, allow;
    ngx_uint_t                       i;
    ngx_http_endpoint_writer_t       w;
    ngx_http_endpoint_task_zone_t  **zones;

    static ngx_str_t  json = ngx_string("application/json");

    ngx_str_null(&allow);
    ngx_http_endpoint_writer_init(&w, r->pool, 4096);

    zones = emcf->task_zones.elts;

    for (i = 0; i < emcf->task_zones.nelts; i++) {
        if (ngx_http_endpoint_tasks_print(&w, i ? "," : "{\"zones\":[")
            != NGX_OK
            || ngx_http_endpoint_tasks_zone(&w, emcf, zones[i]) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (ngx_http_endpoint_tasks_print(&w, i ? "]" : "{\"zones\":[]")
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (emcf->task_queues.nelts) {
        return ngx_http_endpoint_tasks_queues_show(r, emcf, &w);
    }

    if (ngx_http_endpoint_tasks_print(&w, "}") != NGX_OK
        || ngx_http_endpoint_writer_string(&w, &text) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_endpoint_http_send_text(r, NGX_HTTP_OK, &json, &text,
                                            &allow);
}


static ngx_int_t
ngx_http_endpoint_tasks_zone(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_task_zone_t *zone)
{
    uint32_t                         waiting, running, dead;
    ngx_int_t                        rc;
    ngx_uint_t                       i;
    ngx_http_endpoint_task_t         task;
    ngx_http_endpoint_task_counts_t  n;

    ngx_http_endpoint_task_counts(zone, &n, &waiting, &running, &dead);

    if (ngx_http_endpoint_tasks_print(w, "{\"zone\":\"") != NGX_OK
        || ngx_http_endpoint_write_escaped(w, &zone->zone.name) != NGX_OK
        || ngx_http_endpoint_tasks_print(w, "\",\"waiting\":%uD,"
               "\"running\":%uD,\"dead\":%uD,\"total\":{", waiting, running,
               dead)
           != NGX_OK
        || ngx_http_endpoint_tasks_total(w, &n) != NGX_OK
        || ngx_http_endpoint_tasks_print(w, ",\"rejected\":%uL,"
               "\"dropped\":%uL},\"tasks\":[", n.rejected, n.dropped)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < NGX_HTTP_ENDPOINT_TASK_SHOWN; i++) {
        rc = ngx_http_endpoint_task_nth_dead(zone, i, w->pool, &task);

        if (rc == NGX_DECLINED) {
            break;
        }

        if (rc != NGX_OK
            || (i && ngx_http_endpoint_tasks_print(w, ",") != NGX_OK)
            || ngx_http_endpoint_tasks_dead(w,
                   ngx_http_endpoint_task_block_find(emcf, zone,
                                                     task.identity),
                   &task)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_tasks_print(w, "]}");
}


ngx_int_t
ngx_http_endpoint_tasks_total(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_task_counts_t *n)
{
    return ngx_http_endpoint_tasks_print(w, "\"queued\":%uL,\"done\":%uL,"
                                         "\"retried\":%uL,\"dead\":%uL,"
                                         "\"taken_over\":%uL,"
                                         "\"joined\":%uL", n->queued,
                                         n->done, n->retried, n->dead,
                                         n->taken_over, n->joined);
}


ngx_int_t
ngx_http_endpoint_tasks_dead(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_task_block_t *tb, ngx_http_endpoint_task_t *task)
{
    ngx_http_endpoint_plan_t   *plan;
    ngx_http_endpoint_value_t   error;

    /* it is cut somewhere, and was made of what others sent */

    ngx_http_endpoint_value_text(&error, task->error, task->nerror);

    while (error.data.len
           && ngx_utf8_length(error.data.data, error.data.len)
              > error.data.len)
    {
        error.data.len--;
    }

    if (ngx_http_endpoint_tasks_print(w, "{\"id\":\"%uL\",\"created\":%uL,"
                                      "\"attempts\":%ui,\"error\":", task->id,
                                      task->created, task->attempt)
        != NGX_OK
        || ngx_http_endpoint_write_value(w, &error) != NGX_OK
        || ngx_http_endpoint_tasks_print(w, ",\"endpoint\":") != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* its block is not in this configuration */

    if (tb == NULL) {
        return ngx_http_endpoint_tasks_print(w, "null,\"values\":null}");
    }

    plan = tb->plan;

    if (ngx_http_endpoint_tasks_print(w, "\"") != NGX_OK
        || ngx_http_endpoint_write_escaped(w, &plan->label) != NGX_OK
        || ngx_http_endpoint_tasks_print(w, "\",\"values\":{") != NGX_OK
        || ngx_http_endpoint_tasks_values(w, plan, &task->values) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_tasks_print(w, "}}");
}


static ngx_int_t
ngx_http_endpoint_tasks_values(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_plan_t *plan, ngx_str_t *bytes)
{
    ngx_uint_t                     i;
    ngx_http_endpoint_name_t      *name;
    ngx_http_endpoint_scope_t      scope;
    ngx_http_endpoint_carried_t  **carried;

    if (plan->carried == NULL) {
        return NGX_OK;
    }

    ngx_memzero(&scope, sizeof(ngx_http_endpoint_scope_t));

    scope.values = ngx_pcalloc(w->pool, plan->nslots
                                        * sizeof(ngx_http_endpoint_value_t));

    if (scope.values == NULL
        || ngx_http_endpoint_carried_unpack(plan, &scope, bytes) != NGX_OK)
    {
        return NGX_ERROR;
    }

    carried = plan->carried->elts;

    for (i = 0; i < plan->carried->nelts; i++) {
        name = &carried[i]->name;

        if (ngx_http_endpoint_tasks_print(w, i ? ",\"" : "\"") != NGX_OK
            || ngx_http_endpoint_write_escaped(w, &name->name) != NGX_OK
            || ngx_http_endpoint_tasks_print(w, "\":") != NGX_OK
            || ngx_http_endpoint_write_value(w, &scope.values[name->slot])
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* what it prints is shorter than a name or a value can be */

ngx_int_t
ngx_http_endpoint_tasks_print(ngx_http_endpoint_writer_t *w, const char *fmt,
    ...)
{
    u_char   *last, buf[512];
    va_list   args;

    va_start(args, fmt);
    last = ngx_vslprintf(buf, buf + sizeof(buf), fmt, args);
    va_end(args);

    return ngx_http_endpoint_write(w, buf, last - buf);
}
