use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== every type from every source
--- conf
location / {
    endpoint GET /path/$s/$i:int/$f:float/$b:bool/$u:uuid/$j:json {
        reply '[$s, $i, $f, $b, $u, $j]';
    }
    endpoint GET /arg {
        arg $s; arg $i:int; arg $f:float; arg $b:bool; arg $u:uuid; arg $j:json;
        reply '[$s, $i, $f, $b, $u, $j]';
    }
    endpoint GET /header {
        header $x_s; header $x_i:int; header $x_f:float; header $x_b:bool;
        header $x_u:uuid; header $x_j:json;
        reply '[$x_s, $x_i, $x_f, $x_b, $x_u, $x_j]';
    }
    endpoint GET /cookie {
        cookie $s; cookie $i:int; cookie $f:float; cookie $b:bool;
        cookie $u:uuid; cookie $j:json;
        reply '[$s, $i, $f, $b, $u, $j]';
    }
    endpoint POST /field {
        field $s; field $i:int; field $f:float; field $b:bool; field $u:uuid;
        field $j:json;
        reply '[$s, $i, $f, $b, $u, $j]';
    }
    endpoint POST /str   { body $x;       reply $x; }
    endpoint POST /int   { body $x:int;   reply $x; }
    endpoint POST /float { body $x:float; reply $x; }
    endpoint POST /bool  { body $x:bool;  reply $x; }
    endpoint POST /uuid  { body $x:uuid;  reply $x; }
    endpoint POST /json  { body $x:json;  reply $x; }
}
--- exchanges
> GET /path/a%22b/-7/1.5/yes/6F1C6E0E-1F0A-4C43-8C2E-0A4B6F6F7C11/[1,{%22a%22:2.50}]
< 200 ["a\"b", -7, 1.5, true, "6f1c6e0e-1f0a-4c43-8c2e-0a4b6f6f7c11", [1,{"a":2.50}]]
> GET /arg?s=a&i=7&f=2&b=off&u=6f1c6e0e1f0a4c438c2e0a4b6f6f7c11&j=%22x%22
< 200 ["a", 7, 2.0, false, "6f1c6e0e-1f0a-4c43-8c2e-0a4b6f6f7c11", "x"]
> GET /header
> X-S: a b
> X-I: 7
> x-f: 1e2
> X-B: 1
> X-U: urn:uuid:6f1c6e0e-1f0a-4c43-8c2e-0a4b6f6f7c11
> X-J: {"a": null}
< 200 ["a b", 7, 100.0, true, "6f1c6e0e-1f0a-4c43-8c2e-0a4b6f6f7c11", {"a": null}]
> GET /cookie
> Cookie: s=a b; i=7; f=-1; b=t; u={6f1c6e0e-1f0a-4c43-8c2e-0a4b6f6f7c11}; j=[1]
< 200 ["a b", 7, -1.0, true, "6f1c6e0e-1f0a-4c43-8c2e-0a4b6f6f7c11", [1]]
> POST /field {"s": "a", "i": 7, "f": 1.5, "b": true, "u": "6f1c6e0e-1f0a-4c43-8c2e-0a4b6f6f7c11", "j": {"k": [1.0, 1e2]}}
> Content-Type: application/json
< 200 ["a", 7, 1.5, true, "6f1c6e0e-1f0a-4c43-8c2e-0a4b6f6f7c11", {"k": [1.0, 1e2]}]
> POST /str "a"
> Content-Type: application/json
< 200 "a"
> POST /int 7
> Content-Type: application/json
< 200 7
> POST /float 7
> Content-Type: application/json
< 200 7.0
> POST /bool true
> Content-Type: application/json
< 200 true
> POST /uuid "6f1c6e0e-1f0a-4c43-8c2e-0a4b6f6f7c11"
> Content-Type: application/json
< 200 "6f1c6e0e-1f0a-4c43-8c2e-0a4b6f6f7c11"
> POST /json {"n": 12345678901234567890.0e-5}
> Content-Type: application/json
< 200 {"n": 12345678901234567890.0e-5}

