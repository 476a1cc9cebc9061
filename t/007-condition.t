use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== what is true: null, false and "" are not
--- conf
location / {
    endpoint POST /json { body $x:json; reply '"true"' when=$x.v; reply '"false"'; }
    endpoint POST /not  { body $x:json; reply '"false"' when=!$x.v; reply '"true"'; }
    endpoint GET /int   { arg $x:int=null; reply '"true"' when=$x; reply '"false"'; }
    endpoint GET /bool  { arg $x:bool=null; reply '"true"' when=$x; reply '"false"'; }
    endpoint GET /str   { arg $x=null; reply '"true"' when=$x; reply '"false"'; }
    endpoint GET /var   { reply '"true"' when=$arg_x; reply '"false"'; }
    endpoint GET /first { arg $x:json; reply '"row"' when=$x[0]; reply '"none"'; }
}
--- exchanges
> POST /json {"v": null}
> Content-Type: application/json
< 200 "false"
> POST /json {}
> Content-Type: application/json
< 200 "false"
> POST /json {"v": false}
> Content-Type: application/json
< 200 "false"
> POST /json {"v": ""}
> Content-Type: application/json
< 200 "false"
> POST /json {"v": 0}
> Content-Type: application/json
< 200 "true"
> POST /json {"v": []}
> Content-Type: application/json
< 200 "true"
> POST /json {"v": {}}
> Content-Type: application/json
< 200 "true"
> POST /json {"v": "false"}
> Content-Type: application/json
< 200 "true"
> POST /json {"v": " "}
> Content-Type: application/json
< 200 "true"
> POST /not {"v": null}
> Content-Type: application/json
< 200 "false"
> POST /not {"v": 0}
> Content-Type: application/json
< 200 "true"
> GET /int?x=0
< 200 "true"
> GET /int
< 200 "false"
> GET /bool?x=no
< 200 "false"
> GET /bool?x=yes
< 200 "true"
> GET /str?x=
< 200 "false"
> GET /str?x=0
< 200 "true"
> GET /var?x=a
< 200 "true"
> GET /var
< 200 "false"
> GET /first?x=[{}]
< 200 "row"
> GET /first?x=[]
< 200 "none"

=== comparing a number with a literal
--- conf
location / {
    endpoint GET /eq { arg $x:int=null; reply '"yes"' when=$x==10;  reply '"no"'; }
    endpoint GET /ne { arg $x:int=null; reply '"yes"' when=$x!=10;  reply '"no"'; }
    endpoint GET /lt { arg $x:int=null; reply '"yes"' when=$x<10;   reply '"no"'; }
    endpoint GET /le { arg $x:int=null; reply '"yes"' when=$x<=10;  reply '"no"'; }
    endpoint GET /gt { arg $x:int=null; reply '"yes"' when=$x>10;   reply '"no"'; }
    endpoint GET /ge { arg $x:int=null; reply '"yes"' when=$x>=10;  reply '"no"'; }
    endpoint GET /f  { arg $x:float; reply '"yes"' when=$x==0.5; reply '"no"'; }
    endpoint GET /neg { arg $x:int; reply '"yes"' when=$x>-2; reply '"no"'; }
    endpoint GET /big { arg $x:int; reply '"yes"' when=$x==9007199254740993; reply '"no"'; }
    endpoint GET /null { arg $x:int=null; reply '"yes"' when=$x==null; reply '"no"'; }
}
--- exchanges
> GET /eq?x=10
< 200 "yes"
> GET /eq?x=9
< 200 "no"
> GET /eq
< 200 "no"
> GET /ne?x=9
< 200 "yes"
> GET /ne?x=10
< 200 "no"
> GET /ne
< 200 "yes"

# as numbers, not as text
> GET /lt?x=9
< 200 "yes"
> GET /lt?x=10
< 200 "no"
> GET /le?x=10
< 200 "yes"
> GET /le?x=100
< 200 "no"
> GET /gt?x=100
< 200 "yes"
> GET /gt?x=10
< 200 "no"
> GET /ge?x=10
< 200 "yes"
> GET /ge?x=9
< 200 "no"

