package EndpointPeer;

# A server in a process of its own, one more for each connection.
#
#     my $peer = EndpointPeer->new(sub { my ($socket) = @_; ... });
#     my $peer = EndpointPeer->new(EndpointPeer::proxy($port, 1, 100));
#     my $peer = EndpointPeer->new(EndpointPeer::proxy($port, 1, 100, $file));
#     my $peer = EndpointPeer->new(EndpointPeer::postgres(half => $file));
#
#     $peer->port

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Socket qw(IPPROTO_TCP SO_LINGER SOL_SOCKET TCP_NODELAY);
use Time::HiRes qw(sleep);


sub new {
    my ($class, $handler) = @_;

    my $listen = IO::Socket::INET->new(Listen => 128, ReuseAddr => 1,
                                       LocalAddr => '127.0.0.1')
        or die "listen: $!";
    my $self = bless { port => $listen->sockport, owner => $$ }, $class;

    $self->{pid} = fork // die "fork: $!";
    return $self if $self->{pid};

    POSIX::setpgid(0, 0);
    $SIG{CHLD} = 'IGNORE';
    $SIG{PIPE} = 'IGNORE';

    while (1) {
        my $socket = $listen->accept or next;
        next if fork;

        close $listen;
        setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
        eval { $handler->($socket); 1 } or print STDERR $@;
        POSIX::_exit(0);
    }
}


sub port { $_[0]{port} }


sub DESTROY {
    my ($self) = @_;

    return if $self->{owner} != $$;

    local $?;

    # its group is there when the first connection was accepted, or not needed

    kill 'KILL', -$self->{pid};
    kill 'KILL', $self->{pid};
    waitpid $self->{pid}, 0;
}


# passes on pieces of some size between two limits, each in a packet of its own;
# where the test has made the file, the answer to what has its text as a
# parameter takes it away and is lost

