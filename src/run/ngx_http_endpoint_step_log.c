
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_step_option.h"
#include "ngx_http_endpoint_template.h"


typedef struct {
    ngx_uint_t                    level;
    ngx_http_endpoint_template_t  text;
} ngx_http_endpoint_log_t;


static ngx_int_t ngx_http_endpoint_log_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_log_level(ngx_http_endpoint_compile_t *c,
    ngx_str_t *word);
static void ngx_http_endpoint_log_start(ngx_http_endpoint_exec_t *exec);


ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_log = {
    ngx_string("log"),
    ngx_http_endpoint_log_compile,
    ngx_http_endpoint_log_start,
    NULL,
    NULL,
    0,
    0,
    NULL,
    NULL
};


/* in the order of NGX_LOG_EMERG and what follows it */

static char  *ngx_http_endpoint_log_levels[] = {
    "emerg", "alert", "crit", "error", "warn", "notice", "info", NULL
};


static ngx_int_t
ngx_http_endpoint_log_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_int_t                 rc;
    ngx_str_t                *arg;
    ngx_http_endpoint_log_t  *conf;

    conf = ngx_pcalloc(c->cf->pool, sizeof(ngx_http_endpoint_log_t));
    if (conf == NULL) {
        return NGX_ERROR;
    }

    step->conf = conf;
    step->act = 1;

    arg = c->statement->args;

    rc = ngx_http_endpoint_log_level(c, &arg[1]);
    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    conf->level = rc;

    if (ngx_http_endpoint_step_options(c, step, 3) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_template_compile(c, &arg[2],
                                              ngx_http_endpoint_template_log,
                                              &conf->text);
}


static ngx_int_t
ngx_http_endpoint_log_level(ngx_http_endpoint_compile_t *c, ngx_str_t *word)
{
    ngx_uint_t  i;

    for (i = 0; ngx_http_endpoint_log_levels[i]; i++) {
        if (ngx_strcmp(word->data, ngx_http_endpoint_log_levels[i]) == 0) {
            return NGX_LOG_EMERG + i;
        }
    }

    return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                        "invalid log level \"%V\", it must be "
                                        "info, notice, warn, error, crit, "
                                        "alert or emerg", word);
}


static void
ngx_http_endpoint_log_start(ngx_http_endpoint_exec_t *exec)
{
    ngx_str_t                 text;
    ngx_http_endpoint_log_t  *conf;

    conf = exec->step->conf;

    if (ngx_http_endpoint_template_string(&conf->text, &exec->run->scope, &text)
        != NGX_OK)
    {
        ngx_http_endpoint_exec_failed(exec, ngx_http_endpoint_cause_memory);
        return;
    }

    ngx_log_error(conf->level, exec->run->scope.log, 0, "%V", &text);

    ngx_http_endpoint_exec_done(exec);
}
