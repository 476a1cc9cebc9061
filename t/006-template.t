use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== a value is encoded, in a string it is text
--- conf
location / {
    endpoint POST /v {
        body $x:json;
        reply '{"value": $x, "text": "<$x>"}';
    }
    endpoint GET /s {
        arg $s; arg $i:int=1; arg $f:float=1; arg $b:bool=true; arg $n=null;
        reply '[$s, $i, $f, $b, $n, "$s$i$f$b$n"]';
    }
}
--- exchanges
> POST /v "a\"b\u00e9\n"
> Content-Type: application/json
< 200 {"value": "a\"b\u00e9\n", "text": "<a\"bé\n>"}
> POST /v 1.50e1
> Content-Type: application/json
< 200 {"value": 1.50e1, "text": "<1.50e1>"}
> POST /v true
> Content-Type: application/json
< 200 {"value": true, "text": "<true>"}
> POST /v [1, "a", {"b": null}]
> Content-Type: application/json
< 200 {"value": [1, "a", {"b": null}], "text": "<[1, \"a\", {\"b\": null}]>"}
> POST /v ""
> Content-Type: application/json
< 200 {"value": "", "text": "<>"}
> GET /s?s=a
< 200 ["a", 1, 1.0, true, null, "a11.0true"]
> GET /s?s=&n=x
< 200 ["", 1, 1.0, true, "x", "11.0truex"]

=== nothing that a client sends changes a template's structure
--- conf
location / {
    endpoint GET /$x   { reply '{"v": $x, "s": "$x", "end": 1}'; }
    endpoint GET /arg/ { arg $x; reply '{"v": $x, "s": "a${x}b", "end": 1}'; }
    endpoint POST /    { field $x; reply '{"v": $x, "s": "$x", "end": 1}'; }
    endpoint GET /h/   { header $x_a; reply '{"v": $x_a, "s": "$x_a", "end": 1}'; }
}
--- exchanges
> GET /","v":2,"
< 200 {"v": "\",\"v\":2,\"", "s": "\",\"v\":2,\"", "end": 1}
> GET /arg/?x=%22%5C%22}
< 200 {"v": "\"\\\"}", "s": "a\"\\\"}b", "end": 1}
> GET /arg/?x=%5C
< 200 {"v": "\\", "s": "a\\b", "end": 1}
> GET /arg/?x=%00%01%0a%0d%09%1f
< 200 {"v": "\u0000\u0001\n\r\t\u001F", "s": "a\u0000\u0001\n\r\t\u001Fb", "end": 1}
> GET /arg/?x=$uri$x${x}$$
< 200 {"v": "$uri$x${x}$$", "s": "a$uri$x${x}$$b", "end": 1}

# line separators of JavaScript, a lone surrogate, half a character
> GET /arg/?x=%E2%80%A8%E2%80%A9
< 200 ~^\{"v": "\xe2\x80\xa8\xe2\x80\xa9", "s": "a\xe2\x80\xa8\xe2\x80\xa9b", "end": 1\}$
> GET /arg/?x=%ED%A0%BD
< 200 {"v": "���", "s": "a���b", "end": 1}
> GET /arg/?x=%E2%82
< 200 {"v": "�", "s": "a�b", "end": 1}
> GET /arg/?x=%C0%A2%F8%88%80%80%A2
< 200 ~^\{"v": "(\xef\xbf\xbd)+", "s": "a(\xef\xbf\xbd)+b", "end": 1\}$
> POST / {"x": "\",\"v\":2\u0022\u005c\u0000\u2028"}
> Content-Type: application/json
< 200 ~^\{"v": "\\",\\"v\\":2\\"\\\\\\u0000\xe2\x80\xa8", "s": "\\",\\"v\\":2\\"\\\\\\u0000\xe2\x80\xa8", "end": 1\}$
> POST / {"x": "a\ud800b"}
> Content-Type: application/json
< 422 ~"string_unicode"
> GET /h/
> X-A: a"b\c
< 200 {"v": "a\"b\\c", "s": "a\"b\\c", "end": 1}

