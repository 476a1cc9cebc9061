
#include "ngx_http_endpoint_task.h"


static ngx_http_endpoint_task_zone_t *ngx_http_endpoint_task_old(
    ngx_http_endpoint_task_zone_t *zone);
static ngx_int_t ngx_http_endpoint_task_word(ngx_conf_t *cf,
    ngx_http_endpoint_task_zone_t *zone, ngx_str_t *word);
static ngx_int_t ngx_http_endpoint_task_file(ngx_conf_t *cf,
    ngx_http_endpoint_task_zone_t *zone, ngx_str_t *word);
static ngx_int_t ngx_http_endpoint_task_full(ngx_str_t *value, void *field);


static ngx_http_endpoint_task_parameter_t
    ngx_http_endpoint_task_zone_parameters[] =
{
    { ngx_string("full="), ngx_http_endpoint_task_full,
      offsetof(ngx_http_endpoint_task_zone_t, drop), "reject or drop" },
    { ngx_null_string, NULL, 0, NULL }
};


char *
ngx_http_endpoint_task_conf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                       *value;
    ngx_uint_t                       i;
    ngx_http_endpoint_task_zone_t   *zone, **zp;
    ngx_http_endpoint_main_conf_t   *emcf = conf;

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_http_endpoint_task_zone_t));
    zp = ngx_array_push(&emcf->task_zones);

    if (zone == NULL || zp == NULL) {
        return NGX_CONF_ERROR;
    }

    *zp = zone;

    ngx_http_endpoint_task_policy_init(&zone->policy);

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_http_endpoint_task_word(cf, zone, &value[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (zone->zone.name.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" must have \"zone\" parameter", &cmd->name);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_endpoint_task_queue_find(emcf, &zone->zone.name)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate name \"%V\"",
                           &zone->zone.name);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_endpoint_wake_add_zone(cf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    zone->old = ngx_http_endpoint_task_old(zone);

    return NGX_CONF_OK;
}


/* ngx_cycle is the old cycle until the new one is complete */

static ngx_http_endpoint_task_zone_t *
ngx_http_endpoint_task_old(ngx_http_endpoint_task_zone_t *zone)
{
    ngx_http_endpoint_main_conf_t  *emcf;
    ngx_http_endpoint_task_zone_t  *old;

    if (ngx_cycle == NULL || ngx_cycle->conf_ctx == NULL) {
        return NULL;
    }

    emcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_endpoint_module);
    if (emcf == NULL) {
        return NULL;
    }

    old = ngx_http_endpoint_task_zone_find(emcf, &zone->zone.name);

    return old && old->sh ? old : NULL;
}


ngx_http_endpoint_task_zone_t *
ngx_http_endpoint_task_zone_find(ngx_http_endpoint_main_conf_t *emcf,
    ngx_str_t *name)
{
    ngx_uint_t                       i;
    ngx_http_endpoint_task_zone_t  **zones;

    zones = emcf->task_zones.elts;

    for (i = 0; i < emcf->task_zones.nelts; i++) {
        if (zones[i]->zone.name.len == name->len
            && ngx_strncmp(zones[i]->zone.name.data, name->data, name->len)
               == 0)
        {
            return zones[i];
        }
    }

    return NULL;
}


ngx_http_endpoint_task_block_t *
ngx_http_endpoint_task_block_find(ngx_http_endpoint_main_conf_t *emcf,
    ngx_http_endpoint_task_zone_t *zone, u_char *identity)
{
    ngx_uint_t                        i;
    ngx_http_endpoint_task_block_t  **tb;

    tb = emcf->task_blocks.elts;

    for (i = 0; i < emcf->task_blocks.nelts; i++) {
        if (tb[i]->zone == zone
            && ngx_memcmp(tb[i]->identity, identity,
                          NGX_HTTP_ENDPOINT_TASK_IDENTITY)
               == 0)
        {
            return tb[i];
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_endpoint_task_word(ngx_conf_t *cf,
    ngx_http_endpoint_task_zone_t *zone, ngx_str_t *word)
{
    ngx_int_t  rc;

    if (ngx_strncmp(word->data, "zone=", 5) == 0) {

        if (zone->zone.name.len) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate parameter \"%V\"", word);
            return NGX_ERROR;
        }

        return ngx_http_endpoint_zone_add(cf, word,
                                          &ngx_http_endpoint_task_zone_kind,
                                          &zone->zone);
    }

    if (ngx_strncmp(word->data, "file=", 5) == 0) {
        return ngx_http_endpoint_task_file(cf, zone, word);
    }

    rc = ngx_http_endpoint_task_policy_parameter(cf, &zone->policy, word);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_endpoint_task_parameter(cf,
                                       ngx_http_endpoint_task_zone_parameters,
                                       zone, word);
    }

    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\", there are zone=, retries=, "
                       "backoff=, max_backoff=, concurrency=, timeout=, "
                       "task_size=, full= and file=", word);

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_endpoint_task_file(ngx_conf_t *cf,
    ngx_http_endpoint_task_zone_t *zone, ngx_str_t *word)
{
    zone->file.data = word->data + 5;
    zone->file.len = word->len - 5;

    if (zone->file.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\", it must be a path",
                           word);
        return NGX_ERROR;
    }

    return ngx_conf_full_name(cf->cycle, &zone->file, 0);
}


static ngx_int_t
ngx_http_endpoint_task_full(ngx_str_t *value, void *field)
{
    ngx_uint_t *drop = field;

    if (value->len == 4 && ngx_strncmp(value->data, "drop", 4) == 0) {
        *drop = 1;
        return NGX_OK;
    }

    return value->len == 6 && ngx_strncmp(value->data, "reject", 6) == 0
           ? NGX_OK : NGX_ERROR;
}
