# The connections of a worker: full ones, lost ones, and ones that are not there
# yet.

use strict;
use warnings;

use lib 't/lib';

use EndpointLoad;
use EndpointPostgres;
use EndpointServer;
use Test::More;


my $pg = EndpointPostgres->new(sql => <<'SQL');
    CREATE TABLE notes (id serial, text text);
    CREATE TABLE users (id int PRIMARY KEY, name text);

    INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 100) n;

    CREATE FUNCTION note(t text) RETURNS int LANGUAGE sql AS
        'INSERT INTO notes (text) VALUES (t) RETURNING id';
SQL

my $later = EndpointPostgres->new;

$later->stop;

my $address = $pg->address;
my $dead = EndpointPort::free();

my $s = EndpointServer->new(http => <<"CONF" . <<'CONF');

    upstream db {
        server $address;
        endpoint_postgres "dbname=app user=app" connections=3 isolated=2;
    }

    upstream narrow {
        server $address;
        endpoint_postgres "dbname=app user=app application_name=narrow" connections=1 pipeline=2 queue=3 isolated=1;
    }

    upstream none {
        server $address;
        endpoint_postgres "dbname=app user=app application_name=none" connections=1 pipeline=1 queue=0;
    }

    upstream backup {
        server 127.0.0.1:$dead;
        server 127.0.0.1:$dead down;
        server $address backup;
        endpoint_postgres "dbname=app user=app application_name=backup" connections=2;
    }

    upstream later {
        server @{[ $later->address ]};
        endpoint_postgres "dbname=app user=app application_name=later" connections=2 wait=60s;
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /ping { reply '"pong"'; }

            endpoint GET /user/$id:int { query_row $u db "SELECT id, name FROM users WHERE id = $id"; reply $u; }
            endpoint GET /users { query $u db "SELECT id FROM users ORDER BY id"; reply '$u[*].id'; }
            endpoint GET /add/$x { query_row $n db "INSERT INTO notes (text) VALUES ($x) RETURNING text"; reply $n; }
            endpoint GET /transaction/$x {
                transaction {
                    query_row $n db "INSERT INTO notes (text) VALUES ($x) RETURNING text";
                    query_row $m db "INSERT INTO notes (text) VALUES ($x || '+') RETURNING text";
                }
                reply $n;
            }
            endpoint GET /isolated/$id:int { query_row $u db "SELECT id, name FROM users WHERE id = $id" isolated; reply $u; }
            endpoint GET /wake/$n:int { query_row $r db "SELECT pg_sleep(0.01 * ($n::int % 3)), $n::int AS n" isolated; reply '$r.n'; }
            endpoint GET /backup { query_row $r backup "SELECT 1 AS x"; reply $r; }
            endpoint GET /later { query_row $r later "SELECT 1 AS x"; reply $r; }

            endpoint GET /lock/$n:int { query_row $r narrow "SELECT pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1), $n::int AS n"; reply '$r.n'; }
            endpoint GET /note/$n { query_row $r narrow "SELECT note($n) AS id, $n::text AS n"; reply '$r.n'; }
            endpoint GET /short { query_row $r narrow "SELECT note('short') AS id" timeout=100ms; reply $r; }
            endpoint GET /single/$n:int { query_row $r narrow "SELECT pg_advisory_lock_shared(2), pg_advisory_unlock_shared(2), $n::int AS n" isolated; reply '$r.n'; }
            endpoint GET /none/$n:int { query_row $r none "SELECT pg_advisory_lock_shared(3), pg_advisory_unlock_shared(3), $n::int AS n"; reply '$r.n'; }
        }
    }
CONF

my $holder = $pg->connect('postgres', 'app');


# a request that nginx has taken before this returns

sub ask {
    my ($uri) = @_;

    my $client = $s->connect;

    $s->request($client, "GET $uri", 'Connection: close');
    $s->ask('GET /ping')->{status} == 200 or die 'no pong';

    return $client;
}


sub body { $s->response($_[0], first => 1)->{body} }


sub notes {
    return join ' ', map { $_->[0] } $pg->sql(
        "SELECT text FROM notes WHERE text LIKE '$_[0]%' ORDER BY id");
}


sub lock   { $holder->sql("SELECT pg_advisory_lock($_[0])") }
sub unlock { $holder->sql("SELECT pg_advisory_unlock($_[0])") }


