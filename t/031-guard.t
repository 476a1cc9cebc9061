# What a guard answers, and that a conditional reply is not taken for one.

use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== a template, a value, nothing, with headers
--- config
location / {
    endpoint GET /template/$n:int {
        require $n<10 200 'body={"n": $n, "is": "big"}' 'header=X-Size: $n' 'header=X-B: b';
        reply '"small"';
    }
    endpoint POST /value {
        body $b:json;
        require !$b.kept 200 body=$b.kept;
        reply 201 '"made"';
    }
    endpoint GET /none/$n:int {
        require $n<10 204;
        require $n>5 404;
        reply '$n';
    }
    endpoint GET /detail/$n:int {
        require $n<10 401 "no $n" 'header=WWW-Authenticate: Bearer';
        reply '$n';
    }
    endpoint GET /type/$n {
        require $n==a 409 'body=<b>$n</b>' type=text/html;
        reply '$n';
    }
    endpoint GET /code/$code:int {
        require $code==1 $code 'body={"code": $code}';
        reply '"one"';
    }
    endpoint GET /kept/$n {
        set_header X-Above "above";
        require $n!=b 302 'header=Location: /type/$n';
        reply '$n';
    }
}
--- exchanges
> GET /template/9
< 200 "small"
< !X-Size
> GET /template/10
< 200 {"n": 10, "is": "big"}
< X-Size: 10
< X-B: b
< Content-Type: application/json
> POST /value {"a": 1}
< 201 "made"
> POST /value {"kept": {"id": 1.50}}
< 200 {"id": 1.50}
> GET /none/10
< 204
> GET /none/5
< 404
> GET /none/6
< 200 6
> GET /detail/10
< 401 {"detail":"no 10"}
< WWW-Authenticate: Bearer
> GET /type/%3Ci%3E
< 409 <b>&lt;i&gt;</b>
< Content-Type: text/html
> GET /code/1
< 200 "one"
> GET /code/202
< 202 {"code": 202}
> GET /code/7
< 422 ~must be a status
> GET /kept/b
< 302
< Location: /type/b
< X-Above: above

=== nothing below it starts, with an act there
--- config
location / {
    endpoint GET /$n:int {
        require $n<10 200 'body="kept"';
        fetch $x POST /act/ '1';
        reply $x;
    }
}
location /act/ { return 200 '"acted"'; }
--- exchanges
> GET /10
< 200 "kept"

=== above a cache it is not kept, below it as a reply of its status is
--- http_config
endpoint_cache_zone zone=z:1m entries=10 ttl=1h;
--- config
location / {
    add_header X-Cache $endpoint_cache always;
    endpoint GET /above/$n {
        arg $stop:bool=false;
        require !$stop 200 'body="stopped"';
        cache z $n;
        reply '$n';
    }
    endpoint GET /below/$n {
        cache z $n;
        require $n!=stop 200 'body="stopped $n"' 'header=X-N: $n';
        require $n!=none 404 "none";
        reply '$n';
    }
}
--- exchanges
> GET /above/a?stop=true
< 200 "stopped"
> GET /above/a
< 200 "a"
< X-Cache: MISS
> GET /above/a?stop=true
< 200 "stopped"
> GET /above/a
< 200 "a"
< X-Cache: HIT
> GET /below/stop
< 200 "stopped stop"
< X-Cache: MISS
> GET /below/stop
< 200 "stopped stop"
< X-Cache: HIT
< X-N: stop
> GET /below/none
< 404 {"detail":"none"}
> GET /below/none
< 404 {"detail":"none"}
< X-Cache: MISS

=== what it answers must be in the key
--- http_config
endpoint_cache_zone zone=z:1m entries=10 ttl=1h;
--- conf
location / {
    endpoint GET / {
        arg $n;
        arg $m;
        cache z $n;
        require $n!=a 200 'body="$m"';
        reply '"b"';
    }
}
--- dies
6: "$m" is not in the key of "cache", but what is kept depends on it

=== a conditional reply above an act
--- conf
location / {
    endpoint GET /$x {
        fetch $kept /api/kept;
        reply $kept when=$kept;
        set_header X-A "a";
        fetch POST /api/charge;
        reply 204;
    }
}
--- dies
4: this reply does not stop the act "fetch 2" below it, at line 6: write "require" with the opposite condition, or the reply below the act

