package EndpointPostgres;

# A Postgres server of a test's own, in a directory of /tmp, which ends with the
# test.  Root's server runs as the user postgres.
#
#     my $pg = EndpointPostgres->new(conf => "max_connections = 20",
#                                    sql => "CREATE TABLE ...");
#
#     $pg->port                   with $pg->address: for an upstream's server
#     $pg->sql("SELECT ...")      rows, as lists of texts, by a connection of
#     $pg->value("SELECT ...")    its own; the first value alone
#     $pg->lanes                  the processes that serve nginx
#     $pg->restart('QUIT')        INT: fast; QUIT: immediate, as after a crash;
#                                 KILL
#     $pg->crash($pid)            kill -9 of a backend; all others go, too
#
#     EndpointPostgres::tasks()   the tables of queues and of schedules with db=
#     $pg->pooler('app', 4)       the port of a pgbouncer that gives out so many
#                                 connections of that role for a transaction
#
#     tls => 1                    it has a certificate, and in $pg->dir are
#                                 ca.crt and other.crt
#
#     my $c = $pg->connect        a connection that stays: $c->sql(...), and
#     $c->send("SELECT ...")      $c->rows where the answer may take its time

use strict;
use warnings;

use EndpointPort;
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::UNIX;
use POSIX qw(WNOHANG);
use Scalar::Util qw(weaken);
use Time::HiRes qw(sleep time);

our $patience = 60;

my @servers;

$ENV{PATH} = join ':', $ENV{PATH},
                  reverse sort glob '/usr/lib/postgresql/*/bin';


