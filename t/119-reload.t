# Reloads and stops: never more connections than the budget, nothing is lost, and
# a worker that exits keeps no connection that it does not need.

use strict;
use warnings;

use lib 't/lib';

use EndpointLoad;
use EndpointPostgres;
use EndpointServer;
use Test::More;


my ($workers, $connections, $isolated) = (2, 2, 1);
my $budget = 2 * $workers * ($connections + $isolated);

# and two for this test, which has no more while it counts

my $pg = EndpointPostgres->new(conf => <<"CONF", sql => <<'SQL');
max_connections = @{[ $budget + 3 ]}
superuser_reserved_connections = 1
log_min_messages = log
CONF
    CREATE TABLE notes (id serial, text text);
SQL

my $s = EndpointServer->new(workers => $workers, http => <<"CONF" . <<'CONF');

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=$connections isolated=$isolated;
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /ping { reply '"pong"'; }
            endpoint GET /one/$x { query_row $r db "SELECT $x::text AS text"; reply $r; }
            endpoint GET /add/$x { query_row $r db "INSERT INTO notes (text) VALUES ($x) RETURNING text"; reply $r; }
            endpoint GET /isolated/$x { query_row $r db "SELECT $x::text AS text" isolated; reply $r; }
            endpoint GET /transaction/$x {
                transaction {
                    query_row $r db "INSERT INTO notes (text) VALUES ($x) RETURNING text";
                    query db "INSERT INTO notes (text) VALUES ($x || '+')";
                }
                reply $r;
            }

            endpoint GET /lane/$lock:int {
                query_row $r db "SELECT pg_advisory_lock_shared($lock), pg_advisory_unlock_shared($lock) AS u";
                reply $r.u;
            }

            endpoint GET /then/$lock:int {
                query_row $a db "SELECT pg_advisory_lock_shared($lock), pg_advisory_unlock_shared($lock) AS u" isolated;
                query_row $b db "SELECT 'then'::text AS x" after=$a;
                transaction {
                    query_row $c db "INSERT INTO notes (text) VALUES ('then') RETURNING text";
                }
                reply '[$a.u, $b.x, $c.text]';
            }
        }
    }
CONF

my $holder = $pg->connect('postgres', 'app');
my $watch = $pg->connect('postgres', 'app');


# a process of the server ends a little later than its connection

sub settles {
    my ($n) = @_;

    return $s->wait_for(sub {
        my ($row) = $watch->sql("SELECT count(*) FROM pg_stat_activity
                                 WHERE application_name = 'nginx'");
        return $row->[0] <= $n;
    });
}


sub workers {
    my @pids = split ' ', `pgrep -P $s->{pid}`;

    return @pids;
}


# until other workers serve, and none of these is there

sub reload {
    my %old = map { $_ => 1 } workers();

    settles($workers * ($connections + $isolated));
    $s->reload;

    return $s->wait_for(sub {
        my @now = workers();
        return @now == $workers && !grep { $old{$_} } @now;
    });
}


sub hold {
    my ($uri, $lock) = @_;

    $holder->sql("SELECT pg_advisory_lock($lock)");

    my $client = $s->connect;

    $s->request($client, "GET $uri/$lock", 'Connection: close');

    my $pid = $pg->wait_for("SELECT pid FROM pg_locks WHERE NOT granted
                             AND locktype = 'advisory' AND objid = $lock");
    ok($pid, "$uri waits on the server");

    return ($client, $pid);
}


sub others {
    my ($busy, @old) = @_;

    my $list = join ',', grep { $_ != $busy } @old;

    return "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid IN ($list)";
}


$s->start;

ok($pg->wait_for("SELECT count(*) = $workers * $connections
                  FROM pg_stat_activity WHERE application_name = 'nginx'"),
   'every worker connects when it starts');


# ten reloads under load

my $load = EndpointLoad->new($s, 6, sub {
    my ($client, $n) = split /-/, $_[0];

    return 'GET /' . ('one', 'add', 'isolated', 'transaction')[$n % 4]
           . "/$_[0]";
});

my $reloads = 0;

for (1 .. 10) {
    $load->wait_more(40);
    $reloads++ if reload();
}

is($reloads, 10, 'ten reloads');
ok($load->wait_more(40), 'work goes on');

my @answers = $load->stop;
my @wrong = grep { $_->{status} != 200 || $_->{body} ne qq({"text":"$_->{id}"}) }
            @answers;

is(join("\n", map { "$_->{id} $_->{status} $_->{body}" } @wrong), '',
   'every request is answered right') or diag(EndpointLoad::summary(@answers));

my $notes = grep { (split /-/, $_->{id})[1] % 2 } @answers;
my $transactions = grep { (split /-/, $_->{id})[1] % 4 == 3 } @answers;

is($pg->value('SELECT count(*) FROM notes'), $notes + $transactions,
   'every act is done');
is($pg->value('SELECT count(DISTINCT text) FROM notes'),
   $notes + $transactions, 'once');
is($s->count('logs/error.log', qr/connect failed/), 0,
   'no connection is refused');
unlike($pg->log, qr/too many clients|remaining connection slots/,
       'the server says so, too');
ok(settles($workers * ($connections + $isolated)),
   'the old workers are gone, and their connections');


# a worker that exits, with one lane at work

my ($client, $busy) = hold('/lane', 1);
my @old = $pg->lanes;

$s->reload;

ok($pg->wait_for(others($busy, @old)),
   'an exiting worker lets go of its idle connections at once');
is($pg->value("SELECT count(*) FROM pg_stat_activity WHERE pid = $busy"), 1,
   'but not of the one at work');
is($s->ask('GET /one/x')->{body}, '{"text":"x"}', 'the new ones serve');
$holder->sql('SELECT pg_advisory_unlock(1)');
is($s->response($client, first => 1)->{body}, 'true', 'which is answered');
ok($pg->wait_for("SELECT count(*) = 0 FROM pg_stat_activity
                  WHERE pid = $busy"), 'then it goes, too');


# a run that needs a connection again

($client, $busy) = hold('/then', 2);
@old = $pg->lanes;
$s->reload;

ok($pg->wait_for(others($busy, @old)), 'all lanes are closed');
$holder->sql('SELECT pg_advisory_unlock(2)');
is($s->response($client, first => 1)->{body}, '[true, "then", "then"]',
   'what an exiting worker has to do brings its lanes back');
ok($s->wait_for(sub { workers() == $workers }), 'and then it exits');


# a clean stop

($client) = hold('/lane', 3);

my $said = length $pg->log;

kill 'QUIT', $s->{pid};

ok($pg->wait_for("SELECT count(*) = 1 FROM pg_stat_activity
                  WHERE application_name = 'nginx'"),
   'a stop closes what is idle');
$holder->sql('SELECT pg_advisory_unlock(3)');
is($s->response($client, first => 1)->{body}, 'true',
   'and waits for what is at work');

$s->stop;

ok($pg->wait_for("SELECT count(*) = 0 FROM pg_stat_activity
                  WHERE application_name = 'nginx'"), 'no connection is left');
unlike(substr($pg->log, $said), qr/unexpected EOF|reset by peer/,
       'all of them were closed as they should be');

done_testing();
