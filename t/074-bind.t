# bind=: headers of an answer as values.

use strict;
use warnings;

use lib 't/lib';

use EndpointServer;
use Test::More;


my $s = EndpointServer->new(http => <<'CONF');

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            endpoint GET /one {
                fetch $x /up/made status=$code 'bind=$loc:LOCATION';
                reply '[$code, $loc]';
            }
            endpoint GET /several {
                fetch $x /up/made 'bind=$a:x-many' 'bind=$b:Content-Type'
                    'bind=$c:X-None' 'bind=$d:X-Empty' 'bind=$e:X-Bytes';
                reply '[$a, $b, $c, $d, $e]';
            }
            endpoint GET /later {
                fetch POST /up/made 'bind=$loc:Location';
                fetch $y /up/next?at=$loc;
                reply '[$y]';
            }
            endpoint GET /moved {
                fetch $x /up/moved status=$code 'bind=$loc:Location';
                reply '[$code, $loc]';
            }
            endpoint GET /default {
                fetch $x /up/moved default=7 'bind=$loc:Location';
                reply '[$x, $loc]';
            }
        }

        location /up/ {
            proxy_pass http://127.0.0.1:%%PORT%%/real/;
            proxy_redirect off;
        }

        location = /real/made {
            add_header Location /things/7;
            add_header X-Many a;
            add_header X-Many "b \"c\"";
            add_header X-Bytes "a	b";
            default_type application/json;
            return 200 '{}';
        }
        location = /real/moved {
            return 302 http://there/a;
        }
        location = /real/next {
            default_type application/json;
            return 200 '"$args"';
        }
    }
CONF

$s->start;

$s->is_answer('GET /one', 200, '[200, "/things/7"]', 'a header in any case');
$s->is_answer('GET /several', 200,
              '["a, b \"c\"", "application/json", null, null, "a\tb"]',
              'several, of several lines, and none');
$s->is_answer('GET /later', 200, '["at=%2Fthings%2F7"]',
              'a step that uses it waits for it');
$s->is_answer('GET /moved', 200, '[302, "http://there/a"]',
              'of an answer that status= takes');
$s->is_answer('GET /default', 200, '[7, null]', 'null beside default=');

done_testing();
