
#include "ngx_http_endpoint_lookup.h"
#include "ngx_http_endpoint_cache_content.h"
#include "ngx_http_endpoint_cache_option.h"


static ngx_uint_t ngx_http_endpoint_memo_advance(
    ngx_http_endpoint_exec_t *exec, ngx_int_t rc);
static ngx_uint_t ngx_http_endpoint_memo_use(ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_memo_value(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_value_t *v);
static void ngx_http_endpoint_memo_failed(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_cause_e cause);
static ngx_uint_t ngx_http_endpoint_memo_fits(ngx_http_endpoint_exec_t *exec);
static ngx_uint_t ngx_http_endpoint_memo_stale(ngx_http_endpoint_exec_t *exec);
static ngx_int_t ngx_http_endpoint_memo_pack(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_cache_value_t *value);


ngx_int_t
ngx_http_endpoint_memo_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value)
{
    u_char                    *p, *end, *next;
    ngx_str_t                  none, zone, *word;
    ngx_array_t                words;
    ngx_http_endpoint_key_t   *key;
    ngx_http_endpoint_name_t  *item;

    ngx_str_null(&none);

    if (c->order) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"cache=\" in a transaction, "
                                            "whose queries see one another");
    }

    key = ngx_pcalloc(c->cf->pool, sizeof(ngx_http_endpoint_key_t));

    if (key == NULL
        || ngx_array_init(&words, c->cf->temp_pool, 2, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    step->kept = key;

    end = value->data + value->len;
    next = ngx_strlchr(value->data, end, ':');

    zone.data = value->data;
    zone.len = (next ? next : end) - value->data;

    while (next) {
        p = next + 1;
        next = ngx_strlchr(p, end, ':');

        word = ngx_array_push(&words);
        if (word == NULL) {
            return NGX_ERROR;
        }

        word->data = p;
        word->len = (next ? next : end) - p;
    }

    /* one value for all elements of each=: $item has none yet */

    item = c->item;
    c->item = NULL;

    if (ngx_http_endpoint_key_compile(c, &zone, words.elts, words.nelts, key)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    c->item = item;

    return ngx_http_endpoint_key_own(c->cf, key, &none);
}


ngx_uint_t
ngx_http_endpoint_memo_start(ngx_http_endpoint_exec_t *exec)
{
    exec->fill = ngx_http_endpoint_fill_of(exec->run, exec->step->kept);

    if (exec->fill == NULL) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return 0;
    }

    exec->fill->exec = exec;

    return ngx_http_endpoint_memo_advance(exec,
                                   ngx_http_endpoint_fill_start(exec->fill));
}


ngx_uint_t
ngx_http_endpoint_memo_resume(ngx_http_endpoint_exec_t *exec)
{
    if (exec->expired) {
        ngx_http_endpoint_fill_cancel(exec->fill);
        ngx_http_endpoint_memo_failed(exec, ngx_http_endpoint_cause_timeout);
        return 0;
    }

    return ngx_http_endpoint_memo_advance(exec,
                                  ngx_http_endpoint_fill_resume(exec->fill));
}


static ngx_uint_t
ngx_http_endpoint_memo_advance(ngx_http_endpoint_exec_t *exec, ngx_int_t rc)
{
    switch (rc) {

    case NGX_OK:
        return ngx_http_endpoint_memo_use(exec);

    case NGX_AGAIN:
        return 0;

    case NGX_DECLINED:
        return 1;

    default: /* NGX_ERROR */
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return 0;
    }
}


static ngx_uint_t
ngx_http_endpoint_memo_use(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_fill_t   *fill;
    ngx_http_endpoint_value_t   v;

    fill = exec->fill;

    switch (ngx_http_endpoint_kept_kind(&fill->value, &fill->types)) {

    case ngx_http_endpoint_kept_cause:
        ngx_http_endpoint_memo_failed(exec, fill->value.status);
        return 0;

    case ngx_http_endpoint_kept_reply:

        if (ngx_http_endpoint_kept_unpack_reply(&fill->value, exec->run)
            != NGX_OK)
        {
            ngx_http_endpoint_exec_failed(exec,
                                          ngx_http_endpoint_cause_memory);
            return 0;
        }

        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_result);
        return 0;

    default: /* a value */

        if (!ngx_http_endpoint_memo_fits(exec)) {
            return 1;
        }

        ngx_http_endpoint_kept_unpack_value(&fill->value, &v);
        ngx_http_endpoint_memo_value(exec, &v);
        return 0;
    }
}


