# nginx's own cache behind a fetch: an expired answer is served at once while
# one request makes the new one, as it is to a client of proxy_pass; what nginx
# has under way then outlives the fetch, its run and its client.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $s = EndpointServer->new(workers => 1, http => <<'CONF');

    proxy_cache_path %%DIR%%/temp/cache keys_zone=cache:256k
                     use_temp_path=off;
    endpoint_task_zone zone=tasks:256k;

    server {
        listen 127.0.0.1:%%PORT%%;
        log_subrequest on;

        location / {
            endpoint GET /ping { reply '"pong"'; }

            endpoint GET /update/$key { fetch $a /u/$key; reply $a; }
            endpoint GET /wait/$key   { fetch $a /w/$key; reply $a; }
            endpoint GET /lock/$key   { fetch $a /l/$key; reply $a; }
            endpoint GET /nested/$key { fetch $a /update/$key; reply $a; }
            endpoint GET /again/$key {
                fetch $a /u/$key;
                fetch $b /u/$key after=$a;
                reply '[$a, $b]';
            }
            endpoint GET /each/$key {
                arg $n:json;
                fetch $a /u/$key/$item each=$n;
                reply $a;
            }
            endpoint GET /left/$key {
                fetch $a /u/$key;
                fetch $b /silent/$key;
                reply '[$a, $b]';
            }
            endpoint GET /redirected/$key {
                fetch $a /up/accel/$key;
                fetch $b /hold/$key after=$a;
                reply '[$a, $b]';
            }
            endpoint POST /task/$key {
                background tasks {
                    fetch $a /u/$key;
                    log warn "a task has $a";
                }
                reply '"taken"';
            }
        }

        location /proxy/ {
            rewrite ^/proxy(/.*)$ $1 break;
            proxy_pass http://127.0.0.1:%%UP%%;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_cache cache;
            proxy_cache_key $uri;
            proxy_cache_use_stale updating;
            proxy_cache_background_update on;
        }

        location /u/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_cache cache;
            proxy_cache_key $uri;
            proxy_cache_use_stale updating error http_503;
            proxy_cache_background_update on;
        }

        location /w/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_cache cache;
            proxy_cache_key $uri;
            proxy_cache_use_stale updating;
        }

        location /l/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_cache cache;
            proxy_cache_key $uri;
            proxy_cache_lock on;
            proxy_cache_use_stale updating;
            proxy_cache_background_update on;
        }

        location ~ ^/(?:silent|hold)/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%;
        }

        location = /stub_status { stub_status; }
    }
CONF

# Each answer is its number among those of its URI and has expired when it
# comes; the second and later ones wait until the test says so.

$s->upstream(sub {
    my ($socket, $request) = @_;

    my $uri = $request->{uri};
    my ($what, $key) = $uri =~ m{^/(\w+)/(\w+)};

    $s->note_event("asked $uri");

    if ($what eq 'silent') {
        EndpointServer::closed($socket);
        return 0;
    }

    if ($what eq 'up') {
        my ($to) = $uri =~ m{^/up/accel/(.*)};

        return EndpointServer::answer($socket, 200, '',
                                      "X-Accel-Redirect: /update/$to");
    }

    my $n = asked($uri);

    if ($n > 1 || $what eq 'hold') {
        $s->wait_for(sub { $s->file('events') =~ /^go $key$/m });
    }

    return $key =~ /^bad/ && $n == 2
           ? EndpointServer::answer($socket, 503, '"bad"')
           : EndpointServer::answer($socket, 200, $n, 'X-Accel-Expires: @1');
});


sub asked { $s->count('events', qr/^asked \Q$_[0]\E$/m) }


$s->start;

# files of the cache that are open: what has ended has closed its own

