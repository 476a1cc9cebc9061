
#include "ngx_http_endpoint_cache_depend.h"
#include "ngx_http_endpoint_cache_statement.h"
#include "ngx_http_endpoint_cache_vary.h"
#include "ngx_http_endpoint_pass.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_use.h"

#include <ngx_http.h>


/* one key, and what it has to cover */
typedef struct {
    ngx_http_endpoint_compile_t  *compile;
    char                         *name;     /* for messages */
    ngx_http_endpoint_key_t      *key;
    ngx_array_t                  *unkeyed;  /* or NULL */
    ngx_uint_t                    first;    /* steps from here on are kept */
    ngx_uint_t                    last;
    ngx_http_endpoint_use_t      *use;      /* the one that is looked into */
    u_char                       *seen;     /* steps that have been */
    ngx_array_t                  *variables;    /* in the key, or NULL */
} ngx_http_endpoint_depend_t;


static ngx_int_t ngx_http_endpoint_depend_use(ngx_http_endpoint_depend_t *d,
    ngx_http_endpoint_use_t *use);
static ngx_uint_t ngx_http_endpoint_depend_covered(
    ngx_http_endpoint_depend_t *d, ngx_http_endpoint_ref_t *ref);
static ngx_uint_t ngx_http_endpoint_depend_within(
    ngx_http_endpoint_ref_t *ref, ngx_http_endpoint_ref_t *whole);
