# What becomes of the values when processes come and go.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use CacheZone;
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(sleep);


# what takes its time inside the lock: to evict and to set many chunks

my $times = 150;
my $endpoints = <<'CONF' . <<"PAD";

    endpoint GET /user/$id {
        cache cache $id;
        fetch $user /up/user/$id;
        reply '$user.n';
    }

    endpoint GET /changing/$id {
        cache cache $id;
        fetch $user /up/changing/$id;
        reply '"before $user.n"';
    }

    endpoint GET /step/$id {
        fetch $user /up/step/$id cache=cache:$id;
        reply '"before $user.n"';
    }

    endpoint GET /pid { reply '"$pid"'; }
CONF

    endpoint GET /pad/\$id {
        cache large \$id;
        reply '@{[ join ' ', ('$id') x $times ]}' type=text/plain;
    }
PAD

my $s = cache_server(workers => 4, size => '1m', endpoints => $endpoints,
                     killed => 1, allow => qr/was[ ]locked[ ]by
                                              |was[ ]being[ ]changed[ ]when/x);

$s->start;

# the first worker may answer before the last one is started

$s->wait_for(sub { started() == 4 });


sub configure {
    my ($change) = @_;

    my $text = $s->file('nginx.conf');

    $change->() for $text;

    my $before = started();

    $s->write_file('nginx', $text);
    $s->reload;

    # none of the workers that were there answers any more

    $s->wait_for(sub {
        started() >= $before + 4
        && stopped() >= started() - 4;
    }) or diag('the reload has not ended');
}


sub started { $s->count('logs/error.log', qr/start worker process \d+/) }
sub stopped { $s->count('logs/error.log', qr/worker process \d+ exited/) }


is_cached($s, '/user/1', 200, '1', 'MISS');
is_cached($s, '/changing/1', 200, '"before 1"', 'MISS');
is(get($s, '/step/1')->{body}, '"before 1"', 'a step');

configure(sub { s/\z/\n# the same\n/ });

is_cached($s, '/user/1', 200, '1', 'HIT');
is_cached($s, '/changing/1', 200, '"before 1"', 'HIT');

configure(sub { s/"before (\$user\.n)"/"after $1"/g });

is_cached($s, '/user/1', 200, '1', 'HIT');
is_cached($s, '/changing/1', 200, '"after 2"', 'MISS');
is(get($s, '/step/1')->{body}, '"after 1"', 'a step\'s value serves both');

configure(sub { s/ttl=1h/ttl=2h/g });

is_cached($s, '/user/1', 200, '1', 'HIT');

configure(sub { s/zone=cache:1m/zone=cache:2m/ });

is_cached($s, '/user/1', 200, '2', 'MISS');
$s->wait_line('logs/error.log', qr/"cache" starts empty: its size was/,
              'another size begins empty, and the log says so');

configure(sub { s/(zone=cache:2m) entries=1000/$1 entries=4000/ });

is_cached($s, '/user/1', 200, '2', 'HIT');


# workers are killed while others set, evict and read: no reply is another's

my $parent = $$;
my @readers;

for my $seed (1 .. 3) {
    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        srand $seed;
        POSIX::_exit(reader());
    }

    push @readers, $pid;
}


# asks until the test has noted "enough"; 1 if a reply was not its own

sub reader {
    my ($socket, $n, $got);

    until ($s->file('events') =~ /^enough$/m || getppid != $parent) {
        for (1 .. 10) {
            $socket //= IO::Socket::INET->new(
                PeerAddr => "127.0.0.1:$s->{port}") // next;

            my $id = int(rand 40) . 'x' x rand($n++ % 3 ? 7000 : 20);
            my $method = rand 4 < 1 ? 'GET' : 'HEAD';

            $s->request($socket, "$method /pad/$id");

            my $answer = $s->response($socket, head => $method eq 'HEAD');

            if (!$answer) {
                delete $s->{buffers}{ fileno $socket };
                undef $socket;
                next;
            }

            return 1 if $answer->{status} != 200;
            next if $method eq 'HEAD';
            return 1 if $answer->{body} ne join ' ', ($id) x $times;
            $got++;
        }
    }

    return $got ? 0 : 2;
}


# who answers at the moment

sub kill_any {
    my $answer = get($s, '/pid') or return 0;

    return $answer->{body} =~ /(\d+)/ ? kill 'KILL', $1 : 0;
}


my $zones = CacheZone->new($s);
my $refused = $zones->refused;
my $size = 8 * 1024 * 1024;
my ($killed, $inside, %states) = (0, 0);

for my $n (1 .. 24) {
    $states{ $zones->walk->{$size}{state} }++ if !$refused;

    # every other one inside the zone's lock, where it changes what it has

    if ($n % 2 && !$refused && $zones->kill_inside($size)) {
        $inside++;

    } else {
        $killed += kill_any();
    }
}

$s->note_event('enough');

for my $pid (@readers) {
    ok($s->wait_for(sub { waitpid($pid, WNOHANG) == $pid }), 'a reader ends');
    is($?, 0, 'and has seen nothing but what it asked for');
}

cmp_ok($killed + $inside, '>', 16, 'workers were killed');

SKIP: {
    skip "the memory of nginx cannot be read: $refused", 5 if $refused;

    # the next one to set something drops what the dead had claimed

    is(get($s, '/pad/last')->{status}, 200, 'afterwards one sets a value');

    my $zone = $zones->walk->{$size};

    $states{ $zone->{state} }++;
    is_deeply(\%states, { whole => 25 }, 'the zone was whole after each');
    is($zone->{claims}, 0, 'nothing is left of what the dead had claimed');
    cmp_ok($zone->{evictions}, '>', 100, 'they have evicted');
    cmp_ok($inside, '>', 0, 'some were killed inside the lock');
}

# what a dead worker was about to set is set by the next one

is_deeply([map { get($s, '/user/2')->{body} } 1 .. 3], [1, 1, 1],
          'those that came after them keep values');

$s->stop;

done_testing();