=== nothing that an upstream sends changes a template's structure
--- conf
location / {
    endpoint GET /m { fetch $x /up; reply '{"a": $x.a, "s": "$x.a", "b": "$x.b", "c": "<$x.c>", "end": 1}'; }
    endpoint GET /t { fetch $x /text as=text; reply '{"v": $x, "s": "$x"}'; }
    endpoint GET /p { fetch $x /up; reply '$x.a|$x.b|$x.none|$x.c' type=text/plain; }
    endpoint GET /h { fetch $x /up; reply '<p>$x.h</p>$x.b' type=text/html; }
}
location = /up {
    return 200 '{"a": "\\",\\"v\\":2", "b": {"c": ["d\\""]}, "c": null, "h": "<b a=\'&\'>"}';
}
location = /text {
    return 200 '",\n"v":"\\';
}
--- exchanges
> GET /m
< 200 {"a": "\",\"v\":2", "s": "\",\"v\":2", "b": "{\"c\": [\"d\\\"\"]}", "c": "<>", "end": 1}
> GET /t
< 200 {"v": "\",\n\"v\":\"\\", "s": "\",\n\"v\":\"\\"}
> GET /p
< 200 ","v":2|{"c": ["d\""]}||
> GET /h
< 200 <p>&lt;b a=&#39;&amp;&#39;&gt;</p>{&quot;c&quot;: [&quot;d\&quot;&quot;]}

=== raw line breaks and tabs inside strings are escaped, outside they are not sent
--- conf
location / {
    endpoint GET /a/$x {
        reply '{
    "text": "one
two	three $x
\n\\\\"
}';
    }
}
--- request
GET /a/b
--- response_body eval
qq({"text":"one\\ntwo\\tthree b\\n\\n\\\\"})

=== a carriage return inside a string
--- conf eval
"location / { endpoint GET / { reply '\"a\r\nb\"'; } }\n"
--- exchanges
> GET /
< 200 "a\r\nb"

=== dollars and braces
--- conf
location / {
    endpoint GET /$x/$xy:int {
        reply '{"price": "$$5", "$$x": "$$$x", "a": "${x}y", "b": "$xy", "c": ${x}, "d": "${xy}.$x.", "e": "$x.5", "f": "$x-$x", "g": "$x[", "h": "${x}[0]", "i": "$x[a]"}';
    }
    endpoint GET /text/ { reply 'a $$x $$$$' type=text/plain; }
}
--- exchanges
> GET /v/7
< 200 {"price": "$5", "$x": "$v", "a": "vy", "b": "7", "c": "v", "d": "7.v.", "e": "v.5", "f": "v-v", "g": "v[", "h": "v[0]", "i": "v[a]"}
> GET /text/
< 200 a $x $$

=== nginx's lexer speaks first: a brace outside of quotes is a block's
--- conf
location / {
    endpoint GET /a { reply {"a":"b"}; }
}
--- must_die
--- suppress_stderr
--- error_log eval
qr/\[emerg\] .* in \S+\/test\.conf:2$/

=== nginx's lexer speaks first, what is quoted as it wants
--- conf
location / {
    endpoint GET /a { reply '{"a": "it\'s; {fine} # here"}'; }
    endpoint GET /b { reply "{\"a\": \"b\"}"; }
    endpoint GET /d { reply [1,"b"]; }
    endpoint GET /e { reply '"\\\\"'; }
}
--- exchanges
> GET /a
< 200 {"a": "it's; {fine} # here"}
> GET /b
< 200 {"a": "b"}
> GET /d
< 200 [1,"b"]
> GET /e
< 200 "\\"

