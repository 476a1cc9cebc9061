
/*
 * The walker of a cache zone, for the unit programs and for the zones of an
 * nginx that runs; it stands behind the sources of the cache.
 */


#ifndef _UNIT_CACHE_WALK_H_INCLUDED_
#define _UNIT_CACHE_WALK_H_INCLUDED_


static char *
walk_free(ngx_http_endpoint_cache_t *cache)
{
    uint64_t                        promised;
    ngx_uint_t                      i;
    ngx_http_endpoint_claim_t      *claim;
    ngx_http_endpoint_chunks_sh_t  *sh;

    sh = cache->chunks.sh;

    if (!ngx_http_endpoint_chunks_mark(&cache->chunks, sh->free, sh->nfree)) {
        return "the list of free chunks is broken";
    }

    promised = 0;

    for (i = 0; i < NGX_HTTP_ENDPOINT_CLAIMS; i++) {
        claim = &sh->claims[i];

        if (claim->count == 0) {
            continue;
        }

        promised += claim->count;

        if (claim->taken > claim->count
            || !ngx_http_endpoint_chunks_mark(&cache->chunks, claim->head,
                                              claim->taken))
        {
            return "the chunks of a claim are broken";
        }
    }

    return (promised == sh->promised) ? NULL : "the sum of claims is wrong";
}


static ngx_uint_t
walk_twice(ngx_http_endpoint_cache_t *cache, ngx_http_endpoint_entry_t *e)
{
    uint32_t                    i, n;
    ngx_http_endpoint_entry_t  *other;

    n = 0;

    for (i = e->bucket_next;
         i < cache->sh->chunks.n && n < cache->sh->entries;
         i = other->bucket_next)
    {
        other = ngx_http_endpoint_cache_entry(cache, i);

        if (other->hash == e->hash && other->kind == e->kind) {
            return 1;
        }

        n++;
    }

    return 0;
}


static char *
walk_entries(ngx_http_endpoint_cache_t *cache)
{
    uint32_t                    b, i, entries;
    ngx_http_endpoint_entry_t  *e;

    entries = 0;

    for (b = 0; b <= cache->sh->mask; b++) {

        for (i = cache->buckets[b];
             i != NGX_HTTP_ENDPOINT_CHUNK_NONE;
             i = e->bucket_next)
        {
            if (i >= cache->sh->chunks.n
                || cache->chunks.chunk[i].generation % 2 == 0)
            {
                return "a bucket has something else than entries";
            }

            e = ngx_http_endpoint_cache_entry(cache, i);

            if ((e->hash & cache->sh->mask) != b || walk_twice(cache, e)) {
                return "an entry is in the wrong bucket or twice in one";
            }

            if (e->chunks != ngx_http_endpoint_cache_expected(e)
                || !ngx_http_endpoint_chunks_mark(&cache->chunks, i,
                                                  e->chunks))
            {
                return "the chunks of an entry are broken";
            }

            entries++;
        }
    }

    return (entries == cache->sh->entries) ? NULL : "an entry is lost";
}


static char *
walk_lru(ngx_http_endpoint_cache_t *cache)
{
    uint32_t                    i, prev, n;
    ngx_http_endpoint_entry_t  *e;

    n = 0;
    prev = NGX_HTTP_ENDPOINT_CHUNK_NONE;

    for (i = cache->sh->lru_first;
         i != NGX_HTTP_ENDPOINT_CHUNK_NONE;
         i = e->lru_next)
    {
        if (i >= cache->sh->chunks.n
            || cache->chunks.chunk[i].generation % 2 == 0
            || ++n > cache->sh->entries)
        {
            return "the list of use leaves the entries";
        }

        e = ngx_http_endpoint_cache_entry(cache, i);

        if (e->lru_prev != prev) {
            return "the list of use does not lead back";
        }

        prev = i;
    }

    if (n != cache->sh->entries || prev != cache->sh->lru_last) {
        return "the list of use is not complete";
    }

    return NULL;
}


static char *
walk_rest(ngx_http_endpoint_cache_t *cache)
{
    uint32_t  i, published;

    published = 0;

    for (i = 0; i < cache->sh->chunks.n; i++) {

        if ((cache->chunks.marks[i / 8] & (1 << (i % 8))) == 0) {
            return "a chunk is lost";
        }

        published += cache->chunks.chunk[i].generation % 2;
    }

    if (published != cache->sh->entries) {
        return "something is published that is no entry";
    }

    return NULL;
}


static char *
walk_flights(ngx_http_endpoint_cache_t *cache)
{
    uint32_t                        i, b, running, purged, linked, idle;
    ngx_http_endpoint_flight_sh_t  *rec;

    running = 0;
    purged = 0;
    linked = 0;
    idle = 0;

    for (i = 0; i < cache->sh->flights; i++) {
        rec = &cache->flights[i];
        running += (rec->state == ngx_http_endpoint_flight_running);
        purged += (rec->state == ngx_http_endpoint_flight_purged);
    }

    for (b = 0; b <= cache->sh->flight_mask; b++) {

        for (i = cache->flight_buckets[b];
             i != NGX_HTTP_ENDPOINT_FLIGHT_NONE;
             i = rec->next)
        {
            if (i >= cache->sh->flights || ++linked > running) {
                return "a chain of flights is broken";
            }

            rec = &cache->flights[i];

            if (rec->state != ngx_http_endpoint_flight_running
                || (rec->hash & cache->sh->flight_mask) != b)
            {
                return "a flight is linked that does not belong there";
            }
        }
    }

    for (i = cache->sh->flight_first;
         i != NGX_HTTP_ENDPOINT_FLIGHT_NONE;
         i = cache->flights[i].next)
    {
        if (i >= cache->sh->flights
            || ++idle > cache->sh->flights
            || !ngx_http_endpoint_flight_ended(cache->flights[i].state))
        {
            return "the list of unused flights is broken";
        }
    }

    if (linked != running || running + purged + idle != cache->sh->flights) {
        return "a flight is lost";
    }

    return NULL;
}


/*
 * Checks every invariant of the zone under its lock.  NULL: it is whole,
 * otherwise the words for what is broken.
 */

static char *
walk(ngx_http_endpoint_cache_t *cache)
{
    char  *broken;

    ngx_http_endpoint_zone_lock(&cache->zone);

    ngx_http_endpoint_chunks_unmark(&cache->chunks);

    broken = walk_free(cache);

    if (broken == NULL) {
        broken = walk_entries(cache);
    }

    if (broken == NULL) {
        broken = walk_lru(cache);
    }

    if (broken == NULL) {
        broken = walk_rest(cache);
    }

    if (broken == NULL) {
        broken = walk_flights(cache);
    }

    ngx_http_endpoint_zone_unlock(&cache->zone);

    return broken;
}


#endif /* _UNIT_CACHE_WALK_H_INCLUDED_ */
