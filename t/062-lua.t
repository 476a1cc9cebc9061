# Fetched locations in the hands of a module that waits and starts subrequests
# of its own; nginx's Lua module, where it is installed, stands for all such.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my @lua = map { "/usr/lib/nginx/modules/$_.so" }
          qw(ndk_http_module ngx_http_lua_module);

# Debian's modules fit Debian's nginx alone, where ours is a module too

plan(skip_all => 'without the Lua module')
    if !$ENV{TEST_NGINX_LOAD_MODULES} || grep { !-f } @lua;


my $s = EndpointServer->new(main => join('', map { "load_module $_;" } @lua),
                            http => <<'CONF');

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /ping { reply '"pong"'; }
            endpoint GET /slow { sleep 300ms; reply '"slow"'; }

            endpoint GET /one  { fetch $a /lua/capture; reply $a; }
            endpoint GET /many {
                fetch $a /lua/capture;
                fetch $b /lua/quick;
                fetch $c /lua/capture after=$b;
                fetch $d /lua/twice;
                reply '[$a, $b, $c, $d]';
            }
            endpoint GET /nested {
                fetch $a /lua/many;
                fetch $b /many;
                reply '[$a, $b]';
            }

            endpoint GET /late/capture {
                timeout 100ms;
                fetch $a /lua/capture;
                reply $a;
            }
            endpoint GET /late/twice {
                timeout 400ms;
                fetch $a /lua/twice;
                reply $a;
            }
            endpoint GET /late/sleep {
                timeout 100ms;
                fetch $a /lua/sleep;
                reply $a;
            }
            endpoint GET /late/rewrite {
                timeout 100ms;
                fetch $a /lua/rewrite;
                reply $a;
            }
            endpoint GET /default {
                fetch $a /lua/capture timeout=50ms default=1;
                fetch $b /lua/sleep   timeout=50ms default=2;
                fetch $c /lua/rewrite timeout=50ms default=3;
                sleep 600ms;
                reply '[$a, $b, $c]';
            }
        }

        location /lua/capture {
            content_by_lua_block {
                ngx.print(ngx.location.capture("/slow").body)
            }
        }
        location /lua/quick {
            content_by_lua_block {
                ngx.print(ngx.location.capture("/ping").body)
            }
        }
        location /lua/twice {
            content_by_lua_block {
                local a = ngx.location.capture("/slow")
                local b = ngx.location.capture("/slow")
                ngx.print("[", a.body, ",", b.body, "]")
            }
        }
        location /lua/many {
            content_by_lua_block {
                ngx.print(ngx.location.capture("/many").body)
            }
        }
        location /lua/sleep {
            content_by_lua_block { ngx.sleep(0.3) ngx.print("1") }
        }
        location /lua/rewrite {
            rewrite_by_lua_block {
                ngx.sleep(0.3)
                ngx.print("1")
                ngx.exit(200)
            }
        }

        location = /stub_status { stub_status; }
    }
CONF

$s->start;


my $many = '["slow", "pong", "slow", ["slow","slow"]]';

my @exchanges = (
    '/one'          => 200, '"slow"',
    '/many'         => 200, $many,
    '/nested'       => 200, "[$many, $many]",
    '/late/capture' => 504, '{"detail":"a: timed out"}',
    '/late/twice'   => 504, '{"detail":"a: timed out"}',
    '/late/sleep'   => 504, '{"detail":"a: timed out"}',
    '/late/rewrite' => 504, '{"detail":"a: timed out"}',
    '/default'      => 200, '[1, 2, 3]',
);

while (my ($uri, $status, $body) = splice @exchanges, 0, 3) {
    my $socket = $s->connect;

    $s->request($socket, "GET $uri");
    $s->request($socket, 'GET /ping');

    my $response = $s->response($socket, first => 1);

    is($response && $response->{status}, $status, "$uri: the status");
    is($response && $response->{body}, $body, "$uri: the body");

    $response = $s->response($socket);
    is($response && $response->{body}, '"pong"', "$uri: the next");
    close $socket;

    $socket = $s->connect;
    $s->request($socket, "GET $uri");
    $s->ask('GET /ping') for 1 .. 2;
    close $socket;
}

$s->is_idle;
$s->stop;

done_testing();
