
#include "ngx_http_endpoint_task_layout.h"


/* a zone that holds fewer is of no use */
#define NGX_HTTP_ENDPOINT_TASK_MIN   16

/* no field is apart from its own 8 bytes */
#define NGX_HTTP_ENDPOINT_TASK_ALIGN  64


static ngx_int_t ngx_http_endpoint_task_create(ngx_http_endpoint_zone_t *zone);
static ngx_int_t ngx_http_endpoint_task_room(
    ngx_http_endpoint_task_zone_t *zone);
static void ngx_http_endpoint_task_attach(ngx_http_endpoint_zone_t *zone);
static void ngx_http_endpoint_task_rebuild(ngx_http_endpoint_zone_t *zone,
    ngx_pid_t pid);
static size_t ngx_http_endpoint_task_layout(
    ngx_http_endpoint_task_zone_t *zone, uint32_t n);
static void ngx_http_endpoint_task_empty(ngx_http_endpoint_task_zone_t *zone);
static void ngx_http_endpoint_task_recover(
    ngx_http_endpoint_task_zone_t *zone, uint32_t slot);
static void ngx_http_endpoint_task_list_init(
    ngx_http_endpoint_task_list_t *list);
static void ngx_http_endpoint_task_rise(ngx_http_endpoint_task_zone_t *zone,
    uint32_t i);
static void ngx_http_endpoint_task_sink(ngx_http_endpoint_task_zone_t *zone,
    uint32_t i);
static ngx_uint_t ngx_http_endpoint_task_before(
    ngx_http_endpoint_task_zone_t *zone, uint32_t a, uint32_t b);
static void ngx_http_endpoint_task_swap(ngx_http_endpoint_task_zone_t *zone,
    uint32_t a, uint32_t b);


ngx_http_endpoint_zone_kind_t  ngx_http_endpoint_task_zone_kind = {
    "endpoint_task_zone",
    1,
    ((uint64_t) sizeof(ngx_http_endpoint_task_zone_sh_t) << 32)
        + (sizeof(ngx_http_endpoint_task_sh_t) << 16)
        + NGX_HTTP_ENDPOINT_CHUNK_SIZE,
    ngx_http_endpoint_task_create,
    ngx_http_endpoint_task_attach,
    ngx_http_endpoint_task_rebuild
};


static ngx_int_t
ngx_http_endpoint_task_create(ngx_http_endpoint_zone_t *zone)
{
    uint32_t                        n;
    ngx_http_endpoint_task_zone_t  *tz;

    tz = (ngx_http_endpoint_task_zone_t *) zone;

    /* as many slots as chunks: most tasks are small */

    n = ngx_min(zone->sh->size / (NGX_HTTP_ENDPOINT_CHUNK_SIZE
                                  + sizeof(ngx_http_endpoint_chunk_t)
                                  + sizeof(ngx_http_endpoint_task_sh_t)),
                NGX_MAX_INT32_VALUE);

    for ( /* void */ ; n >= NGX_HTTP_ENDPOINT_TASK_MIN; n--) {

        if (ngx_http_endpoint_task_layout(tz, n) <= zone->sh->size) {
            tz->sh->n = n;
            tz->fresh = 1;
            ngx_http_endpoint_task_empty(tz);

            return ngx_http_endpoint_task_room(tz);
        }
    }

    return NGX_ERROR;
}


/* the tasks of a zone that was larger must have room in it */

static ngx_int_t
ngx_http_endpoint_task_room(ngx_http_endpoint_task_zone_t *zone)
{
    ngx_http_endpoint_task_zone_sh_t  *sh, *old;

    if (zone->old == NULL) {
        return NGX_OK;
    }

    sh = zone->sh;
    old = zone->old->sh;

    /* a look without the lock, which the master does not wait for */

    if (old->n - old->free.n <= sh->n
        && old->chunks.n - old->chunks.nfree <= sh->chunks.n)
    {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, ngx_cycle->log, 0,
                  "endpoint_task_zone \"%V\" has room for %uD tasks of its "
                  "%uD", &zone->zone.name, sh->n, old->n - old->free.n);

    return NGX_ERROR;
}


static void
ngx_http_endpoint_task_attach(ngx_http_endpoint_zone_t *zone)
{
    ngx_http_endpoint_task_zone_t     *tz;
    ngx_http_endpoint_task_zone_sh_t  *sh;

    tz = (ngx_http_endpoint_task_zone_t *) zone;
    sh = (ngx_http_endpoint_task_zone_sh_t *) zone->sh;

    (void) ngx_http_endpoint_task_layout(tz, sh->n);
}


/* Points zone to where all stands; returns the size it takes. */

