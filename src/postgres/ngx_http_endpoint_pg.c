
#include "ngx_http_endpoint_pg.h"
#include "ngx_http_endpoint_pg_error.h"
#include "ngx_http_endpoint_timer.h"

#include <sys/ioctl.h>


#define NGX_HTTP_ENDPOINT_PG_MESSAGE  512

/* of a result above its limit this is read, before its connection is closed */
#define NGX_HTTP_ENDPOINT_PG_EXCESS   (8 * 1024 * 1024)

/* libpq has room for so much when it reads, or makes it */
#define NGX_HTTP_ENDPOINT_PG_ROOM     8192

/* what comes in so few reads is not counted */
#define NGX_HTTP_ENDPOINT_PG_READS    4

/* answers of one piece between two looks for what nobody asked for, a mask */
#define NGX_HTTP_ENDPOINT_PG_HEAR     15

/* libpq's buffers only grow: a connection that read so much is made again */
#define NGX_HTTP_ENDPOINT_PG_SWOLLEN  (2 * 1024 * 1024)


static void ngx_http_endpoint_pg_poll(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_opened(ngx_http_endpoint_pg_t *pg);
static ngx_int_t ngx_http_endpoint_pg_register(ngx_http_endpoint_pg_t *pg,
    ngx_uint_t write);
static void ngx_http_endpoint_pg_unregister(ngx_http_endpoint_pg_t *pg,
    ngx_uint_t flags);
static void ngx_http_endpoint_pg_handler(ngx_event_t *ev);
static void ngx_http_endpoint_pg_read(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_measure(ngx_http_endpoint_pg_t *pg,
    int before);
static int ngx_http_endpoint_pg_waiting(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_unheard(ngx_http_endpoint_pg_t *pg);
static ngx_uint_t ngx_http_endpoint_pg_pending(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_update(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_drain(ngx_http_endpoint_pg_t *pg);
static void ngx_http_endpoint_pg_event_handler(ngx_event_t *ev);
static ngx_uint_t ngx_http_endpoint_pg_under_way(ngx_http_endpoint_pg_t *pg);
static ngx_msec_t ngx_http_endpoint_pg_patience(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command);
static void ngx_http_endpoint_pg_timer_handler(ngx_event_t *ev);
static ngx_http_endpoint_pg_fate_e ngx_http_endpoint_pg_fate(
    ngx_http_endpoint_pg_t *pg, ngx_http_endpoint_pg_command_t *command);
static void ngx_http_endpoint_pg_shut(ngx_http_endpoint_pg_t *pg);


ngx_int_t
ngx_http_endpoint_pg_init(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_options_t *options, ngx_pool_t *pool, ngx_log_t *log)
{
    pg->options = options;
    pg->log = log;

    pg->slots = ngx_pcalloc(pool, (options->nslots + 1)
                                  * sizeof(ngx_http_endpoint_pg_slot_t));
    if (pg->slots == NULL) {
        return NGX_ERROR;
    }

    ngx_queue_init(&pg->commands);

    ngx_http_endpoint_timer_init(&pg->timer, ngx_http_endpoint_pg_timer_handler,
                                 log);

    pg->event.handler = ngx_http_endpoint_pg_event_handler;
    pg->event.data = pg;
    pg->event.log = log;

    return NGX_OK;
}


void
ngx_http_endpoint_pg_connect(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_address_t *address, ngx_msec_t timeout)
{
    /*
     * What stands before the conninfo is overridden by it, what stands behind
     * overrides it.  A peer that is not heard of is given up within seconds: a
     * firewall forgets connections without a word.
     */

    const char  *keywords[] = { "tcp_user_timeout", "keepalives_idle",
                                "keepalives_interval", "keepalives_count",
                                "dbname", "host", "hostaddr", "port",
                                "gssencmode", "client_encoding",
                                "fallback_application_name", NULL };
    const char  *values[] = { "10000", "30", "10", "3",
                              pg->options->conninfo, address->host,
                              address->hostaddr, address->port,
                              "disable", "UTF8", "nginx", NULL };

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, pg->log, 0,
                   "endpoint postgres connect to %V", &address->name);

    pg->address = address;
    pg->timeout = timeout;
    pg->in_force = timeout;
    pg->nsettings = 0;
    pg->state = ngx_http_endpoint_pg_connecting;
    pg->orderly = 0;
    pg->stray = 0;
    pg->silent = 0;
    pg->unsent = 1;
    pg->reads = 0;
    pg->swollen = 0;
    pg->received = 0;
    pg->room = 0;

    ngx_memzero(pg->slots, pg->options->nslots
                           * sizeof(ngx_http_endpoint_pg_slot_t));

    pg->conn = PQconnectStartParams(keywords, values, 1);

    if (pg->conn == NULL || PQstatus(pg->conn) == CONNECTION_BAD) {
        ngx_http_endpoint_pg_complain(pg, "connect",
                                      PQerrorMessage(pg->conn));
        ngx_http_endpoint_pg_doom(pg);
        return;
    }

    (void) PQsetNoticeReceiver(pg->conn, ngx_http_endpoint_pg_notice, pg);

    if (ngx_http_endpoint_pg_register(pg, 1) != NGX_OK) {
        ngx_http_endpoint_pg_doom(pg);
        return;
    }

    pg->timer.cancelable = 1;
    ngx_add_timer(&pg->timer, pg->options->connect_timeout);
}


static void
ngx_http_endpoint_pg_poll(ngx_http_endpoint_pg_t *pg)
{
    ngx_int_t  rc;

    /*
     * libpq may close its socket and open another, often under the same
     * number, so that only what is registered behind the call is sure.
     */

    ngx_http_endpoint_pg_unregister(pg, 0);

    switch (PQconnectPoll(pg->conn)) {

    case PGRES_POLLING_READING:
        rc = ngx_http_endpoint_pg_register(pg, 0);
        break;

    case PGRES_POLLING_WRITING:
        rc = ngx_http_endpoint_pg_register(pg, 1);
        break;

    case PGRES_POLLING_OK:
        ngx_http_endpoint_pg_opened(pg);
        return;

    default:
        ngx_http_endpoint_pg_complain(pg, "connect",
                                      PQerrorMessage(pg->conn));
        rc = NGX_ERROR;
    }

    if (rc != NGX_OK) {
        ngx_http_endpoint_pg_shut(pg);
    }
}


static void
ngx_http_endpoint_pg_opened(ngx_http_endpoint_pg_t *pg)
{
    const char  *encoding;

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, pg->log, 0,
                   "endpoint postgres opened %V, pid %d",
                   &pg->address->name, PQbackendPID(pg->conn));

    ngx_del_timer(&pg->timer);

    encoding = PQparameterStatus(pg->conn, "server_encoding");

    if (encoding && ngx_strcmp(encoding, "SQL_ASCII") == 0
        && !pg->address->warned)
    {
        pg->address->warned = 1;

        ngx_log_error(NGX_LOG_WARN, pg->log, 0,
                      "postgres %V: the encoding SQL_ASCII lets text through "
                      "that is not UTF-8", &pg->address->name);
    }

    pg->state = ngx_http_endpoint_pg_setup;

    if (PQsetnonblocking(pg->conn, 1) != 0
        || !PQenterPipelineMode(pg->conn)
        || ngx_http_endpoint_pg_register(pg, 0) != NGX_OK
        || ngx_http_endpoint_pg_configure(pg) != NGX_OK)
    {
        ngx_http_endpoint_pg_complain(pg, "setup",
                                      PQerrorMessage(pg->conn));
        ngx_http_endpoint_pg_shut(pg);
        return;
    }

    ngx_http_endpoint_pg_update(pg);
}


static ngx_int_t
ngx_http_endpoint_pg_register(ngx_http_endpoint_pg_t *pg, ngx_uint_t write)
{
    ngx_connection_t  *c;

    c = ngx_get_connection(PQsocket(pg->conn), pg->log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->data = pg;
    c->log = pg->log;
    c->read->log = pg->log;
    c->write->log = pg->log;
    c->read->handler = ngx_http_endpoint_pg_handler;
    c->write->handler = ngx_http_endpoint_pg_handler;

    /* an exiting worker tells it */
    c->idle = 1;

    pg->connection = c;

    /*
     * Level-triggered: libpq reads what fits its buffer, and does not say
     * whether more was there.
     */

    if (write) {
        return ngx_add_event(c->write, NGX_WRITE_EVENT, NGX_LEVEL_EVENT);
    }

    return ngx_add_event(c->read, NGX_READ_EVENT, NGX_LEVEL_EVENT);
}


static void
ngx_http_endpoint_pg_unregister(ngx_http_endpoint_pg_t *pg, ngx_uint_t flags)
{
    ngx_connection_t  *c;

    c = pg->connection;

    if (c == NULL) {
        return;
    }

    pg->connection = NULL;

    if (c->read->active) {
        ngx_del_event(c->read, NGX_READ_EVENT, flags);
    }

    if (c->write->active) {
        ngx_del_event(c->write, NGX_WRITE_EVENT, flags);
    }

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    ngx_free_connection(c);
    c->fd = (ngx_socket_t) -1;
}


static void
ngx_http_endpoint_pg_handler(ngx_event_t *ev)
{
    ngx_connection_t        *c;
    ngx_http_endpoint_pg_t  *pg;

    c = ev->data;
    pg = c->data;

    if (c->close) {
        c->close = 0;

        if (c->error) {
            ngx_http_endpoint_pg_close(pg);

        } else {
            pg->owner->quit(pg);
        }

        return;
    }

    if (pg->state == ngx_http_endpoint_pg_connecting) {
        ngx_http_endpoint_pg_poll(pg);
        return;
    }

    ngx_http_endpoint_pg_read(pg);
}


static void
ngx_http_endpoint_pg_read(ngx_http_endpoint_pg_t *pg)
{
    int  before;

    pg->working = 1;

    do {
        before = ngx_http_endpoint_pg_waiting(pg);

        if (!PQconsumeInput(pg->conn)) {
            pg->doomed = 1;
            break;
        }

        if (before) {
            ngx_http_endpoint_pg_measure(pg, before);
        }

        ngx_http_endpoint_pg_results(pg);

        if (pg->owner->notified || pg->reads
            || (pg->turns++ & NGX_HTTP_ENDPOINT_PG_HEAR) == 0)
        {
            ngx_http_endpoint_pg_unheard(pg);
        }

    } while (!pg->doomed && ngx_http_endpoint_pg_pending(pg));

    pg->working = 0;

    ngx_http_endpoint_pg_update(pg);
}


/*
 * libpq gives a result when it is whole, and does not say how much of it there
 * is.  What was there before a read and is not after it has been read; where as
 * much came meanwhile, libpq had room for some of it all the same.
 */

static void
ngx_http_endpoint_pg_measure(ngx_http_endpoint_pg_t *pg, int before)
{
    int                              after;
    ngx_http_endpoint_pg_command_t  *command;

    after = ngx_http_endpoint_pg_waiting(pg);

    pg->received += ngx_max(before - after,
                            ngx_min(before, NGX_HTTP_ENDPOINT_PG_ROOM));

    if (pg->received > NGX_HTTP_ENDPOINT_PG_SWOLLEN) {
        pg->swollen = 1;
    }

    command = ngx_queue_data(ngx_queue_head(&pg->commands),
                             ngx_http_endpoint_pg_command_t, link);

    if (command->limit == 0 || pg->received <= command->limit) {
        return;
    }

    command->large = 1;

    /* what is not much more is read, for the sake of those behind it */

    if (pg->received - command->limit > NGX_HTTP_ENDPOINT_PG_EXCESS) {
        pg->doomed = 1;
    }
}


/* bytes that can be read; of a result that came at once they do not matter */

static int
ngx_http_endpoint_pg_waiting(ngx_http_endpoint_pg_t *pg)
{
    int  n;

    if (pg->reads < NGX_HTTP_ENDPOINT_PG_READS
        || ngx_queue_empty(&pg->commands)
        || ioctl(PQsocket(pg->conn), FIONREAD, &n) == -1)
    {
        return 0;
    }

    return n;
}


/*
 * A function may have said LISTEN: libpq keeps what comes until it is taken.
 * It is no part of the result that it was counted with.
 */

static void
ngx_http_endpoint_pg_unheard(ngx_http_endpoint_pg_t *pg)
{
    PGnotify                        *notify;
    ngx_http_endpoint_pg_command_t  *command;

    notify = PQnotifies(pg->conn);
    if (notify == NULL) {
        return;
    }

    do {
        if (pg->owner->notified) {
            pg->owner->notified(pg, notify->extra);
        }

        PQfreemem(notify);
        notify = PQnotifies(pg->conn);
    } while (notify);

    pg->received = 0;

    if (!ngx_queue_empty(&pg->commands)) {
        command = ngx_queue_data(ngx_queue_head(&pg->commands),
                                 ngx_http_endpoint_pg_command_t, link);
        command->large = 0;
    }
}


/* what TLS has decrypted no event will tell of */

static ngx_uint_t
ngx_http_endpoint_pg_pending(ngx_http_endpoint_pg_t *pg)
{
#if (NGX_OPENSSL)
    return PQsslInUse(pg->conn)
           && SSL_pending(PQsslStruct(pg->conn, "OpenSSL")) > 0;
#else
    return 0;
#endif
}


/* looks after a connection that libpq has worked on */

static void
ngx_http_endpoint_pg_update(ngx_http_endpoint_pg_t *pg)
{
    int           rc;
    ngx_event_t  *wev;

    if (pg->ncommands && !pg->doomed) {
        ngx_http_endpoint_pg_give_all(pg);
    }

    rc = 0;

    if (pg->doomed) {
        rc = -1;

    } else if (pg->unsent) {
        rc = PQflush(pg->conn);
        pg->unsent = (rc == 1);
    }

    if (!pg->doomed
        && (rc < 0 || PQsocket(pg->conn) != pg->connection->fd))
    {
        pg->doomed = 1;
    }

    if (pg->doomed) {
        ngx_http_endpoint_pg_drain(pg);
        ngx_http_endpoint_pg_shut(pg);
        return;
    }

    wev = pg->connection->write;

    if (rc == 1 && !wev->active) {
        rc = ngx_add_event(wev, NGX_WRITE_EVENT, NGX_LEVEL_EVENT);

    } else if (rc == 0 && wev->active) {
        rc = ngx_del_event(wev, NGX_WRITE_EVENT, 0);
    }

    if (rc == NGX_ERROR) {
        ngx_http_endpoint_pg_shut(pg);
    }
}


/* what was read before the end counts: a server says why it goes */

static void
ngx_http_endpoint_pg_drain(ngx_http_endpoint_pg_t *pg)
{
    u_char  message[NGX_HTTP_ENDPOINT_PG_MESSAGE];

    if (pg->state == ngx_http_endpoint_pg_connecting
        || PQstatus(pg->conn) != CONNECTION_BAD)
    {
        return;
    }

    (void) ngx_cpystrn(message, (u_char *) PQerrorMessage(pg->conn),
                       sizeof(message));

    pg->working = 1;
    pg->draining = 1;

    ngx_http_endpoint_pg_results(pg);

    pg->draining = 0;
    pg->working = 0;

    ngx_http_endpoint_pg_complain(pg, "connection", (char *) message);
}


/* what waits to be given stands behind what was */

static ngx_uint_t
ngx_http_endpoint_pg_under_way(ngx_http_endpoint_pg_t *pg)
{
    ngx_queue_t                     *q;
    ngx_http_endpoint_pg_command_t  *command;

    if (ngx_queue_empty(&pg->commands)) {
        return 0;
    }

    q = ngx_queue_head(&pg->commands);
    command = ngx_queue_data(q, ngx_http_endpoint_pg_command_t, link);

    return command->given;
}


static void
ngx_http_endpoint_pg_event_handler(ngx_event_t *ev)
{
    ngx_http_endpoint_pg_t *pg = ev->data;

    if (!pg->doomed && ngx_http_endpoint_pg_under_way(pg)) {
        ngx_http_endpoint_pg_read(pg);
        return;
    }

    ngx_http_endpoint_pg_update(pg);
}


/* how long the answer to command may take; 0: for ever */

static ngx_msec_t
ngx_http_endpoint_pg_patience(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command)
{
    ngx_msec_t  limit;

    if (pg->state == ngx_http_endpoint_pg_setup) {
        return pg->options->connect_timeout;
    }

    limit = command->timeout ? command->timeout : pg->timeout;

    return limit ? limit + NGX_HTTP_ENDPOINT_PG_GRACE : 0;
}


void
ngx_http_endpoint_pg_watch(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command)
{
    ngx_msec_t  limit;

    limit = ngx_http_endpoint_pg_patience(pg, command);

    if (limit == 0
        || (pg->timer.timer_set
            && (ngx_msec_int_t) (pg->timer.timer.key - ngx_current_msec)
               <= (ngx_msec_int_t) limit))
    {
        return;
    }

    /* an exiting worker stays for what is under way */

    pg->timer.cancelable = 0;
    pg->watched = limit;
    ngx_add_timer(&pg->timer, limit);
}


/* connecting took too long, or an answer is overdue */

static void
ngx_http_endpoint_pg_timer_handler(ngx_event_t *ev)
{
    ngx_msec_t                       limit;
    ngx_msec_int_t                   rest;
    ngx_http_endpoint_pg_t          *pg;
    ngx_http_endpoint_pg_command_t  *command;

    pg = ngx_queue_data(ev, ngx_http_endpoint_pg_t, timer);

    if (pg->state == ngx_http_endpoint_pg_connecting) {
        if (!ngx_http_endpoint_pg_muted(pg)) {
            ngx_log_error(NGX_LOG_ERR, pg->log, NGX_ETIMEDOUT,
                          "postgres %V: connect timed out",
                          &pg->address->name);
        }

        ngx_http_endpoint_pg_shut(pg);
        return;
    }

    if (pg->ncommands == 0) {
        return;
    }

    /* of the one that the server is at */

    command = ngx_queue_data(ngx_queue_head(&pg->commands),
                             ngx_http_endpoint_pg_command_t, link);
    limit = ngx_http_endpoint_pg_patience(pg, command);

    if (limit == 0) {
        return;
    }

    rest = (ngx_msec_int_t) (pg->progress + limit - ngx_current_msec);

    if (rest > 0) {
        pg->watched = limit;
        ngx_add_timer(&pg->timer, rest);
        return;
    }

    if (!ngx_http_endpoint_pg_muted(pg)) {
        ngx_log_error(NGX_LOG_ERR, pg->log, NGX_ETIMEDOUT,
                      "postgres %V: no answer within %M ms",
                      &pg->address->name, limit);
    }

    ngx_http_endpoint_pg_shut(pg);
}


void
ngx_http_endpoint_pg_doom(ngx_http_endpoint_pg_t *pg)
{
    pg->doomed = 1;

    if (!pg->working) {
        ngx_post_event(&pg->event, &ngx_posted_events);
    }
}


ngx_uint_t
ngx_http_endpoint_pg_idle(ngx_http_endpoint_pg_t *pg)
{
    return pg->ncommands == 0
           && !pg->doomed
           && PQstatus(pg->conn) == CONNECTION_OK
           && PQtransactionStatus(pg->conn) == PQTRANS_IDLE;
}


/* what was done in it will be undone with the connection */

ngx_uint_t
ngx_http_endpoint_pg_left_open(ngx_http_endpoint_pg_t *pg)
{
    PGTransactionStatusType  status;

    status = PQtransactionStatus(pg->conn);

    if (status != PQTRANS_INTRANS && status != PQTRANS_INERROR) {
        return 0;
    }

    ngx_log_error(NGX_LOG_ERR, pg->log, 0,
                  "postgres %V: a query left its transaction open",
                  &pg->address->name);

    ngx_http_endpoint_pg_doom(pg);

    return 1;
}


void
ngx_http_endpoint_pg_close(ngx_http_endpoint_pg_t *pg)
{
    if (pg->state == ngx_http_endpoint_pg_down) {
        return;
    }

    pg->silent = 1;

    if (pg->working) {
        pg->doomed = 1;
        return;
    }

    ngx_http_endpoint_pg_shut(pg);
}


/*
 * A server that ends in order ends before it begins with anything else: what
 * it was at is rolled back, what stands behind that was not looked at.  But
 * where its answers cannot be told apart any more, nothing is sure.
 */

static ngx_http_endpoint_pg_fate_e
ngx_http_endpoint_pg_fate(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command)
{
    if (!command->given) {
        return ngx_http_endpoint_pg_undone;
    }

    if (!pg->orderly || pg->stray || command->complete
        || (command->result && !command->failed))
    {
        return ngx_http_endpoint_pg_unknown;
    }

    return ngx_http_endpoint_pg_undone;
}


static void
ngx_http_endpoint_pg_shut(ngx_http_endpoint_pg_t *pg)
{
    ngx_queue_t                     *q;
    ngx_http_endpoint_pg_command_t  *command;

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, pg->log, 0,
                   "endpoint postgres close %V, %ui commands",
                   &pg->address->name, pg->ncommands);

    ngx_http_endpoint_pg_unregister(pg, NGX_CLOSE_EVENT);

    if (pg->timer.timer_set) {
        ngx_del_timer(&pg->timer);
    }

    if (pg->event.posted) {
        ngx_delete_posted_event(&pg->event);
    }

    PQfinish(pg->conn);

    pg->conn = NULL;
    pg->doomed = 0;
    pg->state = ngx_http_endpoint_pg_down;

    /* from the last, so that an owner who puts them first keeps their order */

    while (!ngx_queue_empty(&pg->commands)) {
        q = ngx_queue_last(&pg->commands);
        command = ngx_queue_data(q, ngx_http_endpoint_pg_command_t, link);

        ngx_queue_remove(q);
        pg->ncommands--;

        if (!command->internal) {
            pg->owner->done(pg, command,
                            ngx_http_endpoint_pg_fate(pg, command));

        } else if (command->result) {
            PQclear(command->result);
            command->result = NULL;
        }
    }

    pg->owner->down(pg);
}
