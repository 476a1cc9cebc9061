
/*
 * What a zone of tasks is given at the start, and where its tasks go at the
 * end: all of it in the master, without a worker at work in the zone, but for
 * the old workers of a reload in the zone that is left.
 */


#include "ngx_http_endpoint_task.h"
#include "ngx_http_endpoint_task_layout.h"


#define NGX_HTTP_ENDPOINT_TASK_MAGIC  "endpoint tasks 1"

/* how long the master waits for the lock of a zone that is in use */
#define NGX_HTTP_ENDPOINT_TASK_PATIENCE  1000


typedef struct {
    u_char                            magic[16];
    uint32_t                          crc;      /* of all that follows */
    uint32_t                          record;   /* its size */
    uint64_t                          n;
} ngx_http_endpoint_task_head_t;


static void ngx_http_endpoint_task_adopt(ngx_cycle_t *cycle,
    ngx_http_endpoint_task_zone_t *zone);
static void ngx_http_endpoint_task_abandon(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf);
static void ngx_http_endpoint_task_move(ngx_cycle_t *cycle,
    ngx_http_endpoint_task_zone_t *zone, ngx_http_endpoint_task_zone_t *old);
static ngx_int_t ngx_http_endpoint_task_move_one(ngx_cycle_t *cycle,
    ngx_http_endpoint_task_zone_t *zone, ngx_http_endpoint_task_zone_t *old,
    uint32_t slot);
static void ngx_http_endpoint_task_load(ngx_cycle_t *cycle,
    ngx_http_endpoint_task_zone_t *zone);
static ngx_int_t ngx_http_endpoint_task_read_file(ngx_cycle_t *cycle,
    ngx_pool_t *pool, ngx_http_endpoint_task_zone_t *zone, ngx_str_t *text);
static ngx_int_t ngx_http_endpoint_task_check(ngx_str_t *text);
static ngx_uint_t ngx_http_endpoint_task_put_all(
    ngx_http_endpoint_task_zone_t *zone, ngx_str_t *text);
static void ngx_http_endpoint_task_aside(ngx_cycle_t *cycle, ngx_pool_t *pool,
    ngx_http_endpoint_task_zone_t *zone);
static void ngx_http_endpoint_task_save(ngx_cycle_t *cycle,
    ngx_http_endpoint_task_zone_t *zone);
static uint32_t ngx_http_endpoint_task_left(
    ngx_http_endpoint_task_zone_t *zone, size_t *size);
static ngx_int_t ngx_http_endpoint_task_pack(
    ngx_http_endpoint_task_zone_t *zone, uint32_t n, u_char *p);
static ngx_int_t ngx_http_endpoint_task_write_file(ngx_cycle_t *cycle,
    ngx_http_endpoint_task_zone_t *zone, ngx_pool_t *pool, u_char *data,
    size_t size);
static int64_t ngx_http_endpoint_task_now(void);


void
ngx_http_endpoint_task_init_module(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf)
{
    ngx_uint_t                       i;
    ngx_http_endpoint_task_zone_t  **zones;

    if (ngx_test_config) {
        return;
    }

    zones = emcf->task_zones.elts;

    for (i = 0; i < emcf->task_zones.nelts; i++) {
        if (zones[i]->fresh) {
            zones[i]->fresh = 0;
            ngx_http_endpoint_task_adopt(cycle, zones[i]);
        }

        /* it goes with the old cycle */

        zones[i]->old = NULL;
    }

    ngx_http_endpoint_task_abandon(cycle, emcf);
}


/* a zone that the configuration has no more: its workers end what is in it */

