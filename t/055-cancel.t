# A run that ends early cancels all that is under way, whatever that waits
# for: by a guard, by a failure beside it, by the deadline, because the client
# left.  Afterwards the connection's next request is served, and nothing holds
# the connection.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use IO::Socket::INET;
use Test::More;


# what is cancelled => how it is fetched

my @kinds = (
    header   => '/up/silent',
    body     => '/up/half',
    trickle  => '/up/trickle',
    request  => 'POST /up/unread $large \'header=X-Unread: 1\' unordered',
    nested   => '/nested/sleep',
    deep     => '/nested/deep',
    both     => '/nested/both',
    delay    => '/limited/silent',
    lock     => '/cached/silent',
    resolver => '/resolver/silent',
    redirect => '/redirect/silent',
    stored   => '/stored/half',
    pause    => '/up/unavailable retries=10 timeout=500s',
    try      => '/up/silent retries=5 try_timeout=100s timeout=500s',
    each     => '/up/silent/$item each=$list limit=3',
    sleep    => undef,
);

my %kind = @kinds;
my @names = map { $kinds[2 * $_] } 0 .. @kinds / 2 - 1;


sub endpoints {
    my $text = '';

    for my $name (@names) {
        my $slow = $kind{$name} ? "fetch \$slow $kind{$name} when=!\$no;"
                                : 'sleep 600s;';
        my $list = $name eq 'each' ? "fetch \$list /list;" : '';
        my $large = $name eq 'request' ? "fetch \$large /aio/large.json;" : '';
        my $reply = $kind{$name} ? '$slow' : '1';

        $text .= <<"CONF";
endpoint GET /guard/$name {
    arg \$no=null;
    $list $large $slow
    fetch \$quick /up/after/$name unordered;
    require !\$quick 409 "stop";
    reply '$reply';
}

endpoint GET /failure/$name {
    arg \$no=null;
    $list $large $slow
    fetch \$quick /up/after/$name?status=500 unordered;
    reply '[$reply, \$quick]';
}

endpoint GET /late/$name {
    arg \$no=null;
    timeout 50ms;
    $list $large $slow
    reply '$reply';
}

endpoint GET /left/$name {
    arg \$no=null;
    $list $large $slow
    reply '$reply';
}
CONF
    }

    return $text;
}


my $udp = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1')
    or die "udp: $!";
my $silent = $udp->sockport;
my $endpoints = endpoints();

