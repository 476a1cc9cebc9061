
#include "ngx_http_endpoint_flight_circle.h"
#include "ngx_http_endpoint_cache_zone.h"
#include "ngx_http_endpoint_flight_table.h"


/* flights that are looked at; behind so many it is taken for a circle */
#define NGX_HTTP_ENDPOINT_FLIGHT_CIRCLE  64


static ngx_int_t ngx_http_endpoint_flight_circle_note(
    ngx_http_endpoint_flight_t *leader, ngx_http_endpoint_flight_ref_t *ref);
static void ngx_http_endpoint_flight_circle_forget(
    ngx_http_endpoint_flight_t *leader, ngx_http_endpoint_flight_ref_t *ref);
static ngx_http_endpoint_flight_sh_t *ngx_http_endpoint_flight_circle_record(
    ngx_http_endpoint_cache_t *cache, ngx_http_endpoint_flight_ref_t *ref);
static ngx_uint_t ngx_http_endpoint_flight_circle_closes(
    ngx_http_endpoint_flight_t *flight, ngx_http_endpoint_flight_ref_t *ref);
static void ngx_http_endpoint_flight_circle_waits(
    ngx_http_endpoint_flight_t *flight, ngx_http_endpoint_flight_ref_t *ref,
    ngx_http_endpoint_flight_ref_t *waits);
static ngx_uint_t ngx_http_endpoint_flight_circle_of_parent(
    ngx_http_endpoint_flight_t *flight, ngx_http_endpoint_flight_ref_t *ref);
static ngx_http_endpoint_cache_t *ngx_http_endpoint_flight_circle_cache(
    ngx_http_endpoint_flight_t *flight, uint32_t zone);
static void ngx_http_endpoint_flight_circle_ref(
    ngx_http_endpoint_flight_t *flight, ngx_http_endpoint_flight_ref_t *ref);
static uint32_t ngx_http_endpoint_flight_circle_zone(ngx_str_t *name);
static ngx_uint_t ngx_http_endpoint_flight_circle_same(
    ngx_http_endpoint_flight_ref_t *a, ngx_http_endpoint_flight_ref_t *b);


ngx_uint_t
ngx_http_endpoint_flight_circle_enter(ngx_http_endpoint_flight_t *flight)
{
    ngx_uint_t                       noted;
    ngx_http_endpoint_flight_t      *f, *g;
    ngx_http_endpoint_flight_ref_t   ref;

    ngx_http_endpoint_flight_circle_ref(flight, &ref);

    noted = 0;

    for (f = flight->parent; f; f = f->parent) {

        if (f->state != ngx_http_endpoint_flight_leading) {
            continue;
        }

        if (ngx_http_endpoint_flight_circle_note(f, &ref) != NGX_OK) {
            break;
        }

        noted = 1;
    }

    if (f == NULL) {

        if (!noted) {
            return 0;
        }

        /*
         * Of two who close a circle at the same time at least one sees the
         * other, since each looks after it has noted.
         */

        if (!ngx_http_endpoint_flight_circle_closes(flight, &ref)) {
            flight->noted = 1;
            return 0;
        }
    }

    for (g = flight->parent; g != f; g = g->parent) {
        ngx_http_endpoint_flight_circle_forget(g, &ref);
    }

    return 1;
}


void
ngx_http_endpoint_flight_circle_leave(ngx_http_endpoint_flight_t *flight)
{
    ngx_http_endpoint_flight_t      *f;
    ngx_http_endpoint_flight_ref_t   ref;

    flight->noted = 0;

    ngx_http_endpoint_flight_circle_ref(flight, &ref);

    for (f = flight->parent; f; f = f->parent) {
        ngx_http_endpoint_flight_circle_forget(f, &ref);
    }
}


/* NGX_DECLINED: it waits for as many as can be noted */

static ngx_int_t
ngx_http_endpoint_flight_circle_note(ngx_http_endpoint_flight_t *leader,
    ngx_http_endpoint_flight_ref_t *ref)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i;
    ngx_http_endpoint_flight_ref_t   own;
    ngx_http_endpoint_flight_sh_t   *rec;

    ngx_http_endpoint_flight_circle_ref(leader, &own);

    rc = NGX_OK;

    ngx_http_endpoint_zone_lock(&leader->cache->zone);

    rec = ngx_http_endpoint_flight_circle_record(leader->cache, &own);

    if (rec) {
        rc = NGX_DECLINED;

        for (i = 0; i < NGX_HTTP_ENDPOINT_FLIGHT_WAITS; i++) {
            if (rec->waits[i].id == 0) {
                rec->waits[i] = *ref;
                rc = NGX_OK;
                break;
            }
        }
    }

    ngx_http_endpoint_zone_unlock(&leader->cache->zone);

    return rc;
}


static void
ngx_http_endpoint_flight_circle_forget(ngx_http_endpoint_flight_t *leader,
    ngx_http_endpoint_flight_ref_t *ref)
{
    ngx_uint_t                       i;
    ngx_http_endpoint_flight_ref_t   own;
    ngx_http_endpoint_flight_sh_t   *rec;

    if (leader->state != ngx_http_endpoint_flight_leading) {
        return;
    }

    ngx_http_endpoint_flight_circle_ref(leader, &own);

    ngx_http_endpoint_zone_lock(&leader->cache->zone);

    rec = ngx_http_endpoint_flight_circle_record(leader->cache, &own);

    for (i = 0; rec && i < NGX_HTTP_ENDPOINT_FLIGHT_WAITS; i++) {
        if (ngx_http_endpoint_flight_circle_same(&rec->waits[i], ref)) {
            rec->waits[i].id = 0;
            break;
        }
    }

    ngx_http_endpoint_zone_unlock(&leader->cache->zone);
}


