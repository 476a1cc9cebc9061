
#include "ngx_http_endpoint_zone.h"


#define NGX_HTTP_ENDPOINT_ZONE_MAGIC  0x65706e7a
#define NGX_HTTP_ENDPOINT_ZONE_PAGES  8


static ngx_int_t ngx_http_endpoint_zone_init(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_int_t ngx_http_endpoint_zone_create(
    ngx_http_endpoint_zone_t *zone);
static void ngx_http_endpoint_zone_explain(ngx_shm_zone_t *shm_zone);
static ngx_shm_zone_t *ngx_http_endpoint_zone_find(ngx_cycle_t *cycle,
    ngx_str_t *name);


ngx_int_t
ngx_http_endpoint_zone_add(ngx_conf_t *cf, ngx_str_t *param,
    ngx_http_endpoint_zone_kind_t *kind, ngx_http_endpoint_zone_t *zone)
{
    u_char     *p, *last;
    ssize_t     size;
    ngx_int_t   rc;
    ngx_str_t   name, s;

    name.data = param->data + sizeof("zone=") - 1;
    last = param->data + param->len;

    p = ngx_strlchr(name.data, last, ':');

    if (p == NULL || p == name.data) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone \"%V\", expected \"zone=name:size\"",
                           param);
        return NGX_ERROR;
    }

    name.len = p - name.data;

    s.data = p + 1;
    s.len = last - s.data;

    size = ngx_parse_size(&s);

    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone size \"%V\"", param);
        return NGX_ERROR;
    }

    if (size < (ssize_t) (NGX_HTTP_ENDPOINT_ZONE_PAGES * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is too small, expected %uzk or more",
                           param,
                           NGX_HTTP_ENDPOINT_ZONE_PAGES * ngx_pagesize / 1024);
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_zone_declare(cf, &name, size, kind, zone);

    if (rc == NGX_DECLINED) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate zone \"%V\"", &name);
        return NGX_ERROR;
    }

    return rc;
}


ngx_int_t
ngx_http_endpoint_zone_declare(ngx_conf_t *cf, ngx_str_t *name, size_t size,
    ngx_http_endpoint_zone_kind_t *kind, ngx_http_endpoint_zone_t *zone)
{
    ngx_shm_zone_t  *shm_zone;

    shm_zone = ngx_shared_memory_add(cf, name, size, kind);
    if (shm_zone == NULL) {
        return NGX_ERROR;
    }

    if (shm_zone->data) {
        return NGX_DECLINED;
    }

    zone->name = shm_zone->shm.name;
    zone->kind = kind;

    shm_zone->init = ngx_http_endpoint_zone_init;
    shm_zone->data = zone;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_zone_own(ngx_conf_t *cf, ngx_str_t *name,
    ngx_http_endpoint_zone_kind_t *kind, ngx_http_endpoint_zone_t **zone)
{
    size_t                     size;
    ngx_int_t                  rc;
    ngx_http_endpoint_zone_t  *own;

    own = ngx_pcalloc(cf->pool, sizeof(ngx_http_endpoint_zone_t));
    if (own == NULL) {
        return NGX_ERROR;
    }

    /* the slab pool's own tables take some of the first pages */

    size = ngx_align(kind->layout, ngx_pagesize) + 8 * ngx_pagesize;

    rc = ngx_http_endpoint_zone_declare(cf, name, size, kind, own);

    if (rc == NGX_OK) {
        *zone = own;
    }

    return rc;
}


static ngx_int_t
ngx_http_endpoint_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_int_t                  rc;
    ngx_slab_pool_t           *sp;
    ngx_http_endpoint_zone_t  *zone;

    zone = shm_zone->data;

    sp = (ngx_slab_pool_t *) shm_zone->shm.addr;
    zone->mutex = &sp->mutex;

    if (data == NULL) {
        ngx_http_endpoint_zone_explain(shm_zone);
    }

    rc = ngx_http_endpoint_zone_open(zone, zone->kind, sp->start,
                                     sp->end - sp->start);

    if (rc == NGX_DECLINED) {

        /* workers of the old cycle are still at work in this memory */

        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "%s \"%V\" has the layout of another version",
                      zone->kind->name, &zone->name);
        return NGX_ERROR;
    }

    if (rc == NGX_ERROR) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "%s \"%V\" is too small",
                      zone->kind->name, &zone->name);
    }

    return rc;
}


