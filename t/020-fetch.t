# What a fetch sends.  The upstream answers with what it was asked: method,
# URI, the headers that matter here and the body.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use JSON::PP;
use Test::More;


my $json = JSON::PP->new->utf8->allow_nonref->canonical;
my ($endpoints, @tests) = ('');


# what is sent, as "METHOD URI" and "name: value" of the headers, then the body

sub sends {
    my ($name, $fetch, $request, @expected) = @_;

    my $n = @tests;

    $endpoints .= <<"CONF";
            endpoint POST /sends/$n {
                arg \$a:json=null;
                arg \$s:str=null;
                arg \$n:int=null;
                $fetch
                reply \$x;
            }
CONF

    push @tests, [$name, "POST /sends/$n$request", \@expected];
}


sends('GET is the method unless one is given',
      'fetch $x /up/echo;', '', 'GET /echo', '');

for my $method (qw(GET POST PUT DELETE PATCH OPTIONS)) {
    sends("the method $method", "fetch \$x $method /up/echo;", '',
          "$method /echo", '');
}

sends('a body is JSON',
      q(fetch $x POST /up/echo '{"s": $s, "n": $n, "a": $a, "t": "<$s>"}';),
      '?s=%22x%0A&n=7&a=%5B1,+2.50%5D', 'POST /echo',
      'content-type: application/json',
      '{"s": "\"x\n", "n": 7, "a": [1, 2.50], "t": "<\"x\n>"}');

sends('a body that is a value',
      'fetch $x PUT /up/echo $a;', '?a=%7B%22k%22:%5B%5D%7D', 'PUT /echo',
      'content-type: application/json', '{"k":[]}');

sends('a value that is missing is null in a body',
      q(fetch $x PUT /up/echo '[$s, $a.b.c]';), '?a=%7B%7D', 'PUT /echo',
      'content-type: application/json', '[null, null]');

sends('a body by its option, behind others',
      q(fetch $x PATCH /up/echo timeout=20s 'body=[$n]';), '?n=1',
      'PATCH /echo', 'content-type: application/json', '[1]');

sends('a GET may have a body',
      q(fetch $x GET /up/echo '{"q": $s}';), '?s=a', 'GET /echo',
      'content-type: application/json', '{"q": "a"}');

sends('another type with JSON in it',
      q(fetch $x POST /up/echo '[$s]' )
      . q('header=Content-Type: application/vnd.api+json';),
      '?s=a', 'POST /echo', 'content-type: application/vnd.api+json',
      '["a"]');

sends('a form is percent-encoded',
      q(fetch $x POST /up/echo 's=$s&n=${n}0' )
      . q('header=Content-Type: application/x-www-form-urlencoded';),
      '?s=%22a%22&n=7', 'POST /echo',
      'content-type: application/x-www-form-urlencoded', 's=%22a%22&n=70');

sends('nobody adds to a form',
      q(fetch $x POST /up/echo 'grant=password&user=$s&a=$a' )
      . q('header=content-type: Application/X-WWW-Form-URLEncoded; charset=utf-8';),
      '?s=bob%26grant%3Dclient_credentials%25%2B%20%0A&a=%5B%22%26%22%5D',
      'POST /echo',
      'content-type: Application/X-WWW-Form-URLEncoded; charset=utf-8',
      'grant=password&user=bob%26grant%3Dclient_credentials%25%2B%20%0A'
      . '&a=%5B%22%26%22%5D');

sends('markup is escaped, whatever kind of XML it is',
      qq(fetch \$x POST /up/echo '<a b="\$s">\$s</a>' )
      . qq('header=Content-Type: $_';),
      '?s=%3Cx%3E%26%22%27', 'POST /echo', "content-type: $_",
      '<a b="&lt;x&gt;&amp;&quot;&#39;">&lt;x&gt;&amp;&quot;&#39;</a>')
    for 'application/xml', 'text/XML; charset=utf-8', 'application/soap+xml',
        'text/html', 'image/svg+xml';

sends('a body of another type is text',
      q(fetch $x POST /up/echo 's=$s&n=${n}0' 'header=Content-Type: text/plain';),
      '?s=%22a%22&n=7', 'POST /echo', 'content-type: text/plain',
      's="a"&n=70');

