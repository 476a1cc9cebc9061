# What is no SQL in a client's first request is none in a later one either:
# strings that were stored, fetched or wrapped in JSON before they are bound.

use lib 't/lib';
use EndpointPostgresTest <<'SQL';
    CREATE TABLE users (id serial PRIMARY KEY, name text);
    CREATE TABLE secrets (secret text);
    INSERT INTO users (name) VALUES ('Ada');
    INSERT INTO secrets VALUES ('the secret');
SQL

run_tests();

__DATA__

=== strings that come a second time
--- http_config
    upstream db {
        server $TEST_NGINX_PG;
        endpoint_postgres "dbname=app user=app" connections=2;
    }

    upstream pooled {
        server $TEST_NGINX_PG;
        endpoint_postgres "dbname=app user=app" connections=1 prepare=off;
    }
--- conf
location / {
    endpoint POST /stored {
        field $x;
        query_row $row db "INSERT INTO users (name) VALUES ($x) RETURNING id, name";
        query $r db "SELECT name FROM users WHERE name = $row.name";
        query db "DELETE FROM users WHERE id = $row.id::int" after=$r;
        reply $r;
    }
    endpoint POST /fetched {
        field $x;
        fetch $answer POST /echo '{"x": $x}';
        query_row $r db "SELECT $answer.x::text AS name, count(*) AS n FROM secrets";
        reply $r;
    }
    endpoint POST /echo   { body $b:json; reply $b; }
    endpoint POST /whole  { body $b:json; query_row $r db "SELECT $b::jsonb ->> 'x' AS name"; reply $r; }
    endpoint POST /pooled { field $x; query_row $r pooled "SELECT $x::text AS name, count(*) AS n FROM secrets"; reply $r; }
    endpoint POST /like   { field $x; query $r db "SELECT name FROM users WHERE name LIKE '%' || $x || '!'"; reply $r; }
    endpoint POST /guard  { field $x; query_row $r db "SELECT name FROM users WHERE name = $x"; require $r 404 "no such user"; reply $r; }
    endpoint GET  /cookie { cookie $c=none; query_row $r db "SELECT count(*) AS n FROM users WHERE name = $c"; reply $r; }
    endpoint GET  /users  { query_row $r db "SELECT count(*) AS n, (SELECT count(*) FROM secrets) AS s FROM users"; reply $r; }
}
--- exchanges eval
my $text = '';

for my $string (q{' OR '1'='1}, q{' OR 1=1--}, q{'; DROP TABLE secrets; --},
                q{') OR ('1'='1}, q{\'; DROP TABLE secrets; --}, q{" OR ""="},
                q{' UNION SELECT secret FROM secrets--}, q{$1}, q{${x}},
                q{$$; DROP TABLE secrets; $$}, q{E'\x27'}, q{a\\}, q{%'},
                q{'||(SELECT secret FROM secrets)||'}, q{"}, q{;}, q{'})
{
    my $json = '"' . $string =~ s/(["\\])/\\$1/gr . '"';

    $text .= "> POST /$_->[0] {\"x\":$json}\n> Content-Type: application/json\n"
             . "< $_->[1]\n"
        for [ 'stored', "200 [{\"name\":$json}]" ],
            [ 'fetched', "200 {\"name\":$json,\"n\":1}" ],
            [ 'whole', "200 {\"name\":$json}" ],
            [ 'pooled', "200 {\"name\":$json,\"n\":1}" ],
            [ 'like', '200 []' ],
            [ 'guard', '404 {"detail":"no such user"}' ];

    # a quote or a semicolon ends what is taken for the cookie, or stays in it

    $text .= "> GET /cookie\n> Cookie: c=$string\n< 200 {\"n\":0}\n";
}

$text . "> GET /users\n< 200 {\"n\":1,\"s\":1}\n";
