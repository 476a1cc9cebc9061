package EndpointHttp2;

# The smallest HTTP/2 client that can do what a test wants to: many streams,
# resets at any time, a window of any size.
#
#     my $h = EndpointHttp2->new($port, window => 65535);
#     my $id = $h->request('GET', '/x', headers => [...], body => '…');
#     my $answer = $h->response($id);     # { status, body } or { reset }

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;

use EndpointServer;


sub new {
    my ($class, $port, %opt) = @_;

    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
        // die "connect: $!";

    my $self = bless {
        socket  => $socket,
        buffer  => '',
        next    => 1,
        streams => {},
    }, $class;

    syswrite $socket, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    $self->frame(4, 0, 0, pack 'nN', 4, $opt{window} // 0x7fffffff);
    $self->frame(8, 0, 0, pack 'N', 0x7fffffff - 65535) unless $opt{window};

    return $self;
}


sub frame {
    my ($self, $type, $flags, $id, $payload) = @_;

    syswrite $self->{socket}, substr(pack('N', length $payload), 1)
                              . pack('CCN', $type, $flags, $id) . $payload;
}


# a field that goes into no table

sub field { join '', "\0", map { number(length $_) . $_ } @_ }


sub number {
    my $n = shift;

    return chr $n if $n < 127;

    my $text = chr 127;

    for ($n -= 127; $n >= 128; $n >>= 7) {
        $text .= chr($n & 127 | 128);
    }

    return $text . chr $n;
}


# open: what has no body yet gets it by data()

sub request {
    my ($self, $method, $path, %opt) = @_;

    my $id = $self->{next};
    my @headers = @{ $opt{headers} // [] };
    my $block = field(':method', $method) . field(':path', $path)
                . field(':scheme', 'http') . field(':authority', 'localhost');

    $self->{next} += 2;

    push @headers, 'content-length', length $opt{body}
        if defined $opt{body} && !$opt{open};

    while (my ($name, $value) = splice @headers, 0, 2) {
        $block .= field($name, $value);
    }

    my $end = !defined $opt{body} && !$opt{open};

    $self->frame(1, 4 | $end, $id, $block);
    $self->data($id, $opt{body}, !$opt{open}) if defined $opt{body};
    $self->{streams}{$id} = { body => '' };

    return $id;
}


sub data {
    my ($self, $id, $bytes, $end) = @_;

    while (length $bytes > 16384) {
        $self->frame(0, 0, $id, substr $bytes, 0, 16384, '');
    }

    $self->frame(0, $end ? 1 : 0, $id, $bytes);
}


sub reset { $_[0]->frame(3, 0, $_[1], pack 'N', 8) }


sub response {
    my ($self, $id) = @_;

    my $stream = $self->{streams}{$id};

    until ($stream->{done} || $stream->{reset}) {
        $self->read_frame or return { status => 'none' };
    }

    return $stream;
}


sub read_frame {
    my ($self) = @_;

    my $bytes = $self->bytes(9) // return;
    my ($length, $type, $flags, $id) = unpack 'x0 NCCN', "\0" . $bytes;
    my $payload = $self->bytes($length) // return;
    my $stream = $self->{streams}{$id} // {};

    if ($type == 0) {
        $stream->{body} .= $payload;

    } elsif ($type == 1) {
        $stream->{status} = status($payload);

    } elsif ($type == 3) {
        $stream->{reset} = 1;

    } elsif ($type == 4 && !($flags & 1)) {
        $self->frame(4, 1, 0, '');

    } elsif ($type == 6 && !($flags & 1)) {
        $self->frame(6, 1, 0, $payload);

    } elsif ($type == 7) {
        $self->{goaway} = 1;
    }

    $stream->{done} = 1 if $type <= 1 && $flags & 1;

    return 1;
}


# nginx sends the status first, by its number in the static table or as text

sub status {
    my $first = ord $_[0];
    my %known = (8 => 200, 9 => 204, 10 => 206, 11 => 304, 12 => 400,
                 13 => 404, 14 => 500);

    return $known{ $first & 127 } if $first & 128;

    return substr $_[0], 2, 3;
}


sub bytes {
    my ($self, $n) = @_;

    while (length $self->{buffer} < $n) {
        IO::Select->new($self->{socket})->can_read($EndpointServer::patience)
            or return;
        sysread $self->{socket}, $self->{buffer}, 65536, length $self->{buffer}
            or return;
    }

    return substr $self->{buffer}, 0, $n, '';
}


sub close { CORE::close $_[0]{socket} }


1;
