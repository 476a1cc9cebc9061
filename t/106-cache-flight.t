# Single flight over four workers: of all who miss one key, one fills it.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use Test::More;


my $s = cache_server(workers => 4, listen => 'reuseport', killed => 1,
                     endpoints => <<'CONF');

    endpoint GET /one/$id {
        log notice "arrived at one";
        cache cache $id;
        fetch $x /up/one/$id?wait=$id;
        reply '$x.n';
    }

    endpoint GET /failing/$id {
        log notice "arrived at failing";
        cache cache $id;
        fetch $x /up/failing/$id?wait=$id&status=500;
        reply '$x.n';
    }

    endpoint GET /guard/$id {
        log notice "arrived at guard";
        cache cache $id;
        fetch $x /up/guard/$id?wait=$id;
        require $x.y 409 "no: $x.n";
        reply '$x.n';
    }

    endpoint GET /patient/$id {
        fetch $x /up/step/$id?wait=$id cache=cache:$id;
        reply '$x.n';
    }

    endpoint GET /hurried/$id {
        timeout 300ms;
        fetch $x /up/step/$id?wait=$id cache=cache:$id;
        reply '$x.n';
    }

    endpoint GET /step/$id {
        log notice "arrived at step";
        fetch $x /up/step/$id?wait=$id cache=cache:$id;
        reply '$x.n';
    }

    endpoint GET /default/$id {
        fetch $x /up/step/$id?wait=$id cache=cache:$id timeout=300ms 'default={"n": 0}';
        reply '$x.n';
    }

    endpoint GET /replaced/$id {
        log notice "arrived at replaced";
        fetch $x /up/bad/$id?wait=$id&status=500 cache=cache:bad:$id 'default={"n": 0}';
        reply '$x.n';
    }

    endpoint GET /pid { reply '"$pid"'; }
CONF

$s->start;


# n clients ask; the answers come once the test has noted "go"

sub clients {
    my ($n, $uri) = @_;

    my ($what) = $uri =~ m{^/(\w+)};
    my $before = arrived($what);
    my @sockets;

    for (1 .. $n) {
        my $socket = $s->connect;

        $s->request($socket, "GET $uri", 'Connection: close');
        push @sockets, $socket;
    }

    $s->wait_for(sub { arrived($what) == $before + $n })
        or diag("only " . arrived($what) . " of $n arrived");

    return @sockets;
}


sub arrived {
    my ($what) = @_;

    return $s->count('logs/error.log', qr/arrived at $what\b/);
}


# how often each answer came

sub answers {
    my %answers;

    for my $socket (@_) {
        my $answer = $s->response($socket, first => 1);

        $answers{ $answer ? "$answer->{status} $answer->{body}" : 'none' }++;
        close $socket;
    }

    return \%answers;
}


sub workers {
    my ($s) = @_;

    return $s->file('logs/error.log') =~ /start worker process (\d+)/g;
}


# 1,000 clients of all workers

my @clients = clients(1000, '/one/a');

go($s, 'a');
is_deeply(answers(@clients), { '200 1' => 1000 }, '1,000 clients, one answer');
is(asked($s, '/one/a'), 1, 'for which the upstream was asked exactly once');

my %pids = map { $_ => 1 } $s->file('logs/error.log')
                           =~ /(\d+)#\d+: .*arrived at one/g;

is(scalar keys %pids, 4, 'they came to all four workers');
$s->wait_for(sub { my @lines = log_of($s, '/one/a'); @lines == 1000 });

my %said;

$said{$_}++ for log_of($s, '/one/a');

is_deeply(\%said, { MISS => 1, HIT => 999 }, 'one has missed');


# the same for a step

@clients = clients(200, '/step/b');

go($s, 'b');
is_deeply(answers(@clients), { '200 1' => 200 }, 'a step\'s value');
is(asked($s, '/step/b'), 1, 'for which the upstream was asked once');


# an error is everybody's, and nobody's afterwards

@clients = clients(100, '/failing/c');

go($s, 'c');
is_deeply(answers(@clients),
          { '502 {"detail":"x: the upstream answered with an error"}' => 100 },
          'a failure goes to those who wait');
is(asked($s, '/failing/c'), 1, 'and the upstream is not asked again');
get($s, '/failing/c');
is(asked($s, '/failing/c'), 2, 'until somebody else comes');

@clients = clients(50, '/guard/d');
go($s, 'd');
is_deeply(answers(@clients), { '409 {"detail":"no: 1"}' => 50 },
          'a guard below');
is(asked($s, '/guard/d'), 1, 'that held for all');

@clients = clients(50, '/replaced/e');
go($s, 'e');
is_deeply(answers(@clients), { '200 0' => 50 }, 'a default');
is(asked($s, '/bad/e'), 1, 'that took the place of one failure');


# the filler's client leaves: another takes over

my ($first) = clients(1, '/one/f');

$s->wait_line('events', qr{^asked /one/f$}m, 'one fills');
@clients = clients(20, '/one/f');
close $first;
$s->wait_for(sub { asked($s, '/one/f') == 2 });
is(asked($s, '/one/f'), 2, 'its client leaves, another one fills');
go($s, 'f');
is_deeply(answers(@clients), { '200 2' => 20 }, 'all get that answer');


# the filler's worker is killed: one who waits in another one takes over

($first) = clients(1, '/one/g');

$s->wait_line('events', qr{^asked /one/g$}m, 'one fills');

my ($pid) = reverse $s->file('logs/error.log')
            =~ /(\d+)#\d+: .*arrived at one/g;

@clients = clients(60, '/one/g');
kill 'KILL', $pid;
$s->wait_for(sub { asked($s, '/one/g') == 2 });
is(asked($s, '/one/g'), 2, 'its worker is killed, another one fills');
go($s, 'g');

my $answers = answers(@clients);

delete $answers->{none};

my ($left) = values %$answers;

is_deeply($answers, { '200 2' => $left }, 'all who are left get that answer');
is(asked($s, '/one/g'), 2, 'which was asked for once');
is(get($s, '/one/g')->{body}, '2', 'and is kept');
is($s->response($first, first => 1), undef, 'but not the first one');

$s->wait_line('logs/error.log', qr/process $pid exited on signal 9/,
              'the death is logged');


# nobody waits longer than the own time

my $patient = $s->connect;

$s->request($patient, 'GET /patient/h', 'Connection: close');
$s->wait_line('events', qr{^asked /step/h$}m, 'one fills slowly');

my $hurried = get($s, '/hurried/h');

is("$hurried->{status} $hurried->{body}", '504 {"detail":"x: timed out"}',
   'one has no time to wait');
is(get($s, '/default/h')->{body}, '0', 'one has a default for that');
go($s, 'h');
is($s->response($patient)->{body}, '1', 'the filler is not disturbed');
is(asked($s, '/step/h'), 1, 'and was the only one');

$s->stop;

done_testing();
