# What somebody who is new here gets wrong, and what nginx -t says to it: the
# place, what is wrong, and what is meant.

use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== a misspelt name with a member
--- conf
location / { endpoint GET / { fetch $user /a; reply '{"x": $usr.name}'; } }
--- dies
1: unknown name "$usr": no input, step or variable has it, did you mean "$user"?

=== a misspelt name
--- conf
location / { endpoint GET / { fetch $user /a; reply '{"x": "$usre"}'; } }
--- dies
1: unknown name "$usre": no input, step or variable has it, did you mean "$user"?

=== a misspelt variable of nginx
--- conf
location / { endpoint GET / { reply '{"x": $reqest_id}'; } }
--- dies
1: unknown name "$reqest_id": no input, step or variable has it, did you mean "$request_id"?

=== JSON: a comma too many, in its line
--- conf
location / { endpoint GET / { reply '{
  "a": 1,
  "b": [1, 2,],
}'; } }
--- dies
4: invalid JSON in line 3 of the template, in ""b": [1, 2,],", at ",],": there is a comma too many

=== JSON: a key without quotes
--- conf
location / { endpoint GET / { reply '{name: 1}'; } }
--- dies
1: invalid JSON in line 1 of the template, in "{name: 1}", at "name: 1}": a key must be in double quotes

=== JSON: single quotes
--- conf
location / { endpoint GET / { reply "{'name': 1}"; } }
--- dies
1: invalid JSON in line 1 of the template, in "{'name': 1}", at "'name': 1}": JSON has double quotes only

=== JSON: text without quotes
--- conf
location / { endpoint GET / { reply '{"name": Ann}'; } }
--- dies
1: invalid JSON in line 1 of the template, in "{"name": Ann}", at "Ann}": a text must be in double quotes

=== JSON: a brace is missing
--- conf
location / { endpoint GET / { reply '{"name": "Ann"'; } }
--- dies
1: invalid JSON in line 1 of the template, in "{"name": "Ann"", at "{"name": "Ann"": its "}" is missing

=== JSON: a bracket is missing
--- conf
location / { endpoint GET / { reply '{"name": [1, 2}'; } }
--- dies
1: invalid JSON in line 1 of the template, in "{"name": [1, 2}", at "}": a "]" is missing before it

=== JSON: a comma is missing
--- conf
location / { endpoint GET / { reply '{"a": 1 "b": 2}'; } }
--- dies
1: invalid JSON in line 1 of the template, in "{"a": 1 "b": 2}", at ""b": 2}": a comma is missing before it

=== JSON: a colon is missing
--- conf
location / { endpoint GET / { reply '{"a" 1}'; } }
--- dies
1: invalid JSON in line 1 of the template, in "{"a" 1}", at ""a" 1}": a ":" is missing behind the key

=== a text without quotes or a type
--- conf
location / { endpoint GET / { reply Hello; } }
--- dies
1: invalid JSON in line 1 of the template, in "Hello", at "Hello": a text must be in double quotes, or has a type= like text/plain

=== JSON: a word of Python
--- conf
location / { endpoint GET / { reply '{"a": None}'; } }
--- dies
1: invalid JSON in line 1 of the template, in "{"a": None}", at "None}": JSON has null, true and false

=== JSON: a leading zero
--- conf
location / { endpoint GET / { reply '{"a": 01}'; } }
--- dies
1: invalid JSON in line 1 of the template, in "{"a": 01}", at "01}": it is no value of JSON

=== a semicolon is missing behind fetch
--- conf
location / { endpoint GET / { fetch $x /a
 reply $x; } }
--- dies
2: unexpected "reply" in "fetch", is a ";" missing before it?

=== behind an input
--- conf
location / { endpoint GET / { arg $x:int
 reply $x; } }
--- dies
2: unexpected "reply" in "arg", is a ";" missing before it?

=== behind sleep
--- conf
location / { endpoint GET / { sleep 1s
 reply 204; } }
--- dies
2: unexpected "reply" in "sleep", is a ";" missing before it?

=== a misspelt statement
--- conf
location / { endpoint GET / { replly 204; } }
--- dies
1: did you mean "reply" in place of "replly"?

=== a misspelt option of fetch
--- conf
location / { endpoint GET / { fetch $x /a retres=3; reply $x; } }
--- dies
1: unknown option "retres=3" of "fetch", did you mean "retries=", the options are body=, header=, default=, pass=, pass_headers=, status=, bind=, as=, retries=, try_timeout=, cache=, each=, limit=, timeout=, after=, when=, unordered

=== of another step
--- conf
location / { endpoint GET / { sleep 1s tiemout=3s; reply 204; } }
--- dies
1: unknown option "tiemout=3s" of "sleep", did you mean "timeout=", the options are timeout=, after=, when=, unordered

=== a path of FastAPI's
--- conf
location / { endpoint GET /users/{id} { reply 204; } }
--- dies
1: a path has "$id" in place of "{id}"

=== the same in quotes
--- conf
location / { endpoint GET "/users/{id}" { reply 204; } }
--- dies
1: invalid path "/users/{id}", a segment is bound by "$id" or "$id:int"

=== a path of Express'
--- conf
location / { endpoint GET /users/:id { reply 204; } }
--- dies
1: invalid path "/users/:id", a segment is bound by "$id" or "$id:int"

=== a constraint behind the path
--- conf
location / { endpoint GET /users/$id:int ge=1 { reply 204; } }
--- dies
1: unexpected "ge=1" behind the path "/users/$id:int": a segment has a type only, "$id:int", and is checked by "require"

=== a body without a method
--- conf
location / { endpoint GET / { fetch $x /a '{"a": 1}'; reply $x; } }
--- dies
1: a body in a "fetch" without a method, write one like POST before the URI

=== an endpoint that a location with a slash redirects
--- conf
location / { endpoint GET /x { reply 204; } } location /x/ { proxy_pass http://127.0.0.1:1; }
--- dies
1: endpoint "/x" is never asked: nginx redirects it to location "/x/", add "location = /x" for it

=== a condition with spaces
--- conf
location / { endpoint GET / { require $arg_x == 1 400 "a"; reply 204; } }
--- dies
1: a condition is one word, write "$arg_x==1"

=== the status behind the body
--- conf
location / { endpoint GET / { reply '{"a": 1}' 200; } }
--- dies
1: invalid status "{"a": 1}", it must be 200 to 599 or a "$name", and stands before the body

=== a misspelt upstream
--- http_config
upstream store { server 127.0.0.1:1; endpoint_postgres "dbname=app"; }
--- conf
location / {
    endpoint GET / { query $x stroe "SELECT 1 AS x"; reply $x; }
}
--- dies
2: no upstream "stroe" with "endpoint_postgres", did you mean "store"?

=== an upstream may have the name of a statement
--- http_config
upstream require { server 127.0.0.1:1; endpoint_postgres "dbname=app"; }
--- config
location / {
    endpoint GET /a { reply 204; }
    endpoint GET / { query $x require "SELECT 1 AS x"; reply $x; }
    endpoint GET /b { query require "DELETE FROM a"; reply 204; }
}
--- request
GET /a
--- error_code: 204

=== a field in a GET is warned about
--- conf
location / {
    endpoint GET / { field $x; reply $x; }
    endpoint GET /b { body $y:json; reply $y; }
    endpoint POST / { field $z; reply $z; }
}
--- request
GET /
--- error_code: 422
--- error_log eval
[qr/\[warn\] .*"field" in an endpoint for GET, .* in \S+test\.conf:2/,
 qr/\[warn\] .*"body" in an endpoint for GET, .* in \S+test\.conf:3/]
--- no_error_log
test.conf:4
[alert]

=== a word that is the name of a statement may be a text or a key
--- http_config
endpoint_cache_zone zone=z:1m entries=9 ttl=1s;
--- conf
location / {
    endpoint GET /$x {
        cache z query $x;
        log info "reply" when=$x;
        set_header X-A "fetch" when=$x;
        require $x==a 404 "wait";
        reply '"reply"';
    }
}
--- request
GET /a
--- response_headers
X-A: fetch
--- response_body chomp
"reply"

=== white space of a template in several lines is not sent
--- conf
location / {
    endpoint POST / {
        body $b:json;
        reply '{
            "a": [ 1.50, "x  y", $b.n ],
            "text": "  $b.t  \\"  , [ ",
            "b": $b
        }';
    }
    endpoint GET /line { reply '{ "a": 1 }'; }
    endpoint GET /break { reply '{ "a": "
b" }'; }
    endpoint GET /plain { reply ' a
  b' type=text/plain; }
    endpoint GET /file { reply file=../html/a.json; }
}
--- user_files
>>> a.json
{
    "a": "b  c",
    "d": 1
}
--- exchanges
> POST / {"n": 1e2,  "t": "a  b"}
< 200 {"a":[1.50,"x  y",1e2],"text":"  a  b  \"  , [ ","b":{"n": 1e2,  "t": "a  b"}}
> GET /line
< 200 { "a": 1 }
> GET /break
< 200 { "a": "\nb" }
> GET /plain
< 200 ~^ a\n  b$
> GET /file
< 200 {"a":"b  c","d":1}

=== a whole URI in a path
--- conf
location / { endpoint GET /a { fetch $x /up/$request_uri; reply $x; } }
--- dies
1: a whole URI within the path of "/up/$request_uri", bind what is needed of it as the endpoint's "$name:path" and write "$name"

=== arguments in a path
--- conf
location / { endpoint GET /a { fetch $x /up/x$is_args$args; reply $x; } }
--- dies
1: arguments within the path of "/up/x$is_args$args", write them behind a "?"

=== an element in what is said of all
--- conf
location / { endpoint GET /a { arg $n:json; fetch $x /up/$item each=$n when=$item!=1; reply $x; } }
--- dies
1: "$item" in "when=", which is for all elements of "each=" at once: let "each=" fetch an endpoint that does it for one

=== an element in what is kept of all
--- http_config
endpoint_cache_zone zone=kept:256k entries=100 ttl=1h;
--- conf
location / { endpoint GET /a { arg $n:json; fetch $x /up/$item each=$n cache=kept:${item}; reply $x; } }
--- dies
1: "$item" in "cache=", which is for all elements of "each=" at once: let "each=" fetch an endpoint that does it for one

=== what is said is done: one element by an endpoint of its own
--- http_config
endpoint_cache_zone zone=kept:256k entries=100 ttl=1h;
--- conf
location / {
    endpoint GET /all { arg $n:json; fetch $x /one/$item each=$n; reply $x; }
    endpoint GET /one/$item { cache kept $item; fetch $x /up/$item when=$item!=1; reply '[$item, $x]'; }
}
location /up/ { internal; return 200 $uri; default_type application/json; }
--- exchanges
> GET /all?n=[1]
< 200 [["1", null]]
