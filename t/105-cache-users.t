# Attempts to get one user's answer to another.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use Test::More;


# whose token it is the upstream /me says: the token itself

my $s = cache_server(server => <<'SERVER', endpoints => <<'CONF', more => <<'MORE');
        endpoint_fetch_pass_headers Authorization Cookie Accept-Language
                                    X-Request-ID traceparent;
SERVER

    # who asks is found out on every request, and is in the key
    endpoint GET /mine {
        fetch $me /me;
        require $me.user 401 "who are you?";
        cache cache $me.user;
        fetch $data /up/data/$me.user;
        set_header Set-Cookie "session=$me.user";
        reply '{"of": $me.user, "saw": $data.seen}';
    }

    endpoint GET /me {
        header $authorization=null;
        reply '{"user": $authorization}';
    }

    endpoint GET /public/$id {
        header $x_user=null;
        set_header X-User $x_user;
        require $x_user!=eve 403 "not you";
        cache cache $id;
        fetch $data /up/public/$id;
        reply '{"id": $id, "saw": $data.seen}';
    }

    endpoint GET /lang/$id {
        cache cache $id $http_accept_language;
        fetch $data /up/lang/$id;
        reply $data.seen;
    }

    endpoint GET /pair/$a/$b:path {
        cache cache $a $b;
        reply '[$a, $b]';
    }

    endpoint GET /json {
        arg $a:json;
        arg $b:json;
        cache cache $a $b;
        reply '[$a, $b]';
    }

    endpoint GET /same/$id { cache cache $id; reply '["first", $id]'; }

    endpoint GET /step/$id {
        fetch $data /up/step/$id cache=cache:step:$id;
        reply '{"saw": $data.seen}';
    }

    endpoint GET /other/$id {
        fetch $data /up/other/$id cache=cache:$id:step;
        reply '{"saw": $data.seen}';
    }

    endpoint GET /word/$id {
        fetch $data /up/word/$id cache=cache:$id;
        reply '["word", $id, $data.n]';
    }

    endpoint GET /private/$id {
        fetch $data /up/private/$id cache=cache:private-$id;
        reply '["private", $id, $data.n]';
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;
        server_name other;

        location / {
            endpoint GET /same/$id { cache cache $id; reply '["second", $id]'; }
        }
    }
MORE

$s->start;


sub is_own {
    my ($uri, $body, $name, @headers) = @_;

    my $answer = get($s, $uri, @headers);

    is($answer->{body}, $body, $name);

    return $answer;
}


# each gets the own answer, however often and in whatever order

for (1 .. 2) {
    for my $user (qw(alice bob)) {
        my $got = is_own('/mine', "{\"of\": \"$user\", \"saw\": \"\"}",
                         "the answer of $user", "Authorization: $user",
                         "Cookie: session=$user");

        my ($cookie) = $got->{head} =~ /^Set-Cookie: session=(.*)\r$/m;

        ok(!defined $cookie || $cookie eq $user, 'no other\'s cookie');
    }
}

is(asked($s, '/data/alice'), 1, 'from the cache');
is(get($s, '/mine')->{status}, 401, 'who says no name gets nothing');
is(get($s, '/mine', 'Authorization: ')->{status}, 401, 'nor the empty one');
is(get($s, '/mine', 'X-Authorization: alice')->{status}, 401,
   'nor does another header');


# guards and headers above the cache are those of the request

is_own('/public/1', '{"id": "1", "saw": ""}', 'a public value', 'X-User: alice',
       'Authorization: alice', 'Cookie: session=alice',
       'Accept-Language: de', 'Range: bytes=0-1', 'If-None-Match: "a"');

my $bob = get($s, '/public/1', 'X-User: bob');

like($bob->{head}, qr/^X-User: bob\r$/m, 'the other\'s own header');
unlike($bob->{head} . $bob->{body}, qr/alice/, 'nothing of the first one');
is(get($s, '/public/1', 'X-User: eve')->{status}, 403, 'a guard holds');
is($s->ask('HEAD /public/1', 'X-User: eve')->{status}, 403, 'for HEAD too');


# of a header that is in the key the upstream sees what the key has, whatever
# else was sent with it

is_own('/lang/1', '"accept-language=de"', 'a language', 'Accept-Language: de',
       'Authorization: alice');
is_own('/lang/1', '"accept-language=de"', 'the same', 'Accept-Language: de');
is_own('/lang/1', '"accept-language=fr"', 'another', 'Accept-Language: fr');
is_own('/lang/1', '""', 'none');

my $two = get($s, '/lang/2', 'Accept-Language: de', 'Accept-Language: evil');
my $one = get($s, '/lang/2', 'Accept-Language: de');

unlike($one->{body}, qr/evil/, 'a second line of it poisons nothing');

is_own('/lang/1', '"accept-language=de"', 'nor other spelling',
       'accept-LANGUAGE: de');


# keys that run together

is_own('/pair/a/bc', '["a", "bc"]', 'a and bc');
is_own('/pair/ab/c', '["ab", "c"]', 'ab and c');
is_own('/pair/abc/', '["abc", ""]', 'abc and nothing');
is_own('/pair/a%01/b', '["a\u0001", "b"]', 'a control byte');
is_own('/pair/a/%01b', '["a", "\u0001b"]', 'and on the other side');
is_own('/pair/1/a/b', '["1", "a/b"]', 'a slash');

is_own('/json?a=1&b=2', '[1, 2]', 'numbers');
is_own('/json?a=%221%22&b=2', '["1", 2]', 'a string like a number');
is_own('/json?a=null&b=%22%22', '[null, ""]', 'null and an empty string');
is_own('/json?a=%22%22&b=null', '["", null]', 'the other way round');
is_own('/json?a=[1]&b=2', '[[1], 2]', 'an array');
is_own('/json?a=%22[1]%22&b=2', '["[1]", 2]', 'a string like an array');
is_own('/json?a=%22%5Cu0061%22&b=2', '["\u0061", 2]', 'an escape');


# the same text in another server is another endpoint

is_own('/same/1', '["first", "1"]', 'one server');

my $socket = $s->connect;

syswrite $socket, "GET /same/1 HTTP/1.1\r\nHost: other\r\n"
                  . "Connection: close\r\n\r\n";
is($s->response($socket)->{body}, '["second", "1"]', 'another server');
is_own('/same/1', '["first", "1"]', 'and the first again');


# what steps share

is_own('/step/1', '{"saw": ""}', 'a step', 'Authorization: alice',
       'Cookie: a=b', 'Accept-Language: de');
is_own('/step/1', '{"saw": ""}', 'the same', 'Authorization: bob');
is(asked($s, '/step/1'), 1, 'the upstream has seen nobody');
is_own('/other/step', '{"saw": ""}', 'words in another order');
is(asked($s, '/other/step'), 1, 'are another key');
is_own('/private/5', '["private", "5", 1]', 'a word with text before its name');
is_own('/word/private-5', '["word", "private-5", 1]', 'the same text');
is(asked($s, '/word/private-5'), 1, 'is another key');

$s->stop;

done_testing();
