# What an upstream can send: sizes about the cap, lies about lengths, bodies
# that are no JSON, encodings.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $cap = 10000;
my $s = EndpointServer->new(http => <<"CONF");

    proxy_cache_path %%DIR%%/temp/cache keys_zone=cache:64k;

    server {
        listen 127.0.0.1:%%PORT%%;
        endpoint_fetch_buffer $cap;

        location / {
            endpoint GET /get/\$what/\$n {
                fetch \$a /up/\$what/\$n;
                reply \$a;
            }
            endpoint GET /member/\$what/\$n {
                fetch \$a /up/\$what/\$n;
                reply '[\$a.x, \$a[0]]';
            }
            endpoint GET /text/\$what/\$n {
                fetch \$a /up/\$what/\$n as=text;
                reply \$a;
            }
            endpoint GET /head/\$what/\$n  {
                fetch \$a HEAD /up/\$what/\$n status=\$code;
                reply '[\$a, \$code]';
            }
            endpoint GET /any/\$what/\$n   {
                fetch \$a /up/\$what/\$n status=\$code as=text;
                reply '[\$a, \$code]';
            }
            endpoint GET /ignored/\$what/\$n {
                fetch /up/\$what/\$n;
                reply '"ok"';
            }
            endpoint GET /cached/\$what/\$n {
                fetch \$a /cache/\$what/\$n;
                reply \$a;
            }
            endpoint GET /three/\$n {
                fetch \$a /up/fill/\$n;
                fetch \$b /up/chunked/\$n;
                fetch \$c /cache/fill/\$n;
                reply '[\$a, \$b, \$c]';
            }
        }

        location /large/ {
            endpoint_fetch_buffer 16m;

            endpoint GET /large/\$where/\$n:int {
                fetch \$a /up/fill/\$n when=\$where==up;
                fetch \$b /buffered/fill/\$n when=\$where==buffered;
                fetch \$c /cache/fill/\$n when=\$where==cache;
                fetch \$d /nocache/fill/\$n when=\$where==nocache;
                fetch \$e /up/chunked/\$n when=\$where==chunked;
                reply '[\$a, \$b, \$c, \$d, \$e]';
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        # as users have it who never heard of endpoint_fetch.conf

        location /buffered/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            proxy_buffers 4 256k;
            proxy_buffer_size 4k;
        }

        location /cache/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_cache cache;
            proxy_cache_valid 200 1h;
        }

        location /nocache/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_cache cache;
        }

        location = /stub_status { stub_status; }
    }
CONF


sub json { '"' . 'x' x ($_[0] - 2) . '"' }


sub chunked {
    my ($socket, $body, @end) = @_;

    syswrite $socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    while (length $body) {
        my $chunk = substr $body, 0, 1 + int rand 5000, '';

        printf $socket "%x\r\n%s\r\n", length $chunk, $chunk;
    }

    print $socket @end ? @end : "0\r\n\r\n";
    $socket->flush;
}


my %answers = (
    fill    => sub { EndpointServer::answer($_[0], 200, json($_[1])) },
    chunked => sub { chunked($_[0], json($_[1])); 1 },
    close   => sub {
        syswrite $_[0], "HTTP/1.0 200 OK\r\n\r\n" . json($_[1]);
        0;
    },
    slow    => sub {
        my $body = json($_[1]);

        syswrite $_[0], "HTTP/1.1 200 OK\r\nContent-Length: $_[1]\r\n\r\n";
        syswrite $_[0], $_ for split //, $body;
        1;
    },

    # less, and more, than the header says

    less    => sub {
        syswrite $_[0], "HTTP/1.1 200 OK\r\nContent-Length: $_[1]\r\n\r\n"
                        . '[1,2]';
        0;
    },
    more    => sub {
        syswrite $_[0], "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
                        . '[1,2]' . 'x' x $_[1];
        0;
    },
    torn    => sub { chunked($_[0], '[1,2', ''); 0 },
    badchunk => sub { chunked($_[0], '[1,2', "zz\r\n"); 0 },
    trailer => sub {
        chunked($_[0], '[1,2]',
                "0\r\nContent-Encoding: gzip\r\nX-A: b\r\n\r\n");
        1;
    },

    none    => sub { 0 },
    half    => sub { syswrite $_[0], "HTTP/1.1 200 OK\r\nConte"; 0 },
    garbage => sub { syswrite $_[0], "\x00\x01\r\n\r\n"; 0 },
    status  => sub { EndpointServer::answer($_[0], $_[1], '{"s": 1}') },
    empty   => sub { EndpointServer::answer($_[0], 200, '') },
    blank   => sub { EndpointServer::answer($_[0], 200, " \n\t ") },
    nobody  => sub { syswrite $_[0], "HTTP/1.1 204 No Content\r\n\r\n"; 1 },
    same    => sub { syswrite $_[0], "HTTP/1.1 304 Not Modified\r\n\r\n"; 1 },
    html    => sub {
        EndpointServer::answer($_[0], $_[1], '<html><h1>Oops</h1></html>');
    },
    head    => sub { syswrite $_[0], "HTTP/1.1 200 OK\r\n"
                                     . "Content-Length: 1000\r\n\r\n"; 1 },
    encoded => sub {
        EndpointServer::answer($_[0], 200, '[1]', "Content-Encoding: $_[1]");
    },
    redirect => sub {
        EndpointServer::answer($_[0], 200, '[1]', 'X-Accel-Redirect: /get/x/1');
    },
    utf8    => sub { EndpointServer::answer($_[0], 200, "\"\xc3\"") },
    text    => sub { EndpointServer::answer($_[0], 200, "a\"\xff\\\r\n\0z") },
    two     => sub { EndpointServer::answer($_[0], 200, '[1] [2]') },
    early   => sub {

        # the answer to half a request

        EndpointServer::answer($_[0], 200, '[3]', 'Connection: close');
        0;
    },
);

