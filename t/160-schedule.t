# Schedules: one worker runs each of them, whoever dies and whatever is
# reloaded, and never beside itself; what is wrong with one is said at start.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;
use Time::HiRes qw(time);


my $s = EndpointServer->new(workers => 3, main => <<'MAIN', http => <<'CONF');

worker_shutdown_timeout 30s;
MAIN

    server {
        listen 127.0.0.1:%%PORT%%;
        server_name one;

        location / {
            endpoint GET /ping { reply '"pong"'; }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        schedule 200ms {
            fetch $a /up/often;
            log warn "often $a";
        }

        schedule 300ms timeout=20s {
            log warn "held begins";
            fetch POST /up/held '{}';
            log warn "held ended";
        }

        schedule 250ms { fetch POST /up/fails '{}'; }
        schedule 350ms { fetch POST /up/silent '{}' timeout=50ms; }

        schedule 1h { log warn "not yet"; }
        schedule "0 0 29 2 *" utc { log warn "leap"; }
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        server_name two;

        schedule 300ms { log warn "of two"; }
    }
CONF

# "held" is answered when a file is there; a run that is held twice at once is
# seen by both of its events

$s->upstream(sub {
    my ($socket, $request) = @_;
    my $uri = $request->{uri};

    if ($uri eq '/held') {
        $s->note_event('held');
        $s->wait_for(sub { -e "$s->{dir}/go"
                           || IO::Select->new($socket)->can_read(0) });
        $s->note_event('let go');
    }

    if ($uri eq '/silent') {
        EndpointServer::closed($socket);
        return 0;
    }

    $s->note_event('often') if $uri eq '/often';

    return EndpointServer::answer($socket, $uri eq '/fails' ? 500 : 200,
                                  '{"n": 1}');
});

my $start = time;

$s->start;

sub log_count { $s->count('logs/error.log', $_[0]) }
sub events { $s->count('events', $_[0]) }

sub pids {
    return $s->file('logs/error.log')
           =~ /start worker process (\d+)/g;
}


$s->wait_line('logs/error.log', qr/often \{"n": 1\} while running schedule "200ms"/,
              'a schedule runs, and fetches');
ok($s->wait_for(sub { log_count(qr/often \{/) >= 5 }), 'again and again');
$s->wait_line('logs/error.log', qr/of two while running schedule "300ms"/,
              'that of another server beside it');
$s->wait_line('logs/error.log',
              qr/\[error\].*fetch.* while running schedule "250ms"/,
              'a failure is logged with its name');
$s->wait_line('logs/error.log',
              qr/the run ended with 504 while running schedule "350ms"/,
              'so is a timeout');
ok($s->wait_for(sub { log_count(qr/ended with 502 while running schedule "250/)
                      >= 2 }), 'and it runs again');


# a long run, while many of its ticks pass

ok($s->wait_for(sub { events(qr/^held$/m) == 1 }), 'a run is held');

my $n = log_count(qr/of two/);

ok($s->wait_for(sub { log_count(qr/of two/) > $n + 5 }), 'ticks pass');
is(events(qr/^held$/m), 1, 'it does not run beside itself');


# a reload, with a run under way in an old worker

my $told = log_count(qr/gracefully shutting down/);

$s->reload;
ok($s->wait_for(sub { log_count(qr/gracefully shutting down/) >= $told + 3 }),
   'nginx is reloaded');

$n = log_count(qr/of two/);

ok($s->wait_for(sub { log_count(qr/of two/) > $n + 5 }),
   'ticks pass in new workers');
is(events(qr/^held$/m), 1, 'nor beside the run of an old worker');


# the worker that runs it is killed: the run is begun again, once

my ($victim) = $s->file('logs/error.log')
               =~ /\[warn\] (\d+)#.*held begins/;

ok($victim, 'the worker that runs it is found');

$s->{killed} = 1;
kill 'KILL', $victim if $victim;

ok($s->wait_for(sub { events(qr/^held$/m) == 2 }), 'another one runs it again');
is(log_count(qr/schedule "300ms" is run again: the worker that ran it died/), 1,
   'which is logged once');

open my $go, '>', "$s->{dir}/go";
close $go;

$s->wait_line('logs/error.log', qr/held ended while running schedule "300ms"/,
              'it ends');
ok($s->wait_for(sub { log_count(qr/held ended/) >= 3 }), 'and comes again');


# all workers at once

$n = log_count(qr/of two/);
kill 'KILL', grep { -d "/proc/$_" } pids();

ok($s->wait_for(sub { log_count(qr/of two/) > $n + 3 }),
   'schedules go on in new workers');

is(log_count(qr/not yet|leap/), 0, 'what is not due does not run');


# how slow the machine is, there are no more runs than ticks, and those that
# the two deaths have cost; three workers that each ran it would have more

my $ticks = (time - $start) / 0.2;

cmp_ok(events(qr/^often$/m), '<=', $ticks + 3, 'no tick is taken twice');

$s->stop;


# a run that costs three workers is given up until its next time

$s = EndpointServer->new(workers => 2, http => <<'CONF');
    server {
        listen 127.0.0.1:%%PORT%%;

        schedule 1s timeout=10m {
            log warn "deadly";
            sleep 5m;
        }
    }
CONF

$s->{killed} = 1;
$s->{allow} = qr/is given up/;
$s->start;

for my $n (1 .. 3) {
    my @pids;

    ok($s->wait_for(sub {
        @pids = $s->file('logs/error.log') =~ /\[warn\] (\d+)#.*deadly while/g;
        return @pids >= $n;
    }), "it runs, $n");

    kill 'KILL', $pids[-1];
}

$s->wait_line('logs/error.log',
              qr/schedule "1s" is given up until its next time: 3 workers died/,
              'it has cost three workers');
ok($s->wait_for(sub {
    my $log = $s->file('logs/error.log');
    return $log =~ /is given up.*deadly while/s;
}), 'its next time comes');

# it would be waited for

kill 'KILL', $s->{pid}, split ' ', `pgrep -P $s->{pid}`;
waitpid $s->{pid}, 0;


# what is wrong is said with file and line

sub refused {
    my ($schedule, $said, $name) = @_;
    my $t = EndpointServer->new(http => <<"CONF");
    server {
        listen 127.0.0.1:%%PORT%%;
        $schedule
    }
CONF

    my $out = `$^X -e 'open STDERR, ">&STDOUT"; exec \@ARGV' -- @{[
        $ENV{TEST_NGINX_BINARY} || 'nginx'
    ]} -t -p $t->{dir} -c $t->{dir}/nginx.conf -e stderr`;

    like($out, qr/\[emerg\].*$said.*nginx\.conf:\d+/, $name);
}

refused('schedule "0 25 * * *" { log warn "x"; }',
        'invalid hour "25" in schedule "0 25 \* \* \*", expected 0-23',
        'a field out of its range');
refused('schedule "* * * foo *" { log warn "x"; }',
        'invalid month "foo" in .*, expected 1-12 or jan-dec', 'a bad name');
refused('schedule "0 0 31 2 *" { log warn "x"; }',
        'schedule "0 0 31 2 \*" never comes', 'a day that never comes');
refused('schedule often { log warn "x"; }', 'invalid schedule "often"',
        'no time');
refused('schedule 0s { log warn "x"; }', 'invalid schedule "0s"',
        'an interval of nothing');
refused('schedule 1s utc { log warn "x"; }', '"utc" is for the fields of cron',
        'utc of an interval');
refused('schedule 1s timeout=0 { log warn "x"; }',
        'invalid parameter "timeout=0" of schedule "1s"', 'no timeout');
refused('schedule 1s { }', 'schedule "1s" has no step', 'an empty block');
refused('schedule 1s { log warn "$uri"; }',
        'variable "\$uri" in a schedule, which has no request',
        'a variable of a request');
refused('schedule 1s { reply 204; }', '"reply" directive is not allowed here',
        'a reply');
refused('schedule 1s { arg $x; log warn $x; }',
        '"arg" directive is not allowed here', 'an input');

done_testing();
