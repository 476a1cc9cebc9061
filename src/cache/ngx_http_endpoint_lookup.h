
/*
 * One look at a kept value: it is there, or it is on its way, or the caller
 * makes it.  For the cache statement and for cache= of a step alike.
 */


#ifndef _NGX_HTTP_ENDPOINT_FILL_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_FILL_H_INCLUDED_


#include "ngx_http_endpoint_flight.h"
#include "ngx_http_endpoint_key.h"


/* what $endpoint_cache says */
typedef enum {
    ngx_http_endpoint_fill_bypass = 0,  /* not looked for, or not kept */
    ngx_http_endpoint_fill_miss,
    ngx_http_endpoint_fill_expired,     /* there was one, it is made anew */
    ngx_http_endpoint_fill_stale,       /* the old one, in place of an error */
    ngx_http_endpoint_fill_updating,    /* the old one, another is being made */
    ngx_http_endpoint_fill_hit
} ngx_http_endpoint_fill_status_e;


/* memory of the run; flight is the first, for its handler */
struct ngx_http_endpoint_fill_s {
    ngx_http_endpoint_flight_t         flight;
    ngx_http_endpoint_exec_t          *exec;        /* who is to be woken */
    ngx_str_t                          types;       /* of the key */
    ngx_http_endpoint_cache_value_t    value;
    ngx_http_endpoint_fill_status_e    status;
    ngx_int_t                          rc;  /* of a look, of the flight's end */
    ngx_uint_t                         rounds;
    ngx_uint_t                         nheaders;    /* set above the cache */
    unsigned                           looked:1;    /* rc and value are set */
    unsigned                           stale:1;     /* value is an old one */
    unsigned                           waiting:1;   /* for another's flight */
};


/*
 * For the value of a rendered key; the caller sets exec, and flight.refresh
 * where it must be made anew.  NULL: memory.
 */
ngx_http_endpoint_fill_t *ngx_http_endpoint_fill_create(
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_cache_t *cache,
    ngx_str_t *text, ngx_str_t *types);

/* The same for a key that is to be rendered. */
ngx_http_endpoint_fill_t *ngx_http_endpoint_fill_of(
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_key_t *key);

/*
 * Looks for the value.  NGX_OK: fill->value is to be used; NGX_AGAIN: exec
 * will be woken; NGX_DECLINED: the caller makes the value, and ends the flight
 * where it leads; NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_fill_start(ngx_http_endpoint_fill_t *fill);

/* The same when exec was woken after NGX_AGAIN. */
ngx_int_t ngx_http_endpoint_fill_resume(ngx_http_endpoint_fill_t *fill);

/* What $endpoint_cache says of a status. */
ngx_str_t *ngx_http_endpoint_fill_name(ngx_http_endpoint_fill_status_e status);

/* Whether what the caller makes is to be kept, and others may wait for it. */
#define ngx_http_endpoint_fill_leads(fill)                                    \
    ((fill)->flight.state == ngx_http_endpoint_flight_leading)

/* Leaves the flight, whatever its state. */
#define ngx_http_endpoint_fill_cancel(fill)                                   \
    ngx_http_endpoint_flight_cancel(&(fill)->flight)


#endif /* _NGX_HTTP_ENDPOINT_FILL_H_INCLUDED_ */
