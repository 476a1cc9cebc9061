# Tasks as rows of Postgres: what a transaction decides, what two machines
# share, what becomes of tasks that fail.

use strict;
use warnings;

use lib 't/lib';

use EndpointPostgres;
use EndpointServer;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep);


my $pg = EndpointPostgres->new(sql => EndpointPostgres::tasks() . EndpointPostgres::tasks() . <<'SQL');
    CREATE TABLE users (id serial, name text UNIQUE, mailed int DEFAULT 0);
    CREATE TABLE done (node text, what text, id bigint, attempt int,
                       at timestamptz DEFAULT clock_timestamp());
    CREATE TABLE later (n int UNIQUE DEFERRABLE INITIALLY DEFERRED);
SQL

sub http {
    my ($node, %opt) = @_;

    my $options = $opt{options} // 'concurrency=4';
    my $more = $opt{more} // '';

    return <<"CONF" . <<'CONF' . $more . <<'CONF';

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app application_name=$node" connections=2;
    }

    endpoint_task_queue mail db=db retries=2 backoff=50ms poll=300ms $options;
CONF

    server {
        listen 127.0.0.1:%%PORT%%;
        server_name %%DIR%%;

        location / {
            endpoint POST /task {
                arg $what;
                background {
                    query db "INSERT INTO done VALUES (current_setting('application_name'), $what, $task_id::bigint, $task_attempt)";
                }
                reply 202;
            }

            endpoint POST /slow {
                arg $what;
                arg $for:float=0.5;
                background mail {
                    query db isolated "INSERT INTO done SELECT current_setting('application_name'), $what, $task_id::bigint, $task_attempt FROM pg_sleep($for)";
                }
                reply 202;
            }

            endpoint POST /users {
                arg $name;
                arg $fail=no;
                transaction {
                    query_row $user db "INSERT INTO users (name) VALUES ($name) RETURNING id";
                    background mail {
                        query db "UPDATE users SET mailed = mailed + 1 WHERE id = $user.id";
                    }
                    require $fail!=late 409 'too late';
                }
                reply 201 '{"id": $user.id}';
            }

            # what is wrong shows at COMMIT
            endpoint POST /deferred {
                arg $n:int;
                transaction {
                    query db "INSERT INTO later (n) VALUES ($n)";
                    background mail {
                        query db "INSERT INTO done VALUES (current_setting('application_name'), 'deferred', $task_id::bigint, $n)";
                    }
                }
                reply 201;
            }

            endpoint POST /later {
                arg $what;
                background mail delay=700ms {
                    query db "INSERT INTO done VALUES (current_setting('application_name'), $what, $task_id::bigint, $task_attempt)";
                }
                reply 202;
            }

            endpoint POST /once {
                arg $what;
                background mail delay=1500ms unique="key:$what" {
                    query db "INSERT INTO done VALUES (current_setting('application_name'), $what, $task_id::bigint, $task_attempt)";
                }
                reply 202;
            }

            endpoint POST /fails {
                arg $times:int;
                arg $what=fails;
                background mail {
                    require $task_attempt>$times 500 "not \"yet\" \u00e9";
                    query db "INSERT INTO done VALUES (current_setting('application_name'), $what, $task_id::bigint, $task_attempt)";
                }
                reply 202;
            }

            endpoint POST /large {
                field $text:str;
                transaction {
                    query db "INSERT INTO users (name) VALUES ('large')";
                    background mail { log info $text; }
                }
                reply 202;
            }

CONF
        }

        location = /tasks { endpoint_tasks; }
    }
CONF
}

my $s = EndpointServer->new(workers => 2, http => http('one'));

$s->start;

