# Which reply a kept one still is: not after an edit of the endpoint or of a file
# that it names; nor for a client whose header is in the key.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use EndpointPostgres;
use Test::More;


my $pg = EndpointPostgres->new;

my $s = cache_server(workers => 1, more => <<"MORE", endpoints => <<'CONF');

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=2;
    }
MORE

    endpoint GET /reply/$id {
        cache cache $id;
        fetch $x /up/reply/$id;
        reply file=reply.json;
    }

    endpoint GET /query/$id:int {
        cache cache $id;
        query_row $x db file=query.sql;
        fetch $n /up/query/$id;
        reply '[$x.v, $n.n]';
    }

    endpoint GET /transaction/$id:int {
        cache cache $id;
        transaction {
            query_row $x db file=query.sql;
        }
        fetch $n /up/transaction/$id;
        reply '[$x.v, $n.n]';
    }

    endpoint GET /other/$id {
        cache cache $id;
        fetch $x /up/other/$id;
        reply '$x.n';
    }

    endpoint GET /variable {
        cache cache $http_accept_language $cookie_theme;
        fetch $x /up/variable;
        reply '$x.n';
    }

    endpoint GET /input {
        header $x_token:int=0;
        cookie $session=null;
        cache cache $x_token $session;
        fetch $x /up/input/$x_token?s=$session;
        reply '$x.n';
    }

    endpoint GET /through {
        header $authorization="none";
        fetch $me /up/me 'header=Authorization: $authorization';
        cache cache $me.seen;
        fetch $x /up/through;
        reply '$x.n';
    }

    endpoint GET /step {
        fetch $x /up/step cache=cache:step:$http_accept_language;
        reply '$x.n';
    }

    endpoint GET /none/$id {
        arg $q=1;
        cache cache $id $q $host $http_host;
        fetch $x /up/none/$id;
        reply '$x.n';
    }

    endpoint GET /own {
        cache cache $http_accept_language;
        set_header Vary Accept;
        fetch $x /up/own;
        reply '$x.n';
    }
CONF

$s->write_file('reply.json', '{"v": 1, "n": $x.n}');
$s->write_file('query.sql', 'SELECT 1 AS v WHERE $id > 0');
$s->start;


sub is_body {
    my ($uri, $body) = @_;

    is(get($s, $uri)->{body}, $body, "$uri is $body");
}


sub vary {
    my $answer = get($s, @_);

    return join ' | ', $answer->{head} =~ /^Vary: (.*)\r$/mg;
}




for my $n (1, 2) {
    is_body('/reply/1', '{"v": 1, "n": 1}');
    is_body('/query/1', '[1, 1]');
    is_body('/transaction/1', '[1, 1]');
    is_body('/other/1', '1');
}

$s->write_file('reply.json', '{"v": 2, "n": $x.n}');
$s->write_file('query.sql', 'SELECT 2 AS v WHERE $id > 0');
$s->reload;
$s->wait_line('logs/error.log', qr/worker process \d+ exited with code 0/,
              'another worker has read them');

is_body('/reply/1', '{"v": 2, "n": 2}');
is_body('/query/1', '[2, 2]');
is_body('/transaction/1', '[2, 2]');
is_body('/other/1', '1');


# with a hit as with a miss

for my $n (1, 2) {
    is(vary('/variable'), 'Accept-Language, Cookie', 'variables');
    is(vary('/input'), 'X-Token, Cookie', 'inputs');
    is(vary('/through'), 'Authorization, Tracestate, Accept-Language',
       'by way of a step, and what goes with it');
    is(vary('/step'), 'Accept-Language', 'of a step\'s key');
    is(vary('/none/1'), '', 'nothing of a client\'s headers');
    is(vary('/own'), 'Accept-Language | Accept', 'beside an own one');
}

is(vary('/input', 'X-Token: a'), 'X-Token, Cookie', 'where it is no int');

my ($etag) = get($s, '/variable')->{head} =~ /^ETag: (\S+)\r$/m;

is(vary('/variable', "If-None-Match: $etag"), 'Accept-Language, Cookie',
   'where nothing is new');

$s->stop;

done_testing();
