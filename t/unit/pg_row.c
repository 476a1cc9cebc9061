
#include "../../src/postgres/ngx_http_endpoint_pg_row.c"
#include "../../src/data/ngx_http_endpoint_escape.c"
#include "../../src/postgres/ngx_http_endpoint_pg_value.c"
#include "unit.h"


#define PG_ROW_OID_TEXT  25
#define PG_ROW_OID_INT4  23


/* of the last result */
static ngx_uint_t  pg_row_pieces;


static PGresult *pg_row_result(const char *name, Oid oid, const char *value,
    size_t len);
static ngx_int_t pg_row_json(PGresult *res, ngx_uint_t flags,
    ngx_pool_t *pool, ngx_str_t *json);
static void pg_row_is(Oid oid, const char *value, const char *expected);
static void pg_row_flags(Oid oid, ngx_uint_t flags, const char *value,
    const char *expected);
static void pg_row_rows(void);
static void pg_row_head(void);
static void pg_row_large(void);
static void pg_row_lengths(void);
static void pg_row_memory(void);


/* one row of one column; value NULL: NULL */

static PGresult *
pg_row_result(const char *name, Oid oid, const char *value, size_t len)
{
    PGresult        *res;
    PGresAttDesc     column;

    ngx_memzero(&column, sizeof(PGresAttDesc));

    column.name = (char *) name;
    column.typid = oid;

    res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

    if (res == NULL
        || !PQsetResultAttrs(res, 1, &column)
        || !PQsetvalue(res, 0, 0, (char *) value, value ? (int) len : -1))
    {
        abort();
    }

    return res;
}


static ngx_int_t
pg_row_json(PGresult *res, ngx_uint_t flags, ngx_pool_t *pool,
    ngx_str_t *json)
{
    u_char                           *p;
    ngx_int_t                         rc;
    ngx_chain_t                      *cl;
    ngx_http_endpoint_pg_row_head_t   head;
    ngx_http_endpoint_pg_row_text_t   text;

    ngx_memzero(&head, sizeof(ngx_http_endpoint_pg_row_head_t));
    ngx_memzero(&text, sizeof(ngx_http_endpoint_pg_row_text_t));

    for (pg_row_pieces = 1; ; pg_row_pieces++) {
        rc = ngx_http_endpoint_pg_row_json(res, &head, flags, pool, &text);

        if (rc != NGX_AGAIN) {
            break;
        }

        /* another result of the statement has other columns meanwhile */

        ngx_http_endpoint_pg_row_free(&head);
    }

    ngx_http_endpoint_pg_row_free(&head);

    *json = text.json;

    if (rc == NGX_OK && text.chain) {
        json->data = p = ngx_pnalloc(pool, json->len);

        for (cl = text.chain; cl; cl = cl->next) {
            p = ngx_cpymem(p, cl->buf->pos, cl->buf->last - cl->buf->pos);
        }

        unit_int(p - json->data, json->len, "the length of all pieces");
    }

    return rc;
}


static void
pg_row_flags(Oid oid, ngx_uint_t flags, const char *value,
    const char *expected)
{
    PGresult    *res;
    ngx_str_t    json;
    ngx_pool_t  *pool;

    pool = ngx_create_pool(1024, &unit_log);

    res = pg_row_result("x", oid, value, value ? ngx_strlen(value) : 0);

    ngx_str_null(&json);

    if (pg_row_json(res, flags, pool, &json) != NGX_OK) {
        ngx_str_set(&json, "failed");
    }

    unit_str(&json, expected, value ? value : "NULL");

    PQclear(res);
    ngx_destroy_pool(pool);
}


static void
pg_row_is(Oid oid, const char *value, const char *expected)
{
    u_char  object[1024], *p;

    p = ngx_sprintf(object, "{\"x\":%s}", expected);
    *p = '\0';

    pg_row_flags(oid, NGX_HTTP_ENDPOINT_PG_ROW_FIRST, value, (char *) object);
}


