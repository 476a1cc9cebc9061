# A read sees the acts above it that work on the same thing.  Each act takes a
# while before it writes, so that a read which does not wait comes too early.

use lib 't/lib';
use EndpointPostgresTest <<'SQL';
    CREATE TABLE notes (id serial PRIMARY KEY, text text);
    INSERT INTO notes (text) VALUES ('old');

    CREATE FUNCTION slow(t text) RETURNS text LANGUAGE sql AS
        'SELECT t FROM pg_sleep(0.1)';

    GRANT ALL ON ALL TABLES IN SCHEMA public TO app;
    GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app;
SQL

EndpointTest::add_block_preprocessor(sub {
    my $block = shift;

    return if !defined $block->steps;

    $block->set_value(http_config => <<'CONF');
        upstream db {
            server $TEST_NGINX_PG;
            endpoint_postgres "dbname=app user=app" connections=3;
        }

        endpoint_cache_zone zone=notes:1m entries=100 ttl=1h;
CONF
    $block->set_value(config => <<"CONF");
        location / {
            endpoint GET / {
                @{[ $block->steps ]}
            }

            endpoint POST /note/\$text {
                query db "INSERT INTO notes (text) VALUES (slow(\$text))";
                reply 204;
            }

            endpoint GET /note/\$text {
                query_row \$n db "SELECT text FROM notes WHERE text = \$text";
                reply '\$n';
            }
        }
CONF
});

run_tests();

__DATA__

=== a query below an INSERT
--- steps
query db "INSERT INTO notes (text) VALUES (slow('plain'))";
query_row $r db "SELECT text FROM notes WHERE text = 'plain'";
reply $r;
--- exchanges
> GET /
< 200 {"text":"plain"}

=== a query marked as a read
--- steps
query db "INSERT INTO notes (text) VALUES (slow('marked'))";
query_row $r db "WITH n AS (SELECT text FROM notes WHERE text = 'marked') SELECT * FROM n" read;
reply $r;
--- exchanges
> GET /
< 200 {"text":"marked"}

=== a name of the upstream in other letters
--- steps
query db "INSERT INTO notes (text) VALUES (slow('letters'))";
query_row $r DB "SELECT text FROM notes WHERE text = 'letters'";
reply $r;
--- exchanges
> GET /
< 200 {"text":"letters"}

=== an UPDATE with each=
--- steps
arg $names:json;
query db "INSERT INTO notes (text) VALUES (slow($item))" each=$names;
query $r db "SELECT text FROM notes WHERE text LIKE 'each%' ORDER BY text";
reply '$r[*].text';
--- exchanges
> GET /?names=["each1","each2"]
< 200 ["each1","each2"]

=== a read with each=
--- steps
arg $names:json;
query db "INSERT INTO notes (text) VALUES (slow('reads'))";
query $r db "SELECT count(*) AS n FROM notes WHERE text = $item" each=$names;
reply '$r[*][0].n';
--- exchanges
> GET /?names=["reads"]
< 200 [1]

=== an act with when=
--- steps
arg $write:bool=true;
query db "INSERT INTO notes (text) VALUES (slow('when'))" when=$write;
query_row $r db "SELECT count(*) AS n FROM notes WHERE text = 'when'";
reply $r;
--- exchanges
> GET /?write=false
< 200 {"n":0}
> GET /
< 200 {"n":1}

=== a transaction
--- steps
transaction {
    query db "INSERT INTO notes (text) VALUES (slow('whole'))";
    query db "SELECT 1 AS x";
}
query_row $r db "SELECT text FROM notes WHERE text = 'whole'";
reply $r;
--- exchanges
> GET /
< 200 {"text":"whole"}

=== an isolated act
--- steps
query db "INSERT INTO notes (text) VALUES (slow('alone'))" isolated;
query_row $r db "SELECT text FROM notes WHERE text = 'alone'";
reply $r;
--- exchanges
> GET /
< 200 {"text":"alone"}

=== an act that is itself unordered
--- steps
query db "INSERT INTO notes (text) VALUES (slow('free'))" unordered;
query_row $r db "SELECT text FROM notes WHERE text = 'free'";
reply $r;
--- exchanges
> GET /
< 200 {"text":"free"}

=== a read with cache=
--- steps
query db "INSERT INTO notes (text) VALUES (slow('kept'))";
query_row $r db "SELECT text FROM notes WHERE text = 'kept'" cache=notes:kept;
reply $r;
--- exchanges
> GET /
< 200 {"text":"kept"}

=== a purge is an act on its zone
--- steps
arg $n:int;
query_row $old db "SELECT slow('x'), $n::int AS n" cache=notes:$n;
purge notes $n after=$old;
query_row $new db "SELECT text, $n::int AS n FROM notes WHERE text = 'old'" cache=notes:$n;
reply '[$old.n, $new.text]';
--- exchanges
> GET /?n=5
< 200 [5, "old"]

=== a fetch below an acting one
--- steps
fetch POST /note/fetched;
fetch $r /note/fetched;
reply $r;
--- exchanges
> GET /
< 200 {"text":"fetched"}

=== a fetch with each= below one with each=
--- steps
arg $names:json;
fetch POST /note/$item each=$names;
fetch $r /note/$item each=$names;
reply '$r[*].text';
--- exchanges
> GET /?names=["f1","f2"]
< 200 ["f1","f2"]

=== "unordered" starts at once: the write waits for the read's value
--- steps
query db "INSERT INTO notes (text) VALUES ($r.text || 'er')";
query_row $r db "SELECT text FROM notes WHERE text = 'old'" unordered;
query_row $n db "SELECT count(*) AS n FROM notes WHERE text = 'older'";
reply $n;
--- exchanges
> GET /
< 200 {"n":1}

=== an act that waits for the read below it
--- http_config
upstream db { server 127.0.0.1:1; endpoint_postgres "dbname=app"; }
--- conf
location / {
    endpoint GET / {
        query db "DELETE FROM notes" after=$r;
        query_row $r db "SELECT 1 AS x";
        reply $r;
    }
}
--- dies
3: cycle: "query 1" waits for "r", which waits for "query 1"; "r" is a read below the act "query 1" on upstream "db" and has to see it, unless it stands above the act or is "unordered"

=== an act that uses the read below it
--- conf
location / {
    endpoint GET / {
        fetch POST /api/log '{"user": $user}';
        fetch $user /api/user;
        reply $user;
    }
}
--- dies
3: cycle: "fetch 1" waits for "user", which waits for "fetch 1"; "user" is a read below the act "fetch 1" on path "/api" and has to see it, unless it stands above the act or is "unordered"

=== and by a third step
--- conf
location / {
    endpoint GET / {
        fetch POST /api/log '{"user": $x}';
        fetch $user /api/user;
        fetch $x /other/$user;
        reply $user;
    }
}
--- dies
3: cycle: "fetch 1" waits for "x", which waits for "user", which waits for "fetch 1"; "user" is a read below the act "fetch 1" on path "/api" and has to see it, unless it stands above the act or is "unordered"
