package EndpointModule;

# A module of a test's own, compiled against the nginx that is tested:
#
#     main => 'load_module ' . EndpointModule::compile('t/lib/x.c') . ';'

use strict;
use warnings;

use Cwd qw(getcwd);
use File::Basename qw(basename dirname);


# the source tree and the directory of objects of TEST_NGINX_BINARY

sub trees {
    my $binary = $ENV{TEST_NGINX_BINARY} // '';

    if (my $module = $ENV{TEST_NGINX_LOAD_MODULES}) {
        my $headers = $ENV{NGX_HEADERS} || '/usr/share/nginx/src';
        my $objects = dirname($module);

        $objects .= '/nginx' unless -f "$objects/ngx_auto_config.h";

        return ("$headers/src", $objects);
    }

    # under the sanitizers it is a script that sets their options

    if (open my $f, '<', $binary) {
        my $line = <$f>;

        $binary = $1 if $line =~ /^#!/ && <$f> =~ /exec (\S+)/;
    }

    return (dirname($binary) . '/tree/src', dirname($binary));
}


sub compile {
    my ($file, $dir) = @_;

    my ($source, $objects) = trees();
    my $module = "$dir/" . basename($file, '.c') . '.so';
    my $libpq = `pg_config --includedir`;

    chomp $libpq;

    system('cc', '-shared', '-fPIC', '-g', '-O1', '-W', '-Wall',
           '-Wno-unused-parameter',
           map({ ('-I', "$source/$_") } qw(core event event/modules event/quic
                 os/unix http http/modules http/v2 http/v3)),
           '-I', $objects, map({ ('-I', $_) } $libpq, 'src', glob('src/*/')),
           '-o', $module, $file) == 0
        or die "$module\n";

    return $module;
}


1;
