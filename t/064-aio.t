# File aio of a fetch that is given up: nginx cannot stop the read, but what it
# holds is let go the moment it ends, and not before.

use strict;
use warnings;

use lib 't/lib';

use EndpointHttp2;
use EndpointPort;
use EndpointServer;
use Test::More;


my $http2_port = EndpointPort::free();

# as many threads as there are reads at once
my $s = EndpointServer->new(workers => 1,
                            main => 'thread_pool default threads=32;'
                                    . ' env SLOWREAD;',
                            http => <<"CONF");

    proxy_cache_path %%DIR%%/temp/cache keys_zone=cache:64k;

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:$http2_port http2;

        location / {
            endpoint GET /ping { reply '"pong"'; }

            endpoint GET /given-up/file {
                fetch \$a /aio/file.json timeout=50ms default=1;
                sleep 600s;
                reply \$a;
            }
            endpoint GET /given-up/two {
                fetch \$a /aio/file.json timeout=50ms default=1;
                fetch \$b /aio/file.json;
                sleep 600s;
                reply '[\$a, \$b]';
            }
            endpoint GET /given-up/nested {
                fetch \$a /given-up/file timeout=200ms default=1;
                fetch \$b /live/file timeout=200ms default=1;
                sleep 600s;
                reply '[\$a, \$b]';
            }
            endpoint GET /given-up/cached {
                fetch \$a /cached/file.json timeout=50ms default=1;
                sleep 600s;
                reply \$a;
            }

            endpoint GET /live/file {
                fetch \$a /aio/file.json;
                reply \$a;
            }
            endpoint GET /live/nested {
                fetch \$a /live/file;
                fetch \$b /aio/file.json;
                reply '[\$a, \$b]';
            }
            endpoint GET /live/cached {
                fetch \$a /cached/file.json;
                reply \$a;
            }

            endpoint GET /late/file {
                timeout 50ms;
                fetch \$a /aio/file.json;
                reply \$a;
            }
            endpoint GET /late/nested {
                timeout 50ms;
                fetch \$a /live/nested;
                reply \$a;
            }
            endpoint GET /late/cached {
                timeout 50ms;
                fetch \$a /cached/file.json;
                reply \$a;
            }
        }

        location /aio/ { aio threads; output_buffers 1 4k; }

        location /cached/ {
            internal;
            aio threads;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_cache cache;
            proxy_cache_key one;
            proxy_cache_valid 1h;
        }

        location = /stub_status { stub_status; }
    }
CONF

my $file = '["' . 'x' x 20_000 . '"]';

$s->upstream(sub { EndpointServer::answer($_[0], 200, $file) });

mkdir "$s->{dir}/html/aio";
$s->write_file('html/aio/file.json', $file);

my $library = "$s->{dir}/slowread.so";

system('cc', '-shared', '-fPIC', '-O1', '-o', $library, 't/lib/slowread.c',
       '-ldl') == 0
    or die "slowread.so\n";

$s->start(LD_PRELOAD => $library, SLOWREAD => "$s->{dir}/slow");


sub hold {
    unlink "$s->{dir}/slow.held";
    $s->write_file('slow', '');
}


sub held {
    my ($n, $name) = @_;

    ok($s->wait_for(sub { $s->count('slow.held', qr/^held$/m) >= $n }),
       "$name: $n under way");
}


sub release { unlink "$s->{dir}/slow" }


is($s->ask('GET /live/cached')->{body}, $file, 'the cache is filled');
is($s->ask('GET /live/nested')->{body}, "[$file, $file]", 'nothing is held');


# the client leaves, by then the fetch has been given up, or has not

for my $case ([ '/given-up/file', 1, 1 ], [ '/given-up/two', 2, 1 ],
              [ '/given-up/nested', 2, 3 ], [ '/given-up/cached', 1, 1 ],
              [ '/live/file', 1, 0 ], [ '/live/nested', 2, 0 ],
              [ '/live/cached', 1, 0 ])
{
    my ($uri, $reads, $timeouts) = @$case;

    $s->next_block;
    $s->write_file('logs/access.log', '');

    my $timedout = $s->count('logs/error.log', qr/: timed out, try/);
    my $http2 = EndpointHttp2->new($http2_port);
    my $client = $s->connect;

    hold();
    $s->request($client, "GET $uri");

    my $id = $http2->request('GET', $uri);

    held(2 * $reads, $uri);
    ok($s->wait_for(sub {
        $s->count('logs/error.log', qr/: timed out, try/)
            >= $timedout + 2 * $timeouts
    }), "$uri: given up") if $timeouts;

    close $client;
    $http2->reset($id);
    $s->ask('GET /ping') for 1 .. 2;

    is($http2->response($http2->request('GET', '/ping'))->{body}, '"pong"',
       "$uri: the next stream");
    is($s->count('logs/access.log', qr/^GET $uri/m), 0,
       "$uri: not freed while it is read");

    release();

    ok($s->wait_for(sub {
        $s->count('logs/access.log', qr/^GET $uri 499$/m) == 2
    }), "$uri: freed") or diag($s->file('logs/access.log'));

    close $http2->{socket};
    $s->is_idle("$uri: no connection is left");
}


# the deadline's answer does not wait for the read, what follows it does

for my $uri ('/late/file', '/late/nested', '/late/cached') {
    my $http2 = EndpointHttp2->new($http2_port);
    my $client = $s->connect;

    hold();
    $s->request($client, "GET $uri");
    $s->request($client, 'GET /ping');

    is($s->response($client, first => 1)->{status}, 504, "$uri: late");
    is($http2->response($http2->request('GET', $uri))->{status}, 504,
       "$uri: late, HTTP/2");
    is($http2->response($http2->request('GET', '/ping'))->{body}, '"pong"',
       "$uri: the next stream");

    release();

    is($s->response($client)->{body}, '"pong"', "$uri: the next request");
    close $client;
    close $http2->{socket};
    $s->is_idle("$uri: no connection is left");
}


# so does a stop

my $client = $s->connect;

hold();
$s->request($client, 'GET /late/nested');
is($s->response($client, first => 1)->{status}, 504, 'a stop: late');
close $client;

kill 'QUIT', $s->{pid};
$s->wait_line('logs/error.log', qr/gracefully shutting down/, 'a stop: told');
release();
$s->stop;

done_testing();