static void
pg_row_rows(void)
{
    int           i;
    PGresult     *res;
    ngx_str_t     json;
    ngx_pool_t   *pool;
    PGresAttDesc  columns[2];

    pool = ngx_create_pool(1024, &unit_log);

    ngx_memzero(columns, sizeof(columns));

    columns[0].name = (char *) "id";
    columns[0].typid = PG_ROW_OID_INT4;
    columns[1].name = (char *) "a \"name\"\n";
    columns[1].typid = PG_ROW_OID_TEXT;

    res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PQsetResultAttrs(res, 2, columns);

    pg_row_json(res, 0, pool, &json);
    unit_str(&json, "[]", "no rows");

    pg_row_json(res, NGX_HTTP_ENDPOINT_PG_ROW_FIRST, pool, &json);
    unit_str(&json, "null", "no first row");

    for (i = 0; i < 2; i++) {
        PQsetvalue(res, i, 0, (char *) (i ? "2" : "1"), 1);
        PQsetvalue(res, i, 1, (char *) (i ? NULL : "Ann"), i ? -1 : 3);
    }

    pg_row_json(res, 0, pool, &json);
    unit_str(&json, "[{\"id\":1,\"a \\\"name\\\"\\n\":\"Ann\"},"
             "{\"id\":2,\"a \\\"name\\\"\\n\":null}]", "two rows");

    pg_row_json(res, NGX_HTTP_ENDPOINT_PG_ROW_FIRST, pool, &json);
    unit_str(&json, "{\"id\":1,\"a \\\"name\\\"\\n\":\"Ann\"}",
             "the first of two");

    PQclear(res);

    res = PQmakeEmptyPGresult(NULL, PGRES_COMMAND_OK);

    pg_row_json(res, 0, pool, &json);
    unit_str(&json, "[]", "a command without rows");

    pg_row_json(res, NGX_HTTP_ENDPOINT_PG_ROW_FIRST, pool, &json);
    unit_str(&json, "null", "its first row");

    PQclear(res);
    ngx_destroy_pool(pool);
}


/* one head for results whose columns change between them */

static void
pg_row_head(void)
{
    PGresult                         *res;
    ngx_uint_t                        i;
    ngx_pool_t                       *pool;
    ngx_http_endpoint_pg_row_head_t   head;
    ngx_http_endpoint_pg_row_text_t   text;

    static struct {
        const char  *name;
        Oid          oid;
        const char  *expected;
    } results[] = {
        { "x", PG_ROW_OID_INT4, "[{\"x\":1}]" },
        { "x", PG_ROW_OID_INT4, "[{\"x\":1}]" },
        { "x", PG_ROW_OID_TEXT, "[{\"x\":\"1\"}]" },
        { "y", PG_ROW_OID_TEXT, "[{\"y\":\"1\"}]" },
        { NULL, 0, "[]" },
        { "yy", PG_ROW_OID_TEXT, "[{\"yy\":\"1\"}]" }
    };

    pool = ngx_create_pool(1024, &unit_log);

    ngx_memzero(&head, sizeof(ngx_http_endpoint_pg_row_head_t));

    for (i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        res = results[i].name
              ? pg_row_result(results[i].name, results[i].oid, "1", 1)
              : PQmakeEmptyPGresult(NULL, PGRES_COMMAND_OK);

        ngx_memzero(&text, sizeof(ngx_http_endpoint_pg_row_text_t));

        ngx_http_endpoint_pg_row_json(res, &head, 0, pool, &text);
        unit_str(&text.json, results[i].expected, "columns that change");

        PQclear(res);
    }

    ngx_http_endpoint_pg_row_free(&head);
    ngx_destroy_pool(pool);
}


/* a large one, of which each piece takes its time */

static void
pg_row_large(void)
{
    int           i, n;
    u_char       *p;
    PGresult     *res;
    ngx_str_t     json;
    ngx_pool_t   *pool;
    PGresAttDesc  column;
    char          id[NGX_INT_T_LEN + 1];

    n = 100000;
    pool = ngx_create_pool(1024, &unit_log);

    ngx_memzero(&column, sizeof(column));
    column.name = (char *) "id";
    column.typid = PG_ROW_OID_INT4;

    res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PQsetResultAttrs(res, 1, &column);

    for (i = 0; i < n; i++) {
        *ngx_sprintf((u_char *) id, "%d", 100000 + i) = '\0';
        PQsetvalue(res, i, 0, id, 6);
    }

    unit_int(pg_row_json(res, 0, pool, &json), NGX_OK, "100,000 rows");
    unit_int(json.len, n * 14 + 1, "their length");
    unit_int(pg_row_pieces, 6, "in pieces");

    p = json.data;

    for (i = 0; i < n; i++) {
        (void) ngx_sprintf((u_char *) id, "%d", 100000 + i);

        if (p[0] != (i ? ',' : '[') || ngx_strncmp(p + 1, "{\"id\":", 6) != 0
            || ngx_strncmp(p + 7, id, 6) != 0 || p[13] != '}')
        {
            break;
        }

        p += 14;
    }

    unit_int(i, n, "all of them");
    unit_int(*p, ']', "and the end");

    unit_int(pg_row_json(res, NGX_HTTP_ENDPOINT_PG_ROW_FIRST, pool, &json),
             NGX_OK, "the first of them");
    unit_str(&json, "{\"id\":100000}", "the first of them");

    PQclear(res);
    ngx_destroy_pool(pool);
}


