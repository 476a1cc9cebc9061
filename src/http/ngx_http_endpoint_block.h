
/* The endpoint block as nginx reads it: statements, kept to be compiled. */


#ifndef _NGX_HTTP_ENDPOINT_BLOCK_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_BLOCK_H_INCLUDED_


#include "ngx_http_endpoint_http.h"
#include "ngx_http_endpoint_plan_compile.h"
#include "ngx_http_endpoint_zone.h"


/* a context bit of its own: no other module's directive fits in a block */
#define NGX_HTTP_ENDPOINT_BLOCK        0x00020000
#define NGX_HTTP_ENDPOINT_TRANSACTION  0x00040000
#define NGX_HTTP_ENDPOINT_DETACHED     0x00080000   /* without a client */


typedef struct {
    ngx_http_endpoint_statement_t   head;           /* endpoint METHOD PATH */
    ngx_array_t                     statements;
    ngx_http_endpoint_plan_t       *plan;
    ngx_http_endpoint_loc_conf_t   *conf;
    ngx_http_core_loc_conf_t       *location;
    ngx_http_core_srv_conf_t       *server;
} ngx_http_endpoint_block_t;


typedef struct {
    ngx_array_t                     blocks;     /* ngx_http_endpoint_block_t */
    ngx_array_t                    *statements; /* of the one being read */
    ngx_http_endpoint_kinds_t      *kinds;
    ngx_array_t                     pools;  /* ngx_http_endpoint_pg_pool_t * */

    ngx_array_t                     task_zones;     /* of task/ */
    ngx_array_t                     task_queues;
    ngx_array_t                     task_blocks;
    ngx_http_endpoint_zone_t       *queue_zone;     /* NULL: no queue */

    ngx_array_t                     schedules;      /* of schedule/ */
    ngx_array_t                     startups;
    ngx_http_endpoint_zone_t       *schedule_zone;  /* NULL: it has none */

    /* ngx_http_endpoint_purge_location_t */
    ngx_array_t                     purges;
} ngx_http_endpoint_main_conf_t;


/* The handler of the "endpoint" directive. */
char *ngx_http_endpoint_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Keeps the statement that nginx has just read.  NGX_ERROR: memory. */
ngx_int_t ngx_http_endpoint_block_statement(ngx_conf_t *cf,
    ngx_http_endpoint_statement_t *statement);

/*
 * Reads a block up to its end into statements; where is the context bit of
 * what may stand in it.
 */
char *ngx_http_endpoint_block_read(ngx_conf_t *cf, ngx_uint_t where,
    ngx_array_t *statements);

/* The handler of every statement inside. */
char *ngx_http_endpoint_statement(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* The handler of "transaction", a statement with statements inside. */
char *ngx_http_endpoint_transaction(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* The same for "background", whose statements run later. */
char *ngx_http_endpoint_background(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * Compiles all blocks and adds them to their locations' routes, when all
 * variables are known.  NGX_ERROR: a mistake (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_block_compile_all(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf);

/*
 * The prefix location that nginx chooses in a server's tree for a URI, or NULL.
 */
ngx_http_core_loc_conf_t *ngx_http_endpoint_block_location(
    ngx_http_location_tree_node_t *node, u_char *uri, size_t len);


#endif /* _NGX_HTTP_ENDPOINT_BLOCK_H_INCLUDED_ */
