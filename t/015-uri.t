# The places of a fetch: what a value becomes in a path, in arguments and in a
# header.  The upstream answers with what came in.

use lib 't/lib';
use EndpointTest 'no_plan';

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(http_config => <<'END');
    server {
        listen unix:$TEST_NGINX_SOCKET_DIR/up.sock;
        access_log off;
        merge_slashes off;

        location / {
            default_type text/plain;
            return 200 '$request_uri';
        }
        location /header/ {
            return 200 '$http_x_a|$http_x_b';
        }
    }
END

    $block->set_value(config => $block->steps . <<'END');
    location /up/ {
        internal;
        proxy_pass http://unix:$TEST_NGINX_SOCKET_DIR/up.sock:/;
    }
    location /value/ {
        internal;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up-json;
    }
    location = /up-json {
        endpoint GET /up-json { arg $j:json; reply $j; }
    }
END
});

run_tests();

__DATA__

=== a path: what is sent is one segment
--- steps
location / {
    endpoint GET /$x {
        fetch $r /up/a/$x/b as=text;
        reply $r;
    }
    endpoint GET /int/$x:int {
        fetch $r /up/$x as=text;
        reply $r;
    }
    endpoint GET /part/$x {
        fetch $r /up/a-${x}.json as=text;
        reply $r;
    }
}
--- exchanges
> GET /x
< 200 "/a/x/b"
> GET /a%20b
< 200 "/a/a%20b/b"
> GET /%3Fa=b%23c%25d
< 200 "/a/%3Fa=b%23c%25d/b"
> GET /%252e%252e
< 200 "/a/%252e%252e/b"
> GET /%252Fetc
< 200 "/a/%252Fetc/b"
> GET /%C3%A9
< 200 "/a/%C3%A9/b"
> GET /...
< 200 "/a/.../b"
> GET /.a
< 200 "/a/.a/b"
> GET /a..
< 200 "/a/a../b"
> GET /a&b=c;d+e
< 200 "/a/a&b=c;d+e/b"
> GET /%22%3C%3E%27
< 200 ~^"/a/(%22|\\")(<|%3C)(>|%3E)'/b"$
> GET /int/-5
< 200 "/-5"
> GET /part/..
< 404 {"detail":"Not Found"}
> GET /part/..a
< 200 "/a-..a.json"

=== a path: what is no segment is the client's fault
--- steps
location / {
    endpoint GET /a {
        arg $x:str=;
        fetch $r /up/$x as=text;
        reply $r;
    }
    endpoint GET /bool { arg $x:bool; fetch $r /up/$x as=text; reply $r; }
    endpoint GET /null { arg $x=null; fetch $r /up/$x as=text; reply $r; }
    endpoint GET /json { arg $x:json; fetch $r /up/$x.a/b as=text; reply $r; }
    endpoint GET /dot  { arg $x; fetch $r /up/.$x/b as=text; reply $r; }
    endpoint GET /two  { arg $x; arg $y; fetch $r /up/$x$y/b as=text; reply $r; }
    endpoint GET /rest/$x:path { fetch $r /up/$x as=text; reply $r; }
}
--- exchanges
> GET /a?x=b
< 200 "/b"
> GET /a?x=
< 422 {"detail":[{"type":"value_error","loc":["query","x"],"msg":"Value error, it must be text or a number without slash, backslash and control characters","input":""}]}
> GET /a?x=a/b
< 422 ~"value_error","loc":\["query","x"\]
> GET /a?x=a%2Fb
< 422 ~"value_error"
> GET /a?x=%2F
< 422 ~"value_error"
> GET /a?x=a%5Cb
< 422 ~"value_error"
> GET /a?x=a%0ab
< 422 ~"value_error"
> GET /a?x=a%00b
< 422 ~"value_error"
> GET /a?x=a%7fb
< 422 ~"value_error"
> GET /a?x=..
< 422 ~"value_error","loc":\["query","x"\].*"input":"\.\."
> GET /a?x=.
< 422 ~"value_error"
> GET /a?x=%2e%2e
< 422 ~"value_error"
> GET /a?x=%252e%252e
< 200 "/%252e%252e"
> GET /a?x=...
< 200 "/..."
> GET /bool?x=true
< 422 ~"value_error"
> GET /null
< 422 ~"value_error"
> GET /json?x={%22a%22:%22b%22}
< 200 "/b/b"
> GET /json?x={%22a%22:1.50}
< 200 "/1.50/b"
> GET /json?x={%22a%22:%22..%22}
< 422 ~"value_error","loc":\["query","x"\]
> GET /json?x={%22a%22:%22a%5Cu002fb%22}
< 422 ~"value_error"
> GET /json?x={%22a%22:[1]}
< 422 ~"value_error"
> GET /json?x={}
< 422 ~"value_error"

