# Mistakes in queries, transactions and upstreams of Postgres: found when the
# configuration is read, with the line and what to write instead.

use lib 't/lib';
use EndpointTest 'no_plan';

add_block_preprocessor(sub {
    my $block = shift;

    # what a block says of the upstream stands in a file of its own

    $block->set_value(http_config => "include ../html/up.conf;\n");
    $block->set_value(user_files => ">>> up.conf\n"
        . ($block->upstream // <<'CONF') . ($block->user_files // ''));
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "dbname=app user=app";
}
upstream other {
    server 127.0.0.1:1;
    endpoint_postgres "dbname=app user=app";
}
upstream shared {
    server 127.0.0.1:1;
    endpoint_postgres "dbname=app user=app" isolated=0;
}
upstream web { server 127.0.0.1:1; }
CONF

    if (defined $block->upstream) {
        $block->set_value(conf => "location / { }\n");

        if ($block->upstream_dies) {
            my ($line, $words) = $block->upstream_dies =~ /^(\d+): (.*)$/;

            $block->set_value(must_die => '');
            $block->set_value(suppress_stderr => '');
            $block->set_value(error_log =>
                [qr/\[emerg\] .*\Q$words\E in \S+\/up\.conf:$line$/]);
        }
    }
});

run_tests();

__DATA__

=== an unknown name
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT $nothing"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: unknown name "$nothing": no input, step or variable has it

=== an unknown name in braces
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT ${nothing}"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: unknown name "$nothing": no input, step or variable has it

=== a name in quotes
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT 'x $id y'"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "$id" in quotes is not replaced in SQL, write it outside, as in '...' || $name || '...'

=== a name in quotes, in braces
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT '${id}'"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "$id" in quotes is not replaced in SQL, write it outside, as in '...' || $name || '...'

=== a name in E''
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT E'\\' $id'"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "$id" in quotes is not replaced in SQL, write it outside, as in '...' || $name || '...'

=== a name in double quotes
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT * FROM \"t$id\""; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "$id" in double quotes is part of a name in SQL, names of tables and columns can't be parameters

=== a name in dollar quotes
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT $$x $id$$"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "$id" in dollar quotes is not replaced in SQL, write it outside

=== a name in tagged dollar quotes
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT $q$x $id$q$"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "$id" in dollar quotes is not replaced in SQL, write it outside

=== a name behind a word
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT * FROM t$id"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "$id" is part of a word in SQL, write a space before it

=== a member of a scalar
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT $id.x"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "$id" has no members, write "${id}.x" where text follows it

=== $1
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT $1"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: a number behind "$" in SQL, values are bound by name, write $name

=== a dollar sign alone
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT $"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: a name is missing behind "$" in SQL

=== an open brace
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT ${id"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "}" is missing behind "${" in SQL

=== a quote without an end
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT 'x"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: ' is missing in SQL, a quote has no end

=== a double quote without an end
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT \"x"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: " is missing in SQL, a quote has no end

=== a dollar quote without an end
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT $q$ x $$"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "$q$" is missing in SQL, a dollar quote has no end

=== a comment without an end
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT /* /* */ 1"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "*/" is missing in SQL

=== two statements
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT 1; DELETE FROM users"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: more than one statement in SQL, write a query for each

=== two semicolons
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT 1;;"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: more than one statement in SQL, write a query for each

=== no statement
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db " -- SELECT 1"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: no statement in SQL

=== BEGIN
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "BEGIN"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "BEGIN" in SQL, write transaction { ... } around its queries

=== COMMIT
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "COMMIT"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "COMMIT" in SQL, write transaction { ... } around its queries

=== rollback
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "rollback"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "rollback" in SQL, write transaction { ... } around its queries

=== SAVEPOINT x
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SAVEPOINT x"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "SAVEPOINT" in SQL, write transaction { ... } around its queries

=== SET
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SET statement_timeout = 0"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: SET in SQL changes the connection that requests share, write SET LOCAL in a transaction

=== SET of a quoted name
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db 'SET "work_mem" = 1000'; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: SET in SQL changes the connection that requests share, write SET LOCAL in a transaction

=== EXECUTE
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db 'EXECUTE x'; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "EXECUTE" in SQL would act on the connection that requests share

=== a cursor WITH HOLD
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db 'DECLARE c NO SCROLL CURSOR WITH /* it */ HOLD FOR SELECT 1'; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "WITH HOLD" in SQL would leave a cursor on the connection that requests share

=== a temporary table that stays
--- conf
location / {
    endpoint POST /x {
        transaction {
            query db 'CREATE TEMP TABLE x (a int) ON COMMIT PRESERVE ROWS';
            query db 'INSERT INTO x VALUES (1)';
        }
        reply 204;
    }
}
--- dies
4: what is temporary in SQL would stay on the connection that requests share, write CREATE TEMP TABLE ... ON COMMIT DROP in a transaction

=== a table that SELECT makes
--- conf
location / {
    endpoint POST /x {
        query db 'SELECT 1 AS a INTO TEMP x';
        reply 204;
    }
}
--- dies
3: "INTO TEMP" in SQL would leave a table on the connection that requests share, write CREATE TEMP TABLE ... ON COMMIT DROP AS in a transaction

=== an order by what is the same for all rows
--- conf
location / {
    endpoint GET /x {
        arg $sort=id;
        query $r db 'SELECT 1 ORDER BY $sort DESC LIMIT 3';
        reply $r;
    }
    endpoint GET /ok { reply 1; }
}
--- request
GET /ok
--- suppress_stderr
--- error_log eval
qr/\[warn\] .*"\$sort" behind BY in SQL is a constant, the same for all rows, write CASE \$sort WHEN 'NAME' THEN NAME END in .*test\.conf:4/

=== COPY
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "COPY users TO STDOUT"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "COPY" in SQL would act on the connection that requests share

=== LISTEN
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "LISTEN x"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "LISTEN" in SQL would act on the connection that requests share

=== LOAD
--- conf
location / {
    endpoint POST /x {
        query $r db "LOAD 'auto_explain'"; reply $r when=$r;
        reply 204;
    }
}
--- dies
3: "LOAD" in SQL would act on the connection that requests share

=== DISCARD
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "DISCARD ALL"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "DISCARD" in SQL would act on the connection that requests share

=== PREPARE
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "PREPARE x AS SELECT 1"; reply $r when=$r;
        reply 204;
    }
}
--- dies
4: "PREPARE" in SQL would act on the connection that requests share

