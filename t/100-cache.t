# The cache statement: what is kept, for how long, and what a client sees.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use Test::More;


my $s = cache_server(endpoints => <<'CONF');

    endpoint GET /user/$id:int {
        cache cache $id;
        fetch $user /up/user/$id;
        reply '{"id": $id, "n": $user.n}';
    }

    endpoint GET /short/$id {
        cache cache $id ttl=1s;
        fetch $x /up/short/$id;
        reply '$x.n';
    }

    endpoint GET /two/$a/$b {
        cache cache $a $b;
        fetch $x /up/two;
        reply '[$a, $b, $x.n]';
    }

    endpoint GET /all {
        cache cache everything;
        fetch $x /up/all;
        reply '$x.n';
    }

    endpoint GET /above/$id {
        header $x_user=anybody;
        set_header X-User $x_user;
        require $x_user!=mallory 403 "not you";
        cache cache $id;
        fetch $x /up/above/$id;
        set_header X-Count "$x.n";
        set_header Set-Cookie "n=$x.n";
        reply 200 'n is $x.n' type=text/plain;
    }

    endpoint GET /empty {
        cache cache empty;
        fetch $x /up/empty as=text;
        reply 200 $x type=text/plain when=!$x;
        reply 200;
    }

    endpoint GET /missing/$id {
        cache cache $id status=404,410:1h status=403:1s;
        fetch $x /up/missing/$id status=$status;
        reply 410 '$x.n' when=$id==gone;
        reply 500 '$x.n' when=$id==broken;
        reply 404 '{"n": $x.n}';
    }

    endpoint GET /guard/$id {
        cache cache $id status=404:1h;
        fetch $x /up/guard/$id;
        require $x.y 404 "nothing called $id";
        reply $x;
    }

    endpoint GET /when/$id {
        arg $fresh:bool=false;
        cache cache $id when=!$fresh;
        fetch $x /up/when/$id;
        reply '$x.n';
    }

    endpoint GET /refresh/$id {
        cache cache $id client_refresh;
        fetch $x /up/refresh/$id;
        reply '$x.n';
    }

    endpoint GET /large {
        cache small large;
        fetch $x /up/large?size=65000;
        reply '$x.n$x.x' type=text/plain;
    }

    endpoint GET /etag {
        cache cache etag;
        fetch $x /up/etag;
        set_header ETag '"mine-$x.n"';
        reply '$x.n';
    }

    endpoint GET /json {
        arg $x:json;
        cache cache $x;
        fetch $n /up/json;
        reply '[$x, $n.n]';
    }

    endpoint GET /null {
        arg $x=null;
        cache cache $x;
        fetch $n /up/null;
        reply '[$x, $n.n]';
    }

    endpoint GET /outer/$id {
        fetch $x /user/$id;
        reply $x;
    }

    endpoint GET /itself/$id {
        arg $again=0;
        cache cache $id unkeyed=$again;
        fetch $n /up/itself/$id;
        fetch $x /itself/$id?again=1 when=$n.n==1;
        reply '[$n.n, $x]';
    }
CONF

$s->start;


is_cached($s, '/user/1', 200, '{"id": 1, "n": 1}', 'MISS');
is_cached($s, '/user/1', 200, '{"id": 1, "n": 1}', 'HIT');
is_cached($s, '/user/2', 200, '{"id": 2, "n": 1}', 'MISS');
is_cached($s, '/user/1', 200, '{"id": 1, "n": 1}', 'HIT');
is_cached($s, '/user/x', 422, qr/int_parsing/, '-');
is(asked($s, '/user/1'), 1, 'the upstream was asked once');

# arguments that the endpoint does not know are no part of the key
is_cached($s, '/user/1?x=2', 200, '{"id": 1, "n": 1}', 'HIT');

my $head = $s->ask('HEAD /user/1');
is($head->{status}, 200, 'HEAD is answered from the cache');
is(asked($s, '/user/1'), 1, 'and asks nobody');

my $answer = get($s, '/user/1');
like($answer->{head}, qr{^Content-Type: application/json\r$}m, 'the type');
like($answer->{head}, qr/^X-Content-Type-Options: nosniff\r$/m, 'nosniff');
like($answer->{head}, qr/^Content-Length: 17\r$/m, 'the length');

# what a key is made of cannot be mistaken
is_cached($s, '/two/a/bc', 200, '["a", "bc", 1]', 'MISS');
is_cached($s, '/two/ab/c', 200, '["ab", "c", 2]', 'MISS');
is_cached($s, '/two/a/bc', 200, '["a", "bc", 1]', 'HIT');
is_cached($s, '/all', 200, '1', 'MISS');
is_cached($s, '/all', 200, '1', 'HIT');

is_cached($s, '/json?x=1', 200, '[1, 1]', 'MISS');
is_cached($s, '/json?x=%221%22', 200, '["1", 2]', 'MISS');
is_cached($s, '/json?x=1', 200, '[1, 3]', 'MISS');
is_cached($s, '/json?x=1', 200, '[1, 3]', 'HIT');
is_cached($s, '/null', 200, '[null, 1]', 'MISS');
is_cached($s, '/null?x=', 200, '["", 2]', 'MISS');
is_cached($s, '/null?x=', 200, '["", 2]', 'HIT');
is_cached($s, '/null', 200, '[null, 3]', 'MISS');


# what stands above runs on every request, what it sets is the request's

