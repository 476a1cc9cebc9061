package EndpointServer;

# An nginx of a test's own, for what Test::Nginx cannot do: clients that leave,
# several connections at once, reloads, upstreams that misbehave.
#
#     my $s = EndpointServer->new(http => '…', main => '…', workers => 1);
#
# In the configuration %%PORT%% is the port of the module's server, %%UP%%
# the one of upstream(), %%DIR%% the directory of nginx's files and %%ROOT%%
# the project's.  allow is a pattern for lines of the log that may be there
# though stop() would complain.
#
# With TEST_NGINX_USE_HUP, which Test::Nginx knows too, nginx is reloaded for
# each part of the test, see next_block().

use strict;
use warnings;

use Cwd qw(getcwd);
use EndpointPort;
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(sleep time);

# how long an event is waited for that has to come, whatever the machine does
our $patience = $ENV{TEST_NGINX_TIMEOUT} || 60;

my $hup = $ENV{TEST_NGINX_USE_HUP};
my $binary = $ENV{TEST_NGINX_BINARY} || 'nginx';
my $module = $ENV{TEST_NGINX_LOAD_MODULES} // '';
my @upstreams;

$SIG{PIPE} = 'IGNORE';
$ENV{PATH} .= ':/usr/sbin:/sbin';


sub new {
    my ($class, %opt) = @_;

    my $self = bless { %opt, children => [] }, $class;

    $self->{workers} //= 1 if $hup;

    $self->{dir} = tempdir('servroot_XXXXXX', DIR => getcwd() . '/t',
                           CLEANUP => 1);
    $self->{port} = EndpointPort::free();
    $self->{up} = EndpointPort::free();

    chmod 0755, $self->{dir};
    mkdir "$self->{dir}/$_" for qw(logs html temp);

    $self->write_file(nginx => $self->configuration($opt{http}));

    return $self;
}


sub configuration {
    my ($self, $http) = @_;

    my $load = join '', map { "load_module $_;\n" } split ' ', $module;
    my $main = $self->{main} // '';
    my $events = $self->{events} // '';
    my $master = $self->{workers} ? "worker_processes $self->{workers};"
                                  : 'master_process off;';
    my $level = $self->{log_level} // 'info';

    # as Test::Nginx does: the project may be where only root may read
    my $user = $> ? '' : 'user root;';

    my $text = <<"CONF";
${load}daemon off;
$master
$user
$main
pid %%DIR%%/nginx.pid;
error_log %%DIR%%/logs/error.log $level;

events {
    worker_connections 4096;
    $events
}

http {
    log_format line '\$request_method \$uri \$status';
    access_log %%DIR%%/logs/access.log line;

    client_body_temp_path %%DIR%%/temp/body;
    proxy_temp_path       %%DIR%%/temp/proxy;
    fastcgi_temp_path     %%DIR%%/temp/fastcgi;
    uwsgi_temp_path       %%DIR%%/temp/uwsgi;
    scgi_temp_path        %%DIR%%/temp/scgi;

    $http
}
CONF

    return $self->replaced($text);
}


sub replaced {
    my ($self, $text) = @_;

    $text =~ s/%%DIR%%/$self->{dir}/g;
    $text =~ s/%%PORT%%/$self->{port}/g;
    $text =~ s/%%UP%%/$self->{up}/g;
    $text =~ s/%%ROOT%%/getcwd()/ge;

    return $text;
}


sub write_file {
    my ($self, $name, $text) = @_;

    $name = $name eq 'nginx' ? 'nginx.conf' : $name;

    open my $f, '>', "$self->{dir}/$name" or die "$name: $!";
    print $f $text;
    close $f;
}


sub start {
    my ($self, %env) = @_;

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        @ENV{keys %env} = values %env;
        open STDERR, '>', "$self->{dir}/logs/stderr";
        { exec $binary, '-p', $self->{dir}, '-c', "$self->{dir}/nginx.conf",
               '-e', "$self->{dir}/logs/error.log"; }
        POSIX::_exit(127);
    }

    $self->{pid} = $pid;

    $self->wait_for(sub {
        waitpid($pid, WNOHANG) == 0
            or die "nginx did not start:\n" . $self->file('logs/error.log')
                   . $self->file('logs/stderr');

        # whoever probes for free ports may listen on this one for a moment,
        # which nginx waits out; its pid is written once it listens itself

        return $self->file('nginx.pid') eq "$pid\n";
    }) or die "nginx does not listen\n";

    # and what it listens to it serves once it has memory for its connections:
    # one that ends at once is closed by it

    my $first = $self->connect;

    shutdown $first, 1;
    closed($first) or die "nginx does not serve\n";

    # before that a signal would be lost

    $self->wait_for(sub {
        $self->logged('start worker process \d') >= $self->{workers}
    }) or die "nginx has no workers\n" if $self->{workers};

    $self->next_block;

    return $self;
}


# What follows is served by another worker, which has read the configuration
# again; the one before is told to end when it has served what it began.  Idle
# connections are closed then.  Returns whether it was so.

