# A server that says goodbye behind an answer: what is sent while that is on its
# way was not executed, and is sent again.

use strict;
use warnings;

use lib 't/lib';

use EndpointPeer;
use EndpointServer;
use File::Temp qw(tempdir);
use Test::More;


my $go = tempdir(TMPDIR => 1, CLEANUP => 1) . '/go';
my $peer = EndpointPeer->new(EndpointPeer::postgres('goodbye', $go));
my $port = $peer->port;

my $s = EndpointServer->new(http => <<"CONF" . <<'CONF');

    upstream db {
        server 127.0.0.1:$port;
        endpoint_postgres "dbname=app user=app sslmode=disable" connections=1;
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /ping { reply '"pong"'; }
            endpoint GET /act { query $r db "INSERT INTO x VALUES (1) RETURNING x"; reply $r; }
        }
    }
CONF

$s->start;

my @clients = map { $s->connect } 1 .. 3;

ok($s->wait_for(sub { -e "$go.asked" }), 'a connection is being made');
$s->request($_, 'GET /act', 'Connection: close') for @clients;
is($s->ask('GET /ping')->{status}, 200, 'queries wait for it');

# nginx finds the answer, the goodbye and the end all at once

kill 'STOP', $s->{pid};
EndpointPeer::touch($go);
ok($s->wait_for(sub { -e "$go.gone" }), 'the server is gone');
kill 'CONT', $s->{pid};

is(join(' ', map { $s->response($_, first => 1)->{status} } @clients),
   '200 200 200', 'all are answered');
ok($s->count('logs/error.log', qr/FATAL:  goodbye/),
   'the log has what the server said');

$s->stop;
done_testing();
