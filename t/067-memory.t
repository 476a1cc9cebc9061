# The memory of a fetch that has ended is given back, whatever still runs: a
# request with many fetches takes little more than one with few.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $s = EndpointServer->new(workers => 1, http => <<'CONF');

    proxy_cache_path %%DIR%%/temp/cache keys_zone=cache:64k;

    server {
        listen 127.0.0.1:%%PORT%%;
        endpoint_max_fanout 2000;
        endpoint_max_fetches 5000;

        location / {
            endpoint GET /ping { reply '"pong"'; }

            endpoint GET /each {
                arg $n:json;
                fetch $a /up/$item each=$n;
                log warn "all are there";
                fetch $b /hold after=$a;
                reply '[$b, $a[0], $a[-1]]';
            }
            endpoint GET /mixed {
                arg $n:json;
                fetch $a /up/$item each=$n;
                fetch $b /cached/$item each=$n;
                fetch $c /nested/$item each=$n;
                fetch $d /up/text/$item as=text each=$n;
                fetch $e /up/member/$item each=$n;
                reply '{"a": $a, "b": $b, "c": $c, "d": $d, "e": $e[*].m}';
            }
            endpoint GET /nested/$n { fetch $a /up/$n; reply $a; }

            # the deadline is logged where fetches have ended before it
            endpoint GET /late {
                timeout 200ms;
                fetch $a /up/1;
                sleep 600s;
                reply $a;
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /cached/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_cache cache;
            proxy_cache_valid 1h;
        }

        location = /hold {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/hold;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location = /stub_status { stub_status; }
    }
CONF

$s->upstream(sub {
    my ($socket, $request) = @_;

    my ($what, $n) = $request->{uri} =~ m{^/(\w+)(?:/(\d+))?};

    if ($what eq 'hold') {
        $s->wait_for(sub { $s->file('events') =~ /^go$/m });
        return EndpointServer::answer($socket, 200, '"held"');
    }

    return EndpointServer::answer($socket, 200,
                                  $what eq 'member' ? qq({"m": $n})
                                  : $what eq 'text' ? "text $n" : $what);
});

$s->start;


sub list { '[' . join(',', 1 .. $_[0]) . ']' }


sub memory {
    my ($pid) = $s->file('logs/error.log') =~ /.*start worker process (\d+)/s;

    open my $f, '<', "/proc/$pid/statm" or return 0;

    return 4 * (split ' ', <$f>)[1];
}


# of a request that has them behind it

sub held {
    my ($n) = @_;

    $s->write_file('events', '');

    my $client = $s->connect;
    my $before = $s->count('logs/error.log', qr/all are there/);

    $s->request($client, 'GET /each?n=' . list($n));
    ok($s->wait_for(sub {
        $s->count('logs/error.log', qr/all are there/) > $before
    }), "$n fetches");

    my $memory = memory();

    $s->note_event('go');
    is($s->response($client, first => 1)->{body}, qq(["held", 1, $n]),
       "$n fetches: their values");
    close $client;

    return $memory;
}


SKIP: {
    skip 'the sanitizers keep freed memory', 7 if $ENV{TEST_SANITIZERS};

    held(20);

    my $few = held(20);
    my $many = held(1000);

    # 12 kB each would be 12,000 kB

    cmp_ok($many - $few, '<', 4000, 'a thousand take little more than twenty');
}


my $n = list(30);
my $body = '{"a": ' . $n . ', "b": ' . $n . ', "c": ' . $n . ', "d": ['
           . join(',', map { "\"text $_\"" } 1 .. 30) . '], "e": ' . $n . '}';

$s->is_answer("GET /mixed?n=$n", 200, $body, "of all kinds: $_") for 1 .. 3;

$s->is_answer('GET /late', 504, qr/timed out/, 'a deadline after it');
$s->wait_line('logs/error.log', qr/its time is over.*request: "GET \/late/,
              'which is logged');

$s->is_idle;
$s->stop;

done_testing();
