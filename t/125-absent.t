# A database that is not there is told within its time, whatever it looks like;
# a restart is bridged; what waited for one connection is shared out.

use strict;
use warnings;

use lib 't/lib';

use EndpointPeer;
use EndpointPort;
use EndpointPostgres;
use EndpointServer;
use File::Temp qw(tempdir);
use Test::More;
use Time::HiRes qw(time);


my $pg = EndpointPostgres->new(sql => <<'SQL', conf => "max_connections = 20\n");
    CREATE TABLE notes (id serial, text text);
SQL

$pg->connect->sql('CREATE ROLE barred LOGIN CONNECTION LIMIT 0');

my $dir = tempdir(TMPDIR => 1, CLEANUP => 1);
my $silent = EndpointPeer->new(EndpointPeer::postgres('deaf', "$dir/never"));

my %absent = (
    refused => '127.0.0.1:' . EndpointPort::free(),
    silent => '127.0.0.1:' . $silent->port,
    socket => "unix:$dir/.s.PGSQL.5432",
);

my %user = (role => 'missing', limit => 'barred');

my $upstreams = join '', map { <<"CONF" } sort keys %absent;
    upstream $_ {
        server $absent{$_};
        endpoint_postgres "dbname=app user=app sslmode=disable" wait=300ms;
    }
CONF

$upstreams .= join '', map { <<"CONF" } sort keys %user;
    upstream $_ {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=$user{$_}" wait=300ms;
    }
CONF

$upstreams .= <<"CONF";
    upstream database {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=nothing user=app" wait=300ms;
    }
    upstream tls {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app sslmode=require" wait=300ms;
    }
    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=4 isolated=1 wait=30s;
    }
CONF

my @names = (sort(keys %absent, keys %user), 'database', 'tls');

my $endpoints = join '', map { <<"CONF" } @names;
            endpoint GET /$_/query { query_row \$r $_ "SELECT 1 AS x"; reply \$r; }
            endpoint GET /$_/isolated { query_row \$r $_ "SELECT 1 AS x" isolated; reply \$r; }
            endpoint GET /$_/transaction { transaction { query_row \$r $_ "SELECT 1 AS x"; } reply \$r; }
            endpoint GET /$_/default { query_row \$r $_ "SELECT 1 AS x" default=7; reply \$r; }
CONF

my $s = EndpointServer->new(http => $upstreams . <<"CONF" . <<'CONF');

    server {
        listen 127.0.0.1:%%PORT%%;
        endpoint_timeout 30s;

        location / {
            $endpoints
CONF
            endpoint GET /add/$x { query_row $r db "INSERT INTO notes (text) VALUES ($x) RETURNING text"; reply $r.text; }
            endpoint GET /pid/$x { query_row $r db "SELECT pg_backend_pid() AS pid, pg_sleep(0.2), $x::text AS x"; reply $r.pid; }
        }
    }
CONF

$s->start;

for my $name (@names) {
    for my $kind (qw(query isolated transaction)) {
        my $r = $s->ask("GET /$name/$kind");

        is($r->{status}, 503, "$name, $kind");
        like($r->{body}, qr/"\w+( 1)?: the database is not available"/,
             'its detail');
        like($r->{head}, qr/^Retry-After: 1\r$/m, 'and when to come again');
    }

    is($s->ask("GET /$name/default")->{body}, '7', "$name: default=");
}

for (['refused', qr/Connection refused/], ['silent', qr/does not answer|timed/],
     ['socket', qr/No such file/], ['role', qr/role "missing" does not exist/],
     ['limit', qr/too many connections for role/],
     ['database', qr/database "nothing" does not exist/],
     ['tls', qr/does not support SSL/])
{
    my ($name, $why) = @$_;

    ok($s->count('logs/error.log',
                 qr/endpoint "\/$name\/query": step "r": no server.*$why/),
       "$name: the step's line has the reason");
}


# a restart is bridged, and what waits for it is shared out

is($s->ask('GET /add/before')->{status}, 200, 'the server is there');

$pg->stop;

my @clients = map { $s->connect } 1 .. 16;
$s->request($clients[$_], "GET /pid/$_") for 0 .. 15;
$s->ask('GET /refused/default');

$pg->start;

my @answers = map { $s->response($_) } @clients;

is(join(' ', map { $_->{status} } @answers), join(' ', (200) x 16),
   'all are answered');

my %pids;
$pids{$_->{body}}++ for @answers;
cmp_ok(scalar keys %pids, '>', 1, 'not by the first connection alone')
    or diag explain \%pids;

$s->stop;
done_testing();
