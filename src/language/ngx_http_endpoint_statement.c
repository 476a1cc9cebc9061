
#include "ngx_http_endpoint_statement.h"


static void ngx_http_endpoint_plan_log(ngx_uint_t level, ngx_conf_t *cf,
    ngx_http_endpoint_statement_t *statement, const char *fmt, va_list args);


ngx_int_t
ngx_http_endpoint_plan_error(ngx_conf_t *cf,
    ngx_http_endpoint_statement_t *statement, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    ngx_http_endpoint_plan_log(NGX_LOG_EMERG, cf, statement, fmt, args);
    va_end(args);

    return NGX_ERROR;
}


void
ngx_http_endpoint_plan_warn(ngx_conf_t *cf,
    ngx_http_endpoint_statement_t *statement, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    ngx_http_endpoint_plan_log(NGX_LOG_WARN, cf, statement, fmt, args);
    va_end(args);
}


static void
ngx_http_endpoint_plan_log(ngx_uint_t level, ngx_conf_t *cf,
    ngx_http_endpoint_statement_t *statement, const char *fmt, va_list args)
{
    u_char           *last, buf[NGX_MAX_ERROR_STR];
    ngx_str_t         text;
    ngx_conf_file_t   file, *saved;

    last = ngx_vslprintf(buf, buf + NGX_MAX_ERROR_STR, fmt, args);

    text.data = buf;
    text.len = last - buf;

    /* the file was read long ago: lend its name and the statement's line */

    ngx_memzero(&file, sizeof(ngx_conf_file_t));

    file.file.name = statement->file;
    file.line = statement->line;

    saved = cf->conf_file;
    cf->conf_file = &file;

    ngx_conf_log_error(level, cf, 0, "%V", &text);

    cf->conf_file = saved;
}
