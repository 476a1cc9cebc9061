
#include "ngx_http_endpoint_fanout.h"
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_refuse.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_writer.h"


/* reads of one step at a time, where limit= does not say */
#define NGX_HTTP_ENDPOINT_FANOUT_LIMIT  8

/* branches that start before other events have their turn */
#define NGX_HTTP_ENDPOINT_FANOUT_BURST  128


static ngx_int_t ngx_http_endpoint_each_list(ngx_http_endpoint_compile_t *c,
    ngx_str_t *word, ngx_http_endpoint_each_t *each);
static ngx_int_t ngx_http_endpoint_each_item(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_each_t *each);
static ngx_int_t ngx_http_endpoint_fanout_branches(
    ngx_http_endpoint_fanout_t *fanout);
static ngx_int_t ngx_http_endpoint_fanout_list(
    ngx_http_endpoint_fanout_t *fanout);
static ngx_int_t ngx_http_endpoint_fanout_refuse(
    ngx_http_endpoint_fanout_t *fanout, ngx_http_endpoint_cause_e cause,
    char *msg);
static ngx_int_t ngx_http_endpoint_fanout_next(
    ngx_http_endpoint_fanout_t *fanout);
static ngx_int_t ngx_http_endpoint_fanout_yield(
    ngx_http_endpoint_fanout_t *fanout);
static void ngx_http_endpoint_fanout_turn(ngx_event_t *ev);
static void ngx_http_endpoint_fanout_expire(
    ngx_http_endpoint_fanout_t *fanout,
    void (*expire)(ngx_http_endpoint_branch_t *b));
static void ngx_http_endpoint_fanout_stop(ngx_http_endpoint_fanout_t *fanout);
static void ngx_http_endpoint_fanout_end(ngx_http_endpoint_fanout_t *fanout);
static ngx_int_t ngx_http_endpoint_fanout_join(
    ngx_http_endpoint_fanout_t *fanout, ngx_http_endpoint_value_t *v);


ngx_int_t
ngx_http_endpoint_each_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_http_endpoint_each_t *each)
{
    ngx_str_t   word;
    ngx_uint_t  i;

    for (i = 1; i < c->statement->nargs; i++) {
        word = c->statement->args[i];

        if (ngx_strncmp(word.data, "each=", 5) == 0) {
            word.data += 5;
            word.len -= 5;

            if (ngx_http_endpoint_each_list(c, &word, each) != NGX_OK) {
                return NGX_ERROR;
            }

            step->each = 1;

            if (each->list.name == NULL || each->list.name->scalar) {
                return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                    "\"%V\" in \"each=\" is "
                                                    "never a list", &word);
            }

            return ngx_http_endpoint_each_item(c, each);
        }
    }

    return NGX_OK;
}


/* its elements are handed on, if at all, as $item is */

static ngx_int_t
ngx_http_endpoint_each_list(ngx_http_endpoint_compile_t *c, ngx_str_t *word,
    ngx_http_endpoint_each_t *each)
{
    ngx_int_t  rc;

    c->list = 1;
    rc = ngx_http_endpoint_name_ref_word(c, word, &each->list);
    c->list = 0;

    return rc;
}


