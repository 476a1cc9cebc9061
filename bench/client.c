
/*
 * The load of the benchmarks: opens all connections, then sends the requests
 * of each one after another on it, and prints one line of figures.
 *
 *     client [-c connections] [-n requests] [-m modulus] [-p pid] port path
 *
 * A %04d in path becomes a number below modulus, another one each time.  With
 * -p the resident memory of a process is watched meanwhile.
 */


#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


#define CLIENT_HEADER   4096
#define CLIENT_READ     65536
#define CLIENT_EVENTS   512
#define CLIENT_WAIT     100         /* ms between two looks at the memory */
#define CLIENT_PATIENCE 120000000   /* us */


typedef struct {
    int      fd;
    long     left;                  /* requests yet to be sent */
    long     body;                  /* bytes yet to come, -1: in the header */
    long     started;               /* us, the request under way */
    size_t   len;                   /* of header */
    char    *header;
} client_conn_t;


static long         requests = 1;
static long         modulus = 1;
static long         pid;
static const char  *path;

static int          ep;
static long         sent, answered, failed, open_conns;
static long         overlap;        /* requests sent before the first answer */
static long         rss_before, rss_most;
static long        *times;          /* us, of each answer */
static char         buf[CLIENT_READ];


static void
client_fail(const char *what)
{
    fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
    exit(1);
}


/* us */

static long
client_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


static int
client_compare(const void *one, const void *two)
{
    long  a = *(const long *) one, b = *(const long *) two;

    return (a > b) - (a < b);
}


/* the time within which so many of a hundred answers came */

static long
client_percentile(long percent)
{
    return answered ? times[(answered - 1) * percent / 100] : 0;
}


/* kB */

static long
client_rss(void)
{
    long   kb;
    char   line[256];
    FILE  *f;

    kb = 0;

    snprintf(line, sizeof(line), "/proc/%ld/status", pid);

    f = fopen(line, "r");
    if (f == NULL) {
        client_fail(line);
    }

    while (fgets(line, sizeof(line), f)) {
        if (sscanf(line, "VmRSS: %ld kB", &kb) == 1) {
            break;
        }
    }

    fclose(f);

    return kb;
}


static void
client_watch(void)
{
    long  kb;

    if (pid) {
        kb = client_rss();
        rss_most = (kb > rss_most) ? kb : rss_most;
    }
}


static void
client_connect(client_conn_t *conn, int port)
{
    int                 on = 1;
    struct sockaddr_in  sin;
    struct epoll_event  ev;

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_port = htons(port);
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    conn->fd = socket(AF_INET, SOCK_STREAM, 0);

    if (conn->fd == -1
        || connect(conn->fd, (struct sockaddr *) &sin, sizeof(sin)) == -1
        || setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1
        || fcntl(conn->fd, F_SETFL, O_NONBLOCK) == -1)
    {
        client_fail("connect");
    }

    ev.events = EPOLLIN;
    ev.data.ptr = conn;

    if (epoll_ctl(ep, EPOLL_CTL_ADD, conn->fd, &ev) == -1) {
        client_fail("epoll_ctl");
    }

    conn->header = malloc(CLIENT_HEADER);
    if (conn->header == NULL) {
        client_fail("malloc");
    }

    conn->left = requests;
    open_conns++;
}


static void
client_close(client_conn_t *conn)
{
    close(conn->fd);
    free(conn->header);
    open_conns--;
}


static void
client_send(client_conn_t *conn)
{
    int   n;
    char  target[512], request[1024];

    /* 7919 is a prime: all numbers come, neighbours far from each other */

    snprintf(target, sizeof(target), path, (int) (sent * 7919 % modulus));

    n = snprintf(request, sizeof(request),
                 "GET %s HTTP/1.1\r\nHost: localhost\r\n"
                 "User-Agent: client\r\nAccept: */*\r\n\r\n", target);

    conn->len = 0;
    conn->body = -1;
    conn->left--;
    conn->started = client_now();

    if (write(conn->fd, request, n) != n) {
        client_fail("write");
    }

    sent++;

    if (answered + failed == 0) {
        overlap = sent;
    }
}


