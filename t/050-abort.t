# A client that leaves.  That a request was freed is seen in the access log,
# which nginx writes then; every step here lasts longer than the test waits.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More;


my $s = EndpointServer->new(http => <<'CONF');

    limit_req_zone $server_port zone=slow:64k rate=1r/m;
    proxy_cache_path %%DIR%%/temp/cache keys_zone=cache:64k;

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /ping { reply '"pong"'; }
            endpoint GET /sleep/$n { sleep 600s; reply $n; }
            endpoint POST /sleep { sleep 600s; reply '1'; }
            endpoint POST /field { field $n; sleep 600s; reply $n; }
            endpoint GET /timeout { sleep 500s timeout=400s; reply '1'; }

            endpoint GET /fetch/$n {
                fetch $a /up/silent/$n;
                reply $a;
            }

            endpoint GET /gather/$n {
                fetch $a /up/silent/$n;
                fetch $b /up/half/$n;
                fetch $c /up/quick;
                sleep 600s;
                reply '[$a, $b, $c]';
            }

            endpoint GET /nested/$n {
                fetch $a /nested2/$n;
                reply $a;
            }

            endpoint GET /nested2/$n {
                fetch $a /fetch/$n;
                reply $a;
            }

            endpoint GET /delayed/$n {
                log info $n;
                fetch $a /limited/;
                reply $a;
            }
            endpoint GET /locked  { fetch $a /cached/; reply $a; }
            endpoint GET /early   { fetch $a /up/early; reply $a; }
            endpoint GET /closing { fetch $a /up/early; sleep 60s; reply $a; }

            endpoint POST /act {
                fetch POST /up/act;
                sleep 1ms;
                fetch POST /up/second;
                log warn "the act is done";
                reply '1';
            }

            endpoint GET /outer  { fetch $a /middle; reply $a; }
            endpoint GET /middle { sleep 1ms; fetch $a /inner; reply $a; }
            endpoint GET /inner {
                sleep 1ms;
                fetch POST /up/inner;
                log warn "the inner act is done";
                reply '1';
            }

            endpoint GET /retry {
                fetch $a /up/silent/r timeout=599s try_timeout=500s retries=2;
                reply $a;
            }
        }

        location /ignore/ {
            endpoint_ignore_client_abort on;

            endpoint GET /ignore/one {
                fetch $a /up/wait;
                log warn "the ignored one is done: $a";
                reply $a;
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /limited/ {
            internal;
            limit_req zone=slow burst=10;
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

        location = /stub_status { stub_status; }
    }
CONF

$s->upstream(sub {
    my ($socket, $request) = @_;

    my ($what) = $request->{uri} =~ m{^/(\w+)};

    if ($what eq 'silent' || $what eq 'half') {
        syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1,"
            if $what eq 'half';

        $s->note_event("arrived $request->{uri}");
        EndpointServer::closed($socket);
        $s->note_event("left $request->{uri}");
        return 0;
    }

    if ($what eq 'early') {
        syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1,";
        return 0;
    }

    $s->note_event("arrived $request->{uri}");

    if ($what =~ /^(?:act|inner|wait)$/) {
        $s->wait_for(sub { $s->file('events') =~ /^go $what/m });
    }

    return EndpointServer::answer($socket, 200, '"' . $what . '"');
});

$s->start;


# what nginx was told before this it has seen afterwards

sub settle { $s->ask('GET /ping') for 1 .. 2 }


sub leaves {
    my ($uri, $name, %opt) = @_;

    $s->next_block;

    my $client = $s->connect;
    my $method = $opt{method} // 'GET';

    $s->request($client, "$method $uri", @{ $opt{headers} // [] });

    if ($opt{event}) {
        $s->wait_for(sub { $s->file('events') =~ /^$opt{event}$/m })
            or fail("$name: $opt{event}");
    }

    settle();

    is($s->count('logs/access.log', qr/^$method $uri /m), 0,
       "$name: under way");

    $opt{before}->($client) if $opt{before};

    if ($opt{half}) {
        shutdown $client, 1;
    } else {
        close $client;
    }

    $s->wait_line('logs/access.log', qr/^$method $uri 499$/m, "$name: freed");

    if ($opt{left}) {
        $s->wait_line('events', qr/^left $_$/m, "$name: upstream closed")
            for ref $opt{left} ? @{ $opt{left} } : $opt{left};
    }
}


sub send_bytes {
    my $bytes = shift;

    return sub { syswrite $_[0], $bytes; settle() };
}


leaves('/sleep/1', 'a sleep');
leaves('/sleep/2', 'a half-close', half => 1);

leaves('/sleep/3', 'with bytes of the next request behind it',
       before => send_bytes('GET /sl'));

leaves('/sleep/4', 'with a whole request behind it',
       before => send_bytes("GET /ping HTTP/1.1\r\nHost: a\r\n\r\n"));

leaves('/sleep/5', 'with more requests than a buffer holds behind it',
       before => send_bytes("GET /ping HTTP/1.1\r\nHost: a\r\n\r\n" x 3000));

leaves('/timeout', 'a step with a time of its own');

leaves('/fetch/1', 'a fetch before its header',
       event => 'arrived /silent/1', left => '/silent/1');

leaves('/gather/2', 'a gather, one before, one behind its header',
       event => 'arrived /half/2', left => [ '/silent/2', '/half/2' ]);

leaves('/nested/3', 'an endpoint in an endpoint in an endpoint',
       event => 'arrived /silent/3', left => '/silent/3');

leaves('/retry', 'a fetch with retries', event => 'arrived /silent/r',
       left => '/silent/r');


# a body that nobody reads is discarded while the run waits

my $length = 'Content-Length: 10';

leaves('/sleep', 'a discarded body', method => 'POST', headers => [ $length ],
       before => sub {
           my $client = shift;

           syswrite $client, '01234';
           settle();
           syswrite $client, '56789';
           settle();
       });

$s->write_file('logs/access.log', '');
$s->is_idle('after a discarded body');

leaves('/sleep', 'half a discarded body', method => 'POST',
       headers => [ $length ], before => send_bytes('01234'));

leaves('/field', 'a body that was read', method => 'POST',
       headers => [ 'Content-Type: application/json', \'{"n": "x"}' ]);


# the first request of the minute passes, the next one is delayed

is($s->ask('GET /delayed/1')->{body}, '"quick"', 'the first is not delayed');
leaves('/delayed/2', 'a delay of limit_req');


# one holds the lock of the cache's entry, the other waits for it

my $holder = $s->connect;

$s->request($holder, 'GET /locked');
$s->wait_line('events', qr/^arrived \/silent\/cached$/m, 'the lock is held');

leaves('/locked', 'a lock of proxy_cache');

close $holder;
$s->wait_line('events', qr/^left \/silent\/cached$/m, 'the lock is free');


# what has begun to act is not left half done

my $actor = $s->connect;

$s->request($actor, 'POST /act');
$s->wait_line('events', qr/^arrived \/act$/m, 'the act has begun');
close $actor;
settle();
$s->note_event('go act');
$s->wait_line('events', qr/^arrived \/second$/m, 'an act goes on to the next');
$s->wait_line('logs/error.log', qr/the act is done/, 'and to its end');

$actor = $s->connect;

$s->request($actor, 'GET /outer');
$s->wait_line('events', qr/^arrived \/inner$/m, 'the inner act has begun');
close $actor;
settle();
$s->note_event('go inner');
$s->wait_line('logs/error.log', qr/the inner act is done/,
              'an act of an endpoint that is fetched goes on too');


my $ignored = $s->connect;

$s->request($ignored, 'GET /ignore/one');
$s->wait_line('events', qr/^arrived \/wait$/m, 'the ignored one has begun');
close $ignored;
settle();
$s->note_event('go wait');
$s->wait_line('logs/error.log', qr/the ignored one is done: wait/,
              'endpoint_ignore_client_abort');


# the upstream closes early while the client resets, or has not yet

for my $uri ('/early', '/closing') {
    my @clients = map { $s->connect } 1 .. 50;

    $s->request($_, "GET $uri") for @clients;

    for my $client (@clients) {
        setsockopt $client, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
        close $client;
    }
}

is($s->ask('GET /early')->{status}, 502, 'the next request is served');

$s->is_idle;
$s->stop;

done_testing();
