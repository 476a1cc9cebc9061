
#include "ngx_http_endpoint_statement.h"


ngx_int_t
ngx_http_endpoint_plan_error(ngx_conf_t *cf,
    ngx_http_endpoint_statement_t *statement, const char *fmt, ...)
{
    u_char           *last, buf[NGX_MAX_ERROR_STR];
    va_list           args;
    ngx_str_t         text;
    ngx_conf_file_t   file, *saved;

    va_start(args, fmt);
    last = ngx_vslprintf(buf, buf + NGX_MAX_ERROR_STR, fmt, args);
    va_end(args);

    text.data = buf;
    text.len = last - buf;

    /* the file was read long ago: lend its name and the statement's line */

    ngx_memzero(&file, sizeof(ngx_conf_file_t));

    file.file.name = statement->file;
    file.line = statement->line;

    saved = cf->conf_file;
    cf->conf_file = &file;

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V", &text);

    cf->conf_file = saved;

    return NGX_ERROR;
}
