# Bodies of requests: what is not read must be discarded, what is read can be
# used by many, and the connection's next request is found where it begins.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF');

    server {
        listen 127.0.0.1:%%PORT%%;
        client_max_body_size 20m;
        client_body_buffer_size 16k;
        endpoint_fetch_buffer 16m;

        location / {
            endpoint GET /ping  { reply '"pong"'; }
            endpoint GET /sleep { sleep 50ms; reply '"slept"'; }
            endpoint POST /constant { reply '"constant"'; }
            endpoint POST /header/$n { reply $n; }
            endpoint POST /sleep { sleep 50ms; reply '"slept"'; }
            endpoint POST /bad/$n:int { sleep 50ms; reply $n; }
            endpoint POST /guard { require $arg_none 403 "no"; reply '1'; }

            endpoint POST /fetch { fetch $a /up/length; reply $a; }
            endpoint POST /echo  {
                body $b:json;
                fetch $a POST /up/length $b;
                reply '[$a, $b]';
            }

            endpoint POST /three {
                body $b:json;
                fetch $x POST /up/length $b unordered;
                fetch $y POST /up/sum '{"b": $b}' unordered;
                fetch $z POST /up/length $b unordered;
                fetch $n POST /nested $b unordered;
                reply '[$x, $y, $z, $n]';
            }

            endpoint POST /nested {
                body $b:json;
                fetch $n POST /up/length $b;
                reply $n;
            }

            endpoint POST /member {
                field $name;
                field $age:int;
                fetch $a POST /up/echo '{"n": $name, "a": $age}';
                reply $a;
            }
        }

        location /impatient/ {
            lingering_timeout 20ms;
            lingering_time 0;

            endpoint POST /impatient/$n { fetch $a /up/wait/$n; reply $a; }
        }

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

    my %answer = (
        length => length $request->{body},
        sum    => unpack('%32C*', $request->{body}),
        echo   => $request->{body},
        wait   => '"waited"',
    );

    my ($what) = $request->{uri} =~ m{^/(\w+)};

    if ($what eq 'wait') {
        $s->note_event("arrived $request->{uri}");
        $s->wait_for(sub { $s->file('events') =~ m{^go $request->{uri}$}m });
    }

    return EndpointServer::answer($socket, 200, $answer{$what});
});

$s->start;


# answers that are expected in turn on one connection

sub in_turn {
    my ($name, @exchanges) = @_;

    $s->next_block;

    my $socket = $s->connect;
    my $bytes = join '', map { $_->[0] } @exchanges;

    $s->send_all($socket, $bytes);

    subtest $name => sub {
        for my $exchange (@exchanges) {
            my ($sent, $status, $body) = @$exchange;
            my $head = $sent =~ /^HEAD/;
            my $response = $s->response($socket, head => $head);

            is($response->{status}, $status, 'status')
                or diag(substr $sent, 0, 60);
            is($response->{body}, $body, 'body') if defined $body;
        }
    };

    close $socket;
}


sub sends {
    my ($line, $body, @headers) = @_;

    unshift @headers, 'Content-Length: ' . length $body
        unless "@headers" =~ /chunked/;

    return join("\r\n", "$line HTTP/1.1", 'Host: a', @headers, '', '') . $body;
}


sub chunks { join('', map { sprintf "%x\r\n%s\r\n", length, $_ } @_, '') }


my @chunked = ('Transfer-Encoding: chunked');
my @json = ('Content-Type: application/json');

# a body that would be taken for a request
my $trap = "GET /trap HTTP/1.1\r\nHost: a\r\n\r\n";
my $ping = [ sends('GET /ping', ''), 200, '"pong"' ];

my @bodies = (
    'a short body'   => [ 'x' x 10 ],
    'a trap'         => [ $trap ],
    'a long trap'    => [ $trap x 2000 ],
    'a chunked trap' => [ chunks($trap, $trap), @chunked ],
    'a long chunked trap' => [ chunks(($trap) x 2000), @chunked ],
);

