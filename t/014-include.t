use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== statements of a file, shared by endpoints
--- conf
location / {
    endpoint GET /a {
        include ../html/page.conf;
        reply '{"a": [$limit, $offset]}';
    }
    endpoint GET /b {
        arg $x:int;
        include ../html/page.conf;
        include ../html/reply.conf;
    }
}
--- user_files
>>> page.conf
arg $limit:int=100 ge=1 le=1000;
arg $offset:int=0 ge=0;
set_header X-Page "$limit/$offset";
>>> reply.conf
reply '{"b": [$x, $limit]}';
--- exchanges
> GET /a?offset=5
< 200 {"a": [100, 5]}
< X-Page: 100/5
> GET /b?x=1&limit=2
< 200 {"b": [1, 2]}
< X-Page: 2/0
> GET /b?x=y&limit=0
< 422 ~int_parsing.*greater_than_equal

=== a mask, and files in files
--- conf
location / {
    endpoint GET /a {
        include ../html/in*.part;
        reply '[$a, $b, $c]';
    }
}
--- user_files
>>> in1.part
arg $a=1;
include ../html/deep.conf;
>>> in2.part
arg $b=2;
>>> deep.conf
arg $c=3;
--- exchanges
> GET /a
< 200 ["1", "2", "3"]

=== whole endpoints and locations
--- conf
location / {
    include ../html/endpoints.conf;
}
include ../html/locations.conf;
--- user_files
>>> endpoints.conf
endpoint GET /a { reply '"a"'; }
endpoint GET /b { reply '"b"'; }
>>> locations.conf
location /c/ { endpoint GET /c/a { reply '"c"'; } }
--- exchanges
> GET /a
< 200 "a"
> GET /b
< 200 "b"
> GET /c/a
< 200 "c"

=== the order of the file is the order with what it includes
--- conf
location / {
    endpoint GET /a {
        log warn "mark: 1";
        include ../html/log.conf;
        log warn "mark: 3";
        reply 204;
    }
}
--- user_files
>>> log.conf
log warn "mark: 2";
--- request
GET /a
--- error_code: 204
--- grep_error_log eval
qr/mark: \d/
--- grep_error_log_out
mark: 1
mark: 2
mark: 3

=== a file that is not there
--- conf
location / {
    endpoint GET /a {
        include /nowhere/a.conf;
        reply 204;
    }
}
--- must_die
--- suppress_stderr
--- error_log eval
qr/\[emerg\] .*open\(\) "\/nowhere\/a\.conf" failed .* in \S+\/test\.conf:3$/

=== in a file, too, only what belongs into the block
--- conf
location / {
    endpoint GET /a {
        include ../html/bad.conf;
        reply 204;
    }
}
--- user_files
>>> bad.conf

proxy_pass http://127.0.0.1:1;
--- must_die
--- suppress_stderr
--- error_log eval
qr/\[emerg\] .*"proxy_pass" directive is not allowed here in \S+\/bad\.conf:2$/
