# A task in Postgres is queued and run while the n-th allocation fails, for every
# n: what was acknowledged runs, and a row has its task.

use strict;
use warnings;

use lib 't/lib';

use EndpointAlloc qw(control);
use EndpointPostgres;
use EndpointServer;
use Test::More;


plan skip_all => 'sanitizers have an allocator of their own'
    if $ENV{TEST_SANITIZERS};

my $pg = EndpointPostgres->new(sql => EndpointPostgres::tasks() . <<'SQL');
    CREATE TABLE orders (id serial, n int);
    CREATE TABLE done (n int);
SQL

my $s = EndpointServer->new(http => <<"CONF" . <<'CONF',

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=1 isolated=1;
    }
CONF

    endpoint_task_queue mail db=db poll=200ms backoff=20ms retries=100;

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint POST /task {
                arg $n:int;
                background { query db "INSERT INTO done VALUES ($n)"; }
                reply 202;
            }

            endpoint POST /key {
                arg $n:int;
                background unique=$n {
                    query db "INSERT INTO done VALUES ($n)";
                }
                reply 202;
            }

            endpoint POST /order {
                arg $n:int;
                transaction {
                    query_row $order db "INSERT INTO orders (n) VALUES ($n) RETURNING n";
                    background mail {
                        query db "INSERT INTO done VALUES ($order.n)";
                    }
                }
                reply 202;
            }
        }
    }
CONF

    # what fails says so, and libpq says it in its own words
    allow => qr/./);

EndpointAlloc::start($s);


my $number = 0;
my @acknowledged;

sub task {
    my ($path) = @_;

    my $answer = $s->ask("POST $path?n=" . ++$number);
    my $status = $answer ? $answer->{status} : 'none';

    push @acknowledged, $number if $status eq '202';

    return $status;
}

ok($s->wait_for(sub { task('/task') eq '202' }), 'tasks are queued');

for my $path ('/task', '/key', '/order') {
    for my $row (1, 20) {
        my ($n, %seen);

        for ($n = 1; $n < 200; $n++) {
            control($n, 0, 0, $row);
            $seen{task($path)}++;

            # what runs behind the reply, too
            select undef, undef, undef, 0.01;

            my $failed = (control())[2];

            control(0, 0, 0, 0);
            last if !$failed && $n > 60;
        }

        # libpq without memory for a Sync says nothing: a deadline ends it

        my @odd = grep { !/^(?:202|500|502|503|504|none)$/ } keys %seen;

        is("@odd", '', "$path: $n times, $row in a row")
            or diag(explain(\%seen));
    }
}

ok($s->wait_for(sub { task('/task') eq '202' }), 'it goes on');
ok($s->wait_for(sub {
    ($pg->value('SELECT count(*) FROM endpoint.task') // 1) == 0
}), 'nothing is left');

my %done = map { $_ => 1 }
    split /\n/, $pg->value("SELECT string_agg(DISTINCT n::text, E'\n') FROM done");

is(scalar(grep { !$done{$_} } @acknowledged), 0,
   'what was acknowledged has run');
is($pg->value('SELECT count(*) FROM orders WHERE NOT EXISTS'
              . ' (SELECT 1 FROM done WHERE done.n = orders.n)'), 0,
   'a row has its task');
is($pg->value('SELECT count(*) FROM endpoint.dead_task'), 0, 'none is dead');

$s->stop;

done_testing;
