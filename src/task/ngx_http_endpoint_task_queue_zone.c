
#include "ngx_http_endpoint_task_queue_zone.h"


typedef struct {
    ngx_http_endpoint_zone_sh_t     zone;
    ngx_http_endpoint_queue_sh_t    queues[NGX_HTTP_ENDPOINT_QUEUES_KEPT];
} ngx_http_endpoint_queues_sh_t;


static ngx_http_endpoint_zone_kind_t  ngx_http_endpoint_queue_kind = {
    "endpoint task queues",
    1,
    sizeof(ngx_http_endpoint_queues_sh_t),
    NULL,
    NULL,
    NULL
};


static ngx_str_t  ngx_http_endpoint_queue_zone_name =
    ngx_string("ngx_http_endpoint_task_queues");


ngx_http_endpoint_zone_t *
ngx_http_endpoint_queue_zone_add(ngx_conf_t *cf)
{
    ngx_http_endpoint_zone_t  *zone;

    if (ngx_http_endpoint_wake_add_zone(cf) != NGX_OK
        || ngx_http_endpoint_zone_own(cf, &ngx_http_endpoint_queue_zone_name,
                                      &ngx_http_endpoint_queue_kind, &zone)
           != NGX_OK)
    {
        return NULL;
    }

    return zone;
}


ngx_http_endpoint_queue_sh_t *
ngx_http_endpoint_queue_find(ngx_http_endpoint_zone_t *zone, u_char *key)
{
    ngx_uint_t                      i;
    ngx_http_endpoint_queue_sh_t   *sh, *found;
    ngx_http_endpoint_queues_sh_t  *all;

    all = (ngx_http_endpoint_queues_sh_t *) zone->sh;

    ngx_http_endpoint_zone_lock(zone);

    found = all->queues;

    for (i = 0; i < NGX_HTTP_ENDPOINT_QUEUES_KEPT; i++) {
        sh = &all->queues[i];

        if (sh->used
            && ngx_memcmp(sh->key, key, NGX_HTTP_ENDPOINT_QUEUE_KEY) == 0)
        {
            found = sh;
            break;
        }

        if (sh->used < found->used
            || (sh->used == found->used && sh->seen < found->seen))
        {
            found = sh;
        }
    }

    if (i == NGX_HTTP_ENDPOINT_QUEUES_KEPT) {
        found->used = 0;
        ngx_memory_barrier();

        ngx_memzero(found, sizeof(ngx_http_endpoint_queue_sh_t));
        ngx_memcpy(found->key, key, NGX_HTTP_ENDPOINT_QUEUE_KEY);
        found->leader.slot = NGX_HTTP_ENDPOINT_WAKE_NONE;

        ngx_memory_barrier();
        found->used = 1;
    }

    found->seen = ngx_current_msec;

    ngx_http_endpoint_zone_unlock(zone);

    return found;
}


ngx_http_endpoint_queue_worker_t *
ngx_http_endpoint_queue_join(ngx_http_endpoint_zone_t *zone,
    ngx_http_endpoint_queue_sh_t *sh)
{
    ngx_uint_t                         i;
    ngx_http_endpoint_queue_worker_t  *place;

    place = NULL;

    ngx_http_endpoint_zone_lock(zone);

    for (i = 0; i < NGX_HTTP_ENDPOINT_QUEUE_WORKERS; i++) {
        if (sh->workers[i].used) {
            continue;
        }

        place = &sh->workers[i];

        place->worker = ngx_http_endpoint_wake_self();
        place->running = 0;
        ngx_memory_barrier();
        place->used = 1;

        sh->nworkers = ngx_max(sh->nworkers, i + 1);

        break;
    }

    ngx_http_endpoint_zone_unlock(zone);

    return place;
}


ngx_uint_t
ngx_http_endpoint_queue_lead(ngx_http_endpoint_zone_t *zone,
    ngx_http_endpoint_queue_sh_t *sh)
{
    ngx_uint_t                  lead;
    ngx_http_endpoint_worker_t  self;

    self = ngx_http_endpoint_wake_self();
    lead = 0;

    ngx_http_endpoint_zone_lock(zone);

    if (sh->leader.slot == NGX_HTTP_ENDPOINT_WAKE_NONE
        || !ngx_http_endpoint_wake_alive(sh->leader))
    {
        sh->leader = self;
    }

    if (sh->leader.slot == self.slot
        && sh->leader.generation == self.generation)
    {
        lead = 1;
    }

    ngx_http_endpoint_zone_unlock(zone);

    return lead;
}


void
ngx_http_endpoint_queue_resign(ngx_http_endpoint_zone_t *zone,
    ngx_http_endpoint_queue_sh_t *sh)
{
    ngx_http_endpoint_worker_t  self;

    self = ngx_http_endpoint_wake_self();

    ngx_http_endpoint_zone_lock(zone);

    if (sh->leader.slot == self.slot
        && sh->leader.generation == self.generation)
    {
        sh->leader.slot = NGX_HTTP_ENDPOINT_WAKE_NONE;
    }

    ngx_http_endpoint_zone_unlock(zone);
}


ngx_uint_t
ngx_http_endpoint_queue_grant(ngx_http_endpoint_zone_t *zone,
    ngx_http_endpoint_queue_sh_t *sh, ngx_http_endpoint_queue_worker_t *place,
    ngx_uint_t want, ngx_uint_t most)
{
    ngx_uint_t  i, n;

    n = 0;

    ngx_http_endpoint_zone_lock(zone);

    for (i = 0; i < sh->nworkers; i++) {
        if (sh->workers[i].used) {
            n += sh->workers[i].running;
        }
    }

    n = (n < most) ? ngx_min(want, most - n) : 0;

    place->running += n;

    ngx_http_endpoint_zone_unlock(zone);

    return n;
}


ngx_http_endpoint_queue_worker_t *
ngx_http_endpoint_queue_orphan(ngx_http_endpoint_queue_sh_t *sh)
{
    ngx_http_endpoint_queue_worker_t  *place;

    for (place = sh->workers; place < sh->workers + sh->nworkers; place++) {
        if (place->used && !ngx_http_endpoint_wake_alive(place->worker)) {
            return place;
        }
    }

    return NULL;
}
