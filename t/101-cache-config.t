# What the cache statement, cache= and purge refuse when the configuration is
# read: above all whatever would let one client's answer reach another.

use lib 't/lib';
use EndpointTest 'no_plan';

our $Zones = 'endpoint_cache_zone zone=users:1m entries=10 ttl=1h;';

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(http_config => $Zones) if !defined $block->http_config;
});

run_tests();

__DATA__

=== an input below
--- conf
location / {
    endpoint GET /user/$id {
        arg $lang=en;
        cache users $id;
        reply '[$id, "$lang"]';
    }
}
--- dies
5: "$lang" is not in the key of "cache", but what is kept depends on it



=== an input in the status, the type, a condition of a reply, a header
--- conf
location / {
    endpoint GET /user/$id {
        arg $code:int;
        cache users $id;
        reply $code $id;
    }
}
--- dies
5: "$code" is not in the key of "cache", but what is kept depends on it



=== in the type of a reply
--- conf
location / {
    endpoint GET /user/$id {
        arg $type;
        cache users $id;
        reply $id type=$type;
    }
}
--- dies
5: "$type" is not in the key of "cache", but what is kept depends on it



=== in the condition of a reply
--- conf
location / {
    endpoint GET /user/$id {
        cookie $session=null;
        cache users $id;
        reply 204 when=$session;
        reply $id;
    }
}
--- dies
5: "$session" is not in the key of "cache", but what is kept depends on it



=== in a header
--- conf
location / {
    endpoint GET /user/$id {
        cookie $session=null;
        cache users $id;
        set_header X-Session $session;
        reply $id;
    }
}
--- dies
5: "$session" is not in the key of "cache", but what is kept depends on it



=== in a guard
--- conf
location / {
    endpoint GET /user/$id {
        cookie $session=null;
        cache users $id;
        require $session 401 "who are you?";
        reply $id;
    }
}
--- dies
5: "$session" is not in the key of "cache", but what is kept depends on it



=== in the condition of a step
--- conf
location / {
    endpoint GET /user/$id {
        arg $full:bool=false;
        cache users $id;
        fetch $x /api/$id when=$full;
        reply $x;
    }
    location /api/ { return 200; }
}
--- dies
5: "$full" is not in the key of "cache", but what is kept depends on it



=== a variable
--- conf
location / {
    endpoint GET /user/$id {
        cache users $id;
        fetch $x /api/$id/$remote_user;
        reply $x;
    }
    location /api/ { return 200; }
}
--- dies
4: "$remote_user" is not in the key of "cache", but what is kept depends on it



=== a step's list, whose elements are items
--- conf
location / {
    endpoint GET /user/$id {
        arg $list:json;
        cache users $id;
        fetch $x /api/$item each=$list;
        reply $x;
    }
    location /api/ { return 200; }
}
--- dies
5: "$list" is not in the key of "cache", but what is kept depends on it



=== the result of a step above depends on what the step uses
--- conf
location / {
    endpoint GET /user/$id {
        cookie $session;
        fetch $me '/api/me?session=$session';
        cache users $id;
        fetch $x /api/$id/${me.name};
        reply $x;
    }
    location /api/ { return 200; }
}
--- dies
6: "$session" is not in the key of "cache", but what is kept depends on it through "$me.name"



=== and on the client's headers that it passes on
--- conf
endpoint_fetch_pass_headers Authorization;

location / {
    endpoint GET /user/$id {
        fetch $me /api/me;
        cache users $id;
        reply '[$id, $me]';
    }
    location /api/ { return 200; }
}
--- dies
7: the client's header "authorization" is not in the key of "cache", but what is kept depends on it through "$me"



=== the key has one member, another one is used
--- conf
location / {
    endpoint GET /user/$id {
        fetch $me /api/me/$id;
        cache users $me.id;
        reply '[$me.id, $me.name]';
    }
    location /api/ { return 200; }
}
--- dies
5: "$id" is not in the key of "cache", but what is kept depends on it through "$me.name"



=== what may stand below
--- conf
endpoint_fetch_pass_headers X-Request-ID Authorization;

