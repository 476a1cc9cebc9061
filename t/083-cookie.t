use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== a quoted cookie is read as Python wrote it
--- conf
location / {
    endpoint GET / { cookie $c; reply $c; }
}
--- exchanges
> GET /
> Cookie: c="a\"b\054\\c"
< 200 "a\"b,\\c"
> GET /
> Cookie: c="\351\303\251"
< 200 "éÃ©"
> GET /
> Cookie: c="a\400\08\x\\"
< 200 "a40008x\\"
> GET /
> Cookie: c="a\"
< 200 "a\\"
> GET /
> Cookie: c=a\"b
< 200 "a\\\"b"
> GET /
> Cookie: c="
< 200 "\""
> GET /
> Cookie: c=""
< 200 ""
> GET /
> Cookie: c="a"; c="b\073"
< 200 "b;"
