
#include "ngx_http_endpoint_task_zone.h"
#include "ngx_http_endpoint_task_layout.h"


/* of the slots, how many dead tasks may hold */
#define NGX_HTTP_ENDPOINT_TASK_DEAD  4


static ngx_uint_t ngx_http_endpoint_task_evict(
    ngx_http_endpoint_task_zone_t *zone);
static void ngx_http_endpoint_task_remove(ngx_http_endpoint_task_zone_t *zone,
    uint32_t slot);
static void ngx_http_endpoint_task_write(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_sh_t *t, u_char *values, size_t len);
static ngx_uint_t ngx_http_endpoint_task_joins(
    ngx_http_endpoint_task_zone_t *zone, u_char *unique);
static void ngx_http_endpoint_task_tell(ngx_http_endpoint_task_zone_t *zone,
    uint32_t slot, ngx_http_endpoint_task_t *task);
static ngx_uint_t ngx_http_endpoint_task_again(
    ngx_http_endpoint_task_zone_t *zone, uint32_t slot, ngx_str_t *error,
    ngx_msec_t wait);
static uint32_t ngx_http_endpoint_task_find(
    ngx_http_endpoint_task_zone_t *zone, uint64_t id);


uint32_t
ngx_http_endpoint_task_reserve(ngx_http_endpoint_task_zone_t *zone)
{
    uint32_t                           slot, need;
    ngx_http_endpoint_task_sh_t       *t;
    ngx_http_endpoint_task_zone_sh_t  *sh;

    sh = zone->sh;
    need = ngx_http_endpoint_task_chunks(zone->policy.task_size);

    ngx_http_endpoint_zone_lock(&zone->zone);

    while (sh->free.n == 0 || sh->chunks.nfree < sh->promised + need) {

        if (!ngx_http_endpoint_task_evict(zone)) {
            if (zone->drop) {
                sh->counts.dropped++;
            } else {
                sh->counts.rejected++;
            }

            ngx_http_endpoint_zone_unlock(&zone->zone);
            return NGX_HTTP_ENDPOINT_TASK_NONE;
        }
    }

    /* the one that was used last: its page is there */

    slot = sh->free.tail;
    t = &zone->tasks[slot];

    ngx_http_endpoint_task_unlink(zone, &sh->free, slot);

    ngx_memzero(t, sizeof(ngx_http_endpoint_task_sh_t));

    t->owner = ngx_http_endpoint_wake_self();
    t->promised = need;
    t->state = ngx_http_endpoint_task_reserved;

    sh->promised += need;
    ngx_http_endpoint_task_link(zone, &sh->held, slot);

    ngx_http_endpoint_zone_unlock(&zone->zone);

    return slot;
}


/* the oldest of the dead makes room; 0: there is none */

static ngx_uint_t
ngx_http_endpoint_task_evict(ngx_http_endpoint_task_zone_t *zone)
{
    uint32_t  slot;

    slot = zone->sh->dead.head;

    if (slot == NGX_HTTP_ENDPOINT_TASK_NONE) {
        return 0;
    }

    ngx_http_endpoint_task_unlink(zone, &zone->sh->dead, slot);
    ngx_http_endpoint_task_remove(zone, slot);

    return 1;
}


/* of a slot that stands in no list any more */

static void
ngx_http_endpoint_task_remove(ngx_http_endpoint_task_zone_t *zone,
    uint32_t slot)
{
    ngx_uint_t                    filled;
    ngx_http_endpoint_task_sh_t  *t;

    t = &zone->tasks[slot];

    filled = (t->state != ngx_http_endpoint_task_reserved);

    t->state = ngx_http_endpoint_task_free;
    ngx_memory_barrier();

    if (filled) {
        ngx_http_endpoint_chunks_free(&zone->chunks, t->head);
    }

    ngx_http_endpoint_task_link(zone, &zone->sh->free, slot);
}


void
ngx_http_endpoint_task_release(ngx_http_endpoint_task_zone_t *zone,
    uint32_t slot)
{
    ngx_http_endpoint_zone_lock(&zone->zone);

    zone->sh->promised -= zone->tasks[slot].promised;

    ngx_http_endpoint_task_unlink(zone, &zone->sh->held, slot);
    ngx_http_endpoint_task_remove(zone, slot);

    ngx_http_endpoint_zone_unlock(&zone->zone);
}


