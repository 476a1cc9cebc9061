
/*
 * What workers know of schedules and startups: which run was taken last, and by
 * whom.
 */


#ifndef _NGX_HTTP_ENDPOINT_SCHEDULE_ZONE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_SCHEDULE_ZONE_H_INCLUDED_


#include "ngx_http_endpoint_wake.h"
#include "ngx_http_endpoint_zone.h"


#define NGX_HTTP_ENDPOINT_SCHEDULES     256
#define NGX_HTTP_ENDPOINT_STARTUPS      64

/* startups of a load that is left and of the next one have slots at a time */
#define NGX_HTTP_ENDPOINT_SCHEDULE_SLOTS                                      \
    (NGX_HTTP_ENDPOINT_SCHEDULES + 2 * NGX_HTTP_ENDPOINT_STARTUPS)

#define NGX_HTTP_ENDPOINT_SCHEDULE_KEY  16


/*
 * Its run is under way while taken is behind done: the one store of taken
 * begins it, the one of done ends it, so that a worker may die between any two
 * stores.  Ticks are milliseconds, of whichever clock the schedule goes by.
 */
typedef struct {
    u_char                              key[NGX_HTTP_ENDPOINT_SCHEDULE_KEY];
    ngx_http_endpoint_worker_t          owner;
    volatile uint64_t                   taken;
    volatile uint64_t                   done;
    uint64_t                            seen;   /* of ngx_current_msec */
    uint32_t                            deaths; /* of workers, in this run */
    volatile uint32_t                   used;
} ngx_http_endpoint_schedule_slot_t;


/* Adds the zone to the cycle, once.  NULL: logged. */
ngx_http_endpoint_zone_t *ngx_http_endpoint_schedule_zone_add(ngx_conf_t *cf);

/*
 * The slot of a key, with the zone's lock held; a new one has nothing under
 * way, and now as its last tick.  One that no worker has looked at for the
 * longest time makes room.
 */
ngx_http_endpoint_schedule_slot_t *ngx_http_endpoint_schedule_slot(
    ngx_http_endpoint_zone_t *zone, u_char *key, uint64_t now);

/* Ends the run that this worker has taken; now is the schedule's. */
void ngx_http_endpoint_schedule_done(ngx_http_endpoint_zone_t *zone,
    u_char *key, uint64_t taken, uint64_t now);


#endif /* _NGX_HTTP_ENDPOINT_SCHEDULE_ZONE_H_INCLUDED_ */
