# Inputs, results and nginx's variables of concurrent requests and of steps
# that run at once: nobody sees another's.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF');

    # each evaluation leaves its own captures in the request

    map $uri $first  { ~^/echo/(?<what>[a-z]+)(\d+) "$what-$2"; default none; }
    map $args $second { ~(?:^|&)k=(?<key>\w+) "$key"; default none; }

    server {
        listen 127.0.0.1:%%PORT%%;
        set $shared server;

        location / {
            set $mine "$arg_k-$uri";

            endpoint GET /steps/$a/$b:int {
                arg $k;
                fetch $x '/echo/x$b?k=$k' as=text;
                fetch $y '/echo/y$b?k=$a' as=text;
                fetch $z '/slow/z$b?k=z$k' as=text;
                set_header X-Own "$a $b $k $mine";
                reply '{"a": $a, "b": $b, "k": $k, "x": $x, "y": $y, "z": $z,
                        "first": $first, "second": $second, "mine": $mine,
                        "uri": $uri, "shared": $shared, "args": $args,
                        "method": $request_method, "none": $cookie_none}';
            }

            endpoint GET /nest/$n:int {
                arg $k;
                fetch $up /nest2/$n;
                fetch $x '/echo/x$n?k=$k' as=text;
                reply '[$n, $k, $up, $x, "$uri", "$args"]';
            }

            endpoint GET /nest2/$n:int {
                arg $k=own;
                fetch $x '/echo/w$n?k=$k' as=text;
                reply '[$n, $k, $x, "$uri", "$args"]';
            }
        }

        # a regex location captures again, so does its rewrite

        location ~ ^/echo/(?<letter>[a-z])(?<digits>\d+) {
            set $shared "echo$2";
            set $mine "echo";
            set $given "$args|$arg_k|$uri";
            return 200 "$letter$digits|$first|$second|$shared|$mine|$given";
        }

        location ~ ^/slow/(?<rest>.*)$ {
            set $shared slow;
            proxy_pass http://127.0.0.1:%%UP%%/$rest$is_args$args;
            proxy_set_header X-Letter $rest;
            proxy_set_header X-Shared "$shared $second";
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }

        # captures of the location that holds the endpoints

        location ~ ^/regex/(?<number>\d+)/ {
            endpoint GET /regex/$n:int/one {
                fetch $x '/echo/r7?k=q' as=text;
                reply '["$number", $n, $x, "$number", "$first"]';
            }
        }

        location = /stub_status { stub_status; }
    }
CONF

$s->upstream(sub {
    my ($socket, $request) = @_;

    # the answers come in another order than the requests

    select undef, undef, undef, rand 0.03;

    return EndpointServer::answer($socket, 200, join '|', $request->{uri},
                                  @{ $request->{headers} }{qw(x-letter
                                                              x-shared)});
});

$s->start;


sub steps {
    my ($a, $b, $k) = @_;

    # of a template in several lines no white space is sent

    my $text = qq({"a": "$a", "b": $b, "k": "$k", )
           . qq("x": "x$b|x-$b|$k|echo$b|echo|k=$k|$k|/echo/x$b", )
           . qq("y": "y$b|y-$b|$a|echo$b|echo|k=$a|$a|/echo/y$b", )
           . qq("z": "/z$b?k=z$k|z$b|slow z$k",\n)
           . ' ' x 24
           . qq("first": "none", "second": "$k", "mine": "$k-/steps/$a/$b",\n)
           . ' ' x 24
           . qq("uri": "/steps/$a/$b", "shared": "server", "args": "k=$k",\n)
           . ' ' x 24
           . qq("method": "GET", "none": ""});

    return $text =~ s/(?<=[:,])\s+//gr;
}


$s->is_answer('GET /steps/one/1?k=x', 200, steps('one', 1, 'x'), 'one');

my @clients = map { $s->connect } 1 .. 100;

for my $round (1 .. 3) {
    $s->request($clients[$_], "GET /steps/a$_/$_?k=k$_") for 0 .. $#clients;

    my @wrong = grep { defined } map {
        my $response = $s->response($clients[$_], first => $round == 1);
        my $expected = steps("a$_", $_, "k$_");
        my $own = "X-Own: a$_ $_ k$_ k$_-/steps/a$_/$_";

        $response->{body} eq $expected && $response->{head} =~ /^$own\r$/m
            ? undef : "$response->{body} instead of $expected";
    } 0 .. $#clients;

    is("@wrong", '', "a hundred at once: $round");
}

close $_ for @clients;

$s->is_answer('GET /nest/5?k=q', 200,
              '[5, "q", [5, "own", "w5|w-5|own|echo5|echo|k=own|own|/echo/w5",'
              . ' "/nest2/5", ""], "x5|x-5|q|echo5|echo|k=q|q|/echo/x5",'
              . ' "/nest/5", "k=q"]', 'an endpoint behind an endpoint');

$s->is_answer('GET /regex/12/one', 200,
              '["12", 12, "r7|r-7|q|echo7|echo|k=q|q|/echo/r7", "12", "none"]',
              'captures of the location');

$s->is_idle;
$s->stop;

done_testing();
