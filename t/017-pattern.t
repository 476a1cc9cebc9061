use lib 't/lib';
use EndpointTest 'no_plan';

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value('more_headers', 'Content-Type: application/json');
});

run_tests();

__DATA__

=== long texts that fit, and that do not, of patterns that would look again
--- conf
client_body_buffer_size 512k;
location / {
    endpoint POST /run    { field $x 'pattern=[a-z]+[0-9]'; reply 204; }
    endpoint POST /space  { field $x 'pattern=\s+$'; reply 204; }
    endpoint POST /nested { field $x 'pattern=^(a+)+$'; reply 204; }
    endpoint POST /ahead  { field $x 'pattern=^(?=.*[0-9])(?!.*--)[a-z0-9-]+$'; reply 204; }
    endpoint POST /back   { field $x 'pattern=^(a+)+\1$'; reply 204; }
    endpoint POST /keep   { field $x 'pattern=[a-z]++[0-9]'; reply 204; }
    endpoint POST /short  { field $x max_length=10 'pattern=^(a+)+\1$'; reply 204; }
}
--- request eval
my $a = 'a' x 60_000;
my $s = ' ' x 60_000;
[ qq(POST /run\n{"x": "$a"}), qq(POST /run\n{"x": "$a b1"}),
  qq(POST /space\n{"x": "${s}x"}), qq(POST /space\n{"x": "${s}x "}),
  qq(POST /nested\n{"x": "$a!"}), qq(POST /nested\n{"x": "$a"}),
  qq(POST /ahead\n{"x": "1$a"}), qq(POST /ahead\n{"x": "1$a--"}),
  qq(POST /back\n{"x": "$a!"}), qq(POST /back\n{"x": "aa"}),
  qq(POST /keep\n{"x": "$a"}), qq(POST /keep\n{"x": "${a}1"}),
  qq(POST /short\n{"x": "$a"}) ]
--- error_code eval
[422, 204, 422, 204, 422, 204, 204, 422, 422, 204, 422, 204, 422]
--- response_body eval
my $no = qr/"string_pattern_mismatch"/;
[$no, '', $no, '', $no, '', '', $no, $no, '', $no, '', qr/"string_too_long"/]
--- timeout: 20

=== a pattern of bytes beyond ASCII, and of either case
--- conf
location / {
    endpoint POST /x { field $x 'pattern=^(?i)[é-ü]?str(a|ß)+.$'; reply 204; }
    endpoint POST /y { field $x 'pattern=(?i)^kiss$'; reply 204; }
}
--- request eval
[ qq(POST /x\n{"x": "\xc3\xa9stra\xc3\x9f\xe2\x82\xac"}), qq(POST /x\n{"x": "stra"}),
  qq(POST /y\n{"x": "\xe2\x84\xaaIS\xc5\xbf"}), qq(POST /y\n{"x": "KISS\\n"}) ]
--- error_code eval
[204, 422, 204, 422]
