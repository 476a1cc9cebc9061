
/*
 * A plan is what one block of the configuration compiles to: its inputs, its
 * steps with the names they use and bind, its replies.
 */


#ifndef _NGX_HTTP_ENDPOINT_PLAN_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PLAN_H_INCLUDED_


#include "ngx_http_endpoint_input.h"
#include "ngx_http_endpoint_json.h"


typedef struct ngx_http_endpoint_plan_s       ngx_http_endpoint_plan_t;
typedef struct ngx_http_endpoint_step_s       ngx_http_endpoint_step_t;
typedef struct ngx_http_endpoint_name_s       ngx_http_endpoint_name_t;
typedef struct ngx_http_endpoint_condition_s  ngx_http_endpoint_condition_t;
typedef struct ngx_http_endpoint_step_type_s  ngx_http_endpoint_step_type_t;
typedef struct ngx_http_endpoint_key_s        ngx_http_endpoint_key_t;


/* one statement as it was read, with what an error message needs */
typedef struct {
    ngx_str_t                        *args;     /* args[0] is its name */
    ngx_uint_t                        nargs;
    ngx_str_t                         file;
    ngx_uint_t                        line;
    ngx_array_t                      *block;    /* what stands in it, or NULL */
} ngx_http_endpoint_statement_t;


/* a name that an input or a step binds */
struct ngx_http_endpoint_name_s {
    ngx_str_t                         name;     /* without $ */
    ngx_uint_t                        slot;
    ngx_http_endpoint_statement_t    *statement;
    ngx_http_endpoint_step_t         *step;     /* NULL: an input */
    ngx_http_endpoint_input_t        *input;    /* NULL: a step */
    ngx_array_t                       paths;    /* members that are used */
    ngx_uint_t                        order;    /* in a transaction, from 1 */
    unsigned                          scalar:1; /* has no members */
    unsigned                          used:1;
};


/* what a $name in the configuration stands for */
typedef struct {
    ngx_http_endpoint_name_t         *name;     /* NULL: a variable */
    ngx_uint_t                        index;    /* slot, or variable's index */
} ngx_http_endpoint_ref_t;


struct ngx_http_endpoint_step_s {
    ngx_http_endpoint_step_type_t    *type;
    ngx_http_endpoint_statement_t    *statement;
    ngx_http_endpoint_plan_t         *plan;
    ngx_uint_t                        index;

    /* for logs and errors: the name it binds, or "fetch 2" */
    ngx_str_t                         label;

    ngx_http_endpoint_name_t         *result;   /* or NULL */
    ngx_http_endpoint_name_t         *status;   /* of status=$code, or NULL */
    ngx_http_endpoint_condition_t    *when;     /* or NULL */
    ngx_msec_t                        timeout;  /* 0: the run's */
    void                             *conf;     /* of the step's type */
    ngx_array_t                      *inner;    /* steps of a transaction */

    ngx_http_endpoint_key_t          *cache_key;    /* of cache=, or NULL */

    /* of default=, or NULL: for the result, or with each= for an element's */
    ngx_http_endpoint_value_t        *def;

    /* the client's headers that a fetch passes on; NULL: the location's */
    struct ngx_http_endpoint_pass_s  *pass;

    ngx_uint_t                        options;  /* bits of what was given */
    ngx_uint_t                        waits;    /* number of steps above it */
    ngx_uint_t                       *next;     /* steps that wait for it */
    ngx_uint_t                        nnext;

    unsigned                          act:1;
    unsigned                          guard:1;
    unsigned                          barrier:1;
    unsigned                          unordered:1;
    unsigned                          each:1;   /* has each= */

    /* work that must not be left half done: no cancelling once it started */
    unsigned                          effect:1;
};


struct ngx_http_endpoint_plan_s {
    ngx_http_endpoint_statement_t    *statement;
    ngx_str_t                         label;    /* /user/{user_id} */

    ngx_array_t                       inputs;   /* in the order of faults */
    ngx_uint_t                        ncaptures;
    ngx_uint_t                        nbody;    /* the last of inputs */

    ngx_array_t                       names;    /* ngx_http_endpoint_name_t * */
    ngx_array_t                       steps;    /* ngx_http_endpoint_step_t * */
    ngx_array_t                       replies;  /* ngx_http_endpoint_reply_t */
    struct ngx_http_endpoint_reply_s *constant; /* known beforehand, or NULL */
    ngx_http_endpoint_step_t         *cache;    /* the statement, or NULL */
    ngx_uint_t                        nslots;
    ngx_msec_t                        timeout;  /* 0: endpoint_timeout */
};


/* the state of a compilation: which plan, which statement, for which step */
typedef struct {
    ngx_conf_t                       *cf;
    ngx_http_endpoint_plan_t         *plan;
    ngx_http_endpoint_statement_t    *statement;

    /* whose uses are noted as edges; NULL: a reply's, which waits for all */
    ngx_http_endpoint_step_t         *step;
    ngx_array_t                      *edges;    /* ngx_http_endpoint_edge_t */
    ngx_http_endpoint_name_t         *item;     /* $item of each=, or NULL */
    ngx_uint_t                        order;    /* in a transaction, from 1 */
    ngx_array_t                      *uses;     /* ngx_http_endpoint_use_t */
    ngx_uint_t                        condition;    /* within when= */

    /* what the location says */
    ngx_array_t                      *pools;    /* of endpoint_postgres */
    ngx_msec_t                        timeout;
    ngx_uint_t                        bigint_string;
    ngx_array_t                      *pass_headers; /* ngx_hash_key_t */
} ngx_http_endpoint_compile_t;


typedef struct {
    ngx_uint_t                        from;
    ngx_uint_t                        to;
} ngx_http_endpoint_edge_t;


/*
 * Compiles the block of an endpoint.  c is zeroed but for cf, statement (the
 * head, with METHOD and PATH) and what the location says; statements
 * (ngx_http_endpoint_statement_t) are what stands inside, parts
 * (ngx_http_endpoint_route_part_t) is set to the pattern's.  Every mistake is
 * logged with the statement's file and line.  NULL: a mistake, or memory.
 */
ngx_http_endpoint_plan_t *ngx_http_endpoint_plan_compile(
    ngx_http_endpoint_compile_t *c, ngx_array_t *statements,
    ngx_array_t *parts);

/* Logs a configuration error at a statement; always NGX_ERROR. */
ngx_int_t ngx_http_endpoint_plan_error(ngx_conf_t *cf,
    ngx_http_endpoint_statement_t *statement, const char *fmt, ...);

/*
 * Reads a time that must not be 0: what names it in the error, msec is
 * milliseconds.  NGX_ERROR: a mistake (logged).
 */
ngx_int_t ngx_http_endpoint_plan_time(ngx_http_endpoint_compile_t *c,
    const char *what, ngx_str_t *value, ngx_msec_t *msec);

/* Notes that step to waits for step from.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_plan_edge(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *from, ngx_http_endpoint_step_t *to);

/* The steps of a plan, in the order of the file. */
#define ngx_http_endpoint_plan_step(plan, i)                                  \
    (((ngx_http_endpoint_step_t **) (plan)->steps.elts)[i])


#endif /* _NGX_HTTP_ENDPOINT_PLAN_H_INCLUDED_ */