=== all faults in one reply, in the order path, arg, header, cookie, field
--- conf
location / {
    endpoint POST /$i:int/$u:uuid {
        field $age:int;
        cookie $c:int;
        header $x_h:float;
        field $name min_length=2;
        arg $a:bool;
        reply '"never"';
    }
}
--- exchanges
> POST /x/y?a=2 {"name": "n"}
> Cookie: c=d
> X-H: e
> Content-Type: application/json
< 422 {"detail":[{"type":"int_parsing","loc":["path","i"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"},{"type":"uuid_parsing","loc":["path","u"],"msg":"Input should be a valid UUID, invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `y` at 1","input":"y","ctx":{"error":"invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `y` at 1"}},{"type":"bool_parsing","loc":["query","a"],"msg":"Input should be a valid boolean, unable to interpret input","input":"2"},{"type":"float_parsing","loc":["header","x-h"],"msg":"Input should be a valid number, unable to parse string as a number","input":"e"},{"type":"int_parsing","loc":["cookie","c"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"d"},{"type":"missing","loc":["body","age"],"msg":"Field required","input":{"name": "n"}},{"type":"string_too_short","loc":["body","name"],"msg":"String should have at least 2 characters","input":"n","ctx":{"min_length":2}}]}
< Content-Type: application/json
< X-Content-Type-Options: nosniff

=== no step starts where an input is at fault
--- conf
location / {
    endpoint GET /a {
        arg $x:int;
        log warn "a step has started";
        reply $x;
    }
}
--- exchanges
> GET /a?x=y
< 422 ~"int_parsing"
--- no_error_log
a step has started
[alert]

=== defaults
--- conf
location / {
    endpoint GET /arg {
        arg $s=abc; arg $i:int=-5; arg $f:float=1; arg $b:bool=yes;
        arg $u:uuid=6F1C6E0E1F0A4C438C2E0A4B6F6F7C11; arg '$j:json={"a": [1, 2]}';
        arg $e=; arg $n:int=null;
        reply '[$s, $i, $f, $b, $u, $j, $e, $n]';
    }
    endpoint GET /text { arg '$s=a "quoted" \\ default'; reply $s; }
    endpoint GET /header { header $x_a=h; cookie $c=k; reply '[$x_a, $c]'; }
    endpoint POST /field {
        field $a:int=1; field $b=null; field $c:json=null;
        reply '[$a, $b, $c]';
    }
    endpoint POST /body { body $x:json=null; reply '{"x": $x}'; }
}
--- exchanges
> GET /arg
< 200 ["abc", -5, 1.0, true, "6f1c6e0e-1f0a-4c43-8c2e-0a4b6f6f7c11", {"a": [1, 2]}, "", null]
> GET /arg?s=&i=1&f=2&b=no&e=e&n=3&j=null
< 200 ["", 1, 2.0, false, "6f1c6e0e-1f0a-4c43-8c2e-0a4b6f6f7c11", null, "e", 3]
> GET /text
< 200 "a \"quoted\" \\ default"
> GET /header
< 200 ["h", "k"]

# a default is for what is missing, not for what is empty or bad
> GET /arg?i=
< 422 ~"int_parsing"
> POST /field {}
> Content-Type: application/json
< 200 [1, null, null]
> POST /field {"a": 2, "b": null, "c": null}
> Content-Type: application/json
< 200 [2, null, null]
> POST /field {"a": null}
> Content-Type: application/json
< 422 {"detail":[{"type":"int_type","loc":["body","a"],"msg":"Input should be a valid integer","input":null}]}
> POST /body
< 200 {"x": null}
> POST /body null
> Content-Type: application/json
< 200 {"x": null}
> POST /body 1
> Content-Type: application/json
< 200 {"x": 1}

=== constraints: numbers
--- conf
location / {
    endpoint GET /ge  { arg $x:int ge=-3;    reply $x; }
    endpoint GET /gt  { arg $x:int gt=3;     reply $x; }
    endpoint GET /le  { arg $x:int le=3;     reply $x; }
    endpoint GET /lt  { arg $x:int lt=3;     reply $x; }
    endpoint GET /in  { arg $x:int ge=1 le=3; reply $x; }
    endpoint GET /fge { arg $x:float ge=0.5; reply $x; }
    endpoint GET /fgt { arg $x:float gt=0.5; reply $x; }
    endpoint GET /fle { arg $x:float le=0.5; reply $x; }
    endpoint GET /flt { arg $x:float lt=0.5; reply $x; }
    endpoint GET /enum { arg $x:int enum=1,2,30; reply $x; }
}
--- exchanges
> GET /ge?x=-3
< 200 -3
> GET /ge?x=-4
< 422 {"detail":[{"type":"greater_than_equal","loc":["query","x"],"msg":"Input should be greater than or equal to -3","input":"-4","ctx":{"ge":-3}}]}
> GET /gt?x=4
< 200 4
> GET /gt?x=3
< 422 {"detail":[{"type":"greater_than","loc":["query","x"],"msg":"Input should be greater than 3","input":"3","ctx":{"gt":3}}]}
> GET /le?x=3
< 200 3
> GET /le?x=4
< 422 {"detail":[{"type":"less_than_equal","loc":["query","x"],"msg":"Input should be less than or equal to 3","input":"4","ctx":{"le":3}}]}
> GET /lt?x=2
< 200 2
> GET /lt?x=3
< 422 {"detail":[{"type":"less_than","loc":["query","x"],"msg":"Input should be less than 3","input":"3","ctx":{"lt":3}}]}
> GET /in?x=0
< 422 ~"greater_than_equal"
> GET /in?x=4
< 422 ~"less_than_equal"
> GET /fge?x=0.5
< 200 0.5
> GET /fge?x=0.49
< 422 {"detail":[{"type":"greater_than_equal","loc":["query","x"],"msg":"Input should be greater than or equal to 0.5","input":"0.49","ctx":{"ge":0.5}}]}
> GET /fgt?x=0.51
< 200 0.51
> GET /fgt?x=0.5
< 422 ~"greater_than"
> GET /fle?x=0.5
< 200 0.5
> GET /fle?x=0.51
< 422 ~"less_than_equal"
> GET /flt?x=0.49
< 200 0.49
> GET /flt?x=0.5
< 422 ~"less_than"
> GET /enum?x=30
< 200 30
> GET /enum?x=+1
< 200 1
> GET /enum?x=3
< 422 {"detail":[{"type":"literal_error","loc":["query","x"],"msg":"Input should be 1, 2 or 30","input":"3","ctx":{"expected":"1, 2 or 30"}}]}

=== constraints: text
--- conf
location / {
    endpoint GET /min     { arg $x min_length=2; reply $x; }
    endpoint GET /max     { arg $x max_length=1; reply $x; }
    endpoint GET /pattern { arg $x 'pattern=^[a-z]{2,4}$'; reply $x; }
    endpoint GET /part    { arg $x pattern=[0-9]; reply $x; }
    endpoint GET /dot     { arg $x pattern=^.$; reply $x; }
    endpoint GET /enum    { arg $x enum=a,b; reply $x; }
    endpoint GET /path/$x { arg $y=2 enum=1,2; header $x_z pattern=^z$; reply '[$x, $y, $x_z]'; }
    endpoint GET /hard    { arg $x 'pattern=^(a+)+$'; reply $x; }
}
--- exchanges
# lengths are characters, not bytes
> GET /min?x=%C3%A9
< 422 {"detail":[{"type":"string_too_short","loc":["query","x"],"msg":"String should have at least 2 characters","input":"é","ctx":{"min_length":2}}]}
> GET /min?x=ab
< 200 "ab"
> GET /max?x=%F0%9F%98%80
< 200 "😀"
> GET /max?x=ab
< 422 {"detail":[{"type":"string_too_long","loc":["query","x"],"msg":"String should have at most 1 character","input":"ab","ctx":{"max_length":1}}]}
> GET /pattern?x=abc
< 200 "abc"
> GET /pattern?x=abcde
< 422 {"detail":[{"type":"string_pattern_mismatch","loc":["query","x"],"msg":"String should match pattern '^[a-z]{2,4}$'","input":"abcde","ctx":{"pattern":"^[a-z]{2,4}$"}}]}

# "$" means the very end
> GET /pattern?x=abc%0A
< 422 ~"string_pattern_mismatch"
> GET /part?x=ab1c
< 200 "ab1c"
> GET /dot?x=%E2%82%AC
< 200 "€"
> GET /enum?x=b
< 200 "b"
> GET /enum?x=a,b
< 422 {"detail":[{"type":"literal_error","loc":["query","x"],"msg":"Input should be 'a' or 'b'","input":"a,b","ctx":{"expected":"'a' or 'b'"}}]}
> GET /path/a
> X-Z: z
< 200 ["a", "2", "z"]
> GET /path/a?y=3
> X-Z: zz
< 422 ~"literal_error".*"header","x-z"

# work is bounded: what would take for ever does not match
> GET /hard?x=aaaa
< 200 "aaaa"
> GET /hard?x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!
< 422 ~"string_pattern_mismatch"

=== int has 64 bits
--- conf
location / {
    endpoint GET /$x:int { reply $x; }
    endpoint GET /a      { arg $x:int; reply $x; }
    endpoint POST /f     { field $x:int; reply $x; }
    endpoint GET /b      { arg $x:int ge=-9223372036854775808 le=9223372036854775807; reply $x; }
}
--- exchanges
> GET /9223372036854775807
< 200 9223372036854775807
> GET /-9223372036854775808
< 200 -9223372036854775808
> GET /9223372036854775808
< 422 {"detail":[{"type":"int_parsing_size","loc":["path","x"],"msg":"Unable to parse input string as an integer, exceeded maximum size","input":"9223372036854775808"}]}
> GET /-9223372036854775809
< 422 ~"int_parsing_size"
> GET /00000000000000000000000000000000000007
< 200 7
> GET /a?x=9223372036854775807
< 200 9223372036854775807
> GET /a?x=99999999999999999999999999
< 422 ~"int_parsing_size"
> POST /f {"x": 9223372036854775807}
> Content-Type: application/json
< 200 9223372036854775807
> POST /f {"x": -9223372036854775808}
> Content-Type: application/json
< 200 -9223372036854775808
> POST /f {"x": 9223372036854775808}
> Content-Type: application/json
< 422 ~"int_parsing_size"
> POST /f {"x": -9223372036854775809}
> Content-Type: application/json
< 422 ~"int_parsing_size"
> GET /b?x=-9223372036854775808
< 200 -9223372036854775808
> GET /b?x=9223372036854775808
< 422 ~"less_than_equal"

=== arguments: the last counts, plus is a space, names are decoded too
--- conf
location / {
    endpoint GET /a  { arg $x=none; reply $x; }
    endpoint GET /ab { arg $a_b=none; reply $a_b; }
}
--- exchanges
> GET /a?x=1&x=2&x=3
< 200 "3"
> GET /a?x=1&x=
< 200 ""
> GET /a?x=1&x
< 200 ""
> GET /a?x
< 200 ""
> GET /a?xx=1&ax=2&X=3
< 200 "none"
> GET /a?
< 200 "none"
> GET /a?&&=&x=1&&
< 200 "1"
> GET /a?x=a+b%2Bc%20d
< 200 "a b+c d"
> GET /a?%78=1
< 200 "1"
> GET /ab?a%5fb=1
< 200 "1"
> GET /a?x=a=b==c
< 200 "a=b==c"
> GET /a?x=a;x=b
< 200 "a;x=b"
> GET /a?x=%
< 200 "%"
> GET /a?x=%4
< 200 "%4"
> GET /a?x=%zz%41
< 200 "%zzA"
> GET /a?x=%e2%82%ac%E2%82
< 200 "€�"
> GET /a?x=%00%1f%7f
< 200 ~^"\\u0000\\u001F\x7f"$

=== headers and cookies
--- conf
location / {
    endpoint GET /h { header $x_a=none; reply $x_a; }
    endpoint GET /host { header $host; header $user_agent=null; reply '[$host, $user_agent]'; }
    endpoint GET /c { cookie $c=none; reply $c; }
}
--- exchanges
> GET /h
> x-A: mixed Case
< 200 "mixed Case"
> GET /h
> X-A: bytes ÿé
< 200 "bytes ÿé"
> GET /h
> X-A:
< 200 ""
> GET /h
> X-AB: 1
< 200 "none"
> GET /host
< 200 ["localhost", null]
> GET /c
> Cookie: c=1
< 200 "1"
> GET /c
> Cookie: a=b; c=1; c=2; d=e
< 200 "2"
> GET /c
> Cookie: a=b;c=1;d
< 200 "1"
> GET /c
> Cookie:   c  =  1  ; d
< 200 "1"
> GET /c
> Cookie: cc=1; xc=2; C=3
< 200 "none"
> GET /c
> Cookie: c="a=b"
< 200 "a=b"
> GET /c
> Cookie: c
< 200 "none"
> GET /c
> Cookie: c=a%20b
< 200 "a%20b"
> GET /c
> Cookie: a=1
> Cookie: c=2
< 200 "2"

=== a body that goes through a temporary file, 1 MB
--- conf
client_body_buffer_size 8k;
location / {
    endpoint POST /f { field $s; field $n:int; reply '{"n": $n, "s": $s}'; }
    endpoint POST /b { body $x:json; reply $x; }
}
--- more_headers
Content-Type: application/json
--- request eval
my $s = 'x' x (1024 * 1024);
[ qq(POST /f\n{"s": "$s", "n": 5}), qq(POST /b\n["$s", 1.50]),
  qq(POST /b\n["$s) ]
--- error_code eval
[200, 200, 422]
--- response_body eval
my $s = 'x' x (1024 * 1024);
[ qq({"n": 5, "s": "$s"}), qq(["$s", 1.50]), qr/"json_invalid"/ ]
--- no_error_log
[alert]
[crit]
[error]

=== a chunked body, in pieces
--- conf
location / {
    endpoint POST /f { field $s; reply $s; }
}
--- raw_request eval
["POST /f HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
 . "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
 . "5\r\n{\"s\":\r\n", "7\r\n \"abc", "de\r\n2\r\n\"}\r\n", "0\r\n\r\n"]
--- raw_request_middle_delay
0.02
--- response_body chomp
"abcde"

=== a body that is not JSON, by its type
--- conf
location / {
    endpoint POST /f { field $s; reply $s; }
    endpoint POST /b { body $x:json; reply $x; }
    endpoint PUT /n  { field $a:json=null; field $b:json; reply '[$a, $b]'; }
}
--- exchanges
> POST /f {"s": "a"}
> Content-Type: text/plain
< 422 {"detail":[{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":"{\"s\": \"a\"}"}]}
> POST /f {"s": "a"}
< 200 "a"
> POST /f {"s": "a"}
> Content-Type: application/json; charset=utf-8
< 200 "a"
> POST /f {"s": "a"}
> Content-Type: application/problem+json
< 200 "a"
> POST /f
> Content-Type: application/json
< 422 {"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}
> POST /f []
> Content-Type: application/json
< 422 {"detail":[{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":[]}]}
> POST /f {"s": "a", "s": "b"}
> Content-Type: application/json
< 200 "b"
> POST /f {"\u0073": "\u00e9\ud83d\ude00\n"}
> Content-Type: application/json
< 200 "é😀\n"
> PUT /n {"b": {"a": [1, {"b": 2}]}, "a": 0}
> Content-Type: application/json
< 200 [0, {"a": [1, {"b": 2}]}]
> POST /b {"a": 1}}
> Content-Type: application/json
< 422 ~"json_invalid","loc":\["body",\d+\],"msg":"JSON decode error","input":\{\}

=== members of an input of type json
--- conf
location / {
    endpoint POST /b { body $x:json; reply '[$x.a.b, $x.list[0], $x.list[*].n, $x.none]'; }
    endpoint GET /a  { arg $x:json; reply '{"a": $x.a, "whole": $x}'; }
    endpoint POST /f { field $x:json=null; reply '[$x.a]'; }
}
--- exchanges
> POST /b {"a": {"b": "c"}, "list": [{"n": 1}, {"n": 2}, 3]}
> Content-Type: application/json
< 200 ["c", {"n": 1}, [1,2,null], null]
> GET /a?x={%22a%22:[1]}
< 200 {"a": [1], "whole": {"a":[1]}}
> GET /a?x=5
< 200 {"a": null, "whole": 5}
> POST /f {"x": {"a": "b"}}
> Content-Type: application/json
< 200 ["b"]
> POST /f {}
> Content-Type: application/json
< 200 [null]

=== the whole body and its fields, side by side
--- conf
location / {
    endpoint POST /b { body $x:json; field $a:int; reply '{"a": $a, "x": $x}'; }
}
--- exchanges
> POST /b {"a": "5", "b": [1]}
> Content-Type: application/json
< 200 {"a": 5, "x": {"a": "5", "b": [1]}}
> POST /b {"b": [1]}
> Content-Type: application/json
< 422 {"detail":[{"type":"missing","loc":["body","a"],"msg":"Field required","input":{"b": [1]}}]}
