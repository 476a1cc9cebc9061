/*
 * A module of the tests: a request with the header X-Detached starts the
 * endpoint that it asks for as a run without a client, is answered by 204 at
 * once, and how the run ended is logged.  The endpoint's first input is the
 * header's value, the others are null.  X-Detached: cancel cancels all that
 * are under way.
 */


#include "ngx_http_endpoint_detached.h"
#include "ngx_http_endpoint_http.h"
#include "ngx_http_endpoint_input.h"


#define DETACHED_MAX  1024


static ngx_int_t detached_init(ngx_conf_t *cf);
static ngx_int_t detached_handler(ngx_http_request_t *r);
static ngx_str_t *detached_header(ngx_http_request_t *r);
static ngx_int_t detached_start(ngx_http_request_t *r, ngx_str_t *value);
static void detached_cancel(void);
static void detached_ended(ngx_http_endpoint_detached_t *d, void *data);


static ngx_http_endpoint_detached_t  *detached[DETACHED_MAX];


static ngx_http_module_t  detached_module_ctx = {
    NULL,
    detached_init,
    NULL, NULL, NULL, NULL, NULL, NULL
};


static ngx_module_t  detached_module = {
    NGX_MODULE_V1,
    &detached_module_ctx,
    NULL,
    NGX_HTTP_MODULE,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NGX_MODULE_V1_PADDING
};


ngx_module_t  *ngx_modules[] = { &detached_module, NULL };
char          *ngx_module_names[] = { "detached_module", NULL };
char          *ngx_module_order[] = { NULL };


static ngx_int_t
detached_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PREACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = detached_handler;

    return NGX_OK;
}


static ngx_int_t
detached_handler(ngx_http_request_t *r)
{
    ngx_str_t  *value;

    if (r != r->main) {
        return NGX_DECLINED;
    }

    value = detached_header(r);

    if (value == NULL) {
        return NGX_DECLINED;
    }

    if (ngx_strcmp(value->data, "cancel") == 0) {
        detached_cancel();
        return NGX_HTTP_NO_CONTENT;
    }

    return detached_start(r, value);
}


static ngx_str_t *
detached_header(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_strcasecmp(h[i].key.data, (u_char *) "X-Detached") == 0) {
                return &h[i].value;
            }
        }
    }

    return NULL;
}


static ngx_int_t
detached_start(ngx_http_request_t *r, ngx_str_t *value)
{
    u_char                           *p;
    ngx_uint_t                        i;
    ngx_http_core_srv_conf_t         *cscf;
    ngx_http_endpoint_plan_t         *plan;
    ngx_http_endpoint_input_t        *input;
    ngx_http_endpoint_loc_conf_t     *elcf;
    ngx_http_endpoint_detached_t     *d;
    ngx_http_endpoint_route_match_t   match;

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
    elcf = ngx_http_get_module_loc_conf(r, ngx_http_endpoint_module);

    plan = ngx_http_endpoint_route_match(elcf->routes, &r->method_name,
                                         &r->uri, &match);
    if (plan == NULL) {
        return NGX_HTTP_NOT_FOUND;
    }

    for (i = 0; i < DETACHED_MAX && detached[i]; i++) { /* void */ }

    if (i == DETACHED_MAX) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    d = ngx_http_endpoint_detached_create(plan, cscf->ctx, value);
    if (d == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (plan->inputs.nelts) {
        p = ngx_pstrdup(d->pool, value);

        if (p == NULL) {
            ngx_http_endpoint_detached_cancel(d);
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        input = plan->inputs.elts;
        ngx_http_endpoint_value_text(&d->run.scope.values[input->slot], p,
                                     value->len);
    }

    detached[i] = d;

    ngx_http_endpoint_detached_start(d, plan->timeout ? plan->timeout
                                                      : elcf->timeout,
                                     detached_ended, &detached[i]);
    return NGX_HTTP_NO_CONTENT;
}


static void
detached_cancel(void)
{
    ngx_uint_t  i;

    for (i = 0; i < DETACHED_MAX; i++) {
        if (detached[i]) {
            ngx_http_endpoint_detached_cancel(detached[i]);
            detached[i] = NULL;
        }
    }
}


static void
detached_ended(ngx_http_endpoint_detached_t *d, void *data)
{
    ngx_http_endpoint_detached_t **slot = data;

    ngx_str_t     text;
    ngx_chain_t  *cl;

    ngx_str_null(&text);

    for (cl = d->run.result.body; cl; cl = cl->next) {
        text.data = cl->buf->pos;
        text.len = ngx_min(cl->buf->last - cl->buf->pos, 100);
        break;
    }

    ngx_log_error(NGX_LOG_WARN, &d->log, 0, "detached ended: %ui %O %V",
                  d->run.result.status, d->run.result.length, &text);

    *slot = NULL;
}
