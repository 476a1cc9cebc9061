package CacheTest;

# What the tests of the cache share: a server whose upstream counts its
# answers, and shorthands.
#
# The upstream answers to /path?status=404&size=9&wait=name with the number of
# times that this path was asked for and the headers it was asked with.  With
# wait= it answers once the test has noted "go name".  Between the notes "down"
# and "up" it answers to down=503 with that status, and takes late=name for
# wait=name.

use strict;
use warnings;

use EndpointServer;
use Exporter 'import';
use Test::More;

our @EXPORT = qw(cache_server get get_old is_cached asked go log_of);


sub cache_server {
    my (%opt) = @_;

    my $s = EndpointServer->new(%opt, http => <<"CONF");
    log_format cache '\$request_method \$uri \$status \$endpoint_cache';
    access_log %%DIR%%/logs/cache.log cache;

    endpoint_cache_zone zone=cache:@{[ $opt{size} // '1m' ]} entries=1000
                        ttl=1h @{[ $opt{zone} // '' ]};
    endpoint_cache_zone zone=small:64k entries=10 ttl=1h;
    endpoint_cache_zone zone=large:8m entries=1000 ttl=1h;
    endpoint_cache_zone zone=short:1m entries=1000 ttl=1s stale=1h;
    endpoint_cache_zone zone=old:1m entries=1000 ttl=1ms stale=1h;

    server {
        listen 127.0.0.1:%%PORT%% @{[ $opt{listen} // '' ]};
        @{[ $opt{server} // '' ]}

        location / {
            @{[ $opt{endpoints} // '' ]}
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location = /purge {
            endpoint_cache_purge cache;
        }
    }

    @{[ $opt{more} // '' ]}
CONF

    $s->upstream(sub { upstream($s, @_) });

    return $s;
}


sub upstream {
    my ($s, $socket, $request) = @_;

    my ($path, $args) = $request->{uri} =~ m{^([^?]*)\??(.*)};
    my %arg = map { split /=/, $_, 2 } split /&/, $args;

    $s->note_event("asked $path");

    my $n = $s->count('events', qr/^asked \Q$path\E$/m);

    my $wait = $arg{wait} // (is_down($s) ? $arg{late} : undef);

    $s->wait_for(sub { $s->file('events') =~ /^go $wait$/m }) if $wait;

    my %headers = %{ $request->{headers} };

    delete @headers{qw(host connection)};

    my $seen = join ' ', map { "$_=$headers{$_}" } sort keys %headers;
    my $body = "{\"n\": $n, \"seen\": \"$seen\"}";

    $body = '{"n": ' . $n . ', "x": "' . 'x' x $arg{size} . '"}' if $arg{size};
    $body = 'no' if $arg{bad};

    return EndpointServer::answer($socket, status($s, \%arg), $body);
}


sub status {
    my ($s, $arg) = @_;

    return $arg->{status} // (is_down($s) ? $arg->{down} : undef) // 200;
}


sub is_down {
    my ($s) = @_;

    my ($state) = reverse $s->file('events') =~ /^(down|up)$/mg;

    return ($state // 'up') eq 'down';
}


sub get {
    my ($s, $uri, @headers) = @_;

    return $s->ask("GET $uri", @headers);
}


# the same once a value of the zone "old" has had its time

sub get_old {
    my ($s, $uri, @headers) = @_;

    select undef, undef, undef, 0.01;

    return get($s, $uri, @headers);
}


# the answer, its body, and what $endpoint_cache said of it

sub is_cached {
    my ($s, $uri, $status, $body, $cached, @headers) = @_;

    # a worker logs a request before it reads the next: what was asked before
    # is in the log now

    get($s, '/barrier');

    my $before = () = log_of($s, $uri);
    my $answer = get($s, $uri, @headers);

    $s->wait_for(sub { my @lines = log_of($s, $uri); @lines > $before });

    my $got = ref $body ? [$answer->{body} =~ $body ? $body : $answer->{body}]
                        : [$answer->{body}];

    is_deeply([$answer->{status}, @$got, (log_of($s, $uri))[-1]],
              [$status, $body, $cached],
              "$uri @headers is $cached");

    return $answer;
}


# all $endpoint_cache of a path, in turn

sub log_of {
    my ($s, $uri) = @_;

    my ($path) = $uri =~ /^([^?]*)/;

    return $s->file('logs/cache.log') =~ /^\w+ \Q$path\E \d+ (\S+)$/mg;
}


# how often the upstream was asked for a path

sub asked {
    my ($s, $path) = @_;

    return $s->count('events', qr/^asked \Q$path\E$/m);
}


sub go {
    my ($s, $name) = @_;

    $s->note_event("go $name");
}


1;
