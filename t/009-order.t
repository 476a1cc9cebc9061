# When a step starts is seen by the marks that its upstream leaves in the log,
# see t/lib/EndpointMarks.pm: /fast/x leaves "x", /slow/x leaves "+x" when it is
# asked and "-x" when it answers, which is when all that stands before "-x" in
# the marks of the block has come; "!x" when it is left before.

use lib 't/lib';
use EndpointTest 'no_plan';
use EndpointMarks;

$ENV{TEST_NGINX_UP} = serve_marks(server_root() . '/logs/error.log');

add_block_preprocessor(sub {
    my $block = shift;

    my @marks = split ' ', $block->marks;

    $block->set_value(config => "location / { endpoint GET / {\n"
                                . $block->steps . "} }\n"
                                . 'location /up/ { internal; proxy_pass '
                                . 'http://unix:$TEST_NGINX_UP:/; '
                                . "proxy_set_header X-Marks '@marks'; }\n"
                                . 'location /other/ { internal; proxy_pass '
                                . 'http://unix:$TEST_NGINX_UP:/; '
                                . "proxy_set_header X-Marks '@marks'; }\n");
    $block->set_value(grep_error_log => qr/(?<=mark: )[-+!]?\w+/);
    $block->set_value(grep_error_log_out =>
                      CORE::join '', map { "$_\n" } @marks);
});

add_response_body_check(sub {
    my $block = shift;

    wait_for_marks(scalar split ' ', $block->marks);
});

run_tests();

__DATA__

=== reads start at once
--- steps
fetch $a /up/slow/a;
fetch $b /up/slow/b;
fetch $c /up/fast/c;
reply '[$a, $b, $c]';
--- marks: +a +b c -a -b
--- response_body chomp
["a", "b", "c"]

=== a step that uses a name waits for it
--- steps
fetch $a /up/slow/a;
fetch $b /up/fast/$a;
fetch $c /up/fast/c;
reply '[$a, $b]' when=$c;
reply 204;
--- marks: +a c -a a
--- response_body chomp
["a", "a"]

=== the order of the file does not matter to reads
--- steps
fetch $c /up/fast/c?b=$b;
fetch $b /up/fast/b?a=$a;
fetch $a /up/slow/a;
reply '[$a, $b, $c]';
--- marks: +a -a b c
--- response_body chomp
["a", "b", "c"]

=== HEAD reads
--- steps
fetch HEAD /up/slow/a status=$a;
fetch HEAD /up/slow/b status=$b;
reply '[$a, $b]';
--- marks: +a +b -a -b
--- response_body chomp
[200, 200]

=== a use in a header and in a body are uses
--- steps
fetch $a /up/slow/a;
fetch $b /up/fast/b 'header=X-A: $a';
fetch $c POST /up/fast/c '{"b": $b}' unordered;
reply '[$b, $c]';
--- marks: +a -a b c
--- response_body chomp
["b", "c"]

=== acts wait for each other
--- steps
fetch POST /up/slow/a;
fetch POST /up/slow/b;
fetch $c POST /up/fast/c;
reply $c;
--- marks: +a -a +b -b c
--- response_body chomp
"c"

=== an act waits for the reads above it, a read below it elsewhere for nothing
--- steps
fetch $r /up/slow/r;
fetch POST /up/fast/act;
fetch $s /other/fast/s;
reply '[$r, $s]';
--- marks: +r s -r act
--- response_body chomp
["r", "s"]

=== a read below an act on the same first segment waits for it
--- steps
fetch POST /up/slow/act;
fetch $s /up/fast/s?x=1;
fetch $o /other/fast/o;
reply '[$s, $o]';
--- marks: +act o -act s
--- response_body chomp
["s", "o"]

=== a read above an act does not
--- steps
fetch $a /up/slow/a;
fetch $b /up/fast/b;
fetch POST /up/fast/act;
reply '[$a, $b]';
--- marks: +a b -a act
--- response_body chomp
["a", "b"]

=== "unordered" lets a read below an act start at once
--- steps
fetch POST /up/slow/act;
fetch $s /up/fast/s unordered;
reply $s;
--- marks: +act s -act
--- response_body chomp
"s"

=== log acts
--- steps
log warn "mark: one";
fetch $r /up/slow/r;
log warn "mark: two";
reply $r;
--- marks: one +r -r two
--- response_body chomp
"r"

