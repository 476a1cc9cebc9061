# What happens when a call fails.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


# name => [what is fetched, the status of the reply, its detail, the upstream's
# status in the log]

my $dead = EndpointPort::free();

my %failures = (
    error    => ['/up/status/500', 502, 'the upstream answered with an error',
                 500],
    missing  => ['/up/status/404', 502, 'the upstream answered with an error',
                 404],
    moved    => ['/up/status/302', 502, 'the upstream answered with an error',
                 302],
    refused  => ['/dead/', 502, 'the upstream did not answer', 502],
    silent   => ['/up/reset', 502, 'the upstream did not answer', 502],
    broken   => ['/up/broken', 502, 'the upstream did not answer', 200],
    bad      => ['/up/bad', 502, "the upstream's body is not valid JSON", 200],
    end      => ['/up/end', 502, "the upstream's body is not valid JSON", 200],
    large    => ['/up/large', 502, "the upstream's body is too large", 200],
    chunked  => ['/up/chunked', 502, "the upstream's body is too large", 200],
    encoded  => ['/up/encoded', 502, "the upstream's body is encoded", 200],
    late     => ['/up/wait timeout=40ms', 504, 'timed out', 0],
    try      => ['/up/wait try_timeout=40ms', 504, 'timed out', 0],
    read     => ['/patient/wait', 504, 'timed out', 504],
);

my $endpoints = '';

for my $name (sort keys %failures) {
    my $uri = $failures{$name}[0];

    $endpoints .= <<"CONF";
            endpoint GET /spliced/$name {
                fetch \$x $uri;
                reply \$x;
            }
            endpoint GET /members/$name {
                fetch \$x $uri;
                reply '[\$x.a]';
            }
            endpoint GET /default/$name {
                fetch \$x $uri 'default={"a": [1.50], "b": "\xc3\xa9"}';
                reply \$x;
            }
            endpoint GET /default-members/$name {
                fetch \$x $uri 'default={"a": [1.50]}';
                reply '[\$x.a, \$x.b, \$x]';
            }
            endpoint GET /null/$name {
                fetch \$x $uri default=null;
                reply '[\$x.a, \$x[0]]';
            }
CONF
}

my $s = EndpointServer->new(http => <<"CONF");

    proxy_cache_path %%DIR%%/temp/cache keys_zone=cache:64k;

    server {
        listen 127.0.0.1:%%PORT%%;
        endpoint_fetch_buffer 1k;

        location / {
$endpoints
            endpoint GET /status/\$what/\$n {
                fetch \$x /up/\$what/\$n status=\$code;
                reply '[\$code, \$x]';
            }
            endpoint GET /status-member {
                fetch \$x /up/json/404 status=\$code;
                reply '[\$code, \$x.detail]';
            }
            endpoint GET /status-text {
                fetch \$x /up/text/418 status=\$code as=text;
                reply \$code '[\$x]';
            }
            endpoint GET /status-only {
                fetch POST /up/bad/503 status=\$code;
                reply '[\$code]';
            }
            endpoint GET /status-bad {
                fetch \$x /up/bad/404 status=\$code;
                reply '[\$x, \$code]';
            }
            endpoint GET /status-dead {
                fetch \$x /dead/ status=\$code;
                reply '[\$x, \$code]';
            }
            endpoint GET /status-default {
                fetch \$x /up/json/404 status=\$code default=7;
                reply '[\$code, \$x]';
            }
            endpoint GET /status-dead-default {
                fetch \$x /dead/ status=\$code default=7;
                reply '[\$code, \$x]';
            }
            endpoint GET /status-late-default {
                fetch \$x /up/wait status=\$code default=7 timeout=40ms;
                reply '[\$code, \$x]';
            }

            endpoint GET /pass/404 {
                fetch \$x /up/json/404 pass=404,5xx;
                reply \$x;
            }
            endpoint GET /pass/410 {
                fetch \$x /up/json/410 pass=404,5xx;
                reply \$x;
            }
            endpoint GET /pass/503 {
                fetch \$x /up/json/503 pass=404,5xx;
                reply \$x;
            }
            endpoint GET /pass/text {
                fetch \$x /up/text/404 pass=4xx;
                reply \$x;
            }
            endpoint GET /pass/bad {
                fetch \$x /up/bad/404 pass=4xx;
                reply \$x;
            }
            endpoint GET /pass/member {
                fetch \$x /up/bad/404 pass=4xx;
                reply \$x.a;
            }
            endpoint GET /pass/none {
                fetch \$x /up/empty/404 pass=4xx;
                reply \$x;
            }
            endpoint GET /pass/unused {
                fetch POST /up/text/409 pass=409;
                reply 204;
            }
            endpoint GET /pass/default {
                fetch \$x /up/json/404 pass=404 default=1;
                reply \$x;
            }
            endpoint GET /pass/other {
                fetch \$x /up/json/500 pass=404 default=1;
                reply \$x;
            }
            endpoint GET /pass/good {
                fetch \$x /up/json/201 pass=2xx,4xx;
                reply \$x;
            }
            endpoint GET /pass/large {
                fetch \$x /up/large/404 pass=4xx;
                reply \$x;
            }
            endpoint GET /pass/dead {
                fetch \$x /dead/ pass=502,5xx;
                reply \$x;
            }
            endpoint GET /pass/cancels {
                fetch \$x /up/json/404 pass=404;
                fetch \$y /up/closed/pass;
                reply '[\$x, \$y]';
            }

            endpoint GET /cancels {
                fetch \$x /up/after-closed-1/500;
                fetch \$y /up/closed/a;
                fetch \$z /up/closed/b?x=\$x;
                reply '[\$x, \$y, \$z]';
            }
            endpoint GET /goes-on {
                fetch \$x /up/status/500 default=0;
                fetch \$y /up/json/200;
                fetch \$z /up/json/200?x=\$x;
                reply '[\$x, \$y, \$z]';
            }

            endpoint GET /budget {
                timeout 60ms;
                fetch \$x /up/closed/budget timeout=60s try_timeout=50s
                      default=1;
                reply \$x;
            }
            endpoint GET /stalls/sent {
                fetch \$x /stalled/half;
                reply \$x;
            }
            endpoint GET /stalls/stored {
                fetch \$x /stored/half;
                reply \$x;
            }
            endpoint GET /stalls/default {
                fetch \$x /stalled/half default=1;
                reply \$x;
            }
            endpoint GET /log/\$id:int {
                fetch \$thing /up/status/\$id;
                reply \$thing;
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /patient/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            proxy_ignore_client_abort on;
            proxy_read_timeout 40ms;
        }

        location /stalled/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_read_timeout 500ms;
        }

        location /stored/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_read_timeout 500ms;
            proxy_cache cache;
            proxy_cache_valid 1h;
        }

        location /dead/ {
            internal;
            proxy_pass http://127.0.0.1:$dead/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location = /stub_status { stub_status; }
    }