# null has no order
> GET /lt
< 200 "no"
> GET /le
< 200 "no"
> GET /gt
< 200 "no"
> GET /ge
< 200 "no"
> GET /f?x=.50
< 200 "yes"
> GET /f?x=.51
< 200 "no"
> GET /neg?x=-1
< 200 "yes"
> GET /neg?x=-2
< 200 "no"

# exactly, where a double would not do
> GET /big?x=9007199254740993
< 200 "yes"
> GET /big?x=9007199254740992
< 200 "no"
> GET /null
< 200 "yes"
> GET /null?x=0
< 200 "no"

=== comparing text, booleans and members
--- conf
location / {
    endpoint GET /s     { arg $x; reply '"yes"' when=$x==abc; reply '"no"'; }
    endpoint GET /quote { arg $x; reply '"yes"' 'when=$x==a b'; reply '"no"'; }
    endpoint GET /empty { arg $x=null; reply '"yes"' when=$x==; reply '"no"'; }
    endpoint GET /digits { arg $x; reply '"yes"' when=$x==10; reply '"no"'; }
    endpoint GET /less  { arg $x; reply '"yes"' when=$x<b; reply '"no"'; }
    endpoint GET /bool  { arg $x:bool; reply '"yes"' when=$x==true; reply '"no"'; }
    endpoint GET /var   { reply '"yes"' when=$request_method==GET; reply '"no"'; }
    endpoint POST /m    { body $x:json; reply '"yes"' when=$x.a[0].b==c; reply '"no"'; }
}
--- exchanges
> GET /s?x=abc
< 200 "yes"
> GET /s?x=ABC
< 200 "no"
> GET /s?x=abcd
< 200 "no"
> GET /quote?x=a+b
< 200 "yes"
> GET /empty?x=
< 200 "yes"
> GET /empty
< 200 "no"
> GET /empty?x=a
< 200 "no"

# text is not made a number
> GET /digits?x=10
< 200 "yes"
> GET /digits?x=10.0
< 200 "no"
> GET /less?x=azz
< 200 "yes"
> GET /less?x=b
< 200 "no"
> GET /bool?x=1
< 200 "yes"
> GET /bool?x=0
< 200 "no"
> GET /var
< 200 "yes"
> HEAD /var
< 200
< Content-Length: 4
> POST /m {"a": [{"b": "\u0063"}]}
> Content-Type: application/json
< 200 "yes"
> POST /m {"a": [{"b": ["c"]}]}
> Content-Type: application/json
< 200 "no"
> POST /m {"a": []}
> Content-Type: application/json
< 200 "no"

=== comparing two names
--- conf
location / {
    endpoint GET /i { arg $x:int; arg $y:int; reply '"yes"' when=$x<$y; reply '"no"'; }
    endpoint GET /s { arg $x; arg $y; reply '"yes"' when=$x==$y; reply '"no"'; }
    endpoint GET /mixed { arg $x:int; arg $y; reply '"yes"' when=$x==$y; reply '"no"'; }
    endpoint GET /f { arg $x:int; arg $y:float; reply '"yes"' when=$x==$y; reply '"no"'; }
    endpoint POST /m { body $x:json; reply '"yes"' when=$x.a==$x.b; reply '"no"'; }
}
--- exchanges
> GET /i?x=9&y=10
< 200 "yes"
> GET /i?x=10&y=9
< 200 "no"
> GET /s?x=a&y=a
< 200 "yes"
> GET /s?x=a&y=b
< 200 "no"

# of different types nothing is equal
> GET /mixed?x=1&y=1
< 200 "no"
> GET /f?x=1&y=1
< 200 "yes"
> POST /m {"a": 1.0, "b": 1}
> Content-Type: application/json
< 200 "yes"
> POST /m {"a": "1", "b": 1}
> Content-Type: application/json
< 200 "no"
> POST /m {"a": "\u0061", "b": "a"}
> Content-Type: application/json
< 200 "yes"
> POST /m {"a": null}
> Content-Type: application/json
< 200 "yes"
> POST /m {"a": [1], "b": [1]}
> Content-Type: application/json
< 200 "yes"
> POST /m {"a": [1], "b": [2]}
> Content-Type: application/json
< 200 "no"
> POST /m {"a": false, "b": null}
> Content-Type: application/json
< 200 "no"
