
/*
 * A background subrequest whose answer is kept in memory instead of sent: its
 * start, the filters that catch its header and body, its end.
 */


#ifndef _NGX_HTTP_ENDPOINT_CAPTURE_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_CAPTURE_H_INCLUDED_


#include <ngx_http.h>
#include "ngx_http_endpoint_error.h"
#include "ngx_http_endpoint_json_check.h"
#include "ngx_http_endpoint_run.h"


typedef struct {
    ngx_http_post_subrequest_t       post;
    ngx_http_posted_request_t        posted;    /* for its end */
    ngx_http_request_t              *request;   /* the subrequest */
    ngx_pool_t                      *pool;      /* its own */
    ngx_http_endpoint_run_t         *run;       /* that asks */
    ngx_http_endpoint_run_t         *nested;    /* of an endpoint behind it */
    void                         *within;   /* whose work it is */
    ngx_array_t                     *known;     /* variables in a key */

    /* records that the answer is complete, or why not; wakes by posting */
    void                           (*handler)(void *data);
    void                            *data;

    /* the upstream's own, which capture's stands in front of */
    void                           (*finalize)(ngx_http_request_t *r,
                                               ngx_int_t rc);

    ngx_uint_t                       status;
    ngx_chain_t                     *out;
    ngx_chain_t                    **last;
    ngx_buf_t                       *buf;       /* the block being filled */
    size_t                           size;
    size_t                           limit;
    ngx_http_endpoint_cause_e        cause;     /* or none */
    ngx_http_endpoint_json_check_t   check;

    ngx_uint_t                       bom;       /* bytes of one, at first */

    unsigned                         checked:1; /* the body must be JSON */
    unsigned                         invalid:1; /* and is not */
    unsigned                         complete:1;    /* its end has come */
    unsigned                         timedout:1;    /* and will not come */
    unsigned                         done:1;

    /* what it has made of values in place of others is not to be kept */
    unsigned                         fallback:1;
} ngx_http_endpoint_capture_t;


/*
 * Creates the subrequest of parent; capture is zeroed but for handler, data,
 * run, within, known, limit and checked.  The subrequest has an empty list of
 * request headers, no body, variables and a connection of its own; the caller
 * completes it before it returns to the event loop, when the subrequest starts.
 * NGX_ERROR: memory, too many subrequests.
 */
ngx_int_t ngx_http_endpoint_capture_start(
    ngx_http_endpoint_capture_t *capture, ngx_http_request_t *parent,
    ngx_str_t *path, ngx_str_t *args);

/* Keeps len bytes more of the body, or fails as it is too large. */
void ngx_http_endpoint_capture_append(ngx_http_endpoint_capture_t *capture,
    u_char *data, size_t len);

/*
 * The body, contiguous or a chain; null where it is empty.  With json set it
 * is taken for JSON, otherwise for text that has yet to be cleaned.
 */
void ngx_http_endpoint_capture_value(ngx_http_endpoint_capture_t *capture,
    ngx_uint_t json, ngx_http_endpoint_value_t *v);

/*
 * Ends the subrequest, whatever it waits for and whether or not the main
 * request is being freed; handler is not called any more.  What nginx cannot
 * stop, file aio and other modules' waits, goes on without effect.  Not from
 * within the subrequest's own work.
 */
void ngx_http_endpoint_capture_end(ngx_http_endpoint_capture_t *capture);

/*
 * The capture behind a request, or NULL: by its post_subrequest, since a
 * redirect clears the contexts of modules.
 */
ngx_http_endpoint_capture_t *ngx_http_endpoint_capture_get(
    ngx_http_request_t *r);

/*
 * Gives back the memory of a subrequest whose answer has been taken, where
 * that can be done; capture->request, all that it has, is then NULL.
 */
void ngx_http_endpoint_capture_free(ngx_http_endpoint_capture_t *capture);

/* Makes capture->pool, for capture_start(); it lasts as long as parent. */
ngx_int_t ngx_http_endpoint_capture_pool(ngx_http_endpoint_capture_t *capture,
    ngx_http_request_t *parent);

/* The variables of a subrequest of main's, in capture->pool.  NULL: memory. */
ngx_http_variable_value_t *ngx_http_endpoint_capture_variables(
    ngx_http_endpoint_capture_t *capture, ngx_http_request_t *main);

/* The nearest capture that a request is a part of, or NULL. */
ngx_http_endpoint_capture_t *ngx_http_endpoint_capture_above(
    ngx_http_request_t *r);

/* Records why the answer is of no use, whatever comes of it, and wakes. */
void ngx_http_endpoint_capture_fail(ngx_http_endpoint_capture_t *capture,
    ngx_http_endpoint_cause_e cause);

/* Installs the filters; once, in postconfiguration. */
void ngx_http_endpoint_capture_init(void);


#endif /* _NGX_HTTP_ENDPOINT_CAPTURE_H_INCLUDED_ */
