
/*
 * The memory of a captured subrequest: nginx takes some 12 kB for one that is
 * proxied, and would give it back with the main request.
 */


#include "ngx_http_endpoint_capture.h"
#include "ngx_http_endpoint_host.h"
#include "ngx_http_endpoint_run.h"


/* what a proxied subrequest takes but for its buffer, which is too large */
#define NGX_HTTP_ENDPOINT_CAPTURE_POOL  8192


static void ngx_http_endpoint_capture_pool_cleanup(void *data);
static ngx_uint_t ngx_http_endpoint_capture_needed(
    ngx_http_endpoint_capture_t *capture);
static ngx_uint_t ngx_http_endpoint_capture_pool_has(ngx_pool_t *pool,
    void *data);


ngx_int_t
ngx_http_endpoint_capture_pool(ngx_http_endpoint_capture_t *capture,
    ngx_http_request_t *parent)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(parent->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    capture->pool = ngx_create_pool(NGX_HTTP_ENDPOINT_CAPTURE_POOL,
                                    parent->connection->log);
    if (capture->pool == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_endpoint_capture_pool_cleanup;
    cln->data = capture;

    return NGX_OK;
}


static void
ngx_http_endpoint_capture_pool_cleanup(void *data)
{
    ngx_http_endpoint_capture_t  *capture = data;

    if (capture->pool) {
        ngx_destroy_pool(capture->pool);
        capture->pool = NULL;
    }
}


void
ngx_http_endpoint_capture_free(ngx_http_endpoint_capture_t *capture)
{
    ngx_http_log_ctx_t  *ctx;
    ngx_http_request_t  *sr;

    sr = capture->request;

    if (sr == NULL || ngx_http_endpoint_capture_needed(capture)) {
        return;
    }

    ctx = sr->connection->log->data;

    if (ctx->current_request == sr) {
        ctx->current_request = sr->parent;
    }

    capture->request = NULL;

    ngx_http_endpoint_capture_pool_cleanup(capture);
}


/*
 * Other modules may rely on a subrequest's memory lasting as long as the main
 * request, so it is given back only where an upstream has answered and nothing
 * is seen to point to it.  Behind a cache an update may go on.
 */

static ngx_uint_t
ngx_http_endpoint_capture_needed(ngx_http_endpoint_capture_t *capture)
{
    ngx_http_request_t         *sr;
    ngx_http_cleanup_t         *cln;
    ngx_http_posted_request_t  *pr;

    sr = capture->request;

    if (!sr->done || sr->upstream == NULL || sr->aio || sr->postponed
        || sr->connection->data != sr)
    {
        return 1;
    }

#if (NGX_HTTP_CACHE)

    if (sr->cache) {
        return 1;
    }

#endif

    for (pr = sr->main->posted_requests; pr; pr = pr->next) {
        if (ngx_http_endpoint_capture_pool_has(capture->pool, pr->request)) {
            return 1;
        }
    }

    for (cln = sr->main->cleanup; cln; cln = cln->next) {
        if (cln->handler
            && ngx_http_endpoint_capture_pool_has(capture->pool, cln->data))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_endpoint_capture_pool_has(ngx_pool_t *pool, void *data)
{
    ngx_pool_t        *p;
    ngx_pool_large_t  *large;

    for (p = pool; p; p = p->d.next) {
        if ((u_char *) data >= (u_char *) p && (u_char *) data < p->d.end) {
            return 1;
        }
    }

    for (large = pool->large; large; large = large->next) {
        if (large->alloc == data) {
            return 1;
        }
    }

    return 0;
}


/*
 * A map's regex or a set in one fetched location must not be seen by another,
 * nor by the client's request.  A host has none but those that were the
 * client's.
 */

ngx_http_variable_value_t *
ngx_http_endpoint_capture_variables(ngx_http_endpoint_capture_t *capture,
    ngx_http_request_t *main)
{
    size_t                      size;
    ngx_http_variable_value_t  *variables;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(main, ngx_http_core_module);

    size = cmcf->variables.nelts * sizeof(ngx_http_variable_value_t);

    variables = ngx_pcalloc(capture->pool, size);

    if (variables && ngx_http_endpoint_host_is(main)) {
        ngx_memcpy(variables, main->variables, size);
    }

    return variables;
}
