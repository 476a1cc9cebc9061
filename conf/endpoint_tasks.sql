-- The tables of endpoint_task_queue, and of schedules with db=.  To be run once
-- in each database that has such; to run it again changes nothing.
--
--     psql -f endpoint_tasks.sql DATABASE
--
-- The role that nginx connects as needs
--
--     GRANT USAGE ON SCHEMA endpoint TO role;
--     GRANT SELECT ON endpoint.version TO role;
--     GRANT SELECT, INSERT, UPDATE, DELETE
--         ON endpoint.task, endpoint.dead_task, endpoint.schedule TO role;

BEGIN;

CREATE SCHEMA IF NOT EXISTS endpoint;

CREATE TABLE IF NOT EXISTS endpoint.version (
    version  integer NOT NULL
);

INSERT INTO endpoint.version (version)
SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM endpoint.version);

-- A task is waiting, or run by its owner until its lease ends.  Lease, owner
-- and attempt are in no index, and there is room in each page: to take a task
-- writes no index.

CREATE TABLE IF NOT EXISTS endpoint.task (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue     text NOT NULL,
    block     text NOT NULL,            -- whose task it is: a digest
    label     text NOT NULL,            -- the endpoint of that block
    key       text,                     -- of unique=, until it is taken
    due       timestamptz NOT NULL,
    lease     timestamptz,
    owner     text,
    attempt   integer NOT NULL,         -- those begun
    created   timestamptz NOT NULL DEFAULT now(),
    error     text,                     -- of the last attempt
    carried   bytea NOT NULL            -- the values of the block's names
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_cost_delay = 0
);

CREATE INDEX IF NOT EXISTS task_due ON endpoint.task (queue, due);

CREATE UNIQUE INDEX IF NOT EXISTS task_key ON endpoint.task (queue, key)
    WHERE key IS NOT NULL;

-- Those that are not tried any more, until somebody has looked at them.

CREATE TABLE IF NOT EXISTS endpoint.dead_task (
    id        bigint PRIMARY KEY,
    queue     text NOT NULL,
    block     text NOT NULL,
    label     text NOT NULL,
    attempt   integer NOT NULL,
    created   timestamptz NOT NULL,
    died      timestamptz NOT NULL DEFAULT now(),
    error     text,
    carried   bytea NOT NULL
);

CREATE INDEX IF NOT EXISTS dead_task_died ON endpoint.dead_task (queue, died);

-- Schedules with db=: the last tick that a machine has taken, and until when
-- its run may last.

CREATE TABLE IF NOT EXISTS endpoint.schedule (
    key       text PRIMARY KEY,
    name      text NOT NULL,
    tick      bigint NOT NULL,          -- milliseconds since 1970
    node      text NOT NULL,            -- whose run it is
    lease     timestamptz               -- NULL: it is over
);

COMMIT;
