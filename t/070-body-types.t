# Types of bodies in which a value could not be kept in its place.

use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== a value could end its part
--- conf
location / {
    endpoint POST / {
        field $s:str;
        fetch $x POST /up/ '--b $s --b--' 'header=Content-Type: Multipart/form-data; boundary=b';
        reply $x;
    }
}
location /up/ { return 200; }
--- must_die
--- error_log
a body with names of the type "Multipart/form-data; boundary=b", in which a value could end its part

=== a type that is not known
--- conf
location / {
    endpoint POST / {
        field $s:str;
        fetch $x POST /up/ 'a=$s' 'header=Content-Type: application/$s';
        reply $x;
    }
}
location /up/ { return 200; }
--- must_die
--- error_log
a body with names of the type "application/$s", which has names itself: how they are to be escaped is not known

=== without a value there is nothing to escape
--- conf
location / {
    endpoint GET / {
        fetch $x POST /up/ '--b a --b--' 'header=Content-Type: multipart/form-data; boundary=b';
        reply '[$x]';
    }
}
location /up/ { return 200 '7'; }
--- exchanges
> GET /
< 200 [7]

=== a reply of that type
--- conf
location / {
    endpoint GET / { arg $s; reply 'a=$s&b=1' type=application/x-www-form-urlencoded; }
}
--- exchanges
> GET /?s=x%26b%3D2
< 200 a=x%26b%3D2&b=1
