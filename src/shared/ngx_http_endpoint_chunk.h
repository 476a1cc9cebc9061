
/*
 * The memory of a cache zone: chunks of one size, chained by their numbers.
 * A value takes any chunks that are free, so nothing fragments and eviction is
 * bounded.  All of it is called with the zone's lock held, but for reading and
 * writing bytes.
 */


#ifndef _NGX_HTTP_ENDPOINT_CHUNK_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CHUNK_H_INCLUDED_


#include "ngx_http_endpoint_wake.h"


#define NGX_HTTP_ENDPOINT_CHUNK_SIZE  256
#define NGX_HTTP_ENDPOINT_CHUNK_NONE  0xffffffff

/* values that are copied into the zone in the same moment */
#define NGX_HTTP_ENDPOINT_CLAIMS      64


/*
 * Kept apart from the bytes, so that no value can forge it.  The generation
 * of a chain's first chunk is odd while the chain is published: the store that
 * makes it odd publishes, the one that makes it even takes back.
 */
typedef struct {
    uint32_t                              next;
    volatile uint32_t                     generation;
} ngx_http_endpoint_chunk_t;


/* chunks that a worker took and has not published yet */
typedef struct {
    ngx_http_endpoint_worker_t            owner;
    uint32_t                              head;
    uint32_t                              taken;
    uint32_t                              count;    /* 0: unused */
} ngx_http_endpoint_claim_t;


typedef struct {
    uint32_t                              n;
    uint32_t                              free;
    uint32_t                              nfree;
    uint32_t                              promised; /* sum of claims' counts */
    ngx_http_endpoint_claim_t            claims[NGX_HTTP_ENDPOINT_CLAIMS];
} ngx_http_endpoint_chunks_sh_t;


typedef struct {
    ngx_http_endpoint_chunks_sh_t        *sh;
    ngx_http_endpoint_chunk_t            *chunk;
    u_char                               *data;
    u_char                               *marks;    /* for a rebuild */
} ngx_http_endpoint_chunks_t;


typedef struct {
    uint32_t                              chunk;
    uint32_t                              pos;
} ngx_http_endpoint_cursor_t;


#define ngx_http_endpoint_chunk_data(chunks, i)                               \
    ((chunks)->data + (size_t) (i) * NGX_HTTP_ENDPOINT_CHUNK_SIZE)


/* Makes all n chunks free, without a claim on any. */
void ngx_http_endpoint_chunks_create(ngx_http_endpoint_chunks_t *chunks,
    uint32_t n);

/*
 * Promises count chunks to this worker.  NULL: more than the zone can ever
 * give while others hold theirs.  The claims of dead workers are dropped.
 */
ngx_http_endpoint_claim_t *ngx_http_endpoint_claim_open(
    ngx_http_endpoint_chunks_t *chunks, size_t count);

/* Takes free chunks, as many as are there and missing; returns the missing. */
uint32_t ngx_http_endpoint_claim_take(ngx_http_endpoint_chunks_t *chunks,
    ngx_http_endpoint_claim_t *claim);

/* Publishes the chain and ends the claim; returns the head. */
uint32_t ngx_http_endpoint_claim_publish(ngx_http_endpoint_chunks_t *chunks,
    ngx_http_endpoint_claim_t *claim);

/* Gives the chunks back. */
void ngx_http_endpoint_claim_drop(ngx_http_endpoint_chunks_t *chunks,
    ngx_http_endpoint_claim_t *claim);

/*
 * Takes count free chunks, 1 or more, as a published chain, for who writes it
 * before the lock is released.  CHUNK_NONE: there are not so many.
 */
uint32_t ngx_http_endpoint_chunks_take(ngx_http_endpoint_chunks_t *chunks,
    uint32_t count);

/* Takes a published chain back and frees it. */
void ngx_http_endpoint_chunks_free(ngx_http_endpoint_chunks_t *chunks,
    uint32_t head);

/* Writes into a chain that is long enough and moves the cursor. */
void ngx_http_endpoint_chunks_write(ngx_http_endpoint_chunks_t *chunks,
    ngx_http_endpoint_cursor_t *cursor, u_char *data, size_t len);

/*
 * Reads and moves the cursor.  Without the lock the chain may be freed
 * meanwhile: the bytes count only if its generation is the same afterwards.
 * NGX_ERROR: the chain ended before len bytes.
 */
ngx_int_t ngx_http_endpoint_chunks_read(ngx_http_endpoint_chunks_t *chunks,
    ngx_http_endpoint_cursor_t *cursor, u_char *data, size_t len);

/* Whether the next len bytes equal data; moves the cursor. */
ngx_uint_t ngx_http_endpoint_chunks_equal(ngx_http_endpoint_chunks_t *chunks,
    ngx_http_endpoint_cursor_t *cursor, u_char *data, size_t len);

/*
 * For a rebuild: forgets all marks, and marks a chain of n chunks.  0, and
 * nothing is marked: it is of another length, leaves the zone or meets a chunk
 * that has a mark.
 */
void ngx_http_endpoint_chunks_unmark(ngx_http_endpoint_chunks_t *chunks);
ngx_uint_t ngx_http_endpoint_chunks_mark(ngx_http_endpoint_chunks_t *chunks,
    uint32_t head, uint32_t n);

/* Makes the free list of all chunks without a mark. */
void ngx_http_endpoint_chunks_collect(ngx_http_endpoint_chunks_t *chunks);


#endif /* _NGX_HTTP_ENDPOINT_CHUNK_H_INCLUDED_ */
