
#include "ngx_http_endpoint_pg_row.h"
#include "ngx_http_endpoint_pg_value.h"


typedef struct {
    u_char                             *key;    /* {"name": or ,"name": */
    size_t                              len;
    ngx_http_endpoint_pg_value_kind_e   kind;
    ngx_uint_t                          array;  /* unsigned array:1 */
} ngx_http_endpoint_pg_row_column_t;


typedef struct {
    PGresult                           *result;
    ngx_http_endpoint_pg_value_buf_t   *buf;
    ngx_uint_t                          flags;
    ngx_http_endpoint_pg_row_column_t  *columns;
    int                                 ncolumns;
} ngx_http_endpoint_pg_row_t;


static ngx_int_t ngx_http_endpoint_pg_row_columns(
    ngx_http_endpoint_pg_row_t *row);
static ngx_int_t ngx_http_endpoint_pg_row_list(
    ngx_http_endpoint_pg_row_t *row);
static ngx_int_t ngx_http_endpoint_pg_row_object(
    ngx_http_endpoint_pg_row_t *row, int n);
static ngx_int_t ngx_http_endpoint_pg_row_cell(
    ngx_http_endpoint_pg_row_t *row, int n, int i);


/*
 * One result at a time is written, so that one set of them serves a worker:
 * its size is known only when it is written, and a copy of what is there then
 * costs less than the lengths of all values in advance.
 */

static ngx_http_endpoint_pg_value_buf_t  ngx_http_endpoint_pg_row_out;
static ngx_http_endpoint_pg_value_buf_t  ngx_http_endpoint_pg_row_head;


ngx_int_t
ngx_http_endpoint_pg_row_json(PGresult *result, ngx_uint_t flags,
    ngx_pool_t *pool, ngx_str_t *json)
{
    ngx_int_t                          rc;
    ngx_http_endpoint_pg_row_t         row;
    ngx_http_endpoint_pg_value_buf_t  *b;

    b = &ngx_http_endpoint_pg_row_out;
    b->pos = b->start;

    row.result = result;
    row.buf = b;
    row.flags = flags;

    rc = ngx_http_endpoint_pg_row_columns(&row);

    if (rc == NGX_OK) {
        rc = ngx_http_endpoint_pg_row_list(&row);
    }

    if (rc == NGX_OK) {
        json->len = b->pos - b->start;
        json->data = ngx_pnalloc(pool, json->len);

        if (json->data) {
            ngx_memcpy(json->data, b->start, json->len);

        } else {
            rc = NGX_ERROR;
        }
    }

    ngx_http_endpoint_pg_value_keep(b);
    ngx_http_endpoint_pg_value_keep(&ngx_http_endpoint_pg_row_head);

    return rc;
}


static ngx_int_t
ngx_http_endpoint_pg_row_columns(ngx_http_endpoint_pg_row_t *row)
{
    int                                 i;
    u_char                             *p, *name;
    size_t                              size;
    ngx_http_endpoint_pg_value_buf_t   *b;
    ngx_http_endpoint_pg_row_column_t  *column;

    row->ncolumns = PQnfields(row->result);

    b = &ngx_http_endpoint_pg_row_head;
    b->pos = b->start;

    size = row->ncolumns * sizeof(ngx_http_endpoint_pg_row_column_t);

    for (i = 0; i < row->ncolumns; i++) {
        size += 6 * ngx_strlen(PQfname(row->result, i))
                + NGX_HTTP_ENDPOINT_PG_VALUE_SLACK;
    }

    if (ngx_http_endpoint_pg_value_reserve(b, size) != NGX_OK) {
        return NGX_ERROR;
    }

    row->columns = (ngx_http_endpoint_pg_row_column_t *) b->start;
    p = (u_char *) (row->columns + row->ncolumns);

    for (i = 0; i < row->ncolumns; i++) {
        column = &row->columns[i];
        column->key = p;

        name = (u_char *) PQfname(row->result, i);

        *p++ = i ? ',' : '{';
        *p++ = '"';
        p = ngx_http_endpoint_pg_value_escape(p, name, ngx_strlen(name));
        *p++ = '"';
        *p++ = ':';

        column->len = p - column->key;

        column->kind = ngx_http_endpoint_pg_value_kind(
                                PQftype(row->result, i),
                                row->flags & NGX_HTTP_ENDPOINT_PG_ROW_BIGINT,
                                &column->array);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_pg_row_list(ngx_http_endpoint_pg_row_t *row)
{
    int                                i, n;
    ngx_http_endpoint_pg_value_buf_t  *b;

    b = row->buf;
    n = PQntuples(row->result);

    if (ngx_http_endpoint_pg_value_reserve(b, NGX_HTTP_ENDPOINT_PG_VALUE_SLACK)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (row->flags & NGX_HTTP_ENDPOINT_PG_ROW_FIRST) {

        if (n) {
            return ngx_http_endpoint_pg_row_object(row, 0);
        }

        ngx_http_endpoint_pg_value_put(b, "null");
        return NGX_OK;
    }

    *b->pos++ = '[';

    for (i = 0; i < n; i++) {

        if (ngx_http_endpoint_pg_row_object(row, i) != NGX_OK) {
            return NGX_ERROR;
        }

        *b->pos++ = ',';
    }

    /* over the last comma */

    if (n) {
        b->pos--;
    }

    *b->pos++ = ']';

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_pg_row_object(ngx_http_endpoint_pg_row_t *row, int n)
{
    int                                i;
    ngx_http_endpoint_pg_value_buf_t  *b;

    b = row->buf;

    for (i = 0; i < row->ncolumns; i++) {
        if (ngx_http_endpoint_pg_row_cell(row, n, i) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (row->ncolumns == 0) {
        if (ngx_http_endpoint_pg_value_reserve(b,
                                            NGX_HTTP_ENDPOINT_PG_VALUE_SLACK)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        *b->pos++ = '{';
    }

    *b->pos++ = '}';

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_pg_row_cell(ngx_http_endpoint_pg_row_t *row, int n, int i)
{
    u_char                             *v, *p, *key;
    size_t                              len;
    ngx_uint_t                          k;
    ngx_http_endpoint_pg_value_buf_t   *b;
    ngx_http_endpoint_pg_row_column_t  *column;

    b = row->buf;
    column = &row->columns[i];

    len = PQgetlength(row->result, n, i);

    if (ngx_http_endpoint_pg_value_reserve(b, column->len + len
                                           + NGX_HTTP_ENDPOINT_PG_VALUE_SLACK)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* words, of which the last may be too long: there is slack behind both */

    p = b->pos;
    key = column->key;

    for (k = 0; k < column->len; k += 8) {
        ngx_memcpy(p + k, key + k, 8);
    }

    b->pos += column->len;

    if (len == 0 && PQgetisnull(row->result, n, i)) {
        ngx_http_endpoint_pg_value_put(b, "null");
        return NGX_OK;
    }

    v = (u_char *) PQgetvalue(row->result, n, i);

    if (column->array) {
        return ngx_http_endpoint_pg_value_array(b, column->kind, v, len);
    }

    return ngx_http_endpoint_pg_value(b, column->kind, v, len);
}
