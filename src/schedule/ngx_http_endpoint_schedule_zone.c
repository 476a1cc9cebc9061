
#include "ngx_http_endpoint_schedule_zone.h"


typedef struct {
    ngx_http_endpoint_zone_sh_t         zone;
    ngx_http_endpoint_schedule_slot_t   slots[NGX_HTTP_ENDPOINT_SCHEDULE_SLOTS];
} ngx_http_endpoint_schedule_sh_t;


static ngx_uint_t ngx_http_endpoint_schedule_before(
    ngx_http_endpoint_schedule_slot_t *a,
    ngx_http_endpoint_schedule_slot_t *b);


static ngx_http_endpoint_zone_kind_t  ngx_http_endpoint_schedule_kind = {
    "endpoint schedules",
    1,
    sizeof(ngx_http_endpoint_schedule_sh_t),
    NULL,
    NULL,
    NULL
};


static ngx_str_t  ngx_http_endpoint_schedule_zone_name =
    ngx_string("ngx_http_endpoint_schedules");


ngx_http_endpoint_zone_t *
ngx_http_endpoint_schedule_zone_add(ngx_conf_t *cf)
{
    ngx_http_endpoint_zone_t  *zone;

    if (ngx_http_endpoint_wake_add_zone(cf) != NGX_OK
        || ngx_http_endpoint_zone_own(cf, &ngx_http_endpoint_schedule_zone_name,
                                      &ngx_http_endpoint_schedule_kind, &zone)
           != NGX_OK)
    {
        return NULL;
    }

    return zone;
}


ngx_http_endpoint_schedule_slot_t *
ngx_http_endpoint_schedule_slot(ngx_http_endpoint_zone_t *zone, u_char *key,
    uint64_t now)
{
    ngx_uint_t                          i;
    ngx_http_endpoint_schedule_sh_t    *sh;
    ngx_http_endpoint_schedule_slot_t  *slot, *found;

    sh = (ngx_http_endpoint_schedule_sh_t *) zone->sh;
    found = sh->slots;

    for (i = 0; i < NGX_HTTP_ENDPOINT_SCHEDULE_SLOTS; i++) {
        slot = &sh->slots[i];

        if (slot->used
            && ngx_memcmp(slot->key, key, NGX_HTTP_ENDPOINT_SCHEDULE_KEY) == 0)
        {
            slot->seen = ngx_current_msec;
            return slot;
        }

        if (ngx_http_endpoint_schedule_before(slot, found)) {
            found = slot;
        }
    }

    found->used = 0;
    ngx_memory_barrier();

    ngx_memcpy(found->key, key, NGX_HTTP_ENDPOINT_SCHEDULE_KEY);
    found->owner.slot = NGX_HTTP_ENDPOINT_WAKE_NONE;
    found->owner.generation = 0;
    found->taken = now;
    found->done = now;
    found->seen = ngx_current_msec;
    found->deaths = 0;

    ngx_memory_barrier();
    found->used = 1;

    return found;
}


/* which of two makes room first */

static ngx_uint_t
ngx_http_endpoint_schedule_before(ngx_http_endpoint_schedule_slot_t *a,
    ngx_http_endpoint_schedule_slot_t *b)
{
    ngx_uint_t  busy_a, busy_b;

    if (!a->used || !b->used) {
        return a->used < b->used;
    }

    busy_a = a->taken > a->done;
    busy_b = b->taken > b->done;

    if (busy_a != busy_b) {
        return busy_a < busy_b;
    }

    return a->seen < b->seen;
}


void
ngx_http_endpoint_schedule_done(ngx_http_endpoint_zone_t *zone, u_char *key,
    uint64_t taken, uint64_t now)
{
    ngx_http_endpoint_worker_t          self;
    ngx_http_endpoint_schedule_slot_t  *slot;

    self = ngx_http_endpoint_wake_self();

    ngx_http_endpoint_zone_lock(zone);

    slot = ngx_http_endpoint_schedule_slot(zone, key, now);

    if (slot->taken == taken
        && slot->owner.slot == self.slot
        && slot->owner.generation == self.generation)
    {
        slot->done = ngx_max(now, taken);
    }

    ngx_http_endpoint_zone_unlock(zone);
}
