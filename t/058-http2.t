# The life of a run over HTTP/2: many streams of one connection, streams that
# are reset in every state, connections that go away under their streams.

use strict;
use warnings;

use lib 't/lib';

use EndpointHttp2;
use EndpointServer;
use Test::More;


my $port = EndpointPort::free();

my $s = EndpointServer->new(http => <<"CONF");

    limit_req_zone \$server_port zone=slow:64k rate=1r/m;
    proxy_cache_path %%DIR%%/temp/cache keys_zone=cache:64k;

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:$port http2;
        client_max_body_size 20m;
        endpoint_fetch_buffer 16m;
        root %%DIR%%/html;

        location / {
            endpoint GET /ping { reply '"pong"'; }
            endpoint GET /nothing { sleep 1ms; reply 204; }
            endpoint GET /sleep/\$n { sleep 600s; reply \$n; }
            endpoint GET /short/\$n { sleep 5ms; reply \$n; }
            endpoint POST /sleep { sleep 600s; reply '1'; }
            endpoint POST /short { sleep 5ms; reply '"short"'; }
            endpoint GET /late { timeout 30ms; sleep 600s; reply '1'; }
            endpoint GET /fetch/\$n { fetch \$a /up/silent/\$n; reply \$a; }
            endpoint GET /cut { fetch \$a /up/cut; reply \$a; }

            endpoint GET /gather/\$n {
                fetch \$a /up/a\$n;
                fetch \$b /up/b\$n;
                fetch \$c /nested/\$n;
                reply '[\$a, \$b, \$c]';
            }

            endpoint GET /nested/\$n { fetch \$x /up/c\$n; reply \$x; }

            endpoint GET /half/\$n {
                fetch \$a /up/silent/\$n;
                fetch \$b /up/half/\$n;
                fetch \$c /fetch/\$n;
                sleep 600s;
                reply '[\$a, \$b, \$c]';
            }

            endpoint GET /delayed { fetch \$a /limited/; reply \$a; }
            endpoint GET /locked  { fetch \$a /cached/; reply \$a; }
            endpoint GET /aio     { fetch \$a /aio/large.json; reply \$a; }

            endpoint POST /echo {
                body \$b:json;
                fetch \$a POST /up/echo \$b;
                reply '[\$a, \$b]';
            }

            endpoint POST /act {
                fetch POST /up/act;
                sleep 1ms;
                fetch POST /up/second;
                log warn "the act is done";
                reply '1';
            }
        }

        location /ignore/ {
            endpoint_ignore_client_abort on;

            endpoint GET /ignore/\$n {
                fetch \$a /up/wait\$n;
                fetch \$b /up/after\$n after=\$a;
                log warn "the ignored one is done: \$b";
                reply '[\$a, \$b]';
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /limited/ {
            internal;
            limit_req zone=slow burst=100;
            proxy_pass http://127.0.0.1:%%UP%%/quick;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /cached/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/silent/cached;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_cache cache;
            proxy_cache_lock on;
            proxy_cache_lock_timeout 600s;
            proxy_cache_lock_age 600s;
        }

        location /aio/ { aio threads; output_buffers 1 4k; }

        location /ssi/ { ssi on; ssi_types *; }

        location = /stub_status { stub_status; }
    }
CONF

$s->upstream(sub {
    my ($socket, $request) = @_;

    my ($what) = $request->{uri} =~ m{^/(\w+)};

    $s->note_event("arrived $request->{uri}");

    if ($what eq 'silent' || $what eq 'half') {
        syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1,"
            if $what eq 'half';

        EndpointServer::closed($socket);
        $s->note_event("left $request->{uri}");
        return 0;
    }

    if ($what eq 'cut') {
        syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1,";
        return 0;
    }

    $s->wait_for(sub { $s->file('events') =~ /^go $what$/m })
        if $what =~ /^(?:act|wait)/;

    return EndpointServer::answer($socket, 200, $what eq 'echo'
                                                ? $request->{body}
                                                : '"' . $what . '"');
});

my $large = '["' . 'x' x 1_000_000 . '"]';

mkdir "$s->{dir}/html/$_" for qw(aio ssi);
$s->write_file('html/aio/large.json', $large);
$s->write_file('html/ssi/page.html',
               '<!--#include virtual="/gather/7" --> '
               . '<!--#include virtual="/fetch/ssi" -->');

$s->start;

my $h = EndpointHttp2->new($port);


sub settle { $s->ask('GET /ping') for 1 .. 2 }


sub answers {
    my ($name, $id, $status, $body) = @_;

    my $answer = $h->response($id);

    is($answer->{status}, $status, "$name: status");

    ref $body ? like($answer->{body}, $body, $name)
              : is($answer->{body}, $body, $name);
}


# one after the other

answers('ping', $h->request('GET', '/ping'), 200, '"pong"');
answers('a gather', $h->request('GET', '/gather/1'), 200,
        '["a1", "b1", "c1"]');
answers('HEAD', $h->request('HEAD', '/gather/1'), 200, '');
answers('no content', $h->request('GET', '/nothing'), 204, '');
answers('no endpoint', $h->request('GET', '/none'), 404,
        '{"detail":"Not Found"}');
answers('a deadline', $h->request('GET', '/late'), 504, qr/timed out/);
answers('an upstream that ends early', $h->request('GET', '/cut'), 502,
        qr/"a: .*did not answer"/);

my @json = ('content-type', 'application/json');

answers('a body', $h->request('POST', '/echo', body => '[1]',
                              headers => \@json),
        200, '[[1], [1]]');
answers('a large body', $h->request('POST', '/echo', body => $large,
                                    headers => \@json),
        200, "[$large, $large]");
answers('a body that nobody reads',
        $h->request('POST', '/short', body => 'x' x 50_000), 200, '"short"');
answers('no JSON', $h->request('POST', '/echo', body => '[', headers => \@json),
        422, qr/json_invalid/);

my $open = $h->request('POST', '/echo', open => 1, headers => \@json);

$h->data($open, '[1, ', 0);
settle();
$h->data($open, '2]', 1);
answers('a body that comes late', $open, 200, '[[1, 2], [1, 2]]');

# all at once

my @ids = map { $h->request('GET', "/gather/$_") } 1 .. 100;

is(join('', map { $h->response($_)->{body} } @ids),
   join('', map { qq(["a$_", "b$_", "c$_"]) } 1 .. 100), 'a hundred at once');

my @aio = map { $h->request('GET', '/aio') } 1 .. 10;

is(scalar(grep { $h->response($_)->{body} eq $large } @aio), 10,
   'files by threads');


# a reload ends the connection

sub next_block {
    return unless $s->next_block;

    $h->close;
    $h = EndpointHttp2->new($port);
}


# resets in every state

sub is_reset {
    my ($uri, $name, %opt) = @_;

    next_block() unless $opt{same};

    my $method = $opt{method} // 'GET';
    my $status = $opt{status} // 499;
    my $before = $s->count('logs/access.log', qr/^$method $uri $status$/m);
    my $left = $s->count('events', qr/^left /m);
    my $id = $h->request($method, $uri, %opt);

    if ($opt{event}) {
        ok($s->wait_for(sub { $s->file('events') =~ /^arrived $opt{event}$/m }),
           "$name: under way");
    }

    settle();

    $h->reset($id);

    ok($s->wait_for(sub {
        $s->count('logs/access.log', qr/^$method $uri $status$/m) > $before
    }), "$name: freed") or diag($s->file('logs/access.log'));

    ok($s->wait_for(sub {
        $s->count('events', qr/^left /m) == $left + $opt{left}
    }), "$name: upstreams closed") if $opt{left};

    answers("the stream after $name", $h->request('GET', '/ping'), 200,
            '"pong"');
}


my $ssi = '/ssi/page.html';

is_reset('/sleep/1', 'a sleep');
is_reset('/fetch/1', 'a fetch', event => '/silent/1', left => 1);
is_reset('/half/2', 'a gather', event => '/half/2', left => 3);
is_reset('/sleep', 'a discarded body', method => 'POST', body => 'xyz');
is_reset('/sleep', 'half a discarded body', method => 'POST', open => 1,
         body => 'x');
is_reset('/echo', 'a body', method => 'POST', open => 1, body => '[1',
         headers => \@json);
is_reset($ssi, 'an endpoint behind SSI', event => '/silent/ssi', left => 1,
         status => 200);

answers('the first is not delayed', $h->request('GET', '/delayed'), 200,
        '"quick"');
is_reset('/delayed', 'a delay of limit_req');

my $holder = $h->request('GET', '/locked');

$s->wait_line('events', qr/^arrived \/silent\/cached$/m, 'the lock is held');
is_reset('/locked', 'a lock of proxy_cache', same => 1) for 1 .. 2;
$h->reset($holder);
$s->wait_line('events', qr/^left \/silent\/cached$/m, 'the lock is free');

for my $round (1 .. 5) {
    my @ids = map { $h->request('GET', '/aio') } 1 .. 10;

    settle() if $round % 2;
    $h->reset($_) for @ids;
}

answers('after resets of files', $h->request('GET', '/ping'), 200, '"pong"');


# what has begun to act goes on, though its stream is gone, or all of them

for my $way ('a stream', 'a connection') {
    next_block();

    $s->write_file('events', '');
    $s->write_file('logs/error.log', '') if $way eq 'a connection';

    my $act = $h->request('POST', '/act');
    my @ignored = map { $h->request('GET', "/ignore/$_") } 1 .. 3;

    $s->wait_line('events', qr/^arrived \/act$/m, "$way: the act has begun");
    $s->wait_line('events', qr/^arrived \/wait$_$/m, "$way: $_ has begun")
        for 1 .. 3;

    if ($way eq 'a stream') {
        $h->reset($_) for $act, @ignored;

    } else {
        $h->close;
        $h = EndpointHttp2->new($port);
    }

    settle();
    $s->note_event("go $_") for qw(act wait1 wait2 wait3);

    $s->wait_line('events', qr/^arrived \/second$/m,
                  "$way is gone: the act goes on");
    $s->wait_line('logs/error.log', qr/the act is done/, 'and to its end');
    ok($s->wait_for(sub {
        $s->count('logs/error.log', qr/the ignored one is done: after/) == 3
    }), "$way is gone: the ignored ones end");

    answers("$way is gone: the next", $h->request('GET', '/gather/9'), 200,
            '["a9", "b9", "c9"]');
}


# a connection goes away under its streams

my @uris = ('/sleep/x', '/fetch/x', '/half/x', '/gather/x', '/short/x', '/aio',
            '/delayed', '/locked', $ssi, '/cut');

for my $round (1 .. 5) {
    my $other = EndpointHttp2->new($port, window => 100);

    $other->request('GET', $_) for @uris, ('/aio') x 5;
    settle() if $round > 2;
    $other->close;
}

answers('the other connection', $h->request('GET', '/ping'), 200, '"pong"');
$h->close;

ok($s->wait_for(sub { !keys %{ left() } }), 'every upstream was closed')
    or diag(explain(left()));

sub left {
    my %open;

    for ($s->file('events') =~ /^((?:arrived|left) \/(?:silent|half)\S*)$/mg) {
        /^arrived (.*)/ ? $open{$1}++ : /^left (.*)/ && --$open{$1};
    }

    return { map { $_ => $open{$_} } grep { $open{$_} } keys %open };
}

$s->is_idle;
$s->stop;

done_testing();