location / {
    endpoint GET /a/$id {
        header $authorization;
        fetch $me /api/me;
        require $me.name 401 "who are you?";
        cache users $id $authorization;
        fetch $x /api/$id/${me.name};
        reply '[$x, $me]';
    }
    endpoint GET /b/$id {
        fetch $me /api/me;
        cache users $me.name $id unkeyed=$request_id;
        log info $request_id;
        fetch $x /api/$id/${me.name};
        reply $x;
    }
    endpoint GET /c/$id {
        fetch $me /api/me;
        cache users $me;
        reply '[$me.a, $me.b]';
    }
    endpoint GET /d/$id {
        fetch $me /api/me;
        cache users $id unkeyed=$me;
        reply '[$me.a, $me.b]';
    }
    endpoint GET /e/$id {
        fetch $me /api/me;
        cache users $http_authorization;
        reply '[$me.a, $me.b]';
    }
    endpoint GET /f {
        fetch $a /api/a;
        fetch $b /api/$a.b cache=users:b:$a.b;
        cache users $a.b;
        fetch $c /api/$b.c;
        reply '[$b, $c]';
    }
    endpoint GET /g {
        arg $list:json;
        cache users $list;
        fetch $x /api/$item each=$list;
        reply $x;
    }
    endpoint GET /api/$x { reply '{}'; }
}
--- exchanges
> GET /api/1
< 200 {}



=== only GET
--- conf
location / {
    endpoint POST /user/$id {
        cache users $id;
        reply $id;
    }
}
--- dies
3: "cache" in an endpoint for POST, only GET can be cached



=== twice
--- conf
location / {
    endpoint GET /user/$id {
        cache users $id;
        cache users $id;
        reply $id;
    }
}
--- dies
4: "cache" is duplicate, the first is at line 3



=== an unknown zone
--- conf
location / {
    endpoint GET /user/$id {
        cache user $id;
        reply $id;
    }
}
--- dies
3: unknown cache zone "user"



=== a purge of an unknown zone
--- conf
location / {
    endpoint POST /user/$id {
        purge user $id;
        reply $id;
    }
}
--- dies
3: unknown cache zone "user"



=== a location for operators with an unknown zone
--- conf
location /purge {
    endpoint_cache_purge user;
}
--- dies
2: unknown cache zone "user"



=== a location for operators that another handler takes
--- conf
location /purge {
    endpoint_cache_purge users;
    proxy_pass http://127.0.0.1:1;
}
--- dies
2: "endpoint_cache_purge" stands beside another content handler of location "/purge"



=== a misspelt option, which is no word of the key
--- conf
location / {
    endpoint GET /user/$id {
        cache users $id tll=1s;
        reply $id;
    }
}
--- dies
3: unknown option "tll=1s" of "cache"



=== no key
--- conf
location / {
    endpoint GET /user/$id {
        cache users ttl=1s;
        reply $id;
    }
}
--- dies
3: a key is missing behind the zone "users"



=== two names in a word
--- conf
location / {
    endpoint GET /user/$id/$x {
        cache users $id-$x;
        reply '[$id, $x]';
    }
}
--- dies
3: more than one name in the key "$id-$x", each must be a word of its own



=== a name that is bound below
--- conf
location / {
    endpoint GET /user/$id {
        cache users $x;
        fetch $x /api/$id;
        reply $x;
    }
    location /api/ { return 200; }
}
--- dies
4: "$id" is not in the key of "cache", but what is kept depends on it



=== an unknown name
--- conf
location / {
    endpoint GET /user/$id {
        cache users $ip;
        reply $id;
    }
}
--- dies
3: unknown name "$ip": no input, step or variable has it



=== a bad ttl
--- conf
location / {
    endpoint GET /user/$id {
        cache users $id ttl=never;
        reply $id;
    }
}
--- dies
3: invalid ttl "never", it must be a time like 2s or 500ms



=== a status without a ttl
--- conf
location / {
    endpoint GET /user/$id {
        cache users $id status=404;
        reply $id;
    }
}
--- dies
3: invalid "status=404", it must be statuses and their ttl like 404,410:10s



=== no status
--- conf
location / {
    endpoint GET /user/$id {
        cache users $id status=404,4xx:1s;
        reply $id;
    }
}
--- dies
3: invalid "status=404,4xx:1s", it must be statuses and their ttl like 404,410:10s



=== an option of steps
--- conf
location / {
    endpoint GET /user/$id {
        cache users $id timeout=1s;
        reply $id;
    }
}
--- dies
3: "timeout=1s" is no option of "cache"



=== cache= without what the step uses
--- conf
location / {
    endpoint GET /user/$id {
        arg $lang=en;
        fetch $x /api/$id?lang=$lang cache=users:$id;
        reply $x;
    }
    location /api/ { return 200; }
}
--- dies
4: "$lang" is not in the key of "cache=", but what is kept depends on it



