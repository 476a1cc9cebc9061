# A schedule with db=: of many machines one runs a tick, and none runs it beside
# another.

use strict;
use warnings;

use lib 't/lib';

use EndpointPostgres;
use EndpointServer;
use Test::More;


# each tick that is taken is written down, and none can be taken twice

my $pg = EndpointPostgres->new(sql => EndpointPostgres::tasks() . <<'SQL');
    CREATE TABLE ran (what text, node text, since timestamptz,
                      till timestamptz);
    CREATE TABLE ticks (name text, tick bigint, key text, UNIQUE (key, tick));

    CREATE FUNCTION tick() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO ticks VALUES (NEW.name, NEW.tick, NEW.key);
            RETURN NEW;
        END
    $$;

    CREATE TRIGGER tick AFTER INSERT OR UPDATE OF tick ON endpoint.schedule
        FOR EACH ROW EXECUTE FUNCTION tick();
SQL

sub server {
    my ($node) = @_;

    return EndpointServer->new(workers => 2, http => <<"CONF" . <<'CONF');

    upstream db {
        server @{[ $pg->address ]};
        endpoint_postgres "dbname=app user=app application_name=$node"
                          connections=2;
    }
CONF

    server {
        listen 127.0.0.1:%%PORT%%;

        schedule 1s db=db {
            query db "INSERT INTO ran VALUES ('short', current_setting('application_name'), clock_timestamp())";
        }

        # longer than its interval
        schedule 500ms db=db timeout=20s {
            query db isolated
                "INSERT INTO ran SELECT 'long', current_setting('application_name'), clock_timestamp(), clock_timestamp() + interval '1 s' FROM (SELECT pg_sleep(1.1)) s";
        }

        # the same words, and another schedule
        schedule 1s db=db {
            query db "INSERT INTO ran VALUES ('short', current_setting('application_name'), clock_timestamp())";
        }

        schedule "* * * * *" utc db=db { log info "a minute"; }

        location / { endpoint GET / { reply '{}'; } }
    }
CONF
}

my @nodes = map { server($_) } qw(one two three);

$_->start for @nodes;

sub count {
    my ($what) = @_;
    return $pg->value("SELECT count(*) FROM ran WHERE what = '$what'");
}

my $s = $nodes[0];

ok($s->wait_for(sub { count('short') >= 8 }), 'it runs');
ok($s->wait_for(sub { count('long') >= 3 }), 'the long one, too');

# the trigger refuses a tick that is taken twice, and that would be logged
is(scalar(grep { $_->file('logs/error.log') =~ /duplicate key/ } @nodes), 0,
   'no tick is taken twice');

# the one that is under way may not have written its row
cmp_ok($pg->value("SELECT (SELECT count(*) FROM ticks WHERE name LIKE '%1s%')"
                  . " - (SELECT count(*) FROM ran WHERE what = 'short')"),
       '<=', 2, 'who has taken one runs it');

is($pg->value("SELECT count(*) FROM endpoint.schedule"
              . " WHERE name LIKE '%1s%'"), 2,
   'two of the same words are two');

is($pg->value("SELECT count(*) FROM ran a, ran b WHERE a.what = 'long'"
              . " AND b.what = 'long' AND a.ctid <> b.ctid"
              . " AND b.since > a.since AND b.since < a.till"), 0,
   'the long one does not run beside itself');


# where a machine is gone the others go on

kill 'KILL', $nodes[2]{pid}, split ' ', `pgrep -P $nodes[2]{pid}`;
waitpid $nodes[2]{pid}, 0;

my $n = count('short');

ok($s->wait_for(sub { count('short') >= $n + 4 }), 'the others go on');


# without the tables none runs

$pg->sql('ALTER TABLE endpoint.schedule RENAME TO elsewhere');
$s->wait_line('logs/error.log',
              qr/schedule "1s" is not run, as the database of "db"/,
              'who cannot ask does not run it');
$pg->sql('ALTER TABLE endpoint.elsewhere RENAME TO schedule');

$n = count('short');
ok($s->wait_for(sub { count('short') >= $n + 2 }), 'and goes on');

for (@nodes[0, 1]) {
    $_->{allow} = qr/endpoint.schedule|is not run/;
    $_->stop;
}

done_testing;
