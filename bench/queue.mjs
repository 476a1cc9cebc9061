// An application that queues a job with each request and, if it is told so,
// works the queue: graphile-worker or pg-boss on one Postgres server.
//
//     node bench/queue.mjs LIBRARY DATABASE PORT [work]
//
// NODE_PATH is not looked at by imports: the packages stand in QUEUE_MODULES.

import { createRequire } from "node:module";
import http from "node:http";

const [library, database, port, work] = process.argv.slice(2);
const require = createRequire(process.env.QUEUE_MODULES + "/");
const { Pool } = require("pg");
const pool = new Pool({ connectionString: database, max: 16 });

// what a job of the kind "stamp" does: when it was started, since it was queued

async function stamp(table, column, id) {
    await pool.query(
        `INSERT INTO started SELECT clock_timestamp() - ${column} FROM ${table}`
        + " WHERE id = $1", [id]);
}

async function graphile() {
    const { run, runMigrations, makeWorkerUtils } = require("graphile-worker");

    await runMigrations({ pgPool: pool });

    if (work) {
        await run({
            pgPool: pool,
            concurrency: 32,
            noHandleSignals: true,
            parsedCronItems: [],
            preset: { worker: { localQueue: { size: 64 },
                                completeJobBatchDelay: 0,
                                failJobBatchDelay: 0 } },
            taskList: {
                task: async () => {},
                stamp: (payload, helpers) =>
                    stamp("graphile_worker._private_jobs", "created_at",
                          helpers.job.id),
            },
        });
    }

    const utils = await makeWorkerUtils({ pgPool: pool });

    return (name) => utils.addJob(name, { n: 1 });
}

async function boss() {
    const PgBoss = require("pg-boss");
    const boss = new PgBoss({ connectionString: database, max: 16 });

    boss.on("error", console.error);
    await boss.start();

    for (const name of ["task", "stamp"]) {
        await boss.createQueue(name);

        if (work) {
            await boss.work(name, { batchSize: 64, pollingIntervalSeconds: 0.5 },
                            async (jobs) => {
                if (name == "stamp") {
                    await Promise.all(jobs.map((job) =>
                        stamp("pgboss.job", "created_on", job.id)));
                }
            });
        }
    }

    return (name) => boss.send(name, { n: 1 });
}

const add = await { "graphile-worker": graphile, "pg-boss": boss }[library]();

http.createServer(async (request, response) => {
    await add(request.url.slice(1));
    response.setHeader("Content-Type", "application/json");
    response.end('{"queued": true}');
}).listen(port, "127.0.0.1");
