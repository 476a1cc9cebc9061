# What runs at once and what in order.  Nothing is timed: a read that waits for
# another one's lock, or a barrier that only opens when both are there, shows it.

use strict;
use warnings;

use lib 't/lib';

use EndpointPostgres;
use EndpointServer;
use Test::More;


my $pg = EndpointPostgres->new(sql => <<'SQL');
    CREATE TABLE notes (id serial PRIMARY KEY, text text);

    CREATE FUNCTION note(t text) RETURNS int LANGUAGE sql AS
        'INSERT INTO notes (text) VALUES (t) RETURNING id';
SQL

my $s = EndpointServer->new(http => <<"CONF" . <<'CONF');

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=3 isolated=2;
    }

    upstream one {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app application_name=one" connections=1;
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /ping { reply '"pong"'; }

            endpoint GET /lanes {
                query_row $a db "SELECT pg_backend_pid() AS pid";
                query_row $b db "SELECT pg_backend_pid() AS pid";
                query_row $c db "SELECT pg_backend_pid() AS pid";
                reply '[$a.pid, $b.pid, $c.pid]';
            }

            # each of the two holds one lock and waits for the test's

            endpoint GET /pair {
                query_row $a db "SELECT pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1) AS u, pg_backend_pid() AS pid";
                query_row $b db "SELECT pg_advisory_lock_shared(2), pg_advisory_unlock_shared(2) AS u, pg_backend_pid() AS pid";
                reply '[$a.pid, $b.pid]';
            }

            endpoint GET /chain {
                query_row $a db "SELECT pg_advisory_lock_shared(3), pg_advisory_unlock_shared(3), 'a'::text AS x";
                query_row $b db "SELECT note('chain ' || $a.x) AS id";
                reply $b;
            }

            endpoint GET /acts {
                query db "INSERT INTO notes (text) SELECT 'first' FROM (SELECT pg_advisory_lock_shared(4), pg_advisory_unlock_shared(4)) l";
                query db "INSERT INTO notes (text) VALUES ('second')";
                query_row $c db "INSERT INTO notes (text) VALUES ('third') RETURNING text";
                reply $c;
            }

            endpoint GET /act_waits {
                query_row $a db "SELECT pg_advisory_lock_shared(5), pg_advisory_unlock_shared(5) AS u";
                query db "INSERT INTO notes (text) VALUES ('waited')";
                reply $a;
            }

            endpoint GET /unordered {
                query_row $a db "SELECT pg_advisory_lock_shared(6), pg_advisory_unlock_shared(6) AS u";
                query db "INSERT INTO notes (text) VALUES ('unordered')" unordered;
                reply $a;
            }

            endpoint GET /read_below {
                query db "INSERT INTO notes (text) SELECT 'x' FROM (SELECT pg_advisory_lock_shared(7), pg_advisory_unlock_shared(7)) l";
                query_row $b one "SELECT pg_advisory_lock_shared(8), pg_advisory_unlock_shared(8) AS u";
                reply $b;
            }

            endpoint GET /unordered_read {
                query db "INSERT INTO notes (text) SELECT 'x' FROM (SELECT pg_advisory_lock_shared(22), pg_advisory_unlock_shared(22)) l";
                query_row $b db "SELECT pg_advisory_lock_shared(23), pg_advisory_unlock_shared(23) AS u" unordered;
                reply $b;
            }

            endpoint GET /sees {
                query db "INSERT INTO notes (text) SELECT 'seen' FROM (SELECT pg_advisory_lock_shared(24), pg_advisory_unlock_shared(24)) l";
                query_row $b db "SELECT text FROM notes WHERE text = 'seen'";
                reply $b;
            }

            endpoint GET /wait {
                query_row $a db "SELECT pg_advisory_lock_shared(9), pg_advisory_unlock_shared(9) AS u";
                wait;
                query_row $b db "SELECT note('behind wait') AS u";
                reply '[$a.u, $b.u]';
            }

            endpoint GET /guard {
                query_row $a db "SELECT pg_advisory_lock_shared(10), pg_advisory_unlock_shared(10) AS u, false AS ok";
                require $a.ok 418 "no";
                query $b db "SELECT note('behind a guard')";
                reply $b;
            }

            endpoint GET /with {
                query db "WITH l AS (SELECT pg_advisory_lock_shared(11), pg_advisory_unlock_shared(11)) SELECT 1 FROM l";
                query db "WITH n AS (INSERT INTO notes (text) VALUES ('with') RETURNING 1) SELECT * FROM n";
                reply 204;
            }

            endpoint GET /with_read {
                query $a db "WITH l AS (SELECT pg_advisory_lock_shared(12), pg_advisory_unlock_shared(12)) SELECT 1 AS x FROM l" read;
                query $b db "WITH l AS (SELECT pg_advisory_lock_shared(13), pg_advisory_unlock_shared(13)) SELECT 1 AS x FROM l" read;
                reply '[$a, $b]';
            }

            endpoint GET /each {
                arg $ids:json;
                query $r db "SELECT pg_advisory_lock_shared($item::int), pg_advisory_unlock_shared($item::int) AS u" each=$ids;
                reply $r;
            }

            endpoint GET /each_act {
                arg $ids:json;
                query db "INSERT INTO notes (text) SELECT 'each ' || $item FROM (SELECT pg_advisory_lock_shared($item::text::int), pg_advisory_unlock_shared($item::text::int)) l" each=$ids;
                reply 204;
            }

            endpoint GET /one/$n:int { query_row $r one "SELECT pg_advisory_lock_shared(16), pg_advisory_unlock_shared(16), $n::int AS n"; reply '$r.n'; }
            endpoint GET /idle/$lock:int { query_row $r db "SELECT pg_advisory_lock_shared($lock), pg_advisory_unlock_shared($lock) AS u, pg_backend_pid() AS pid"; reply $r.pid; }
            endpoint GET /pid { query_row $r db "SELECT pg_backend_pid() AS pid"; reply $r.pid; }
        }
    }
