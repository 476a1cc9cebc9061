# A refresh in the background and what comes over it: reloads, workers that are
# killed, HTTP/2, TLS, acts below a cache, runs that have no client either.

use strict;
use warnings;

use lib 't/lib';

use CacheTest;
use EndpointHttp2;
use EndpointPort;
use Test::More;


my ($h2, $tls) = (EndpointPort::free(), EndpointPort::free());

my $endpoints = <<'CONF';
    endpoint GET /made/$id {
        cache old $id;
        log notice "made $id";
        fetch $x /up/made/$id?late=$id;
        reply '$x.n';
    }

    endpoint GET /task/$id {
        cache old $id;
        fetch $x /up/task/$id;
        background {
            fetch POST /up/mail/$id '$x.n';
        }
        reply '$x.n';
    }

    endpoint GET /step/$id {
        fetch $x /up/step/$id cache=old:step:$id;
        background { log notice "beside $id"; }
        reply '$x.n';
    }

CONF

my $s = cache_server(workers => 2, killed => 1, endpoints => $endpoints,
                     allow => qr/was[ ]locked[ ]by/x, more => <<"MORE");

    endpoint_task_zone zone=tasks:1m;

    server {
        listen 127.0.0.1:$h2 http2;
        listen 127.0.0.1:$tls ssl;
        ssl_certificate %%DIR%%/cert.pem;
        ssl_certificate_key %%DIR%%/key.pem;

        schedule 100ms {
            fetch \$x /up/scheduled/x?late=scheduled cache=old:scheduled;
            log notice "scheduled \$x.n";
        }

        location / {
            $endpoints

            endpoint GET /secure/\$id {
                cache old \$id \$scheme;
                fetch \$x /secure-up/\$id;
                set_header X-Made \$x.n;
                reply '\$x.seen';
            }
        }

        location /secure-up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            proxy_set_header X-Scheme "\$scheme \$https \$ssl_protocol";
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /up/ {
            internal;
            proxy_pass http://127.0.0.1:%%UP%%/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }
    }
MORE

system("cd $s->{dir} && openssl req -x509 -newkey ec -pkeyopt"
       . " ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
       . " -keyout key.pem -out cert.pem 2>/dev/null") == 0
    or die 'openssl';

$s->start;


# a run without a client need not wait either

my $scheduled = sub { $s->count('logs/error.log', qr/: scheduled \d/) };

$s->wait_for(sub { $scheduled->() > 2 });

my $before = asked($s, '/scheduled/x');

$s->note_event('down');
$s->wait_for(sub { asked($s, '/scheduled/x') > $before });
$before = $scheduled->();
ok($s->wait_for(sub { $scheduled->() > $before + 2 }),
   'a schedule goes on with the old value of its step');
go($s, 'scheduled');
ok($s->wait_for(sub { $s->file('logs/error.log')
                      =~ /: scheduled [3-9]\d* while running schedule/ }),
   'until there is a new one');
$s->note_event('up');


# a value that has had its time, and a refresh of it that waits

sub begin {
    my ($id) = @_;

    my $uri = "/made/$id";

    is(get($s, $uri)->{body}, '1', "$id: a first value");
    $s->note_event('down');
    is(get_old($s, $uri)->{body}, '1', "$id: an old one");
    $s->wait_for(sub { asked($s, $uri) == 2 });
}

sub ends {
    my ($id, $name) = @_;

    go($s, $id);
    $s->note_event('up');
    ok($s->wait_for(sub { get($s, "/made/$id")->{body} ne '1' }), $name);
}


# a reload: the worker that leaves ends what it refreshes

begin('reload');

my $workers = $s->count('logs/error.log', qr/start worker process \d/);

$s->reload;
$s->wait_for(sub { $s->count('logs/error.log', qr/start worker process \d/)
                   == $workers + 2 });
$s->wait_line('logs/error.log', qr/gracefully shutting down/, 'a reload');
is(get_old($s, '/made/reload')->{body}, '1', 'the old value is there');
is(asked($s, '/made/reload'), 2, 'no other worker asks for a new one');
ends('reload', 'the refresh of the worker that leaves is kept');


# a worker that is killed: another request has it refreshed

begin('killed');

my ($pid) = reverse $s->file('logs/error.log')
            =~ /(\d+)#\d+: made killed while running the refresh of/g;

kill 'KILL', $pid;
$s->wait_line('logs/error.log', qr/process $pid exited on signal 9/,
              'a worker is killed');
ok($s->wait_for(sub {
    get_old($s, '/made/killed')->{body} eq '1'
    && asked($s, '/made/killed') == 3;
}), 'the next request gets the old value and starts another refresh');
ends('killed', 'which is kept');


# HTTP/2: streams that are reset, a connection that is closed

begin('h2');
ends('h2', 'a value');
$s->note_event('down');

my $made = asked($s, '/made/h2');
my $h = EndpointHttp2->new($h2);
my @ids = map { $h->request('GET', '/made/h2') } 1 .. 20;

$h->reset($_) for @ids[0 .. 9];

my $answer = $h->response($ids[10]);

is($answer->{status}, 200, 'a stream');
$h->close;
$s->wait_for(sub { asked($s, '/made/h2') > $made });
ok($s->wait_for(sub { get_old($s, '/made/h2')->{body} > $answer->{body} }),
   'whose connection is closed has its value refreshed');
$s->note_event('up');


# TLS: the fetched location sees what the client came by

my ($first, $second) = map { '' } 1 .. 2;

sub secure {
    my $text = `curl -sik https://127.0.0.1:$tls/secure/1`;

    my ($n) = $text =~ /^X-Made: (\d+)\r$/m;

    return ($n, $text =~ /\r\n\r\n(.*)/s);
}

(my $n, $first) = secure();
like($first, qr/x-scheme=https on TLSv1/, 'a location behind TLS');
$s->wait_for(sub { ($n, $second) = secure(); $n > 1 });
is($second, $first, 'is told the same for the refresh');


# an act below a cache is done once for each value

get($s, '/task/t');
ok($s->wait_for(sub { asked($s, '/mail/t') == 1 }), 'a task for a value');
get_old($s, '/task/t');
ok($s->wait_for(sub { asked($s, '/mail/t') == 2 }), 'and for its refresh');
is(asked($s, '/task/t'), 2, 'which was one');

# but a refresh of a step is that step alone

get($s, '/step/s');
get_old($s, '/step/s');
ok($s->wait_for(sub { asked($s, '/step/s') == 2 }), 'a step is refreshed');
$s->wait_for(sub { get($s, '/step/s')->{body} > 1 });
get($s, '/barrier');

my $runs = () = log_of($s, '/step/s');
my $tasks = sub { $s->count('logs/error.log', qr/beside s while/) };

$s->wait_for(sub { $tasks->() >= $runs });
is($tasks->(), $runs, 'without the task of its endpoint');


$s->stop;

done_testing();