static void
ngx_http_endpoint_memo_value(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_value_t *v)
{
    switch (ngx_http_endpoint_exec_value(exec, v)) {

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


/* another's failure, or too long a wait for another: "default=" is for both */

static void
ngx_http_endpoint_memo_failed(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_cause_e cause)
{
    if (exec->step->def == NULL || exec->step->each) {
        ngx_http_endpoint_exec_failed(exec, cause);
        return;
    }

    ngx_http_endpoint_memo_value(exec, exec->step->def);
}


/* a text of as=text is no JSON, even if it should look so */

static ngx_uint_t
ngx_http_endpoint_memo_fits(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_fill_t       *fill;
    ngx_http_endpoint_kept_kind_e   kind;

    fill = exec->fill;
    kind = ngx_http_endpoint_kept_kind(&fill->value, &fill->types);

    return kind == ngx_http_endpoint_kept_null
           || kind == (exec->step->result->scalar
                       ? ngx_http_endpoint_kept_text
                       : ngx_http_endpoint_kept_json);
}


void
ngx_http_endpoint_memo_end(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_fill_t         *fill;
    ngx_http_endpoint_cache_value_t   value;

    fill = exec->fill;

    if (fill->stale && ngx_http_endpoint_memo_stale(exec)) {
        ngx_http_endpoint_flight_failed(&fill->flight, &fill->value);
        return;
    }

    if (!ngx_http_endpoint_fill_leads(fill)) {
        ngx_http_endpoint_fill_cancel(fill);
        return;
    }

    if (ngx_http_endpoint_memo_pack(exec, &value) != NGX_OK) {
        ngx_http_endpoint_flight_failed(&fill->flight, NULL);
        return;
    }

    if (exec->cause != ngx_http_endpoint_cause_none || exec->fallback) {
        ngx_http_endpoint_flight_failed(&fill->flight, &value);
        return;
    }

    (void) ngx_http_endpoint_flight_done(&fill->flight, &value, 0);
}


/* Whether the old value was put in the place of a failure. */

static ngx_uint_t
ngx_http_endpoint_memo_stale(ngx_http_endpoint_exec_t *exec)
{
    ngx_http_endpoint_run_t    *run;
    ngx_http_endpoint_value_t   v;

    run = exec->run;

    if (exec->cause == ngx_http_endpoint_cause_none && !exec->fallback) {
        return 0;
    }

    /* what is below 500 is an answer */

    if (exec->cause == ngx_http_endpoint_cause_result
        && run->result.status < 500)
    {
        return 0;
    }

    if (!ngx_http_endpoint_memo_fits(exec)) {
        return 0;
    }

    ngx_http_endpoint_kept_unpack_value(&exec->fill->value, &v);

    if (ngx_http_endpoint_exec_value(exec, &v) != NGX_OK) {
        return 0;
    }

    exec->cause = ngx_http_endpoint_cause_none;
    ngx_memzero(&run->result, sizeof(ngx_http_endpoint_result_t));

    return 1;
}


static ngx_int_t
ngx_http_endpoint_memo_pack(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_cache_value_t *value)
{
    ngx_uint_t                 first;
    ngx_http_endpoint_run_t   *run;
    ngx_http_endpoint_fill_t  *fill;
    ngx_http_endpoint_name_t  *name;

    run = exec->run;
    fill = exec->fill;

    switch (exec->cause) {

    case ngx_http_endpoint_cause_none:
        name = exec->step->result;

        return ngx_http_endpoint_kept_pack_value(run, &run->values[name->slot],
                                                 &fill->types, value);

    case ngx_http_endpoint_cause_result:

        /* the headers are those of other steps */

        first = run->headers ? run->headers->nelts : 0;

        return ngx_http_endpoint_kept_pack_reply(run, first, &fill->types,
                                                 value);

    default:
        return ngx_http_endpoint_kept_pack_cause(run, exec->cause,
                                                 &fill->types, value);
    }
}