sub next_block {
    my ($self) = @_;

    return unless $hup;

    my $told = 'gracefully shutting down';
    my $all = $self->logged($told) + $self->{workers};

    $self->reload;

    $self->wait_for(sub { $self->logged($told) >= $all })
        or die "nginx does not reload:\n" . $self->file('logs/error.log');

    return 1;
}


sub logged { $_[0]->count('logs/error.log', qr/\[notice\].*: $_[1]/) }


# upstream(sub { my ($socket, $request) = @_; … }): a server in a process of
# its own, one more for each connection; the handler is called for every
# request, { method, uri, head, headers, body }, and ends the connection by
# returning 0; the body of a request with X-Unread stays in the socket

sub upstream {
    my ($self, $handler) = @_;

    my $listen = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$self->{up}",
                                       Listen => 1024, ReuseAddr => 1)
        or die "listen: $!";

    my $pid = fork // die "fork: $!";

    if ($pid) {
        push @{ $self->{children} }, $pid;
        push @upstreams, $pid;
        return;
    }

    # what this process leaves behind is the test's own to clear away

    delete $self->{pid};
    $self->{children} = [];
    @upstreams = ();

    $SIG{CHLD} = 'IGNORE';
    $SIG{TERM} = sub {
        $SIG{TERM} = 'IGNORE';
        kill 'TERM', -$$;
        1 while wait != -1;
        POSIX::_exit(0);
    };
    POSIX::setpgid(0, 0);

    while (1) {
        my $socket = $listen->accept or next;

        next if fork;

        $SIG{TERM} = 'DEFAULT';
        close $listen;

        my $buffer = '';

        eval {
            while (my $request = read_request($socket, \$buffer)) {
                $handler->($socket, $request) or last;
            }

            1;
        } or print STDERR $@;

        close $socket;
        POSIX::_exit(0);
    }
}


sub read_request {
    my ($socket, $buffer) = @_;

    until ($$buffer =~ /\r\n\r\n/) {
        sysread($socket, $$buffer, 65536, length $$buffer) or return;
    }

    my ($head) = $$buffer =~ s/^(.*?\r\n)\r\n//s ? $1 : '';
    my ($method, $uri) = $head =~ /^(\S+) (\S+)/;
    my %headers = map { lc($_->[0]) => $_->[1] }
                  map { [ split /:\s*/, $_, 2 ] }
                  grep { /:/ } split /\r\n/, $head =~ s/^.*?\r\n//r;
    my $length = $headers{'content-length'} // 0;

    $length = 0 if $headers{'x-unread'};

    while (length $$buffer < $length) {
        sysread($socket, $$buffer, 65536, length $$buffer) or return;
    }

    return { method => $method, uri => $uri, head => $head,
             headers => \%headers,
             body => substr($$buffer, 0, $length, '') };
}


sub answer {
    my ($socket, $status, $body, @headers) = @_;

    syswrite $socket, join("\r\n", "HTTP/1.1 $status X",
                           'Content-Type: application/json',
                           'Content-Length: ' . length $body, @headers,
                           '', '') . $body;
    return 1;
}


# whether the other side has closed its end

sub closed {
    my ($socket) = @_;

    return IO::Select->new($socket)->can_read($patience)
           && !sysread $socket, my $buffer, 1;
}


# a line in a file that test and upstreams share

sub note_event {
    my ($self, $text) = @_;

    open my $f, '>>', "$self->{dir}/events" or die "events: $!";
    syswrite $f, "$text\n";
    close $f;
}


sub file {
    my ($self, $name) = @_;

    open my $f, '<', "$self->{dir}/$name" or return '';
    local $/;

    return <$f> // '';
}


sub count {
    my ($self, $name, $pattern) = @_;

    my @found = $self->file($name) =~ /$pattern/g;

    return scalar @found;
}


sub wait_for {
    my ($self, $what) = @_;

    my $end = time + $patience;

    # once more when the time is over: the machine may have stood still

    while (1) {
        my $last = time > $end;
        my $result = $what->();

        return $result if $result;
        return if $last;

        sleep 0.01;
    }
}


# a line that must come; the name is that of the test

sub wait_line {
    my ($self, $file, $pattern, $name) = @_;

    my $found = $self->wait_for(sub { $self->file($file) =~ /$pattern/ });

    ok($found, $name) or diag($self->file($file));
}


sub connect {
    my ($self, $port) = @_;

    $port //= $self->{port};

    return IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
        // die "connect: $!";
}


