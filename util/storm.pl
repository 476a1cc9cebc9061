# The program of util/storm.

use strict;
use warnings;

use EndpointLoad;
use EndpointPostgres;
use EndpointServer;
use Test::More;
use Time::HiRes qw(sleep time);

my ($ends) = @ARGV;
my $seed = $ENV{STORM_SEED} // time & 0xffff;

srand $seed;
$| = 1;

my $pg = EndpointPostgres->new(tls => 1, sql => <<'SQL');
    CREATE TABLE notes (text text);
    CREATE INDEX ON notes (text);
SQL

my $s = EndpointServer->new(http => <<"CONF" . <<'CONF');

    upstream plain {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app sslmode=disable" connections=2 isolated=2;
    }

    upstream tls {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app sslmode=require" connections=2 isolated=2;
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;
        endpoint_timeout 20s;

        location / {
            endpoint GET /ping { reply '"pong"'; }
            endpoint GET /plain/lane/$x { query_row $r plain "INSERT INTO notes VALUES ($x) RETURNING text"; reply $r.text; }
            endpoint GET /plain/slow/$x { query_row $r plain "INSERT INTO notes SELECT $x FROM pg_sleep(0.02) RETURNING text"; reply $r.text; }
            endpoint GET /plain/isolated/$x { query_row $r plain "INSERT INTO notes VALUES ($x) RETURNING text" isolated; reply $r.text; }
            endpoint GET /plain/each/$x {
                arg $l:json=[1,2,3];
                query $r plain "INSERT INTO notes VALUES ($x || '.' || $item::text) RETURNING text" each=$l limit=3;
                reply $r[0][0].text;
            }
            endpoint GET /plain/transaction/$x {
                transaction {
                    query_row $a plain "INSERT INTO notes VALUES ($x || '.1') RETURNING text";
                    query_row $r plain "INSERT INTO notes VALUES ($x || '.2') RETURNING text";
                }
                reply $r.text;
            }
            endpoint GET /tls/lane/$x { query_row $r tls "INSERT INTO notes VALUES ($x) RETURNING text"; reply $r.text; }
            endpoint GET /tls/isolated/$x { query_row $r tls "INSERT INTO notes VALUES ($x) RETURNING text" isolated; reply $r.text; }
        }
    }
CONF

my @kinds = qw(plain/lane plain/slow plain/isolated plain/each
               plain/transaction tls/lane tls/isolated);

$s->start;


# what a request that was answered 200 must have left

sub rows_of {
    my ($id) = @_;
    my $kind = $kinds[(split /-/, $id)[1] % @kinds];

    return $kind =~ /each/ ? map { "$id.$_" } 1 .. 3
           : $kind =~ /transaction/ ? map { "$id.$_" } 1 .. 2
           : $id;
}


sub frozen {
    my ($pid, $time) = @_;

    kill 'STOP', $pid;
    sleep $time;
    kill 'CONT', $pid;
}


my %ends = (
    fast => sub { $pg->restart('INT') },
    immediate => sub { $pg->restart('QUIT') },
    terminate => sub {
        eval {
            $pg->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                     . " WHERE application_name = 'nginx' AND random() < 0.7");
        };
    },
    'worker stopped, then terminate' => sub {
        kill 'STOP', $s->{pid};
        sleep rand 0.1;
        eval {
            $pg->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                     . " WHERE application_name = 'nginx'");
        };
        sleep rand 0.05;
        kill 'CONT', $s->{pid};
    },
    'worker stopped, then fast' => sub {
        kill 'STOP', $s->{pid};
        sleep rand 0.1;
        $pg->restart('INT');
        kill 'CONT', $s->{pid};
    },
    'worker stopped' => sub { frozen($s->{pid}, rand 0.2) },
    'server stopped' => sub { frozen($pg->pid, rand 0.2) },
);

my %count;
my $load = EndpointLoad->new($s, 8, sub {
    return "GET /$kinds[(split /-/, $_[0])[1] % @kinds]/$_[0]";
});

for my $n (1 .. $ends) {
    my @names = sort keys %ends;
    my $name = $names[rand @names];

    $ends{$name}->();
    $count{$name}++;
    sleep rand 0.2;
}

my @answers = $load->stop;
my $alive = $s->ask('GET /ping')->{status} == 200;

my %rows;
$rows{$_->[0]}++ for $pg->sql('SELECT text FROM notes');

my @twice = grep { $rows{$_} > 1 } sort keys %rows;
my @lost = grep { !$rows{$_} } map { rows_of($_->{id}) }
           grep { $_->{status} == 200 } @answers;
my %statuses;
$statuses{$_->{status}}++ for @answers;

printf "seed %d: %d ends (%s)\n", $seed, $ends,
       join ', ', map { "$_ $count{$_}" } sort keys %count;
printf "%d answers (%s), %d rows\n", scalar @answers,
       join(', ', map { "$_: $statuses{$_}" } sort keys %statuses),
       scalar keys %rows;
printf "twice: %d, acknowledged and lost: %d, the worker %s\n",
       scalar @twice, scalar @lost, $alive ? 'goes on' : 'does not answer';
print "twice: @twice[0 .. ($#twice > 9 ? 9 : $#twice)]\n" if @twice;
print "lost: @lost[0 .. ($#lost > 9 ? 9 : $#lost)]\n" if @lost;

$pg->stop;
kill 'TERM', $s->{pid};

exit(@twice || @lost || !$alive ? 1 : 0);
