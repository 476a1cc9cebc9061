# transaction { ... }: all or nothing, whatever goes on the way.  The test holds
# an advisory lock where a transaction has to stand still in the middle.

use strict;
use warnings;

use lib 't/lib';

use EndpointPostgres;
use EndpointServer;
use Test::More;


my $pg = EndpointPostgres->new(sql => <<'SQL');
    CREATE TABLE notes (id serial PRIMARY KEY, run text, text text,
                        CONSTRAINT once UNIQUE (run, text));

    CREATE TABLE pairs (id int PRIMARY KEY, other int CONSTRAINT pairs_other
                        REFERENCES pairs DEFERRABLE INITIALLY DEFERRED);
SQL

my $s = EndpointServer->new(workers => 1, http => <<"CONF" . <<'CONF');

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=2 isolated=2;
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /ping { reply '"pong"'; }

            endpoint GET /commit/$run {
                transaction {
                    query_row $a db "INSERT INTO notes (run, text) VALUES ($run, 'a') RETURNING id, text";
                    query_row $b db "INSERT INTO notes (run, text) VALUES ($run, 'b of ' || $a.text) RETURNING id, text";
                    query     $c db "SELECT text FROM notes WHERE run = $run ORDER BY id";
                    log info "inside, $b.text";
                }
                query_row $n db "SELECT count(*) AS n FROM notes WHERE id IN ($a.id, $b.id)";
                reply '{"a": $a.text, "b": $b.text, "c": $c[*].text, "n": $n.n}';
            }

            endpoint GET /guard/$run {
                arg $ok:bool=false;
                transaction {
                    query_row $a db "INSERT INTO notes (run, text) VALUES ($run, 'a') RETURNING id";
                    require $ok 418 "not $run";
                    query db "INSERT INTO notes (run, text) VALUES ($run, 'b')";
                }
                reply '"done"';
            }

            endpoint GET /fails/$run {
                transaction {
                    query db "INSERT INTO notes (run, text) VALUES ($run, 'a')";
                    query $x db "SELECT 1/0";
                    query db "INSERT INTO notes (run, text) VALUES ($run, 'b')";
                }
                reply $x;
            }

            endpoint GET /unique/$run {
                transaction {
                    query db "INSERT INTO notes (run, text) VALUES ($run, 'a')";
                    query db "INSERT INTO notes (run, text) VALUES ($run, 'a')";
                }
                reply 204;
            }

            endpoint GET /deferred/$id:int/$other:int {
                transaction {
                    query_row $p db "INSERT INTO pairs VALUES ($id, $other) RETURNING id";
                }
                query db "INSERT INTO notes (run, text) VALUES ('deferred', $p.id)";
                reply $p;
            }

            endpoint GET /timeout/$run {
                transaction timeout=300ms {
                    query db "INSERT INTO notes (run, text) VALUES ($run, 'a')";
                    query db "SELECT pg_sleep(600)";
                }
                reply 204;
            }

            endpoint GET /deadline/$run {
                timeout 300ms;
                transaction {
                    query db "INSERT INTO notes (run, text) VALUES ($run, 'a')";
                    query db "SELECT pg_sleep(600)";
                }
                reply 204;
            }

            endpoint GET /inner/$run {
                transaction {
                    query db "INSERT INTO notes (run, text) VALUES ($run, 'a')";
                    query db "SELECT pg_sleep(600)" timeout=100ms;
                }
                reply 204;
            }

            endpoint GET /locked/$run/$lock:int {
                transaction {
                    query_row $a db "INSERT INTO notes (run, text) VALUES ($run, 'a') RETURNING id";
                    query db "SELECT pg_advisory_xact_lock($lock)";
                    query db "INSERT INTO notes (run, text) VALUES ($run, 'b')";
                }
                query_row $n db "SELECT count(*) AS n FROM notes WHERE id = $a.id";
                reply '$n.n';
            }

            endpoint GET /below/$run {
                transaction {
                    query_row $a db "INSERT INTO notes (run, text) VALUES ($run, 'a') RETURNING id";
                }
                require !$a.id 418 "below";
                reply 204;
            }

            endpoint GET /each/$run {
                arg $list:json;
                transaction {
                    query_row $a db "INSERT INTO notes (run, text) VALUES ($run, $item) RETURNING text" each=$list;
                    query $b db "SELECT text FROM notes WHERE run = $run ORDER BY id" when=$list[0];
                }
                reply '{"a": $a, "b": $b}';
            }

            endpoint GET /read/$run {
                transaction {
                    query_row $a db "SELECT txid_current()::text AS t, pg_backend_pid() AS pid";
                    query_row $b db "SELECT txid_current()::text AS t, pg_backend_pid() AS pid";
                    query_row $c db "SELECT set_config('work_mem', '1MB', true) AS w";
                }
                reply '{"same": "$a.t $a.pid" }' when=$a.t!=$b.t;
                reply '"same"';
            }

            endpoint GET /local {
                transaction {
                    query db "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE";
                    query db "SET LOCAL work_mem = '1234kB'";
                    query db "SET CONSTRAINTS ALL IMMEDIATE";
                    query_row $a db "SELECT current_setting('work_mem') || current_setting('transaction_isolation') AS w";
                }
                query_row $b db "SELECT current_setting('work_mem') || current_setting('transaction_isolation') AS w" isolated after=$a;
                reply '[$a.w, $b.w]';
            }
        }
    }