sends('the type may come before the body',
      q(fetch $x POST /up/echo 'header=content-type: text/plain; x=$n' )
      . q('body=a=b, $s';), '?s=%7B%22&n=1', 'POST /echo',
      'content-type: text/plain; x=1', 'a=b, {"');

sends('headers are templates',
      q(fetch $x /up/echo 'header=X-A: $s, ${n}s' 'header=X-B: "fixed"';),
      '?s=v%20w&n=5', 'GET /echo', 'x-a: v w, 5s', 'x-b: "fixed"', '');

sends('a header is sent as often as it is written',
      q(fetch $x /up/echo 'header=X-A: 1' 'header=X-A: 2';), '', 'GET /echo',
      'x-a: 1', 'x-a: 2', '');

sends('values in the query string are encoded',
      'fetch $x /up/echo?s=$s&n=$n&f=fix;', '?s=a%26b%3Dc%20%23%2F%3F%25&n=-3',
      qr{^GET /echo\?s=a%26b%3Dc%20%23(?:%2F|/)(?:%3F|\?)%25&n=-3&f=fix$}, '');

sends('what is no ASCII is encoded',
      'fetch $x /up/echo?s=$s;', '?s=%C3%A9', 'GET /echo?s=%C3%A9', '');

sends('JSON in the query string',
      'fetch $x /up/echo?a=$a;', '?a=%5B1,%22b%22%5D',
      qr{^GET /echo\?a=(?:%5B|\[)1(?:%2C|,)%22b%22(?:%5D|\])$}i, '');

sends('a pair whose value is null is left out',
      'fetch $x /up/echo?s=$s&n=$n&f=1;', '', 'GET /echo?f=1', '');

sends('a pair whose value is null, in the middle and at the end',
      'fetch $x /up/echo?f=1&s=$s&n=$n&a=$a;', '?n=2', 'GET /echo?f=1&n=2',
      '');

sends('all pairs are null',
      'fetch $x /up/echo?s=$s&n=$n;', '', 'GET /echo', '');

sends('an empty string is no null',
      'fetch $x /up/echo?s=$s;', '?s=', 'GET /echo?s=', '');

sends('segments of the path',
      'fetch $x /up/$s/$n/end;', '?s=a%20b%3F%25&n=1',
      'GET /a%20b%3F%25/1/end', '');

sends('a name in braces within a segment',
      'fetch $x /up/v${n}.json;', '?n=4', 'GET /v4.json', '');

sends('a dollar sign',
      q(fetch $x POST /up/echo?p=$$ '"$$$n"' 'header=X-A: $$';), '?n=9',
      qr{^POST /echo\?p=(?:\$|%24)$}, 'content-type: application/json',
      'x-a: $', '"$9"');


my $s = EndpointServer->new(http => <<"CONF");

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
$endpoints
            endpoint GET /as-text {
                fetch \$x /up/text as=text;
                reply '{"text": \$x, "in": "<\$x>"}';
            }
            endpoint GET /as-text/empty {
                fetch \$x /up/empty as=text;
                reply \$x;
            }
            endpoint GET /as-text/json {
                fetch \$x /up/spaces as=text;
                reply \$x;
            }
            endpoint GET /as-text/is {
                fetch \$x /up/plain as=text;
                reply 200 '"equal"' when=\$x==plain;
                reply '"other"';
            }

            endpoint GET /empty  { fetch \$x /up/empty; reply '[\$x, \$x.a]'; }
            endpoint GET /blank  { fetch \$x /up/blank; reply '[\$x]'; }
            endpoint GET /blank/member {
                fetch \$x /up/blank;
                reply '[\$x.a]';
            }
            endpoint GET /head {
                fetch \$x HEAD /up/echo status=\$code;
                reply '[\$code, \$x]';
            }
            endpoint GET /whole  { fetch \$x /up/spaces; reply \$x; }
            endpoint GET /member { fetch \$x /up/spaces; reply \$x.a; }
            endpoint GET /unused { fetch POST /up/bad; reply 204; }

            endpoint GET /text/\$v {
                fetch \$x /up/echo/\$v;
                reply \$x;
            }
            endpoint GET /chain {
                fetch \$a /up/numbers;
                fetch \$b /up/echo/\$a.id?l=\$a.list 'header=X-A: \$a.name';
                reply \$b;
            }
            endpoint GET /chain/bad {
                fetch \$a /up/numbers;
                fetch \$b /up/\$a.slash;
                reply \$b;
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }
    }
