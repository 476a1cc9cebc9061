
/* What becomes of tasks, wherever they wait: how often, how many, how long. */


#ifndef _NGX_HTTP_ENDPOINT_TASK_POLICY_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TASK_POLICY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    ngx_uint_t                        retries;
    ngx_uint_t                        concurrency;  /* of all workers */
    ngx_msec_t                        backoff;
    ngx_msec_t                        max_backoff;
    ngx_msec_t                        timeout;      /* of an attempt */
    size_t                            task_size;
} ngx_http_endpoint_task_policy_t;


/* a parameter of a directive: "name=VALUE" */
typedef struct {
    ngx_str_t     name;                 /* "retries=", "" is the last */
    ngx_int_t   (*set)(ngx_str_t *value, void *field);
    size_t        offset;
    const char   *expected;
} ngx_http_endpoint_task_parameter_t;


/* What holds unless the configuration says something else. */
void ngx_http_endpoint_task_policy_init(
    ngx_http_endpoint_task_policy_t *policy);

/*
 * Sets what a word of the configuration says.  NGX_DECLINED: it is about
 * something else; NGX_ERROR: a mistake (logged).
 */
ngx_int_t ngx_http_endpoint_task_policy_parameter(ngx_conf_t *cf,
    ngx_http_endpoint_task_policy_t *policy, ngx_str_t *word);

/* The same for a table of parameters of a structure. */
ngx_int_t ngx_http_endpoint_task_parameter(ngx_conf_t *cf,
    ngx_http_endpoint_task_parameter_t *table, void *structure,
    ngx_str_t *word);

/* A time over 0, to an ngx_msec_t; for a table. */
ngx_int_t ngx_http_endpoint_task_time(ngx_str_t *value, void *field);

/* How long a task waits after the attempt, from 1, that has failed. */
ngx_msec_t ngx_http_endpoint_task_backoff(
    ngx_http_endpoint_task_policy_t *policy, ngx_uint_t attempt);


#endif /* _NGX_HTTP_ENDPOINT_TASK_POLICY_H_INCLUDED_ */
