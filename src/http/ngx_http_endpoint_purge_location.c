
#include "ngx_http_endpoint_argument.h"
#include "ngx_http_endpoint_block.h"
#include "ngx_http_endpoint_cache_conf.h"
#include "ngx_http_endpoint_key.h"
#include "ngx_http_endpoint_operator.h"
#include "ngx_http_endpoint_purge_location.h"


static ngx_int_t ngx_http_endpoint_purge_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_endpoint_purge_words(ngx_http_request_t *r,
    ngx_array_t *words);


char *
ngx_http_endpoint_purge_conf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_endpoint_loc_conf_t *elcf = conf;

    ngx_str_t                           *value;
    ngx_http_core_loc_conf_t            *clcf;
    ngx_http_endpoint_main_conf_t       *emcf;
    ngx_http_endpoint_purge_location_t  *purger;

    if (elcf->purge) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler) {
        return "stands beside another content handler";
    }

    emcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_endpoint_module);

    value = cf->args->elts;

    elcf->purge = ngx_http_endpoint_cache_conf_zone(cf, &value[1]);
    purger = ngx_array_push(&emcf->purges);

    if (elcf->purge == NULL || purger == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(purger, sizeof(ngx_http_endpoint_purge_location_t));

    purger->statement.file = cf->conf_file->file.name;
    purger->statement.line = cf->conf_file->line;
    purger->zone = elcf->purge;
    purger->location = clcf;

    clcf->handler = ngx_http_endpoint_purge_handler;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_endpoint_purge_check(ngx_conf_t *cf, ngx_array_t *purges)
{
    ngx_uint_t                           i;
    ngx_http_endpoint_purge_location_t  *purger;

    purger = purges->elts;

    for (i = 0; i < purges->nelts; i++) {

        if (purger[i].zone->data == NULL) {
            return ngx_http_endpoint_plan_error(cf, &purger[i].statement,
                                                "unknown cache zone \"%V\"",
                                                &purger[i].zone->shm.name);
        }

        if (purger[i].location->handler != ngx_http_endpoint_purge_handler) {
            return ngx_http_endpoint_plan_error(cf, &purger[i].statement,
                                                "\"endpoint_cache_purge\" "
                                                "stands beside another content "
                                                "handler of location \"%V\"",
                                                &purger[i].location->name);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_purge_handler(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_array_t                    words;
    ngx_http_endpoint_loc_conf_t  *elcf;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (!ngx_http_endpoint_operator_allowed(r)) {
        return ngx_http_endpoint_operator_refuse(r, NGX_HTTP_FORBIDDEN,
                                                 "the header X-Endpoint: 1 "
                                                 "is missing", "");
    }

    if (!(r->method & (NGX_HTTP_POST|NGX_HTTP_DELETE))) {
        return ngx_http_endpoint_operator_refuse(r, NGX_HTTP_NOT_ALLOWED,
                                                 "Method Not Allowed",
                                                 "DELETE, POST");
    }

    if (ngx_array_init(&words, r->pool, 1, sizeof(ngx_str_t)) != NGX_OK
        || ngx_http_endpoint_purge_words(r, &words) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (words.nelts == 0) {
        return ngx_http_endpoint_operator_refuse(r, NGX_HTTP_BAD_REQUEST,
                                                 "the argument key is "
                                                 "missing", "");
    }

    elcf = ngx_http_get_module_loc_conf(r, ngx_http_endpoint_module);

    if (ngx_http_endpoint_key_purge(elcf->purge->data, r->pool, words.elts,
                                    words.nelts)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->header_only = 1;

    return ngx_http_send_header(r);
}


/* key=… for each word of the key, in its order */

static ngx_int_t
ngx_http_endpoint_purge_words(ngx_http_request_t *r, ngx_array_t *words)
{
    u_char     *p, *end;
    ngx_str_t  *word, name, value;

    p = r->args.data;
    end = r->args.data + r->args.len;

    while (p < end) {
        if (ngx_http_endpoint_argument_next(r->pool, &p, end, &name, &value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (name.len != 3 || ngx_strncmp(name.data, "key", 3) != 0) {
            continue;
        }

        word = ngx_array_push(words);

        if (word == NULL
            || ngx_http_endpoint_argument_decode(r->pool, &value) != NGX_OK)
        {
            return NGX_ERROR;
        }

        *word = value;
    }

    return NGX_OK;
}
