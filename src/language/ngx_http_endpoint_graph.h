
/* Which step waits for which: from names and order to edges. */


#ifndef _NGX_HTTP_ENDPOINT_GRAPH_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_GRAPH_H_INCLUDED_


#include "ngx_http_endpoint_plan.h"


/*
 * Adds the edges that order asks for (acts, guards, wait) to those of the
 * names in c->edges, refuses a cycle, and sets waits and next of every step.
 * NGX_ERROR: a cycle (logged), or memory.
 */
ngx_int_t ngx_http_endpoint_graph_compile(ngx_http_endpoint_compile_t *c);


#endif /* _NGX_HTTP_ENDPOINT_GRAPH_H_INCLUDED_ */