while (my ($name, $more) = splice @bodies, 0, 2) {
    in_turn("$name, nobody reads it",
            map { ([ sends($_->[0], @$more), @$_[1 .. 2] ], $ping) }
            [ 'POST /constant', 200, '"constant"' ],
            [ 'POST /header/a', 200, '"a"' ],
            [ 'POST /sleep', 200, '"slept"' ],
            [ 'GET /sleep', 200, '"slept"' ],
            [ 'HEAD /sleep', 200, '' ],
            [ 'HEAD /ping', 200, '' ],
            [ 'POST /fetch', 200, '0' ],
            [ 'POST /guard', 403, '{"detail":"no"}' ],
            [ 'POST /bad/x', 422 ],
            [ 'POST /none', 404, '{"detail":"Not Found"}' ],
            [ 'POST /ping', 405, '{"detail":"Method Not Allowed"}' ]);
}


# bodies that are read

my $large = '["' . 'y' x 100_000 . '"]';

in_turn('bodies that are read',
        [ sends('POST /echo', '[1, 2]', @json), 200, '[6, [1, 2]]' ], $ping,
        [ sends('POST /echo', $large, @json), 200, "[100004, $large]" ], $ping,
        [ sends('POST /echo', chunks('[1,', ' 2]'), @json, @chunked), 200,
          '[6, [1, 2]]' ], $ping,
        [ sends('POST /echo', '', @json), 422 ], $ping,
        [ sends('POST /echo', '{', @json), 422 ], $ping,
        [ sends('POST /member', '{"name": "a\u0041\"", "age": 7}', @json),
          200, '{"n": "aA\"", "a": 7}' ], $ping,
        [ sends('POST /member', '{"name": 1, "age": "x"}', @json), 422 ],
        $ping);


# 10 MB in a file, for many

my $huge = '["' . 'z' x 10_000_000 . '"]';
my $length = length $huge;
my $sum = unpack '%32C*', '{"b": ' . $huge . '}';

in_turn('10 MB, three fetches and one of an endpoint',
        [ sends('POST /three', $huge, @json), 200,
          "[$length, $sum, $length, $length]" ],
        $ping,
        [ sends('POST /three', $large, @json), 200,
          '[100004, ' . unpack('%32C*', '{"b": ' . $large . '}')
          . ', 100004, 100004]' ],
        $ping);


# the answer does not wait for a body that comes late, the next request does

my $socket = $s->connect;

$s->request($socket, 'POST /sleep', 'Content-Length: 10');
is($s->response($socket, first => 1)->{body}, '"slept"',
   'an answer before the body');
syswrite $socket, '01234';
syswrite $socket, '56789' . $ping->[0];
is($s->response($socket)->{body}, '"pong"', 'and then the next');
close $socket;


# a run lasts longer than nginx would linger for the rest of a body

for my $n (1, 2) {
    my $socket = $s->connect;

    $s->request($socket, "POST /impatient/$n", 'Content-Length: 10');
    $s->wait_line('events', qr{^arrived /wait/$n$}m, "a late body $n: waits");
    select undef, undef, undef, 0.1;
    syswrite $socket, '01234' if $n == 2;
    $s->ask('GET /ping');
    $s->note_event("go /wait/$n");

    my $response = $s->response($socket, first => 1);

    is($response && $response->{body}, '"waited"',
       "a late body $n: its answer");
    close $socket;
}


# 100-continue

for my $line ('POST /echo', 'POST /sleep') {
    my $socket = $s->connect;

    $s->request($socket, $line, 'Expect: 100-continue', @json,
                'Content-Length: 3');
    is($s->response($socket, first => 1, head => 1)->{status}, 100,
       "$line: 100-continue");
    syswrite $socket, '[1]' . $ping->[0];
    is($s->response($socket)->{status}, 200, "$line: its answer");
    is($s->response($socket)->{body}, '"pong"', "$line: the next");
    close $socket;
}

$s->is_idle;
$s->stop;

done_testing();
