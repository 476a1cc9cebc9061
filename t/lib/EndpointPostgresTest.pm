package EndpointPostgresTest;

# EndpointTest beside a Postgres server; every block has the upstream "db".
#
#     use EndpointPostgresTest <<'SQL';
#     CREATE TABLE ...
#     SQL

use strict;
use warnings;

use EndpointPostgres;
use EndpointTest 'no_plan';

our $pg;


sub import {
    my ($class, $sql) = @_;

    $pg = EndpointPostgres->new(sql => $sql);
    $ENV{TEST_NGINX_PG} = $pg->address;
    $ENV{TEST_NGINX_PG_SOCKET} = $pg->socket;

    EndpointTest::add_block_preprocessor(sub {
        my $block = shift;

        $block->set_value(http_config => <<'CONF')
            upstream db {
                server $TEST_NGINX_PG;
                endpoint_postgres "dbname=app user=app" connections=2;
            }
CONF
            unless defined $block->http_config;
    });

    no strict 'refs';
    *{ caller() . '::run_tests' } = \&EndpointTest::run_tests;
}


1;