# two values, each harmless, are none together
> GET /dot?x=.
< 422 ~"value_error"
> GET /dot?x=a
< 200 "/.a/b"
> GET /two?x=.&y=.
< 422 ~"value_error"
> GET /two?x=.&y=a
< 200 "/.a/b"

# the rest of a path is one here too
> GET /rest/a
< 200 "/a"
> GET /rest/a/b
< 200 "/a/b"

=== a path: what an upstream sent and is no segment, is the step's failure
--- steps
location / {
    endpoint GET /$j/ {
        fetch $v /value/?j=$j;
        fetch $r /up/$v.a/b as=text;
        reply $r;
    }
}
--- exchanges
> GET /{"a":"x"}/
< 200 "/x/b"
> GET /{"a":"..%5Cu002f"}/
< 502 {"detail":"r: a value cannot stand in the path"}
> GET /{"a":".."}/
< 502 {"detail":"r: a value cannot stand in the path"}
> GET /{"a":""}/
< 502 {"detail":"r: a value cannot stand in the path"}
> GET /{"a":null}/
< 502 {"detail":"r: a value cannot stand in the path"}
> GET /{"a":{"b":1}}/
< 502 {"detail":"r: a value cannot stand in the path"}
> GET /{"a":"a%5Cn"}/
< 502 {"detail":"r: a value cannot stand in the path"}

=== a path: a variable
--- steps
location / {
    endpoint GET /a { fetch $r /up/$arg_x as=text; reply $r; }
}
--- exchanges
> GET /a?x=b
< 200 "/b"
> GET /a?x=..
< 502 {"detail":"r: a value cannot stand in the path"}
> GET /a?x=a/b
< 502 {"detail":"r: a value cannot stand in the path"}
> GET /a
< 502 {"detail":"r: a value cannot stand in the path"}

=== a path: literals are written as in a request line
--- steps
location / {
    endpoint GET /a { fetch $r "/up/a%20b/%C3%A9/%25/c" as=text; reply $r; }
    endpoint GET /b { fetch $r '/up/é/a;b=c' as=text; reply $r; }
    endpoint GET /c { fetch $r /up/$$x as=text; reply $r; }
    endpoint GET /d { fetch $r /up/a%2Fb%3Fc as=text; reply $r; }
    endpoint GET /e { fetch $r /up/ as=text; reply $r; }
    endpoint GET /f { fetch $r /up/? as=text; reply $r; }
}
--- exchanges
> GET /a
< 200 "/a%20b/%C3%A9/%25/c"
> GET /b
< 200 "/%C3%A9/a;b=c"
> GET /d
< 200 "/a/b%3Fc"
> GET /c
< 200 "/$x"
> GET /e
< 200 "/"
> GET /f
< 200 "/"

=== arguments are percent-encoded
--- steps
location / {
    endpoint GET /a {
        arg $x=null;
        fetch $r /up/?x=$x&y=1 as=text;
        reply $r;
    }
    endpoint POST /b {
        body $j:json;
        fetch $r /up/?a=$j.a&b=<$j.b>&c as=text;
        reply $r;
    }
    endpoint GET /key  { arg $x; fetch $r /up/?$x=1 as=text; reply $r; }
    endpoint GET /var  { fetch $r /up/?x=$arg_x&y=$args as=text; reply $r; }
    endpoint GET /lit  { fetch $r /up/?a=%20b+c&$$d=$$e&f=é as=text; reply $r; }
}
--- exchanges
> GET /a?x=b
< 200 "/?x=b&y=1"
> GET /a?x=a%26z=1%23%3D%2B%25%20%3F%2F
< 200 "/?x=a%26z%3D1%23%3D%2B%25%20%3F%2F&y=1"
> GET /a?x=%C3%A9%0d%0a%00%22
< 200 "/?x=%C3%A9%0D%0A%00%22&y=1"
> GET /a?x=%E2%80%A8
< 200 "/?x=%E2%80%A8&y=1"
> GET /a?x=
< 200 "/?x=&y=1"

# a null pair is left out
> GET /a
< 200 "/?y=1"
> POST /b {"a": [1, {"b": "c"}], "b": true}
> Content-Type: application/json
< 200 "/?a=%5B1%2C%20%7B%22b%22%3A%20%22c%22%7D%5D&b=<true>&c"
> POST /b {"a": 1.50, "b": "x"}
> Content-Type: application/json
< 200 "/?a=1.50&b=<x>&c"
> POST /b {}
> Content-Type: application/json
< 200 "/?b=<>&c"
> GET /key?x=a%3Db%26
< 200 "/?a%3Db%26=1"
> GET /var?x=b%26c
< 200 "/?x=b%26c&y=x%3Db%2526c"
> GET /lit
< 200 "/?a=%20b+c&$d=$e&f=é"

