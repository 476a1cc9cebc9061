
/*
 * The first byte says the type, its top bit whether int8 are strings; each
 * line behind it is a row.  No byte is written out of bounds, and text is JSON
 * whatever the server says.
 */


#include "../unit/unit.h"
#include "../../src/postgres/ngx_http_endpoint_pg_row.c"
#include "../../src/data/ngx_http_endpoint_escape.c"
#include "../../src/postgres/ngx_http_endpoint_pg_value.c"
#include "../../src/data/ngx_http_endpoint_utf8.c"
#include "../../src/data/ngx_http_endpoint_json_check.c"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static ngx_cycle_t  pg_row_cycle;


static PGresult *
pg_row_result(Oid oid, u_char *p, u_char *last)
{
    int            n;
    u_char        *end;
    PGresult      *res;
    PGresAttDesc   column;

    ngx_memzero(&column, sizeof(PGresAttDesc));

    column.name = (char *) "a\"\n";
    column.typid = oid;

    res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

    if (res == NULL || !PQsetResultAttrs(res, 1, &column)) {
        abort();
    }

    for (n = 0; p <= last; n++) {
        end = ngx_strlchr(p, last, '\n');
        end = end ? end : last;

        if (!PQsetvalue(res, n, 0, (char *) p, end - p)) {
            abort();
        }

        p = end + 1;
    }

    return res;
}


/* what else a server may send as it is, it has to send as JSON */

static ngx_uint_t
pg_row_escaped(Oid oid)
{
    ngx_uint_t                         array;
    ngx_http_endpoint_pg_value_kind_e  kind;

    kind = ngx_http_endpoint_pg_value_kind(oid, 0, &array);

    return !array && (kind == ngx_http_endpoint_pg_value_string
                      || kind == ngx_http_endpoint_pg_value_bytea);
}


static ngx_uint_t
pg_row_is_json(ngx_pool_t *pool, ngx_str_t *json)
{
    ngx_str_t                       clean;
    ngx_http_endpoint_json_check_t  check;

    clean = *json;

    if (ngx_http_endpoint_utf8_clean(pool, &clean) != NGX_OK) {
        abort();
    }

    ngx_http_endpoint_json_check_init(&check);

    return ngx_http_endpoint_json_check(&check, clean.data, clean.len)
           == NGX_OK
           && ngx_http_endpoint_json_check_end(&check) == NGX_OK;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Oid          oid;
    PGresult    *res;
    ngx_str_t    json;
    ngx_uint_t   n, type;
    ngx_pool_t  *pool;

    ngx_http_endpoint_pg_row_head_t  head;

    if (size == 0) {
        return 0;
    }

    pg_row_cycle.log = &unit_log;
    ngx_cycle = &pg_row_cycle;

    n = sizeof(ngx_http_endpoint_pg_value_types)
        / sizeof(ngx_http_endpoint_pg_value_type_t);

    type = (data[0] & 0x3f) % n;

    oid = (data[0] & 0x40) ? ngx_http_endpoint_pg_value_types[type].array
                           : ngx_http_endpoint_pg_value_types[type].oid;

    pool = ngx_create_pool(4096, &unit_log);
    res = pg_row_result(oid, (u_char *) data + 1, (u_char *) data + size);

    ngx_memzero(&head, sizeof(ngx_http_endpoint_pg_row_head_t));

    if (ngx_http_endpoint_pg_row_json(res, &head, data[0] & 0x80
                                      ? NGX_HTTP_ENDPOINT_PG_ROW_BIGINT : 0,
                                      pool, &json)
        == NGX_OK
        && pg_row_escaped(oid) && !pg_row_is_json(pool, &json))
    {
        abort();
    }

    ngx_http_endpoint_pg_row_free(&head);
    PQclear(res);
    ngx_destroy_pool(pool);

    return 0;
}
