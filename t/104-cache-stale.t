# An old value: served while the new one is made, and instead of an error.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use Test::More;


my $s = cache_server(endpoints => <<'CONF');

    endpoint GET /fresh/$id {
        cache short $id ttl=1h;
        fetch $x /up/fresh/$id;
        reply '$x.n';
    }

    endpoint GET /slow/$id {
        cache short $id;
        fetch $x /up/slow/$id?late=$id;
        reply '$x.n';
    }

    endpoint GET /down/$id {
        cache short $id;
        set_header X-Above 1;
        fetch $x /up/down/$id?down=503;
        set_header X-Count $x.n;
        reply '$x.n';
    }

    endpoint GET /asks/$id {
        cache short $id client_refresh;
        fetch $x /up/asks/$id?down=503;
        reply '$x.n';
    }

    endpoint GET /gone/$id {
        cache short $id;
        fetch $x /up/gone/$id?down=404 pass=404;
        reply '$x.n';
    }

    endpoint GET /late/$id {
        timeout 300ms;
        cache short $id;
        fetch $x /up/late/$id?late=never;
        reply '$x.n';
    }

    endpoint GET /none/$id {
        cache cache $id ttl=1s;
        fetch $x /up/none/$id?down=503;
        reply '$x.n';
    }
CONF

$s->start;


is_cached($s, '/fresh/1', 200, '1', 'MISS');
is_cached($s, '/fresh/1', 200, '1', 'HIT');


# asks until the value is older than its ttl, which the upstream sees

sub until_asked {
    my ($uri, $n) = @_;

    return $s->wait_for(sub {
        my $answer = get($s, $uri);
        return asked($s, $uri) >= $n && $answer;
    });
}


# one run asks the upstream, and nobody waits

is_cached($s, '/slow/a', 200, '1', 'MISS');
$s->note_event('down');
is(until_asked('/slow/a', 2)->{body}, '1', 'an old value');
is_cached($s, '/slow/a', 200, '1', 'UPDATING') for 1 .. 3;
go($s, 'a');
ok($s->wait_for(sub { get($s, '/slow/a')->{body} ne '1' }),
   'until there is a new one');
$s->note_event('up');

# the new value may be old again by now, but never the first one

my $new = get($s, '/slow/a')->{body};

cmp_ok($new, '>=', 2, 'then the new value is served');


# instead of an error

is_cached($s, '/down/1', 200, '1', 'MISS');
is_cached($s, '/asks/1', 200, '1', 'MISS');
$s->note_event('down');

my $old = until_asked('/down/1', 2);

is("$old->{status} $old->{body}", '200 1', 'the old one for an error');
like($old->{head}, qr/^X-Count: 1\r$/m, 'with its headers');
is(scalar(() = $old->{head} =~ /^X-Above/mg), 1, 'once');
is_cached($s, '/down/1', 200, '1', 'UPDATING');
is_cached($s, '/asks/1', 200, '1', 'STALE', 'Cache-Control: no-cache');
$s->note_event('up');
ok($s->wait_for(sub { get($s, '/down/1')->{body} ne '1' }),
   'and the new one when there is one');

# an answer is no error, and what it says is true from now on

is_cached($s, '/gone/1', 200, '1', 'MISS');
$s->note_event('down');
ok($s->wait_for(sub { get($s, '/gone/1')->{status} == 404 }),
   'a 404 is not an error');
is_cached($s, '/gone/1', 404, qr/"n": \d/, 'MISS');
$s->note_event('up');

# nor is there an old one without stale=

is_cached($s, '/none/1', 200, '1', 'MISS');
$s->note_event('down');
is(until_asked('/none/1', 2)->{status}, 502, 'without stale= the error');
$s->note_event('up');

# a deadline is an error too

ok($s->wait_for(sub { get($s, '/late/1')->{status} == 200 }),
   'an answer within the deadline');

my $n = asked($s, '/late/1');

$s->note_event('down');
is(until_asked('/late/1', $n + 1)->{body}, $n, 'the old one at the deadline');

$s->stop;

done_testing();
