# What becomes of the values when processes come and go.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use IO::Select;
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(sleep);


my $endpoints = <<'CONF';

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

    endpoint GET /pad/$id {
        cache small $id;
        reply '{"id": "$id", "pad": "$id $id $id $id $id $id"}';
    }

    endpoint GET /pid { reply '"$pid"'; }
CONF

my $s = cache_server(workers => 4, size => '1m', endpoints => $endpoints);

$s->start;


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
    my ($socket, $n);

    until ($s->file('events') =~ /^enough$/m) {
        for (1 .. 50) {
            $socket //= IO::Socket::INET->new(
                PeerAddr => "127.0.0.1:$s->{port}") // next;

            my $id = int(rand 40) . 'x' x rand 700;

            $s->request($socket, "GET /pad/$id");

            my $answer = $s->response($socket);

            if (!$answer) {
                delete $s->{buffers}{ fileno $socket };
                undef $socket;
                next;
            }

            my $pad = join ' ', ($id) x 6;

            return 1 if $answer->{status} != 200
                        || $answer->{body} ne "{\"id\": \"$id\", "
                                              . "\"pad\": \"$pad\"}";
            $n++;
        }
    }

    return $n ? 0 : 2;
}


my $killed = 0;

for (1 .. 40) {
    my $answer = get($s, '/pid') or next;
    my ($pid) = $answer->{body} =~ /(\d+)/;

    $killed += kill 'KILL', $pid;
    sleep 0.03;
}

$s->note_event('enough');

for my $pid (@readers) {
    ok($s->wait_for(sub { waitpid($pid, WNOHANG) == $pid }), 'a reader ends');
    is($?, 0, 'and has seen nothing but what it asked for');
}

ok($killed > 10, 'workers were killed');

# what a dead worker was about to set is set by the next one

is_deeply([map { get($s, '/user/2')->{body} } 1 .. 3], [1, 1, 1],
          'those that came after them keep values');

$s->write_file('logs/error.log',
               $s->file('logs/error.log')
               =~ s/^.*(?:exited[ ]on[ ]signal[ ]9|was[ ]locked[ ]by
                    |was[ ]being[ ]changed[ ]when[ ]process).*$//mgrx);

$s->stop;

done_testing();
