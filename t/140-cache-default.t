# A reply that was made of a default=, or of an old value, is not kept.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use EndpointPostgres;
use Test::More;


my $pg = EndpointPostgres->new;

my $s = cache_server(zone => 'stale=1h', more => <<"MORE", endpoints => <<'CONF');

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=2;
    }
MORE

    endpoint GET /one/$id {
        cache cache $id;
        fetch $x /up/one/$id?down=503 'default={"n": 0}';
        reply '$x.n';
    }

    endpoint GET /old/$id {
        cache short $id;
        fetch $x /up/old/$id?down=503 'default={"n": 0}';
        reply '$x.n';
    }

    endpoint GET /absent/$id {
        cache short $id;
        fetch $x /up/absent/$id?down=503 default=null;
        require $x 404 "none";
        reply '$x.n';
    }

    endpoint GET /listed/$id {
        cache cache $id status=404:1h;
        fetch $x /up/listed/$id?down=503 default=null;
        require $x 404 "none";
        reply '$x.n';
    }

    endpoint GET /while/$id {
        cache cache $id keep_default=1h;
        fetch $x /up/while/$id?down=503 'default={"n": 0}';
        reply '$x.n';
    }

    endpoint GET /each/$id {
        arg $ids:json;
        cache cache $id $ids;
        fetch $x /up/each/$item?down=503 each=$ids 'default={"n": 0}';
        reply '$x[*].n';
    }

    endpoint GET /outer/$id {
        cache cache $id;
        fetch $x /one/$id;
        reply '$x';
    }

    endpoint GET /outest/$id {
        cache cache $id;
        fetch $x /outer/$id;
        reply '$x';
    }

    endpoint GET /outer-while/$id {
        cache cache $id;
        fetch $x /while/$id;
        reply '$x';
    }

    endpoint GET /step/$id {
        fetch $x /one/$id cache=cache:step:$id;
        reply '$x';
    }

    endpoint GET /of-old/$id {
        cache cache $id;
        fetch $x /old-step/$id;
        reply '$x';
    }

    endpoint GET /old-step/$id {
        fetch $x /up/old-step/$id?down=503 cache=short:$id;
        reply '$x.n';
    }

    endpoint GET /of-old-step/$id {
        cache cache $id;
        fetch $x /up/of-old-step/$id?down=503 cache=short:of:$id;
        reply '$x.n';
    }

    endpoint GET /above/$id {
        fetch $x /up/above/$id?down=503 'default={"n": 0}';
        cache cache $id $x.n;
        fetch $y /up/below/$id;
        reply '[$x.n, $y.n]';
    }

    endpoint GET /query/$id:int {
        cache cache $id;
        query_row $x db "SELECT 1 / $id AS n" 'default={"n": 0}';
        fetch $y /up/query/$id;
        reply '[$x.n, $y.n]';
    }
CONF

$s->start;


sub is_body {
    my ($uri, $body, $name) = @_;

    my $answer = get($s, $uri);

    is("$answer->{status} $answer->{body}", "200 $body", $name);
}


# one failure does not last

$s->note_event('down');

is_body('/one/1', 0, 'a default');
is_body('/outer/2', 0, 'of an endpoint that is fetched');
is_body('/outest/3', 0, 'of one that is fetched by a fetched one');
is_body('/step/4', 0, 'in a step\'s value');
is_body('/each/5?ids=[1,2]', '[0,0]', 'of elements');
is(get($s, '/listed/6')->{status}, 404, 'in a status that is to be kept');

$s->note_event('up');

is_body('/one/1', 2, 'is not kept');
is_body('/outer/2', 2, 'nor there');
is_body('/outest/3', 2, 'nor there');
is_body('/step/4', 2, 'nor there');
is_body('/each/5?ids=[1,2]', '[2,2]', 'nor there');
is_body('/listed/6', 2, 'nor there');
is_body('/one/1', 2, 'and what there is now is');
is_body('/outest/3', 2, 'as there');

is_body('/query/0', '[0, 1]', 'a query\'s default');
is_body('/query/0', '[0, 2]', 'is not kept');
is_body('/query/1', '[1, 1]', 'a query\'s result');
is_body('/query/1', '[1, 1]', 'is');


# who wants it says for how long

$s->note_event('down');

is_body('/while/1', 0, 'a default');
is_body('/outer-while/1', 0, 'which is fetched');

$s->note_event('up');

is_body('/while/1', 0, 'is kept where that is wanted');
is_cached($s, '/while/1', 200, 0, 'HIT');
is_body('/outer-while/2', 1, 'another');
is_body('/outer-while/1', 0, 'and not by who fetches it');
is(asked($s, '/while/1'), 1, 'it was asked for once');
is((log_of($s, '/outer-while/1'))[-1], 'MISS', 'where it is no hit');


# a value that came of a default above the cache is a key like any other

$s->note_event('down');
is_body('/above/1', '[0, 1]', 'a default above');
is_body('/above/1', '[0, 1]', 'is in the key');
$s->note_event('up');


# the old one is better

is_body('/old/1', 1, 'a value');
is_body('/absent/1', 1, 'another');

$s->note_event('down');

for my $what ('old', 'absent') {
    my $old = $s->wait_for(sub {
        my $answer = get($s, "/$what/1");
        return asked($s, "/$what/1") > 1 && $answer;
    });

    is($old->{status}, 200, "nothing comes of a default: $what");
    is($old->{body}, 1, 'the old value stays');
}

is_cached($s, '/old/1', 200, 1, 'UPDATING');

$s->note_event('up');

ok($s->wait_for(sub { get($s, '/old/1')->{body} > 1 }), 'and the new one');


# what was made of an old value is no new one

is_body('/old-step/1', 1, 'a step\'s value');
is_body('/of-old-step/1', 1, 'another');

$s->note_event('down');

ok($s->wait_for(sub {
    get($s, '/old-step/1');
    return asked($s, '/old-step/1') > 1;
}), 'the old one is used');

is_body('/of-old/1', 1, 'and fetched');

ok($s->wait_for(sub {
    $s->ask('POST /purge?key=1', 'X-Endpoint: 1');
    get($s, '/of-old-step/1');
    return asked($s, '/of-old-step/1') > 1;
}), 'the old one in the same endpoint');

$s->note_event('up');

ok($s->wait_for(sub { get($s, "/$_/1")->{body} > 1 }), "a new one of $_")
    for 'old-step', 'of-old', 'of-old-step';

$s->stop;

done_testing();