/* nginx gives a zone new memory silently; an operator wants to know why */

static void
ngx_http_endpoint_zone_explain(ngx_shm_zone_t *shm_zone)
{
    ngx_shm_zone_t            *old;
    ngx_http_endpoint_zone_t  *zone;

    zone = shm_zone->data;

    /* ngx_cycle is the old cycle until the new one is complete */

    old = ngx_http_endpoint_zone_find((ngx_cycle_t *) ngx_cycle, &zone->name);

    if (old == NULL) {
        return;
    }

    if (old->shm.size != shm_zone->shm.size) {
        ngx_log_error(NGX_LOG_NOTICE, shm_zone->shm.log, 0,
                      "%s \"%V\" starts empty: its size was %uz and is %uz",
                      zone->kind->name, &zone->name, old->shm.size,
                      shm_zone->shm.size);
        return;
    }

    ngx_log_error(NGX_LOG_NOTICE, shm_zone->shm.log, 0,
                  "%s \"%V\" starts empty: "
                  "it was laid out by another build or directive",
                  zone->kind->name, &zone->name);
}


static ngx_shm_zone_t *
ngx_http_endpoint_zone_find(ngx_cycle_t *cycle, ngx_str_t *name)
{
    ngx_uint_t        i;
    ngx_shm_zone_t   *shm_zone;
    ngx_list_part_t  *part;

    for (part = &cycle->shared_memory.part; part; part = part->next) {

        shm_zone = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (shm_zone[i].shm.name.len == name->len
                && ngx_strncmp(shm_zone[i].shm.name.data, name->data,
                               name->len)
                   == 0)
            {
                return &shm_zone[i];
            }
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_endpoint_zone_open(ngx_http_endpoint_zone_t *zone,
    ngx_http_endpoint_zone_kind_t *kind, void *sh, size_t size)
{
    zone->kind = kind;
    zone->sh = sh;

    if (zone->sh->magic == NGX_HTTP_ENDPOINT_ZONE_MAGIC) {

        if (zone->sh->version != kind->version
            || zone->sh->layout != kind->layout
            || zone->sh->size != size)
        {
            return NGX_DECLINED;
        }

        if (kind->attach) {
            kind->attach(zone);
        }

        return NGX_OK;
    }

    zone->sh->version = kind->version;
    zone->sh->layout = kind->layout;
    zone->sh->size = size;
    zone->sh->owner = 0;

    if (ngx_http_endpoint_zone_create(zone) != NGX_OK) {
        return NGX_ERROR;
    }

    /* last, so that it vouches for all that stands behind it */

    zone->sh->magic = NGX_HTTP_ENDPOINT_ZONE_MAGIC;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_zone_create(ngx_http_endpoint_zone_t *zone)
{
    size_t  header;

    if (zone->kind->create) {
        return zone->kind->create(zone);
    }

    if (zone->sh->size < zone->kind->layout) {
        return NGX_ERROR;
    }

    header = sizeof(ngx_http_endpoint_zone_sh_t);

    ngx_memzero((u_char *) zone->sh + header, zone->kind->layout - header);

    return NGX_OK;
}


void
ngx_http_endpoint_zone_lock(ngx_http_endpoint_zone_t *zone)
{
    ngx_pid_t  pid;

    ngx_shmtx_lock(zone->mutex);

    pid = (ngx_pid_t) zone->sh->owner;

    zone->sh->owner = (ngx_atomic_uint_t) ngx_pid;
    ngx_memory_barrier();

    if (pid == 0) {
        return;
    }

    ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                  "%s \"%V\" was being changed when process %P died, "
                  "rebuilding", zone->kind->name, &zone->name, pid);

    if (zone->kind->rebuild) {
        zone->kind->rebuild(zone, pid);
    }
}


void
ngx_http_endpoint_zone_unlock(ngx_http_endpoint_zone_t *zone)
{
    ngx_memory_barrier();
    zone->sh->owner = 0;

    ngx_shmtx_unlock(zone->mutex);
}
