# A server, or what stands between, that hangs, breaks off or talks nonsense.
# Meanwhile an instant endpoint answers, since a worker never waits.

use strict;
use warnings;

use lib 't/lib';

use EndpointPeer;
use EndpointPostgres;
use EndpointServer;
use Test::More;


my $pg = EndpointPostgres->new(tls => 1,
                               sql => 'CREATE TABLE notes (text text)');
my $address = $pg->address;

my $bytes = EndpointPeer->new(EndpointPeer::proxy($pg->port, 1, 1));
my $lost = $pg->dir . '/lost';
my $loser = EndpointPeer->new(EndpointPeer::proxy($pg->port, 9999, 9999,
                                                  $lost));
my $pieces = EndpointPeer->new(EndpointPeer::proxy($pg->port, 1, 3000));

my @sizes = map { ($_ - 1, $_, $_ + 1) } map { 1024 * $_ } 8, 16, 32, 64;
my @faults = ('half', 'silent', 'deaf', 'bytes', 'cut', 'reset', 'no sync',
              'junk', 'long', 'more', 'begun');
my (%peer, $upstreams, $endpoints);

my $go = $pg->dir . '/go';

for my $fault (@faults) {
    my $name = $fault =~ tr/ /_/r;

    # how long the test takes to come to one that never lets anybody in is not
    # what it is about

    my $wait = $fault eq 'deaf' ? ' wait=60s' : '';

    $peer{$name} = EndpointPeer->new(EndpointPeer::postgres($fault, $go));
    $upstreams .= <<"CONF";
    upstream $name {
        server 127.0.0.1:@{[ $peer{$name}->port ]};
        endpoint_postgres "dbname=app user=app sslmode=disable" connections=1$wait;
    }
CONF
    $endpoints .= <<"CONF";
            endpoint GET /$name { query \$r $name "SELECT x"; reply \$r; }
            endpoint GET /$name/timeout { query \$r $name "SELECT x" timeout=100ms; reply \$r; }
            endpoint GET /$name/isolated { query \$r $name "SELECT x" isolated; reply \$r; }
CONF
}

for my $way (['plain', $address, 'disable'], ['tls', $address, 'require'],
             ['pieces', '127.0.0.1:' . $pieces->port, 'disable'],
             ['tls_pieces', '127.0.0.1:' . $pieces->port, 'require'],
             ['bytes_', '127.0.0.1:' . $bytes->port, 'disable'],
             ['tls_bytes', '127.0.0.1:' . $bytes->port, 'require'])
{
    my ($name, $server, $mode) = @$way;

    $upstreams .= <<"CONF";
    upstream $name {
        server $server;
        endpoint_postgres "dbname=app user=app sslmode=$mode" connections=2;
    }
CONF
    $endpoints .= <<"CONF";
            endpoint GET /size/$name/\$n:int { query_row \$r $name "SELECT repeat('x', \$n::int) AS x"; reply \$r; }
            endpoint GET /rows/$name/\$n:int { query \$r $name "SELECT n, repeat('x', 100) AS x FROM generate_series(1, \$n::int) n"; reply \$r; }
            endpoint POST /echo/$name { body \$b:json; query_row \$r $name "SELECT length(\$b.x) AS n, md5(\$b.x) AS m"; reply \$r; }
            endpoint GET /ssl/$name { query_row \$r $name "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"; reply \$r.ssl; }
CONF
}

my $s = EndpointServer->new(http => <<"CONF" . $upstreams . <<'CONF1' . $endpoints . <<'CONF2');

    upstream db {
        server $address;
        endpoint_postgres "host=no-such-host.invalid dbname=app user=app sslmode=disable application_name=db" connections=2;
    }

    upstream loser {
        server 127.0.0.1:@{[ $loser->port ]};
        endpoint_postgres "dbname=app user=app sslmode=disable" connections=1 isolated=1;
    }
CONF

    client_max_body_size 4m;
    client_body_buffer_size 4m;
    endpoint_timeout 120s;
    endpoint_query_buffer 16m;

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /ping { reply '"pong"'; }
            endpoint GET /one { query_row $r db "SELECT 1 AS x"; reply $r; }
            endpoint GET /timeout { query_row $r db "SELECT 1 AS x" timeout=100ms; reply $r; }
            endpoint GET /add/$x { query_row $r loser "INSERT INTO notes VALUES ($x) RETURNING text"; reply $r; }
            endpoint GET /isolated/$x { query_row $r loser "INSERT INTO notes VALUES ($x) RETURNING text" isolated; reply $r; }
            endpoint GET /read/$x { query_row $r loser "SELECT $x::text AS text"; reply $r; }
            endpoint GET /idempotent/$x { query_row $r loser "INSERT INTO notes VALUES ($x) RETURNING text" idempotent; reply $r; }
            endpoint GET /transaction/$x {
                transaction { query_row $r loser "INSERT INTO notes VALUES ($x) RETURNING text"; }
                reply $r;
            }
            endpoint GET /pid { query_row $r db "SELECT pg_backend_pid() AS x"; reply $r.x; }
CONF1
        }
    }
CONF2


sub ask {
    my ($uri) = @_;

    my $client = $s->connect;

    $s->request($client, "GET $uri", 'Connection: close');

    return $client;
}


sub answer { $s->response($_[0], first => 1) }


sub is_alive {
    my ($name) = @_;

    my @status = map { $s->ask('GET /ping')->{status} } 1 .. 5;

    is("@status", '200 200 200 200 200', "$name: an instant endpoint answers");
}


