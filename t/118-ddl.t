# Prepared statements that are no longer what they were: tables that change, a
# session that forgets, a pooler that gives each transaction another server.

use strict;
use warnings;

use lib 't/lib';

use EndpointLoad;
use EndpointPostgres;
use EndpointServer;
use Test::More;


my $pg = EndpointPostgres->new(sql => <<'SQL');
    CREATE TABLE users (id int PRIMARY KEY, name text);
    CREATE TABLE notes (id serial, text text);
    INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 9) n;

    CREATE FUNCTION forget() RETURNS int LANGUAGE plpgsql AS
        'BEGIN DEALLOCATE ALL; RETURN 1; END';
SQL

$pg->sql('CREATE ROLE pooled LOGIN IN ROLE app');


# the pooler, with fewer servers than nginx has connections

my $pooled = $pg->pooler('pooled', 2);

my $s = EndpointServer->new(http => <<"CONF" . <<'CONF');

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=2 isolated=1;
    }

    upstream pool {
        server 127.0.0.1:$pooled;
        endpoint_postgres "dbname=app user=app" connections=4 isolated=3 prepare=off;
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /all { query $r db "SELECT * FROM users ORDER BY id"; reply $r; }
            endpoint GET /user/$id { query_row $r db "SELECT * FROM users WHERE id = $id"; reply $r; }
            endpoint GET /isolated/$id { query_row $r db "SELECT * FROM users WHERE id = $id" isolated; reply $r; }
            endpoint GET /note/$x { query_row $r db "INSERT INTO notes (text) VALUES ($x) RETURNING *"; reply $r; }
            endpoint GET /transaction/$id {
                transaction {
                    query_row $r db "SELECT * FROM users WHERE id = $id";
                    query db "UPDATE users SET name = name WHERE id = $id";
                }
                reply $r;
            }
            endpoint GET /forget { query_row $r db "SELECT forget() AS x"; reply $r; }
            endpoint GET /pid { query_row $r db "SELECT pg_backend_pid() AS pid, count(*) AS n FROM pg_prepared_statements"; reply $r; }
            endpoint GET /later { query_row $r db "SELECT x FROM later"; reply $r; }

            endpoint GET /pool/user/$id { query_row $r pool "SELECT * FROM users WHERE id = $id"; reply $r; }
            endpoint GET /pool/isolated/$id { query_row $r pool "SELECT * FROM users WHERE id = $id" isolated; reply $r; }
            endpoint GET /pool/note/$x { query_row $r pool "INSERT INTO notes (text) VALUES ($x) RETURNING text"; reply $r; }
            endpoint GET /pool/transaction/$x {
                transaction {
                    query_row $a pool "INSERT INTO notes (text) VALUES ($x) RETURNING text, txid_current()::text AS t";
                    query_row $b pool "INSERT INTO notes (text) VALUES ($x || '+') RETURNING text, txid_current()::text AS t";
                }
                reply 500 '"two transactions"' when=$a.t!=$b.t;
                reply '{"text":$a.text}';
            }
            endpoint GET /pool/rollback/$x {
                transaction {
                    query pool "INSERT INTO notes (text) VALUES ($x)";
                    query pool "SELECT 1/0";
                }
                reply 204;
            }
            endpoint GET /pool/date { query_row $r pool "SELECT date '2024-02-29' AS d, now() IS NOT NULL AS n"; reply $r; }
            endpoint GET /pool/session { query_row $r pool "SELECT current_setting('statement_timeout') AS t" timeout=7s; reply $r; }
        }
    }
CONF

my @uris = ('/user/1', '/isolated/1', '/transaction/1');


sub each_is {
    my ($body, $name) = @_;

    for my $uri (@uris) {
        my %bodies = map { $s->ask("GET $uri")->{body} => 1 } 1 .. 8;

        is(join(' ', sort keys %bodies), $body, "$name: $uri");
    }
}


$s->start;


# a table that changes

each_is('{"id":1,"name":"user 1"}', 'prepared');

$pg->sql("ALTER TABLE users ADD COLUMN age int DEFAULT 36");
each_is('{"id":1,"name":"user 1","age":36}', 'a column more');

$pg->sql("ALTER TABLE users DROP COLUMN age");
each_is('{"id":1,"name":"user 1"}', 'a column less');

@uris = ('/user/1', '/isolated/1');

$pg->sql("ALTER TABLE users RENAME COLUMN name TO title");
each_is('{"id":1,"title":"user 1"}', 'another name');
$pg->sql("ALTER TABLE users RENAME COLUMN title TO name");

$pg->sql("ALTER TABLE users ALTER id TYPE text USING id::text");
each_is('{"id":"1","name":"user 1"}', 'a parameter of another type');
is($s->ask('GET /user/abc')->{body}, 'null', 'which is text now');

$pg->sql("ALTER TABLE users ALTER id TYPE int USING id::int");
each_is('{"id":1,"name":"user 1"}', 'and is a number again');
is($s->ask('GET /user/abc')->{status}, 422, 'as before');

