# What FastAPI answered to the requests of t/data/fastapi.jsonl is what is
# answered here; where the two differ on purpose, %differs says why.

# all blocks have one configuration, which need not be read 187 times

BEGIN { $ENV{TEST_NGINX_FORCE_RESTART_ON_TEST} = 0 }

use lib 't/lib';
use EndpointTest 'no_plan';
use JSON::PP;
use Math::BigFloat;

my $json = JSON::PP->new->utf8->allow_nonref->allow_bignum;

my $not_found = [404, { detail => 'Not Found' }];
my $bad_request = [400, undef];

# METHOD TARGET BODY => [status, JSON, Allow]

my %differs = (

    # HEAD works wherever GET does

    'HEAD /item/1' => [200, undef],

    # a path that differs by a slash at the end is another one, not a redirect

    'GET /files' => $not_found,
    'GET /limit/' => $not_found,

    # nothing that a client sends makes a 500

    'GET /float/Infinity' => fault('finite_number', [qw(path x)],
                                   'Input should be a finite number',
                                   'Infinity'),
    'GET /float/NaN' => fault('finite_number', [qw(path x)],
                              'Input should be a finite number', 'NaN'),

    # NaN is not JSON

    'POST /person {"name": "A", "age": NaN}' =>
        fault('json_invalid', ['body'], 'JSON decode error', {}),

    # nginx decodes and normalises a path before a module sees it

    'GET /files/a/../b' => [200, { rest => 'b' }],
    'GET /files/a//b' => [200, { rest => 'a/b' }],
    'GET /str/%2e%2e' => $not_found,
    'GET /str/..' => $not_found,
    'GET /str/%00' => $bad_request,

    # int has 64 bits

    'GET /item/9223372036854775808' =>
        fault('int_parsing_size', [qw(path id)],
              'Unable to parse input string as an integer, exceeded maximum '
              . 'size', '9223372036854775808'),

    'POST /person {"name": "A", "age": 1000000000000000000000000000000}' =>
        fault('int_parsing_size', [qw(body age)],
              'Unable to parse input string as an integer, exceeded maximum '
              . 'size', Math::BigInt->new('1' . '0' x 30)),
);

my @lines;
my $number = 0;

add_block_preprocessor(sub {
    my $block = shift;

    my ($request, $answer) = @{$json->decode($lines[$number++])}
                             {qw(request answer)};
    my $body = $request->{body};

    utf8::encode($body) if defined $body;

    my $key = "$request->{method} $request->{target}"
              . (defined $body ? " $body" : '');

    my ($status, $expected, $allow) =
        $differs{$key} ? @{delete $differs{$key}}
                       : @{$answer}{qw(status json allow)};

    $block->set_value(name => "TEST $number: " . substr($key, 0, 60));
    $block->set_value(raw_request => message($request, $body));
    $block->set_value(error_code => $status);
    $block->set_value(response_headers => $allow ? "Allow: $allow" : '!Allow');
    $block->set_value(response_body_filters => sub { canonical(shift) });
    $block->set_value(response_body => defined $expected
                                       ? canonical($json->encode($expected))
                                       : qr//);
});


run_tests();

is_deeply([keys %differs], [], 'every difference was met');


# the target goes out as it was recorded, whatever a client would make of it

sub message {
    my ($request, $body) = @_;

    my %headers = %{$request->{headers}};

    $headers{'Content-Length'} = length $body if defined $body;

    return "$request->{method} $request->{target} HTTP/1.1\r\n"
           . "Host: localhost\r\nConnection: close\r\n"
           . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers)
           . "\r\n" . ($body // '');
}


# two texts of JSON that mean the same become the same

sub canonical {
    my $text = shift;

    my $value = eval { $json->decode($text) };

    return $@ ? "not JSON: $text" : normal($value);
}


sub normal {
    no warnings 'recursion';    # a body of 300 brackets

    my $value = shift;

    if (ref $value eq 'ARRAY') {
        return '[' . join(', ', map { normal($_) } @$value) . ']';
    }

    if (ref $value eq 'HASH') {

        # of json_invalid the position and ctx may differ

        if (($value->{type} // '') eq 'json_invalid') {
            $value = { %$value, loc => [$value->{loc}[0]] };
            delete $value->{ctx};
        }

        return '{' . join(', ', map { $json->encode($_) . ': '
                                      . normal($value->{$_}) }
                                sort keys %$value) . '}';
    }

    my $text = $json->encode($value);

    return $text =~ /^[-\d]/ ? Math::BigFloat->new($text)->bsstr : $text;
}


sub fault {
    my ($type, $loc, $msg, $input) = @_;

    return [422, { detail => [{ type => $type, loc => $loc, msg => $msg,
                                input => $input }] }];
}


# one block for each line

BEGIN {
    open my $file, '<', 't/data/fastapi.jsonl'
        or die "t/data/fastapi.jsonl: $!\n";

    @lines = <$file>;

    my $config = <<'END';
--- config
    location / {
        endpoint GET /item/$id:int  { reply '{"id": $id}'; }
        endpoint GET /float/$x:float { reply '{"x": $x}'; }
        endpoint GET /bool/$x:bool  { reply '{"x": $x}'; }
        endpoint GET /uuid/$x:uuid  { reply '{"x": $x}'; }
        endpoint GET /str/$x        { reply '{"x": $x}'; }
        endpoint GET /files/$rest:path { reply '{"rest": $rest}'; }
        endpoint GET /three/$a:int/$b:float/$c:bool {
            reply '{"a": $a, "b": $b, "c": $c}';
        }
        endpoint GET /limit {
            arg $limit:int=100 ge=1 le=1000;
            reply '{"limit": $limit}';
        }
        endpoint GET /gtlt { arg $x:float gt=0 lt=1; reply '{"x": $x}'; }
        endpoint GET /need {
            arg $q:str min_length=2 max_length=5;
            reply '{"q": $q}';
        }
        endpoint GET /pattern { arg $s:str pattern=^[a-z]+$; reply '{"s": $s}'; }
        endpoint GET /enum { arg $e:str enum=a,b,c; reply '{"e": $e}'; }
        endpoint GET /optional {
            arg $o:str=null;
            arg $n:int=null;
            reply '{"o": $o, "n": $n}';
        }
        endpoint GET /header { header $x_token:str; reply '{"t": $x_token}'; }
        endpoint GET /cookie { cookie $session:str; reply '{"s": $session}'; }
        endpoint POST /person {
            field $name:str min_length=1;
            field $age:int ge=0;
            field $ratio:float=0.5;
            field $ok:bool=false;
            field $id:uuid=null;
            field $extra:json=null;
            reply 201 '{"name": $name, "age": $age, "ratio": $ratio, "ok": $ok, "id": $id, "extra": $extra}';
        }
        endpoint POST /any { body $x:json; reply $x; }
    }
END

    spec_string(join "\n", map { "=== $_\n$config" } 1 .. @lines);
}
