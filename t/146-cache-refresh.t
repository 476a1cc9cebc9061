# An old value is answered at once, and one run without a client makes the new
# one: what that run has of the request that caused it, and what becomes of it.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use Test::More;


my $s = cache_server(workers => 4, listen => 'reuseport', more => <<'MORE',

    endpoint_cache_zone zone=brief:1m entries=100 ttl=1ms stale=1s;

    server {
        listen 127.0.0.1:%%PORT%%;
        server_name known.example;
        endpoint_fetch_pass_headers traceparent Accept-Language Cookie;

        location / {
            endpoint GET /seen/$id:int {
                header $accept_language;
                arg $list:json;
                cache old $id $accept_language $list $args unkeyed=$request_id;
                fetch $x '/inner?id=$id&at=$list[0].at';
                log notice "made for $request_id";
                set_header X-Made $x.n;
                set_header X-For $request_id;
                reply '{"x": $x, "list": $list, "args": $args}';
            }

            endpoint GET /inner {
                arg $id:int;
                arg $at;
                fetch $x '/seen-up/$id?at=$at';
                reply $x;
            }

            set $tenant "of-$arg_who";

            endpoint GET /tenant/$id {
                cache old $id $tenant;
                fetch $x /seen-up/$id;
                set_header X-Made $x.n;
                reply '$x.seen';
            }
        }

        location /seen-up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            proxy_set_header X-Host $host;
            proxy_set_header X-Uri $request_uri;
            proxy_set_header X-Addr $remote_addr;
            proxy_set_header X-Id $request_id;
            proxy_set_header X-Tenant $tenant;
            proxy_set_header X-Server $server_addr:$server_port;
            proxy_set_header X-Scheme $scheme;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }
    }
MORE
    endpoints => <<'CONF');

    endpoint GET /slow/$id {
        cache old $id;
        fetch $x /up/slow/$id?late=$id;
        reply '$x.n';
    }

    endpoint GET /step/$id {
        fetch $x /up/step/$id?late=$id cache=old:$id;
        reply '$x.n';
    }

    endpoint GET /left/$id {
        fetch $x /up/step/$id?late=$id cache=old:$id;
        fetch $y /up/never/$id?wait=never after=$x;
        reply '[$x.n, $y.n]';
    }

    endpoint GET /each/$id {
        arg $ids:json;
        fetch $x /up/each/$item?down=503 each=$ids cache=old:each:$ids;
        reply '$x[*].n';
    }

    endpoint GET /down/$id {
        cache old $id;
        fetch $x /up/down/$id?down=503;
        reply '$x.n';
    }

    endpoint GET /down-step/$id {
        fetch $x /up/down-step/$id?down=503 cache=old:down:$id;
        reply '$x.n';
    }

    endpoint GET /default/$id {
        cache old $id;
        fetch $x /up/default/$id?down=503 'default={"n": 0}';
        reply '$x.n';
    }

    endpoint GET /gone/$id {
        cache old $id;
        fetch $x /up/gone/$id?down=404 pass=404;
        reply '$x.n';
    }

    endpoint GET /late/$id {
        timeout 300ms;
        cache old $id;
        fetch $x /up/late/$id?late=never;
        reply '$x.n';
    }

    endpoint GET /brief/$id {
        fetch $x /up/brief/$id?late=$id cache=brief:$id;
        reply '$x.n';
    }

    endpoint GET /brief-quick/$id {
        timeout 200ms;
        fetch $x /up/brief/$id?late=$id cache=brief:$id;
        reply '$x.n';
    }

    endpoint GET /asks/$id {
        cache old $id client_refresh;
        fetch $x /up/asks/$id?late=$id&down=503;
        reply '$x.n';
    }

    endpoint GET /outer/$id {
        cache old $id;
        fetch $x /up/part/$id?late=$id cache=old:part:$id;
        fetch $y /up/outer/$id;
        reply '[$x.n, $y.n]';
    }

    endpoint GET /above/$id {
        fetch $x /up/above/$id;
        set_header X-Above $x.n;
        cache old $id unkeyed=$x;
        fetch $y /up/below/$id;
        set_header X-Below $y.n;
        reply '[$x.n, $y.n]';
    }

    endpoint DELETE /purged/$id {
        purge old $id;
        reply 204;
    }
CONF

$s->start;


# nobody waits, and one run asks the upstream

