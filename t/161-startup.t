# Startup: one worker runs it for each load of the configuration, endpoints of
# its server wait for it and nothing else does, and what comes of a failure.

use strict;
use warnings;

use lib 't/lib';

use EndpointHttp2;
use EndpointPort;
use EndpointPostgres;
use EndpointServer;
use IO::Select;
use Test::More;


my %port = map { $_ => EndpointPort::free() }
           qw(h2 free fails late both);

my $fetched = <<'CONF';
        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }
CONF

my $s = EndpointServer->new(workers => 4, http => <<"CONF");

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:$port{h2} http2;
        $fetched

        startup timeout=60s {
            fetch \$own /own;
            fetch \$x POST /up/start '{}' after=\$own;
            log warn "started \$own \$x.n";
        }

        location / {
            endpoint GET /own { reply '"own"'; }

            endpoint GET /now/\$id {
                fetch \$x /up/now/\$id;
                reply '\$x.n';
            }

            endpoint POST /now/\$id {
                body \$b:json;
                fetch \$x /up/now/\$id;
                reply '[\$x.n, \$b]';
            }

            endpoint_fallback \@static;
        }

        location \@static { return 200 static; }
        location = /other { return 200 other; }
    }

    server {
        listen 127.0.0.1:$port{free};
        location / { endpoint GET /now/\$id { reply '"free"'; } }
    }

    server {
        listen 127.0.0.1:$port{fails};
        $fetched
        startup { fetch POST /up/fails '{}'; }
        location / { endpoint GET /now/\$id { reply '"without"'; } }
    }

    server {
        listen 127.0.0.1:$port{late};
        $fetched
        startup timeout=300ms { fetch POST /up/silent '{}'; }
        location / { endpoint GET /now/\$id { reply '"late"'; } }
    }

    server {
        listen 127.0.0.1:$port{both};
        $fetched
        startup { log warn "first of two"; }
        startup { log warn "second of two"; }
        location / { endpoint GET /now/\$id { reply '"both"'; } }
    }
CONF


# "start" is answered when the test has noted "go" once for each of them

$s->upstream(sub {
    my ($socket, $request) = @_;
    my ($what) = $request->{uri} =~ m{^/(.*)};

    $s->note_event("asked $what");

    my $n = events(qr/^asked \Q$what\E$/m);

    if ($what eq 'start') {
        $s->wait_for(sub { events(qr/^go$/m) >= $n
                           || IO::Select->new($socket)->can_read(0) });
        $s->note_event('started');
    }

    if ($what eq 'silent') {
        EndpointServer::closed($socket);
        return 0;
    }

    return EndpointServer::answer($socket, $what eq 'fails' ? 500 : 200,
                                  "{\"n\": $n}");
});

$s->start;

sub events { $s->count('events', $_[0]) }
sub log_count { $s->count('logs/error.log', $_[0]) }

sub at {
    my ($name, $line, @more) = @_;

    local $s->{port} = $port{$name};

    return $s->ask($line, @more);
}


# those that come before it has ended

my @sockets;

for my $id (1 .. 20) {
    my $socket = $s->connect;

    $s->request($socket, "GET /now/$id", 'Connection: close');
    push @sockets, $socket;
}

my $post = $s->connect;

$s->request($post, 'POST /now/post', 'Connection: close', 'Content-Length: 7',
            'Content-Type: application/json');

my $gone = $s->connect;

$s->request($gone, 'GET /now/gone');

my $h = EndpointHttp2->new($port{h2});
my ($stream, $reset) = map { $h->request('GET', "/now/$_") } qw(h2 reset);

ok($s->wait_for(sub { events(qr/^asked start$/m) == 1 }), 'a startup begins');
is($s->ask('GET /other')->{body}, 'other', 'another location does not wait');
is($s->ask('GET /static')->{body}, 'static', 'nor what is no endpoint');
is(at(free => 'GET /now/1')->{body}, '"free"', 'nor another server');
is($s->ask('GET /other')->{body}, 'other', 'and goes on');

close $gone;
$h->reset($reset);
$s->wait_line('logs/error.log', qr{prematurely closed.*/now/gone},
              'a client that waits may leave');
syswrite $post, '{"a":1}';
is(events(qr/^asked now/m), 0, 'no endpoint has run');
$s->note_event('go');

is_deeply([map { $s->response($_, first => 1)->{body} } @sockets],
          [(1) x 20], 'then they are served');
is($s->response($post)->{body}, '[1, {"a":1}]', 'one with a body too');
is($h->response($stream)->{body}, '1', 'one of HTTP/2 too');
unlike($s->file('events'), qr/^asked now(?s:.*)^started/m,
       'after the startup');
is(events(qr/^asked now.(gone|reset)$/m), 0, 'who has left is not served');
is(log_count(qr/\[warn\].*: started own 1 while running startup at line \d/),
   1, 'it has run once, and fetched an endpoint of its server');
is($s->ask('GET /now/again')->{body}, '1', 'later ones do not wait');


