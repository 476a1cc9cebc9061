# What util/soak runs: the load, its measurements and the verdict.

use strict;
use warnings;

use EndpointServer;
use IO::Select;
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep time);


my $seconds = shift;
my $clients = 64;
my $reload_every = 2;

my $s = EndpointServer->new(workers => 2, log_level => 'notice',
                            main => 'worker_shutdown_timeout 10s;',
                            http => <<'CONF');

    access_log off;
    proxy_cache_path %%DIR%%/temp/cache keys_zone=cache:1m max_size=10m;
    upstream up {
        server 127.0.0.1:%%UP%%;
        keepalive 16;

        # its connections are no client's that is stuck
        keepalive_timeout 1s;
    }

    # the upstream is an nginx too, for its speed; what it does is drawn

    split_clients $request_id $fate {
        4%  status;
        4%  silent;
        3%  large;
        3%  html;
        3%  gone;
        3%  encoded;
        *   good;
    }

    # the headers that one cache keeps are of one length: nginx logs a [crit]
    # where a worker reads the file that another one replaces by a longer one

    split_clients $request_id $kept {
        4%  status;
        4%  silent;
        3%  gone;
        *   good;
    }

    server {
        listen 127.0.0.1:%%UP%%;
        keepalive_requests 1000;
        client_body_buffer_size 1m;
        access_log off;

        location /      { rewrite ^ /$fate last; }
        location /kept/ { rewrite ^ /$kept last; }

        location = /status  { internal; return 503 '{"detail": "busy"}'; }
        location = /silent {
            internal;
            proxy_pass http://127.0.0.1:%%PORT%%/hang;
        }
        location = /large {
            internal;
            root %%DIR%%/html;
            default_type application/json;
        }
        location = /html    { internal; return 200 '<html>'; }
        location = /gone    { internal; return 444; }
        location = /encoded {
            internal;
            add_header Content-Encoding gzip;
            return 200 x;
        }
        location = /good {
            internal;
            return 200 '{"id": 7, "list": [{"x": 1}, {"x": "a\u0041"}],
                         "$request_id": null}';
        }
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        root %%DIR%%/html;
        error_log %%DIR%%/logs/error.log crit;
        endpoint_fetch_buffer 100k;

        location / {
            endpoint GET /hang   { sleep 300ms; reply '{"late": true}'; }
            endpoint GET /one/$n { fetch $a /up/$n; reply $a; }
            endpoint GET /gather/$n {
                fetch $a /up/$n;
                fetch $b /up/$n 'default={"none": 1}';
                fetch $c /one/$n;
                sleep 2ms;
                reply '{"a": $a.id, "b": $b, "c": $c, "x": $a.list[*].x}';
            }
            endpoint GET /chain/$n {
                fetch $a '/up/$n' retries=2 timeout=1s try_timeout=200ms;
                fetch $b '/up/x?id=$a.id' pass=5xx;
                require $b.id 409 "no id";
                reply '[$a, $b]';
            }
            endpoint GET /each/$n {
                fetch $list /list;
                fetch $all '/up/$n?i=$item' each=$list limit=4 'default=null';
                reply $all;
            }
            endpoint GET /list  { reply '[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]'; }
            endpoint GET /late/$n {
                timeout 30ms;
                fetch $a /hang;
                fetch $b /up/$n;
                reply '[$a, $b]';
            }
            endpoint GET /cached/$n { fetch $a /kept/$n; reply $a; }
            endpoint POST /post/$n {
                body $b:json;
                fetch $a POST /up/$n $b;
                fetch $c PUT /up/$n '{"b": $b, "n": $n}';
                reply '[$a, $c]';
            }
        }

        location /up/ {
            internal;
            proxy_pass http://up/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location /kept/ {
            internal;
            proxy_pass http://up/kept/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
            proxy_cache cache;
            proxy_cache_valid 200 1s;
            proxy_cache_lock on;
        }

        location = /stub_status { stub_status; }
    }
CONF

$s->write_file('html/large', '["' . 'x' x 150_000 . '"]');
$s->start;


my @uris = qw(/one /gather /gather /chain /each /late /cached /post);
my %figure = (requests => 0, left => 0, reloads => 0, answers => {});
my %waiting;
my $select = IO::Select->new;


sub slurp {
    open my $f, '<', $_[0] or return '';
    local $/;

    return <$f> // '';
}


