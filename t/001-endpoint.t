use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== literals, names and their order
--- conf
location / {
    endpoint GET /user/$id           { reply '{"bound": $id}'; }
    endpoint GET /user/me            { reply '"literal"'; }
    endpoint GET /user/$id/posts     { reply '{"posts of": $id}'; }
    endpoint GET /user/me/$what      { reply '{"mine": $what}'; }
    endpoint GET /user/$id/$what/new { reply '[$id, $what]'; }
    endpoint GET /file/$rest:path    { reply '{"rest": $rest}'; }
    endpoint GET /file/a/b           { reply '"file"'; }
    endpoint GET /file/a/$x/c        { reply '{"x": $x}'; }
    endpoint GET /                   { reply '"root"'; }
}
--- exchanges
> GET /
< 200 "root"
> GET /user/5
< 200 {"bound": "5"}

# the literal wins, whatever the order in the file
> GET /user/me
< 200 "literal"
> GET /user/mee
< 200 {"bound": "mee"}
> GET /user/m
< 200 {"bound": "m"}
> GET /user/5/posts
< 200 {"posts of": "5"}
> GET /user/me/posts
< 200 {"mine": "posts"}

# a literal that leads nowhere is taken back
> GET /user/me/posts/new
< 200 ["me", "posts"]
> GET /file/a/b
< 200 "file"
> GET /file/a/b/c
< 200 {"x": "b"}
> GET /file/a/b/d
< 200 {"rest": "a/b/d"}
> GET /file/
< 200 {"rest": ""}

# a name is a segment that is not empty
> GET /user/
< 404 {"detail":"Not Found"}
> GET /user
< 404 {"detail":"Not Found"}
> GET /user/5/
< 404 {"detail":"Not Found"}
> GET /user/5/posts/
< 404 {"detail":"Not Found"}
> GET /User/5
< 404 {"detail":"Not Found"}

=== arguments are no part of the path
--- conf
location / {
    endpoint GET /a { reply '"a"'; }
}
--- exchanges
> GET /a?b=c
< 200 "a"
> GET /a?
< 200 "a"
> GET /a%3Fb
< 404 {"detail":"Not Found"}

=== the path is the one that nginx has decoded and normalised
--- conf
location / {
    endpoint GET /a/b       { reply '"a/b"'; }
    endpoint GET /x/$x      { reply '{"x": $x}'; }
    endpoint GET /größe/$x  { reply '{"größe": $x}'; }
    endpoint GET "/a b"     { reply '"a b"'; }
}
--- exchanges
> GET /%61/b
< 200 "a/b"
> GET /a%2Fb
< 200 "a/b"
> GET //a//b
< 200 "a/b"
> GET /a/./c/../b
< 200 "a/b"
> GET /a%20b
< 200 "a b"
> GET /x/%22%5C%0A%7B
< 200 {"x": "\"\\\n{"}
> GET /x/a+b
< 200 {"x": "a+b"}
> GET /x/%25
< 200 {"x": "%"}
> GET /x/%2525
< 200 {"x": "%25"}
> GET /gr%C3%B6%C3%9Fe/%E2%82%AC
< 200 {"größe": "€"}
> GET /größe/€
< 200 {"größe": "€"}

# not UTF-8
> GET /x/a%FF%C3
< 200 {"x": "a��"}
> GET /x/%ED%A0%80
< 200 {"x": "���"}

=== HEAD is answered where GET is
--- conf
location / {
    endpoint GET /a    { reply '{"a": 1}'; }
    endpoint POST /p   { reply '"p"'; }
    endpoint GET /x/$x { reply '{"x": $x}'; }
    endpoint GET /s    { sleep 1ms; reply '"slept"'; }
    endpoint GET /h    { reply '"GET"'; }
    endpoint HEAD /h   { set_header X-Method HEAD; reply '"1"'; }
}
--- exchanges
> HEAD /a
< 200
< Content-Length: 8
< Content-Type: application/json
> HEAD /x/abc
< 200
< Content-Length: 12
> HEAD /s
< 200
< Content-Length: 7

# the own one of HEAD comes first
> HEAD /h
< 200
< Content-Length: 3
< X-Method: HEAD
> GET /h
< 200 "GET"
< !X-Method

> HEAD /p
< 405
< Allow: POST
> HEAD /nope
< 404

=== another method: 405 with all methods of the path
--- conf
location / {
    endpoint GET /item/$id:int { reply $id; }
    endpoint DELETE /item/$x   { reply 204; }
    endpoint PUT /item/special { reply '"put"'; }
    endpoint POST /item        { reply 201 '"post"'; }
    endpoint PURGE /item       { reply '"purged"'; }
    endpoint OPTIONS /item     { reply 204; }
}
--- exchanges
> DELETE /item/1
< 204
> POST /item/1
< 405 {"detail":"Method Not Allowed"}
< Allow: GET, DELETE
< Content-Type: application/json
> PUT /item/1
< 405 {"detail":"Method Not Allowed"}
< Allow: GET, DELETE
> PATCH /item/special
< 405 {"detail":"Method Not Allowed"}
< Allow: GET, DELETE, PUT

