
#include "ngx_http_endpoint_pg_call.h"


#define NGX_HTTP_ENDPOINT_PG_CALL_POOL     1024
#define NGX_HTTP_ENDPOINT_PG_CALL_TEXT     128

/* milliseconds that such a statement may take */
#define NGX_HTTP_ENDPOINT_PG_CALL_TIMEOUT  10000


ngx_http_endpoint_pg_statement_t *
ngx_http_endpoint_pg_call_statement(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool, ngx_http_endpoint_pg_call_sql_t *sql,
    ngx_str_t *name, ngx_str_t *file, ngx_uint_t line)
{
    ngx_str_t                *ref;
    ngx_uint_t                i;
    ngx_http_endpoint_sql_t   scanned;

    ngx_memzero(&scanned, sizeof(ngx_http_endpoint_sql_t));

    scanned.kind = ngx_http_endpoint_sql_act;
    scanned.text.data = (u_char *) sql->text;
    scanned.text.len = ngx_strlen(sql->text);

    if (ngx_array_init(&scanned.refs, cf->pool, sql->nparams,
                       sizeof(ngx_str_t))
        != NGX_OK)
    {
        return NULL;
    }

    for (i = 0; i < sql->nparams; i++) {
        ref = ngx_array_push(&scanned.refs);
        *ref = *name;
    }

    return ngx_http_endpoint_pg_statement(cf, pool, &scanned, file, line,
                                          sql->flags
                                          | NGX_HTTP_ENDPOINT_PG_RAW,
                                          NGX_HTTP_ENDPOINT_PG_CALL_TIMEOUT);
}


ngx_http_endpoint_pg_call_t *
ngx_http_endpoint_pg_call(ngx_http_endpoint_pg_statement_t *statement,
    void *owner, void *data)
{
    ngx_pool_t                   *pool;
    ngx_http_endpoint_pg_call_t  *call;

    pool = ngx_create_pool(NGX_HTTP_ENDPOINT_PG_CALL_POOL, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    call = ngx_pcalloc(pool, sizeof(ngx_http_endpoint_pg_call_t));
    if (call == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    call->statement = statement;
    call->pool = pool;
    call->owner = owner;
    call->data = data;

    return call;
}


void
ngx_http_endpoint_pg_call_param(ngx_http_endpoint_pg_call_t *call,
    ngx_str_t *text)
{
    ngx_uint_t  n;

    n = call->nparams++;

    if (text->data) {
        call->params[n] = *text;
        ngx_http_endpoint_value_text(&call->values[n], text->data, text->len);
    }
}


void
ngx_http_endpoint_pg_call_print(ngx_http_endpoint_pg_call_t *call,
    const char *fmt, ...)
{
    u_char     buf[NGX_HTTP_ENDPOINT_PG_CALL_TEXT];
    va_list    args;
    ngx_str_t  text;

    va_start(args, fmt);
    text.len = ngx_vslprintf(buf, buf + sizeof(buf), fmt, args) - buf;
    va_end(args);

    text.data = ngx_pnalloc(call->pool, ngx_max(text.len, 1));

    if (text.data) {
        ngx_memcpy(text.data, buf, text.len);
    }

    ngx_http_endpoint_pg_call_param(call, &text);
}


ngx_int_t
ngx_http_endpoint_pg_call_start(ngx_http_endpoint_pg_call_t *call,
    ngx_http_endpoint_pg_handler_pt handler)
{
    ngx_http_endpoint_pg_request_t  request;

    request.statement = call->statement;
    request.params = call->params;
    request.values = call->values;
    request.timeout = call->statement->timeout;
    request.limit = 0;
    request.transaction = NULL;
    request.pool = call->pool;
    request.handler = handler;
    request.data = call;

    call->query = ngx_http_endpoint_pg_submit(&request);

    if (call->query) {
        return NGX_OK;
    }

    ngx_destroy_pool(call->pool);

    return NGX_ERROR;
}


void
ngx_http_endpoint_pg_call_end(ngx_http_endpoint_pg_call_t *call)
{
    ngx_destroy_pool(call->pool);
}


void
ngx_http_endpoint_pg_call_failed(ngx_http_endpoint_pg_result_t *result,
    const char *what, ngx_str_t *name)
{
    ngx_uint_t  level;

    level = (result->cause == ngx_http_endpoint_pg_unavailable
             || result->cause == ngx_http_endpoint_pg_lost
             || result->cause == ngx_http_endpoint_pg_shutdown)
            ? NGX_LOG_INFO : NGX_LOG_ERR;

    ngx_log_error(level, ngx_cycle->log, 0, "%s \"%V\": SQLSTATE %V: %V",
                  what, name, &result->sqlstate, &result->message);
}
