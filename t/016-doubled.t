use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== a member that a guard looks at, in a body that is handed on whole
--- conf
location / {
    endpoint POST /user {
        body $p:json;
        require $p.role!=admin 403 "no";
        fetch $x POST /echo '$p';
        reply '{"was": $x}';
    }
    endpoint POST /deep {
        body $p:json;
        require $p.user.role!=admin 403 "no";
        reply $p.user;
    }
    endpoint POST /each {
        body $p:json;
        require $p.all[*].role 403 "no";
        reply $p;
    }
    endpoint POST /last {
        body $p:json;
        require $p.list[-1].role!=admin 403 "no";
        reply '{"p": $p}';
    }
}
location /echo { return 200 '{}'; }
--- exchanges
> POST /user {"role":"admin","role":"user"}
< 422 {"detail":[{"type":"value_error","loc":["body","role"],"msg":"Value error, it is there twice","input":{"role":"admin","role":"user"}}]}
> POST /user {"role":"user","r\u006fle":"user"}
< 422 ~"loc":\["body","role"\]
> POST /user {"role":"admin"}
< 403 {"detail":"no"}
> POST /deep {"user":{"role":"admin"},"user":{"role":"user"}}
< 422 ~"loc":\["body","user","role"\]
> POST /deep {"user":{"role":"admin","\u0072ole":"user"}}
< 422 ~"loc":\["body","user","role"\]
> POST /deep {"user":{"role":"user","x":1,"x":2},"y":1,"y":2}
< 200 {"role":"user","x":1,"x":2}
> POST /each {"all":[{"role":1},{"role":2,"role":3}]}
< 422 ~"loc":\["body","all","role"\]
> POST /each {"all":[{"role":1},{"role":2}]}
< 200 {"all":[{"role":1},{"role":2}]}
> POST /last {"list":[{"role":1,"role":2},{"role":"a"}]}
< 200 {"p": {"list":[{"role":1,"role":2},{"role":"a"}]}}
> POST /last {"list":[1,{"role":"admin","role":"a"}]}
< 422 ~"loc":\["body","list",-1,"role"\]

=== fields beside the whole body, and their members
--- conf
location / {
    endpoint POST /field {
        field $role; body $p:json;
        require $role!=admin 403 "no";
        reply $p;
    }
    endpoint POST /member {
        field $user:json; body $p:json;
        require $user.role!=admin 403 "no";
        reply $p;
    }
    endpoint POST /part {
        field $user:json; body $p:json;
        require $p.user.role!=admin 403 "no";
        reply $user;
    }
    endpoint POST /raw {
        field $role;
        require $role!=admin 403 "no";
        fetch $x POST /echo '{"raw": "$request_body"}';
        reply $x;
    }
    endpoint POST /alone {
        field $role;
        require $role!=admin 403 "no";
        reply '{"role": $role}';
    }
}
location /echo { return 200 '{}'; }
--- exchanges
> POST /field {"role":"admin","role":"user"}
< 422 {"detail":[{"type":"value_error","loc":["body","role"],"msg":"Value error, it is there twice","input":{"role":"admin","role":"user"}}]}
> POST /field {"role":"user","x":1,"x":1}
< 200 {"role":"user","x":1,"x":1}
> POST /member {"user":{"role":"admin","role":"user"}}
< 422 ~"loc":\["body","user","role"\]
> POST /part {"user":{"role":"admin","role":"user"}}
< 422 ~"loc":\["body","user","role"\]
> POST /raw {"role":"admin","role":"user"}
< 422 ~"loc":\["body","role"\]
> POST /alone {"role":"admin","role":"user"}
< 200 {"role": "user"}

=== elements of each=, and arguments beside all of them
--- conf
location / {
    endpoint POST /each {
        body $p:json;
        fetch $x POST /echo '$item' each=$p 'header=X-Role: $item.role';
        reply $x;
    }
    endpoint POST /list {
        body $p:json;
        fetch $x POST /echo '{"role": $item.role}' each=$p;
        reply '[$x, $p]';
    }
    endpoint POST /only {
        body $p:json;
        fetch $x /echo?role=$item.role each=$p;
        reply $x;
    }
    endpoint GET /args {
        arg $role;
        require $role!=admin 403 "no";
        reply '[$role, $args]';
    }
    endpoint GET /arg {
        arg $role;
        reply '[$role]';
    }
}
location /echo { return 200 '{}'; }
--- exchanges
> POST /each [{"role":1},{"role":1,"role":2}]
< 422 ~a member of an item is there twice
> POST /list [{"role":1},{"role":1,"role":2}]
< 422 ~a member of an item is there twice
> POST /only [{"role":1},{"role":1,"role":2}]
< 200 [{},{}]
> GET /args?role=admin&role=user
< 422 {"detail":[{"type":"value_error","loc":["query","role"],"msg":"Value error, it is there twice","input":"user"}]}
> GET /args?role=user&%72ole=user
< 422 ~"loc":\["query","role"\]
> GET /args?role=user
< 200 ["user", "role=user"]
> GET /arg?role=admin&role=user
< 200 ["user"]

=== headers and cookies that go into a fetch
--- conf
endpoint_fetch_pass_headers X-Role Cookie;
location / {
    endpoint GET /header {
        header $x_role;
        require $x_role!=admin 403 "no";
        fetch $x /up;
        reply $x;
    }
    endpoint GET /cookie {
        cookie $role; cookie $other=none;
        require $role!=admin 403 "no";
        fetch $x /up;
        reply '[$x, $other]';
    }
    endpoint GET /alone {
        header $x_role; cookie $role;
        reply '[$x_role, $role]';
    }
}
location /up { return 200 '1'; }
--- exchanges
> GET /header
> X-Role: user
> X-Role: admin
< 422 {"detail":[{"type":"value_error","loc":["header","x-role"],"msg":"Value error, it is there twice","input":"user"}]}
> GET /header
> X-Role: user
< 200 1
> GET /cookie
> Cookie: role=admin; role=user
< 422 {"detail":[{"type":"value_error","loc":["cookie","role"],"msg":"Value error, it is there twice","input":"user"}]}
> GET /cookie
> Cookie: role="admin"
> Cookie: role=user
< 422 ~"loc":\["cookie","role"\]
> GET /cookie
> Cookie: role=user; x=1; x=2
< 200 [1, "none"]
> GET /alone
> X-Role: user
> X-Role: admin
> Cookie: role=admin; role=user
< 200 ["user", "user"]

=== of what an upstream answers the last counts
--- conf
location / {
    endpoint GET /x {
        fetch $x /up;
        reply '[$x.role, $x]';
    }
}
location /up { return 200 '{"role":1,"role":2}'; }
--- exchanges
> GET /x
< 200 [2, {"role":1,"role":2}]