=== no upstream
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r;
        reply 204;
    }
}
--- dies
4: invalid number of arguments in "query" directive

=== no upstream, without a result
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query_row;
        reply 204;
    }
}
--- dies
4: invalid number of arguments in "query_row" directive

=== an unknown upstream
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r nobody "SELECT 1";
        reply 204;
    }
}
--- dies
4: no upstream "nobody" with "endpoint_postgres"

=== an upstream without Postgres
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r web "SELECT 1";
        reply 204;
    }
}
--- dies
4: no upstream "web" with "endpoint_postgres"

=== no SQL
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db;
        reply 204;
    }
}
--- dies
4: "query" needs its SQL, as one word or by "file="

=== no SQL but an option
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query_row $r db isolated;
        reply 204;
    }
}
--- dies
4: "query_row" needs its SQL, as one word or by "file="

=== SQL twice
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT 1" file=x.sql;
        reply 204;
    }
}
--- dies
4: "query" needs its SQL, as one word or by "file="

=== SQL that is not quoted
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db SELECT id FROM users;
        reply 204;
    }
}
--- dies
4: unknown option "id" of "query", the options are default=, error=, isolated, read, idempotent, file=, cache=, each=, limit=, timeout=, after=, when=, unordered

=== an unknown option
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT 1" retries=3;
        reply 204;
    }
}
--- dies
4: unknown option "retries=3" of "query", the options are default=, error=, isolated, read, idempotent, file=, cache=, each=, limit=, timeout=, after=, when=, unordered

=== a bad timeout
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT 1" timeout=x;
        reply 204;
    }
}
--- dies
4: invalid timeout "x", it must be a time like 2s or 500ms

=== a default that is not JSON
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT 1" 'default={a}';
        reply 204;
    }
}
--- dies
4: invalid "default={a}", it must be JSON

=== a limit without a list
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT 1" limit=2;
        reply 204;
    }
}
--- dies
4: invalid "limit=2", it must be a number above 0 beside "each="

=== a limit of nothing
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT $item" each=$b limit=0;
        reply 204;
    }
}
--- dies
4: invalid "limit=0", it must be a number above 0 beside "each="

=== $item without a list
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT $item";
        reply 204;
    }
}
--- dies
4: unknown name "$item": no input, step or variable has it

=== a list that is no name
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT $item" each=b;
        reply 204;
    }
}
--- dies
4: invalid value "b", it must be a "$name"

