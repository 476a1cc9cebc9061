# What a fetched location can be, and what an endpoint can be for others: it
# serves as a subrequest of SSI, auth_request, mirror and addition, and behind
# internal redirects.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF');

    limit_req_zone $arg_key zone=slow:64k rate=20r/s;
    limit_conn_zone $server_port zone=conns:64k;
    proxy_cache_path %%DIR%%/temp/cache keys_zone=cache:64k;

    server {
        listen 127.0.0.1:%%PORT%%;
        root %%DIR%%/html;
        log_subrequest on;
        recursive_error_pages on;

        location / {
            endpoint GET /ping { reply '"pong"'; }
        }

        # one for each kind of location

        location /f/ {
            endpoint GET /f/return   { fetch $a /return; reply $a; }
            endpoint GET /f/static   { fetch $a /static/file.json; reply $a; }
            endpoint GET /f/empty    { fetch $a /static/empty.json; reply $a; }
            endpoint GET /f/aio      { fetch $a /aio/file.json; reply $a; }
            endpoint GET /f/aios     {
                fetch $a /aio/large.json;
                fetch $b /aio/large.json;
                fetch $c /aio/file.json;
                reply '[$a, $b, $c]';
            }
            endpoint GET /f/missing  { fetch $a /static/none; reply $a; }
            endpoint GET /f/dir      { fetch $a /static/dir; reply $a; }
            endpoint GET /f/index    { fetch $a /static/dir/; reply $a; }
            endpoint GET /f/try      { fetch $a /try/x; reply $a; }
            endpoint GET /f/rewrite  { fetch $a /rewrite/x; reply $a; }
            endpoint GET /f/dead     { fetch $a /dead/; reply $a; }
            endpoint GET /f/caught   { fetch $a /caught/; reply $a; }
            endpoint GET /f/named    { fetch $a /named/; reply $a; }
            endpoint GET /f/status {
                fetch $a /status/ status=$code;
                reply '[$a, $code]';
            }
            endpoint GET /f/redirect {
                fetch $a /moved/ status=$code as=text;
                reply $code;
            }
            endpoint GET /f/close    { fetch $a /close/; reply $a; }
            endpoint GET /f/denied   { fetch $a /denied/; reply $a; }
            endpoint GET /f/method {
                fetch $a POST /static/file.json '1';
                reply $a;
            }
            endpoint GET /f/args {
                fetch $a '/args/?x=$arg_x&y=1';
                reply $a;
            }
            endpoint GET /f/stub {
                fetch $a /stub_status as=text;
                reply $a;
            }
            endpoint GET /f/endpoint { fetch $a /nested/5; reply $a; }
            endpoint GET /f/fallback { fetch $a /nested/x/y; reply $a; }
            endpoint GET /f/internal { fetch $a /intercept/x; reply $a; }
            endpoint GET /f/unset    { fetch $a /nothing/; reply $a; }
            endpoint GET /f/ssi {
                fetch $a /ssi/json.html as=text;
                reply $a;
            }
            endpoint GET /f/cached   { fetch $a /cached/up; reply $a; }
            endpoint GET /f/conn {
                fetch $a /conn/;
                fetch $b /conn/;
                reply '[$a, $b]';
            }
            endpoint GET /f/burst    {
                fetch $a '/burst/?key=1' timeout=60s;
                fetch $b '/burst/?key=1' timeout=60s;
                fetch $c '/burst/?key=1' timeout=60s;
                fetch $d /aio/large.json;
                fetch $e /f/nestedburst;
                reply '[$a, $b, $c, $d, $e]';
            }
            endpoint GET /f/nestedburst { fetch $a '/burst/?key=2'; reply $a; }
            endpoint GET /f/onlynested  { fetch $a /f/nestedburst; reply $a; }
            endpoint GET /f/sibling  {
                fetch $a '/burst/?key=3' timeout=60s;
                fetch $b /dead/ 'default="dead"';
                reply '[$a, $b]';
            }
        }

        location = /return { return 200 '{"r": 1}'; }
        location /aio/ { aio threads; output_buffers 1 512; directio 4k; }
        location /try/ { try_files /none /none2 @tried; }
        location @tried { return 200 '"tried"'; }
        location /rewrite/ { rewrite ^ /return last; }
        location /dead/ { internal; proxy_pass http://127.0.0.1:1/; }
        location /caught/ {
            internal;
            proxy_pass http://127.0.0.1:1/;
            error_page 502 =200 @x;
        }
        location @x { return 200 '"caught"'; }
        location /named/ {
            internal;
            proxy_pass http://127.0.0.1:1/;
            error_page 502 = /f/return;
        }
        location /status/ { return 418 '{"t": 1}'; }
        location /moved/ { return 301 /return; }
        location /close/ { return 444; }
        location /denied/ { deny all; return 403; }
        location /static/ { }
        location /args/ { return 200 '"$args"'; }
        location = /stub_status { stub_status; }
        location /nothing/ { return 200 ""; }
        location /conn/ { limit_conn conns 1; return 200 1; }
        location /burst/ {
            limit_req zone=slow burst=50;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }
        location /cached/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_cache cache;
            proxy_cache_valid 1h;
            proxy_cache_lock on;
        }

        location /nested/ {
            endpoint_fallback @x;
            endpoint GET /nested/$n:int {
                fetch $a /return;
                sleep 1ms;
                reply '{"n": $n, "a": $a}';
            }
        }

        location /intercept/ {
            endpoint_intercept_errors on;
            error_page 502 =200 /nested/9;
            endpoint GET /intercept/x { fetch $a /dead/; reply $a; }
        }

        # endpoints for others

        location /ssi/ { ssi on; ssi_types *; }

        location /for/ {
            endpoint GET /for/sleep    { sleep 5ms; reply '"slept"'; }
            endpoint GET /for/fetch    { fetch $a /return; reply $a; }
            endpoint GET /for/constant { reply '"constant"'; }
            endpoint GET /for/empty    { sleep 1ms; reply 204; }
            endpoint GET /for/fail     { fetch $a /dead/; reply $a; }
            endpoint GET /for/allow {
                fetch $a /return;
                require $a.r==1 403 "no";
                reply 204;
            }
            endpoint GET /for/forbid {
                fetch $a /return;
                require $a.r==2 403 "no";
                reply 204;
            }
            endpoint POST /for/mirror  {
                body $b:json;
                fetch $a POST /mirrored/ $b;
                reply $a;
            }
            endpoint GET /for/silent   { fetch $a /silent/; reply $a; }
        }

        location /auth/allow { auth_request /for/allow; return 200 allowed; }
        location /auth/pass {
            auth_request /for/allow;
            try_files /static/file.json =404;
        }
        location /auth/forbid {
            auth_request /for/forbid;
            try_files /static/file.json =404;
        }
        location /auth/endpoint {
            auth_request /for/allow;
            endpoint GET /auth/endpoint { fetch $a /return; reply $a; }
        }
        location /auth/silent {
            auth_request /for/silent;
            try_files /static/file.json =404;
        }

        location /mirror {
            mirror /for/mirror;
            proxy_pass http://127.0.0.1:%%UP%%/up;
        }

        location /mirrored/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/mirrored;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /silent/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/silent;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /added/ {
            add_before_body /for/sleep;
            add_after_body /for/fetch;
            addition_types *;
        }

        location /e/404 { error_page 404 /for/fetch; return 404; }
        location /e/200 { error_page 404 =200 /for/sleep; return 404; }
        location /e/named { error_page 404 = @endpoint; return 404; }
        location /e/try { try_files /none /for/fetch; }
        location /e/rewrite { rewrite ^ /for/fetch last; }
        location /e/index { index none; error_page 403 404 = /for/sleep; }
        location /e/upstream {
            proxy_pass http://127.0.0.1:1;
            error_page 502 = /for/fetch;
        }
        location /e/twice { error_page 404 = /intercept/x; return 404; }
        location @endpoint {
            endpoint GET /e/named { fetch $a /return; reply '["named", $a]'; }
        }
    }
