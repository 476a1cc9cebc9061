# bind=: headers of an answer as values.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF');

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /one {
                fetch $x /up/made status=$code 'bind=$loc:LOCATION';
                reply '[$code, $loc]';
            }
            endpoint GET /several {
                fetch $x /up/made 'bind=$a:x-many' 'bind=$b:Content-Type'
                    'bind=$c:X-None' 'bind=$d:X-Empty' 'bind=$e:X-Bytes';
                reply '[$a, $b, $c, $d, $e]';
            }
            endpoint GET /later {
                fetch POST /up/made 'bind=$loc:Location';
                fetch $y /up/next?at=$loc;
                reply '[$y]';
            }
            endpoint GET /moved {
                fetch $x /up/moved status=$code 'bind=$loc:Location';
                reply '[$code, $loc]';
            }
            endpoint GET /default {
                fetch $x /up/moved default=7 'bind=$loc:Location';
                reply '[$x, $loc]';
            }
            endpoint GET /retried/$n {
                fetch $x /other/retried/$n retries=3 'bind=$try:X-Try' 'bind=$first:X-First';
                reply '[$x, $try, $first]';
            }
            endpoint GET /given-up/$n {
                fetch $x /other/busy/$n retries=1 default=0 'bind=$try:X-Try';
                reply '[$x, $try]';
            }
            endpoint GET /invalid {
                fetch $x /other/invalid/1 default=0 'bind=$try:X-Try';
                reply '[$x, $try]';
            }
            endpoint GET /passed/$what {
                fetch $x /other/$what/1 pass=404 pass_headers=X-Try,X-More
                    'bind=$try:X-Try' 'bind=$more:X-More';
                set_header X-Bound $try;
                reply '[$x, $try, $more]';
            }
            endpoint GET /numbers {
                fetch $x /file.json 'bind=$length:Content-Length'
                    'bind=$modified:Last-Modified' 'bind=$date:Date'
                    'bind=$tag:ETag';
                reply '[$x, $length, $modified, $date, $tag]';
            }
            endpoint GET /used/$n {
                fetch $x /other/retried/$n retries=3 'bind=$try:X-Try';
                require $try==2 409 "try $try";
                fetch $y /other/echo/$try 'header=X-Got: $try';
                reply '[$x, $y]';
            }
        }

        location /other/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location = /file.json { root %%DIR%%/html; }

        location /up/ {
            proxy_pass http://127.0.0.1:%%PORT%%/real/;
            proxy_redirect off;
        }

        location = /real/made {
            add_header Location /things/7;
            add_header X-Many a;
            add_header X-Many "b \"c\"";
            add_header X-Bytes "a	b";
            default_type application/json;
            return 200 '{}';
        }
        location = /real/moved {
            return 302 http://there/a;
        }
        location = /real/next {
            default_type application/json;
            return 200 '"$args"';
        }
    }
CONF

# the second try of a call is the one that succeeds

$s->upstream(sub {
    my ($socket, $request) = @_;

    my ($what, $n) = $request->{uri} =~ m{^/(\w+)/(\w+)};

    $s->note_event("asked $what $n");

    my $try = $s->count('events', qr/^asked $what $n$/m);
    my $fails = $what eq 'busy' || ($what eq 'retried' && $try == 1);

    return EndpointServer::answer($socket,
        $fails ? 503 : $what eq 'gone' ? 404 : 200,
        $what eq 'invalid' ? '{' : $what eq 'echo' ? $request->{headers}{'x-got'}
                                 : '"' . $what . '"',
        "X-Try: $try", $try == 1 ? 'X-First: yes' : (), 'X-More: a',
        'X-More: b');
});

$s->write_file('html/file.json', '1');
$s->start;

$s->is_answer('GET /one', 200, '[200, "/things/7"]', 'a header in any case');
$s->is_answer('GET /several', 200,
              '["a, b \"c\"", "application/json", null, null, "a\tb"]',
              'several, of several lines, and none');
$s->is_answer('GET /later', 200, '["at=%2Fthings%2F7"]',
              'a step that uses it waits for it');
$s->is_answer('GET /moved', 200, '[302, "http://there/a"]',
              'of an answer that status= takes');
$s->is_answer('GET /default', 200, '[7, null]', 'null beside default=');


# beside other options

$s->is_answer('GET /retried/a', 200, '["retried", "2", null]',
              'of the try that is the result');
$s->is_answer('GET /given-up/a', 200, '[0, null]', 'of no try');
$s->is_answer('GET /invalid', 200, '[0, null]',
              'nor of an answer that is no result');
$s->is_answer('GET /used/b', 200, '["retried", 2]', 'used by what is below');
$s->is_answer('GET /passed/fine', 200, '["fine", "1", "a, b"]',
              'beside pass=: a result');

my $passed = $s->ask('GET /passed/gone');

is("$passed->{status} $passed->{body}", '404 "gone"', 'beside pass=: passed');
like($passed->{head}, qr/^X-Try: 1\r$/m, 'with its headers');
is(() = $passed->{head} =~ /^X-More: /mg, 2, 'and those of several lines');
unlike($passed->{head}, qr/^X-Bound/m, 'nothing was bound');

$s->is_answer('GET /numbers', 200, qr/^\[1, null, null, null, "\\"[^"]+\\""\]$/,
              'what nginx keeps as a number has no text');

$s->stop;
done_testing();
