# cache= of a step: one value for all that name the zone and the key.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use Test::More;


my $s = cache_server(zone => 'stale=1h', endpoints => <<'CONF');

    endpoint GET /user/$id:int {
        fetch $user /up/user/$id cache=cache:user:$id;
        reply '{"id": $id, "n": $user.n}';
    }

    endpoint GET /name/$id {
        fetch $user /up/user/$id cache=cache:user:$id;
        fetch $other /up/other/$id;
        reply '[$user, $other.n]';
    }

    endpoint GET /text/$id {
        fetch $text /up/user/$id as=text cache=cache:text:$id;
        reply '$text' type=text/plain;
    }

    endpoint GET /astext/$id {
        fetch $text /up/user/$id as=text cache=cache:user:$id;
        reply '$text' type=text/plain;
    }

    endpoint GET /each {
        arg $ids:json;
        fetch $users /up/each/$item each=$ids cache=cache:each:$ids;
        reply $users;
    }

    endpoint GET /default/$id {
        fetch $x /up/default/$id?down=503 cache=cache:default:$id 'default={"n": 0}';
        reply '$x.n';
    }

    endpoint GET /failing/$id {
        fetch $x /up/failing/$id?down=503 cache=cache:failing:$id;
        reply '$x.n';
    }

    endpoint GET /pass/$id {
        fetch $x /up/pass/$id?status=404 cache=cache:pass:$id pass=404;
        reply '$x.n';
    }

    endpoint GET /when/$id {
        arg $wanted:bool=true;
        fetch $x /up/when/$id cache=cache:when:$id when=$wanted;
        reply '[$x.n]';
    }

    endpoint GET /query/$id {
        arg $q=null;
        fetch $x /up/query?id=$id&q=$q cache=cache:query:$id:$q;
        reply '$x.n';
    }



    endpoint GET /both/$id {
        cache cache $id;
        fetch $user /up/user/$id cache=cache:user:$id;
        fetch $both /up/both/$id;
        reply '[$user.n, $both.n]';
    }

    endpoint GET /headers {
        fetch $x /up/headers cache=cache:headers;
        fetch $y /up/headers-of/de cache=cache:headers:$http_accept_language;
        reply '[$x, $y]';
    }
CONF

$s->start;


sub is_body {
    my ($uri, $status, $body, $name, @headers) = @_;

    my $answer = get($s, $uri, @headers);

    is("$answer->{status} $answer->{body}", "$status $body", $name);
}


is_body('/user/1', 200, '{"id": 1, "n": 1}', 'a miss');
is_body('/user/1', 200, '{"id": 1, "n": 1}', 'a hit');
is_body('/name/1', 200, '[{"n": 1, "seen": ""}, 1]', 'another endpoint');
is_body('/name/1', 200, '[{"n": 1, "seen": ""}, 2]', 'its other step runs');
is_body('/name/2', 200, '[{"n": 1, "seen": ""}, 1]', 'another key');
is(asked($s, '/user/1'), 1, 'one value serves both');

is_body('/text/5', 200, '{"n": 1, "seen": ""}', 'a text');
is_body('/text/5', 200, '{"n": 1, "seen": ""}', 'a kept text');
is_body('/astext/1', 200, '{"n": 2, "seen": ""}', 'JSON is not taken for text');
is_body('/user/1', 200, '{"id": 1, "n": 1}', 'and the other way round');

is_body('/each?ids=[1,2]', 200,
        '[{"n": 1, "seen": ""},{"n": 1, "seen": ""}]', 'a list');
is_body('/each?ids=[1,2]', 200,
        '[{"n": 1, "seen": ""},{"n": 1, "seen": ""}]', 'a kept list');
is(asked($s, '/each/1'), 1, 'whose elements were asked for once');

is_body('/pass/1', 404, '{"n": 1, "seen": ""}', 'pass= is handed on');
is_body('/pass/1', 404, '{"n": 2, "seen": ""}', 'and not kept');

is_body('/when/1?wanted=0', 200, '[null]', 'what was skipped');
is_body('/when/1', 200, '[1]', 'is not kept');
is_body('/when/1', 200, '[1]', 'the other is');
is_body('/when/1?wanted=0', 200, '[null]', 'and not used where skipped');

is_body('/query/1', 200, '1', 'null in the key');
is_body('/query/1?q=', 200, '2', 'is not an empty text');
is_body('/query/1?q=', 200, '2', 'which is kept too');

is_body('/both/1', 200, '[1, 1]', 'a kept step below a cache');
is_body('/both/1', 200, '[1, 1]', 'and both kept');
is(asked($s, '/user/1'), 2, 'nobody asked for what there was');

is_body('/headers', 200, '[{"n": 1, "seen": "x-request-id=7"}, '
        . '{"n": 1, "seen": "accept-language=de x-request-id=7"}]',
        'a client\'s header that is in the key', 'Accept-Language: de',
        'X-Request-ID: 7', 'X-Other: 1');


# what takes the place of a failure is not kept

$s->note_event('down');

is_body('/default/1', 200, '0', 'a default');
is_body('/failing/1', 502,
        '{"detail":"failing: the upstream answered with an error"}'
        =~ s/failing/x/r, 'a failure');

$s->note_event('up');

is_body('/default/1', 200, '2', 'is not kept');
is_body('/default/1', 200, '2', 'but the value is');
is_body('/failing/1', 200, '2', 'nor is the failure');
is_body('/failing/1', 200, '2', 'here neither');

$s->stop;


# an old value is better than a failure, and better than a default

$s = cache_server(zone => 'stale=1h', endpoints => <<'CONF');

    endpoint GET /default/$id {
        fetch $x /up/default/$id?down=503 cache=short:$id 'default={"n": 0}';
        reply '$x.n';
    }

    endpoint GET /failing/$id {
        fetch $x /up/failing/$id?down=503 cache=short:failing:$id;
        reply '$x.n';
    }
CONF

$s->start;

is_body('/default/1', 200, '1', 'a value');
is_body('/failing/1', 200, '1', 'another');

$s->note_event('down');

for my $what ('default', 'failing') {
    my $old = $s->wait_for(sub {
        my $answer = get($s, "/$what/1");
        return asked($s, "/$what/1") > 2 && $answer;
    });

    is("$old->{status} $old->{body}", '200 1', "the old value of $what");
}

$s->note_event('up');

my $new = $s->wait_for(sub {
    my $answer = get($s, '/failing/1');
    return $answer->{body} > 1 && $answer;
});

ok($new, 'and the new one when there is one');

$s->stop;

done_testing();
