
/* Constraints that leave no value: what the configuration cannot mean. */

#include "ngx_http_endpoint_constraint.h"


static ngx_http_endpoint_constraint_t *ngx_http_endpoint_constraint_of(
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_constraint_e type);
static ngx_int_t ngx_http_endpoint_constraint_agree_bounds(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *err);
static ngx_uint_t ngx_http_endpoint_constraint_apart(
    ngx_http_endpoint_constraint_t *low, ngx_http_endpoint_constraint_t *high);
static ngx_int_t ngx_http_endpoint_constraint_agree_lengths(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *err);
static ngx_int_t ngx_http_endpoint_constraint_agree_choice(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *err);


ngx_int_t
ngx_http_endpoint_constraint_agree(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *err)
{
    if (ngx_http_endpoint_constraint_agree_bounds(pool, input, err) != NGX_OK
        || ngx_http_endpoint_constraint_agree_lengths(pool, input, err)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_constraint_agree_choice(pool, input, err);
}


static ngx_http_endpoint_constraint_t *
ngx_http_endpoint_constraint_of(ngx_http_endpoint_input_t *input,
    ngx_http_endpoint_constraint_e type)
{
    ngx_uint_t                       i;
    ngx_http_endpoint_constraint_t  *c;

    if (input->constraints == NULL) {
        return NULL;
    }

    c = input->constraints->elts;

    for (i = 0; i < input->constraints->nelts; i++) {
        if (c[i].type == type) {
            return &c[i];
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_endpoint_constraint_agree_bounds(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *err)
{
    ngx_uint_t                       i, j;
    ngx_http_endpoint_constraint_t  *low, *high;

    static ngx_http_endpoint_constraint_e  lows[] = {
        ngx_http_endpoint_constraint_ge, ngx_http_endpoint_constraint_gt
    };

    static ngx_http_endpoint_constraint_e  highs[] = {
        ngx_http_endpoint_constraint_le, ngx_http_endpoint_constraint_lt
    };

    for (i = 0; i < 2; i++) {
        low = ngx_http_endpoint_constraint_of(input, lows[i]);

        for (j = 0; low && j < 2; j++) {
            high = ngx_http_endpoint_constraint_of(input, highs[j]);

            if (high == NULL || !ngx_http_endpoint_constraint_apart(low, high))
            {
                continue;
            }

            return ngx_http_endpoint_fault_conf(pool, err,
                       "no value of \"$%V\" can be both \"%s=%V\" and "
                       "\"%s=%V\", the lower bound must not be above the "
                       "upper one", &input->name, i ? "gt" : "ge", &low->text,
                       j ? "lt" : "le", &high->text);
        }
    }

    return NGX_OK;
}


/* whether nothing is between the two */

static ngx_uint_t
ngx_http_endpoint_constraint_apart(ngx_http_endpoint_constraint_t *low,
    ngx_http_endpoint_constraint_t *high)
{
    int64_t     from, to;
    ngx_uint_t  open;

    open = (low->type == ngx_http_endpoint_constraint_gt)
           + (high->type == ngx_http_endpoint_constraint_lt);

    if (low->bound.type == ngx_http_endpoint_type_float) {
        return low->bound.real > high->bound.real
               || (open && low->bound.real == high->bound.real);
    }

    from = low->bound.integer;
    to = high->bound.integer;

    /* no sum may overflow */

    return from > to || (open && (uint64_t) to - (uint64_t) from < open);
}


static ngx_int_t
ngx_http_endpoint_constraint_agree_lengths(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *err)
{
    ngx_http_endpoint_constraint_t  *low, *high;

    low = ngx_http_endpoint_constraint_of(input,
                                      ngx_http_endpoint_constraint_min_length);
    high = ngx_http_endpoint_constraint_of(input,
                                      ngx_http_endpoint_constraint_max_length);

    if (low == NULL || high == NULL || low->length <= high->length) {
        return NGX_OK;
    }

    return ngx_http_endpoint_fault_conf(pool, err,
               "no value of \"$%V\" can be both \"min_length=%V\" and "
               "\"max_length=%V\", the lower bound must not be above the "
               "upper one", &input->name, &low->text, &high->text);
}


/* what is listed must satisfy the others, and be listed once */

static ngx_int_t
ngx_http_endpoint_constraint_agree_choice(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *err)
{
    ngx_str_t                        shown;
    ngx_uint_t                       i;
    ngx_array_t                      before, one;
    ngx_http_endpoint_fault_t        fault;
    ngx_http_endpoint_typed_t       *typed;
    ngx_http_endpoint_constraint_t  *c;

    c = ngx_http_endpoint_constraint_of(input,
                                        ngx_http_endpoint_constraint_enum);
    if (c == NULL) {
        return NGX_OK;
    }

    typed = c->choice.elts;
    before = c->choice;
    one = c->choice;

    for (i = 0; i < c->choice.nelts; i++) {

        before.nelts = i;
        one.elts = &typed[i];
        one.nelts = 1;

        if (ngx_http_endpoint_choice_show(pool, &one, &shown) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ngx_http_endpoint_choice_has(&before, &typed[i])) {
            return ngx_http_endpoint_fault_conf(pool, err,
                       "duplicate %V in \"enum=%V\" of \"$%V\"", &shown,
                       &c->text, &input->name);
        }

        if (ngx_http_endpoint_constraint_check(input->constraints, &typed[i],
                                               &fault)
            != NGX_OK)
        {
            return ngx_http_endpoint_fault_conf(pool, err,
                       "%V in \"enum=%V\" of \"$%V\" can never be sent: %V",
                       &shown, &c->text, &input->name, &fault.msg);
        }
    }

    return NGX_OK;
}
