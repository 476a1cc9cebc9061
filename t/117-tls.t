# Who the server is, and who we are: TLS with an authority of our own, passwords,
# and servers that do not speak TLS.

use strict;
use warnings;

use lib 't/lib';

use EndpointLoad;
use EndpointPostgres;
use EndpointServer;
use Test::More;


my $pg = EndpointPostgres->new(tls => 1, sql => 'CREATE TABLE notes (text text)');
my $dir = $pg->dir;

$pg->connect->sql('CREATE ROLE plain LOGIN', 'CREATE ROLE secure LOGIN',
                  'CREATE ROLE scram LOGIN');
$pg->connect->sql("ALTER ROLE scram PASSWORD 'it''s \\a \"secret\"'");

# the first line that fits counts

open my $f, '>', "$dir/data/pg_hba.conf" or die "pg_hba.conf: $!";
print $f <<'HBA';
local     all postgres               trust
hostssl   all plain     127.0.0.1/32 reject
hostnossl all secure    127.0.0.1/32 reject
host      all app       127.0.0.1/32 scram-sha-256
host      all scram     127.0.0.1/32 scram-sha-256
host      all all       127.0.0.1/32 trust
HBA
close $f;

for (['passfile', "*:*:*:app:open sesame\n"],
     ['wrongfile', "*:*:*:app:open barley\n"])
{
    my ($name, $text) = @$_;

    open my $f, '>', "$dir/$name" or die "$name: $!";
    print $f $text;
    close $f;
    chmod 0600, "$dir/$name";
}

$pg->restart('INT');

# a name, its conninfo, and what comes of it

my $app = q(dbname=app user=app password='open sesame');

my @good = (
    [ require     => "$app sslmode=require", 'true' ],
    [ prefer      => "$app", 'true' ],
    [ disable     => "$app sslmode=disable", 'false' ],
    [ verify_ca   => "$app sslmode=verify-ca sslrootcert=$dir/ca.crt", 'true' ],
    [ verify_full => "$app sslmode=verify-full sslrootcert=$dir/ca.crt host=db.example", 'true' ],
    [ binding     => "$app sslmode=require channel_binding=require", 'true' ],
    [ passfile    => "dbname=app user=app passfile=$dir/passfile", 'true' ],
    [ quotes      => q(dbname=app user=scram password='it\\\\'s \\\\\\\\a \\"secret\\"'), 'true' ],
    [ second      => 'dbname=app user=plain', 'false' ],
    [ allow       => 'dbname=app user=secure sslmode=allow', 'true' ],
    [ options     => "$app options='-c work_mem=1234kB' application_name=mine target_session_attrs=read-write", 'true' ],
);

# one that there is not nginx refuses when it reads the configuration

open my $empty, '>', "$dir/empty.crt" or die "$dir/empty.crt: $!";
close $empty;

my @bad = (
    [ wrong_ca    => "$app sslmode=verify-ca sslrootcert=$dir/other.crt",
      qr/certificate verify failed/ ],
    [ wrong_name  => "$app sslmode=verify-full sslrootcert=$dir/ca.crt host=db.example.org",
      qr/does not match host name/ ],
    [ no_name     => "$app sslmode=verify-full sslrootcert=$dir/ca.crt",
      qr/does not match host name/ ],
    [ no_ca       => "$app sslmode=verify-ca sslrootcert=$dir/empty.crt",
      qr/empty\.crt/ ],
    [ password    => q(dbname=app user=app password='open barley'),
      qr/password authentication failed/ ],
    [ no_password => "dbname=app user=app passfile=$dir/nowhere",
      qr/no password supplied/ ],
    [ wrongfile   => "dbname=app user=app passfile=$dir/wrongfile",
      qr/password authentication failed/ ],
    [ no_role     => 'dbname=app user=nobody_at_all', qr/does not exist/ ],
    [ no_database => 'dbname=nowhere user=plain', qr/does not exist/ ],
    [ only_tls    => 'dbname=app user=plain sslmode=require',
      qr/pg_hba\.conf rejects connection/ ],
    [ no_binding  => "$app sslmode=disable channel_binding=require",
      qr/channel binding/i ],
);


sub upstream {
    my ($name, $conninfo, $server) = @_;

    return <<"CONF";
    upstream $name {
        server $server;
        endpoint_postgres "$conninfo" connections=2 isolated=1;
    }
CONF
}


sub endpoints {
    my ($name) = @_;

    return <<"CONF";
            endpoint GET /$name { query_row \$r $name "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"; reply \$r.ssl; }
            endpoint GET /$name/isolated { query_row \$r $name "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()" isolated; reply \$r.ssl; }
            endpoint GET /$name/timeout { query_row \$r $name "SELECT 1 AS x" timeout=300ms; reply \$r; }
CONF
}


my $s = EndpointServer->new(http =>
    join('', map { upstream($_->[0], $_->[1], $pg->address) } @good, @bad)
    . <<"CONF" . join('', map { endpoints($_->[0]) } @good, @bad) . <<'CONF1');
    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /settings { query_row \$r options "SELECT current_setting('work_mem') AS w, current_setting('application_name') AS a"; reply \$r; }
            endpoint GET /rows/\$n:int { query \$r require "SELECT n FROM generate_series(1, \$n::int) n"; reply '\$r[*].n'; }
CONF
        }
    }
