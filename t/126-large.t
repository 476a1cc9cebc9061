# Results that are too large, and queries that nobody waits for any more: what
# they cost the others of their worker is bounded.

use strict;
use warnings;

use lib 't/lib';

use EndpointPostgres;
use EndpointServer;
use Test::More;


my $pg = EndpointPostgres->new(tls => 1, sql => <<'SQL');
    CREATE TABLE notes (id int, text text);
    INSERT INTO notes VALUES (1, 'one');
    CREATE FUNCTION listening() RETURNS int LANGUAGE plpgsql AS
        'BEGIN LISTEN chatter; RETURN 1; END';
SQL

my $s = EndpointServer->new(http => <<"CONF" . <<'CONF');

    endpoint_cache_zone zone=kept:32m entries=10 ttl=1h max_size=8m;

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app sslmode=disable" connections=1 isolated=1;
    }

    upstream tls {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app sslmode=require" connections=1;
    }

    upstream one {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=1;
    }

    upstream four {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=4;
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /ping { reply '"pong"'; }
            endpoint GET /listen { query_row $r db "SELECT listening() AS x"; reply $r.x; }
            endpoint GET /pid { query_row $r db "SELECT pg_backend_pid() AS pid"; reply $r.pid; }
            endpoint GET /rows/$n:int { query $r db "SELECT repeat('x', 100) AS x FROM generate_series(1, $n)"; reply $r; }
            endpoint GET /tls/$n:int { query $r tls "SELECT repeat('x', 100) AS x FROM generate_series(1, $n)"; reply $r; }
            endpoint GET /isolated/$n:int { query $r db "SELECT repeat('x', 100) AS x FROM generate_series(1, $n)" isolated; reply $r; }
            endpoint GET /value/$n:int { query_row $r db "SELECT repeat('x', $n) AS x"; reply $r; }
            endpoint GET /escaped/$n:int { query_row $r db "SELECT repeat(E'\\x01', $n) AS x"; reply $r; }
            endpoint GET /default/$n:int { query $r db "SELECT repeat('x', 100) AS x FROM generate_series(1, $n)" default=[]; reply $r; }
        }

        location /more/ {
            endpoint_query_buffer 8m;
            endpoint GET /more/$n:int { query $r db "SELECT repeat('x', 100) AS x FROM generate_series(1, $n)"; reply '{"n": $r[9999].x}'; }
        }

        location /pieces/ {
            endpoint_query_buffer 64m;
            endpoint GET /pieces/lane/$n:int { query $r db "SELECT n AS i, 'row ' || n AS x FROM generate_series(1, $n) n"; reply $r; }
            endpoint GET /pieces/isolated/$n:int { query $r db "SELECT n AS i, 'row ' || n AS x FROM generate_series(1, $n) n" isolated; reply $r; }
            endpoint GET /pieces/inside/$n:int {
                transaction {
                    query $r db "SELECT n AS i, 'row ' || n AS x FROM generate_series(1, $n) n";
                    query_row $c db "SELECT count(*) AS n, max(e ->> 'i') AS i FROM json_array_elements($r::json) e";
                }
                reply '[$r, $c.n]';
            }
            endpoint GET /pieces/member/$n:int { query $r db "SELECT n AS i, 'row ' || n AS x FROM generate_series(1, $n) n"; reply '[$r[-1].x, $r[0].x]'; }
            endpoint GET /pieces/cached/$n:int { query $r db "SELECT n AS i, 'row ' || n AS x FROM generate_series(1, $n) n" cache=kept:rows/$n; reply $r; }
            endpoint GET /pieces/each/$n:int { arg $l:json=[7,8]; query $r db "SELECT n AS i, 'row ' || n AS x FROM generate_series(1, $n) n WHERE $item::int <> n" each=$l; reply $r; }
            endpoint GET /pieces/failed/$n:int {
                transaction {
                    query $r db "SELECT n AS i, 'row ' || n AS x FROM generate_series(1, $n) n";
                    query db "SELECT 1 / 0";
                }
                reply $r;
            }
        }

        location /lock/ {
            endpoint GET /lock/update { query four "UPDATE notes SET text = 'two' WHERE id = 1" timeout=300ms; reply 204; }
            endpoint GET /lock/short { query_row $r one "SELECT 1 AS x" timeout=300ms; reply $r.x; }
            endpoint GET /lock/failing { query_row $r one "SELECT 1 / (random() * 0)::int AS x" timeout=30s; reply $r.x; }
            endpoint GET /lock/slow { query_row $r one "SELECT 2 AS x FROM pg_sleep(1)" timeout=30s; reply $r.x; }
            endpoint GET /lock/one { query_row $r four "SELECT 1 AS x"; reply $r.x; }
        }
    }
CONF

$s->start;


sub resident {
    return $s->{pid} && `ps -o rss= -p $s->{pid}` / 1024;
}