static void
ngx_http_endpoint_task_abandon(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf)
{
    ngx_uint_t                       i;
    ngx_http_endpoint_main_conf_t   *before;
    ngx_http_endpoint_task_zone_t  **zones;

    /* ngx_cycle is the old cycle until the new one is complete */

    before = ngx_cycle->conf_ctx
             ? ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                                   ngx_http_endpoint_module)
             : NULL;

    if (before == NULL || before == emcf) {
        return;
    }

    zones = before->task_zones.elts;

    for (i = 0; i < before->task_zones.nelts; i++) {

        if (zones[i]->sh == NULL
            || ngx_http_endpoint_task_zone_find(emcf, &zones[i]->zone.name))
        {
            continue;
        }

        zones[i]->sh->moved = 1;

        if (zones[i]->sh->nwaiting) {
            ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                          "zone \"%V\" is not in the configuration any more: "
                          "the old worker processes run what is due of its "
                          "%uD tasks before they end", &zones[i]->zone.name,
                          zones[i]->sh->nwaiting);
        }
    }
}


static void
ngx_http_endpoint_task_adopt(ngx_cycle_t *cycle,
    ngx_http_endpoint_task_zone_t *zone)
{
    if (zone->old) {
        ngx_http_endpoint_task_move(cycle, zone, zone->old);

    } else if (zone->file.len) {
        ngx_http_endpoint_task_load(cycle, zone);
    }
}


static void
ngx_http_endpoint_task_move(ngx_cycle_t *cycle,
    ngx_http_endpoint_task_zone_t *zone, ngx_http_endpoint_task_zone_t *old)
{
    uint32_t    i, n, lost;
    ngx_uint_t  tries;

    /*
     * Not the lock that waits: who holds it may be dead, and it is the master
     * that would see to that.
     */

    for (tries = 0; !ngx_shmtx_trylock(old->zone.mutex); tries++) {

        if (tries == NGX_HTTP_ENDPOINT_TASK_PATIENCE) {
            ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                          "endpoint_task_zone \"%V\": the tasks of the old "
                          "zone stay with the old workers, its lock is held",
                          &zone->zone.name);

            old->sh->moved = 1;
            return;
        }

        ngx_msleep(1);
    }

    if (old->zone.sh->owner) {
        old->zone.kind->rebuild(&old->zone, (ngx_pid_t) old->zone.sh->owner);
        old->zone.sh->owner = 0;
    }

    n = 0;
    lost = 0;

    /* those that run now end where they are */

    for (i = 0; i < old->sh->n; i++) {
        if (old->tasks[i].state != ngx_http_endpoint_task_waiting
            && old->tasks[i].state != ngx_http_endpoint_task_dead)
        {
            continue;
        }

        if (ngx_http_endpoint_task_move_one(cycle, zone, old, i) == NGX_OK) {
            n++;

        } else {
            lost++;
        }
    }

    zone->sh->last = ngx_max(zone->sh->last, old->sh->last + (1 << 20));
    zone->sh->counts = old->sh->counts;
    old->sh->moved = 1;

    ngx_shmtx_unlock(old->zone.mutex);

    ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0,
                  "endpoint_task_zone \"%V\": %uD tasks are carried over to "
                  "the zone's new size", &zone->zone.name, n);

    if (lost) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "endpoint_task_zone \"%V\": %uD tasks have no room, "
                      "they stay with the old workers", &zone->zone.name, lost);
    }
}


