# A body of many small elements: what is taken out of it needs memory of the
# order of the body, and one list does not keep a worker from others.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


# sanitizers have an allocator of their own

my $measured = !$ENV{TEST_SANITIZERS};

my $size = 1024 * 1024;
my $elements = 20_000;

# the body, its copy in one piece, what is taken of it and the reply
my $most = 8 * $size;

my $s = EndpointServer->new(http => <<"CONF");

    client_max_body_size 4m;
    client_body_buffer_size 2m;

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /ping   { reply '"pong"'; }
            endpoint POST /all   { body \$x:json; reply \$x[*]; }
            endpoint POST /last  { body \$x:json; reply \$x[-1]; }
            endpoint POST /each  { body \$x:json; reply \$x[*][*]; }
            endpoint POST /slice { body \$x:json; reply \$x[1:-1]; }
            endpoint POST /find  { body \$x:json; reply \$x[*].a; }
            endpoint POST /fetch {
                body \$x:json;
                fetch \$y /static each=\$x;
                reply \$y;
            }
        }

        location /many {
            endpoint_max_fanout $elements;
            endpoint POST /many {
                body \$x:json;
                fetch \$y /static each=\$x;
                reply '{"all": \$y}';
            }
        }

        location /late {
            endpoint_max_fanout $elements;
            endpoint POST /late {
                timeout 1ms;
                body \$x:json;
                fetch \$y /static each=\$x;
                reply \$y;
            }
        }

        location /static { return 200 1; }
        location = /stub_status { stub_status; }
    }
CONF

$s->start;


sub peak {
    open my $f, '<', "/proc/$s->{pid}/status" or die "no memory of nginx: $!";
    local $/;

    return <$f> =~ /^VmHWM:\s+(\d+) kB/m ? $1 * 1024 : die "no memory\n";
}


my $json = 'Content-Type: application/json';
my $small = '[' . join(',', ('[1]') x ($size / 4)) . ']';
my $last = '[' . join(',', (1) x ($size / 2)) . ']';

$s->ask('POST /all', $json, \'[1]');

for my $case ([last => $last], [last => $small], [fetch => $last],
              [all => $small], [slice => $small], [each => $small],
              [find => $small])
{
    my ($name, $body) = @$case;

    # the peak stands: each may only add to that of those before
    my $before = peak();
    my $response = $s->ask("POST /$name", $json, \$body);

    is($response->{status}, $name eq 'fetch' ? 422 : 200, "/$name");
    cmp_ok(peak() - $before, '<=', $most, "memory of /$name") if $measured;
}


# the long one is under way before the short one is sent, and ends behind it

my $list = '[' . join(',', 1 .. $elements) . ']';
my $long = $s->connect;
my $short = $s->connect;

$s->request($short, 'GET /ping');
is($s->response($short)->{body}, '"pong"', 'ready');

$s->request($long, 'POST /many', $json, \$list);
$s->request($short, 'GET /ping');

is($s->response($short)->{body}, '"pong"', 'answered beside a long list');

my $response = $s->response($long);

is($response->{status}, 200, 'the long list');
is($response->{body}, '{"all": [' . join(',', (1) x $elements) . ']}',
   'all its elements, in order');

# what has ended is logged, in the order in which it did

ok($s->wait_for(sub { $s->count('logs/access.log', qr/POST \/many/) }),
   'both have ended');

my ($order) = $s->file('logs/access.log') =~ /ping.*(GET \/ping.*)/s;
like($order, qr/ping 200\nPOST \/many/, 'the short one has ended first');


# clients that leave while their list waits for its turn, or its time is over

for (1 .. 5) {
    my $gone = $s->connect;

    $s->request($gone, 'POST /many', $json, \$list);
    $s->request($short, 'GET /ping');
    $s->response($short);
    close $gone;
}

is($s->ask('POST /late', $json, \$list)->{status}, 504, 'out of time');

close $_ for $long, $short;
$s->is_idle;

$s->stop;
done_testing();
