# Answers that are none, bodies that are not there, files that are too large.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF');

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /ping { reply '"pong"'; }

            endpoint GET /get/$name     { fetch $x /up/$name; reply '[$x]'; }
            endpoint GET /status/$name  { fetch $x /up/$name status=$code; reply '[$code, $x]'; }
            endpoint GET /default/$name { fetch $x /up/$name default=7; reply '[$x]'; }
            endpoint GET /pass/$name    { fetch $x /up/$name pass=2xx,5xx as=text; reply '[$x]'; }

            endpoint GET /fields        { fetch $x /up/fields pass=401; reply '[$x]'; }
            endpoint GET /fields/each   { fetch $x /up/$item each=$l pass=401; arg $l:json; reply '[$x]'; }

            endpoint GET /length/POST    { fetch $x POST /up/echo as=text; reply $x; }
            endpoint GET /length/PUT     { fetch $x PUT /up/echo as=text; reply $x; }
            endpoint GET /length/PATCH   { fetch $x PATCH /up/echo as=text; reply $x; }
            endpoint GET /length/DELETE  { fetch $x DELETE /up/echo as=text; reply $x; }
            endpoint GET /length/GET     { fetch $x /up/echo as=text; reply $x; }

            endpoint GET /file           { fetch $x /files/large.txt as=text; reply '[$x]'; }
        }

        location /up/ { internal; proxy_pass http://127.0.0.1:%%UP%%/; proxy_http_version 1.1; proxy_redirect off; }
        location /files/ { internal; alias %%DIR%%/html/; }
    }
CONF

my %answers = (
    early => "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
    banner => "220 mail.example ESMTP\r\n",
    zero => "HTTP/1.1 000 None\r\n\r\n",
    600 => "HTTP/1.1 600 Odd\r\nContent-Length: 1\r\n\r\n1",
    999 => "HTTP/1.1 999 Odd\r\nContent-Length: 1\r\n\r\n1",
    fields => "HTTP/1.1 401 No\r\nLocation: /else?where\r\n"
              . "WWW-Authenticate: Basic realm=\"a\"\r\n"
              . "WWW-Authenticate: Bearer\r\nAllow: GET, PUT\r\n"
              . "Retry-After: 7\r\nETag: \"v1\"\r\nX-Secret: inside\r\n"
              . "Set-Cookie: a=b\r\nContent-Type: text/plain\r\n"
              . "Content-Length: 2\r\n\r\nno",
    599 => "HTTP/1.1 599 Odd\r\nContent-Length: 1\r\n\r\n1",
);

$s->upstream(sub {
    my ($socket, $request) = @_;
    my ($name) = $request->{uri} =~ m{^/(\w+)};

    if ($name eq 'echo') {
        my ($length) = $request->{head} =~ /^(content-length: .*?)\r$/mi;
        $length //= 'none';
        syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: "
                          . length($length) . "\r\n\r\n$length";
        return 1;
    }

    syswrite $socket, $answers{$name};

    # whoever waits for more waits for ever
    EndpointServer::closed($socket) if $name eq 'early' || $name eq 'banner';

    return 0;
});

open my $f, '>', "$s->{dir}/html/large.txt" or die;
truncate $f, 3_000_000_000;
close $f;

$s->start;

for my $name (qw(early banner zero 600 999)) {
    for my $way (qw(get status pass)) {
        my $r = $s->ask("GET /$way/$name");

        is("$r->{status} $r->{body}",
           '502 {"detail":"x: the upstream did not answer"}', "$name, $way");
    }

    is($s->ask("GET /default/$name")->{body}, '[7]', "$name, default");
}

is($s->ask('GET /status/599')->{body}, '[599, 1]', '599 is a status');

is($s->ask("GET /length/$_")->{body}, '"Content-Length: 0"',
   "$_ has no body, and says so") for qw(POST PUT PATCH);
is($s->ask("GET /length/$_")->{body}, '"none"', "$_ has none") for qw(GET DELETE);

for my $path ('/fields', '/fields/each?l=[%22fields%22]') {
    my $r = $s->ask("GET $path");

    is("$r->{status} $r->{body}", '401 no', "$path: an answer is passed on");
    like($r->{head}, qr/^\Q$_\E\r$/m, "with $_")
        for 'Location: /else?where', 'WWW-Authenticate: Basic realm="a"',
            'WWW-Authenticate: Bearer', 'Allow: GET, PUT', 'Retry-After: 7',
            'ETag: "v1"', 'Content-Type: text/plain';
    unlike($r->{head}, qr/^(?:X-Secret|Set-Cookie)/mi, 'and nothing else');
}

# of a file of 3 GB nothing is read: a test that did would not end in time

is($s->ask('GET /file')->{body},
   qq({"detail":"x: the upstream's body is too large"}), 'a large file');
is($s->ask('GET /ping')->{status}, 200, 'the worker goes on');

$s->stop;
done_testing();
