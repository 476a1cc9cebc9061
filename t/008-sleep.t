use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== sleep, and its units
--- conf
location / {
    endpoint GET /ms   { sleep 1ms; reply '"ms"'; }
    endpoint GET /zero { sleep 0; reply '"zero"'; }
    endpoint GET /s    { sleep 1s when=$arg_x; reply '"skipped"'; }
    endpoint GET /many { sleep 3ms; sleep 2ms; sleep 1ms; sleep 2ms; reply '"many"'; }
    endpoint GET /in/$x { arg $y=null; sleep 1ms; reply '[$x, $y, $uri]'; }
}
--- exchanges
> GET /ms
< 200 "ms"
> GET /zero
< 200 "zero"
> GET /s
< 200 "skipped"
> GET /many
< 200 "many"

# what the request was is known after the wait
> GET /in/a?y=b
< 200 ["a", "b", "/in/a"]
> HEAD /in/a
< 200
< Content-Length: 20

=== a sleep holds up only what stands in its own endpoint
--- conf
location / {
    endpoint GET /one { sleep 300ms; log warn "mark: one"; reply '1'; }
    endpoint GET /two { sleep 1ms; log warn "mark: two"; reply '2'; }
    endpoint GET /both {
        fetch $one /one;
        fetch $two /two;
        log warn "mark: both";
        reply '[$one, $two]';
    }
}
--- request
GET /both
--- response_body chomp
[1, 2]
--- grep_error_log eval
qr/mark: \w+/
--- grep_error_log_out
mark: two
mark: one
mark: both

=== sleeping requests of one connection are answered in turn
--- conf
location / {
    endpoint GET /slow { sleep 30ms; reply '"slow"'; }
    endpoint GET /fast { reply '"fast"'; }
}
--- pipelined
--- exchanges
> GET /slow
< 200 "slow"
> GET /fast
< 200 "fast"
> GET /slow
< 200 "slow"

=== a client that leaves is forgotten, what stands below the sleep is not done
--- conf
location / {
    endpoint GET /a { sleep 600s; log warn "mark: after the sleep"; reply '"a"'; }
}
--- raw_request eval
"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- abort
--- timeout: 30ms
--- ignore_response
--- no_error_log
mark: after the sleep
[alert]
--- error_log
client prematurely closed connection
