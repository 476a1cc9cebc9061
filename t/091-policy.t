# The README's page "When a call fails": its example is conf/policy.conf, and
# its curl lines print what stands below them.

use strict;
use warnings;

use lib 't/lib';

use Cwd qw(getcwd);
use EndpointServer;
use Test::More;


sub read_file {
    my ($name) = @_;

    open my $f, '<', getcwd() . "/$name" or die "$name: $!";
    local $/;

    return <$f>;
}


my ($page) = read_file('README.md') =~ /^### An example against .*?\n(.*?)^##/ms;
my ($example) = $page =~ /^```nginx\n(.*?)^```/ms;
my ($standin) = read_file('conf/standin.conf') =~ /^http \{\n(.*)^\}/ms;

is(read_file('conf/policy.conf') =~ s/^(?:#.*\n)+\n//r, $example,
   'the example is conf/policy.conf');

$standin =~ s/^ *(?:access_log|\w+_temp_path) .*\n//mg;
$standin =~ s/127\.0\.0\.1:9000/127.0.0.1:%%UP%%/;

my $s = EndpointServer->new(http => <<"CONF");

    upstream api { server 127.0.0.1:%%UP%%; }

    $standin

    server {
        listen 127.0.0.1:%%PORT%%;

        location /api/ {
            internal;
            proxy_pass http://api/;
            include %%ROOT%%/conf/endpoint_fetch.conf;
        }

        location = /stub_status { stub_status; }

        include %%DIR%%/policy.conf;
    }
CONF

$s->write_file('policy.conf', read_file('conf/policy.conf')
               =~ s{include (?=endpoint_)}{'include ' . getcwd() . '/conf/'}er);
$s->start;

my @lines = $page =~ m{^ *\$ curl (.*?)http://[^/]+(/\S+)\n *(.*)\n}mg;

cmp_ok(scalar @lines / 3, '==', () = $page =~ /^ *\$ curl/mg,
       'every curl line was read');

while (my ($options, $uri, $printed) = splice @lines, 0, 3) {
    my $response = $s->ask("GET $uri");

    is($response->{body} . ($options =~ /http_code/ ? " $response->{status}"
                                                    : ''),
       $printed, "GET $uri");
}

$s->is_idle;
$s->stop;

done_testing();
