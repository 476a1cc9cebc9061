# What the server says of a statement's parameters: JSON stays JSON, a list
# becomes an array, and who changes a table finds the new types used soon.

use strict;
use warnings;

use lib 't/lib';

use EndpointPostgres;
use EndpointServer;
use Test::More;


my $pg = EndpointPostgres->new(sql => <<'SQL');
    CREATE DOMAIN document AS jsonb CHECK (VALUE IS NOT NULL);
    CREATE DOMAIN ids AS int[];
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE TABLE docs (j jsonb, k json, t text, d document);
    INSERT INTO docs (d) VALUES ('{}');
    CREATE TABLE r2d (x real);
    CREATE TABLE d2t (x date);
    CREATE TABLE t2z (x timestamp);
    CREATE TABLE i2b (x int);
    CREATE TABLE v2j (x text);
    CREATE TABLE a2b (x int[]);
    CREATE TABLE moods (x mood);
    CREATE TABLE again (x int);
SQL


my $s = EndpointServer->new(http => <<"CONF" . <<'CONF');

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=2;
    }

    upstream off {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" prepare=off;
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint POST /json/column {
                body $b:json;
                query_row $r db "UPDATE docs SET j = $b, k = '{}' RETURNING j::text AS j, j::text AS k, j::text AS d";
                reply '[$r.j, $r.k, $r.d]';
            }

            endpoint POST /json/cast {
                body $b:json;
                query_row $r db "SELECT $b::jsonb::text AS j, $b::json::text AS k, $b::document::text AS d";
                reply '[$r.j, $r.k, $r.d]';
            }

            endpoint POST /json/off {
                body $b:json;
                query_row $r off "SELECT $b::jsonb::text AS j, $b::jsonb::text AS k, $b::document::text AS d";
                reply '[$r.j, $r.k, $r.d]';
            }

            endpoint POST /json/isolated {
                body $b:json;
                query_row $r db "SELECT $b::jsonb::text AS j, $b::json::text AS k, $b::document::text AS d" isolated;
                reply '[$r.j, $r.k, $r.d]';
            }

            endpoint POST /json/transaction {
                body $b:json;
                transaction {
                    query_row $r db "SELECT $b::jsonb::text AS j, $b::json::text AS k";
                    query_row $d db "SELECT $b::document::text AS d";
                }
                reply '[$r.j, $r.k, $d.d]';
            }

            endpoint POST /json/member {
                field $b:json;
                query_row $x db "SELECT jsonb_build_object('m', $b::jsonb) AS x";
                query_row $r db "SELECT $x.x.m::jsonb::text AS j, $x.x.m::json::text AS k, $x.x.m::document::text AS d";
                reply '[$r.j, $r.k, $r.d]';
            }

            endpoint POST /json/each {
                body $b:json;
                query $r db "SELECT $item::jsonb::text AS j" each=$b;
                reply '$r[*][0].j';
            }

            endpoint POST /text {
                body $b:json;
                query_row $r db "SELECT $b::text AS t";
                reply $r.t;
            }

            endpoint POST /any {
                body $b:json;
                query_row $r db "SELECT count(*) AS n FROM generate_series(1, 9) AS x WHERE x = ANY($b)";
                reply $r.n;
            }

            endpoint POST /array/int    { body $b:json; query_row $r db "SELECT $b::int[]::text AS t"; reply $r.t; }
            endpoint POST /array/text   { body $b:json; query_row $r db "SELECT to_json($b::text[]) AS t"; reply $r.t; }
            endpoint POST /array/uuid   { body $b:json; query_row $r db "SELECT $b::uuid[]::text AS t"; reply $r.t; }
            endpoint POST /array/domain { body $b:json; query_row $r db "SELECT $b::ids::text AS t"; reply $r.t; }
            endpoint POST /array/enum   { body $b:json; query_row $r db "SELECT $b::mood[]::text AS t"; reply $r.t; }
            endpoint POST /array/jsonb  { body $b:json; query_row $r db "SELECT to_json($b::jsonb[]) AS t"; reply $r.t; }
            endpoint POST /array/off    { body $b:json; query_row $r off "SELECT $b::int[]::text AS t"; reply $r.t; }

            endpoint POST /ddl/r2d { body $b:json; query_row $r db "INSERT INTO r2d VALUES ($b) RETURNING x::text AS t"; reply $r.t; }
            endpoint POST /ddl/d2t { body $b:json; query_row $r db "INSERT INTO d2t VALUES ($b) RETURNING x::text AS t"; reply $r.t; }
            endpoint POST /ddl/t2z { body $b:json; query_row $r db "INSERT INTO t2z VALUES ($b) RETURNING (x AT TIME ZONE 'UTC')::text AS t"; reply $r.t; }
            endpoint POST /ddl/i2b { body $b:json; query_row $r db "INSERT INTO i2b VALUES ($b) RETURNING x::text AS t"; reply $r.t; }
            endpoint POST /ddl/v2j { body $b:json; query_row $r db "INSERT INTO v2j VALUES ($b) RETURNING x::text AS t"; reply $r.t; }
            endpoint POST /ddl/a2b { body $b:json; query_row $r db "INSERT INTO a2b VALUES ($b) RETURNING x::text AS t"; reply $r.t; }
            endpoint POST /ddl/moods { body $b:json; query_row $r db "INSERT INTO moods VALUES ($b) RETURNING x::text AS t"; reply $r.t; }
            endpoint POST /ddl/again { body $b:json; query_row $r db "INSERT INTO again VALUES ($b) RETURNING x::text AS t"; reply $r.t; }
            endpoint POST /ddl/isolated { body $b:json; query_row $r db "INSERT INTO v2j VALUES ($b) RETURNING x::text AS t" isolated; reply $r.t; }

            endpoint GET /missing/$name {
                query $r db "SELECT * FROM nothing WHERE name = $name";
                reply $r;
            }

            endpoint GET /untyped/$name {
                query $r db "SELECT pg_typeof($name)";
                reply $r;
            }
        }
    }