/* strings of every length, with an escape at every place, for the sanitizer */

static void
pg_row_lengths(void)
{
    char         text[4200];
    size_t       len, at, step, bad;
    PGresult    *res;
    ngx_str_t    json;
    ngx_pool_t  *pool;

    bad = 0;

    for (len = 1; len < sizeof(text); len += step) {
        step = len < 64 ? 1 : 211;

        for (at = 0; at < len; at += step) {
            ngx_memset(text, 'a', len);
            text[at] = '\1';

            pool = ngx_create_pool(1024, &unit_log);
            res = pg_row_result("x", PG_ROW_OID_TEXT, text, len);

            if (pg_row_json(res, 0, pool, &json) != NGX_OK
                || json.len != len + 15
                || ngx_memcmp(&json.data[7 + at], "\\u0001", 6) != 0)
            {
                bad++;
            }

            PQclear(res);
            ngx_destroy_pool(pool);
        }
    }

    unit_int(bad, 0, "strings of every length");
}


static void
pg_row_memory(void)
{
    ngx_int_t        rc;
    PGresult        *res;
    ngx_str_t        json;
    ngx_uint_t       n;
    ngx_pool_t      *pool;
    static char      text[600 * 1024];

    ngx_memset(text, '"', sizeof(text));

    res = pg_row_result("x", PG_ROW_OID_TEXT, text, sizeof(text));

    for (n = 1; n < 100; n++) {
        pool = ngx_create_pool(1024, &unit_log);

        unit_fail_alloc = n;
        rc = pg_row_json(res, 0, pool, &json);
        unit_fail_alloc = 0;

        ngx_destroy_pool(pool);

        if (rc == NGX_OK) {
            break;
        }
    }

    unit_ok(n > 3 && rc == NGX_OK && json.len == 2 * sizeof(text) + 10,
            "memory runs out at %d places", (int) n);
    unit_ok(ngx_http_endpoint_pg_row_out.start == NULL,
            "scratch of a big result is not kept");

    PQclear(res);
}


