# A run without a client in which the n-th allocation fails, for every n: it
# ends, once, nothing is left of it, and the next one is as ever.

use strict;
use warnings;

use lib 't/lib';

use EndpointAlloc qw(control);
use EndpointModule;
use EndpointServer;
use File::Temp qw(tempdir);
use Test::More;


my $dir = tempdir(CLEANUP => 1);
my $detached = EndpointModule::compile('t/lib/detached.c', $dir);

my $s = EndpointServer->new(main => <<"MAIN", http => <<'CONF',

load_module $detached;
MAIN

    server {
        listen 127.0.0.1:%%PORT%%;
        endpoint_timeout 5s;

        location / {
            endpoint GET /ping { reply '"pong"'; }

            endpoint GET /log { arg $n; log info "logged $n"; reply '[$n]'; }
            endpoint GET /fetch {
                fetch $a /up/a;
                fetch $b POST /up/b '{"a": $a}';
                reply '[$a, $b]';
            }
            endpoint GET /nested {
                fetch $a /one;
                fetch $b /return;
                fetch $c /up/a each=$b;
                reply '[$a, $b, $c]';
            }
            endpoint GET /one { sleep 1ms; fetch $a /up/a; reply $a; }
            endpoint GET /guard {
                fetch $a /up/silent;
                fetch $b /up/a;
                require !$b 409 "no";
                reply $a;
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location = /return { return 200 '[1, 2]'; }

        location = /stub_status { stub_status; }
    }
CONF
    allow => qr{\[emerg\].*(?:malloc|memalign)\(});

$s->upstream(sub {
    my ($socket, $request) = @_;

    if ($request->{uri} =~ /silent/) {
        EndpointServer::closed($socket);
        return 0;
    }

    return EndpointServer::answer($socket, 200, '1');
});

EndpointAlloc::start($s);


# the run's status, or that of the answer where it did not begin; how many
# allocations failed

my $ended = 0;

sub run_at {
    my ($uri, $n, $row) = @_;

    control($n, 0, 0, $row);

    my $answer = $s->ask("GET $uri", 'X-Detached: test');
    my $status = $answer ? $answer->{status} : 'none';

    if ($status eq '204') {
        my @ended;

        $s->wait_for(sub {
            @ended = $s->file('logs/error.log') =~ /detached ended: (\d+)/g;
            return @ended > $ended;
        });

        $status = @ended == $ended + 1 ? $ended[-1] : 'lost';
        $ended = @ended;
    }

    my (undef, undef, $failed) = control();

    control(0, 0, 0, 0);

    return ($status, $failed);
}


for my $case ([ '/log', 200 ], [ '/fetch', 200 ], [ '/nested', 200 ],
              [ '/guard', 409 ])
{
    my ($uri, $expected) = @$case;

    for my $row (1, 1 << 30) {
        my (%seen, $n);

        for ($n = 1; $n < 2000; $n++) {
            my ($status, $failed) = run_at($uri, $n, $row);

            $seen{$status}++;
            last if !$failed || $status eq 'lost';
        }

        my $name = "$uri: " . ($row == 1 ? 'one fails' : 'all behind it fail');
        my @odd = grep { !/^(?:$expected|500|502|503|none)$/ } keys %seen;

        is("@odd", '', "$name: $n times") or diag(explain(\%seen));
        is((run_at($uri, 1 << 40, 1))[0], $expected, "$name: as ever");
    }
}

$s->is_idle;
$s->stop;

done_testing();
