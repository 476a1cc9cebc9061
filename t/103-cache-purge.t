# purge as a statement, and the location for operators.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use Test::More;


my $s = cache_server(endpoints => <<'CONF', more => <<'MORE');

    endpoint GET /user/$id:int {
        cache cache $id;
        fetch $user /up/user/$id;
        reply '$user.n';
    }

    endpoint GET /page/$id/$lang {
        cache cache $id $lang;
        fetch $x /up/page/$id/$lang;
        reply '$x.n';
    }

    endpoint GET /step/$id {
        fetch $x /up/step/$id cache=cache:$id;
        reply '$x.n';
    }

    endpoint GET /shape/$id {
        fetch $x /up/shape/$id cache=cache:user-${id}.json;
        reply '$x.n';
    }

    endpoint GET /wait/$id {
        cache cache $id;
        fetch $x /up/wait/$id?wait=wait;
        reply '$x.n';
    }

    endpoint POST /user/$id:int {
        fetch POST /up/changed;
        purge cache $id;
        reply 204;
    }

    endpoint POST /json {
        field $id:json;
        purge cache $id;
        reply 204;
    }

    endpoint POST /page/$id/$lang {
        purge cache $id $lang when=$lang!=none;
        reply 204;
    }

    endpoint POST /shape/$id {
        purge cache user-${id}.json;
        reply 204;
    }

CONF

    server {
        listen 127.0.0.1:%%PORT%%;
        server_name denied;

        location / {
            deny all;
            endpoint_cache_purge cache;
        }
    }
MORE

$s->start;


sub is_purged {
    my ($line, $status, $name, @headers) = @_;

    my $answer = $s->ask($line, @headers);

    is($answer->{status}, $status, $name);

    return $answer;
}


sub now {
    my ($uri, $body, $cached) = @_;

    is_cached($s, $uri, 200, $body, $cached);
}


now('/user/1', '1', 'MISS');
now('/user/2', '1', 'MISS');
now('/step/1', '1', '-');
now('/page/1/de', '1', 'MISS');
now('/shape/1', '1', '-');

is_purged('POST /user/1', 204, 'a purge');
now('/user/1', '2', 'MISS');
now('/user/2', '1', 'HIT');
now('/page/1/de', '1', 'HIT');
is(asked($s, '/step/1'), 1, 'the step\'s value');
now('/step/1', '2', '-');
is(asked($s, '/step/1'), 2, 'was dropped too');
now('/shape/1', '1', '-');

my $json = 'Content-Type: application/json';

is_purged('POST /json', 204, 'by a number', $json, \'{"id": 1}');
now('/user/1', '3', 'MISS');
is_purged('POST /json', 204, 'by a string', $json, \'{"id": "1"}');
now('/user/1', '4', 'MISS');

is_purged('POST /page/1/de', 204, 'two words');
now('/page/1/de', '2', 'MISS');
is_purged('POST /page/1/en', 204, 'a key that is not there');
now('/page/1/de', '2', 'HIT');
is_purged('POST /page/1/none', 204, 'a purge that does not run');
is_purged('POST /shape/1', 204, 'a word with text around its name');
now('/shape/1', '2', '-');


# a fill that began before the purge is given to those who wait, and not kept

my $waiting = $s->connect;

$s->request($waiting, 'GET /wait/9', 'Connection: close');
$s->wait_line('events', qr{^asked /wait/9$}m, 'a fill runs');
is_purged('POST /user/9', 204, 'a purge during the fill');
go($s, 'wait');
is($s->response($waiting)->{body}, '1', 'the fill goes on');
now('/wait/9', '2', 'MISS');
now('/wait/9', '2', 'HIT');


# the operators' location

my $mine = 'X-Endpoint: 1';

now('/user/1', '4', 'HIT');
is_purged('DELETE /purge?key=1', 403, 'without the header');
is_purged('DELETE /purge?key=1', 403, 'another header', 'X-Endpoint: 0');
is_purged('POST /purge?key=1', 403, 'a form of another page',
          'Content-Type: application/x-www-form-urlencoded', \'a=1');
now('/user/1', '4', 'HIT');

like(is_purged('GET /purge?key=1', 405, 'another method', $mine)->{head},
     qr/^Allow: DELETE, POST\r$/m, 'the methods');
is_purged('DELETE /purge', 400, 'no key', $mine);
is_purged('DELETE /purge?key=1', 204, 'a purge', $mine);
now('/user/1', '5', 'MISS');
is_purged('POST /purge?x=1&key=1&key=d%65', 204, 'two words', $mine);
now('/page/1/de', '3', 'MISS');
is_purged('POST /purge?key=user-1.json', 204, 'text around a name', $mine);
now('/shape/1', '3', '-');

my $socket = $s->connect;

syswrite $socket, "DELETE /?key=1 HTTP/1.1\r\nHost: denied\r\n$mine\r\n"
                  . "Connection: close\r\n\r\n";
is($s->response($socket)->{status}, 403, 'access rules come first');
now('/user/1', '5', 'HIT');

$s->stop;

done_testing();
