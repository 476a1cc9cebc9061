# What a test's own nginx has answered is what counts: somebody who listens on
# its port for a moment, as Test::Nginx does when it looks for a free one, is
# not taken for it.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use IO::Socket::INET;
use POSIX;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF',
    server {
        listen 127.0.0.1:%%PORT%%;

        location / { endpoint GET /own { reply '"own"'; } }
    }
CONF
    allow => qr/\[emerg\].*bind\(\)/);

my $listen = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$s->{port}",
                                   Listen => 16, ReuseAddr => 1)
    or die "listen: $!";

my $pid = fork // die "fork: $!";

if ($pid == 0) {
    $s->wait_for(sub { $s->count('logs/error.log', qr/bind\(\) to/) });
    POSIX::_exit(0);
}

close $listen;

$s->start;

is($s->count('logs/error.log', qr/bind\(\) to/) > 0, 1, 'the port was taken');
$s->is_answer('GET /own', 200, '"own"', 'nginx answers on it then');

waitpid $pid, 0;

$s->stop;

done_testing();
