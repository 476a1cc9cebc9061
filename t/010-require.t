use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== the condition, the status, the detail
--- conf
location / {
    endpoint GET /a {
        arg $x:int=null;
        arg $name=;
        require $x 400 "x is missing";
        require $x>=10 409 "$x is less than 10, $name";
        require $x!=13 599 'it\'s "13"\\';
        reply '"passed"';
    }
    endpoint GET /r {
        fetch $user /up;
        require $user.name==Ann 403 "you are $user.name of $user.list, ${user.none}$$";
        reply $user.name;
    }
    endpoint GET /s {
        sleep 1ms;
        require $arg_x 404 "none";
        reply '"s"';
    }
}
location = /up { return 200 '{"name": "B\\"b", "list": [1, "c"]}'; }
--- exchanges
> GET /a
< 400 {"detail":"x is missing"}
< Content-Type: application/json
< X-Content-Type-Options: nosniff
> GET /a?x=9&name=a%22%5Cb
< 409 {"detail":"9 is less than 10, a\"\\b"}
> GET /a?x=13
< 599 {"detail":"it's \"13\"\\"}
> GET /a?x=10
< 200 "passed"
> GET /r
< 403 {"detail":"you are B\"b of [1, \"c\"], $"}
> GET /s
< 404 {"detail":"none"}
> GET /s?x=1
< 200 "s"
> HEAD /a
< 400
< Content-Length: 25

=== null of an upstream
--- conf
location / {
    endpoint GET /null  { fetch $x /up/null;  require $x 404 "none"; reply $x; }
    endpoint GET /empty { fetch $x /up/empty; require $x 404 "none"; reply $x; }
    endpoint GET /zero  { fetch $x /up/zero;  require $x 404 "none"; reply $x; }
    endpoint GET /none  { fetch $x /up/object; require $x.a 404 "none"; reply $x; }
    endpoint GET /first { fetch $x /up/array; require $x[0] 404 "none"; reply $x; }
}
location = /up/null   { return 200 'null'; }
location = /up/empty  { return 200 ''; }
location = /up/zero   { return 200 '0'; }
location = /up/object { return 200 '{"b": 1}'; }
location = /up/array  { return 200 '[]'; }
--- exchanges
> GET /null
< 404 {"detail":"none"}
> GET /empty
< 404 {"detail":"none"}
> GET /zero
< 200 0
> GET /none
< 404 {"detail":"none"}
> GET /first
< 404 {"detail":"none"}

=== the connection is kept, a guard is no failure to log
--- conf
location / {
    endpoint POST /a { field $x; require $x==b 409 "not b"; reply $x; }
}
--- pipelined
--- exchanges
> POST /a {"x": "a"}
> Content-Type: application/json
< 409 {"detail":"not b"}
> POST /a {"x": "b"}
> Content-Type: application/json
< 200 "b"
--- no_error_log
[error]
[alert]
