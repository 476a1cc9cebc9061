# What a message can have: its path, types, headers; what a log line can.

use strict;
use warnings;

use lib 't/lib';

use Cwd 'getcwd';
use EndpointServer;
use Test::More;

my $conf = getcwd() . '/conf';

my $s = EndpointServer->new(http => <<"CONF");

    gzip on;
    gzip_min_length 1;
    gzip_types application/json;

    server {
        listen 127.0.0.1:%%PORT%%;
        add_header Access-Control-Allow-Origin * always;
        include $conf/endpoint_errors.conf;

        location = /denied { deny all; }

        location / {
            endpoint_fetch_pass_headers Content-Type;

            endpoint GET /path { arg \$v:str; fetch \$x /up/\$v/end as=text; reply \$x; }
            endpoint GET /bom/whole { fetch \$x /bom; reply '[\$x]'; }
            endpoint GET /bom/member { fetch \$x /bom; reply '[\$x.a]'; }
            endpoint GET /bom/text { fetch \$x /bom as=text; reply '[\$x]'; }
            endpoint GET /bom/only { fetch \$x /bomonly; reply '[\$x]'; }
            endpoint GET /pieces/whole/\$n { fetch \$x /up/pieces/\$n; reply '[\$x]'; }
            endpoint GET /pieces/member/\$n { fetch \$x /up/pieces/\$n; reply '[\$x.a]'; }
            endpoint GET /head { fetch HEAD /up/encoded; reply '1'; }
            endpoint POST /type { fetch \$x POST /up/type '{"a": 1}' as=text; reply \$x; }
            endpoint GET /to { arg \$v:str; set_header Location "/things/\$v"; reply 201 '1'; }
            endpoint GET /zipped { reply '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"' 'type=application/json; charset=utf-8'; }
            endpoint GET /lost { arg \$v:str; fetch \$x /gone/\$v; reply \$x; }
            endpoint GET /log { arg \$v:str; log info "v is \$v."; reply '1'; }
        }

        location = /bom { internal; alias %%DIR%%/html/bom.json; }
        location = /bomonly { internal; alias %%DIR%%/html/bomonly.json; }
        location = /none { root %%DIR%%/html; }
        location /gone/ { internal; proxy_pass http://127.0.0.1:1/; }
        location /up/ { internal; proxy_pass http://127.0.0.1:%%UP%%/; proxy_http_version 1.1; }
    }
CONF

for my $file (['bom', '{"a": 1}'], ['bomonly', '']) {
    open my $f, '>', "$s->{dir}/html/$file->[0].json" or die;
    print $f "\xEF\xBB\xBF$file->[1]";
    close $f;
}

$s->upstream(sub {
    my ($socket, $request) = @_;
    my $text = $request->{uri};

    return pieces($socket, $1) if $text =~ m{^/pieces/(\d+)};

    $text = join ',', $request->{head} =~ /^content-type: (.*?)\r?$/mgi
        if $text =~ /type/;

    my $encoding = $text =~ /encoded/ ? "Content-Encoding: gzip\r\n" : '';

    syswrite $socket, "HTTP/1.1 200 OK\r\n${encoding}Content-Length: "
                      . length($text) . "\r\n\r\n"
                      . ($request->{method} eq 'HEAD' ? '' : $text);
    return 0;
});

# a body that comes in pieces, each after the one before has been read

sub pieces {
    my ($socket, $n) = @_;

    my $text = substr("\xEF\xBB\xBF{\"a\": 1}", 0, $n == 9 ? 2 : 100);

    $text =~ s/^..//s if $n == 8;

    syswrite $socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    while (length $text) {
        my $piece = substr $text, 0, $n < 8 ? $n : 1, '';

        select undef, undef, undef, 0.02;
        syswrite $socket, sprintf "%x\r\n%s\r\n", length $piece, $piece;
    }

    syswrite $socket, "0\r\n\r\n";
    return 0;
}

$s->start;

for my $n (1 .. 5) {
    is($s->ask("GET /pieces/whole/$n")->{body}, '[{"a": 1}]', "a BOM in pieces of $n");
    is($s->ask("GET /pieces/member/$n")->{body}, '[1]', "and before members: $n");
}

for my $part (qw(whole member)) {
    is($s->ask("GET /pieces/$part/$_")->{status}, 502, "a part of a BOM: $part, $_")
        for 8, 9;
}

is($s->ask('GET /bom/whole')->{body}, '[{"a": 1}]', 'a BOM before JSON');
is($s->ask('GET /bom/member')->{body}, '[1]', 'and before members');
is($s->ask('GET /bom/text')->{body}, qq(["\xEF\xBB\xBF{\\"a\\": 1}"]), 'text is as it is');
is($s->ask('GET /bom/only')->{body}, '[null]', 'nothing else');

for my $v ('..;', '..;a=b', '.;', '.;x') {
    (my $e = $v) =~ s/;/%3B/;
    is($s->ask("GET /path?v=$e")->{status}, 422, "$v in a path");
}

is($s->ask('GET /path?v=a%3Bb')->{status}, 200, 'a parameter of a segment');
is($s->ask('GET /path?v=..a')->{status}, 200, 'dots of a name');
is($s->ask('GET /head')->{status}, 200, 'HEAD of an encoded answer');

is($s->ask('POST /type', 'Content-Type: text/plain', 'Content-Length: 0')->{body},
   '"application/json"', 'one Content-Type');

my ($to) = $s->ask('GET /to?v=a%20b%C3%BC%22/c%25')->{head} =~ /^Location: (.*?)\r?$/mi;
like($to, qr{/things/a%20b%C3%BC%22/c%$}, 'Location');

like($s->ask('GET /zipped', 'Accept-Encoding: gzip')->{head},
     qr/^Content-Encoding: gzip/mi, 'gzip of a type with a parameter');
like($s->ask('GET /zipped')->{head},
     qr{^Content-Type: application/json; charset=utf-8\r?$}mi, 'which stays');

is($s->ask('GET /log?v=a%C2%9Bb%C3%9B')->{status}, 200, 'logged');
is($s->count('logs/error.log', qr/v is a\\xC2\\x9Bb\xC3\x9B\./), 1, 'without C1');

# nor does a fetch's path bring one, which nginx logs with what fails there

for my $v (qw(a%C2%9Bb a%C2%80 %C2%9F)) {
    is($s->ask("GET /lost?v=$v")->{status}, 422, "no C1 in a path: $v");
}

is($s->ask("GET /lost?v=a%C2%A0%C3%9Bb")->{status}, 502, 'a letter');
is($s->count('logs/error.log', qr/\xC2[\x80-\x9F]/), 0, 'no C1 in the log');

for my $path ('/denied', '/none') {
    my $r = $s->ask("GET $path");
    like($r->{head}, qr/^Access-Control-Allow-Origin: \*/mi, "$path, CORS");
    like($r->{body}, qr/^\{"detail":"(Forbidden|Not Found)"\}$/, "$path, JSON");
}

$s->stop;
done_testing();
