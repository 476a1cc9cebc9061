# Reloads while runs sleep, fetch and act: each ends in the worker where it
# began, new ones begin in the new worker, old workers go when they are done.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


sub http {
    my $generation = shift;

    return <<"CONF";
    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /ping { reply '"pong"'; }
            endpoint GET /generation { reply '$generation'; }

            endpoint GET /run/\$n {
                fetch \$a /up/wait/\$n;
                fetch \$b /nested/\$n;
                sleep 20ms;
                fetch \$c '/up/quick/\$a';
                reply '[$generation, \$a, \$b, \$c]';
            }

            endpoint GET /nested/\$n { fetch \$a /up/wait/\$n; reply \$a; }
            endpoint GET /short { sleep 5ms; fetch \$a /up/quick/1; reply \$a; }
            endpoint GET /sleep {
                fetch \$a /up/note/asleep;
                sleep 600s;
                reply \$a;
            }
            endpoint GET /once/\$n {
                fetch \$a /up/note/\$n;
                sleep 400ms;
                reply '[\$a, $generation]';
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location = /stub_status { stub_status; }
    }
CONF
}


# longer than the test waits for anything

my $patient = 'worker_shutdown_timeout 600s;';

my $s = EndpointServer->new(workers => 2, http => http(0), main => $patient);

$s->upstream(sub {
    my ($socket, $request) = @_;

    if ($request->{uri} =~ m{^/wait/(\w+)}) {
        my $generation = $1;

        $s->note_event("arrived $generation");
        $s->wait_for(sub { $s->file('events') =~ /^go $generation$/m });
    }

    $s->note_event("arrived $1") if $request->{uri} =~ m{^/note/(\w+)};

    return EndpointServer::answer($socket, 200, '"up"');
});

$s->start;


sub reload_to {
    my ($generation, $main) = @_;

    my $quits = $s->count('logs/error.log', qr/gracefully shutting down/);

    $s->{http} = http($generation);
    $s->{main} = $main // $patient;
    $s->write_file(nginx => $s->configuration($s->{http}));
    $s->reload;

    ok($s->wait_for(sub {
        my $answer = $s->ask('GET /generation');
        $answer && $answer->{body} eq $generation;
    }), "generation $generation");

    # the old workers are told a moment after the new ones have started

    ok($s->wait_for(sub {
        $s->count('logs/error.log', qr/gracefully shutting down/) >= $quits + 2
    }), "only generation $generation serves");
}


sub workers {
    open my $f, '<', "/proc/$s->{pid}/task/$s->{pid}/children" or return -1;

    my @pids = split ' ', <$f> // '';

    return scalar @pids;
}


# runs of three generations at once

my %clients;

for my $generation (0 .. 2) {
    reload_to($generation) if $generation;

    $clients{$generation} = [ map { $s->connect } 1 .. 20 ];
    $s->request($_, "GET /run/$generation") for @{ $clients{$generation} };

    ok($s->wait_for(sub {
        $s->count('events', qr/^arrived $generation$/m) == 40
    }), "runs of generation $generation are under way");
}

cmp_ok(workers(), '>', 2, 'the old workers wait for their runs');

$s->note_event("go $_") for 0 .. 2;

for my $generation (0 .. 2) {
    my @bodies = map { $s->response($_, first => 1)->{body} }
                 @{ $clients{$generation} };

    is("@bodies", join(' ', ("[$generation, \"up\", \"up\", \"up\"]") x 20),
       "generation $generation ends as it began");

    close $_ for @{ $clients{$generation} };
}

ok($s->wait_for(sub { workers() == 2 }), 'the old workers are gone');


# ten reloads under load: no request fails, on new connections or on kept ones

my @clients = map { $s->connect } 1 .. 20;
my $failed = 0;
my $served = 0;

for my $round (1 .. 10) {
    $s->reload;

    for (1 .. 10) {
        for my $i (0 .. $#clients) {
            $s->request($clients[$i], 'GET /short');

            my $answer = $s->response($clients[$i]);

            # an old worker ends the connections that are kept

            if (!$answer) {
                $clients[$i] = $s->connect;
                $s->request($clients[$i], 'GET /short', 'Connection: close');
                $answer = $s->response($clients[$i], first => 1);
                $clients[$i] = $s->connect;
                delete $s->{buffers}{ fileno $clients[$i] };
            }

            if ($answer && $answer->{status} == 200) {
                $served++;

                if ($answer->{head} =~ /^Connection: close/mi) {
                    $clients[$i] = $s->connect;
                    delete $s->{buffers}{ fileno $clients[$i] };
                }

            } else {
                $failed++;
            }
        }
    }
}

is($failed, 0, "no request of $served failed");
close $_ for @clients;


# sleeping runs whose clients left hold no old worker, one that ends does until
# then

my @sleepers = map { $s->connect } 1 .. 10;
my $once = $s->connect;

$s->request($_, 'GET /sleep') for @sleepers;
$s->request($once, 'GET /once/first');
$s->request($_, 'GET /sleep') for @sleepers;

ok($s->wait_for(sub { $s->count('events', qr/^arrived (?:asleep|first)$/m)
                      == @sleepers + 1 }), 'runs are asleep');

reload_to(3, 'worker_shutdown_timeout 1s;');
close $_ for @sleepers;

is($s->response($once, first => 1)->{body}, '["up", 2]',
   'a run that was asleep');
close $once;

ok($s->wait_for(sub { workers() == 2 }), 'no worker stays for those who left');


# one whose client stays does until worker_shutdown_timeout

my $sleeper = $s->connect;

$s->request($sleeper, 'GET /sleep');

ok($s->wait_for(sub { $s->count('events', qr/^arrived asleep$/m)
                      == @sleepers + 1 }), 'a run is asleep');

reload_to(4);

ok($s->wait_for(sub { workers() == 2 }), 'no worker stays for a sleep of 600s');
close $sleeper;


# and a stop while runs are under way

my $last = $s->connect;

$s->request($last, 'GET /once/last');
$s->wait_line('events', qr/^arrived last$/m, 'the last one is under way');
$s->stop('nginx with runs under way');
is($s->response($last, first => 1)->{body}, '["up", 4]',
   'a run ends before nginx');

done_testing();
