
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_step_option.h"


static ngx_int_t ngx_http_endpoint_sleep_compile(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static void ngx_http_endpoint_sleep_start(ngx_http_endpoint_exec_t *exec);
static void ngx_http_endpoint_sleep_handler(ngx_event_t *ev);
static void ngx_http_endpoint_sleep_cancel(ngx_http_endpoint_exec_t *exec);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_sleep = {
    ngx_string("sleep"),
    ngx_http_endpoint_sleep_compile,
    ngx_http_endpoint_sleep_start,
    NULL,
    ngx_http_endpoint_sleep_cancel,
    0,
    0,
    NULL,
    NULL
};


static ngx_int_t
ngx_http_endpoint_sleep_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_int_t    time;
    ngx_str_t   *arg;
    ngx_msec_t  *conf;

    arg = c->statement->args;
    time = ngx_parse_time(&arg[1], 0);

    if (time == NGX_ERROR) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid time \"%V\", it must be "
                                            "like 2s or 500ms", &arg[1]);
    }

    conf = ngx_palloc(c->cf->pool, sizeof(ngx_msec_t));
    if (conf == NULL) {
        return NGX_ERROR;
    }

    *conf = time;
    step->conf = conf;

    return ngx_http_endpoint_step_options(c, step, 2);
}


static void
ngx_http_endpoint_sleep_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_msec_t   *time;
    ngx_event_t  *ev;

    time = exec->step->conf;

    ev = ngx_pcalloc(exec->run->scope.pool, sizeof(ngx_event_t));
    if (ev == NULL) {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    ev->handler = ngx_http_endpoint_sleep_handler;
    ev->data = exec;
    ev->log = exec->run->scope.log;

    exec->ctx = ev;

    ngx_add_timer(ev, *time);
}


static void
ngx_http_endpoint_sleep_handler(ngx_event_t *ev)
{
    ngx_http_endpoint_exec_done(ev->data);
}


static void
ngx_http_endpoint_sleep_cancel(ngx_http_endpoint_exec_t *exec)
{
    ngx_event_t  *ev;

    ev = exec->ctx;

    if (ev && ev->timer_set) {
        ngx_del_timer(ev);
    }
}
