
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

/* of a name, after= or a statement's place; or of a read below an act */
#define NGX_HTTP_ENDPOINT_GRAPH_EDGE  1
#define NGX_HTTP_ENDPOINT_GRAPH_SEES  2

#define NGX_HTTP_ENDPOINT_GRAPH_OPEN  1
#define NGX_HTTP_ENDPOINT_GRAPH_DONE  2


static void ngx_http_endpoint_graph_order(ngx_http_endpoint_graph_t *g);
static void ngx_http_endpoint_graph_last(ngx_http_endpoint_graph_t *g,
    ngx_uint_t last);
static ngx_uint_t ngx_http_endpoint_graph_waits(
    ngx_http_endpoint_step_t *above, ngx_http_endpoint_step_t *below);
static ngx_uint_t ngx_http_endpoint_graph_sees(
    ngx_http_endpoint_step_t *act, ngx_http_endpoint_step_t *read);
static ngx_int_t ngx_http_endpoint_graph_visit(ngx_http_endpoint_graph_t *g,
    ngx_uint_t i);
static ngx_int_t ngx_http_endpoint_graph_cycle(ngx_http_endpoint_graph_t *g,
    ngx_uint_t i);
static ngx_int_t ngx_http_endpoint_graph_cycle_error(
    ngx_http_endpoint_graph_t *g, ngx_uint_t i, ngx_str_t *text);
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
        ngx_http_endpoint_graph_edge(&g, edge[i].from, edge[i].to) =
                                                  NGX_HTTP_ENDPOINT_GRAPH_EDGE;
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
    u_char                    *edge;
    ngx_uint_t                 i, j;
    ngx_http_endpoint_step_t  *above, *below;
    ngx_http_endpoint_plan_t  *plan;

    plan = g->compile->plan;

    for (i = 0; i < g->n; i++) {
        below = ngx_http_endpoint_plan_step(plan, i);

        if (below->last) {
            ngx_http_endpoint_graph_last(g, i);
            continue;
        }

        for (j = 0; j < i; j++) {
            above = ngx_http_endpoint_plan_step(plan, j);
            edge = &ngx_http_endpoint_graph_edge(g, j, i);

            if (above->last) {
                continue;
            }

            if (ngx_http_endpoint_graph_waits(above, below)) {
                *edge = NGX_HTTP_ENDPOINT_GRAPH_EDGE;

            } else if (*edge == 0
                       && ngx_http_endpoint_graph_sees(above, below))
            {
                *edge = NGX_HTTP_ENDPOINT_GRAPH_SEES;
            }
        }
    }
}


/* after all others, wherever it stands */

static void
ngx_http_endpoint_graph_last(ngx_http_endpoint_graph_t *g, ngx_uint_t last)
{
    ngx_uint_t  i;

    for (i = 0; i < g->n; i++) {
        if (!ngx_http_endpoint_plan_step(g->compile->plan, i)->last) {
            ngx_http_endpoint_graph_edge(g, i, last) =
                                                  NGX_HTTP_ENDPOINT_GRAPH_EDGE;
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


/* what has been done where it looks */

static ngx_uint_t
ngx_http_endpoint_graph_sees(ngx_http_endpoint_step_t *act,
    ngx_http_endpoint_step_t *read)
{
    ngx_str_t  *target;

    target = &act->target;

    if (!act->act || read->act || read->unordered || target->len == 0) {
        return 0;
    }

    return (target->len == read->target.len
            && ngx_memcmp(target->data, read->target.data, target->len) == 0)
           || (target->len == read->cached.len
               && ngx_memcmp(target->data, read->cached.data, target->len)
                  == 0);
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

    return ngx_http_endpoint_graph_cycle_error(g, i, &text);
}


/* that a read waits for an act stands nowhere in the file: it is said */

static ngx_int_t
ngx_http_endpoint_graph_cycle_error(ngx_http_endpoint_graph_t *g, ngx_uint_t i,
    ngx_str_t *text)
{
    ngx_uint_t                    k, from, to;
    ngx_http_endpoint_step_t     *act, *read, *step;
    ngx_http_endpoint_compile_t  *c;

    c = g->compile;
    step = ngx_http_endpoint_plan_step(c->plan, i);

    /* the trail goes from who waits to what is waited for */

    for (k = g->depth; k > 0; k--) {
        to = g->trail[k - 1];
        from = (k == g->depth) ? i : g->trail[k];

        if (ngx_http_endpoint_graph_edge(g, from, to)
            == NGX_HTTP_ENDPOINT_GRAPH_SEES)
        {
            act = ngx_http_endpoint_plan_step(c->plan, from);
            read = ngx_http_endpoint_plan_step(c->plan, to);

            return ngx_http_endpoint_plan_error(c->cf, step->statement,
                       "cycle: %V; \"%V\" is a read below the act \"%V\" on "
                       "%V and has to see it, unless it stands above the act "
                       "or is \"unordered\"", text, &read->label, &act->label,
                       &act->target);
        }

        if (to == i) {
            break;
        }
    }

    return ngx_http_endpoint_plan_error(c->cf, step->statement,
                                        "cycle: %V", text);
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
