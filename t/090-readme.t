# README.md: nginx takes its configurations, and every directive and statement
# is on it.

use strict;
use warnings;

use Cwd qw(getcwd);
use File::Temp qw(tempdir);
use Test::More;


my $root = $ENV{TEST_NGINX_ROOT} // getcwd();
my $binary = $ENV{TEST_NGINX_BINARY} // 'nginx';
my @modules = split ' ', $ENV{TEST_NGINX_LOAD_MODULES} // '';
my $readme = read_file("$root/README.md");
my $dir = tempdir(CLEANUP => 1);


sub read_file {
    my ($name) = @_;

    open my $f, '<:encoding(UTF-8)', $name or die "$name: $!";
    local $/;

    return <$f>;
}


# [line, text] of each ```nginx block

sub blocks {
    my @blocks;

    while ($readme =~ /^```nginx\n(.*?)^```$/msg) {
        push @blocks, [1 + (substr($readme, 0, $-[1]) =~ tr/\n//), $1];
    }

    return @blocks;
}


# A part of a configuration stands where it belongs, with what it names around
# it; the parts of the README show what they are by their first word.

sub complete {
    my ($text) = @_;

    return $text if $text =~ /^http \{/m;

    my ($word) = $text =~ /^\s*(?:#.*\n\s*)*(\w+)/;
    my ($http, $server, $location) = ('', '', '');

    if ($word =~ /^(?:upstream|server|endpoint_(?:(?:cache|task)_zone|task_queue))$/) {
        ($http, $server) = split /^(?=location)/m, $text;
        $server //= '';

    } elsif ($word eq 'location') {
        $server = $text;

    } else {
        $location = "location / {\n$text\n}";
    }

    my $db = $http =~ /upstream db\b/ ? '' : <<'CONF';
        upstream db {
            server 127.0.0.1:5432;
            endpoint_postgres "dbname=app user=app";
        }
CONF

    my $zone = $http =~ /zone=users\b/ || $readme !~ /^### endpoint_cache_zone/m
               ? '' : 'endpoint_cache_zone zone=users:1m entries=100 ttl=1h;';

    return <<"CONF";
events { }

http {
    upstream api { server 127.0.0.1:9000; }
    $db
    $zone
    $http

    server {
        listen 127.0.0.1:8080;

        location /api/  { internal; proxy_pass http://api/; }
        location /mail/ { internal; proxy_pass http://api/mail/; }

        $server
        $location
    }
}
CONF
}


sub check {
    my ($line, $text) = @_;

    $text = complete($text);
    $text =~ s/^load_module .*\n//mg;

    # no name server is asked
    $text =~ s/^(\s*server )[a-z][\w.]+\.com:/${1}127.0.0.1:/mg;
    $text =~ s/^http \{\n/$& . own_files()/me;
    $text = join('', map { "load_module $_;\n" } @modules)
            . "pid $dir/nginx.pid;\n" . $text;

    open my $f, '>:encoding(UTF-8)', "$dir/nginx.conf" or die "nginx.conf: $!";
    print $f $text;
    close $f;

    my $said = `$binary -t -p $dir -c nginx.conf -e $dir/error.log 2>&1`;

    is($?, 0, "line $line: nginx takes the configuration") or diag($said);
    unlike($said, qr/\[warn\].*endpoint/, "line $line: without a warning");
}


# whoever runs the test need not be able to write where nginx's are

sub own_files {
    return join '', "access_log off;\n",
                    map { "${_}_temp_path $dir/$_;\n" }
                    qw(client_body proxy fastcgi uwsgi scgi);
}


# the names in the module's table, each of which has a heading and a syntax

sub documented {
    my $source = read_file("$root/src/ngx_http_endpoint_module.c");
    my ($table) = $source =~
        /^static ngx_command_t .*?\{\n(.*?)ngx_null_command/ms;

    my @names = $table =~ /\{ ngx_string\("(\w+)"\)/g;

    cmp_ok(scalar @names, '>', 20, 'the table of commands was found');

    for my $name (@names) {
        ok($readme =~ /^#{3,4} \Q$name\E$/m, "$name has a heading");
        ok($readme =~ /^    (?:Syntax:|       )   \Q$name\E\b/m,
           "$name has a syntax");
    }
}


sub long_lines {
    my @lines = split /\n/, $readme;

    return grep { length $lines[$_ - 1] > 100 } 1 .. @lines;
}


symlink $_, "$dir/" . s{.*/}{}r for glob "$root/conf/*.conf";
unlink "$dir/nginx.conf";

check(@$_) for blocks();
documented();

is(join(', ', long_lines()), '', 'no line is longer than 100 columns');

done_testing();
