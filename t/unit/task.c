
/*
 * Zones of tasks: random work by processes that are killed, inside the lock,
 * too.  After each death a walker looks at everything: no slot and no chunk is
 * lost or stands twice, the heap is in order, and what was acknowledged is
 * there until it is done.
 */


#include "cache.h"

#include "../../src/task/ngx_http_endpoint_task_zone.c"
#include "../../src/task/ngx_http_endpoint_task_policy.c"
#include "../../src/task/ngx_http_endpoint_task_layout.c"

#include <time.h>


#define TASK_SIZE  600
#define ZONE_SIZE  (64 * 1024)
#define CHILDREN   2
#define INSIDE     5
#define SECONDS    3


static ngx_http_endpoint_task_zone_t  tasks;



static void
open_tasks(void)
{
    ngx_memzero(&tasks, sizeof(ngx_http_endpoint_task_zone_t));

    tasks.zone.mutex = &unit_mutex;
    tasks.zone.name.len = 4;
    tasks.zone.name.data = (u_char *) "unit";
    tasks.policy.retries = 2;
    tasks.policy.concurrency = 8;
    tasks.policy.backoff = 10;
    tasks.policy.max_backoff = 40;
    tasks.policy.task_size = TASK_SIZE;

    if (ngx_http_endpoint_zone_open(&tasks.zone,
                                    &ngx_http_endpoint_task_zone_kind,
                                    unit_share(ZONE_SIZE), ZONE_SIZE)
        != NGX_OK)
    {
        abort();
    }
}


static char *
walk_list(ngx_http_endpoint_task_list_t *list, ngx_uint_t a, ngx_uint_t b,
    uint32_t *seen)
{
    uint32_t  i, n, prev;

    n = 0;
    prev = NGX_HTTP_ENDPOINT_TASK_NONE;

    for (i = list->head; i != NGX_HTTP_ENDPOINT_TASK_NONE;
         i = tasks.tasks[i].next)
    {
        if (i >= tasks.sh->n || n++ == tasks.sh->n
            || tasks.tasks[i].prev != prev)
        {
            return "a list is broken";
        }

        if (tasks.tasks[i].state != a && tasks.tasks[i].state != b) {
            return "a slot stands in the list of another state";
        }

        prev = i;
        (*seen)++;
    }

    return n == list->n && list->tail == prev ? NULL : "a list's count";
}


static char *
walk_tasks(void)
{
    char                         *broken;
    uint32_t                      i, n, free, seen, running, promised;
    ngx_http_endpoint_task_sh_t  *t;

    seen = 0;
    running = 0;
    promised = 0;
    broken = NULL;

    ngx_http_endpoint_zone_lock(&tasks.zone);
    ngx_http_endpoint_chunks_unmark(&tasks.chunks);

    broken = walk_list(&tasks.sh->free, 0, 0, &seen);
    broken = broken ? broken : walk_list(&tasks.sh->held, 1, 3, &seen);
    broken = broken ? broken : walk_list(&tasks.sh->dead, 4, 4, &seen);

    if (broken == NULL && seen + tasks.sh->nwaiting != tasks.sh->n) {
        broken = "a slot is lost";
    }

    for (i = 0; i < tasks.sh->n && broken == NULL; i++) {
        t = &tasks.tasks[i];

        running += (t->state == ngx_http_endpoint_task_running);
        promised += (t->state == ngx_http_endpoint_task_reserved)
                    ? t->promised : 0;

        if (t->state >= ngx_http_endpoint_task_waiting
            && !ngx_http_endpoint_chunks_mark(&tasks.chunks, t->head,
                                       ngx_http_endpoint_task_chunks(t->len)))
        {
            broken = "a chunk stands twice, or nowhere";
        }

        if (t->state == ngx_http_endpoint_task_waiting
            && tasks.heap[t->place] != i)
        {
            broken = "a task is not in the heap";
        }
    }

    free = 0;

    for (n = tasks.chunks.sh->free;
         n != NGX_HTTP_ENDPOINT_CHUNK_NONE && free <= tasks.chunks.sh->n;
         n = tasks.chunks.chunk[n].next)
    {
        free++;
    }

    for (i = 0, n = 0; i < tasks.chunks.sh->n; i++) {
        n += (tasks.chunks.marks[i / 8] >> (i % 8)) & 1;
    }

    if (broken == NULL
        && (free != tasks.chunks.sh->nfree || free + n != tasks.chunks.sh->n))
    {
        broken = "a chunk is lost";
    }

    if (broken == NULL
        && (running != tasks.sh->nrunning || promised != tasks.sh->promised))
    {
        broken = "a count is wrong";
    }

    for (i = 1; i < tasks.sh->nwaiting && broken == NULL; i++) {
        if (ngx_http_endpoint_task_before(&tasks, i, (i - 1) / 2)) {
            broken = "the heap is out of order";
        }
    }

    ngx_http_endpoint_zone_unlock(&tasks.zone);

    return broken;
}


