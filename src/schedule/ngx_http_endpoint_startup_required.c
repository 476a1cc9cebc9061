
/*
 * Startups that are required run before there are workers, in a process of
 * their own: where one fails, nginx does not start, or at a reload goes on with
 * the configuration and the workers that it has.
 *
 * The one place where a module can still refuse a configuration whose logs and
 * zones are there is the init of a zone, so one is declared for it, last.
 */


#include "ngx_http_endpoint_pg_pool.h"
#include "ngx_http_endpoint_startup.h"
#include "ngx_http_endpoint_variable.h"


/* the smallest that nginx's slab pool likes */
#define NGX_HTTP_ENDPOINT_STARTUP_PAGES  8

/* how often the master looks whether the process has ended, in milliseconds */
#define NGX_HTTP_ENDPOINT_STARTUP_WAIT   5

/* beside its timeout, until it is killed: it has to start, and to stop */
#define NGX_HTTP_ENDPOINT_STARTUP_SPARE  5000


typedef struct {
    ngx_cycle_t                    *cycle;
    ngx_http_endpoint_main_conf_t  *main;
    ngx_msec_t                      timeout;    /* the longest */
} ngx_http_endpoint_required_t;


static ngx_int_t ngx_http_endpoint_startup_required_init(
    ngx_shm_zone_t *shm_zone, void *data);
static void ngx_http_endpoint_startup_required_child(
    ngx_http_endpoint_required_t *q);
static ngx_int_t ngx_http_endpoint_startup_required_user(ngx_cycle_t *cycle);
static ngx_int_t ngx_http_endpoint_startup_required_events(
    ngx_http_endpoint_required_t *q);
static void ngx_http_endpoint_startup_required_slot(void);
static void ngx_http_endpoint_startup_required_run(
    ngx_http_endpoint_startup_t *s);
static void ngx_http_endpoint_startup_required_ended(
    ngx_http_endpoint_detached_t *d, void *data);
static ngx_int_t ngx_http_endpoint_startup_required_wait(
    ngx_http_endpoint_required_t *q, ngx_pid_t pid);
static void ngx_http_endpoint_startup_required_unlock(ngx_cycle_t *cycle,
    ngx_pid_t pid);


/* of the process */

static ngx_uint_t  ngx_http_endpoint_startup_left;
static ngx_uint_t  ngx_http_endpoint_startup_failed;


ngx_int_t
ngx_http_endpoint_startup_required(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf)
{
    ngx_uint_t                      i;
    ngx_msec_t                      timeout;
    ngx_shm_zone_t                 *shm_zone;
    ngx_http_endpoint_startup_t   **s;
    ngx_http_endpoint_required_t   *q;

    static ngx_str_t  name = ngx_string("ngx_http_endpoint_startup");

    timeout = 0;
    s = emcf->startups.elts;

    for (i = 0; i < emcf->startups.nelts; i++) {
        if (s[i]->required) {
            timeout = ngx_max(timeout, s[i]->timed.timeout);
        }
    }

    if (timeout == 0) {
        return NGX_OK;
    }

    q = ngx_palloc(cf->pool, sizeof(ngx_http_endpoint_required_t));

    shm_zone = ngx_shared_memory_add(cf, &name,
                                     NGX_HTTP_ENDPOINT_STARTUP_PAGES
                                     * ngx_pagesize,
                                     &ngx_http_endpoint_module);

    if (q == NULL || shm_zone == NULL) {
        return NGX_ERROR;
    }

    q->cycle = cf->cycle;
    q->main = emcf;
    q->timeout = timeout;

    shm_zone->init = ngx_http_endpoint_startup_required_init;
    shm_zone->data = q;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_startup_required_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_pid_t                      pid;
    ngx_http_endpoint_required_t  *q;

    q = shm_zone->data;

    /* nor where a process without a master reads its configuration again */

    if (ngx_test_config || ngx_cycle->connections) {
        return NGX_OK;
    }

    pid = fork();

    switch (pid) {

    case -1:
        ngx_log_error(NGX_LOG_EMERG, q->cycle->log, ngx_errno,
                      "fork() failed for a startup that is required");
        return NGX_ERROR;

    case 0:
        ngx_http_endpoint_startup_required_child(q);

        /* not exit(): what the master has registered for that is its own */

        _exit(ngx_http_endpoint_startup_failed);

    default:
        return ngx_http_endpoint_startup_required_wait(q, pid);
    }
}


static void
ngx_http_endpoint_startup_required_child(ngx_http_endpoint_required_t *q)
{
    ngx_uint_t                      i;
    ngx_cycle_t                    *cycle;
    ngx_http_endpoint_startup_t   **s;
    ngx_http_endpoint_pg_pool_t   **pools;

    cycle = q->cycle;

    ngx_pid = ngx_getpid();
    ngx_process = NGX_PROCESS_WORKER;
    ngx_worker = (ngx_uint_t) -1;
    ngx_cycle = cycle;

    ngx_http_endpoint_startup_failed = 1;

    if (ngx_http_endpoint_startup_required_user(cycle) != NGX_OK
        || ngx_http_endpoint_startup_required_events(q) != NGX_OK)
    {
        return;
    }

    ngx_http_endpoint_startup_failed = 0;

    s = q->main->startups.elts;

    for (i = 0; i < q->main->startups.nelts; i++) {
        if (s[i]->required) {
            ngx_http_endpoint_startup_required_run(s[i]);
        }
    }

    while (ngx_http_endpoint_startup_left) {
        ngx_process_events_and_timers(cycle);
    }

    pools = q->main->pools.elts;

    for (i = 0; i < q->main->pools.nelts; i++) {
        ngx_http_endpoint_pg_pool_done(pools[i]);
    }

    ngx_http_endpoint_wake_exit_process(cycle);
}