$pg->sql("BEGIN; ALTER TABLE users RENAME TO old;
          CREATE TABLE users (id int, name text, email text);
          GRANT ALL ON users TO app;
          INSERT INTO users VALUES (1, 'new', 'e'); COMMIT");
each_is('{"id":1,"name":"new","email":"e"}', 'another table of the name');
$pg->sql("DROP TABLE users; ALTER TABLE old RENAME TO users");
each_is('{"id":1,"name":"user 1"}', 'and the old one');

is($s->ask('GET /later')->{status}, 502, 'a table that is not there');
$pg->sql("CREATE TABLE later (x int); GRANT ALL ON later TO app;
          INSERT INTO later VALUES (1)");
is($s->ask('GET /later')->{body}, '{"x":1}', 'until it is') for 1 .. 3;


# a session that forgets what was prepared

@uris = ('/user/1', '/transaction/1');

for (1 .. 4) {
    is($s->ask('GET /forget')->{body}, '{"x":1}', 'DEALLOCATE ALL');
    each_is('{"id":1,"name":"user 1"}', 'forgotten');
}

is($s->ask("GET /note/n$_")->{body}, qq({"id":$_,"text":"n$_"}),
   'an act is done once') for 1 .. 3;
$s->ask('GET /forget') for 1 .. 2;
is($s->ask("GET /note/n$_")->{body}, qq({"id":$_,"text":"n$_"}),
   'an act that was forgotten, too') for 4 .. 6;

# of each statement one is kept, however often it was prepared again

my ($most) = sort { $b <=> $a }
             map { $s->ask('GET /pid')->{body} =~ /"n":(\d+)/ } 1 .. 8;

cmp_ok($most, '<=', 10, 'no prepared statements are left behind');


# under load

my $load = EndpointLoad->new($s, 4, sub {
    my ($client, $n) = split /-/, $_[0];

    return ('GET /all', "GET /user/$client", "GET /note/load-$_[0]",
            "GET /transaction/$client")[$n % 4];
});

for my $n (1 .. 8) {
    $pg->sql("ALTER TABLE users ADD COLUMN c$n int DEFAULT $n");
    $load->wait_more(20);
    $pg->sql("ALTER TABLE users DROP COLUMN c$n");
    $pg->sql("ALTER TABLE notes " . ($n % 2 ? 'ADD COLUMN more int'
                                            : 'DROP COLUMN more'));
    $load->wait_more(20);
}

my @answers = $load->stop;
my @wrong = grep {
    my ($client, $n) = split /-/, $_->{id};

    $_->{status} != 200
    || $_->{body} !~ ($n % 4 == 2 ? qr/"text":"load-$_->{id}"/
                      : $n % 4 == 0 ? qr/^\[(?:\{"id":\d,"name":"user \d"[^{}]*\},?){9}\]$/
                      : qr/^\{"id":$client,"name":"user $client"[^{}]*\}$/)
} @answers;

is(join("\n", map { "$_->{id} $_->{status} $_->{body}" } @wrong), '',
   'DDL under load: every answer is right');
is($pg->value("SELECT count(*) - count(DISTINCT text) FROM notes"), 0,
   'DDL under load: no act is done twice');
is($pg->value("SELECT count(*) FROM notes WHERE text LIKE 'load-%'"),
   scalar(grep { (split /-/, $_->{id})[1] % 4 == 2 } @answers),
   'DDL under load: none is lost');


# behind pgbouncer

is($s->ask('GET /pool/date')->{body}, '{"d":"2024-02-29","n":true}',
   'behind a pooler');
is($s->ask('GET /pool/session')->{body}, '{"t":"0"}',
   'settings are left to the pooler');
$s->is_answer('GET /pool/rollback/rolled', 502, qr/the database failed/,
              'a transaction that fails');
is($pg->value("SELECT count(*) FROM notes WHERE text = 'rolled'"), 0,
   'is rolled back');

$load = EndpointLoad->new($s, 6, sub {
    my ($client, $n) = split /-/, $_[0];

    return ("GET /pool/user/$client", "GET /pool/note/pool-$_[0]",
            "GET /pool/transaction/pool-$_[0]",
            "GET /pool/isolated/$client")[$n % 4];
});

$load->wait_more(100);
$pg->sql("ALTER TABLE users ADD COLUMN extra int DEFAULT 1");
$load->wait_more(100);
$pg->sql("ALTER TABLE users DROP COLUMN extra");
$load->wait_more(100);

@answers = $load->stop;
@wrong = grep {
    my ($client, $n) = split /-/, $_->{id};

    $_->{status} != 200
    || $_->{body} !~ (($n % 4) =~ /[12]/ ? qr/^\{"text":"pool-$_->{id}"\}$/
                      : qr/^\{"id":$client,"name":"user $client"[^{}]*\}$/)
} @answers;

is(join("\n", map { "$_->{id} $_->{status} $_->{body}" } @wrong), '',
   'pgbouncer: every answer is right');

my $notes = grep { my $n = (split /-/, $_->{id})[1] % 4; $n == 1 || $n == 2 }
            @answers;
my $transactions = grep { (split /-/, $_->{id})[1] % 4 == 2 } @answers;

is($pg->value("SELECT count(*) FROM notes WHERE text LIKE 'pool-%'"),
   $notes + $transactions, 'pgbouncer: every act is done once');
is($pg->value("SELECT count(*) - count(DISTINCT text) FROM notes"), 0,
   'pgbouncer: and no other');
ok($pg->wait_for("SELECT count(*) = 2 FROM pg_stat_activity
                  WHERE usename = 'pooled'"), 'pgbouncer: by two servers');

$s->stop;
done_testing();
