# Cached endpoints that fetch each other: where each would wait for the other,
# one runs by itself.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use Test::More;


my $s = cache_server(workers => 4, listen => 'reuseport', endpoints => <<'CONF');

    endpoint_timeout 20s;

    endpoint GET /a/$id {
        cache cache a $id;
        fetch $n /up/a/$id?wait=$id;
        fetch $x /b/$id default=0 after=$n;
        reply '["a", $x]';
    }

    endpoint GET /b/$id {
        cache cache b $id;
        fetch $n /up/b/$id?wait=$id;
        fetch $x /a/$id default=0 after=$n;
        reply '["b", $x]';
    }

    # three of them, in two zones, by steps and by statements

    endpoint GET /one/$id {
        cache large one $id;
        fetch $n /up/one/$id?wait=$id;
        fetch $x /two/$id default=0 after=$n;
        reply '["one", $x]';
    }

    endpoint GET /two/$id {
        fetch $n /up/two/$id?wait=$id;
        fetch $x /three/$id default=0 after=$n cache=cache:two:$id;
        reply '["two", $x]';
    }

    endpoint GET /three/$id {
        cache cache three $id;
        fetch $n /up/three/$id?wait=$id;
        fetch $x /one/$id default=0 after=$n;
        reply '["three", $x]';
    }

    # no circle: who waits for a common one waits

    endpoint GET /outer/$id/$common {
        cache cache outer $id $common;
        fetch $x /common/$common;
        reply '[$x]';
    }

    endpoint GET /common/$common {
        cache large common $common;
        fetch $n /up/common/$common?wait=$common;
        reply '$n.n';
    }
CONF

$s->start;


sub open_client {
    my ($uri) = @_;

    my $socket = $s->connect;

    $s->request($socket, "GET $uri", 'Connection: close');

    return $socket;
}


for my $names (['a', 'b'], ['one', 'two', 'three']) {
    for my $id (1 .. 8) {
        my @clients = map { open_client("/$_/$id") } @$names;

        $s->wait_for(sub { !grep { !asked($s, "/$_/$id") } @$names });
        go($s, $id);

        my @answers = map { $s->response($_, first => 1) } @clients;

        is(join(' ', map { $_->{status} } @answers),
           join(' ', (200) x @$names), "@$names: $id")
            or diag(join "\n", map { $_->{body} } @answers);
    }

    $s->write_file('events', '');
}

my @clients = map { open_client("/outer/$_/x") } 1 .. 20;

$s->wait_for(sub { asked($s, '/common/x') });
get($s, '/barrier') for 1 .. 20;
go($s, 'x');

is_deeply([map { $s->response($_, first => 1)->{body} } @clients],
          [('[1]') x 20], 'who waits in no circle');
is(asked($s, '/common/x'), 1, 'is served by one');

$s->stop;

done_testing();
