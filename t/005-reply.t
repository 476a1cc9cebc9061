use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== status and body
--- conf
location / {
    endpoint GET /default { reply '"a"'; }
    endpoint GET /201     { reply 201 '{"a": 1}'; }
    endpoint GET /404     { reply 404 '{"detail": "none"}'; }
    endpoint GET /500     { reply 500 '"a"'; }
    endpoint GET /599     { reply 599 '"a"'; }
    endpoint GET /302     { set_header Location /default; reply 302 '{}'; }
    endpoint GET /204     { reply 204; }
    endpoint GET /304     { reply 304; }
    endpoint GET /202     { reply 202; }
    endpoint GET /s204    { sleep 1ms; reply 204; }
    endpoint GET /number  { reply 42; }
    endpoint GET /array   { reply []; }
    endpoint GET /word    { reply null; }
    endpoint POST /echo   { body $x:json; reply 201 $x; }
}
--- exchanges
> GET /default
< 200 "a"
< Content-Type: application/json
< X-Content-Type-Options: nosniff
> GET /201
< 201 {"a": 1}
> GET /404
< 404 {"detail": "none"}
< Content-Type: application/json
> GET /500
< 500 "a"
> GET /599
< 599 "a"
> GET /302
< 302 {}
< Location: /default
> GET /204
< 204
< !Content-Type
< !Content-Length
< !X-Content-Type-Options
> GET /304
< 304
< !Content-Type
> GET /202
< 202
< Content-Length: 0
< !Content-Type
> GET /s204
< 204
< !Content-Type

# of one word only three digits of a status are one
> GET /number
< 200 42
> GET /array
< 200 []
> GET /word
< 200 null
> POST /echo [1.0, {"b" : "c"}]
> Content-Type: application/json
< 201 [1.0, {"b" : "c"}]

=== the status is a value
--- conf
location / {
    endpoint GET /a/$code:int { reply $code '{"code": $code}'; }
    endpoint GET /t           { arg $code; reply $code '"t"'; }
    endpoint GET /empty/$code:int { sleep 0; reply $code '{}'; }
}
--- exchanges
> GET /a/201
< 201 {"code": 201}
> GET /a/404
< 404 {"code": 404}
> GET /t?code=503
< 503 "t"

# a body is left out where the status has none
> GET /a/204
< 204
< !Content-Type
> GET /empty/304
< 304

# nothing that a client sends makes a 500
> GET /a/999
< 422 {"detail":[{"type":"value_error","loc":["path","code"],"msg":"Value error, it must be a status from 200 to 599","input":999}]}
> GET /a/100
< 422 ~"value_error"
> GET /a/-1
< 422 ~"value_error"
> GET /empty/199
< 422 ~"value_error"
> GET /t?code=200.5
< 422 {"detail":[{"type":"value_error","loc":["query","code"],"msg":"Value error, it must be a status from 200 to 599","input":"200.5"}]}
> GET /t?code=
< 422 ~"value_error"

=== the status is a value of an upstream that is none
--- conf
location / {
    endpoint GET /a {
        fetch $x /up;
        reply $x.status '"a"';
    }
}
location = /up { return 200 '{"status": 1000}'; }
--- exchanges
> GET /a
< 500 "a"
--- error_log
endpoint "/a": the status of the reply is not 200 to 599

=== when=: the first reply whose condition holds
--- conf
location / {
    endpoint GET /a {
        arg $x:int=null;
        arg $y=null;
        reply 400 '"none"'    when=!$x;
        reply 201 '{"x": $x}' when=$x>=10;
        reply 204             when=$y==gone;
        reply '"small"';
    }
    endpoint GET /s {
        arg $x=null;
        sleep 1ms;
        reply '"x"' when=$x;
        reply '"no x"' type=text/plain;
    }
}
--- exchanges
> GET /a
< 400 "none"
> GET /a?x=10
< 201 {"x": 10}
> GET /a?x=9&y=gone
< 204
> GET /a?x=10&y=gone
< 201 {"x": 10}
> GET /a?x=9
< 200 "small"
> GET /s?x=1
< 200 "x"
< Content-Type: application/json
> GET /s
< 200 "no x"
< Content-Type: text/plain

