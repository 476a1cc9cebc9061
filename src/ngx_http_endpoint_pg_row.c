
#include "ngx_http_endpoint_pg_row.h"


/* the scratch memory that a worker keeps for the next result */
#define NGX_HTTP_ENDPOINT_PG_ROW_KEEP   (256 * 1024)

/* strings are escaped in pieces, so that long ones reserve no six-fold room */
#define NGX_HTTP_ENDPOINT_PG_ROW_PIECE  1024

/* what an escape, quotes, a separator and a rounded copy take beside text */
#define NGX_HTTP_ENDPOINT_PG_ROW_SLACK  32


typedef enum {
    ngx_http_endpoint_pg_row_string = 0,
    ngx_http_endpoint_pg_row_number,
    ngx_http_endpoint_pg_row_bigint,
    ngx_http_endpoint_pg_row_float,
    ngx_http_endpoint_pg_row_bool,
    ngx_http_endpoint_pg_row_raw,
    ngx_http_endpoint_pg_row_time,
    ngx_http_endpoint_pg_row_bytea
} ngx_http_endpoint_pg_row_kind_e;


typedef struct {
    ngx_uint_t                        oid;
    ngx_uint_t                        array;    /* oid of its array type */
    ngx_http_endpoint_pg_row_kind_e   kind;
} ngx_http_endpoint_pg_row_type_t;


typedef struct {
    u_char                           *key;      /* {"name": or ,"name": */
    size_t                            len;
    ngx_http_endpoint_pg_row_kind_e   kind;
    ngx_uint_t                        array;    /* unsigned array:1 */
} ngx_http_endpoint_pg_row_column_t;


typedef struct {
    u_char                           *start;
    u_char                           *pos;
    u_char                           *end;
} ngx_http_endpoint_pg_row_buf_t;


typedef struct {
    PGresult                           *result;
    ngx_uint_t                          flags;
    ngx_http_endpoint_pg_row_column_t  *columns;
    int                                 ncolumns;
} ngx_http_endpoint_pg_row_t;


static ngx_int_t ngx_http_endpoint_pg_row_columns(
    ngx_http_endpoint_pg_row_t *row);
static void ngx_http_endpoint_pg_row_kind(
    ngx_http_endpoint_pg_row_column_t *column, ngx_uint_t oid,
    ngx_uint_t flags);
static ngx_int_t ngx_http_endpoint_pg_row_list(
    ngx_http_endpoint_pg_row_t *row);
static ngx_int_t ngx_http_endpoint_pg_row_object(
    ngx_http_endpoint_pg_row_t *row, int n);
static ngx_int_t ngx_http_endpoint_pg_row_value(
    ngx_http_endpoint_pg_row_kind_e kind, u_char *v, size_t len);
static ngx_int_t ngx_http_endpoint_pg_row_text(u_char *v, size_t len);
static u_char *ngx_http_endpoint_pg_row_escape(u_char *p, u_char *v,
    size_t len);
static u_char *ngx_http_endpoint_pg_row_escape_char(u_char *p, u_char ch);
static u_char *ngx_http_endpoint_pg_row_iso(u_char *p, u_char *v, size_t len);
static ngx_int_t ngx_http_endpoint_pg_row_base64(u_char *v, size_t len);
static ngx_int_t ngx_http_endpoint_pg_row_array(
    ngx_http_endpoint_pg_row_kind_e kind, u_char *v, size_t len);
static u_char *ngx_http_endpoint_pg_row_element(
    ngx_http_endpoint_pg_row_kind_e kind, u_char *v, u_char *last);
static u_char *ngx_http_endpoint_pg_row_quoted(
    ngx_http_endpoint_pg_row_kind_e kind, u_char *v, u_char *last);
static ngx_int_t ngx_http_endpoint_pg_row_grow(
    ngx_http_endpoint_pg_row_buf_t *b, size_t len);
static void ngx_http_endpoint_pg_row_keep(ngx_http_endpoint_pg_row_buf_t *b);


#define ngx_http_endpoint_pg_row_reserve(b, len)                              \
    (((size_t) ((b)->end - (b)->pos) >= (size_t) (len))                       \
     ? NGX_OK : ngx_http_endpoint_pg_row_grow(b, len))

#define ngx_http_endpoint_pg_row_put(b, text)                                 \
    (b)->pos = ngx_cpymem((b)->pos, text, sizeof(text) - 1)


/* the server's built-in types, whose numbers never change */

