# The n-th allocation fails, for every n of every endpoint: the client gets an
# answer or is let go, the next request is served, nothing is left behind.

use strict;
use warnings;

use lib 't/lib';

use EndpointHttp2;
use EndpointAlloc qw(control);
use EndpointServer;
use Test::More;


plan skip_all => 'sanitizers have an allocator of their own'
    if $ENV{TEST_SANITIZERS};

my $port = EndpointPort::free();

# the size of the pool says which small allocations need a new block

my %pool = map { $_ => EndpointPort::free() } 128, 144, 160, 176;
my $pools = join '', map { <<"CONF" } sort keys %pool;
    server {
        listen 127.0.0.1:$pool{$_};
        request_pool_size $_;
        include endpoints.conf;
    }
CONF

my $s = EndpointServer->new(allow => qr/\[emerg\].*(?:malloc|memalign)\(/,
                            http => <<"CONF");

    # pools so small that nearly everything is an allocation of its own

    connection_pool_size 112;
    request_pool_size 112;
    limit_req_zone \$arg_key zone=slow:64k rate=1000r/s;
    proxy_cache_path %%DIR%%/temp/cache keys_zone=cache:64k;
    endpoint_cache_zone zone=kept:1m entries=1000 ttl=1h;

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:$port http2;
        include endpoints.conf;
    }

    $pools
CONF


$s->write_file('endpoints.conf', $s->replaced(<<'CONF'));

root %%DIR%%/html;

location / {
    endpoint GET /ping { reply '"pong"'; }
    endpoint GET /value/$a/$b:int {
        arg $c:json=null;
        header $x_d=null;
        cookie $e=null;
        set_header X-A "$a $arg_c";
        log info "$a $b $c";
        reply '{"a": $a, "b": $b, "c": $c, "d": $x_d, "e": $e}';
    }
    endpoint GET /sleep { sleep 1ms; sleep 2ms timeout=1s; reply '1'; }
    endpoint GET /late  { sleep 600s; timeout 5ms; reply '1'; }
    endpoint GET /one   { fetch $a /up/one; reply $a; }
    endpoint GET /member { fetch $a /up/object; reply '[$a.x, $a.y[0]]'; }
    endpoint GET /large { fetch $a /up/large; reply '[$a, $a]'; }
    endpoint GET /text  { fetch $a /up/large as=text; reply $a; }
    endpoint GET /gather {
        fetch $a /up/one;
        fetch $b '/up/two?x=$a&y=$uri' 'header=X-A: $a';
        fetch $c /nested/3 timeout=60s;
        fetch $d /static/file.json;
        fetch $e /dead/ default=5;
        require $a==one 403 "no";
        reply '[$a, $b, $c, $d, $e]';
    }
    endpoint GET /nested/$n:int { fetch $x /up/three; reply '[$n, $x]'; }
    endpoint GET /guard { fetch $a /up/one; fetch $b /up/silent;
                          require !$a 403 "no"; reply $b; }
    endpoint GET /fails {
        fetch $a /up/silent;
        fetch $b /up/fails;
        reply '[$a, $b]';
    }
    endpoint GET /pass  { fetch $a /up/fails pass=5xx; reply $a; }
    endpoint GET /retry { fetch $a /up/fails retries=1; reply $a; }
    endpoint GET /each {
        arg $n:json;
        fetch $a '/up/item?i=$item.x' each=$n limit=2;
        reply $a;
    }
    endpoint GET /self  { fetch $a /self; reply $a; }
    endpoint GET /get-limited { fetch $a '/limited/one?key=1'; reply $a; }
    endpoint GET /get-cached { fetch $a /cached/large; reply $a; }
    endpoint GET /kept {
        cache kept one;
        fetch $a /up/object;
        set_header X-A $a.x;
        reply $a;
    }
    endpoint GET /made {
        cache kept $request_id $uri;
        fetch $a /up/object;
        set_header X-A $a.x;
        reply '[$a.x]';
    }
    endpoint GET /made-fails {
        cache kept $request_id;
        fetch $a /up/fails;
        reply $a;
    }
    endpoint GET /step { fetch $a /up/object cache=kept:step; reply '[$a.x]'; }
    endpoint GET /step-made {
        fetch $a /up/object cache=kept:$request_id;
        reply $a;
    }
    endpoint GET /step-fails {
        fetch $a /up/fails pass=5xx cache=kept:$request_id;
        reply $a;
    }
    endpoint GET /dropped { purge kept step; purge kept $uri x; reply 204; }
    endpoint POST /body {
        body $b:json;
        fetch $a POST /up/echo $b;
        fetch $c POST /up/echo '{"b": $b}' unordered;
        reply '[$a, $c]';
    }
    endpoint POST /field {
        field $n;
        field $k:int;
        fetch $a POST /up/echo '[$n, $k]';
        reply $a;
    }
    endpoint POST /unread { sleep 1ms; reply '1'; }
}