=== members, elements, all, slices
--- conf
location / {
    endpoint POST /m {
        body $x:json;
        reply '{"a": $x.a, "deep": $x.o.p.q, "none": $x.none.p.q, "text": "$x.a/$x.o.p.q/$x.none", "brace": "${x.a}b"}';
    }
    endpoint POST /i {
        body $x:json;
        reply '[$x[0], $x[1].a, $x[-1], $x[99], $x[-99], "$x[0]", "${x[1].a}"]';
    }
    endpoint POST /all {
        body $x:json;
        reply '[$x[*].t, $x[*], $x[*].o[0], $x[*].l[*]]';
    }
    endpoint POST /slice {
        body $x:json;
        reply '[$x[0:2], $x[1:], $x[:2], $x[-2:], $x[:-1], $x[2:1], $x[5:9], $x[1:3].t]';
    }
    endpoint POST /name {
        body $x:json;
        reply '[$x.a_b, $x.A, $x._1]';
    }
}
--- exchanges
> POST /m {"a": "b", "o": {"p": {"q": [1, 2]}}}
> Content-Type: application/json
< 200 {"a": "b", "deep": [1, 2], "none": null, "text": "b/[1, 2]/", "brace": "bb"}
> POST /m {"a": 1, "a": 2}
> Content-Type: application/json
< 200 {"a": 2, "deep": null, "none": null, "text": "2//", "brace": "2b"}
> POST /m [{"a": 1}]
> Content-Type: application/json
< 200 {"a": null, "deep": null, "none": null, "text": "//", "brace": "b"}
> POST /m 5
> Content-Type: application/json
< 200 {"a": null, "deep": null, "none": null, "text": "//", "brace": "b"}
> POST /m {"\u0061": 1}
> Content-Type: application/json
< 200 {"a": 1, "deep": null, "none": null, "text": "1//", "brace": "1b"}
> POST /i ["a", {"a": "b"}, [3]]
> Content-Type: application/json
< 200 ["a", "b", [3], null, null, "a", "b"]
> POST /i []
> Content-Type: application/json
< 200 [null, null, null, null, null, "", ""]
> POST /i {"0": 1}
> Content-Type: application/json
< 200 [null, null, null, null, null, "", ""]
> POST /all [{"t": "a", "o": [1]}, {"t": "b"}, 3, {"l": [5, 6]}]
> Content-Type: application/json
< 200 [["a","b",null,null], [{"t": "a", "o": [1]}, {"t": "b"}, 3, {"l": [5, 6]}], [1,null,null,null], [null,null,null,[5, 6]]]
> POST /all []
> Content-Type: application/json
< 200 [[], [], [], []]
> POST /all {"t": 1}
> Content-Type: application/json
< 200 [null, null, null, null]
> POST /slice ["a", "b", "c", "d"]
> Content-Type: application/json
< 200 [["a","b"], ["b","c","d"], ["a","b"], ["c","d"], ["a","b","c"], [], [], [null,null]]
> POST /name {"a_b": 1, "A": 2, "_1": 3}
> Content-Type: application/json
< 200 [1, 2, 3]

=== nginx's variables, where no input or step has the name
--- http_config
map $arg_m $mapped { default "d$arg_m"; }
--- conf
set $mine "a\"b";
location / {
    endpoint GET /v {
        arg $host=input;
        header $x_a=null;
        reply '{"uri": $uri, "text": "$request_method $arg_a", "mine": $mine, "host": $host, "http": "$http_x_a", "mapped": $mapped, "unset": $arg_none}';
    }
    endpoint GET /case { reply '[$URI, $http_X_a]'; }
    endpoint GET /late { fetch $x /up; reply '[$x, $status_text, $request_uri]'; }
}
location = /up { return 200 '1'; }
set $status_text "below";
--- exchanges
> GET /v?a=1&m=2
> X-A: h"
< 200 {"uri": "/v", "text": "GET 1", "mine": "a\"b", "host": "input", "http": "h\"", "mapped": "d2", "unset": ""}
> GET /case
> X-A: h
< 200 ["/case", "h"]
> GET /late
< 200 [1, "below", "/late"]

=== a map with a regex does not disturb what an input holds
--- http_config
map $arg_m $mapped { ~^(?<part>.) "<$part>"; default none; }
--- conf
location ~ ^/(?<first>[a-z])/ {
    endpoint GET /$a/$b {
        reply '[$a, $mapped, $b, $first, $mapped, $a]';
    }
}
--- exchanges
> GET /x/y?m=zz
< 200 ["x", "<z>", "y", "x", "<z>", "x"]

=== a body larger than any buffer
--- conf
location / {
    endpoint POST /a { body $x:json; reply '{"a": $x, "b": "$x.s", "c": $x.s}'; }
}
--- more_headers
Content-Type: application/json
--- request eval
my $s = 'é"\\' x 30000;
$s =~ s/(["\\])/\\$1/g;
qq(POST /a\n{"s": "$s"})
--- response_body eval
my $s = 'é"\\' x 30000;
$s =~ s/(["\\])/\\$1/g;
qq({"a": {"s": "$s"}, "b": "$s", "c": "$s"})
