# What the log hears of a server that is lost: that it is, and that it is back.

use strict;
use warnings;

use lib 't/lib';

use EndpointPeer;
use EndpointPostgres;
use EndpointServer;
use File::Temp qw(tempdir);
use Test::More;


my $pg = EndpointPostgres->new;
my $dir = tempdir(TMPDIR => 1, CLEANUP => 1);
my ($tries, $go) = map { "$dir/$_" } qw(tries go);

# breaks off until the test makes the file

my $peer = EndpointPeer->new(sub {
    open my $f, '>>', $tries or die "$tries: $!";
    syswrite $f, '.';
    EndpointPeer::proxy($pg->port, 1, 65536)->(@_) if -e $go;
});
my $port = $peer->port;

my $s = EndpointServer->new(http => <<"CONF" . <<'CONF');

    upstream db {
        server 127.0.0.1:$port;
        endpoint_postgres "dbname=app user=app" connections=3;
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /one { query_row $r db "SELECT 1 AS x"; reply $r; }
        }
    }
CONF

my $lost = qr/\[(?:error|warn)\] .*postgres 127\.0\.0\.1:$port: /;
my $back = qr/\[notice\] .*postgres 127\.0\.0\.1:$port: connected again, (\d+) more failures were not logged/;


sub lines {
    my $log = $s->file('logs/error.log');

    return (scalar(() = $log =~ /$lost/g), scalar(() = $log =~ /$back/g));
}


# A connection may see its end when another is back already, which is a loss of
# its own.

my $seen = 0;

sub all_are_back {
    my ($name) = @_;

    ok($s->wait_for(sub { my ($l, $b) = lines(); $l > $seen && $l == $b }),
       "$name: the log has it, and that the server is back");

    ok($pg->wait_for("SELECT count(*) = 3 FROM pg_stat_activity
                      WHERE application_name = 'nginx' AND state = 'idle'"),
       "$name: all connections are back");
    is($s->ask('GET /one')->{body}, '{"x":1}', "$name: and work");

    my ($losses) = lines();

    cmp_ok($losses, '<=', $seen + 3, "$name: not more than the connections");

    $seen = $losses;
}


# a server that is not there

$s->start;
ok($s->wait_for(sub { (-s $tries // 0) >= 12 }), 'a server breaks off');
is_deeply([lines()], [1, 0], 'one line of all that');

open my $f, '>', $go or die "$go: $!";
close $f;

all_are_back('after many tries');

my ($muted) = $s->file('logs/error.log') =~ $back;

cmp_ok($muted, '>=', 11, 'tries that the log does not have');


# one that goes and comes back

$pg->restart('INT');
all_are_back('a restart');

$pg->restart('QUIT');
all_are_back('an immediate restart');

kill 'KILL', ($pg->lanes)[0];
all_are_back('kill -9 of a backend');

$pg->sql("SELECT pg_terminate_backend(" . ($pg->lanes)[0] . ")");
all_are_back('pg_terminate_backend');

$s->stop;
done_testing();