CONF

my $holder = $pg->connect('postgres', 'app');


sub lock   { $holder->sql("SELECT pg_advisory_lock($_)") for @_ }
sub unlock { $holder->sql("SELECT pg_advisory_unlock($_)") for @_ }


# whether somebody waits for each of the locks, at the same time

sub waiting {
    my $list = join ', ', @_;
    my $n = @_;

    return $pg->wait_for("SELECT count(DISTINCT objid) = $n FROM pg_locks
                          WHERE NOT granted AND locktype = 'advisory'
                          AND objid IN ($list)");
}


sub waits {
    my ($lock) = @_;

    return $pg->value("SELECT count(*) FROM pg_locks WHERE NOT granted
                       AND locktype = 'advisory' AND objid = $lock");
}


sub notes {
    return join ', ', map { $_->[0] } $pg->sql(
        "SELECT text FROM notes WHERE text LIKE '$_[0]%' ORDER BY id");
}


sub ask {
    my ($uri) = @_;

    my $client = $s->connect;

    $s->request($client, "GET $uri", 'Connection: close');

    return $client;
}


sub body { $s->response($_[0], first => 1)->{body} }


$s->start;

ok($pg->wait_for("SELECT count(*) = 3 FROM pg_stat_activity
                  WHERE application_name = 'nginx'"),
   'all lanes connect when the worker starts');

# the server shows a connection before the worker may use it

sub lanes {
    my %pids = map { $_ => 1 } $s->ask('GET /lanes')->{body} =~ /\d+/g;

    return keys %pids == 3;
}


my $end = time + $EndpointServer::patience;
my $all = 0;

$all = lanes() until $all || time > $end;

ok($all, 'and three queries at once have one each');

lock(1 .. 15);


# reads

my $client = ask('/pair');

ok(waiting(1, 2), 'two reads that do not use each other run at once');
unlock(1, 2);

my ($a, $b) = body($client) =~ /(\d+), (\d+)/;

isnt($a, $b, 'on two lanes');

$client = ask('/chain');
ok(waiting(3), 'a read runs');
is(notes('chain'), '', 'one that uses it waits');
unlock(3);
is(body($client), '{"id":1}', 'until it has its value');
is(notes('chain'), 'chain a', 'and then runs with it');

$client = ask('/with_read');
ok(waiting(12, 13), 'what is marked as read is one');
unlock(12, 13);
is(body($client), '[[{"x":1}], [{"x":1}]]', 'both answer');


# acts

$client = ask('/acts');
ok(waiting(4), 'an act runs');
is($s->ask('GET /ping')->{status}, 200, 'the worker serves others');
is(notes('second') . notes('third'), '', 'the next one has not started');
unlock(4);
is(body($client), '{"text":"third"}', 'the last one answers');
is($pg->value("SELECT string_agg(text, ' ' ORDER BY id) FROM notes
               WHERE text IN ('first', 'second', 'third')"),
   'first second third', 'acts keep their order');

$client = ask('/act_waits');
ok(waiting(5), 'a read above an act');
is(notes('waited'), '', 'an act waits for every step above');
unlock(5);
is(body($client), '{"pg_advisory_lock_shared":"","u":true}', 'its answer');
is(notes('waited'), 'waited', 'and runs then');

$client = ask('/unordered');
ok(waiting(6), 'a read above an unordered act');
ok($pg->wait_for("SELECT count(*) FROM notes WHERE text = 'unordered'"),
   'unordered lets an act start');
unlock(6);
body($client);

$client = ask('/read_below');
ok(waiting(7, 8), 'a read below an act on another upstream does not wait');
unlock(7, 8);
body($client);

lock(22 .. 24);
$client = ask('/unordered_read');
ok(waiting(22, 23), 'nor one that is unordered');
unlock(22, 23);
body($client);

$client = ask('/sees');
ok(waiting(24), 'an act above a read on the same upstream');
unlock(24);
is(body($client), '{"text":"seen"}', 'which sees it');

$client = ask('/with');
ok(waiting(11), 'WITH may write, so that it is an act');
is(notes('with'), '', 'and the next waits for it');
unlock(11);
is(body($client), '', 'both are done');
is(notes('with'), 'with', 'in order');


# wait and require

$client = ask('/wait');
ok(waiting(9), 'a step above wait');
is(notes('behind wait'), '', 'wait holds back what is below');
unlock(9);
like(body($client), qr/^\[true, \d+\]$/, 'until it ends');

$client = ask('/guard');
ok(waiting(10), 'a step above a guard');
is(notes('behind a guard'), '', 'a guard holds back what is below');
unlock(10);
is(body($client), '{"detail":"no"}', 'and lets nothing of it start');
is(notes('behind a guard'), '', 'ever');


# each=

lock(17, 18);
$client = ask('/each?ids=[14,17,18]');
ok(waiting(14, 17, 18), 'elements of a read run at once');
unlock(17, 14, 18);
is(body($client),
   '[' . join(',', ('[{"pg_advisory_lock_shared":"","u":true}]') x 3) . ']',
   'all of them answer');

lock(17);
$client = ask('/each_act?ids=[15,17]');
ok(waiting(15), 'the first element of an act');
is(waits(17), 0, 'the second has not started');
unlock(15);
ok(waiting(17), 'until the first has ended');
is(notes('each'), 'each 15', 'which is done');
unlock(17);
is(body($client), '', 'both');


# a lane is shared

lock(16);

my @clients = map { ask("/one/$_") } 1 .. 20;

ok(waiting(16), 'twenty on one connection: the first waits');
is($pg->value("SELECT count(*) FROM pg_stat_activity
               WHERE application_name = 'one'"), 1, 'one connection');
unlock(16);
is(join(' ', map { body($_) } @clients), join(' ', 1 .. 20),
   'each gets its own answer');


# an idle lane is taken before one that is busy

lock(20, 21);

my @busy = map { ask("/idle/$_") } 20, 21;

ok(waiting(20, 21), 'two lanes are busy');

my %pids = map { $s->ask('GET /pid')->{body} => 1 } 1 .. 10;

is(scalar keys %pids, 1, 'ten queries take the third');
unlock(20, 21);
ok(!$pids{ body($_) }, 'not one that is busy') for @busy;

$s->stop;
done_testing();
