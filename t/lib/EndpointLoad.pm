package EndpointLoad;

# Clients in processes of their own, each asking one thing after another until
# it is told to stop.
#
#     my $load = EndpointLoad->new($server, 4, sub {
#         my ($id) = @_;                      # "1-27": client and number
#         return ("GET /users/1");            # as for $server->ask()
#     });
#
#     my @answers = $load->stop;              # { id, status, body }

use strict;
use warnings;

use POSIX ();
use Time::HiRes qw(sleep);


sub new {
    my ($class, $server, $clients, $request) = @_;

    my $self = bless { server => $server, owner => $$ }, $class;

    # a signal would interrupt a client that waits for its answer

    $self->{stop} = "$server->{dir}/load.stop." . ++$server->{stops};
    $self->{files} = [ map { "$server->{dir}/load." . ++$server->{loads} }
                       1 .. $clients ];

    for my $client (1 .. $clients) {
        my $pid = fork // die "fork: $!";

        $self->client($client, $request) if $pid == 0;
        push @{ $self->{children} }, $pid;
    }

    return $self;
}


sub client {
    my ($self, $client, $request) = @_;

    my $n = 0;

    open my $f, '>', $self->{files}[$client - 1] or POSIX::_exit(1);
    $f->autoflush;

    until (-e $self->{stop} || getppid != $self->{owner}) {
        my $id = $client . '-' . ++$n;
        my $answer = eval { $self->{server}->ask($request->($id)) };

        printf $f "%s %d %s\n", $id, $answer ? $answer->{status} : 0,
                  $answer ? $answer->{body} : '';
    }

    close $f;
    POSIX::_exit(0);
}


# how many have been answered so far

sub answered {
    my ($self) = @_;

    my $n = 0;

    for my $file (@{ $self->{files} }) {
        open my $f, '<', $file or next;
        $n++ while <$f>;
    }

    return $n;
}


# until that many more are answered

sub wait_more {
    my ($self, $n) = @_;

    my $before = $self->answered;

    return $self->{server}->wait_for(sub { $self->answered >= $before + $n });
}


sub stop {
    my ($self) = @_;

    $self->end;

    my @answers;

    for my $file (@{ $self->{files} }) {
        open my $f, '<', $file or die "$file: $!";

        while (<$f>) {
            chomp;
            my ($id, $status, $body) = split / /, $_, 3;
            push @answers, { id => $id, status => $status, body => $body };
        }
    }

    return @answers;
}


sub end {
    my ($self) = @_;

    local $?;

    open my $f, '>', $self->{stop};

    waitpid $_, 0 for splice @{ $self->{children} };
}


sub DESTROY {
    my ($self) = @_;

    $self->end if $self->{owner} == $$;
}


# "200: 512, 502: 3"

sub summary {
    my %count;

    $count{ $_->{status} }++ for @_;

    return join ', ', map { "$_: $count{$_}" } sort keys %count;
}


1;