static void
client_answered(client_conn_t *conn, int ok)
{
    if (ok) {
        times[answered++] = client_now() - conn->started;

    } else {
        failed++;
    }

    if (ok && conn->left) {
        client_send(conn);
        return;
    }

    client_close(conn);
}


/* the end of the header, once it is there, else NULL */

static char *
client_header(client_conn_t *conn)
{
    char  *end, *length;

    conn->header[conn->len] = '\0';

    end = strstr(conn->header, "\r\n\r\n");
    if (end == NULL) {
        return NULL;
    }

    length = strcasestr(conn->header, "\r\nContent-Length:");

    conn->body = (length && length < end)
                 ? atol(length + sizeof("\r\nContent-Length:") - 1) : -1;

    return end + 4;
}


static void
client_read(client_conn_t *conn)
{
    char     *end;
    size_t    had, take;
    ssize_t   n;

    n = read(conn->fd, buf, sizeof(buf));

    if (n == -1 && errno == EAGAIN) {
        return;
    }

    if (n <= 0) {
        client_answered(conn, 0);
        return;
    }

    if (conn->body == -1) {

        had = conn->len;
        take = CLIENT_HEADER - 1 - had;
        take = ((size_t) n < take) ? (size_t) n : take;

        memcpy(conn->header + had, buf, take);
        conn->len += take;

        end = client_header(conn);

        if (end == NULL) {
            if (conn->len == CLIENT_HEADER - 1) {
                client_answered(conn, 0);
            }

            return;
        }

        /* without a length there is no telling where the next answer is */

        if (conn->body == -1
            || strncmp(conn->header, "HTTP/1.1 200 ", 13) != 0)
        {
            client_answered(conn, 0);
            return;
        }

        n -= (end - conn->header) - (long) had;
    }

    conn->body -= n;

    if (conn->body <= 0) {
        client_answered(conn, conn->body == 0);
    }
}


static void
client_loop(void)
{
    int                 i, n;
    long                start;
    struct epoll_event  events[CLIENT_EVENTS];

    start = client_now();

    while (open_conns) {

        n = epoll_wait(ep, events, CLIENT_EVENTS, CLIENT_WAIT);

        if (n == -1) {
            client_fail("epoll_wait");
        }

        for (i = 0; i < n; i++) {
            client_read(events[i].data.ptr);
        }

        if (answered + failed == 0) {
            client_watch();
        }

        if (client_now() - start > CLIENT_PATIENCE) {
            failed += open_conns;
            return;
        }
    }
}


int
main(int argc, char **argv)
{
    int             opt;
    long            i, n, start;
    client_conn_t  *conns;

    n = 1;

    while ((opt = getopt(argc, argv, "c:n:m:p:")) != -1) {
        switch (opt) {
        case 'c':  n = atol(optarg);         break;
        case 'n':  requests = atol(optarg);  break;
        case 'm':  modulus = atol(optarg);   break;
        case 'p':  pid = atol(optarg);       break;
        default:   return 2;
        }
    }

    if (argc - optind != 2 || n < 1 || requests < 1 || modulus < 1) {
        fprintf(stderr, "usage: client [-c connections] [-n requests] "
                        "[-m modulus] [-p pid] port path\n");
        return 2;
    }

    path = argv[optind + 1];

    ep = epoll_create1(0);
    conns = calloc(n, sizeof(client_conn_t));
    times = calloc(n * requests, sizeof(long));
    if (ep == -1 || conns == NULL || times == NULL) {
        client_fail("start");
    }

    rss_before = pid ? client_rss() : 0;

    for (i = 0; i < n; i++) {
        client_connect(&conns[i], atoi(argv[optind]));
    }

    start = client_now();

    for (i = 0; i < n; i++) {
        client_send(&conns[i]);
    }

    client_loop();

    start = client_now() - start;
    qsort(times, answered, sizeof(long), client_compare);

    printf("answered=%ld failed=%ld overlap=%ld ms=%ld p50=%ld p99=%ld "
           "rss_before=%ld rss_most=%ld\n", answered, failed, overlap,
           start / 1000, client_percentile(50), client_percentile(99),
           rss_before, rss_most);

    return failed != 0;
}