/* NULL: it has ended, the record may be another's */

static ngx_http_endpoint_flight_sh_t *
ngx_http_endpoint_flight_circle_record(ngx_http_endpoint_cache_t *cache,
    ngx_http_endpoint_flight_ref_t *ref)
{
    ngx_http_endpoint_flight_sh_t  *rec;

    if (ref->record >= cache->sh->flights) {
        return NULL;
    }

    rec = &cache->flights[ref->record];

    return (rec->id == ref->id && !ngx_http_endpoint_flight_ended(rec->state))
           ? rec : NULL;
}


/* whether ref waits for a parent of flight, by way of whomever */

static ngx_uint_t
ngx_http_endpoint_flight_circle_closes(ngx_http_endpoint_flight_t *flight,
    ngx_http_endpoint_flight_ref_t *ref)
{
    ngx_uint_t                      i, j, k, n;
    ngx_http_endpoint_flight_ref_t  refs[NGX_HTTP_ENDPOINT_FLIGHT_CIRCLE];
    ngx_http_endpoint_flight_ref_t  waits[NGX_HTTP_ENDPOINT_FLIGHT_WAITS];

    n = 1;
    refs[0] = *ref;

    for (i = 0; i < n; i++) {
        ngx_http_endpoint_flight_circle_waits(flight, &refs[i], waits);

        for (j = 0; j < NGX_HTTP_ENDPOINT_FLIGHT_WAITS; j++) {

            if (waits[j].id == 0) {
                continue;
            }

            if (ngx_http_endpoint_flight_circle_of_parent(flight, &waits[j])) {
                return 1;
            }

            for (k = 0; k < n; k++) {
                if (ngx_http_endpoint_flight_circle_same(&refs[k], &waits[j])) {
                    break;
                }
            }

            if (k < n) {
                continue;
            }

            if (n == NGX_HTTP_ENDPOINT_FLIGHT_CIRCLE) {
                return 1;
            }

            refs[n++] = waits[j];
        }
    }

    return 0;
}


static void
ngx_http_endpoint_flight_circle_waits(ngx_http_endpoint_flight_t *flight,
    ngx_http_endpoint_flight_ref_t *ref,
    ngx_http_endpoint_flight_ref_t *waits)
{
    ngx_http_endpoint_cache_t      *cache;
    ngx_http_endpoint_flight_sh_t  *rec;

    ngx_memzero(waits, NGX_HTTP_ENDPOINT_FLIGHT_WAITS
                       * sizeof(ngx_http_endpoint_flight_ref_t));

    cache = ngx_http_endpoint_flight_circle_cache(flight, ref->zone);
    if (cache == NULL) {
        return;
    }

    ngx_http_endpoint_zone_lock(&cache->zone);

    rec = ngx_http_endpoint_flight_circle_record(cache, ref);

    if (rec) {
        ngx_memcpy(waits, rec->waits, sizeof(rec->waits));
    }

    ngx_http_endpoint_zone_unlock(&cache->zone);
}


static ngx_uint_t
ngx_http_endpoint_flight_circle_of_parent(ngx_http_endpoint_flight_t *flight,
    ngx_http_endpoint_flight_ref_t *ref)
{
    ngx_http_endpoint_flight_t      *f;
    ngx_http_endpoint_flight_ref_t   own;

    for (f = flight->parent; f; f = f->parent) {

        if (f->state != ngx_http_endpoint_flight_leading) {
            continue;
        }

        ngx_http_endpoint_flight_circle_ref(f, &own);

        if (ngx_http_endpoint_flight_circle_same(&own, ref)) {
            return 1;
        }
    }

    return 0;
}


/* NULL: a zone that this worker does not have */

static ngx_http_endpoint_cache_t *
ngx_http_endpoint_flight_circle_cache(ngx_http_endpoint_flight_t *flight,
    uint32_t zone)
{
    ngx_uint_t        i;
    ngx_shm_zone_t   *shm;
    ngx_list_part_t  *part;

    if (ngx_http_endpoint_flight_circle_zone(&flight->cache->zone.name)
        == zone)
    {
        return flight->cache;
    }

    for (part = (ngx_list_part_t *) &ngx_cycle->shared_memory.part;
         part;
         part = part->next)
    {
        shm = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (shm[i].tag == &ngx_http_endpoint_cache_kind && shm[i].data
                && ngx_http_endpoint_flight_circle_zone(&shm[i].shm.name)
                   == zone)
            {
                return shm[i].data;
            }
        }
    }

    return NULL;
}


static void
ngx_http_endpoint_flight_circle_ref(ngx_http_endpoint_flight_t *flight,
    ngx_http_endpoint_flight_ref_t *ref)
{
    ref->id = flight->id;
    ref->record = flight->record;
    ref->zone = ngx_http_endpoint_flight_circle_zone(
                                                 &flight->cache->zone.name);
}


/* handles differ from worker to worker */

static uint32_t
ngx_http_endpoint_flight_circle_zone(ngx_str_t *name)
{
    size_t    i;
    uint32_t  hash;

    hash = 0;

    for (i = 0; i < name->len; i++) {
        hash = ngx_hash(hash, name->data[i]);
    }

    return hash;
}


static ngx_uint_t
ngx_http_endpoint_flight_circle_same(ngx_http_endpoint_flight_ref_t *a,
    ngx_http_endpoint_flight_ref_t *b)
{
    return a->id == b->id && a->record == b->record && a->zone == b->zone;
}
