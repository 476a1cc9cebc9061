
#include "ngx_http_endpoint_file.h"
#include "ngx_http_endpoint_compile.h"


static ngx_int_t ngx_http_endpoint_file_content(
    ngx_http_endpoint_compile_t *c, ngx_file_t *file, ngx_str_t *text);


ngx_int_t
ngx_http_endpoint_file_read(ngx_http_endpoint_compile_t *c, ngx_str_t *name,
    ngx_str_t *text)
{
    ngx_int_t   rc;
    ngx_file_t  file;

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *name;
    file.log = c->cf->log;

    if (ngx_conf_full_name(c->cf->cycle, &file.name, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    file.fd = ngx_open_file(file.name.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "cannot open the file \"%V\"",
                                            &file.name);
    }

    rc = ngx_http_endpoint_file_content(c, &file, text);

    if (rc == NGX_OK) {
        c->statement->content = *text;
    }

    (void) ngx_close_file(file.fd);

    return rc;
}


static ngx_int_t
ngx_http_endpoint_file_content(ngx_http_endpoint_compile_t *c,
    ngx_file_t *file, ngx_str_t *text)
{
    if (ngx_fd_info(file->fd, &file->info) == NGX_FILE_ERROR
        || !ngx_is_file(&file->info))
    {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"%V\" is not a file",
                                            &file->name);
    }

    text->len = ngx_file_size(&file->info);

    text->data = ngx_pnalloc(c->cf->pool, text->len + 1);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    if (ngx_read_file(file, text->data, text->len, 0) != (ssize_t) text->len) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "cannot read the file \"%V\"",
                                            &file->name);
    }

    text->data[text->len] = '\0';

    return NGX_OK;
}
