package EndpointClients;

# Four processes that ask for tasks while servers are killed and reloaded under
# them, and write down what was acknowledged.
#
#     my @pids = EndpointClients::start('/task', 10_000, 'task', @servers);
#     EndpointClients::stop('task', @servers);        where they have not ended
#     my @n = EndpointClients::acked('task', @servers);

use strict;
use warnings;

use POSIX ();
use Time::HiRes qw(sleep);

my $clients = 4;


# sends POST PATH?n=… for n below most, each one once

sub start {
    my ($path, $most, $tag, @servers) = @_;
    my @pids;

    for my $client (0 .. $clients - 1) {
        my $pid = fork // die "fork: $!";

        if ($pid) {
            push @pids, $pid;
            next;
        }

        $SIG{PIPE} = 'IGNORE';

        ask($path, $most, $client, $servers[$client % @servers],
            "$servers[0]{dir}/$tag")
            or POSIX::_exit(1);

        POSIX::_exit(0);
    }

    return @pids;
}


sub ask {
    my ($path, $most, $client, $s, $file) = @_;
    my $c;

    open my $f, '>', "$file.$client" or return 0;

    for (my $n = $client; $n < $most; $n += $clients) {
        last if -e "$file.stop";

        my $r = eval {
            $c //= $s->connect;
            $s->request($c, "POST $path?n=$n");
            $s->response($c);
        };

        if (!$r || !$r->{status}) {
            undef $c;
            sleep 0.01;
            next;
        }

        undef $c if ($r->{headers}{connection} // '') eq 'close';
        print $f "$n\n" if $r->{status} == 202;
    }

    return close $f;
}


sub stop {
    my ($tag, @servers) = @_;

    $servers[0]->write_file("$tag.stop", '');
}


sub acked {
    my ($tag, @servers) = @_;

    return map { split ' ', $servers[0]->file("$tag.$_") } 0 .. $clients - 1;
}


1;
