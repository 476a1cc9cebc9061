
/*
 * The room language/ holds what the configuration compiles to, plans, and how
 * their texts are rendered: against a scope, by whomever it is filled.  It may
 * use data/ and input/; the kinds of steps reach it as a table.
 */

/*
 * A plan is what one block of the configuration compiles to: its inputs, its
 * steps with the names they use and bind, its replies.
 */


#ifndef _NGX_HTTP_ENDPOINT_PLAN_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_PLAN_H_INCLUDED_


#include "ngx_http_endpoint_input.h"
#include "ngx_http_endpoint_json.h"
#include "ngx_http_endpoint_statement.h"


#define NGX_HTTP_ENDPOINT_IDENTITY  16      /* of MD5 */


typedef struct ngx_http_endpoint_plan_s       ngx_http_endpoint_plan_t;
typedef struct ngx_http_endpoint_step_s       ngx_http_endpoint_step_t;
typedef struct ngx_http_endpoint_name_s       ngx_http_endpoint_name_t;
typedef struct ngx_http_endpoint_condition_s  ngx_http_endpoint_condition_t;
typedef struct ngx_http_endpoint_step_type_s  ngx_http_endpoint_step_type_t;
typedef struct ngx_http_endpoint_around_s     ngx_http_endpoint_around_t;
typedef struct ngx_http_endpoint_pass_s       ngx_http_endpoint_pass_t;
typedef struct ngx_http_endpoint_reserve_s    ngx_http_endpoint_reserve_t;

/* of the compiler: what only it looks into */
typedef struct ngx_http_endpoint_compile_s    ngx_http_endpoint_compile_t;


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
    unsigned                          whole:1;  /* handed on as it came */
};


/* text that is a part of a URI already, and is one in a fetch's */
typedef enum {
    ngx_http_endpoint_uri_none = 0,
    ngx_http_endpoint_uri_rest,         /* an input of the type path */
    ngx_http_endpoint_uri_path,         /* $uri: the path and maybe more */
    ngx_http_endpoint_uri_args,         /* $args: pairs, encoded */
    ngx_http_endpoint_uri_arg           /* $arg_NAME: a value, encoded */
} ngx_http_endpoint_uri_part_e;


/* what a $name in the configuration stands for */
typedef struct {
    ngx_http_endpoint_name_t         *name;     /* NULL: a variable */
    ngx_uint_t                        index;    /* slot, or variable's index */
    ngx_http_endpoint_uri_part_e      uri;
} ngx_http_endpoint_ref_t;


/* bind=$name:Header */
typedef struct {
    ngx_http_endpoint_name_t         *name;
    ngx_str_t                         header;
} ngx_http_endpoint_bind_t;


struct ngx_http_endpoint_step_s {
    ngx_http_endpoint_step_type_t    *type;
    ngx_http_endpoint_statement_t    *statement;
    ngx_http_endpoint_plan_t         *plan;
    ngx_uint_t                        index;

    /* for logs and errors: the name it binds, or "fetch 2" */
    ngx_str_t                         label;

    ngx_http_endpoint_name_t         *result;   /* or NULL */
    ngx_http_endpoint_name_t         *status;   /* of status=$code, or NULL */
    ngx_array_t                      *binds;    /* or NULL */
    ngx_http_endpoint_condition_t    *when;     /* or NULL */
    ngx_msec_t                        timeout;  /* 0: the run's */
    void                             *conf;     /* of the step's type */
    ngx_array_t                      *inner;    /* steps of a transaction */

    /* of an option that has work around the step's own, or NULL */
    ngx_http_endpoint_around_t       *around;
    void                             *around_conf;

    /*
     * What it works on, in words: upstream "db"; and the zone of its cache=.
     * A read waits for the acts above it that work on one of them.
     */
    ngx_str_t                         target;
    ngx_str_t                         cached;

    /* of default=, or NULL: for the result, or with each= for an element's */
    ngx_http_endpoint_value_t        *def;

    /* the client's headers that a fetch passes on; NULL: the location's */
    ngx_http_endpoint_pass_t         *pass;

    /*
     * Indices of nginx's variables that are in the key, where the result is
     * kept for others: a fetch has those of the request alone; NULL: all.
     */
    ngx_array_t                      *variables;

    ngx_uint_t                        options;  /* bits of what was given */
    ngx_uint_t                        waits;    /* number of steps above it */
    ngx_uint_t                       *next;     /* steps that wait for it */
    ngx_uint_t                        nnext;

    unsigned                          act:1;
    unsigned                          guard:1;
    unsigned                          barrier:1;
    unsigned                          unordered:1;
    unsigned                          each:1;   /* has each= */
    unsigned                          last:1;   /* waits for all others */

    /* work that must not be left half done: no cancelling once it started */
    unsigned                          effect:1;
};


/* what the configuration allows, where a block stands */
typedef struct {
    size_t                            fetch_buffer;
    size_t                            query_buffer;
    ngx_array_t                      *pass_headers; /* ngx_hash_key_t */
    ngx_uint_t                        max_fanout;
    ngx_uint_t                        max_fetches;
} ngx_http_endpoint_limits_t;


struct ngx_http_endpoint_plan_s {
    ngx_http_endpoint_statement_t    *statement;
    ngx_http_endpoint_limits_t       *limits;
    ngx_str_t                         label;    /* /user/{user_id} */

    /* the same after a reload, as long as nothing of the block has changed */
    u_char                            identity[NGX_HTTP_ENDPOINT_IDENTITY];

    ngx_str_t                         vary;     /* headers in keys, or empty */

    ngx_array_t                       inputs;   /* in the order of faults */
    ngx_uint_t                        ncaptures;
    ngx_uint_t                        nbody;    /* the last of inputs */

    ngx_array_t                       names;    /* ngx_http_endpoint_name_t * */
    ngx_array_t                       steps;    /* ngx_http_endpoint_step_t * */
    ngx_array_t                       replies;  /* ngx_http_endpoint_reply_t */
    struct ngx_http_endpoint_reply_s *constant; /* known beforehand, or NULL */
    ngx_http_endpoint_step_t         *cache;    /* the statement, or NULL */

    /* ngx_http_endpoint_carried_t: values of the block around; or NULL */
    ngx_array_t                      *carried;

    /* what a run needs for its end, before its first step; or NULL */
    ngx_http_endpoint_reserve_t      *reserve;
    ngx_uint_t                        nslots;
    ngx_msec_t                        timeout;  /* 0: endpoint_timeout */

    /* what a client sent is handed on beside what is read of it */
    unsigned                          body_handed:1;
    unsigned                          body_raw:1;
    unsigned                          args_handed:1;
};


/* The steps of a plan, in the order of the file. */
#define ngx_http_endpoint_plan_step(plan, i)                                  \
    (((ngx_http_endpoint_step_t **) (plan)->steps.elts)[i])


#endif /* _NGX_HTTP_ENDPOINT_PLAN_H_INCLUDED_ */