static size_t
ngx_http_endpoint_task_layout(ngx_http_endpoint_task_zone_t *zone, uint32_t n)
{
    u_char  *p, *start;

    start = (u_char *) zone->zone.sh;

    zone->sh = (ngx_http_endpoint_task_zone_sh_t *) start;
    zone->chunks.sh = &zone->sh->chunks;

    p = start + ngx_align(sizeof(ngx_http_endpoint_task_zone_sh_t),
                          NGX_HTTP_ENDPOINT_TASK_ALIGN);

    zone->tasks = (ngx_http_endpoint_task_sh_t *) p;
    p += (size_t) n * sizeof(ngx_http_endpoint_task_sh_t);

    zone->chunks.chunk = (ngx_http_endpoint_chunk_t *) p;
    p += (size_t) n * sizeof(ngx_http_endpoint_chunk_t);

    zone->heap = (uint32_t *) p;
    p += (size_t) n * sizeof(uint32_t);

    zone->buckets = (uint32_t *) p;
    p += (size_t) n * sizeof(uint32_t);

    zone->chunks.marks = p;
    p += (n + 7) / 8;

    zone->chunks.data = start + ngx_align((size_t) (p - start),
                                          NGX_HTTP_ENDPOINT_TASK_ALIGN);

    return zone->chunks.data - start
           + (size_t) n * NGX_HTTP_ENDPOINT_CHUNK_SIZE;
}


static void
ngx_http_endpoint_task_empty(ngx_http_endpoint_task_zone_t *zone)
{
    uint32_t                           i;
    ngx_http_endpoint_task_zone_sh_t  *sh;

    sh = zone->sh;

    ngx_http_endpoint_chunks_create(&zone->chunks, sh->n);

    ngx_memzero(&sh->counts, sizeof(ngx_http_endpoint_task_counts_t));

    sh->nwaiting = 0;
    sh->nrunning = 0;
    sh->promised = 0;
    sh->moved = 0;

    /* no id comes twice, even when nginx is started anew */

    sh->last = (uint64_t) ngx_time() << 20;

    ngx_http_endpoint_task_list_init(&sh->free);
    ngx_http_endpoint_task_list_init(&sh->held);
    ngx_http_endpoint_task_list_init(&sh->dead);

    for (i = 0; i < sh->n; i++) {
        zone->buckets[i] = NGX_HTTP_ENDPOINT_TASK_NONE;
        zone->tasks[i].state = ngx_http_endpoint_task_free;
        ngx_http_endpoint_task_link(zone, &sh->free, i);
    }
}


/* the states and what they point to tell all the rest */

static void
ngx_http_endpoint_task_rebuild(ngx_http_endpoint_zone_t *zone, ngx_pid_t pid)
{
    uint32_t                           i;
    ngx_http_endpoint_task_zone_t     *tz;
    ngx_http_endpoint_task_zone_sh_t  *sh;

    tz = (ngx_http_endpoint_task_zone_t *) zone;
    sh = tz->sh;

    sh->nwaiting = 0;
    sh->nrunning = 0;
    sh->promised = 0;

    ngx_http_endpoint_task_list_init(&sh->free);
    ngx_http_endpoint_task_list_init(&sh->held);
    ngx_http_endpoint_task_list_init(&sh->dead);

    ngx_http_endpoint_chunks_unmark(&tz->chunks);

    for (i = 0; i < sh->n; i++) {
        tz->buckets[i] = NGX_HTTP_ENDPOINT_TASK_NONE;
    }

    for (i = 0; i < sh->n; i++) {
        ngx_http_endpoint_task_recover(tz, i);
    }

    ngx_http_endpoint_chunks_collect(&tz->chunks);
}


static void
ngx_http_endpoint_task_recover(ngx_http_endpoint_task_zone_t *zone,
    uint32_t slot)
{
    ngx_http_endpoint_task_sh_t       *t;
    ngx_http_endpoint_task_zone_sh_t  *sh;

    sh = zone->sh;
    t = &zone->tasks[slot];

    if (t->state == ngx_http_endpoint_task_reserved) {
        sh->promised += t->promised;
        ngx_http_endpoint_task_link(zone, &sh->held, slot);
        return;
    }

    if (t->state != ngx_http_endpoint_task_free
        && !ngx_http_endpoint_chunks_mark(&zone->chunks, t->head,
                                       ngx_http_endpoint_task_chunks(t->len)))
    {
        t->state = ngx_http_endpoint_task_free;
    }

    switch (t->state) {

    case ngx_http_endpoint_task_waiting:
        ngx_http_endpoint_task_push(zone, slot);
        return;

    case ngx_http_endpoint_task_running:
        sh->nrunning++;
        ngx_http_endpoint_task_link(zone, &sh->held, slot);
        return;

    case ngx_http_endpoint_task_dead:
        ngx_http_endpoint_task_link(zone, &sh->dead, slot);
        return;

    default:
        t->state = ngx_http_endpoint_task_free;
        ngx_http_endpoint_task_link(zone, &sh->free, slot);
    }
}


