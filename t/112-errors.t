# What the database refuses: whose fault it is, what the client is told of it,
# and what the log is told.

use lib 't/lib';
use EndpointPostgresTest <<'SQL';
    CREATE TABLE users (id serial PRIMARY KEY,
                        name text NOT NULL CHECK (length(name) < 100),
                        email text CONSTRAINT users_email_key UNIQUE,
                        age int CONSTRAINT "young ""enough""" CHECK (age < 200));

    CREATE TABLE orders (id serial PRIMARY KEY, day date, amount numeric(5, 2),
                         user_id int CONSTRAINT orders_user_fkey
                                     REFERENCES users (id));

    CREATE TABLE rooms (room int, during int4range,
                        CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&));

    INSERT INTO users (name, email) VALUES ('Ada', 'ada@example.com');

    CREATE DOMAIN even AS int CONSTRAINT even_number CHECK (VALUE % 2 = 0);

    CREATE TABLE secrets (secret text);
    INSERT INTO secrets VALUES ('the secret');

    CREATE FUNCTION raise(state text) RETURNS int LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION USING ERRCODE = state, MESSAGE = ''raised''; END';
SQL

EndpointTest::add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(conf => <<'CONF') unless defined $block->conf;
location / {
    endpoint POST /users {
        field $name:str=null; field $email:str=null; field $age:int=null;
        query_row $user db "INSERT INTO users (name, email, age)
                            VALUES ($name, $email, $age) RETURNING name";
        reply $user;
    }

    endpoint POST /orders {
        field $user:int=null; field $day:str=null; field $amount:str=null;
        query_row $order db "INSERT INTO orders (user_id, day, amount)
                             VALUES ($user, $day::text::date, $amount::text::numeric)
                             RETURNING user_id, day, amount";
        reply $order;
    }

    endpoint DELETE /users/$id:int {
        query db "DELETE FROM users WHERE id = $id";
        reply 204;
    }

    endpoint GET /user/$id {
        query_row $user db "SELECT name FROM users WHERE id = $id";
        reply $user;
    }

    endpoint GET /double/$id:int {
        query_row $r db "SELECT $id::int4 AS id";
        reply $r;
    }

    endpoint GET /raise/$state {
        query $r db "SELECT raise($state)";
        reply $r;
    }

    endpoint GET /syntax     { query $r db "SELEKT 1"; reply '1'; }
    endpoint GET /table      { query $r db "SELECT * FROM nowhere"; reply $r; }
    endpoint GET /rights     { query $r db "SELECT * FROM pg_authid"; reply $r; }
    endpoint GET /zero       { query $r db "SELECT 1/0"; reply $r; }
    endpoint GET /zero/$n    { query $r db "SELECT 1/($n::int)"; reply $r; }
    endpoint GET /computed   { query_row $a db "SELECT 0 AS x"; query $r db "SELECT 1/($a.x::int)"; reply $r; }
    endpoint GET /even/$n    { query_row $r db "SELECT $n::text::even AS n"; reply $r; }
    endpoint POST /rooms     { field $d:str; query db "INSERT INTO rooms (during) VALUES ($d::text::int4range)"; reply 204; }
    endpoint GET /cancel     { query $r db "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(600)"; reply $r; }
    endpoint GET /alone      { query db "DELETE FROM users WHERE id = 1/0"; reply 204; }
    endpoint GET /steps/$n:int {
        query db "SELECT 1 / ($n - 1)";
        transaction {
            query db "SELECT 1 / ($n - 2)";
            query $x db "SELECT 1 / ($n - 3)";
            query db "SELECT 1 / ($n - 4)";
            query_row db "SELECT 1 / ($n - 5)";
            require $n!=6 418;
        }
        transaction {
            query db "SELECT 1 / ($n - 7)";
            require $n!=8 404 "eight";
        }
        query db "SELECT 1 / ($n - 9)";
        reply 204;
    }
    endpoint GET /vacuum     { query db "VACUUM orders"; reply 204; }
}
CONF
});

