# Every mistake in a configuration is found when it is read: where it stands,
# and what was expected.

use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== an unknown name
--- conf
location / {
    endpoint GET / {
        reply '{"x": $nothing}';
    }
}
--- dies
3: unknown name "$nothing": no input, step or variable has it

=== an unknown name in a URI
--- conf
location / {
    endpoint GET / {
        fetch $a /a?x=$nothing;
        reply $a;
    }
}
--- dies
3: unknown name "$nothing": no input, step or variable has it

=== an unknown name in a header
--- conf
location / {
    endpoint GET / {
        set_header X-A "$nothing";
        reply 204;
    }
}
--- dies
3: unknown name "$nothing": no input, step or variable has it

=== an unknown name in a condition
--- conf
location / {
    endpoint GET / {
        require $nothing 404 "none";
        reply 204;
    }
}
--- dies
3: unknown name "$nothing": no input, step or variable has it

=== a name in a file that is included has the file's line
--- conf
location / {
    endpoint GET / {
        include ../html/sub.conf;
    }
}
--- user_files
>>> sub.conf

reply $nothing;
--- must_die
--- suppress_stderr
--- error_log eval
qr/\[emerg\] .*unknown name "\$nothing".* in \S+\/sub\.conf:2$/

=== a name bound twice, by two inputs
--- conf
location / {
    endpoint GET / {
        arg $x;
        header $x;
        reply $x;
    }
}
--- dies
4: "$x" is already bound at line 3

=== a name bound twice, by the path and a step
--- conf
location / {
    endpoint GET /$x {
        fetch $x /a;
        reply $x;
    }
}
--- dies
3: "$x" is already bound at line 2

=== a name bound twice, by two segments
--- conf
location / {
    endpoint GET /$x/$x {
        reply $x;
    }
}
--- dies
2: "$x" is already bound at line 2

=== a name bound twice, by status=
--- conf
location / {
    endpoint GET / {
        fetch $x /a status=$x;
        reply $x;
    }
}
--- dies
3: "$x" is already bound at line 3

=== a cycle of two
--- conf
location / {
    endpoint GET / {
        fetch $user  /a?x=$posts;
        fetch $posts /b?x=$user;
        reply $user;
    }
}
--- dies
3: cycle: "user" waits for "posts", which waits for "user"

=== a cycle of one
--- conf
location / {
    endpoint GET / {
        fetch $user /a?x=$user;
        reply $user;
    }
}
--- dies
3: cycle: "user" waits for "user"

=== a cycle by after=
--- conf
location / {
    endpoint GET / {
        fetch $a /a after=$c;
        fetch $b /b when=$a;
        fetch $c /c 'header=X: $b';
        reply $a;
    }
}
--- dies
3: cycle: "a" waits for "c", which waits for "b", which waits for "a"

=== a cycle by a guard: what it needs stands below it
--- conf
location / {
    endpoint GET / {
        require $a 404 "none";
        fetch $a /a;
        reply $a;
    }
}
--- dies
3: cycle: "require 1" waits for "a", which waits for "require 1"

=== a cycle by wait
--- conf
location / {
    endpoint GET / {
        fetch $a /a?b=$b;
        wait;
        fetch $b /b;
        reply $a;
    }
}
--- dies
3: cycle: "a" waits for "b", which waits for "wait 1", which waits for "a"

=== a step that nobody uses and that has no effect
--- conf
location / {
    endpoint GET / {
        fetch $a /a;
        reply 204;
    }
}
--- dies
3: "$a" is never used, and a read has no other effect

=== bad JSON in a reply
--- conf
location / {
    endpoint GET / {
        reply '{"x": }';
    }
}
--- dies
3: invalid JSON in line 1 of the template, in "{"x": }", at "}": a value is missing

=== bad JSON: a name beside another value
--- conf
location / {
    endpoint GET /$x {
        reply '{"x": a$x}';
    }
}
--- dies
3: invalid JSON in line 1 of the template, in "{"x": a$x}", at "a$x}": a text must be in double quotes

=== bad JSON: two names side by side
--- conf
location / {
    endpoint GET /$x {
        reply '[$x$x]';
    }
}
--- dies
3: invalid JSON in line 1 of the template, in "[$x$x]", at "$x]": a comma is missing before it

=== bad JSON: a number of its digits and a name
--- conf
location / {
    endpoint GET /$x {
        reply '[1$x]';
    }
}
--- dies
3: invalid JSON in line 1 of the template, in "[1$x]", at "$x]": a comma is missing before it

