use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== our replies do not meet error_page
--- conf
error_page 404 409 422 405 /page;
location = /page { return 200 "page"; }
location / {
    endpoint GET /a { arg $x:int; reply 409 '"a"'; }
}
--- exchanges
> GET /a
< 422 ~"missing"
> GET /a?x=1
< 409 "a"
> POST /a
< 405 {"detail":"Method Not Allowed"}
> GET /b
< 404 {"detail":"Not Found"}

=== endpoint_intercept_errors: they do
--- conf
error_page 404 409 405 /page;
error_page 502 =200 /page;
location = /page { return 200 "page"; }
location / {
    endpoint_intercept_errors on;
    endpoint GET /a      { arg $x:int; reply 409 '"a"'; }
    endpoint GET /410    { reply 410 '"gone"'; }
    endpoint GET /201    { reply 201 '"a"'; }
    endpoint GET /guard  { require $arg_x 409 "none"; reply '"a"'; }
    endpoint GET /fails  { fetch $x /none/; reply $x; }
    endpoint GET /sleeps { sleep 1ms; reply 404 '"b"'; }
}
location /none/ { return 500 "broken"; }
--- exchanges
> GET /a?x=1
< 409 page
> GET /b
< 404 page
> POST /a
< 405 page
> GET /guard
< 409 page
> GET /sleeps
< 404 page
> GET /fails
< 200 page

# what has no page is left as it is
> GET /a
< 422 ~"missing"
> GET /410
< 410 "gone"
> GET /201
< 201 "a"
> GET /guard?x=1
< 200 "a"

=== endpoint_intercept_errors, inherited and switched off below
--- conf
error_page 404 /page;
endpoint_intercept_errors on;
location = /page { return 200 "page"; }
location / {
    endpoint GET /a { reply 404 '"a"'; }
}
location /off/ {
    endpoint_intercept_errors off;
    endpoint GET /off/a { reply 404 '"a"'; }
}
--- exchanges
> GET /a
< 404 page
> GET /off/a
< 404 "a"

=== error_page leads to an endpoint
--- conf
error_page 403 /oops;
location / {
    endpoint GET /oops { reply 403 '{"detail": "from $request_uri"}'; }
}
location /denied { deny all; }
location /slow/ {
    endpoint_intercept_errors on;
    error_page 409 /slow/oops;
    endpoint GET /slow/a    { sleep 1ms; reply 409 '"never"'; }
    endpoint GET /slow/oops { sleep 1ms; reply 403 '{"detail": "slow from $request_uri"}'; }
}
--- exchanges
> GET /denied?a
< 403 {"detail": "from /denied?a"}
> GET /slow/a
< 409 {"detail": "slow from /slow/a"}

=== endpoint_errors.conf: nginx's own errors as JSON
--- http_config
limit_req_zone $arg_key zone=one:1m rate=1r/m;
limit_req_zone $arg_key zone=two:1m rate=1r/m;
--- conf
include $TEST_NGINX_ROOT/conf/endpoint_errors.conf;
large_client_header_buffers 1 1k;
location / {
    client_max_body_size 10;
    endpoint GET /a  { reply '"a"'; }
    endpoint POST /a { field $x; reply $x; }
    endpoint GET /own { reply 413 '{"detail": "own"}'; }
}
location /403/ {
    deny all;
    endpoint GET /403/a { reply '"a"'; }
}
location /401/ {
    auth_basic "a";
    auth_basic_user_file /dev/null;
    endpoint GET /401/a { reply '"a"'; }
}
location /503/ {
    limit_req zone=one;
    endpoint GET /503/a { reply '"a"'; }
}
location /429/ {
    limit_req zone=two;
    limit_req_status 429;
    endpoint GET /429/a { reply '"a"'; }
}
--- exchanges
> GET /a
< 200 "a"
> POST /a {"x": "0123456789"}
> Content-Type: application/json
< 413 {"detail":"Request Entity Too Large"}
< Content-Type: application/json
> GET /403/a
< 403 {"detail":"Forbidden"}
< Content-Type: application/json
> GET /401/a
< 401 {"detail":"Unauthorized"}
< WWW-Authenticate: Basic realm="a"
> GET /503/a?key=1
< 200 "a"
> GET /503/a?key=1
< 503 {"detail":"Service Unavailable"}
> GET /429/a?key=1
< 200 "a"
> GET /429/a?key=1
< 429 {"detail":"Too Many Requests"}
> GET /a
> Host: a/b
< 400 {"detail":"Bad Request"}
# the pages are not for clients
> GET /endpoint_error/413
< 404 {"detail":"Not Found"}

# endpoints' own replies do not come there
> GET /own
< 413 {"detail": "own"}
> GET /b
< 404 {"detail":"Not Found"}
> PUT /a
< 405 {"detail":"Method Not Allowed"}
< Allow: GET, POST

=== endpoint_errors.conf: what nginx refuses before it has a request
--- conf
include $TEST_NGINX_ROOT/conf/endpoint_errors.conf;
large_client_header_buffers 1 1k;
location / {
    endpoint GET /a { reply '"a"'; }
}
--- request eval
["GET /" . 'a' x 2000, "TRACE /a", "GET /a"]
--- more_headers eval
['', '', "X-Long: " . 'a' x 2000]
--- error_code eval
[414, 405, 400]
--- response_body eval
['{"detail":"Request-URI Too Long"}', '{"detail":"Method Not Allowed"}',
 '{"detail":"Bad Request"}']

=== endpoint_errors.conf: a condition on the ETag of a kept reply
--- http_config
endpoint_cache_zone zone=kept:64k entries=1 ttl=1h;
--- conf
include $TEST_NGINX_ROOT/conf/endpoint_errors.conf;
location / {
    endpoint GET /a {
        cache kept a;
        reply '"a"';
    }
}
--- exchanges
> GET /a
> If-Match: "other"
< 412 {"detail":"Precondition Failed"}
< Content-Type: application/json
> GET /a
> If-Match: *
< 200 "a"
