use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== every level
--- conf
location / {
    endpoint GET /a {
        log info   "level 7";
        log notice "level 6";
        log warn   "level 5";
        log error  "level 4";
        log crit   "level 3";
        log alert  "level 2";
        log emerg  "level 1";
        reply 204;
    }
}
--- request
GET /a
--- error_code: 204
--- error_log
[alert]
[crit]
[emerg]
--- no_error_log
[debug]
--- grep_error_log eval
qr/\[\w+\] .*?level \d/
--- grep_error_log_out eval
my @levels = qw(info notice warn error crit alert emerg);
my $lines = CORE::join '\n', map { "\\[$levels[$_]\\] .*level @{[7 - $_]}" }
                                 0 .. 6;
qr/^$lines\n$/

=== values are text, foreign bytes are escaped
--- conf
location / {
    endpoint GET /$x {
        arg $y=null;
        fetch $z /up/;
        log warn "<$x|$y|$z.a|$z.l|$request_method>";
        reply 204;
    }
}
location /up/ { return 200 '{"a": "b\\n\\u0000\\u001b[31m", "l": ["c\\n"]}'; }
--- request
GET /a%0a2026%20[warm]%20b?y=%0d%7f%22%5C
--- error_code: 204
--- grep_error_log eval
qr/<.*>/
--- grep_error_log_out
<a\x0A2026 [warm] b|\x0D\x7F"\|b\x0A\x00\x1B[31m|["c\n"]|GET>
--- no_error_log eval
[qr/^2026 /]

=== when=
--- conf
location / {
    endpoint GET /a {
        arg $x=null;
        log warn "mark: x" when=$x;
        log warn "mark: no x" when=!$x;
        reply 204;
    }
}
--- request
GET /a
--- error_code: 204
--- error_log
mark: no x
--- no_error_log
mark: x

=== a log below a guard that fails is not written
--- conf
location / {
    endpoint GET /a {
        log warn "mark: above";
        require $arg_x 404 "none";
        log warn "mark: below";
        reply 204;
    }
}
--- request
GET /a
--- error_code: 404
--- error_log
mark: above
--- no_error_log
mark: below

=== a line names its request
--- conf
location / {
    endpoint GET /a {
        sleep 1ms;
        log warn "mark";
        reply 204;
    }
}
--- request
GET /a?b=c
--- error_code: 204
--- error_log eval
qr/\[warn\] .* mark.*, client: 127\.0\.0\.1, server: localhost, request: "GET \/a\?b=c HTTP\/1\.1"/