int
main(void)
{
    ngx_cycle_t  cycle;

    ngx_memzero(&cycle, sizeof(ngx_cycle_t));
    cycle.log = &unit_log;
    ngx_cycle = &cycle;

    pg_row_rows();
    pg_row_head();
    pg_row_large();

    /* int2, int4, int8, float4, float8, numeric */

    pg_row_is(21, "-32768", "-32768");
    pg_row_is(23, "42", "42");
    pg_row_is(20, "9223372036854775807", "9223372036854775807");
    pg_row_flags(20, NGX_HTTP_ENDPOINT_PG_ROW_BIGINT, "9007199254740993",
                 "[{\"x\":\"9007199254740993\"}]");
    pg_row_flags(1016, NGX_HTTP_ENDPOINT_PG_ROW_BIGINT, "{1,NULL,3}",
                 "[{\"x\":[\"1\",null,\"3\"]}]");
    pg_row_is(700, "1.5", "1.5");
    pg_row_is(701, "1e+20", "1e+20");
    pg_row_is(701, "NaN", "null");
    pg_row_is(701, "Infinity", "null");
    pg_row_is(701, "-Infinity", "null");
    pg_row_is(1700, "12345678901234567890.1234567890",
              "12345678901234567890.1234567890");
    pg_row_is(1700, "NaN", "null");
    pg_row_is(1700, "0", "0");

    pg_row_is(23, NULL, "null");
    pg_row_is(16, "t", "true");
    pg_row_is(16, "f", "false");
    pg_row_is(114, "{\"a\":  [1]}", "{\"a\":  [1]}");
    pg_row_is(3802, "\"x\"", "\"x\"");
    pg_row_is(3802, "null", "null");

    /* text, uuid, an unknown type */

    pg_row_is(25, "", "\"\"");
    pg_row_is(25, "a\"b\\c\n\r\t\1\037 /\177",
              "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u001F /\177\"");
    pg_row_is(1043, "\342\202\254 \360\237\230\200",
              "\"\342\202\254 \360\237\230\200\"");
    pg_row_is(2950, "c0ffee00-0000-0000-0000-000000000000",
              "\"c0ffee00-0000-0000-0000-000000000000\"");
    pg_row_is(99999, "{1,2}", "\"{1,2}\"");

    /* what only a broken server sends */

    pg_row_is(16, "", "null");
    pg_row_is(701, "", "null");
    pg_row_is(1114, "", "null");
    pg_row_is(3802, "", "null");
    pg_row_is(1022, "{\"\"}", "[null]");

    /* timestamp, timestamptz, date, time, timetz */

    pg_row_is(1114, "2024-01-02 03:04:05", "\"2024-01-02T03:04:05\"");
    pg_row_is(1114, "2024-01-02 03:04:05.123456",
              "\"2024-01-02T03:04:05.123456\"");
    pg_row_is(1184, "2024-01-02 03:04:05+00", "\"2024-01-02T03:04:05+00:00\"");
    pg_row_is(1184, "2024-01-02 03:04:05.1-08",
              "\"2024-01-02T03:04:05.1-08:00\"");
    pg_row_is(1184, "2024-01-02 03:04:05+05:30",
              "\"2024-01-02T03:04:05+05:30\"");
    pg_row_is(1184, "12024-01-02 03:04:05+00",
              "\"12024-01-02T03:04:05+00:00\"");
    pg_row_is(1184, "infinity", "\"infinity\"");
    pg_row_is(1114, "-infinity", "\"-infinity\"");
    pg_row_is(1184, "0044-03-15 12:00:00+00 BC",
              "\"0044-03-15 12:00:00+00 BC\"");
    pg_row_is(1082, "2024-01-02", "\"2024-01-02\"");
    pg_row_is(1083, "03:04:05", "\"03:04:05\"");
    pg_row_is(1266, "03:04:05-08", "\"03:04:05-08:00\"");

    /* bytea */

    pg_row_is(17, "\\x", "\"\"");
    pg_row_is(17, "\\x00", "\"AA==\"");
    pg_row_is(17, "", "\"\"");
    pg_row_is(17, "foobar", "\"Zm9vYmFy\"");
    pg_row_is(17, "\\000\\\\\\377", "\"AFz/\"");
    pg_row_is(17, "\\\\x41", "\"XHg0MQ==\"");
    pg_row_is(17, "\\x666f6f626172", "\"Zm9vYmFy\"");
    pg_row_is(17, "\\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b"
              "1c1d1e1f202122232425262728292a2b2c2d2e2f3031",
              "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKiss"
              "LS4vMDE=\"");

    /* arrays */

    pg_row_is(1007, "{}", "[]");
    pg_row_is(1007, "{1,NULL,-3}", "[1,null,-3]");
    pg_row_is(1007, "{{1,2},{3,4}}", "[[1,2],[3,4]]");
    pg_row_is(1007, "[0:1]={5,6}", "[5,6]");
    pg_row_is(1000, "{t,f,NULL}", "[true,false,null]");
    pg_row_is(1022, "{1.5,NaN}", "[1.5,null]");
    pg_row_is(1009, "{a,\"b c\",NULL,\"NULL\",\"\",\"x\\\"y\\\\z\",\"{,}\"}",
              "[\"a\",\"b c\",null,\"NULL\",\"\",\"x\\\"y\\\\z\",\"{,}\"]");
    pg_row_is(3807, "{\"{\\\"a\\\": 1}\",NULL}", "[{\"a\": 1},null]");
    pg_row_is(1185, "{\"2024-01-02 03:04:05+00\"}",
              "[\"2024-01-02T03:04:05+00:00\"]");
    pg_row_is(1001, "{\"\\\\x666f6f\"}", "[\"Zm9v\"]");

    pg_row_lengths();
    pg_row_memory();

    return unit_done();
}
