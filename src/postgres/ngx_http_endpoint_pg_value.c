
#include "ngx_http_endpoint_escape.h"
#include "ngx_http_endpoint_pg_value.h"


/* the memory that a worker keeps for the next result */
#define NGX_HTTP_ENDPOINT_PG_VALUE_KEEP   (256 * 1024)

/* strings are escaped in pieces, so that long ones reserve no six-fold room */
#define NGX_HTTP_ENDPOINT_PG_VALUE_PIECE  1024


typedef struct {
    ngx_uint_t                          oid;
    ngx_uint_t                          array;  /* oid of its array type */
    ngx_http_endpoint_pg_value_kind_e   kind;
} ngx_http_endpoint_pg_value_type_t;


static ngx_int_t ngx_http_endpoint_pg_value_text(
    ngx_http_endpoint_pg_value_buf_t *b, u_char *v, size_t len);
static ngx_int_t ngx_http_endpoint_pg_value_piece(
    ngx_http_endpoint_pg_value_buf_t *b, u_char *v, size_t len);
static ngx_int_t ngx_http_endpoint_pg_value_plain(
    ngx_http_endpoint_pg_value_buf_t *b, u_char *v, size_t len);
static ngx_int_t ngx_http_endpoint_pg_value_digits(
    ngx_http_endpoint_pg_value_buf_t *b, u_char *v, size_t len);
static ngx_int_t ngx_http_endpoint_pg_value_finite(
    ngx_http_endpoint_pg_value_buf_t *b, u_char *v, size_t len);
static ngx_int_t ngx_http_endpoint_pg_value_truth(
    ngx_http_endpoint_pg_value_buf_t *b, u_char *v, size_t len);
static ngx_int_t ngx_http_endpoint_pg_value_iso(
    ngx_http_endpoint_pg_value_buf_t *b, u_char *v, size_t len);
static u_char *ngx_http_endpoint_pg_value_hex(u_char *v, u_char *byte);
static u_char *ngx_http_endpoint_pg_value_escaped(u_char *v, u_char *last,
    u_char *byte);
static ngx_int_t ngx_http_endpoint_pg_value_base64(
    ngx_http_endpoint_pg_value_buf_t *b, u_char *v, size_t len);
static u_char *ngx_http_endpoint_pg_value_quoted(
    ngx_http_endpoint_pg_value_buf_t *b,
    ngx_http_endpoint_pg_value_kind_e kind, u_char *v, u_char *last);
static u_char *ngx_http_endpoint_pg_value_element(
    ngx_http_endpoint_pg_value_buf_t *b,
    ngx_http_endpoint_pg_value_kind_e kind, u_char *v, u_char *last);


/* the server's built-in types, whose numbers never change */

