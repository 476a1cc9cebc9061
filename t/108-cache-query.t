# The cache with queries: cache= of query and query_row, a POST that drops what
# it changed.

use lib 't/lib';
use EndpointPostgresTest <<'SQL';
    CREATE TABLE users (id int PRIMARY KEY, name text);
    CREATE TABLE asked (what text);

    INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace');

    CREATE FUNCTION asked(what text) RETURNS bigint LANGUAGE sql AS
        'INSERT INTO asked VALUES ($1);
         SELECT count(*) FROM asked WHERE asked.what = $1';
SQL

EndpointTest::add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(http_config => <<'CONF');
        endpoint_cache_zone zone=users:1m entries=100 ttl=1h;

        upstream db {
            server $TEST_NGINX_PG;
            endpoint_postgres "dbname=app user=app" connections=2;
        }
CONF

    $block->set_value(conf => <<'CONF') unless defined $block->conf;
location / {
    endpoint GET /user/$id:int {
        query_row $user db "SELECT name, asked('user') AS n FROM users WHERE id = $id"
            cache=users:$id;
        require $user 404 "User not found";
        reply $user;
    }

    endpoint GET /name/$id {
        query_row $user db "SELECT name, asked('name') AS n FROM users WHERE id = $id::text::int"
            cache=users:$id;
        reply '[$user.name, $user.n]';
    }

    endpoint GET /page/$id:int {
        cache users $id;
        query $users db "SELECT id, name FROM users WHERE id >= $id ORDER BY id";
        query_row $n db "SELECT asked('page') AS n";
        reply '{"users": $users, "n": $n.n}';
    }

    endpoint PUT /user/$id:int {
        field $name;
        query_row $user db "UPDATE users SET name = $name WHERE id = $id RETURNING id";
        purge users $user.id;
        reply $user;
    }
}
CONF
});

run_tests();

__DATA__

=== one row for two endpoints, until it is changed
--- exchanges
> GET /user/1
< 200 {"name":"Ada","n":1}
> GET /user/1
< 200 {"name":"Ada","n":1}
> GET /name/1
< 200 ["Ada", 1]
> GET /user/2
< 200 {"name":"Grace","n":2}
> GET /page/1
< 200 {"users": [{"id":1,"name":"Ada"},{"id":2,"name":"Grace"}], "n": 1}
> GET /page/1
< 200 {"users": [{"id":1,"name":"Ada"},{"id":2,"name":"Grace"}], "n": 1}

# a number of a row is the same key as an input
> PUT /user/1 {"name": "Lovelace"}
> Content-Type: application/json
< 200 {"id":1}
> GET /user/1
< 200 {"name":"Lovelace","n":3}
> GET /page/1
< 200 {"users": [{"id":1,"name":"Lovelace"},{"id":2,"name":"Grace"}], "n": 2}



=== no row is a value too
--- exchanges
> GET /user/7
< 404 {"detail":"User not found"}
> GET /user/7
< 404 {"detail":"User not found"}



=== a parameter that is not in the key
--- conf
location / {
    endpoint GET /user/$id:int {
        arg $name;
        query_row $user db "SELECT id FROM users WHERE id = $id AND name = $name"
            cache=users:$id;
        reply $user;
    }
}
--- dies
5: "$name" is not in the key of "cache=", but what is kept depends on it



=== in a transaction
--- conf
location / {
    endpoint POST /user/$id:int {
        transaction {
            query_row $user db "SELECT id FROM users WHERE id = $id" cache=users:$id;
        }
        reply $user;
    }
}
--- dies
4: "cache=" in a transaction, whose queries see one another
