
#include "ngx_http_endpoint_graph.h"
#include "ngx_http_endpoint_compile.h"


/* a matrix while the plan is compiled: it also drops edges named twice */
typedef struct {
    ngx_http_endpoint_compile_t  *compile;
    ngx_uint_t                    n;
    u_char                       *edges;        /* [from * n + to] */
    u_char                       *state;        /* of a step in the search */
    ngx_uint_t                   *trail;
    ngx_uint_t                    depth;
} ngx_http_endpoint_graph_t;


#define ngx_http_endpoint_graph_edge(g, from, to)                             \
    (g)->edges[(from) * (g)->n + (to)]

#define NGX_HTTP_ENDPOINT_GRAPH_OPEN  1
#define NGX_HTTP_ENDPOINT_GRAPH_DONE  2


static void ngx_http_endpoint_graph_order(ngx_http_endpoint_graph_t *g);
static ngx_uint_t ngx_http_endpoint_graph_waits(
    ngx_http_endpoint_step_t *above, ngx_http_endpoint_step_t *below);
static ngx_int_t ngx_http_endpoint_graph_visit(ngx_http_endpoint_graph_t *g,
    ngx_uint_t i);
static ngx_int_t ngx_http_endpoint_graph_cycle(ngx_http_endpoint_graph_t *g,
    ngx_uint_t i);
static ngx_int_t ngx_http_endpoint_graph_link(ngx_http_endpoint_graph_t *g);


ngx_int_t
ngx_http_endpoint_graph_compile(ngx_http_endpoint_compile_t *c)
{
    ngx_uint_t                  i, n;
    ngx_http_endpoint_edge_t   *edge;
    ngx_http_endpoint_graph_t   g;

    n = c->plan->steps.nelts;

    if (n == 0) {
        return NGX_OK;
    }

    ngx_memzero(&g, sizeof(ngx_http_endpoint_graph_t));

    g.compile = c;
    g.n = n;
    g.edges = ngx_pcalloc(c->cf->temp_pool, n * n);
    g.state = ngx_pcalloc(c->cf->temp_pool, n);
    g.trail = ngx_pcalloc(c->cf->temp_pool, n * sizeof(ngx_uint_t));

    if (g.edges == NULL || g.state == NULL || g.trail == NULL) {
        return NGX_ERROR;
    }

    edge = c->edges->elts;

    for (i = 0; i < c->edges->nelts; i++) {
        ngx_http_endpoint_graph_edge(&g, edge[i].from, edge[i].to) = 1;
    }

    ngx_http_endpoint_graph_order(&g);

    for (i = 0; i < n; i++) {
        if (ngx_http_endpoint_graph_visit(&g, i) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_graph_link(&g);
}


static void
ngx_http_endpoint_graph_order(ngx_http_endpoint_graph_t *g)
{
    ngx_uint_t                 i, j;
    ngx_http_endpoint_plan_t  *plan;

    plan = g->compile->plan;

    for (i = 0; i < g->n; i++) {
        for (j = 0; j < i; j++) {
            if (ngx_http_endpoint_graph_waits(
                    ngx_http_endpoint_plan_step(plan, j),
                    ngx_http_endpoint_plan_step(plan, i)))
            {
                ngx_http_endpoint_graph_edge(g, j, i) = 1;
            }
        }
    }
}


static ngx_uint_t
ngx_http_endpoint_graph_waits(ngx_http_endpoint_step_t *above,
    ngx_http_endpoint_step_t *below)
{
    if (above->guard || above->barrier || below->barrier) {
        return 1;
    }

    return below->act && !below->unordered;
}


static ngx_int_t
ngx_http_endpoint_graph_visit(ngx_http_endpoint_graph_t *g, ngx_uint_t i)
{
    ngx_uint_t  j;

    if (g->state[i] == NGX_HTTP_ENDPOINT_GRAPH_DONE) {
        return NGX_OK;
    }

    if (g->state[i] == NGX_HTTP_ENDPOINT_GRAPH_OPEN) {
        return ngx_http_endpoint_graph_cycle(g, i);
    }

    g->state[i] = NGX_HTTP_ENDPOINT_GRAPH_OPEN;
    g->trail[g->depth++] = i;

    for (j = 0; j < g->n; j++) {
        if (ngx_http_endpoint_graph_edge(g, j, i)
            && ngx_http_endpoint_graph_visit(g, j) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    g->state[i] = NGX_HTTP_ENDPOINT_GRAPH_DONE;
    g->depth--;

    return NGX_OK;
}


/* "user" waits for "posts", which waits for "user" */

static ngx_int_t
ngx_http_endpoint_graph_cycle(ngx_http_endpoint_graph_t *g, ngx_uint_t i)
{
    u_char                       *p, *last, buf[NGX_MAX_CONF_ERRSTR];
    ngx_str_t                     text;
    ngx_uint_t                    k;
    ngx_http_endpoint_step_t     *step;
    ngx_http_endpoint_compile_t  *c;

    c = g->compile;
    last = buf + NGX_MAX_CONF_ERRSTR;

    for (k = 0; g->trail[k] != i; k++) { /* void */ }

    step = ngx_http_endpoint_plan_step(c->plan, i);
    p = ngx_slprintf(buf, last, "\"%V\"", &step->label);

    for (k++; k < g->depth; k++) {
        p = ngx_slprintf(p, last, " waits for \"%V\", which",
                         &ngx_http_endpoint_plan_step(c->plan,
                                                      g->trail[k])->label);
    }

    p = ngx_slprintf(p, last, " waits for \"%V\"", &step->label);

    text.data = buf;
    text.len = p - buf;

    return ngx_http_endpoint_plan_error(c->cf, step->statement,
                                        "cycle: %V", &text);
}


static ngx_int_t
ngx_http_endpoint_graph_link(ngx_http_endpoint_graph_t *g)
{
    ngx_uint_t                 i, j;
    ngx_http_endpoint_step_t  *step;
    ngx_http_endpoint_plan_t  *plan;

    plan = g->compile->plan;

    for (i = 0; i < g->n; i++) {
        step = ngx_http_endpoint_plan_step(plan, i);

        step->next = ngx_palloc(g->compile->cf->pool,
                                g->n * sizeof(ngx_uint_t));
        if (step->next == NULL) {
            return NGX_ERROR;
        }

        for (j = 0; j < g->n; j++) {
            if (ngx_http_endpoint_graph_edge(g, i, j)) {
                step->next[step->nnext++] = j;
                ngx_http_endpoint_plan_step(plan, j)->waits++;
            }
        }
    }

    return NGX_OK;
}