static ngx_http_endpoint_pg_row_type_t  ngx_http_endpoint_pg_row_types[] = {
    {   23, 1007, ngx_http_endpoint_pg_row_number },    /* int4 */
    {   25, 1009, ngx_http_endpoint_pg_row_string },    /* text */
    { 1043, 1015, ngx_http_endpoint_pg_row_string },    /* varchar */
    {   20, 1016, ngx_http_endpoint_pg_row_bigint },    /* int8 */
    {   16, 1000, ngx_http_endpoint_pg_row_bool },
    { 1184, 1185, ngx_http_endpoint_pg_row_time },      /* timestamptz */
    { 1114, 1115, ngx_http_endpoint_pg_row_time },      /* timestamp */
    { 3802, 3807, ngx_http_endpoint_pg_row_raw },       /* jsonb */
    {  114,  199, ngx_http_endpoint_pg_row_raw },       /* json */
    { 1700, 1231, ngx_http_endpoint_pg_row_float },     /* numeric */
    {  701, 1022, ngx_http_endpoint_pg_row_float },     /* float8 */
    {  700, 1021, ngx_http_endpoint_pg_row_float },     /* float4 */
    {   21, 1005, ngx_http_endpoint_pg_row_number },    /* int2 */
    { 2950, 2951, ngx_http_endpoint_pg_row_string },    /* uuid */
    { 1082, 1182, ngx_http_endpoint_pg_row_string },    /* date */
    { 1083, 1183, ngx_http_endpoint_pg_row_string },    /* time */
    { 1266, 1270, ngx_http_endpoint_pg_row_time },      /* timetz */
    {   17, 1001, ngx_http_endpoint_pg_row_bytea },
    { 1042, 1014, ngx_http_endpoint_pg_row_string },    /* char(n) */
    {   18, 1002, ngx_http_endpoint_pg_row_string },    /* "char" */
    {   19, 1003, ngx_http_endpoint_pg_row_string },    /* name */
    { 1186, 1187, ngx_http_endpoint_pg_row_string },    /* interval */
    {  869, 1041, ngx_http_endpoint_pg_row_string },    /* inet */
    {  650,  651, ngx_http_endpoint_pg_row_string },    /* cidr */
    {  829, 1040, ngx_http_endpoint_pg_row_string },    /* macaddr */
    {   26, 1028, ngx_http_endpoint_pg_row_string },    /* oid */
    {  790,  791, ngx_http_endpoint_pg_row_string },    /* money */
    { 1560, 1561, ngx_http_endpoint_pg_row_string },    /* bit */
    { 1562, 1563, ngx_http_endpoint_pg_row_string },    /* varbit */
    {  142,  143, ngx_http_endpoint_pg_row_string },    /* xml */
    { 0, 0, ngx_http_endpoint_pg_row_string }
};


/* one result at a time is written, so that one set of them serves a worker */

static ngx_http_endpoint_pg_row_buf_t  ngx_http_endpoint_pg_row_out;
static ngx_http_endpoint_pg_row_buf_t  ngx_http_endpoint_pg_row_head;
static ngx_http_endpoint_pg_row_buf_t  ngx_http_endpoint_pg_row_temp;


ngx_int_t
ngx_http_endpoint_pg_row_json(PGresult *result, ngx_uint_t flags,
    ngx_pool_t *pool, ngx_str_t *json)
{
    ngx_int_t                        rc;
    ngx_http_endpoint_pg_row_t       row;
    ngx_http_endpoint_pg_row_buf_t  *b;

    b = &ngx_http_endpoint_pg_row_out;
    b->pos = b->start;

    row.result = result;
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

    ngx_http_endpoint_pg_row_keep(b);
    ngx_http_endpoint_pg_row_keep(&ngx_http_endpoint_pg_row_head);
    ngx_http_endpoint_pg_row_keep(&ngx_http_endpoint_pg_row_temp);

    return rc;
}


static ngx_int_t
ngx_http_endpoint_pg_row_columns(ngx_http_endpoint_pg_row_t *row)
{
    int                                  i;
    u_char                              *p, *name;
    size_t                               size;
    ngx_http_endpoint_pg_row_buf_t      *b;
    ngx_http_endpoint_pg_row_column_t   *column;

    row->ncolumns = PQnfields(row->result);

    b = &ngx_http_endpoint_pg_row_head;
    b->pos = b->start;

    size = row->ncolumns * sizeof(ngx_http_endpoint_pg_row_column_t);

    for (i = 0; i < row->ncolumns; i++) {
        size += 6 * ngx_strlen(PQfname(row->result, i))
                + NGX_HTTP_ENDPOINT_PG_ROW_SLACK;
    }

    if (ngx_http_endpoint_pg_row_reserve(b, size) != NGX_OK) {
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
        p = ngx_http_endpoint_pg_row_escape(p, name, ngx_strlen(name));
        *p++ = '"';
        *p++ = ':';

        column->len = p - column->key;

        ngx_http_endpoint_pg_row_kind(column, PQftype(row->result, i),
                                      row->flags);
    }

    return NGX_OK;
}


