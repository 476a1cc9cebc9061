# A refresh in the background in which the n-th allocation fails, for every n:
# the client has the old value or an error, and the next request has the value
# refreshed.  And many refreshes, of which nothing is left.

use strict;
use warnings;

use lib 't/lib';

use EndpointAlloc qw(control);
use EndpointServer;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF',

    endpoint_cache_zone zone=old:1m entries=100 ttl=1ms stale=1h;

    server {
        listen 127.0.0.1:%%PORT%%;
        endpoint_timeout 5s;

        location / {
            endpoint GET /reply/$id {
                header $accept_language;
                cache old $id $accept_language $args unkeyed=$request_id;
                fetch $x /up/reply/$id;
                set_header X-Made "$request_id";
                reply '{"n": $x.n, "args": $args}';
            }

            endpoint GET /step/$id {
                fetch $x /up/step/$id cache=old:$id:$scheme;
                reply '{"n": $x.n}';
            }
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            proxy_set_header X-Scheme $scheme;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location = /stub_status { stub_status; }
    }
CONF
    allow => qr{\[emerg\].*(?:malloc|memalign)\(});

$s->upstream(sub {
    my ($socket, $request) = @_;

    $s->note_event("asked $request->{uri}");

    my $n = $s->count('events', qr/^asked \Q$request->{uri}\E$/m);

    return EndpointServer::answer($socket, 200, "{\"n\": $n}");
});

EndpointAlloc::start($s);


sub ask {
    return $s->ask("GET $_[0]", 'Accept-Language: de', 'traceparent: 00-1-2-3');
}


sub value {
    my $answer = ask($_[0]) or return 0;

    return $answer->{body} =~ /"n": (\d+)/ ? $1 : 0;
}


sub asked { $s->count('events', qr/^asked $_[0]$/m) }


# what became of the request, whether something failed, whether the value has
# been refreshed since

sub refresh_at {
    my ($uri, $n, $row) = @_;

    my $before = value($uri);
    my $asked = asked($uri);

    select undef, undef, undef, 0.005;
    control($n, 0, 0, $row);

    my $answer = ask($uri);

    $s->wait_for(sub { (control())[2] || asked($uri) > $asked });

    # the rest of a refresh that was answered

    select undef, undef, undef, 0.02;

    my (undef, undef, $failed) = control();

    control(0, 0, 0, 0);

    return ($answer ? $answer->{status} : 'none', $failed,
            $s->wait_for(sub { value($uri) > $before }));
}


# a sanitizer has an allocator of its own, which never fails

my $fails = (refresh_at('/reply/0', 1, 1))[1];

for my $uri ('/reply/1', '/step/1') {
    $s->wait_for(sub { value($uri) });

    for my $row (1, 1 << 30) {
        my (%seen, $n, $lost);

        for ($n = 1; $n < 500; $n++) {
            my ($status, $failed, $new) = refresh_at($uri, $n, $row);

            $seen{$status}++;
            $lost = !$new;
            last if !$failed || $lost;
        }

        my $name = "$uri: " . ($row == 1 ? 'one fails' : 'all behind it fail');
        my @odd = grep { !/^(?:200|500|none)$/ } keys %seen;

        is("@odd", '', "$name: $n times") or diag(explain(\%seen));
        ok(!$lost, "$name: the next request has it refreshed");
        cmp_ok($n, '>', 5, "$name: some of it was the refresh") if $fails;
    }
}


# memory

sub rss {
    open my $f, '<', "/proc/$s->{pid}/statm" or return 0;
    return (split ' ', <$f>)[1] * 4;
}

value('/reply/1') for 1 .. 300;

my ($before, $asked) = (rss(), asked('/reply/1'));

value('/reply/1') for 1 .. 4000;

my $refreshed = asked('/reply/1') - $asked;

cmp_ok(rss() - $before, '<', 400, "no memory is left of $refreshed refreshes")
    if $fails;
$s->is_idle;
$s->stop;

done_testing();