CONF1

$s->start;

for (@good) {
    my ($name, undef, $ssl) = @$_;

    is($s->ask("GET /$name")->{body}, $ssl, "$name: connects, TLS is $ssl");
    is($s->ask("GET /$name/isolated")->{body}, $ssl, "$name: isolated");
}

is($s->ask('GET /settings')->{body}, '{"w":"1234kB","a":"mine"}',
   'options and a name of our own');

for (@bad) {
    my ($name, undef, $words) = @$_;

    # its own time, or that of the pool without a server, is over first

    like($s->ask("GET /$name/timeout")->{status}, qr/^50[34]$/,
         "$name: does not connect");
    $s->wait_line('logs/error.log', $words, "$name: the log says why");
}

unlike($s->file('logs/error.log'), qr/sesame|barley|secret/,
       'no password is in the log');


# many at once, of sizes that fit no record

my $load = EndpointLoad->new($s, 6, sub {
    my ($client, $n) = split /-/, $_[0];

    return 'GET /rows/' . (1 + ($n * 997 + $client * 7919) % 9000);
});

$load->wait_more(200);

my @wrong;

for my $answer ($load->stop) {
    my ($client, $n) = split /-/, $answer->{id};
    my $rows = 1 + ($n * 997 + $client * 7919) % 9000;

    push @wrong, "$answer->{id} $answer->{status}"
        if $answer->{body} ne '[' . join(',', 1 .. $rows) . ']';
}

is("@wrong", '', 'many results at once through TLS');
$s->stop('nginx beside TLS');


# a server that knows no TLS

my $bare = EndpointPostgres->new;

$s = EndpointServer->new(http =>
    join('', map { upstream($_->[0], $_->[1], $bare->address) }
             [ prefer => 'dbname=app user=app' ],
             [ require => 'dbname=app user=app sslmode=require' ])
    . <<"CONF" . endpoints('prefer') . endpoints('require') . <<'CONF1');
    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
CONF
        }
    }
CONF1

$s->start;

is($s->ask('GET /prefer')->{body}, 'false', 'prefer goes without');
is($s->ask('GET /prefer/isolated')->{body}, 'false', 'prefer, isolated');
$s->is_answer('GET /require/timeout', 504, qr/timed out/, 'require does not');
$s->wait_line('logs/error.log', qr/server does not support SSL/,
              'require: the log says why');

$s->stop('nginx beside no TLS');
done_testing();
