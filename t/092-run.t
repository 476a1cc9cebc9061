# util/endpoints, the curl lines that "make run" prints, and util/run itself:
# every line is answered, a saved file is loaded, Ctrl-C leaves nothing.

use strict;
use warnings;

use lib 't/lib';

use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use POSIX qw(:sys_wait_h setpgid);
use Test::More;
use Time::HiRes qw(sleep time);

my $root = $ENV{TEST_NGINX_ROOT} // '.';
# the module is built once more, beside other work
my $patience = 300;
my $dir = tempdir('servroot_XXXXXX', DIR => 't', CLEANUP => 1);


sub write_file {
    my ($name, $text) = @_;

    open my $f, '>', "$dir/$name" or die "$name: $!";
    print $f $text;
    close $f or die "$name: $!";
}


sub lines_of {
    my ($conf, $name) = @_;

    write_file('nginx.conf', $conf);

    my $out = `'$root/util/endpoints' '$dir/nginx.conf'`;

    return $out =~ s/^    //mgr;
}


sub server {
    my ($listen, $endpoint, $location) = @_;

    return "http { server { $listen location / { " . ($location // '')
           . " $endpoint } } }";
}


my $get = 'endpoint GET /a { reply 204; }';

for (['8003', '127.0.0.1:8003'], ['*:8003', '127.0.0.1:8003'],
     ['127.0.0.2:8003', '127.0.0.2:8003'], ['[::]:8003', '[::1]:8003'],
     ['localhost', 'localhost:80'])
{
    my ($listen, $address) = @$_;
    my $line = lines_of(server("listen $listen;", $get));

    $line =~ s/'//g;
    is($line, "curl http://$address/a\n", "listen $listen");
}

is(lines_of(server('listen unix:/x;', $get)), '', 'not on TCP');
is(lines_of(server('', $get)), "curl http://127.0.0.1:80/a\n", 'no listen');
is(lines_of(server('listen 1;', $get, 'internal;')), '', 'internal');
like(lines_of(server("listen 1 ssl;\n", $get)), qr|^curl -k https://|, 'TLS');

is(lines_of(server('listen 1;',
                   'endpoint PUT /a/$userId:int/$u:uuid/$rest:path {'
                   . ' arg $limit:int ge=5; arg $q=1; header $x_token;'
                   . ' field $userName; field $age:int; field $e enum=a,b;'
                   . " reply 'a; # } \$\$'; }")),
   "curl -X PUT 'http://127.0.0.1:1/a/1/123e4567-e89b-12d3-a456-426614174000"
   . "/rest?limit=5' -H 'x-token: x_token'"
   . " -H 'Content-Type: application/json'"
   . " -d '{\"userName\": \"userName\", \"age\": 1, \"e\": \"a\"}'\n",
   'inputs, on one line');

write_file('more.conf', "endpoint DELETE /b { reply 204; } # endpoint\n");
is(lines_of(server('listen 1;', 'include more.conf;')),
   "curl -X DELETE http://127.0.0.1:1/b\n", 'an included file');


# five ports: PORT to PORT+2, and the two that lie 1,000 above

sub free_port {
    for (1 .. 100) {
        my $port = 20000 + int rand 30000;
        my @all = map { IO::Socket::INET->new(LocalAddr => "127.0.0.1:$_",
                                              Listen => 1, ReuseAddr => 1) }
                      $port .. $port + 2, $port + 1000, $port + 1001;

        return $port if 5 == grep { defined } @all;
    }

    die "no free ports\n";
}


my ($printed, $pid, $out) = '';


sub start {
    my ($port, @options) = @_;

    pipe $out, my $in or die "pipe: $!";

    $pid = fork // die "fork: $!";

    if ($pid == 0) {
        setpgid(0, 0);
        $ENV{PORT} = $port;
        open STDOUT, '>&', $in or die;
        open STDERR, '>&', $in or die;
        open STDIN, '<', '/dev/null' or die;
        exec "$root/util/run", @options or die "util/run: $!\n";
    }
}


sub printed {
    my ($pattern) = @_;
    my $until = time + $patience;
    my $select = IO::Select->new($out);

    while ($printed !~ $pattern) {
        last if time > $until;
        next if !$select->can_read(1);
        sysread $out, $printed, 65536, length $printed or last;
    }

    return $printed =~ $pattern;
}


# a copy of the project, since what is saved here is a file of it

sub copy_project {
    my $copy = "$dir/project";

    mkdir $copy or die "$copy: $!";
    system 'cp', '-R', (map { "$root/$_" } qw(conf util config src)), $copy;

    # what has been built is not built again
    mkdir "$copy/build";
    system "cp -p '$root'/build/*.so '$copy/build/'";
    symlink "$root/build/perl5", "$copy/build/perl5";

    return $copy;
}


SKIP: {
    skip 'the module is built into nginx', 5
        if !$ENV{TEST_NGINX_LOAD_MODULES};

    my $port = free_port();

    $root = copy_project();
    start($port, '--reload');

    ok(printed(qr/until Ctrl-C:\n(.*?)\n\n/s), 'it serves') or diag $printed;

    my @lines = $printed =~ /^ {4}(curl .*)$/mg;

    # an answer of any kind: the stand-in fails where it is meant to
    my @codes = map { `$_ -s -m $patience -o /dev/null -w '%{http_code}'` }
                    grep { !m{slow-task|multiple} } @lines;

    ok(@lines > 15 && !grep({ !/^(?:[245]\d\d)$/ || $_ eq '404'
                              || $_ eq '405' || $_ eq '422' } @codes),
       'every line is answered') or diag "@codes";

    open my $f, '>>', "$root/conf/standin.conf";
    print $f "# saved\n";
    close $f;

    ok(printed(qr/reloading standin\.conf\n.*reloading nginx\.conf/s),
       'a saved file is loaded') or diag $printed;

    kill INT => $pid;
    waitpid $pid, 0;
    is($?, 0, 'Ctrl-C ends it');

    my $left = 5 - grep({ IO::Socket::INET->new(LocalAddr => "127.0.0.1:$_",
                                                Listen => 1, ReuseAddr => 1) }
                        $port .. $port + 2, $port + 1000, $port + 1001);

    is($left, 0, 'and nothing is left running');
}

done_testing();
