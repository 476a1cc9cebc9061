# Endpoints that wait for their own answers, seen when the configuration is
# read: only where nothing leads out of the circle.

use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== two that are kept fetch each other
--- conf
location / {
    endpoint GET /a/$id {
        cache kept a $id;
        fetch $x /b/$id;
        reply '$x';
    }
    endpoint GET /b/$id {
        cache kept b $id;
        fetch $x /a/$id?of=b;
        reply '$x';
    }
    endpoint GET /c { reply '"c"'; }
}
--- http_config
endpoint_cache_zone zone=kept:256k entries=100 ttl=1h;
--- suppress_stderr
--- exchanges
> GET /c
< 200 "c"
--- error_log eval
qr/\[warn\] .*endpoint "\/b\/\$id" waits for its own answer behind this "fetch" in .*test\.conf:9/

=== itself, by HEAD, over three, in other locations, behind what is known
--- conf
location / {
    endpoint GET /self/$id {
        fetch HEAD /self/$id;
        reply 204;
    }
    endpoint POST /one { fetch $x POST /two/x; reply $x; }
    endpoint GET /known/$x { reply '1'; }
    endpoint GET /known/list { fetch $x /known/list; reply $x; }
}
location /two/ {
    endpoint POST /two/$r:path { query $x db "SELECT 1"; fetch $y POST /three; reply '[$x, $y]'; }
}
location = /three {
    endpoint POST /three { fetch $x POST /one; reply $x; }
}
--- http_config
upstream db { server 127.0.0.1:1; endpoint_postgres "dbname=x"; }
--- suppress_stderr
--- exchanges
> GET /known/1
< 200 1
--- error_log eval
[qr/"\/self\/\$id" waits for its own answer .*test\.conf:3/,
 qr/"\/three" waits for its own answer .*test\.conf:14/,
 qr/"\/known\/list" waits for its own answer .*test\.conf:8/]

=== what leads out of it
--- conf
location / {
    endpoint GET /when/$id     { fetch $x /when/$id when=$id!=0; reply $x; }
    endpoint GET /default/$id  { fetch $x /default/$id default=1; reply $x; }
    endpoint GET /status/$id   { fetch $x /status/$id status=$c; reply $c; }
    endpoint GET /cached/$id   { fetch $x /cached/$id cache=kept:$id; reply $x; }
    endpoint GET /each/$id     { arg $n:json; fetch $x /each/$item each=$n; reply $x; }
    endpoint GET /guard/$id    { require $id!=0 404 "no"; fetch $x /guard/$id; reply $x; }
    endpoint GET /inner/$id {
        transaction { query_row $r db "SELECT 1 AS n"; require $r.n 404 "no"; }
        fetch $x /inner/$id;
        reply $x;
    }
    endpoint POST /method      { fetch $x PUT /method; reply $x; }
    endpoint PUT /method       { reply 1; }
    endpoint GET /other/$id    { fetch $x /other/$id/more; reply $x; }
    endpoint GET /up/$id       { fetch $x /up/$id/$id; reply $x; }
    endpoint GET /longer/$id   { fetch $x /longer/by/a/location; reply $x; }
    endpoint GET /longer/by/$r:path { fetch $x /longer/1; reply $x; }
    endpoint GET /if/$id       { fetch $x /if/of/$id; reply $x; }
}
location /longer/by/a/ { internal; return 200 1; }
location /if/of/ {
    if ($arg_x) { return 204; }
    endpoint GET /if/of/$id { fetch $x /if/$id; reply $x; }
}
--- http_config
endpoint_cache_zone zone=kept:256k entries=100 ttl=1h;
upstream db { server 127.0.0.1:1; endpoint_postgres "dbname=x"; }
--- suppress_stderr
--- exchanges
> PUT /method
< 200 1
> GET /longer/2
< 200 1
--- no_error_log
its own answer

=== where a regular expression, or the server's own rewrite, comes first
--- conf
if ($arg_r) { rewrite ^/rewritten/ /c last; }
location / {
    endpoint GET /rewritten/$id { fetch $x /rewritten/$id?r=1; reply $x; }
    endpoint GET /c { reply '"c"'; }
}
--- suppress_stderr
--- exchanges
> GET /rewritten/1
< 200 "c"
--- no_error_log
its own answer

=== a regular expression
--- conf
location / {
    endpoint GET /re/$id { fetch $x /re/0; reply $x; }
}
location ~ ^/re/0$ { internal; return 200 '"re"'; }
--- suppress_stderr
--- exchanges
> GET /re/1
< 200 "re"
--- no_error_log
its own answer
