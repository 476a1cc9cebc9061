/*
 * Preloaded into nginx: a thread's read of a file ends only when the file that
 * SLOWREAD names is gone, and is told in the one of that name with ".held".
 */


#define _GNU_SOURCE

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>


static ssize_t  (*next_pread)(int fd, void *buf, size_t n, off64_t offset);


static void
slowread_hold(void)
{
    int          fd;
    char         held[4096];
    const char  *name;

    name = getenv("SLOWREAD");

    if (name == NULL || syscall(SYS_gettid) == getpid()
        || access(name, F_OK) == -1)
    {
        return;
    }

    snprintf(held, sizeof(held), "%s.held", name);

    fd = open(held, O_WRONLY|O_CREAT|O_APPEND, 0644);

    if (fd != -1) {
        (void) !write(fd, "held\n", 5);
        close(fd);
    }

    while (access(name, F_OK) == 0) {
        usleep(5000);
    }
}


ssize_t
pread64(int fd, void *buf, size_t n, off64_t offset)
{
    if (next_pread == NULL) {
        next_pread = (ssize_t (*)(int, void *, size_t, off64_t))
                         dlsym(RTLD_NEXT, "pread64");
    }

    slowread_hold();

    return next_pread(fd, buf, n, offset);
}


ssize_t
pread(int fd, void *buf, size_t n, off_t offset)
{
    return pread64(fd, buf, n, offset);
}
