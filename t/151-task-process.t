# Tasks outlive who runs them: workers that are killed, reloads, a restart, a
# zone of another size.

use strict;
use warnings;

use lib 't/lib';

use EndpointClients;
use EndpointPostgres;
use EndpointServer;
use JSON::PP;
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(sleep);


my $tasks = $ENV{TASKS} // 10_000;

my $pg = EndpointPostgres->new(sql => <<'SQL');
    CREATE TABLE done (n int, id bigint, attempt int);
SQL

my $zone = 'zone=tasks:20m retries=20 backoff=50ms concurrency=8'
           . ' file=%%DIR%%/tasks';

my $http = <<"CONF" . <<'CONF';

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=2;
    }
CONF

    endpoint_task_zone ZONE;

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint POST /task {
                arg $n:int;
                background {
                    query db "INSERT INTO done VALUES ($n, $task_id::bigint, $task_attempt)";
                }
                reply 202;
            }

            endpoint POST /held {
                arg $n:int;
                background delay=1h { log warn "held $n"; }
                reply 202;
            }

            endpoint POST /soon {
                arg $n:int;
                background delay=500ms { log warn "soon $n"; }
                reply 202;
            }

            endpoint POST /dies {
                arg $n:int;
                background { log warn "dies $n"; require !$n 500 "a \"quoted\" reason"; }
                reply 202;
            }
        }

        location = /tasks { endpoint_tasks; }
    }
CONF

sub configured {
    my ($as) = @_;

    return $http =~ s/ZONE/$as/r;
}

my $s = EndpointServer->new(workers => 2, http => configured($zone));

$s->{killed} = 1;
$s->start;

sub workers { split ' ', `pgrep -P $s->{pid}` }

sub tasks {
    return decode_json($s->ask('GET /tasks')->{body})->{zones}[0];
}


# acknowledged while workers are killed and nginx is reloaded

my @clients = EndpointClients::start('/task', $tasks, 'task', $s);
my ($kills, $reloads) = (0, 0);

while (@clients) {
    sleep 0.2;

    @clients = grep { waitpid($_, WNOHANG) == 0 } @clients;

    if (rand() < 0.5) {
        my @w = workers();
        $kills += kill 'KILL', $w[rand @w] if @w;

    } elsif (rand() < 0.3) {
        $s->reload;
        $reloads++;
    }
}

my @acked = EndpointClients::acked('task', $s);

diag(scalar @acked . " of $tasks tasks acknowledged, $kills kills, "
     . "$reloads reloads");

ok(@acked > $tasks / 4, 'tasks are acknowledged');

my $all = $s->wait_for(sub {
    my $t = eval { tasks() } // return 0;
    return $t->{waiting} + $t->{running} == 0;
});

ok($all, 'none waits any more') or diag(explain(tasks()));

my %done = map { $_ => 1 }
    split /\n/, $pg->value("SELECT string_agg(DISTINCT n::text, E'\n') FROM done");

is(scalar(grep { !$done{$_} } @acked), 0, 'every acknowledged task has run');

my $twice = $pg->value('SELECT count(*) - count(DISTINCT id) FROM done');

cmp_ok($twice, '<=', $kills * 8, "twice only where a worker was killed");
is($pg->value('SELECT count(*) FROM (SELECT id FROM done GROUP BY id'
              . ' HAVING count(*) <> count(DISTINCT attempt)) AS same'), 0,
   'each time as another attempt');
is(tasks()->{dead}, 0, 'none is dead');


# a restart loses none

is($s->ask("POST /held?n=$_")->{status}, 202, "held $_") for 1 .. 3;
is($s->ask('POST /soon?n=1')->{status}, 202, 'one that is due soon');
is($s->ask('POST /dies?n=1')->{status}, 202, 'and one that will be dead');

$s->stop('with tasks');
ok(-s "$s->{dir}/tasks", 'they are in the file');
is((stat "$s->{dir}/tasks")[2] & 0777, 0600, 'for its owner alone');

$s->start;
ok(!-e "$s->{dir}/tasks", 'the file is read once');
$s->wait_line('logs/error.log', qr/soon 1/, 'what was due has run');
is(tasks()->{waiting} >= 3, 1, 'the others wait');


