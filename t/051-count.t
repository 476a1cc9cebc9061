# Every way in which a request with a run can end: afterwards no connection is
# left, nginx stops at once and has nothing to say about its counters.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF');

    server {
        listen 127.0.0.1:%%PORT%%;
        error_page 502 =200 /caught;
        client_max_body_size 1k;

        location / {
            endpoint GET /ping    { reply '"pong"'; }
            endpoint GET /sleep   { sleep 20ms; reply '"slept"'; }
            endpoint GET /nothing { sleep 20ms; reply 204; }
            endpoint GET /late    { sleep 600s; timeout 50ms; reply '1'; }
            endpoint GET /step    { sleep 600s timeout=50ms; reply '1'; }

            endpoint GET /gather {
                fetch $a /up/a;
                fetch $b /up/b;
                fetch $c /nested;
                reply '[$a, $b, $c]';
            }

            endpoint GET /nested { fetch $n /up/n; reply $n; }

            # the guard fires when the fetch below it has not started yet
            endpoint GET /guard/$on:int {
                fetch $a /up/a;
                fetch $b /nested;
                fetch $c /static.json;
                sleep 600s;
                require $on==1 403 "no";
                fetch $d /up/silent;
                reply '[$a, $b, $c, $d]';
            }

            # and when all has
            endpoint GET /cancel {
                fetch $quick /up/a;
                fetch $b /up/silent;
                fetch $c /nested/silent;
                require $quick==nothing 409 "conflict";
                reply '[$b, $c]';
            }

            endpoint GET /nested/silent { fetch $n /up/silent; reply $n; }
            endpoint GET /fails   { fetch $a /up/status/500; reply $a; }
            endpoint GET /json    { fetch $a /up/notjson; reply $a; }
            endpoint GET /refused { fetch $a /nowhere/; reply $a; }
            endpoint GET /loop    { fetch $a /loop; reply $a; }

            # both fail in one turn of the event loop
            endpoint GET /twice {
                fetch $a /static/none;
                fetch $b /static/none;
                fetch $c /up/silent;
                reply '[$a, $b, $c]';
            }

            endpoint POST /body {
                body $b:json;
                fetch $a POST /up/echo $b;
                reply $a;
            }
        }

        location /intercept/ {
            endpoint_intercept_errors on;
            endpoint GET /intercept/one { fetch $a /nowhere/; reply $a; }
        }

        location = /caught { return 200 caught; }
        location = /static.json { return 200 '{"s": 1}'; }
        location /static/ { root %%DIR%%/html; }

        location /nowhere/ {
            internal;
            proxy_pass http://127.0.0.1:1/;
            proxy_intercept_errors off;
            error_page 502 @gone;
        }

        location @gone { return 502 gone; }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location = /stub_status { stub_status; }
    }
CONF

$s->upstream(sub {
    my ($socket, $request) = @_;

    my ($what, $more) = $request->{uri} =~ m{^/(\w+)(?:/(\w+))?};

    if ($what eq 'silent') {
        EndpointServer::closed($socket);
        return 0;
    }

    return EndpointServer::answer($socket, $more, '{}') if $what eq 'status';
    return EndpointServer::answer($socket, 200, '{') if $what eq 'notjson';
    return EndpointServer::answer($socket, 200, $request->{body})
        if $what eq 'echo';
    return EndpointServer::answer($socket, 200, "\"$what\"");
});

$s->start;

my @json = ('Content-Type: application/json');

my @cases = (
    [ 'GET /ping', 200, '"pong"' ],
    [ 'GET /sleep', 200, '"slept"' ],
    [ 'HEAD /sleep', 200, '' ],
    [ 'GET /nothing', 204, '' ],
    [ 'GET /late', 504, qr/^\{"detail":"sleep.*timed out"\}$/ ],
    [ 'GET /step', 504, qr/^\{"detail":"sleep.*timed out"\}$/ ],
    [ 'GET /gather', 200, '["a", "b", "n"]' ],
    [ 'HEAD /gather', 200, '' ],
    [ 'GET /guard/2', 403, '{"detail":"no"}' ],
    [ 'GET /cancel', 409, '{"detail":"conflict"}' ],
    [ 'GET /fails', 502, qr/"a: / ],
    [ 'GET /json', 502, qr/"a: .*JSON/ ],
    [ 'GET /refused', 502, qr/"a: / ],
    [ 'GET /twice', 502, qr/"[ab]: / ],
    [ 'GET /loop', 502, qr/"a: / ],
    [ 'GET /intercept/one', 200, 'caught' ],
    [ 'GET /none', 404, '{"detail":"Not Found"}' ],
    [ 'PUT /ping', 405, '{"detail":"Method Not Allowed"}' ],
    [ 'GET /guard/x', 422, qr/int_parsing/ ],
    [ 'POST /body', 200, '[1,2]', @json, \'[1,2]' ],
    [ 'POST /body', 422, qr/json_invalid/, @json, \'[1,' ],
    [ 'POST /body', 413, qr/413/, @json, \('[' . ' ' x 2000 . ']') ],
);

for my $case (@cases) {
    my ($line, $status, $body, @more) = @$case;

    $s->is_answer($line, $status, $body, "$line: $status", @more);
}

$s->is_idle('no connection is left by one at a time');


# all of them behind each other on one connection

my @kept = grep { $_->[1] != 413 } @cases;
my $socket = $s->connect;

$s->request($socket, $_->[0], @$_[3 .. $#$_]) for @kept;

for my $case (@kept) {
    my $response = $s->response($socket, head => scalar($case->[0] =~ /^HEAD/));

    is($response->{status}, $case->[1], "pipelined $case->[0]");
}

close $socket;

$s->is_idle('no connection is left by the pipelined ones');


# and all at once

my @sockets = map {
    my $socket = $s->connect;
    $s->request($socket, $_->[0], 'Connection: close', @$_[3 .. $#$_]);
    $socket;
} (@cases) x 10;

my @status = map {
    my $head = $cases[$_ % @cases][0] =~ /^HEAD/;
    my $response = $s->response($sockets[$_], first => 1, head => $head);

    close $sockets[$_];
    $response->{status} // 'none';
} 0 .. $#sockets;

is("@status", join(' ', map { $_->[1] } (@cases) x 10), 'all at once');

$s->is_idle('no connection is left by those at once');
$s->stop;

done_testing();