CONF

my $owner = $pg->connect('app', 'app');

$s->start;


sub post {
    my ($path, $text) = @_;

    return $s->ask("POST $path", 'Content-Type: application/json', \$text);
}


# what Postgres must have got

my @texts = ('"123"', '"true"', '"null"', '"abc"', '"{}"', '123', '1.50',
             'true', '{"a": [1, "b", null]}', '"quote\\" \\\\ \\u00e9"');

for my $kind (qw(column cast off isolated transaction)) {
    for my $text (@texts) {
        my $r = post("/json/$kind", $text);
        my $j = $pg->value('SELECT $$' . $text . '$$::jsonb::text');
        my @got = $r->{body} =~ /^\[(".*"), (".*"), (".*")\]$/s;

        is($r->{status}, 200, "$kind: $text");
        is($got[0], $pg->value("SELECT to_json(\$\$$j\$\$::text)::text"),
           'as jsonb') or diag $r->{body};
        is($got[2], $got[0], 'as a domain on jsonb');
    }
}

is(post('/json/member', '{"b": "7"}')->{body}, '["\"7\"", "\"7\"", "\"7\""]',
   'a member of a result');
is(post('/json/each', '["1", 2, null]')->{body}, '["\"1\"","2",null]',
   'elements');
is(post('/text', '"123"')->{body}, '"123"', 'a text stays text');

is(post('/any', '[1, 3, 20]')->{body}, '2', '= ANY of a list');
is(post('/any', '[]')->{body}, '0', 'of an empty one');
is(post('/any', '{}')->{status}, 422, 'an object is none');
is(post('/any', '5')->{status}, 422, 'a number is none');
is(post('/any', '["x"]')->{status}, 422, 'an element of another type');