# a file that is broken

$s->stop('again');

my $file = $s->file('tasks');

$s->write_file('tasks', substr $file, 0, -1);
$s->{allow} = qr/is not whole/;
$s->start;
$s->wait_line('logs/error.log', qr/the file ".*tasks" is not whole/,
              'is told');
is(tasks()->{waiting}, 0, 'nothing is taken of it');

my @aside = glob "$s->{dir}/tasks.*";

is(scalar @aside, 1, 'it is moved aside');


# another size

is($s->ask("POST /held?n=$_")->{status}, 202, "held $_") for 4 .. 300;

my $generation = $s->logged('start worker process \d');

$s->{allow} = qr/is not whole|has room for \d+ tasks of its|is too small/;
$s->write_file(nginx => $s->configuration(configured($zone =~ s/20m/64k/r)));
$s->reload;
$s->wait_line('logs/error.log', qr/has room for \d+ tasks of its 297/,
              'a zone that is too small fails the reload');
is(tasks()->{waiting}, 297, 'which changes nothing');

$s->write_file(nginx => $s->configuration(configured($zone =~ s/20m/10m/r)));
$s->reload;
$s->wait_line('logs/error.log', qr/297 tasks are carried over/,
              'they are carried over to another size');
$s->wait_for(sub { $s->logged('start worker process \d') >= $generation + 2 });
ok($s->wait_for(sub { tasks()->{waiting} == 297 }), 'and wait there');


# for operators

is($s->ask('POST /soon?n=7')->{status}, 202, 'in the new zone');
$s->wait_line('logs/error.log', qr/soon 7/, 'tasks run');

$s->write_file(nginx => $s->configuration(
    configured($zone =~ s/20m retries=20/10m retries=0/r)));
$s->reload;
$s->wait_for(sub { $s->logged('start worker process \d') >= $generation + 4 });

ok($s->wait_for(sub {
    $s->ask('POST /dies?n=2');
    return grep { $_->{values}{n} == 2 } @{ tasks()->{tasks} };
}), 'a dead task');

my ($dead) = grep { $_->{values}{n} == 2 } @{ tasks()->{tasks} };

is($dead->{error}, '{"detail":"a \"quoted\" reason"}', 'has its error');
is_deeply($dead->{values}, { n => 2 }, 'and its values');
is($dead->{endpoint}, 'POST /dies', 'and its endpoint');

my $one = "zone=tasks&id=$dead->{id}";

is($s->ask("DELETE /tasks?$one")->{status}, 403, 'an act needs X-Endpoint');
is($s->ask('PUT /tasks', 'X-Endpoint: 1')->{status}, 405, 'or is none');
is($s->ask('POST /tasks?zone=tasks', 'X-Endpoint: 1')->{status}, 400,
   'it names a task');
is($s->ask("POST /tasks?zone=tasks&id=1", 'X-Endpoint: 1')->{status}, 404,
   'one that is there');

my $before = () = $s->file('logs/error.log') =~ /dies 2/g;

is($s->ask("POST /tasks?$one", 'X-Endpoint: 1')->{status}, 204, 'retry');
ok($s->wait_for(sub {
    (() = $s->file('logs/error.log') =~ /warn\].*dies 2/g) > 0
        && grep { $_->{id} eq $dead->{id} } @{ tasks()->{tasks} };
}), 'it is tried again');
is($s->ask("DELETE /tasks?$one", 'X-Endpoint: 1')->{status}, 204, 'delete');
is(scalar(grep { $_->{id} eq $dead->{id} } @{ tasks()->{tasks} }), 0,
   'it is gone');


# a zone that a reload takes away

is($s->ask('POST /soon?n=9')->{status}, 202, 'one is waiting');

$s->write_file(nginx => $s->configuration(<<'CONF'));
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { endpoint_tasks; }
    }
CONF
$s->reload;
$s->wait_line('logs/error.log', qr/zone "tasks" is not in the configuration any/,
              'that its zone is gone is told');
$s->wait_line('logs/error.log', qr/soon 9/, 'the old workers run it');

$s->{allow} = qr/is not whole|has room for \d+ tasks of its|is too small|not in the configuration/;
$s->stop;

done_testing;