=== a file that is not there
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db file=/nowhere/x.sql;
        reply 204;
    }
}
--- dies
4: cannot open the file "/nowhere/x.sql"

=== a file that is none
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db file=/;
        reply 204;
    }
}
--- dies
4: "/" is not a file

=== a result that is never used
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $r db "SELECT $id";
        reply 204;
    }
}
--- dies
4: "$r" is never used, and a read has no other effect

=== a name twice
--- conf
location / {
    endpoint POST /x {
        arg $id:int; field $name; body $b:json;
        query $id db "DELETE FROM users";
        reply 204;
    }
}
--- dies
4: "$id" is already bound at line 3

=== a name is used by itself
--- conf
location / {
    endpoint GET /x {
        query $a db "SELECT $b.x::int";
        query $b db "SELECT $a[0].x::int";
        reply $a;
    }
}
--- dies
3: cycle: "a" waits for "b", which waits for "a"

=== the line of a mistake in a file is that of its statement
--- conf
location / {
    endpoint GET /x {
        reply '1';
    }

    endpoint GET /y {
        query $r db file=../html/bad.sql;
        reply $r;
    }
}
--- user_files
>>> bad.sql
SELECT 1;
SELECT 2;
--- dies
7: more than one statement in SQL, write a query for each

=== a transaction without a query
--- conf
location / {
    endpoint POST /x {
        arg $id:int;
        transaction {
            log info "x";
        }
        reply 204;
    }
}
--- dies
4: "transaction" has no query

=== an empty transaction
--- conf
location / {
    endpoint POST /x {
        arg $id:int;
        transaction {
        }
        reply 204;
    }
}
--- dies
4: "transaction" has no query

=== two upstreams in a transaction
--- conf
location / {
    endpoint POST /x {
        arg $id:int;
        transaction {
            query db "SELECT 1";
            query other "SELECT 1";
        }
        reply 204;
    }
}
--- dies
6: another upstream than that of the transaction

=== an isolated query where there is no isolated connection
--- conf
location / {
    endpoint GET /x {
        query $a shared "SELECT 1";
        query $r shared "SELECT 1" isolated;
        reply '[$a, $r]';
    }
}
--- dies
4: "isolated" in "shared", whose "endpoint_postgres" has "isolated=0", it must be 1 or more

=== a transaction where there is no isolated connection
--- conf
location / {
    endpoint POST /x {
        arg $id:int;
        transaction {
            query shared "SELECT 1";
        }
        reply 204;
    }
}
--- dies
5: a transaction in "shared", whose "endpoint_postgres" has "isolated=0", it must be 1 or more

=== default= in a transaction
--- conf
location / {
    endpoint POST /x {
        arg $id:int;
        transaction {
            query $r db "SELECT 1" default=[];
        }
        reply 204;
    }
}
--- dies
5: "default=" in a transaction, which a failure rolls back

=== unordered in a transaction
--- conf
location / {
    endpoint POST /x {
        arg $id:int;
        transaction {
            query db "DELETE FROM users" unordered;
        }
        reply 204;
    }
}
--- dies
5: "unordered" in a transaction, whose steps run in order

=== an unknown option of a transaction
--- conf
location / {
    endpoint POST /x {
        arg $id:int;
        transaction serializable {
            query db "DELETE FROM users";
        }
        reply 204;
    }
}
--- dies
4: unknown option "serializable" of "transaction", the options are timeout=, after=, when=, unordered

=== COMMIT in a transaction
--- conf
location / {
    endpoint POST /x {
        arg $id:int;
        transaction {
            query db "COMMIT";
        }
        reply 204;
    }
}
--- dies
5: "COMMIT" in SQL, write transaction { ... } around its queries

=== a name before it is bound
--- conf
location / {
    endpoint POST /x {
        arg $id:int;
        transaction {
            query db "DELETE FROM users WHERE id = $r.id";
            query_row $r db "SELECT 1 AS id";
        }
        reply 204;
    }
}
--- dies
5: "$r" is used before it is bound in the transaction

=== another step in a transaction
--- conf
location / {
    endpoint POST /x {
        arg $id:int;
        transaction {
            query db "DELETE FROM users";
            sleep 1s;
        }
        reply 204;
    }
}
--- dies
6: "sleep" directive is not allowed here

=== a transaction in a transaction
--- conf
location / {
    endpoint POST /x {
        arg $id:int;
        transaction {
            transaction {
                query db "DELETE FROM users";
            }
        }
        reply 204;
    }
}
--- dies
5: "transaction" directive is not allowed here

