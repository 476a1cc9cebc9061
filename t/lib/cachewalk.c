
/*
 * usage: cachewalk FILE
 *
 * Walks a cache zone of an nginx that runs: FILE has the bytes of a mapping
 * that its processes share, read while they stood still.  Prints
 *
 *     ADDRESS ENTRIES EVICTIONS CLAIMS whole
 *
 * or, in place of "whole", what is broken; ADDRESS is that of the owner in the
 * processes' memory.  It prints "ADDRESS busy" where somebody is inside the
 * lock, or has died there and nobody has rebuilt the zone yet; nothing where
 * the mapping is something else.
 */


#include "../unit/cache.h"

#include <sys/stat.h>


static u_char *
read_file(char *name, size_t *size)
{
    int          fd;
    u_char      *p;
    struct stat  st;

    fd = open(name, O_RDONLY);

    if (fd == -1 || fstat(fd, &st) == -1) {
        perror(name);
        exit(1);
    }

    *size = st.st_size;

    p = mmap(NULL, *size, PROT_READ|PROT_WRITE, MAP_PRIVATE, fd, 0);

    if (p == MAP_FAILED) {
        perror(name);
        exit(1);
    }

    return p;
}


/* where nginx's slab pool says that our part begins; NULL: no such pool */

static ngx_http_endpoint_zone_sh_t *
find_zone(u_char *p, size_t size)
{
    size_t                        start;
    ngx_slab_pool_t              *sp;
    ngx_http_endpoint_zone_sh_t  *sh;

    sp = (ngx_slab_pool_t *) p;

    if (size < sizeof(ngx_slab_pool_t)
        || sp->end - (u_char *) sp->addr != (ssize_t) size)
    {
        return NULL;
    }

    start = sp->start - (u_char *) sp->addr;

    if (start + sizeof(ngx_http_endpoint_cache_sh_t) > size) {
        return NULL;
    }

    sh = (ngx_http_endpoint_zone_sh_t *) (p + start);

    return (sh->layout == ngx_http_endpoint_cache_kind.layout) ? sh : NULL;
}


static ngx_uint_t
count_claims(void)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < NGX_HTTP_ENDPOINT_CLAIMS; i++) {
        n += (cache.sh->chunks.claims[i].count != 0);
    }

    return n;
}


static void
walk_zone(ngx_http_endpoint_zone_sh_t *sh, size_t size)
{
    char  *broken;

    unit_workers();
    cache.zone.mutex = &unit_mutex;

    if (ngx_http_endpoint_zone_open(&cache.zone, &ngx_http_endpoint_cache_kind,
                                    sh, size)
        != NGX_OK)
    {
        printf("the header is broken\n");
        return;
    }

    broken = walk(&cache);

    printf("%lu %lu %lu %s\n", (unsigned long) cache.sh->entries,
           (unsigned long) cache.sh->evictions, (unsigned long) count_claims(),
           broken ? broken : "whole");
}


int
main(int argc, char *argv[])
{
    size_t                        size;
    u_char                       *p;
    ngx_slab_pool_t              *sp;
    ngx_http_endpoint_zone_sh_t  *sh;

    if (argc != 2) {
        fprintf(stderr, "usage: cachewalk FILE\n");
        return 1;
    }

    p = read_file(argv[1], &size);
    sh = find_zone(p, size);

    if (sh == NULL) {
        return 0;
    }

    sp = (ngx_slab_pool_t *) p;

    printf("%lu ", (unsigned long) sp->addr + ((u_char *) &sh->owner - p));

    if (sp->lock.lock || sh->owner) {
        printf("busy\n");
        return 0;
    }

    walk_zone(sh, sp->end - sp->start);

    return 0;
}
