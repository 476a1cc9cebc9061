# Two things that meet: a lock and the question for types, an end of the server
# and a transaction, a connection that stands still and a short time limit.

use strict;
use warnings;

use lib 't/lib';

use EndpointPeer;
use EndpointPostgres;
use EndpointServer;
use Test::More;
use Time::HiRes qw(sleep);


my $pg = EndpointPostgres->new(sql => <<'SQL');
    CREATE TABLE notes (run text, text text);
    CREATE TABLE docs (doc jsonb);

    CREATE FUNCTION wait_for(key int) RETURNS int LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_advisory_xact_lock_shared(key); RETURN key; END';

    CREATE TABLE late (text text);
    CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM wait_for(2); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER late AFTER INSERT ON late
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit();
SQL

my $mute = EndpointPeer->new(EndpointPeer::postgres('mute', $pg->dir . '/mute'));

my $s = EndpointServer->new(http => <<"CONF" . <<'CONF');

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=2 isolated=2 wait=60s;
    }

    upstream docs {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=1 isolated=0;
    }

    upstream two {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app application_name=two" connections=2 isolated=0;
    }

    upstream one {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app application_name=one" connections=1 isolated=0;
    }

    upstream mute {
        server 127.0.0.1:@{[ $mute->port ]};
        endpoint_postgres "dbname=app user=app sslmode=disable connect_timeout=1" connections=1 isolated=0 wait=60s;
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;
        endpoint_max_fanout 1000;
        large_client_header_buffers 4 16k;

        location / {
            endpoint GET /ping { reply '"pong"'; }

            endpoint GET /between/$run {
                transaction {
                    query db "INSERT INTO notes VALUES ($run, 'a')";
                    query_row $w db "SELECT wait_for(1) AS x";
                    query_row $r db "INSERT INTO notes VALUES ($run, 'b') RETURNING run";
                }
                reply $r;
            }

            endpoint GET /commit/$run {
                transaction {
                    query_row $r db "INSERT INTO late VALUES ($run) RETURNING text";
                }
                reply $r;
            }

            endpoint GET /each/$run {
                arg $l:json;
                transaction {
                    query $r db "INSERT INTO notes SELECT $run, $item::text || wait_for(1)::text RETURNING text" each=$l limit=1000;
                }
                reply '{"n": "done", "r": $r[0]}';
            }

            endpoint GET /held { query_row $r two "SELECT wait_for(3) AS x"; reply $r; }
            endpoint GET /both {
                query_row $x two "SELECT 1 AS n";
                query_row $y two "SELECT 2 AS n";
                query_row $z two "SELECT 3 AS n";
                reply '[$x.n, $y.n, $z.n]';
            }

            endpoint GET /mute { query $r mute "SELECT 'x' AS x"; reply $r; }
        }

        location /one {
            endpoint GET /one { query_row $r one "SELECT 1 AS x" timeout=100ms; reply $r; }
            endpoint GET /one/slow { query_row $r one "SELECT 2 AS x" timeout=60s; reply $r; }
        }

        location /docs {
            endpoint_timeout 1s;
            endpoint POST /docs { body $d:json; query docs "INSERT INTO docs VALUES ($d)"; reply 204; }
        }
    }
CONF


# a lock on a table, while a worker that starts asks for the types of its
# statements: what waited fails, and what comes next is bound by the types

my $lock = $pg->connect('app', 'app');

$lock->sql('BEGIN');
$lock->sql('LOCK TABLE docs IN ACCESS EXCLUSIVE MODE');

$s->start;

my @doc = ('Content-Type: application/json', \'"123"');

is($s->ask('POST /docs', @doc)->{status}, 504, 'behind a lock');
ok($pg->wait_for('SELECT count(*) = 0 FROM pg_locks WHERE NOT granted'),
   'the server has given up, too');
$lock->sql('ROLLBACK');
is($s->ask('POST /docs', @doc)->{status}, 204, 'the lock is gone');
is($pg->value('SELECT jsonb_typeof(doc) FROM docs'), 'string',
   'the types were asked for again');


# a transaction whose connection is ended in order has done nothing, and begins
# again

sub waiting {
    my ($n, $key) = @_;

    ok($pg->wait_for("SELECT count(*) = $n FROM pg_locks"
                     . " WHERE locktype = 'advisory' AND objid = $key"
                     . " AND NOT granted"),
       "$n wait for it");
}


sub terminate {
    my ($key) = @_;

    $pg->sql("SELECT pg_terminate_backend(pid, 60000) FROM pg_locks"
             . " WHERE locktype = 'advisory' AND objid = $key AND NOT granted");
}


$lock->sql('SELECT pg_advisory_lock(1), pg_advisory_lock(2)');

