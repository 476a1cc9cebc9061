
#include "ngx_http_endpoint_block.h"
#include "ngx_http_endpoint_circle.h"
#include "ngx_http_endpoint_identity.h"
#include "ngx_http_endpoint_nearest.h"


static char *ngx_http_endpoint_block_parse(ngx_conf_t *cf, ngx_uint_t where,
    ngx_array_t *statements);
static void ngx_http_endpoint_block_hint(ngx_conf_t *cf, ngx_uint_t where);
static char *ngx_http_endpoint_block_inner(ngx_conf_t *cf, ngx_uint_t where);
static ngx_int_t ngx_http_endpoint_block_check(ngx_conf_t *cf,
    ngx_http_endpoint_block_t *block);
static ngx_int_t ngx_http_endpoint_block_method(ngx_conf_t *cf,
    ngx_http_endpoint_block_t *block);
static ngx_int_t ngx_http_endpoint_block_prefix(ngx_conf_t *cf,
    ngx_http_endpoint_block_t *block);
static ngx_uint_t ngx_http_endpoint_block_returns(
    ngx_http_endpoint_block_t *block);
static ngx_int_t ngx_http_endpoint_block_compile(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_block_t *block);
static ngx_int_t ngx_http_endpoint_block_hidden(ngx_conf_t *cf,
    ngx_http_endpoint_block_t *block);


static ngx_http_endpoint_place_t  ngx_http_endpoint_block_place = {
    ngx_string("an endpoint"),
    1,
    1,
    NULL
};


char *
ngx_http_endpoint_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_endpoint_loc_conf_t *elcf = conf;

    ngx_http_endpoint_block_t      *block;
    ngx_http_endpoint_main_conf_t  *emcf;

    emcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_endpoint_module);

    block = ngx_array_push(&emcf->blocks);
    if (block == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(block, sizeof(ngx_http_endpoint_block_t));

    block->conf = elcf;
    block->location = ngx_http_conf_get_module_loc_conf(cf,
                                                        ngx_http_core_module);
    block->server = ngx_http_conf_get_module_srv_conf(cf,
                                                      ngx_http_core_module);

    if (ngx_http_endpoint_block_statement(cf, &block->head) != NGX_OK
        || ngx_array_init(&block->statements, cf->pool, 4,
                          sizeof(ngx_http_endpoint_statement_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (elcf->routes == NULL) {
        elcf->routes = ngx_http_endpoint_route_create(cf->pool);
        if (elcf->routes == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_http_endpoint_block_check(cf, block) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    block->location->handler = ngx_http_endpoint_handler;

    return ngx_http_endpoint_block_read(cf, NGX_HTTP_ENDPOINT_BLOCK,
                                        &block->statements);
}


char *
ngx_http_endpoint_block_read(ngx_conf_t *cf, ngx_uint_t where,
    ngx_array_t *statements)
{
    char  *rv;

    rv = ngx_http_endpoint_block_parse(cf, where, statements);

    if (rv != NGX_CONF_OK) {
        ngx_http_endpoint_block_hint(cf, where);
    }

    return rv;
}


static char *
ngx_http_endpoint_block_parse(ngx_conf_t *cf, ngx_uint_t where,
    ngx_array_t *statements)
{
    char                           *rv;
    ngx_conf_t                      save;
    ngx_array_t                    *around;
    ngx_http_endpoint_main_conf_t  *emcf;

    emcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_endpoint_module);

    save = *cf;
    around = emcf->statements;

    cf->cmd_type = where;
    emcf->statements = statements;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;
    emcf->statements = around;

    return rv;
}


/* nginx has said that it does not know the word: what it may be meant for */

static void
ngx_http_endpoint_block_hint(ngx_conf_t *cf, ngx_uint_t where)
{
    ngx_str_t                    *word;
    ngx_command_t                *cmd;
    ngx_http_endpoint_nearest_t   nearest;

    if (cf->args->nelts == 0) {
        return;
    }

    word = cf->args->elts;

    if (word->len > 1 && word->data[word->len - 1] == '}') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "a path has \"$%*s\" in place of \"{%V\"",
                           word->len - 1, word->data, word);
        return;
    }

    ngx_http_endpoint_nearest_init(&nearest, word);

    for (cmd = ngx_http_endpoint_module.commands; cmd->name.len; cmd++) {
        if (cmd->type & where) {
            ngx_http_endpoint_nearest_look(&nearest, &cmd->name);
        }
    }

    if (nearest.found.len && nearest.distance) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "did you mean \"%V\" in place of \"%V\"?",
                           &nearest.found, word);
    }
}