/* as a worker */

static ngx_int_t
ngx_http_endpoint_startup_required_user(ngx_cycle_t *cycle)
{
    sigset_t          set;
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (geteuid() == 0
        && (setgid(ccf->group) == -1
            || initgroups(ccf->username, ccf->group) == -1
            || setuid(ccf->user) == -1))
    {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                      "a startup could not be run as user \"%s\"",
                      ccf->username);
        return NGX_ERROR;
    }

    sigemptyset(&set);

    if (sigprocmask(SIG_SETMASK, &set, NULL) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "sigprocmask() failed");
    }

    return NGX_OK;
}


/* what a worker has of this module, and nginx's events: it listens nowhere */

static ngx_int_t
ngx_http_endpoint_startup_required_events(ngx_http_endpoint_required_t *q)
{
    ngx_uint_t                      i;
    ngx_http_endpoint_pg_pool_t   **pools;

    q->cycle->listening.nelts = 0;

    ngx_http_endpoint_startup_required_slot();

    if (ngx_event_core_module.init_process(q->cycle) != NGX_OK
        || ngx_http_endpoint_variable_init_module(q->cycle) != NGX_OK
        || ngx_http_endpoint_wake_init_module(q->cycle) != NGX_OK
        || ngx_http_endpoint_wake_init_process(q->cycle) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_use_accept_mutex = 0;

    pools = q->main->pools.elts;

    for (i = 0; i < q->main->pools.nelts; i++) {
        if (ngx_http_endpoint_pg_pool_init(pools[i], q->cycle) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* one that no worker has, until the next one is started */

static void
ngx_http_endpoint_startup_required_slot(void)
{
    ngx_int_t  s;

    for (s = 0; s < ngx_last_process; s++) {
        if (ngx_processes[s].pid == -1) {
            break;
        }
    }

    ngx_process_slot = s;
}


static void
ngx_http_endpoint_startup_required_run(ngx_http_endpoint_startup_t *s)
{
    ngx_http_endpoint_detached_t  *d;

    d = ngx_http_endpoint_timed_create(&s->timed);

    if (d == NULL) {
        ngx_http_endpoint_startup_failed = 1;
        return;
    }

    ngx_http_endpoint_startup_left++;

    ngx_http_endpoint_detached_start(d, s->timed.timeout,
                                     ngx_http_endpoint_startup_required_ended,
                                     NULL);
}


static void
ngx_http_endpoint_startup_required_ended(ngx_http_endpoint_detached_t *d,
    void *data)
{
    ngx_uint_t  status;

    status = d->run.result.status;

    if (status < 200 || status > 299) {
        ngx_log_error(NGX_LOG_ERR, &d->log, 0, "the run ended with %ui",
                      status);

        ngx_http_endpoint_startup_failed = 1;
    }

    ngx_http_endpoint_startup_left--;
}


/* in the master, which has nothing else to do before it has an answer */

static ngx_int_t
ngx_http_endpoint_startup_required_wait(ngx_http_endpoint_required_t *q,
    ngx_pid_t pid)
{
    int                            status;
    ngx_pid_t                      ended;
    ngx_uint_t                     i;
    ngx_msec_t                     waited;
    ngx_http_endpoint_startup_t  **s;

    waited = 0;

    for ( ;; ) {
        ended = waitpid(pid, &status, WNOHANG);

        if (ended == pid) {
            break;
        }

        if (ended == -1 && ngx_errno != NGX_EINTR) {
            ngx_log_error(NGX_LOG_EMERG, q->cycle->log, ngx_errno,
                          "waitpid() failed for a startup that is required");
            return NGX_ERROR;
        }

        if (waited > q->timeout + NGX_HTTP_ENDPOINT_STARTUP_SPARE) {
            (void) kill(pid, SIGKILL);
        }

        ngx_msleep(NGX_HTTP_ENDPOINT_STARTUP_WAIT);
        waited += NGX_HTTP_ENDPOINT_STARTUP_WAIT;
    }

    ngx_time_update();

    if (WIFSIGNALED(status)) {
        ngx_http_endpoint_startup_required_unlock(q->cycle, pid);

        ngx_log_error(NGX_LOG_EMERG, q->cycle->log, 0,
                      "the process of a startup that is required exited on "
                      "signal %d", WTERMSIG(status));
        return NGX_ERROR;
    }

    if (WEXITSTATUS(status) != 0) {
        ngx_log_error(NGX_LOG_EMERG, q->cycle->log, 0,
                      "a startup that is required has failed");
        return NGX_ERROR;
    }

    s = q->main->startups.elts;

    for (i = 0; i < q->main->startups.nelts; i++) {
        if (s[i]->required) {
            s[i]->done = 1;
        }
    }

    return NGX_OK;
}


/* what nginx does for a worker that died */

static void
ngx_http_endpoint_startup_required_unlock(ngx_cycle_t *cycle, ngx_pid_t pid)
{
    ngx_uint_t        i;
    ngx_shm_zone_t   *shm_zone;
    ngx_slab_pool_t  *sp;
    ngx_list_part_t  *part;

    for (part = &cycle->shared_memory.part; part; part = part->next) {
        shm_zone = part->elts;

        for (i = 0; i < part->nelts; i++) {
            sp = (ngx_slab_pool_t *) shm_zone[i].shm.addr;

            if (sp) {
                (void) ngx_shmtx_force_unlock(&sp->mutex, pid);
            }
        }
    }
}
