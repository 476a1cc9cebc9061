# nginx's variables in a fetched location: what was said of the client's request
# holds there, what a map or a regular expression makes of the fetch is its own,
# and what is kept for others knows of nobody.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use MIME::Base64;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF');

    map $user $team      { ~^a(?<mark>\d*) "team-$mark"; default none; }
    map $uri $where      { ~^/up/(?<last>.*)$ "at-$last"; default elsewhere; }
    geo $arg_ip $country { default none; 10.0.0.0/8 ten; }

    endpoint_cache_zone zone=kept:256k entries=100 ttl=1h stale=1h;
    endpoint_cache_zone zone=short:256k entries=100 ttl=1s stale=1h;

    server {
        listen 127.0.0.1:%%PORT%%;
        server_name ~^(?<tenant>\w+)\.example\.com$ localhost;

        set $level server;
        set_real_ip_from 127.0.0.1;
        real_ip_header X-Real-IP;

        endpoint_fetch_pass_headers X-Token;

        location = /auth {
            internal;
            return 204;
        }

        location / {
            auth_request /auth;
            auth_request_set $user $http_x_token;
            set $mine "mine $arg_k";
            set $changed before;

            endpoint GET /ping { reply '"pong"'; }

            endpoint GET /one {
                fetch $a /up/one as=text;
                reply '[$a, "$request_id", "$where", "$changed", "$level"]';
            }
            endpoint GET /two {
                fetch $a /up/a as=text;
                fetch $b /up/b as=text;
                fetch $n /nested;
                reply '[$a, $b, $n, "$request_id"]';
            }
            endpoint GET /nested {
                fetch $a /up/n as=text;
                reply '[$a, "$user", "$mine"]';
            }
            endpoint GET /changes {
                fetch $a /change/a as=text;
                fetch $b /change/b as=text;
                reply '[$a, $b, "$changed", "$level", "$mark", "$last"]';
            }
            endpoint GET /geo { fetch $a /geo-of?ip=10.1.1.1 as=text; reply '[$a, "$country"]'; }

            endpoint GET /kept/$id {
                cache kept $id;
                fetch $a /up/kept as=text;
                fetch $n /nested;
                reply '[$a, $n]';
            }
            endpoint GET /keyed/$id {
                cache kept $id $user;
                fetch $a /up/keyed as=text;
                reply '[$a]';
            }
            endpoint GET /old/$id {
                cache kept $id $user ttl=1s;
                fetch $a /up/old as=text;
                reply '[$a]';
            }
            endpoint GET /step/$id {
                fetch $a /up/step as=text cache=kept:s$id;
                reply '[$a]';
            }
            endpoint GET /above/$id {
                header $x_token;
                fetch $a /up/above as=text;
                cache kept $id $x_token;
                reply '[$a]';
            }
            endpoint GET /oldstep/$id {
                fetch $a /up/oldstep as=text cache=short:$id:$user;
                reply '[$a]';
            }
            endpoint POST /carried/$r:path {
                background tasks { fetch PUT '/up/c/$r?$args&k=$arg_k'; }
                reply '1';
            }
            endpoint POST /task {
                background tasks { fetch $a /up/task as=text; log warn "task $a"; }
                reply '1';
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_set_header X-Seen "$user|$mine|$team|$where|$tenant|$remote_user|$realip_remote_addr|$level";
            proxy_set_header X-Request-ID $request_id;
        }

        location /change/ {
            internal;
            set $changed "$changed $uri";
            set $level "$where";
            return 200 "$changed|$level|$user|$team";
        }

        location = /geo-of { internal; return 200 "$country"; }

        location = /stub_status { allow all; stub_status; }
    }

    endpoint_task_zone zone=tasks:256k;
CONF

$s->upstream(sub {
    my ($socket, $request) = @_;

    $s->note_event("asked $request->{uri}");

    return EndpointServer::answer($socket, 200,
        "$request->{headers}{'x-seen'} $request->{headers}{'x-request-id'}");
});

$s->start;


sub ask {
    my ($uri, $user, @more) = @_;

    return $s->ask("GET $uri", "X-Token: $user", 'X-Real-IP: 192.0.2.7',
                   'Authorization: Basic ' . encode_base64("$user:x", ''),
                   @more)->{body};
}


sub seen {
    my ($user, $k, $where, $tenant) = @_;

    my ($mark) = $user =~ /^a(\d*)/;
    my $team = defined $mark ? "team-$mark" : 'none';

    $tenant //= '';

    return "\Q$user|mine $k|$team|at-$where|$tenant|$user|127.0.0.1|server\E";
}


my $id = qr/([0-9a-f]{32})/;

like(ask('/one?k=x', 'a1'),
     qr/^\["${\seen('a1', 'x', 'one')} $id", "\1", "elsewhere", "before", "server"\]$/,
     'what is fixed for the request');

my $two = ask('/two?k=y', 'b');

like($two, qr/^\["${\seen('b', 'y', 'a')} $id", "${\seen('b', 'y', 'b')} \1", \["${\seen('b', '', 'n')} \1", "b", "mine "\], "\1"\]$/,
     'in two fetches, and in an endpoint that is fetched');
unlike(ask('/two?k=y', 'b'), qr/${\($two =~ $id)}/, 'another request');

is(ask('/changes', 'a1'),
   '["before /change/a|elsewhere|a1|team-1", '
   . '"before /change/b|elsewhere|a1|team-1", "before", "server", "", ""]',
   'what a location makes of it is its own');

is(ask('/geo', 'a1'), '["ten", "none"]', 'a geo of the fetch');

my $client = $s->connect;

syswrite $client, "GET /one?k=z HTTP/1.1\r\nHost: acme.example.com\r\n"
                  . "X-Token: c\r\nConnection: close\r\n\r\n";
like($s->response($client)->{body}, qr/at-one\|acme\|/,
     'a capture of the server name');


# of many at once each has its own

my @clients = map { $s->connect } 1 .. 60;

$s->request($clients[$_], "GET /two?k=k$_", "X-Token: a$_") for 0 .. $#clients;

my @wrong = grep {
    my $body = $s->response($clients[$_], first => 1)->{body};

    3 != (() = $body =~ /\ba$_\|mine (?:k$_)?\|team-$_\|at-[abn]\|/g);
} 0 .. $#clients;

is("@wrong", '', 'many at once');
close $_ for @clients;


# what is kept for others

like(ask('/kept/1?k=x', 'a1'), qr/^\["\|\|none\|at-kept\|\|\|192.0.2.7\|server $id", \["\|mine \|none\|at-n\|\|\|192.0.2.7\|server \1", "", "mine "\]\]$/,
     'below a cache');
like(ask('/step/1?k=x', 'a1'), qr/^\["\|\|none\|at-step\|\|\|192.0.2.7\|server $id"\]$/,
     'cache=');
like(ask('/above/1?k=x', 'a1'), qr/^\["\|\|none\|at-above\|\|\|192.0.2.7\|server $id"\]$/,
     'above a cache, whose result is kept');

like(ask('/keyed/1', 'a1'), qr/^\["a1\|\|team-1\|at-keyed\|/, 'in the key');
like(ask('/keyed/1', 'a2'), qr/^\["a2\|\|team-2\|at-keyed\|/, 'another key');
is(() = $s->file('events') =~ m{^asked /up/keyed$}mg, 2, 'each once');


# the run that makes a new value has no client

like(ask('/old/1', 'a3'), qr/^\["a3\|\|team-3\|at-old\|/, 'a value');
ok($s->wait_for(sub {
    ask('/old/1', 'a3');
    $s->count('events', qr{^asked /up/old$}m) > 1;
}), 'it has become old');
$s->wait_for(sub {
    ask('/old/1', 'a3') =~ /^\["(.*?) (\w+)/
}) for 1 .. 3;
like(ask('/old/1', 'a3'), qr/^\["a3\|\|team-3\|at-old\|/, 'the new one');

like(ask('/oldstep/1', 'a5'), qr/^\["a5\|\|team-5\|at-oldstep\|/, 'of a step');
ok($s->wait_for(sub {
    ask('/oldstep/1', 'a5');
    $s->count('events', qr{^asked /up/oldstep$}m) > 2;
}), 'it has become old, twice');
like(ask('/oldstep/1', 'a5'), qr/^\["a5\|\|team-5\|at-oldstep\|/, 'the new one');

is($s->ask('POST /carried/a/b%20c?x=%26&k=1%2B')->{body}, 1, 'a task');
$s->wait_line('events', qr{^asked /up/c/a/b%20c\?x=%26&k=1%2B&k=1%2B$}m,
              'what has been encoded is carried so');

is($s->ask('POST /task', 'X-Token: a4')->{body}, 1, 'a task');
$s->wait_line('logs/error.log', qr/task \|\|none\|at-task\|\|\|unix:\|server [0-9a-f]{32}/,
              'which has no client either');

$s->is_idle;
$s->stop;

done_testing();