sub request {
    my ($self, $socket, $line, @headers) = @_;

    my $body = @headers && ref $headers[-1] ? ${ pop @headers } : undef;

    push @headers, 'Content-Length: ' . length $body if defined $body;

    syswrite $socket, join("\r\n", "$line HTTP/1.1", 'Host: localhost',
                           @headers, '', '') . ($body // '');
}


# sends much, while what comes back is kept for response()

sub send_all {
    my ($self, $socket, $bytes) = @_;

    my $buffer = \$self->{buffers}{ fileno $socket };
    my $sent = 0;

    $$buffer = '';
    $socket->blocking(0);

    while ($sent < length $bytes) {
        my ($read, $write) = IO::Select->select(
            map({ IO::Select->new($socket) } 1 .. 2), undef, $patience)
            or last;

        last if @$read && !sysread $socket, $$buffer, 65536, length $$buffer;

        $sent += syswrite($socket, $bytes, 65536, $sent) // 0 if @$write;
    }

    $socket->blocking(1);
}


# one response; { status, head, body } or undef where the connection ended

sub response {
    my ($self, $socket, %opt) = @_;

    my $buffer = \$self->{buffers}{ fileno $socket };

    $$buffer = '' if !defined $$buffer || $opt{first};

    until ($$buffer =~ /\r\n\r\n/) {
        more($socket, $buffer) or return;
    }

    $$buffer =~ s/^(.*?\r\n)\r\n//s;

    my $head = $1;
    my ($status) = $head =~ /^HTTP\/1\.\d (\d+)/;
    my $body = '';

    if ($opt{head} || $status =~ /^(?:100|204|304)$/) {
        # void

    } elsif ($head =~ /^Content-Length: (\d+)/mi) {
        my $length = $1;

        while (length $$buffer < $length) {
            more($socket, $buffer) or return;
        }

        $body = substr $$buffer, 0, $length, '';

    } elsif ($head =~ /^Transfer-Encoding: chunked/mi) {
        my $size = 1;

        while ($size) {
            until ($$buffer =~ /\r\n/) {
                more($socket, $buffer) or return;
            }

            $$buffer =~ s/^([0-9a-f]+)\r\n//i or die "a bad chunk";
            $size = hex $1;

            while (length $$buffer < $size + 2) {
                more($socket, $buffer) or return;
            }

            $body .= substr substr($$buffer, 0, $size + 2, ''), 0, $size;
        }

    } else {
        1 while more($socket, $buffer);
        $body = $$buffer;
        $$buffer = '';
    }

    return { status => $status, head => $head, body => $body };
}


sub more {
    my ($socket, $buffer) = @_;

    IO::Select->new($socket)->can_read($patience)
        or do { diag('no answer in time'); return };

    return sysread $socket, $$buffer, 65536, length $$buffer;
}


# one request on a connection of its own

sub ask {
    my ($self, $line, @more) = @_;

    my $socket = $self->connect;

    $self->request($socket, $line, 'Connection: close', @more);

    my %opt = (first => 1, head => scalar($line =~ /^HEAD/));
    my $response = $self->response($socket, %opt);

    $response = $self->response($socket, head => $opt{head})
        if $response && $response->{status} == 100;

    close $socket;

    return $response;
}


sub is_answer {
    my ($self, $line, $status, $body, $name, @more) = @_;

    $self->next_block;

    my $response = $self->ask($line, @more);

    subtest $name => sub {
        is($response->{status}, $status, 'status');

        if (ref $body) {
            like($response->{body}, $body, 'body');
        } else {
            is($response->{body}, $body, 'body');
        }
    };
}


# what stub_status says of connections, without the one that asks

sub active {
    my ($self) = @_;

    my $response = $self->ask('GET /stub_status');
    my ($active) = $response->{body} =~ /Active connections: (\d+)/;

    return $active - 1;
}


sub is_idle {
    my ($self, $name) = @_;

    my $idle = $self->wait_for(sub { $self->active == 0 });

    ok($idle, $name // 'no connection is left');

    $self->next_block;
}


sub reload {
    my ($self) = @_;

    kill 'HUP', $self->{pid};
}


# a clean stop, and nothing in the log that must not be there

sub stop {
    my ($self, $name) = @_;

    $name //= 'nginx';

    kill 'QUIT', $self->{pid};

    # nginx without a master does not see a signal that comes just before it
    # begins to wait for events, until the next one

    my $gone = $self->wait_for(sub {
        kill 'QUIT', $self->{pid} unless $self->{workers};
        waitpid($self->{pid}, WNOHANG) == $self->{pid};
    });

    my $status = $?;

    ok($gone, "$name stops when it is told to");
    is($status, 0, "$name exits with status 0") if $gone;

    delete $self->{pid} if $gone;

    # a test that kills a worker says so

    my $bad = join "\n", grep {
        /\[(?:alert|emerg|crit)\]|AddressSanitizer|runtime error|exited on sig/
        && !($self->{killed} && /exited on signal 9$/)
    } grep { !$self->{allow} || !/$self->{allow}/ }
      split /\n/, $self->file('logs/error.log') . $self->file('logs/stderr');

    is($bad, '', "$name logged no [alert] and no [crit]");
}


sub DESTROY {
    my ($self) = @_;

    local $?;

    # a master that is killed would leave its workers behind

    if ($self->{pid}) {
        kill 'TERM', $self->{pid};
        $self->wait_for(sub { waitpid($self->{pid}, WNOHANG) })
            or kill 'KILL', $self->{pid};
    }

    kill 'TERM', $_ for @{ $self->{children} };
    waitpid $_, 0 for @{ $self->{children} };
}


# before the END of File::Temp: what still writes into a directory would keep
# it from being removed

END {
    local $?;

    kill 'TERM', $_ for @upstreams;
    waitpid $_, 0 for @upstreams;
}


1;