for my $case (['/between', 1, '{"run":"ended"}',
               "SELECT string_agg(text, ' ' ORDER BY text) FROM notes"
               . " WHERE run = 'ended'", 'a b'],
              ['/commit', 2, '{"text":"ended"}',
               "SELECT count(*) FROM late WHERE text = 'ended'", 1])
{
    my ($uri, $key, $body, $sql, $rows) = @$case;
    my $socket = $s->connect;

    $s->request($socket, "GET $uri/ended", 'Connection: close');

    for (1 .. 2) {
        waiting(1, $key);
        terminate($key);
    }

    waiting(1, $key);
    $lock->sql("SELECT pg_advisory_unlock($key)");

    is($s->response($socket, first => 1)->{body}, $body, "$uri: it is done");
    is($pg->value($sql), $rows, "$uri: once");
    $lock->sql("SELECT pg_advisory_lock($key)");
}


# not for ever

{
    my $socket = $s->connect;

    $s->request($socket, 'GET /between/often', 'Connection: close');

    for (1 .. 5) {
        waiting(1, 1);
        terminate(1);
    }

    is($s->response($socket, first => 1)->{body},
       '{"detail":"w: the connection to the database was lost"}',
       'it was ended too often');
    is($pg->value("SELECT count(*) FROM notes WHERE run = 'often'"), 0,
       'nothing of it is there');
}


# many queries of it are under way, and others about to start

{
    my $socket = $s->connect;
    my $list = '[' . join(',', 1 .. 700) . ']';

    $s->request($socket, "GET /each/many?l=$list", 'Connection: close');
    waiting(1, 1);
    terminate(1);
    waiting(1, 1);
    $lock->sql('SELECT pg_advisory_unlock(1)');

    is($s->response($socket, first => 1)->{body},
       '{"n": "done", "r": [{"text":"11"}]}', 'all of them');
    is($pg->value("SELECT count(DISTINCT text) || ' ' || count(*) FROM notes"
                  . " WHERE run = 'many'"), '700 700', 'each once');
    $lock->sql('SELECT pg_advisory_lock(1)');
}


# a restart is bridged, too

{
    my $socket = $s->connect;

    $s->request($socket, 'GET /between/restart', 'Connection: close');
    waiting(1, 1);
    $pg->restart('INT');

    is($s->response($socket, first => 1)->{body}, '{"run":"restart"}',
       'a restart');
    is($pg->value("SELECT count(*) FROM notes WHERE run = 'restart'"), 2,
       'both of its rows');
}


# a crash says nothing, and may have been its own fault

$lock = $pg->connect('app', 'app');
$lock->sql('SELECT pg_advisory_lock(1)');

{
    my $socket = $s->connect;

    $s->request($socket, 'GET /between/crash', 'Connection: close');
    waiting(1, 1);
    $pg->crash($pg->value("SELECT pid FROM pg_locks"
                          . " WHERE locktype = 'advisory' AND NOT granted"));

    is($s->response($socket, first => 1)->{body},
       '{"detail":"w: the connection to the database was lost"}',
       'a crash is not tried again');
    is($pg->wait_for("SELECT 1 + count(*) FROM notes WHERE run = 'crash'"), 1,
       'and nothing is there');
}


# who is let in, and then hears nothing, connects anew

is($s->ask('GET /mute')->{body}, '[{"x":"hello"}]', 'not let in wholly');


# a slow query, and quick ones while there is another connection

{
    my $socket = $s->connect;

    $lock = $pg->connect('app', 'app');
    $lock->sql('SELECT pg_advisory_lock(3)');
    ok($pg->wait_for("SELECT count(*) = 2 FROM pg_stat_activity"
                     . " WHERE application_name = 'two'"), 'two connections');
    $s->request($socket, 'GET /held', 'Connection: close');
    waiting(1, 3);

    # so long that it is slow

    sleep 0.1;

    is(($s->ask('GET /both') // {})->{body}, '[1, 2, 3]',
       'none of them stands behind it');
    $lock->sql('SELECT pg_advisory_unlock(3)');
    is($s->response($socket, first => 1)->{body}, '{"x":3}', 'it goes on');
}


# a process of the server that stands still is given up by the time limit of the
# query that waits for it, not by the longest of all

is($s->ask('GET /one/slow')->{status}, 200, 'one connection');

my ($pid) = $pg->value("SELECT pid FROM pg_stat_activity"
                       . " WHERE application_name = 'one'");

kill 'STOP', $pid;
is($s->ask('GET /one')->{status}, 504, 'it stands still');
ok($s->wait_for(sub { $s->ask('GET /one')->{status} == 200 }),
   'and another one is there');
kill 'CONT', $pid;

$s->stop;

done_testing();
