# Runs that have no client, by a module of the tests: every kind of step and of
# fetched location works in them, they end by their deadline or by being
# cancelled, nothing of them is left, and they hold a worker for a bounded time.

use strict;
use warnings;

use lib 't/lib';

use EndpointModule;
use EndpointServer;
use File::Temp qw(tempdir);
use Test::More;


my $dir = tempdir(CLEANUP => 1);
my $detached = EndpointModule::compile('t/lib/detached.c', $dir);

my $s = EndpointServer->new(workers => 1, main => <<"MAIN", http => <<'CONF');

load_module $detached;
thread_pool default threads=8;
worker_shutdown_timeout 2s;
env SLOWREAD;
MAIN

    limit_req_zone $server_name zone=second:64k rate=5r/s;
    proxy_cache_path %%DIR%%/temp/cache keys_zone=cache:64k;
    endpoint_cache_zone zone=kept:256k entries=100 ttl=1h;

    server {
        listen 127.0.0.1:%%PORT%%;
        server_name one;

        location / {
            endpoint GET /ping { reply '"pong"'; }

            endpoint GET /constant { reply '{"a": 1}'; }
            endpoint GET /sleep { sleep 10ms; reply '1'; }
            endpoint GET /log { arg $n; log warn "logged $n"; reply $n; }
            endpoint GET /long { sleep 600s; reply '1'; }
            endpoint GET /late { timeout 50ms; sleep 600s; reply '1'; }
            endpoint GET /guard {
                fetch $a /up/silent/guard;
                fetch $b /up/quick;
                require $b==x 409 "no";
                reply $a;
            }
            endpoint GET /variable { reply '"$http_x"'; }

            endpoint GET /proxy { fetch $a /up/echo; reply $a; }
            endpoint GET /post  { fetch $a POST /up/body '[1, 2]'; reply $a; }
            endpoint GET /file  { fetch $a /file.json; reply $a; }
            endpoint GET /aio   { fetch $a /aio/file.json; reply $a; }
            endpoint GET /returned { fetch $a /return; reply $a; }
            endpoint GET /named { fetch $a /caught/; reply $a; }
            endpoint GET /stored { fetch $a /cached/x; reply $a; }
            endpoint GET /nested {
                fetch $a /sleep;
                fetch $b /proxy;
                fetch $c /deep;
                reply '[$a, $b, $c]';
            }
            endpoint GET /deep { fetch $a /nested2; reply $a; }
            endpoint GET /nested2 { fetch $a /file; reply $a; }
            endpoint GET /delayed {
                fetch $a /limited/;
                fetch $b /up/pieces;
                reply '[$a, $b]';
            }
            endpoint GET /each {
                fetch $n /list;
                fetch $a /up/quick each=$n;
                reply $a;
            }
            endpoint GET /kept {
                fetch $a /up/echo cache=kept:one;
                reply $a;
            }
            endpoint GET /retries {
                fetch $a /dead/ retries=1 default=0;
                fetch $b /dead/ default=1;
                reply '[$a, $b]';
            }
            endpoint GET /fails { fetch $a /dead/; reply $a; }
            endpoint GET /circle { fetch $a /circle2; reply $a; }
            endpoint GET /circle2 { fetch $a /circle2; reply $a; }
            endpoint GET /list { reply '[1, 2, 3]'; }

            endpoint GET /hold/up {
                fetch $a /up/silent/1;
                fetch $b /up/half;
                reply '[$a, $b]';
            }
            endpoint GET /hold/nested {
                fetch $a /hold/up;
                fetch $b /long;
                reply '[$a, $b]';
            }
            endpoint GET /hold/aio { fetch $a /aio/file.json; reply $a; }
            endpoint GET /hold/aio2 { fetch $a /hold/aio; reply $a; }
            endpoint GET /hold/late {
                timeout 50ms;
                fetch $a /hold/aio2;
                reply $a;
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_set_header X-Seen "$remote_addr|$host|$server_port|$scheme";
        }

        location /cached/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/echo;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_cache cache;
            proxy_cache_key one;
            proxy_cache_valid 1h;
        }

        location /limited/ {
            internal;
            limit_req zone=second burst=100;
            proxy_pass http://127.0.0.1:%%UP%%/quick;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location = /return { return 200 '{"r": 1}'; }
        location = /file.json { root %%DIR%%/html; }
        location /aio/ { aio threads; output_buffers 1 4k; }
        location /dead/ { internal; proxy_pass http://127.0.0.1:1/; }
        location /caught/ {
            internal;
            proxy_pass http://127.0.0.1:1/;
            error_page 502 =200 @caught;
        }
        location @caught { return 200 '"caught"'; }

        location = /stub_status { stub_status; }
    }
CONF

my $file = '["' . 'x' x 20_000 . '"]';

$s->upstream(sub {
    my ($socket, $request) = @_;

    my ($what) = $request->{uri} =~ m{^/(\w+)};

    if ($what eq 'silent' || $what eq 'half') {
        syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1,"
            if $what eq 'half';

        $s->note_event("arrived $what");
        EndpointServer::closed($socket);
        $s->note_event("left $what");
        return 0;
    }

    if ($what eq 'pieces') {
        syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";

        for my $piece (split //, '"abc"') {
            syswrite $socket, $piece;
            select undef, undef, undef, 0.05;
        }

        return 1;
    }

    return EndpointServer::answer($socket, 200,
                                  $what eq 'body' ? $request->{body}
                                  : $what eq 'quick' ? '"quick"'
                                  : '"' . ($request->{headers}{'x-seen'}
                                           // 'plain') . '"');
});

mkdir "$s->{dir}/html/aio";
$s->write_file('html/aio/file.json', $file);
$s->write_file('html/file.json', '{"f": 1}');

system('cc', '-shared', '-fPIC', '-O1', '-o', "$dir/slowread.so",
       't/lib/slowread.c', '-ldl') == 0
    or die "slowread.so\n";

$s->start(LD_PRELOAD => "$dir/slowread.so", SLOWREAD => "$s->{dir}/slow");

my $number = 0;


sub begin {
    my ($uri) = @_;

    my $name = 'test ' . ++$number;

    is($s->ask("GET $uri", "X-Detached: $name")->{status}, 204, "GET $uri");

    return $name;
}


sub ends {
    my ($uri, $status, $body) = @_;

    $s->next_block;

    my $name = begin($uri);

    $s->wait_line('logs/error.log',
                  qr/detached ended: $status \d+ \Q$body\E.* while running $name/,
                  "$uri: $status");
}


my $seen = '"unix:|one||http"';

ends('/constant', 200, '{"a": 1}');
ends('/sleep', 200, 1);
ends('/log', 200, '"test 3"');
$s->wait_line('logs/error.log', qr/logged test 3 while running test 3/,
              'a step logs what is running');

ends('/late', 504, '{"detail":"sleep 1: timed out"}');
ends('/guard', 409, '{"detail":"no"}');
ends('/variable', 500, '');

for my $round (1 .. 3) {
    ends('/proxy', 200, $seen);
    ends('/post', 200, '[1, 2]');
    ends('/file', 200, '{"f": 1}');
    ends('/aio', 200, '["xxx');
    ends('/returned', 200, '{"r": 1}');
    ends('/named', 200, '"caught"');
    ends('/stored', 200, '"plain"');
    ends('/nested', 200, "[1, ");
    ends('/delayed', 200, '["quick", "abc"]') for 1 .. 2;
    ends('/each', 200, '["quick","quick","quick"]');
    ends('/kept', 200, $seen);
    ends('/retries', 200, '[0, 1]');
    ends('/fails', 502, '{"detail":"a: the upstream did not answer"}');
    ends('/circle', 502, '{"detail":"a: ');
}

like($s->file('logs/error.log'),
     qr/connect\(\) failed.* while running test \d+, connecting to upstream, subrequest: "\/dead\/", upstream: "http:/,
     'nginx logs what is running');


# cancelled in the middle, whatever it waits for

sub cancel {
    $s->ask('GET /ping', 'X-Detached: cancel');
}

begin($_) for qw(/long /hold/up /hold/nested /late);

ok($s->wait_for(sub { $s->count('events', qr/^arrived (?:silent|half)$/m)
                      >= 1 + 4 }), 'under way');
cancel();
ok($s->wait_for(sub {
    $s->count('events', qr/^arrived/m) == $s->count('events', qr/^left/m)
}), 'every connection of an upstream was closed');

for my $uri (qw(/hold/aio /hold/aio2)) {
    unlink "$s->{dir}/slow.held";
    $s->write_file('slow', '');
    begin($uri);
    ok($s->wait_for(sub { -s "$s->{dir}/slow.held" }), "$uri: under way");
    cancel();
    is($s->ask('GET /ping')->{body}, '"pong"', "$uri: cancelled");
    unlink "$s->{dir}/slow";
    ends('/aio', 200, '["xxx');
}

unlink "$s->{dir}/slow.held";
$s->write_file('slow', '');
ends('/hold/late', 504, '{"detail":"a: timed out"}');
unlink "$s->{dir}/slow";


# memory of what has ended is given back

sub burst {
    my ($uri, $n) = @_;

    my $before = $s->count('logs/error.log', qr/detached ended/);
    my $ok = 1;

    for my $done (map { 50 * $_ } 1 .. $n / 50) {
        my $client = $s->connect;

        for my $i (1 .. 50) {
            $s->request($client, "GET $uri", "X-Detached: test burst");
            $s->response($client, first => $i == 1, head => 1);
        }

        $ok &&= $s->wait_for(sub {
            $s->count('logs/error.log', qr/detached ended/) >= $before + $done
        });
    }

    ok($ok, "$n of $uri");
}

sub memory {
    my ($pid) = $s->file('logs/error.log') =~ /.*start worker process (\d+)/s;

    open my $f, '<', "/proc/$pid/statm" or return 0;

    return 4 * (split ' ', <$f>)[1];
}

SKIP: {
    skip 'the sanitizers keep freed memory', 9 if $ENV{TEST_SANITIZERS};

    burst($_, 200) for qw(/nested /each);

    my $memory = memory();

    burst($_, 500) for (qw(/nested /each)) x 3;

    # a pool each would be 12,000 kB

    cmp_ok(memory(), '<', $memory + 3000, 'no memory of a run is left');
}


# no connection is left, nothing is counted as a client's

$s->is_idle;

my ($reading) = $s->ask('GET /stub_status')->{body} =~ /Reading: (\d+)/;

is($reading, 0, 'nothing is read');
is($s->count('logs/access.log', qr/^GET \S+ (?!204|200)/m), 0,
   'nothing is logged as a request');


# an exiting worker waits for what runs, for as long as it may

begin('/sleep');
begin('/long');
begin('/hold/up');

my $before = $s->count('logs/error.log', qr/its time is over/);

$s->stop;
is($s->count('logs/error.log', qr/its time is over/), $before + 2,
   'what would have lasted longer has ended by worker_shutdown_timeout');

done_testing();