for my $what (qw(slow step)) {
    is(get($s, "/$what/a$what")->{body}, '1', "$what: a first value");
    $s->note_event('down');

    my @sockets;

    for (1 .. 100) {
        my $socket = $s->connect;

        select undef, undef, undef, 0.01 if $_ == 1;
        $s->request($socket, "GET /$what/a$what", 'Connection: close');
        push @sockets, $socket;
    }

    my %bodies;

    $bodies{ $s->response($_, first => 1)->{body} }++ for @sockets;

    is_deeply(\%bodies, { 1 => 100 }, "$what: an old one for all, at once");
    ok($s->wait_for(sub { asked($s, "/$what/a$what") == 2 }),
       "$what: one run makes the new one, in one worker of four");

    go($s, "a$what");
    $s->note_event('up');
    ok($s->wait_for(sub { get($s, "/$what/a$what")->{body} > 1 }),
       "$what: which is served when it is there");
}

my %said = map { $_ => 1 } log_of($s, '/slow/aslow');

is_deeply([sort grep { $_ ne 'HIT' } keys %said], [qw(MISS UPDATING)],
          'what $endpoint_cache says of it');


# the client leaves while its own run waits for something else

get($s, '/step/b');
$s->note_event('down');

my $client = $s->connect;

select undef, undef, undef, 0.01;
$s->request($client, 'GET /left/b');
$s->wait_line('events', qr{^asked /never/b$}m, 'a client waits');
$s->wait_for(sub { asked($s, '/step/b') == 2 });
close $client;
$s->wait_line('logs/error.log', qr{prematurely closed.*/left/b}, 'and leaves');
go($s, 'b');
ok($s->wait_for(sub { get($s, '/step/b')->{body} > 1 }),
   'the refresh that it caused goes on');
$s->note_event('up');


# values, variables and headers are those of the request that caused it

my $uri = '/seen/7?list=[%7b%22at%22:%22x%20y%22%7d]';

sub seen {
    my $socket = $s->connect;

    syswrite $socket, join "\r\n", "GET $_[0] HTTP/1.1", 'Host: known.example',
                           'Connection: close', 'Accept-Language: de',
                           'Cookie: a=b', 'traceparent: 00-4bf92f35-00f067aa-01',
                           '', '';

    my $answer = $s->response($socket, first => 1);

    my ($made) = $answer->{head} =~ /^X-Made: (\d+)\r$/m;

    my ($for) = $answer->{head} =~ /^X-For: (\w+)\r$/m;

    $answer->{body} =~ s/"n": \d+/"n"/;
    $answer->{body} =~ s/x-id=$for/x-id/ if $for;

    return ($made, $answer->{body});
}

my ($made, $first) = seen($uri);