location /intercept/ {
    endpoint_intercept_errors on;
    error_page 502 = /ping;
    endpoint GET /intercept/one { fetch $a /dead/; reply $a; }
}

location /fallback/ {
    endpoint_fallback @fallback;
    endpoint GET /fallback/x { reply '1'; }
}
location @fallback { return 200 fallback; }

location /up/ {
    internal;
    proxy_pass http://127.0.0.1:%%UP%%/;
    include %%ROOT%%/conf/endpoint_fetch.conf;
}

location /limited/ {
    internal;
    limit_req zone=slow burst=100;
    proxy_pass http://127.0.0.1:%%UP%%/;
    include %%ROOT%%/conf/endpoint_fetch.conf;
}

location /cached/ {
    internal;
    proxy_pass http://127.0.0.1:%%UP%%/;
    include %%ROOT%%/conf/endpoint_fetch.conf;
    proxy_cache cache;
    proxy_cache_key $msec;
    proxy_cache_valid 1h;
}

location /dead/ { internal; proxy_pass http://127.0.0.1:1/; }
location /static/ { }

location = /purge { endpoint_cache_purge kept; }
location = /stub_status { stub_status; }
CONF


# what is asked, and how it is answered where nothing fails

my $large = '["' . 'x' x 20_000 . '"]';
my @json = ('Content-Type: application/json');

my @cases = (
    [ 'GET /ping', 200 ],
    [ 'GET /value/a/1?c=[1,2]', 200, 'X-D: d', 'Cookie: e=f' ],
    [ 'GET /value/a%0a%ff/x?c=[&d', 422 ],
    [ 'GET /none', 404 ],
    [ 'PUT /ping', 405 ],
    [ 'GET /sleep', 200 ],
    [ 'GET /late', 504 ],
    [ 'GET /one', 200 ],
    [ 'HEAD /one', 200 ],
    [ 'GET /member', 200 ],
    [ 'GET /large', 200 ],
    [ 'GET /text', 200 ],
    [ 'GET /gather', 200, 'X-Request-ID: 1', 'traceparent: 2' ],
    [ 'GET /guard', 403 ],
    [ 'GET /fails', 502 ],
    [ 'GET /pass', 500 ],
    [ 'GET /retry', 502 ],
    [ 'GET /each?n=[{"x":1},{"x":"a%20b"},{},{"x":3}]' =~ s/"/%22/gr, 200 ],
    [ 'GET /self', 502 ],
    [ 'GET /get-limited', 200 ],
    [ 'GET /get-cached', 200 ],
    [ 'GET /kept', 200 ],
    [ 'GET /made', 200 ],
    [ 'GET /made-fails', 502 ],
    [ 'GET /step', 200 ],
    [ 'GET /step-made', 200 ],
    [ 'GET /step-fails', 500 ],
    [ 'GET /dropped', 204 ],
    [ 'DELETE /purge?key=a%20b&key=c', 204, 'X-Endpoint: 1' ],
    [ 'GET /intercept/one', 200 ],
    [ 'GET /fallback/one', 200 ],
    [ 'POST /body', 200, @json, \'[1, {"a": "b"}]' ],
    [ 'POST /body', 200, @json, \$large ],
    [ 'POST /body', 422, @json, \'[1' ],
    [ 'POST /field', 200, @json, \'{"n": "a\u0041", "k": 1}' ],
    [ 'POST /field', 422, @json, \'{"n": 1}' ],
    [ 'POST /unread', 200, \'xyz' ],
);

$s->upstream(sub {
    my ($socket, $request) = @_;

    my ($what) = $request->{uri} =~ m{^/(\w+)};

    if ($what eq 'silent') {
        EndpointServer::closed($socket);
        return 0;
    }

    return EndpointServer::answer($socket, $what eq 'fails' ? 500 : 200,
        $what eq 'large' ? $large :
        $what eq 'echo' ? $request->{body} :
        $what eq 'object' ? '{"x": "a\u0042", "y": [1, 2]}' : "\"$what\"");
});

mkdir "$s->{dir}/html/static";
$s->write_file('html/static/file.json', '{"f": 1}');

EndpointAlloc::start($s);


# count, failed and the answer's status where the n-th and those behind fail

sub answer_at {
    my ($case, $n, $row, $http2) = @_;

    my ($line, undef, @more) = @$case;
    my $status;

    control($n, 0, 0, $row);

    if ($http2) {

        # where nginx cannot queue a frame, it lets the stream hang

        local $EndpointServer::patience = 1 if $n < 1 << 40;

        my $h = EndpointHttp2->new($port);
        my ($method, $uri) = split / /, $line;
        my $body = ref $more[-1] ? ${ pop @more } : undef;
        my @headers = map { lc($_->[0]) => $_->[1] }
                      map { [ split /: /, $_, 2 ] } @more;

        $status = $h->response($h->request($method, $uri, body => $body,
                                           headers => \@headers))->{status};
        $h->close;

    } else {
        my $answer = $s->ask($line, @more);

        $status = $answer ? $answer->{status} : 'none';
    }

    my (undef, $count, $failed) = control();

    control(0, 0, 0, 0);

    return ($count, $failed, $status // 'none');
}


sub for_every_n {
    my ($case, $row, $http2) = @_;

    my ($line, $expected) = @$case;
    my $name = "$line " . ($http2 ? 'HTTP/2, ' : '')
               . ($row == 1 ? 'one fails' : 'all behind it fail');
    my (%seen, $n);

    for ($n = 1; $n < 3000; $n++) {
        my ($count, $failed, $status) = answer_at($case, $n, $row, $http2);

        $seen{$status}++;
        last if !$failed;
    }

    my ($count, undef, $status) = answer_at($case, 1 << 40, 1, $http2);

    is($status, $expected, "$name: $n times, it is answered again");

    my @odd = grep { !/^(?:$expected|500|502|503|504|none)$/ } keys %seen;

    is("@odd", '', "$name: an answer or none") or diag(explain(\%seen));

    cmp_ok($n, '<', 3000, "$name: the last allocation was reached");
}


is(($s->ask('GET /ping') // {})->{status}, 200, 'ready');

for my $case (@cases) {
    for_every_n($case, 1);
    for_every_n($case, 1 << 30);
    $s->is_idle("$case->[0]: no connection is left");
}

for_every_n($_, 1, 1) for grep { $_->[0] =~ /gather|body|guard|sleep/ } @cases;

for my $size (sort keys %pool) {
    local $s->{port} = $pool{$size};

    for my $case (grep { $_->[0] =~ /gather|one|self|retry/ } @cases) {
        for_every_n($case, 1);
        for_every_n($case, 2);
    }
}

$s->is_idle;
$s->stop;

done_testing();
