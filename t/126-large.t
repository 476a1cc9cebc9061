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
