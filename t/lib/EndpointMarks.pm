package EndpointMarks;

# An upstream that shows when steps start, and lets them end by events instead
# of by time.  It leaves its marks in nginx's error log:
#
#     c      /fast/c was asked, and answers at once
#     +a     /slow/a was asked
#     -a     /slow/a answers
#     !a     /slow/a was left before its answer
#
# The header X-Marks says which marks are expected, and "-a" comes when as many
# have come as stand before it there: a step that waits where it should not
# never lets it come, one that does not wait where it should comes before it.
# "/none" is a 404.

use strict;
use warnings;

use EndpointServer;
use Exporter qw(import);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::UNIX;
use POSIX ();
use Time::HiRes qw(sleep time);

our @EXPORT = qw(serve_marks marks wait_for_marks);

# how long it is watched that no mark comes which should not: a machine that
# is slower only overlooks one
my $watch = 0.02;

my $log;
my $server;


# starts the server, LOG is that of nginx; returns the path of the socket

sub serve_marks {
    ($log) = @_;

    my $dir = tempdir('t/servroot_XXXXXX', CLEANUP => 1);
    my $path = "$dir/up.sock";
    my $listen = IO::Socket::UNIX->new(Local => $path, Listen => 128)
        or die "$path: $!";
    my $parent = $$;

    chmod 0755, $dir;
    chmod 0777, $path;

    $server = fork // die "fork: $!";

    if ($server == 0) {
        eval { serve($listen, $parent); 1 } or print STDERR $@;
        POSIX::_exit(0);
    }

    return $path;
}


sub marks {
    open my $f, '<', $log or return;

    return map { /mark: ([-+!]?\w+)/ } <$f>;
}


# waits for as many marks as are expected, and whether more come

sub wait_for_marks {
    my ($n) = @_;

    my $end = time + $EndpointServer::patience;

    sleep 0.005 until (marks() // 0) >= $n || time > $end;
    sleep $watch;
}


sub serve {
    my ($listen, $parent) = @_;

    my ($n, $since, %slow) = (0, 0);

    $listen->blocking(0);

    while (getppid == $parent) {
        my $all = IO::Select->new($listen, map { $_->{socket} } values %slow);

        $all->can_read(%slow ? 0.005 : 1);

        # nginx leaves first and asks then: read the other way round, what it
        # asks too much would come too late to be seen

        while (my $socket = $listen->accept) {
            $socket->blocking(1);
            take($socket, \%slow);
        }

        drop_left(\%slow);

        my $now = marks() // 0;

        ($n, $since) = ($now, time) if $now != $n;

        if (%slow && time - $since > $watch) {
            end_slow(\%slow, $n);
        }
    }
}


sub take {
    my ($socket, $slow) = @_;

    my $buffer = '';
    my $request = EndpointServer::read_request($socket, \$buffer) or return;
    my ($kind, $name) = $request->{uri} =~ m{^/(fast|slow)/(\w+)};

    if (!$kind) {
        EndpointServer::answer($socket, 404, '');

    } elsif ($kind eq 'fast') {
        mark($name);
        EndpointServer::answer($socket, 200, "\"$name\"");

    } else {
        mark("+$name");
        $slow->{$name} = {
            socket => $socket,
            head => $request->{method} eq 'HEAD',
            marks => [ split / /, $request->{headers}{'x-marks'} ],
        };
    }
}


sub drop_left {
    my ($slow) = @_;

    for my $name (sort keys %$slow) {
        my $socket = $slow->{$name}{socket};

        next unless IO::Select->new($socket)->can_read(0);
        next if sysread $socket, my $buffer, 1;

        mark("!$name");
        delete $slow->{$name};
    }
}


# those that end one behind the other do so at once, nothing comes in between

sub end_slow {
    my ($slow, $n) = @_;

    while (my ($name) = grep { ends_now($slow->{$_}{marks}, $_, $n) }
                        sort keys %$slow)
    {
        my $request = delete $slow->{$name};

        mark("-$name");
        $n++;

        EndpointServer::answer($request->{socket}, 200,
                               $request->{head} ? '' : "\"$name\"");
    }
}


sub ends_now {
    my ($marks, $name, $n) = @_;
    my ($place) = grep { $marks->[$_] eq "-$name" } 0 .. $#$marks;

    return defined $place && $n >= $place;
}


sub mark {
    my ($mark) = @_;

    open my $f, '>>', $log or return;
    syswrite $f, "mark: $mark\n";
}


END {
    local $?;

    if ($server) {
        kill 'TERM', $server;
        waitpid $server, 0;
    }
}


1;
