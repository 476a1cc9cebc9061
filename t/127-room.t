# A server that allows fewer connections than all workers may open: each of them
# gets its share, and the log says so at the start.

use strict;
use warnings;

use lib 't/lib';

use EndpointPostgres;
use EndpointServer;
use Test::More;


# three of them are a superuser's

my $pg = EndpointPostgres->new(conf => "max_connections = 11\n");

my $workers = 4;


sub server {
    my ($user, $parameters, $wait) = @_;

    $wait //= '30s';

    return EndpointServer->new(workers => $workers,
                               allow => qr/too many|remaining/,
                               http => <<"CONF" . <<'CONF');
    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=$user" $parameters wait=$wait;
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%% reuseport;

        location / {
            add_header X-Worker $pid;

            endpoint GET /row { query_row $r db "SELECT 1 AS n"; reply $r; }
            endpoint GET /transaction {
                transaction { query_row $r db "SELECT 2 AS n"; }
                reply $r;
            }
        }
    }
CONF
}


# what has ended before, the server sees in its own time

sub is_empty {
    ok($pg->wait_for("SELECT count(*) = 0 FROM pg_stat_activity"
                     . " WHERE application_name = 'nginx'"), 'it is empty');
}


# all workers answer at once, each with what it has

sub all_answer {
    my ($s, $uri, $body) = @_;

    my (%workers, %answers);

    for (1 .. 40) {
        my @sockets = map { $s->connect } 1 .. 8;

        $s->request($_, "GET $uri", 'Connection: close') for @sockets;

        for (@sockets) {
            my $response = $s->response($_, first => 1);
            my ($worker) = $response->{head} =~ /^X-Worker: (\d+)/m;

            $workers{$worker // 'none'}++;
            $answers{"$response->{status} $response->{body}"}++;
        }

        last if keys %workers >= $workers;
    }

    is_deeply([keys %answers], ["200 $body"], "$uri: all are answered");
    cmp_ok(scalar keys %workers, '>=', $workers, "$uri: by all workers");
}


my $s = server('app', 'connections=4 isolated=4');

$s->start;

all_answer($s, '/row', '{"n":1}');
all_answer($s, '/transaction', '{"n":2}');

$s->wait_line('logs/error.log', qr/\[warn\].* upstream "db": its workers may /,
              'the log says so');
is($s->count('logs/error.log', qr/its workers may open 32 connections, and the server allows 8: each opens 1, and 1 isolated ones/),
   1, 'once');

$s->reload;

all_answer($s, '/row', '{"n":1}');

$s->stop;


# the role's own limit counts as well

$pg->connect->sql('ALTER ROLE app CONNECTION LIMIT 5');

is_empty();
$s = server('app', 'connections=3 isolated=1');
$s->start;
all_answer($s, '/row', '{"n":1}');
$s->wait_line('logs/error.log',
              qr/may open 16 connections, and the server allows 5: each opens 1, /,
              'the limit of a role');
$s->stop;
is_empty();


# no room at all for the isolated ones: told within wait=, as a database that is
# not there, until there is

$pg->connect->sql('ALTER ROLE app CONNECTION LIMIT 4');

$s = server('app', 'connections=1 isolated=1', '100ms');
$s->start;
ok($pg->wait_for("SELECT count(*) = $workers FROM pg_stat_activity"
                 . " WHERE application_name = 'nginx'"), 'lanes have it all');
all_answer($s, '/row', '{"n":1}');

$s->is_answer('GET /transaction', 503,
              '{"detail":"r: the database is not available"}',
              "no room for a transaction, $_") for 1 .. 2;
is($s->count('logs/error.log', qr/step "r": no server is available: .*too many connections/),
   2, 'why, in the log');

$pg->connect->sql('ALTER ROLE app CONNECTION LIMIT -1');

ok($s->wait_for(sub { $s->ask('GET /transaction')->{status} == 200 }),
   'there is again');
$s->stop;


# where there is room enough it is told, too

$pg->connect->sql('ALTER ROLE app CONNECTION LIMIT -1');

$s = server('app', 'connections=1 isolated=1');
$s->start;
$s->wait_line('logs/error.log',
              qr/\[notice\].*may open 8 connections, and the server allows 8$/m,
              'enough of them');
$s->stop;

done_testing();
