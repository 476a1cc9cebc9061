# A thousand requests at once, whose upstream sends more than the cap, or hardly
# anything: the worker's memory stays within what the caps add up to.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use IO::Poll qw(POLLIN POLLOUT POLLERR POLLHUP);
use POSIX ();
use Test::More;
use Time::HiRes qw(time);


my $requests = 1000;
my $cap = 64 * 1024;

# pools and buffers of a client's request and of one fetch
my $other = 32 * 1024;

# files: connections of nginx, twice for each request; of clients; of upstreams
my $files = 2 * $requests + 200;

if (POSIX::sysconf(POSIX::_SC_OPEN_MAX) < $files) {
    system('prlimit', '--pid', $$, "--nofile=$files:") == 0
        or plan skip_all => "$files open files are needed";
}

my $s = EndpointServer->new(http => <<"CONF");

    connection_pool_size 512;
    request_pool_size 4k;

    server {
        listen 127.0.0.1:%%PORT%% backlog=1024;
        endpoint_fetch_buffer $cap;
        endpoint_timeout 600s;

        location / {
            endpoint GET /ping     { reply '"pong"'; }
            endpoint GET /large    { fetch \$a /up/large; reply \$a; }
            endpoint GET /trickle  { fetch \$a /up/trickle; reply \$a; }
            endpoint GET /never    {
                timeout 1s;
                fetch \$a /up/never;
                reply \$a;
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            proxy_buffer_size 4k;
            proxy_connect_timeout 600s;
            proxy_read_timeout 600s;
        }

        location = /stub_status { stub_status; }
    }
CONF


# One process for all connections.  A "large" body stops at the cap until it is
# told to go on, a "trickle" comes byte by byte until it is told to break off,
# a "never" comes so for ever.

sub serve {
    my ($listen, $control) = @_;

    my $poll = IO::Poll->new;
    my $tick = time;
    my %connections;

    $poll->mask($_ => POLLIN) for $listen, $control;

    while (1) {
        $poll->poll(0.5);

        my @ready = map { $connections{$_} // () } $poll->handles(POLLOUT);

        for my $socket ($poll->handles(POLLIN | POLLERR | POLLHUP)) {

            if ($socket == $listen) {
                my $new = $listen->accept or next;

                $new->blocking(0);
                $poll->mask($new => POLLIN);
                $connections{$new} = { socket => $new, what => '', in => '',
                                       out => '' };

            } elsif ($socket == $control) {
                sysread $control, my $line, 100 or return;

                push @ready, grep { $line eq "$_->{what}\n" && told($_) }
                             values %connections;

            } else {
                push @ready, $connections{$socket};
                received($connections{$socket});
            }
        }

        if (time - $tick > 0.5) {
            $tick = time;

            for my $c (grep { $_->{what} =~ /trickle|never/ }
                       values %connections)
            {
                $c->{out} .= 'x';
                push @ready, $c;
            }
        }

        for my $c (@ready) {
            send_more($c) if !$c->{over};

            $poll->mask($c->{socket} => $c->{over} ? 0
                        : POLLIN | (length $c->{out} ? POLLOUT : 0));

            delete $connections{ $c->{socket} } if $c->{over};
        }
    }
}


sub received {
    my $c = shift;

    if (!sysread $c->{socket}, $c->{in}, 65536, length $c->{in}) {
        $c->{over} = 1;

    } elsif (!$c->{what} && $c->{in} =~ m{^GET /(\w+).*\r\n\r\n}s) {
        $c->{what} = $1;
        $c->{out} = "HTTP/1.1 200 OK\r\n"
                    . "Content-Length: 1000000000000000\r\n\r\n\""
                    . 'x' x ($1 eq 'large' ? $cap - 1 : 0);
        $s->note_event("arrived $1");
    }
}


sub told {
    my $c = shift;

    if ($c->{what} eq 'trickle') {
        $c->{over} = 1;

    } else {
        $c->{out} .= 'x';
    }

    return 1;
}


sub send_more {
    my $c = shift;

    my $n = syswrite $c->{socket}, $c->{out};

    if (defined $n) {
        substr $c->{out}, 0, $n, '';

    } elsif (!$!{EAGAIN}) {
        $c->{over} = 1;
    }
}


sub memory {
    my $what = shift;

    open my $f, '<', "/proc/$s->{pid}/status" or die "no memory of nginx: $!";
    local $/;

    return <$f> =~ /^$what:\s+(\d+) kB/m ? $1 * 1024 : die "no $what\n";
}


pipe my $control, my $tell or die "pipe: $!";
$tell->autoflush;

my $listen = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$s->{up}",
                                   Listen => 1024, ReuseAddr => 1)
    or die "listen: $!";

my $pid = fork // die "fork: $!";

if ($pid == 0) {
    close $tell;
    serve($listen, $control);
    POSIX::_exit(0);
}

push @{ $s->{children} }, $pid;
close $_ for $listen, $control;

$s->start;
is($s->ask('GET /ping')->{status}, 200, 'ready');

my $before = memory('VmRSS');


sub start_all {
    my $what = shift;

    my @clients = map { $s->connect } 1 .. $requests;
    my $arrived = $s->count('events', qr/^arrived $what$/m);

    $s->request($_, "GET /$what", 'Connection: close') for @clients;

    ok($s->wait_for(sub {
        $s->count('events', qr/^arrived $what$/m) == $arrived + $requests
    }), "$what: all are under way");

    return @clients;
}


sub end_all {
    my ($what, $status, $words, @clients) = @_;

    my %answers;

    for my $client (@clients) {
        my $answer = $s->response($client, first => 1)
                     // { status => 'none', body => '' };

        $answers{"$answer->{status} "
                 . ($answer->{body} =~ $words ? $words : $answer->{body})}++;
        close $client;
    }

    is_deeply(\%answers, { "$status $words" => $requests },
              "$what: all are answered");
    $s->is_idle("$what: no connection is left");
}


sub bounded {
    my ($what, $each) = @_;

    SKIP: {
        skip 'sanitizers take memory of their own', 1 if $ENV{TEST_SANITIZERS};

        cmp_ok(memory('VmHWM') - $before, '<=', $requests * $each,
               "$what: memory is bounded");
    }
}


# what has not come takes no memory, whatever its length is said to be

my @clients = start_all('trickle');

bounded('trickle', $other);
print $tell "trickle\n";
end_all('trickle', 502, 'did not answer', @clients);


# bodies are held up to the cap, each byte once; and freed

for my $round (1, 2) {
    @clients = start_all('large');

    ok($s->wait_for(sub { memory('VmRSS') - $before >= $requests * $cap }),
       "large, round $round: as much as the cap of each is held");

    print $tell "large\n";
    end_all("large, round $round", 502, 'too large', @clients);
    bounded("large, round $round", $cap + $other);
}


# the endpoint's deadline counts, however the bytes come

@clients = start_all('never');
end_all('never', 504, 'timed out', @clients);
bounded('never', $cap + $other);

is($s->ask('GET /ping')->{status}, 200, 'and the next is served');

$s->stop;

done_testing();
