# background { }: tasks that run after the reply, in a zone of shared memory.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);


my $s = EndpointServer->new(workers => 2, http => <<'CONF');

    endpoint_task_zone zone=tasks:1m retries=2 backoff=50ms;
    endpoint_task_zone zone=small:64k task_size=16k concurrency=1;
    endpoint_task_zone zone=drop:64k task_size=32k full=drop;

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint POST /users {
                arg $name;
                header $user_agent=none;
                fetch $user /up/user;

                background tasks {
                    sleep 100ms;
                    log warn "task for $name, $user_agent: $user.id, $request_method";
                    fetch POST /up/mail '{"to": $name, "id": $user.id}';
                }

                reply 201 $user;
            }

            endpoint POST /fails {
                arg $name;
                background tasks {
                    log warn "attempt $task_attempt of $task_id for $name";
                    require $name==good 500 "it is not";
                }
                reply 202;
            }

            endpoint POST /refused {
                arg $ok:bool;
                background tasks { log warn "was started"; }
                require $ok 409 "no";
                reply 202;
            }

            endpoint POST /large {
                arg $n:int;
                body $b:str;
                background tasks { log warn "large: $b"; }
                fetch POST /up/act;
                reply 202;
            }

            endpoint POST /unique {
                arg $key;
                arg $n;
                background tasks delay=300ms unique=$key {
                    log warn "unique $key $n";
                }
                reply 202;
            }

            endpoint POST /slow {
                arg $n;
                background small { sleep 300ms; log warn "slow $n"; }
                reply 202;
            }

            endpoint POST /drop {
                background drop { sleep 300ms; log warn "drop"; }
                reply 202;
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /up/user { internal; return 200 '{"id": 7, "big": "x"}'; }
        location /up/mail { internal; access_log logs/mail.log; return 200; }
        location /up/act { internal; return 200 '1'; }
    }
CONF

$s->start;


# after the reply, on a connection that serves the next request meanwhile

my $c = $s->connect;

$s->request($c, 'POST /users?name=ann', 'User-Agent: curl');
is($s->response($c)->{status}, 201, 'the reply goes out');
unlike($s->file('logs/error.log'), qr/task for ann/, 'before the task has run');
$s->request($c, 'POST /users?name=bob', 'User-Agent: curl');
is($s->response($c)->{status}, 201, 'the next request is served at once');

$s->wait_line('logs/error.log', qr/task for ann, curl: 7, POST/, 'the values');
$s->wait_line('logs/error.log', qr/task for bob/, 'and those of the other');
like($s->file('logs/error.log'),
     qr/while running task \d+ of "POST \/users", attempt 1/,
     'what runs is in the log');


# failures

is($s->ask('POST /fails?name=bad')->{status}, 202, 'a task that fails');
$s->wait_line('logs/error.log', qr/is dead after 3 attempts/,
              'it is dead when it has been tried again twice');

my @ids = $s->file('logs/error.log') =~ /attempt \d of (\d+) for bad/g;

is(scalar @ids, 3, 'three attempts');
is($ids[0], $ids[2], 'with one id');
is(() = $s->file('logs/error.log') =~ /it is tried again/g, 2, 'each is logged');

is($s->ask('POST /fails?name=good')->{status}, 202, 'one that does not');
$s->wait_line('logs/error.log', qr/attempt 1 of \d+ for good/, 'runs once');


# no task without a reply

is($s->ask('POST /refused?ok=no')->{status}, 409, 'a guard');
is($s->ask('POST /refused?ok=yes')->{status}, 202, 'and none');
$s->wait_line('logs/error.log', qr/was started/, 'the task of the second');
is(() = $s->file('logs/error.log') =~ /"was started|warn.*was started/g, 1,
   'alone');


# too large: before anything acts

my $large = '"' . 'x' x 5000 . '"';
my $r = $s->ask('POST /large?n=1', 'Content-Type: application/json', \$large);

is($r->{status}, 500, 'values over task_size');
is($r->{body}, '{"detail":"the background task is too large"}', 'are told');
unlike($s->file('logs/access.log') // '', qr{/up/act}, 'before the act');


# one of a key at a time

is($s->ask("POST /unique?key=a&n=$_")->{status}, 202, "unique $_")
    for 1 .. 3;
is($s->ask('POST /unique?key=b&n=4')->{status}, 202, 'of another key');
$s->wait_line('logs/error.log', qr/unique b 4/, 'runs after its delay');
$s->wait_line('logs/error.log', qr/unique a 1/, 'the first of a key runs');
unlike($s->file('logs/error.log'), qr/unique a [23]/, 'those that joined it do not');
is($s->ask('POST /unique?key=a&n=5')->{status}, 202, 'when it has run');
$s->wait_line('logs/error.log', qr/unique a 5/, 'the next one does');


# no room

my @status = map { $s->ask("POST /slow?n=$_")->{status} } 1 .. 200;
my $accepted = grep { $_ == 202 } @status;

ok((grep { $_ == 503 } @status) > 0, 'none free is 503');
is($accepted + (grep { $_ == 503 } @status), 200, 'or 202');
ok($accepted > 1, 'some were accepted');

my @dropped = map { $s->ask('POST /drop')->{status} } 1 .. 200;

is((grep { $_ == 202 } @dropped), 200, 'full=drop answers all');
$s->wait_line('logs/error.log', qr/"drop" has no room for a task, it is dropped/,
              'and logs it');

done_testing;
