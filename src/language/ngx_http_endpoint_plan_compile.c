
#include "ngx_http_endpoint_graph.h"
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_path.h"
#include "ngx_http_endpoint_plan_bind.h"
#include "ngx_http_endpoint_plan_compile.h"
#include "ngx_http_endpoint_reply.h"
#include "ngx_http_endpoint_step_option.h"
#include "ngx_http_endpoint_use.h"


typedef struct {
    const char                        *name;
    ngx_http_endpoint_input_source_e   source;
} ngx_http_endpoint_plan_input_t;


static ngx_int_t ngx_http_endpoint_plan_init(ngx_conf_t *cf,
    ngx_http_endpoint_plan_t *plan);
static ngx_int_t ngx_http_endpoint_plan_place(ngx_http_endpoint_compile_t *c);
static ngx_int_t ngx_http_endpoint_plan_declare(
    ngx_http_endpoint_compile_t *c);
static ngx_int_t ngx_http_endpoint_plan_semicolon(
    ngx_http_endpoint_compile_t *c);
static ngx_uint_t ngx_http_endpoint_plan_statement_name(
    ngx_http_endpoint_compile_t *c, ngx_str_t *word);
static ngx_int_t ngx_http_endpoint_plan_input(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_input_source_e source);
static ngx_int_t ngx_http_endpoint_plan_step_declare(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_type_t *type);
static ngx_int_t ngx_http_endpoint_plan_step_declare_names(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_plan_inner(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *outer);
static ngx_int_t ngx_http_endpoint_plan_step_label(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_plan_step_names(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_plan_reply_declare(
    ngx_http_endpoint_compile_t *c);
static ngx_int_t ngx_http_endpoint_plan_timeout(
    ngx_http_endpoint_compile_t *c);
static void ngx_http_endpoint_plan_sort_inputs(ngx_http_endpoint_plan_t *plan);
static ngx_int_t ngx_http_endpoint_plan_statements(
    ngx_http_endpoint_compile_t *c);
static ngx_int_t ngx_http_endpoint_plan_check_steps(
    ngx_http_endpoint_compile_t *c);
static ngx_int_t ngx_http_endpoint_plan_check_replies(
    ngx_http_endpoint_compile_t *c);
static ngx_int_t ngx_http_endpoint_plan_check_conditional(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_reply_t *reply);
static ngx_int_t ngx_http_endpoint_plan_check_kinds(
    ngx_http_endpoint_compile_t *c);


static ngx_http_endpoint_plan_input_t  ngx_http_endpoint_plan_inputs[] = {
    { "arg", ngx_http_endpoint_input_arg },
    { "header", ngx_http_endpoint_input_header },
    { "cookie", ngx_http_endpoint_input_cookie },
    { "field", ngx_http_endpoint_input_field },
    { "body", ngx_http_endpoint_input_body },
    { NULL, 0 }
};


ngx_http_endpoint_plan_t *
ngx_http_endpoint_plan_compile(ngx_http_endpoint_compile_t *c,
    ngx_array_t *statements, ngx_array_t *parts)
{
    ngx_conf_t                     *cf;
    ngx_uint_t                      i;
    ngx_http_endpoint_plan_t       *plan;
    ngx_http_endpoint_statement_t  *st;

    cf = c->cf;

    plan = ngx_pcalloc(cf->pool, sizeof(ngx_http_endpoint_plan_t));
    if (plan == NULL || ngx_http_endpoint_plan_init(cf, plan) != NGX_OK) {
        return NULL;
    }

    c->edges = ngx_array_create(cf->temp_pool, 8,
                                sizeof(ngx_http_endpoint_edge_t));
    c->uses = ngx_array_create(cf->temp_pool, 8,
                               sizeof(ngx_http_endpoint_use_t));

    if (c->edges == NULL || c->uses == NULL) {
        return NULL;
    }

    plan->statement = c->statement;
    plan->limits = c->limits;

    c->plan = plan;

    if (ngx_http_endpoint_plan_place(c) != NGX_OK) {
        return NULL;
    }

    if (parts
        && ngx_http_endpoint_path_compile(c, &c->statement->args[2], parts)
           != NGX_OK)
    {
        return NULL;
    }

    st = statements->elts;

    /* all names first: a step may use what is bound below it */

    for (i = 0; i < statements->nelts; i++) {
        c->statement = &st[i];

        if (ngx_http_endpoint_plan_declare(c) != NGX_OK) {
            return NULL;
        }
    }

    ngx_http_endpoint_plan_sort_inputs(plan);

    if (ngx_http_endpoint_plan_statements(c) != NGX_OK
        || ngx_http_endpoint_plan_check_steps(c) != NGX_OK
        || ngx_http_endpoint_plan_check_replies(c) != NGX_OK
        || ngx_http_endpoint_plan_check_kinds(c) != NGX_OK
        || ngx_http_endpoint_graph_compile(c) != NGX_OK)
    {
        return NULL;
    }

    plan->constant = ngx_http_endpoint_reply_constant(plan);

    return plan;
}


static ngx_int_t
ngx_http_endpoint_plan_init(ngx_conf_t *cf, ngx_http_endpoint_plan_t *plan)
{
    if (ngx_array_init(&plan->inputs, cf->pool, 2,
                       sizeof(ngx_http_endpoint_input_t))
        != NGX_OK
        || ngx_array_init(&plan->names, cf->pool, 4,
                          sizeof(ngx_http_endpoint_name_t *))
           != NGX_OK
        || ngx_array_init(&plan->steps, cf->pool, 4,
                          sizeof(ngx_http_endpoint_step_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_array_init(&plan->replies, cf->pool, 1,
                          sizeof(ngx_http_endpoint_reply_t));
}


/* the names that are there wherever the block stands: in the first slots */

static ngx_int_t
ngx_http_endpoint_plan_place(ngx_http_endpoint_compile_t *c)
{
    ngx_str_t                 *text;
    ngx_http_endpoint_name_t  *name;

    for (text = c->place->names; text && text->len; text++) {
        name = ngx_http_endpoint_name_bind(c, text);

        if (name == NULL) {
            return NGX_ERROR;
        }

        name->scalar = 1;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_plan_declare(ngx_http_endpoint_compile_t *c)
{
    ngx_str_t                       *name;
    ngx_http_endpoint_step_type_t   *type;
    ngx_http_endpoint_plan_input_t  *in;

    if (ngx_http_endpoint_plan_semicolon(c) != NGX_OK) {
        return NGX_ERROR;
    }

    name = &c->statement->args[0];

    for (in = ngx_http_endpoint_plan_inputs; in->name; in++) {
        if (ngx_strcmp(name->data, in->name) == 0) {
            return ngx_http_endpoint_plan_input(c, in->source);
        }
    }

    if (ngx_strcmp(name->data, "reply") == 0) {
        return ngx_http_endpoint_plan_reply_declare(c);
    }

    if (ngx_strcmp(name->data, "timeout") == 0) {
        return ngx_http_endpoint_plan_timeout(c);
    }

    type = ngx_http_endpoint_step_find(c->kinds, name);

    return ngx_http_endpoint_plan_step_declare(c, type);
}


/*
 * The name of a statement amid the words of another one: nginx reads on to the
 * next semicolon.  The words of a key, a text in third place and the name of an
 * upstream may be anything.
 */

static ngx_int_t
ngx_http_endpoint_plan_semicolon(ngx_http_endpoint_compile_t *c)
{
    ngx_str_t   *arg;
    ngx_uint_t   i;

    arg = c->statement->args;

    if (ngx_strcmp(arg[0].data, "cache") == 0
        || ngx_strcmp(arg[0].data, "purge") == 0)
    {
        return NGX_OK;
    }

    i = 2;

    if (ngx_strcmp(arg[0].data, "log") == 0
        || ngx_strcmp(arg[0].data, "set_header") == 0
        || (ngx_strncmp(arg[0].data, "query", 5) == 0
            && arg[1].data[0] == '$'))
    {
        i = 3;
    }

    for ( /* void */ ; i + 1 < c->statement->nargs; i++) {
        if (ngx_http_endpoint_plan_statement_name(c, &arg[i])) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "unexpected \"%V\" in \"%V\", "
                                                "is a \";\" missing before it?",
                                                &arg[i], &arg[0]);
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_plan_statement_name(ngx_http_endpoint_compile_t *c,
    ngx_str_t *word)
{
    ngx_http_endpoint_plan_input_t  *in;

    for (in = ngx_http_endpoint_plan_inputs; in->name; in++) {
        if (ngx_strcmp(word->data, in->name) == 0) {
            return 1;
        }
    }

    return ngx_strcmp(word->data, "reply") == 0
           || ngx_http_endpoint_step_find(c->kinds, word) != NULL;
}


static ngx_int_t
ngx_http_endpoint_plan_input(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_input_source_e source)
{
    ngx_str_t                       err;
    ngx_http_endpoint_name_t       *name;
    ngx_http_endpoint_input_t      *input;
    ngx_http_endpoint_statement_t  *st;

    st = c->statement;

    input = ngx_array_push(&c->plan->inputs);
    if (input == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(input, sizeof(ngx_http_endpoint_input_t));
    ngx_str_null(&err);

    if (ngx_http_endpoint_input_compile(c->cf->pool, c->cf->log, source,
                                        &st->args[1], &st->args[2],
                                        st->nargs - 2, input, &err)
        != NGX_OK)
    {
        return ngx_http_endpoint_plan_error(c->cf, st, "%V", &err);
    }

    name = ngx_http_endpoint_name_bind(c, &input->name);
    if (name == NULL) {
        return NGX_ERROR;
    }

    name->scalar = (input->type != ngx_http_endpoint_type_json);
    input->slot = name->slot;
    input->order = c->plan->steps.nelts;

    if (source >= ngx_http_endpoint_input_field
        && c->plan->statement->nargs > 1
        && ngx_strcmp(c->plan->statement->args[1].data, "GET") == 0)
    {
        ngx_http_endpoint_plan_warn(c->cf, st, "\"%V\" in an endpoint for GET, "
                                    "whose requests have no body, mostly: "
                                    "\"arg\" takes \"$%V\" from the query "
                                    "string", &st->args[0], &input->name);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_plan_step_declare(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_type_t *type)
{
    ngx_http_endpoint_step_t  *step, **sp;

    step = ngx_pcalloc(c->cf->pool, sizeof(ngx_http_endpoint_step_t));
    if (step == NULL) {
        return NGX_ERROR;
    }

    step->type = type;
    step->plan = c->plan;
    step->statement = c->statement;
    step->index = c->plan->steps.nelts;

    sp = ngx_array_push(&c->plan->steps);
    if (sp == NULL) {
        return NGX_ERROR;
    }

    *sp = step;

    if (ngx_http_endpoint_plan_step_declare_names(c, step) != NGX_OK) {
        return NGX_ERROR;
    }

    if (c->statement->block == NULL || c->statement->apart) {
        return NGX_OK;
    }

    return ngx_http_endpoint_plan_inner(c, step);
}


static ngx_int_t
ngx_http_endpoint_plan_step_declare_names(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    if (step->type->binds
        && ngx_http_endpoint_plan_step_names(c, step) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_plan_step_label(c, step);
}


/* the steps inside a transaction: whoever uses their names waits for it */

static ngx_int_t
ngx_http_endpoint_plan_inner(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *outer)
{
    ngx_uint_t                       i;
    ngx_array_t                     *block;
    ngx_http_endpoint_step_t        *step, **sp;
    ngx_http_endpoint_statement_t   *st;

    block = c->statement->block;
    st = block->elts;

    outer->inner = ngx_array_create(c->cf->pool, ngx_max(block->nelts, 1),
                                    sizeof(ngx_http_endpoint_step_t *));
    if (outer->inner == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < block->nelts; i++) {
        c->statement = &st[i];
        c->order = i + 1;

        step = ngx_pcalloc(c->cf->pool, sizeof(ngx_http_endpoint_step_t));
        if (step == NULL) {
            return NGX_ERROR;
        }

        step->type = ngx_http_endpoint_step_find(c->kinds, &st[i].args[0]);
        step->plan = c->plan;
        step->statement = &st[i];
        step->index = outer->index;

        sp = ngx_array_push(outer->inner);
        if (sp == NULL) {
            return NGX_ERROR;
        }

        *sp = step;

        if (ngx_http_endpoint_plan_step_declare_names(c, step) != NGX_OK) {
            return NGX_ERROR;
        }

        if (step->result) {
            step->result->step = outer;
        }
    }

    c->order = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_plan_step_label(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_uint_t                  i, k, n;
    ngx_http_endpoint_step_t   *outer, **inner;

    if (step->result) {
        step->label = step->result->name;
        return NGX_OK;
    }

    /* the steps inside of transactions count as well: its number is its own */

    n = 0;

    for (i = 0; i <= step->index; i++) {
        outer = ngx_http_endpoint_plan_step(c->plan, i);
        n += (outer->type == step->type);

        if (outer->inner == NULL) {
            continue;
        }

        inner = outer->inner->elts;

        for (k = 0; k < outer->inner->nelts; k++) {
            n += (inner[k]->type == step->type);
        }
    }

    step->label.data = ngx_pnalloc(c->cf->pool,
                                   step->type->name.len + 1 + NGX_INT_T_LEN);
    if (step->label.data == NULL) {
        return NGX_ERROR;
    }

    step->label.len = ngx_sprintf(step->label.data, "%V %ui",
                                  &step->type->name, n)
                      - step->label.data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_plan_step_names(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_str_t                      *word;
    ngx_uint_t                      i, text, each;
    ngx_http_endpoint_statement_t  *st;

    st = c->statement;
    word = &st->args[1];
    text = 0;
    each = 0;

    if (word->len > 1 && word->data[0] == '$') {
        step->result = ngx_http_endpoint_plan_step_name(c, step,
                                                        word->data + 1,
                                                        word->len - 1);
        if (step->result == NULL) {
            return NGX_ERROR;
        }
    }

    for (i = 2; i < st->nargs; i++) {
        word = &st->args[i];

        if (ngx_strcmp(word->data, "as=text") == 0) {
            text = 1;

        } else if (ngx_strncmp(word->data, "each=", 5) == 0) {
            each = 1;

        } else if (ngx_strncmp(word->data, "bind=", 5) == 0
                   && ngx_http_endpoint_plan_bind(c, step, word) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (ngx_strncmp(word->data, "status=$", 8) != 0) {
            continue;
        }

        if (step->status) {
            return ngx_http_endpoint_plan_error(c->cf, st,
                                                "duplicate \"status=\" in "
                                                "\"%V\"", &st->args[0]);
        }

        step->status = ngx_http_endpoint_plan_step_name(c, step,
                                                        word->data + 8,
                                                        word->len - 8);
        if (step->status == NULL) {
            return NGX_ERROR;
        }

        step->status->scalar = 1;
    }

    /* a text has no members, but a list of texts has elements */

    if (step->result && text && !each) {
        step->result->scalar = 1;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_plan_reply_declare(ngx_http_endpoint_compile_t *c)
{
    ngx_http_endpoint_reply_t  *reply;

    reply = ngx_array_push(&c->plan->replies);
    if (reply == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(reply, sizeof(ngx_http_endpoint_reply_t));

    reply->statement = c->statement;
    reply->above = c->plan->steps.nelts;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_plan_timeout(ngx_http_endpoint_compile_t *c)
{
    if (c->plan->timeout) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"timeout\" is duplicate");
    }

    return ngx_http_endpoint_plan_time(c, "timeout", &c->statement->args[1],
                                       &c->plan->timeout);
}


/* a stable insertion sort: within one source the order of the file stays */

static void
ngx_http_endpoint_plan_sort_inputs(ngx_http_endpoint_plan_t *plan)
{
    ngx_uint_t                  i, j;
    ngx_http_endpoint_name_t  **names;
    ngx_http_endpoint_input_t  *in, input;

    in = plan->inputs.elts;

    for (i = 1; i < plan->inputs.nelts; i++) {
        input = in[i];

        for (j = i; j > 0 && in[j - 1].source > input.source; j--) {
            in[j] = in[j - 1];
        }

        in[j] = input;
    }

    names = plan->names.elts;

    for (i = 0; i < plan->inputs.nelts; i++) {
        for (j = 0; j < plan->names.nelts; j++) {
            if (names[j]->slot == in[i].slot) {
                names[j]->input = &in[i];
            }
        }

        if (in[i].source >= ngx_http_endpoint_input_field) {
            plan->nbody++;
        }
    }
}


static ngx_int_t
ngx_http_endpoint_plan_statements(ngx_http_endpoint_compile_t *c)
{
    ngx_uint_t                  i;
    ngx_http_endpoint_step_t   *step;
    ngx_http_endpoint_reply_t  *reply;

    for (i = 0; i < c->plan->steps.nelts; i++) {
        step = ngx_http_endpoint_plan_step(c->plan, i);

        c->statement = step->statement;
        c->step = step;

        if (step->type->compile(c, step) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    c->step = NULL;
    reply = c->plan->replies.elts;

    for (i = 0; i < c->plan->replies.nelts; i++) {
        c->statement = reply[i].statement;

        if (ngx_http_endpoint_reply_compile(c, &reply[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_plan_check_steps(ngx_http_endpoint_compile_t *c)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_step_t  *step;

    for (i = 0; i < c->plan->steps.nelts; i++) {
        step = ngx_http_endpoint_plan_step(c->plan, i);

        if (step->result == NULL || step->result->used || step->act
            || (step->status && step->status->used)
            || ngx_http_endpoint_plan_bind_used(step))
        {
            continue;
        }

        return ngx_http_endpoint_plan_error(c->cf, step->statement,
                                            "\"$%V\" is never used, and a "
                                            "read has no other effect",
                                            &step->result->name);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_plan_check_replies(ngx_http_endpoint_compile_t *c)
{
    ngx_uint_t                  i, n;
    ngx_http_endpoint_reply_t  *reply;

    reply = c->plan->replies.elts;
    n = c->plan->replies.nelts;

    if (!c->place->reply) {

        if (n == 0) {
            return NGX_OK;
        }

        return ngx_http_endpoint_plan_error(c->cf, reply->statement,
                                            "\"reply\" in %V, which nobody "
                                            "waits for", &c->place->name);
    }

    for (i = 0; i + 1 < n; i++) {
        if (reply[i].when == NULL) {
            return ngx_http_endpoint_plan_error(c->cf, reply[i + 1].statement,
                                                "this reply is never sent: "
                                                "the one at line %ui has no "
                                                "\"when=\"",
                                                reply[i].statement->line);
        }

        if (ngx_http_endpoint_plan_check_conditional(c, &reply[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (n == 0 || reply[n - 1].when) {
        return ngx_http_endpoint_plan_error(c->cf, c->plan->statement,
                                            "endpoint \"%V\" has no \"reply\" "
                                            "without \"when=\"",
                                            &c->plan->statement->args[2]);
    }

    return NGX_OK;
}


/* it looks like a return, and does not stop what stands below it */

static ngx_int_t
ngx_http_endpoint_plan_check_conditional(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_reply_t *reply)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_step_t  *step;

    for (i = reply->above; i < c->plan->steps.nelts; i++) {
        step = ngx_http_endpoint_plan_step(c->plan, i);

        if (step->effect) {
            return ngx_http_endpoint_plan_error(c->cf, reply->statement,
                       "this reply does not stop the act \"%V\" below it, at "
                       "line %ui: write \"require\" with the opposite "
                       "condition, or the reply below the act",
                       &step->label, step->statement->line);
        }
    }

    return NGX_OK;
}


/* the options' first: what they see to, the statements need not */

static ngx_int_t
ngx_http_endpoint_plan_check_kinds(ngx_http_endpoint_compile_t *c)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_step_t  *step;

    for (i = 0; i < c->plan->steps.nelts; i++) {
        step = ngx_http_endpoint_plan_step(c->plan, i);

        if (step->around && step->around->check(c, step) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < c->plan->steps.nelts; i++) {
        step = ngx_http_endpoint_plan_step(c->plan, i);

        if (step->type->check && step->type->check(c, step) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
