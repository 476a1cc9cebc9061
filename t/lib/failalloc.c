/*
 * Preloaded into nginx: the n-th allocation fails, where a test says n.  The
 * test and nginx share a file of four numbers: n (0: none fails), how many
 * allocations there have been, how many of them failed, and how many fail in
 * a row.
 */


#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>


typedef struct {
    int64_t  n;
    int64_t  count;
    int64_t  failed;
    int64_t  row;
} failalloc_t;


static volatile failalloc_t  *failalloc;

static void  *(*next_malloc)(size_t size);
static void  *(*next_realloc)(void *p, size_t size);
static int    (*next_posix_memalign)(void **p, size_t alignment, size_t size);


__attribute__((constructor))
static void
failalloc_init(void)
{
    int    fd;
    char  *name;
    void  *p;

    next_malloc = dlsym(RTLD_NEXT, "malloc");
    next_realloc = dlsym(RTLD_NEXT, "realloc");
    next_posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");

    name = getenv("FAILALLOC");
    if (name == NULL) {
        return;
    }

    fd = open(name, O_RDWR);
    if (fd == -1) {
        return;
    }

    p = mmap(NULL, sizeof(failalloc_t), PROT_READ|PROT_WRITE, MAP_SHARED, fd,
             0);

    if (p != MAP_FAILED) {
        failalloc = p;
    }

    close(fd);
}


static int
failalloc_fails(void)
{
    if (failalloc == NULL || failalloc->n == 0) {
        return 0;
    }

    failalloc->count++;

    if (failalloc->count < failalloc->n
        || failalloc->count >= failalloc->n + failalloc->row)
    {
        return 0;
    }

    failalloc->failed++;

    return 1;
}


void *
malloc(size_t size)
{
    if (next_malloc == NULL) {
        next_malloc = dlsym(RTLD_NEXT, "malloc");
    }

    if (failalloc_fails()) {
        errno = ENOMEM;
        return NULL;
    }

    return next_malloc(size);
}


void *
realloc(void *p, size_t size)
{
    if (next_realloc == NULL) {
        next_realloc = dlsym(RTLD_NEXT, "realloc");
    }

    if (failalloc_fails()) {
        errno = ENOMEM;
        return NULL;
    }

    return next_realloc(p, size);
}


int
posix_memalign(void **p, size_t alignment, size_t size)
{
    if (next_posix_memalign == NULL) {
        next_posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
    }

    if (failalloc_fails()) {
        return ENOMEM;
    }

    return next_posix_memalign(p, alignment, size);
}
