
#include "ngx_http_endpoint_chunk.h"


static void ngx_http_endpoint_claims_sweep(
    ngx_http_endpoint_chunks_t *chunks);
static void ngx_http_endpoint_chunks_give(ngx_http_endpoint_chunks_t *chunks,
    uint32_t head);


void
ngx_http_endpoint_chunks_create(ngx_http_endpoint_chunks_t *chunks, uint32_t n)
{
    uint32_t  i;

    ngx_memzero(chunks->sh, sizeof(ngx_http_endpoint_chunks_sh_t));

    chunks->sh->n = n;

    for (i = 0; i < n; i++) {
        chunks->chunk[i].generation = 0;
    }

    ngx_http_endpoint_chunks_unmark(chunks);
    ngx_http_endpoint_chunks_collect(chunks);
}


ngx_http_endpoint_claim_t *
ngx_http_endpoint_claim_open(ngx_http_endpoint_chunks_t *chunks, size_t count)
{
    ngx_uint_t                   i;
    ngx_http_endpoint_worker_t   self;
    ngx_http_endpoint_claim_t  *claim;

    self = ngx_http_endpoint_wake_self();

    if (chunks->sh->promised) {
        ngx_http_endpoint_claims_sweep(chunks);
    }

    if (self.slot == NGX_HTTP_ENDPOINT_WAKE_NONE
        || count > chunks->sh->n - chunks->sh->promised)
    {
        return NULL;
    }

    for (i = 0; i < NGX_HTTP_ENDPOINT_CLAIMS; i++) {
        claim = &chunks->sh->claims[i];

        if (claim->count == 0) {
            claim->owner = self;
            claim->head = NGX_HTTP_ENDPOINT_CHUNK_NONE;
            claim->taken = 0;

            /* who dies in here must not leave it to the last owner */

            ngx_memory_barrier();
            claim->count = count;

            chunks->sh->promised += count;

            return claim;
        }
    }

    return NULL;
}


static void
ngx_http_endpoint_claims_sweep(ngx_http_endpoint_chunks_t *chunks)
{
    ngx_uint_t                   i;
    ngx_http_endpoint_claim_t  *claim;

    for (i = 0; i < NGX_HTTP_ENDPOINT_CLAIMS; i++) {
        claim = &chunks->sh->claims[i];

        if (claim->count && !ngx_http_endpoint_wake_alive(claim->owner)) {
            ngx_http_endpoint_claim_drop(chunks, claim);
        }
    }
}


uint32_t
ngx_http_endpoint_claim_take(ngx_http_endpoint_chunks_t *chunks,
    ngx_http_endpoint_claim_t *claim)
{
    uint32_t  i;

    while (claim->taken < claim->count && chunks->sh->nfree) {

        i = chunks->sh->free;

        chunks->sh->free = chunks->chunk[i].next;
        chunks->sh->nfree--;

        chunks->chunk[i].next = claim->head;
        claim->head = i;
        claim->taken++;
    }

    return claim->count - claim->taken;
}


uint32_t
ngx_http_endpoint_claim_publish(ngx_http_endpoint_chunks_t *chunks,
    ngx_http_endpoint_claim_t *claim)
{
    uint32_t  head;

    head = claim->head;

    ngx_memory_barrier();
    chunks->chunk[head].generation++;
    ngx_memory_barrier();

    chunks->sh->promised -= claim->count;
    claim->count = 0;

    return head;
}


void
ngx_http_endpoint_claim_drop(ngx_http_endpoint_chunks_t *chunks,
    ngx_http_endpoint_claim_t *claim)
{
    ngx_http_endpoint_chunks_give(chunks, claim->head);

    chunks->sh->promised -= claim->count;
    claim->count = 0;
}


uint32_t
ngx_http_endpoint_chunks_take(ngx_http_endpoint_chunks_t *chunks,
    uint32_t count)
{
    uint32_t  i, head;

    if (chunks->sh->nfree < count) {
        return NGX_HTTP_ENDPOINT_CHUNK_NONE;
    }

    head = NGX_HTTP_ENDPOINT_CHUNK_NONE;

    while (count--) {
        i = chunks->sh->free;

        chunks->sh->free = chunks->chunk[i].next;
        chunks->sh->nfree--;

        chunks->chunk[i].next = head;
        head = i;
    }

    chunks->chunk[head].generation++;

    return head;
}


void
ngx_http_endpoint_chunks_free(ngx_http_endpoint_chunks_t *chunks,
    uint32_t head)
{
    chunks->chunk[head].generation++;
    ngx_memory_barrier();

    ngx_http_endpoint_chunks_give(chunks, head);
}


