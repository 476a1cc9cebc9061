
#include "ngx_http_endpoint_variable.h"


/* the name of a variable that nobody reads */
#define NGX_HTTP_ENDPOINT_VARIABLE_PROBE  "endpoint_probe_"


typedef enum {
    ngx_http_endpoint_variable_assigned = 0,
    ngx_http_endpoint_variable_computed,    /* once for the client's request */
    ngx_http_endpoint_variable_trace        /* the same, tells nothing of it */
} ngx_http_endpoint_variable_kind_e;


typedef struct {
    ngx_uint_t                           index;
    ngx_http_endpoint_variable_kind_e    kind;
} ngx_http_endpoint_variable_t;


/* a directive that assigns a variable, its first argument */
typedef struct {
    ngx_str_t                            module;
    ngx_str_t                            name;
    ngx_http_get_variable_pt             handler;
} ngx_http_endpoint_variable_setter_t;


static ngx_int_t ngx_http_endpoint_variable_probe(ngx_conf_t *cf,
    ngx_http_endpoint_variable_setter_t *setter);
static ngx_int_t ngx_http_endpoint_variable_run(ngx_conf_t *cf,
    ngx_module_t *module, ngx_command_t *cmd, ngx_str_t *name);
static ngx_int_t ngx_http_endpoint_variable_capture(ngx_conf_t *cf,
    ngx_http_endpoint_variable_setter_t *setter);
static ngx_int_t ngx_http_endpoint_variable_handler(ngx_conf_t *cf,
    ngx_http_endpoint_variable_setter_t *setter, ngx_str_t *name);
static ngx_uint_t ngx_http_endpoint_variable_kind(ngx_http_variable_t *v,
    ngx_http_endpoint_variable_kind_e *kind);
static ngx_int_t ngx_http_endpoint_variable_keyed(
    ngx_http_endpoint_run_t *run, ngx_uint_t index,
    ngx_http_variable_value_t *value);
static ngx_uint_t ngx_http_endpoint_variable_known(ngx_array_t *known,
    ngx_uint_t index);


/* who computes nothing: the value is what was assigned, or nothing */

static ngx_http_endpoint_variable_setter_t
    ngx_http_endpoint_variable_setters[] =
{
    { ngx_string("ngx_http_rewrite_module"), ngx_string("set"), NULL },
    { ngx_string("ngx_http_auth_request_module"),
      ngx_string("auth_request_set"), NULL },
    { ngx_null_string, ngx_null_string, NULL }      /* a named capture */
};


/*
 * What is made anew with each evaluation, or of what a fetch does not have: a
 * client's header, the memory of its request.
 */

static struct {
    ngx_str_t                            name;
    ngx_http_endpoint_variable_kind_e    kind;
} ngx_http_endpoint_variable_fixed[] = {
    { ngx_string("request_id"), ngx_http_endpoint_variable_trace },
    { ngx_string("remote_user"), ngx_http_endpoint_variable_computed },
    { ngx_string("realip_remote_addr"), ngx_http_endpoint_variable_computed },
    { ngx_string("realip_remote_port"), ngx_http_endpoint_variable_computed },
    { ngx_null_string, ngx_http_endpoint_variable_computed }
};


/* of ngx_http_endpoint_variable_t, and the configuration that they are of */

static ngx_array_t                *ngx_http_endpoint_variables;
static ngx_http_core_main_conf_t  *ngx_http_endpoint_variables_conf;