sub open_files {
    my ($pid) = $s->file('logs/error.log') =~ /.*start worker process (\d+)/s;

    return scalar grep { (readlink $_ // '') =~ /temp\/cache/ }
                  glob "/proc/$pid/fd/*";
}


sub updated {
    my ($uri, $name) = @_;

    ok($s->wait_for(sub { asked($uri) > 1 && open_files() == 0 }),
       "$name: no file is left open")
        or diag(open_files());
    is(asked($uri), 2, "$name: one update");
}


# many at once on an expired entry

sub burst {
    my ($uri, $up, $key, $n) = @_;

    $s->is_answer("GET $uri", 200, 1, "$uri: kept");

    my @clients = map { $s->connect } 1 .. 30;

    $s->request($_, "GET $uri") for @clients;
    $s->wait_for(sub { asked($up) > 1 });

    my $served = 0;

    for my $client (@clients) {
        $served++ if IO::Select->new($client)->can_read($n == 30 ? 5 : 1)
            && $s->response($client, first => 1)->{body} eq '1';
    }

    is($served, $n, "$uri: $n are served at once");

    $s->note_event("go $key");
    ok($s->wait_for(sub {
        $s->ask("GET $uri")->{body} eq '2' || asked($up) > 2
    }), "$uri: the new one");
    is(asked($up) > 1, 1, "$uri: it was asked for");

    close $_ for @clients;
    ok($s->wait_for(sub { open_files() == 0 }), "$uri: no file is left open");
}


burst('/proxy/p/one', '/p/one', 'one', 30);
burst('/update/two', '/u/two', 'two', 30);
burst('/nested/three', '/u/three', 'three', 30);
burst('/lock/four', '/l/four', 'four', 30);
burst('/wait/five', '/w/five', 'five', 29);


# an entry that the run itself asks for again, and many of one run

$s->is_answer('GET /update/six', 200, 1, 'kept');
is($s->ask('GET /again/six')->{body}, '[1, 1]', 'twice in one run');
$s->note_event('go six');
updated('/u/six', 'twice in one run');

is($s->ask('GET /each/seven?n=[1,2,3]')->{body}, '[1,1,1]', 'each=: kept');
is($s->ask('GET /each/seven?n=[1,2,3]')->{body}, '[1,1,1]', 'each=: old');
$s->note_event('go seven');
updated('/u/seven/3', 'each=');


# a client that leaves, before and after its answer

$s->ask('GET /update/eight');

my $client = $s->connect;

$s->request($client, 'GET /left/eight');
ok($s->wait_for(sub { asked('/u/eight') == 2 && asked('/silent/eight') }),
   'an update is under way');
close $client;
is($s->ask('GET /ping')->{body}, '"pong"', 'its client has left');
$s->note_event('go eight');
updated('/u/eight', 'a client that left');

$s->ask('GET /update/nine');
$client = $s->connect;
$s->request($client, 'GET /update/nine');
is($s->response($client, first => 1)->{body}, 1, 'the old one');
close $client;
is($s->ask('GET /ping')->{body}, '"pong"', 'its client has left');
$s->note_event('go nine');
updated('/u/nine', 'a client that left with its answer');


# an update that fails leaves the entry to the next one

$s->ask('GET /update/bad');
$s->is_answer('GET /update/bad', 200, 1, 'the old one');
$s->note_event('go bad');
updated('/u/bad', 'an update that fails');
$s->is_answer('GET /update/bad', 200, 1, 'the next one updates');
ok($s->wait_for(sub { asked('/u/bad') == 3 }), 'it is asked for once more');
$s->wait_for(sub { open_files() == 0 });
$s->is_answer('GET /update/bad', 200, 3, 'it is there');
$s->wait_for(sub { open_files() == 0 });


# behind a redirect: the fetch has answered and its memory is of no use to it

$s->ask('GET /update/ten');
$client = $s->connect;
$s->request($client, 'GET /redirected/ten');
ok($s->wait_for(sub { asked('/hold/ten') && asked('/u/ten') == 2 }),
   'the redirected one has been answered');
$s->note_event('go ten');
is($s->response($client, first => 1)->{body}, '[1, 1]', 'a redirect');
updated('/u/ten', 'a redirect');
close $client;


# without a client: the run waits for what nginx has under way

$s->ask('GET /update/eleven');
is($s->ask('POST /task/eleven')->{body}, '"taken"', 'a task');
$s->wait_line('logs/error.log', qr/a task has 1/, 'it has the old one');
ok($s->wait_for(sub { asked('/u/eleven') == 2 }), 'an update is under way');
$s->note_event('go eleven');
updated('/u/eleven', 'a task');


$s->is_idle;
$s->stop;

done_testing();
