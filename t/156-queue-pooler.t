# A queue behind a pooler that gives out connections for a transaction alone:
# nothing is heard there, so machines find each other's tasks by looking.

use strict;
use warnings;

use lib 't/lib';

use EndpointPostgres;
use EndpointServer;
use Test::More;


my $pg = EndpointPostgres->new(sql => EndpointPostgres::tasks() . <<'SQL');
    CREATE TABLE done (what text, node text, id bigint);
    GRANT ALL ON done TO PUBLIC;
SQL

my $pooled = $pg->pooler('app', 4);

sub server {
    my ($node, $concurrency) = @_;

    return EndpointServer->new(workers => 1, http => <<"CONF");

    upstream pool {
        server 127.0.0.1:$pooled;
        endpoint_postgres "dbname=app user=app" connections=2 isolated=2 prepare=off;
    }

    upstream own {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app application_name=$node";
    }

    endpoint_task_queue mail db=pool poll=200ms concurrency=$concurrency;

    server {
        listen 127.0.0.1:%%PORT%%;

        schedule 1s db=pool {
            query own "INSERT INTO done VALUES ('tick', current_setting('application_name'))";
        }

        location / {
            endpoint POST /task {
                arg \$what;
                background {
                    query own "INSERT INTO done VALUES (\$what, current_setting('application_name'), \$task_id::bigint)";
                }
                reply 202;
            }

            endpoint POST /once {
                arg \$what;
                background delay=500ms unique=\$what {
                    query own "INSERT INTO done VALUES (\$what, current_setting('application_name'), \$task_id::bigint)";
                }
                reply 202;
            }

            endpoint POST /fails {
                arg \$go:bool=false;
                transaction {
                    query pool "INSERT INTO done VALUES ('fails', '')";
                    background {
                        query own "INSERT INTO done VALUES ('fails', '')";
                    }
                    require \$go 409 'no';
                }
                reply 202;
            }

            endpoint POST /sleeps {
                background { sleep 1h; }
                reply 202;
            }
        }
    }
CONF
}

my ($s, $t) = (server('one', 1), server('two', 8));

$_->start for $s, $t;

sub done {
    return $pg->value("SELECT count(*) FROM done WHERE what = '$_[0]'");
}

ok($s->wait_for(sub { ($s->ask('POST /task?what=a')->{status} // 0) == 202 }),
   'a task is queued');
ok($s->wait_for(sub { done('a') >= 1 }), 'and run');

is($s->ask('POST /once?what=b')->{status}, 202, "key, $_") for 1 .. 3;
ok($s->wait_for(sub { done('b') >= 1 }), 'is run');
is(done('b'), 1, 'once');

is($s->ask('POST /fails')->{status}, 409, 'what is rolled back');

is($s->ask('POST /sleeps')->{status}, 202, 'the first machine is busy');
is($s->ask("POST /task?what=c")->{status}, 202, "another task, $_") for 1 .. 3;
ok($s->wait_for(sub { done('c') == 3 }), 'the other one finds them');
is($pg->value("SELECT string_agg(DISTINCT node, ',') FROM done"
              . " WHERE what = 'c'"), 'two', 'and runs them');
is(done('fails'), 0, 'has no task');
ok($s->wait_for(sub { done('tick') >= 2 }), 'schedules are run');

# a task of an hour is not waited for

kill 'KILL', $s->{pid}, split ' ', `pgrep -P $s->{pid}`;
waitpid $s->{pid}, 0;

$t->stop;

done_testing;
