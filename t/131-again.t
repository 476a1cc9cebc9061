# What a server refuses: what is sent again, what never is, and what the client
# and the log are told.

use strict;
use warnings;

use lib 't/lib';

use EndpointPostgresTest <<'SQL';
    CREATE SEQUENCE calls;
    CREATE TABLE notes (id serial, text text UNIQUE, secret text);
    INSERT INTO notes (text, secret) VALUES ('one', 'hush');

    -- fails for its own reasons, and leaves a count behind whatever is rolled
    -- back
    CREATE FUNCTION counted(state text) RETURNS text LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM nextval('calls');
            IF state <> '' THEN
                RAISE EXCEPTION 'raised "Straße"' USING ERRCODE = state;
            END IF;
            RETURN 'fine';
        END
    $$;

    -- fails until it was called so often
    CREATE FUNCTION flaky(times int, state text) RETURNS int LANGUAGE plpgsql AS $$
        DECLARE n int := nextval('calls');
        BEGIN
            IF n < times THEN
                RAISE EXCEPTION 'not yet' USING ERRCODE = state;
            END IF;
            RETURN n;
        END
    $$;

    CREATE PROCEDURE committing(state text) LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO notes (text) VALUES (nextval('calls')::text);
            COMMIT;
            IF state <> '' THEN
                RAISE EXCEPTION 'after it' USING ERRCODE = state;
            END IF;
        END
    $$;
SQL

run_tests();

__DATA__

=== a function's own error is no stale statement
--- conf
location / {
    endpoint GET /set/$n:int { query db "SELECT setval('calls', $n)" ; reply 204; }
    endpoint GET /count { query_row $r db "SELECT last_value AS n FROM calls"; reply $r.n; }
    endpoint GET /f/ { query_row $r db "SELECT counted(''::text) AS x"; reply $r.x; }
    endpoint GET /f/$state { query_row $r db "SELECT counted($state::text) AS x"; reply $r.x; }
    endpoint GET /p/$state { query db "CALL committing($state::text)"; reply 204; }
    endpoint GET /rows { query_row $r db "SELECT count(*) AS n FROM notes WHERE text ~ '^[0-9]+$'"; reply $r.n; }
}
--- exchanges
> GET /set/10
< 204
> GET /f/42P01
< 502 {"detail":"r: the database failed"}
> GET /f/42P01
< 502 {"detail":"r: the database failed"}
> GET /f/42703
< 502 {"detail":"r: the database failed"}
> GET /f/26000
< 502 {"detail":"r: the database failed"}
> GET /f/42P05
< 502 {"detail":"r: the database failed"}
> GET /f/0A000
< 502 {"detail":"r: the database failed"}
> GET /count
< 200 16
> GET /p/42P01
< 502 {"detail":"query 1: the database failed"}
> GET /p/42883
< 502 {"detail":"query 1: the database failed"}
> GET /p/26000
< 502 {"detail":"query 1: the database failed"}
> GET /rows
< 200 3

=== what lost against others is tried again, so often
--- conf
location / {
    endpoint GET /set/$n:int { query db "SELECT setval('calls', $n)" ; reply 204; }
    endpoint GET /one/$state { query_row $r db "SELECT flaky(13, $state) AS n"; reply $r.n; }
    endpoint GET /more/$state { query_row $r db "SELECT flaky(99, $state) AS n"; reply $r.n; }
    endpoint GET /t/$times:int/$state {
        transaction {
            query_row $a db "INSERT INTO notes (text) VALUES ('t' || $times) RETURNING text";
            query_row $r db "SELECT flaky($times::int, $state) AS n";
        }
        reply '[$a.text, $r.n]';
    }
    endpoint GET /rows { query $r db "SELECT text FROM notes WHERE text ~ '^t' ORDER BY 1"; reply '$r[*].text'; }
    endpoint GET /count { query_row $r db "SELECT last_value AS n FROM calls"; reply $r.n; }
}
--- exchanges
> GET /set/10
< 204
> GET /one/40001
< 200 13
> GET /set/10
< 204
> GET /more/40P01
< 503 {"detail":"r: it conflicts with other requests, try again"}
< Retry-After: 1
> GET /count
< 200 13
> GET /set/10
< 204
> GET /t/14/40001
< 200 ["t14", 14]
> GET /set/10
< 204
> GET /t/99/40001
< 503 {"detail":"r: it conflicts with other requests, try again"}
< Retry-After: 1
> GET /count
< 200 15
> GET /rows
< 200 ["t14"]

=== an error that the configuration names
--- conf
location / {
    endpoint GET /f/$state { query_row $r db "SELECT counted($state::text) AS x" error=P0001:409 error=P0002:404; reply $r.x; }
    endpoint GET /t/$state {
        transaction {
            query_row $r db "SELECT counted($state::text) AS x" error=P0001:410;
        }
        reply $r.x;
    }
    endpoint GET /u { query db "INSERT INTO notes (text) VALUES ('one')" error=23505:400; reply 204; }
}
--- exchanges
> GET /f/P0001
< 409 {"detail":"raised \"Straße\""}
> GET /f/P0002
< 404 {"detail":"raised \"Straße\""}
> GET /f/P0003
< 502 {"detail":"r: the database failed"}
> GET /t/P0001
< 410 {"detail":"raised \"Straße\""}
> GET /u
< 400 {"detail":"duplicate key value violates unique constraint \"notes_text_key\""}

=== a client's data is no error of ours, and a row is not logged
--- conf
location / {
    endpoint GET / {
        query db "INSERT INTO notes (text, secret) VALUES ('one', 'hushhush')";
        reply 204;
    }
}
--- exchanges
> GET /
< 409 {"detail":"query 1: violates a unique constraint \"notes_text_key\""}
--- error_log eval
qr/\[info\] .* SQLSTATE 23505: duplicate key value violates unique constraint "notes_text_key", \d+ ms/
--- no_error_log
[error]
Key (text)

=== error= is read
--- conf
location / {
    endpoint GET / { query db "SELECT 1" error=P001:409; reply 204; }
}
--- must_die
--- error_log
invalid "error=P001:409", it must be a SQLSTATE and a status from 400 to 599 like P0001:409
