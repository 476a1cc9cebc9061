
/*
 * The room fetch/ holds subrequests: what is asked, the filter that captures
 * the answer, the connection and memory of each, a host for runs without a
 * client.  It may use run/, cache/ and what is below them.
 */

/*
 * fetch: what the configuration asks, the calls of one exec (one, or one for
 * each element of a list), and the tries of a call, each a subrequest.
 */


#ifndef _NGX_HTTP_ENDPOINT_FETCH_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_FETCH_H_INCLUDED_


#include "ngx_http_endpoint_capture.h"
#include "ngx_http_endpoint_fanout.h"
#include "ngx_http_endpoint_header.h"
#include "ngx_http_endpoint_outcome.h"
#include "ngx_http_endpoint_uri.h"


/* pass=404,4xx */
typedef struct {
    ngx_uint_t                       from;
    ngx_uint_t                       to;
} ngx_http_endpoint_fetch_range_t;


typedef struct {
    ngx_str_t                        method;
    ngx_uint_t                       method_id;     /* NGX_HTTP_GET, … */
    ngx_http_endpoint_uri_t          uri;
    ngx_http_endpoint_template_t    *body;          /* or NULL */
    ngx_array_t                      headers; /* ngx_http_endpoint_header_t */
    ngx_array_t                      pass; /* ngx_http_endpoint_fetch_range_t */
    ngx_array_t                      pass_headers;  /* ngx_str_t */
    ngx_uint_t                       retries;
    ngx_msec_t                       try_timeout;   /* 0: none */

    ngx_http_endpoint_each_t         each;

    unsigned                         given:1;       /* the method was */
    unsigned                         text:1;        /* as=text */
    unsigned                         has_content_type:1;
    ngx_str_t                        type;      /* Content-Type, or "" */
} ngx_http_endpoint_fetch_conf_t;


typedef enum {
    ngx_http_endpoint_call_asking = 0,      /* a try is under way */
    ngx_http_endpoint_call_pausing,         /* before the next try */
    ngx_http_endpoint_call_ended
} ngx_http_endpoint_call_state_e;


typedef struct {
    ngx_http_endpoint_exec_t        *exec;
    ngx_http_endpoint_branch_t      *branch;
    ngx_http_endpoint_call_state_e   state;
    ngx_http_endpoint_capture_t     *capture;       /* of the last try */
    ngx_http_endpoint_capture_t      first;         /* of the first one */
    ngx_uint_t                       tries;
    ngx_http_endpoint_cause_e        failure;       /* of the last one */
    ngx_msec_t                       started;       /* the last try */
    ngx_event_t                      timer;         /* of a try, of a pause */
    unsigned                         arrived:1;     /* the try has ended */
    unsigned                         timedout:1;
} ngx_http_endpoint_call_t;


/*
 * Reads the statement of c into step->conf.  NGX_ERROR: a mistake (logged), or
 * memory.
 */
ngx_int_t ngx_http_endpoint_fetch_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step);

/*
 * Starts a call, which is what a branch of a fetch does.  It goes on by
 * ngx_http_endpoint_call_resume().
 */
void ngx_http_endpoint_call_start(ngx_http_endpoint_branch_t *b);

/* Looks whether a call's try ended or its timer fired, and goes on. */
void ngx_http_endpoint_call_resume(ngx_http_endpoint_branch_t *b);

/*
 * Ends a branch whose time is over, started or not, by its default or by
 * failing the exec.
 */
void ngx_http_endpoint_call_expire(ngx_http_endpoint_branch_t *b);

/* Stops what a call has under way. */
void ngx_http_endpoint_call_cancel(ngx_http_endpoint_branch_t *b);

/*
 * What the answer of a call's last try is: none, or why it is no result.
 */
ngx_http_endpoint_cause_e ngx_http_endpoint_answer_cause(
    ngx_http_endpoint_call_t *call);

/* Sets the names of bind= from the answer's headers.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_answer_binds(ngx_http_endpoint_call_t *call);

/* Sets the branch's value from the answer; none, or why it cannot be used. */
ngx_http_endpoint_cause_e ngx_http_endpoint_answer_value(
    ngx_http_endpoint_call_t *call);

/* Sets what of the answer pass= hands on.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_answer_outcome(ngx_http_endpoint_call_t *call,
    ngx_http_endpoint_outcome_t *outcome);

/* Whether pass= lists a status. */
ngx_uint_t ngx_http_endpoint_answer_passed(
    ngx_http_endpoint_fetch_conf_t *conf, ngx_uint_t status);

/* Hands an answer to the client where pass= lists its status. */
ngx_uint_t ngx_http_endpoint_answer_pass(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_outcome_t *outcome);

/* Whether a failure may be gone when it is tried again. */
ngx_uint_t ngx_http_endpoint_call_retryable(ngx_http_endpoint_cause_e cause,
    ngx_uint_t status);

/*
 * Starts the subrequest of call->capture.  NGX_DECLINED: a value cannot stand
 * where it is used, and refusal is set; NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_fetch_request(ngx_http_endpoint_call_t *call,
    ngx_http_endpoint_refusal_t *refusal);


extern ngx_http_endpoint_share_t  ngx_http_endpoint_fetch_share;


#endif /* _NGX_HTTP_ENDPOINT_FETCH_H_INCLUDED_ */