my $too_large = '{"detail":"r: the result of the query is too large"}';

my $before = resident();

for my $kind (qw(rows isolated tls)) {
    my $r = $s->ask("GET /$kind/1000000");

    is("$r->{status} $r->{body}", "502 $too_large", "$kind: 100 MB");
}

cmp_ok(resident() - $before, '<', 100, 'and memory for the part that was read');

is($s->ask('GET /ping')->{status}, 200, 'the worker goes on');

my $pid = $s->ask('GET /pid')->{body};

is($s->ask('GET /rows/15000')->{body}, $too_large, 'half more than the limit');
is($s->ask('GET /pid')->{body}, $pid, 'costs no connection');

is(length $s->ask('GET /rows/9000')->{body}, 9000 * (100 + 9) + 1,
   'somewhat less comes');
is($s->ask('GET /escaped/300000')->{body}, $too_large,
   'it is what it becomes that counts');
is($s->ask('GET /value/20000000')->{body}, $too_large, 'one large value');
is($s->ask('GET /default/1000000')->{body}, '[]', 'default= is for it, too');
is($s->ask('GET /more/50000')->{status}, 200, 'the limit is a directive');

ok($s->count('logs/error.log',
             qr/step "r": the result is larger than "endpoint_query_buffer"/),
   'the log names it');


# a large one is written in pieces, between which others have their turn

my $n = 50000;
my @rows = map { qq({"i":$_,"x":"row $_"}) } 1 .. $n;
my $all = '[' . join(',', @rows) . ']';
my %large = (
    "lane/$n" => $all,
    "isolated/$n" => $all,
    "inside/$n" => "[$all, $n]",
    "member/$n" => qq(["row $n", "row 1"]),
    "cached/$n" => $all,
    "each/$n" => '[[' . join(',', @rows[0 .. 5, 7 .. $n - 1]) . '],['
                 . join(',', @rows[0 .. 6, 8 .. $n - 1]) . ']]',
);

sub same {
    my ($uri, $body) = @_;

    # a megabyte is not to be shown

    ok($body =~ s/, *//gr eq $large{$uri} =~ s/, *//gr, "in pieces: $uri")
        or diag(length $body, ', ', substr $body, 0, 200);
}

same($_, $s->ask("GET /pieces/$_")->{body}) for sort keys %large;
same("cached/$n", $s->ask("GET /pieces/cached/$n")->{body});

is($s->ask("GET /pieces/failed/$n")->{status}, 502, 'a failure behind them');

{
    my %socket = map { $_ => $s->connect } sort keys %large;

    $s->request($socket{$_}, "GET /pieces/$_") for sort keys %large;
    same($_, $s->response($socket{$_}, first => 1)->{body})
        for sort keys %large;

    # who leaves in the middle of one

    $s->request($socket{$_}, "GET /pieces/$_") for sort keys %large;
    ok($s->wait_for(sub {
           $pg->value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE"
                      . " '%row%' AND query NOT LIKE '%stat%'");
       }), 'they are under way');
    close $_ for values %socket;
    same("lane/$n", $s->ask("GET /pieces/lane/$n")->{body}) for 1 .. 2;
}


# what nobody asked for is not kept

is($s->ask('GET /listen')->{body}, '1', 'a function listens');

my $held = resident();

$pg->sql("SELECT pg_notify('chatter', g || repeat('x', 4000))"
         . ' FROM generate_series(1, 20000) AS g');
is($s->ask('GET /pid')->{status}, 200, 'notifications have come') for 1 .. 20;

cmp_ok(resident() - $held, '<', 40, 'and are dropped, 80 MB of them');


# a row is locked, for as long as this test wants

my $holder = $pg->connect('app', 'app');

$holder->sql('BEGIN');
$holder->sql('UPDATE notes SET id = id');

my @clients = map { $s->connect } 1 .. 4;
$s->request($_, 'GET /lock/update') for @clients;

is(join(' ', map { $s->response($_)->{status} } @clients), '504 504 504 504',
   'four queries wait for a lock, and are given up');
is($s->ask('GET /lock/one')->{body}, '1',
   'their connections are there for others, though the lock is not');

$holder->sql('ROLLBACK');

is($s->ask('GET /lock/update')->{status}, 204, 'and for them again');


# a statement that fails takes its time back with it; what was sent behind it
# has its own all the same

is($s->ask('GET /lock/short')->{body}, '1', 'a short time is set');

my ($failing, $slow) = map { $s->connect } 1 .. 2;

for ($failing, $slow) {
    $s->request($_, 'GET /ping');
    $s->response($_);
}

kill 'STOP', $s->{pid};
$s->request($failing, 'GET /lock/failing');
$s->request($slow, 'GET /lock/slow');
kill 'CONT', $s->{pid};

is($s->response($failing)->{status}, 502, 'one fails');
is($s->response($slow)->{body}, '2', 'the one behind it has its time');

$s->stop;
done_testing();