static ngx_int_t
ngx_http_endpoint_each_item(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_each_t *each)
{
    ngx_http_endpoint_name_t  *item;

    item = ngx_pcalloc(c->cf->pool, sizeof(ngx_http_endpoint_name_t));
    if (item == NULL) {
        return NGX_ERROR;
    }

    if (ngx_array_init(&item->paths, c->cf->pool, 1,
                       sizeof(ngx_http_endpoint_json_path_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_str_set(&item->name, "item");
    item->slot = c->plan->nslots++;

    /* whoever sent the list has sent its elements */

    if (each->list.name) {
        item->input = each->list.name->input;
    }

    each->item = item;
    c->item = item;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_each_limit(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_each_t *each, ngx_str_t *value)
{
    ngx_int_t  n;

    n = ngx_atoi(value->data, value->len);

    if (n == NGX_ERROR || n == 0 || each->item == NULL) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid \"limit=%V\", it must be "
                                            "a number above 0 beside "
                                            "\"each=\"", value);
    }

    each->limit = n;

    return NGX_OK;
}


void
ngx_http_endpoint_each_default(ngx_http_endpoint_each_t *each, ngx_uint_t act)
{
    if (each->limit == 0) {
        each->limit = act ? 1 : NGX_HTTP_ENDPOINT_FANOUT_LIMIT;
    }
}


void
ngx_http_endpoint_fanout_start(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_each_t *each,
    void (*start)(ngx_http_endpoint_branch_t *b))
{
    ngx_int_t                    rc;
    ngx_http_endpoint_fanout_t  *fanout;

    fanout = ngx_pcalloc(exec->run->scope.pool,
                         sizeof(ngx_http_endpoint_fanout_t));
    if (fanout == NULL) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    fanout->exec = exec;
    fanout->each = each;
    fanout->start = start;
    ngx_queue_init(&fanout->active);

    rc = ngx_http_endpoint_fanout_branches(fanout);

    if (rc == NGX_ERROR) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
    }

    if (rc != NGX_OK) {
        return;
    }

    exec->ctx = fanout;

    ngx_http_endpoint_fanout_advance(fanout);
}


/* NGX_DECLINED: the exec has failed */

static ngx_int_t
ngx_http_endpoint_fanout_branches(ngx_http_endpoint_fanout_t *fanout)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    if (fanout->each->item == NULL) {
        fanout->n = 1;
        fanout->branches = &fanout->only;
        fanout->only.fanout = fanout;

        return NGX_OK;
    }

    rc = ngx_http_endpoint_fanout_list(fanout);
    if (rc != NGX_OK) {
        return rc;
    }

    fanout->branches = ngx_pcalloc(fanout->exec->run->scope.pool, fanout->n
                                         * sizeof(ngx_http_endpoint_branch_t));
    if (fanout->branches == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < fanout->n; i++) {
        fanout->branches[i].fanout = fanout;
    }

    return NGX_OK;
}


/* what is too long is counted no further, and nothing of it is kept */