=== "unordered" lets an act start as a read does
--- steps
fetch POST /up/slow/a unordered;
fetch POST /up/slow/b unordered;
fetch $c POST /up/fast/c unordered;
reply $c;
--- marks: +a +b c -a -b
--- response_body chomp
"c"

=== an act that is ordered waits for one that is not, but not the other way
--- steps
fetch POST /up/slow/a unordered;
fetch POST /up/fast/b;
fetch POST /up/fast/c unordered;
reply 204;
--- marks: +a c -a b
--- error_code: 204

=== wait holds up all that stands below it
--- steps
fetch $a /up/slow/a;
fetch $b /up/fast/b;
wait;
fetch $c /up/fast/c;
fetch POST /up/fast/d unordered;
reply '[$a, $b, $c]';
--- marks: +a b -a c d
--- response_body chomp
["a", "b", "c"]

=== a guard holds back all that stands below it, and nothing above
--- steps
fetch $a /up/slow/a;
fetch $b /up/slow/b;
require $a 404 "none";
fetch $c /up/fast/c;
fetch POST /up/fast/d unordered;
reply '[$a, $b, $c]';
--- marks: +a +b -a -b c d
--- response_body chomp
["a", "b", "c"]

=== a guard needs only its own value: what it does not use goes on
--- steps
fetch $a /up/slow/a;
fetch $f /up/fast/f;
require $f 404 "none";
fetch $c /up/fast/c;
reply '[$a, $c]';
--- marks: +a f c -a
--- response_body chomp
["a", "c"]

=== a guard without a value of a step fires before what is below starts
--- steps
require $arg_x 400 "no x";
fetch $c /up/fast/c;
reply $c;
--- marks:
--- error_code: 400
--- response_body chomp
{"detail":"no x"}

=== a guard that fires cancels what runs
--- steps
fetch $a /up/slow/a;
fetch $f /up/fast/f;
require !$f 409 "f is there";
fetch $c /up/fast/c;
reply '[$a, $c]';
--- marks: +a f !a
--- error_code: 409
--- response_body chomp
{"detail":"f is there"}

=== the first guard that fails answers
--- steps
fetch $a /up/slow/a;
fetch $f /up/fast/f;
require $f!=f 409 "first";
require !$a 410 "second";
reply '[$a]';
--- marks: +a f !a
--- error_code: 409
--- response_body chomp
{"detail":"first"}

=== after= waits without using
--- steps
fetch $a /up/slow/a;
fetch $b /up/fast/b after=$a;
fetch $c /up/fast/c after=$b;
reply '[$b, $c]';
--- marks: +a -a b c
--- response_body chomp
["b", "c"]

=== after= makes a name used
--- steps
fetch $a /up/slow/a;
log warn "mark: done" after=$a unordered;
reply 204;
--- marks: +a -a done
--- error_code: 204

=== when= skips: the result is null, and its users run
--- steps
fetch $a /up/fast/a when=$arg_x;
fetch $b /up/fast/b?a=$a;
fetch $c /up/fast/c when=!$a;
fetch POST /up/fast/d when=$a;
reply '[$a, $b, $c]';
--- marks: b c
--- response_body chomp
[null, "b", "c"]

=== when= waits for what its condition uses
--- steps
fetch $a /up/slow/a;
fetch $b /up/fast/b when=$a==a;
fetch $c /up/fast/c when=$a!=a;
reply '[$b, $c]';
--- marks: +a -a b
--- response_body chomp
["b", null]

=== a step that is skipped does not hold up its users
--- steps
fetch $a /up/slow/a when=$arg_x;
fetch $b /up/fast/b after=$a;
fetch $s /up/slow/s;
reply '[$b, $s]';
--- marks: b +s -s
--- response_body chomp
["b", "s"]

=== the reply comes last
--- steps
fetch POST /up/slow/a;
fetch /other/slow/b;
fetch /other/fast/c;
reply '"end"';
--- marks: +a +b c -a -b
--- response_body chomp
"end"

=== a failure cancels what runs and what waits
--- steps
fetch $a /up/slow/a;
fetch $n /up/none;
fetch $c /up/fast/c?a=$a;
reply '[$c, $n]';
--- marks: +a !a
--- error_code: 502
--- response_body chomp
{"detail":"n: the upstream answered with an error"}

=== an act that fails ends the run, what was done stays done
--- steps
fetch POST /up/fast/a;
fetch POST /up/none;
fetch POST /up/fast/c;
reply 204;
--- marks: a
--- error_code: 502
--- response_body chomp
{"detail":"fetch 2: the upstream answered with an error"}