=== the rest of a path keeps its segments, and gets no others
--- steps
location / {
    endpoint GET /a/$r:path  { fetch $x /up/$r as=text; reply $x; }
    endpoint GET /b/$r:path  { fetch $x /up/b/${r}.json?r=$r as=text; reply $x; }
    endpoint GET /c/$r:path  { fetch $x /up/.$r as=text; reply $x; }
    endpoint GET /d/$r:path  { fetch $x /up/$r 'default="no"' as=text; reply $x; }
}
--- exchanges
> GET /a/
< 200 "/"
> GET /a/b/c/
< 200 "/b/c/"
> GET /a/b%2Fc%20d/%3Fe%23
< 200 "/b/c%20d/%3Fe%23"
> GET /b/c/d
< 200 "/b/c/d.json?r=c%2Fd"
> GET /a/b%5Cc
< 422 {"detail":[{"type":"value_error","loc":["path","r"],"msg":"Value error, it must be text without backslash and control characters","input":"b\\c"}]}
> GET /d/b%0ac
< 422 ~"value_error","loc":\["path","r"\]
> GET /a/b/..;/c
< 422 ~makes a dot segment of a path
> GET /c/
< 422 ~makes a dot segment of a path
> GET /c/./a
< 200 "/.a"
> GET /c/a/b
< 200 "/.a/b"
> GET /c/;/b
< 422 ~makes a dot segment of a path

=== what comes from the client's arguments has been encoded
--- steps
location / {
    endpoint GET /all   { fetch $x /up/?$args as=text; reply $x; }
    endpoint GET /more  { fetch $x /up/?a=1&$query_string&b=2 as=text; reply $x; }
    endpoint GET /one   { fetch $x '/up/?x=$arg_x&y=<$arg_x>' as=text; reply $x; }
    endpoint GET /key   { fetch $x /up/?$arg_x=1&a$arg_x as=text; reply $x; }
    endpoint GET /next  { fetch $x /up/?next=/a?$args as=text; reply $x; }
    endpoint GET /input { arg $args; fetch $x /up/?$args as=text; reply $x; }
}
location /set {
    set $args "a=$arg_x#é $host";
    endpoint GET /set   { fetch $x /up/?$args as=text; reply $x; }
}
--- exchanges
> GET /all?x=a%26b&y=1+2&&z
< 200 "/?x=a%26b&y=1+2&&z"
> GET /all
< 200 "/"
> GET /more?x=1&b=3
< 200 "/?a=1&x=1&b=3&b=2"
> GET /more
< 200 "/?a=1&b=2"
> GET /one?x=a%26b=%20c
< 200 "/?x=a%26b=%20c&y=<a%26b=%20c>"
> GET /key?x=a=b%26
< 200 "/?a%3Db%2526=1&aa%3Db%2526"
> GET /next?a=1&b=2
< 200 "/?next=/a?a%3D1%26b%3D2"
> GET /input?args=a%26b
< 200 "/?a%26b"
> GET /set?x=1&y=2
< 200 "/?a=1%23%C3%A9%20localhost"

=== only null pairs: no question mark is left
--- steps
location / {
    endpoint GET /a {
        arg $x=null;
        arg $y=null;
        fetch $r /up/b?x=$x&y=$y as=text;
        reply $r;
    }
}
--- exchanges
> GET /a
< 200 "/b"
> GET /a?y=1
< 200 "/b?y=1"

=== the client's own arguments do not go along
--- steps
location / {
    endpoint GET /a { fetch $r /up/b as=text; reply $r; }
}
--- exchanges
> GET /a?x=1
< 200 "/b"

=== headers
--- steps
location / {
    endpoint GET /a {
        arg $x=null;
        fetch $r /up/header/ 'header=X-A: a $x;' 'header=X-B:$x' as=text;
        reply $r;
    }
    endpoint GET /v/$j {
        fetch $v /value/?j=$j;
        fetch $r /up/header/ 'header=X-A: $v.a' as=text;
        reply $r;
    }
}
--- exchanges
> GET /a?x=b
< 200 "a b;|b"
> GET /a
< 200 "a ;|"
> GET /a?x=b%0d%0aX-B:%20c
< 422 {"detail":[{"type":"value_error","loc":["query","x"],"msg":"Value error, it must have no line break and no NUL","input":"b\r\nX-B: c"}]}
> GET /a?x=b%0a
< 422 ~"value_error"
> GET /a?x=b%00
< 422 ~"value_error"
> GET /a?x=%22%5C%C3%A9
< 200 "a \"\\é;|\"\\é"
> GET /v/{"a":"b"}
< 200 "b|"
> GET /v/{"a":"b%5Cnc"}
< 502 {"detail":"r: a value cannot stand in a header"}
> GET /v/{"a":"b%5Cu0000c"}
< 502 {"detail":"r: a value cannot stand in a header"}
