
/*
 * transaction { … }: one step whose own steps run in their order on one
 * connection.  It ends when COMMIT has, so what uses its values waits for that.
 */


#ifndef _NGX_HTTP_ENDPOINT_TRANSACTION_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_TRANSACTION_H_INCLUDED_


#include "ngx_http_endpoint_pg_pool.h"
#include "ngx_http_endpoint_run.h"


/* The transaction that an exec of this step has begun. */
ngx_http_endpoint_pg_transaction_t *ngx_http_endpoint_transaction_get(
    ngx_http_endpoint_exec_t *exec);


#endif /* _NGX_HTTP_ENDPOINT_TRANSACTION_H_INCLUDED_ */
