package EndpointPort;

# Ports for servers that start later, and for none.
#
#     my $port = EndpointPort::free();

use strict;
use warnings;

use Socket;

my @held;


# The port stays bound, so that the kernel gives it to nobody else while this
# process runs.  A server that sets SO_REUSEADDR can listen on it all the same,
# and as long as none does, connections are refused.

sub free {
    socket my $socket, PF_INET, SOCK_STREAM, 0 or die "socket: $!";
    setsockopt $socket, SOL_SOCKET, SO_REUSEADDR, 1 or die "setsockopt: $!";
    bind $socket, pack_sockaddr_in(0, INADDR_ANY) or die "bind: $!";

    push @held, $socket;

    my ($port) = unpack_sockaddr_in(getsockname $socket);

    return $port;
}


1;
