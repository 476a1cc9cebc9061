
#include "ngx_http_endpoint_detached.h"
#include "ngx_http_endpoint_refresh.h"


static ngx_int_t ngx_http_endpoint_refresh_values(
    ngx_http_endpoint_detached_t *d, ngx_http_endpoint_run_t *run,
    ngx_array_t *refs);
static ngx_int_t ngx_http_endpoint_refresh_value(ngx_pool_t *pool,
    ngx_http_endpoint_value_t *to, ngx_http_endpoint_value_t *from);
static void ngx_http_endpoint_refresh_ended(ngx_http_endpoint_detached_t *d,
    void *data);


ngx_http_endpoint_run_t *
ngx_http_endpoint_refresh_create(ngx_http_endpoint_run_t *run,
    ngx_http_conf_ctx_t *ctx, ngx_msec_t timeout, ngx_array_t *refs)
{
    ngx_str_t                      name;
    ngx_http_endpoint_detached_t  *d;

    name.len = sizeof("the refresh of \"\"") - 1 + run->plan->label.len;
    name.data = ngx_pnalloc(run->scope.pool, name.len);
    if (name.data == NULL) {
        return NULL;
    }

    (void) ngx_sprintf(name.data, "the refresh of \"%V\"", &run->plan->label);

    d = ngx_http_endpoint_detached_create(run->plan, ctx, &name);
    if (d == NULL) {
        return NULL;
    }

    d->client = ngx_http_endpoint_client_copy(d->pool, run->request,
                                           run->plan->limits->pass_headers);
    d->ctx = ngx_palloc(d->pool, sizeof(ngx_http_conf_ctx_t));

    if (d->client == NULL || d->ctx == NULL
        || ngx_http_endpoint_refresh_values(d, run, refs) != NGX_OK)
    {
        ngx_http_endpoint_detached_cancel(d);
        return NULL;
    }

    *d->ctx = *ctx;

    ngx_http_endpoint_detached_post(d, timeout,
                                    ngx_http_endpoint_refresh_ended, NULL);
    return &d->run;
}


static ngx_int_t
ngx_http_endpoint_refresh_values(ngx_http_endpoint_detached_t *d,
    ngx_http_endpoint_run_t *run, ngx_array_t *refs)
{
    ngx_int_t                 rc;
    ngx_str_t                 text;
    ngx_uint_t                i;
    ngx_http_endpoint_ref_t  *ref;

    ref = refs->elts;

    for (i = 0; i < refs->nelts; i++) {

        if (ref[i].name) {
            rc = ngx_http_endpoint_refresh_value(d->pool,
                                      &d->run.scope.values[ref[i].index],
                                      &run->scope.values[ref[i].index]);
        } else {
            rc = run->scope.variable(&run->scope, ref[i].index, &text);

            if (rc == NGX_OK) {
                rc = ngx_http_endpoint_client_keep(d->client, d->pool,
                                                   ref[i].index, &text);
            }
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_refresh_value(ngx_pool_t *pool,
    ngx_http_endpoint_value_t *to, ngx_http_endpoint_value_t *from)
{
    *to = *from;

    if (to->chain) {
        return ngx_http_endpoint_value_flatten(pool, to);
    }

    if (to->type != ngx_http_endpoint_null && to->data.len) {
        to->data.data = ngx_pstrdup(pool, &from->data);
    }

    return to->data.data || to->data.len == 0 ? NGX_OK : NGX_ERROR;
}


/* what failed has been logged by the step */

static void
ngx_http_endpoint_refresh_ended(ngx_http_endpoint_detached_t *d, void *data)
{
    ngx_uint_t  status;

    status = d->run.result.status;

    if (status >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
        ngx_log_error(NGX_LOG_ERR, &d->log, 0,
                      "the run ended with %ui", status);
    }
}