$s->upstream(sub {
    my ($socket, $request) = @_;

    my ($what, $n) = $request->{uri} =~ m{^/(\w+)/(\w+)};

    return $answers{$what}->($socket, $n);
});

$s->start;


sub gets {
    my ($uri, $body) = @_;

    $s->is_answer("GET $uri", 200, $body, $uri);
}


sub fails {
    my ($uri, $why) = @_;

    $s->is_answer("GET $uri", 502, qr/^\{"detail":"[^"]*: .*$why.*"\}$/,
                  "$uri fails: $why");
}


# about the cap

for my $how (qw(fill chunked close slow)) {
    gets("/get/$how/" . ($cap - 1), json($cap - 1));
    gets("/get/$how/$cap", json($cap));
    fails("/get/$how/" . ($cap + 1), 'too large');
    gets("/get/$how/2", '""');
    gets("/text/$how/$cap", '"\\"' . 'x' x ($cap - 2) . '\\""');
}

fails('/text/fill/' . ($cap + 1), 'too large');
fails('/member/fill/' . ($cap + 1), 'too large');
fails('/ignored/fill/' . ($cap + 1), 'too large');
fails('/cached/fill/' . ($cap + 1), 'too large');
gets("/three/$cap", '[' . join(', ', (json($cap)) x 3) . ']');
fails('/three/' . ($cap + 1), 'too large');
fails('/get/fill/8000000', 'too large');
fails('/get/chunked/8000000', 'too large');


# more than all buffers of nginx together, which no client drains

for my $where (qw(up buffered cache nocache chunked)) {
    my @values = map { $_ eq $where ? json(8_000_000) : 'null' }
                 qw(up buffered cache nocache chunked);

    gets("/large/$where/8000000", '[' . join(', ', @values) . ']');
}

gets('/large/cache/8000000',
     '[null, null, ' . json(8_000_000) . ', null, null]');


# lengths that lie, ends that come early

fails('/get/less/10', 'did not answer');
fails('/get/less/100000000', 'did not answer');
fails('/get/less/9223372036854775807', 'did not answer');
gets('/get/more/10', '[1,2]');
fails('/get/torn/1', 'did not answer');
fails('/get/badchunk/1', 'did not answer');
gets('/get/trailer/1', '[1,2]');
fails('/get/none/1', 'did not answer');
fails('/get/half/1', 'did not answer');
fails('/get/garbage/1', '.');
gets('/get/early/1', '[3]');


# bodies

gets('/get/empty/1', 'null');
gets('/get/blank/1', 'null');
gets('/get/nobody/1', 'null');
gets('/member/empty/1', '[null, null]');
gets('/member/blank/1', '[null, null]');
fails('/get/html/200', 'JSON');
fails('/member/html/200', 'JSON');
fails('/get/two/1', 'JSON');
fails('/member/two/1', 'JSON');
fails('/get/utf8/1', 'JSON');
gets('/ignored/html/200', '"ok"');
gets('/text/html/200', '"<html><h1>Oops</h1></html>"');
gets('/text/text/1', qr/^"a\\"\xef\xbf\xbd\\\\\\r\\n\\u0000z"$/);
gets('/text/empty/1', qr/^(?:""|null)$/);


# statuses

fails("/get/status/$_", 'answered with an error')
    for 300, 302, 400, 404, 500, 503;
fails('/get/same/1', 'answered with an error');
fails('/get/html/500', 'answered with an error');
gets('/get/status/201', '{"s": 1}');
gets("/any/status/$_", '["{\\"s\\": 1}", ' . $_ . ']')
    for 200, 301, 404, 500, 502, 504;
fails('/any/none/1', 'did not answer');


# HEAD has a length and no body

gets('/head/head/1', '[null, 200]');
gets('/head/nobody/1', '[null, 204]');


# encodings

fails('/get/encoded/gzip', 'encoded');
fails('/get/encoded/br', 'encoded');
fails('/text/encoded/gzip', 'encoded');
gets('/get/encoded/identity', '[1]');
gets('/get/redirect/1', '[1]');

$s->is_idle;
$s->stop;

done_testing();