CONF

my $run = 0;


# what is left of a run

sub notes {
    my ($run) = @_;

    return join ' ', map { $_->[0] }
           $pg->sql("SELECT text FROM notes WHERE run = '$run' ORDER BY id");
}


sub is_undone {
    my ($uri, $status, $body, $name) = @_;

    my $id = 'run' . ++$run;

    $s->is_answer("GET $uri/$id", $status, $body, $name);
    is_over($name);
    is(notes($id), '', "$name: nothing is left");
}


# a transaction that stands still in the middle; another connection's lock
# holds it

sub hold {
    my ($lock) = @_;

    my $holder = $pg->connect('postgres', 'app');
    my $id = 'run' . ++$run;
    my $client = $s->connect;

    $holder->sql("SELECT pg_advisory_lock($lock)");
    $s->request($client, "GET /locked/$id/$lock", 'Connection: close');

    my $pid = $pg->wait_for("SELECT pid FROM pg_locks WHERE NOT granted
                             AND locktype = 'advisory' AND objid = $lock");

    ok($pid, "lock $lock: the transaction waits for it");
    is(notes($id), '', "lock $lock: nobody sees what it has done");

    return ($holder, $client, $pid, $id);
}


sub is_over {
    my ($name) = @_;

    ok($pg->wait_for("SELECT count(*) = 0 FROM pg_stat_activity
                      WHERE application_name = 'nginx'
                      AND (xact_start IS NOT NULL OR state <> 'idle')"),
       "$name: no transaction is left open");
}


$s->start;


# commit

$s->is_answer('GET /commit/c1', 200,
              '{"a": "a", "b": "b of a", "c": ["a","b of a"], "n": 2}',
              'a transaction commits before its values are used');
is(notes('c1'), 'a b of a', 'what it did is there');
$s->wait_line('logs/error.log', qr/inside, b of a/, 'a log inside');

$s->is_answer('GET /read/r1', 200, '"same"', 'one connection, one transaction');
$s->is_answer('GET /local', 200, '["1234kBserializable", "4MBread committed"]',
              'SET LOCAL and SET TRANSACTION end with it');

$s->is_answer('GET /each/e1?list=["c","a","b"]', 200,
              '{"a": [{"text":"c"},{"text":"a"},{"text":"b"}], '
              . '"b": [{"text":"c"},{"text":"a"},{"text":"b"}]}',
              'each= inside, in the order of the list');
$s->is_answer('GET /each/e2?list=[]', 200, '{"a": [], "b": null}',
              'nothing inside but what when= skips');
$s->is_answer('GET /each/e3?list=["x","x"]', 409, qr/"once/, 'each= fails');
is(notes('e3'), '', 'the first element is undone with the second');


# rollback

is_undone('/guard', 418, '{"detail":"not run1"}', 'a guard');
$s->is_answer('GET /guard/g?ok=true', 200, '"done"', 'a guard that holds');
is(notes('g'), 'a b', 'both queries around it');
is_undone('/fails', 502, '{"detail":"x: the database failed"}',
          'a query that fails');
is_undone('/unique', 409, qr/violates a unique constraint \\"once\\"/,
          'a constraint');
is_undone('/timeout', 504, '{"detail":"transaction 1: timed out"}',
          'timeout= of the transaction');
is_undone('/inner', 504, qr/timed out/, 'timeout= of a query inside');
is_undone('/deadline', 504, qr/timed out/, 'the deadline of the run');

$s->is_answer('GET /deferred/1/1', 200, '{"id":1}', 'a deferred constraint');
$s->is_answer('GET /deferred/2/3', 422,
              '{"detail":"transaction 1: violates a foreign key constraint '
              . '\"pairs_other\""}',
              'a deferred constraint speaks up at COMMIT');
is(notes('deferred'), '1', 'what stands below does not start then');

$s->is_answer('GET /below/b1', 418, '{"detail":"below"}',
              'a failure below the transaction');
is(notes('b1'), 'a', 'does not undo it');

is_over('rollbacks');


# in the middle

{
    my ($holder, $client, undef, $id) = hold(1);

    $holder->sql('SELECT pg_advisory_unlock(1)');

    my $response = $s->response($client, first => 1);

    is($response->{body}, '1', 'what uses its values starts after COMMIT');
    is(notes($id), 'a b', 'held and let go');
}

{
    my ($holder, $client, undef, $id) = hold(2);

    close $client;

    # which nginx sees before the next request

    is($s->ask('GET /ping')->{status}, 200, 'a client leaves');

    $holder->sql('SELECT pg_advisory_unlock(2)');

    $pg->wait_for("SELECT count(*) = 2 FROM notes WHERE run = '$id'");
    is(notes($id), 'a b', 'a client that leaves stops no act half-way');
}

{
    my ($holder, $client, $pid, $id) = hold(3);

    $pg->sql("SELECT pg_terminate_backend($pid)");
    $holder->sql('SELECT pg_advisory_unlock(3)');

    is($s->response($client, first => 1)->{status}, 200,
       'pg_terminate_backend: it begins again');
    is_over('pg_terminate_backend');
    is(notes($id), 'a b', 'pg_terminate_backend: once');
}

{
    my ($holder, $client, $pid, $id) = hold(4);

    $pg->crash($pid);

    my $response = $s->response($client, first => 1);

    is($response->{status}, 502, 'kill -9 of the backend');
    is(notes($id), '', 'kill -9 of the backend: nothing is left');
    $s->is_answer('GET /commit/c2', 200, qr/"n": 2/,
                  'kill -9 of the backend: the next transaction');
}

{
    my ($holder, $client, $pid, $id) = hold(5);
    my ($worker) = split ' ', `pgrep -P $s->{pid}`;

    $s->{killed} = 1;
    kill 'KILL', $worker;

    $s->wait_for(sub {
        my ($new) = split ' ', `pgrep -P $s->{pid}`;
        return $new && $new != $worker;
    });

    ok($pg->wait_for("SELECT count(*) = 0 FROM pg_stat_activity
                      WHERE pid = $pid"),
       'kill -9 of the worker: the server sees it, and stops the query');
    is(notes($id), '', 'kill -9 of the worker: nothing is left');
    $s->is_answer('GET /commit/c3', 200, qr/"n": 2/,
                  'kill -9 of the worker: the next transaction');
}


# two isolated connections, and who comes third waits for one of them

{
    my ($holder6, $client6, undef, $id6) = hold(6);
    my ($holder7, $client7, undef, $id7) = hold(7);
    my $third = $s->connect;

    $s->request($third, 'GET /commit/c4', 'Connection: close');
    is($s->ask('GET /ping')->{status}, 200, 'meanwhile others are served');

    $holder6->sql('SELECT pg_advisory_unlock(6)');

    is($s->response($third, first => 1)->{status}, 200,
       'a third transaction takes the first connection that is free');
    is($s->response($client6, first => 1)->{body}, '1', 'the first');

    $holder7->sql('SELECT pg_advisory_unlock(7)');
    is($s->response($client7, first => 1)->{body}, '1', 'the second');

    ok($pg->wait_for("SELECT count(*) <= 4 FROM pg_stat_activity
                      WHERE application_name = 'nginx'"),
       'no more than connections= and isolated=');
}

is_over('the end');
$s->stop;
done_testing();