sub new {
    my ($class, %opt) = @_;

    my $self = bless { owner => $$ }, $class;

    weaken($servers[@servers] = $self);

    # a TMPDIR may be too long for a socket, or closed to the user postgres

    $self->{port} = $opt{port} // EndpointPort::free();
    $self->{dir} = tempdir('endpoint_pg_XXXXXX', DIR => '/tmp', CLEANUP => 1);
    $self->{as} = $> ? [] : [qw(--reuid=postgres --regid=postgres
                                --init-groups)];

    if ($> == 0) {
        my (undef, undef, $uid, $gid) = getpwnam 'postgres';
        defined $uid or die "no user postgres, Debian's package postgresql\n";
        chown $uid, $gid, $self->{dir};
    }

    $self->run('initdb', '-D', "$self->{dir}/data", '-U', 'postgres', '-A',
               'trust', '-E', 'UTF8', '--no-locale', '--no-sync') == 0
        or die "initdb failed:\n" . $self->log;

    $self->configure($opt{conf} // '');

    if ($opt{tls}) {
        $self->make_certificates;
        $self->configure("ssl = on\nssl_cert_file = '../server.crt'\n"
                         . "ssl_key_file = '../server.key'");
    }

    $self->start;

    $self->connect->sql("CREATE ROLE app LOGIN PASSWORD 'open sesame'",
                        "CREATE DATABASE app OWNER app");
    $self->connect('app', 'app')->sql($opt{sql}) if $opt{sql};

    return $self;
}


# appends to the server's configuration; a later line beats an earlier one

sub configure {
    my ($self, $text, $file) = @_;

    $self->{configured}++ or $text = <<"CONF" . $text;
listen_addresses = '127.0.0.1'
unix_socket_directories = '$self->{dir}'
fsync = off
timezone = 'UTC'
log_min_messages = panic
max_wal_senders = 0
wal_level = minimal
CONF

    open my $f, '>>', "$self->{dir}/data/" . ($file // 'postgresql.conf')
        or die "postgresql.conf: $!";
    print $f "$text\n";
    close $f;
}


# as the server's user: to its end, or beside the test

sub run {
    my ($self, @command) = @_;

    waitpid $self->spawn(@command), 0;

    return $?;
}


sub spawn {
    my ($self, @command) = @_;

    my $pid = fork // die "fork: $!";

    $self->exec_as(@command) if $pid == 0;

    return $pid;
}


# an authority, what it says of the server "db.example" at 127.0.0.1, and an
# authority that says nothing

sub make_certificates {
    my ($self) = @_;

    my @key = qw(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes
                 -days 2);
    my $d = $self->{dir};
    my @commands = (
        [qw(req -x509 -subj /CN=authority -keyout), "$d/ca.key", '-out',
         "$d/ca.crt", @key],
        [qw(req -x509 -subj /CN=nobody -keyout), "$d/other.key", '-out',
         "$d/other.crt", @key],
        [qw(req -subj /CN=db.example -keyout), "$d/server.key", '-out',
         "$d/server.csr", @key],
        [qw(x509 -req -days 2 -set_serial 1 -in), "$d/server.csr", '-CA',
         "$d/ca.crt", '-CAkey', "$d/ca.key", '-out', "$d/server.crt"],
    );

    $self->run('openssl', @$_) == 0 or die "openssl failed:\n" . $self->log
        for @commands;
}


sub exec_as {
    my ($self, @command) = @_;

    chdir '/';
    open STDIN, '<', '/dev/null';
    open STDOUT, '>>', "$self->{dir}/log";
    open STDERR, '>&', \*STDOUT;

    { exec 'setpriv', @{ $self->{as} }, '--pdeathsig=INT', @command; }
    POSIX::_exit(127);
}


sub start {
    my ($self) = @_;

    my $end = time + $patience;

    while (time < $end) {

        # a killed one's processes hold its memory until they have seen that

        $self->{pid} = $self->spawn('postgres', '-D', "$self->{dir}/data",
                                    '-p', $self->{port})
            if !$self->{pid} || waitpid($self->{pid}, WNOHANG) != 0;

        return if eval { $self->connect };
        sleep 0.02;
    }

    die "postgres does not answer:\n" . $self->log;
}


# an immediate end leaves no time for anything, and wants none afterwards

sub stop {
    my ($self, $signal) = @_;

    my $pid = delete $self->{pid} or return;

    kill $signal // 'QUIT', $pid;
    waitpid $pid, 0;
}


sub restart {
    my ($self, $signal) = @_;

    $self->stop($signal);
    $self->start;
}


# until none of those who were connected is, and the server is back

sub crash {
    my ($self, $pid) = @_;

    my $witness = $self->connect;

    kill 'KILL', $pid or return;

    $witness->wait_end;
    $self->wait_for('SELECT 1') or die "postgres is not back\n";
}


sub tasks {
    open my $f, '<', 'conf/endpoint_tasks.sql' or die "endpoint_tasks.sql: $!";
    local $/;
    return <$f>;
}


# it ends with the server

sub pooler {
    my ($self, $role, $size) = @_;
    my $port = EndpointPort::free();

    open my $f, '>', "$self->{dir}/pgbouncer.ini" or die "pgbouncer.ini: $!";
    print $f <<"INI";
[databases]
app = host=127.0.0.1 port=$self->{port} dbname=app user=$role
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = $size
INI
    close $f;

    $self->{pooler} = $self->spawn('pgbouncer', "$self->{dir}/pgbouncer.ini");

    return $port;
}


sub port    { $_[0]{port} }
sub address { "127.0.0.1:$_[0]{port}" }
sub socket  { "unix:$_[0]{dir}/.s.PGSQL.$_[0]{port}" }
sub dir     { $_[0]{dir} }
sub pid     { $_[0]{pid} }


sub log {
    my ($self) = @_;

    open my $f, '<', "$self->{dir}/log" or return '';
    local $/;

    return <$f> // '';
}


sub connect {
    my ($self, $user, $db) = @_;

    return EndpointPostgres::Connection->new($self, $user // 'postgres',
                                             $db // 'postgres');
}


sub sql {
    my ($self, @sql) = @_;

    return $self->connect('postgres', 'app')->sql(@sql);
}


sub value {
    my ($self, @sql) = @_;

    my ($row) = $self->sql(@sql);

    return $row && $row->[0];
}


sub lanes {
    my ($self, $more) = @_;

    return map { $_->[0] }
           $self->sql("SELECT pid FROM pg_stat_activity
                       WHERE application_name = 'nginx'"
                      . ($more ? " AND $more" : '') . " ORDER BY pid");
}


# until a query's first value is true; undef where that never happens

sub wait_for {
    my ($self, $sql) = @_;

    my $end = time + $patience;

    while (time < $end) {
        my $value = eval { $self->value($sql) };
        return $value if $value && $value ne 'f';
        sleep 0.02;
    }

    return;
}


sub DESTROY {
    my ($self) = @_;

    return if $self->{owner} != $$;

    local $?;

    if ($self->{pooler}) {
        kill 'INT', $self->{pooler};
        waitpid $self->{pooler}, 0;
    }

    $self->stop;
}


# before the END of File::Temp: what still writes into a directory would keep
# it from being removed

END {
    local $?;

    $_->stop for grep { $_ && $_->{owner} == $$ } @servers;
}


package EndpointPostgres::Connection;

# enough of the protocol for a simple query

sub new {
    my ($class, $pg, $user, $db) = @_;

    my $path = "$pg->{dir}/.s.PGSQL.$pg->{port}";
    my $socket = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!\n";
    my $self = bless { socket => $socket, buffer => '' }, $class;
    my $body = pack 'N', 196608;

    $body .= "$_\0" for user => $user, database => $db, '';

    syswrite $socket, pack('N', 4 + length $body) . $body;

    $self->rows;

    return $self;
}


# until the server has closed it

sub wait_end {
    my ($self) = @_;

    while (IO::Select->new($self->{socket})->can_read($patience)) {
        sysread $self->{socket}, $self->{buffer}, 65536 or return;
    }

    die "postgres: the connection stays\n";
}


# the rows of the last

sub sql {
    my ($self, @sql) = @_;

    my @rows;

    for my $sql (@sql) {
        $self->send($sql);
        @rows = $self->rows;
    }

    return @rows;
}


sub send {
    my ($self, $sql) = @_;

    syswrite $self->{socket}, 'Q' . pack('N', 5 + length $sql) . "$sql\0";
}


sub rows {
    my ($self) = @_;

    my (@rows, $error);

    while (1) {
        my ($type, $body) = $self->message;

        if ($type eq 'D') {
            my ($n, $at, @row) = (unpack('n', $body), 2);

            while ($n--) {
                my $length = unpack 'N', substr $body, $at, 4;

                $at += 4;
                push @row, $length == 0xffffffff
                           ? undef : substr $body, $at, $length;
                $at += $length if $length != 0xffffffff;
            }

            push @rows, \@row;

        } elsif ($type eq 'E') {
            $error = join ' ', $body =~ /\0C([^\0]*)\0M([^\0]*)/;

        } elsif ($type eq 'Z') {
            die "postgres: $error\n" if $error;
            return @rows;
        }
    }
}


sub message {
    my ($self) = @_;

    my $head = $self->take(5);
    my ($type, $length) = unpack 'aN', $head;

    return $type, $self->take($length - 4);
}


sub take {
    my ($self, $n) = @_;

    while (length $self->{buffer} < $n) {
        sysread $self->{socket}, $self->{buffer}, 65536,
                length $self->{buffer}
            or die "postgres: the connection was closed\n";
    }

    return substr $self->{buffer}, 0, $n, '';
}


1;
