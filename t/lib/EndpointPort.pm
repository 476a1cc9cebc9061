package EndpointPort;

# Ports of 127.0.0.1 for servers that start later, and for none.
#
#     my $port = EndpointPort::free();

use strict;
use warnings;

use IO::Socket::INET;

my @held;


# The port stays bound, so that the kernel gives it to nobody else while this
# process runs.  A server that sets SO_REUSEADDR can listen on it all the same,
# and as long as none does, connections are refused.

sub free {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp',
                                       ReuseAddr => 1) or die "socket: $!";

    push @held, $socket;

    return $socket->sockport;
}


1;