ngx_int_t
ngx_http_endpoint_task_fill(ngx_http_endpoint_task_zone_t *zone,
    uint32_t slot, ngx_http_endpoint_task_order_t *order)
{
    ngx_http_endpoint_task_sh_t       *t;
    ngx_http_endpoint_task_zone_sh_t  *sh;

    sh = zone->sh;
    t = &zone->tasks[slot];

    ngx_http_endpoint_zone_lock(&zone->zone);

    sh->promised -= t->promised;
    t->promised = 0;

    ngx_http_endpoint_task_unlink(zone, &sh->held, slot);

    if (order->unique && ngx_http_endpoint_task_joins(zone, order->unique)) {
        sh->counts.joined++;
        ngx_http_endpoint_task_remove(zone, slot);
        ngx_http_endpoint_zone_unlock(&zone->zone);

        return NGX_DECLINED;
    }

    ngx_http_endpoint_task_write(zone, t, order->values.data,
                                 order->values.len);

    t->id = ++sh->last;
    t->created = ngx_time();
    t->due = ngx_current_msec + order->delay;

    ngx_memcpy(t->identity, order->identity, NGX_HTTP_ENDPOINT_TASK_IDENTITY);

    if (order->unique) {
        ngx_memcpy(t->unique, order->unique, NGX_HTTP_ENDPOINT_TASK_IDENTITY);
        t->keyed = 1;
    }

    ngx_memory_barrier();
    t->state = ngx_http_endpoint_task_waiting;

    ngx_http_endpoint_task_push(zone, slot);
    sh->counts.queued++;

    ngx_http_endpoint_zone_unlock(&zone->zone);

    return NGX_OK;
}


/* there is room, it was promised or looked for */

static void
ngx_http_endpoint_task_write(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_sh_t *t, u_char *values, size_t len)
{
    ngx_http_endpoint_cursor_t  cursor;

    t->head = ngx_http_endpoint_chunks_take(&zone->chunks,
                                           ngx_http_endpoint_task_chunks(len));
    t->len = len;

    cursor.chunk = t->head;
    cursor.pos = 0;

    ngx_http_endpoint_chunks_write(&zone->chunks, &cursor, values, len);
}


/* whether a task with that key waits for its first attempt, or for another */