$answer = is_cached($s, '/above/1', 200, 'n is 1', 'MISS', 'X-User: a');
like($answer->{head}, qr/^X-User: a\r$/m, 'a header of above');
like($answer->{head}, qr/^X-Count: 1\r$/m, 'a header of below');
like($answer->{head}, qr/^Set-Cookie: n=1\r$/m, 'a cookie for who asked');

$answer = is_cached($s, '/above/1', 200, 'n is 1', 'HIT', 'X-User: b');
like($answer->{head}, qr/^X-User: b\r$/m, 'the other client\'s own header');
unlike($answer->{head}, qr/^X-User: a\r$/m, 'and not the first one\'s');
like($answer->{head}, qr/^X-Count: 1\r$/m, 'the header below is kept');
like($answer->{head}, qr{^Content-Type: text/plain\r$}m, 'with the type');
unlike($answer->{head}, qr/^Set-Cookie/m, 'but no cookie');

is_cached($s, '/above/1', 403, '{"detail":"not you"}', '-',
          'X-User: mallory');


# only 200 is kept, and what is listed, for its time

is_cached($s, '/missing/1', 404, '{"n": 1}', 'MISS');
is_cached($s, '/missing/1', 404, '{"n": 1}', 'HIT');
is_cached($s, '/missing/gone', 410, '1', 'MISS');
is_cached($s, '/missing/gone', 410, '1', 'HIT');
is_cached($s, '/missing/broken', 500, '1', 'MISS');
is_cached($s, '/missing/broken', 500, '2', 'MISS');
is_cached($s, '/guard/1', 404, '{"detail":"nothing called 1"}', 'MISS');
is_cached($s, '/guard/1', 404, '{"detail":"nothing called 1"}', 'HIT');
is(asked($s, '/guard/1'), 1, 'a guard below the cache');

is_cached($s, '/short/1', 200, '1', 'MISS');

$answer = $s->wait_for(sub {
    my $got = get($s, '/short/1');
    return $got->{body} eq '2' && $got;
});

is($answer->{body}, '2', 'after its ttl it is made again');
$s->wait_for(sub { (log_of($s, '/short/1'))[-1] =~ /EXPIRED/ });
is((log_of($s, '/short/1'))[-1], 'EXPIRED', 'and the log says so');


is_cached($s, '/when/1', 200, '1', 'MISS');
is_cached($s, '/when/1?fresh=1', 200, '2', 'BYPASS');
is_cached($s, '/when/1', 200, '1', 'HIT');

is_cached($s, '/refresh/1', 200, '1', 'MISS');
is_cached($s, '/refresh/1', 200, '1', 'HIT');
is_cached($s, '/refresh/1', 200, '2', 'BYPASS', 'Cache-Control: no-cache');
is_cached($s, '/refresh/1', 200, '2', 'HIT');
is_cached($s, '/refresh/1', 200, '3', 'BYPASS',
          'Cache-Control: max-age=0,No-Cache');
is_cached($s, '/refresh/1', 200, '3', 'HIT', 'Cache-Control: x-no-cache');
is_cached($s, '/user/1', 200, '{"id": 1, "n": 1}', 'HIT',
          'Cache-Control: no-cache');


# a value larger than the zone allows is not kept

is_cached($s, '/large', 200, qr/^1x+$/, 'BYPASS');
is_cached($s, '/large', 200, qr/^2x+$/, 'BYPASS');
$s->wait_line('logs/error.log', qr/the reply is not kept/, 'and logged');


# ETag and If-None-Match

my ($etag) = get($s, '/user/1')->{head} =~ /^ETag: ("\w+")\r$/m;
ok($etag, 'a kept reply has an ETag');

my $fresh = get($s, '/user/3');
my ($first) = $fresh->{head} =~ /^ETag: ("\w+")\r$/m;
ok($first, 'the first reply has it too');
isnt($first, $etag, 'another body has another one');

is_cached($s, '/user/1', 304, '', 'HIT', "If-None-Match: $etag");
is_cached($s, '/user/1', 304, '', 'HIT', "If-None-Match: \"a\", W/$etag");
is_cached($s, '/user/1', 200, '{"id": 1, "n": 1}', 'HIT',
          'If-None-Match: "a"');
is_cached($s, '/user/4', 200, '{"id": 4, "n": 1}', 'MISS',
          "If-None-Match: $etag");

is_cached($s, '/user/1', 412, qr/412/, '-', 'If-Match: "a"');
is_cached($s, '/user/1', 200, '{"id": 1, "n": 1}', 'HIT',
          'If-Unmodified-Since: Wed, 21 Oct 2015 07:28:00 GMT');
is_cached($s, '/user/1', 200, '{"id": 1, "n": 1}', 'HIT',
          'If-Modified-Since: Wed, 21 Oct 2065 07:28:00 GMT');

$answer = get($s, '/etag');
is_deeply([$answer->{head} =~ /^ETag: (.*)\r$/mg], ['"mine-1"'],
          'an ETag of the configuration stands');
is_cached($s, '/etag', 304, '', 'HIT', 'If-None-Match: "mine-1"');
unlike(get($s, '/missing/1')->{head}, qr/^ETag/m, 'none with a 404');


# an endpoint behind another one; an endpoint that asks for itself

is_cached($s, '/outer/1', 200, '{"id": 1, "n": 1}', '-');
is_cached($s, '/itself/1', 200, '[1, [2, null]]', 'MISS');
is_cached($s, '/itself/1', 200, '[1, [2, null]]', 'HIT');

is_cached($s, '/empty', 200, '', 'MISS');

$s->stop;

done_testing();
