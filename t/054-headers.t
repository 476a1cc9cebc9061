# Which headers a fetch sends: its own, the few that pass, and no others.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF');

    map $http_x_late $late { default "late:$http_x_late"; }

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /one   { fetch $a /up/ as=text; reply $a; }
            endpoint HEAD /one  { fetch $a /up/ as=text; reply $a; }
            endpoint POST /post {
                fetch $a POST /up/ '{"a": 1}' as=text;
                reply $a;
            }
            endpoint PUT /type  {
                body $b:json;
                fetch $a PUT /up/ $b 'header=Content-Type: a/b' as=text;
                reply $a;
            }

            endpoint GET /three {
                fetch $a /up/ 'header=X-Own: 1' as=text;
                fetch $b /up/ 'header=X-Own: 2' 'header=X-More: m' as=text;
                fetch $c /nested 'header=X-Own: 3' as=text;
                reply '[$a, $b, $c]';
            }

            endpoint GET /nested {
                fetch $a /up/ 'header=X-Own: 4' as=text;
                reply $a;
            }

            endpoint GET /own {
                fetch $a /up/ 'header=Authorization: own'
                              'header=Accept-Language: xx'
                              'header=User-Agent: me'
                              'header=Cookie: c=$arg_c'
                              'header=X-Forwarded-For: 1.2.3.4'
                              'header=Range: bytes=0-1'
                              'header=If-Match: "x"' as=text;
                reply $a;
            }

            endpoint GET /own-host {
                fetch $a /host/ 'header=Host: other' as=text;
                reply $a;
            }
            endpoint GET /own-variables {
                fetch $a /variables as=text;
                reply $a;
            }
        }

        location /named/ {
            endpoint_fetch_pass_headers Authorization Cookie X-Mine User-Agent;

            endpoint GET /named/one { fetch $a /up/ as=text; reply $a; }
            endpoint GET /named/own {
                fetch $a /up/ 'header=Authorization: own' as=text;
                reply $a;
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        # a location that adds nothing and hides nothing

        location /host/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            proxy_set_header Host $http_host;
        }

        location = /variables {
            internal;
            set $fields "$http_range|$http_x_own|$http_cookie|$cookie_a|$late";
            return 200 "$fields|$content_type|$content_length|$request_method";
        }

        location = /stub_status { stub_status; }
    }
CONF

# the header's fields, but for those of proxy_pass itself

$s->upstream(sub {
    my ($socket, $request) = @_;

    my @fields = grep { !/^(?:Connection|Accept-Encoding):/i }
                 split /\r\n/, $request->{head};

    return EndpointServer::answer($socket, 200, join '|', @fields);
});

$s->start;

my $up = "Host: 127.0.0.1:$s->{up}";


sub sends {
    my ($line, $expected, $name, @more) = @_;

    $s->next_block;

    my $response = $s->ask($line, @more);

    is($response->{status}, 200, "$name: status");
    is($response->{body}, $expected, $name);
}


my @many = map { "X-Field-$_: $_" } 1 .. 25;

sends('GET /one', "\"GET / HTTP/1.1|$up\"", 'nothing', );
sends('GET /one', "\"GET / HTTP/1.1|$up\"", '25 of the client', @many);

sends('GET /one', "\"GET / HTTP/1.1|$up\"", 'what changes the answer',
      'Accept-Encoding: gzip, br', 'Range: bytes=0-1', 'If-Range: "a"',
      'If-None-Match: "a"', 'If-Match: "a"',
      'If-Modified-Since: Wed, 21 Oct 2015 07:28:00 GMT',
      'If-Unmodified-Since: Wed, 21 Oct 2015 07:28:00 GMT',
      'Expect: 100-continue', 'TE: trailers', 'Upgrade: websocket',
      'Authorization: Basic YTpi', 'Cookie: a=b', 'User-Agent: x',
      'Referer: /', 'X-Forwarded-For: 1.1.1.1', 'X-Real-IP: 1.1.1.1',
      'Accept: text/html', 'Via: 1.0 a', 'Depth: 1', 'Keep-Alive: 3',
      'Cache-Control: no-cache', 'Content-Type: a/b', 'Origin: http://b');

for my $pair ([ 'traceparent', '00-ab' ], [ 'tracestate', 'c=d' ],
              [ 'Accept-Language', 'de, en' ], [ 'X-Request-ID', '17' ])
{
    sends('GET /one', "\"GET / HTTP/1.1|$up|$pair->[0]: $pair->[1]\"",
          "$pair->[0] passes", @many, "$pair->[0]: $pair->[1]");
}

sends('POST /post',
      "\"POST / HTTP/1.1|$up|Content-Length: 8"
      . '|Content-Type: application/json"',
      'a body and its type', @many, 'Content-Type: text/x', \'none of this');

sends('PUT /type', "\"PUT / HTTP/1.1|$up|Content-Length: 2|Content-Type: a/b\"",
      'a type of its own', 'Content-Type: application/json', \'[]');

is($s->ask('HEAD /one', 'Range: bytes=0-1')->{status}, 200, 'HEAD');

my @three = ("\"GET / HTTP/1.1|$up|X-Own: 1\"",
             "\"GET / HTTP/1.1|$up|X-Own: 2|X-More: m\"",
             "\"GET / HTTP/1.1|$up|X-Own: 4\"");
my $three = $s->ask('GET /three', @many, 'X-Own: client');

like($three->{body}, qr/^\[\Q$three[0], $three[1]\E, /, 'each its own');
like($three->{body}, qr/X-Own: 4/, 'and one behind another endpoint');
unlike($three->{body}, qr/X-Own: (?:client|3)|X-Field/, 'and no other\'s');

sends('GET /own?c=5', "\"GET / HTTP/1.1|$up|Authorization: own"
      . '|Accept-Language: xx|User-Agent: me|Cookie: c=5'
      . '|X-Forwarded-For: 1.2.3.4|Range: bytes=0-1|If-Match: \"x\""',
      'its own instead of the client\'s', 'Authorization: a',
      'Accept-Language: de', 'Cookie: z=z', 'Range: bytes=3-4',
      'User-Agent: b', 'X-Forwarded-For: 5.6.7.8', 'If-Match: "y"');

sends('GET /named/one', "\"GET / HTTP/1.1|$up|authorization: a|COOKIE: a=b"
      . '|X-Mine: 1"', 'those that are named', 'X-Request-ID: 1',
      'Accept-Language: de', 'authorization: a', 'COOKIE: a=b', 'X-Mine: 1',
      'X-Other: 1');

sends('GET /named/own', "\"GET / HTTP/1.1|$up|X-Mine: 1|Authorization: own\"",
      'its own instead of one that is named', 'Authorization: a',
      'X-Mine: 1');

like($s->ask('GET /own-host')->{body}, qr/Host: other/, 'a Host of its own');

sends('GET /own-variables', '"||||late:|||GET"', 'the location\'s variables',
      'Range: bytes=0-0', 'X-Own: a', 'Cookie: a=b', 'X-Late: c',
      'Content-Type: a/b', \'body');

$s->is_idle;
$s->stop;

done_testing();
