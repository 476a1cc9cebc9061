# One value does not push all others out of a zone.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use Test::More;


my $s = cache_server(more => <<'MORE', endpoints => <<'CONF');

    endpoint_cache_zone zone=half:1m entries=1000 ttl=1h max_size=512k;
MORE

    endpoint_fetch_buffer 8m;

    endpoint GET /large/$id/$size {
        cache cache $id $size;
        fetch $x /up/large/$id?size=$size;
        reply '$x.n';
    }

    endpoint GET /body/$id/$size {
        cache cache $id $size;
        fetch $x /up/body/$id?size=$size;
        reply '$x';
    }

    endpoint GET /half/$id/$size {
        cache half $id $size;
        fetch $x /up/half/$id?size=$size;
        reply '$x';
    }

    endpoint GET /step/$id/$size {
        fetch $x /up/step/$id?size=$size cache=cache:$id:$size;
        reply '$x.n';
    }
CONF

$s->start;


is_cached($s, "/large/$_/9", 200, 1, 'MISS') for 1 .. 50;

is_cached($s, '/body/a/900000', 200, qr/"n": 1/, 'BYPASS');
is_cached($s, '/body/a/900000', 200, qr/"n": 2/, 'BYPASS');
is_cached($s, '/body/b/100000', 200, qr/"n": 1/, 'MISS');
is_cached($s, '/body/b/100000', 200, qr/"n": 1/, 'HIT');
is(get($s, '/step/c/900000')->{body}, $_, 'a step') for 1, 2;

is_cached($s, '/half/a/600000', 200, qr/"n": 1/, 'BYPASS');
is_cached($s, '/half/b/500000', 200, qr/"n": 1/, 'MISS');
is_cached($s, '/half/b/500000', 200, qr/"n": 1/, 'HIT');

is_cached($s, "/large/$_/9", 200, 1, 'HIT') for 1 .. 50;

$s->stop;

done_testing();