# what a literal has not, a name may have
> GET /item/special
< 422 ~"int_parsing"
> PUT /item/special
< 200 "put"

> GET /item
< 405 {"detail":"Method Not Allowed"}
< Allow: POST, PURGE, OPTIONS
> PURGE /item
< 200 "purged"
> OPTIONS /item
< 204
> OPTIONS /item/1
< 405 {"detail":"Method Not Allowed"}
< Allow: GET, DELETE

# a method's name is a matter of case, and of its whole length
> PURG /item
< 405 {"detail":"Method Not Allowed"}
< Allow: POST, PURGE, OPTIONS
> PURGES /item
< 405 {"detail":"Method Not Allowed"}
< Allow: POST, PURGE, OPTIONS

# "Allow" is only for a path that is there
> GET /nope
< 404 {"detail":"Not Found"}
< !Allow

=== endpoint_fallback, a named location
--- conf
location / {
    endpoint_fallback @other;
    endpoint GET /a { reply '"a"'; }
}
location @other {
    add_header X-Uri $request_uri;
    return 200 "other";
}
--- exchanges
> GET /a
< 200 "a"
> GET /b?c=d
< 200 other
< X-Uri: /b?c=d
> POST /b body
< 200 other

# the path is there, so the fallback is not asked
> POST /a
< 405 {"detail":"Method Not Allowed"}
< Allow: GET

=== endpoint_fallback, a URI, inherited
--- conf
location / {
    endpoint_fallback /static/none.txt;

    location /a {
        endpoint GET /a { reply '"a"'; }
    }
}
location /static/ {
    root html;
}
--- user_files
>>> static/none.txt
a file
--- exchanges
> GET /a
< 200 "a"
> GET /ab?c=d
< 200 ~^a file\n$
< Content-Type: text/plain

=== "if" and "limit_except" keep their location's endpoints
--- conf
location / {
    if ($arg_x) {
        set $y "yes";
    }
    if ($arg_blocked) {
        return 403 "blocked";
    }
    if ($http_x_mobile) {
        add_header X-Seen mobile;
    }
    limit_except GET POST {
        deny all;
    }
    endpoint GET /a  { reply '{"y": $y}'; }
    endpoint POST /a { reply '"posted"'; }
    endpoint PUT /a  { reply '"put"'; }
}
--- exchanges
> GET /a
< 200 {"y": ""}
> GET /a?x=1
< 200 {"y": "yes"}
> GET /a?blocked=1
< 403 blocked
> GET /a
> X-Mobile: 1
< 200 {"y": ""}
< X-Seen: mobile
> POST /a
< 200 "posted"
> PUT /a
< 403 ~403 Forbidden
> PUT /b
< 403 ~403 Forbidden

=== limit_except with endpoints of the excepted method
--- conf
location / {
    limit_except GET {
        allow all;
    }
    endpoint GET /a { reply '"got"'; }
    endpoint PUT /a { reply '"put"'; }
}
--- exchanges
> GET /a
< 200 "got"
> PUT /a
< 200 "put"
> PUT /b
< 404 {"detail":"Not Found"}

=== exact, regex, nested and prefix locations
--- conf
location /api/ {
    endpoint GET /api/a          { reply '"prefix"'; }
    endpoint GET /api/b/$x       { reply '{"x": $x}'; }
    endpoint GET /api/nested/too { reply '"hidden"'; }

    location /api/nested/ {
        endpoint GET /api/nested/a { reply '"nested"'; }
    }

    location = /api/exact {
        endpoint GET /api/exact  { reply '"exact"'; }
        endpoint POST /api/exact { reply '"posted"'; }
    }
}
location ~ ^/re/(?<name>[a-z]+)/(\d+)$ {
    endpoint GET /re/$word/$n:int { reply '[$word, $n, $name]'; }
}
location ^~ /static/ {
    endpoint GET /static/a { reply '"static"'; }
}
--- exchanges
> GET /api/a
< 200 "prefix"
> GET /api/b/c
< 200 {"x": "c"}
> GET /api/nested/a
< 200 "nested"

# a nested location inherits no endpoints
> GET /api/nested/too
< 404 {"detail":"Not Found"}
> GET /api/exact
< 200 "exact"
> POST /api/exact
< 200 "posted"
> PUT /api/exact
< 405 {"detail":"Method Not Allowed"}
< Allow: GET, POST
> GET /re/abc/12
< 200 ["abc", 12, "abc"]
> GET /static/a
< 200 "static"
> GET /static/b
< 404 {"detail":"Not Found"}

=== a hidden endpoint is told of
--- conf
location / {
    endpoint GET /api/a { reply '"hidden"'; }
    endpoint GET /b     { reply '"b"'; }
}
location /api/ {
    endpoint GET /api/b { reply '"b"'; }
}
--- suppress_stderr
--- exchanges
> GET /b
< 200 "b"
--- error_log eval
qr/\[warn\] .*endpoint "\/api\/a" is hidden by location "\/api\/" in .*test\.conf:2/
--- no_error_log
endpoint "/b" is hidden
endpoint "/api/b" is hidden

