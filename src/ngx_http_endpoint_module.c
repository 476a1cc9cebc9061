
#include "ngx_http_endpoint_block.h"
#include "ngx_http_endpoint_cache_conf.h"
#include "ngx_http_endpoint_capture.h"
#include "ngx_http_endpoint_header.h"
#include "ngx_http_endpoint_kinds.h"
#include "ngx_http_endpoint_pg_conf.h"
#include "ngx_http_endpoint_purge_location.h"
#include "ngx_http_endpoint_put.h"
#include "ngx_http_endpoint_schedule.h"
#include "ngx_http_endpoint_startup.h"
#include "ngx_http_endpoint_task_queue.h"
#include "ngx_http_endpoint_variable.h"
#include "ngx_http_endpoint_wake.h"


static void *ngx_http_endpoint_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_endpoint_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_endpoint_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t ngx_http_endpoint_default_headers(ngx_conf_t *cf,
    ngx_http_endpoint_loc_conf_t *conf);
static ngx_int_t ngx_http_endpoint_pass_header(ngx_conf_t *cf,
    ngx_array_t *headers, ngx_str_t *name);
static char *ngx_http_endpoint_fallback(ngx_conf_t *cf, void *post,
    void *data);
static char *ngx_http_endpoint_pass_headers(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_endpoint_postgres(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t ngx_http_endpoint_add_variables(ngx_conf_t *cf);
static ngx_int_t ngx_http_endpoint_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_endpoint_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_http_endpoint_init_process(ngx_cycle_t *cycle);
static void ngx_http_endpoint_exit_process(ngx_cycle_t *cycle);
static void ngx_http_endpoint_exit_master(ngx_cycle_t *cycle);


/* what identifies and traces a request, and no credential */

static ngx_str_t  ngx_http_endpoint_headers[] = {
    ngx_string("traceparent"),
    ngx_string("tracestate"),
    ngx_string("Accept-Language"),
    ngx_string("X-Request-ID"),
    ngx_null_string
};


static ngx_conf_enum_t  ngx_http_endpoint_bigints[] = {
    { ngx_string("number"), 0 },
    { ngx_string("string"), 1 },
    { ngx_null_string, 0 }
};


static ngx_conf_post_t  ngx_http_endpoint_fallback_post = {
    ngx_http_endpoint_fallback
};


static ngx_conf_num_bounds_t  ngx_http_endpoint_timeout_bounds = {
    ngx_conf_check_num_bounds, 1, -1
};


/* nginx counts up to 65535 of them, and keeps some back */

static ngx_conf_num_bounds_t  ngx_http_endpoint_fetches_bounds = {
    ngx_conf_check_num_bounds, 1, 64000
};


#define ngx_http_endpoint_kind_command(kind, where, handler)                  \
    { ngx_string(#kind), where, handler, 0, 0, NULL },


static ngx_command_t  ngx_http_endpoint_commands[] = {

    { ngx_string("endpoint"),
      NGX_HTTP_LOC_CONF|NGX_CONF_BLOCK|NGX_CONF_2MORE,
      ngx_http_endpoint_block,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("endpoint_cache_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_2MORE,
      ngx_http_endpoint_cache_conf,
      0,
      0,
      NULL },

    { ngx_string("schedule"),
      NGX_HTTP_SRV_CONF|NGX_CONF_BLOCK|NGX_CONF_1MORE,
      ngx_http_endpoint_schedule_block,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("startup"),
      NGX_HTTP_SRV_CONF|NGX_CONF_BLOCK|NGX_CONF_ANY,
      ngx_http_endpoint_startup_block,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("endpoint_task_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_endpoint_task_conf,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("endpoint_task_queue"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_2MORE,
      ngx_http_endpoint_task_queue_conf,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("endpoint_tasks"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_endpoint_task_location,
      0,
      0,
      NULL },

    { ngx_string("endpoint_cache_purge"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_endpoint_purge_conf,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("endpoint_fallback"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_endpoint_loc_conf_t, fallback),
      &ngx_http_endpoint_fallback_post },

    { ngx_string("endpoint_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_endpoint_loc_conf_t, timeout),
      &ngx_http_endpoint_timeout_bounds },

    { ngx_string("endpoint_ignore_client_abort"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_endpoint_loc_conf_t, ignore_client_abort),
      NULL },

    { ngx_string("endpoint_intercept_errors"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_endpoint_loc_conf_t, intercept_errors),
      NULL },

    { ngx_string("endpoint_fetch_buffer"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_endpoint_loc_conf_t, limits.fetch_buffer),
      NULL },

    { ngx_string("endpoint_query_buffer"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_endpoint_loc_conf_t, limits.query_buffer),
      NULL },

    { ngx_string("endpoint_bigint"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_endpoint_loc_conf_t, bigint),
      ngx_http_endpoint_bigints },

    { ngx_string("endpoint_postgres"),
      NGX_HTTP_UPS_CONF|NGX_CONF_1MORE,
      ngx_http_endpoint_postgres,
      0,
      0,
      NULL },

    { ngx_string("endpoint_max_fanout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_endpoint_loc_conf_t, limits.max_fanout),
      NULL },

    { ngx_string("endpoint_max_fetches"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_endpoint_loc_conf_t, max_fetches),
      &ngx_http_endpoint_fetches_bounds },

    { ngx_string("endpoint_fetch_pass_headers"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_endpoint_pass_headers,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("include"),
      NGX_HTTP_ENDPOINT_BLOCK|NGX_HTTP_ENDPOINT_DETACHED
      |NGX_HTTP_ENDPOINT_TRANSACTION|NGX_CONF_TAKE1,
      ngx_conf_include,
      0,
      0,
      NULL },

    { ngx_string("arg"),
      NGX_HTTP_ENDPOINT_BLOCK|NGX_CONF_1MORE,
      ngx_http_endpoint_statement,
      0,
      0,
      NULL },

    { ngx_string("header"),
      NGX_HTTP_ENDPOINT_BLOCK|NGX_CONF_1MORE,
      ngx_http_endpoint_statement,
      0,
      0,
      NULL },

    { ngx_string("cookie"),
      NGX_HTTP_ENDPOINT_BLOCK|NGX_CONF_1MORE,
      ngx_http_endpoint_statement,
      0,
      0,
      NULL },

    { ngx_string("field"),
      NGX_HTTP_ENDPOINT_BLOCK|NGX_CONF_1MORE,
      ngx_http_endpoint_statement,
      0,
      0,
      NULL },

    { ngx_string("body"),
      NGX_HTTP_ENDPOINT_BLOCK|NGX_CONF_1MORE,
      ngx_http_endpoint_statement,
      0,
      0,
      NULL },

    { ngx_string("timeout"),
      NGX_HTTP_ENDPOINT_BLOCK|NGX_HTTP_ENDPOINT_DETACHED|NGX_CONF_TAKE1,
      ngx_http_endpoint_statement,
      0,
      0,
      NULL },

    NGX_HTTP_ENDPOINT_KINDS(ngx_http_endpoint_kind_command)

    { ngx_string("reply"),
      NGX_HTTP_ENDPOINT_BLOCK|NGX_CONF_1MORE,
      ngx_http_endpoint_statement,
      0,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_endpoint_module_ctx = {
    ngx_http_endpoint_add_variables,        /* preconfiguration */
    ngx_http_endpoint_init,                 /* postconfiguration */

    ngx_http_endpoint_create_main_conf,     /* create main configuration */
    NULL,                                   /* init main configuration */

    NULL,                                   /* create server configuration */
    NULL,                                   /* merge server configuration */

    ngx_http_endpoint_create_loc_conf,      /* create location configuration */
    ngx_http_endpoint_merge_loc_conf        /* merge location configuration */
};


ngx_module_t  ngx_http_endpoint_module = {
    NGX_MODULE_V1,
    &ngx_http_endpoint_module_ctx,          /* module context */
    ngx_http_endpoint_commands,             /* module directives */
    NGX_HTTP_MODULE,                        /* module type */
    NULL,                                   /* init master */
    ngx_http_endpoint_init_module,          /* init module */
    ngx_http_endpoint_init_process,         /* init process */
    NULL,                                   /* init thread */
    NULL,                                   /* exit thread */
    ngx_http_endpoint_exit_process,         /* exit process */
    ngx_http_endpoint_exit_master,          /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
ngx_http_endpoint_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_endpoint_main_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_endpoint_main_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&conf->blocks, cf->pool, 8,
                       sizeof(ngx_http_endpoint_block_t))
        != NGX_OK
        || ngx_array_init(&conf->pools, cf->pool, 1,
                          sizeof(ngx_http_endpoint_pg_pool_t *))
           != NGX_OK
        || ngx_array_init(&conf->task_zones, cf->pool, 1,
                          sizeof(ngx_http_endpoint_task_zone_t *))
           != NGX_OK
        || ngx_array_init(&conf->task_queues, cf->pool, 1,
                          sizeof(ngx_http_endpoint_task_queue_t *))
           != NGX_OK
        || ngx_array_init(&conf->task_blocks, cf->pool, 1,
                          sizeof(ngx_http_endpoint_task_block_t *))
           != NGX_OK
        || ngx_array_init(&conf->schedules, cf->pool, 1,
                          sizeof(ngx_http_endpoint_schedule_t *))
           != NGX_OK
        || ngx_array_init(&conf->startups, cf->pool, 1,
                          sizeof(ngx_http_endpoint_startup_t *))
           != NGX_OK
        || ngx_array_init(&conf->purges, cf->pool, 1,
                          sizeof(ngx_http_endpoint_purge_location_t))
           != NGX_OK)
    {
        return NULL;
    }

    conf->kinds = &ngx_http_endpoint_kinds;

    return conf;
}


static void *
ngx_http_endpoint_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_endpoint_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_endpoint_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->routes = NULL;
     *     conf->fallback = { 0, NULL };
     *     conf->limits.pass_headers = NULL;
     *     conf->gate = NULL;
     */

    conf->timeout = NGX_CONF_UNSET_MSEC;
    conf->bigint = NGX_CONF_UNSET_UINT;
    conf->ignore_client_abort = NGX_CONF_UNSET;
    conf->intercept_errors = NGX_CONF_UNSET;
    conf->limits.fetch_buffer = NGX_CONF_UNSET_SIZE;
    conf->limits.query_buffer = NGX_CONF_UNSET_SIZE;
    conf->limits.max_fanout = NGX_CONF_UNSET_UINT;
    conf->max_fetches = NGX_CONF_UNSET_UINT;

    return conf;
}


static char *
ngx_http_endpoint_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_endpoint_loc_conf_t *prev = parent;
    ngx_http_endpoint_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

    ngx_conf_merge_str_value(conf->fallback, prev->fallback, "");
    ngx_conf_merge_msec_value(conf->timeout, prev->timeout, 60000);
    ngx_conf_merge_value(conf->ignore_client_abort,
                         prev->ignore_client_abort, 0);
    ngx_conf_merge_value(conf->intercept_errors, prev->intercept_errors, 0);
    ngx_conf_merge_uint_value(conf->bigint, prev->bigint, 0);
    ngx_conf_merge_size_value(conf->limits.fetch_buffer,
                              prev->limits.fetch_buffer, 1024 * 1024);
    ngx_conf_merge_size_value(conf->limits.query_buffer,
                              prev->limits.query_buffer, 1024 * 1024);

    ngx_conf_merge_uint_value(conf->limits.max_fanout,
                              prev->limits.max_fanout, 100);

    /* a list that is not too long can be fetched */

    ngx_conf_merge_uint_value(conf->max_fetches, prev->max_fetches, 0);

    conf->limits.max_fetches = conf->max_fetches
                               ? conf->max_fetches
                               : ngx_max(1000, conf->limits.max_fanout);

    if (prev->limits.pass_headers == NULL
        && ngx_http_endpoint_default_headers(cf, prev) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (conf->limits.pass_headers == NULL) {
        conf->limits.pass_headers = prev->limits.pass_headers;
    }

    if (conf->gate == NULL) {
        conf->gate = prev->gate;
    }

    /* "if" and "limit_except" serve what their location does */

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->noname && conf->routes == NULL) {
        conf->routes = prev->routes;

        if (clcf->lmt_excpt && clcf->handler == NULL && conf->routes) {
            clcf->handler = ngx_http_endpoint_handler;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_endpoint_default_headers(ngx_conf_t *cf,
    ngx_http_endpoint_loc_conf_t *conf)
{
    ngx_str_t  *name;

    conf->limits.pass_headers = ngx_array_create(cf->pool, 4,
                                                 sizeof(ngx_hash_key_t));
    if (conf->limits.pass_headers == NULL) {
        return NGX_ERROR;
    }

    for (name = ngx_http_endpoint_headers; name->len; name++) {
        if (ngx_http_endpoint_pass_header(cf, conf->limits.pass_headers, name)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_pass_header(ngx_conf_t *cf, ngx_array_t *headers,
    ngx_str_t *name)
{
    ngx_hash_key_t  *key;

    key = ngx_array_push(headers);
    if (key == NULL) {
        return NGX_ERROR;
    }

    key->value = NULL;
    key->key.len = name->len;
    key->key.data = ngx_pnalloc(cf->pool, name->len);
    if (key->key.data == NULL) {
        return NGX_ERROR;
    }

    key->key_hash = ngx_hash_strlow(key->key.data, name->data, name->len);

    return NGX_OK;
}


static char *
ngx_http_endpoint_fallback(ngx_conf_t *cf, void *post, void *data)
{
    ngx_str_t  *fallback = data;

    if (fallback->len
        && (fallback->data[0] == '@' || fallback->data[0] == '/'))
    {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid fallback \"%V\", it must be @name or a URI",
                       fallback);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_endpoint_pass_headers(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_endpoint_loc_conf_t *elcf = conf;

    ngx_str_t   *name;
    ngx_uint_t   i;

    if (elcf->limits.pass_headers) {
        return "is duplicate";
    }

    elcf->limits.pass_headers = ngx_array_create(cf->pool, 4,
                                                 sizeof(ngx_hash_key_t));
    if (elcf->limits.pass_headers == NULL) {
        return NGX_CONF_ERROR;
    }

    name = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (!ngx_http_endpoint_header_token(&name[i])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid header name \"%V\", it must be a "
                               "literal token", &name[i]);
            return NGX_CONF_ERROR;
        }

        if (ngx_http_endpoint_header_frames(&name[i])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "header \"%V\" frames the message, it cannot "
                               "be passed on", &name[i]);
            return NGX_CONF_ERROR;
        }

        if (ngx_http_endpoint_pass_header(cf, elcf->limits.pass_headers,
                                          &name[i])
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_endpoint_postgres(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_endpoint_main_conf_t  *emcf;

    emcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_endpoint_module);

    return ngx_http_endpoint_pg_conf(cf, &emcf->pools);
}


static ngx_int_t
ngx_http_endpoint_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *v;

    static ngx_str_t  cache = ngx_string("endpoint_cache");

    v = ngx_http_add_variable(cf, &cache, NGX_HTTP_VAR_NOCACHEABLE);
    if (v == NULL) {
        return NGX_ERROR;
    }

    v->get_handler = ngx_http_endpoint_http_cache;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_init(ngx_conf_t *cf)
{
    ngx_http_endpoint_main_conf_t  *emcf;

    emcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_endpoint_module);

    if (ngx_http_endpoint_pg_conf_init(cf, &emcf->pools) != NGX_OK
        || ngx_http_endpoint_purge_check(cf, &emcf->purges) != NGX_OK
        || ngx_http_endpoint_task_queue_compile(cf, emcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (emcf->blocks.nelts == 0 && emcf->schedules.nelts == 0
        && emcf->startups.nelts == 0)
    {
        return NGX_OK;
    }

    if (ngx_http_endpoint_block_compile_all(cf, emcf) != NGX_OK
        || ngx_http_endpoint_schedule_compile_all(cf, emcf) != NGX_OK
        || ngx_http_endpoint_startup_compile_all(cf, emcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_endpoint_capture_init();

    if (ngx_http_endpoint_put_init(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_variable_init(cf);
}


static ngx_int_t
ngx_http_endpoint_init_module(ngx_cycle_t *cycle)
{
    ngx_http_endpoint_main_conf_t  *emcf;

    emcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_endpoint_module);
    if (emcf) {
        ngx_http_endpoint_task_init_module(cycle, emcf);

        if (ngx_http_endpoint_variable_init_module(cycle) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_wake_init_module(cycle);
}


static ngx_int_t
ngx_http_endpoint_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                       i;
    ngx_http_endpoint_pg_pool_t    **pools;
    ngx_http_endpoint_main_conf_t   *emcf;

    if (ngx_http_endpoint_wake_init_process(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    emcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_endpoint_module);
    if (emcf == NULL) {
        return NGX_OK;
    }

    pools = emcf->pools.elts;

    for (i = 0; i < emcf->pools.nelts; i++) {
        if (ngx_http_endpoint_pg_pool_init(pools[i], cycle) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ngx_http_endpoint_startup_init_process(cycle, emcf);
    ngx_http_endpoint_schedule_init_process(cycle, emcf);

    if (ngx_http_endpoint_task_queue_init_process(cycle, emcf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_task_init_process(cycle, emcf);
}


static void
ngx_http_endpoint_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                       i;
    ngx_http_endpoint_pg_pool_t    **pools;
    ngx_http_endpoint_main_conf_t   *emcf;

    ngx_http_endpoint_wake_exit_process(cycle);

    emcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_endpoint_module);
    if (emcf == NULL) {
        return;
    }

    pools = emcf->pools.elts;

    for (i = 0; i < emcf->pools.nelts; i++) {
        ngx_http_endpoint_pg_pool_done(pools[i]);
    }
}


/* all workers are gone */

static void
ngx_http_endpoint_exit_master(ngx_cycle_t *cycle)
{
    ngx_http_endpoint_main_conf_t  *emcf;

    emcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_endpoint_module);
    if (emcf) {
        ngx_http_endpoint_task_exit_master(cycle, emcf);
    }
}
