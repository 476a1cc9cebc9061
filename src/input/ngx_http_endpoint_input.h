
/*
 * The room input/ holds types and constraints: what a client sent becomes a
 * value or a fault, by FastAPI's rules.  It knows no request.  It may use data/
 * and shared/, of which it needs nothing.
 */

/*
 * Inputs: what a client must send, as which type, within which constraints,
 * and the 422 that lists every fault as FastAPI does.  Knows no request: where
 * the text of an input is found is the business of the HTTP shell.
 */


#ifndef _NGX_HTTP_ENDPOINT_INPUT_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_INPUT_H_INCLUDED_


#include "ngx_http_endpoint_json.h"


/* in the order in which faults are listed */
typedef enum {
    ngx_http_endpoint_input_path = 0,
    ngx_http_endpoint_input_arg,
    ngx_http_endpoint_input_header,
    ngx_http_endpoint_input_cookie,
    ngx_http_endpoint_input_field,
    ngx_http_endpoint_input_body
} ngx_http_endpoint_input_source_e;


typedef enum {
    ngx_http_endpoint_type_str = 0,
    ngx_http_endpoint_type_int,
    ngx_http_endpoint_type_float,
    ngx_http_endpoint_type_bool,
    ngx_http_endpoint_type_uuid,
    ngx_http_endpoint_type_json,
    ngx_http_endpoint_type_path         /* of a path's last segment: str */
} ngx_http_endpoint_type_e;


typedef struct ngx_http_endpoint_constraint_s  ngx_http_endpoint_constraint_t;


typedef struct {
    ngx_http_endpoint_input_source_e   source;
    ngx_http_endpoint_type_e           type;
    ngx_str_t                          name;    /* without $ */
    ngx_str_t                          key;     /* on the wire: x-token */
    ngx_uint_t                         slot;    /* of the value in a run */
    ngx_uint_t                         order;   /* how many steps are above */
    ngx_array_t                       *constraints; /* in FastAPI's order */
    ngx_http_endpoint_value_t          def;
    unsigned                           has_default:1;
    unsigned                           nullable:1;      /* =null */
} ngx_http_endpoint_input_t;


/* the faults found so far, as the elements of the "detail" array */
typedef struct {
    ngx_pool_t                        *pool;
    ngx_array_t                        list;    /* of ngx_str_t, JSON */
    ngx_uint_t                         order;   /* the least of the inputs' */
} ngx_http_endpoint_faults_t;


/*
 * Compiles one declaration: word is "$name", "$name:type" or
 * "$name:type=default", options the n words behind it ("ge=1", "pattern=…").
 * Sets all of input but slot; strings are slices of the words or memory of
 * pool.  On a mistake: NGX_ERROR with err set to the words for the
 * configuration error, the quoted value first and what was expected
 * (`invalid type "integer" of "$id", it must be one of str, int, …`).
 */
ngx_int_t ngx_http_endpoint_input_compile(ngx_pool_t *pool, ngx_log_t *log,
    ngx_http_endpoint_input_source_e source, ngx_str_t *word,
    ngx_str_t *options, ngx_uint_t n, ngx_http_endpoint_input_t *input,
    ngx_str_t *err);

void ngx_http_endpoint_faults_init(ngx_http_endpoint_faults_t *faults,
    ngx_pool_t *pool);

#define ngx_http_endpoint_faults_empty(faults)  ((faults)->list.nelts == 0)

/*
 * Sets value from the decoded text a client sent (any bytes, cleaned to valid
 * UTF-8 here), or adds to faults.  text NULL: not sent, so the default or
 * "missing".  NGX_OK also when a fault was added; NGX_ERROR: memory.
 */
ngx_int_t ngx_http_endpoint_input_text(ngx_http_endpoint_input_t *input,
    ngx_str_t *text, ngx_http_endpoint_value_t *value,
    ngx_http_endpoint_faults_t *faults);

/*
 * The same for a JSON value (a member of the body, or the whole of it), under
 * pydantic's lax rules for JSON.  json NULL: not sent.
 */
ngx_int_t ngx_http_endpoint_input_json(ngx_http_endpoint_input_t *input,
    ngx_http_endpoint_value_t *json, ngx_http_endpoint_value_t *value,
    ngx_http_endpoint_faults_t *faults);

/*
 * Sets values[input->slot] for all of n inputs, whose source is field or body,
 * from the text of a request body of the given Content-Type (empty: none sent)
 * or adds to faults.  once: a field must not be there twice.  NGX_ERROR:
 * memory.
 */
ngx_int_t ngx_http_endpoint_input_from_body(ngx_http_endpoint_input_t *inputs,
    ngx_uint_t n, ngx_str_t *body, ngx_str_t *content_type, ngx_uint_t once,
    ngx_http_endpoint_value_t *values, ngx_http_endpoint_faults_t *faults);

/*
 * Adds one fault that is found where a value is used: a value that must not
 * stand in a path segment or a header.  type and msg as FastAPI words them;
 * the loc is the input's, the value is shown as the client sent it.
 */
ngx_int_t ngx_http_endpoint_input_fault(ngx_http_endpoint_input_t *input,
    char *type, char *msg, ngx_http_endpoint_value_t *value,
    ngx_http_endpoint_faults_t *faults);

/*
 * Adds the fault of an input that was sent twice, or of which the member that
 * path, if any, leads to was.
 */
ngx_int_t ngx_http_endpoint_input_twice(ngx_http_endpoint_input_t *input,
    ngx_http_endpoint_json_path_t *path, ngx_http_endpoint_value_t *value,
    ngx_http_endpoint_faults_t *faults);

/* The whole reply, {"detail":[…]}, in memory of the faults' pool. */
ngx_int_t ngx_http_endpoint_faults_reply(ngx_http_endpoint_faults_t *faults,
    ngx_str_t *reply);


#endif /* _NGX_HTTP_ENDPOINT_INPUT_H_INCLUDED_ */
