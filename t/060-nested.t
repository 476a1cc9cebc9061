# Endpoints that fetch endpoints: deep, wide, in a circle, with every kind of
# reply; and replies of nothing at all.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF');

    map $uri $less {
        /sub/1  leaf/1;
        /sub/2  tree/1;
        /sub/3  tree/2;
        /sub/4  tree/3;
        /sub/5  tree/4;
        /sub/6  tree/5;
        default nowhere;
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        endpoint_max_fanout 2000;

        location / {
            endpoint GET /ping { reply '"pong"'; }

            # binary: 2^n leaves
            endpoint GET /tree/$n:int {
                fetch $l /sub/$n;
                fetch $r /sub/$n;
                reply '[$l, $r]';
            }

            endpoint GET /chain/$n { fetch $a /chain/x$n; reply $a; }
            endpoint GET /end/$n   { fetch $a /chainend/$n/5; reply $a; }

            endpoint GET /chainend/$n/$m {
                fetch $a /leaf/$n;
                fetch $b /leaf/$m after=$a;
                fetch $c '/leaf/q?x=$a.leaf&y=$b.leaf';
                reply '[$a, $b, $c]';
            }

            endpoint GET /leaf/$n { arg $x=null; arg $y=null;
                                    sleep 1ms;
                                    reply '{"leaf": $n, "x": $x, "y": $y}'; }
            endpoint GET /leaves {
                arg $n:json;
                fetch $a /leaf/$item each=$n limit=50;
                reply $a;
            }
            endpoint GET /leaves2 {
                arg $n:json;
                fetch $a '/leaves?n=[$item,$item]' each=$n limit=50;
                reply $a;
            }

            endpoint GET /status/$n:int { reply 201 $n; }
            endpoint GET /created {
                fetch $a /status/1 status=$code;
                reply '[$a, $code]';
            }
            endpoint GET /nothing { sleep 1ms; reply 204; }
            endpoint GET /gets204 {
                fetch $a /nothing status=$code;
                reply '[$a, $code]';
            }
            endpoint GET /text    { reply 'a "text"' type=text/plain; }
            endpoint GET /gets-text { fetch $a /text as=text; reply $a; }
            endpoint GET /guard {
                sleep 1ms;
                require $cookie_x 403 "no";
                reply '1';
            }
            endpoint GET /gets403 {
                fetch $a /guard status=$code;
                reply '[$a, $code]';
            }
            endpoint GET /gets422 {
                fetch $a /tree/x status=$code;
                reply '[$a, $code]';
            }
            endpoint GET /gets404 {
                fetch $a /nowhere status=$code;
                reply '[$a, $code]';
            }
            endpoint GET /gets405 {
                fetch $a POST /text status=$code;
                reply '[$a, $code]';
            }
            endpoint GET /heads {
                fetch $a HEAD /leaf/1 status=$code;
                reply '[$a, $code]';
            }
            endpoint GET /passes  { fetch $a /guard pass=403; reply $a; }
            endpoint GET /passes204 { fetch $a /nothing2 pass=4xx; reply $a; }
            endpoint GET /nothing2  { sleep 1ms; reply 404; }

            endpoint POST /keep {
                body $b:json;
                fetch $a PUT /keep2 $b;
                reply $a;
            }
            endpoint PUT /keep2 { body $b:json; header $x_none=null;
                                  reply '{"kept": $b, "x": $x_none}'; }

            # without an end
            endpoint GET /self     { fetch $a /self; reply $a; }
            endpoint GET /circle/a { fetch $a /circle/b; sleep 1ms; reply $a; }
            endpoint GET /circle/b { sleep 1ms; fetch $a /circle/a; reply $a; }
            endpoint GET /double {
                fetch $a /double;
                fetch $b /double;
                reply '[$a, $b]';
            }

            # nothing at all
            endpoint GET /empty     { reply '$arg_none' type=text/plain; }
            endpoint GET /empty/run {
                sleep 1ms;
                reply '$arg_none' type=text/plain;
            }
            endpoint GET /empty/get {
                fetch $a /empty/run as=text;
                reply '<$a>' type=text/plain;
            }
            endpoint GET /empty/up {
                fetch $a /return as=text;
                reply '$a' type=text/plain;
            }
            endpoint GET /empty/json { fetch $a /return; reply $a; }
        }

        location /sub/ { rewrite ^ /$less last; }
        location ~ "^/chain/x{30}$" { rewrite x+ /end/z last; }
        location = /return { return 200 ""; }

        location = /stub_status { stub_status; }
    }
CONF

$s->start;


sub gets {
    my ($uri, $body, $status) = @_;

    $s->is_answer("GET $uri", $status // 200, $body, "GET $uri");
}


sub leaf { qq({"leaf": "$_[0]", "x": null, "y": null}) }


my $tree = leaf(1);

$tree = "[$tree, $tree]" for 1 .. 6;

gets('/tree/6', $tree);
gets('/tree/9', qr/^\{"detail":"[lr]: .*error"\}$/, 502);
gets('/chain/x', '[' . leaf('z') . ', ' . leaf(5)
                 . ', {"leaf": "q", "x": "z", "y": "5"}]');

my $list = join ',', 1 .. 1000;

gets("/leaves?n=[$list]", '[' . join(',', map { leaf($_) } 1 .. 1000) . ']');

$list = join ',', 1 .. 200;

gets("/leaves2?n=[$list]",
     '[' . join(',', map { '[' . leaf($_) . ',' . leaf($_) . ']' } 1 .. 200)
     . ']');

gets('/created', '[1, 201]');
gets('/gets204', '[null, 204]');
gets('/gets-text', '"a \"text\""');
gets('/gets403', '[{"detail":"no"}, 403]');
gets('/gets422', qr/^\[\{"detail":\[\{.*int_parsing.*, 422\]$/);
gets('/gets404', '[{"detail":"Not Found"}, 404]');
gets('/gets405', '[{"detail":"Method Not Allowed"}, 405]');
gets('/heads', '[null, 200]');
gets('/passes', '{"detail":"no"}', 403);
gets('/passes204', '', 404);

$s->is_answer('POST /keep', 200, '{"kept": [1, {"a": 2}], "x": null}',
              'a body through two', 'X-None: 1',
              'Content-Type: application/json', \'[1, {"a": 2}]');

gets('/self', qr/^\{"detail":"a: .* in a cycle"\}$/, 502);
gets('/circle/a', qr/^\{"detail":"a: .* in a cycle"\}$/, 502);

is($s->count('logs/error.log', qr/endpoints fetch each other in a cycle/), 2,
   'what does not end is named in the log');

gets('/empty', '');
gets('/empty/run', '');
gets('/empty/get', '<>');
gets('/empty/up', '');
gets('/empty/json', 'null');


# on one connection, so that a count too low or too high is seen

my @uris = split /\s+/, q(/tree/3 /self /gets204 /empty/run /passes204
                          /leaves?n=[1,2]
              /ping);
my $socket = $s->connect;

$s->request($socket, "GET $_") for @uris;

is(join(' ', map { $s->response($socket)->{status} } @uris),
   '200 502 200 200 404 200 200', 'behind each other');

close $socket;

$s->is_idle;
$s->stop;

done_testing();