CONF

my %answers = (
    json    => ['{ "detail" : "from above" }'],
    text    => ["plain \"text\"\n", 'text/plain; charset=x'],
    bad     => ['{"a": 1 "b"}'],
    end     => ['{"a": [1, 2]'],
    empty   => [''],
    large   => ['[' . '1,' x 600 . '1]'],
);

$s->upstream(sub {
    my ($socket, $request) = @_;

    my (undef, $what, $arg) = split m{[/?]}, $request->{uri};

    if ($what eq 'wait' || $what eq 'closed') {
        $s->note_event("arrived $what $arg") if $arg;
        EndpointServer::closed($socket);
        $s->note_event("left $what $arg") if $arg;
        return 0;
    }

    if ($what eq 'half') {
        syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1,";
        EndpointServer::closed($socket);
        return 0;
    }

    return 0 if $what eq 'reset';

    if ($what eq 'after-closed-1') {
        $s->wait_for(sub { $s->file('events') =~ /^arrived closed a$/m });
        return EndpointServer::answer($socket, $arg, 'no');
    }

    if ($what eq 'broken') {
        syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1,";
        return 0;
    }

    if ($what eq 'chunked') {
        syswrite $socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
                          . "\r\n\r\n3ff\r\n[" . '1,' x 511
                          . "\r\n3ff\r\n" . '1' x 1023 . "\r\n1\r\n]\r\n";
        EndpointServer::closed($socket);
        return 0;
    }

    return EndpointServer::answer($socket, 200, '{"a": 1}',
                                  'Content-Encoding: gzip')
        if $what eq 'encoded';

    return EndpointServer::answer($socket, $arg, '{"a": 1}',
                                  'Location: /elsewhere')
        if $what eq 'status';

    my ($body, $type) = @{ $answers{$what} };

    $type //= 'application/json';
    $arg = 200 unless $arg && $arg =~ /^\d+$/;

    syswrite $socket, "HTTP/1.1 $arg X\r\nContent-Type: $type\r\n"
                      . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
    return 1;
});

$s->start;


for my $name (sort keys %failures) {
    my ($uri, $status, $detail, $upstream) = @{ $failures{$name} };

    $uri =~ s/ .*//;

    for my $use (qw(spliced members)) {
        $s->is_answer("GET /$use/$name", $status, "{\"detail\":\"x: $detail\"}",
                      "$name: a body that is $use");

        my $line = qr{\[error\].*endpoint "/$use/$name": step "x": }
                   . qr{\Q$detail\E, try 1, location "\Q$uri\E", }
                   . qr{upstream 127\.0\.0\.1:\d+, status $upstream, \d+ ms};

        $s->wait_line('logs/error.log', $line, "$name: the log, $use");
    }

    $s->is_answer("GET /default/$name", 200,
                  "{\"a\": [1.50], \"b\": \"\xc3\xa9\"}",
                  "$name: default=, whole");
    $s->wait_line('logs/error.log',
                  qr/"\/default\/$name": step "x": \Q$detail\E, try 1/,
                  "$name: the log, with default=");
    $s->is_answer("GET /default-members/$name", 200,
                  '[[1.50], null, {"a": [1.50]}]', "$name: default=, members");
    $s->is_answer("GET /null/$name", 200, '[null, null]',
                  "$name: default=null");
}

