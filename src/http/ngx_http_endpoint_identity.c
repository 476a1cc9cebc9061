
#include "ngx_http_endpoint_identity.h"
#include "ngx_http_endpoint_cache_statement.h"
#include "ngx_http_endpoint_digest.h"


static void ngx_http_endpoint_identity_server(ngx_conf_t *cf, ngx_md5_t *md5,
    ngx_http_core_srv_conf_t *server);
static void ngx_http_endpoint_identity_address(ngx_md5_t *md5,
    ngx_http_conf_addr_t *addr, ngx_http_core_srv_conf_t *server);
static void ngx_http_endpoint_identity_location(ngx_md5_t *md5,
    ngx_http_core_loc_conf_t *clcf);
static void ngx_http_endpoint_identity_statement(ngx_md5_t *md5,
    ngx_http_endpoint_statement_t *statement);


void
ngx_http_endpoint_identity(ngx_conf_t *cf, ngx_http_endpoint_block_t *block)
{
    ngx_md5_t                       md5;
    ngx_uint_t                      i;
    ngx_http_endpoint_statement_t  *st;

    ngx_md5_init(&md5);

    ngx_http_endpoint_identity_server(cf, &md5, block->server);
    ngx_http_endpoint_identity_location(&md5, block->location);
    ngx_http_endpoint_identity_statement(&md5, &block->head);

    ngx_md5_update(&md5, &block->conf->bigint, sizeof(ngx_uint_t));

    st = block->statements.elts;

    for (i = 0; i < block->statements.nelts; i++) {
        ngx_http_endpoint_identity_statement(&md5, &st[i]);
    }

    ngx_md5_final(block->plan->identity, &md5);
}


void
ngx_http_endpoint_identity_inner(ngx_conf_t *cf,
    ngx_http_endpoint_block_t *block, ngx_http_endpoint_statement_t *statement,
    u_char *identity)
{
    ngx_md5_t  md5;

    ngx_md5_init(&md5);

    ngx_http_endpoint_identity_server(cf, &md5, block->server);
    ngx_http_endpoint_identity_location(&md5, block->location);
    ngx_http_endpoint_identity_statement(&md5, &block->head);
    ngx_http_endpoint_identity_statement(&md5, statement);

    ngx_md5_final(identity, &md5);
}


void
ngx_http_endpoint_identity_portable(ngx_http_endpoint_block_t *block,
    ngx_http_endpoint_statement_t *statement, u_char *identity)
{
    ngx_md5_t  md5;

    ngx_md5_init(&md5);

    ngx_http_endpoint_identity_location(&md5, block->location);
    ngx_http_endpoint_identity_statement(&md5, &block->head);
    ngx_http_endpoint_identity_statement(&md5, statement);

    ngx_md5_final(identity, &md5);
}


void
ngx_http_endpoint_identity_words(ngx_http_endpoint_statement_t *head,
    ngx_array_t *statements, u_char *identity)
{
    ngx_md5_t                       md5;
    ngx_uint_t                      i;
    ngx_http_endpoint_statement_t  *st;

    ngx_md5_init(&md5);

    ngx_http_endpoint_identity_statement(&md5, head);

    st = statements->elts;

    for (i = 0; i < statements->nelts; i++) {
        ngx_http_endpoint_identity_statement(&md5, &st[i]);
    }

    ngx_md5_final(identity, &md5);
}


void
ngx_http_endpoint_identity_named(ngx_conf_t *cf,
    ngx_http_core_srv_conf_t *server, ngx_str_t *name, ngx_str_t *which,
    u_char *identity)
{
    ngx_md5_t  md5;

    ngx_md5_init(&md5);

    ngx_http_endpoint_identity_server(cf, &md5, server);
    ngx_http_endpoint_digest_text(&md5, name);
    ngx_http_endpoint_digest_text(&md5, which);

    ngx_md5_final(identity, &md5);
}


ngx_int_t
ngx_http_endpoint_identity_own(ngx_conf_t *cf, ngx_http_endpoint_plan_t *plan)
{
    ngx_str_t                             identity;
    ngx_http_endpoint_cache_statement_t  *statement;

    if (plan->cache == NULL) {
        return NGX_OK;
    }

    identity.data = plan->identity;
    identity.len = NGX_HTTP_ENDPOINT_IDENTITY;

    statement = plan->cache->conf;

    return ngx_http_endpoint_key_own(cf, &statement->key, &identity);
}


static void
ngx_http_endpoint_identity_server(ngx_conf_t *cf, ngx_md5_t *md5,
    ngx_http_core_srv_conf_t *server)
{
    ngx_uint_t                  i, k;
    ngx_http_conf_addr_t       *addr;
    ngx_http_conf_port_t       *port;
    ngx_http_server_name_t     *name;
    ngx_http_core_main_conf_t  *cmcf;

    name = server->server_names.elts;

    for (i = 0; i < server->server_names.nelts; i++) {
        ngx_http_endpoint_digest_text(md5, &name[i].name);
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    if (cmcf->ports == NULL) {
        return;
    }

    port = cmcf->ports->elts;

    for (i = 0; i < cmcf->ports->nelts; i++) {
        addr = port[i].addrs.elts;

        for (k = 0; k < port[i].addrs.nelts; k++) {
            ngx_http_endpoint_identity_address(md5, &addr[k], server);
        }
    }
}


static void
ngx_http_endpoint_identity_address(ngx_md5_t *md5, ngx_http_conf_addr_t *addr,
    ngx_http_core_srv_conf_t *server)
{
    ngx_uint_t                  i;
    ngx_http_core_srv_conf_t  **servers;

    servers = addr->servers.elts;

    for (i = 0; i < addr->servers.nelts; i++) {
        if (servers[i] == server) {
            ngx_http_endpoint_digest_text(md5, &addr->opt.addr_text);
        }
    }
}


static void
ngx_http_endpoint_identity_location(ngx_md5_t *md5,
    ngx_http_core_loc_conf_t *clcf)
{
    u_char  kind;

    kind = clcf->exact_match ? '='
           : clcf->noregex ? '^'
           : clcf->named ? '@' : ' ';

#if (NGX_PCRE)
    if (clcf->regex) {
        kind = '~';
    }
#endif

    ngx_md5_update(md5, &kind, 1);
    ngx_http_endpoint_digest_text(md5, &clcf->name);
}


static void
ngx_http_endpoint_identity_statement(ngx_md5_t *md5,
    ngx_http_endpoint_statement_t *statement)
{
    ngx_uint_t                      i;
    ngx_http_endpoint_statement_t  *st;

    ngx_md5_update(md5, &statement->nargs, sizeof(ngx_uint_t));

    for (i = 0; i < statement->nargs; i++) {
        ngx_http_endpoint_digest_text(md5, &statement->args[i]);
    }

    ngx_http_endpoint_digest_text(md5, &statement->content);

    if (statement->block == NULL) {
        return;
    }

    st = statement->block->elts;

    for (i = 0; i < statement->block->nelts; i++) {
        ngx_http_endpoint_identity_statement(md5, &st[i]);
    }
}
