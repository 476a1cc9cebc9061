# Memory stays as it is over 100,000 tasks of a zone, and over those of a queue.

use strict;
use warnings;

use lib 't/lib';

use EndpointPostgres;
use EndpointServer;
use JSON::PP;
use Test::More;


my $tasks = $ENV{TASKS} // 100_000;

my $pg = EndpointPostgres->new(sql => EndpointPostgres::tasks());

my $s = EndpointServer->new(workers => 1, log_level => 'notice',
                            http => <<"CONF" . <<'CONF');

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=2;
    }
CONF

    endpoint_task_zone zone=tasks:1m;
    endpoint_task_queue mail db=db poll=500ms;
    keepalive_requests 1000000;

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint POST /zone {
                arg $n:int;
                background tasks { log info "zone $n"; }
                reply 202;
            }

            endpoint POST /queue {
                arg $n:int;
                background mail { log info "queue $n"; }
                reply 202;
            }
        }

        location = /tasks { endpoint_tasks; }
    }
CONF

$s->{killed} = 1;
$s->start;

my ($worker) = split ' ', `pgrep -P $s->{pid}`;

sub resident {
    open my $f, '<', "/proc/$worker/status" or die "status: $!";
    my ($kb) = join('', <$f>) =~ /^VmRSS:\s+(\d+)/m;
    return $kb;
}

# a hundred requests at once, so that Perl is not what is waited for

sub many {
    my ($path, $n) = @_;
    my $c = $s->connect;
    my $accepted = 0;

    while ($n > 0) {
        my $some = $n < 100 ? $n : 100;

        $s->send_all($c, "POST $path?n=$n HTTP/1.1\r\nHost: localhost\r\n\r\n"
                         x $some);

        for (1 .. $some) {
            my $r = $s->response($c);
            $accepted++ if $r && $r->{status} == 202;
        }

        $n -= $some;
    }

    return $accepted;
}

sub nothing_waits {
    return $s->wait_for(sub {
        my $t = decode_json($s->ask('GET /tasks')->{body});
        return !grep { $_->{waiting} + $_->{running} }
                     $t->{zones}[0], $t->{queues}[0];
    });
}

for (['/zone', $tasks], ['/queue', int($tasks / 5)]) {
    my ($path, $n) = @$_;

    # what is kept for the next ones is there after the first tenth

    my $accepted = many($path, int($n / 10));

    ok(nothing_waits(), "$path: the first tenth");

    my $before = resident();

    $accepted += many($path, $n - int($n / 10));

    ok(nothing_waits(), "$path: all of them");
    is($accepted, $n, "$path: $n are accepted");

    SKIP: {
        skip 'the sanitizers keep freed memory', 1 if $ENV{TEST_SANITIZERS};
        cmp_ok(resident() - $before, '<', 1024,
               "$path: memory stays as it is");
    }
}

$s->stop;

done_testing;
