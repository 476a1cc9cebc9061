# Fan-out.  The upstream notes "+name" when a request arrives and "-name"
# before it answers; /hold/name answers when the test has noted "go".

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $dead = EndpointPort::free();

my $s = EndpointServer->new(http => <<'CONF' =~ s/%%DEAD%%/$dead/r);

    server {
        listen 127.0.0.1:%%PORT%%;
        endpoint_max_fanout 20;

        location / {
            endpoint GET /ping { fetch $x /up/ping; reply $x; }
            endpoint GET /echo {
                arg $l:json=null;
                fetch $x /up/echo/$item each=$l;
                reply $x;
            }
            endpoint GET /reversed {
                arg $l:json;
                fetch $x /up/reversed/$item each=$l limit=9;
                reply $x;
            }
            endpoint POST /body {
                body $l:json;
                fetch $x /up/echo/$item each=$l;
                reply $x;
            }
            endpoint POST /field {
                field $l:json;
                fetch $x /up/echo/$item each=$l.list;
                reply $x;
            }
            endpoint GET /held/eight {
                arg $l:json;
                fetch $x /up/hold/$item each=$l;
                reply $x;
            }
            endpoint GET /held/three {
                arg $l:json;
                fetch $x /up/hold/$item each=$l limit=3;
                reply $x;
            }
            endpoint GET /held/one {
                arg $l:json;
                fetch $x /up/hold/$item each=$l limit=1;
                reply $x;
            }
            endpoint GET /held/act {
                arg $l:json;
                fetch $x POST /up/hold/$item each=$l;
                reply $x;
            }
            endpoint GET /held/acts {
                arg $l:json;
                fetch $x POST /up/hold/$item each=$l limit=2;
                reply $x;
            }
            endpoint GET /unbound {
                arg $l:json;
                fetch PUT /up/echo/unbound '$item' each=$l;
                reply '"done"';
            }

            endpoint GET /member {
                arg $l:json;
                fetch $x /up/echo/$item.id?n=$item.o.n 'header=X-A: $item.s'
                      each=$l;
                reply $x;
            }
            endpoint GET /whole {
                arg $l:json;
                arg $n:int;
                fetch $x PUT /up/body
                      '{"item": $item, "s": "<$item.s>", "n": $n}' each=$l;
                reply $x;
            }
            endpoint GET /nested {
                arg $l:json;
                fetch $a /up/object/$item each=$l;
                fetch $b /up/echo/$item.id each=$a;
                fetch $c /up/echo/$item each=$a[*].n[1];
                fetch $d /up/echo/$item each=$a[0].n;
                fetch $e /up/echo/$item.id each=$a[1:3];
                reply '[$b, $c, $d, $e]';
            }
            endpoint GET /results {
                arg $l:json;
                fetch $r /up/object/$item each=$l;
                reply '[$r[*].id, $r[0].n, $r[-1].id, $r[0:2], $r]';
            }
            endpoint GET /results/members {
                arg $l:json;
                fetch $r /up/object/$item each=$l;
                reply '[$r[*].n[1], $r[1].id, $r[*].none]';
            }
            endpoint GET /text {
                arg $l:json;
                fetch $r /up/text/$item each=$l as=text;
                reply $r;
            }
            endpoint GET /blank {
                arg $l:json;
                fetch $r /up/blank/$item each=$l;
                reply $r;
            }
            endpoint GET /twice {
                arg $l:json;
                arg $m:json;
                fetch $x /up/echo/x$item each=$l limit=1;
                fetch $y /up/echo/y$item each=$m limit=1;
                reply '[$x, $y]';
            }
            endpoint GET /when {
                arg $l:json;
                fetch $x /up/echo/when$item each=$l when=$arg_x;
                reply '[$x]';
            }

            endpoint GET /default {
                arg $l:json;
                fetch $x /up/even/$item each=$l default=null;
                reply '[$x, $x[*].id]';
            }
            endpoint GET /default/bad {
                arg $l:json;
                fetch $x /up/bad/$item each=$l 'default={"id": 0}';
                reply '[$x, $x[*].id]';
            }
            endpoint GET /default/late {
                arg $l:json;
                fetch $x /up/silent/$item each=$l limit=2 'default={"id": 0}'
                      timeout=300ms;
                reply '[$x, $x[*].id]';
            }
            endpoint GET /default/try {
                arg $l:json;
                fetch $x /up/silent/try$item each=$l limit=2 default=0
                      try_timeout=40ms;
                reply $x;
            }
            endpoint GET /default/dead {
                arg $l:json;
                fetch $x /dead/$item each=$l default=0;
                reply $x;
            }
            endpoint GET /default/list {
                fetch $a /up/object/1;
                fetch $x /up/echo/$item each=$a default=7;
                reply $x;
            }
            endpoint GET /default/many {
                fetch $a /up/count/21;
                fetch $x /up/echo/$item each=$a default=7;
                reply $x;
            }
            endpoint GET /default/refused {
                fetch $a /up/slashes;
                fetch $x /up/echo/$item each=$a default=7;
                reply $x;
            }
            endpoint GET /fails {
                arg $l:json;
                fetch $x /up/fails/$item each=$l limit=3;
                reply $x;
            }
            endpoint GET /pass {
                arg $l:json;
                fetch $x /up/even/$item each=$l pass=404;
                reply $x;
            }

            endpoint GET /upstream/object {
                fetch $a /up/object/1;
                fetch $x /up/echo/$item each=$a;
                reply $x;
            }
            endpoint GET /upstream/member {
                fetch $a /up/object/1;
                fetch $x /up/echo/$item each=$a.id;
                reply $x;
            }
            endpoint GET /upstream/none {
                fetch $a /up/object/1;
                fetch $x /up/echo/none$item each=$a.none;
                reply $x;
            }
            endpoint GET /upstream/empty {
                fetch $a /up/count/0;
                fetch $x /up/echo/none$item each=$a;
                reply '[$x, $x[*].id, $x[0]]';
            }
            endpoint GET /upstream/most {
                fetch $a /up/count/20;
                fetch $x /up/echo/$item each=$a;
                reply $x;
            }
            endpoint GET /upstream/many {
                fetch $a /up/count/21;
                fetch $x /up/echo/many$item each=$a;
                reply $x;
            }
            endpoint GET /budget {
                timeout 80ms;
                arg $l:json;
                fetch $x /up/silent/budget$item each=$l limit=2 timeout=60s
                      default=0;
                reply $x;
            }
        }

        location /few/ {
            endpoint_max_fanout 2;
            endpoint GET /few/2 {
                arg $l:json;
                fetch $x /up/echo/$item each=$l;
                reply $x;
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /dead/ {
            internal;
            proxy_pass http://127.0.0.1:%%DEAD%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location = /stub_status { stub_status; }
    }
CONF

$s->upstream(sub {
    my ($socket, $request) = @_;

    my (undef, $what, $name, $args) = split m{[/?]}, $request->{uri};
    my ($status, $body) = (200, '');

    $name //= '';
    $s->note_event("+$name");

    if ($what eq 'hold') {
        $s->wait_for(sub { $s->file('events') =~ /^go$/m });
    }

    # each one waits until the one behind it was answered

    if ($what eq 'reversed' && $name < 5) {
        my $behind = $name + 1;

        $s->wait_for(sub { $s->file('events') =~ /^-$behind$/m });
    }

    if ($what eq 'silent' || $what eq 'fails' && $name ne '2') {
        EndpointServer::closed($socket);
        $s->note_event("left $name");
        return 0;
    }

    if ($what eq 'fails') {
        $s->wait_for(sub { $s->file('events') =~ /^\+1$/m
                           && $s->file('events') =~ /^\+3$/m });
        $status = 500;
    }

    if ($what eq 'body') {
        $body = $request->{body};

    } elsif ($what eq 'object') {
        $body = "{\"id\": $name, \"n\": [${name}0, ${name}1]}";

    } elsif ($what eq 'even') {
        $status = 404 if $name % 2;
        $body = "{\"id\": $name}";

    } elsif ($what eq 'bad') {
        $body = $name % 2 ? '{"id": 1' : "{\"id\": $name}";

    } elsif ($what eq 'count') {
        $body = '[' . join(',', 1 .. $name) . ']';

    } elsif ($what eq 'slashes') {
        $body = '["a", "b/c", "d"]';

    } elsif ($what eq 'text') {
        $body = "\"$name\n";

    } elsif ($what eq 'blank') {
        $body = $name % 2 ? ' ' : '';

    } else {
        my $a = $request->{headers}{'x-a'};

        $body = '"' . join(' ', $name, $args // (), $a // ()) . '"';
    }

    $s->note_event("-$name");

    return EndpointServer::answer($socket, $status, $body);
});

$s->start;


# forgets what the upstream has noted

sub forget {
    unlink "$s->{dir}/events";
}


sub arrived {
    return join ' ', $s->file('events') =~ /^\+(\S+)$/mg;
}


# how many were under way at once

sub most {
    my ($now, $most) = (0, 0);

    for my $sign ($s->file('events') =~ /^([+-])\S/mg) {
        $now += $sign eq '+' ? 1 : -1;
        $most = $now if $now > $most;
    }

    return $most;
}


# with the upstream holding them back, as many as may run have arrived, and
# none more, though another request went all the way meanwhile

sub holds {
    my ($uri, $limit, $n, $name) = @_;

    $s->next_block;

    my $list = join ',', 1 .. $n;
    my $socket = $s->connect;

    forget();
    $s->request($socket, "GET $uri?l=[$list]", 'Connection: close');

    ok($s->wait_for(sub { $s->count('events', qr/^\+\d+$/m) >= $limit }),
       "$name: $limit at once");
    $s->is_answer('GET /ping', 200, '""', "$name: another request");
    is($s->count('events', qr/^\+\d/m), $limit, "$name: no more");

    $s->note_event('go');

    my $answer = $s->response($socket, first => 1);
    my $body = '[' . join(',', map { "\"$_\"" } 1 .. $n) . ']';

    is($answer->{body}, $body, "$name: the answer");
    is(most(), $limit, "$name: never more");
    is($s->count('events', qr/^\+\d/m), $n, "$name: one call for each");
}


$s->is_answer('GET /echo?l=[3,1,2]', 200, '["3","1","2"]',
              'one call for each element');
$s->is_answer('GET /echo?l=[3,3,3]', 200, '["3","3","3"]',
              'for equal elements too');
$s->is_answer('GET /echo?l=[%22a%20b%22,%22%C3%A9%22,1.50]', 200,
              '["a%20b","%C3%A9","1.50"]', 'strings and numbers');

forget();
$s->is_answer('GET /reversed?l=[1,2,3,4,5]', 200, '["1","2","3","4","5"]',
              'the order is that of the list, not of the answers');
is(join(' ', $s->file('events') =~ /^-(\d)$/mg), '5 4 3 2 1',
   'which came the other way round');

forget();
$s->is_answer('GET /echo?l=[]', 200, '[]', 'an empty list');
$s->is_answer('GET /echo?l=[+]', 200, '[]', 'an empty list with a space');
$s->is_answer('GET /echo?l=null', 200, '[]', 'null');
$s->is_answer('GET /echo', 200, '[]', 'an input that is missing');
$s->is_answer('GET /when?l=[1]', 200, '[null]', 'a step that is skipped');
is(arrived(), '', 'no call');
$s->is_answer('GET /upstream/none', 200, '[]', 'a member that is missing');
$s->is_answer('GET /upstream/empty', 200, '[[], [], null]',
              'an empty list of an upstream');
is(arrived(), '1 0', 'no call but those for the lists');

holds('/held/eight', 8, 12, 'eight');
holds('/held/three', 3, 7, 'limit=3');
holds('/held/three', 2, 2, 'fewer than limit=');
holds('/held/one', 1, 3, 'limit=1');
holds('/held/act', 1, 4, 'an act');
holds('/held/acts', 2, 4, 'an act with limit=2');

forget();
$s->is_answer('GET /unbound?l=[1,2,3]', 200, '"done"', 'without a result');
is(arrived(), 'unbound unbound unbound', 'each is called all the same');


$s->is_answer('GET /member?l=[{"id":1,"o":{"n":2},"s":"a"},{"id":"x"}]'
              =~ s/"/%22/gr, 200, '["1 n=2 a","x "]',
              'members of $item in the URI, the query string and a header');
$s->is_answer('GET /whole?n=7&l=[{"s":"a\""},[1],"x"]' =~ s/"/%22/gr, 200,
              '[{"item": {"s":"a\""}, "s": "<a\">", "n": 7},'
              . '{"item": [1], "s": "<>", "n": 7},'
              . '{"item": "x", "s": "<>", "n": 7}]', '$item in a body');
$s->is_answer('GET /nested?l=[1,2,3]', 200,
              '[["1","2","3"], ["11","21","31"], ["10","11"], ["2","3"]]',
              'results of a fan-out as the lists of others');

my ($one, $two) = map { "{\"id\": $_, \"n\": [${_}0, ${_}1]}" } 1, 2;

$s->is_answer('GET /results?l=[1,2]', 200,
              "[[1,2], [10, 11], 2, [$one,$two], [$one,$two]]",
              'members of the result and the whole');
$s->is_answer('GET /results/members?l=[1,2]', 200,
              '[[11,21], 2, [null,null]]', 'members of the result alone');
$s->is_answer('GET /text?l=[1,2]', 200,
              '["\"1\n","\"2\n"]', 'results as text');
$s->is_answer('GET /blank?l=[1,2]', 200, '[null,null]', 'empty results');
$s->is_answer('GET /twice?l=[1,2,3]&m=[4,5]', 200,
              '[["x1","x2","x3"], ["y4","y5"]]',
              'two at the same time have an $item each');


$s->is_answer('GET /default?l=[1,2,3,4]', 200,
              '[[null,{"id": 2},null,{"id": 4}], [null,2,null,4]]',
              'default= for each element');
$s->is_answer('GET /default/bad?l=[2,3]', 200,
              '[[{"id": 2},{"id": 0}], [2,0]]',
              'default= for an element that is no JSON');
$s->is_answer('GET /default/dead?l=[1,2]', 200, '[0,0]',
              'default= for each where nobody listens');

forget();
$s->is_answer('GET /default/late?l=[1,2,3]', 200,
              '[[{"id": 0},{"id": 0},{"id": 0}], [0,0,0]]',
              'default= for all when the time is over');
unlike(arrived(), qr/3/, 'what had not started does not start');
$s->wait_line('events', qr/^left $_$/m, "call $_ is closed") for 1, 2;

$s->is_answer('GET /default/try?l=[1,2,3]', 200, '[0,0,0]',
              'default= for each when its time is over');
$s->wait_line('events', qr/^left try$_$/m, "call $_ is closed") for 1 .. 3;
$s->is_answer('GET /default/list', 502,
              '{"detail":"x: the value of \"each=\" is not a list"}',
              'default= is not for what is no list');
$s->is_answer('GET /default/many', 502,
              '{"detail":"x: the list of \"each=\" is too long"}',
              'default= is not for a list too long');
$s->is_answer('GET /default/refused', 200, '["a",7,"d"]',
              'default= for an element that cannot stand in the path');

forget();
$s->is_answer('GET /fails?l=[1,2,3,4]', 502,
              '{"detail":"x: the upstream answered with an error"}',
              'one failure ends the run');
$s->wait_line('events', qr/^left $_$/m, "call $_ is cancelled") for 1, 3;
unlike(arrived(), qr/4/, 'what had not started does not start');

$s->is_answer('GET /pass?l=[2,4,5,6]', 404, '{"id": 5}',
              'pass= for one element');

forget();
$s->is_answer('GET /budget?l=[1,2,3]', 504, '{"detail":"x: timed out"}',
              'the deadline');
$s->wait_line('events', qr/^left budget$_$/m, "call $_ does not outlive it")
    for 1, 2;


my $many = join ',', 1 .. 21;
my $list = 'Input should be a valid list';
my $too_many = '"msg":"Value error, the list has too many items"';

forget();
$s->is_answer("GET /echo?l=[$many]", 422,
              qr/"type":"value_error","loc":\["query","l"\],$too_many/,
              'an input with too many elements');
$s->is_answer('GET /echo?l=1', 422,
              "{\"detail\":[{\"type\":\"list_type\",\"loc\":[\"query\",\"l\"],"
              . "\"msg\":\"$list\",\"input\":1}]}",
              'an input that is a number');
$s->is_answer('GET /echo?l={}', 422, qr/"type":"list_type"/,
              'an input that is an object');
$s->is_answer('GET /echo?l=%22[1]%22', 422, qr/"type":"list_type"/,
              'an input that is a string');
$s->is_answer('GET /echo?l=false', 422, qr/"type":"list_type"/,
              'an input that is false');
$s->is_answer('POST /body', 422,
              qr/"type":"list_type","loc":\["body"\],"msg":"$list"/,
              'a body that is no list', 'Content-Type: application/json',
              \'{"a": 1}');
$s->is_answer('POST /field', 422,
              qr/"type":"list_type","loc":\["body","l"\],"msg":"$list"/,
              'a member of a field that is no list',
              'Content-Type: application/json', \'{"l": {"list": 1}}');
$s->is_answer('GET /few/2?l=[1,2,3]', 422, qr/too many items/,
              'endpoint_max_fanout of a location');
is(arrived(), '', 'no call for any of them');

$s->is_answer('POST /field', 200, '["1","2"]', 'a member of a field',
              'Content-Type: application/json', \'{"l": {"list": [1, 2]}}');
$s->is_answer('GET /echo?l=[1,%22a/b%22]', 422, qr/"loc":\["query","l"\]/,
              'an element that cannot stand in the path');
$s->is_answer('GET /few/2?l=[1,2]', 200, '["1","2"]', 'as many as allowed');
$s->is_answer('GET /upstream/most', 200, qr/^\["1",.*,"20"\]$/,
              'as many as allowed, of an upstream');
$s->is_answer('GET /upstream/many', 502,
              '{"detail":"x: the list of \"each=\" is too long"}',
              'too many, of an upstream');
$s->wait_line('logs/error.log',
              qr/\[error\].*"\/upstream\/many": step "x": .*each=.* too long/,
              'too many, of an upstream: the log');
is($s->count('events', qr/^\+many/m), 0, 'no call for a list too long');
$s->is_answer('GET /upstream/object', 502,
              '{"detail":"x: the value of \"each=\" is not a list"}',
              'no list, of an upstream');
$s->is_answer('GET /upstream/member', 502,
              '{"detail":"x: the value of \"each=\" is not a list"}',
              'a member that is no list, of an upstream');

$s->is_idle;
$s->stop;

done_testing();