static ngx_uint_t
ngx_http_endpoint_task_joins(ngx_http_endpoint_task_zone_t *zone,
    u_char *unique)
{
    uint32_t                      i;
    ngx_http_endpoint_task_sh_t  *t;

    for (i = *ngx_http_endpoint_task_bucket(zone, unique);
         i != NGX_HTTP_ENDPOINT_TASK_NONE;
         i = t->bucket)
    {
        t = &zone->tasks[i];

        if (ngx_memcmp(t->unique, unique, NGX_HTTP_ENDPOINT_TASK_IDENTITY)
            == 0)
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_endpoint_task_take(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_t *task, ngx_msec_t *wait)
{
    uint32_t                           slot;
    ngx_msec_int_t                     left;
    ngx_http_endpoint_task_sh_t       *t;
    ngx_http_endpoint_task_zone_sh_t  *sh;

    sh = zone->sh;
    *wait = 0;

    ngx_http_endpoint_zone_lock(&zone->zone);

    if (sh->nwaiting == 0 || sh->nrunning >= zone->policy.concurrency) {
        ngx_http_endpoint_zone_unlock(&zone->zone);
        return NGX_DECLINED;
    }

    slot = zone->heap[0];
    t = &zone->tasks[slot];

    left = (ngx_msec_int_t) (t->due - ngx_current_msec);

    if (left > 0) {
        *wait = left;
        ngx_http_endpoint_zone_unlock(&zone->zone);
        return NGX_DECLINED;
    }

    ngx_http_endpoint_task_pop(zone, slot);

    t->owner = ngx_http_endpoint_wake_self();
    t->attempt++;
    t->state = ngx_http_endpoint_task_running;

    sh->nrunning++;
    ngx_http_endpoint_task_link(zone, &sh->held, slot);

    ngx_http_endpoint_task_tell(zone, slot, task);

    ngx_http_endpoint_zone_unlock(&zone->zone);

    return NGX_OK;
}


static void
ngx_http_endpoint_task_tell(ngx_http_endpoint_task_zone_t *zone,
    uint32_t slot, ngx_http_endpoint_task_t *task)
{
    ngx_http_endpoint_task_sh_t  *t;

    t = &zone->tasks[slot];

    task->slot = slot;
    task->id = t->id;
    task->attempt = t->attempt;
    task->created = t->created;

    ngx_memcpy(task->identity, t->identity, NGX_HTTP_ENDPOINT_TASK_IDENTITY);

    task->values.len = t->len;
    task->values.data = NULL;

    task->nerror = t->nerror;
    ngx_memcpy(task->error, t->error, t->nerror);
}


ngx_int_t
ngx_http_endpoint_task_read(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_t *task, ngx_pool_t *pool)
{
    task->values.data = ngx_pnalloc(pool, task->values.len + 1);
    if (task->values.data == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_task_get(zone, task->slot, task->values.data);
}


void
ngx_http_endpoint_task_done(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_t *task)
{
    ngx_http_endpoint_zone_lock(&zone->zone);

    zone->sh->nrunning--;
    zone->sh->counts.done++;

    ngx_http_endpoint_task_unlink(zone, &zone->sh->held, task->slot);
    ngx_http_endpoint_task_remove(zone, task->slot);

    ngx_http_endpoint_zone_unlock(&zone->zone);
}


ngx_uint_t
ngx_http_endpoint_task_failed(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_t *task, ngx_str_t *error)
{
    ngx_uint_t  again;

    ngx_http_endpoint_zone_lock(&zone->zone);

    again = ngx_http_endpoint_task_again(zone, task->slot, error,
                       ngx_http_endpoint_task_backoff(&zone->policy,
                                                      task->attempt));

    ngx_http_endpoint_zone_unlock(&zone->zone);

    return again;
}


/* a running task goes back to those that wait, or to the dead */

static ngx_uint_t
ngx_http_endpoint_task_again(ngx_http_endpoint_task_zone_t *zone,
    uint32_t slot, ngx_str_t *error, ngx_msec_t wait)
{
    ngx_http_endpoint_task_sh_t       *t;
    ngx_http_endpoint_task_zone_sh_t  *sh;

    sh = zone->sh;
    t = &zone->tasks[slot];

    sh->nrunning--;
    ngx_http_endpoint_task_unlink(zone, &sh->held, slot);

    t->nerror = ngx_min(error->len, NGX_HTTP_ENDPOINT_TASK_ERROR);
    ngx_memcpy(t->error, error->data, t->nerror);

    if (t->attempt <= zone->policy.retries) {
        t->due = ngx_current_msec + wait;
        t->state = ngx_http_endpoint_task_waiting;

        ngx_http_endpoint_task_push(zone, slot);
        sh->counts.retried++;

        return 1;
    }

    t->state = ngx_http_endpoint_task_dead;

    ngx_http_endpoint_task_link(zone, &sh->dead, slot);
    sh->counts.dead++;

    if (sh->dead.n > ngx_max(sh->n / NGX_HTTP_ENDPOINT_TASK_DEAD, 1)) {
        (void) ngx_http_endpoint_task_evict(zone);
    }

    return 0;
}


void
ngx_http_endpoint_task_postpone(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_t *task, ngx_msec_t msec)
{
    ngx_http_endpoint_task_sh_t       *t;
    ngx_http_endpoint_task_zone_sh_t  *sh;

    sh = zone->sh;
    t = &zone->tasks[task->slot];

    ngx_http_endpoint_zone_lock(&zone->zone);

    sh->nrunning--;
    ngx_http_endpoint_task_unlink(zone, &sh->held, task->slot);

    t->attempt--;
    t->due = ngx_current_msec + msec;
    t->state = ngx_http_endpoint_task_waiting;

    ngx_http_endpoint_task_push(zone, task->slot);

    ngx_http_endpoint_zone_unlock(&zone->zone);
}


ngx_uint_t
ngx_http_endpoint_task_reap(ngx_http_endpoint_task_zone_t *zone)
{
    uint32_t                           i, next;
    ngx_uint_t                         n;
    ngx_http_endpoint_task_sh_t       *t;
    ngx_http_endpoint_task_zone_sh_t  *sh;

    static ngx_str_t  error = ngx_string("its worker process died");

    n = 0;
    sh = zone->sh;

    ngx_http_endpoint_zone_lock(&zone->zone);

    for (i = sh->held.head; i != NGX_HTTP_ENDPOINT_TASK_NONE; i = next) {
        t = &zone->tasks[i];
        next = t->next;

        if (ngx_http_endpoint_wake_alive(t->owner)) {
            continue;
        }

        if (t->state == ngx_http_endpoint_task_reserved) {
            sh->promised -= t->promised;
            ngx_http_endpoint_task_unlink(zone, &sh->held, i);
            ngx_http_endpoint_task_remove(zone, i);
            continue;
        }

        /* it need not wait: nothing says that the attempt failed */

        (void) ngx_http_endpoint_task_again(zone, i, &error, 0);

        sh->counts.taken_over++;
        n++;
    }

    ngx_http_endpoint_zone_unlock(&zone->zone);

    return n;
}


ngx_int_t
ngx_http_endpoint_task_nth_dead(ngx_http_endpoint_task_zone_t *zone,
    ngx_uint_t n, ngx_pool_t *pool, ngx_http_endpoint_task_t *task)
{
    uint32_t   i;
    ngx_int_t  rc;

    ngx_http_endpoint_zone_lock(&zone->zone);

    for (i = zone->sh->dead.tail;
         i != NGX_HTTP_ENDPOINT_TASK_NONE && n;
         i = zone->tasks[i].prev)
    {
        n--;
    }

    rc = NGX_DECLINED;

    if (i != NGX_HTTP_ENDPOINT_TASK_NONE) {
        ngx_http_endpoint_task_tell(zone, i, task);
        rc = ngx_http_endpoint_task_read(zone, task, pool);
    }

    ngx_http_endpoint_zone_unlock(&zone->zone);

    return rc;
}


ngx_int_t
ngx_http_endpoint_task_retry(ngx_http_endpoint_task_zone_t *zone, uint64_t id)
{
    uint32_t                      i;
    ngx_http_endpoint_task_sh_t  *t;

    ngx_http_endpoint_zone_lock(&zone->zone);

    i = ngx_http_endpoint_task_find(zone, id);

    if (i != NGX_HTTP_ENDPOINT_TASK_NONE) {
        t = &zone->tasks[i];

        ngx_http_endpoint_task_unlink(zone, &zone->sh->dead, i);

        t->attempt = 0;
        t->due = ngx_current_msec;
        t->state = ngx_http_endpoint_task_waiting;

        ngx_http_endpoint_task_push(zone, i);
    }

    ngx_http_endpoint_zone_unlock(&zone->zone);

    return i == NGX_HTTP_ENDPOINT_TASK_NONE ? NGX_DECLINED : NGX_OK;
}


ngx_int_t
ngx_http_endpoint_task_delete(ngx_http_endpoint_task_zone_t *zone,
    uint64_t id)
{
    uint32_t  i;

    ngx_http_endpoint_zone_lock(&zone->zone);

    i = ngx_http_endpoint_task_find(zone, id);

    if (i != NGX_HTTP_ENDPOINT_TASK_NONE) {
        ngx_http_endpoint_task_unlink(zone, &zone->sh->dead, i);
        ngx_http_endpoint_task_remove(zone, i);
    }

    ngx_http_endpoint_zone_unlock(&zone->zone);

    return i == NGX_HTTP_ENDPOINT_TASK_NONE ? NGX_DECLINED : NGX_OK;
}


static uint32_t
ngx_http_endpoint_task_find(ngx_http_endpoint_task_zone_t *zone, uint64_t id)
{
    uint32_t  i;

    for (i = zone->sh->dead.head;
         i != NGX_HTTP_ENDPOINT_TASK_NONE && zone->tasks[i].id != id;
         i = zone->tasks[i].next)
    {
        /* void */
    }

    return i;
}


void
ngx_http_endpoint_task_counts(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_counts_t *counts, uint32_t *waiting,
    uint32_t *running, uint32_t *dead)
{
    ngx_http_endpoint_zone_lock(&zone->zone);

    *counts = zone->sh->counts;
    *waiting = zone->sh->nwaiting;
    *running = zone->sh->nrunning;
    *dead = zone->sh->dead.n;

    ngx_http_endpoint_zone_unlock(&zone->zone);
}


ngx_int_t
ngx_http_endpoint_task_put(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_sh_t *from, u_char *values)
{
    uint32_t                           slot;
    ngx_http_endpoint_task_sh_t       *t;
    ngx_http_endpoint_task_zone_sh_t  *sh;

    sh = zone->sh;

    if (sh->free.n == 0
        || sh->chunks.nfree < ngx_http_endpoint_task_chunks(from->len))
    {
        return NGX_DECLINED;
    }

    slot = sh->free.tail;
    t = &zone->tasks[slot];

    ngx_http_endpoint_task_unlink(zone, &sh->free, slot);

    *t = *from;

    ngx_http_endpoint_task_write(zone, t, values, from->len);

    sh->last = ngx_max(sh->last, t->id);

    if (t->state == ngx_http_endpoint_task_dead) {
        ngx_http_endpoint_task_link(zone, &sh->dead, slot);
        return NGX_OK;
    }

    t->state = ngx_http_endpoint_task_waiting;
    ngx_http_endpoint_task_push(zone, slot);

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_task_get(ngx_http_endpoint_task_zone_t *zone, uint32_t slot,
    u_char *values)
{
    ngx_http_endpoint_cursor_t  cursor;

    cursor.chunk = zone->tasks[slot].head;
    cursor.pos = 0;

    return ngx_http_endpoint_chunks_read(&zone->chunks, &cursor, values,
                                         zone->tasks[slot].len);
}
