# Several servers in an upstream: weight=, max_fails=, fail_timeout=, backup and
# down, as nginx means them, for connections.

use strict;
use warnings;

use lib 't/lib';

use EndpointLoad;
use EndpointPeer;
use EndpointPostgres;
use EndpointServer;
use File::Temp qw(tempdir);
use Test::More;
use Time::HiRes qw(sleep);


# one that breaks off and one that says nothing; both count who comes

sub counted {
    my ($count, $then) = @_;

    return EndpointPeer->new(sub {
        open my $f, '>>', $count or die "$count: $!";
        syswrite $f, '.';
        $then->();
    });
}

my $dir = tempdir(TMPDIR => 1, CLEANUP => 1);
my ($cut_count, $deaf_count, $never_count)
    = map { "$dir/$_" } qw(cut deaf never);
my $cut = counted($cut_count, sub { });
my $never = counted($never_count, sub { });
my $deaf = counted($deaf_count, sub { sleep 600 });

my @sql = (sql => 'CREATE TABLE me (name text)');
my ($first, $second) = map { EndpointPostgres->new(@sql) } 1 .. 2;

$first->sql("INSERT INTO me VALUES ('first')");
$second->sql("INSERT INTO me VALUES ('second')");

my ($a, $b) = ($first->address, $second->address);

my %upstreams = (
    even   => [ 4, "server $a;", "server $b;" ],
    weight => [ 4, "server $a weight=3;", "server $b;" ],
    down   => [ 3, "server $a down;", "server $b;" ],
    backup => [ 3, "server $a fail_timeout=1s;", "server $b backup;" ],
    lost   => [ 4, "server $a fail_timeout=1s;", "server $b;" ],
    fails  => [ 1, 'server 127.0.0.1:' . $cut->port
                   . ' weight=9 max_fails=3 fail_timeout=600s;',
                "server $b;" ],
    never  => [ 2, 'server 127.0.0.1:' . $never->port . ' max_fails=0;',
                "server $b;" ],
    deaf   => [ 1, 'server 127.0.0.1:' . $deaf->port . ' fail_timeout=1s;',
                "server $b backup;" ],
);

my ($blocks, $endpoints) = ('', '');

for my $name (sort keys %upstreams) {
    my ($connections, @servers) = @{ $upstreams{$name} };

    $blocks .= <<"CONF";
    upstream $name {
        @servers
        endpoint_postgres "dbname=app user=app sslmode=disable connect_timeout=1 application_name=$name" connections=$connections isolated=1;
    }
CONF
    $endpoints .= <<"CONF";
            endpoint GET /$name { query_row \$r $name "SELECT name FROM me"; reply \$r.name; }
            endpoint GET /$name/isolated { query_row \$r $name "SELECT name FROM me" isolated; reply \$r.name; }
CONF
}

my $s = EndpointServer->new(http => $blocks . <<'CONF' . $endpoints . <<'END');

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /slow { query_row $r backup "SELECT name, pg_sleep(2) FROM me"; reply $r.name; }
CONF
        }
    }
END


sub lanes_at {
    my ($pg, $name) = @_;

    return eval { $pg->value("SELECT count(*) FROM pg_stat_activity
                              WHERE application_name = '$name'") } // 0;
}


sub are_at {
    my ($name, $n, $m, $text) = @_;

    my $found;

    ok($s->wait_for(sub {
        $found = join ' ', lanes_at($first, $name), lanes_at($second, $name);
        return $found eq "$n $m";
    }), $text) or diag("$found, not $n $m");
}


sub size { -s $_[0] // 0 }


$s->start;

are_at('even', 2, 2, 'connections are shared out evenly');
are_at('weight', 3, 1, 'weight=');
are_at('down', 0, 3, 'down');
are_at('backup', 3, 0, 'backup: not while the first is there');


# max_fails=3: as often it is tried in fail_timeout=; max_fails=0: for ever

ok($s->wait_for(sub { size($cut_count) >= 3 }), 'max_fails=3: three times');
ok($s->wait_for(sub { size($never_count) >= 6 }), 'max_fails=0: for ever');
is(size($cut_count), 3, 'max_fails=3: not more');
is($s->ask('GET /fails')->{body}, '"second"', 'max_fails=3: the other');
are_at('never', 0, 2, 'max_fails=0: meanwhile the other');


# a server that says nothing keeps no lane waiting, once there is one

is($s->ask('GET /deaf')->{body}, '"second"', 'a backup behind a deaf server');

my $tries = size($deaf_count);
my $load = EndpointLoad->new($s, 1, sub { 'GET /deaf' });

ok($s->wait_for(sub { size($deaf_count) >= $tries + 2 }),
   'a deaf server is tried again');

my @answers = $load->stop;

is(scalar(grep { $_->{body} ne '"second"' } @answers), 0,
   'while it is, the backup serves');


# the first one goes

$first->stop('INT');

are_at('backup', 0, 3, 'the backup serves');
are_at('lost', 0, 4, 'what is left serves');
is($s->ask('GET /backup')->{body}, '"second"', 'the backup serves');
is($s->ask('GET /backup/isolated')->{body}, '"second"',
   'the backup serves an isolated query');


# and is back: nobody notices but by the name

my $client = $s->connect;

$s->request($client, 'GET /slow', 'Connection: close');
$load = EndpointLoad->new($s, 2, sub { 'GET /backup' });
$first->start;

are_at('backup', 3, 0, 'the lanes go back');
are_at('lost', 2, 2, 'lanes are shared out evenly again');

@answers = $load->stop;

is(join(' ', grep { $_ ne '"first"' && $_ ne '"second"' }
             map { $_->{body} } @answers), '',
   'all are answered meanwhile');
is($s->response($client, first => 1)->{body}, '"second"',
   'so is what was under way');
is($s->ask('GET /backup')->{body}, '"first"', 'the first serves again');
is($s->ask('GET /backup/isolated')->{body}, '"first"',
   'the first serves an isolated query again');

$s->stop;
done_testing();