$s->is_answer('GET /log/500', 502,
              '{"detail":"thing: the upstream answered with an error"}',
              'a template in the URI');
$s->wait_line('logs/error.log',
              qr{"/log/\{id\}": step "thing": .* location "/up/status/500",}
              . qr{.* request: "GET /log/500 },
              'the log names the endpoint, the location and the request');


$s->is_answer('GET /status/json/200', 200,
              '[200, { "detail" : "from above" }]', 'status= of 200');
$s->is_answer('GET /status/json/404', 200,
              '[404, { "detail" : "from above" }]', 'status= of 404');
$s->is_answer('GET /status/json/502', 200,
              '[502, { "detail" : "from above" }]',
              'status= of a 502 that the upstream sent');
$s->is_answer('GET /status/json/504', 200,
              '[504, { "detail" : "from above" }]',
              'status= of a 504 that the upstream sent');
$s->is_answer('GET /status/empty/500', 200, '[500, null]',
              'status= without a body');
$s->is_answer('GET /status-member', 200, '[404, "from above"]',
              'status= and a member');
$s->is_answer('GET /status-text', 418, '["plain \"text\"\n"]',
              'status= and as=text');
$s->is_answer('GET /status-only', 200, '[503]',
              'status= without a result');
$s->is_answer('GET /status-bad', 502,
              qq({"detail":"x: the upstream's body is not valid JSON"}),
              'status= does not excuse bad JSON');
$s->is_answer('GET /status-dead', 502,
              '{"detail":"x: the upstream did not answer"}',
              'status= does not excuse a connection that failed');
$s->is_answer('GET /status-default', 200,
              '[404, { "detail" : "from above" }]', 'status= beats default=');
$s->is_answer('GET /status-dead-default', 200, '[null, 7]',
              'default= where there is no status');
$s->is_answer('GET /status-late-default', 200, '[null, 7]',
              'default= where there is no status in time');


my $above = '{ "detail" : "from above" }';

$s->is_answer('GET /pass/404', 404, $above, 'pass=: a status');
$s->is_answer('GET /pass/503', 503, $above, 'pass=: a class of statuses');
$s->is_answer('GET /pass/410', 502, qr/answered with an error/,
              'pass=: another status');
$s->is_answer('GET /pass/text', 404, "plain \"text\"\n", 'pass=: a text');
$s->is_answer('GET /pass/bad', 404, '{"a": 1 "b"}', 'pass=: no JSON');
$s->is_answer('GET /pass/member', 404, '{"a": 1 "b"}',
              'pass=: no JSON, where members are taken');
$s->is_answer('GET /pass/none', 404, '', 'pass=: no body');
$s->is_answer('GET /pass/unused', 409, "plain \"text\"\n",
              'pass=: a body that nobody uses');
$s->is_answer('GET /pass/default', 404, $above, 'pass= beats default=');
$s->is_answer('GET /pass/other', 200, '1', 'default= where pass= has not it');
$s->is_answer('GET /pass/good', 200, $above,
              'pass= and an answer that is good');
$s->is_answer('GET /pass/large', 502, qr/too large/,
              'pass=: a body that is too large');
$s->is_answer('GET /pass/dead', 502,
              '{"detail":"x: the upstream did not answer"}',
              'pass= does not pass what nginx says itself');
$s->is_answer('HEAD /pass/404', 404, '', 'pass=: HEAD');

like($s->ask('GET /pass/text')->{head},
     qr/^Content-Type: text\/plain; charset=x\r$/m, 'pass=: the Content-Type');
like($s->ask('GET /pass/404')->{head},
     qr/^Content-Type: application\/json\r$/m,
     'pass=: the Content-Type of JSON');

$s->is_answer('GET /pass/cancels', 404, $above, 'pass= ends the run');


$s->is_answer('GET /cancels', 502,
              '{"detail":"x: the upstream answered with an error"}',
              'a failure ends the run');
$s->wait_line('events', qr/^left closed a$/m, 'its siblings are cancelled');
is($s->count('events', qr/closed b/), 0, 'what uses it was not started');
$s->is_answer('GET /goes-on', 200, "[0, $above, $above]",
              'with default= the run goes on');

$s->is_answer('GET /budget', 504, '{"detail":"x: timed out"}',
              'the deadline is no failure of the step, so there is no default');
$s->wait_line('events', qr/^left closed budget$/m,
              'a call does not outlive its endpoint');


# a timeout of the location's own, with the header there already

for my $way (qw(sent stored)) {
    $s->is_answer("GET /stalls/$way", 504, '{"detail":"x: timed out"}',
                  "a body that stalls, $way");
    $s->wait_line('logs/error.log',
                  qr/"\/stalls\/$way": step "x": timed out, .* status 200,/,
                  "a body that stalls, $way: the log");
}

$s->is_answer('GET /stalls/default', 200, '1',
              'a body that stalls, with default=');

$s->is_idle;
$s->stop;

done_testing();