=== type=
--- conf
location / {
    endpoint GET /text/$x    { reply 'x: $x; "$x"' type=text/plain; }
    endpoint GET /csv/$x     { reply 'a,$x' "type=text/csv; charset=utf-8"; }
    endpoint GET /json/$x    { reply '{"a": "$x"}' type=application/problem+json; }
    endpoint GET /html/$x    { reply '<p title="$x">$x</p>' type=text/html; }
    endpoint GET /xhtml/$x   { reply '<p>$x</p>' type=application/xhtml+xml; }
    endpoint GET /xml/$x     { reply '<p>$x</p>' 'type=TEXT/XML; charset=utf-8'; }
    endpoint GET /svg/$x     { reply '<p>$x</p>' type=image/svg+xml; }
    endpoint GET /value      { arg $t=a/b; reply '$t' 'type=text/x-$t'; }
    endpoint GET /empty      { arg $x; reply $x type=text/plain; }
    endpoint GET /null       { arg $x=null; arg $j:json=null; reply '[$x|$j]' type=text/plain; }
}
--- exchanges
> GET /text/a%22b
< 200 x: a"b; "a"b"
< Content-Type: text/plain
< X-Content-Type-Options: nosniff
> GET /csv/b
< 200 a,b
< Content-Type: text/csv; charset=utf-8
> GET /json/a%22b
< 200 {"a": "a\"b"}
< Content-Type: application/problem+json

# what is HTML or XML escapes what came from outside
> GET /html/%3Cscript%3Ealert(%221%22)&'
< 200 <p title="&lt;script&gt;alert(&quot;1&quot;)&amp;&#39;">&lt;script&gt;alert(&quot;1&quot;)&amp;&#39;</p>
< Content-Type: text/html
< X-Content-Type-Options: nosniff
> GET /xhtml/%3Cb%3E
< 200 <p>&lt;b&gt;</p>
> GET /xml/%3Cb%3E
< 200 <p>&lt;b&gt;</p>
> GET /svg/%3Cb%3E
< 200 <p>&lt;b&gt;</p>

> GET /value?t=1
< 200 1
< Content-Type: text/x-1
> GET /value?t=a%0d%0aX-Bad:%201
< 200 ~
< Content-Type: application/octet-stream
< !X-Bad

# in text null is empty, arrays and objects are JSON
> GET /null
< 200 [|]
> GET /empty?x=
< 200
< Content-Length: 0
< Content-Type: text/plain
> GET /null?x=a&j={%22b%22:%20[1]}
< 200 [a|{"b": [1]}]