sub backends {
    return map { $_->[0] } $pg->sql("SELECT pid FROM pg_stat_activity
                                     WHERE application_name = 'db'");
}


$s->start;

is($s->ask('GET /one')->{body}, '{"x":1}',
   'a host in the conninfo is for certificates, and never looked up');


# processes that are stopped

ok($pg->wait_for("SELECT count(*) = 2 FROM pg_stat_activity
                  WHERE application_name = 'db'"), 'two lanes');

my @pids = backends();

kill 'STOP', @pids;

my @clients = map { ask('/one') } 1 .. 5;

is_alive('SIGSTOP of the backends');
is($s->ask('GET /timeout')->{status}, 504, 'SIGSTOP: a query times out');
kill 'CONT', @pids;
is(answer($_)->{body}, '{"x":1}', 'SIGCONT: a query is answered')
    for @clients;

my $session = $pg->connect;

kill 'STOP', $pg->pid;
$session->sql("SELECT pg_terminate_backend($_)") for @pids;

@clients = map { ask('/one') } 1 .. 5;

is_alive('SIGSTOP of the postmaster');
is($s->ask('GET /timeout')->{status}, 504,
   'SIGSTOP of the postmaster: a query times out');
kill 'CONT', $pg->pid;
is(answer($_)->{body}, '{"x":1}',
   'SIGCONT of the postmaster: a query is answered') for @clients;


# an answer that is lost: nobody knows what was done, so it is not done again

for (['add', 502, 1], ['isolated', 502, 1], ['read', 502, 0],
     ['transaction', 502, 0], ['idempotent', 200, 2])
{
    my ($name, $status, $rows) = @$_;

    is($s->ask("GET /$name/before")->{body}, '{"text":"before"}',
       "$name: its connection is there");

    open my $f, '>', "$lost.new" or die "$lost: $!";
    print $f $name;
    close $f;
    rename "$lost.new", $lost or die "$lost: $!";

    is($s->ask("GET /$name/$name")->{status}, $status,
       "$name: its answer is lost");
    ok(!-e $lost, "$name: it was");
    is($s->ask("GET /$name/after")->{body}, '{"text":"after"}',
       "$name: the next one");
    is($pg->value("SELECT count(*) FROM notes WHERE text = '$name'"), $rows,
       "$name: is done " . ('never', 'once', 'twice')[$rows]);
}


# servers that hang

for my $fault (qw(half silent deaf)) {
    my @waiting = (ask("/$fault"), ask("/$fault/isolated"));

    is_alive($fault);
    is($s->ask("GET /$fault/timeout")->{status}, 504, "$fault: times out");

    push @clients, [ $fault, @waiting ];
}

open my $f, '>', $go or die "$go: $!";
close $f;

for my $client (grep { ref eq 'ARRAY' } @clients) {
    my ($fault, @waiting) = @$client;

    next if $fault eq 'deaf';

    is(answer($_)->{body}, '[{"x":"hello"}]', "$fault: goes on") for @waiting;
}


# servers that break off or talk nonsense

is($s->ask('GET /bytes')->{body}, '[{"x":"hello"}]', 'byte by byte');

for my $fault (qw(cut reset no_sync junk)) {
    for my $uri ("/$fault", "/$fault", "/$fault/isolated") {
        my $response = $s->ask("GET $uri");

        is($response->{status}, 502, "$uri: 502")
            or diag($response->{body});
        is($response->{body},
           '{"detail":"r: the connection to the database was lost"}',
           "$uri: what it says");
    }

    is_alive($fault);
}

# each connection leaves a transaction open behind its first query

for my $uri ('/begun', '/begun', '/begun/isolated') {
    is($s->ask("GET $uri")->{status}, 502,
       "$uri: a transaction is left open");
}

is($s->count('logs/error.log', qr/a query left its transaction open/), 3,
   'begun: the log says so');

for my $fault (qw(long more)) {
    my $response = $s->ask("GET /$fault/timeout");

    like($response->{status}, qr/^(?:200|502|504)$/, "$fault: an answer");
    is_alive($fault);
}

is($s->ask('GET /one')->{body}, '{"x":1}', 'the real one serves');


# sizes at which buffers end

for my $way (qw(plain tls pieces tls_pieces bytes_ tls_bytes)) {
    is($s->ask("GET /ssl/$way")->{body}, $way =~ /tls/ ? 'true' : 'false',
       "$way: as it should be");

    my @n = $way =~ /bytes/ ? (0, 1, 100, 8191 .. 8193)
            : (0, 1, map { ($_ - 40 .. $_ - 8, $_) } @sizes);
    my @wrong;

    for my $n (@n) {
        my $response = $s->ask("GET /size/$way/$n");

        push @wrong, $n
            if $response->{status} != 200
               || $response->{body} ne '{"x":"' . 'x' x $n . '"}';
    }

    is("@wrong", '', "$way: rows of " . @n . " sizes");

    my $n = $way =~ /bytes/ ? 100 : 10000;
    my $body = $s->ask("GET /rows/$way/$n")->{body};

    is(scalar(() = $body =~ /\{"n":\d+,"x":"x{100}"\}/g), $n,
       "$way: $n rows");

    for my $n ($way =~ /bytes/ ? 10000 : (@sizes, 3000000)) {
        my $response = $s->ask("POST /echo/$way",
                               'Content-Type: application/json',
                               \('{"x":"' . 'y' x $n . '"}'));

        like($response->{body}, qr/^\{"n":$n,"m":"[0-9a-f]{32}"\}$/,
             "$way: a parameter of $n bytes");
    }

    is_alive($way);
}


# what is slow on one connection holds up no other

my $slow = ask('/rows/bytes_/300');

is($s->ask('GET /rows/plain/3')->{status}, 200, 'rows meanwhile');
is_alive('a slow result');
is(scalar(() = answer($slow)->{body} =~ /"n":/g), 300, 'the slow result');

$s->stop;
done_testing();
