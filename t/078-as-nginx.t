# What nginx's own modules do behind a fetch and around an endpoint, as they do
# it without one: files put by WebDAV, X-Accel-Redirect, error pages, filters
# that look at the type.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF');

    # the loops of the filters, for what one of them sends
    sub_filter_types application/json text/csv;
    charset_types application/json text/csv;
    ssi_types text/plain;

    server {
        listen 127.0.0.1:%%PORT%%;
        root %%DIR%%/html;

        location / {
            endpoint PUT /put/$name {
                body $b:json;
                fetch $a PUT /dav/$name '$b' status=$code as=text;
                reply '[$code, $a]';
            }
            endpoint PUT /text/$name {
                arg $t;
                fetch PUT /dav/$name '$t' 'header=Content-Type: text/plain' status=$code;
                reply '$code';
            }
            endpoint PUT /empty/$name { fetch PUT /dav/$name status=$code; reply $code; }
            endpoint PUT /large/$name {
                body $b:json;
                fetch PUT /dav/$name '[$b, $b]' status=$code;
                fetch $a /dav/$name after=$code;
                reply '[$code, $a[1][0]]';
            }
            endpoint PUT /twice/$name {
                body $b:json;
                fetch PUT /dav/$name '$b' status=$one;
                fetch PUT /up/$name '$b' status=$two;
                fetch PUT /dav/deep/$name '$b' status=$three;
                reply '[$one, $two, $three]';
            }
            endpoint DELETE /remove/$name { fetch DELETE /dav/$name status=$code; reply $code; }

            endpoint GET /accel/$to {
                fetch $a /accel/to/$to status=$code as=text;
                reply '[$code, $a]';
            }
            endpoint GET /strict/$to { fetch $a /accel/to/$to as=text; reply $a; }
            endpoint GET /own { reply 203 '"own"'; }
        }

        location /dav/ {
            internal;
            dav_methods PUT DELETE;
            create_full_put_path on;
            default_type application/json;
        }

        location /up/ { internal; proxy_pass http://127.0.0.1:%%UP%%; }
        location /accel/to/ { internal; proxy_pass http://127.0.0.1:%%UP%%; }

        location = /to/busy { internal; return 503; }
        location = /to/text { internal; return 200 "text"; }
        location = /to/page { internal; error_page 503 =200 /to/text; return 503; }
        location = /to/moved { internal; return 302 /elsewhere; }
        location = /to/file { internal; alias %%DIR%%/html/file; }
        location = /to/none { internal; alias %%DIR%%/html/none; }
        location = /to/up { internal; proxy_pass http://127.0.0.1:%%UP%%/up/gone; }
        location = /to/dead { internal; proxy_pass http://127.0.0.1:1; }
        location = /to/deep {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/up/gone;
            proxy_intercept_errors on;
            error_page 404 /to/busy;
        }
        location = /to/own { rewrite ^ /own last; }

        location /errors/ {
            error_page 404 422 /errors/page;
            error_page 409 @named;
            endpoint_intercept_errors on;

            endpoint GET /errors/none { reply 404 '"not shown"'; }
            endpoint GET /errors/page { reply 404 '"the page"'; }
            endpoint GET /errors/need { arg $x:int; reply $x; }
            endpoint GET /errors/named { reply 409 '"not shown"'; }
            endpoint GET /errors/other { reply 410 '"other"'; }
            endpoint GET /errors/guard { require $arg_x 404 "no"; reply 1; }
        }
        location @named {
            endpoint_intercept_errors on;
            error_page 409 /errors/page;
            endpoint GET /errors/named { reply 409 '"named"'; }
        }
        location /static/ { error_page 404 /errors/page; }
        location = /proxied/x {
            proxy_pass http://127.0.0.1:%%UP%%/up/gone;
            proxy_intercept_errors on;
            error_page 404 /errors/page;
        }
        location /recursive/ {
            recursive_error_pages on;
            endpoint_intercept_errors on;
            error_page 404 /recursive/page;
            error_page 410 /recursive/last;

            endpoint GET /recursive/none { reply 404 '"not shown"'; }
            endpoint GET /recursive/page { reply 410 '"nor is this"'; }
            endpoint GET /recursive/last { reply 400 '"the last"'; }
        }

        location /sub/ {
            sub_filter old new;
            endpoint GET /sub/json { reply '"old"' 'type=application/json; charset=utf-8'; }
            endpoint GET /sub/csv  { reply 'old' 'type=text/csv;header=present'; }
            endpoint GET /sub/case { reply 'old' 'type=Text/CSV ; x=y'; }
            endpoint GET /sub/not  { reply 'old' 'type=text/other; charset=utf-8'; }
            endpoint GET /sub/passed { fetch $x /up/typed pass=409; reply $x; }
            endpoint GET /sub/guard { require $arg_x 409 'body="old"' 'type=application/json; v=1'; reply 1; }
        }
        location /charset/ {
            charset koi8-r;
            endpoint GET /charset/plain { reply '"a"'; }
            endpoint GET /charset/own { reply '"a"' 'type=application/json; charset=utf-8'; }
        }
        location /ssi/ {
            ssi on;
            endpoint GET /ssi/text { reply '<!--# echo var="uri" -->' 'type=text/plain; charset=utf-8'; }
        }

        location = /stub_status { stub_status; }
    }
CONF

$s->upstream(sub {
    my ($socket, $request) = @_;

    my $uri = $request->{uri};

    return EndpointServer::answer($socket, 404, '"gone"') if $uri eq '/up/gone';

    if ($uri eq '/up/typed') {
        syswrite $socket, "HTTP/1.1 409 X\r\nContent-Length: 5\r\n"
                          . "Content-Type: application/json; charset=utf-8"
                          . "\r\n\r\n\"old\"";
        return 1;
    }

    return EndpointServer::answer($socket, 200, '"ignored"',
                                  "X-Accel-Redirect: /to/$1")
        if $uri =~ m{^/accel/to/(.*)};

    return EndpointServer::answer($socket, 200, $request->{body} || 'null');
});

mkdir "$s->{dir}/html/dav";
$s->write_file('html/file', 'a file');
$s->start;


my @json = ('Content-Type: application/json');

sub put {
    my ($uri, $body) = @_;

    return $s->ask("PUT $uri", @json, ref $body ? $body : \$body)->{body};
}


# files that are put

is(put('/put/a', '{"a": 1}'), '[201, ""]', 'PUT: made');
is($s->file('html/dav/a'), '{"a": 1}', 'PUT: its text');
is(put('/put/a', '[2]'), '[204, ""]', 'PUT: replaced');
is($s->file('html/dav/a'), '[2]', 'PUT: the new text');
is($s->ask('PUT /text/b?t=text')->{body}, 201, 'PUT: a text');
is($s->file('html/dav/b'), 'text', 'PUT: its text');
is($s->ask('PUT /empty/c')->{body}, 201, 'PUT: nothing');
ok(-e "$s->{dir}/html/dav/c" && -z _, 'PUT: an empty file');

my $large = '["' . 'x' x 300_000 . '"]';

is(put('/large/d', $large), '[201, "' . 'x' x 300_000 . '"]', 'PUT: large');
is(put('/twice/e', '[3]'), '[201, 200, 201]', 'PUT: twice, and to an upstream');
is($s->file('html/dav/deep/e'), '[3]', 'PUT: in a new directory');
is($s->ask('DELETE /remove/a')->{body}, 204, 'DELETE');
ok(!-e "$s->{dir}/html/dav/a", 'DELETE: it is gone');
is_deeply([glob "$s->{dir}/temp/body/*"], [], 'no temporary file is left');


# where X-Accel-Redirect leads to

my %accel = (busy  => qr/^\[503, "<html>.*503/s,
             text  => qr/^\[200, "text"\]$/,
             page  => qr/^\[200, "text"\]$/,
             moved => qr/^\[302, "<html>/,
             file  => qr/^\[200, "a file"\]$/,
             none  => qr/^\[404, "<html>/,
             up    => qr/^\[404, "\\"gone\\""\]$/,
             dead  => qr/the upstream did not answer/,
             deep  => qr/^\[503, "<html>.*503/s,
             own   => qr/^\[203, "\\"own\\""\]$/);

for my $to (sort keys %accel) {
    like($s->ask("GET /accel/$to")->{body}, $accel{$to}, "redirected: $to");
}

like($s->ask('GET /strict/busy')->{body}, qr/answered with an error/,
     'redirected: a status is no result');
is($s->ask('GET /strict/text')->{body}, '"text"', 'redirected: a result');


# error pages

for (['/errors/none', 404, '"the page"'], ['/errors/page', 404, '"the page"'],
     ['/errors/need', 422, '"the page"'], ['/errors/named', 409, '"named"'],
     ['/errors/other', 410, '"other"'], ['/errors/guard', 404, '"the page"'],
     ['/static/none', 404, '"the page"'], ['/proxied/x', 404, '"the page"'],
     ['/recursive/none', 410, '"the last"'])
{
    my ($uri, $status, $body) = @$_;
    my $r = $s->ask("GET $uri");

    is($r->{body}, $body, "an error page: $uri");
    is($r->{status}, $status, "an error page: $uri, its status");
}


# filters

sub is_filtered {
    my ($uri, $body, $type, $status) = @_;

    my $r = $s->ask("GET $uri");

    is($r->{status}, $status // 200, "$uri: status");
    is($r->{body}, $body, "$uri: body");
    like($r->{head}, qr/^Content-Type: \Q$type\E\r?$/mi, "$uri: type");
}

is_filtered('/sub/json', '"new"', 'application/json; charset=utf-8');
is_filtered('/sub/csv', 'new', 'text/csv;header=present');
is_filtered('/sub/case', 'new', 'Text/CSV ; x=y');
is_filtered('/sub/not', 'old', 'text/other; charset=utf-8');
is_filtered('/sub/passed', '"new"', 'application/json; charset=utf-8', 409);
is_filtered('/sub/guard', '"new"', 'application/json; v=1', 409);
is_filtered('/charset/plain', '"a"', 'application/json; charset=koi8-r');
is_filtered('/charset/own', '"a"', 'application/json; charset=utf-8');
is_filtered('/ssi/text', '/ssi/text', 'text/plain; charset=utf-8');

$s->is_idle;
$s->stop;

done_testing();