static ngx_int_t
ngx_http_endpoint_task_move_one(ngx_cycle_t *cycle,
    ngx_http_endpoint_task_zone_t *zone, ngx_http_endpoint_task_zone_t *old,
    uint32_t slot)
{
    u_char                       *values;
    ngx_int_t                     rc;
    ngx_http_endpoint_task_sh_t  *t;

    t = &old->tasks[slot];

    values = ngx_alloc(t->len + 1, cycle->log);
    if (values == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_task_get(old, slot, values);

    if (rc == NGX_OK) {
        rc = ngx_http_endpoint_task_put(zone, t, values);
    }

    ngx_free(values);

    if (rc != NGX_OK) {
        return rc;
    }

    if (t->state == ngx_http_endpoint_task_waiting) {
        ngx_http_endpoint_task_pop(old, slot);

    } else {
        ngx_http_endpoint_task_unlink(old, &old->sh->dead, slot);
    }

    t->state = ngx_http_endpoint_task_free;

    ngx_http_endpoint_chunks_free(&old->chunks, t->head);
    ngx_http_endpoint_task_link(old, &old->sh->free, slot);

    return NGX_OK;
}


static void
ngx_http_endpoint_task_load(ngx_cycle_t *cycle,
    ngx_http_endpoint_task_zone_t *zone)
{
    ngx_str_t    text;
    ngx_uint_t   lost;
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, cycle->log);
    if (pool == NULL) {
        return;
    }

    switch (ngx_http_endpoint_task_read_file(cycle, pool, zone, &text)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        ngx_destroy_pool(pool);
        return;

    default:
        ngx_http_endpoint_task_aside(cycle, pool, zone);
        ngx_destroy_pool(pool);
        return;
    }

    if (ngx_http_endpoint_task_check(&text) != NGX_OK) {
        ngx_http_endpoint_task_aside(cycle, pool, zone);
        ngx_destroy_pool(pool);
        return;
    }

    lost = ngx_http_endpoint_task_put_all(zone, &text);

    if (lost) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "endpoint_task_zone \"%V\" has no room for %ui tasks of "
                      "\"%V\"", &zone->zone.name, lost, &zone->file);

        ngx_http_endpoint_task_aside(cycle, pool, zone);

    } else if (ngx_delete_file(zone->file.data) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      ngx_delete_file_n " \"%V\" failed, its tasks would run "
                      "again after a restart", &zone->file);
    }

    ngx_destroy_pool(pool);
}


/* NGX_DECLINED: there is none */

