package EndpointAlloc;

# An nginx in which allocations fail where a test says so, by failalloc.c.
#
#     use EndpointAlloc qw(control);
#
#     EndpointAlloc::start($s);           an EndpointServer
#     control($n, 0, 0, $row);            the n-th fails, and row-1 behind it
#     my (undef, $count, $failed) = control();
#     control(0, 0, 0, 0);                none fails any more

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT_OK = qw(control);

my $shared;


sub start {
    my ($s) = @_;

    my $library = "$s->{dir}/failalloc.so";

    system('cc', '-shared', '-fPIC', '-O1', '-o', $library,
           't/lib/failalloc.c', '-ldl') == 0
        or die "failalloc.so\n";

    $s->write_file('failalloc', pack 'q4');
    $shared = "$s->{dir}/failalloc";

    $s->start(LD_PRELOAD => $library, FAILALLOC => $shared);
}


# the file stays the same: nginx has mapped it

sub control {
    open my $f, '+<:raw', $shared or die "failalloc: $!";

    syswrite $f, pack 'q4', @_ if @_;
    sysseek $f, 0, 0;
    sysread $f, my $bytes, 32;

    return unpack 'q4', $bytes;
}


1;