sub tasks {
    my ($server) = @_;
    return decode_json(($server // $s)->ask('GET /tasks')->{body})->{queues}[0];
}

sub done {
    my ($what) = @_;
    return $pg->value("SELECT count(*) FROM done WHERE what = '$what'");
}

sub ran {
    my ($what, $name, $n) = @_;

    $n //= 1;
    ok($s->wait_for(sub { done($what) >= $n }), $name);
}


# outside of a transaction

$s->wait_for(sub { tasks()->{total} });

is($s->ask('POST /task?what=first')->{status}, 202, 'a task is queued');
ran('first', 'and is run');
ok($s->wait_for(sub { $pg->value('SELECT count(*) FROM endpoint.task') == 0 }),
   'and is gone');


# in one

is($s->ask('POST /users?name=ann')->{status}, 201, 'a transaction commits');
ok($s->wait_for(sub {
    $pg->value("SELECT mailed FROM users WHERE name = 'ann'") == 1
}), 'its task is run');

is($s->ask('POST /users?name=ann')->{status}, 409, 'one fails before it');
is($s->ask('POST /users?name=bob&fail=late')->{status}, 409,
   'a guard behind it rolls back');
is($s->ask('POST /deferred?n=1')->{status}, 201, 'deferred');
ran('deferred', 'runs');
is($s->ask('POST /deferred?n=1')->{status}, 409, 'a COMMIT fails');
sleep 0.5;
is(done('deferred'), 1, 'without a task');
is($pg->value('SELECT count(*) FROM endpoint.task'), 0, 'no row is left');
is($pg->value("SELECT sum(mailed) FROM users"), 1, 'one mail alone');


# values that are too large are refused before the first step

my $large = encode_json({ text => 'x' x 5000 });
my $r = $s->ask('POST /large', 'Content-Type: application/json',
                \$large);

is($r->{status}, 500, 'too large');
is($pg->value("SELECT count(*) FROM users WHERE name = 'large'"), 0,
   'nothing has happened');


# delay=, unique=

is($s->ask('POST /later?what=later')->{status}, 202, 'later');
is(done('later'), 0, 'not yet');
ran('later', 'then it is run');
is($pg->value("SELECT count(*) FROM done WHERE what = 'later'"), 1, 'once');

is($s->ask('POST /once?what=a')->{status}, 202, "key a, $_") for 1 .. 5;
is($s->ask('POST /once?what=b')->{status}, 202, 'key b');
is($pg->value('SELECT count(*) FROM endpoint.task'), 2, 'one of each waits');
ran('b', 'they are run');
ran('a', 'both');
is(done('a'), 1, 'a once');
is($s->ask('POST /once?what=a')->{status}, 202, 'the key is free again');
ran('a', 'again', 2);

my $total = tasks()->{total};

is($total->{joined}, 4, 'those that joined are counted');


# retries, and the dead

is($s->ask('POST /fails?times=2')->{status}, 202, 'fails twice');
ran('fails', 'and is done at the third attempt');
is($pg->value("SELECT attempt FROM done WHERE what = 'fails'"), 3, 'attempt 3');

is($s->ask('POST /fails?times=3&what=again')->{status}, 202,
   'fails three times');
ok($s->wait_for(sub { tasks()->{dead} == 1 }), 'and is dead');

my $dead = tasks()->{tasks}[0];

is($dead->{attempts}, 3, 'after three attempts');
is($dead->{endpoint}, 'POST /fails', 'its endpoint');
is_deeply($dead->{values}, { times => 3, what => 'again' }, 'its values');
like($dead->{error}, qr/not \\"yet/, 'its error');
like($s->file('logs/error.log'), qr/task \d+ of queue "mail" is dead/,
     'it is logged');

my $one = "queue=mail&id=$dead->{id}";

is($s->ask("POST /tasks?$one")->{status}, 403, 'an act needs X-Endpoint');
is($s->ask('POST /tasks?queue=mail&id=999999', 'X-Endpoint: 1')->{status}, 404,
   'and a task');
is($s->ask("POST /tasks?$one&zone=x", 'X-Endpoint: 1')->{status}, 400,
   'of a queue or a zone');
is($s->ask("POST /tasks?$one", 'X-Endpoint: 1')->{status}, 204, 'retry');
ok($s->wait_for(sub { tasks()->{total}{dead} == 2 && tasks()->{dead} == 1 }),
   'dead again');
is($s->ask("DELETE /tasks?$one", 'X-Endpoint: 1')->{status}, 204, 'delete');
is(tasks()->{dead}, 0, 'it is gone');


# another machine; concurrency is of each

my $t = EndpointServer->new(workers => 2, http => http('two'));

$t->start;
$t->wait_for(sub { tasks($t)->{total} });
$t->wait_for(sub {
    $pg->value("SELECT count(*) FROM pg_stat_activity"
               . " WHERE query = 'LISTEN endpoint_task'") == 2
});

my $c = $s->connect;

$s->request($c, "POST /slow?what=wide") , $s->response($c) for 1 .. 16;

ran('wide', 'many are queued at one machine', 16);

my @nodes = map { @$_ } $pg->sql("SELECT count(*) FROM done WHERE"
                                 . " what = 'wide' GROUP BY node");

is(scalar @nodes, 2, 'both machines run them');
is($pg->value("SELECT count(DISTINCT id) FROM done WHERE what = 'wide'"), 16,
   'each once');


# what another machine cannot run is heard of at once: nobody looks here

my ($busy, $free) = map {
    EndpointServer->new(workers => 1,
                        http => http($_->[0], options => $_->[1])
                                =~ s/\bmail\b/heard/gr)
} ['busy', 'concurrency=1 poll=1h'], ['free', 'concurrency=8 poll=1h'];

$_->start for $busy, $free;
$s->wait_for(sub {
    $pg->value("SELECT count(*) FROM pg_stat_activity"
               . " WHERE query = 'LISTEN endpoint_task'") == 4
});

ok($busy->wait_for(sub {
    ($busy->ask('POST /slow?what=heard0&for=25')->{status} // 0) == 202
}), 'one is busy');

for my $n (1 .. 20) {
    $busy->ask("POST /task?what=heard$n");
    ok($s->wait_for(sub { done("heard$n") == 1 }), "task $n is heard of");
}

is($pg->value("SELECT string_agg(DISTINCT node, ',') FROM done"
              . " WHERE what LIKE 'heard%'"), 'free', 'by the other one');

for ($busy, $free) {
    kill 'KILL', $_->{pid}, split ' ', `pgrep -P $_->{pid}`;
    waitpid $_->{pid}, 0;
}


# a task whose machine is gone is taken over when its lease is over

is($t->ask('POST /slow?what=orphan&for=2')->{status}, 202, 'one runs');
ok($t->wait_for(sub {
    $pg->value("SELECT count(*) FROM pg_stat_activity"
               . " WHERE query LIKE '%pg_sleep%' AND state = 'active'"
               . " AND pid <> pg_backend_pid()")
}), 'for long');
kill 'KILL', $t->{pid}, split ' ', `pgrep -P $t->{pid}`;
waitpid $t->{pid}, 0;
$pg->sql("UPDATE endpoint.task SET lease = now() - interval '1 s'");
is(done('orphan'), 0, 'not yet');


# a task of a block that this configuration has not is left, and told

$pg->sql("INSERT INTO endpoint.task (queue, block, label, due, attempt, carried)"
         . " VALUES ('mail', 'gone', 'POST /gone', now() - interval '1 h', 0, '')");

my $v = EndpointServer->new(workers => 1, http => http('four'),
                            allow => qr/wait for a block/);

$v->start;
$v->wait_line('logs/error.log',
              qr/queue "mail": 1 tasks of "POST \/gone" wait for a block/,
              'a block that is gone is told');
$v->stop;
is($pg->value("SELECT attempt FROM endpoint.task WHERE block = 'gone'"), 0,
   'and its task is left to others');
$pg->sql("DELETE FROM endpoint.task WHERE block = 'gone'");


# tables that are not there

$pg->sql('ALTER SCHEMA endpoint RENAME TO elsewhere');

my $u = EndpointServer->new(workers => 1, http => http('three'),
                            allow => qr/endpoint/);

$u->start;
$u->wait_line('logs/error.log',
              qr/queue "mail": the tables in "db" cannot be used.*endpoint_tasks.sql/,
              'are told');
is($u->ask('POST /task?what=none')->{status}, 502, 'a task is not queued');
is($u->ask('GET /tasks')->{body} =~ /does not answer/, 1, 'nor shown');

$pg->sql('ALTER SCHEMA elsewhere RENAME TO endpoint');
$pg->sql('UPDATE endpoint.version SET version = 7');
$u->wait_line('logs/error.log', qr/have version "7", expected "1"/,
              'a version that is another');
$pg->sql('UPDATE endpoint.version SET version = 1');
ok($u->wait_for(sub { ($u->ask('POST /task?what=back')->{status} // 0) == 202 }),
   'it goes on');
ran('back', 'and runs');

# no lease ends before the server is up for as long as one lasts

ok($s->wait_for(sub { done('orphan') == 1 }), 'it is run by another machine');
is($pg->value("SELECT attempt FROM done WHERE what = 'orphan'"), 1,
   'as an attempt');

$u->stop;
$s->{allow} = qr/endpoint/;
$s->stop;


# what is wrong is said with file and line

sub refused {
    my ($said, $name, %part) = @_;

    my $http = <<"CONF";
    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" isolated=@{[ $part{isolated} // 1 ]};
    }

    @{[ $part{http} // 'endpoint_task_queue mail db=db;' ]}

    server {
        listen 127.0.0.1:%%PORT%%;
        @{[ $part{server} // '' ]}
        location / { endpoint GET / { @{[ $part{steps} // '' ]} reply 204; } }
    }
CONF

    my $v = EndpointServer->new(http => $http);

    my $out = `$^X -e 'open STDERR, ">&STDOUT"; exec \@ARGV' -- @{[
        $ENV{TEST_NGINX_BINARY} || 'nginx'
    ]} -t -p $v->{dir} -c $v->{dir}/nginx.conf -e stderr`;

    like($out, qr/\[emerg\].*$said.*nginx\.conf:\d+/, $name);
}

refused('duplicate name "mail"', 'two queues of a name',
        http => 'endpoint_task_queue mail db=db; endpoint_task_queue mail db=db;');
refused('duplicate name "mail"', 'a queue and a zone of a name',
        http => 'endpoint_task_queue mail db=db; endpoint_task_zone zone=mail:1m;');
refused('duplicate name "mail"', 'a zone and a queue',
        http => 'endpoint_task_zone zone=mail:1m; endpoint_task_queue mail db=db;');
refused('"endpoint_task_queue" must have "db" parameter', 'no database',
        http => 'endpoint_task_queue mail retries=1;');
refused('no upstream "other" with "endpoint_postgres"', 'another upstream',
        http => 'endpoint_task_queue mail db=other;');
refused('invalid parameter "poll=0", it must be a time like 5s', 'no poll',
        http => 'endpoint_task_queue mail db=db poll=0;');
refused('invalid parameter "file=x", there are db=', 'a zone\'s parameter',
        http => 'endpoint_task_queue mail db=db file=x;');
refused('no "endpoint_task_zone" and no "endpoint_task_queue" is named "male"',
        'an unknown name', steps => 'background male { log info "x"; }');
refused('"background" must name one of what', 'which of two',
        http => 'endpoint_task_queue mail db=db; endpoint_task_zone zone=t:1m;',
        steps => 'background { log info "x"; }');
refused('zone "t" is no part of that', 'a zone in a transaction',
        http => 'endpoint_task_zone zone=t:1m;',
        steps => 'transaction { query db "DELETE FROM later"; background t { log info "x"; } }');
refused('"transaction" has no query', 'a transaction of a task alone',
        steps => 'transaction { background mail { log info "x"; } }');
refused('"unique=" with a queue in "db", whose "endpoint_postgres" has "isolated=0"',
        'a key without a connection of its own', isolated => 0,
        steps => 'background mail unique=x { log info "x"; }');
refused('"background" is a statement of an endpoint', 'a schedule\'s task',
        server => 'schedule 1s { transaction { query db "DELETE FROM later"; background mail { log info "x"; } } }');

done_testing;
