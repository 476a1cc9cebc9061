package EndpointTest;

# Test::Nginx::Socket with these sections more:
#
#     --- conf            what the test server holds, in a file of its own, so
#                         that an error's line is known: "test.conf:3"
#
#     --- exchanges       requests and the answers that are expected, in turn;
#     > GET /item?x=1     a request line, behind it what stands in the body
#     > X-Token: a
#     < 200 {"x": 1}      status and body; "~" begins a pattern for the body,
#     < Content-Type: application/json             none means an empty body
#
#     --- pipelined       sends them all on one connection
#
#     --- dies            the line of the conf at which nginx gives up, and
#     3: unknown name     with which words
#
# Whatever a block does, nothing may be logged as an alert.  What is expected in
# the log is waited for.

# how long an event is waited for that has to come, whatever the machine does

BEGIN { $ENV{TEST_NGINX_TIMEOUT} //= 60 }

use EndpointPort;
use File::Spec::Functions qw(abs2rel rel2abs);
use Test::Nginx::Socket -Base;
use Time::HiRes ();

no_shuffle();
no_long_string();
no_root_location();
log_level('info');

# the port that Test::Nginx has drawn is free only while it looks

if ($ENV{TEST_NGINX_RANDOMIZE}) {
    server_port(EndpointPort::free());
    server_port_for_client(server_port());
}

# a socket's path must be short, which an absolute one may not be

$ENV{TEST_NGINX_HTML_DIR} //= html_dir();
$ENV{TEST_NGINX_SOCKET_DIR} //= abs2rel(html_dir());
$ENV{TEST_NGINX_ROOT} //= rel2abs('.');

my $number = 0;


# Test::Nginx looks into the log when the answer is there; what is logged then,
# or where no answer is waited for, may come later

{
    no warnings 'redefine';

    my $check_error_log = \&Test::Nginx::Socket::check_error_log;

    *Test::Nginx::Socket::check_error_log = sub ($$$$) {
        wait_for_log($_[0]);
        $check_error_log->(@_);
    };
}


sub wait_for_log() {
    my $block = shift;

    my $end = time + timeout();
    my @missing = patterns($block->error_log);

    while (@missing && time <= $end) {
        Time::HiRes::sleep(0.01);

        open my $f, '<', server_root() . '/logs/error.log' or next;
        my $log = CORE::join '', <$f>;

        @missing = grep { $log !~ $_ } @missing;
    }
}


sub patterns() {
    my $lines = shift // return;

    return map { ref $_ ? qr/$_/m : qr/\Q$_/ }
           ref $lines eq 'ARRAY' ? @$lines
         : ref $lines ? $lines
         : split /\n+/, $lines;
}


add_block_preprocessor(sub {
    my $block = shift;

    $number++;
    $block->set_value(name => "TEST $number: " . $block->name);

    if (defined $block->conf) {
        my $files = $block->user_files // '';

        # a configuration like the one before would not be read

        $block->set_value(config => "include ../html/test.conf;"
                                    . " # $number\n");
        $block->set_value(user_files => ">>> test.conf\n" . $block->conf
                                        . $files);
    }

    if (defined $block->dies) {
        set_death($block);
    }

    if (defined $block->exchanges) {
        set_exchanges($block);

    } elsif (!defined $block->request && !defined $block->raw_request
             && !defined $block->pipelined_requests)
    {
        $block->set_value(request => "GET /");
    }

    if (!defined $block->no_error_log && !defined $block->must_die) {
        $block->set_value(no_error_log => [qr/\[(?:alert|crit|emerg)\]/]);
    }
});


sub set_death() {
    my $block = shift;

    my ($line, $words) = $block->dies =~ /^(\d+): (.*)$/
        or die $block->name . ": what is \"" . $block->dies . "\"?\n";

    $block->set_value(must_die => '');
    $block->set_value(suppress_stderr => '');
    $block->set_value(error_log =>
        [qr/\[emerg\] .*?: \Q$words\E in \S+\/test\.conf:$line$/]);
}


sub set_exchanges() {
    my $block = shift;

    my (@request, @more_headers, @code, @body, @headers);

    for my $line (split /\n/, $block->exchanges) {
        next if $line =~ /^\s*(?:#.*)?$/;

        if ($line =~ /^> ([A-Z]+) (\S+)(?: (.*))?$/) {
            push @request, "$1 $2\n" . ($3 // '');
            push @more_headers, '';

        } elsif ($line =~ /^> (\S+:.*)$/) {
            $more_headers[-1] .= "$1\n";

        } elsif ($line =~ /^< (\d+)(?: (.*))?$/) {
            push @code, $1;
            push @body, expected($2 // '');
            push @headers, '';

        } elsif ($line =~ /^< ([\w-]+:.*|!\S+)$/) {
            $headers[-1] .= "$1\n";

        } else {
            die $block->name . ": what is \"$line\" in exchanges?\n";
        }

        die $block->name . ": no answer before \"$line\"\n"
            unless @request - @code <= 1 && @code <= @request;
    }

    die $block->name . ": no answer for the last request\n"
        unless @request && @code == @request;

    $block->set_value(defined $block->pipelined ? 'pipelined_requests'
                                                : 'request' => \@request);
    $block->set_value(more_headers => \@more_headers);
    $block->set_value(error_code => \@code);
    $block->set_value(response_body => \@body);
    $block->set_value(response_headers => \@headers);
}


sub expected() {
    my $text = shift;

    return $text =~ s/^~// ? qr/$text/ : $text;
}


1;
