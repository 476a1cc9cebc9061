
/* The names that inputs and steps bind, and the references to them. */


#ifndef _NGX_HTTP_ENDPOINT_NAME_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_NAME_H_INCLUDED_


#include "ngx_http_endpoint_plan.h"


/* a byte that may stand in a name behind its first */
#define ngx_http_endpoint_name_char(ch)                                       \
    (((ch) >= 'a' && (ch) <= 'z') || ((ch) >= 'A' && (ch) <= 'Z')             \
     || ((ch) >= '0' && (ch) <= '9') || (ch) == '_')


/*
 * Whether text can be a name: letters, digits and "_", not first a digit.
 * NGX_ERROR: not (logged).
 */
ngx_int_t ngx_http_endpoint_name_check(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text);

/*
 * Binds a name in the plan.  A step's result is JSON unless scalar.  NULL:
 * memory, or bound twice (logged).
 */
ngx_http_endpoint_name_t *ngx_http_endpoint_name_bind(
    ngx_http_endpoint_compile_t *c, ngx_str_t *name);

/* The name bound in the plan, or NULL. */
ngx_http_endpoint_name_t *ngx_http_endpoint_name_find(
    ngx_http_endpoint_plan_t *plan, u_char *data, size_t len);

/* Whether an input, a step, an element of each= or a variable has the name. */
ngx_uint_t ngx_http_endpoint_name_known(ngx_http_endpoint_compile_t *c,
    ngx_str_t *name);

/*
 * Resolves a reference.  text points behind a "$", end to the end of the word:
 * name, name.member, name[0], {name.member}.  Moves *text behind what was read,
 * notes the use for c->step and takes a slot for a member.  NGX_ERROR: unknown
 * name, member of a scalar, … (logged).
 */
ngx_int_t ngx_http_endpoint_name_ref(ngx_http_endpoint_compile_t *c,
    u_char **text, u_char *end, ngx_http_endpoint_ref_t *ref);

/* Resolves a word that is one reference and nothing else: "$x.name". */
ngx_int_t ngx_http_endpoint_name_ref_word(ngx_http_endpoint_compile_t *c,
    ngx_str_t *word, ngx_http_endpoint_ref_t *ref);


#endif /* _NGX_HTTP_ENDPOINT_NAME_H_INCLUDED_ */
