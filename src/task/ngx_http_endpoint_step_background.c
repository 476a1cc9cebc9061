
#include "ngx_http_endpoint_carried.h"
#include "ngx_http_endpoint_digest.h"
#include "ngx_http_endpoint_identity.h"
#include "ngx_http_endpoint_pg_conf.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_task_enqueue.h"
#include "ngx_http_endpoint_transaction.h"


static ngx_int_t ngx_http_endpoint_background_compile(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_background_words(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_task_block_t *tb);
static ngx_int_t ngx_http_endpoint_background_unique(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_task_block_t *tb,
    ngx_str_t *text);
static ngx_int_t ngx_http_endpoint_background_where(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_task_block_t *tb,
    ngx_str_t *name);
static ngx_int_t ngx_http_endpoint_background_only(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_task_block_t *tb);
static ngx_int_t ngx_http_endpoint_background_in_transaction(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_task_block_t *tb);
static ngx_int_t ngx_http_endpoint_background_isolated(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_task_block_t *tb);
static ngx_int_t ngx_http_endpoint_background_plan(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step,
    ngx_http_endpoint_task_block_t *tb);
static ngx_int_t ngx_http_endpoint_background_check(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_background_reserve(
    ngx_http_endpoint_run_t *run);
static ngx_int_t ngx_http_endpoint_background_fits(
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_background_slot(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_background_release(
    ngx_http_endpoint_run_t *run);
static void ngx_http_endpoint_background_start(
    ngx_http_endpoint_exec_t *exec);
static ngx_int_t ngx_http_endpoint_background_key(
    ngx_http_endpoint_exec_t *exec, u_char *digest);
static ngx_int_t ngx_http_endpoint_background_fill(
    ngx_http_endpoint_exec_t *exec, ngx_str_t *values);
static ngx_int_t ngx_http_endpoint_background_queue(
    ngx_http_endpoint_exec_t *exec, ngx_str_t *values);
static void ngx_http_endpoint_background_resume(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_background_cancel(
    ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_background_too_large(
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_task_block_t *tb,
    size_t len);


/* what ctx of an exec points to: its slot, until it is filled */
typedef struct {
    uint32_t                        slot;
} ngx_http_endpoint_background_t;


static ngx_str_t  ngx_http_endpoint_background_names[] = {
    ngx_string("task_id"),
    ngx_string("task_attempt"),
    ngx_null_string
};


static ngx_http_endpoint_place_t  ngx_http_endpoint_background_place = {
    ngx_string("a background block"),
    1,
    0,
    ngx_http_endpoint_background_names
};


static ngx_http_endpoint_reserve_t  ngx_http_endpoint_background_slots = {
    ngx_http_endpoint_background_reserve,
    ngx_http_endpoint_background_release
};


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_background = {
    ngx_string("background"),
    ngx_http_endpoint_background_compile,
    ngx_http_endpoint_background_start,
    ngx_http_endpoint_background_resume,
    ngx_http_endpoint_background_cancel,
    0,
    0,
    ngx_http_endpoint_background_check,
    NULL
};


static ngx_int_t
ngx_http_endpoint_background_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_http_endpoint_task_block_t  *tb, **tbp;
    ngx_http_endpoint_main_conf_t   *emcf;

    emcf = ngx_http_conf_get_module_main_conf(c->cf, ngx_http_endpoint_module);

    tb = ngx_pcalloc(c->cf->pool, sizeof(ngx_http_endpoint_task_block_t));
    tbp = ngx_array_push(&emcf->task_blocks);

    if (tb == NULL || tbp == NULL) {
        return NGX_ERROR;
    }

    *tbp = tb;

    step->conf = tb;

    if (!c->place->reply) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"background\" is a statement "
                                            "of an endpoint, %V has none",
                                            &c->place->name);
    }

    /* the reply alone comes after it; who leaves does not take it back */

    step->last = 1;
    step->effect = 1;

    if (ngx_http_endpoint_background_words(c, tb) != NGX_OK
        || ngx_http_endpoint_background_plan(c, step, tb) != NGX_OK
        || ngx_http_endpoint_background_in_transaction(c, tb) != NGX_OK
        || ngx_http_endpoint_background_isolated(c, tb) != NGX_OK)
    {
        return NGX_ERROR;
    }

    c->plan->reserve = &ngx_http_endpoint_background_slots;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_background_words(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_task_block_t *tb)
{
    ngx_str_t   *arg, value, *name;
    ngx_uint_t   i;

    arg = c->statement->args;
    name = NULL;

    for (i = 1; i < c->statement->nargs; i++) {

        if (ngx_strncmp(arg[i].data, "delay=", 6) == 0) {
            value.data = arg[i].data + 6;
            value.len = arg[i].len - 6;

            if (ngx_http_endpoint_plan_time(c, "delay=", &value, &tb->delay)
                != NGX_OK)
            {
                return NGX_ERROR;
            }

            continue;
        }

        if (ngx_strncmp(arg[i].data, "unique=", 7) == 0) {
            value.data = arg[i].data + 7;
            value.len = arg[i].len - 7;

            if (ngx_http_endpoint_background_unique(c, tb, &value) != NGX_OK) {
                return NGX_ERROR;
            }

            continue;
        }

        if (name || ngx_strlchr(arg[i].data, arg[i].data + arg[i].len, '=')) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "invalid option \"%V\" of "
                                                "\"background\", there are the "
                                                "name of a zone or a queue, "
                                                "delay= and unique=", &arg[i]);
        }

        name = &arg[i];
    }

    return ngx_http_endpoint_background_where(c, tb, name);
}


static ngx_int_t
ngx_http_endpoint_background_unique(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_task_block_t *tb, ngx_str_t *text)
{
    tb->unique = ngx_pcalloc(c->cf->pool,
                             sizeof(ngx_http_endpoint_template_t));
    if (tb->unique == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_template_compile(c, text,
                                              ngx_http_endpoint_template_text,
                                              tb->unique);
}


static ngx_int_t
ngx_http_endpoint_background_where(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_task_block_t *tb, ngx_str_t *name)
{
    ngx_http_endpoint_main_conf_t  *emcf;

    if (name == NULL) {
        if (ngx_http_endpoint_background_only(c, tb) != NGX_OK) {
            return NGX_ERROR;
        }

    } else {
        emcf = ngx_http_conf_get_module_main_conf(c->cf,
                                                  ngx_http_endpoint_module);

        tb->zone = ngx_http_endpoint_task_zone_find(emcf, name);
        tb->queue = ngx_http_endpoint_task_queue_find(emcf, name);

        if (tb->zone == NULL && tb->queue == NULL) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "no \"endpoint_task_zone\" "
                                                "and no "
                                                "\"endpoint_task_queue\" is "
                                                "named \"%V\"", name);
        }
    }

    tb->policy = tb->zone ? &tb->zone->policy : &tb->queue->policy;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_background_only(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_task_block_t *tb)
{
    ngx_uint_t                        n;
    ngx_http_endpoint_main_conf_t    *emcf;
    ngx_http_endpoint_task_zone_t   **zones;
    ngx_http_endpoint_task_queue_t  **queues;

    emcf = ngx_http_conf_get_module_main_conf(c->cf, ngx_http_endpoint_module);

    n = emcf->task_zones.nelts + emcf->task_queues.nelts;

    if (n == 1) {
        zones = emcf->task_zones.elts;
        queues = emcf->task_queues.elts;

        if (emcf->task_zones.nelts) {
            tb->zone = zones[0];

        } else {
            tb->queue = queues[0];
        }

        return NGX_OK;
    }

    return ngx_http_endpoint_plan_error(c->cf, c->statement, n
                     ? "\"background\" must name one of what "
                       "\"endpoint_task_zone\" and \"endpoint_task_queue\" "
                       "declare"
                     : "\"background\" needs \"endpoint_task_zone "
                       "zone=tasks:1m;\" in \"http\"");
}


/* its row is there if and only if the transaction commits */

static ngx_int_t
ngx_http_endpoint_background_in_transaction(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_task_block_t *tb)
{
    if (c->order == 0) {
        return NGX_OK;
    }

    if (tb->queue == NULL) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"background\" in a "
                                            "transaction, zone \"%V\" is no "
                                            "part of that: write it below, or "
                                            "name an \"endpoint_task_queue\" "
                                            "of this upstream",
                                            &tb->zone->zone.name);
    }

    return ngx_http_endpoint_transaction_statement(c, tb->queue->pool,
                       tb->queue->statements[tb->unique
                                        ? ngx_http_endpoint_task_sql_insert_key
                                        : ngx_http_endpoint_task_sql_insert]);
}


