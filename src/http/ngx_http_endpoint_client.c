
#include "ngx_http_endpoint_client.h"


static ngx_int_t ngx_http_endpoint_client_variables(
    ngx_http_endpoint_client_t *client, ngx_pool_t *pool,
    ngx_http_request_t *r);
static ngx_uint_t ngx_http_endpoint_client_is_own(ngx_str_t *name);
static ngx_int_t ngx_http_endpoint_client_string(ngx_pool_t *pool,
    ngx_str_t *to, ngx_str_t *from);
static ngx_int_t ngx_http_endpoint_client_address(
    ngx_http_endpoint_client_t *client, ngx_pool_t *pool,
    ngx_connection_t *c);
static ngx_int_t ngx_http_endpoint_client_line(
    ngx_http_endpoint_client_t *client, ngx_pool_t *pool,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_endpoint_client_headers(
    ngx_http_endpoint_client_t *client, ngx_pool_t *pool,
    ngx_http_request_t *r, ngx_array_t *pass);
static ngx_uint_t ngx_http_endpoint_client_passes(ngx_array_t *pass,
    ngx_table_elt_t *h);
static ngx_int_t ngx_http_endpoint_client_header(ngx_pool_t *pool,
    ngx_table_elt_t *to, ngx_table_elt_t *from);


/*
 * Variables that come from the connection itself, so that another one cannot
 * have them, and the one that is made for each request; a name that ends with
 * "_" stands for all that begin with it.
 */

static ngx_str_t  ngx_http_endpoint_client_names[] = {
    ngx_string("request_id"),
    ngx_string("scheme"),
    ngx_string("https"),
    ngx_string("ssl_"),
    ngx_string("proxy_protocol_"),
    ngx_string("realip_"),
    ngx_null_string
};


ngx_http_endpoint_client_t *
ngx_http_endpoint_client_copy(ngx_pool_t *pool, ngx_http_request_t *r,
    ngx_array_t *pass)
{
    ngx_http_endpoint_client_t  *client;

    client = ngx_pcalloc(pool, sizeof(ngx_http_endpoint_client_t));

    if (client == NULL
        || ngx_array_init(&client->texts, pool, 2,
                          sizeof(ngx_http_endpoint_client_text_t))
           != NGX_OK
        || ngx_http_endpoint_client_variables(client, pool, r) != NGX_OK
        || ngx_http_endpoint_client_address(client, pool, r->connection)
           != NGX_OK
        || ngx_http_endpoint_client_line(client, pool, r) != NGX_OK
        || ngx_http_endpoint_client_headers(client, pool, r, pass) != NGX_OK)
    {
        return NULL;
    }

    return client;
}


static ngx_int_t
ngx_http_endpoint_client_variables(ngx_http_endpoint_client_t *client,
    ngx_pool_t *pool, ngx_http_request_t *r)
{
    ngx_str_t                   text;
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;
    ngx_http_variable_value_t  *vv;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);
    v = cmcf->variables.elts;

    client->variables = ngx_pcalloc(pool, cmcf->variables.nelts
                                          * sizeof(ngx_http_variable_value_t));
    if (client->variables == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < cmcf->variables.nelts; i++) {

        if (!ngx_http_endpoint_client_is_own(&v[i].name)) {
            continue;
        }

        vv = ngx_http_get_indexed_variable(r, i);

        if (vv == NULL) {
            return NGX_ERROR;
        }

        client->variables[i] = *vv;
        client->variables[i].no_cacheable = 0;

        if (vv->not_found) {
            continue;
        }

        text.data = vv->data;
        text.len = vv->len;

        client->variables[i].data = ngx_pstrdup(pool, &text);

        if (client->variables[i].data == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_client_is_own(ngx_str_t *name)
{
    ngx_str_t  *own;

    for (own = ngx_http_endpoint_client_names; own->len; own++) {
        if (name->len >= own->len
            && (name->len == own->len || own->data[own->len - 1] == '_')
            && ngx_strncmp(name->data, own->data, own->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_endpoint_client_keep(ngx_http_endpoint_client_t *client,
    ngx_pool_t *pool, ngx_uint_t index, ngx_str_t *text)
{
    ngx_http_endpoint_client_text_t  *kept;

    kept = ngx_array_push(&client->texts);
    if (kept == NULL) {
        return NGX_ERROR;
    }

    kept->index = index;

    return ngx_http_endpoint_client_string(pool, &kept->text, text);
}


ngx_int_t
ngx_http_endpoint_client_variable(ngx_http_endpoint_client_t *client,
    ngx_uint_t index, ngx_str_t *text)
{
    ngx_uint_t                        i;
    ngx_http_endpoint_client_text_t  *kept;

    kept = client->texts.elts;

    for (i = 0; i < client->texts.nelts; i++) {
        if (kept[i].index == index) {
            *text = kept[i].text;
            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_endpoint_client_string(ngx_pool_t *pool, ngx_str_t *to,
    ngx_str_t *from)
{
    to->len = from->len;
    to->data = ngx_pstrdup(pool, from);

    return to->data ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_endpoint_client_address(ngx_http_endpoint_client_t *client,
    ngx_pool_t *pool, ngx_connection_t *c)
{
    /* the address of a wildcard socket is looked up by its descriptor */

    if (ngx_connection_local_sockaddr(c, NULL, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    client->socklen = c->socklen;
    client->sockaddr = ngx_palloc(pool, c->socklen);
    client->local_socklen = c->local_socklen;
    client->local_sockaddr = ngx_palloc(pool, c->local_socklen);

    if (client->sockaddr == NULL || client->local_sockaddr == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(client->sockaddr, c->sockaddr, c->socklen);
    ngx_memcpy(client->local_sockaddr, c->local_sockaddr, c->local_socklen);

    return ngx_http_endpoint_client_string(pool, &client->addr_text,
                                           &c->addr_text);
}


static ngx_int_t
ngx_http_endpoint_client_line(ngx_http_endpoint_client_t *client,
    ngx_pool_t *pool, ngx_http_request_t *r)
{
    if (ngx_http_endpoint_client_string(pool, &client->request_line,
                                        &r->request_line)
        != NGX_OK
        || ngx_http_endpoint_client_string(pool, &client->request_uri,
                                           &r->unparsed_uri)
           != NGX_OK
        || ngx_http_endpoint_client_string(pool, &client->server,
                                           &r->headers_in.server)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (r->headers_in.host == NULL) {
        return NGX_OK;
    }

    client->host = ngx_palloc(pool, sizeof(ngx_table_elt_t));
    if (client->host == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_client_header(pool, client->host,
                                           r->headers_in.host);
}


static ngx_int_t
ngx_http_endpoint_client_headers(ngx_http_endpoint_client_t *client,
    ngx_pool_t *pool, ngx_http_request_t *r, ngx_array_t *pass)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *to;

    if (ngx_array_init(&client->headers, pool, 2, sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (!ngx_http_endpoint_client_passes(pass, &h[i])) {
                continue;
            }

            to = ngx_array_push(&client->headers);

            if (to == NULL
                || ngx_http_endpoint_client_header(pool, to, &h[i]) != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_client_passes(ngx_array_t *pass, ngx_table_elt_t *h)
{
    ngx_uint_t       i;
    ngx_hash_key_t  *name;

    name = pass->elts;

    for (i = 0; i < pass->nelts; i++) {
        if (h->hash == name[i].key_hash
            && h->key.len == name[i].key.len
            && ngx_strncmp(h->lowcase_key, name[i].key.data, h->key.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_endpoint_client_header(ngx_pool_t *pool, ngx_table_elt_t *to,
    ngx_table_elt_t *from)
{
    ngx_memzero(to, sizeof(ngx_table_elt_t));

    to->hash = from->hash;
    to->key.len = from->key.len;
    to->key.data = ngx_pstrdup(pool, &from->key);
    to->value.len = from->value.len;
    to->value.data = ngx_pnalloc(pool, from->value.len + 1);
    to->lowcase_key = ngx_pnalloc(pool, from->key.len);

    if (to->key.data == NULL || to->value.data == NULL
        || to->lowcase_key == NULL)
    {
        return NGX_ERROR;
    }

    /* nginx's own have a null behind them */

    ngx_memcpy(to->value.data, from->value.data, from->value.len);
    to->value.data[from->value.len] = '\0';

    ngx_strlow(to->lowcase_key, from->key.data, from->key.len);

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_client_set(ngx_http_endpoint_client_t *client,
    ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_table_elt_t  *h, *to;

    r->variables = client->variables;
    r->request_line = client->request_line;
    r->unparsed_uri = client->request_uri;
    r->headers_in.server = client->server;
    r->headers_in.host = client->host;

    r->connection->sockaddr = client->sockaddr;
    r->connection->socklen = client->socklen;
    r->connection->addr_text = client->addr_text;
    r->connection->local_sockaddr = client->local_sockaddr;
    r->connection->local_socklen = client->local_socklen;

    h = client->headers.elts;

    for (i = 0; i < client->headers.nelts; i++) {
        to = ngx_list_push(&r->headers_in.headers);
        if (to == NULL) {
            return NGX_ERROR;
        }

        *to = h[i];
    }

    return NGX_OK;
}
