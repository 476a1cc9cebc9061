use lib 't/lib';
use EndpointTest 'no_plan';

run_tests();

__DATA__

=== bounds that leave no value
--- conf
location / {
    endpoint GET / {
        arg $n:int ge=5 le=4;
        reply $n;
    }
}
--- dies
3: no value of "$n" can be both "ge=5" and "le=4", the lower bound must not be above the upper one

=== lengths that leave none
--- conf
location / {
    endpoint POST / {
        field $s min_length=3 max_length=2;
        reply $s;
    }
}
--- dies
3: no value of "$s" can be both "min_length=3" and "max_length=2", the lower bound must not be above the upper one

=== a choice that another constraint refuses
--- conf
location / {
    endpoint GET / {
        arg $s enum=a,bc max_length=1;
        reply $s;
    }
}
--- dies
3: 'bc' in "enum=a,bc" of "$s" can never be sent: String should have at most 1 character

=== an option that there is not
--- conf
location / {
    endpoint GET / {
        arg $s maxlength=1;
        reply $s;
    }
}
--- dies
3: invalid parameter "maxlength=1" of "$s", of type "str" it must be one of enum=, min_length=, max_length=, pattern=