/* who inserts a key waits for others that do, and must wait alone */

static ngx_int_t
ngx_http_endpoint_background_isolated(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_task_block_t *tb)
{
    ngx_str_t  *name;

    if (tb->queue == NULL || tb->unique == NULL
        || ngx_http_endpoint_pg_conf_isolated(tb->queue->pool, &name))
    {
        return NGX_OK;
    }

    return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                        "\"unique=\" with a queue in \"%V\", "
                                        "whose \"endpoint_postgres\" has "
                                        "\"isolated=0\", it must be 1 or "
                                        "more", name);
}


static ngx_int_t
ngx_http_endpoint_background_plan(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_http_endpoint_task_block_t *tb)
{
    ngx_str_t                    *label;
    ngx_http_endpoint_block_t    *block;
    ngx_http_endpoint_compile_t   inner;

    if (c->statement->block->nelts == 0) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"background\" has no step");
    }

    inner = *c;
    inner.place = &ngx_http_endpoint_background_place;
    inner.step = NULL;
    inner.order = 0;
    inner.outer = c;

    block = c->block;

    tb->plan = ngx_http_endpoint_plan_compile(&inner, c->statement->block,
                                              NULL);
    if (tb->plan == NULL) {
        return NGX_ERROR;
    }

    label = &tb->plan->label;

    label->len = block->head.args[1].len + 1 + block->head.args[2].len;
    label->data = ngx_pnalloc(c->cf->pool, label->len);
    if (label->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(label->data, "%V %V", &block->head.args[1],
                       &block->head.args[2]);

    tb->ctx = *block->server->ctx;
    tb->ctx.loc_conf = block->location->loc_conf;

    /* of other machines the addresses and names are others */

    if (tb->queue) {
        ngx_http_endpoint_identity_portable(block, step->statement,
                                            tb->identity);
    } else {
        ngx_http_endpoint_identity_inner(c->cf, block, step->statement,
                                         tb->identity);
    }

    *ngx_hex_dump(tb->digest, tb->identity, NGX_HTTP_ENDPOINT_TASK_IDENTITY)
        = '\0';

    return NGX_OK;
}


