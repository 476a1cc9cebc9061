# Endpoints that fetch each other, wide: no request may start more fetches than
# endpoint_max_fetches, nor hold the worker while they start.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF');

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /ping { reply '"pong"'; }

            endpoint GET /r { fetch $x /r; fetch $y /r; reply '[$x, $y]'; }

            endpoint GET /a/$n {
                arg $q=1;
                fetch $x /b/$n?q=$q;
                fetch $y /b/$n?q=$q;
                reply '[$x, $y]';
            }
            endpoint GET /b/$n {
                arg $q;
                fetch $x /c/$n?q=$q;
                fetch $y /c/$n?q=$q;
                reply '[$x, $y]';
            }
            endpoint GET /c/$n {
                arg $q;
                sleep 1ms;
                fetch $x /a/$n?q=$q;
                fetch $y /a/$n?q=$q;
                reply '[$x, $y]';
            }

            endpoint GET /rewritten {
                fetch $x /again/x;
                fetch $y /again/x;
                reply '[$x, $y]';
            }

            endpoint GET /default {
                fetch $x /default default=1;
                fetch $y /r status=$code;
                reply '[$x, $code]';
            }

            # the same, but for what comes with it

            endpoint GET /grows {
                arg $q=1;
                fetch $x /grows?q=x$q;
                fetch $y /grows?q=y$q;
                reply '[$x, $y]';
            }
            endpoint POST /body {
                body $b:json;
                fetch $x POST /body '[$b]';
                fetch $y POST /body '[$b]' unordered;
                reply '[$x, $y]';
            }
            endpoint POST /same {
                body $b:json;
                fetch $x POST /same '$b';
                fetch $y POST /same '$b' unordered;
                reply '[$x, $y]';
            }
            endpoint POST /tree {
                body $b:json;
                fetch $l POST /tree $b.l when=$b.l unordered;
                fetch $r POST /tree $b.r when=$b.r unordered;
                reply '[$b.n, $l, $r]';
            }

            endpoint GET /fails { reply 503; }
        }

        location /again/ { rewrite ^ /rewritten last; }

        location /few/ {
            endpoint_max_fetches 5;

            endpoint GET /few/list {
                arg $n:json;
                fetch $x /ping each=$n;
                reply $x;
            }
            endpoint GET /few/nested {
                arg $n:json;
                fetch $x '/few/list?n=$n';
                reply $x;
            }
            endpoint GET /few/retries {
                fetch $x /fails retries=10 timeout=600s;
                reply $x;
            }
        }

        location /many/ {
            endpoint_max_fanout 3000;

            endpoint GET /many/list {
                fetch $n /list;
                fetch $x /ping each=$n when=$n limit=100;
                reply $x;
            }
        }

        location = /list { root %%DIR%%/html; }

        location = /stub_status { stub_status; }
    }
CONF

$s->write_file('html/list', '[' . join(',', 1 .. 2000) . ']');
$s->start;


my $cycle = qr/^\{"detail":"[xy]: endpoints fetch each other in a cycle"\}$/;
my $many = qr/^\{"detail":"[xy]: the request has started too many fetches"\}$/;
my $broken = qr/^\{"detail":"[xy]: the upstream answered with an error"\}$/;
my @json = ('Content-Type: application/json');

$s->is_answer("GET $_", 502, $cycle, "a cycle: $_")
    for qw(/r /a/1?q=1 /b/1?q=1 /c/1?q=1 /rewritten);
$s->is_answer('POST /same', 502, $cycle, 'a cycle: a body', @json, \'[1]');
$s->is_answer('GET /default', 200, '[1, 502]', 'a cycle with a default');

$s->is_answer('POST /tree', 200,
              '["a", ["b", null, null], ["c", ["d", null, null], null]]',
              'what ends is no cycle', @json,
              \'{"n": "a", "l": {"n": "b"}, "r": {"n": "c", "l": {"n": "d"}}}');

$s->is_answer('GET /grows', 502, $broken, 'too many by argument');
$s->is_answer('POST /body', 502, $broken, 'too many by body', @json, \'1');

ok($s->count('logs/error.log', qr/the request has started too many fetches/),
   'which is logged');

for my $uri (qw(/few/list /few/nested)) {
    my $ok = $uri eq '/few/list' ? 5 : 4;
    my @n = map { '[' . join(',', 1 .. $_) . ']' } $ok, $ok + 1;

    $s->is_answer("GET $uri?n=$n[0]", 200,
                  '[' . join(',', ('"pong"') x $ok) . ']', "$uri: enough");
    $s->is_answer("GET $uri?n=$n[1]", 502,
                  $uri eq '/few/list' ? $many : $broken, "$uri: too many");
}

$s->is_answer('GET /few/retries', 502, $many, 'tries count');

$s->is_answer('GET /many/list', 200, '[' . join(',', ('"pong"') x 2000) . ']',
              'no fewer than endpoint_max_fanout');


# the next request on the connection

my $client = $s->connect;

$s->request($client, "GET $_") for qw(/r /grows /a/1 /ping);
is(join(' ', map { $s->response($client, first => !$_)->{status} } 0 .. 3),
   '502 502 502 200', 'behind each other');
close $client;

$s->is_idle;
$s->stop;

done_testing();
