# What a server has committed is never sent a second time, however its end and
# the worker's next queries meet; what it had not begun is.

use strict;
use warnings;

use lib 't/lib';

use EndpointPostgres;
use EndpointServer;
use Test::More;


my $pg = EndpointPostgres->new(tls => 1, sql => <<'SQL');
    CREATE TABLE notes (id serial, text text);
SQL

my $s = EndpointServer->new(http => <<"CONF" . <<'CONF');

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app sslmode=disable" connections=1 isolated=1;
    }

    upstream tls {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app sslmode=require application_name=tls" connections=1 isolated=1;
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /ping { reply '"pong"'; }

            endpoint GET /lane/add/$x {
                query_row $r db "INSERT INTO notes (text) SELECT $x::text FROM pg_advisory_xact_lock_shared(7) RETURNING text";
                reply $r;
            }

            endpoint GET /lane/each/$x {
                arg $l:json=[1];
                query $r db "INSERT INTO notes (text) SELECT $x::text FROM pg_advisory_xact_lock_shared(7) WHERE $item::int = 1 RETURNING text" each=$l;
                reply $r[0][0];
            }

            endpoint GET /isolated/add/$x {
                query_row $r db "INSERT INTO notes (text) SELECT $x::text FROM pg_advisory_xact_lock_shared(7) RETURNING text" isolated;
                reply $r;
            }

            endpoint GET /tls/add/$x {
                query_row $r tls "INSERT INTO notes (text) SELECT $x::text FROM pg_advisory_xact_lock_shared(7) RETURNING text";
                reply $r;
            }
        }
    }
CONF

my $holder = $pg->connect('postgres', 'app');
my $watch = $pg->connect('postgres', 'app');

$s->start;


# The backends that wait for the lock.

sub waiting {
    return map { $_->[0] } $watch->sql(<<'SQL');
        SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
SQL
}


sub rows {
    my ($text) = @_;

    my ($row) = $watch->sql("SELECT count(*) FROM notes WHERE text = '$text'");

    return $row->[0];
}


for my $kind ('lane/add', 'lane/each', 'isolated/add', 'tls/add') {
    (my $text = $kind) =~ s{/}{-};
    my ($client, @more) = map { $s->connect } 0 .. 3;
    my @pids;

    for (@more) {
        $s->request($_, 'GET /ping');
        $s->response($_);
    }

    $holder->sql('SELECT pg_advisory_lock(7)');
    $s->request($client, "GET /$kind/$text");
    ok($s->wait_for(sub { @pids = waiting() }), "$kind: it is under way");

    # the answer, more queries, the goodbye and the end come all at once

    kill 'STOP', $s->{pid};

    # the queries first, as nginx finds them first

    $s->request($more[$_], "GET /$kind/$text-$_") for 0 .. 2;

    $holder->sql('SELECT pg_advisory_unlock(7)');
    ok($s->wait_for(sub { rows($text) }), 'it is committed');

    $watch->sql("SELECT pg_terminate_backend($_)") for @pids;
    ok($s->wait_for(sub { !grep { kill 0, $_ } @pids }),
       'its server process is gone');

    kill 'CONT', $s->{pid};

    is($s->response($client)->{status}, 200, 'its answer was read');
    is(rows($text), 1, 'it was executed once');

    is(join(' ', map { $s->response($_)->{status} } @more), '200 200 200',
       'the others are answered');
    is(join(' ', map { rows("$text-$_") } 0 .. 2), '1 1 1', 'once each');
}

$s->stop;
done_testing();
