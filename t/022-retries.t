# Retries, as the upstream counts them.  /tries/NAME/503,reset,200 answers the
# first, second, third request for it so, and any further one as the last.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Fcntl qw(LOCK_EX);
use Test::More;


# name => [fetch, status, body, tries]

my $failed = '{"detail":"x: the upstream answered with an error"}';
my $dead = '{"detail":"x: the upstream did not answer"}';
my $late = '{"detail":"x: timed out"}';

my %tests = (
    first     => ['/200 retries=2', 200, '[1]', 1],
    second    => ['/503,200 retries=2', 200, '[2]', 2],
    last      => ['/503,502,200 retries=2', 200, '[3]', 3],
    exhausted => ['/503 retries=2', 502, $failed, 3],
    one       => ['/503 retries=1', 502, $failed, 2],
    zero      => ['/503,200 retries=0', 502, $failed, 1],
    none      => ['/503,200', 502, $failed, 1],
    gateway   => ['/502,200 retries=1', 200, '[2]', 2],
    timeout   => ['/504,200 retries=1', 200, '[2]', 2],
    reset     => ['/reset,200 retries=1', 200, '[2]', 2],
    resets    => ['/reset retries=2', 502, $dead, 3],
    broken    => ['/broken,200 retries=1', 200, '[2]', 2],
    error     => ['/500,200 retries=3', 502, $failed, 1],
    missing   => ['/404,200 retries=3', 502, $failed, 1],
    becomes   => ['/503,404,200 retries=3', 502, $failed, 2],
    bad       => ['/bad,200 retries=3', 502, qr/not valid JSON/, 1],
    tries     => ['/silent retries=2 try_timeout=30ms', 504, $late, 3],
    alone     => ['/silent,200 try_timeout=30ms', 504, $late, 1],
    default   => ['/503 retries=1 default=0', 200, '0', 2],
    good      => ['/503,200 retries=1 default=0', 200, '[2]', 2],
    passed    => ['/503 retries=1 pass=503', 503, '[2]', 2],
    unpassed  => ['/503,200 retries=1 pass=503', 200, '[2]', 2],
    status    => ['/503,200 retries=1 status=$code', 200, '[1]', 1],
    restatus  => ['/reset,503 retries=1 status=$code', 200, '[2]', 2],
);

my $endpoints = '';

for my $name (sort keys %tests) {
    $endpoints .= "endpoint GET /$name {\n"
                  . "fetch \$x /up/tries/$name$tests{$name}[0];\n"
                  . "reply \$x; }\n";
}

for my $method (qw(HEAD PUT DELETE OPTIONS)) {
    $endpoints .= "endpoint GET /$method {\n"
                  . "fetch $method /up/tries/$method/503,200 '[1, \$arg_x]'"
                  . " 'header=X-A: \$arg_x' retries=1;\n"
                  . "reply '\"done\"'; }\n";
}

my $unused = EndpointPort::free();

my $http = <<"CONF";

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
$endpoints
            endpoint GET /try {
                fetch \$x /up/tries/try/silent,200 retries=9 try_timeout=500ms;
                reply \$x;
            }
            endpoint GET /refused { fetch \$x /dead/ retries=2; reply \$x; }

            # pauses of 25, 50, 100 and 200 ms at least
            endpoint GET /within {
                fetch \$x /up/tries/within/503 retries=10 timeout=300ms;
                reply \$x;
            }
            endpoint GET /deadline {
                timeout 300ms;
                fetch \$x /up/tries/deadline/503 retries=10;
                reply \$x;
            }
            endpoint GET /spans {
                fetch \$x /up/tries/spans/silent retries=10 try_timeout=10s
                      timeout=60ms;
                reply \$x;
            }
            endpoint GET /each {
                arg \$list:json;
                fetch \$x /up/tries/each\$item/503,200 each=\$list retries=1;
                reply \$x;
            }
            endpoint GET /each-body {
                arg \$list:json;
                fetch \$x PUT /up/tries/body\$item.n/503,echo '"\$item.s"'
                      each=\$list limit=9 retries=1;
                reply \$x;
            }
            endpoint GET /stops {
                fetch \$x /up/tries/stops/503 retries=10 timeout=60s;
                fetch \$y /up/stop;
                reply '[\$x, \$y]';
            }
            endpoint GET /ping { fetch \$x /up/ping; reply \$x; }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /dead/ {
            internal;
            proxy_pass http://127.0.0.1:$unused/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location = /stub_status { stub_status; }
    }
CONF

my $s = EndpointServer->new(http => $http);

$s->upstream(sub {
    my ($socket, $request) = @_;

    my (undef, $what, $name, $answers) = split m{/}, $request->{uri};

    return EndpointServer::answer($socket, 200, '"pong"') if $what eq 'ping';

    if ($what eq 'stop') {
        $s->wait_for(sub { tries('stops') >= 2 });
        return EndpointServer::answer($socket, 500, '');
    }

    my @answers = split /,/, $answers;
    my $n = note_try($name, $request);
    my $answer = $answers[$n - 1] // $answers[-1];

    return 0 if $answer eq 'reset';

    if ($answer eq 'silent') {
        EndpointServer::closed($socket);
        $s->note_event("left $name");
        return 0;
    }

    if ($answer eq 'broken') {
        syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1,";
        return 0;
    }

    return EndpointServer::answer($socket, 200, '[1') if $answer eq 'bad';
    return EndpointServer::answer($socket, 200, $request->{body})
        if $answer eq 'echo';

    return EndpointServer::answer($socket, $answer,
                                  $request->{method} eq 'HEAD' ? '' : "[$n]");
});

