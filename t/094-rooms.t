# util/rooms: the sources use what is below them, and what does not is told with
# its file, its line and both rooms.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

my $root = $ENV{TEST_NGINX_ROOT} // '.';


# what is said of a copy of the sources, into which a text was planted

sub told {
    my ($file, $text) = @_;
    my $dir = tempdir(CLEANUP => 1);

    system('cp', '-R', "$root/config", "$root/src", $dir) == 0 or die;

    if (defined $file) {
        open my $f, '>>', "$dir/src/$file" or die "$file: $!";
        print $f $text;
        close $f;
    }

    my $said = `'$root/util/rooms' '$dir' 2>&1`;

    return ($? >> 8, $said);
}


my $p = 'ngx_http_endpoint';
my ($code, $said) = told();

is("$code$said", '0', 'the sources use what is below them');

($code, $said) = told("data/${p}_utf8.c", qq(#include "${p}_run.h"\n));
is($code, 1, 'an include of a room above');
like($said, qr{^src/data/${p}_utf8\.c:\d+: ${p}_run\.h of run is above data$}m,
     'is told');

($code, $said) = told("run/${p}_run.c",
                      "void\nplanted(void)\n{\n    ${p}_key_render();\n}\n");
is($code, 1, 'a call of a room above');
like($said, qr{^src/run/${p}_run\.c:\d+: ${p}_key_render of cache is above run$}m,
     'is told');

($code, $said) = told("data/${p}_utf8.c", "/* ${p}_key_render() */\n");
is("$code$said", '0', 'a comment calls nothing');

($code, $said) = told("data/${p}_utf8.c",
                      "void\nplanted(void)\n{\n" . ("    ;\n" x 81) . "}\n");
like("$code $said", qr/^1 .*planted\(\) has 81 lines, more than 80$/m,
     'a long function');

($code, $said) = told("data/${p}_utf8.c", "\n" x 800);
like("$code $said", qr/^1 .*the file has \d+ lines, more than 800$/m,
     'a long file');

my $dir = tempdir(CLEANUP => 1);
system('cp', '-R', "$root/config", "$root/src", $dir);
mkdir "$dir/src/attic";
like(`'$root/util/rooms' '$dir' 2>&1`, qr/src\/attic is no room/,
     'a folder that is no room');

done_testing();
