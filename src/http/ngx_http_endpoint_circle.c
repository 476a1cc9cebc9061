
#include "ngx_http_endpoint_circle.h"
#include "ngx_http_endpoint_fetch.h"
#include "ngx_http_endpoint_http.h"


typedef enum {
    ngx_http_endpoint_circle_unseen = 0,
    ngx_http_endpoint_circle_open,      /* on the way that is being followed */
    ngx_http_endpoint_circle_closed
} ngx_http_endpoint_circle_state_e;


typedef struct {
    ngx_conf_t                         *cf;
    ngx_array_t                        *blocks; /* ngx_http_endpoint_block_t */
    ngx_http_endpoint_circle_state_e   *states; /* of the blocks */
} ngx_http_endpoint_circle_t;


static ngx_int_t ngx_http_endpoint_circle_follow(
    ngx_http_endpoint_circle_t *circle, ngx_uint_t i);
static ngx_uint_t ngx_http_endpoint_circle_guarded(ngx_array_t *steps);
static ngx_uint_t ngx_http_endpoint_circle_certain(
    ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_circle_target(
    ngx_http_endpoint_circle_t *circle, ngx_http_endpoint_block_t *block,
    ngx_http_endpoint_step_t *step, ngx_uint_t *target);
static ngx_int_t ngx_http_endpoint_circle_path(ngx_pool_t *pool,
    ngx_http_endpoint_uri_t *uri, ngx_str_t *path);
static ngx_http_endpoint_route_t *ngx_http_endpoint_circle_routes(
    ngx_http_endpoint_block_t *block, ngx_str_t *path);
static ngx_uint_t ngx_http_endpoint_circle_rewritten(void **loc_conf);


ngx_int_t
ngx_http_endpoint_circle(ngx_conf_t *cf, ngx_http_endpoint_main_conf_t *emcf)
{
    ngx_uint_t                  i;
    ngx_http_endpoint_circle_t  circle;

    circle.cf = cf;
    circle.blocks = &emcf->blocks;
    circle.states = ngx_pcalloc(cf->temp_pool, emcf->blocks.nelts
                                  * sizeof(ngx_http_endpoint_circle_state_e));
    if (circle.states == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < emcf->blocks.nelts; i++) {
        if (circle.states[i] == ngx_http_endpoint_circle_unseen
            && ngx_http_endpoint_circle_follow(&circle, i) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_circle_follow(ngx_http_endpoint_circle_t *circle,
    ngx_uint_t i)
{
    ngx_int_t                   rc;
    ngx_uint_t                  k, target;
    ngx_http_endpoint_step_t   *step;
    ngx_http_endpoint_block_t  *block;

    block = &((ngx_http_endpoint_block_t *) circle->blocks->elts)[i];
    circle->states[i] = ngx_http_endpoint_circle_open;

    for (k = 0; k < block->plan->steps.nelts; k++) {
        step = ngx_http_endpoint_plan_step(block->plan, k);

        if (!ngx_http_endpoint_circle_certain(step)
            || ngx_http_endpoint_circle_guarded(&block->plan->steps))
        {
            continue;
        }

        rc = ngx_http_endpoint_circle_target(circle, block, step, &target);

        if (rc == NGX_OK
            && circle->states[target] == ngx_http_endpoint_circle_unseen)
        {
            rc = ngx_http_endpoint_circle_follow(circle, target);

        } else if (rc == NGX_OK
                   && circle->states[target] == ngx_http_endpoint_circle_open)
        {
            ngx_http_endpoint_plan_warn(circle->cf, step->statement,
                                        "endpoint \"%V\" waits for its own "
                                        "answer behind this \"fetch\"",
                                        &block->head.args[2]);
        }

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }
    }

    circle->states[i] = ngx_http_endpoint_circle_closed;

    return NGX_OK;
}


/* what a guard may end need not go round for ever */

static ngx_uint_t
ngx_http_endpoint_circle_guarded(ngx_array_t *steps)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_step_t **step;

    step = steps->elts;

    for (i = 0; i < steps->nelts; i++) {
        if (step[i]->guard
            || (step[i]->inner
                && ngx_http_endpoint_circle_guarded(step[i]->inner)))
        {
            return 1;
        }
    }

    return 0;
}


/* a fetch that nothing skips, that no value and no kept one stands in for */

static ngx_uint_t
ngx_http_endpoint_circle_certain(ngx_http_endpoint_step_t *step)
{
    extern ngx_http_endpoint_step_type_t  ngx_http_endpoint_step_fetch;

    return step->type == &ngx_http_endpoint_step_fetch
           && step->when == NULL && step->def == NULL && step->status == NULL
           && step->around == NULL && !step->each;
}


/* NGX_DECLINED: no endpoint, or nobody knows which one */

static ngx_int_t
ngx_http_endpoint_circle_target(ngx_http_endpoint_circle_t *circle,
    ngx_http_endpoint_block_t *block, ngx_http_endpoint_step_t *step,
    ngx_uint_t *target)
{
    ngx_str_t                         path;
    ngx_uint_t                        i;
    ngx_http_endpoint_plan_t         *plan;
    ngx_http_endpoint_block_t        *blocks;
    ngx_http_endpoint_route_t        *routes;
    ngx_http_endpoint_fetch_conf_t   *conf;
    ngx_http_endpoint_route_match_t   match;

    conf = step->conf;

    if (ngx_http_endpoint_circle_path(circle->cf->temp_pool, &conf->uri, &path)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    routes = ngx_http_endpoint_circle_routes(block, &path);

    if (routes == NULL) {
        return NGX_DECLINED;
    }

    plan = ngx_http_endpoint_route_match(routes, &conf->method, &path, &match);

    blocks = circle->blocks->elts;

    for (i = 0; plan && i < circle->blocks->nelts; i++) {
        if (blocks[i].plan == plan) {
            *target = i;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/* a value is a segment that is the name of nothing */

static ngx_int_t
ngx_http_endpoint_circle_path(ngx_pool_t *pool, ngx_http_endpoint_uri_t *uri,
    ngx_str_t *path)
{
    u_char                    *p;
    ngx_uint_t                 i;
    ngx_http_endpoint_part_t  *part;

    p = ngx_pnalloc(pool, uri->size + uri->path.nelts);
    if (p == NULL) {
        return NGX_ERROR;
    }

    path->data = p;
    part = uri->path.elts;

    for (i = 0; i < uri->path.nelts; i++) {
        if (part[i].type == ngx_http_endpoint_part_literal) {
            p = ngx_cpymem(p, part[i].literal.data, part[i].literal.len);

        } else {
            *p++ = '\1';
        }
    }

    path->len = p - path->data;

    return NGX_OK;
}


/* the endpoints of the location that nginx will choose, or NULL */

static ngx_http_endpoint_route_t *
ngx_http_endpoint_circle_routes(ngx_http_endpoint_block_t *block,
    ngx_str_t *path)
{
    ngx_http_core_loc_conf_t      *clcf, *found;
    ngx_http_endpoint_loc_conf_t  *elcf;

    clcf = block->server->ctx->loc_conf[ngx_http_core_module.ctx_index];

#if (NGX_PCRE)
    if (clcf->regex_locations) {
        return NULL;
    }
#endif

    found = ngx_http_endpoint_block_location(clcf->static_locations,
                                             path->data, path->len);

    if (found == NULL
        || ngx_http_endpoint_circle_rewritten(block->server->ctx->loc_conf)
        || ngx_http_endpoint_circle_rewritten(found->loc_conf))
    {
        return NULL;
    }

    elcf = found->loc_conf[ngx_http_endpoint_module.ctx_index];

    return elcf->routes;
}


/* by "if", "return", "rewrite" the answer may be another one */

static ngx_uint_t
ngx_http_endpoint_circle_rewritten(void **loc_conf)
{
    ngx_array_t          **codes;
    extern ngx_module_t    ngx_http_rewrite_module;

    codes = loc_conf[ngx_http_rewrite_module.ctx_index];

    return codes && *codes && *codes != NGX_CONF_UNSET_PTR;
}