static void
ngx_http_endpoint_pg_row_kind(ngx_http_endpoint_pg_row_column_t *column,
    ngx_uint_t oid, ngx_uint_t flags)
{
    ngx_http_endpoint_pg_row_type_t  *type;

    type = ngx_http_endpoint_pg_row_types;

    while (type->oid && type->oid != oid && type->array != oid) {
        type++;
    }

    column->kind = type->kind;
    column->array = (type->oid && type->array == oid);

    if (type->kind == ngx_http_endpoint_pg_row_bigint
        && !(flags & NGX_HTTP_ENDPOINT_PG_ROW_BIGINT))
    {
        column->kind = ngx_http_endpoint_pg_row_number;
    }
}


static ngx_int_t
ngx_http_endpoint_pg_row_list(ngx_http_endpoint_pg_row_t *row)
{
    int                              i, n;
    ngx_http_endpoint_pg_row_buf_t  *b;

    b = &ngx_http_endpoint_pg_row_out;
    n = PQntuples(row->result);

    if (ngx_http_endpoint_pg_row_reserve(b, NGX_HTTP_ENDPOINT_PG_ROW_SLACK)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (row->flags & NGX_HTTP_ENDPOINT_PG_ROW_FIRST) {

        if (n) {
            return ngx_http_endpoint_pg_row_object(row, 0);
        }

        ngx_http_endpoint_pg_row_put(b, "null");
        return NGX_OK;
    }

    *b->pos++ = '[';

    for (i = 0; i < n; i++) {

        if (ngx_http_endpoint_pg_row_object(row, i) != NGX_OK) {
            return NGX_ERROR;
        }

        *b->pos++ = (i == n - 1) ? ']' : ',';
    }

    if (n == 0) {
        *b->pos++ = ']';
    }

    return NGX_OK;
}


/* leaves room for a few bytes more, as each of the functions below does */

static ngx_int_t
ngx_http_endpoint_pg_row_object(ngx_http_endpoint_pg_row_t *row, int n)
{
    int                                  i;
    u_char                              *v;
    size_t                               len;
    ngx_int_t                            rc;
    ngx_http_endpoint_pg_row_buf_t      *b;
    ngx_http_endpoint_pg_row_column_t   *column;

    b = &ngx_http_endpoint_pg_row_out;

    if (row->ncolumns == 0) {
        if (ngx_http_endpoint_pg_row_reserve(b, NGX_HTTP_ENDPOINT_PG_ROW_SLACK)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        *b->pos++ = '{';
    }

    for (i = 0; i < row->ncolumns; i++) {
        column = &row->columns[i];

        len = PQgetlength(row->result, n, i);

        if (ngx_http_endpoint_pg_row_reserve(b, column->len + len
                                           + NGX_HTTP_ENDPOINT_PG_ROW_SLACK)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        b->pos = ngx_cpymem(b->pos, column->key, column->len);

        if (len == 0 && PQgetisnull(row->result, n, i)) {
            ngx_http_endpoint_pg_row_put(b, "null");
            continue;
        }

        v = (u_char *) PQgetvalue(row->result, n, i);

        if (column->array) {
            rc = ngx_http_endpoint_pg_row_array(column->kind, v, len);

        } else if (column->kind == ngx_http_endpoint_pg_row_number) {
            b->pos = ngx_cpymem(b->pos, v, len);
            continue;

        } else {
            rc = ngx_http_endpoint_pg_row_value(column->kind, v, len);
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    *b->pos++ = '}';

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_pg_row_value(ngx_http_endpoint_pg_row_kind_e kind,
    u_char *v, size_t len)
{
    ngx_http_endpoint_pg_row_buf_t  *b;

    if (kind == ngx_http_endpoint_pg_row_string) {
        return ngx_http_endpoint_pg_row_text(v, len);
    }

    if (kind == ngx_http_endpoint_pg_row_bytea) {
        return ngx_http_endpoint_pg_row_base64(v, len);
    }

    b = &ngx_http_endpoint_pg_row_out;

    if (ngx_http_endpoint_pg_row_reserve(b,
                                         len + NGX_HTTP_ENDPOINT_PG_ROW_SLACK)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    switch (kind) {

    case ngx_http_endpoint_pg_row_bool:
        if (*v == 't') {
            ngx_http_endpoint_pg_row_put(b, "true");

        } else {
            ngx_http_endpoint_pg_row_put(b, "false");
        }

        break;

    case ngx_http_endpoint_pg_row_bigint:
        *b->pos++ = '"';
        b->pos = ngx_cpymem(b->pos, v, len);
        *b->pos++ = '"';
        break;

    case ngx_http_endpoint_pg_row_float:

        /* NaN, Infinity, -Infinity: no digit stands in them */

        if (v[len - 1] > '9') {
            ngx_http_endpoint_pg_row_put(b, "null");
            break;
        }

        b->pos = ngx_cpymem(b->pos, v, len);
        break;

    case ngx_http_endpoint_pg_row_time:
        b->pos = ngx_http_endpoint_pg_row_iso(b->pos, v, len);
        break;

    default: /* ngx_http_endpoint_pg_row_number, ngx_http_endpoint_pg_row_raw */
        b->pos = ngx_cpymem(b->pos, v, len);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_pg_row_text(u_char *v, size_t len)
{
    size_t                           n;
    ngx_http_endpoint_pg_row_buf_t  *b;

    b = &ngx_http_endpoint_pg_row_out;

    *b->pos++ = '"';

    do {
        n = ngx_min(len, NGX_HTTP_ENDPOINT_PG_ROW_PIECE);

        if (ngx_http_endpoint_pg_row_reserve(b, 6 * n
                                             + NGX_HTTP_ENDPOINT_PG_ROW_SLACK)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        b->pos = ngx_http_endpoint_pg_row_escape(b->pos, v, n);

        v += n;
        len -= n;

    } while (len);

    *b->pos++ = '"';

    return NGX_OK;
}


/* needs room for 6 * len bytes and a word */

static u_char *
ngx_http_endpoint_pg_row_escape(u_char *p, u_char *v, size_t len)
{
    u_char    *last, *stop;
    uint64_t   w, quote, slash;

    const uint64_t  ones = 0x0101010101010101;
    const uint64_t  tops = 0x8080808080808080;

    last = v + len;

    for ( ;; ) {

        while (last - v >= 8) {
            ngx_memcpy(&w, v, 8);

            quote = w ^ (ones * '"');
            slash = w ^ (ones * '\\');

            if ((((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote)
                 | ((slash - ones) & ~slash)) & tops)
            {
                break;
            }

            ngx_memcpy(p, v, 8);
            p += 8;
            v += 8;
        }

        stop = ngx_min(v + 8, last);

        if (v == stop) {
            return p;
        }

        do {
            if (*v >= 0x20 && *v != '"' && *v != '\\') {
                *p++ = *v++;
                continue;
            }

            p = ngx_http_endpoint_pg_row_escape_char(p, *v++);

        } while (v < stop);
    }
}


static u_char *
ngx_http_endpoint_pg_row_escape_char(u_char *p, u_char ch)
{
    static u_char  hex[] = "0123456789abcdef";

    *p++ = '\\';

    switch (ch) {

    case '"':
    case '\\':
        *p++ = ch;
        break;

    case '\n':
        *p++ = 'n';
        break;

    case '\r':
        *p++ = 'r';
        break;

    case '\t':
        *p++ = 't';
        break;

    default:
        *p++ = 'u';
        *p++ = '0';
        *p++ = '0';
        *p++ = hex[ch >> 4];
        *p++ = hex[ch & 0xf];
    }

    return p;
}


/* "2024-01-02 03:04:05+00" becomes "2024-01-02T03:04:05+00:00" */

static u_char *
ngx_http_endpoint_pg_row_iso(u_char *p, u_char *v, size_t len)
{
    u_char      *last;
    ngx_uint_t   zone, plain;

    last = v + len;

    /* ISO 8601 has no years before Christ and no infinity */
    plain = (last[-1] > '9');

    zone = (len > 3 && (last[-3] == '+' || last[-3] == '-'));

    *p++ = '"';

    while (v < last) {
        *p++ = (*v == ' ' && !plain) ? 'T' : *v;
        v++;
    }

    if (zone) {
        p = ngx_cpymem(p, ":00", 3);
    }

    *p++ = '"';

    return p;
}


static ngx_int_t
ngx_http_endpoint_pg_row_base64(u_char *v, size_t len)
{
    u_char                          *last;
    u_char                           bytes[48];
    ngx_str_t                        src, dst;
    ngx_http_endpoint_pg_row_buf_t  *b;

    if (len < 2 || v[0] != '\\' || v[1] != 'x') {
        return ngx_http_endpoint_pg_row_text(v, len);
    }

    b = &ngx_http_endpoint_pg_row_out;

    if (ngx_http_endpoint_pg_row_reserve(b, ngx_base64_encoded_length(len / 2)
                                            + NGX_HTTP_ENDPOINT_PG_ROW_SLACK)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    last = v + len;
    v += 2;
    src.data = bytes;

    *b->pos++ = '"';

    while (last - v >= 2) {

        /* pieces of a multiple of three have no padding between them */

        for (src.len = 0; src.len < sizeof(bytes) && last - v >= 2; v += 2) {
            bytes[src.len++] = (u_char) ngx_hextoi(v, 2);
        }

        dst.data = b->pos;
        ngx_encode_base64(&dst, &src);
        b->pos += dst.len;
    }

    *b->pos++ = '"';

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_pg_row_array(ngx_http_endpoint_pg_row_kind_e kind,
    u_char *v, size_t len)
{
    u_char                          *last;
    ngx_http_endpoint_pg_row_buf_t  *b, *t;

    b = &ngx_http_endpoint_pg_row_out;
    t = &ngx_http_endpoint_pg_row_temp;

    t->pos = t->start;

    if (ngx_http_endpoint_pg_row_reserve(t, len) != NGX_OK) {
        return NGX_ERROR;
    }

    last = v + len;

    /* bounds that do not start at one: [0:2]={1,2,3} */

    if (*v == '[') {
        v = ngx_strlchr(v, last, '{');
    }

    while (v && v < last) {

        if (ngx_http_endpoint_pg_row_reserve(b, NGX_HTTP_ENDPOINT_PG_ROW_SLACK)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        switch (*v) {

        case '{':
            *b->pos++ = '[';
            v++;
            break;

        case '}':
            *b->pos++ = ']';
            v++;
            break;

        case ',':
            *b->pos++ = ',';
            v++;
            break;

        case '"':
            v = ngx_http_endpoint_pg_row_quoted(kind, v + 1, last);
            break;

        default:
            v = ngx_http_endpoint_pg_row_element(kind, v, last);
        }
    }

    return v ? ngx_http_endpoint_pg_row_reserve(b,
                                                NGX_HTTP_ENDPOINT_PG_ROW_SLACK)
             : NGX_ERROR;
}


static u_char *
ngx_http_endpoint_pg_row_quoted(ngx_http_endpoint_pg_row_kind_e kind,
    u_char *v, u_char *last)
{
    ngx_http_endpoint_pg_row_buf_t  *t;

    t = &ngx_http_endpoint_pg_row_temp;

    for (t->pos = t->start; v < last && *v != '"'; v++) {

        if (*v == '\\' && v + 1 < last) {
            v++;
        }

        *t->pos++ = *v;
    }

    if (ngx_http_endpoint_pg_row_value(kind, t->start, t->pos - t->start)
        != NGX_OK)
    {
        return NULL;
    }

    return v + 1;
}


static u_char *
ngx_http_endpoint_pg_row_element(ngx_http_endpoint_pg_row_kind_e kind,
    u_char *v, u_char *last)
{
    u_char                          *start;
    ngx_http_endpoint_pg_row_buf_t  *b;

    b = &ngx_http_endpoint_pg_row_out;

    start = v;

    while (v < last && *v != ',' && *v != '}') {
        v++;
    }

    if (v - start == 4 && ngx_memcmp(start, "NULL", 4) == 0) {
        ngx_http_endpoint_pg_row_put(b, "null");
        return v;
    }

    if (ngx_http_endpoint_pg_row_value(kind, start, v - start) != NGX_OK) {
        return NULL;
    }

    return v;
}


static ngx_int_t
ngx_http_endpoint_pg_row_grow(ngx_http_endpoint_pg_row_buf_t *b, size_t len)
{
    u_char  *p;
    size_t   used, size;

    used = b->pos - b->start;

    size = 2 * (b->end - b->start);
    size = ngx_max(size, used + len);
    size = ngx_max(size, ngx_pagesize);

    p = ngx_alloc(size, ngx_cycle->log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (b->start) {
        ngx_memcpy(p, b->start, used);
        ngx_free(b->start);
    }

    b->start = p;
    b->pos = p + used;
    b->end = p + size;

    return NGX_OK;
}


static void
ngx_http_endpoint_pg_row_keep(ngx_http_endpoint_pg_row_buf_t *b)
{
    if (b->end - b->start > NGX_HTTP_ENDPOINT_PG_ROW_KEEP) {
        ngx_free(b->start);
        ngx_memzero(b, sizeof(ngx_http_endpoint_pg_row_buf_t));
    }
}
