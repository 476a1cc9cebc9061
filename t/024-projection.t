use lib 't/lib';
use EndpointTest 'no_plan';

# what $x is comes in the query string, once as an input and once as the
# result of a fetch: the answer must be the same

add_block_preprocessor(sub {
    my $block = shift;

    return unless defined $block->value_of_x;

    my $template = $block->template;
    my $value = $block->value_of_x =~ s/ /%20/gr =~ s/"/%22/gr;

    $block->set_value(user_files => ">>> test.conf\n" . <<"CONF");
location / {
    endpoint GET /input   { arg \$x:json; reply '$template'; }
    endpoint GET /fetched {
        arg \$v:json;
        fetch \$x /echo?x=\$v;
        reply '$template';
    }
    endpoint GET /echo    { arg \$x:json; reply \$x; }
}
CONF
    $block->set_value(config => "include ../html/test.conf; # "
                                . $block->name . "\n");
    $block->set_value(request => [ "GET /input?x=$value",
                                   "GET /fetched?v=$value" ]);
    $block->set_value(error_code => [200, 200]);
    $block->set_value(response_body => [ ($block->is) x 2 ]);
});

run_tests();

__DATA__

=== all members
--- value_of_x chomp
[{"t": 1}, {"t": "b"}, {"t": null}, {"u": 4}, {"t": {"n": [5]}}]
--- template chomp
$x[*].t
--- is chomp
[1,"b",null,null,{"n": [5]}]

=== all elements
--- value_of_x chomp
[1, [2, 3], {"a": 4}]
--- template chomp
$x[*]
--- is chomp
[1, [2, 3], {"a": 4}]

=== of nothing
--- value_of_x chomp
[]
--- template chomp
[$x[*], $x[*].t, $x[0:3], $x[-1], $x[0]]
--- is chomp
[[], [], [], null, null]

=== of no list
--- value_of_x chomp
{"a": 1, "l": null}
--- template chomp
[$x[*], $x.a[*].t, $x.l[0:3], $x[0], $x[-1], $x.none[*]]
--- is chomp
[null, null, null, null, null, null]

=== slices
--- value_of_x chomp
[0, 1, 2, 3, 4]
--- template chomp
[$x[0:3], $x[1:2], $x[3:9], $x[0:0], $x[7:9], $x[0:5]]
--- is chomp
[[0,1,2], [1], [3,4], [], [], [0,1,2,3,4]]

=== from the end
--- value_of_x chomp
[0, 1, {"a": [5, 6]}]
--- template chomp
[$x[-1], $x[-2], $x[-3], $x[-4], $x[-1].a[-1], $x[-1].a[-2]]
--- is chomp
[{"a": [5, 6]}, 1, 0, null, 6, 5]

=== one within the other
--- value_of_x chomp
[{"l": [{"n": 1}, {"n": 2}]}, {"l": [{"n": 3}]}, {"l": []}, {}]
--- template chomp
[$x[*].l[0].n, $x[*].l[-1].n, $x[*].l[0:1], $x[0].l[*].n]
--- is chomp
[[1,3,null,null], [2,3,null,null], [[{"n": 1}],[{"n": 3}],[],null], [1,2]]

=== one behind a slice
--- value_of_x chomp
[{"l": [1, 2]}, {"l": [3]}, {"l": []}]
--- template chomp
[$x[0:2].l, $x[0:2].l[0], $x[1:3].l[*]]
--- is chomp
[[[1, 2],[3]], [1,3], [[3],[]]]

=== the same list more than once, with the whole of it
--- value_of_x chomp
[{"a": 1, "b": 2}, {"a": 3}]
--- template chomp
[$x[*].a, $x[*].b, $x[1].a, $x[0:1].a, $x]
--- is chomp
[[1,3], [2,null], 3, [1], [{"a": 1, "b": 2}, {"a": 3}]]

=== in a string
--- value_of_x chomp
[{"a": "x\"y"}, {"a": 2}]
--- template chomp
{"s": "<$x[*].a>", "t": "${x[0].a}s"}
--- is chomp
{"s": "<[\"x\\\"y\",2]>", "t": "x\"ys"}

=== digits and escapes stay as they are
--- value_of_x chomp
[{"a": 1.50}, {"a": "\u00e9\/"}, {"a": 12345678901234567890}]
--- template chomp
$x[*].a
--- is chomp
[1.50,"\u00e9\/",12345678901234567890]

=== a condition with a projection
--- conf
location / {
    endpoint GET /x {
        arg $l:json;
        reply '"the last is 3"' when=$l[-1]==3;
        reply '"there is a third"' when=$l[2];
        reply '"some"' when=$l[*];
        reply '"none"';
    }
}
--- exchanges
> GET /x?l=[1,3]
< 200 "the last is 3"
> GET /x?l=[1,2,4]
< 200 "there is a third"
> GET /x?l=[1]
< 200 "some"
> GET /x?l={}
< 200 "none"

=== in a URI, a query string, a header and a body
--- conf
location / {
    endpoint GET /x {
        arg $l:json;
        fetch $a /up/$l[-1].id?n=$l[0:2] 'header=X-A: $l[*].id';
        fetch $b PUT /up '{"ids": $l[*].id}';
        reply '[$a, $b]';
    }
    endpoint GET /up/$id {
        arg $n:json;
        header $x_a;
        reply '[$id, $n, $x_a]';
    }
    endpoint PUT /up { field $ids:json; reply $ids; }
}
--- exchanges
> GET /x?l=[{%22id%22:1},{%22id%22:2},{%22id%22:3}]
< 200 [["3", [{"id":1},{"id":2}], "[1,2,3]"], [1,2,3]]

=== each= with projections
--- conf
location / {
    endpoint GET /x {
        arg $l:json;
        fetch $a /up/$item each=$l[*].id;
        fetch $b /up/$item.id each=$l[0:2];
        fetch $c /up/$item[0] each=$l[*].n;
        fetch $d /up/$item each=$l[-1].n;
        reply '[$a[*].v, $b[*].v, $c[*].v, $d, $d[-1].v]';
    }
    endpoint GET /up/$id { reply '{"v": $id}'; }
}
--- exchanges
> GET /x?l=[{%22id%22:1,%22n%22:[4]},{%22id%22:2,%22n%22:[6,7]}]
< 200 [["1","2"], ["1","2"], ["4","6"], [{"v": "6"},{"v": "7"}], "7"]
