
#include "ngx_http_endpoint_cache_conf.h"
#include "ngx_http_endpoint_cache_zone.h"


/* more would leave nothing of what ttl= says */
#define NGX_HTTP_ENDPOINT_CACHE_MAX_JITTER  90


static ngx_int_t ngx_http_endpoint_cache_conf_parameter(ngx_conf_t *cf,
    ngx_http_endpoint_cache_t *cache, ngx_str_t *param);
static ngx_int_t ngx_http_endpoint_cache_conf_entries(ngx_conf_t *cf,
    ngx_http_endpoint_cache_t *cache, ngx_str_t *param);
static ngx_int_t ngx_http_endpoint_cache_conf_time(ngx_conf_t *cf,
    ngx_str_t *param, size_t skip, ngx_msec_t *msec);
static ngx_int_t ngx_http_endpoint_cache_conf_max_size(ngx_conf_t *cf,
    ngx_http_endpoint_cache_t *cache, ngx_str_t *param);
static ngx_int_t ngx_http_endpoint_cache_conf_jitter(ngx_conf_t *cf,
    ngx_http_endpoint_cache_t *cache, ngx_str_t *param);


char *
ngx_http_endpoint_cache_conf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                       *missing;
    ngx_str_t                  *value;
    ngx_uint_t                  i;
    ngx_shm_zone_t             *zone;
    ngx_http_endpoint_cache_t  *cache;

    cache = ngx_pcalloc(cf->pool, sizeof(ngx_http_endpoint_cache_t));
    if (cache == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_http_endpoint_cache_conf_parameter(cf, cache, &value[i])
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    missing = (cache->zone.name.len == 0) ? "zone"
              : (cache->entries == 0) ? "entries"
              : (cache->ttl == 0) ? "ttl" : NULL;

    if (missing) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" must have \"%s\" parameter",
                           &cmd->name, missing);
        return NGX_CONF_ERROR;
    }

    zone = ngx_http_endpoint_cache_conf_zone(cf, &cache->zone.name);
    if (zone == NULL) {
        return NGX_CONF_ERROR;
    }

    if (cache->max_size > zone->shm.size) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "max_size=%uz is larger than the zone \"%V\"",
                           cache->max_size, &cache->zone.name);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_endpoint_wake_add_zone(cf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_endpoint_cache_conf_parameter(ngx_conf_t *cf,
    ngx_http_endpoint_cache_t *cache, ngx_str_t *param)
{
    if (ngx_strncmp(param->data, "zone=", 5) == 0) {

        if (cache->zone.name.len) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate parameter \"%V\"", param);
            return NGX_ERROR;
        }

        return ngx_http_endpoint_zone_add(cf, param,
                                          &ngx_http_endpoint_cache_kind,
                                          &cache->zone);
    }

    if (ngx_strncmp(param->data, "entries=", 8) == 0) {
        return ngx_http_endpoint_cache_conf_entries(cf, cache, param);
    }

    if (ngx_strncmp(param->data, "ttl=", 4) == 0) {
        return ngx_http_endpoint_cache_conf_time(cf, param, 4, &cache->ttl);
    }

    if (ngx_strncmp(param->data, "stale=", 6) == 0) {
        return ngx_http_endpoint_cache_conf_time(cf, param, 6, &cache->stale);
    }

    if (ngx_strncmp(param->data, "max_size=", 9) == 0) {
        return ngx_http_endpoint_cache_conf_max_size(cf, cache, param);
    }

    if (ngx_strncmp(param->data, "jitter=", 7) == 0) {
        return ngx_http_endpoint_cache_conf_jitter(cf, cache, param);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                       param);

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_endpoint_cache_conf_entries(ngx_conf_t *cf,
    ngx_http_endpoint_cache_t *cache, ngx_str_t *param)
{
    ngx_int_t  n;

    n = ngx_atoi(param->data + 8, param->len - 8);

    if (n == NGX_ERROR || n == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of entries \"%V\"", param);
        return NGX_ERROR;
    }

    cache->entries = n;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_cache_conf_time(ngx_conf_t *cf, ngx_str_t *param,
    size_t skip, ngx_msec_t *msec)
{
    ngx_int_t  n;
    ngx_str_t  s;

    s.data = param->data + skip;
    s.len = param->len - skip;

    n = ngx_parse_time(&s, 0);

    if (n == NGX_ERROR || n == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid time \"%V\"",
                           param);
        return NGX_ERROR;
    }

    *msec = n;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_cache_conf_max_size(ngx_conf_t *cf,
    ngx_http_endpoint_cache_t *cache, ngx_str_t *param)
{
    ssize_t    n;
    ngx_str_t  s;

    s.data = param->data + 9;
    s.len = param->len - 9;

    n = ngx_parse_size(&s);

    if (n == NGX_ERROR || n == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid size \"%V\", it must be one like 64k",
                           param);
        return NGX_ERROR;
    }

    cache->max_size = n;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_cache_conf_jitter(ngx_conf_t *cf,
    ngx_http_endpoint_cache_t *cache, ngx_str_t *param)
{
    ngx_int_t  n;

    n = NGX_ERROR;

    if (param->data[param->len - 1] == '%') {
        n = ngx_atoi(param->data + 7, param->len - 8);
    }

    if (n == NGX_ERROR || n > NGX_HTTP_ENDPOINT_CACHE_MAX_JITTER) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid jitter \"%V\", expected 0%% to %d%%",
                           param, NGX_HTTP_ENDPOINT_CACHE_MAX_JITTER);
        return NGX_ERROR;
    }

    cache->jitter = n;

    return NGX_OK;
}


ngx_shm_zone_t *
ngx_http_endpoint_cache_conf_zone(ngx_conf_t *cf, ngx_str_t *name)
{
    return ngx_shared_memory_add(cf, name, 0, &ngx_http_endpoint_cache_kind);
}
