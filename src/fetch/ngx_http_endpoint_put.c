
#include "ngx_http_endpoint_capture.h"
#include "ngx_http_endpoint_put.h"


static ngx_int_t ngx_http_endpoint_put_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_endpoint_put_file(ngx_http_request_t *r);


/*
 * The dav module renames the file that it has told nginx to read a body into;
 * a fetch's body is in memory.
 */

static ngx_int_t
ngx_http_endpoint_put_handler(ngx_http_request_t *r)
{
    if (r->method != NGX_HTTP_PUT || r->content_handler
        || ngx_http_endpoint_capture_get(r) == NULL)
    {
        return NGX_DECLINED;
    }

    if (r->request_body == NULL) {
        r->request_body = ngx_pcalloc(r->pool,
                                      sizeof(ngx_http_request_body_t));
        if (r->request_body == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (r->request_body->temp_file) {
        return NGX_DECLINED;
    }

    return ngx_http_endpoint_put_file(r) == NGX_OK
           ? NGX_DECLINED : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_int_t
ngx_http_endpoint_put_file(ngx_http_request_t *r)
{
    ngx_temp_file_t           *tf;
    ngx_http_core_loc_conf_t  *clcf;

    tf = ngx_pcalloc(r->pool, sizeof(ngx_temp_file_t));
    if (tf == NULL) {
        return NGX_ERROR;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    tf->file.fd = NGX_INVALID_FILE;
    tf->file.log = r->connection->log;
    tf->path = clcf->client_body_temp_path;
    tf->pool = r->pool;

    /* what nobody has renamed goes with the request */

    tf->persistent = 1;
    tf->clean = 1;
    tf->access = 0660;

    if (ngx_create_temp_file(&tf->file, tf->path, tf->pool, tf->persistent,
                             tf->clean, tf->access)
        != NGX_OK
        || (r->request_body->bufs
            && ngx_write_chain_to_temp_file(tf, r->request_body->bufs)
               == NGX_ERROR))
    {
        return NGX_ERROR;
    }

    r->request_body->temp_file = tf;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_put_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_endpoint_put_handler;

    return NGX_OK;
}