static ngx_http_endpoint_pg_value_type_t  ngx_http_endpoint_pg_value_types[] = {
    {   23, 1007, ngx_http_endpoint_pg_value_number },    /* int4 */
    {   25, 1009, ngx_http_endpoint_pg_value_string },    /* text */
    { 1043, 1015, ngx_http_endpoint_pg_value_string },    /* varchar */
    {   20, 1016, ngx_http_endpoint_pg_value_bigint },    /* int8 */
    {   16, 1000, ngx_http_endpoint_pg_value_bool },
    { 1184, 1185, ngx_http_endpoint_pg_value_time },      /* timestamptz */
    { 1114, 1115, ngx_http_endpoint_pg_value_time },      /* timestamp */
    { 3802, 3807, ngx_http_endpoint_pg_value_raw },       /* jsonb */
    {  114,  199, ngx_http_endpoint_pg_value_raw },       /* json */
    { 1700, 1231, ngx_http_endpoint_pg_value_float },     /* numeric */
    {  701, 1022, ngx_http_endpoint_pg_value_float },     /* float8 */
    {  700, 1021, ngx_http_endpoint_pg_value_float },     /* float4 */
    {   21, 1005, ngx_http_endpoint_pg_value_number },    /* int2 */
    { 2950, 2951, ngx_http_endpoint_pg_value_string },    /* uuid */
    { 1082, 1182, ngx_http_endpoint_pg_value_string },    /* date */
    { 1083, 1183, ngx_http_endpoint_pg_value_string },    /* time */
    { 1266, 1270, ngx_http_endpoint_pg_value_time },      /* timetz */
    {   17, 1001, ngx_http_endpoint_pg_value_bytea },
    { 1042, 1014, ngx_http_endpoint_pg_value_string },    /* char(n) */
    {   18, 1002, ngx_http_endpoint_pg_value_string },    /* "char" */
    {   19, 1003, ngx_http_endpoint_pg_value_string },    /* name */
    { 1186, 1187, ngx_http_endpoint_pg_value_string },    /* interval */
    {  869, 1041, ngx_http_endpoint_pg_value_string },    /* inet */
    {  650,  651, ngx_http_endpoint_pg_value_string },    /* cidr */
    {  829, 1040, ngx_http_endpoint_pg_value_string },    /* macaddr */
    {   26, 1028, ngx_http_endpoint_pg_value_string },    /* oid */
    {  790,  791, ngx_http_endpoint_pg_value_string },    /* money */
    { 1560, 1561, ngx_http_endpoint_pg_value_string },    /* bit */
    { 1562, 1563, ngx_http_endpoint_pg_value_string },    /* varbit */
    {  142,  143, ngx_http_endpoint_pg_value_string },    /* xml */
    { 0, 0, ngx_http_endpoint_pg_value_string }
};


/* in the order of ngx_http_endpoint_pg_value_kind_e */

static ngx_int_t  (*ngx_http_endpoint_pg_value_writers[])(
    ngx_http_endpoint_pg_value_buf_t *b, u_char *v, size_t len) =
{
    ngx_http_endpoint_pg_value_text,
    ngx_http_endpoint_pg_value_plain,
    ngx_http_endpoint_pg_value_digits,
    ngx_http_endpoint_pg_value_finite,
    ngx_http_endpoint_pg_value_truth,
    ngx_http_endpoint_pg_value_plain,
    ngx_http_endpoint_pg_value_iso,
    ngx_http_endpoint_pg_value_base64
};


/* an array's element without its escapes */

static ngx_http_endpoint_pg_value_buf_t  ngx_http_endpoint_pg_value_temp;


ngx_http_endpoint_pg_value_kind_e
ngx_http_endpoint_pg_value_kind(ngx_uint_t oid, ngx_uint_t bigint,
    ngx_uint_t *array)
{
    ngx_http_endpoint_pg_value_type_t  *type;

    type = ngx_http_endpoint_pg_value_types;

    while (type->oid && type->oid != oid && type->array != oid) {
        type++;
    }

    *array = (type->oid && type->array == oid);

    if (type->kind == ngx_http_endpoint_pg_value_bigint && !bigint) {
        return ngx_http_endpoint_pg_value_number;
    }

    return type->kind;
}


ngx_int_t
ngx_http_endpoint_pg_value(ngx_http_endpoint_pg_value_buf_t *b,
    ngx_http_endpoint_pg_value_kind_e kind, u_char *v, size_t len)
{
    /* text of none of the other types, so that the server is broken */

    if (len == 0
        && kind != ngx_http_endpoint_pg_value_string
        && kind != ngx_http_endpoint_pg_value_bytea)
    {
        return ngx_http_endpoint_pg_value_plain(b, (u_char *) "null", 4);
    }

    return ngx_http_endpoint_pg_value_writers[kind](b, v, len);
}