=== cache= of a step that uses another
--- conf
location / {
    endpoint GET /user/$id {
        fetch $me /api/me/$id;
        fetch $x /api/${me.name}/${me.id} cache=users:$me.name;
        reply $x;
    }
    location /api/ { return 200; }
}
--- dies
4: "$id" is not in the key of "cache=", but what is kept depends on it through "$me.id"



=== cache= of an act
--- conf
location / {
    endpoint POST /user/$id {
        fetch $x POST /api/$id cache=users:$id;
        reply $x;
    }
    location /api/ { return 200; }
}
--- dies
3: "cache=" is for a read that binds a name, without "status="



=== cache= beside bind=
--- conf
location / {
    endpoint GET /user/$id {
        fetch $x /api/$id cache=users:$id bind=$loc:Location;
        reply '[$x, $loc]';
    }
    location /api/ { return 200; }
}
--- dies
3: "bind=" beside "cache=", which keeps no headers



=== no time to keep a default
--- conf
location / {
    endpoint GET /user/$id {
        cache users $id keep_default=yes;
        reply $id;
    }
}
--- dies
3: invalid keep_default "yes", it must be a time like 2s or 500ms



=== two of them
--- conf
location / {
    endpoint GET /user/$id {
        cache users $id keep_default=1s keep_default=2s;
        reply $id;
    }
}
--- dies
3: duplicate "keep_default=" in "cache"



=== no time to keep what is empty
--- conf
location / {
    endpoint GET /user/$id {
        fetch $x /api/$id cache=users:$id empty=;
        reply $x;
    }
}
--- dies
3: invalid empty "", it must be a time like 2s or 500ms



=== what is empty, and is not
--- conf
location / {
    endpoint GET /user/$id {
        fetch $x /api/$id cache=users:$id nonempty empty=1s;
        reply $x;
    }
}
--- dies
3: "nonempty" beside "empty=1s"



=== what is empty of nothing
--- conf
location / {
    endpoint GET /user/$id {
        fetch $x /api/$id nonempty;
        reply $x;
    }
}
--- dies
3: "nonempty" without "cache="



=== a time for an empty reply
--- conf
location / {
    endpoint GET /user/$id {
        cache users $id empty=1s;
        reply $id;
    }
}
--- dies
3: "empty=1s" is no option of "cache"



=== cache= beside status=
--- conf
location / {
    endpoint GET /user/$id {
        fetch $x /api/$id cache=users:$id status=$code;
        reply $code $x;
    }
    location /api/ { return 200; }
}
--- dies
3: "cache=" is for a read that binds a name, without "status="



=== cache= without a key
--- conf
location / {
    endpoint GET /user/$id {
        fetch $x /api/$id cache=users;
        reply $x;
    }
    location /api/ { return 200; }
}
--- dies
3: a key is missing behind the zone "users"



=== cache= of a list has no $item
--- conf
location / {
    endpoint GET /users {
        arg $ids:json;
        fetch $x /api/$item each=$ids cache=users:$item;
        reply $x;
    }
    location /api/ { return 200; }
}
--- dies
4: "$item" in "cache=", which is for all elements of "each=" at once: let "each=" fetch an endpoint that does it for one



=== a purge location beside endpoints
--- conf
location / {
    endpoint GET /user/$id { reply $id; }
    endpoint_cache_purge users;
}
--- dies
3: "endpoint_cache_purge" directive stands beside another content handler



=== an option twice
--- conf
location / {
    endpoint GET /user/$id {
        cache users $id ttl=1s ttl=2s;
        reply $id;
    }
}
--- dies
3: duplicate "ttl=" in "cache"



=== a step's zone without a key
--- conf
location / {
    endpoint GET /users {
        fetch $x /api/ cache=users:;
        reply $x;
    }
}
--- dies
3: a key is missing behind the zone "users"


=== a size that is none
--- http_config
endpoint_cache_zone zone=users:1m entries=10 ttl=1h max_size=all;
--- conf
--- must_die
--- suppress_stderr
--- error_log
invalid size "max_size=all", it must be one like 64k in


=== a value larger than the zone
--- http_config
endpoint_cache_zone zone=users:1m entries=10 ttl=1h max_size=2m;
--- conf
--- must_die
--- suppress_stderr
--- error_log
max_size=2097152 is larger than the zone "users" in
