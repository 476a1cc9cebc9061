# Who waits for another's work gets its outcome, not what the other one has made
# of it: default=, pass=, retries=, times and limits are each step's own.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use EndpointPostgres;
use Test::More;


my $pg = EndpointPostgres->new;

# two endpoints of a name ask for the same, each by its own options

my %options = (
    default => ["status=500", q('default={"n": 0}'), ''],
    none    => ["status=500", '', q('default={"n": 0}')],
    pass    => ["status=404", 'pass=404', ''],
    passed  => ["status=404", '', 'pass=404'],
    either  => ["status=404", 'pass=404', q('default={"n": 0}')],
    retries => ["down=503", '', 'retries=1'],
    timeout => ["", 'timeout=300ms', ''],
    expired => ["", q(timeout=300ms 'default={"n": 0}'), ''],
    try     => ["", 'try_timeout=300ms', ''],
    tries   => ["", '', q(try_timeout=300ms 'default={"n": 0}')],
    same    => ["late=never", 'try_timeout=1s', 'try_timeout=1s'],
);

my $endpoints = '';

for my $name (sort keys %options) {
    my ($args, @options) = @{ $options{$name} };

    for my $i (0, 1) {
        $endpoints .= <<"CONF";
            endpoint GET /$name/$i {
                log notice "arrived at $name $i";
                fetch \$x /up/$name?wait=$name&$args cache=cache:$name $options[$i];
                reply '\$x.n';
            }
CONF
    }
}

my $s = cache_server(workers => 4, listen => 'reuseport',
                     more => <<"MORE", endpoints => $endpoints . <<'CONF');

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=3;
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        server_name small;

        location / {
            endpoint_fetch_buffer 1k;
            endpoint_bigint string;

            endpoint GET /size/0 {
                log notice "arrived at size 0";
                fetch \$x /up/size?wait=size&size=3000 cache=cache:size;
                reply '\$x.n';
            }

            endpoint GET /bigint/0 {
                query_row \$x db "SELECT 9007199254740993 AS n" cache=cache:bigint;
                reply \$x;
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }
    }
MORE


    endpoint GET /deadline/0 {
        timeout 300ms;
        log notice "arrived at deadline 0";
        fetch $x /up/deadline?wait=deadline cache=cache:deadline;
        reply '$x.n';
    }

    endpoint GET /deadline/1 {
        log notice "arrived at deadline 1";
        fetch $x /up/deadline?wait=deadline cache=cache:deadline;
        reply '$x.n';
    }

    endpoint GET /size/1 {
        log notice "arrived at size 1";
        fetch $x /up/size?wait=size&size=3000 cache=cache:size;
        reply '$x.n';
    }

    endpoint GET /bigint/1 {
        query_row $x db "SELECT 9007199254740993 AS n" cache=cache:bigint;
        reply $x;
    }

    endpoint GET /text/0 {
        fetch $x /up/text cache=cache:text;
        reply '$x.n';
    }

    endpoint GET /text/1 {
        fetch $x /up/text as=text cache=cache:text;
        reply '["$x"]';
    }

    endpoint GET /rows/0 {
        query_row $x db "SELECT 1 AS n" cache=cache:rows;
        reply $x;
    }

    endpoint GET /rows/1 {
        query $x db "SELECT 1 AS n" cache=cache:rows;
        reply $x;
    }

    endpoint GET /each/0 {
        arg $ids:json=[1,2];
        log notice "arrived at each 0";
        fetch $x /up/each/$item?wait=each&status=500 each=$ids cache=cache:each:$ids 'default={"n": 0}';
        reply '$x[*].n';
    }

    endpoint GET /each/1 {
        arg $ids:json=[1,2];
        log notice "arrived at each 1";
        fetch $x /up/each/$item?wait=each&status=500 each=$ids cache=cache:each:$ids;
        reply '$x[*].n';
    }

    endpoint GET /late/0 {
        arg $ids:json=[1,2];
        log notice "arrived at late 0";
        fetch $x /up/late/$item?wait=late each=$ids cache=cache:late:$ids;
        reply '$x[*].n';
    }

    endpoint GET /late/1 {
        arg $ids:json=[1,2];
        log notice "arrived at late 1";
        fetch $x /up/late/$item?wait=late each=$ids cache=cache:late:$ids timeout=300ms 'default={"n": 0}';
        reply '$x[*].n';
    }

    endpoint GET /statement/$i {
        timeout 4s;
        log notice "arrived at statement $i";
        cache cache all unkeyed=$i;
        fetch $x /up/statement?wait=statement;
        reply '$x.n';
    }

    endpoint GET /query/0 {
        log notice "arrived at query 0";
        query_row $x db "SELECT pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1), 1 / 0 AS n" cache=cache:query default=null;
        reply '[$x]';
    }

    endpoint GET /query/1 {
        log notice "arrived at query 1";
        query_row $y db "SELECT pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1), 1 / 0 AS n" cache=cache:query;
        reply '$y.n';
    }

    endpoint GET /lock/0 {
        log notice "arrived at lock 0";
        query_row $x db "SELECT pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1), 5 AS n" cache=cache:lock timeout=300ms;
        reply '$x.n';
    }

    endpoint GET /lock/1 {
        log notice "arrived at lock 1";
        query_row $x db "SELECT pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1), 5 AS n" cache=cache:lock;
        reply '$x.n';
    }
CONF

$s->start;