=== two servers and two locations have endpoints of one shape
--- http_config
server {
    listen unix:$TEST_NGINX_SOCKET_DIR/other.sock;
    location / {
        endpoint GET /a { reply '"other"'; }
    }
}
--- conf
location / {
    endpoint GET /a { reply '"this"'; }
}
location /b/ {
    endpoint GET /b/a { reply '"b/a"'; }
}
location /other/ {
    proxy_pass http://unix:$TEST_NGINX_SOCKET_DIR/other.sock:/;
}
--- exchanges
> GET /a
< 200 "this"
> GET /b/a
< 200 "b/a"
> GET /other/a
< 200 "other"

=== what a location does besides works unchanged
--- http_config
limit_req_zone $arg_key zone=one:1m rate=1r/m;
--- conf
location / {
    gzip on;
    gzip_types application/json;
    gzip_min_length 1;
    limit_req zone=one;
    auth_request /auth;
    add_header X-Added "by nginx";
    endpoint GET /a { reply '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"'; }
    endpoint GET /denied { reply '"never"'; }
}
location = /auth {
    internal;
    if ($request_uri ~ denied) {
        return 403;
    }
    return 204;
}
--- exchanges
> GET /a
< 200 ~^"a+"$
< X-Added: by nginx
> GET /a
> Accept-Encoding: gzip
< 200 ~^\x1f\x8b
< Content-Encoding: gzip
> GET /denied
< 403 ~403 Forbidden
> GET /a?key=1
< 200 ~^"a
> GET /a?key=1
< 503 ~503 Service

=== the next request of a connection is intact, whatever body came before
--- conf
location / {
    endpoint GET /a  { reply '"a"'; }
    endpoint GET /n  { arg $n:int; reply $n; }
    endpoint GET /s  { sleep 1ms; reply '"s"'; }
    endpoint POST /p { field $x; reply '{"x": $x}'; }
}
--- pipelined
--- exchanges
> GET /a GET /x HTTP/1.1
< 200 "a"
> GET /nope GET /x HTTP/1.1
< 404 {"detail":"Not Found"}
> PUT /a {}
< 405 {"detail":"Method Not Allowed"}
> GET /n {"n": 1}
< 422 ~"missing"
> GET /s {"s": 1}
< 200 "s"
> POST /p {"x": "y"}
> Content-Type: application/json
< 200 {"x": "y"}
> POST /p {"x": "
> Content-Type: application/json
< 422 ~"json_invalid"
> GET /a
< 200 "a"

=== the next request of a connection is intact, HEAD with a body
--- conf
location / {
    endpoint GET /a    { reply '"a"'; }
    endpoint GET /last { log warn "the last was read"; reply '"a"'; }
}
--- raw_request eval
"HEAD /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n12345"
. "GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- ignore_response
--- error_log
the last was read
--- no_error_log
[alert]
invalid

=== a request of many segments that almost match
--- conf
location / {
    endpoint GET /$a/$b/$c/$d/$e/$f/end { reply '"end"'; }
    endpoint GET /a/$b/$c/$d/$e/$f/no   { reply '"no"'; }
    endpoint GET /a/b/$c/$d/$e/$f/none  { reply '"none"'; }
    endpoint GET /a/b/c/$d/$e/$f/nil    { reply '"nil"'; }
}
--- exchanges
> GET /a/b/c/d/e/f/end
< 200 "end"
> GET /a/b/c/d/e/f/no
< 200 "no"
> GET /a/b/c/d/e/f/none
< 200 "none"
> GET /a/b/c/d/e/f/nil
< 200 "nil"
> GET /a/b/c/d/e/f/other
< 404 {"detail":"Not Found"}

=== an endpoint that a location with a slash redirects
--- conf
location / {
    endpoint GET /b   { reply '"b"'; }
    endpoint GET /api { reply '"hidden"'; }
}
location /api/ { proxy_pass http://127.0.0.1:1; }
location /b/   { return 204; }
--- dies
3: endpoint "/api" is never asked: nginx redirects it to location "/api/", add "location = /api" for it

=== it has a location of its own
--- conf
location / {
    endpoint GET /b { reply '"b"'; }
}
location = /api { endpoint GET /api { reply '"api"'; } }
location /api/ { proxy_pass http://127.0.0.1:1; }
location /b/   { return 204; }
--- exchanges
> GET /b
< 200 "b"
> GET /api
< 200 "api"

=== named and regex locations are not chosen by a prefix, nothing is hidden there
--- conf
location /files/ { try_files /none @files; }
location @files {
    endpoint GET /files/a { reply '"named"'; }
}
location ~ ^/re/.*$ {
    endpoint GET /re/long/name/of/it/a { reply '"regex"'; }
}
location /re/long/name/of/it/ { return 204; }
--- exchanges
> GET /files/a
< 200 "named"
--- no_error_log
is hidden by