ngx_int_t
ngx_http_endpoint_variable_init(ngx_conf_t *cf)
{
    ngx_http_endpoint_variable_setter_t  *setter;

    setter = ngx_http_endpoint_variable_setters;

    for ( /* void */ ; setter->name.len; setter++) {
        if (ngx_http_endpoint_variable_probe(cf, setter) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_variable_capture(cf, setter);
}


/* the handlers are private to their modules: a variable is made to see it */

static ngx_int_t
ngx_http_endpoint_variable_probe(ngx_conf_t *cf,
    ngx_http_endpoint_variable_setter_t *setter)
{
    u_char          *p;
    ngx_str_t        name;
    ngx_uint_t       i;
    ngx_module_t   **modules;
    ngx_command_t   *cmd;

    name.data = ngx_pnalloc(cf->pool,
                            sizeof("$" NGX_HTTP_ENDPOINT_VARIABLE_PROBE)
                            + setter->name.len);
    if (name.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(name.data, "$" NGX_HTTP_ENDPOINT_VARIABLE_PROBE "%V%Z",
                    &setter->name);
    name.len = p - name.data - 1;

    modules = cf->cycle->modules;

    for (i = 0; modules[i]; i++) {

        if (ngx_strcmp(modules[i]->name, setter->module.data) != 0) {
            continue;
        }

        for (cmd = modules[i]->commands; cmd->name.len; cmd++) {
            if (ngx_strcmp(cmd->name.data, setter->name.data) != 0) {
                continue;
            }

            if (ngx_http_endpoint_variable_run(cf, modules[i], cmd, &name)
                != NGX_OK)
            {
                return NGX_ERROR;
            }

            name.data++;
            name.len--;

            return ngx_http_endpoint_variable_handler(cf, setter, &name);
        }
    }

    return NGX_OK;
}


/* as if it stood in a location that does not exist */

static ngx_int_t
ngx_http_endpoint_variable_run(ngx_conf_t *cf, ngx_module_t *module,
    ngx_command_t *cmd, ngx_str_t *name)
{
    void               *conf;
    char               *rc;
    ngx_str_t           words[3];
    ngx_array_t         args, *saved;
    ngx_http_module_t  *ctx;

    ctx = module->ctx;

    conf = ctx->create_loc_conf(cf);
    if (conf == NULL) {
        return NGX_ERROR;
    }

    words[0] = cmd->name;
    words[1] = *name;
    ngx_str_set(&words[2], "");

    ngx_memzero(&args, sizeof(ngx_array_t));

    args.elts = words;
    args.nelts = 3;
    args.size = sizeof(ngx_str_t);
    args.nalloc = 3;
    args.pool = cf->pool;

    saved = cf->args;
    cf->args = &args;

    rc = cmd->set(cf, cmd, conf);

    cf->args = saved;

    return rc == NGX_CONF_OK ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_endpoint_variable_capture(ngx_conf_t *cf,
    ngx_http_endpoint_variable_setter_t *setter)
{
#if (NGX_PCRE)

    u_char               errstr[NGX_MAX_CONF_ERRSTR];
    ngx_str_t            name;
    ngx_regex_compile_t  rc;

    ngx_memzero(&rc, sizeof(ngx_regex_compile_t));

    ngx_str_set(&rc.pattern, "(?<" NGX_HTTP_ENDPOINT_VARIABLE_PROBE ">x)");
    rc.err.len = NGX_MAX_CONF_ERRSTR;
    rc.err.data = errstr;

    if (ngx_http_regex_compile(cf, &rc) == NULL) {
        return NGX_ERROR;
    }

    ngx_str_set(&name, NGX_HTTP_ENDPOINT_VARIABLE_PROBE);

    return ngx_http_endpoint_variable_handler(cf, setter, &name);

#else

    return NGX_OK;

#endif
}


static ngx_int_t
ngx_http_endpoint_variable_handler(ngx_conf_t *cf,
    ngx_http_endpoint_variable_setter_t *setter, ngx_str_t *name)
{
    ngx_http_variable_t  *v;

    v = ngx_http_add_variable(cf, name, NGX_HTTP_VAR_CHANGEABLE);

    if (v == NULL) {
        return NGX_ERROR;
    }

    setter->handler = v->get_handler;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_variable_init_module(ngx_cycle_t *cycle)
{
    ngx_uint_t                          i;
    ngx_http_variable_t                *v;
    ngx_http_core_main_conf_t          *cmcf;
    ngx_http_endpoint_variable_t       *variable;
    ngx_http_endpoint_variable_kind_e   kind;

    cmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_core_module);

    ngx_http_endpoint_variables = ngx_array_create(cycle->pool, 4,
                                        sizeof(ngx_http_endpoint_variable_t));
    if (ngx_http_endpoint_variables == NULL) {
        return NGX_ERROR;
    }

    ngx_http_endpoint_variables_conf = cmcf;

    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        if (!ngx_http_endpoint_variable_kind(&v[i], &kind)) {
            continue;
        }

        variable = ngx_array_push(ngx_http_endpoint_variables);
        if (variable == NULL) {
            return NGX_ERROR;
        }

        variable->index = i;
        variable->kind = kind;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_variable_kind(ngx_http_variable_t *v,
    ngx_http_endpoint_variable_kind_e *kind)
{
    ngx_uint_t                            i;
    ngx_http_endpoint_variable_setter_t  *setter;

    for (i = 0; ngx_http_endpoint_variable_fixed[i].name.len; i++) {
        if (v->name.len == ngx_http_endpoint_variable_fixed[i].name.len
            && ngx_memcmp(v->name.data,
                          ngx_http_endpoint_variable_fixed[i].name.data,
                          v->name.len)
               == 0)
        {
            *kind = ngx_http_endpoint_variable_fixed[i].kind;
            return 1;
        }
    }

    *kind = ngx_http_endpoint_variable_assigned;

    for (setter = ngx_http_endpoint_variable_setters; /* void */ ; setter++) {
        if (setter->handler && setter->handler == v->get_handler) {
            return 1;
        }

        if (setter->name.len == 0) {
            return 0;
        }
    }
}


ngx_int_t
ngx_http_endpoint_variable_inherit(ngx_http_request_t *r,
    ngx_http_endpoint_run_t *run, ngx_array_t *known,
    ngx_http_variable_value_t *variables)
{
    ngx_uint_t                      i, k;
    ngx_http_variable_value_t      *value;
    ngx_http_endpoint_variable_t   *variable;

    /* without a master a request may be older than the configuration */

    if (ngx_http_get_module_main_conf(r, ngx_http_core_module)
        != ngx_http_endpoint_variables_conf)
    {
        return NGX_OK;
    }

    variable = ngx_http_endpoint_variables->elts;

    for (i = 0; i < ngx_http_endpoint_variables->nelts; i++) {
        k = variable[i].index;

        if (known && variable[i].kind != ngx_http_endpoint_variable_trace) {
            if (ngx_http_endpoint_variable_known(known, k)
                && ngx_http_endpoint_variable_keyed(run, k, &variables[k])
                   != NGX_OK)
            {
                return NGX_ERROR;
            }

            continue;
        }

        value = variable[i].kind == ngx_http_endpoint_variable_assigned
                ? &r->variables[k] : ngx_http_get_indexed_variable(r, k);

        if (value && value->valid && !value->no_cacheable) {
            variables[k] = *value;
        }
    }

    return NGX_OK;
}


/* as it is in the key, by which a run without the client has it, too */

static ngx_int_t
ngx_http_endpoint_variable_keyed(ngx_http_endpoint_run_t *run,
    ngx_uint_t index, ngx_http_variable_value_t *value)
{
    ngx_str_t  text;

    if (run->scope.variable(&run->scope, index, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    value->data = text.data;
    value->len = text.len;
    value->valid = 1;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_variable_known(ngx_array_t *known, ngx_uint_t index)
{
    ngx_uint_t  i, *indices;

    indices = known->elts;

    for (i = 0; i < known->nelts; i++) {
        if (indices[i] == index) {
            return 1;
        }
    }

    return 0;
}