sub open_client {
    my ($what, $i, $host) = @_;

    my $arrived = qr/arrived at $what $i/;
    my $before = $s->count('logs/error.log', $arrived);
    my $socket = $s->connect;

    syswrite $socket, join "\r\n", "GET /$what/$i HTTP/1.1",
                                   'Host: ' . ($host // 'localhost'),
                                   'Connection: close', '', '';

    $s->wait_for(sub { $s->count('logs/error.log', $arrived) > $before })
        or diag("/$what/$i does not arrive");

    return $socket;
}


sub answers {
    return map { my $answer = $s->response($_, first => 1);
                 "$answer->{status} $answer->{body}" } @_;
}


# one leads, three wait; then, or when they have been waited for, it goes

sub is_both {
    my ($name, $first, $second, $asked, %opt) = @_;

    my $path = $opt{path} // "/$name";
    my $leader = open_client($name, 0, $opt{host});

    $s->wait_for(sub { asked($s, $path) });

    sleep $opt{later} if $opt{later};

    my @followers = map { open_client($name, 1) } 1 .. 3;

    $s->wait_for(sub { asked($s, $path) == $opt{until} }) if $opt{until};

    go($s, $name);

    is_deeply([answers($leader, @followers)], [$first, ($second) x 3], $name);
    is(asked($s, $path), $asked, "$name: asked $asked times");
}


my $error = '502 {"detail":"x: the upstream answered with an error"}';
my $late = '504 {"detail":"x: timed out"}';


# what becomes of a failure

is_both('default', '200 0', $error, 1);
is_both('none', $error, '200 0', 1);
is_both('pass', '404 {"n": 1, "seen": ""}', $error, 1);
is_both('passed', $error, '404 {"n": 1, "seen": ""}', 1);
is_both('either', '404 {"n": 1, "seen": ""}', '200 0', 1);


# whose time is over has said nothing about the work

is_both('timeout', $late, '200 2', 2, until => 2);
is_both('expired', '200 0', '200 2', 2, until => 2);
is_both('try', $late, '200 2', 2, until => 2);
is_both('deadline', $late, '200 2', 2, until => 2);

# those who came later have time left

is_both('statement', $late, '200 2', 2, until => 2, later => 2);


# who waits has its own time, and its own number of tries

my $leader = open_client('tries', 0);

is_deeply([answers(open_client('tries', 1))], ['200 0'], 'no more patience');
go($s, 'tries');
is_deeply([answers($leader)], ['200 1'], 'the other one has more');
is_deeply([answers(open_client('tries', 1))], ['200 1'], 'and it is kept');

$leader = open_client('same', 0);

my @followers = map { open_client('same', 1) } 1 .. 3;

is_deeply([answers($leader, @followers)], [($late) x 4],
          'the same time is over for all');
is(asked($s, '/same'), 1, 'though one has tried');

$s->note_event('down');
$leader = open_client('retries', 0);
@followers = map { open_client('retries', 1) } 1 .. 3;
go($s, 'retries');
is_deeply([answers($leader)], [$error], 'no more tries');
$s->note_event('up');

# its own first try may have come too early as well

my @retried = answers(@followers);

like($retried[0], qr/^200 [23]$/, 'another has one more');
is_deeply(\@retried, [($retried[0]) x 3], 'for all who wait');


# whose list has a default has it for its elements

$leader = open_client('each', 0);
@followers = (open_client('each', 0), open_client('each', 1));
go($s, 'each');
is_deeply([answers($leader, @followers)],
          ['200 [0,0]', '200 [0,0]', $error], 'a default of elements');

$leader = open_client('late', 0);
is_deeply([answers(open_client('late', 1))], ['200 [0,0]'],
          'a default of elements that are waited for');
go($s, 'late');
is_deeply([answers($leader)], ['200 [1,1]'], 'and the values');


# a limit is that of who has it

$leader = open_client('size', 0, 'small');
@followers = map { open_client('size', 1) } 1 .. 3;
go($s, 'size');
is_deeply([answers($leader)],
          ['502 {"detail":"x: the upstream\'s body is too large"}'],
          'too large for one');
is_deeply([answers(@followers)], [('200 2') x 3], 'but not for others');
is_deeply([answers(open_client('size', 0, 'small'))],
          ['502 {"detail":"x: the upstream\'s body is too large"}'],
          'though it is kept');


# what is of another shape is another value

for my $n (1, 2) {
    is(get($s, '/text/0')->{body}, 1, "JSON: $n");
    is(get($s, '/text/1')->{body}, '["{\"n\": 2, \"seen\": \"\"}"]',
       "text: $n");
    is(get($s, '/rows/0')->{body}, '{"n":1}', "a row: $n");
    is(get($s, '/rows/1')->{body}, '[{"n":1}]', "rows: $n");
    is(get($s, '/bigint/1')->{body}, '{"n":9007199254740993}',
       "a number: $n");

    my $socket = $s->connect;

    syswrite $socket, "GET /bigint/0 HTTP/1.1\r\nHost: small\r\n"
                      . "Connection: close\r\n\r\n";
    is($s->response($socket, first => 1)->{body},
       '{"n":"9007199254740993"}', "as a string: $n");
}


# the same for queries

my $lock = $pg->connect('app', 'app');

$lock->sql('SELECT pg_advisory_lock(1)');
$leader = open_client('query', 0);
@followers = map { open_client('query', 1) } 1 .. 3;
$lock->sql('SELECT pg_advisory_unlock(1)');

is_deeply([answers($leader, @followers)],
          ['200 [null]', ('502 {"detail":"y: the database failed"}') x 3],
          'a failure of the database');

$lock->sql('SELECT pg_advisory_lock(1)');
$leader = open_client('lock', 0);
@followers = map { open_client('lock', 1) } 1 .. 3;
is_deeply([answers($leader)], [$late], 'a query that is not waited for');
$lock->sql('SELECT pg_advisory_unlock(1)');
is_deeply([answers(@followers)], [('200 5') x 3], 'is by others');

$s->stop;

done_testing();
