
#include "ngx_http_endpoint_escape.h"
#include "ngx_http_endpoint_pg_row.h"
#include "ngx_http_endpoint_pg_value.h"


/* what a worker writes in one go, about a millisecond's work */
#define NGX_HTTP_ENDPOINT_PG_ROW_PIECE  (256 * 1024)


typedef struct ngx_http_endpoint_pg_row_column_s {
    Oid                                 type;
    u_char                             *name;
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


static ngx_uint_t ngx_http_endpoint_pg_row_known(
    ngx_http_endpoint_pg_row_head_t *head, PGresult *result);
static ngx_int_t ngx_http_endpoint_pg_row_columns(
    ngx_http_endpoint_pg_row_head_t *head, PGresult *result,
    ngx_uint_t flags);
static ngx_int_t ngx_http_endpoint_pg_row_list(
    ngx_http_endpoint_pg_row_t *row, int *next);
static ngx_int_t ngx_http_endpoint_pg_row_keep(
    ngx_http_endpoint_pg_value_buf_t *b, ngx_pool_t *pool,
    ngx_http_endpoint_pg_row_text_t *text, ngx_uint_t last);
static ngx_int_t ngx_http_endpoint_pg_row_object(
    ngx_http_endpoint_pg_row_t *row, int n);
static ngx_int_t ngx_http_endpoint_pg_row_cell(
    ngx_http_endpoint_pg_value_buf_t *b,
    ngx_http_endpoint_pg_row_column_t *column, PGresult *result, int n,
    int i);


/*
 * One result at a time is written, so that one set of them serves a worker:
 * its size is known only when it is written, and a copy of what is there then
 * costs less than the lengths of all values in advance.
 */

static ngx_http_endpoint_pg_value_buf_t  ngx_http_endpoint_pg_row_out;


ngx_int_t
ngx_http_endpoint_pg_row_json(PGresult *result,
    ngx_http_endpoint_pg_row_head_t *head, ngx_uint_t flags, ngx_pool_t *pool,
    ngx_http_endpoint_pg_row_text_t *text)
{
    ngx_int_t                          rc;
    ngx_http_endpoint_pg_row_t         row;
    ngx_http_endpoint_pg_value_buf_t  *b;

    if (!ngx_http_endpoint_pg_row_known(head, result)
        && ngx_http_endpoint_pg_row_columns(head, result, flags) != NGX_OK)
    {
        return NGX_ERROR;
    }

    b = &ngx_http_endpoint_pg_row_out;
    b->pos = b->start;

    row.result = result;
    row.buf = b;
    row.flags = flags;
    row.columns = head->columns;
    row.ncolumns = head->ncolumns;

    rc = ngx_http_endpoint_pg_row_list(&row, &text->next);

    if (rc != NGX_ERROR
        && ngx_http_endpoint_pg_row_keep(b, pool, text, rc == NGX_OK) != NGX_OK)
    {
        rc = NGX_ERROR;
    }

    ngx_http_endpoint_pg_value_keep(b);

    return rc;
}


static ngx_int_t
ngx_http_endpoint_pg_row_keep(ngx_http_endpoint_pg_value_buf_t *b,
    ngx_pool_t *pool, ngx_http_endpoint_pg_row_text_t *text, ngx_uint_t last)
{
    size_t        len;
    u_char       *data;
    ngx_buf_t    *buf;
    ngx_chain_t  *cl;

    len = b->pos - b->start;

    data = ngx_pnalloc(pool, len);
    if (data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(data, b->start, len);

    text->json.len += len;

    if (last && text->chain == NULL) {
        text->json.data = data;
        return NGX_OK;
    }

    cl = ngx_alloc_chain_link(pool);
    buf = ngx_calloc_buf(pool);

    if (cl == NULL || buf == NULL) {
        return NGX_ERROR;
    }

    buf->pos = data;
    buf->last = data + len;
    buf->memory = 1;

    cl->buf = buf;
    cl->next = NULL;

    if (text->chain) {
        *text->last = cl;

    } else {
        text->chain = cl;
    }

    text->last = &cl->next;

    return NGX_OK;
}


/* a server, or a pooler, may give a statement other columns than before */

static ngx_uint_t
ngx_http_endpoint_pg_row_known(ngx_http_endpoint_pg_row_head_t *head,
    PGresult *result)
{
    int                                 i;
    ngx_http_endpoint_pg_row_column_t  *column;

    if (head->ncolumns != PQnfields(result)) {
        return 0;
    }

    column = head->columns;

    for (i = 0; i < head->ncolumns; i++) {
        if (column[i].type != PQftype(result, i)
            || ngx_strcmp(column[i].name, PQfname(result, i)) != 0)
        {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_http_endpoint_pg_row_columns(ngx_http_endpoint_pg_row_head_t *head,
    PGresult *result, ngx_uint_t flags)
{
    int                                 i, n;
    u_char                             *p;
    size_t                              len, size;
    ngx_http_endpoint_pg_row_column_t  *column;

    ngx_http_endpoint_pg_row_free(head);

    n = PQnfields(result);
    size = n * sizeof(ngx_http_endpoint_pg_row_column_t)
           + NGX_HTTP_ENDPOINT_PG_VALUE_SLACK;

    for (i = 0; i < n; i++) {
        size += 7 * ngx_strlen(PQfname(result, i)) + sizeof("{\"\":");
    }

    column = ngx_alloc(size, ngx_cycle->log);
    if (column == NULL) {
        return NGX_ERROR;
    }

    head->columns = column;
    head->ncolumns = n;

    p = (u_char *) (column + n);

    for (i = 0; i < n; i++, column++) {
        len = ngx_strlen(PQfname(result, i));

        column->name = p;
        p = ngx_cpymem(p, PQfname(result, i), len + 1);

        column->key = p;

        *p++ = i ? ',' : '{';
        *p++ = '"';
        p = ngx_http_endpoint_escape(p, column->name, len);
        *p++ = '"';
        *p++ = ':';

        column->len = p - column->key;

        column->type = PQftype(result, i);
        column->kind = ngx_http_endpoint_pg_value_kind(column->type,
                                      flags & NGX_HTTP_ENDPOINT_PG_ROW_BIGINT,
                                      &column->array);
    }

    return NGX_OK;
}


/* NGX_AGAIN: a piece, from row *next on */

static ngx_int_t
ngx_http_endpoint_pg_row_list(ngx_http_endpoint_pg_row_t *row, int *next)
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

    if (*next == 0) {
        *b->pos++ = '[';
    }

    for (i = *next; i < n; i++) {

        if (b->pos - b->start >= NGX_HTTP_ENDPOINT_PG_ROW_PIECE) {
            *next = i;
            return NGX_AGAIN;
        }

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
    int                                 i, ncolumns;
    PGresult                           *result;
    ngx_http_endpoint_pg_value_buf_t   *b;
    ngx_http_endpoint_pg_row_column_t  *column;

    b = row->buf;
    result = row->result;
    column = row->columns;
    ncolumns = row->ncolumns;

    for (i = 0; i < ncolumns; i++) {
        if (ngx_http_endpoint_pg_row_cell(b, &column[i], result, n, i)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ncolumns == 0) {
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
ngx_http_endpoint_pg_row_cell(ngx_http_endpoint_pg_value_buf_t *b,
    ngx_http_endpoint_pg_row_column_t *column, PGresult *result, int n, int i)
{
    u_char  *v, *p, *key;
    size_t   k, len, klen;

    klen = column->len;
    len = PQgetlength(result, n, i);

    if (ngx_http_endpoint_pg_value_reserve(b, klen + len
                                           + NGX_HTTP_ENDPOINT_PG_VALUE_SLACK)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* words, of which the last may be too long: there is slack behind both */

    p = b->pos;
    key = column->key;

    for (k = 0; k < klen; k += 8) {
        ngx_memcpy(p + k, key + k, 8);
    }

    b->pos = p + klen;

    if (len == 0 && PQgetisnull(result, n, i)) {
        ngx_http_endpoint_pg_value_put(b, "null");
        return NGX_OK;
    }

    v = (u_char *) PQgetvalue(result, n, i);

    if (column->array) {
        return ngx_http_endpoint_pg_value_array(b, column->kind, v, len);
    }

    return ngx_http_endpoint_pg_value(b, column->kind, v, len);
}


void
ngx_http_endpoint_pg_row_free(ngx_http_endpoint_pg_row_head_t *head)
{
    if (head->columns) {
        ngx_free(head->columns);
    }

    ngx_memzero(head, sizeof(ngx_http_endpoint_pg_row_head_t));
}