sub rss { slurp("/proc/$_[0]/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : 0 }


# resident memory of the workers, in kB, and their number

sub memory {
    my ($sum, $workers) = (0, 0);

    for my $pid (split ' ', slurp("/proc/$s->{pid}/task/$s->{pid}/children")) {
        next if slurp("/proc/$pid/cmdline") !~ /worker process/;

        $workers++;
        $sum += rss($pid);
    }

    return ($sum, $workers);
}


sub launch {
    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$s->{port}")
        or return;
    my $uri = $uris[rand @uris];
    my $n = int rand 100;

    if ($uri eq '/post') {
        my $body = '{"x": [' . join(',', 1 .. rand 5000) . ']}';

        $s->request($socket, "POST $uri/$n", 'Connection: close',
                    'Content-Type: application/json', \$body);
    } else {
        $s->request($socket, "GET $uri/$n", 'Connection: close');
    }

    # some leave at once, some soon, most stay

    $waiting{$socket} = {
        socket => $socket,
        buffer => '',
        since  => time,
        leave  => rand() < 0.15 ? time + rand 0.05 : undef,
    };

    $select->add($socket);
    $figure{requests}++;
}


sub leave {
    my ($socket, $how) = @_;

    setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0
        if $how && rand() < 0.5;

    $select->remove($socket);
    delete $waiting{$socket};
    close $socket;
}


sub turn {
    for my $socket ($select->can_read(0.005)) {
        my $client = $waiting{$socket};

        next if sysread $socket, $client->{buffer}, 65536,
                        length $client->{buffer};

        my ($status) = $client->{buffer} =~ /^HTTP\/1.1 (\d+)/;

        $figure{answers}{ $status // 'none' }++;
        leave($socket);
    }

    my $now = time;

    for my $client (values %waiting) {
        if ($client->{leave} && $client->{leave} < $now) {
            $figure{left}++;
            leave($client->{socket}, 1);

        } elsif ($client->{since} < $now - 20) {
            $figure{stuck}++;
            leave($client->{socket}, 1);
        }
    }
}


sub drive {
    my ($time, $reloads) = @_;

    my $until = time + $time;
    my $reload = time + ($reloads ? $reload_every : $time);

    while (time < $until) {
        launch() while keys %waiting < $clients;
        turn();

        if (time > $reload) {
            $s->reload;
            $figure{reloads}++;
            $reload = time + $reload_every;
        }
    }
}


sub rest {
    turn() while keys %waiting;

    # what old workers still hold is no part of the figure

    my $end = time + 15;

    sleep 0.1 while (memory())[1] > 2 && time < $end;
}


# reloads first; then workers that live on, and the first seconds of these
# fill caches and pools: what comes later must not add

my @rss;
my @master = (rss($s->{pid}));

drive($seconds * 0.4, 1);
rest();
push @master, rss($s->{pid});

for (1 .. 3) {
    drive($seconds * 0.2);
    rest();
    push @rss, (memory())[0];
}

my $active = $s->wait_for(sub { $s->active == 0 }) ? 0 : $s->active;
my $log = $s->file('logs/error.log') . $s->file('logs/stderr');
my $bad = qr/\[(?:alert|crit|emerg)\]|exited on signal|Sanitizer|runtime error/;
my @bad = grep { /$bad/ } split /\n/, $log;
my $workers = (memory())[1];

printf "requests            %d in %d s\n", $figure{requests}, $seconds;
printf "answers             %s\n", join ', ',
       map { "$_: $figure{answers}{$_}" } sort keys %{ $figure{answers} };
printf "clients that left   %d\n", $figure{left};
printf "reloads             %d\n", $figure{reloads};
printf "RSS, workers        %d kB, %d kB, %d kB\n", @rss;
printf "RSS, master         %d kB, %d kB\n", @master;
printf "[alert] and [crit]  %d\n", scalar @bad;
printf "stuck clients       %d\n", $figure{stuck} // 0;
printf "stuck connections   %d\n", $active;
printf "workers             %d\n", $workers;

print "$_\n" for @bad[0 .. ($#bad < 9 ? $#bad : 9)];

# malloc gives memory back in steps of some MB

my $grown = $rss[2] > $rss[0] * 1.1 + 8192
            || $master[1] > $master[0] * 1.5 + 4096;

print "memory has grown\n" if $grown;

exit(@bad || $figure{stuck} || $active || $workers != 2 || $grown ? 1 : 0);
