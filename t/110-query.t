# What a query's result is: the server's types as JSON, without guessing.

use lib 't/lib';
use EndpointPostgresTest <<'SQL';
    CREATE TABLE users (id serial PRIMARY KEY, name text, email text);
    INSERT INTO users (name, email) VALUES
        ('Ada', 'ada@example.com'), ('Grace', NULL), ('Edsger', '');

    CREATE TABLE notes (id serial, text text);
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE DOMAIN small AS int CHECK (VALUE < 10);

    CREATE FUNCTION note(t text) RETURNS int LANGUAGE sql AS
        'INSERT INTO notes (text) VALUES (t) RETURNING id';
SQL

run_tests();

__DATA__

=== integers
--- conf
location / {
    endpoint GET /r {
        query_row $r db "SELECT 32767::int2 AS a, (-32768)::int2 AS b,
                         2147483647 AS c, (-2147483648)::int4 AS d,
                         9223372036854775807 AS e,
                         (-9223372036854775808)::int8 AS f, 0 AS g";
        reply $r;
    }
}
--- exchanges
> GET /r
< 200 {"a":32767,"b":-32768,"c":2147483647,"d":-2147483648,"e":9223372036854775807,"f":-9223372036854775808,"g":0}

=== endpoint_bigint string
--- conf
location / {
    endpoint_bigint string;

    endpoint GET /r {
        query_row $r db "SELECT 9223372036854775807 AS a, 1::int4 AS b,
                         count(*) AS c, ARRAY[1::int8, NULL] AS d,
                         NULL::int8 AS e, 1.5 AS f";
        reply $r;
    }

    endpoint GET /member {
        query_row $r db "SELECT 9223372036854775807 AS a";
        reply '{"v": $r.a}';
    }
}

location /plain {
    endpoint GET /plain {
        query_row $r db "SELECT 9223372036854775807 AS a";
        reply $r;
    }
}
--- exchanges
> GET /r
< 200 {"a":"9223372036854775807","b":1,"c":"1","d":["1",null],"e":null,"f":1.5}
> GET /member
< 200 {"v": "9223372036854775807"}
> GET /plain
< 200 {"a":9223372036854775807}

=== floats, of which JSON has no NaN and no Infinity
--- conf
location / {
    endpoint GET /r {
        query_row $r db "SELECT 0.1::float4 AS a, 1e300::float8 AS b,
                         'NaN'::float8 AS c, 'Infinity'::float8 AS d,
                         '-Infinity'::float4 AS e, 1e-7::float8 AS f,
                         'NaN'::numeric AS g, -0.0::float8 AS h,
                         ARRAY['NaN', 1, 'Infinity']::float8[] AS i";
        reply $r;
    }
}
--- exchanges
> GET /r
< 200 {"a":0.1,"b":1e+300,"c":null,"d":null,"e":null,"f":1e-07,"g":null,"h":-0,"i":[null,1,null]}

=== numeric keeps all its digits
--- conf
location / {
    endpoint GET /r {
        query_row $r db "SELECT 123456789012345678901234567890.12345678901234567890 AS a,
                         1.10 AS b, -0.001 AS c, 0.00 AS d";
        reply $r;
    }

    endpoint GET /member {
        query_row $r db "SELECT 123456789012345678901234567890.1230 AS a";
        reply '{"v": $r.a, "s": "$r.a"}';
    }
}
--- exchanges
> GET /r
< 200 {"a":123456789012345678901234567890.12345678901234567890,"b":1.10,"c":-0.001,"d":0.00}
> GET /member
< 200 {"v": 123456789012345678901234567890.1230, "s": "123456789012345678901234567890.1230"}

=== bool, null, json
--- conf
location / {
    endpoint GET /r {
        query_row $r db 'SELECT true AS a, false AS b, NULL::bool AS c,
                         NULL AS d, \'{"x": [1, "ä"]}\'::json AS e,
                         \'{"x":1.0,"y":null}\'::jsonb AS f,
                         \'"s"\'::jsonb AS g, \'null\'::json AS h';
        reply $r;
    }

    endpoint GET /member {
        query_row $r db 'SELECT \'{"x": [1, {"y": "z"}]}\'::jsonb AS j';
        reply '{"v": $r.j.x[1].y}';
    }
}
--- exchanges
> GET /r
< 200 {"a":true,"b":false,"c":null,"d":null,"e":{"x": [1, "ä"]},"f":{"x": 1.0, "y": null},"g":"s","h":null}
> GET /member
< 200 {"v": "z"}

