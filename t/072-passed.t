# Headers of what pass= hands on; headers of a reply that nginx looks at.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF');

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /pass/$name  { fetch $x /up/$name pass=3xx,4xx,5xx; reply '[$x]'; }
            endpoint GET /more/$name  { fetch $x /up/$name pass=4xx pass_headers=x-reason,Link; reply '[$x]'; }
            endpoint GET /moved       { fetch $x /local/moved pass=301; reply '[$x]'; }
            endpoint GET /veiled      { fetch $x /hidden/full pass=429; reply '[$x]'; }
            endpoint GET /plain       { fetch $x /up/full; reply '[$x]'; }

            endpoint GET /since {
                set_header Last-Modified "Tue, 15 Nov 1994 12:45:26 GMT";
                reply '1';
            }
            endpoint PUT /since {
                set_header Last-Modified "Tue, 15 Nov 1994 12:45:26 GMT";
                set_header ETag '"two"';
                reply '1';
            }
            endpoint GET /tag { set_header etag '"two"'; reply '1'; }
            endpoint GET /none { reply '1'; }
            endpoint GET /encoded { set_header Content-Encoding "br"; reply '1'; }
        }

        location /guarded/ {
            auth_request /auth;
            endpoint GET /guarded/x { reply '1'; }
        }

        location = /auth {
            endpoint GET /auth { set_header WWW-Authenticate 'Bearer realm="a"'; reply 401 '"no"'; }
        }

        location /up/ { internal; proxy_pass http://127.0.0.1:%%UP%%/; proxy_http_version 1.1; }
        location /hidden/ { internal; proxy_pass http://127.0.0.1:%%UP%%/; proxy_hide_header Retry-After; }
        location /local/ { internal; location = /local/moved { return 301 https://elsewhere.example/; } }
    }
CONF

my %answers = (
    full => "HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nAllow: GET, PUT\r\nETag: \"e\"\r\n"
            . "WWW-Authenticate: Bearer\r\nWWW-Authenticate: Basic realm=\"b\"\r\n"
            . "Content-Range: bytes */9\r\nX-Reason: tired\r\nX-Reason: old\r\nLink: </a>\r\n"
            . "Set-Cookie: a=b\r\nConnection: close\r\nContent-Length: 1\r\n\r\n1",
    moved => "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 1\r\n\r\n1",
);

$s->upstream(sub {
    my ($socket, $request) = @_;
    my ($name) = $request->{uri} =~ m{^/(\w+)};

    syswrite $socket, $answers{$name};
    return 0;
});

$s->start;

sub header {
    my ($answer, $name) = @_;
    return join '|', $answer->{head} =~ /^\Q$name\E: (.*?)\r?$/mgi;
}

sub asked {
    my ($line, @headers) = @_;
    return $s->ask($line, @headers);
}

my $r = $s->ask('GET /pass/full');
is($r->{status}, 429, 'passed');
is(header($r, 'Retry-After'), '7', 'Retry-After');
is(header($r, 'Allow'), 'GET, PUT', 'Allow');
is(header($r, 'ETag'), '"e"', 'ETag');
is(header($r, 'Content-Range'), 'bytes */9', 'Content-Range');
is(header($r, 'WWW-Authenticate'), 'Bearer|Basic realm="b"', 'both WWW-Authenticate');
is(header($r, 'X-Reason') . header($r, 'Link') . header($r, 'Set-Cookie'), '', 'no others');

is($s->count('logs/error.log', qr/\[error\].*status 429/), 0, 'no error of ours');
is($s->count('logs/error.log', qr/\[info\].*status 429/), 1, 'but told');

$r = $s->ask('GET /more/full');
is(header($r, 'X-Reason'), 'tired|old', 'pass_headers');
is(header($r, 'Link'), '</a>', 'and the second');
is(header($r, 'Retry-After'), '7', 'and those by default');

is(header($s->ask('GET /pass/moved'), 'Location'), '/there', 'Location of an upstream');
is(header($s->ask('GET /moved'), 'Location'), 'https://elsewhere.example/', 'and of a location');
is(header($s->ask('GET /veiled'), 'Retry-After'), '', 'hidden stays hidden');
is(header($s->ask('GET /plain'), 'Retry-After'), '', 'a failure that is not passed has none');

$r = $s->ask('GET /guarded/x');
is($r->{status}, 401, 'refused');
is(header($r, 'WWW-Authenticate'), 'Bearer realm="a"', 'through auth_request');

# "HTTP-date" of the reply, and an hour before it

my $at = 'Tue, 15 Nov 1994 12:45:26 GMT';
my $before = 'Tue, 15 Nov 1994 11:45:26 GMT';

sub conditional {
    my ($line, $header, $status) = @_;
    is($s->ask($line, $header)->{status}, $status, "$line, $header");
}

conditional('GET /since', "If-Modified-Since: $at", 304);
conditional('GET /since', "If-Modified-Since: $before", 200);
conditional('GET /since', "If-Unmodified-Since: $before", 412);
conditional('GET /since', "If-Unmodified-Since: $at", 200);
conditional('GET /since', 'If-Match: "v1"', 200);
conditional('GET /tag', 'If-None-Match: "two"', 304);
conditional('GET /tag', 'If-Match: "two"', 200);
conditional('GET /tag', "If-Unmodified-Since: $before", 200);
conditional('GET /none', "If-Unmodified-Since: $before", 200);
conditional('GET /none', 'If-None-Match: *', 200);

for my $header ("If-Unmodified-Since: $before", "If-Modified-Since: $at",
                'If-Match: "v1"', 'If-None-Match: *', 'If-None-Match: "two"')
{
    conditional('PUT /since', $header, 200);
}

$s->stop;
done_testing();