# failures

is(at(fails => 'GET /now/1')->{body}, '"without"', 'a failed one is left');
$s->wait_line('logs/error.log', qr/\[error\].*ended with 502, endpoints of this/,
              'which is logged');
is(at(late => 'GET /now/1')->{body}, '"late"', 'one that is late too');
$s->wait_line('logs/error.log', qr/\[error\].*ended with 504, endpoints of this/,
              'which is logged');
is(at(both => 'GET /now/1')->{body}, '"both"', 'a server has two');
is(log_count(qr/: (first|second) of two/), 2, 'each of which has run');


# a reload runs it once more, a worker that dies leaves it to another

$h->close;
$s->{killed} = 1;
$s->reload;
ok($s->wait_for(sub { events(qr/^asked start$/m) == 2 }), 'a reload');

$s->wait_for(sub { log_count(qr/worker process \d+ exited/) >= 4 });

my $socket = $s->connect;

$s->request($socket, 'GET /now/reload', 'Connection: close');

# the newest worker whose connection to the upstream waits

my @workers = ($s->file('logs/error.log') =~ /start worker process (\d+)/g)[-4 .. -1];

my $pid;

$s->wait_for(sub { my @found = grep { holds($_) } @workers;
                   ($pid) = @found; @found == 1 });

sub holds {
    my ($pid) = @_;

    my $links = join ' ', map { readlink($_) // '' } glob "/proc/$pid/fd/*";
    my %inode = map { $_ => 1 } $links =~ /socket:\[(\d+)\]/g;
    my $up = sprintf ':%04X', $s->{up};

    open my $f, '<', '/proc/net/tcp' or return;

    return grep { my @f = split; $f[2] =~ /$up$/ && $inode{ $f[9] } } <$f>;
}

ok($pid, 'the worker that runs it is found');
kill 'KILL', $pid if $pid;
ok($s->wait_for(sub { events(qr/^asked start$/m) == 3 }),
   'is killed: another one runs it');
$s->wait_line('logs/error.log',
              qr/startup at line \d+ is run again: the worker that ran it died/,
              'which is logged');
$s->note_event('go') for 1 .. 2;
$s->wait_for(sub { log_count(qr/: started own 3/) });
is($s->ask('GET /now/after')->{body}, '1', 'endpoints are served');
is(events(qr/^asked start$/m), 3, 'it runs no more');
is(log_count(qr/: (first|second) of two/), 4, 'others have run again too');

$s->stop;


# without a master

my $t = EndpointServer->new(http => <<'CONF');
    server {
        listen 127.0.0.1:%%PORT%%;
        startup { sleep 50ms; log warn "alone"; }
        location / { endpoint GET /x { reply '"x"'; } }
    }
CONF

$t->start;
is($t->ask('GET /x')->{body}, '"x"', 'without a master');
is($t->count('logs/error.log', qr/: alone while running startup/), 1,
   'it has run before');
$t->stop;


# one that is required: before the workers, or not at all

sub required {
    my ($status, %opt) = @_;

    my $t = EndpointServer->new(workers => 2, %opt, http => <<'CONF');

    endpoint_cache_zone zone=warm:1m entries=10 ttl=1h;

    server {
        listen 127.0.0.1:%%PORT%%;

        startup required timeout=10s {
            fetch $x POST /up/needed '{}';
            fetch $y /warm after=$x;
            log warn "needed $x.n $y";
        }

        startup { log warn "not needed"; }

        location / {
            endpoint GET /x { reply '"x"'; }
            endpoint GET /warm {
                cache warm all;
                fetch $x /up/warm;
                reply $x.n;
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }
    }
CONF

    $t->upstream(sub {
        my ($socket, $request) = @_;

        $t->note_event("asked $request->{uri}");

        my ($now) = reverse $status, $t->file('events') =~ /^status (\d+)$/mg;

        return EndpointServer::answer($socket, $now, '{"n": 1}');
    });

    return $t;
}

$t = required(200);
$t->start;
is($t->ask('GET /x')->{body}, '"x"', 'a required one has run');
like($t->file('logs/error.log'),
     qr/needed 1 1 while running startup.*start worker process/s,
     'before there are workers');
is($t->count('logs/error.log', qr/: needed 1 1 while/), 1, 'once');
is($t->ask('GET /warm')->{body}, '1', 'what it has kept in a cache');
is($t->count('events', qr{^asked /warm$}m), 1, 'is there');
$t->wait_line('logs/error.log', qr/: not needed while/, 'and another one');

my ($worker) = $t->file('logs/error.log') =~ /start worker process (\d+)/;

$t->note_event('status 500');
$t->{allow} = qr/\[emerg\].*a[ ]startup[ ]that[ ]is[ ]required[ ]has[ ]failed/x;
$t->reload;
$t->wait_line('logs/error.log', qr/\[emerg\].*a startup that is required has/,
              'where it fails, a reload does');
$t->wait_line('logs/error.log',
              qr/\[error\].*the run ended with 502 while running startup at/,
              'which is logged');
is($t->ask('GET /x')->{body}, '"x"', 'endpoints are served');
ok(kill(0, $worker), 'by the workers that there were');
is($t->count('logs/error.log', qr/: not needed while/), 1,
   'the others do not run');
$t->note_event('status 200');
$t->reload;
ok($t->wait_for(sub { $t->count('logs/error.log', qr/start worker process \d/)
                      == 4 }), 'the next reload can be well');
is($t->ask('GET /x')->{body}, '"x"', 'and is');
$t->stop;

# at the start

sub started {
    my ($t) = @_;

    my $nginx = $ENV{TEST_NGINX_BINARY} || 'nginx';
    my $out = `$^X -e 'open STDERR, ">&STDOUT"; exec \@ARGV' -- $nginx @{[
        "-p $t->{dir} -c $t->{dir}/nginx.conf" ]}`;

    return ($? >> 8, $out);
}

$t = required(500);

my ($code, $out) = started($t);

is($code, 1, 'where it fails, nginx does not start');
like($out, qr/\[emerg\] .*a startup that is required has failed/, 'and says so');
unlike($t->file('logs/error.log'), qr/start worker/, 'there was no worker');

system(($ENV{TEST_NGINX_BINARY} || 'nginx')
       . " -t -q -p $t->{dir} -c $t->{dir}/nginx.conf");
is($?, 0, 'a test of the configuration does not run it');
is($t->count('events', qr{^asked /needed}m), 1, 'indeed');

# its time is over; and a statement, whose connections are the process's own

$t = EndpointServer->new(workers => 2, http => <<'CONF');
    server {
        listen 127.0.0.1:%%PORT%%;
        startup required timeout=200ms { sleep 1h; }
    }
CONF

($code, $out) = started($t);

is($code, 1, 'nor where its time is over');
like($t->file('logs/error.log'), qr/the run ended with 504 while running startup/,
     'which is logged');

# its process is killed

$t = EndpointServer->new(workers => 2, http => <<'CONF');
    server {
        listen 127.0.0.1:%%PORT%%;
        startup required { log warn "begins"; sleep 1h; }
    }
CONF

my $master = fork // die "fork: $!";

if ($master == 0) {
    open STDERR, '>', "$t->{dir}/logs/stderr";
    exec $ENV{TEST_NGINX_BINARY} || 'nginx', '-p', $t->{dir}, '-c',
         "$t->{dir}/nginx.conf";
}

$t->wait_line('logs/error.log', qr/: begins while running startup/,
              'a process runs it');

my ($process) = $t->file('logs/error.log') =~ /\[warn\] (\d+)#\d+: begins/;

isnt($process, $master, 'that is not the master');
kill 'KILL', $process;
waitpid $master, 0;
is($? >> 8, 1, 'where it is killed, nginx does not start');
like($t->file('logs/stderr'), qr/\[emerg\].*exited on signal 9/, 'and says so');

my $pg = EndpointPostgres->new;

$t = EndpointServer->new(workers => 2, http => <<"CONF");
    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=2;
    }

    server {
        listen 127.0.0.1:%%PORT%%;

        startup required {
            query db "CREATE TABLE started AS SELECT 7 AS n";
        }

        location / {
            endpoint GET /x {
                query_row \$row db "SELECT n FROM started";
                reply \$row.n;
            }
        }
    }
CONF

$t->start;
is($t->ask('GET /x')->{body}, '7', 'a table is there before the workers');
$t->stop;

$t = required(200, workers => undef);
$t->start;
is($t->ask('GET /x')->{body}, '"x"', 'without a master too');
$t->stop;


# what is wrong is said with file and line

sub refused {
    my ($startup, $said, $name) = @_;
    my $t = EndpointServer->new(http => <<"CONF");
    server {
        listen 127.0.0.1:%%PORT%%;
        $startup
    }
CONF

    my $out = `$^X -e 'open STDERR, ">&STDOUT"; exec \@ARGV' -- @{[
        $ENV{TEST_NGINX_BINARY} || 'nginx'
    ]} -t -p $t->{dir} -c $t->{dir}/nginx.conf -e stderr`;

    like($out, qr/\[emerg\].*$said.*nginx\.conf:\d+/, $name);
}

refused('startup { }', '"startup" has no step', 'an empty block');
refused('startup timeout=0 { log warn "x"; }',
        'invalid parameter "timeout=0" of "startup", there are timeout=TIME and '
        . 'required', 'no timeout');
refused('startup often { log warn "x"; }', 'invalid parameter "often"',
        'another parameter');
refused('startup { log warn "$uri"; }',
        'variable "\$uri" in a startup, which has no request',
        'a variable of a request');
refused('startup { reply 204; }', '"reply" directive is not allowed here',
        'a reply');
refused('location / { startup { log warn "x"; } }',
        '"startup" directive is not allowed here', 'another place');

done_testing();