static void
ngx_http_endpoint_chunks_give(ngx_http_endpoint_chunks_t *chunks,
    uint32_t head)
{
    uint32_t  next;

    while (head != NGX_HTTP_ENDPOINT_CHUNK_NONE) {

        next = chunks->chunk[head].next;

        chunks->chunk[head].next = chunks->sh->free;
        chunks->sh->free = head;
        chunks->sh->nfree++;

        head = next;
    }
}


void
ngx_http_endpoint_chunks_write(ngx_http_endpoint_chunks_t *chunks,
    ngx_http_endpoint_cursor_t *cursor, u_char *data, size_t len)
{
    size_t   n;
    u_char  *p;

    while (len) {

        if (cursor->pos == NGX_HTTP_ENDPOINT_CHUNK_SIZE) {
            cursor->chunk = chunks->chunk[cursor->chunk].next;
            cursor->pos = 0;
        }

        p = ngx_http_endpoint_chunk_data(chunks, cursor->chunk);

        n = ngx_min(len, NGX_HTTP_ENDPOINT_CHUNK_SIZE - cursor->pos);
        ngx_memcpy(p + cursor->pos, data, n);

        cursor->pos += n;
        data += n;
        len -= n;
    }
}


ngx_int_t
ngx_http_endpoint_chunks_read(ngx_http_endpoint_chunks_t *chunks,
    ngx_http_endpoint_cursor_t *cursor, u_char *data, size_t len)
{
    size_t   n;
    u_char  *p;

    while (len) {

        if (cursor->pos == NGX_HTTP_ENDPOINT_CHUNK_SIZE) {
            cursor->chunk = chunks->chunk[cursor->chunk].next;
            cursor->pos = 0;

            if (cursor->chunk >= chunks->sh->n) {
                return NGX_ERROR;
            }
        }

        p = ngx_http_endpoint_chunk_data(chunks, cursor->chunk);

        n = ngx_min(len, NGX_HTTP_ENDPOINT_CHUNK_SIZE - cursor->pos);
        ngx_memcpy(data, p + cursor->pos, n);

        cursor->pos += n;
        data += n;
        len -= n;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_endpoint_chunks_equal(ngx_http_endpoint_chunks_t *chunks,
    ngx_http_endpoint_cursor_t *cursor, u_char *data, size_t len)
{
    size_t   n;
    u_char  *p;

    while (len) {

        if (cursor->pos == NGX_HTTP_ENDPOINT_CHUNK_SIZE) {
            cursor->chunk = chunks->chunk[cursor->chunk].next;
            cursor->pos = 0;
        }

        p = ngx_http_endpoint_chunk_data(chunks, cursor->chunk);

        n = ngx_min(len, NGX_HTTP_ENDPOINT_CHUNK_SIZE - cursor->pos);

        if (ngx_memcmp(p + cursor->pos, data, n) != 0) {
            return 0;
        }

        cursor->pos += n;
        data += n;
        len -= n;
    }

    return 1;
}


void
ngx_http_endpoint_chunks_unmark(ngx_http_endpoint_chunks_t *chunks)
{
    ngx_memzero(chunks->marks, (chunks->sh->n + 7) / 8);
}


ngx_uint_t
ngx_http_endpoint_chunks_mark(ngx_http_endpoint_chunks_t *chunks,
    uint32_t head, uint32_t n)
{
    uint32_t  i, marked;

    marked = 0;

    for (i = head; i < chunks->sh->n; i = chunks->chunk[i].next) {

        if (marked == n || (chunks->marks[i / 8] & (1 << (i % 8)))) {
            break;
        }

        chunks->marks[i / 8] |= 1 << (i % 8);
        marked++;
    }

    if (i == NGX_HTTP_ENDPOINT_CHUNK_NONE && marked == n) {
        return 1;
    }

    for (i = head; marked; marked--) {
        chunks->marks[i / 8] &= ~(1 << (i % 8));
        i = chunks->chunk[i].next;
    }

    return 0;
}


void
ngx_http_endpoint_chunks_collect(ngx_http_endpoint_chunks_t *chunks)
{
    uint32_t  i;

    chunks->sh->free = NGX_HTTP_ENDPOINT_CHUNK_NONE;
    chunks->sh->nfree = 0;

    for (i = chunks->sh->n; i-- > 0; /* void */ ) {

        if (chunks->marks[i / 8] & (1 << (i % 8))) {
            continue;
        }

        /* what was published here is not to be found any more */

        chunks->chunk[i].generation += chunks->chunk[i].generation & 1;

        chunks->chunk[i].next = chunks->sh->free;
        chunks->sh->free = i;
        chunks->sh->nfree++;
    }
}
