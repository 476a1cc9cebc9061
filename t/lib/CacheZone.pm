package CacheZone;

# The cache zones of an nginx that runs, read from the memory of its master,
# which has every zone at the address where its workers have it.
#
#     my $zones = CacheZone->new($server);
#
#     $zones->refused             why its memory cannot be read, if it cannot
#     $zones->walk                each zone by its size: { entries, evictions,
#                                 claims, state }, "whole" or what is broken
#     $zones->kill_inside($size)  kill -9 of a worker that is changing the zone
#                                 of this size; 0 where none was met

use strict;
use warnings;

no warnings 'portable';

use Time::HiRes qw(time usleep);

# how long one that is inside the lock is looked for
our $search = 2;


sub new {
    my ($class, $server) = @_;

    my $self = bless { server => $server, walker => "$server->{dir}/cachewalk",
                       image => "$server->{dir}/zone" }, $class;

    system('bash', '-ec', 'cd "$0"; . util/lib.sh;
                           cc_unit "$1" cc t/lib/cachewalk.c -O1',
           $ENV{TEST_NGINX_ROOT} // '.', $self->{walker}) == 0
        or die "cachewalk cannot be built\n";

    return $self;
}


# [address, size] of what the processes share

sub mappings {
    my ($self) = @_;

    open my $f, '<', "/proc/$self->{server}{pid}/maps" or return;

    return map { /^(\w+)-(\w+) rw-s / ? [hex $1, hex($2) - hex $1] : () } <$f>;
}


sub bytes {
    my ($self, $address, $size) = @_;

    my $bytes = '';

    open my $f, '<:raw', "/proc/$self->{server}{pid}/mem" or return;
    sysseek $f, $address, 0 or return;

    while (length $bytes < $size) {
        sysread $f, $bytes, $size - length $bytes, length $bytes or return;
    }

    return $bytes;
}


sub refused {
    my ($self) = @_;

    my ($first) = $self->mappings or return "/proc: $!";

    return defined $self->bytes($first->[0], 8) ? undef : "/proc: $!";
}


# whether they stand now: one that is dead does not

sub halt {
    my (@pids) = @_;

    kill 'STOP', @pids;

    for my $pid (@pids) {
        usleep 50 while state($pid) !~ /^[TZX]/;
    }

    return state($pids[-1]) eq 'T';
}


sub state {
    my ($pid) = @_;

    open my $f, '<', "/proc/$pid/stat" or return 'X';

    return (<$f> // '') =~ /\) (\w) / ? $1 : 'X';
}


sub workers { split ' ', `pgrep -P $_[0]{server}{pid}` }


# without its master, no other worker comes

sub standing {
    my ($self, $code) = @_;

    my $master = $self->{server}{pid};

    halt($master);

    my @workers = $self->workers;

    halt(@workers);

    my @result = eval { $code->() };

    kill 'CONT', @workers, $master;
    die $@ if $@;

    return @result;
}


# undef: somebody is inside a lock

sub try_walk {
    my ($self) = @_;

    my %zones;
    my @images = $self->standing(sub {
        map { [$_->[1], $self->bytes(@$_)] } $self->mappings;
    });

    for my $image (@images) {
        my ($size, $bytes) = @$image;

        open my $f, '>:raw', $self->{image} or die "$self->{image}: $!";
        print $f $bytes;
        close $f;

        my $said = `$self->{walker} $self->{image}`;

        $? == 0 or die "cachewalk failed\n";
        $said =~ s/^(\d+) //m or next;
        $self->{owner}{$size} = $1;

        return if $said eq "busy\n";

        $said =~ /^(\d+) (\d+) (\d+) (.*)$/ or die "cachewalk: $said";
        $zones{$size} = { entries => $1, evictions => $2, claims => $3,
                          state => $4 };
    }

    return \%zones;
}


sub walk {
    my ($self) = @_;

    return $self->{server}->wait_for(sub { $self->try_walk })
           // die "a zone stays locked\n";
}


# the process inside the lock of the zone, or 0

sub owner {
    my ($self, $size) = @_;

    sysseek $self->{memory}, $self->{owner}{$size}, 0;
    sysread $self->{memory}, my $bytes, 8;

    return unpack 'q', $bytes;
}


# looks often, as nobody is inside for long

sub look {
    my ($self, $size) = @_;

    for (1 .. 1000) {
        my $pid = $self->owner($size);
        return $pid if $pid;
    }

    return 0;
}


sub kill_inside {
    my ($self, $size) = @_;

    my $end = time + $search;

    open $self->{memory}, '<:raw', "/proc/$self->{server}{pid}/mem"
        or die "mem: $!";

    while (time < $end) {
        my $pid = $self->look($size) or next;

        halt($pid) or next;

        return kill 'KILL', $pid if $self->owner($size) == $pid;

        kill 'CONT', $pid;
    }

return 0;
}


1;