static ngx_int_t
ngx_http_endpoint_task_read_file(ngx_cycle_t *cycle, ngx_pool_t *pool,
    ngx_http_endpoint_task_zone_t *zone, ngx_str_t *text)
{
    ssize_t          n;
    ngx_err_t        err;
    ngx_file_t       file;
    ngx_file_info_t  fi;

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = zone->file;
    file.log = cycle->log;

    file.fd = ngx_open_file(file.name.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        err = ngx_errno;

        if (err == NGX_ENOENT) {
            return NGX_DECLINED;
        }

        ngx_log_error(NGX_LOG_ALERT, cycle->log, err,
                      ngx_open_file_n " \"%V\" failed", &file.name);
        return NGX_ERROR;
    }

    n = NGX_ERROR;

    if (ngx_fd_info(file.fd, &fi) != NGX_FILE_ERROR) {
        text->len = ngx_file_size(&fi);
        text->data = ngx_palloc(pool, text->len + 1);

        if (text->data) {
            n = ngx_read_file(&file, text->data, text->len, 0);
        }
    }

    (void) ngx_close_file(file.fd);

    return n == (ssize_t) text->len ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_endpoint_task_check(ngx_str_t *text)
{
    u_char                         *p, *last;
    uint64_t                        i;
    ngx_http_endpoint_task_sh_t     t;
    ngx_http_endpoint_task_head_t   head;

    if (text->len < sizeof(ngx_http_endpoint_task_head_t)) {
        return NGX_ERROR;
    }

    ngx_memcpy(&head, text->data, sizeof(ngx_http_endpoint_task_head_t));

    p = text->data + sizeof(ngx_http_endpoint_task_head_t);
    last = text->data + text->len;

    if (ngx_memcmp(head.magic, NGX_HTTP_ENDPOINT_TASK_MAGIC,
                   sizeof(head.magic))
        != 0
        || head.record != sizeof(ngx_http_endpoint_task_sh_t)
        || head.crc != ngx_crc32_long(p, last - p))
    {
        return NGX_ERROR;
    }

    for (i = 0; i < head.n; i++) {

        if ((size_t) (last - p) < sizeof(ngx_http_endpoint_task_sh_t)) {
            return NGX_ERROR;
        }

        ngx_memcpy(&t, p, sizeof(ngx_http_endpoint_task_sh_t));
        p += sizeof(ngx_http_endpoint_task_sh_t);

        if ((size_t) (last - p) < t.len) {
            return NGX_ERROR;
        }

        p += t.len;
    }

    return p == last ? NGX_OK : NGX_ERROR;
}


/* of a text that was checked; returns how many had no room */

static ngx_uint_t
ngx_http_endpoint_task_put_all(ngx_http_endpoint_task_zone_t *zone,
    ngx_str_t *text)
{
    u_char                         *p;
    int64_t                         left;
    uint64_t                        i;
    ngx_uint_t                      lost;
    ngx_http_endpoint_task_sh_t     t;
    ngx_http_endpoint_task_head_t   head;

    ngx_memcpy(&head, text->data, sizeof(ngx_http_endpoint_task_head_t));

    p = text->data + sizeof(ngx_http_endpoint_task_head_t);
    lost = 0;

    for (i = 0; i < head.n; i++) {
        ngx_memcpy(&t, p, sizeof(ngx_http_endpoint_task_sh_t));
        p += sizeof(ngx_http_endpoint_task_sh_t);

        /* in the file, due is of the clock on the wall */

        left = (int64_t) t.due - ngx_http_endpoint_task_now();
        t.due = ngx_current_msec + (ngx_msec_t) ngx_max(left, 0);

        if (ngx_http_endpoint_task_put(zone, &t, p) != NGX_OK) {
            lost++;
        }

        p += t.len;
    }

    return lost;
}


static void
ngx_http_endpoint_task_aside(ngx_cycle_t *cycle, ngx_pool_t *pool,
    ngx_http_endpoint_task_zone_t *zone)
{
    u_char  *name;

    name = ngx_pnalloc(pool, zone->file.len + sizeof(".") + NGX_TIME_T_LEN);
    if (name == NULL) {
        return;
    }

    (void) ngx_sprintf(name, "%V.%T%Z", &zone->file, ngx_time());

    if (ngx_rename_file(zone->file.data, name) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      ngx_rename_file_n " \"%V\" to \"%s\" failed",
                      &zone->file, name);
        return;
    }

    ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                  "endpoint_task_zone \"%V\": the file \"%V\" is not whole, "
                  "or not one of tasks, it is now \"%s\"",
                  &zone->zone.name, &zone->file, name);
}


void
ngx_http_endpoint_task_exit_master(ngx_cycle_t *cycle,
    ngx_http_endpoint_main_conf_t *emcf)
{
    ngx_uint_t                       i;
    ngx_http_endpoint_task_zone_t  **zones;

    zones = emcf->task_zones.elts;

    for (i = 0; i < emcf->task_zones.nelts; i++) {
        if (zones[i]->sh) {
            ngx_http_endpoint_task_save(cycle, zones[i]);
        }
    }
}


static void
ngx_http_endpoint_task_save(ngx_cycle_t *cycle,
    ngx_http_endpoint_task_zone_t *zone)
{
    size_t       size;
    u_char      *data;
    uint32_t     n;
    ngx_int_t    rc;
    ngx_pool_t  *pool;

    if (zone->zone.sh->owner) {

        /* who held the lock was the last to die */

        zone->zone.kind->rebuild(&zone->zone,
                                 (ngx_pid_t) zone->zone.sh->owner);
    }

    n = ngx_http_endpoint_task_left(zone, &size);

    if (n == 0) {
        return;
    }

    rc = NGX_ERROR;
    pool = ngx_create_pool(4096, cycle->log);

    if (pool && zone->file.len) {
        data = ngx_palloc(pool, size);

        if (data && ngx_http_endpoint_task_pack(zone, n, data) == NGX_OK) {
            rc = ngx_http_endpoint_task_write_file(cycle, zone, pool, data,
                                                   size);
        }
    }

    if (pool) {
        ngx_destroy_pool(pool);
    }

    if (rc == NGX_OK) {
        ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0,
                      "endpoint_task_zone \"%V\": %uD tasks are kept in \"%V\"",
                      &zone->zone.name, n, &zone->file);
        return;
    }

    ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                  "endpoint_task_zone \"%V\": %uD tasks are lost",
                  &zone->zone.name, n);
}


