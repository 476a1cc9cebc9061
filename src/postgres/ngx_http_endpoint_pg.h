
/*
 * One connection to a Postgres server: a state machine on libpq, in pipeline
 * mode, that never blocks.  Whose it is, and what is sent over it, is the
 * owner's business.
 */


#ifndef _NGX_HTTP_ENDPOINT_PG_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PG_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <libpq-fe.h>


/*
 * A prepared statement is named by a hash of its text, so that two workers or
 * two configurations behind one pooler mean the same by a name.
 */
#define NGX_HTTP_ENDPOINT_PG_NAME_LEN  (sizeof("e0123456789abcdef") - 1)

/* the end of a connection, as far as a log line tells it */
#define NGX_HTTP_ENDPOINT_PG_WHY       256

/* what a server may be late with its own statement_timeout */
#define NGX_HTTP_ENDPOINT_PG_GRACE     5000


typedef struct ngx_http_endpoint_pg_s  ngx_http_endpoint_pg_t;


typedef enum {
    ngx_http_endpoint_pg_down = 0,
    ngx_http_endpoint_pg_connecting,
    ngx_http_endpoint_pg_setup,             /* its session is being set */
    ngx_http_endpoint_pg_up
} ngx_http_endpoint_pg_state_e;


/* what became of a command */
typedef enum {
    ngx_http_endpoint_pg_synced = 0,        /* result says it */
    ngx_http_endpoint_pg_undone,            /* not executed, or rolled back */
    ngx_http_endpoint_pg_unknown
} ngx_http_endpoint_pg_fate_e;


/* what is sent with one Sync; the owner's, until it is done */
typedef struct {
    ngx_queue_t                     link;
    const char                     *sql;
    const char                     *name;       /* NULL: not prepared */
    ngx_uint_t                      slot;       /* of the prepared statement */
    ngx_uint_t                      generation;
    ngx_uint_t                      version;    /* of its parameters' types */
    ngx_uint_t                      nparams;
    ngx_msec_t                      timeout;    /* 0: the connection's */
    size_t                          limit;      /* of its result; 0: none */
    ngx_str_t                      *params;     /* used until it is given */
    ngx_http_endpoint_pg_t         *pg;         /* where it is, or was */

    /* the first error, else the last result; cleared after done() */
    PGresult                       *result;

    ngx_uint_t                      parsing;    /* results of preparations */
    unsigned                        given:1;    /* to libpq */
    unsigned                        complete:1; /* but for its Sync */
    unsigned                        hit:1;      /* by the server's end */
    unsigned                        large:1;    /* for its limit */
    unsigned                        begin:1;    /* BEGIN goes before it */
    unsigned                        sets:1;     /* and its timeout */
    unsigned                        describe:1; /* instead of executing it */
    unsigned                        fresh:1;    /* prepared along with it */
    unsigned                        failed:1;
    unsigned                        internal:1;
} ngx_http_endpoint_pg_command_t;


/* called from events, or from within ngx_http_endpoint_pg_close() */
typedef struct {
    void  (*up)(ngx_http_endpoint_pg_t *pg);

    /* a command left the connection */
    void  (*done)(ngx_http_endpoint_pg_t *pg,
                  ngx_http_endpoint_pg_command_t *command,
                  ngx_http_endpoint_pg_fate_e fate);

    /* the connection is gone, or was never made; done() was called for all */
    void  (*down)(ngx_http_endpoint_pg_t *pg);

    /* the worker is exiting: to be closed as soon as it may be */
    void  (*quit)(ngx_http_endpoint_pg_t *pg);

    /* the server has told of something; NULL: nobody listens */
    void  (*notified)(ngx_http_endpoint_pg_t *pg, const char *payload);
} ngx_http_endpoint_pg_owner_t;


/* what all connections of a pool have in common */
typedef struct {
    const char                     *conninfo;
    ngx_msec_t                      connect_timeout;
    ngx_uint_t                      nslots;
    unsigned                        host:1;     /* conninfo names it */
    unsigned                        pooler:1;   /* prepare=off */
} ngx_http_endpoint_pg_options_t;


typedef struct {
    ngx_str_t                       name;       /* for the log */
    const char                     *host;       /* a directory, of a socket */
    const char                     *hostaddr;   /* NULL: a unix socket */
    const char                     *port;

    /* of the worker: why it was lost last */
    u_char                          why[NGX_HTTP_ENDPOINT_PG_WHY];

    /* what the log has heard of it */
    ngx_msec_t                      said;
    ngx_uint_t                      muted;
    unsigned                        lost:1;
    unsigned                        warned:1;   /* of its encoding */
} ngx_http_endpoint_pg_address_t;


typedef struct {
    ngx_uint_t                      generation;
    ngx_uint_t                      version;
    unsigned                        ready:1;
    unsigned                        drop:1;     /* an old one is in the way */
} ngx_http_endpoint_pg_slot_t;


struct ngx_http_endpoint_pg_s {
    ngx_http_endpoint_pg_owner_t    *owner;
    void                            *data;      /* the owner's */
    ngx_http_endpoint_pg_options_t  *options;
    ngx_http_endpoint_pg_address_t  *address;
    ngx_log_t                       *log;

