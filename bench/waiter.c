
/*
 * An upstream that answers each request so many microseconds after it came,
 * always with the same body, and not by a timer of whole milliseconds.
 *
 *     waiter port us body
 */


#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>


#define WAITER_READ     4096
#define WAITER_CONNS    1024
#define WAITER_EVENTS   64


typedef struct {
    int   fd;
    long  due;                      /* us */
} waiter_answer_t;


static long             wait_us;
static int              ep, listener, timer;
static char             reply[WAITER_READ];
static size_t           reply_len;

/* all wait for as long, so the first that came is the first to be answered */

static waiter_answer_t  answers[WAITER_CONNS];
static unsigned         first, last;


static void
waiter_fail(const char *what)
{
    fprintf(stderr, "waiter: %s: %s\n", what, strerror(errno));
    exit(1);
}


/* us */

static long
waiter_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


static void
waiter_add(int fd)
{
    struct epoll_event  ev;

    ev.events = EPOLLIN;
    ev.data.fd = fd;

    if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == -1) {
        waiter_fail("epoll_ctl");
    }
}


static void
waiter_listen(int port)
{
    int                 on = 1;
    struct sockaddr_in  sin;

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_port = htons(port);
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    listener = socket(AF_INET, SOCK_STREAM, 0);

    if (listener == -1
        || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1
        || bind(listener, (struct sockaddr *) &sin, sizeof(sin)) == -1
        || listen(listener, 511) == -1)
    {
        waiter_fail("listen");
    }
}


static void
waiter_accept(void)
{
    int  fd, on = 1;

    fd = accept(listener, NULL, NULL);

    if (fd == -1
        || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1)
    {
        waiter_fail("accept");
    }

    waiter_add(fd);
}


static void
waiter_set_timer(void)
{
    long               due;
    struct itimerspec  its;

    memset(&its, 0, sizeof(its));

    if (first != last) {
        due = answers[first % WAITER_CONNS].due;
        its.it_value.tv_sec = due / 1000000;
        its.it_value.tv_nsec = due % 1000000 * 1000;
    }

    timerfd_settime(timer, TFD_TIMER_ABSTIME, &its, NULL);
}


/* a request is one read: it has no body, and the next waits for the answer */

static void
waiter_read(int fd)
{
    char              buf[WAITER_READ];
    waiter_answer_t  *answer;

    if (read(fd, buf, sizeof(buf)) <= 0) {
        close(fd);
        return;
    }

    if (last - first == WAITER_CONNS) {
        errno = ENOBUFS;
        waiter_fail("answers");
    }

    answer = &answers[last++ % WAITER_CONNS];
    answer->fd = fd;
    answer->due = waiter_now() + wait_us;
}


static void
waiter_answer(void)
{
    long              now;
    waiter_answer_t  *answer;

    now = waiter_now();

    while (first != last) {
        answer = &answers[first % WAITER_CONNS];

        if (answer->due > now) {
            break;
        }

        /* who has left meanwhile needs no answer */

        (void) send(answer->fd, reply, reply_len, MSG_NOSIGNAL);
        first++;
    }
}


static void
waiter_loop(void)
{
    int                 i, n;
    struct epoll_event  events[WAITER_EVENTS];

    for ( ;; ) {
        n = epoll_wait(ep, events, WAITER_EVENTS, -1);

        if (n == -1) {
            waiter_fail("epoll_wait");
        }

        for (i = 0; i < n; i++) {
            if (events[i].data.fd == listener) {
                waiter_accept();

            } else if (events[i].data.fd != timer) {
                waiter_read(events[i].data.fd);
            }
        }

        waiter_answer();
        waiter_set_timer();
    }
}


int
main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: waiter port us body\n");
        return 2;
    }

    wait_us = atol(argv[2]);
    reply_len = snprintf(reply, sizeof(reply),
                         "HTTP/1.1 200 OK\r\n"
                         "Content-Type: application/json\r\n"
                         "Content-Length: %zu\r\n\r\n%s",
                         strlen(argv[3]), argv[3]);

    if (reply_len >= sizeof(reply)) {
        fprintf(stderr, "waiter: the body is too large\n");
        return 2;
    }

    ep = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, 0);
    if (ep == -1 || timer == -1) {
        waiter_fail("start");
    }

    waiter_listen(atoi(argv[1]));
    waiter_add(listener);
    waiter_add(timer);

    waiter_loop();

    return 0;
}