run_tests();

__DATA__

=== constraints: the client's
--- exchanges
> POST /users {"name":"A","email":"ada@example.com"}
> Content-Type: application/json
< 409 {"detail":"user: violates a unique constraint \"users_email_key\""}
< Content-Type: application/json
> POST /users {"email":"b"}
> Content-Type: application/json
< 422 {"detail":"user: violates a not null constraint \"name\""}
> POST /users {"name":"A","age":200}
> Content-Type: application/json
< 422 {"detail":"user: violates a check constraint \"young \"enough\"\""}
> POST /orders {"user":7}
> Content-Type: application/json
< 422 {"detail":"order: violates a foreign key constraint \"orders_user_fkey\""}
> POST /orders {"user":1,"day":"2024-02-29","amount":"1.50"}
> Content-Type: application/json
< 200 {"user_id":1,"day":"2024-02-29","amount":1.50}
> DELETE /users/1
< 422 {"detail":"query 1: violates a foreign key constraint \"orders_user_fkey\""}
> GET /even/3
< 422 {"detail":"r: violates a check constraint \"even_number\""}
> POST /rooms {"d":"[1,5)"}
> Content-Type: application/json
< 204
> POST /rooms {"d":"[4,6)"}
> Content-Type: application/json
< 409 {"detail":"query 1: violates a unique constraint \"no_overlap\""}

=== values that do not fit: the client's
--- exchanges
> POST /orders {"day":"2024-02-30"}
> Content-Type: application/json
< 422 {"detail":"order: a value is out of range or malformed"}
> POST /orders {"day":"yesteryear"}
> Content-Type: application/json
< 422 {"detail":"order: a value is out of range or malformed"}
> POST /orders {"amount":"1000"}
> Content-Type: application/json
< 422 {"detail":"order: a value is out of range or malformed"}
> GET /user/abc
< 422 {"detail":"user: a value is out of range or malformed"}
> GET /user/2147483648
< 422 {"detail":"user: a value is out of range or malformed"}
> GET /double/9223372036854775807
< 422 {"detail":"r: a value is out of range or malformed"}
> GET /zero/0
< 422 {"detail":"r: a value is out of range or malformed"}
> GET /even/x
< 422 {"detail":"r: a value is out of range or malformed"}

=== each step has a number of its own, inside a transaction and outside
--- exchanges
> GET /steps/1
< 422 {"detail":"query 1: a value is out of range or malformed"}
> GET /steps/2
< 422 {"detail":"query 2: a value is out of range or malformed"}
> GET /steps/3
< 422 {"detail":"x: a value is out of range or malformed"}
> GET /steps/4
< 422 {"detail":"query 4: a value is out of range or malformed"}
> GET /steps/5
< 422 {"detail":"query_row 1: a value is out of range or malformed"}
> GET /steps/7
< 422 {"detail":"query 5: a value is out of range or malformed"}
> GET /steps/9
< 422 {"detail":"query 6: a value is out of range or malformed"}
> GET /steps/10
< 204

=== everything else: ours, and nothing of it is told
--- exchanges
> GET /zero
< 502 {"detail":"r: the database failed"}
> GET /computed
< 502 {"detail":"r: the database failed"}
> GET /table
< 502 {"detail":"r: the database failed"}
> GET /rights
< 502 {"detail":"r: the database failed"}
> GET /raise/P0001
< 502 {"detail":"r: the database failed"}
> GET /raise/40001
< 503 {"detail":"r: it conflicts with other requests, try again"}
> GET /raise/53300
< 503 {"detail":"r: the database is not available"}
> GET /raise/08P01
< 503 {"detail":"r: the database is not available"}
> GET /raise/22021
< 502 {"detail":"r: the database failed"}
> GET /raise/25006
< 502 {"detail":"r: the database is read-only"}
> GET /raise/XX000
< 502 {"detail":"r: the database failed"}
> GET /alone
< 502 {"detail":"query 1: the database failed"}
> GET /cancel
< 504 {"detail":"r: timed out"}

