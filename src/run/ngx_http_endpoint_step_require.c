
#include "ngx_http_endpoint_condition.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_step.h"
#include "ngx_http_endpoint_template.h"


typedef struct {
    ngx_http_endpoint_condition_t  *condition;
    ngx_uint_t                      status;
    ngx_http_endpoint_template_t    detail;
} ngx_http_endpoint_require_t;


static ngx_int_t ngx_http_endpoint_require_compile(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_require_detail(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_require_t *conf,
    ngx_str_t *text);
static void ngx_http_endpoint_require_start(ngx_http_endpoint_exec_t *exec);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_require = {
    ngx_string("require"),
    ngx_http_endpoint_require_compile,
    ngx_http_endpoint_require_start,
    NULL,
    NULL,
    0,
    0,
    NULL,
    NULL
};


static ngx_int_t
ngx_http_endpoint_require_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_str_t                    *arg;
    ngx_int_t                     status;
    ngx_http_endpoint_require_t  *conf;

    conf = ngx_pcalloc(c->cf->pool, sizeof(ngx_http_endpoint_require_t));
    if (conf == NULL) {
        return NGX_ERROR;
    }

    step->conf = conf;
    step->guard = 1;

    arg = c->statement->args;

    conf->condition = ngx_http_endpoint_condition_compile(c, &arg[1]);
    if (conf->condition == NULL) {
        return NGX_ERROR;
    }

    status = ngx_atoi(arg[2].data, arg[2].len);

    if (status < 400 || status > 599) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid status \"%V\" of "
                                            "\"require\", it must be 400 to "
                                            "599", &arg[2]);
    }

    conf->status = status;

    return ngx_http_endpoint_require_detail(c, conf, &arg[3]);
}


/* the text becomes a string of a JSON template, with its $names in it */

static ngx_int_t
ngx_http_endpoint_require_detail(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_require_t *conf, ngx_str_t *text)
{
    u_char     *p;
    size_t      len;
    ngx_str_t   json;

    len = sizeof("{\"detail\":\"\"}") - 1 + text->len
          + ngx_escape_json(NULL, text->data, text->len);

    json.data = ngx_pnalloc(c->cf->pool, len);
    if (json.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(json.data, "{\"detail\":\"", sizeof("{\"detail\":\"") - 1);
    p = (u_char *) ngx_escape_json(p, text->data, text->len);
    p = ngx_cpymem(p, "\"}", 2);

    json.len = p - json.data;

    return ngx_http_endpoint_template_compile(c, &json,
                                              ngx_http_endpoint_template_json,
                                              &conf->detail);
}


static void
ngx_http_endpoint_require_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_int_t                     rc;
    ngx_str_t                     json;
    ngx_http_endpoint_require_t  *conf;

    conf = exec->step->conf;

    rc = ngx_http_endpoint_condition_test(conf->condition, &exec->run->scope);

    if (rc == 1) {
        ngx_http_endpoint_exec_done(exec);
        return;
    }

    if (rc == NGX_ERROR
        || ngx_http_endpoint_template_string(&conf->detail, &exec->run->scope,
                                             &json)
           != NGX_OK)
    {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    ngx_http_endpoint_run_result(exec->run, conf->status, &json);

    ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_result);
}