CONF

$s->upstream(sub {
    my ($socket, $request) = @_;

    if ($request->{uri} =~ /silent/) {
        $s->note_event('arrived');
        EndpointServer::closed($socket);
        $s->note_event('left');
        return 0;
    }

    $s->note_event("mirrored $request->{body}")
        if $request->{uri} =~ /mirrored/;

    return EndpointServer::answer($socket, 200, '"up"');
});

my $large = '["' . 'x' x 200_000 . '"]';

mkdir "$s->{dir}/html/$_" for qw(aio static static/dir ssi added);

$s->write_file('html/static/file.json', '{"f": 1}');
$s->write_file('html/static/empty.json', '');
$s->write_file('html/added/file.json', '{"f": 1}');
$s->write_file('html/aio/file.json', '{"f": 1}');
$s->write_file('html/aio/large.json', $large);
$s->write_file('html/static/dir/index.html', '"index"');

my %page = (
    one    => ['sleep'],
    order  => ['sleep', 'constant', 'fetch', 'sleep', 'empty', 'fail', 'fetch'],
    many   => [('fetch') x 30],
    silent => ['sleep', 'silent', 'fetch'],
    json   => ['sleep'],
);

$s->write_file("html/ssi/$_.html",
               join ' ', '<', map({ qq(<!--#include virtual="/for/$_" -->) }
                                  @{ $page{$_} }), '>')
    for keys %page;

$s->write_file('html/ssi/set.html',
               join ' ', map({ qq(<!--#include virtual="/for/$_" set="$_" -->)
                               . qq(<!--#echo var="$_" encoding="none" -->) }
                             'sleep', 'fetch', 'constant'));

$s->start;


sub gets {
    my ($uri, $body, $status) = @_;

    $s->is_answer("GET $uri", $status // 200, $body, "GET $uri");
}


gets('/f/return', '{"r": 1}');
gets('/f/static', '{"f": 1}');
gets('/f/empty', 'null');
gets('/f/aio', '{"f": 1}');
gets('/f/aios', "[$large, $large, {\"f\": 1}]");
gets('/f/missing', qr/"a: .*error"/, 502);
gets('/f/dir', qr/"a: .*error"/, 502);
gets('/f/index', '"index"');
gets('/f/try', '"tried"');
gets('/f/rewrite', '{"r": 1}');
gets('/f/dead', qr/"a: .*did not answer"/, 502);
gets('/f/caught', '"caught"');
gets('/f/named', '{"r": 1}');
gets('/f/status', '[{"t": 1}, 418]');
gets('/f/redirect', '301');
gets('/f/close', qr/"a: .*did not answer"/, 502);
gets('/f/denied', qr/"a: .*error"/, 502);
gets('/f/method', qr/"a: .*error"/, 502);
gets('/f/args?x=1%2F2%26', '"x=1%2F2%26&y=1"');
gets('/f/stub', qr/^"Active connections: 1 /);
gets('/f/endpoint', '{"n": 5, "a": {"r": 1}}');
gets('/f/fallback', '"caught"');
gets('/f/internal', '{"n": 9, "a": {"r": 1}}');
gets('/f/unset', 'null');
gets('/f/cached', '"up"') for 1 .. 3;
gets('/f/conn', '[1, 1]');

# what the filters of a fetched location would do is not done

gets('/f/ssi', '"' . $s->file('html/ssi/json.html') =~ s/"/\\"/gr . '"');

# the limit counts once for each request of a client; whoever is delayed does
# not wait for ever, and what runs beside it does not either

gets('/f/burst', "[\"up\", \"up\", \"up\", $large, \"up\"]") for 1 .. 3;
gets('/f/onlynested', '"up"') for 1 .. 3;
gets('/f/sibling', '["up", "dead"]') for 1 .. 3;


# endpoints for others

gets('/ssi/one.html', '< "slept" >');
gets('/ssi/order.html', qr/^<[ ]"slept"[ ]"constant"[ ]\{"r":[ ]1\}[ ]"slept"[ ]
                           [ ]\{"detail":"a:[ ][^"]*"\}[ ]\{"r":[ ]1\}[ ]>$/x);
gets('/ssi/many.html', '< ' . '{"r": 1} ' x 30 . '>');
gets('/ssi/set.html', '"slept" {"r": 1} "constant"');
gets('/added/file.json', '"slept"{"f": 1}{"r": 1}');
gets('/auth/allow', 'allowed');
gets('/auth/pass', '{"f": 1}');
gets('/auth/forbid', qr/403 Forbidden/, 403);
gets('/auth/endpoint', '{"r": 1}');

$s->is_answer('POST /mirror', 200, '"up"', 'mirror',
              'Content-Type: application/json', \'[1, 2]');
$s->wait_line('events', qr/^mirrored \[1, 2\]$/m, 'mirrored');

gets('/e/404', '{"r": 1}', 404);
gets('/e/200', '"slept"');
gets('/e/named', '["named", {"r": 1}]');
gets('/e/try', '{"r": 1}');
gets('/e/rewrite', '{"r": 1}');
gets('/e/index', '"slept"');
gets('/e/upstream', '{"r": 1}');
gets('/e/twice', '{"n": 9, "a": {"r": 1}}');


# a client that leaves while another module waits for an endpoint

for my $uri ('/ssi/silent.html', '/auth/silent', '/for/silent') {
    my $before = $s->count('events', qr/^arrived$/m);
    my $client = $s->connect;

    $s->request($client, "GET $uri");
    ok($s->wait_for(sub { $s->count('events', qr/^arrived$/m) > $before }),
       "$uri waits");
    close $client;
    ok($s->wait_for(sub { $s->count('events', qr/^left$/m) > $before }),
       "$uri is left");
}

$s->is_idle;
$s->stop;

done_testing();
