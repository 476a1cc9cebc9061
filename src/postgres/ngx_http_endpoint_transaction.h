
/*
 * transaction { … }: one step whose own steps run in their order on one
 * connection.  It ends when COMMIT has, so what uses its values waits for that.
 */


#ifndef _NGX_HTTP_ENDPOINT_TRANSACTION_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TRANSACTION_H_INCLUDED_


#include "ngx_http_endpoint_pg_pool.h"
#include "ngx_http_endpoint_run.h"


/* what waits for the end of a transaction */
typedef struct ngx_http_endpoint_transaction_end_s
    ngx_http_endpoint_transaction_end_t;


struct ngx_http_endpoint_transaction_end_s {

    /*
     * called once; NGX_OK: it has committed, NGX_DECLINED: it is rolled back,
     * NGX_ERROR: nobody knows
     */
    void  (*handler)(void *data, ngx_int_t rc);
    void   *data;

    ngx_http_endpoint_transaction_end_t  *next;
};


/* what ctx of its exec begins with */
typedef struct {
    ngx_http_endpoint_pg_transaction_t   *transaction;
    ngx_http_endpoint_transaction_end_t  *ends;
} ngx_http_endpoint_transaction_head_t;


/* The transaction that an exec of this step has begun. */
#define ngx_http_endpoint_transaction_get(exec)                               \
    (((ngx_http_endpoint_transaction_head_t *) (exec)->ctx)->transaction)

/*
 * Configuration time: a step inside the transaction of c executes statement,
 * of the upstream pool.  NGX_ERROR: a mistake (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_transaction_statement(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_pg_pool_t *pool,
    ngx_http_endpoint_pg_statement_t *statement);

/* Has end->handler called when the transaction of that exec is over. */
void ngx_http_endpoint_transaction_at_end(ngx_http_endpoint_exec_t *exec,
    ngx_http_endpoint_transaction_end_t *end);


#endif /* _NGX_HTTP_ENDPOINT_TRANSACTION_H_INCLUDED_ */