sub proxy {
    my ($port, $min, $max, $file) = @_;

    return sub {
        my ($client) = @_;

        my $server = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
            or return;
        my %other = ($client => $server, $server => $client);
        my $select = IO::Select->new($client, $server);

        setsockopt $server, IPPROTO_TCP, TCP_NODELAY, 1;
        srand $$;

        my $asked;

        while (1) {
            for my $socket ($select->can_read) {
                my $n = $min + int rand $max - $min + 1;

                sysread($socket, my $piece, $n) or return;

                if ($file && $socket == $client && open my $f, '<', $file) {
                    $asked ||= index($piece, pack 'N/a*', <$f> // '') >= 0;
                }

                return if $asked && $socket == $server && unlink $file;

                while (length $piece) {
                    my $sent = syswrite $other{$socket}, $piece or return;
                    substr $piece, 0, $sent, '';
                }
            }
        }
    };
}


# A server that speaks enough of the protocol to misbehave in the answer to the
# third command; before that come the session's settings.  The answer is one
# row, {"x":"hello"}.

sub postgres {
    my ($how, $file) = @_;

    return sub {
        my ($socket) = @_;

        startup($socket, $how, $file) or return;

        my ($syncs, $parts, $nparams, $bound) = (0, '', 0, 0);

        while (my ($type, $body) = message($socket)) {
            return if $type eq 'X';

            $nparams = () = $body =~ /\$\d/g if $type eq 'P';
            $bound = 1 if $type eq 'B';

            # what asks for the types of a statement alone is just answered

            $parts .= packet('t', pack 'n N*', $nparams, (25) x $nparams)
                if $type eq 'D' && $body =~ /^S/;

            if ($type eq 'S' && !$bound) {
                syswrite $socket, $parts . packet('Z', 'I');
                $parts = '';
                next;
            }

            $bound = 0 if $type eq 'S';

            $parts .= pack 'aN', { P => 1, B => 2 }->{$type}, 4
                if $type =~ /[PB]/;
            $parts .= packet('T', pack 'n Z* N n N n N n', 1, 'x', 0, 0, 25,
                             65535, 4294967295, 0) if $type eq 'D';
            next if $type ne 'S';

            my $rest = packet('D', pack 'nN/a*', 1, 'hello')
                       . packet('C', "SELECT 1\0") . packet('Z', 'I');

            if (++$syncs == 2 && $how eq 'goodbye' && !-e "$file.gone") {
                say_goodbye($socket, $file, $parts . $rest);
                return;

            } elsif ($syncs < 4) {
                syswrite $socket, $parts . $rest;

            } else {
                misbehave($socket, $how, $file, $parts, $rest) or return;
            }

            $parts = '';
        }
    };
}


sub startup {
    my ($socket, $how, $file) = @_;

    my $body = start_packet($socket);

    if (unpack('N', $body) == 80877103) {
        syswrite $socket, 'N';
        start_packet($socket);
    }

    # the first of them is let in, and hears nothing more

    if ($how eq 'mute' && !-e $file) {
        touch($file);
        syswrite $socket, packet('R', pack 'N', 0)
                          . packet('S', "server_version\0" . "15.0\0")
                          . packet('Z', 'I');
        sleep 600;
    }

    if ($how eq 'deaf') {
        await($file);
        return;
    }

    syswrite $socket, packet('R', pack 'N', 0)
                      . packet('S', "server_version\0" . "15.0\0")
                      . packet('S', "client_encoding\0UTF8\0")
                      . packet('Z', 'I');
}


sub misbehave {
    my ($socket, $how, $file, $parts, $rest) = @_;

    if ($how eq 'half') {
        syswrite $socket, $parts . substr $rest, 0, 9;
        await($file);
        syswrite $socket, substr $rest, 9;

    } elsif ($how eq 'silent') {
        await($file);
        syswrite $socket, $parts . $rest;

    } elsif ($how eq 'bytes') {
        syswrite $socket, $_ for split //, $parts . $rest;

    } elsif ($how eq 'cut') {
        syswrite $socket, $parts . substr $rest, 0, 9;
        return;

    } elsif ($how eq 'reset') {
        syswrite $socket, $parts . substr $rest, 0, 9;
        setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
        return;

    } elsif ($how eq 'no sync') {
        syswrite $socket, $parts . substr $rest, 0, -6;
        return;

    } elsif ($how eq 'junk') {
        syswrite $socket, "\xff" x 100;
        sleep 600;

    } elsif ($how eq 'long') {
        syswrite $socket, $parts . "D\x7f\xff\xff\xff" . "\0" x 100;
        sleep 600;

    } elsif ($how =~ /^(?:goodbye|mute)$/) {
        syswrite $socket, $parts . $rest;

    } elsif ($how eq 'begun') {
        syswrite $socket, $parts . substr($rest, 0, -1) . 'T';

    } elsif ($how eq 'more') {
        syswrite $socket, $parts . $rest . $rest;
    }

    return 1;
}


sub packet { $_[0] . pack('N', 4 + length $_[1]) . $_[1] }


sub start_packet {
    my ($socket) = @_;

    return take($socket, unpack('N', take($socket, 4)) - 4);
}


sub message {
    my ($socket) = @_;

    my ($type, $length) = unpack 'aN', take($socket, 5);

    return $type, take($socket, $length - 4);
}


sub take {
    my ($socket, $n) = @_;

    my $text = '';

    while (length $text < $n) {
        sysread $socket, $text, $n - length $text, length $text
            or POSIX::_exit(0);
    }

    return $text;
}


# once, behind the answer to the last of the session's settings

sub say_goodbye {
    my ($socket, $file, $answer) = @_;

    touch("$file.asked");
    await($file);
    syswrite $socket, $answer
        . packet('E', "SFATAL\0VFATAL\0C57P01\0Mgoodbye\0\0");
    close $socket;
    touch("$file.gone");
}


sub touch {
    my ($file) = @_;

    open my $f, '>', $file or die "$file: $!";
}


# until the test makes the file

sub await {
    my ($file) = @_;

    sleep 0.01 until -e $file;
}


1;