# two may be there at once, as nginx has given up one of them

sub note_try {
    my ($name, $request) = @_;

    open my $lock, '>', "$s->{dir}/lock" or die "lock: $!";
    flock $lock, LOCK_EX or die "lock: $!";

    $s->note_event("try $name $request->{method} $request->{body} "
                   . ($request->{headers}{'x-a'} // '-') . ' end');

    return tries($name);
}


sub tries {
    my $name = shift;

    return $s->count('events', qr/^try \Q$name\E .* end$/m);
}

$s->start;


# what comes of this is looked at last

$s->is_answer('GET /stops', 502,
              '{"detail":"y: the upstream answered with an error"}',
              'another step fails while one waits for its next try');

my $stopped = tries('stops');


for my $name (sort keys %tests) {
    my ($fetch, $status, $body, $tries) = @{ $tests{$name} };

    $s->is_answer("GET /$name", $status, $body, "$name: $fetch");
    $s->wait_for(sub { tries($name) >= $tries });
    is(tries($name), $tries, "$name: tries");
}

# the second one, too, may be late on a slow machine

my $answer = $s->ask('GET /try');

is($answer->{status}, 200, 'try_timeout=: a try that is late, then one more');
like($answer->{body}, qr/^\[([2-9]|10)\]$/, 'try_timeout=: not the first');

for my $name (qw(try tries alone)) {
    my ($n) = $name eq 'tries' ? 3 : 1;

    ok($s->wait_for(sub { $s->count('events', qr/^left $name$/m) == $n }),
       "$name: the try that is over is closed");
}

for my $method (qw(HEAD PUT DELETE OPTIONS)) {
    $s->is_answer("GET /$method?x=7", 200, '"done"', "$method is retried");

    is_deeply([ $s->file('events') =~ /^try $method (.*) end$/mg ],
              [ ("$method [1, \"7\"] 7") x 2 ],
              "$method: the second try is like the first");
}


$s->is_answer('GET /refused', 502, $dead, 'nobody listens');

my $log = $s->file('logs/error.log');

for my $try (1 .. 3) {
    my @lines = grep { /, try $try, / } split /\n/, $log;

    is(scalar(grep { m{"/refused": step "x": the upstream did not answer, }
                     && m{ location "/dead/", upstream 127\.0\.0\.1:$unused, }
                     && m{ status 502, \d+ ms} } @lines),
       1, "nobody listens: try $try is in the log once");

    is(scalar(grep { m{"/exhausted": step "x": the upstream answered with an }
                     && m{ status 503, \d+ ms} } @lines),
       1, "503: try $try is in the log once");
}

unlike($log, qr/endpoint "\/(?:refused|exhausted)".* try 4/, 'no try too many');
is(() = $log =~ /endpoint "\/second": .* try \d/g, 1,
   'a try that succeeds is not in the log');


for my $name (qw(within deadline)) {
    like($s->ask("GET /$name")->{status}, qr/^50[24]$/, "$name: a failure");
}

$s->is_answer('GET /spans', 504, $late, 'timeout= is for all tries');
$s->wait_line('events', qr/^left spans$/m, 'the try is closed');

$s->is_answer('GET /each?list=[1,2,3]', 200, '[[2],[2],[2]]',
              'each element has its tries');
is_deeply([ map { tries("each$_") } 1 .. 3 ], [2, 2, 2],
          'each element is tried twice');

my @items = map { "%7B%22n%22:$_,%22s%22:%22s$_%22%7D" } 1 .. 5;

$s->is_answer('GET /each-body?list=[' . join(',', @items) . ']', 200,
              '["s1","s2","s3","s4","s5"]',
              'a second try has its own element');


# what was on its way when the run ended may have arrived since

cmp_ok(tries('stops'), '<=', $stopped + 1,
       'a run that has ended tries no more');
cmp_ok(tries($_), '<=', 4, "$_: no more tries than there is time for")
    for qw(within deadline);
is(tries('spans'), 1, 'timeout= leaves no time for a second try');

$s->is_idle;
$s->stop;


for my $method (qw(POST PATCH)) {
    my $bad = EndpointServer->new(http => <<"CONF");
    server {
        listen 127.0.0.1:%%PORT%%;
        location / {
            endpoint GET /x { fetch $method /y retries=1; reply 204; }
        }
    }
CONF

    ok(!eval { $bad->start; 1 }, "$method with retries= is an error");
    like($@, qr/"retries=" of a $method, which is not idempotent/,
         "$method with retries= is an error that says so");
    delete $bad->{pid};
}

done_testing();