=== a conninfo that is none
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "dbname";
}
--- upstream_dies
3: invalid conninfo: missing "=" after "dbname" in connection info string

=== an unknown keyword
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "database=app";
}
--- upstream_dies
3: invalid conninfo: invalid connection option "database"

=== hostaddr in the conninfo
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "dbname=app hostaddr=127.0.0.1";
}
--- upstream_dies
3: "hostaddr" in conninfo, the upstream's servers say where to connect to

=== port in the conninfo
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "dbname=app port=5432";
}
--- upstream_dies
3: "port" in conninfo, the upstream's servers say where to connect to

=== service in the conninfo
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "dbname=app service=x";
}
--- upstream_dies
3: "service" in conninfo, the upstream's servers say where to connect to

=== two hosts
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "host=a,b";
}
--- upstream_dies
3: "host=a,b" in conninfo, it must be the one name in the servers' certificates

=== gssencmode
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "gssencmode=prefer";
}
--- upstream_dies
3: "gssencmode=prefer" in conninfo, it would block and can only be disable

=== sslmode
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "sslmode=bogus";
}
--- upstream_dies
3: "sslmode=bogus" in conninfo, it must be disable, allow, prefer, require, verify-ca or verify-full

=== target_session_attrs
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "target_session_attrs=prefer-standby";
}
--- upstream_dies
3: "target_session_attrs=prefer-standby" in conninfo, it must be any, read-write, read-only, primary or standby: each connection is to one server

=== sslrootcert
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "sslrootcert=/nowhere/ca.crt";
}
--- upstream_dies
3: "sslrootcert=/nowhere/ca.crt" in conninfo, it must be a file that there is

=== an unknown parameter
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "dbname=app" lanes=3;
}
--- upstream_dies
3: invalid parameter "lanes=3", it must be connections=, pipeline=, queue=, isolated=, wait= or prepare=off

=== connections=0
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "dbname=app" connections=0;
}
--- upstream_dies
3: invalid value "connections=0", it must be a number from 1 to 1000

=== connections=x
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "dbname=app" connections=x;
}
--- upstream_dies
3: invalid value "connections=x", it must be a number from 1 to 1000

=== pipeline=0
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "dbname=app" pipeline=0;
}
--- upstream_dies
3: invalid value "pipeline=0", it must be a number from 1 to 10000

=== queue=-1
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "dbname=app" queue=-1;
}
--- upstream_dies
3: invalid value "queue=-1", it must be a number from 0 to 1000000

=== isolated=1001
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "dbname=app" isolated=1001;
}
--- upstream_dies
3: invalid value "isolated=1001", it must be a number from 0 to 1000

=== twice
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres "dbname=app";
    endpoint_postgres "dbname=app";
}
--- upstream_dies
4: "endpoint_postgres" directive is duplicate

=== no conninfo
--- upstream
upstream db {
    server 127.0.0.1:1;
    endpoint_postgres;
}
--- upstream_dies
3: invalid number of arguments in "endpoint_postgres" directive

=== a socket of another name
--- upstream
upstream db {
    server unix:/tmp/pg.sock;
    endpoint_postgres "dbname=app";
}
--- upstream_dies
1: "unix:/tmp/pg.sock" must be unix:DIR/.s.PGSQL.PORT as the server makes it

=== no server that is up
--- upstream
upstream db {
    server 127.0.0.1:1 down;
    endpoint_postgres "dbname=app";
}
--- upstream_dies
1: "db" has no server that is not down

=== a variable of nginx in quotes
--- conf
location / {
    endpoint GET / {
        query $x db "SELECT '$host'";
        reply $x;
    }
}
--- dies
3: "$host" in quotes is not replaced in SQL, write it outside, as in '...' || $name || '...'

=== an element of each= in quotes
--- conf
location / {
    endpoint GET / {
        arg $l:json;
        query $x db "SELECT '$item'" each=$l;
        reply $x;
    }
}
--- dies
4: "$item" in quotes is not replaced in SQL, write it outside, as in '...' || $name || '...'

=== max_conns=
--- upstream
upstream db {
    server 127.0.0.1:1;
    server 127.0.0.1:2 max_conns=3;
    endpoint_postgres "dbname=app";
}
--- upstream_dies
1: "127.0.0.1:2" must have no "max_conns", "endpoint_postgres" says how many connections there are