for (['int', '[1, null, -3]', '"{1,NULL,-3}"'],
     ['int', '[ [1,2] , [3,4] ]', '"{{1,2},{3,4}}"'],
     ['int', '"{4,5}"', '"{4,5}"'],
     ['text', '["a,b", "", "NULL", "q\"\\\\{}", " x ", null, "\u00e9"]',
      '["a,b","","NULL","q\"\\\\{}"," x ",null,"' . "\xc3\xa9" . '"]'],
     ['text', '[true, 1.50, {"a": "b"}]', '["true","1.50","{\"a\": \"b\"}"]'],
     ['uuid', '["6fa459ea-ee8a-3ca4-894e-db77e160355e"]',
      '"{6fa459ea-ee8a-3ca4-894e-db77e160355e}"'],
     ['domain', '[1,2]', '"{1,2}"'],
     ['enum', '["sad","happy"]', '"{sad,happy}"'],
     ['jsonb', '["1", [2], {"a": "}"}, null]', '["1",[2],{"a": "}"},null]'],
     ['off', '[1,2]', '"{1,2}"'])
{
    my ($kind, $text, $right) = @$_;

    is(post("/array/$kind", $text)->{body}, $right, "array of $kind: $text");
}

is(post('/array/text', '["a\u0000b"]')->{status}, 422, 'a NUL in an element');


# the new type is used soon, and nothing wrong is stored with the old one after

for (['r2d', 'ALTER TABLE r2d ALTER x TYPE double precision',
      '0.1234567890123', '"0.1234567890123"'],
     ['d2t', 'ALTER TABLE d2t ALTER x TYPE timestamp',
      '"2024-02-03 04:05:06"', '"2024-02-03 04:05:06"'],
     ['t2z', "ALTER TABLE t2z ALTER x TYPE timestamptz",
      '"2024-02-03 04:05:06+03"', '"2024-02-03 01:05:06"'],
     ['i2b', 'ALTER TABLE i2b ALTER x TYPE bigint', '5000000000',
      '"5000000000"'],
     ['v2j', 'ALTER TABLE v2j ALTER x TYPE jsonb USING to_jsonb(x)', '"12"',
      '"\"12\""'],
     ['isolated', 'SELECT 1', '"13"', '"\"13\""'],
     ['a2b', 'ALTER TABLE a2b ALTER x TYPE jsonb USING to_jsonb(x)', '[1, 2]',
      '"[1, 2]"'],
     ['moods', 'DROP TABLE moods; DROP TYPE mood;'
      . " CREATE TYPE mood AS ENUM ('fine'); CREATE TABLE moods (x mood)",
      '"fine"', '"fine"'],
     ['again', 'DROP TABLE again; CREATE TABLE again (x text)', '"words"',
      '"words"'])
{
    my ($kind, $sql, $text, $right) = @$_;

    # both connections have it prepared
    post("/ddl/$kind", $kind eq 'moods' ? '"sad"' : '"2024-01-01"') for 1 .. 4;

    $owner->sql($_) for split /; /, $sql;

    ok($s->wait_for(sub { post("/ddl/$kind", $text)->{body} eq $right }),
       "$kind: the new type is used");

    is(join(' ', map { post("/ddl/$kind", $text)->{body} } 1 .. 4),
       join(' ', ($right) x 4), 'on each connection');
}

my $at = qr/upstream "db": the statement at \S+nginx\.conf:\d+/;

ok($s->count('logs/error.log',
             qr/$at cannot be prepared: .*"nothing".*, \$1 is \$name$/m),
   'what cannot be prepared is told when the worker starts');
ok($s->count('logs/error.log', qr/SQLSTATE 42P18: .*\$1, \$1 is \$name/),
   'and what has no type');

$s->stop;


# a lookup of types that comes to nothing is made again

my $root = $pg->connect('postgres', 'app');

$root->sql('REVOKE SELECT ON pg_catalog.pg_type FROM PUBLIC');

$s = EndpointServer->new(http => <<"CONF" . <<'CONF');

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app";
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint POST /domain { body $b:json; query_row $r db "SELECT $b::document::text AS t"; reply $r.t; }
        }
    }
CONF

$s->start;

is(post('/domain', '"1"')->{body}, '"1"', 'a type that nothing is known of');
$root->sql('GRANT SELECT ON pg_catalog.pg_type TO PUBLIC');
ok($s->wait_for(sub { post('/domain', '"1"')->{body} eq '"\"1\""' }),
   'it is looked up when that can be done');

$s->stop;
done_testing();
