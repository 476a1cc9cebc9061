
#include "ngx_http_endpoint_fetch.h"
#include "ngx_http_endpoint_step.h"


static void ngx_http_endpoint_fetch_start(ngx_http_endpoint_exec_t *exec);
static ngx_int_t ngx_http_endpoint_fetch_calls(
    ngx_http_endpoint_fetch_t *fetch);
static ngx_int_t ngx_http_endpoint_fetch_list(
    ngx_http_endpoint_fetch_t *fetch, ngx_array_t **list);
static ngx_int_t ngx_http_endpoint_fetch_refuse_list(
    ngx_http_endpoint_fetch_t *fetch, ngx_http_endpoint_cause_e cause,
    char *msg);
static void ngx_http_endpoint_fetch_advance(ngx_http_endpoint_fetch_t *fetch);
static void ngx_http_endpoint_fetch_end(ngx_http_endpoint_fetch_t *fetch);
static ngx_int_t ngx_http_endpoint_fetch_join(
    ngx_http_endpoint_fetch_t *fetch, ngx_http_endpoint_value_t *v);
static void ngx_http_endpoint_fetch_resume(ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_fetch_cancel(ngx_http_endpoint_exec_t *exec);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_fetch = {
    ngx_string("fetch"),
    ngx_http_endpoint_fetch_compile,
    ngx_http_endpoint_fetch_start,
    ngx_http_endpoint_fetch_resume,
    ngx_http_endpoint_fetch_cancel,
    1
};


static void
ngx_http_endpoint_fetch_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_int_t                   rc;
    ngx_http_endpoint_fetch_t  *fetch;

    fetch = ngx_pcalloc(exec->run->pool, sizeof(ngx_http_endpoint_fetch_t));
    if (fetch == NULL) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    fetch->exec = exec;

    rc = ngx_http_endpoint_fetch_calls(fetch);

    if (rc == NGX_ERROR) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
    }

    if (rc != NGX_OK) {
        return;
    }

    exec->ctx = fetch;

    ngx_http_endpoint_fetch_advance(fetch);
}


/* NGX_DECLINED: the exec has failed */

