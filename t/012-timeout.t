use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== timeout: the deadline of the whole run, the step is named
--- conf
location / {
    endpoint GET /a {
        timeout 30ms;
        sleep 20s;
        reply '"never"';
    }
    endpoint GET /b {
        timeout 30ms;
        fetch $fast /up/fast;
        fetch $slow /up/slow;
        reply '[$fast, $slow]';
    }
    endpoint GET /c {
        timeout 20s;
        fetch $fast /up/fast;
        reply $fast;
    }
    endpoint POST /d {
        timeout 30ms;
        fetch POST /up/slow;
        reply 204;
    }
    endpoint GET /up/fast  { reply '"fast"'; }
    endpoint GET /up/slow  { sleep 20s; reply '"slow"'; }
    endpoint POST /up/slow { sleep 20s; reply '"slow"'; }
}
--- exchanges
> GET /a
< 504 {"detail":"sleep 1: timed out"}
< Content-Type: application/json
< X-Content-Type-Options: nosniff
> GET /b
< 504 {"detail":"slow: timed out"}
> GET /c
< 200 "fast"
> POST /d
< 504 {"detail":"fetch 1: timed out"}

=== timeout: what is logged
--- conf
location / {
    endpoint GET /a/$id {
        timeout 30ms;
        sleep 1ms;
        sleep 20s;
        reply '"never"';
    }
}
--- request
GET /a/b
--- error_code: 504
--- error_log
endpoint "/a/{id}": its time is over, step "sleep 2" has not ended

=== timeout: what runs is cancelled, what waits does not start
--- conf
location / {
    endpoint GET /a {
        timeout 30ms;
        fetch $x /up/;
        log warn "mark: below";
        reply $x;
    }
}
location /up/ {
    proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/slow;
}
location /slow {
    endpoint GET /slow { sleep 600s; log warn "mark: slow"; reply 1; }
}
--- request
GET /a
--- error_code: 504
--- error_log
client prematurely closed connection
--- no_error_log
mark:
[alert]

=== endpoint_timeout, inherited, and where timeout is longer or shorter
--- conf
endpoint_timeout 30ms;
location / {
    endpoint GET /a { sleep 20s; reply '"never"'; }
    endpoint GET /b { timeout 20s; sleep 60ms; reply '"b"'; }
}
location /long/ {
    endpoint_timeout 20s;
    endpoint GET /long/a { sleep 60ms; reply '"a"'; }
    endpoint GET /long/b { timeout 30ms; sleep 20s; reply '"never"'; }
}
--- exchanges
> GET /a
< 504 {"detail":"sleep 1: timed out"}
> GET /b
< 200 "b"
> GET /long/a
< 200 "a"
> GET /long/b
< 504 {"detail":"sleep 1: timed out"}

=== timeout= of a step
--- conf
location / {
    endpoint GET /a {
        fetch $x /slow timeout=30ms;
        reply $x;
    }
    endpoint GET /b {
        fetch $x /fast timeout=20s;
        fetch $y /slow timeout=20s when=$arg_x;
        reply '[$x, $y]';
    }

    # the time begins with the step, not with the run
    endpoint GET /c {
        sleep 60ms;
        wait;
        fetch $x /fast timeout=50ms;
        reply $x;
    }
    endpoint GET /fast { reply '"fast"'; }
    endpoint GET /slow { sleep 20s; reply '"slow"'; }
}
--- exchanges
> GET /a
< 504 {"detail":"x: timed out"}
> GET /b
< 200 ["fast", null]
> GET /c
< 200 "fast"

=== a timeout of a step: what is logged
--- conf
location / {
    endpoint GET /a {
        fetch $x /slow timeout=30ms;
        reply $x;
    }
    endpoint GET /slow { sleep 20s; reply '"slow"'; }
}
--- request
GET /a
--- error_code: 504
--- error_log
endpoint "/a": step "x" timed out

=== an upstream that times out is a timeout too
--- conf
location / {
    endpoint GET /a {
        fetch $x /up/;
        reply $x;
    }
    endpoint GET /slow { sleep 20s; reply '"slow"'; }
}
location /up/ {
    proxy_read_timeout 30ms;
    proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/slow;
}
--- exchanges
> GET /a
< 504 {"detail":"x: timed out"}

=== the connection is kept after a timeout
--- conf
endpoint_timeout 30ms;
location / {
    endpoint POST /a { field $x; sleep 20s when=$x; reply '"a"'; }
}
--- pipelined
--- exchanges
> POST /a {"x": "b"}
> Content-Type: application/json
< 504 {"detail":"sleep 1: timed out"}
> POST /a {"x": ""}
> Content-Type: application/json
< 200 "a"
