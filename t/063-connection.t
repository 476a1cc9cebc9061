# What concurrent subrequests would share if they had one connection: delays,
# timers, errors.  An answer in pieces stands beside whatever waits, since
# nginx looks at the connection's timers with each piece.

use strict;
use warnings;

use lib 't/lib';

use EndpointHttp2;
use EndpointPort;
use EndpointServer;
use Test::More;


my $http2_port = EndpointPort::free();

my $s = EndpointServer->new(main => 'thread_pool default threads=4;',
                            http => <<"CONF");

    limit_req_zone \$arg_key zone=second:64k rate=2r/s;
    limit_req_zone \$arg_key zone=minute:64k rate=1r/m;

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:$http2_port http2;

        location / {
            endpoint GET /ping { reply '"pong"'; }

            endpoint GET /delayed/\$key {
                fetch \$a /second/quick?key=\$key;
                fetch \$b /up/pieces/\$key;
                reply '[\$a, \$b]';
            }
            endpoint GET /nested/\$key {
                fetch \$a /delayed/\$key;
                fetch \$b /up/pieces/n\$key;
                fetch \$c /file.json;
                reply '[\$a, \$b, \$c]';
            }
            endpoint GET /each/\$key {
                fetch \$n /list;
                fetch \$a '/second/quick?key=\$key' each=\$n;
                fetch \$b /up/pieces/\$key;
                reply '[\$a, \$b]';
            }
            endpoint GET /list { reply '[1, 2, 3]'; }

            endpoint GET /late/\$key {
                timeout 700ms;
                fetch \$a /minute/quick?key=\$key;
                fetch \$b /up/pieces/\$key;
                reply '[\$a, \$b]';
            }
            endpoint GET /default/\$key {
                fetch \$a /minute/quick?key=\$key timeout=700ms default=1;
                fetch \$b /up/pieces/\$key;
                reply '[\$a, \$b]';
            }
            endpoint GET /waits/\$key {
                fetch \$a /minute/quick?key=\$key;
                fetch \$b /up/pieces/\$key;
                reply '[\$a, \$b]';
            }
            endpoint GET /pieces/\$key {
                fetch \$a /up/pieces/\$key;
                reply \$a;
            }
            endpoint GET /copied {
                timeout 3s;
                fetch \$a /minute/quick?key=mirrored;
                reply \$a;
            }
            endpoint POST /act {
                fetch \$a POST '/second/quick?key=act' '1';
                fetch \$b POST '/second/quick?key=act' '1' unordered;
                fetch \$c /up/pieces/act unordered;
                log warn "the act is done";
                reply '[\$a, \$b, \$c]';
            }
        }

        location /mirror {
            mirror /copied;
            root %%DIR%%/html;
        }

        location /page {
            ssi on;
            ssi_types *;
            limit_rate 4k;
            root %%DIR%%/html;
        }

        location /fast {
            ssi on;
            ssi_types *;
            root %%DIR%%/html;
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /second/ {
            internal;
            limit_req zone=second burst=100;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /minute/ {
            internal;
            limit_req zone=minute burst=1000;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location = /file.json { aio threads; output_buffers 1 4k; }

        location = /stub_status { stub_status; }
    }
CONF

# a piece every tenth of a second, over half a second

$s->upstream(sub {
    my ($socket, $request) = @_;

    return EndpointServer::answer($socket, 200, '"quick"')
        unless $request->{uri} =~ m{^/pieces};

    syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n";

    for my $piece ('["', split(//, 'xyz'), '"', ']', ' ') {
        syswrite $socket, $piece;
        select undef, undef, undef, 0.1;
    }

    return 1;
});

mkdir "$s->{dir}/html/$_" for qw(page fast mirror);

my $before = 'a' x 6000;
my $after = 'b' x 3000;

$s->write_file('html/file.json', '["' . 'x' x 40_000 . '"]');
$s->write_file('html/mirror/file', 'mirror');

for my $name (qw(page fast)) {
    $s->write_file("html/$name/one.html", $before
                   . '<!--#include virtual="/pieces/ssi" -->' . $after);
    $s->write_file("html/$name/two.html", $before
                   . '<!--#include virtual="/delayed/ssi" -->' . $after
                   . '<!--#include virtual="/pieces/ssi" -->');
}

$s->start;

my $both = '["quick", ["xyz"]]';


# the first of a key is not delayed, the next ones are

$s->is_answer('GET /delayed/a', 200, $both, "not delayed");
$s->is_answer('GET /delayed/a', 200, $both, "delayed: $_") for 1 .. 2;

my @clients = map { $s->connect } 1 .. 5;

$s->request($_, 'GET /delayed/a') for @clients;
is($s->response($_, first => 1)->{body}, $both, 'many are delayed')
    for @clients;

$s->is_answer('GET /nested/b', 200, qr/^\[\["quick", \["xyz"\]\], \["xyz"\],/,
              "an endpoint behind it: $_") for 1 .. 2;
$s->is_answer('GET /each/c', 200, '[["quick","quick","quick"], ["xyz"]]',
              "each=: $_") for 1 .. 2;

my $h = EndpointHttp2->new($http2_port);
my @ids = map { $h->request('GET', '/delayed/d') } 1 .. 4;

is($h->response($_)->{body}, $both, 'HTTP/2: delayed') for @ids;


# the answer of the deadline is not held back by a delay

$s->is_answer('GET /late/e', 200, $both, 'not late');
$s->is_answer('GET /late/e', 504, qr/timed out/, "late: $_") for 1 .. 2;

$s->is_answer('GET /default/f', 200, $both, 'no default');
$s->is_answer('GET /default/f', 200, '[1, ["xyz"]]', "a default: $_")
    for 1 .. 2;

# a reload between has closed the connection

$h = EndpointHttp2->new($http2_port);

is($h->response($h->request('GET', '/late/g'))->{status}, 200,
   'HTTP/2: not late');

@ids = map { $h->request('GET', '/late/g') } 1 .. 3;

is($h->response($_)->{status}, 504, 'HTTP/2: late') for @ids;


# what the client's connection itself delays

is($s->ask("GET /$_/one.html")->{body}, qq{${before}["xyz"]$after},
   "$_: an include in a page") for qw(fast page);

is($s->ask("GET /$_/two.html")->{body}, "$before$both${after}[\"xyz\"]",
   "$_: a delayed include in a page") for qw(fast page) x 2;


# a mirror that is delayed holds back no answer

is($s->ask('GET /mirror/file')->{body}, 'mirror', 'a mirror: not delayed');

my $client = $s->connect;
my $mirrored = $s->count('logs/error.log', qr/its time is over/);

$s->request($client, 'GET /mirror/file');
is($s->response($client, first => 1)->{body}, 'mirror', 'a mirror: delayed');
is($s->count('logs/error.log', qr/its time is over/), $mirrored,
   'it was not waited for');

$s->request($client, 'GET /ping');
is($s->response($client)->{body}, '"pong"', 'the next request');
close $client;


# a stream that is reset ends nothing of what has begun to act

my $id = $h->request('POST', '/act');

$s->ask('GET /ping') for 1 .. 2;
$h->reset($id);
$s->wait_line('logs/error.log', qr/the act is done/,
              'an act goes on behind a reset');
is($h->response($h->request('GET', '/ping'))->{body}, '"pong"',
   'the next stream');


# a client that leaves

is($s->ask('GET /waits/h')->{body}, $both, 'not left');

@clients = map { $s->connect } 1 .. 3;
@ids = map { $h->request('GET', '/waits/h') } 1 .. 3;

$s->request($_, 'GET /waits/h') for @clients;
$s->wait_line('logs/error.log', qr/(?:delaying.*waits\/h.*\n(?s:.*)){6}/,
              'all wait');
close $_ for @clients;
$h->reset($_) for @ids;
close $h->{socket};

$s->is_idle;
$s->stop;

done_testing();
