
/*
 * One look at a kept value: it is there, or it is on its way, or the caller
 * makes it.  For the cache statement and for cache= of a step alike.
 */


#ifndef _NGX_HTTP_ENDPOINT_LOOKUP_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_LOOKUP_H_INCLUDED_


#include "ngx_http_endpoint_flight.h"
#include "ngx_http_endpoint_key.h"
#include "ngx_http_endpoint_run.h"


/* what $endpoint_cache says */
typedef enum {
    ngx_http_endpoint_lookup_bypass = 0,    /* not looked for, or not kept */
    ngx_http_endpoint_lookup_miss,
    ngx_http_endpoint_lookup_expired,       /* there was one, it is made anew */
    ngx_http_endpoint_lookup_stale,         /* the old one, for an error */
    ngx_http_endpoint_lookup_updating,      /* the old one, at once */
    ngx_http_endpoint_lookup_hit
} ngx_http_endpoint_lookup_status_e;


/* memory of the run; flight is the first, for its handler */
typedef struct {
    ngx_http_endpoint_flight_t         flight;
    ngx_http_endpoint_exec_t          *exec;        /* who is to be woken */
    ngx_str_t                          types;       /* of the key */
    ngx_http_endpoint_cache_value_t    value;
    ngx_http_endpoint_lookup_status_e  status;
    ngx_int_t                          rc;  /* of a look, of the flight's end */
    ngx_uint_t                         rounds;
    ngx_event_t                       *timer;       /* of the wait, or NULL */
    ngx_uint_t                         nheaders;    /* set above the cache */
    unsigned                           looked:1;    /* rc and value are set */
    unsigned                           stale:1;     /* value is an old one */
    unsigned                           fallback:1;  /* what is made instead */
    unsigned                           waiting:1;   /* for another's flight */
    unsigned                           late:1;      /* and too long */
} ngx_http_endpoint_lookup_t;


/*
 * For the value of a rendered key; the caller sets exec, and flight.refresh
 * where it must be made anew.  NULL: memory.
 */
ngx_http_endpoint_lookup_t *ngx_http_endpoint_lookup_create(
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_cache_t *cache,
    ngx_str_t *text, ngx_str_t *types);

/* The same for a key that is to be rendered. */
ngx_http_endpoint_lookup_t *ngx_http_endpoint_lookup_key(
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_key_t *key);

/*
 * Looks for the value.  NGX_OK: lookup->value is to be used, and where the
 * lookup leads it is an old one, which the caller has refreshed; NGX_AGAIN:
 * exec will be woken; NGX_DECLINED: the caller makes the value, and ends the
 * flight where it leads; NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_lookup_start(ngx_http_endpoint_lookup_t *lookup);

/* The same when exec was woken after NGX_AGAIN. */
ngx_int_t ngx_http_endpoint_lookup_resume(ngx_http_endpoint_lookup_t *lookup);

/*
 * Hands the lead over to a run without a client, with the values of refs, in
 * which the lookup's step is to make the value: a lookup in the run's memory,
 * whose exec is that step's there.  NULL: logged, nobody leads any more.
 */
ngx_http_endpoint_lookup_t *ngx_http_endpoint_lookup_detach(
    ngx_http_endpoint_lookup_t *lookup, ngx_array_t *refs);

/*
 * Where a value could not be made anew: whether there is an old one, which
 * lookup->value then is.  NGX_DECLINED: there is none, or no longer.
 */
ngx_int_t ngx_http_endpoint_lookup_old(ngx_http_endpoint_lookup_t *lookup);

/* What $endpoint_cache says of a status. */
ngx_str_t *ngx_http_endpoint_lookup_status_name(
    ngx_http_endpoint_lookup_status_e status);

/* Whether what the caller makes is to be kept, and others may wait for it. */
#define ngx_http_endpoint_lookup_leads(lookup)                                \
    ((lookup)->flight.state == ngx_http_endpoint_flight_leading)

/* Leaves the flight, whatever its state. */
#define ngx_http_endpoint_lookup_cancel(lookup)                               \
    ngx_http_endpoint_flight_cancel(&(lookup)->flight)


#endif /* _NGX_HTTP_ENDPOINT_LOOKUP_H_INCLUDED_ */
