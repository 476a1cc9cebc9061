
#include "ngx_http_endpoint_task.h"


typedef struct {
    ngx_str_t     name;                 /* "retries=" */
    ngx_int_t   (*set)(ngx_str_t *value, void *field);
    size_t        offset;
    const char   *expected;
} ngx_http_endpoint_task_parameter_t;


static ngx_http_endpoint_task_zone_t *ngx_http_endpoint_task_old(
    ngx_http_endpoint_task_zone_t *zone);
static ngx_int_t ngx_http_endpoint_task_parameter(ngx_conf_t *cf,
    ngx_http_endpoint_task_zone_t *zone, ngx_str_t *word);
static ngx_int_t ngx_http_endpoint_task_file(ngx_conf_t *cf,
    ngx_http_endpoint_task_zone_t *zone, ngx_str_t *word);
static ngx_int_t ngx_http_endpoint_task_number(ngx_str_t *value, void *field);
static ngx_int_t ngx_http_endpoint_task_positive(ngx_str_t *value,
    void *field);
static ngx_int_t ngx_http_endpoint_task_time(ngx_str_t *value, void *field);
static ngx_int_t ngx_http_endpoint_task_size(ngx_str_t *value, void *field);
static ngx_int_t ngx_http_endpoint_task_full(ngx_str_t *value, void *field);


static ngx_http_endpoint_task_parameter_t
    ngx_http_endpoint_task_parameters[] =
{
    { ngx_string("retries="), ngx_http_endpoint_task_number,
      offsetof(ngx_http_endpoint_task_zone_t, retries), "a number like 5" },
    { ngx_string("concurrency="), ngx_http_endpoint_task_positive,
      offsetof(ngx_http_endpoint_task_zone_t, concurrency),
      "a number like 32" },
    { ngx_string("backoff="), ngx_http_endpoint_task_time,
      offsetof(ngx_http_endpoint_task_zone_t, backoff), "a time like 1s" },
    { ngx_string("max_backoff="), ngx_http_endpoint_task_time,
      offsetof(ngx_http_endpoint_task_zone_t, max_backoff),
      "a time like 5m" },
    { ngx_string("timeout="), ngx_http_endpoint_task_time,
      offsetof(ngx_http_endpoint_task_zone_t, timeout), "a time like 30s" },
    { ngx_string("task_size="), ngx_http_endpoint_task_size,
      offsetof(ngx_http_endpoint_task_zone_t, task_size), "a size like 4k" },
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

    zone->retries = 5;
    zone->concurrency = 32;
    zone->backoff = 1000;
    zone->max_backoff = 300000;
    zone->timeout = 30000;
    zone->task_size = 4096;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_http_endpoint_task_parameter(cf, zone, &value[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (zone->zone.name.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" must have \"zone\" parameter", &cmd->name);
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
ngx_http_endpoint_task_parameter(ngx_conf_t *cf,
    ngx_http_endpoint_task_zone_t *zone, ngx_str_t *word)
{
    ngx_str_t                            value;
    ngx_http_endpoint_task_parameter_t  *p;

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

    for (p = ngx_http_endpoint_task_parameters; p->name.len; p++) {

        if (word->len < p->name.len
            || ngx_strncmp(word->data, p->name.data, p->name.len) != 0)
        {
            continue;
        }

        value.data = word->data + p->name.len;
        value.len = word->len - p->name.len;

        if (p->set(&value, (u_char *) zone + p->offset) == NGX_OK) {
            return NGX_OK;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\", it must be %s", word,
                           p->expected);
        return NGX_ERROR;
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
ngx_http_endpoint_task_number(ngx_str_t *value, void *field)
{
    ngx_int_t   n;
    ngx_uint_t *np = field;

    n = ngx_atoi(value->data, value->len);

    if (n == NGX_ERROR) {
        return NGX_ERROR;
    }

    *np = n;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_task_positive(ngx_str_t *value, void *field)
{
    ngx_uint_t *np = field;

    return ngx_http_endpoint_task_number(value, field) == NGX_OK && *np
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_endpoint_task_time(ngx_str_t *value, void *field)
{
    ngx_int_t   n;
    ngx_msec_t *msec = field;

    n = ngx_parse_time(value, 0);

    if (n == NGX_ERROR || n == 0) {
        return NGX_ERROR;
    }

    *msec = n;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_task_size(ngx_str_t *value, void *field)
{
    ssize_t  n;
    size_t  *size = field;

    n = ngx_parse_size(value);

    if (n == NGX_ERROR || n == 0) {
        return NGX_ERROR;
    }

    *size = n;

    return NGX_OK;
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
