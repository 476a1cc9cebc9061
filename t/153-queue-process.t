# A queue in Postgres loses nothing, whoever dies: workers of two machines, the
# server, both.  What a transaction queued is there if and only if its row is.

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
my $kills = $ENV{KILLS} // 1_000;

# what it has acknowledged a server that crashes must have

my $pg = EndpointPostgres->new(conf => <<'CONF', sql => EndpointPostgres::tasks() . <<'SQL');
    fsync = off
    synchronous_commit = on
    max_connections = 200
CONF
    CREATE TABLE done (n int, id bigint, attempt int);
    CREATE TABLE orders (id serial PRIMARY KEY, n int);
    CREATE TABLE sent (id int, task bigint);
SQL

my $http = <<"CONF" . <<'CONF';

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=2 isolated=8;
    }
CONF

    endpoint_task_queue mail db=db retries=1000 backoff=50ms max_backoff=1s
                        poll=500ms concurrency=8;

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

            endpoint POST /order {
                arg $n:int;
                transaction {
                    query_row $order db "INSERT INTO orders (n) VALUES ($n) RETURNING id";
                    background mail {
                        query db "INSERT INTO sent VALUES ($order.id, $task_id::bigint)";
                    }
                    query db "SELECT pg_sleep(random() * 0.01)";
                }
                reply 202;
            }
        }

        location = /tasks { endpoint_tasks; }
    }
CONF

# whose connections are cut, and what was under way then, is logged as an error

my @nodes = map {
    EndpointServer->new(workers => 2, http => $http, allow => qr/./)
} 1, 2;

for my $s (@nodes) {
    $s->{killed} = 1;
    $s->start;
}

sub workers { split ' ', `pgrep -P $_[0]{pid}` }

sub nothing_waits {
    return $nodes[0]->wait_for(sub {
        ($pg->value('SELECT count(*) FROM endpoint.task') // 1) == 0
    });
}


# two machines, their workers killed, reloaded, and the server restarted

my @clients = EndpointClients::start('/task', $tasks, 'task', @nodes);
my ($killed, $reloads, $restarts, $turn) = (0, 0, 0, 0);

while (@clients) {
    sleep 0.2;

    @clients = grep { waitpid($_, WNOHANG) == 0 } @clients;

    my $s = $nodes[rand @nodes];

    if (++$turn % 8 == 4) {
        $pg->restart($restarts++ % 2 ? 'QUIT' : 'INT');

    } elsif (rand() < 0.4) {
        my @w = workers($s);
        $killed += kill 'KILL', $w[rand @w] if @w;

    } elsif (rand() < 0.2) {
        $s->reload;
        $reloads++;
    }
}

$pg->restart('QUIT');

my @acked = EndpointClients::acked('task', @nodes);

diag(scalar @acked . " of $tasks tasks acknowledged, $killed kills, $reloads"
     . " reloads, $restarts restarts");

ok(@acked > $tasks / 4, 'tasks are acknowledged');
ok(nothing_waits(), 'none waits any more');

my %done = map { $_ => 1 }
    split /\n/, $pg->value("SELECT string_agg(DISTINCT n::text, E'\n') FROM done");

is(scalar(grep { !$done{$_} } @acked), 0, 'every acknowledged task has run');
is($pg->value('SELECT count(*) FROM endpoint.dead_task'), 0, 'none is dead');
cmp_ok($pg->value('SELECT count(*) - count(DISTINCT id) FROM done'), '<=',
       ($killed + 2 * $restarts + 2) * 8,
       'twice only where a worker or the server was killed');


# the outbox: workers die at any moment of a transaction, and behind it

@clients = EndpointClients::start('/order', 1e9, 'order', @nodes);

for (1 .. $kills) {
    my @w = workers($nodes[$_ % 2]);

    kill 'KILL', $w[rand @w] if @w;
    sleep rand 0.05;
}

EndpointClients::stop('order', @nodes);
waitpid $_, 0 for @clients;

my @orders = EndpointClients::acked('order', @nodes);

diag(scalar @orders . ' orders acknowledged, '
     . $pg->value('SELECT count(*) FROM orders') . " there, $kills kills");

ok(@orders > 10, 'orders are acknowledged');
ok(nothing_waits(), 'none waits any more');

my %order = map { $_ => 1 }
    split /\n/, $pg->value("SELECT string_agg(n::text, E'\n') FROM orders");

is(scalar(grep { !$order{$_} } @orders), 0, 'each has its row');
is($pg->value('SELECT count(*) FROM orders WHERE NOT EXISTS'
              . ' (SELECT 1 FROM sent WHERE sent.id = orders.id)'), 0,
   'no row without its task');
is($pg->value('SELECT count(*) FROM sent WHERE NOT EXISTS'
              . ' (SELECT 1 FROM orders WHERE sent.id = orders.id)'), 0,
   'no task without its row');
is($pg->value('SELECT count(*) FROM (SELECT id FROM sent GROUP BY id'
              . ' HAVING count(DISTINCT task) > 1) AS many'), 0,
   'and one for each');

$_->stop for @nodes;

done_testing;