static void
ngx_http_endpoint_task_list_init(ngx_http_endpoint_task_list_t *list)
{
    list->head = NGX_HTTP_ENDPOINT_TASK_NONE;
    list->tail = NGX_HTTP_ENDPOINT_TASK_NONE;
    list->n = 0;
}


void
ngx_http_endpoint_task_link(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_list_t *list, uint32_t slot)
{
    ngx_http_endpoint_task_sh_t  *t;

    t = &zone->tasks[slot];

    t->prev = list->tail;
    t->next = NGX_HTTP_ENDPOINT_TASK_NONE;

    if (list->tail == NGX_HTTP_ENDPOINT_TASK_NONE) {
        list->head = slot;

    } else {
        zone->tasks[list->tail].next = slot;
    }

    list->tail = slot;
    list->n++;
}


void
ngx_http_endpoint_task_unlink(ngx_http_endpoint_task_zone_t *zone,
    ngx_http_endpoint_task_list_t *list, uint32_t slot)
{
    ngx_http_endpoint_task_sh_t  *t;

    t = &zone->tasks[slot];

    if (t->prev == NGX_HTTP_ENDPOINT_TASK_NONE) {
        list->head = t->next;

    } else {
        zone->tasks[t->prev].next = t->next;
    }

    if (t->next == NGX_HTTP_ENDPOINT_TASK_NONE) {
        list->tail = t->prev;

    } else {
        zone->tasks[t->next].prev = t->prev;
    }

    list->n--;
}


void
ngx_http_endpoint_task_push(ngx_http_endpoint_task_zone_t *zone,
    uint32_t slot)
{
    uint32_t                     *bucket;
    ngx_http_endpoint_task_sh_t  *t;

    t = &zone->tasks[slot];

    if (t->keyed) {
        bucket = ngx_http_endpoint_task_bucket(zone, t->unique);
        t->bucket = *bucket;
        *bucket = slot;
    }

    t->place = zone->sh->nwaiting++;
    zone->heap[t->place] = slot;

    ngx_http_endpoint_task_rise(zone, t->place);
}


void
ngx_http_endpoint_task_pop(ngx_http_endpoint_task_zone_t *zone, uint32_t slot)
{
    uint32_t                      i, last, *link;
    ngx_http_endpoint_task_sh_t  *t;

    t = &zone->tasks[slot];

    if (t->keyed) {
        link = ngx_http_endpoint_task_bucket(zone, t->unique);

        while (*link != slot) {
            link = &zone->tasks[*link].bucket;
        }

        *link = t->bucket;
    }

    i = t->place;
    last = --zone->sh->nwaiting;

    if (i == last) {
        return;
    }

    ngx_http_endpoint_task_swap(zone, i, last);
    ngx_http_endpoint_task_rise(zone, i);
    ngx_http_endpoint_task_sink(zone, i);
}


uint32_t *
ngx_http_endpoint_task_bucket(ngx_http_endpoint_task_zone_t *zone,
    u_char *unique)
{
    uint32_t  hash;

    /* it is a digest already */

    ngx_memcpy(&hash, unique, sizeof(uint32_t));

    return &zone->buckets[hash % zone->sh->n];
}


static void
ngx_http_endpoint_task_rise(ngx_http_endpoint_task_zone_t *zone, uint32_t i)
{
    while (i && ngx_http_endpoint_task_before(zone, i, (i - 1) / 2)) {
        ngx_http_endpoint_task_swap(zone, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}


static void
ngx_http_endpoint_task_sink(ngx_http_endpoint_task_zone_t *zone, uint32_t i)
{
    uint32_t  child;

    for ( ;; ) {
        child = 2 * i + 1;

        if (child >= zone->sh->nwaiting) {
            return;
        }

        if (child + 1 < zone->sh->nwaiting
            && ngx_http_endpoint_task_before(zone, child + 1, child))
        {
            child++;
        }

        if (!ngx_http_endpoint_task_before(zone, child, i)) {
            return;
        }

        ngx_http_endpoint_task_swap(zone, i, child);
        i = child;
    }
}


/* of two that are due at once, the one that was queued first */

static ngx_uint_t
ngx_http_endpoint_task_before(ngx_http_endpoint_task_zone_t *zone, uint32_t a,
    uint32_t b)
{
    ngx_http_endpoint_task_sh_t  *s, *t;

    s = &zone->tasks[zone->heap[a]];
    t = &zone->tasks[zone->heap[b]];

    if (s->due != t->due) {
        return (ngx_msec_int_t) (s->due - t->due) < 0;
    }

    return s->id < t->id;
}


static void
ngx_http_endpoint_task_swap(ngx_http_endpoint_task_zone_t *zone, uint32_t a,
    uint32_t b)
{
    uint32_t  slot;

    slot = zone->heap[a];
    zone->heap[a] = zone->heap[b];
    zone->heap[b] = slot;

    zone->tasks[zone->heap[a]].place = a;
    zone->tasks[zone->heap[b]].place = b;
}