=== file=
--- conf
location / {
    endpoint GET /json/$x { reply file=../html/a.json; }
    endpoint GET /html/$x { reply 203 file=../html/a.html type=text/html; }
    endpoint GET /big     { reply file=../html/big.txt type=text/plain; }
    endpoint GET /abs/$x  { reply file=$TEST_NGINX_HTML_DIR/a.json; }
}
--- user_files eval
">>> a.json\n{\n  \"x\": \$x,\n  \"price\": \"5 \$\$\"\n}\n"
. ">>> a.html\n<p>\$x</p>\n"
. ">>> big.txt\n" . ('0123456789abcde' x 1000) . "\n"
--- request eval
["GET /json/a%22", "GET /html/%3C", "GET /big", "GET /abs/a"]
--- error_code eval
[200, 203, 200, 200]
--- response_body eval
[qq({"x":"a\\"","price":"5 \$"}), "<p>&lt;</p>\n",
 ('0123456789abcde' x 1000) . "\n",
 qq({"x":"a","price":"5 \$"})]

=== set_header
--- conf
location / {
    endpoint GET /a/$x {
        set_header X-A "a $x: ${x}.b";
        set_header X-B "";
        set_header Cache-Control no-store;
        reply '{}';
    }
    endpoint GET /twice {
        set_header Set-Cookie "a=1; HttpOnly";
        set_header Set-Cookie "b=2";
        reply 204;
    }
    endpoint GET /when {
        arg $x=null;
        set_header X-A "x" when=$x;
        set_header X-B "no x" when=!$x;
        reply 204;
    }
    endpoint GET /json {
        arg $j:json=null;
        set_header X-A "[$j]";
        reply 204;
    }
    endpoint GET /server {
        set_header Server mine;
        set_header Date "Thu, 01 Jan 1970 00:00:00 GMT";
        reply 204;
    }
    endpoint GET /guard {
        set_header X-A a;
        require $arg_none 404 "none";
        reply 204;
    }
}
--- exchanges
> GET /a/b
< 200 {}
< X-A: a b: b.b
< X-B:
< Cache-Control: no-store
> GET /twice
< 204
< Set-Cookie: a=1; HttpOnly, b=2
> GET /when?x=1
< 204
< X-A: x
< !X-B
> GET /when
< 204
< X-B: no x
< !X-A
> GET /json?j=[1,%20{}]
< 204
< X-A: [[1, {}]]
> GET /json
< 204
< X-A: []
> GET /server
< 204
< Server: mine
< Date: Thu, 01 Jan 1970 00:00:00 GMT
> GET /guard
< 404 {"detail":"none"}
< X-A: a

=== set_header: a line break or NUL of a client is the client's fault
--- conf
location / {
    endpoint GET /path/$x { set_header X-A "a$x"; reply 204; }
    endpoint GET /arg     { arg $x; set_header X-A "$uri $x"; reply 204; }
    endpoint POST /field  { field $x:json; set_header X-A $x.a; reply 204; }
}
--- exchanges
> GET /path/a%0d%0aX-Bad:%20b
< 422 {"detail":[{"type":"value_error","loc":["path","x"],"msg":"Value error, it must have no line break and no NUL","input":"a\r\nX-Bad: b"}]}
< !X-Bad
< !X-A
> GET /arg?x=a%0ab
< 422 {"detail":[{"type":"value_error","loc":["query","x"],"msg":"Value error, it must have no line break and no NUL","input":"a\nb"}]}
> GET /arg?x=a%0db
< 422 ~"value_error"
> GET /arg?x=a%00b
< 422 ~"value_error"
> GET /arg?x=a%09%7fb
< 204
> GET /arg?x=%e5%98%8d%e5%98%8a
< 204
< X-A: /arg 嘍嘊
> POST /field {"x": {"a": "b\nc"}}
> Content-Type: application/json
< 422 ~"value_error","loc":\["body","x"\]
> POST /field {"x": {"a": "b\\nc"}}
> Content-Type: application/json
< 204
< X-A: b\nc

=== set_header: a line break of an upstream is a failure of the step
--- conf
location / {
    endpoint GET /a {
        fetch $x /up/a;
        set_header X-A $x.a;
        reply 204;
    }
}
location = /up/a { return 200 '{"a": "b\\r\\nX-Bad: c"}'; }
--- exchanges
> GET /a
< 502 {"detail":"set_header 1: a value cannot stand in a header"}
< !X-Bad
--- error_log
endpoint "/a": step "set_header 1": a value cannot stand in a header

=== a type of a client does not make a page of what is not escaped as one
--- conf
location / {
    endpoint GET /type/$t { reply '<i>' 'type=text/$t'; }
    endpoint GET /set/$s  { reply '<i>' 'type=text/html; charset=$s'; }
}
--- exchanges
> GET /type/plain
< 200 <i>
< Content-Type: text/plain
> GET /type/html
< 200 <i>
< Content-Type: application/octet-stream
> GET /type/xml
< 200 <i>
< Content-Type: application/octet-stream
> GET /set/utf-8
< 200 <i>
< Content-Type: text/html; charset=utf-8

=== 304 says nothing of a length
--- conf
location / {
    endpoint GET /a { reply 304; }
}
--- exchanges
> GET /a
< 304
< !Content-Length