=== arrays
--- conf
location / {
    endpoint GET /r {
        query_row $r db 'SELECT ARRAY[1, NULL, 3] AS a,
                         ARRAY[[1, 2], [3, 4]] AS b,
                         ARRAY[\'a"b\', \'c,d\', \'\', \'NULL\', NULL, \'{}\'] AS c,
                         \'{}\'::int[] AS d, ARRAY[true, false] AS e,
                         \'[0:1]={7,8}\'::int[] AS f,
                         ARRAY[1.10, 2]::numeric[] AS g,
                         ARRAY[\'{"k": "v"}\']::jsonb[] AS h,
                         ARRAY[\'2024-01-02 03:04:05\']::timestamp[] AS i,
                         ARRAY[decode(\'deadbeef\', \'hex\')] AS j,
                         NULL::text[] AS k';
        reply $r;
    }
}
--- exchanges
> GET /r
< 200 {"a":[1,null,3],"b":[[1,2],[3,4]],"c":["a\"b","c,d","","NULL",null,"{}"],"d":[],"e":[true,false],"f":[7,8],"g":[1.10,2],"h":[{"k": "v"}],"i":["2024-01-02T03:04:05"],"j":["3q2+7w=="],"k":null}

=== timestamps as ISO 8601, the rest as strings
--- conf
location / {
    endpoint GET /r {
        query_row $r db "SELECT '2024-01-02 03:04:05.678901'::timestamp AS a,
                         '2024-01-02 03:04:05+00'::timestamptz AS b,
                         '2024-01-02'::date AS c, '03:04:05'::time AS d,
                         '03:04:05+02'::timetz AS e,
                         'infinity'::timestamp AS f,
                         '1 day 02:00'::interval AS g,
                         '0044-03-15 12:00 BC'::timestamp AS h";
        reply $r;
    }

    endpoint GET /zone {
        query_row $r db "SELECT '2024-01-02 00:00+00'::timestamptz
                                AT TIME ZONE 'Asia/Kolkata' AS a";
        reply $r;
    }

    endpoint GET /others {
        query_row $r db "SELECT 'happy'::mood AS a, 7::small AS b,
                         '550e8400-e29b-41d4-a716-446655440000'::uuid AS c,
                         '10.0.0.1'::inet AS d, '(1,2)'::point AS e,
                         int4range(1, 5) AS f, 'x'::char(3) AS g,
                         (1, 'a') AS h, B'101' AS i, 'name'::name AS j";
        reply $r;
    }

    endpoint GET /enums {
        query_row $r db "SELECT ARRAY['happy', 'sad']::mood[] AS a,
                         ARRAY['happy', 'sad']::mood[]::text[] AS b,
                         ARRAY[7, NULL]::small[] AS c";
        reply $r;
    }

    endpoint GET /bytea {
        query_row $r db "SELECT ''::bytea AS a, decode('00', 'hex') AS b,
                         decode('deadbeef', 'hex') AS c,
                         decode(repeat('ff', 49), 'hex') AS d";
        reply $r;
    }
}
--- exchanges
> GET /r
< 200 {"a":"2024-01-02T03:04:05.678901","b":"2024-01-02T03:04:05+00:00","c":"2024-01-02","d":"03:04:05","e":"03:04:05+02:00","f":"infinity","g":"1 day 02:00:00","h":"0044-03-15 12:00:00 BC"}
> GET /zone
< 200 {"a":"2024-01-02T05:30:00"}
> GET /others
< 200 {"a":"happy","b":7,"c":"550e8400-e29b-41d4-a716-446655440000","d":"10.0.0.1","e":"(1,2)","f":"[1,5)","g":"x  ","h":"(1,a)","i":"101","j":"name"}
> GET /enums
< 200 {"a":"{happy,sad}","b":["happy","sad"],"c":"{7,NULL}"}
> GET /bytea
< 200 {"a":"","b":"AA==","c":"3q2+7w==","d":"/////////////////////////////////////////////////////////////////w=="}

=== a timestamp with the time zone of a session
--- http_config
    upstream db {
        server $TEST_NGINX_PG;
        endpoint_postgres "dbname=app user=app options='-c timezone=Asia/Kolkata -c datestyle=German'" connections=1;
    }
--- conf
location / {
    endpoint GET /r {
        query_row $r db "SELECT '2024-01-02 00:00+00'::timestamptz AS a,
                         '2024-01-02'::date AS b";
        reply $r;
    }
}
--- exchanges
> GET /r
< 200 {"a":"2024-01-02T05:30:00+05:30","b":"2024-01-02"}

=== texts and names of columns are escaped
--- conf
location / {
    endpoint GET /r {
        query_row $r db 'SELECT E\'q" b\\\\ n\n t\t r\r u\u0001 ä€𝄞 </x>\' AS "a""b\\c",
                         \'\' AS "ä", 1 AS " ", E\'\x7f\' AS d';
        reply $r;
    }

    endpoint GET /long {
        query_row $r db "SELECT repeat('\"', 5000) AS a";
        reply '$r';
    }

    endpoint GET /file {
        query_row $r db file=../html/names.sql;
        reply $r;
    }
}
--- user_files eval
">>> names.sql
SELECT 1 AS \"a\"\"b\\c\x{09}d\", '\$1' AS e -- \$nothing
"
--- exchanges
> GET /file
< 200 {"a\"b\\c\td":1,"e":"$1"}
> GET /r
< 200 ~^\{"a\\"b\\\\c":"q\\" b\\\\ n\\n t\\t r\\r u\\u0001 ä€𝄞 </x>","ä":""," ":1,"d":"\x7f"\}$
> GET /long
< 200 ~^\{"a":"(\\"){5000}"\}$

=== query and query_row
--- conf
location / {
    endpoint GET /all   { query     $r db "SELECT id, name FROM users ORDER BY id"; reply $r; }
    endpoint GET /none  { query     $r db "SELECT id FROM users WHERE id = 0"; reply $r; }
    endpoint GET /first { query_row $r db "SELECT id, name FROM users ORDER BY id DESC"; reply $r; }
    endpoint GET /norow { query_row $r db "SELECT id FROM users WHERE id = 0"; reply '{"r": $r, "id": $r.id}'; }
    endpoint GET /index { query     $r db "SELECT id, name FROM users ORDER BY id"; reply '[$r[1].name, $r[7].name, $r[*].id, $r[0:1]]'; }
    endpoint GET /zero  { query     $r db "SELECT FROM users"; reply $r; }
    endpoint GET /empty { query     $r db "UPDATE users SET name = name WHERE id = 0"; reply $r; }
    endpoint GET /void  { query_row $r db "UPDATE users SET name = name WHERE id = 0"; reply '{"r": $r}'; }
    endpoint GET /left  { query db "SELECT 1"; reply '"done"'; }
    endpoint GET /twice { query_row $r db "SELECT 1 AS a, 2 AS a"; reply $r; }
    endpoint GET /guard/$id:int {
        query_row $user db "SELECT name FROM users WHERE id = $id";
        require $user 404 "User not found";
        reply $user.name;
    }
    endpoint GET /first_of {
        query $r db "SELECT id FROM users WHERE id = 0";
        require $r[0] 404 "nobody";
        reply $r;
    }
}
--- exchanges
> GET /all
< 200 [{"id":1,"name":"Ada"},{"id":2,"name":"Grace"},{"id":3,"name":"Edsger"}]
> GET /none
< 200 []
> GET /first
< 200 {"id":3,"name":"Edsger"}
> GET /norow
< 200 {"r": null, "id": null}
> GET /index
< 200 ["Grace", null, [1,2,3], [{"id":1,"name":"Ada"}]]
> GET /zero
< 200 [{},{},{}]
> GET /empty
< 200 []
> GET /void
< 200 {"r": null}
> GET /left
< 200 "done"
> GET /twice
< 200 {"a":1,"a":2}
> GET /guard/2
< 200 "Grace"
> GET /guard/9
< 404 {"detail":"User not found"}
> GET /first_of
< 404 {"detail":"nobody"}

=== parameters: their types are the server's business
--- conf
location / {
    endpoint GET /user/$id:int {
        query_row $r db "SELECT name FROM users WHERE id = $id";
        reply $r;
    }

    endpoint GET /types {
        arg $i:int; arg $f:float; arg $b:bool; arg $u:uuid; arg $s:str;
        query_row $r db "SELECT $i::int8 AS i, $f::float8 AS f, $b::bool AS b,
                         $u::uuid AS u, $s::text AS s";
        reply $r;
    }

    endpoint GET /null {
        arg $x:str=null;
        query_row $r db "SELECT $x::text IS NULL AS n, coalesce($x, 'none') AS x";
        reply $r;
    }

    endpoint GET /twice {
        arg $x:int;
        query_row $r db "SELECT $x::int + ${x} AS a, $x::text || 'b' AS b";
        reply $r;
    }

    endpoint POST /member {
        body $b:json;
        query_row $r db "SELECT $b.user.name::text AS a, $b.list[1]::int AS b,
                         $b.none::text AS c, $b::jsonb -> 'list' AS d,
                         $b.user::jsonb AS e";
        reply $r;
    }

    endpoint GET /result {
        query_row $u db "SELECT id, name FROM users WHERE id = 1";
        query $r db "SELECT $u.name || '!' AS x, $u.id::int + 1 AS y";
        reply $r;
    }

    endpoint GET /variable {
        query_row $r db "SELECT $request_method::text AS m, $arg_x::text AS x";
        reply $r;
    }

    endpoint GET /quotes {
        arg $x:str;
        query_row $r db "SELECT '$' || 'a$$b' AS a, $$c$$ AS b, E'\\'' AS c,
                         $x || $q$ 'd' $q$ AS d /* $x ' */ -- $x '";
        reply $r;
    }
}
--- exchanges
> GET /user/3
< 200 {"name":"Edsger"}
> GET /types?i=-9223372036854775808&f=1.5&b=yes&u=550E8400E29B41D4A716446655440000&s=%C3%A4%27%22%5C
< 200 {"i":-9223372036854775808,"f":1.5,"b":true,"u":"550e8400-e29b-41d4-a716-446655440000","s":"ä'\"\\"}
> GET /null
< 200 {"n":true,"x":"none"}
> GET /null?x=
< 200 {"n":false,"x":""}
> GET /null?x=1
< 200 {"n":false,"x":"1"}
> GET /twice?x=21
< 200 {"a":42,"b":"21b"}
> POST /member {"user":{"name":"A\u00e4"},"list":[1,2]}
> Content-Type: application/json
< 200 {"a":"Aä","b":2,"c":null,"d":[1, 2],"e":{"name": "Aä"}}
> POST /member {}
> Content-Type: application/json
< 200 {"a":null,"b":null,"c":null,"d":null,"e":null}
> GET /result
< 200 [{"x":"Ada!","y":2}]
> GET /variable?x=%27
< 200 {"m":"GET","x":"%27"}
> GET /quotes?x=e
< 200 {"a":"$a$$b","b":"c","c":"'","d":"e 'd' "}

=== file=
--- conf
location / {
    endpoint GET /r {
        arg $x:int=1;
        query_row $r db file=../html/long.sql;
        reply $r;
    }
}
--- user_files eval
">>> long.sql
-- " . 'a long comment ' x 500 . "
SELECT \$x + 1 AS a, length('" . 'b' x 5000 . "') AS b;

"
--- exchanges
> GET /r
< 200 {"a":2,"b":5000}
> GET /r?x=41
< 200 {"a":42,"b":5000}

=== each=
--- conf
location / {
    endpoint GET /each {
        arg $ids:json;
        query $r db "SELECT name FROM users WHERE id = $item" each=$ids;
        reply $r;
    }

    endpoint GET /row {
        arg $ids:json;
        query_row $r db "SELECT name FROM users WHERE id = $item" each=$ids limit=2;
        reply $r;
    }

    endpoint GET /member {
        query $users db "SELECT id, name FROM users ORDER BY id";
        query_row $r db "SELECT $item.name || $item.id::int AS x" each=$users;
        reply $r;
    }

    endpoint POST /act {
        body $list:json;
        query_row $r db "INSERT INTO notes (text) VALUES ($item) RETURNING text" each=$list;
        query_row $all db "SELECT string_agg(text, '' ORDER BY id) AS t FROM notes" after=$r;
        reply '{"r": $r, "t": $all.t}';
    }

    endpoint GET /fails {
        arg $ids:json;
        query_row $r db "SELECT 6 / $item::int AS x" each=$ids;
        reply $r;
    }

    endpoint GET /default {
        arg $ids:json;
        query_row $r db "SELECT 6 / $item::int AS x" each=$ids 'default={"x": -1}';
        reply $r;
    }
}
--- exchanges
> GET /each?ids=[3,1,9]
< 200 [[{"name":"Edsger"}],[{"name":"Ada"}],[]]
> GET /row?ids=[3,1,9,2,1,1,1,1,1,1]
< 200 [{"name":"Edsger"},{"name":"Ada"},null,{"name":"Grace"},{"name":"Ada"},{"name":"Ada"},{"name":"Ada"},{"name":"Ada"},{"name":"Ada"},{"name":"Ada"}]
> GET /row?ids=[]
< 200 []
> GET /row?ids=null
< 200 []
> GET /row?ids=7
< 422 ~Input should be a valid list
> GET /member
< 200 [{"x":"Ada1"},{"x":"Grace2"},{"x":"Edsger3"}]
> POST /act ["d","c","b","a","e"]
> Content-Type: application/json
< 200 {"r": [{"text":"d"},{"text":"c"},{"text":"b"},{"text":"a"},{"text":"e"}], "t": "dcbae"}
> GET /fails?ids=[1,0]
< 422 ~^\{"detail":"r: a value is out of range or malformed"\}$
> GET /default?ids=[1,0,2]
< 200 [{"x":6},{"x": -1},{"x":3}]

=== default=, when=, after=
--- conf
location / {
    endpoint GET /default {
        query $r db "SELECT 1/0" 'default=[{"x": 0}]';
        reply $r;
    }

    endpoint GET /member {
        query_row $r db "SELECT 1/0 AS x" 'default={"x": 7}';
        reply '{"x": $r.x}';
    }

    endpoint GET /when {
        arg $x:int=null;
        query_row $r db "SELECT $x::int AS x" when=$x;
        reply '{"r": $r}';
    }

    endpoint GET /good {
        query $r db "SELECT 1 AS x" default=null;
        reply $r;
    }

    endpoint GET /after {
        query_row $a db "SELECT note('after a') AS id";
        query_row $b db "SELECT text FROM notes ORDER BY id DESC LIMIT 1" after=$a;
        reply $b;
    }
}
--- exchanges
> GET /default
< 200 [{"x": 0}]
> GET /member
< 200 {"x": 7}
> GET /when
< 200 {"r": null}
> GET /when?x=3
< 200 {"r": {"x":3}}
> GET /good
< 200 [{"x":1}]
> GET /after
< 200 {"text":"after a"}

=== a failure that default= replaces is in the log
--- conf
location / {
    endpoint GET / {
        query $r db "SELECT 1/0" default=[];
        reply $r;
    }
}
--- exchanges
> GET /
< 200 []
--- error_log
SQLSTATE 22012: division by zero

=== read, idempotent, isolated
--- conf
location / {
    endpoint GET /read {
        query_row $r db "WITH a AS (SELECT 1 AS x) SELECT x FROM a" read;
        reply $r;
    }

    endpoint GET /idempotent {
        query_row $r db "INSERT INTO notes (text) VALUES ('i') RETURNING text" idempotent;
        reply $r;
    }

    endpoint GET /isolated {
        query_row $a db "SELECT pg_backend_pid() AS pid";
        query_row $b db "SELECT pg_backend_pid() AS pid,
                         current_setting('statement_timeout') AS t"
                  isolated timeout=43210ms;
        query_row $c db "SELECT current_setting('statement_timeout') AS t";
        query_row $r db "SELECT $a.pid::int <> $b.pid::int AS own" ;
        reply '[$r.own, $b.t, $c.t]';
    }
}
--- exchanges
> GET /read
< 200 {"x":1}
> GET /idempotent
< 200 {"text":"i"}
> GET /isolated
< 200 [true, "43210ms", "1min"]

=== timeout= of a query
--- conf
location / {
    endpoint GET /lane     { query $r db "SELECT pg_sleep(600)" timeout=100ms; reply $r; }
    endpoint GET /isolated { query $r db "SELECT pg_sleep(600)" timeout=100ms isolated; reply $r; }
    endpoint GET /default  { query $r db "SELECT pg_sleep(600)" timeout=100ms isolated default=[]; reply $r; }
    endpoint GET /run      { timeout 100ms; query $r db "SELECT pg_sleep(600)" isolated; reply $r; }
}
--- exchanges
> GET /isolated
< 504 {"detail":"r: timed out"}
> GET /default
< 200 []
> GET /run
< 504 {"detail":"r: timed out"}
> GET /lane
< 504 {"detail":"r: timed out"}

=== a socket, and a queue of nobody
--- http_config
    upstream db {
        server $TEST_NGINX_PG_SOCKET;
        endpoint_postgres "dbname=app user=app" connections=1 pipeline=1 queue=10 isolated=1;
    }
--- conf
location / {
    endpoint GET /r {
        query_row $a db "SELECT 1 AS x";
        query_row $b db "SELECT 2 AS x";
        query_row $c db "SELECT 3 AS x" isolated;
        query_row $d db "SELECT 4 AS x" isolated;
        reply '[$a.x, $b.x, $c.x, $d.x]';
    }
}
--- exchanges
> GET /r
< 200 [1, 2, 3, 4]
