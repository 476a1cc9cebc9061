
#include "ngx_http_endpoint_timed.h"


/* workers that one run may cost */
#define NGX_HTTP_ENDPOINT_TIMED_DEATHS  3


ngx_int_t
ngx_http_endpoint_timed_init(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_timed_t *timed,
    void *conf)
{
    if (emcf->schedule_zone == NULL) {
        emcf->schedule_zone = ngx_http_endpoint_schedule_zone_add(cf);
        if (emcf->schedule_zone == NULL) {
            return NGX_ERROR;
        }
    }

    timed->conf = conf;
    timed->server = ngx_http_conf_get_module_srv_conf(cf,
                                                      ngx_http_core_module);

    if (ngx_http_endpoint_block_statement(cf, &timed->head) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_array_init(&timed->statements, cf->pool, 4,
                          sizeof(ngx_http_endpoint_statement_t));
}


ngx_int_t
ngx_http_endpoint_timed_parameter(ngx_http_endpoint_timed_t *timed,
    ngx_str_t *word)
{
    ngx_str_t  value;

    if (ngx_strncmp(word->data, "timeout=", 8) != 0) {
        return NGX_DECLINED;
    }

    value.data = word->data + 8;
    value.len = word->len - 8;

    timed->timeout = ngx_parse_time(&value, 0);

    return timed->timeout != (ngx_msec_t) NGX_ERROR && timed->timeout != 0
           ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_http_endpoint_timed_compile(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_timed_t *timed,
    ngx_http_endpoint_place_t *place, ngx_msec_t timeout)
{
    ngx_http_endpoint_compile_t  c;

    ngx_memzero(&c, sizeof(ngx_http_endpoint_compile_t));

    c.cf = cf;
    c.kinds = emcf->kinds;
    c.place = place;
    c.statement = &timed->head;
    c.pools = &emcf->pools;
    c.timeout = timeout;
    c.bigint_string = timed->conf->bigint;
    c.limits = &timed->conf->limits;

    timed->plan = ngx_http_endpoint_plan_compile(&c, &timed->statements, NULL);
    if (timed->plan == NULL) {
        return NGX_ERROR;
    }

    timed->plan->label = timed->name;

    return NGX_OK;
}


ngx_http_endpoint_detached_t *
ngx_http_endpoint_timed_create(ngx_http_endpoint_timed_t *timed)
{
    return ngx_http_endpoint_detached_create(timed->plan, timed->server->ctx,
                                             &timed->name);
}


ngx_uint_t
ngx_http_endpoint_timed_adopt(ngx_http_endpoint_timed_t *timed,
    ngx_http_endpoint_schedule_slot_t *slot, const char *until)
{
    if (ngx_http_endpoint_wake_alive(slot->owner)) {
        return 0;
    }

    if (++slot->deaths >= NGX_HTTP_ENDPOINT_TIMED_DEATHS) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "%V is given up%s: %uD workers died while they ran it",
                      &timed->name, until, slot->deaths);

        slot->done = slot->taken;
        return 0;
    }

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "%V is run again: the worker that ran it died",
                  &timed->name);

    slot->owner = ngx_http_endpoint_wake_self();
    timed->taken = slot->taken;

    return 1;
}