is($made, 1, 'a reply of much that comes from the request');
like($first, qr/x-host=known\.example/, 'of its Host');
like($first, qr{x-uri=\Q$uri\E}, 'of its URI');
like($first, qr/x-addr=127\.0\.0\.1 .*x-scheme=http /, 'of its address');
like($first, qr/x-server=127\.0\.0\.1:$s->{port}/, 'of the server\'s');
like($first, qr/traceparent=00-/, 'of its trace');
like($first, qr/x-id /, 'of its id');
like($first, qr/"args": "list=/, 'of its arguments');

my $second;

$s->wait_for(sub { ($made, $second) = seen($uri); $made > 1 });
cmp_ok($made, '>', 1, 'the reply is refreshed');
is($second, $first, 'and no other than the first one');

my %ids;

$s->wait_for(sub { %ids = map { $_ => 1 } $s->file('logs/error.log')
                          =~ /made for ([0-9a-f]{32})\b/g; keys %ids > 1 });
cmp_ok(scalar keys %ids, '>', 1, 'a variable beside the key is known too');


# so is what was set for it

($made, $first) = seen('/tenant/9?who=ann');
like($first, qr/x-tenant=of-ann/, 'a variable that was set');
$s->wait_for(sub { ($made, $second) = seen('/tenant/9?who=ann'); $made > 1 });
like($second, qr/x-tenant=of-ann/, 'is that one for the refresh too');


# what stands above the cache is not run again

my $above = get($s, '/above/c');

is($above->{body}, '[1, 1]', 'a step above the cache');
get_old($s, '/above/c');
ok($s->wait_for(sub { asked($s, '/below/c') >= 2 }), 'what is below is made');

my $new;

$s->wait_for(sub { $new = get_old($s, '/above/c');
                   $new->{body} ne '[1, 1]' });
like($new->{body}, qr/^\[[2-9]\d*, [2-9]/, 'of the value of the one above');
is(scalar(() = $new->{head} =~ /^X-(?:Above|Below):/mg), 2,
   'each header once');


# a failure: the old value stays, and the next request tries again

for my $what (qw(down down-step)) {
    is(get($s, "/$what/d")->{body}, '1', "$what: a first value");
    $s->note_event('down');

    for my $n (2 .. 4) {
        $s->wait_for(sub { is_one(get_old($s, "/$what/d"));
                           asked($s, "/$what/d") >= $n });
    }

    cmp_ok(asked($s, "/$what/d"), '>=', 4, "$what: tried again and again");
    is(get_old($s, "/$what/d")->{body}, '1', "$what: the old value stays");
    $s->wait_line('logs/error.log', qr{ended with 502 while running the } .
                  qr{refresh of "/$what/\{id\}"}, "$what: that is logged");
    $s->note_event('up');
    ok($s->wait_for(sub { get_old($s, "/$what/d")->{body} ne '1' }),
       "$what: until it can be made");
}

# said only where it is not so

sub is_one {
    my ($answer) = @_;

    is($answer->{body}, '1', 'an old value') if $answer->{body} ne '1';
}

my $list = '/each/x?ids=[1,2]';

is(get($s, $list)->{body}, '[1,1]', 'a list');
get_old($s, $list);
$s->wait_for(sub { asked($s, '/each/2') >= 2 });
ok($s->wait_for(sub { get_old($s, $list)->{body} ne '[1,1]' }),
   'is refreshed as a whole');

get($s, '/default/e');
$s->note_event('down');
get_old($s, '/default/e');
$s->wait_for(sub { asked($s, '/default/e') == 2 });
$s->wait_for(sub { get_old($s, '/default/e'); asked($s, '/default/e') > 2 });
is(get_old($s, '/default/e')->{body}, '1', 'a default= is no new value');

# another status is an answer

get($s, '/gone/f');
get_old($s, '/gone/f');
ok($s->wait_for(sub { get_old($s, '/gone/f')->{status} == 404 }),
   'a 404 drops the old value');
$s->note_event('up');

# its own time, and no other's

$s->wait_for(sub { get($s, '/late/g')->{status} == 200 });
$s->note_event('down');
get_old($s, '/late/g');
$s->wait_line('logs/error.log', qr{ended with 504 while running the } .
              qr{refresh of "/late/\{id\}"}, 'a refresh ends at its deadline');

my $tries = asked($s, '/late/g');

ok($s->wait_for(sub { get_old($s, '/late/g'); asked($s, '/late/g') > $tries }),
   'and the next request tries again');
$s->note_event('up');


# the refresh outlasts the old value: whoever comes then waits for it

get($s, '/brief/h');
$s->note_event('down');
is(get_old($s, '/brief/h')->{body}, '1', 'an old value');
ok($s->wait_for(sub { get($s, '/brief-quick/h')->{status} == 504 }),
   'its time ends during the refresh');

$client = $s->connect;
$s->request($client, 'GET /brief/h', 'Connection: close');
go($s, 'h');
is($s->response($client)->{body}, '2', 'which is waited for then');
is(asked($s, '/brief/h'), 2, 'and done once');
$s->note_event('up');


# a client that does not want the old one waits for the refresh, or gets the
# old one where that fails

get($s, '/asks/i');
$s->note_event('down');
is(get_old($s, '/asks/i')->{body}, '1', 'an old value');
$s->wait_for(sub { asked($s, '/asks/i') == 2 });
$client = $s->connect;
$s->request($client, 'GET /asks/i', 'Connection: close',
            'Cache-Control: no-cache');
is(get_old($s, '/asks/i')->{body}, '1', 'others do not wait');
go($s, 'i');

my $asked = $s->response($client);

is("$asked->{status} $asked->{body}", '200 1',
   'one that asked for a new one gets the old one for its failure');
$s->note_event('up');


# what is refreshed is not made of an old value

is(get($s, '/outer/j')->{body}, '[1, 1]', 'a reply of a cached step');
$s->note_event('down');
is(get_old($s, '/outer/j')->{body}, '[1, 1]', 'both are old');
$s->wait_for(sub { asked($s, '/part/j') == 2 });
go($s, 'j');
ok($s->wait_for(sub { get($s, '/outer/j')->{body} =~ /^\[[2-9]\d*, [2-9]/ }),
   'the refresh waits for the new step, and is kept');
$s->note_event('up');


# a purge during the refresh

get($s, '/slow/k');
$s->note_event('down');
is(get_old($s, '/slow/k')->{body}, '1', 'an old value');
$s->wait_for(sub { asked($s, '/slow/k') == 2 });
is($s->ask('DELETE /purged/k')->{status}, 204, 'is purged meanwhile');

$client = $s->connect;
$s->request($client, 'GET /slow/k', 'Connection: close');
ok($s->wait_for(sub { asked($s, '/slow/k') == 3 }),
   'who comes then makes one of its own');
go($s, 'k');
is($s->response($client)->{body}, '3', 'and gets that');
cmp_ok(get($s, '/slow/k')->{body}, '>=', 3, 'as all who come later');
$s->note_event('up');

$s->stop;

done_testing();