/* a reply that is kept starts nothing */

static ngx_int_t
ngx_http_endpoint_background_check(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    if (c->plan->cache && c->plan->cache->index > step->index) {
        return ngx_http_endpoint_plan_error(c->cf, step->statement,
                                            "\"background\" above \"cache\", "
                                            "at line %ui: no task is started "
                                            "where the reply is a kept one, "
                                            "write it below",
                                            c->plan->cache->statement->line);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_background_reserve(ngx_http_endpoint_run_t *run)
{
    ngx_uint_t                  i, k;
    ngx_http_endpoint_exec_t   *exec;
    ngx_http_endpoint_step_t  **inner;

    for (i = 0; i < run->plan->steps.nelts; i++) {
        exec = &run->execs[i];

        if (exec->step->type == &ngx_http_endpoint_step_background) {
            if (ngx_http_endpoint_background_fits(run, exec->step) != NGX_OK
                || ngx_http_endpoint_background_slot(exec) != NGX_OK)
            {
                return NGX_ERROR;
            }

            continue;
        }

        if (exec->step->inner == NULL) {
            continue;
        }

        inner = exec->step->inner->elts;

        for (k = 0; k < exec->step->inner->nelts; k++) {
            if (inner[k]->type == &ngx_http_endpoint_step_background
                && ngx_http_endpoint_background_fits(run, inner[k]) != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* as far as it is known before the first step */

static ngx_int_t
ngx_http_endpoint_background_fits(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_step_t *step)
{
    size_t                           len;
    ngx_http_endpoint_task_block_t  *tb;

    tb = step->conf;

    if (ngx_http_endpoint_carried_known(tb->plan, &run->scope, &len)
        != NGX_OK)
    {
        ngx_http_endpoint_run_failure(run, &step->label,
                                      ngx_http_endpoint_cause_memory);
        return NGX_ERROR;
    }

    if (len > tb->policy->task_size) {
        ngx_http_endpoint_background_too_large(run, tb, len);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_background_slot(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_run_t         *run;
    ngx_http_endpoint_background_t  *b;
    ngx_http_endpoint_task_block_t  *tb;

    static ngx_str_t  full =
        ngx_string("{\"detail\":\"too many background tasks\"}");

    run = exec->run;
    tb = exec->step->conf;

    if (tb->queue) {
        return NGX_OK;
    }

    b = ngx_palloc(run->scope.pool, sizeof(ngx_http_endpoint_background_t));

    if (b == NULL) {
        ngx_http_endpoint_run_failure(run, &exec->step->label,
                                      ngx_http_endpoint_cause_memory);
        return NGX_ERROR;
    }

    b->slot = ngx_http_endpoint_task_reserve(tb->zone);

    if (b->slot != NGX_HTTP_ENDPOINT_TASK_NONE) {
        exec->ctx = b;
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_ERR, run->scope.log, 0,
                  "endpoint \"%V\": zone \"%V\" has no room for a task%s",
                  &run->plan->label, &tb->zone->zone.name,
                  tb->zone->drop ? ", it is dropped" : "");

    if (tb->zone->drop) {
        return NGX_OK;
    }

    ngx_http_endpoint_run_result(run, 503, &full);
    run->result.retry_after = 1;

    return NGX_ERROR;
}


static void
ngx_http_endpoint_background_release(ngx_http_endpoint_run_t *run)
{
    ngx_uint_t                       i;
    ngx_http_endpoint_exec_t        *exec;
    ngx_http_endpoint_background_t  *b;
    ngx_http_endpoint_task_block_t  *tb;

    for (i = 0; i < run->plan->steps.nelts; i++) {
        exec = &run->execs[i];

        tb = exec->step->conf;

        if (exec->ctx == NULL
            || exec->step->type != &ngx_http_endpoint_step_background
            || tb->queue)
        {
            continue;
        }

        b = exec->ctx;

        exec->ctx = NULL;
        ngx_http_endpoint_task_release(tb->zone, b->slot);
    }
}


/*
 * All other steps have ended, and the reply is not sent before this has; or
 * those above it in its transaction have, and it commits with them.
 */

static void
ngx_http_endpoint_background_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_int_t                        rc;
    ngx_str_t                        values;
    ngx_http_endpoint_run_t         *run;
    ngx_http_endpoint_task_block_t  *tb;

    run = exec->run;
    tb = exec->step->conf;

    /* it is dropped */

    if (tb->zone && exec->ctx == NULL) {
        ngx_http_endpoint_exec_done(exec);
        return;
    }

    if (ngx_http_endpoint_carried_pack(tb->plan, &run->scope, run->scope.pool,
                                       &values)
        != NGX_OK)
    {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    if (values.len > tb->policy->task_size) {
        ngx_http_endpoint_background_too_large(run, tb, values.len);
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_result);
        return;
    }

    rc = tb->zone ? ngx_http_endpoint_background_fill(exec, &values)
                  : ngx_http_endpoint_background_queue(exec, &values);

    if (rc != NGX_OK) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    if (tb->zone) {
        ngx_http_endpoint_exec_done(exec);
    }
}


static ngx_int_t
ngx_http_endpoint_background_key(ngx_http_endpoint_exec_t *exec,
    u_char *digest)
{
    ngx_md5_t                        md5;
    ngx_str_t                        key;
    ngx_http_endpoint_task_block_t  *tb;

    tb = exec->step->conf;

    if (ngx_http_endpoint_template_string(tb->unique, &exec->run->scope, &key)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, tb->identity, NGX_HTTP_ENDPOINT_TASK_IDENTITY);
    ngx_http_endpoint_digest_text(&md5, &key);
    ngx_md5_final(digest, &md5);

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_background_fill(ngx_http_endpoint_exec_t *exec,
    ngx_str_t *values)
{
    u_char                           digest[NGX_HTTP_ENDPOINT_TASK_IDENTITY];
    ngx_http_endpoint_background_t  *b;
    ngx_http_endpoint_task_block_t  *tb;
    ngx_http_endpoint_task_order_t   order;

    b = exec->ctx;
    tb = exec->step->conf;

    order.identity = tb->identity;
    order.unique = NULL;
    order.delay = tb->delay;
    order.values = *values;

    if (tb->unique) {
        if (ngx_http_endpoint_background_key(exec, digest) != NGX_OK) {
            return NGX_ERROR;
        }

        order.unique = digest;
    }

    exec->ctx = NULL;

    if (ngx_http_endpoint_task_fill(tb->zone, b->slot, &order) == NGX_OK) {
        ngx_http_endpoint_task_wake(tb->zone);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_background_queue(ngx_http_endpoint_exec_t *exec,
    ngx_str_t *values)
{
    u_char                           digest[NGX_HTTP_ENDPOINT_TASK_IDENTITY];
    ngx_str_t                        key;
    ngx_http_endpoint_task_block_t  *tb;

    tb = exec->step->conf;

    if (tb->unique == NULL) {
        return ngx_http_endpoint_task_enqueue(exec, values, NULL);
    }

    key.len = 2 * NGX_HTTP_ENDPOINT_TASK_IDENTITY;
    key.data = ngx_pnalloc(exec->run->scope.pool, key.len);

    if (key.data == NULL
        || ngx_http_endpoint_background_key(exec, digest) != NGX_OK)
    {
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(key.data, digest, NGX_HTTP_ENDPOINT_TASK_IDENTITY);

    return ngx_http_endpoint_task_enqueue(exec, values, &key);
}


static void
ngx_http_endpoint_background_resume(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_task_block_t  *tb;

    tb = exec->step->conf;

    if (tb->queue) {
        ngx_http_endpoint_task_enqueue_resume(exec);
    }
}


static void
ngx_http_endpoint_background_cancel(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_task_block_t  *tb;

    tb = exec->step->conf;

    if (tb->queue) {
        ngx_http_endpoint_task_enqueue_cancel(exec);
    }
}


static void
ngx_http_endpoint_background_too_large(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_task_block_t *tb, size_t len)
{
    static ngx_str_t  large =
        ngx_string("{\"detail\":\"the background task is too large\"}");

    ngx_log_error(NGX_LOG_ERR, run->scope.log, 0,
                  "endpoint \"%V\": a task's values of %uz bytes are over the "
                  "task_size=%uz of \"%V\"", &run->plan->label, len,
                  tb->policy->task_size,
                  tb->zone ? &tb->zone->zone.name : &tb->queue->name);

    ngx_http_endpoint_run_result(run, 500, &large);
}