char *
ngx_http_endpoint_statement(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_endpoint_main_conf_t  *emcf;
    ngx_http_endpoint_statement_t  *statement;

    emcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_endpoint_module);

    statement = ngx_array_push(emcf->statements);

    if (statement == NULL
        || ngx_http_endpoint_block_statement(cf, statement) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_endpoint_transaction(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_endpoint_block_inner(cf, NGX_HTTP_ENDPOINT_TRANSACTION);
}


char *
ngx_http_endpoint_background(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_endpoint_block_inner(cf, NGX_HTTP_ENDPOINT_DETACHED);
}


static char *
ngx_http_endpoint_block_inner(ngx_conf_t *cf, ngx_uint_t where)
{
    ngx_array_t                    *inner;
    ngx_http_endpoint_main_conf_t  *emcf;
    ngx_http_endpoint_statement_t  *statement;

    emcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_endpoint_module);

    inner = ngx_array_create(cf->pool, 4,
                             sizeof(ngx_http_endpoint_statement_t));
    statement = ngx_array_push(emcf->statements);

    if (inner == NULL || statement == NULL
        || ngx_http_endpoint_block_statement(cf, statement) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    statement->block = inner;
    statement->apart = (where == NGX_HTTP_ENDPOINT_DETACHED);

    return ngx_http_endpoint_block_parse(cf, where, inner);
}


ngx_int_t
ngx_http_endpoint_block_statement(ngx_conf_t *cf,
    ngx_http_endpoint_statement_t *statement)
{
    statement->block = NULL;
    statement->apart = 0;
    ngx_str_null(&statement->content);
    statement->nargs = cf->args->nelts;
    statement->file = cf->conf_file->file.name;
    statement->line = cf->conf_file->line;

    /* the words stay, but nginx uses their array again */

    statement->args = ngx_palloc(cf->pool,
                                 statement->nargs * sizeof(ngx_str_t));
    if (statement->args == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(statement->args, cf->args->elts,
               statement->nargs * sizeof(ngx_str_t));

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_block_check(ngx_conf_t *cf,
    ngx_http_endpoint_block_t *block)
{
    if (block->head.nargs > 3) {
        return ngx_http_endpoint_plan_error(cf, &block->head,
                                            "unexpected \"%V\" behind the path "
                                            "\"%V\": a segment has a type "
                                            "only, \"$id:int\", and is checked "
                                            "by \"require\"",
                                            &block->head.args[3],
                                            &block->head.args[2]);
    }

    if (ngx_http_endpoint_block_method(cf, block) != NGX_OK
        || ngx_http_endpoint_block_prefix(cf, block) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if ((block->location->handler
         && block->location->handler != ngx_http_endpoint_handler)
        || ngx_http_endpoint_block_returns(block))
    {
        return ngx_http_endpoint_plan_error(cf, &block->head,
                                            "endpoint \"%V\" stands beside "
                                            "another content handler of "
                                            "location \"%V\"",
                                            &block->head.args[2],
                                            &block->location->name);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_block_method(ngx_conf_t *cf,
    ngx_http_endpoint_block_t *block)
{
    size_t      i;
    ngx_str_t  *method;

    method = &block->head.args[1];

    for (i = 0; i < method->len; i++) {
        if ((method->data[i] < 'A' || method->data[i] > 'Z')
            && method->data[i] != '-')
        {
            break;
        }
    }

    if (method->len && i == method->len) {
        return NGX_OK;
    }

    return ngx_http_endpoint_plan_error(cf, &block->head,
                                        "invalid method \"%V\", it must be "
                                        "one HTTP method like GET or POST",
                                        method);
}


static ngx_int_t
ngx_http_endpoint_block_prefix(ngx_conf_t *cf,
    ngx_http_endpoint_block_t *block)
{
    ngx_str_t                 *path, *name;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = block->location;
    name = &clcf->name;
    path = &block->head.args[2];

#if (NGX_PCRE)
    if (clcf->regex) {
        return NGX_OK;
    }
#endif

    if (clcf->named
        || (path->len >= name->len
            && ngx_strncmp(path->data, name->data, name->len) == 0
            && (!clcf->exact_match || path->len == name->len)))
    {
        return NGX_OK;
    }

    return ngx_http_endpoint_plan_error(cf, &block->head,
                                        "endpoint \"%V\" is outside its "
                                        "location \"%V\"", path, name);
}


/*
 * Whether the location answers by "return" whatever is asked.  The codes of
 * the rewrite module are private: only the addresses of its functions tell a
 * return from what else it may hold, and an "if" before it makes it
 * conditional.
 */

static ngx_uint_t
ngx_http_endpoint_block_returns(ngx_http_endpoint_block_t *block)
{
    size_t                         i;
    ngx_array_t                  **conf, *codes;
    ngx_http_script_code_pt       *code;
    extern ngx_module_t            ngx_http_rewrite_module;

    conf = block->location->loc_conf[ngx_http_rewrite_module.ctx_index];

    if (conf == NULL || *conf == NULL || *conf == NGX_CONF_UNSET_PTR) {
        return 0;
    }

    codes = *conf;
    code = codes->elts;

    for (i = 0; i < codes->nelts / sizeof(ngx_http_script_code_pt); i++) {
        if (code[i] == ngx_http_script_if_code) {
            return 0;
        }

        if (code[i] == ngx_http_script_return_code) {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_endpoint_block_compile_all(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf)
{
    ngx_uint_t                  i;
    ngx_http_endpoint_block_t  *block;

    block = emcf->blocks.elts;

    for (i = 0; i < emcf->blocks.nelts; i++) {

        /* what stands below the block was not there when it was read */

        if (ngx_http_endpoint_block_check(cf, &block[i]) != NGX_OK
            || ngx_http_endpoint_block_compile(cf, emcf, &block[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (ngx_http_endpoint_block_hidden(cf, &block[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_circle(cf, emcf);
}


static ngx_int_t
ngx_http_endpoint_block_compile(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_block_t *block)
{
    ngx_array_t                   parts;
    ngx_http_endpoint_plan_t     *other;
    ngx_http_endpoint_compile_t   c;

    if (ngx_array_init(&parts, cf->temp_pool, 4,
                       sizeof(ngx_http_endpoint_route_part_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&c, sizeof(ngx_http_endpoint_compile_t));

    c.cf = cf;
    c.kinds = emcf->kinds;
    c.place = &ngx_http_endpoint_block_place;
    c.statement = &block->head;
    c.pools = &emcf->pools;
    c.timeout = block->conf->timeout;
    c.bigint_string = block->conf->bigint;
    c.limits = &block->conf->limits;
    c.block = block;

    block->plan = ngx_http_endpoint_plan_compile(&c, &block->statements,
                                                 &parts);
    if (block->plan == NULL) {
        return NGX_ERROR;
    }

    ngx_http_endpoint_identity(cf, block);

    if (ngx_http_endpoint_identity_own(cf, block->plan) != NGX_OK) {
        return NGX_ERROR;
    }

    other = ngx_http_endpoint_route_add(block->conf->routes,
                                        &block->head.args[1], &parts,
                                        block->plan);
    if (other == NULL) {
        return NGX_ERROR;
    }

    if (other == block->plan) {
        return NGX_OK;
    }

    return ngx_http_endpoint_plan_error(cf, &block->head,
                                        "endpoint \"%V %V\" has the method "
                                        "and shape of the one at %V:%ui",
                                        &block->head.args[1],
                                        &block->head.args[2],
                                        &other->statement->file,
                                        other->statement->line);
}


static ngx_int_t
ngx_http_endpoint_block_hidden(ngx_conf_t *cf,
    ngx_http_endpoint_block_t *block)
{
    u_char                    *end;
    ngx_str_t                 *path;
    ngx_http_core_loc_conf_t  *clcf, *found;

    /* a named location is not chosen by the URI, a regex one mostly first */

    if (block->location->named || block->location->regex) {
        return NGX_OK;
    }

    path = &block->head.args[2];

    /* up to its first name the path is known */

    end = ngx_strlchr(path->data, path->data + path->len, '$');

    if (end == NULL) {
        end = path->data + path->len;
    }

    clcf = block->server->ctx->loc_conf[ngx_http_core_module.ctx_index];

    found = ngx_http_endpoint_block_location(clcf->static_locations,
                                             path->data, end - path->data);

    if (found == NULL || found == block->location
        || found->name.len <= block->location->name.len)
    {
        return NGX_OK;
    }

    if (found->name.len == path->len + 1) {
        return ngx_http_endpoint_plan_error(cf, &block->head,
                                            "endpoint \"%V\" is never asked: "
                                            "nginx redirects it to location "
                                            "\"%V\", add \"location = %V\" "
                                            "for it", path, &found->name,
                                            path);
    }

    ngx_http_endpoint_plan_warn(cf, &block->head,
                                "endpoint \"%V\" is hidden by location "
                                "\"%V\"", path, &found->name);

    return NGX_OK;
}


/* the longest prefix location, as ngx_http_core_find_static_location() */

ngx_http_core_loc_conf_t *
ngx_http_endpoint_block_location(ngx_http_location_tree_node_t *node,
    u_char *uri, size_t len)
{
    size_t                     n;
    ngx_int_t                  rc;
    ngx_http_core_loc_conf_t  *found;

    found = NULL;

    while (node) {
        n = ngx_min(len, node->len);
        rc = ngx_filename_cmp(uri, node->name, n);

        if (rc != 0) {
            node = (rc < 0) ? node->left : node->right;
            continue;
        }

        if (len > node->len) {

            if (node->inclusive) {
                found = node->inclusive;
                node = node->tree;
                uri += n;
                len -= n;
                continue;
            }

            node = node->right;
            continue;
        }

        if (len == node->len) {
            return node->exact ? node->exact : node->inclusive;
        }

        /* "/a" is redirected to the "/a/" of proxy_pass */

        if (len + 1 == node->len && node->auto_redirect) {
            found = node->exact ? node->exact : node->inclusive;
        }

        node = node->left;
    }

    return found;
}
