
/*
 * A step is one kind of work: one file that exports one table of functions.
 * To add a kind, add its file and its line in ngx_http_endpoint_step.c.
 */


#ifndef _NGX_HTTP_ENDPOINT_STEP_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_STEP_H_INCLUDED_


#include "ngx_http_endpoint_run.h"


struct ngx_http_endpoint_step_type_s {
    ngx_str_t       name;

    /*
     * Reads the statement of c into step->conf; sets act, guard, effect.
     * NGX_ERROR: a mistake (logged), or memory.
     */
    ngx_int_t     (*compile)(ngx_http_endpoint_compile_t *c,
                             ngx_http_endpoint_step_t *step);

    /*
     * Starts the work.  It ends by exec_done() or exec_failed(), called from
     * here or later.
     */
    void          (*start)(ngx_http_endpoint_exec_t *exec);

    /*
     * Goes on with running work after ngx_http_endpoint_exec_wake(); NULL
     * where nothing wakes it.
     */
    void          (*resume)(ngx_http_endpoint_exec_t *exec);

    /* Stops running work; NULL where start() always ends it. */
    void          (*cancel)(ngx_http_endpoint_exec_t *exec);

    /* $name as first argument and status=$name bind names */
    unsigned        binds:1;
};


extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_sleep;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_fetch;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_require;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_wait;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_log;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_header;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_cache;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_purge;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_query;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_query_row;
extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_transaction;


/* The kind of step that a statement's name stands for, or NULL. */
ngx_http_endpoint_step_type_t *ngx_http_endpoint_step_find(ngx_str_t *name);

/*
 * Reads an option that every step has: timeout=, after=, when=, unordered, and
 * cache=, which reads have.
 * NGX_OK; NGX_DECLINED: not one of them; NGX_ERROR: a mistake (logged).
 */
ngx_int_t ngx_http_endpoint_step_option(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *arg);

/*
 * Reads the words from number first on, which must all be such options.
 * NGX_ERROR: a mistake (logged).
 */
ngx_int_t ngx_http_endpoint_step_options(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_uint_t first);

/* Whether a word looks like an option, name=..., of whatever name. */
ngx_uint_t ngx_http_endpoint_step_like_option(ngx_str_t *word);

/* Reads the JSON of default= into step->def.  NGX_ERROR: a mistake (logged). */
ngx_int_t ngx_http_endpoint_step_default(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value);


#endif /* _NGX_HTTP_ENDPOINT_STEP_H_INCLUDED_ */
