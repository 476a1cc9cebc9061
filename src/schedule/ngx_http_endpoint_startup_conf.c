
#include "ngx_http_endpoint_startup.h"

#include <ngx_md5.h>


#define NGX_HTTP_ENDPOINT_STARTUP_TIMEOUT  10000


static ngx_int_t ngx_http_endpoint_startup_gate(ngx_conf_t *cf,
    ngx_http_endpoint_startup_t *s);
static ngx_int_t ngx_http_endpoint_startup_parameters(ngx_conf_t *cf,
    ngx_http_endpoint_startup_t *s);
static ngx_int_t ngx_http_endpoint_startup_compile(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_startup_t *s);
static void ngx_http_endpoint_startup_key(ngx_http_endpoint_startup_t *s,
    ngx_uint_t load, ngx_uint_t n);


static ngx_http_endpoint_place_t  ngx_http_endpoint_startup_place = {
    ngx_string("a startup"),
    0,
    0,
    NULL
};


char *
ngx_http_endpoint_startup_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_endpoint_startup_t    *s, **sp;
    ngx_http_endpoint_main_conf_t  *emcf;

    emcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_endpoint_module);

    if (emcf->startups.nelts == NGX_HTTP_ENDPOINT_STARTUPS) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "more than %d startups",
                           NGX_HTTP_ENDPOINT_STARTUPS);
        return NGX_CONF_ERROR;
    }

    s = ngx_pcalloc(cf->pool, sizeof(ngx_http_endpoint_startup_t));
    sp = ngx_array_push(&emcf->startups);

    if (s == NULL || sp == NULL) {
        return NGX_CONF_ERROR;
    }

    *sp = s;

    if (ngx_http_endpoint_timed_init(cf, emcf, &s->timed, conf) != NGX_OK
        || ngx_http_endpoint_startup_parameters(cf, s) != NGX_OK
        || ngx_http_endpoint_startup_gate(cf, s) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_endpoint_block_read(cf, NGX_HTTP_ENDPOINT_DETACHED,
                                        &s->timed.statements);
}


/* one for all startups of a server */

static ngx_int_t
ngx_http_endpoint_startup_gate(ngx_conf_t *cf, ngx_http_endpoint_startup_t *s)
{
    if (s->timed.conf->gate == NULL) {
        s->timed.conf->gate = ngx_http_endpoint_gate_create(cf->pool);
        if (s->timed.conf->gate == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_startup_parameters(ngx_conf_t *cf,
    ngx_http_endpoint_startup_t *s)
{
    ngx_str_t   *word;
    ngx_uint_t   i;

    word = s->timed.head.args;
    s->timed.timeout = NGX_HTTP_ENDPOINT_STARTUP_TIMEOUT;

    for (i = 1; i < s->timed.head.nargs; i++) {

        if (ngx_strcmp(word[i].data, "required") == 0) {
            s->required = 1;
            continue;
        }

        if (ngx_http_endpoint_timed_parameter(&s->timed, &word[i]) == NGX_OK) {
            continue;
        }

        return ngx_http_endpoint_plan_error(cf, &s->timed.head,
                                            "invalid parameter \"%V\" of "
                                            "\"startup\", there are "
                                            "timeout=TIME and required",
                                            &word[i]);
    }

    s->timed.name.data = ngx_pnalloc(cf->pool,
                               sizeof("startup at line ") + NGX_INT_T_LEN);
    if (s->timed.name.data == NULL) {
        return NGX_ERROR;
    }

    s->timed.name.len = ngx_sprintf(s->timed.name.data, "startup at line %ui",
                              s->timed.head.line)
                  - s->timed.name.data;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_startup_compile_all(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf)
{
    ngx_uint_t                     i;
    ngx_http_endpoint_startup_t  **s;

    static ngx_uint_t  load;

    load++;
    s = emcf->startups.elts;

    for (i = 0; i < emcf->startups.nelts; i++) {
        if (ngx_http_endpoint_startup_compile(cf, emcf, s[i]) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_http_endpoint_startup_key(s[i], load, i);
    }

    return ngx_http_endpoint_startup_required(cf, emcf);
}


static ngx_int_t
ngx_http_endpoint_startup_compile(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_startup_t *s)
{
    ngx_http_endpoint_gate_t  *gate;

    if (s->timed.statements.nelts == 0) {
        return ngx_http_endpoint_plan_error(cf, &s->timed.head,
                                            "\"startup\" has no step");
    }

    if (ngx_http_endpoint_timed_compile(cf, emcf, &s->timed,
                                        &ngx_http_endpoint_startup_place,
                                        s->timed.timeout)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (s->timed.plan->timeout) {
        s->timed.timeout = s->timed.plan->timeout;
    }

    gate = s->timed.conf->gate;
    gate->timeout = ngx_max(gate->timeout, s->timed.timeout);

    return NGX_OK;
}


/* no two loads have the same, of whichever master */

static void
ngx_http_endpoint_startup_key(ngx_http_endpoint_startup_t *s, ngx_uint_t load,
    ngx_uint_t n)
{
    ngx_md5_t   md5;
    ngx_msec_t  now;

    now = ngx_current_msec;

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, &ngx_pid, sizeof(ngx_pid));
    ngx_md5_update(&md5, &now, sizeof(now));
    ngx_md5_update(&md5, &load, sizeof(load));
    ngx_md5_update(&md5, &n, sizeof(n));
    ngx_md5_final(s->timed.key, &md5);
}
