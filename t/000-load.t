use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== the first endpoint
--- conf
location / {
    endpoint GET / {
        reply '{"message": "Hello, world!"}';
    }
}
--- exchanges
> GET /
< 200 {"message": "Hello, world!"}
< Content-Type: application/json
< Content-Length: 28
< X-Content-Type-Options: nosniff

=== a server without endpoints stays as it is
--- conf
location / {
    return 200 "plain";
}
--- exchanges
> GET /
< 200 plain
< !X-Content-Type-Options

=== the words of the language are free outside of it
--- conf
location / {
    set $reply "mine";
    endpoint GET / {
        reply $reply;
    }
}
--- exchanges
> GET /
< 200 "mine"