=== and the connection goes on
--- exchanges
> GET /syntax
< 502 {"detail":"r: the database failed"}
> GET /zero
< 502 {"detail":"r: the database failed"}
> GET /double/1
< 200 {"id":1}
> GET /vacuum
< 204
> GET /double/2
< 200 {"id":2}

=== the log has SQLSTATE, message, step and time
--- exchanges
> GET /raise/P0042
< 502 {"detail":"r: the database failed"}
--- error_log eval
qr{\[error\] .* endpoint "/raise/\{state\}": step "r": SQLSTATE P0042: raised, \d+ ms}

=== foreign bytes are escaped in the log
--- conf
location / {
    endpoint POST / {
        field $d:str;
        query $r db "SELECT $d::text::date";
        reply $r;
    }
}
--- exchanges
> POST / {"d":"x\n[alert] forged \u001b[1m\u00e4\u202e"}
> Content-Type: application/json
< 422 {"detail":"r: a value is out of range or malformed"}
--- error_log
"x [alert] forged \x1B[1m\xC3\xA4\xE2\x80\xAE"
--- no_error_log eval
qr/^\[alert\]/

=== a NUL is refused before it is sent
--- conf
location / {
    endpoint POST /field {
        field $x:str;
        query $r db "SELECT $x::text AS x";
        reply $r;
    }

    endpoint POST /body {
        body $b:json;
        query $r db "SELECT $b.a.b::text AS x";
        reply $r;
    }

    endpoint POST /each {
        body $b:json;
        query $r db "SELECT $item::text AS x" each=$b;
        reply $r;
    }

    endpoint GET /arg {
        arg $x;
        query $r db "SELECT $x::text AS x";
        reply $r;
    }

    endpoint GET /computed {
        query_row $a db 'SELECT \'"\\u0000"\'::json AS j';
        query $r db "SELECT $a.j::text AS x";
        reply $r;
    }

    endpoint POST /act {
        field $x:str;
        query db "INSERT INTO users (name) VALUES ($x)";
        reply 204;
    }
}
--- exchanges
> POST /field {"x":"a\u0000b"}
> Content-Type: application/json
< 422 ~"loc":\["body","x"\],"msg":"Value error, it must have no NUL"
> POST /field {"x":"a\\u0000b"}
> Content-Type: application/json
< 200 [{"x":"a\\u0000b"}]
> POST /body {"a":{"b":"\u0000"}}
> Content-Type: application/json
< 422 ~"loc":\["body"
> POST /each ["a","\u0000"]
> Content-Type: application/json
< 422 ~Value error, it must have no NUL
> GET /arg?x=a%00b
< 422 ~"loc":\["query","x"\],"msg":"Value error, it must have no NUL"
> GET /computed
< 502 ~^\{"detail":"r: .*"\}$
> POST /act {"x":"\u0000"}
> Content-Type: application/json
< 422 ~it must have no NUL

=== nothing that a client sends is SQL
--- conf
location / {
    endpoint GET /path/$x     { query $r db "SELECT name FROM users WHERE name = $x"; reply $r; }
    endpoint GET /rest/$x:path { query $r db "SELECT name FROM users WHERE name = $x"; reply $r; }
    endpoint GET /arg         { arg $x; query $r db "SELECT name FROM users WHERE name = $x ORDER BY 1 LIMIT 10"; reply $r; }
    endpoint GET /int         { arg $x:str; query $r db "SELECT name FROM users WHERE id = $x"; reply $r; }
    endpoint GET /header      { header $x_a; query $r db "SELECT name FROM users WHERE name = $x_a"; reply $r; }
    endpoint GET /cookie      { cookie $c; query $r db "SELECT name FROM users WHERE name = $c"; reply $r; }
    endpoint GET /variable    { query $r db "SELECT name FROM users WHERE name = $http_x_a OR name = $args"; reply $r; }
    endpoint POST /field      { field $x; query $r db "SELECT name FROM users WHERE name = $x"; reply $r; }
    endpoint POST /member     { body $b:json; query $r db "SELECT name FROM users WHERE name = $b.x.y"; reply $r; }
    endpoint POST /each       { body $b:json; query $r db "SELECT name FROM users WHERE name = $item" each=$b; reply $r; }
    endpoint GET /empty       { query $r db "SELECT secret FROM secrets WHERE secret <> 'the secret'"; reply $r; }
    endpoint GET /users       { query_row $r db "SELECT count(*) AS n FROM users"; reply $r; }
    endpoint POST /array      { field $x; query $r db "SELECT name FROM users WHERE name = ANY (string_to_array($x, ','))"; reply $r; }
    endpoint POST /isolated   { field $x; query $r db "SELECT name FROM users WHERE name = $x" isolated; reply $r; }
    endpoint POST /tx         { field $x; transaction { query $r db "SELECT name FROM users WHERE name = $x"; } reply $r; }
    endpoint POST /echo       { field $x; query_row $r db "SELECT $x::text AS x, count(*) AS n FROM secrets"; reply $r; }
}
--- exchanges eval
my @strings = (
    q{' OR '1'='1}, q{' OR 1=1--}, q{1' OR '1'='1' -- -}, q{') OR ('1'='1},
    q{'; DROP TABLE secrets; --}, q{1; DROP TABLE secrets},
    q{\'; DROP TABLE secrets; --}, q{" OR ""="}, q{$1}, q{$x}, q{${x}},
    q{$$; DROP TABLE secrets; $$}, q{%27 OR 1=1}, q{E'\x27'}, q{\x27 OR 1=1},
    q{' UNION SELECT secret FROM secrets--}, q{'||(SELECT secret FROM secrets)||'},
    q{1 UNION ALL SELECT secret FROM secrets}, q{1 OR 1=1}, q{1 AND pg_sleep(600) IS NULL},
    q{' AND (SELECT pg_sleep(600)) IS NULL--}, q{'; COPY secrets TO PROGRAM 'id'; --},
    q{' AND 1=CAST((SELECT secret FROM secrets) AS int)--}, q{a\\}, q{'}, q{"}, q{;},
    "\xef\xbc\x87 OR 1=1--", "\xca\xbc OR 1=1--", q{{a,b}}, q{NULL}, q{%},
);

my $text = '';

for my $string (@strings) {
    my $url = CORE::join '', map { /[A-Za-z0-9]/ ? $_ : sprintf '%%%02X', ord }
                             split //, $string;
    my $json = '"' . $string =~ s/(["\\])/\\$1/gr . '"';

    $text .= "> GET /$_\n< 200 []\n"
        for "path/$url", "rest/$url", "arg?x=$url", "variable?$url", "empty";

    $text .= "> GET /int?x=$url\n"
             . "< 422 {\"detail\":\"r: a value is out of range or malformed\"}\n";

    $text .= "> GET /header\n> X-A: $string\n> Cookie: c=$string\n< 200 []\n";
    $text .= "> GET /cookie\n> X-A: $string\n> Cookie: c=$string\n< 200 []\n"
        if $string !~ /[;"\\]/;

    $text .= "> POST /$_->[0] $_->[1]\n> Content-Type: application/json\n< 200 $_->[2]\n"
        for [ 'field', "{\"x\":$json}", '[]' ], [ 'member', "{\"x\":{\"y\":$json}}", '[]' ],
            [ 'each', "[$json]", '[[]]' ], [ 'array', "{\"x\":$json}", '[]' ],
            [ 'isolated', "{\"x\":$json}", '[]' ], [ 'tx', "{\"x\":$json}", '[]' ],
            [ 'echo', "{\"x\":$json}", "{\"x\":$json,\"n\":1}" ];
}

$text . "> GET /users\n< 200 {\"n\":1}\n";