my $s = EndpointServer->new(main => 'thread_pool default threads=4;',
                            http => <<"CONF");

    limit_req_zone \$server_port zone=slow:64k rate=1r/m;
    proxy_cache_path %%DIR%%/temp/cache keys_zone=cache:64k;
    resolver 127.0.0.1:$silent;
    resolver_timeout 500s;

    server {
        listen 127.0.0.1:%%PORT%%;
        endpoint_fetch_buffer 4m;

        location / {
            endpoint GET /ping { reply '"pong"'; }
            endpoint GET /list { reply '[1, 2, 3, 4, 5]'; }

            $endpoints
        }

        location /nested/ {
            endpoint GET /nested/sleep { sleep 600s; reply '1'; }
            endpoint GET /nested/deep  {
                fetch \$a /nested/both;
                reply \$a;
            }
            endpoint GET /nested/both  {
                sleep 500s;
                fetch \$a /up/silent;
                fetch \$b /nested/sleep;
                reply '[\$a, \$b]';
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /limited/ {
            internal;
            limit_req zone=slow burst=1000;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /cached/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_cache cache;
            proxy_cache_key one;
            proxy_cache_lock on;
            proxy_cache_lock_timeout 600s;
            proxy_cache_lock_age 600s;
        }

        location /stored/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_cache cache;
            proxy_cache_key \$request_id\$msec\$uri;
            proxy_cache_valid 1h;
        }

        location /resolver/ {
            internal;
            set \$name nobody.example;
            proxy_pass http://\$name:1\$uri;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /redirect/ {
            internal;
            proxy_pass http://127.0.0.1:1/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            error_page 502 = \@silent;
        }

        location \@silent {
            proxy_pass http://127.0.0.1:%%UP%%;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        # a file that is read by threads, longer than its fetch may be

        location /aio/ {
            root %%DIR%%/html;
            aio threads;
            output_buffers 2 4k;
        }

        location /small/ {
            endpoint_fetch_buffer 10k;

            endpoint GET /small/\$n {
                fetch \$a /aio/large.json;
                fetch \$b /aio/large.json;
                reply '[\$a, \$b]';
            }
        }

        location /file/ {
            endpoint GET /file/\$n {
                fetch \$a /aio/large.json;
                fetch \$b /aio/large.json;
                reply '[\$a, \$b]';
            }
        }

        location = /stub_status { stub_status; }
    }
CONF

$s->upstream(sub {
    my ($socket, $request) = @_;

    my ($what, $name) = $request->{uri} =~ m{^/(?:redirect/)?(\w+)/?(\w+)?};

    if ($what eq 'after') {

        # a turn of nginx's loop for whatever has no upstream of its own

        select undef, undef, undef, 0.05;

        return EndpointServer::answer($socket, $request->{uri} =~ /500/
                                               ? 500 : 200, '1');
    }

    return EndpointServer::answer($socket, 503, '') if $what eq 'unavailable';

    syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,"
        if $what eq 'half';

    if ($what eq 'trickle') {
        syswrite $socket, "HTTP/1.1 200 OK\r\n\r\n[1";

        while (!IO::Select->new($socket)->can_read(0.01)) {
            syswrite $socket, ', 2' or last;
        }
    }

    $s->note_event('arrived');

    if ($what eq 'unread') {

        # long enough for nginx to have filled all buffers between

        sleep 1;
        1 while sysread $socket, my $buffer, 65536;
    }

    EndpointServer::closed($socket);
    $s->note_event('left');

    return 0;
});

my $large = '["' . 'x' x 1_000_000 . '"]';

mkdir "$s->{dir}/html/aio";
$s->write_file('html/aio/large.json', $large);

$s->start;


# the one that holds the lock of the cache's entry, the one that the limit
# lets pass

my @holders = map { $s->connect } 1 .. 2;

$s->request($holders[0], 'GET /left/lock');
$s->request($holders[1], 'GET /left/delay');

ok($s->wait_for(sub { $s->count('events', qr/^arrived$/m) == 2 }), 'prepared');


for my $name (@names) {
    for my $how ([ guard => 409, '{"detail":"stop"}' ],
                 [ failure => 502, qr/^\{"detail":"quick: / ],
                 [ late => 504, qr/timed out/ ])
    {
        my ($way, $status, $body) = @$how;

        # a pause that would end too late is not begun

        next if $name eq 'pause' && $way eq 'late';

        my $socket = $s->connect;

        $s->request($socket, "GET /$way/$name");
        $s->request($socket, 'GET /ping');

        my $response = $s->response($socket, first => 1);

        is($response->{status}, $status, "$way cancels $name");
        like($response->{body}, ref $body ? $body : qr/^\Q$body\E$/,
             "$way cancels $name: its detail");

        is($s->response($socket)->{body}, '"pong"', "$way, $name: the next");
        close $socket;

        $s->is_answer("GET /$way/$name", $status, $body,
                      "$way cancels $name: the connection is closed");
    }

    my @clients = map { $s->connect } 1 .. 5;

    $s->request($_, "GET /left/$name") for @clients;
    $s->ask('GET /ping') for 1 .. 2;
    close $_ for @clients;
}

close $_ for @holders;

ok($s->wait_for(sub {
    $s->count('events', qr/^arrived$/m) == $s->count('events', qr/^left$/m)
}), 'every connection of an upstream was closed');

$s->is_idle('nothing holds a connection');


# file aio cannot be cancelled, only be waited for

for my $round (1 .. 5) {
    my @clients = map { $s->connect } 1 .. 20;

    for my $client (@clients) {
        $s->request($client, "GET /small/$round");
        $s->request($client, 'GET /ping');
    }

    my @answers = map { [ map { $_->{status} }
                          $s->response($_, first => 1), $s->response($_) ] }
                  @clients;

    is_deeply(\@answers, [ ([ 502, 200 ]) x 20 ], "a file too large: $round");
    close $_ for @clients;

    @clients = map { $s->connect } 1 .. 20;
    $s->request($_, "GET /file/$round") for @clients;
    $s->ask('GET /ping');
    close $_ for @clients;
}

is($s->ask('GET /file/1')->{body}, "[$large, $large]", 'a file by threads');

$s->is_idle;
$s->stop;

done_testing();