sub is_full {
    my ($uri, $name) = @_;

    my $response = $s->ask("GET $uri");

    is($response->{status}, 503, $name);
    like($response->{head}, qr/^Retry-After: 1\r$/m, "$name: Retry-After");
    is($response->{body},
       '{"detail":"r: the queue for the database is full"}',
       "$name: what it says");
}


$s->start;


# a full queue; a lane that is not connected yet takes nothing

is($s->ask('GET /lock/0')->{body}, '0', 'a lane');
lock(1);

my @clients = map { ask("/lock/$_") } 1 .. 5;

is_full('/lock/6', 'pipeline and queue are full');
is_full('/lock/7', 'and stay so');
is($s->ask('GET /user/1')->{status}, 200, 'another upstream has its own');

unlock(1);
is(join(' ', map { body($_) } @clients), '1 2 3 4 5', 'the others answer');
is($s->ask('GET /lock/8')->{body}, '8', 'then there is room again');

# the first brings its connection about

is($s->ask('GET /single/0')->{body}, '0', 'an isolated connection');
lock(2);
@clients = map { ask("/single/$_") } 1 .. 4;
is_full('/single/5', 'the queue for isolated connections is full');
is($s->ask('GET /lock/9')->{body}, '9', 'that for lanes is not');
unlock(2);
is(join(' ', map { body($_) } @clients), '1 2 3 4', 'one after the other');

# until its lane is connected there is no place at all

$s->wait_for(sub { $s->ask('GET /none/0')->{status} == 200 });
lock(3);
@clients = map { ask("/none/$_") } 1;
is_full('/none/2', 'no queue at all');
unlock(3);
is(body($clients[0]), '1', 'a pipeline of one');


# a client that leaves, and a time that is over

lock(1);
@clients = (ask('/lock/1'), ask('/lock/2'), ask('/note/queued'));
close $clients[2];
is($s->ask('GET /short')->{body}, '{"detail":"r: timed out"}',
   'a query times out in the queue');
is($s->ask('GET /ping')->{status}, 200, 'a client leaves');
push @clients, ask('/note/behind');
unlock(1);
is(body($clients[0]) . body($clients[1]) . body($clients[3]), '12"behind"',
   'those that stayed have their answers');
is(notes('queued') . notes('short'), '',
   'what was in the queue has never run');

lock(1);
@clients = (ask('/lock/1'), ask('/note/sent'));
close $clients[1];
is($s->ask('GET /ping')->{status}, 200, 'a client leaves');
unlock(1);
is(body($clients[0]), '1', 'its neighbour');
is($s->ask('GET /note/after')->{body}, '"after"', 'and the next');
is(notes('sent'), 'sent', 'what was sent runs on, for nobody');


# a server that says goodbye has done nothing of what it was asked, so that it
# is asked again