static ngx_int_t
ngx_http_endpoint_pg_value_text(ngx_http_endpoint_pg_value_buf_t *b,
    u_char *v, size_t len)
{
    *b->pos++ = '"';

    while (len > NGX_HTTP_ENDPOINT_PG_VALUE_PIECE) {
        if (ngx_http_endpoint_pg_value_piece(b, v,
                                             NGX_HTTP_ENDPOINT_PG_VALUE_PIECE)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        v += NGX_HTTP_ENDPOINT_PG_VALUE_PIECE;
        len -= NGX_HTTP_ENDPOINT_PG_VALUE_PIECE;
    }

    if (ngx_http_endpoint_pg_value_piece(b, v, len) != NGX_OK) {
        return NGX_ERROR;
    }

    *b->pos++ = '"';

    return NGX_OK;
}


static ngx_inline ngx_int_t
ngx_http_endpoint_pg_value_piece(ngx_http_endpoint_pg_value_buf_t *b,
    u_char *v, size_t len)
{
    if (ngx_http_endpoint_pg_value_reserve(b, 6 * len
                                           + NGX_HTTP_ENDPOINT_PG_VALUE_SLACK)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    b->pos = ngx_http_endpoint_escape(b->pos, v, len);

    return NGX_OK;
}


/* a number or JSON */

static ngx_int_t
ngx_http_endpoint_pg_value_plain(ngx_http_endpoint_pg_value_buf_t *b,
    u_char *v, size_t len)
{
    if (ngx_http_endpoint_pg_value_reserve(b, len
                                           + NGX_HTTP_ENDPOINT_PG_VALUE_SLACK)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    b->pos = ngx_cpymem(b->pos, v, len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_pg_value_digits(ngx_http_endpoint_pg_value_buf_t *b,
    u_char *v, size_t len)
{
    *b->pos++ = '"';

    if (ngx_http_endpoint_pg_value_plain(b, v, len) != NGX_OK) {
        return NGX_ERROR;
    }

    *b->pos++ = '"';

    return NGX_OK;
}


/* NaN, Infinity, -Infinity: no digit stands in them */

static ngx_int_t
ngx_http_endpoint_pg_value_finite(ngx_http_endpoint_pg_value_buf_t *b,
    u_char *v, size_t len)
{
    if (v[len - 1] > '9') {
        return ngx_http_endpoint_pg_value_plain(b, (u_char *) "null", 4);
    }

    return ngx_http_endpoint_pg_value_plain(b, v, len);
}


static ngx_int_t
ngx_http_endpoint_pg_value_truth(ngx_http_endpoint_pg_value_buf_t *b,
    u_char *v, size_t len)
{
    if (*v == 't') {
        return ngx_http_endpoint_pg_value_plain(b, (u_char *) "true", 4);
    }

    return ngx_http_endpoint_pg_value_plain(b, (u_char *) "false", 5);
}


/* "2024-01-02 03:04:05+00" becomes "2024-01-02T03:04:05+00:00" */

static ngx_int_t
ngx_http_endpoint_pg_value_iso(ngx_http_endpoint_pg_value_buf_t *b,
    u_char *v, size_t len)
{
    u_char      *p, *last;
    ngx_uint_t   zone, plain;

    if (ngx_http_endpoint_pg_value_reserve(b, len
                                           + NGX_HTTP_ENDPOINT_PG_VALUE_SLACK)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = b->pos;
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

    b->pos = p;

    return NGX_OK;
}


/* whatever bytea_output is: behind a pooler a session is not ours */

static ngx_int_t
ngx_http_endpoint_pg_value_base64(ngx_http_endpoint_pg_value_buf_t *b,
    u_char *v, size_t len)
{
    u_char      *last;
    u_char       bytes[48];
    ngx_str_t    src, dst;
    ngx_uint_t   hex;

    if (ngx_http_endpoint_pg_value_reserve(b, ngx_base64_encoded_length(len)
                                           + NGX_HTTP_ENDPOINT_PG_VALUE_SLACK)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    last = v + len;
    hex = (len >= 2 && v[0] == '\\' && v[1] == 'x');
    src.data = bytes;

    if (hex) {
        v += 2;
    }

    *b->pos++ = '"';

    while (v < last) {

        /* pieces of a multiple of three have no padding between them */

        for (src.len = 0; src.len < sizeof(bytes) && v < last; src.len++) {
            v = hex ? ngx_http_endpoint_pg_value_hex(v, &bytes[src.len])
                    : ngx_http_endpoint_pg_value_escaped(v, last,
                                                         &bytes[src.len]);
        }

        dst.data = b->pos;
        ngx_encode_base64(&dst, &src);
        b->pos += dst.len;
    }

    *b->pos++ = '"';

    return NGX_OK;
}


/* a server writes two digits for each byte */

static u_char *
ngx_http_endpoint_pg_value_hex(u_char *v, u_char *byte)
{
    *byte = (u_char) ngx_hextoi(v, 2);

    return v + 2;
}


/* documentation of Postgres, "bytea Escape Format" */

static u_char *
ngx_http_endpoint_pg_value_escaped(u_char *v, u_char *last, u_char *byte)
{
    if (*v != '\\' || last - v < 2) {
        *byte = *v;
        return v + 1;
    }

    if (v[1] == '\\' || last - v < 4) {
        *byte = v[1];
        return v + 2;
    }

    *byte = (u_char) ((v[1] - '0') * 64 + (v[2] - '0') * 8 + (v[3] - '0'));

    return v + 4;
}


ngx_int_t
ngx_http_endpoint_pg_value_array(ngx_http_endpoint_pg_value_buf_t *b,
    ngx_http_endpoint_pg_value_kind_e kind, u_char *v, size_t len)
{
    u_char                            *last;
    ngx_http_endpoint_pg_value_buf_t  *t;

    t = &ngx_http_endpoint_pg_value_temp;

    t->pos = t->start;

    if (ngx_http_endpoint_pg_value_reserve(t, len) != NGX_OK) {
        return NGX_ERROR;
    }

    last = v + len;

    /* bounds that do not start at one: [0:2]={1,2,3} */

    if (*v == '[') {
        v = ngx_strlchr(v, last, '{');
    }

    while (v && v < last) {

        if (ngx_http_endpoint_pg_value_reserve(b,
                                           NGX_HTTP_ENDPOINT_PG_VALUE_SLACK)
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
            v = ngx_http_endpoint_pg_value_quoted(b, kind, v + 1, last);
            break;

        default:
            v = ngx_http_endpoint_pg_value_element(b, kind, v, last);
        }
    }

    ngx_http_endpoint_pg_value_keep(t);

    if (v == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_pg_value_reserve(b,
                                            NGX_HTTP_ENDPOINT_PG_VALUE_SLACK);
}


static u_char *
ngx_http_endpoint_pg_value_quoted(ngx_http_endpoint_pg_value_buf_t *b,
    ngx_http_endpoint_pg_value_kind_e kind, u_char *v, u_char *last)
{
    ngx_http_endpoint_pg_value_buf_t  *t;

    t = &ngx_http_endpoint_pg_value_temp;

    for (t->pos = t->start; v < last && *v != '"'; v++) {

        if (*v == '\\' && v + 1 < last) {
            v++;
        }

        *t->pos++ = *v;
    }

    if (ngx_http_endpoint_pg_value(b, kind, t->start, t->pos - t->start)
        != NGX_OK)
    {
        return NULL;
    }

    return v + 1;
}


static u_char *
ngx_http_endpoint_pg_value_element(ngx_http_endpoint_pg_value_buf_t *b,
    ngx_http_endpoint_pg_value_kind_e kind, u_char *v, u_char *last)
{
    u_char  *start;

    start = v;

    while (v < last && *v != ',' && *v != '}') {
        v++;
    }

    if (v - start == 4 && ngx_memcmp(start, "NULL", 4) == 0) {
        ngx_http_endpoint_pg_value_put(b, "null");
        return v;
    }

    if (ngx_http_endpoint_pg_value(b, kind, start, v - start) != NGX_OK) {
        return NULL;
    }

    return v;
}


ngx_int_t
ngx_http_endpoint_pg_value_grow(ngx_http_endpoint_pg_value_buf_t *b,
    size_t len)
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


void
ngx_http_endpoint_pg_value_keep(ngx_http_endpoint_pg_value_buf_t *b)
{
    if (b->end - b->start > NGX_HTTP_ENDPOINT_PG_VALUE_KEEP) {
        ngx_free(b->start);
        ngx_memzero(b, sizeof(ngx_http_endpoint_pg_value_buf_t));
    }
}