    PGconn                          *conn;
    ngx_connection_t                *connection;    /* of libpq's socket */
    ngx_http_endpoint_pg_state_e     state;

    ngx_queue_t                      commands;  /* sent, in order */
    ngx_uint_t                       ncommands;
    ngx_http_endpoint_pg_slot_t     *slots;

    ngx_msec_t                       timeout;   /* statement_timeout */
    ngx_msec_t                       in_force;  /* of what has been answered */
    ngx_uint_t                       nsettings; /* on their way */
    ngx_msec_t                       watched;   /* the timer's timeout */
    ngx_msec_t                       progress;  /* when it last answered */
    size_t                           received;  /* of a result not yet whole */
    ngx_uint_t                       reads;     /* since the last was */
    ngx_uint_t                       turns;     /* of reading */
    ngx_event_t                      timer;
    ngx_event_t                      event;     /* posted */

    ngx_uint_t                       room;      /* on the server; 0: unknown */

    ngx_http_endpoint_pg_command_t   settings[3];

    unsigned                         working:1;     /* reads results */
    unsigned                         doomed:1;      /* to be closed */
    unsigned                         swollen:1;     /* libpq's buffers are */
    unsigned                         draining:1;    /* reads all the same */
    unsigned                         orderly:1;     /* it said goodbye */
    unsigned                         stray:1;       /* answers without a
                                                       command were dropped */
    unsigned                         silent:1;      /* closed by us */
    unsigned                         unsent:1;      /* libpq may hold some */
};


/* Prepares a zeroed pg, for the life of the worker.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_pg_init(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_options_t *options, ngx_pool_t *pool,
    ngx_log_t *log);

/*
 * Starts to connect; timeout is the statement_timeout of the session.  up() or
 * down() follows, from an event.
 */
void ngx_http_endpoint_pg_connect(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_address_t *address, ngx_msec_t timeout);

/*
 * Sends a command, from an event when what has been received is read; done()
 * follows.  NGX_ERROR: it is not sent, and the connection is about to go down.
 */
ngx_int_t ngx_http_endpoint_pg_send(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command);

/*
 * Takes a command back, if it was not given to libpq yet; done() is not called.
 * NGX_DECLINED: it is under way.
 */
ngx_int_t ngx_http_endpoint_pg_take_back(
    ngx_http_endpoint_pg_command_t *command);

/*
 * Changes the session's statement_timeout for what is sent from here on, while
 * no command is under way.  NGX_ERROR: as ngx_http_endpoint_pg_send().
 */
ngx_int_t ngx_http_endpoint_pg_set_timeout(ngx_http_endpoint_pg_t *pg,
    ngx_msec_t timeout);

/*
 * Makes the next use of a command's statement on pg prepare it again; drop:
 * the server still knows one of its name.
 */
void ngx_http_endpoint_pg_forget(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command, ngx_uint_t drop);

/* Whether it has no command under way and is in no transaction. */
ngx_uint_t ngx_http_endpoint_pg_idle(ngx_http_endpoint_pg_t *pg);

/*
 * Whether a command that is done left a transaction open; if so, this is logged
 * and the connection is about to go down.  Unknown while others are under way.
 */
ngx_uint_t ngx_http_endpoint_pg_left_open(ngx_http_endpoint_pg_t *pg);

/*
 * Closes the connection, at once unless it is being read; done() and down()
 * are called as for a lost one.
 */
void ngx_http_endpoint_pg_close(ngx_http_endpoint_pg_t *pg);



/* Between the files of a connection: gives what waits to libpq. */
void ngx_http_endpoint_pg_give_all(ngx_http_endpoint_pg_t *pg);

/* Between them: makes sure that it is looked after an answer in time. */
void ngx_http_endpoint_pg_watch(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command);

/* Between them: takes what the server has answered. */
void ngx_http_endpoint_pg_results(ngx_http_endpoint_pg_t *pg);

/* Between them: sets the session; up() follows. */
ngx_int_t ngx_http_endpoint_pg_configure(ngx_http_endpoint_pg_t *pg);
void ngx_http_endpoint_pg_setting(ngx_http_endpoint_pg_t *pg,
    ngx_http_endpoint_pg_command_t *command);

/* Between them: the connection is of no use and will be closed. */
void ngx_http_endpoint_pg_doom(ngx_http_endpoint_pg_t *pg);

/*
 * Between them: that a connection was lost, or not made, is logged once until
 * the server is back, and once a minute meanwhile.  Whether a line about it is
 * to be left out.
 */
ngx_uint_t ngx_http_endpoint_pg_muted(ngx_http_endpoint_pg_t *pg);

/* Logs that what failed, unless it is left out. */
void ngx_http_endpoint_pg_complain(ngx_http_endpoint_pg_t *pg,
    const char *what, const char *message);

/* Logs that the server is back, where it was said to be lost. */
void ngx_http_endpoint_pg_recovered(ngx_http_endpoint_pg_t *pg);

/* libpq's receiver of notices; data is the connection. */
void ngx_http_endpoint_pg_notice(void *data, const PGresult *result);


#endif /* _NGX_HTTP_ENDPOINT_PG_H_INCLUDED_ */