/* the number of tasks that are not done, and the size of their file */

static uint32_t
ngx_http_endpoint_task_left(ngx_http_endpoint_task_zone_t *zone, size_t *size)
{
    uint32_t                      i, n;
    ngx_http_endpoint_task_sh_t  *t;

    n = 0;
    *size = sizeof(ngx_http_endpoint_task_head_t);

    for (i = 0; i < zone->sh->n; i++) {
        t = &zone->tasks[i];

        if (t->state >= ngx_http_endpoint_task_waiting) {
            *size += sizeof(ngx_http_endpoint_task_sh_t) + t->len;
            n++;
        }
    }

    return n;
}


static ngx_int_t
ngx_http_endpoint_task_pack(ngx_http_endpoint_task_zone_t *zone, uint32_t n,
    u_char *p)
{
    u_char                         *data, *body;
    uint32_t                        i;
    ngx_http_endpoint_task_sh_t     t;
    ngx_http_endpoint_task_head_t   head;

    data = p;
    body = p + sizeof(ngx_http_endpoint_task_head_t);
    p = body;

    for (i = 0; i < zone->sh->n; i++) {
        t = zone->tasks[i];

        if (t.state < ngx_http_endpoint_task_waiting) {
            continue;
        }

        t.due = ngx_http_endpoint_task_now()
                + (ngx_msec_int_t) (t.due - ngx_current_msec);

        p = ngx_cpymem(p, &t, sizeof(ngx_http_endpoint_task_sh_t));

        if (ngx_http_endpoint_task_get(zone, i, p) != NGX_OK) {
            return NGX_ERROR;
        }

        p += t.len;
    }

    ngx_memzero(&head, sizeof(ngx_http_endpoint_task_head_t));
    ngx_memcpy(head.magic, NGX_HTTP_ENDPOINT_TASK_MAGIC, sizeof(head.magic));

    head.n = n;
    head.record = sizeof(ngx_http_endpoint_task_sh_t);
    head.crc = ngx_crc32_long(body, p - body);

    ngx_memcpy(data, &head, sizeof(ngx_http_endpoint_task_head_t));

    return NGX_OK;
}


/* whole or not at all: it is written beside, and takes its name when it is */

static ngx_int_t
ngx_http_endpoint_task_write_file(ngx_cycle_t *cycle,
    ngx_http_endpoint_task_zone_t *zone, ngx_pool_t *pool, u_char *data,
    size_t size)
{
    u_char      *name;
    ngx_int_t    rc;
    ngx_file_t   file;

    name = ngx_pnalloc(pool, zone->file.len + sizeof(".tmp"));
    if (name == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(name, "%V.tmp%Z", &zone->file);

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name.data = name;
    file.name.len = ngx_strlen(name);
    file.log = cycle->log;

    file.fd = ngx_open_file(name, NGX_FILE_WRONLY, NGX_FILE_TRUNCATE, 0600);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      ngx_open_file_n " \"%s\" failed", name);
        return NGX_ERROR;
    }

    rc = ngx_write_file(&file, data, size, 0) == (ssize_t) size
         && fsync(file.fd) == 0 ? NGX_OK : NGX_ERROR;

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        rc = NGX_ERROR;
    }

    if (rc == NGX_OK
        && ngx_rename_file(name, zone->file.data) == NGX_FILE_ERROR)
    {
        rc = NGX_ERROR;
    }

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "writing \"%V\" failed", &zone->file);
    }

    return rc;
}


/* milliseconds since 1970 */

static int64_t
ngx_http_endpoint_task_now(void)
{
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    return (int64_t) tp->sec * 1000 + tp->msec;
}