CONF

my %bodies = (
    '/text'    => "he said \"x\"\n\\ \xff \xc3\xa9",
    '/empty'   => '',
    '/blank'   => " \r\n\t ",
    '/spaces'  => '{ "a" : [1.0,  2e0] }',
    '/plain'   => 'plain',
    '/bad'     => '{"a":',
    '/numbers' => '{"id": 12, "list": [1, 2], "name": "N", "slash": "a/b"}',
);

$s->upstream(sub {
    my ($socket, $request) = @_;

    my $body = $bodies{ $request->{uri} };

    if (!defined $body) {
        my @headers = grep { /^(?:x-|content-type)/ }
                      map { s/^([^:]*)/\L$1/r }
                      split /\r\n/, $request->{head};

        $body = $json->encode(["$request->{method} $request->{uri}",
                               sort(@headers), $request->{body}]);
    }

    $body = '' if $request->{method} eq 'HEAD';

    return EndpointServer::answer($socket, 200, $body);
});

$s->start;


for my $test (@tests) {
    my ($name, $line, $expected) = @$test;

    $s->next_block;

    my $answer = $s->ask($line);
    my $got = eval { $json->decode($answer->{body}) };

    if (ref $expected->[0]) {
        my $first = ref $got ? shift @$got : $answer->{body};

        like($first, shift @$expected, "$name: the request");
    }

    is_deeply($got, $expected, $name) or diag($answer->{body});
}


$s->is_answer('GET /as-text', 200,
              qq({"text": "he said \\"x\\"\\n\\\\ \xef\xbf\xbd \xc3\xa9", )
              . qq("in": "<he said \\"x\\"\\n\\\\ \xef\xbf\xbd \xc3\xa9>"}),
              'as=text: the body is a string');
$s->is_answer('GET /as-text/empty', 200, '""', 'as=text of nothing');
$s->is_answer('GET /as-text/json', 200, '"{ \"a\" : [1.0,  2e0] }"',
              'as=text does not read JSON');
$s->is_answer('GET /as-text/is', 200, '"equal"', 'as=text is compared');

$s->is_answer('GET /empty', 200, '[null, null]', 'an empty body is null');
$s->is_answer('GET /blank', 200, '[null]', 'white space is null');
$s->is_answer('GET /blank/member', 200, '[null]',
              'white space has no members');
$s->is_answer('GET /head', 200, '[200, null]', 'HEAD has no body');
$s->is_answer('GET /whole', 200, '{ "a" : [1.0,  2e0] }',
              'a body is handed on as it is');
$s->is_answer('GET /member', 200, '[1.0,  2e0]',
              'so is a member');
$s->is_answer('GET /unused', 204, '', 'a body that nobody uses is not read');

$s->is_answer('GET /text/a%20b', 200, '["GET /echo/a%20b",""]',
              'a segment of the client is encoded again');
$s->is_answer('GET /text/..%2f', 404, qr/Not Found/,
              'a slash is one');
$s->is_answer('GET /text/a%5Cb', 422, qr/"loc":\["path","v"\]/,
              'a segment that is not safe is the client\'s fault');
$s->is_answer('GET /chain', 200,
              qr{^\["GET /echo/12\?l=(?:%5B|\[)1(?:,|%2C)(?:%20)?2}i,
              'values of another fetch');
$s->is_answer('GET /chain', 200, qr/"x-a: N"/i,
              'a header with a value of another fetch');
$s->is_answer('GET /chain/bad', 502,
              '{"detail":"b: a value cannot stand in the path"}',
              'a segment that is not safe, of an upstream');

$s->stop;

done_testing();
