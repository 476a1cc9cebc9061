
/* What the statements of all kinds of steps have in common: their options. */


#ifndef _NGX_HTTP_ENDPOINT_STEP_OPTION_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_STEP_OPTION_H_INCLUDED_


#include "ngx_http_endpoint_step.h"


/* The kind of step that a statement's name stands for, or NULL. */
ngx_http_endpoint_step_type_t *ngx_http_endpoint_step_find(
    ngx_http_endpoint_kinds_t *kinds, ngx_str_t *name);

/*
 * Reads an option that every step has: timeout=, after=, when=, unordered, and
 * those of c->kinds.
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

/* What a step works on, in words: kind "name".  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_step_target(ngx_http_endpoint_compile_t *c,
    ngx_str_t *target, const char *kind, ngx_str_t *name);

/*
 * Logs that there is no such option, with those that there are: own are the
 * statement's, beside those of all steps.  Always NGX_ERROR.
 */
ngx_int_t ngx_http_endpoint_step_unknown(ngx_http_endpoint_compile_t *c,
    ngx_str_t *word, const char **own);

/* Whether a word looks like an option, name=..., of whatever name. */
ngx_uint_t ngx_http_endpoint_step_like_option(ngx_str_t *word);

/* Reads the JSON of default= into step->def.  NGX_ERROR: a mistake (logged). */
ngx_int_t ngx_http_endpoint_step_default(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_str_t *value);


#endif /* _NGX_HTTP_ENDPOINT_STEP_OPTION_H_INCLUDED_ */
