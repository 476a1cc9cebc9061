use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== twenty faults of one body do not send it back twenty times
--- conf
location / {
    client_body_buffer_size 64k;
    endpoint POST /many {
        field $a1; field $a2; field $a3; field $a4; field $a5; field $a6;
        field $b1:int; field $b2:int; field $b3:int; field $b4:int;
        field $c:json;
        reply $c;
    }
}
--- request eval
"POST /many\n" . '{"b1": "' . "x" x 100_000 . '", "b2": ["' . "y" x 100_000
. '"], "c": "' . "z" x 700_000 . '"}'
--- more_headers
Content-Type: application/json
--- error_code: 422
--- response_body_filters eval
sub {
    my ($body) = @_;
    my $faults = () = $body =~ /"type":/g;
    my $cut = () = $body =~ /\xe2\x80\xa6"/g;
    return "$faults $cut " . (length $body > 16 * 4096 ? length $body : "short");
}
--- response_body chomp
10 10 short

=== a long input is cut between characters and escapes
--- conf
location / {
    endpoint POST /int { field $x:int; reply $x; }
}
--- request eval
"POST /int\n" . '{"x": "' . "a" x 2046 . '\ud83d\ude00' . "b" x 20 . '"}'
--- more_headers
Content-Type: application/json
--- error_code: 422
--- response_body_like eval
qr/"input":"a{2046}\xe2\x80\xa6"\}/
