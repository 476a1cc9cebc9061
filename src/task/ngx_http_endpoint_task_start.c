
#include "ngx_http_endpoint_carried.h"
#include "ngx_http_endpoint_task_start.h"


ngx_http_endpoint_detached_t *
ngx_http_endpoint_task_create(ngx_http_endpoint_task_block_t *tb,
    ngx_str_t *id, ngx_uint_t attempt)
{
    u_char                         *p, text[256];
    ngx_str_t                       name;
    ngx_http_endpoint_value_t      *values;
    ngx_http_endpoint_detached_t   *d;

    name.data = text;
    name.len = ngx_snprintf(text, sizeof(text), "task %V of \"%V\", attempt "
                            "%ui", id, &tb->plan->label, attempt)
               - text;

    d = ngx_http_endpoint_detached_create(tb->plan, &tb->ctx, &name);
    if (d == NULL) {
        return NULL;
    }

    p = ngx_pnalloc(d->pool, id->len + NGX_INT_T_LEN);

    if (p == NULL) {
        ngx_http_endpoint_detached_cancel(d);
        return NULL;
    }

    /* they have the first slots */

    values = d->run.scope.values;

    ngx_http_endpoint_value_text(&values[0], p, id->len);
    p = ngx_cpymem(p, id->data, id->len);

    ngx_http_endpoint_value_json(&values[1], p,
                                 ngx_sprintf(p, "%ui", attempt) - p);
    return d;
}


ngx_int_t
ngx_http_endpoint_task_begin(ngx_http_endpoint_detached_t *d,
    ngx_http_endpoint_task_block_t *tb, ngx_str_t *values,
    ngx_http_endpoint_detached_pt handler, void *data)
{
    ngx_msec_t  timeout;

    if (ngx_http_endpoint_carried_unpack(d->run.plan, &d->run.scope, values)
        != NGX_OK)
    {
        ngx_http_endpoint_detached_cancel(d);
        return NGX_ERROR;
    }

    timeout = tb->plan->timeout ? tb->plan->timeout : tb->policy->timeout;

    ngx_http_endpoint_detached_start(d, timeout, handler, data);

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_task_outcome(ngx_http_endpoint_detached_t *d,
    ngx_str_t *error)
{
    ngx_uint_t    status;
    ngx_chain_t  *cl;

    ngx_str_null(error);

    status = d->run.result.status;

    if (status >= 200 && status < 300) {
        return NGX_OK;
    }

    cl = d->run.result.body;

    if (cl) {
        error->data = cl->buf->pos;
        error->len = cl->buf->last - cl->buf->pos;
    }

    return NGX_ERROR;
}
