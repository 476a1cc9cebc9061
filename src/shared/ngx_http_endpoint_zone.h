
/*
 * The room shared/ holds what workers share: zones of memory that survive the
 * death of who holds their lock, chunks in them, and how one worker wakes
 * another.  It may use data/.
 */

/*
 * A zone of shared memory: its layout header, its lock, and what makes it
 * whole again after a worker has died inside the lock.
 *
 * nginx's slab pool at the start of every zone lends its mutex alone, because
 * the master unlocks that one when it reaps a worker.  The pages behind it are
 * laid out by the kind of the zone: a slab pool that a dying worker left half
 * written cannot be mended, a layout of our own can.
 */


#ifndef _NGX_HTTP_ENDPOINT_ZONE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_ZONE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct ngx_http_endpoint_zone_s  ngx_http_endpoint_zone_t;


/* what stands first in the shared memory of every kind */
typedef struct {
    uint32_t                              magic;
    uint32_t                              version;
    uint64_t                              layout;
    uint64_t                              size;     /* with this header */
    ngx_atomic_t                          owner;    /* pid inside the lock */
} ngx_http_endpoint_zone_sh_t;


typedef struct {
    char                                 *name;     /* of the directive */
    uint32_t                              version;  /* of the layout */
    uint64_t                              layout;   /* sizes it depends on */

    /*
     * lays out empty memory, zone->sh->size bytes; NGX_ERROR: too small.
     * NULL: layout bytes with the header, of which the others are 0
     */
    ngx_int_t                           (*create)(
                                              ngx_http_endpoint_zone_t *zone);

    /* points this process's handle into memory that is laid out; or NULL */
    void                                (*attach)(
                                              ngx_http_endpoint_zone_t *zone);

    /*
     * called with the lock held, after pid has died while it held it; NULL:
     * all of it is whole between any two stores
     */
    void                                (*rebuild)(
                                              ngx_http_endpoint_zone_t *zone,
                                              ngx_pid_t pid);
} ngx_http_endpoint_zone_kind_t;


/* the handle of a process, made anew for every cycle; a kind embeds it first */
struct ngx_http_endpoint_zone_s {
    ngx_str_t                             name;
    ngx_http_endpoint_zone_kind_t        *kind;
    ngx_http_endpoint_zone_sh_t          *sh;
    ngx_shmtx_t                          *mutex;
};


/*
 * Declares the zone "name:size", the text behind "zone=".  param is the whole
 * parameter for the messages; the zone must live as long as the cycle.
 * Mistakes are logged with file and line: NGX_ERROR.
 */
ngx_int_t ngx_http_endpoint_zone_add(ngx_conf_t *cf, ngx_str_t *param,
    ngx_http_endpoint_zone_kind_t *kind, ngx_http_endpoint_zone_t *zone);

/*
 * The same for a zone without a directive; name and size are the caller's.
 * NGX_DECLINED: this cycle has it already.
 */
ngx_int_t ngx_http_endpoint_zone_declare(ngx_conf_t *cf, ngx_str_t *name,
    size_t size, ngx_http_endpoint_zone_kind_t *kind,
    ngx_http_endpoint_zone_t *zone);

/*
 * The same for one whose size is that of its layout; *zone is set to memory of
 * cf's pool.  NGX_DECLINED: this cycle has it already, *zone is left alone.
 */
ngx_int_t ngx_http_endpoint_zone_own(ngx_conf_t *cf, ngx_str_t *name,
    ngx_http_endpoint_zone_kind_t *kind, ngx_http_endpoint_zone_t **zone);

/*
 * Lays out sh, or attaches to it where it already has this kind's layout.
 * NGX_DECLINED: laid out for something else, left as it is; NGX_ERROR: too
 * small.  Pure: what the tests call in place of nginx's init of a zone.
 */
ngx_int_t ngx_http_endpoint_zone_open(ngx_http_endpoint_zone_t *zone,
    ngx_http_endpoint_zone_kind_t *kind, void *sh, size_t size);

/*
 * The lock of the zone, rebuilt first if its last owner died inside.  Never
 * taken in the master: only the master unlocks for a dead worker.
 */
void ngx_http_endpoint_zone_lock(ngx_http_endpoint_zone_t *zone);
void ngx_http_endpoint_zone_unlock(ngx_http_endpoint_zone_t *zone);


#endif /* _NGX_HTTP_ENDPOINT_ZONE_H_INCLUDED_ */