static ngx_int_t
queue(ngx_uint_t len, u_char *unique)
{
    u_char                          identity[16], values[TASK_SIZE];
    uint32_t                        slot;
    ngx_http_endpoint_task_order_t  order;

    slot = ngx_http_endpoint_task_reserve(&tasks);

    if (slot == NGX_HTTP_ENDPOINT_TASK_NONE) {
        return NGX_ERROR;
    }

    ngx_memset(identity, len % 251, sizeof(identity));
    ngx_memset(values, len % 251, len);

    order.identity = identity;
    order.unique = unique;
    order.delay = 0;
    order.values.data = values;
    order.values.len = len;

    return ngx_http_endpoint_task_fill(&tasks, slot, &order);
}


/* NGX_ERROR: a task has not the values that it was given */

static ngx_int_t
work(ngx_uint_t outcome)
{
    ngx_str_t                  error;
    ngx_uint_t                 i;
    ngx_msec_t                 wait;
    ngx_http_endpoint_task_t   task;

    if (ngx_http_endpoint_task_take(&tasks, &task, &wait) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (ngx_http_endpoint_task_read(&tasks, &task, pool) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < task.values.len; i++) {
        if (task.values.data[i] != task.identity[0]) {
            return NGX_ERROR;
        }
    }

    if (task.values.len % 251 != task.identity[0]) {
        return NGX_ERROR;
    }

    ngx_str_set(&error, "a reason");

    if (outcome == 0) {
        (void) ngx_http_endpoint_task_failed(&tasks, &task, &error);

    } else if (outcome == 1) {
        ngx_http_endpoint_task_postpone(&tasks, &task, 1);

    } else {
        ngx_http_endpoint_task_done(&tasks, &task);
    }

    return NGX_OK;
}


static ngx_int_t
random_task_step(void)
{
    uint32_t  slot;
    u_char    unique[16];

    ngx_memset(unique, random() % 4, sizeof(unique));

    switch (random() % 8) {

    case 0:
    case 1:
    case 2:
        (void) queue(random() % TASK_SIZE, random() % 4 ? NULL : unique);
        return NGX_OK;

    case 3:
        slot = ngx_http_endpoint_task_reserve(&tasks);

        if (slot != NGX_HTTP_ENDPOINT_TASK_NONE) {
            ngx_http_endpoint_task_release(&tasks, slot);
        }

        return NGX_OK;

    case 4:
        (void) ngx_http_endpoint_task_reap(&tasks);
        return NGX_OK;

    default:
        return work(random() % 6) == NGX_ERROR ? NGX_ERROR : NGX_OK;
    }
}


static void
test_order(void)
{
    u_char                            unique[16];
    uint32_t                          waiting, running, dead;
    ngx_uint_t                        i;
    ngx_http_endpoint_task_counts_t   counts;

    open_tasks();
    unit_ok(walk_tasks() == NULL, "an empty zone is whole");

    ngx_memzero(unique, sizeof(unique));

    unit_int(work(2), NGX_DECLINED, "nothing waits");
    unit_int(queue(0, NULL), NGX_OK, "a task without values");
    unit_int(queue(TASK_SIZE, unique), NGX_OK, "one with as many as may be");
    unit_int(queue(3, unique), NGX_DECLINED, "one of a key that waits joins");
    unit_int(work(2), NGX_OK, "the first is done");

    /* three attempts, whatever is between them */

    for (i = 0; i < 3; i++) {
        ngx_current_msec += 100;
        unit_int(work(0), NGX_OK, "the second fails");
    }

    ngx_http_endpoint_task_counts(&tasks, &counts, &waiting, &running, &dead);
    unit_int(dead, 1, "after its retries it is dead");
    unit_int(waiting + running, 0, "nothing else is there");
    unit_int(queue(3, unique), NGX_OK, "its key is free");
    unit_ok(walk_tasks() == NULL, "the zone is whole");

    for (i = 0; queue(TASK_SIZE, NULL) == NGX_OK; i++) { /* void */ }

    unit_ok(i > 10, "it takes tasks until it is full");

    ngx_http_endpoint_task_counts(&tasks, &counts, &waiting, &running, &dead);
    unit_int(dead, 0, "the dead make room first");
    unit_int(counts.rejected, 1, "and then one is refused");
    unit_ok(walk_tasks() == NULL, "a full zone is whole");
}


static void
task_child(ngx_uint_t slot)
{
    ngx_pid = getpid();
    unit_self = slot;
    unit_shared->pid[slot] = ngx_pid;
    srandom(ngx_pid);

    for ( ;; ) {
        if (random_task_step() == NGX_ERROR) {
            _exit(1);
        }

        ngx_current_msec++;
        ngx_reset_pool(pool);
    }
}


static void
test_deaths(void)
{
    char        *broken;
    pid_t        pid[CHILDREN];
    time_t       end;
    ngx_uint_t   i, n, inside;

    open_tasks();
    ngx_memzero(pid, sizeof(pid));

    broken = NULL;
    inside = 0;
    end = time(NULL) + SECONDS;
    fflush(stdout);

    for (n = 0; broken == NULL; n++) {

        if (time(NULL) >= end + (inside < INSIDE ? 100 * SECONDS : 0)) {
            break;
        }

        i = n % CHILDREN;

        if (pid[i] && !reap(i, pid[i])) {
            broken = "a task had another one's values";
            break;
        }

        inside += (tasks.zone.sh->owner == (ngx_atomic_uint_t) pid[i]
                   && pid[i]);

        unit_self = CHILDREN;
        broken = walk_tasks();

        unit_shared->alive[i] = 1;
        unit_shared->generation[i]++;

        pid[i] = fork();

        if (pid[i] == 0) {
            task_child(i);
        }

        usleep(random() % 4000);
    }

    for (i = 0; i < CHILDREN; i++) {
        (void) reap(i, pid[i]);
    }

    unit_ok(broken == NULL, "whole after every death");
    printf("# %lu deaths, %lu inside the lock, %s\n", (unsigned long) n,
           (unsigned long) inside, broken ? broken : "whole");

    (void) ngx_http_endpoint_task_reap(&tasks);
    unit_int(tasks.sh->held.n, 0, "nothing is held by the dead");
    unit_ok(walk_tasks() == NULL, "the zone is whole");
}


int
main(int argc, char **argv)
{
    static ngx_time_t  now;

    ngx_cached_time = &now;

    unit_workers();
    unit_self = CHILDREN;

    pool = ngx_create_pool(4096, &unit_log);

    test_order();
    test_deaths();

    ngx_destroy_pool(pool);

    return unit_done();
}