static ngx_int_t ngx_http_endpoint_depend_result(
    ngx_http_endpoint_depend_t *d, ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_depend_headers(
    ngx_http_endpoint_depend_t *d);
static ngx_int_t ngx_http_endpoint_depend_missing(
    ngx_http_endpoint_depend_t *d, ngx_http_endpoint_use_t *use);
static ngx_int_t ngx_http_endpoint_depend_pass(ngx_http_endpoint_depend_t *d,
    ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_depend_variables(
    ngx_http_endpoint_depend_t *d, ngx_http_endpoint_step_t *step);
static ngx_http_endpoint_ref_t *ngx_http_endpoint_depend_keyed(
    ngx_http_endpoint_depend_t *d, ngx_hash_key_t *header);
static ngx_uint_t ngx_http_endpoint_depend_is_header(
    ngx_http_endpoint_depend_t *d, ngx_http_endpoint_ref_t *ref,
    ngx_hash_key_t *header);
static ngx_uint_t ngx_http_endpoint_depend_variable(
    ngx_http_endpoint_depend_t *d, ngx_uint_t index, ngx_hash_key_t *header);
static ngx_int_t ngx_http_endpoint_depend_made_of(
    ngx_http_endpoint_depend_t *d);
static ngx_uint_t ngx_http_endpoint_depend_is_made(
    ngx_http_endpoint_depend_t *d, ngx_http_endpoint_use_t *use);
static ngx_int_t ngx_http_endpoint_depend_made_ref(
    ngx_http_endpoint_key_t *key, ngx_http_endpoint_ref_t *ref);


ngx_int_t
ngx_http_endpoint_cache_depend_option(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_uint_t                   i;
    ngx_http_endpoint_use_t     *use;
    ngx_http_endpoint_depend_t   d;

    c->statement = step->statement;

    if (step->binds) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"bind=\" beside \"cache=\", "
                                            "which keeps no headers");
    }

    if (step->result == NULL || step->act || step->status) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"cache=\" is for a read that "
                                            "binds a name, without "
                                            "\"status=\"");
    }

    ngx_memzero(&d, sizeof(ngx_http_endpoint_depend_t));

    d.compile = c;
    d.name = "cache=";
    d.key = step->around_conf;
    d.first = step->index;
    d.last = step->index;

    d.seen = ngx_pcalloc(c->cf->temp_pool, c->plan->steps.nelts);
    if (d.seen == NULL) {
        return NGX_ERROR;
    }

    use = c->uses->elts;

    for (i = 0; i < c->uses->nelts; i++) {

        /* a condition decides whether there is a value, not which */

        if (use[i].step != step || use[i].condition) {
            continue;
        }

        d.use = &use[i];

        if (ngx_http_endpoint_depend_use(&d, &use[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (ngx_http_endpoint_cache_vary(c, d.key) != NGX_OK
        || ngx_http_endpoint_depend_made_of(&d) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_depend_pass(&d, step);
}


ngx_int_t
ngx_http_endpoint_cache_depend_statement(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *statement)
{
    ngx_uint_t                            i;
    ngx_http_endpoint_use_t              *use;
    ngx_http_endpoint_cache_statement_t  *conf;
    ngx_http_endpoint_step_t             *step;
    ngx_http_endpoint_depend_t            d;

    conf = statement->conf;

    ngx_memzero(&d, sizeof(ngx_http_endpoint_depend_t));

    d.compile = c;
    d.name = "cache";
    d.key = &conf->key;
    d.unkeyed = &conf->unkeyed;
    d.first = statement->index + 1;
    d.last = c->plan->steps.nelts;

    d.seen = ngx_pcalloc(c->cf->temp_pool, c->plan->steps.nelts);
    if (d.seen == NULL) {
        return NGX_ERROR;
    }

    use = c->uses->elts;

    for (i = 0; i < c->uses->nelts; i++) {

        if (use[i].step && use[i].step->index < d.first) {
            continue;
        }

        d.use = &use[i];

        if (ngx_http_endpoint_depend_use(&d, &use[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (ngx_http_endpoint_cache_vary(c, &conf->key) != NGX_OK
        || ngx_http_endpoint_depend_made_of(&d) != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = d.first; i < c->plan->steps.nelts; i++) {
        step = ngx_http_endpoint_plan_step(c->plan, i);

        if (step->pass == NULL
            && ngx_http_endpoint_depend_pass(&d, step) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_depend_use(ngx_http_endpoint_depend_t *d,
    ngx_http_endpoint_use_t *use)
{
    ngx_http_endpoint_name_t  *name;

    if (ngx_http_endpoint_depend_covered(d, &use->ref)) {
        return NGX_OK;
    }

    name = use->ref.name;

    if (name && name->step) {
        return ngx_http_endpoint_depend_result(d, name->step);
    }

    if (name && name->statement == NULL) {

        /* $item: its list is used by the same statement */

        return NGX_OK;
    }

    return ngx_http_endpoint_depend_missing(d, use);
}


static ngx_uint_t
ngx_http_endpoint_depend_covered(ngx_http_endpoint_depend_t *d,
    ngx_http_endpoint_ref_t *ref)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_ref_t   *unkeyed;
    ngx_http_endpoint_word_t  *word;

    word = d->key->words.elts;

    for (i = 0; i < d->key->words.nelts; i++) {
        if (word[i].bound
            && ngx_http_endpoint_depend_within(ref, &word[i].ref))
        {
            return 1;
        }
    }

    if (d->unkeyed == NULL) {
        return 0;
    }

    unkeyed = d->unkeyed->elts;

    for (i = 0; i < d->unkeyed->nelts; i++) {
        if (ngx_http_endpoint_depend_within(ref, &unkeyed[i])) {
            return 1;
        }
    }

    return 0;
}


/* a member is within its name */

static ngx_uint_t
ngx_http_endpoint_depend_within(ngx_http_endpoint_ref_t *ref,
    ngx_http_endpoint_ref_t *whole)
{
    if (ref->name != whole->name) {
        return 0;
    }

    return ref->index == whole->index
           || (whole->name && whole->index == whole->name->slot);
}


/* what a step above yields depends on all that the step uses */

static ngx_int_t
ngx_http_endpoint_depend_result(ngx_http_endpoint_depend_t *d,
    ngx_http_endpoint_step_t *step)
{
    ngx_uint_t                    i;
    ngx_http_endpoint_use_t      *use;
    ngx_http_endpoint_compile_t  *c;

    if ((step->index >= d->first && step->index <= d->last)
        || d->seen[step->index])
    {
        return NGX_OK;
    }

    d->seen[step->index] = 1;

    c = d->compile;
    use = c->uses->elts;

    for (i = 0; i < c->uses->nelts; i++) {
        if (use[i].step == step
            && ngx_http_endpoint_depend_use(d, &use[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (!step->type->passes || step->pass) {
        return NGX_OK;
    }

    if (ngx_http_endpoint_depend_variables(d, step) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_depend_headers(d);
}


static ngx_int_t
ngx_http_endpoint_depend_headers(ngx_http_endpoint_depend_t *d)
{
    ngx_uint_t                    i, k;
    ngx_hash_key_t               *header;
    ngx_http_endpoint_ref_t      *unkeyed;
    ngx_http_endpoint_compile_t  *c;

    c = d->compile;
    header = c->limits->pass_headers->elts;
    unkeyed = d->unkeyed ? d->unkeyed->elts : NULL;

    for (i = 0; i < c->limits->pass_headers->nelts; i++) {

        if (ngx_http_endpoint_cache_depend_trace(&header[i])
            || ngx_http_endpoint_depend_keyed(d, &header[i]))
        {
            continue;
        }

        for (k = 0; unkeyed && k < d->unkeyed->nelts; k++) {
            if (ngx_http_endpoint_depend_is_header(d, &unkeyed[k],
                                                   &header[i]))
            {
                break;
            }
        }

        if (unkeyed && k < d->unkeyed->nelts) {
            continue;
        }

        return ngx_http_endpoint_plan_error(c->cf, d->use->statement,
                                            "the client's header \"%V\" is "
                                            "not in the key of \"%s\", but "
                                            "what is kept depends on it "
                                            "through \"$%V\"",
                                            &header[i].key, d->name,
                                            &d->use->text);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_depend_missing(ngx_http_endpoint_depend_t *d,
    ngx_http_endpoint_use_t *use)
{
    ngx_http_endpoint_compile_t  *c;

    c = d->compile;

    if (use == d->use) {
        return ngx_http_endpoint_plan_error(c->cf, use->statement,
                                            "\"$%V\" is not in the key of "
                                            "\"%s\", but what is kept depends "
                                            "on it", &use->text, d->name);
    }

    return ngx_http_endpoint_plan_error(c->cf, d->use->statement,
                                        "\"$%V\" is not in the key of \"%s\", "
                                        "but what is kept depends on it "
                                        "through \"$%V\"", &use->text,
                                        d->name, &d->use->text);
}


static ngx_int_t
ngx_http_endpoint_depend_pass(ngx_http_endpoint_depend_t *d,
    ngx_http_endpoint_step_t *step)
{
    ngx_pool_t                 *pool;
    ngx_uint_t                  i;
    ngx_hash_key_t             *header, *line;
    ngx_http_endpoint_ref_t    *ref;
    ngx_http_endpoint_pass_t   *pass;
    ngx_http_endpoint_keyed_t  *keyed;

    pool = d->compile->cf->pool;

    pass = ngx_palloc(pool, sizeof(ngx_http_endpoint_pass_t));

    if (pass == NULL
        || ngx_array_init(&pass->lines, pool, 2, sizeof(ngx_hash_key_t))
           != NGX_OK
        || ngx_array_init(&pass->keyed, pool, 1,
                          sizeof(ngx_http_endpoint_keyed_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_endpoint_depend_variables(d, step) != NGX_OK) {
        return NGX_ERROR;
    }

    step->pass = pass;

    header = d->compile->limits->pass_headers->elts;

    for (i = 0; i < d->compile->limits->pass_headers->nelts; i++) {

        if (ngx_http_endpoint_cache_depend_trace(&header[i])) {
            line = ngx_array_push(&pass->lines);
            if (line == NULL) {
                return NGX_ERROR;
            }

            *line = header[i];
            continue;
        }

        ref = ngx_http_endpoint_depend_keyed(d, &header[i]);

        if (ref) {
            keyed = ngx_array_push(&pass->keyed);
            if (keyed == NULL) {
                return NGX_ERROR;
            }

            keyed->header = &header[i];
            keyed->ref = *ref;
        }
    }

    return NGX_OK;
}


/* what of nginx's variables the locations behind a step use is not known */

static ngx_int_t
ngx_http_endpoint_depend_variables(ngx_http_endpoint_depend_t *d,
    ngx_http_endpoint_step_t *step)
{
    ngx_uint_t                 i, *index;
    ngx_http_endpoint_word_t  *word;

    if (d->variables == NULL) {
        d->variables = ngx_array_create(d->compile->cf->pool, 1,
                                        sizeof(ngx_uint_t));
        if (d->variables == NULL) {
            return NGX_ERROR;
        }

        word = d->key->words.elts;

        for (i = 0; i < d->key->words.nelts; i++) {
            if (!word[i].bound || word[i].ref.name) {
                continue;
            }

            index = ngx_array_push(d->variables);
            if (index == NULL) {
                return NGX_ERROR;
            }

            *index = word[i].ref.index;
        }
    }

    step->variables = d->variables;

    return NGX_OK;
}


ngx_uint_t
ngx_http_endpoint_cache_depend_trace(ngx_hash_key_t *header)
{
    return (header->key.len == sizeof("traceparent") - 1
            && ngx_strncmp(header->key.data, "traceparent", header->key.len)
               == 0)
           || (header->key.len == sizeof("x-request-id") - 1
               && ngx_strncmp(header->key.data, "x-request-id",
                              header->key.len)
                  == 0);
}


static ngx_http_endpoint_ref_t *
ngx_http_endpoint_depend_keyed(ngx_http_endpoint_depend_t *d,
    ngx_hash_key_t *header)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_word_t  *word;

    word = d->key->words.elts;

    for (i = 0; i < d->key->words.nelts; i++) {
        if (word[i].bound
            && ngx_http_endpoint_depend_is_header(d, &word[i].ref, header))
        {
            return &word[i].ref;
        }
    }

    return NULL;
}


/* $http_x_token, or what "header $x_token" binds; not where it was converted */

static ngx_uint_t
ngx_http_endpoint_depend_is_header(ngx_http_endpoint_depend_t *d,
    ngx_http_endpoint_ref_t *ref, ngx_hash_key_t *header)
{
    ngx_http_endpoint_input_t  *input;

    if (ref->name == NULL) {
        return ngx_http_endpoint_depend_variable(d, ref->index, header);
    }

    input = ref->name->input;

    return input && ref->name->statement
           && input->source == ngx_http_endpoint_input_header
           && input->type == ngx_http_endpoint_type_str
           && input->key.len == header->key.len
           && ngx_strncasecmp(input->key.data, header->key.data,
                              header->key.len)
              == 0;
}


static ngx_uint_t
ngx_http_endpoint_depend_variable(ngx_http_endpoint_depend_t *d,
    ngx_uint_t index, ngx_hash_key_t *header)
{
    u_char                     ch;
    size_t                     i;
    ngx_str_t                  name;
    ngx_http_variable_t       *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(d->compile->cf,
                                              ngx_http_core_module);
    v = cmcf->variables.elts;
    name = v[index].name;

    if (name.len != sizeof("http_") - 1 + header->key.len
        || ngx_strncmp(name.data, "http_", sizeof("http_") - 1) != 0)
    {
        return 0;
    }

    name.data += sizeof("http_") - 1;

    for (i = 0; i < header->key.len; i++) {
        ch = header->key.data[i];

        if (name.data[i] != (ch == '-' ? '_' : ch)) {
            return 0;
        }
    }

    return 1;
}


/* what a run that makes the value anew, and nothing else, is to be given */

static ngx_int_t
ngx_http_endpoint_depend_made_of(ngx_http_endpoint_depend_t *d)
{
    ngx_uint_t                    i;
    ngx_http_endpoint_use_t      *use;
    ngx_http_endpoint_word_t     *word;
    ngx_http_endpoint_compile_t  *c;

    c = d->compile;
    use = c->uses->elts;
    word = d->key->words.elts;

    if (ngx_array_init(&d->key->made_of, c->cf->pool, 4,
                       sizeof(ngx_http_endpoint_ref_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < c->uses->nelts; i++) {
        if (ngx_http_endpoint_depend_is_made(d, &use[i])
            && ngx_http_endpoint_depend_made_ref(d->key, &use[i].ref)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    /* headers that are passed on come from the key */

    for (i = 0; i < d->key->words.nelts; i++) {
        if (word[i].bound
            && ngx_http_endpoint_depend_made_ref(d->key, &word[i].ref)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_depend_is_made(ngx_http_endpoint_depend_t *d,
    ngx_http_endpoint_use_t *use)
{
    ngx_uint_t                 index;
    ngx_http_endpoint_name_t  *name;

    /* a reply's stands behind all steps */

    index = use->step ? use->step->index : d->compile->plan->steps.nelts;

    if (index < d->first || index > d->last) {
        return 0;
    }

    name = use->ref.name;

    return name == NULL || name->step == NULL
           || name->step->index < d->first;
}


static ngx_int_t
ngx_http_endpoint_depend_made_ref(ngx_http_endpoint_key_t *key,
    ngx_http_endpoint_ref_t *ref)
{
    ngx_uint_t                i;
    ngx_http_endpoint_ref_t  *refs;

    refs = key->made_of.elts;

    for (i = 0; i < key->made_of.nelts; i++) {
        if (refs[i].name == ref->name && refs[i].index == ref->index) {
            return NGX_OK;
        }
    }

    refs = ngx_array_push(&key->made_of);
    if (refs == NULL) {
        return NGX_ERROR;
    }

    *refs = *ref;

    return NGX_OK;
}