=== a conditional reply above a read, above set_header, below an act
--- config
location / {
    endpoint GET /$x {
        fetch POST /act/;
        reply '"a"' when=$x==a;
        set_header X-A "a";
        fetch $r /act/;
        reply $r;
    }
}
location /act/ { return 200 '"acted"'; }
--- exchanges
> GET /a
< 200 "a"
> GET /b
< 200 "acted"

=== require with a detail and a body
--- conf
location / {
    endpoint GET /$x {
        require $x==a 404 "none" 'body={}';
        reply 204;
    }
}
--- dies
3: "require" has both a detail and "body="

=== require with two details
--- conf
location / {
    endpoint GET /$x {
        require $x==a 404 "none" "at all";
        reply 204;
    }
}
--- dies
3: unexpected "at all" in "require"

=== require with a type and no body
--- conf
location / {
    endpoint GET /$x {
        require $x==a 404 type=text/plain;
        reply 204;
    }
}
--- dies
3: "type=" of "require" without "body="

=== require with a body for 204
--- conf
location / {
    endpoint GET /$x {
        require $x==a 204 "a";
        reply 204;
    }
}
--- dies
3: a reply of status 204 has no body

=== require with a bad header
--- conf
location / {
    endpoint GET /$x {
        require $x==a 404 "a" header=X-A;
        reply 204;
    }
}
--- dies
3: invalid "header=X-A", it must be "header=NAME: value"

=== require with an unknown option
--- conf
location / {
    endpoint GET /$x {
        require $x==a 404 "a" status=3;
        reply 204;
    }
}
--- dies
3: unknown option "status=3" of "require"

=== a guard goes before the inputs below it
--- config
location / {
    endpoint POST /item/$id:int {
        arg $limit:int=1 le=9;
        header $x_token=null;
        require $x_token 401 "no token for $id" 'header=WWW-Authenticate: Bearer';
        require $http_x_role!=guest 403 "a guest";
        field $name:str min_length=1;
        require $name!=taken 409 "taken";
        field $n:int=1;
        arg $late:int=1;
        reply '[$id, $name, $n]';
    }
    endpoint POST /below {
        require $x_token 401 "no token";
        field $name:str;
        header $x_token;
        reply $name;
    }
    endpoint POST /members {
        body $b:json;
        require $b.role==admin 403 "no admin";
        arg $n:int;
        reply $n;
    }
    endpoint POST /fetched {
        header $x_token=null;
        fetch $x /item/1;
        require $x.ok 401 "no";
        field $name;
        reply $name;
    }
    endpoint GET /item/$id { reply '{"ok": false}'; }
}
--- exchanges
# the token before the body, what stands above the token before that
> POST /item/1
< 401 {"detail":"no token for 1"}
< WWW-Authenticate: Bearer
> POST /item/1 {"name": ""}
< 401 {"detail":"no token for 1"}
> POST /item/1 {"name":
< 401 {"detail":"no token for 1"}
> POST /item/1?late=x {"name": "a"}
< 401 {"detail":"no token for 1"}
> POST /item/x {"name": ""}
< 422 ~"loc":\["path","id"\].*"loc":\["body","name"\]
> POST /item/1?limit=10 {"name": ""}
< 422 ~"loc":\["query","limit"\].*"loc":\["body","name"\]

# each guard at its place
> POST /item/1 []
> X-Token: a
> X-Role: guest
< 403 {"detail":"a guest"}
> POST /item/1 {"name": ""}
> X-Token: a
< 422 ~"string_too_short"
> POST /item/1 {"name": "taken", "n": "x"}
> X-Token: a
< 409 {"detail":"taken"}
> POST /item/1?late=x {"name": "taken"}
> X-Token: a
< 409 {"detail":"taken"}
> POST /item/1 {"name": "taken", "n":
> X-Token: a
< 422 ~"json_invalid"
> POST /item/1?late=x {"name": "b"}
> X-Token: a
< 422 ~"loc":\["query","late"\]
> POST /item/1 {"name": "b"}
> X-Token: a
< 200 [1, "b", 1]

# what is below it, a member, a step's result: all inputs are checked first
> POST /below {"name": 1}
< 422 ~"loc":\["header","x-token"\].*"loc":\["body","name"\]
> POST /members {"role": "none"}
< 422 ~"loc":\["query","n"\]
> POST /members?n=1 {"role": "none"}
< 403 {"detail":"no admin"}
> POST /fetched
< 422 ~"loc":\["body"\]
> POST /fetched {"name": "a"}
< 401 {"detail":"no"}