static ngx_int_t
ngx_http_endpoint_fanout_list(ngx_http_endpoint_fanout_t *fanout)
{
    ngx_uint_t                  max;
    ngx_http_endpoint_run_t    *run;
    ngx_http_endpoint_value_t   v;

    run = fanout->exec->run;

    if (ngx_http_endpoint_scope_value(&run->scope, &fanout->each->list, &v)
        != NGX_OK
        || ngx_http_endpoint_value_flatten(run->scope.pool, &v) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (v.type == ngx_http_endpoint_null) {
        return NGX_OK;
    }

    if (v.type != ngx_http_endpoint_array) {
        return ngx_http_endpoint_fanout_refuse(fanout,
                                            ngx_http_endpoint_cause_list,
                                            "Input should be a valid list");
    }

    max = run->plan->limits->max_fanout;

    fanout->n = ngx_http_endpoint_json_count(&v, max + 1);

    if (fanout->n > max) {
        return ngx_http_endpoint_fanout_refuse(fanout,
                                            ngx_http_endpoint_cause_fanout,
                                            "Value error, the list has too "
                                            "many items");
    }

    ngx_http_endpoint_json_scan(&fanout->scan, &v.data);

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_fanout_refuse(ngx_http_endpoint_fanout_t *fanout,
    ngx_http_endpoint_cause_e cause, char *msg)
{
    ngx_http_endpoint_refusal_t  refusal;

    refusal.ref = &fanout->each->list;
    refusal.cause = cause;
    refusal.msg = msg;

    ngx_http_endpoint_refuse(fanout->exec, &refusal);

    return NGX_DECLINED;
}


void
ngx_http_endpoint_fanout_advance(ngx_http_endpoint_fanout_t *fanout)
{
    ngx_int_t                  rc;
    ngx_http_endpoint_exec_t  *exec;

    exec = fanout->exec;

    /* a branch may end at once: by its default where a value was refused */

    while (exec->state == ngx_http_endpoint_exec_running
           && fanout->next < fanout->n
           && fanout->nactive < fanout->each->limit)
    {
        if (fanout->burst == NGX_HTTP_ENDPOINT_FANOUT_BURST) {
            rc = ngx_http_endpoint_fanout_yield(fanout);

        } else {
            rc = ngx_http_endpoint_fanout_next(fanout);
        }

        if (rc == NGX_ERROR) {
            ngx_http_endpoint_exec_failed(exec,
                                          ngx_http_endpoint_cause_memory);
        }

        if (rc != NGX_OK) {
            return;
        }
    }

    if (exec->state == ngx_http_endpoint_exec_running
        && fanout->nactive == 0)
    {
        ngx_http_endpoint_fanout_end(fanout);
    }
}


static ngx_int_t
ngx_http_endpoint_fanout_next(ngx_http_endpoint_fanout_t *fanout)
{
    ngx_int_t                    rc;
    ngx_http_endpoint_branch_t  *b;

    b = &fanout->branches[fanout->next++];

    if (fanout->each->item) {
        fanout->burst++;

        (void) ngx_http_endpoint_json_scan_next(&fanout->scan);

        ngx_http_endpoint_value_json(&b->item, fanout->scan.value.data,
                                     fanout->scan.value.len);

        rc = ngx_http_endpoint_branch_item(b);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    ngx_queue_insert_tail(&fanout->active, &b->queue);
    fanout->nactive++;

    fanout->start(b);

    if (b->ended) {
        ngx_queue_remove(&b->queue);
        fanout->nactive--;
    }

    return NGX_OK;
}


/* branches that end at once would keep all others waiting; NGX_AGAIN */

static ngx_int_t
ngx_http_endpoint_fanout_yield(ngx_http_endpoint_fanout_t *fanout)
{
    ngx_event_t  *ev;

    ev = fanout->turn;

    if (ev == NULL) {
        ev = ngx_pcalloc(fanout->exec->run->scope.pool, sizeof(ngx_event_t));
        if (ev == NULL) {
            return NGX_ERROR;
        }

        ev->handler = ngx_http_endpoint_fanout_turn;
        ev->data = fanout;
        ev->log = fanout->exec->run->scope.log;

        fanout->turn = ev;
    }

    ngx_post_event(ev, &ngx_posted_next_events);

    return NGX_AGAIN;
}


static void
ngx_http_endpoint_fanout_turn(ngx_event_t *ev)
{
    ngx_http_endpoint_fanout_t  *fanout;

    fanout = ev->data;
    fanout->burst = 0;

    ngx_http_endpoint_exec_wake(fanout->exec);
}


void
ngx_http_endpoint_fanout_resume(ngx_http_endpoint_exec_t *exec,
    void (*resume)(ngx_http_endpoint_branch_t *b),
    void (*expire)(ngx_http_endpoint_branch_t *b))
{
    ngx_queue_t                 *q, *next;
    ngx_http_endpoint_branch_t  *b;
    ngx_http_endpoint_fanout_t  *fanout;

    fanout = exec->ctx;

    if (exec->expired) {
        ngx_http_endpoint_fanout_expire(fanout, expire);
        return;
    }

    for (q = ngx_queue_head(&fanout->active);
         q != ngx_queue_sentinel(&fanout->active);
         q = next)
    {
        next = ngx_queue_next(q);
        b = ngx_queue_data(q, ngx_http_endpoint_branch_t, queue);

        resume(b);

        if (exec->state != ngx_http_endpoint_exec_running) {
            return;
        }

        if (b->ended) {
            ngx_queue_remove(q);
            fanout->nactive--;
        }
    }

    ngx_http_endpoint_fanout_advance(fanout);
}


/* those that have not started yet are out of time too */

static void
ngx_http_endpoint_fanout_expire(ngx_http_endpoint_fanout_t *fanout,
    void (*expire)(ngx_http_endpoint_branch_t *b))
{
    ngx_uint_t  i;

    fanout->next = fanout->n;

    for (i = 0; i < fanout->n; i++) {

        if (fanout->exec->state != ngx_http_endpoint_exec_running) {
            return;
        }

        if (!fanout->branches[i].ended) {
            expire(&fanout->branches[i]);
        }
    }

    ngx_queue_init(&fanout->active);
    fanout->nactive = 0;

    ngx_http_endpoint_fanout_advance(fanout);
}


void
ngx_http_endpoint_fanout_cancel(ngx_http_endpoint_exec_t *exec,
    void (*cancel)(ngx_http_endpoint_branch_t *b))
{
    ngx_uint_t                   i;
    ngx_http_endpoint_fanout_t  *fanout;

    fanout = exec->ctx;

    if (fanout == NULL) {
        return;
    }

    ngx_http_endpoint_fanout_stop(fanout);

    for (i = 0; i < fanout->next; i++) {
        if (fanout->branches[i].ctx) {
            cancel(&fanout->branches[i]);
        }
    }
}


static void
ngx_http_endpoint_fanout_stop(ngx_http_endpoint_fanout_t *fanout)
{
    if (fanout->turn && fanout->turn->posted) {
        ngx_delete_posted_event(fanout->turn);
    }
}


ngx_int_t
ngx_http_endpoint_branch_item(ngx_http_endpoint_branch_t *b)
{
    ngx_http_endpoint_run_t        *run;
    ngx_http_endpoint_name_t       *item, *list;
    ngx_http_endpoint_json_path_t  *twice;

    item = b->fanout->each->item;

    if (item == NULL) {
        return NGX_OK;
    }

    run = b->fanout->exec->run;
    list = b->fanout->each->list.name;

    run->scope.values[item->slot] = b->item;

    if (item->paths.nelts == 0) {
        return NGX_OK;
    }

    if (ngx_http_endpoint_json_take(run->scope.pool, &b->item.data,
                                    item->paths.elts, item->paths.nelts,
                                    list->whole, run->scope.values, &twice)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (twice && item->input) {
        return ngx_http_endpoint_fanout_refuse(b->fanout,
                                            ngx_http_endpoint_cause_fanout,
                                            "Value error, a member of an "
                                            "item is there twice");
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_endpoint_branch_default(ngx_http_endpoint_branch_t *b)
{
    ngx_http_endpoint_exec_t  *exec;

    exec = b->fanout->exec;

    if (exec->step->def == NULL) {
        return 0;
    }

    b->value = *exec->step->def;

    exec->defaulted = 1;
    ngx_http_endpoint_exec_fallback(exec);

    return 1;
}


void
ngx_http_endpoint_exec_default(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_cause_e cause)
{
    if (exec->step->def == NULL
        || ngx_http_endpoint_exec_value(exec, exec->step->def) != NGX_OK)
    {
        ngx_http_endpoint_exec_failed(exec, cause);
        return;
    }

    exec->defaulted = 1;
    ngx_http_endpoint_exec_fallback(exec);

    ngx_http_endpoint_exec_done(exec);
}


static void
ngx_http_endpoint_fanout_end(ngx_http_endpoint_fanout_t *fanout)
{
    ngx_http_endpoint_exec_t   *exec;
    ngx_http_endpoint_value_t   v;

    exec = fanout->exec;

    ngx_http_endpoint_fanout_stop(fanout);

    if (fanout->set) {
        ngx_http_endpoint_exec_done(exec);
        return;
    }

    if (fanout->each->item == NULL) {
        v = fanout->branches->value;

    } else if (ngx_http_endpoint_fanout_join(fanout, &v) != NGX_OK) {
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


/* the results, in the order of the list, as one array */

static ngx_int_t
ngx_http_endpoint_fanout_join(ngx_http_endpoint_fanout_t *fanout,
    ngx_http_endpoint_value_t *v)
{
    size_t                       hint;
    ngx_str_t                    json;
    ngx_uint_t                   i;
    ngx_http_endpoint_writer_t   w;

    hint = sizeof("[]");

    for (i = 0; i < fanout->n; i++) {
        hint += fanout->branches[i].value.data.len + sizeof("null,");
    }

    ngx_http_endpoint_writer_init(&w, fanout->exec->run->scope.pool, hint);

    if (ngx_http_endpoint_write(&w, (u_char *) "[", 1) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < fanout->n; i++) {
        if (i && ngx_http_endpoint_write(&w, (u_char *) ",", 1) != NGX_OK) {
            return NGX_ERROR;
        }

        if (fanout->branches[i].value.type == ngx_http_endpoint_null) {
            fanout->exec->lacks = 1;
        }

        if (ngx_http_endpoint_write_value(&w, &fanout->branches[i].value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ngx_http_endpoint_write(&w, (u_char *) "]", 1) != NGX_OK
        || ngx_http_endpoint_writer_string(&w, &json) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_endpoint_value_json(v, json.data, json.len);

    return NGX_OK;
}
