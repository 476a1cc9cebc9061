
#include "ngx_http_endpoint_task_policy.h"


static ngx_int_t ngx_http_endpoint_task_number(ngx_str_t *value, void *field);
static ngx_int_t ngx_http_endpoint_task_positive(ngx_str_t *value,
    void *field);
static ngx_int_t ngx_http_endpoint_task_size(ngx_str_t *value, void *field);


static ngx_http_endpoint_task_parameter_t
    ngx_http_endpoint_task_policy_parameters[] =
{
    { ngx_string("retries="), ngx_http_endpoint_task_number,
      offsetof(ngx_http_endpoint_task_policy_t, retries), "a number like 5" },
    { ngx_string("concurrency="), ngx_http_endpoint_task_positive,
      offsetof(ngx_http_endpoint_task_policy_t, concurrency),
      "a number like 32" },
    { ngx_string("backoff="), ngx_http_endpoint_task_time,
      offsetof(ngx_http_endpoint_task_policy_t, backoff), "a time like 1s" },
    { ngx_string("max_backoff="), ngx_http_endpoint_task_time,
      offsetof(ngx_http_endpoint_task_policy_t, max_backoff),
      "a time like 5m" },
    { ngx_string("timeout="), ngx_http_endpoint_task_time,
      offsetof(ngx_http_endpoint_task_policy_t, timeout), "a time like 30s" },
    { ngx_string("task_size="), ngx_http_endpoint_task_size,
      offsetof(ngx_http_endpoint_task_policy_t, task_size),
      "a size like 4k" },
    { ngx_null_string, NULL, 0, NULL }
};


void
ngx_http_endpoint_task_policy_init(ngx_http_endpoint_task_policy_t *policy)
{
    policy->retries = 5;
    policy->concurrency = 32;
    policy->backoff = 1000;
    policy->max_backoff = 300000;
    policy->timeout = 30000;
    policy->task_size = 4096;
}


ngx_int_t
ngx_http_endpoint_task_policy_parameter(ngx_conf_t *cf,
    ngx_http_endpoint_task_policy_t *policy, ngx_str_t *word)
{
    return ngx_http_endpoint_task_parameter(cf,
                                     ngx_http_endpoint_task_policy_parameters,
                                     policy, word);
}


ngx_int_t
ngx_http_endpoint_task_parameter(ngx_conf_t *cf,
    ngx_http_endpoint_task_parameter_t *table, void *structure,
    ngx_str_t *word)
{
    ngx_str_t                            value;
    ngx_http_endpoint_task_parameter_t  *p;

    for (p = table; p->name.len; p++) {

        if (word->len < p->name.len
            || ngx_strncmp(word->data, p->name.data, p->name.len) != 0)
        {
            continue;
        }

        value.data = word->data + p->name.len;
        value.len = word->len - p->name.len;

        if (p->set(&value, (u_char *) structure + p->offset) == NGX_OK) {
            return NGX_OK;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\", it must be %s", word,
                           p->expected);
        return NGX_ERROR;
    }

    return NGX_DECLINED;
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


ngx_int_t
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
