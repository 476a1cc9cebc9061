
#include "ngx_http_endpoint_fanout.h"
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_refuse.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_writer.h"


/* reads of one step at a time, where limit= does not say */
#define NGX_HTTP_ENDPOINT_FANOUT_LIMIT  8


static ngx_int_t ngx_http_endpoint_each_item(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_each_t *each);
static ngx_int_t ngx_http_endpoint_fanout_branches(
    ngx_http_endpoint_fanout_t *fanout);
static ngx_int_t ngx_http_endpoint_fanout_list(
    ngx_http_endpoint_fanout_t *fanout, ngx_array_t **list);
static ngx_int_t ngx_http_endpoint_fanout_refuse(
    ngx_http_endpoint_fanout_t *fanout, ngx_http_endpoint_cause_e cause,
    char *msg);
static ngx_uint_t ngx_http_endpoint_fanout_active(
    ngx_http_endpoint_fanout_t *fanout);
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

            if (ngx_http_endpoint_name_ref_word(c, &word, &each->list)
                != NGX_OK)
            {
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
    ngx_int_t                   rc;
    ngx_uint_t                  i;
    ngx_array_t                *list;
    ngx_http_endpoint_value_t  *item;

    if (fanout->each->item == NULL) {
        fanout->n = 1;
        fanout->branches = &fanout->only;
        fanout->only.fanout = fanout;

        return NGX_OK;
    }

    rc = ngx_http_endpoint_fanout_list(fanout, &list);
    if (rc != NGX_OK) {
        return rc;
    }

    fanout->n = list->nelts;
    item = list->elts;

    fanout->branches = ngx_pcalloc(fanout->exec->run->scope.pool, fanout->n
                                         * sizeof(ngx_http_endpoint_branch_t));
    if (fanout->branches == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < fanout->n; i++) {
        fanout->branches[i].fanout = fanout;
        fanout->branches[i].item = &item[i];
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_fanout_list(ngx_http_endpoint_fanout_t *fanout,
    ngx_array_t **list)
{
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
        *list = ngx_array_create(run->scope.pool, 1,
                                 sizeof(ngx_http_endpoint_value_t));
        return *list ? NGX_OK : NGX_ERROR;
    }

    if (v.type != ngx_http_endpoint_array) {
        return ngx_http_endpoint_fanout_refuse(fanout,
                                            ngx_http_endpoint_cause_list,
                                            "Input should be a valid list");
    }

    *list = ngx_http_endpoint_json_elements(run->scope.pool, &v);

    if (*list == NULL) {
        return NGX_ERROR;
    }

    if ((*list)->nelts > run->limits->max_fanout) {
        return ngx_http_endpoint_fanout_refuse(fanout,
                                            ngx_http_endpoint_cause_fanout,
                                            "Value error, the list has too "
                                            "many items");
    }

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
    ngx_uint_t                   active;
    ngx_http_endpoint_exec_t    *exec;
    ngx_http_endpoint_branch_t  *b;

    exec = fanout->exec;

    /* a branch may end at once: by its default where a value was refused */

    for ( ;; ) {

        if (exec->state != ngx_http_endpoint_exec_running) {
            return;
        }

        active = ngx_http_endpoint_fanout_active(fanout);

        if (fanout->next == fanout->n || active >= fanout->each->limit) {
            break;
        }

        b = &fanout->branches[fanout->next++];

        if (ngx_http_endpoint_branch_item(b) != NGX_OK) {
            ngx_http_endpoint_exec_failed(exec,
                                          ngx_http_endpoint_cause_memory);
            return;
        }

        fanout->start(b);
    }

    if (active == 0) {
        ngx_http_endpoint_fanout_end(fanout);
    }
}


static ngx_uint_t
ngx_http_endpoint_fanout_active(ngx_http_endpoint_fanout_t *fanout)
{
    ngx_uint_t  i, active;

    active = 0;

    for (i = 0; i < fanout->next; i++) {
        if (!fanout->branches[i].ended) {
            active++;
        }
    }

    return active;
}


void
ngx_http_endpoint_fanout_resume(ngx_http_endpoint_exec_t *exec,
    void (*resume)(ngx_http_endpoint_branch_t *b),
    void (*expire)(ngx_http_endpoint_branch_t *b))
{
    ngx_uint_t                   i;
    ngx_http_endpoint_branch_t  *b;
    ngx_http_endpoint_fanout_t  *fanout;

    fanout = exec->ctx;

    /* those that have not started yet are out of time too */

    if (exec->expired) {
        fanout->next = fanout->n;
        resume = expire;
    }

    for (i = 0; i < fanout->next; i++) {
        b = &fanout->branches[i];

        if (exec->state != ngx_http_endpoint_exec_running) {
            return;
        }

        if (!b->ended) {
            resume(b);
        }
    }

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

    for (i = 0; i < fanout->next; i++) {
        if (fanout->branches[i].ctx) {
            cancel(&fanout->branches[i]);
        }
    }
}


ngx_int_t
ngx_http_endpoint_branch_item(ngx_http_endpoint_branch_t *b)
{
    ngx_http_endpoint_run_t   *run;
    ngx_http_endpoint_name_t  *item;

    if (b->item == NULL) {
        return NGX_OK;
    }

    run = b->fanout->exec->run;
    item = b->fanout->each->item;

    run->scope.values[item->slot] = *b->item;

    if (item->paths.nelts == 0) {
        return NGX_OK;
    }

    return ngx_http_endpoint_json_extract(run->scope.pool, &b->item->data,
                                          item->paths.elts, item->paths.nelts,
                                          run->scope.values);
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