=== bad JSON: a name as a key
--- conf
location / {
    endpoint GET /$x {
        reply '{$x: 1}';
    }
}
--- dies
3: invalid JSON in line 1 of the template, in "{$x: 1}", at "$x: 1}": a key must be in double quotes

=== bad JSON: a string without an end
--- conf
location / {
    endpoint GET /$x {
        reply '{"x": "$x}';
    }
}
--- dies
3: invalid JSON in line 1 of the template, in "{"x": "$x}", at ""$x}": its closing quote is missing

=== bad JSON: more than one value
--- conf
location / {
    endpoint GET / {
        reply '{} {}';
    }
}
--- dies
3: invalid JSON in line 1 of the template, in "{} {}", at "{}": there is something behind the value

=== bad JSON: an unknown escape
--- conf
location / {
    endpoint GET / {
        reply '"\x"';
    }
}
--- dies
3: invalid JSON in line 1 of the template, in ""\x"", at "\x"": there is no such escape, a backslash is written twice

=== bad JSON in a fetch's body
--- conf
location / {
    endpoint GET / {
        fetch POST /a '{"x": 1,}';
        reply 204;
    }
}
--- dies
3: invalid JSON in line 1 of the template, in "{"x": 1,}", at ",}": there is a comma too many

=== bad JSON in a file
--- conf
location / {
    endpoint GET / {
        reply file=../html/bad.json;
    }
}
--- user_files
>>> bad.json
[1
--- must_die
--- suppress_stderr
--- error_log eval
[qr/\[emerg\] .*invalid JSON in line \d+ of the template/, qr/in \S+\/test\.conf:3$/]

=== a bad type
--- conf
location / {
    endpoint GET / {
        arg $x:integer;
        reply $x;
    }
}
--- dies
3: invalid type "integer" of "$x", it must be one of str, int, float, bool, uuid, json

=== a bad type of a segment
--- conf
location / {
    endpoint GET /$x:number {
        reply $x;
    }
}
--- dies
2: invalid type "number" of "$x", it must be one of str, int, float, bool, uuid, json, path

=== an empty type
--- conf
location / {
    endpoint GET / {
        arg $x:;
        reply $x;
    }
}
--- dies
3: invalid type "" of "$x", it must be one of str, int, float, bool, uuid, json

=== "path" is a type for paths
--- conf
location / {
    endpoint GET / {
        arg $x:path;
        reply $x;
    }
}
--- dies
3: invalid type "path" of "$x", it must be one of str, int, float, bool, uuid, json

=== a bad constraint: an unknown word
--- conf
location / {
    endpoint GET / {
        arg $x:int min=5;
        reply $x;
    }
}
--- dies
3: invalid parameter "min=5" of "$x", of type "int" it must be one of enum=, le=, lt=, ge=, gt=

=== a bad constraint: not of that type
--- conf
location / {
    endpoint GET / {
        arg $x:int min_length=5;
        reply $x;
    }
}
--- dies
3: "min_length=5" does not apply to "$x" of type "int"

=== a bad constraint: a bound that is no number
--- conf
location / {
    endpoint GET / {
        arg $x:int ge=five;
        reply $x;
    }
}
--- dies
3: invalid value "five" in "ge=five" of "$x", it must be of type "int"

=== a bad constraint: a length that is no number
--- conf
location / {
    endpoint GET / {
        arg $x max_length=-1;
        reply $x;
    }
}
--- dies
3: invalid value "-1" in "max_length=-1" of "$x", it must be a number of characters

=== a bad constraint: twice
--- conf
location / {
    endpoint GET / {
        arg $x:int ge=1 ge=2;
        reply $x;
    }
}
--- dies
3: duplicate "ge" of "$x"

=== a bad constraint: an empty choice
--- conf
location / {
    endpoint GET / {
        arg $x enum=a,,b;
        reply $x;
    }
}
--- dies
3: invalid value "" in "enum=a,,b" of "$x", it must be of type "str" and not empty

=== a bad constraint: a pattern that does not compile
--- conf
location / {
    endpoint GET / {
        arg $x pattern=[a-;
        reply $x;
    }
}
--- must_die
--- suppress_stderr
--- error_log eval
qr/\[emerg\] .*invalid pattern "\[a-" of "\$x": [^"]*class in \S+\/test\.conf:3$/

=== a default that breaks its constraint
--- conf
location / {
    endpoint GET / {
        arg $x:int=0 ge=1;
        reply $x;
    }
}
--- dies
3: invalid default "0" of "$x": Input should be greater than or equal to 1

=== a default that is not of its type
--- conf
location / {
    endpoint GET / {
        arg $x:bool=maybe;
        reply $x;
    }
}
--- dies
3: invalid default "maybe" of "$x": Input should be a valid boolean, unable to interpret input

=== a default of a path
--- conf
location / {
    endpoint GET /$x:int=5 {
        reply $x;
    }
}
--- dies
2: default "5" of "$x", which a path always has

=== a bad name of an input
--- conf
location / {
    endpoint GET / {
        arg limit:int;
        reply 204;
    }
}
--- dies
3: invalid name "limit:int", it must be "$" and letters, digits or "_", not a digit first

=== a name that begins with a digit
--- conf
location / {
    endpoint GET /$1x {
        reply 204;
    }
}
--- dies
2: invalid name "$1x", it must be "$" and letters, digits or "_", not a digit first

=== a bad name of a step
--- conf
location / {
    endpoint GET / {
        fetch $my-user /a;
        reply 204;
    }
}
--- dies
3: invalid name "$my-user", it must be letters, digits and "_"

=== a member of a scalar
--- conf
location / {
    endpoint GET /$id:int {
        reply '"$id.json"';
    }
}
--- dies
3: "$id" has no members, write "${id}.json" where text follows it

=== an element of a scalar
--- conf
location / {
    endpoint GET /$id:int {
        reply '"$id[0]"';
    }
}
--- dies
3: "$id" has no members, write "${id}[0]" where text follows it

=== a member of a text
--- conf
location / {
    endpoint GET / {
        fetch $x /a as=text;
        reply $x.a;
    }
}
--- dies
4: "$x" has no members, write "${x}.a" where text follows it

=== a member of a status
--- conf
location / {
    endpoint GET / {
        fetch $x /a status=$code;
        reply '[$x, $code.a]';
    }
}
--- dies
4: "$code" has no members, write "${code}.a" where text follows it

=== a member of a variable
--- conf
location / {
    endpoint GET / {
        reply '"$uri.a"';
    }
}
--- dies
3: "$uri" has no members, write "${uri}.a" where text follows it

=== a bad index
--- conf
location / {
    endpoint POST / {
        body $x:json;
        reply $x[1:2:3];
    }
}
--- dies
4: invalid index of "$x", it must be [N], [*] or [N:M]

=== a brace that is not closed
--- conf
location / {
    endpoint GET /$x {
        reply '"${x"';
    }
}
--- dies
3: "}" is missing behind "${x"

=== a dollar sign without a name
--- conf
location / {
    endpoint GET / {
        reply '"5 $"';
    }
}
--- dies
3: a name is missing behind "$", write "$$" for a dollar sign

=== a framing header in a reply
--- conf
location / {
    endpoint GET / {
        set_header Content-Length "5";
        reply 204;
    }
}
--- dies
3: header "Content-Length" frames the message, it is not for the configuration to set

=== a framing header in a fetch, its case does not matter
--- conf
location / {
    endpoint GET / {
        fetch $x /a 'header=transfer-ENCODING: chunked';
        reply $x;
    }
}
--- dies
3: header "transfer-ENCODING" frames the message, it is not for the configuration to set

=== a framing header: Connection
--- conf
location / {
    endpoint GET / {
        set_header Connection close;
        reply 204;
    }
}
--- dies
3: header "Connection" frames the message, it is not for the configuration to set

=== a framing header: Upgrade
--- conf
location / {
    endpoint GET / {
        set_header Upgrade h2c;
        reply 204;
    }
}
--- dies
3: header "Upgrade" frames the message, it is not for the configuration to set

=== a header's name that is no token
--- conf
location / {
    endpoint GET / {
        set_header "X A" "5";
        reply 204;
    }
}
--- dies
3: invalid header name "X A", it must be a literal token

=== a header's name that is no literal
--- conf
location / {
    endpoint GET /$x {
        set_header X-$x "5";
        reply 204;
    }
}
--- dies
3: invalid header name "X-$x", it must be a literal token

=== a header's name with a parenthesis
--- conf
location / {
    endpoint GET / {
        set_header "X(a)" "5";
        reply 204;
    }
}
--- dies
3: invalid header name "X(a)", it must be a literal token

=== a line break in a header
--- conf
location / {
    endpoint GET / {
        set_header X-A "a
b";
        reply 204;
    }
}
--- dies
4: a control byte in the value of header "X-A"

=== Content-Type has a word of its own
--- conf
location / {
    endpoint GET / {
        set_header Content-Type text/plain;
        reply 204;
    }
}
--- dies
3: header "Content-Type" is set by "type=" of "reply"

=== a header without a colon
--- conf
location / {
    endpoint GET / {
        fetch $x /a header=X-A;
        reply $x;
    }
}
--- dies
3: invalid "header=X-A", it must be 'header=NAME: text'

=== two endpoints of the same method and shape
--- conf
location / {
    endpoint GET /a/$x {
        reply $x;
    }
    endpoint POST /a/$x {
        reply $x;
    }
    endpoint GET /a/$y:int {
        reply $y;
    }
}
--- must_die
--- suppress_stderr
--- error_log eval
qr/\[emerg\] .*: endpoint "GET \/a\/\$y:int" has the method and shape of the one at \S+\/test\.conf:2 in \S+\/test\.conf:8$/

=== two endpoints of the same method and literal
--- conf
location / {
    endpoint GET /a { reply '"1"'; }
    endpoint GET /a { reply '"2"'; }
}
--- must_die
--- suppress_stderr
--- error_log eval
qr/\[emerg\] .*: endpoint "GET \/a" has the method and shape of the one at \S+\/test\.conf:2 in \S+\/test\.conf:3$/

=== an endpoint outside its location's prefix
--- conf
location /api/ {
    endpoint GET /apis/x {
        reply 204;
    }
}
--- dies
2: endpoint "/apis/x" is outside its location "/api/"

=== an endpoint outside its exact location
--- conf
location = /api {
    endpoint GET /api/x {
        reply 204;
    }
}
--- dies
2: endpoint "/api/x" is outside its location "/api"

=== a name where the location has a literal
--- conf
location /api/ {
    endpoint GET /$x/y {
        reply 204;
    }
}
--- dies
2: endpoint "/$x/y" is outside its location "/api/"

=== an endpoint beside proxy_pass
--- conf
location / {
    proxy_pass http://127.0.0.1:1;
    endpoint GET /a {
        reply 204;
    }
}
--- dies
3: endpoint "/a" stands beside another content handler of location "/"

=== an endpoint above proxy_pass
--- conf
location / {
    endpoint GET /a {
        reply 204;
    }
    proxy_pass http://127.0.0.1:1;
}
--- dies
2: endpoint "/a" stands beside another content handler of location "/"

=== an endpoint beside return
--- conf
location / {
    endpoint GET /a {
        reply 204;
    }
    return 200 "body";
}
--- dies
2: endpoint "/a" stands beside another content handler of location "/"

=== an endpoint beside empty_gif
--- conf
location / {
    empty_gif;
    endpoint GET /a {
        reply 204;
    }
}
--- dies
3: endpoint "/a" stands beside another content handler of location "/"

=== no reply
--- conf
location / {
    endpoint GET /a {
        sleep 1s;
    }
}
--- dies
2: endpoint "/a" has no "reply" without "when="

=== an empty endpoint
--- conf
location / {
    endpoint GET /a { }
}
--- dies
2: endpoint "/a" has no "reply" without "when="

=== no reply without when=
--- conf
location / {
    endpoint GET /a {
        arg $x;
        reply $x when=$x;
    }
}
--- dies
2: endpoint "/a" has no "reply" without "when="

=== a reply after an unconditional one
--- conf
location / {
    endpoint GET /a {
        arg $x;
        reply '"a"';
        reply $x when=$x;
    }
}
--- dies
5: this reply is never sent: the one at line 4 has no "when="

=== a statement outside its block: in a location
--- conf
location / {
    reply '"a"';
}
--- dies
2: "reply" directive is not allowed here

=== a statement outside its block: in a server
--- conf
arg $x;
--- dies
1: "arg" directive is not allowed here

=== a directive of nginx inside a block
--- conf
location / {
    endpoint GET /a {
        proxy_pass http://127.0.0.1:1;
        reply 204;
    }
}
--- dies
3: "proxy_pass" directive is not allowed here

=== an unknown statement
--- conf
location / {
    endpoint GET /a {
        answer 204;
        reply 204;
    }
}
--- dies
3: unknown directive "answer"

=== an endpoint in an endpoint
--- conf
location / {
    endpoint GET /a {
        endpoint GET /a/b {
            reply 204;
        }
        reply 204;
    }
}
--- dies
3: "endpoint" directive is not allowed here

=== an endpoint in "if"
--- conf
location / {
    if ($arg_x) {
        endpoint GET /a {
            reply 204;
        }
    }
}
--- dies
3: "endpoint" directive is not allowed here

=== an endpoint in "limit_except"
--- conf
location / {
    limit_except GET {
        endpoint PUT /a {
            reply 204;
        }
    }
}
--- dies
3: "endpoint" directive is not allowed here

=== an endpoint in a server
--- conf
endpoint GET /a {
    reply 204;
}
--- dies
1: "endpoint" directive is not allowed here

=== a bad method
--- conf
location / {
    endpoint get /a {
        reply 204;
    }
}
--- dies
2: invalid method "get", it must be one HTTP method like GET or POST

=== two methods
--- conf
location / {
    endpoint GET|POST /a {
        reply 204;
    }
}
--- dies
2: invalid method "GET|POST", it must be one HTTP method like GET or POST

=== a path without a slash
--- conf
location ~ a {
    endpoint GET a/b {
        reply 204;
    }
}
--- dies
2: invalid path "a/b", it must start with "/"

=== a name that is no whole segment
--- conf
location / {
    endpoint GET /a-$x {
        reply $x;
    }
}
--- dies
2: invalid path "/a-$x", a "$name" must be a whole segment

=== "path" is for the last segment
--- conf
location / {
    endpoint GET /$x:path/b {
        reply $x;
    }
}
--- dies
2: "$x:path" takes the rest of the path, so it must be last

=== an endpoint without a path
--- conf
location / {
    endpoint GET {
        reply 204;
    }
}
--- dies
2: invalid number of arguments in "endpoint" directive

=== a bad status
--- conf
location / {
    endpoint GET / {
        reply 100 '{}';
    }
}
--- dies
3: invalid status "100", it must be 200 to 599 or a "$name"

=== a status above 599
--- conf
location / {
    endpoint GET / {
        reply 600 '{}';
    }
}
--- dies
3: invalid status "600", it must be 200 to 599 or a "$name"

=== a body where there is none
--- conf
location / {
    endpoint GET / {
        reply 204 '{}';
    }
}
--- dies
3: a reply of status 204 has no body

=== a reply of nothing
--- conf
location / {
    endpoint GET / {
        reply type=text/plain;
    }
}
--- dies
3: "reply" needs a status, a template, a "$name" or "file="

=== a word too many in a reply
--- conf
location / {
    endpoint GET / {
        reply 200 '{}' '[]';
    }
}
--- dies
3: unexpected "[]" in "reply"

=== a template and a file
--- conf
location / {
    endpoint GET / {
        reply 200 '{}' file=a.json;
    }
}
--- dies
3: "reply" has both a template and "file="

=== a file that is not there
--- conf
location / {
    endpoint GET / {
        reply file=/nowhere/a.json;
    }
}
--- dies
3: cannot open the file "/nowhere/a.json"

=== a bad condition
--- conf
location / {
    endpoint GET /$x {
        reply '"a"' when=x==1;
        reply '"b"';
    }
}
--- dies
3: invalid condition "x==1", it must be $x, !$x, or $x OP VALUE in one word with OP one of == != < <= > >=

=== a condition of one equals sign
--- conf
location / {
    endpoint GET /$x {
        require $x=1 400 "a";
        reply '"b"';
    }
}
--- dies
3: invalid condition "$x=1", it must be $x, !$x, or $x OP VALUE in one word with OP one of == != < <= > >=

=== a condition that negates a comparison
--- conf
location / {
    endpoint GET /$x {
        require !$x==1 400 "a";
        reply '"b"';
    }
}
--- dies
3: invalid condition "!$x==1", it must be $x, !$x, or $x OP VALUE in one word with OP one of == != < <= > >=

=== require with a status that there is not
--- conf
location / {
    endpoint GET / {
        arg $x;
        require $x 600 "a";
        reply 204;
    }
}
--- dies
4: invalid status "600", it must be 200 to 599 or a "$name"

=== a bad level of log
--- conf
location / {
    endpoint GET / {
        log loud "a";
        reply 204;
    }
}
--- dies
3: invalid log level "loud", it must be info, notice, warn, error, crit, alert or emerg

=== a bad time of sleep
--- conf
location / {
    endpoint GET / {
        sleep long;
        reply 204;
    }
}
--- dies
3: invalid time "long", it must be like 2s or 500ms

=== a bad timeout
--- conf
location / {
    endpoint GET / {
        timeout 0;
        reply 204;
    }
}
--- dies
3: invalid timeout "0", it must be a time like 2s or 500ms

=== two timeouts
--- conf
location / {
    endpoint GET / {
        timeout 1s;
        timeout 2s;
        reply 204;
    }
}
--- dies
4: "timeout" is duplicate

=== a bad timeout of a step
--- conf
location / {
    endpoint GET / {
        fetch $x /a timeout=soon;
        reply $x;
    }
}
--- dies
3: invalid timeout "soon", it must be a time like 2s or 500ms

=== after= of no step
--- conf
location / {
    endpoint GET /$x {
        sleep 1s after=$x;
        reply $x;
    }
}
--- dies
3: invalid "after=$x", it must be the "$name" of a step

=== an unknown option of sleep
--- conf
location / {
    endpoint GET / {
        sleep 1s 2s;
        reply 204;
    }
}
--- dies
3: unknown option "2s" of "sleep", the options are timeout=, after=, when=, unordered

=== an unknown option of fetch
--- conf
location / {
    endpoint GET / {
        fetch $x /a '{}' retry=3;
        reply $x;
    }
}
--- dies
3: unexpected "retry=3" in "fetch", which has a body

=== a framing header is not passed on
--- conf
location / {
    endpoint_fetch_pass_headers X-Mine Content-Length;
    endpoint GET / { reply '1'; }
}
--- dies
2: header "Content-Length" frames the message, it cannot be passed on

=== an unknown option of fetch where the body may stand
--- conf
location / {
    endpoint GET / {
        fetch $x /a retry=3;
        reply $x;
    }
}
--- dies
3: unknown option "retry=3" of "fetch", the options are body=, header=, default=, pass=, pass_headers=, status=, bind=, as=, retries=, try_timeout=, cache=, each=, limit=, timeout=, after=, when=, unordered

=== an unknown option of log
--- conf
location / {
    endpoint GET / {
        log info a b;
        reply 204;
    }
}
--- dies
3: unknown option "b" of "log", the options are timeout=, after=, when=, unordered

=== an unknown option of set_header
--- conf
location / {
    endpoint GET / {
        set_header X-A a b;
        reply 204;
    }
}
--- dies
3: unknown option "b" of "set_header", the options are timeout=, after=, when=, unordered

=== a fetch without a URI
--- conf
location / {
    endpoint GET / {
        fetch $x GET;
        reply $x;
    }
}
--- dies
3: a URI is missing in "fetch"

=== a bad method of fetch
--- conf
location / {
    endpoint GET / {
        fetch $x FETCH /a;
        reply $x;
    }
}
--- dies
3: invalid method "FETCH", it must be GET, HEAD, POST, PUT, DELETE, PATCH or OPTIONS

=== a fetch of two bodies
--- conf
location / {
    endpoint GET / {
        fetch $x POST /a '{}' body=[];
        reply $x;
    }
}
--- dies
3: unexpected "body=[]" in "fetch", which has a body

=== a URI of another server
--- conf
location / {
    endpoint GET / {
        fetch $x http://example.com/a;
        reply $x;
    }
}
--- dies
3: invalid URI "http://example.com/a", it must start with "/" and a literal segment

=== a URI whose first segment is not literal
--- conf
location / {
    endpoint GET /$a {
        fetch $x /$a/b;
        reply $x;
    }
}
--- dies
3: invalid URI "/$a/b", it must start with "/" and a literal segment

=== a URI whose first segment is not literal as a whole
--- conf
location / {
    endpoint GET /$a {
        fetch $x /b$a;
        reply $x;
    }
}
--- dies
3: invalid URI "/b$a", it must start with "/" and a literal segment

=== a URI of dots
--- conf
location / {
    endpoint GET / {
        fetch $x /a/../b;
        reply $x;
    }
}
--- dies
3: invalid URI "/a/../b", it must have no "." or ".." segment and no NUL

=== a URI of encoded dots
--- conf
location / {
    endpoint GET / {
        fetch $x /a/%2e%2E/b;
        reply $x;
    }
}
--- dies
3: invalid URI "/a/%2e%2E/b", it must have no "." or ".." segment and no NUL

=== a URI with a NUL
--- conf
location / {
    endpoint GET / {
        fetch $x /a/%00b;
        reply $x;
    }
}
--- dies
3: invalid URI "/a/%00b", it must have no "." or ".." segment and no NUL

=== a fragment
--- conf
location / {
    endpoint GET / {
        fetch $x /a#b;
        reply $x;
    }
}
--- dies
3: a fragment in URI "/a#b", write "%23" for a "#"

=== a space in arguments
--- conf
location / {
    endpoint GET / {
        fetch $x "/a?b=c d";
        reply $x;
    }
}
--- dies
3: a space or control byte in arguments "b=c d", write it as %XX

=== a field without a dollar sign
--- conf
location / {
    endpoint GET / {
        field name;
        reply 204;
    }
}
--- dies
3: invalid name "name", it must be "$" and letters, digits or "_", not a digit first

=== wait takes nothing
--- conf
location / {
    endpoint GET / {
        wait 1s;
        reply 204;
    }
}
--- dies
3: invalid number of arguments in "wait" directive

=== endpoint_fetch_pass_headers twice
--- conf
location / {
    endpoint_fetch_pass_headers Cookie;
    endpoint_fetch_pass_headers Authorization;
}
--- dies
3: "endpoint_fetch_pass_headers" directive is duplicate

=== a bad endpoint_timeout
--- conf
endpoint_timeout never;
--- dies
1: "endpoint_timeout" directive invalid value

=== a backslash before a name
--- conf
location / {
    endpoint GET /$x {
        reply '"a\${x}n"';
    }
}
--- dies
3: invalid JSON in line 1 of the template, in ""a\${x}n"", at "\${x}n"": there is no such escape, a backslash is written twice

=== a name within an escape
--- conf
location / {
    endpoint GET /$x {
        reply '"\u00${x}41"';
    }
}
--- dies
3: invalid JSON in line 1 of the template, in ""\u00${x}41"", at "\u00${x}41"": there is no such escape, a backslash is written twice

=== a path with arguments
--- conf
location / {
    endpoint GET /search?q=$q {
        reply $q;
    }
}
--- dies
2: invalid path "/search?q=$q", its arguments are taken by "arg"

=== a path with a dot segment
--- conf
location / {
    endpoint GET /a/../b {
        reply 204;
    }
}
--- dies
2: invalid path "/a/../b", it must have no "." or ".." segment

=== an option twice
--- conf
location / {
    endpoint GET / {
        fetch $x /a timeout=1s timeout=2s;
        reply $x;
    }
}
--- dies
3: duplicate "timeout=" in "fetch"

=== an option twice, of a fetch alone
--- conf
location / {
    endpoint GET / {
        fetch $x /a pass=404 pass=500;
        reply $x;
    }
}
--- dies
3: duplicate "pass=" in "fetch"

=== two statuses
--- conf
location / {
    endpoint GET / {
        fetch $x /a status=$a status=$b;
        reply '[$a, $b]';
    }
}
--- dies
3: duplicate "status=" in "fetch"

=== an empty name of a status
--- conf
location / {
    endpoint GET / {
        fetch $x /a status=$;
        reply $x;
    }
}
--- dies
3: invalid name "$", it must be letters, digits and "_"

=== bind= without a header
--- conf
location / {
    endpoint POST / {
        field $l:json;
        fetch $x /a 'bind=$loc';
        reply '[$x, $l]';
    }
}
--- dies
4: invalid "bind=$loc", it must be bind=$name:Header

=== bind= with an empty header
--- conf
location / {
    endpoint POST / {
        field $l:json;
        fetch $x /a 'bind=$loc:';
        reply '[$x, $l]';
    }
}
--- dies
4: invalid "bind=$loc:", it must be bind=$name:Header

=== bind= without a dollar
--- conf
location / {
    endpoint POST / {
        field $l:json;
        fetch $x /a bind=loc:A;
        reply '[$x, $l]';
    }
}
--- dies
4: invalid "bind=loc:A", it must be bind=$name:Header

=== bind= of what is no header
--- conf
location / {
    endpoint POST / {
        field $l:json;
        fetch $x /a 'bind=$loc:A B';
        reply '[$x, $l]';
    }
}
--- dies
4: invalid "bind=$loc:A B", it must be bind=$name:Header

=== bind= of a bound name
--- conf
location / {
    endpoint POST / {
        field $l:json;
        fetch $x /a bind=$x:A;
        reply '[$x, $l]';
    }
}
--- dies
4: "$x" is already bound at line 4

=== bind= beside each=
--- conf
location / {
    endpoint POST / {
        field $l:json;
        fetch $x /a bind=$loc:A each=$l;
        reply '[$x, $l]';
    }
}
--- dies
4: "bind=" beside "each=", which has many

=== two types of a reply
--- conf
location / {
    endpoint GET / {
        reply a type=text/plain type=text/html;
    }
}
--- dies
3: duplicate "type=" in "reply"

=== an empty type of a reply
--- conf
location / {
    endpoint GET / {
        reply a type=;
    }
}
--- dies
3: invalid "type=", it must be a type like text/plain

=== a type of a reply with a line break
--- conf
location / {
    endpoint GET / {
        reply a 'type=text/plain
        X-A: b';
    }
}
--- must_die
--- suppress_stderr
--- error_log eval
[qr/\[emerg\] .*invalid "type=text\/plain/,
 qr/", it must be a type like text\/plain in \S+\/test\.conf:4$/]

=== a condition of three equals signs
--- conf
location / {
    endpoint GET /$x {
        require $x===1 400 "a";
        reply 204;
    }
}
--- dies
3: invalid condition "$x===1", it must be $x, !$x, or $x OP VALUE in one word with OP one of == != < <= > >=

=== a condition with a dollar sign without a name
--- conf
location / {
    endpoint GET /$x {
        require $x==$ 400 "a";
        reply 204;
    }
}
--- dies
3: invalid value "$", it must be a "$name"

=== each= of a scalar
--- conf
location / {
    endpoint GET / {
        arg $l:int;
        fetch $x /a/$item each=$l;
        reply $x;
    }
}
--- dies
4: "$l" in "each=" is never a list

=== each= of a variable
--- conf
location / {
    endpoint GET / {
        fetch $x /a/$item each=$host;
        reply $x;
    }
}
--- dies
3: "$host" in "each=" is never a list

=== an element in when=, which is tested once
--- conf
location / {
    endpoint GET / {
        arg $l:json;
        fetch $x /a/$item each=$l when=$item;
        reply $x;
    }
}
--- dies
4: "$item" in "when=", which is for all elements of "each=" at once: let "each=" fetch an endpoint that does it for one

=== a malformed escape in a URI
--- conf
location / {
    endpoint GET / {
        fetch $x /a/%zz;
        reply $x;
    }
}
--- dies
3: a "%" without two hexadecimal digits in URI "/a/%zz", write "%25" for a "%"

=== a malformed escape before a name
--- conf
location / {
    endpoint GET /$y {
        fetch $x /a/%$y;
        reply $x;
    }
}
--- dies
3: a "%" without two hexadecimal digits in URI "/a/%", write "%25" for a "%"

=== a bad endpoint_max_fetches
--- conf
endpoint_max_fetches 0;
--- dies
1: value must be between 1 and 64000

=== an endpoint_timeout of nothing
--- conf
endpoint_timeout 0;
--- must_die
--- suppress_stderr
--- error_log eval
qr/\[emerg\] .*value must be equal to or greater than 1 in \S+\/test\.conf:1$/

=== a fallback that is neither a name nor a URI
--- conf
location / {
    endpoint_fallback old;
    endpoint GET / { reply '1'; }
}
--- dies
2: invalid fallback "old", it must be @name or a URI

=== a header that passes must have a name
--- conf
location / {
    endpoint_fetch_pass_headers X-Mine "X A";
    endpoint GET / { reply '1'; }
}
--- dies
2: invalid header name "X A", it must be a literal token

=== headers that pass= hands on
--- conf
location / {
    endpoint GET / { fetch $x /up/ pass=404 pass_headers=A,B:; reply $x; }
}
--- dies
2: invalid "pass_headers=A,B:", it must be names of headers, not of those that frame the message, with commas between

=== headers that frame the message are none of them
--- conf
location / {
    endpoint GET / { fetch $x /up/ pass=404 pass_headers=Content-Length; reply $x; }
}
--- dies
2: invalid "pass_headers=Content-Length", it must be names of headers, not of those that frame the message, with commas between

=== headers without what is handed on
--- conf
location / {
    endpoint GET / { fetch $x /up/ pass_headers=Link; reply $x; }
}
--- dies
2: "pass_headers=" without "pass="
