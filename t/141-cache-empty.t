# What is not there may be there at any time: an empty value is not kept, unless
# it is said for how long.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use EndpointPostgres;
use Test::More;


my $pg = EndpointPostgres->new(sql => <<'SQL');
    CREATE TABLE keys (token text, name text);
    CREATE TABLE asked (what text);
SQL

my $s = cache_server(more => <<"MORE", endpoints => <<'CONF');

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app" connections=2;
    }
MORE

    endpoint GET /row/$token {
        query_row $key db "SELECT name FROM keys WHERE token = $token" cache=cache:row:$token;
        require $key 401 "who?";
        reply $key;
    }

    endpoint GET /rows/$token {
        query $keys db "SELECT name FROM keys WHERE token = $token" cache=cache:rows:$token;
        reply $keys;
    }

    endpoint GET /nonempty/$token {
        query_row $key db "SELECT name FROM keys WHERE token = $token" cache=cache:nonempty:$token nonempty;
        reply '[$key]';
    }

    endpoint GET /empty/$token {
        query_row $key db "SELECT name FROM keys WHERE token = $token" empty=1h cache=cache:empty:$token;
        reply '[$key]';
    }

    endpoint GET /soon/$token {
        query_row $key db "SELECT name FROM keys WHERE token = $token" empty=1ms cache=cache:soon:$token;
        reply '[$key]';
    }

    endpoint GET /old/$token {
        query_row $key db "SELECT name FROM keys WHERE token = $token" cache=short:row:$token;
        reply '[$key]';
    }

    endpoint GET /fetch/$id {
        fetch $x /rows/$id cache=cache:fetch:$id;
        reply $x;
    }

    endpoint GET /text/$id {
        fetch $x /text-of/$id as=text cache=cache:text:$id;
        reply '["$x"]';
    }

    endpoint GET /text-of/$token {
        query_row $key db "SELECT name FROM keys WHERE token = $token";
        reply '$key.name' type=text/plain;
    }

    endpoint GET /each {
        arg $tokens:json;
        query_row $keys db "SELECT name FROM keys WHERE token = $item" each=$tokens cache=cache:each:$tokens;
        reply $keys;
    }

    endpoint GET /statement/$token {
        cache cache $token nonempty;
        query_row $key db "SELECT name FROM keys WHERE token = $token";
        reply $key;
    }

    endpoint GET /statements/$token {
        cache cache $token nonempty;
        query $keys db "SELECT name FROM keys WHERE token = $token";
        reply $keys;
    }

    endpoint GET /any/$token {
        cache cache $token;
        query_row $key db "SELECT name FROM keys WHERE token = $token";
        reply $key;
    }
CONF

$s->start;


sub is_body {
    my ($uri, $status, $body, $name) = @_;

    my $answer = get($s, $uri);

    is("$answer->{status} $answer->{body}", "$status $body", $name);
}


is_body('/row/a', 401, '{"detail":"who?"}', 'a row that is missing');
is_body('/rows/a', 200, '[]', 'no rows');
is_body('/nonempty/a', 200, '[null]', 'one that is not to be kept');
is_body('/empty/a', 200, '[null]', 'one that is');
is_body('/soon/a', 200, '[null]', 'but not for long');
is_body('/fetch/a', 200, '[]', 'an empty list from elsewhere');
is_body('/text/a', 200, '[""]', 'an empty text');
is_body('/each?tokens=[]', 200, '[]', 'of no elements');
is_body('/each?tokens=["a"]', 200, '[null]', 'of one that is missing');
is_body('/statement/a', 200, 'null', 'an empty reply');
is_body('/statements/a', 200, '[]', 'another');
is_body('/any/a', 200, 'null', 'one that is kept');

$pg->connect('app', 'app')->sql("INSERT INTO keys VALUES ('a', 'Ada')");

is_body('/row/a', 200, '{"name":"Ada"}', 'a row that is there now');
is_body('/rows/a', 200, '[{"name":"Ada"}]', 'rows that are');
is_body('/nonempty/a', 200, '[{"name":"Ada"}]', 'here too');
is_body('/empty/a', 200, '[null]', 'not where nothing is kept for an hour');
ok($s->wait_for(sub { get($s, '/soon/a')->{body} eq '[{"name":"Ada"}]' }),
   'but where it is for a millisecond');
is_body('/fetch/a', 200, '[{"name":"Ada"}]', 'a list from elsewhere');
is_body('/text/a', 200, '["Ada"]', 'a text');
is_body('/statement/a', 200, '{"name":"Ada"}', 'a reply');
is_body('/statements/a', 200, '[{"name":"Ada"}]', 'another');
is_body('/any/a', 200, 'null', 'a reply is a reply, if nothing else is said');
is_body('/each?tokens=["a"]', 200, '[{"name":"Ada"}]', 'an element');

is_body('/old/a', 200, '[{"name":"Ada"}]', 'a row');

$pg->connect('app', 'app')->sql("DELETE FROM keys");

is_body('/row/a', 200, '{"name":"Ada"}', 'what was found is kept');
is_body('/rows/a', 200, '[{"name":"Ada"}]', 'as a list too');
is_body('/statement/a', 200, '{"name":"Ada"}', 'and as a reply');

ok($s->wait_for(sub { get($s, '/old/a')->{body} eq '[null]' }),
   'a row that is gone');
is_body('/old/a', 200, '[null]', 'is not found among the old ones');

$s->stop;

done_testing();
