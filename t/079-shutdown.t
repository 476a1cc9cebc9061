# A worker that is to exit ends what has acted, too, when worker_shutdown_timeout
# is over: with a client that stays, or has left, over HTTP/1 and HTTP/2.

use strict;
use warnings;

use lib 't/lib';

use EndpointHttp2;
use EndpointPort;
use EndpointServer;
use Test::More;


plan skip_all => 'it reloads by itself' if $ENV{TEST_NGINX_USE_HUP};

my $port = EndpointPort::free();

my $s = EndpointServer->new(workers => 1,
                            main => 'worker_shutdown_timeout 1s;',
                            http => <<"CONF");

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:$port http2;

        location / {
            endpoint_timeout 900s;

            endpoint GET /ping { reply '"pong"'; }
            endpoint POST /act/\$name {
                fetch POST /up/\$name;
                sleep 600s;
                reply 1;
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location = /stub_status { stub_status; }
    }
CONF

$s->upstream(sub {
    my ($socket, $request) = @_;

    $s->note_event("asked $request->{uri}");

    return EndpointServer::answer($socket, 200, '1');
});

$s->start;


sub workers {
    open my $f, '<', "/proc/$s->{pid}/task/$s->{pid}/children" or return -1;

    return scalar(() = <$f> =~ /\d+/g);
}


# clients that stay, those that leave before, and those that leave when it is
# about to exit

my @stay = (EndpointHttp2->new($port), $s->connect);
my @leave = (EndpointHttp2->new($port), $s->connect);
my @late = (EndpointHttp2->new($port), $s->connect);
my $reset = EndpointHttp2->new($port);

for (['stay', @stay], ['leave', @leave], ['late', @late]) {
    my ($name, $h2, $h1) = @$_;

    $h2->request('POST', "/act/$name");
    $s->request($h1, "POST /act/$name");
}

my $id = $reset->request('POST', '/act/reset');

ok($s->wait_for(sub { $s->count('events', qr/^asked/m) == 7 }), 'all have acted');

close $leave[0]{socket};
close $leave[1];
$reset->reset($id);
is($s->ask('GET /ping')->{body}, '"pong"', 'some have left');

$s->reload;
$s->wait_line('logs/error.log', qr/gracefully shutting down/, 'it is to exit');
close $late[0]{socket};
close $late[1];

ok($s->wait_for(sub { workers() == 1 }), 'it has gone')
    or diag($s->file('logs/error.log'));

is($s->ask('GET /ping')->{body}, '"pong"', 'the new one serves');

close $stay[0]{socket};
close $stay[1];
$s->is_idle;
$s->stop;

done_testing();