static ngx_int_t
ngx_http_endpoint_fetch_calls(ngx_http_endpoint_fetch_t *fetch)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i;
    ngx_array_t                     *list;
    ngx_http_endpoint_value_t       *item;
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = fetch->exec->step->conf;

    fetch->ncalls = 1;
    list = NULL;

    if (conf->item) {
        rc = ngx_http_endpoint_fetch_list(fetch, &list);
        if (rc != NGX_OK) {
            return rc;
        }

        fetch->ncalls = list->nelts;
    }

    fetch->calls = ngx_pcalloc(fetch->exec->run->pool, fetch->ncalls
                                          * sizeof(ngx_http_endpoint_call_t));
    if (fetch->calls == NULL) {
        return NGX_ERROR;
    }

    item = list ? list->elts : NULL;

    for (i = 0; i < fetch->ncalls; i++) {
        fetch->calls[i].fetch = fetch;
        fetch->calls[i].item = list ? &item[i] : NULL;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_fetch_list(ngx_http_endpoint_fetch_t *fetch,
    ngx_array_t **list)
{
    ngx_http_endpoint_run_t         *run;
    ngx_http_endpoint_value_t        v;
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = fetch->exec->step->conf;
    run = fetch->exec->run;

    if (ngx_http_endpoint_run_value(run, &conf->list, &v) != NGX_OK
        || ngx_http_endpoint_value_flatten(run->pool, &v) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (v.type == ngx_http_endpoint_null) {
        *list = ngx_array_create(run->pool, 1,
                                 sizeof(ngx_http_endpoint_value_t));
        return *list ? NGX_OK : NGX_ERROR;
    }

    if (v.type != ngx_http_endpoint_array) {
        return ngx_http_endpoint_fetch_refuse_list(fetch,
                                           ngx_http_endpoint_cause_list,
                                           "Input should be a valid list");
    }

    *list = ngx_http_endpoint_json_elements(run->pool, &v);

    if (*list == NULL) {
        return NGX_ERROR;
    }

    if ((*list)->nelts > run->limits->max_fanout) {
        return ngx_http_endpoint_fetch_refuse_list(fetch,
                                           ngx_http_endpoint_cause_fanout,
                                           "Value error, the list has too "
                                           "many items");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_fetch_refuse_list(ngx_http_endpoint_fetch_t *fetch,
    ngx_http_endpoint_cause_e cause, char *msg)
{
    ngx_http_endpoint_refusal_t      refusal;
    ngx_http_endpoint_fetch_conf_t  *conf;

    conf = fetch->exec->step->conf;

    refusal.ref = &conf->list;
    refusal.cause = cause;
    refusal.msg = msg;

    ngx_http_endpoint_refuse(fetch->exec, &refusal);

    return NGX_DECLINED;
}


/* starts as many calls as may run, ends the exec when all have ended */

static void
ngx_http_endpoint_fetch_advance(ngx_http_endpoint_fetch_t *fetch)
{
    ngx_uint_t                       i;
    ngx_http_endpoint_exec_t        *exec;
    ngx_http_endpoint_fetch_conf_t  *conf;

    exec = fetch->exec;
    conf = exec->step->conf;

    /* a call may end at once: by its default where a value was refused */

    do {
        fetch->active = 0;
        fetch->ended = 0;

        for (i = 0; i < fetch->next; i++) {
            if (fetch->calls[i].state == ngx_http_endpoint_call_ended) {
                fetch->ended++;

            } else {
                fetch->active++;
            }
        }

        if (fetch->next == fetch->ncalls || fetch->active == conf->limit) {
            break;
        }

        ngx_http_endpoint_call_start(&fetch->calls[fetch->next++]);

    } while (exec->state == ngx_http_endpoint_exec_running);

    if (fetch->ended == fetch->ncalls
        && exec->state == ngx_http_endpoint_exec_running)
    {
        ngx_http_endpoint_fetch_end(fetch);
    }
}


static void
ngx_http_endpoint_fetch_end(ngx_http_endpoint_fetch_t *fetch)
{
    ngx_http_endpoint_exec_t        *exec;
    ngx_http_endpoint_value_t        v;
    ngx_http_endpoint_fetch_conf_t  *conf;

    exec = fetch->exec;
    conf = exec->step->conf;

    if (fetch->set) {
        ngx_http_endpoint_exec_done(exec);
        return;
    }

    if (conf->item == NULL) {
        v = fetch->calls[0].value;

    } else if (ngx_http_endpoint_fetch_join(fetch, &v) != NGX_OK) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    switch (ngx_http_endpoint_exec_value(exec, &v)) {

    case NGX_OK:
        ngx_http_endpoint_exec_done(exec);
        return;

    case NGX_ERROR:
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;

    default:
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_json);
    }
}


static ngx_int_t
ngx_http_endpoint_fetch_join(ngx_http_endpoint_fetch_t *fetch,
    ngx_http_endpoint_value_t *v)
{
    size_t                       hint;
    ngx_str_t                    json;
    ngx_uint_t                   i;
    ngx_http_endpoint_writer_t   w;

    hint = sizeof("[]");

    for (i = 0; i < fetch->ncalls; i++) {
        hint += fetch->calls[i].value.data.len + sizeof("null,");
    }

    ngx_http_endpoint_writer_init(&w, fetch->exec->run->pool, hint);

    for (i = 0; i < fetch->ncalls; i++) {
        if (ngx_http_endpoint_write(&w, (u_char *) (i ? "," : "["), 1)
            != NGX_OK
            || ngx_http_endpoint_write_value(&w, &fetch->calls[i].value)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ngx_http_endpoint_write(&w, (u_char *) "[]" + (i ? 1 : 0), i ? 1 : 2)
        != NGX_OK
        || ngx_http_endpoint_writer_string(&w, &json) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_endpoint_value_json(v, json.data, json.len);

    return NGX_OK;
}


static void
ngx_http_endpoint_fetch_resume(ngx_http_endpoint_exec_t *exec)
{
    ngx_uint_t                  i;
    ngx_http_endpoint_call_t   *call;
    ngx_http_endpoint_fetch_t  *fetch;

    fetch = exec->ctx;

    /* those that have not started yet are out of time too */

    if (exec->expired) {
        fetch->next = fetch->ncalls;
    }

    for (i = 0;
         i < fetch->next && exec->state == ngx_http_endpoint_exec_running;
         i++)
    {
        call = &fetch->calls[i];

        if (exec->expired) {
            ngx_http_endpoint_call_expire(call);

        } else {
            ngx_http_endpoint_call_resume(call);
        }
    }

    if (exec->state == ngx_http_endpoint_exec_running) {
        ngx_http_endpoint_fetch_advance(fetch);
    }
}


static void
ngx_http_endpoint_fetch_cancel(ngx_http_endpoint_exec_t *exec)
{
    ngx_uint_t                  i;
    ngx_http_endpoint_fetch_t  *fetch;

    fetch = exec->ctx;

    if (fetch == NULL) {
        return;
    }

    for (i = 0; i < fetch->next; i++) {
        ngx_http_endpoint_call_cancel(&fetch->calls[i]);
    }
}


void
ngx_http_endpoint_fetch_wake(ngx_http_endpoint_run_t *run)
{
    ngx_uint_t                  i, k;
    ngx_http_endpoint_exec_t   *exec;
    ngx_http_endpoint_call_t   *call;
    ngx_http_endpoint_fetch_t  *fetch;

    for (i = 0; i < run->plan->steps.nelts; i++) {
        exec = &run->execs[i];
        fetch = exec->ctx;

        if (exec->state != ngx_http_endpoint_exec_running
            || exec->step->type != &ngx_http_endpoint_step_fetch)
        {
            continue;
        }

        for (k = 0; k < fetch->next; k++) {
            call = &fetch->calls[k];

            if (call->state == ngx_http_endpoint_call_asking
                && !call->capture->done)
            {
                (void) ngx_http_post_request(call->capture->request, NULL);
            }
        }
    }
}
