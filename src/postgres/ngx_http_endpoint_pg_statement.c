
#include "ngx_http_endpoint_pg_check.h"
#include <ngx_md5.h>


static ngx_int_t ngx_http_endpoint_pg_statement_name(ngx_conf_t *cf,
    ngx_http_endpoint_pg_statement_t *statement);
static ngx_int_t ngx_http_endpoint_pg_statement_legend(ngx_conf_t *cf,
    ngx_http_endpoint_pg_statement_t *statement, ngx_http_endpoint_sql_t *sql);


ngx_http_endpoint_pg_statement_t *
ngx_http_endpoint_pg_statement(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool, ngx_http_endpoint_sql_t *sql,
    ngx_str_t *file, ngx_uint_t line, ngx_uint_t flags, ngx_msec_t timeout)
{
    ngx_http_endpoint_pg_statement_t  *statement, **statements;

    statement = ngx_pcalloc(cf->pool,
                            sizeof(ngx_http_endpoint_pg_statement_t));
    if (statement == NULL) {
        return NULL;
    }

    statement->pool = pool;
    statement->kind = sql->kind;
    statement->text = sql->text;
    statement->nparams = sql->refs.nelts;
    statement->flags = flags;
    statement->file = *file;
    statement->line = line;
    statement->timeout = timeout;

    if (!(flags & NGX_HTTP_ENDPOINT_PG_ISOLATED)) {
        pool->timeout = ngx_max(pool->timeout, timeout);
    }

    if (ngx_http_endpoint_pg_statement_name(cf, statement) != NGX_OK
        || ngx_http_endpoint_pg_statement_legend(cf, statement, sql) != NGX_OK)
    {
        return NULL;
    }

    statements = ngx_array_push(&pool->statements);
    if (statements == NULL) {
        return NULL;
    }

    *statements = statement;

    return statement;
}


static ngx_int_t
ngx_http_endpoint_pg_statement_name(ngx_conf_t *cf,
    ngx_http_endpoint_pg_statement_t *statement)
{
    u_char                             *p, hash[16];
    ngx_md5_t                           md5;
    ngx_uint_t                          i;
    ngx_http_endpoint_pg_statement_t  **known;

    /* the same text is prepared once */

    known = statement->pool->statements.elts;

    for (i = 0; i < statement->pool->statements.nelts; i++) {
        if (known[i]->text.len == statement->text.len
            && ngx_memcmp(known[i]->text.data, statement->text.data,
                          statement->text.len) == 0)
        {
            statement->name = known[i]->name;
            statement->slot = known[i]->slot;
            statement->check = known[i]->check;
            return NGX_OK;
        }
    }

    statement->slot = statement->pool->options.nslots++;

    statement->check = ngx_pcalloc(cf->pool,
                                   sizeof(ngx_http_endpoint_pg_check_t));
    if (statement->check == NULL) {
        return NGX_ERROR;
    }

    statement->check->statement = statement;

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, statement->text.data, statement->text.len);
    ngx_md5_final(hash, &md5);

    p = ngx_pnalloc(cf->pool, NGX_HTTP_ENDPOINT_PG_NAME_LEN + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    statement->name = (char *) p;

    *p++ = 'e';
    p = ngx_hex_dump(p, hash, (NGX_HTTP_ENDPOINT_PG_NAME_LEN - 1) / 2);
    *p = '\0';

    return NGX_OK;
}


/* what $1 is called, for a message of the server's that says no more */

static ngx_int_t
ngx_http_endpoint_pg_statement_legend(ngx_conf_t *cf,
    ngx_http_endpoint_pg_statement_t *statement, ngx_http_endpoint_sql_t *sql)
{
    u_char      *p;
    size_t       len;
    ngx_str_t   *ref;
    ngx_uint_t   i;

    ref = sql->refs.elts;
    len = 0;

    for (i = 0; i < sql->refs.nelts; i++) {
        len += sizeof(", $ is $") + NGX_INT_T_LEN + ref[i].len;
    }

    p = ngx_pnalloc(cf->pool, ngx_max(len, 1));
    if (p == NULL) {
        return NGX_ERROR;
    }

    statement->legend.data = p;

    for (i = 0; i < sql->refs.nelts; i++) {
        p = ngx_sprintf(p, ", $%ui is $%V", i + 1, &ref[i]);
    }

    statement->legend.len = p - statement->legend.data;

    return NGX_OK;
}