lock(1);
@clients = map { ask("/lock/$_") } 1 .. 4;
$pg->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = 'narrow'");
ok($pg->wait_for("SELECT count(*) FROM pg_locks WHERE NOT granted
                  AND locktype = 'advisory' AND objid = 1"),
   'pg_terminate_backend: the query runs on another connection');
unlock(1);
is(join(' ', map { body($_) } @clients), '1 2 3 4',
   'pg_terminate_backend: all of them answer');


# a late cancel hits nobody else

my $load = EndpointLoad->new($s, 2, sub { 'GET /isolated/' . (length $_[0]) });

for my $n (1 .. 100) {
    my $client = $s->connect;

    $s->request($client, "GET /wake/$n", 'Connection: close');
    Time::HiRes::sleep(0.0005 * ($n % 40));
    close $client;
}

my @answers = $load->stop;

is(scalar(grep { $_->{status} != 200 } @answers), 0,
   'a storm of clients that leave: neighbours do not notice')
    or diag(EndpointLoad::summary(@answers));
unlike($s->file('logs/error.log'), qr/57014/, 'no query is cancelled');


# the next server

is($s->ask('GET /backup')->{body}, '{"x":1}', 'the backup serves');


# a server that is not there yet

my $client = $s->connect;

$s->request($client, 'GET /later', 'Connection: close');
$s->wait_line('logs/error.log',
              qr/postgres \Q@{[ $later->address ]}\E: connect failed/,
              'no server yet');
$later->start;
is(body($client), '{"x":1}', 'a query waits until there is one');
$later->stop;


# connections that are lost while it works

sub storm {
    my ($name, $act, %opt) = @_;

    my $tag = $name =~ tr/a-zA-Z0-9//cdr;

    $load = EndpointLoad->new($s, 6, sub {
        my ($client, $n) = split /-/, $_[0];

        return ("GET /user/$client", "GET /add/$tag-$_[0]", 'GET /users',
                "GET /isolated/$client", "GET /transaction/$tag-$_[0]")
               [$n % 5];
    });

    $load->wait_more(100);

    for (1 .. $opt{times}) {
        $act->();
        $load->wait_more(60);
    }

    ok($load->wait_more(100), "$name: work goes on");

    my @answers = $load->stop;
    my (@wrong, @acknowledged, @status);

    for my $answer (@answers) {
        my ($client, $n) = split /-/, $answer->{id};
        my ($status, $body) = @$answer{qw(status body)};
        my $row = qr/^\{"id":$client,"name":"user $client"\}$/;
        my $note = qr/^\{"text":"$tag-$answer->{id}"\}$/;
        my $list = '[' . join(',', 1 .. 100) . ']';
        my $right = ($row, $note, qr/^\Q$list\E$/, $row, $note)[$n % 5];

        push @acknowledged, "$tag-$answer->{id}"
            if $status == 200 && ($n % 5 == 1 || $n % 5 == 4);
        push @status, $status;
        push @wrong, "$answer->{id} $status $body"
            unless $status == 200 ? $body =~ $right
                   : $status =~ $opt{may} && ($n % 5 == 4 || !$opt{orderly})
                     && $body =~ /^\{"detail":".*"\}$/;
    }

    is(join("\n", @wrong[0 .. ($#wrong < 5 ? $#wrong : 5)]), '',
       "$name: every request is answered right, or with a clear error")
        or diag(EndpointLoad::summary(@answers));

    my ($rows) = $pg->sql("SELECT count(*), count(DISTINCT text) FROM notes
                           WHERE text LIKE '$tag-%'");

    is($rows->[0], $rows->[1], "$name: nothing is inserted twice");

    my %there = map { $_->[0] => 1 }
                $pg->sql("SELECT text FROM notes WHERE text LIKE '$tag-%'");
    my @lost = grep { !$there{$_} } @acknowledged;

    is("@lost", '', "$name: nothing that was acknowledged is lost");

    my @half = $pg->sql("SELECT text FROM notes a
        WHERE text LIKE '$tag-%+' AND NOT EXISTS
              (SELECT FROM notes b WHERE b.text || '+' = a.text)");

    is(scalar @half, 0, "$name: no transaction is done by half");
    note("$name: ", EndpointLoad::summary(@answers));
}


# a server that ends its connections in order has all but transactions repeated

storm('terminate', sub {
    my @pids = $pg->lanes("pid <> pg_backend_pid()");

    $pg->sql("SELECT pg_terminate_backend($_)") for @pids[0 .. 1];
}, times => 10, may => qr/^502$/, orderly => 1);

storm('kill -9 of a backend', sub {
    my ($pid) = $pg->lanes;

    $pg->crash($pid) if $pid;
}, times => 3, may => qr/^50[234]$/);

storm('fast restart', sub { $pg->restart('INT') }, times => 3,
      may => qr/^50[234]$/);

storm('immediate restart', sub { $pg->restart('QUIT') }, times => 3,
      may => qr/^50[234]$/);

storm('kill -9 of the postmaster', sub { $pg->restart('KILL') }, times => 2,
      may => qr/^50[234]$/);

is($s->ask('GET /user/7')->{body}, '{"id":7,"name":"user 7"}',
   'afterwards all is well');
ok($pg->wait_for("SELECT count(*) = 0 FROM pg_stat_activity WHERE state LIKE
                  '%transaction%' AND application_name = 'nginx'"),
   'no transaction is left open');
ok($pg->wait_for("SELECT count(*) BETWEEN 3 AND 5 FROM pg_stat_activity
                  WHERE application_name = 'nginx'"),
   'all lanes are back, and no more');

$s->stop;
done_testing();
