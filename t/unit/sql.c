
#include "../../src/postgres/ngx_http_endpoint_sql.c"
#include "../../src/postgres/ngx_http_endpoint_sql_word.c"
#include "unit.h"


static void sql_ok(const char *text, const char *expected, const char *refs);
static void sql_mistake(const char *text, const char *part);
static void sql_kind(const char *text, ngx_http_endpoint_sql_kind_e kind);
static void sql_order(const char *text, const char *constant);
static void sql_orders(void);
static void sql_memory(void);


/* $a, $b, $id and $user are known */

static ngx_uint_t
sql_known(void *data, ngx_str_t *name)
{
    static const char  *names[] = { "a", "b", "id", "user", NULL };

    ngx_uint_t  i;

    for (i = 0; names[i]; i++) {
        if (name->len == ngx_strlen(names[i])
            && ngx_memcmp(name->data, names[i], name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
sql_scan(ngx_pool_t *pool, const char *text, ngx_http_endpoint_sql_t *sql,
    ngx_str_t *err)
{
    ngx_str_t  s;

    s = unit_copy(pool, text, ngx_strlen(text));

    ngx_str_null(err);

    return ngx_http_endpoint_sql_scan(pool, &s, sql_known, NULL, sql, err);
}


static void
sql_ok(const char *text, const char *expected, const char *refs)
{
    u_char                   *p;
    u_char                    list[256];
    ngx_int_t                 rc;
    ngx_str_t                 err, got, *ref;
    ngx_uint_t                i;
    ngx_pool_t               *pool;
    ngx_http_endpoint_sql_t   sql;

    pool = ngx_create_pool(1024, &unit_log);

    rc = sql_scan(pool, text, &sql, &err);

    if (rc != NGX_OK) {
        unit_int(rc, NGX_OK, text);
        printf("# %.*s\n", (int) err.len, (char *) err.data);
        ngx_destroy_pool(pool);
        return;
    }

    unit_str(&sql.text, expected, text);

    ref = sql.refs.elts;
    p = list;

    for (i = 0; i < sql.refs.nelts; i++) {
        p = ngx_sprintf(p, i ? " %V" : "%V", &ref[i]);
    }

    got.data = list;
    got.len = p - list;
    unit_str(&got, refs, "  its references");

    ngx_destroy_pool(pool);
}


static void
sql_mistake(const char *text, const char *part)
{
    ngx_int_t                 rc;
    ngx_str_t                 err;
    ngx_pool_t               *pool;
    ngx_http_endpoint_sql_t   sql;

    pool = ngx_create_pool(1024, &unit_log);

    rc = sql_scan(pool, text, &sql, &err);

    unit_ok(rc == NGX_DECLINED
            && ngx_strnstr(err.data, (char *) part, err.len) != NULL,
            "mistake: %s", text);

    if (rc == NGX_DECLINED) {
        printf("# %.*s\n", (int) err.len, (char *) err.data);
    }

    ngx_destroy_pool(pool);
}


static void
sql_kind(const char *text, ngx_http_endpoint_sql_kind_e kind)
{
    ngx_str_t                 err;
    ngx_pool_t               *pool;
    ngx_http_endpoint_sql_t   sql;

    pool = ngx_create_pool(1024, &unit_log);

    unit_ok(sql_scan(pool, text, &sql, &err) == NGX_OK && sql.kind == kind,
            "kind %d: %s", (int) kind, text);

    ngx_destroy_pool(pool);
}


/* every allocation fails in turn */

/* which value rows are put in order by, "" for none */

static void
sql_order(const char *text, const char *constant)
{
    ngx_str_t                 err;
    ngx_pool_t               *pool;
    ngx_http_endpoint_sql_t   sql;

    pool = ngx_create_pool(1024, &unit_log);

    (void) unit_ok(sql_scan(pool, text, &sql, &err) == NGX_OK
                   && sql.constant.len == ngx_strlen(constant)
                   && (sql.constant.len == 0
                       || ngx_strncmp(sql.constant.data, constant,
                                      sql.constant.len)
                          == 0),
                   "%s", text);

    ngx_destroy_pool(pool);
}


static void
sql_orders(void)
{
    sql_order("SELECT 1 ORDER BY $a", "a");
    sql_order("SELECT 1 order /* x */ by ${a} DESC", "{a}");
    sql_order("SELECT 1 ORDER BY x, $a", "a");
    sql_order("SELECT 1 ORDER BY f(x, 1), $a NULLS LAST", "a");
    sql_order("SELECT 1 ORDER BY $a::text LIMIT 3", "a");
    sql_order("SELECT 1 GROUP BY $a HAVING true", "a");
    sql_order("SELECT rank() OVER (PARTITION BY $a) FROM t", "a");
    sql_order("SELECT * FROM (SELECT 1 ORDER BY $a) x", "a");
    sql_order("SELECT 1 ORDER BY \"x y\", $a.name;", "a.name");

    sql_order("SELECT 1 ORDER BY $a = x", "");
    sql_order("SELECT 1 ORDER BY $a <-> x", "");
    sql_order("SELECT 1 ORDER BY CASE $a WHEN 'x' THEN x END, y", "");
    sql_order("SELECT 1 ORDER BY f($a), g(x, $b)", "");
    sql_order("SELECT 1 ORDER BY x LIMIT $a", "");
    sql_order("SELECT 1 ORDER BY x LIMIT 1 OFFSET $a", "");
    sql_order("SELECT (SELECT 1 ORDER BY x), $a", "");
    sql_order("SELECT 1 GROUP BY x UNION SELECT y, $a", "");
    sql_order("SELECT 1 ORDER BY 'x' || $a", "");
    sql_order("SELECT x, $a, $b FROM t WHERE x IN (1, $id)", "");
    sql_order("SELECT \"order\" by, $a", "");
}


static void
sql_memory(void)
{
    ngx_int_t                 rc;
    ngx_str_t                 err;
    ngx_uint_t                n;
    ngx_pool_t               *pool;
    ngx_http_endpoint_sql_t   sql;

    for (n = 1; n < 100; n++) {
        pool = ngx_create_pool(1024, &unit_log);

        unit_fail_alloc = n + 1;    /* behind the copy of the text */
        rc = sql_scan(pool, "SELECT $a, $b, $c, $d, $e, $f", &sql, &err);
        unit_fail_alloc = 0;

        ngx_destroy_pool(pool);

        if (rc != NGX_ERROR) {
            break;
        }
    }

    unit_ok(n > 2 && rc == NGX_OK, "memory runs out at %d places", (int) n);
}


int
main(void)
{
    /* references */

    sql_ok("SELECT 1", "SELECT 1", "");
    sql_ok("SELECT $id", "SELECT $1", "id");
    sql_ok("SELECT $id, $a, $id", "SELECT $1, $2, $1", "id a");
    sql_ok("SELECT $id::int, $user.name.first", "SELECT $1::int, $2",
           "id user.name.first");
    sql_ok("SELECT ${id}x, ${user.name}", "SELECT $1 x, $2",
           "{id} {user.name}");
    sql_ok("SELECT $user[0].name, $user[-1], $user[*], $user[0:3]",
           "SELECT $1, $2, $3, $4", "user[0].name user[-1] user[*] user[0:3]");
    sql_ok("SELECT $a[x], $a[], $a.*", "SELECT $1[x], $1[], $1.*", "a");
    sql_ok("SELECT ($id)", "SELECT ($1)", "id");
    sql_ok("SELECT $id", "SELECT $1", "id");
    sql_ok("VALUES($a,$b)", "VALUES($1,$2)", "a b");
    sql_ok("SELECT $a", "SELECT $1", "a");
    sql_ok("SELECT $unknown", "SELECT $1", "unknown");
    sql_ok("SELECT $a;", "SELECT $1", "a");
    sql_ok("SELECT $a ; -- end", "SELECT $1   ", "a");

    /* what is left alone */

    sql_ok("SELECT 'it''s $x', $a", "SELECT 'it''s $x', $1", "a");
    sql_ok("SELECT E'\\'$x', $a", "SELECT E'\\'$x', $1", "a");
    sql_ok("SELECT e'\\\\', $a", "SELECT e'\\\\', $1", "a");
    sql_ok("SELECT 'a\\', $a", "SELECT 'a\\', $1", "a");
    sql_ok("SELECT E'a'\n'\\'$x', $a", "SELECT E'a'\n'\\'$x', $1", "a");
    sql_ok("SELECT E'a' -- c\n  '\\'$x', $a",
           "SELECT E'a' -- c\n  '\\'$x', $1", "a");
    sql_ok("SELECT name'\\', $a", "SELECT name'\\', $1", "a");
    sql_ok("SELECT \"a\"\"$x\", $a", "SELECT \"a\"\"$x\", $1", "a");
    sql_ok("SELECT $$ $x ' $$, $a", "SELECT $$ $x ' $$, $1", "a");
    sql_ok("SELECT $q$ $$ $x $p$ $q$, $a", "SELECT $q$ $$ $x $p$ $q$, $1",
           "a");
    sql_ok("SELECT 1 -- $a '\n, $b", "SELECT 1  \n, $1", "b");
    sql_ok("SELECT /* $a /* ' */ */ $b", "SELECT   $1", "b");
    sql_ok("SELECT 1 - -$a", "SELECT 1 - -$1", "a");
    sql_ok("SELECT data->>'$.id' FROM t", "SELECT data->>'$.id' FROM t", "");
    sql_ok("SELECT x$y FROM t", "SELECT x$y FROM t", "");
    sql_ok("SELECT \303\251$x", "SELECT \303\251$x", "");

    /* hints are kept */
    sql_ok("SELECT /*+ SeqScan(t) */ $b /* + */",
           "SELECT /*+ SeqScan(t) */ $1  ", "b");
    sql_ok("/*+ a /* b */ */SELECT 1", "/*+ a /* b */ */SELECT 1", "");

    /* what stays within its transaction */
    sql_ok("SET LOCAL \"work_mem\" = 1", "SET LOCAL \"work_mem\" = 1", "");
    sql_ok("DECLARE hold CURSOR WITHOUT HOLD FOR WITH hold AS (SELECT 1) "
           "SELECT 2",
           "DECLARE hold CURSOR WITHOUT HOLD FOR WITH hold AS (SELECT 1) "
           "SELECT 2", "");

    sql_ok("CREATE TEMP TABLE t (temp int) ON COMMIT DROP",
           "CREATE TEMP TABLE t (temp int) ON COMMIT DROP", "");
    sql_ok("create local temporary table t on commit drop as select $a",
           "create local temporary table t on commit drop as select $1", "a");
    sql_ok("CREATE TABLE t (temp int)", "CREATE TABLE t (temp int)", "");
    sql_ok("CREATE VIEW temp AS SELECT 1 AS pg_temp",
           "CREATE VIEW temp AS SELECT 1 AS pg_temp", "");
    sql_ok("CREATE INDEX ON pg_temp.t (a)", "CREATE INDEX ON pg_temp.t (a)", "");
    sql_ok("INSERT INTO temp VALUES (1)", "INSERT INTO temp VALUES (1)", "");
    sql_ok("WITH x AS (INSERT INTO pg_temp.t VALUES (1) RETURNING 1) SELECT 1",
           "WITH x AS (INSERT INTO pg_temp.t VALUES (1) RETURNING 1) SELECT 1",
           "");

    sql_orders();

    /* mistakes */

    sql_mistake("CREATE TEMP TABLE t (a int)", "ON COMMIT DROP");
    sql_mistake("CREATE TEMP TABLE t (a int) ON COMMIT DELETE ROWS",
                "ON COMMIT DROP");
    sql_mistake("create global /* x */ temporary table t as select 1",
                "would stay");
    sql_mistake("CREATE OR REPLACE TEMP VIEW v AS SELECT 1", "would stay");
    sql_mistake("CREATE TEMP SEQUENCE s", "would stay");
    sql_mistake("CREATE TABLE IF NOT EXISTS pg_temp.t (a int)", "would stay");
    sql_mistake("CREATE FUNCTION pg_temp.f() RETURNS int RETURN 1",
                "would stay");
    sql_mistake("SELECT 1 INTO TEMP t", "\"INTO TEMP\"");
    sql_mistake("WITH x AS (SELECT 1) SELECT * INTO temporary TABLE t FROM x",
                "\"INTO temporary\"");
    sql_mistake("SELECT 1 INTO pg_temp.t", "would leave a table");

    sql_mistake("SELECT '$id'", "\"$id\" in quotes");
    sql_mistake("SELECT 'x ${id} y'", "\"$id\" in quotes");
    sql_mistake("SELECT E'\\'$id'", "\"$id\" in quotes");
    sql_mistake("SELECT \"$id\"", "\"$id\" in double quotes");
    sql_mistake("SELECT $$ $id $$", "\"$id\" in dollar quotes");
    sql_mistake("SELECT x$id", "\"$id\" is part of a word");
    sql_mistake("SELECT 1 LIMIT$a", "\"$a\" is part of a word");
    sql_mistake("SELECT 1$id", "\"$id\" is part of a word");
    sql_mistake("SELECT $1", "bound by name");
    sql_mistake("SELECT $", "a name is missing");
    sql_mistake("SELECT $ a", "a name is missing");
    sql_mistake("SELECT ${id", "\"}\" is missing");
    sql_mistake("SELECT 'x", "' is missing");
    sql_mistake("SELECT E'x\\'", "' is missing");
    sql_mistake("SELECT E'x\\", "' is missing");
    sql_mistake("SELECT \"x", "\" is missing");
    sql_mistake("SELECT $$x", "\"$$\" is missing");
    sql_mistake("SELECT $q$ $$", "\"$q$\" is missing");
    sql_mistake("SELECT /* /* */", "\"*/\" is missing");
    sql_mistake("SELECT /*", "\"*/\" is missing");
    sql_mistake("SELECT /*+", "\"*/\" is missing");
    sql_mistake("SET \"work_mem\" = 1", "SET LOCAL");
    sql_mistake("SET \"local\" = 1", "SET LOCAL");
    sql_mistake("DECLARE \"with\" CURSOR with hold FOR SELECT 1", "a cursor");
    sql_mistake("execute x(1)", "share");
    sql_mistake("", "no statement");
    sql_mistake(" -- only\n /* words */ ;", "no statement");
    sql_mistake("SELECT 1; SELECT 2", "more than one statement");
    sql_mistake("SELECT 1;;", "more than one statement");
    sql_mistake("Begin", "transaction");
    sql_mistake("/* x */ ROLLBACK TO a", "transaction");
    sql_mistake("SET work_mem = 1", "SET LOCAL");
    sql_mistake("COPY t FROM STDIN", "\"COPY\" in SQL");
    sql_mistake("LISTEN x", "\"LISTEN\" in SQL");

    /* kinds */

    sql_kind("SELECT 1", ngx_http_endpoint_sql_read);
    sql_kind("  /* x */ -- y\n ((select 1))", ngx_http_endpoint_sql_read);
    sql_kind("VALUES (1)", ngx_http_endpoint_sql_read);
    sql_kind("TABLE t", ngx_http_endpoint_sql_read);
    sql_kind("show all", ngx_http_endpoint_sql_read);
    sql_kind("WITH x AS (SELECT 1) SELECT", ngx_http_endpoint_sql_act);
    sql_kind("INSERT INTO t SELECT 1", ngx_http_endpoint_sql_act);
    sql_kind("selects", ngx_http_endpoint_sql_act);
    sql_kind("call p()", ngx_http_endpoint_sql_call);
    sql_kind("DO $$ x $$", ngx_http_endpoint_sql_call);
    sql_kind("SET LOCAL x = 1", ngx_http_endpoint_sql_act);

    sql_memory();

    return unit_done();
}
