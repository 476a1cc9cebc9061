
#include "ngx_http_endpoint_file.h"
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_nearest.h"
#include "ngx_http_endpoint_pg_conf.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_query.h"
#include "ngx_http_endpoint_step_option.h"


typedef struct {
    ngx_str_t    sql;
    ngx_str_t    file;
    ngx_uint_t   flags;
    unsigned     read:1;
} ngx_http_endpoint_query_args_t;


static ngx_int_t ngx_http_endpoint_query_args(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_http_endpoint_query_args_t *args);
static ngx_int_t ngx_http_endpoint_query_no_upstream(
    ngx_http_endpoint_compile_t *c, ngx_str_t *name);
static ngx_int_t ngx_http_endpoint_query_target(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_query_option(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step,
    ngx_http_endpoint_query_args_t *args, ngx_str_t *arg);
static ngx_int_t ngx_http_endpoint_query_option_error(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_query_conf_t *conf,
    ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_query_default(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step,
    u_char *data, size_t len);
static ngx_int_t ngx_http_endpoint_query_isolated(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_query_conf_t *conf,
    ngx_uint_t flags);
static ngx_int_t ngx_http_endpoint_query_sql(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_http_endpoint_query_args_t *args);
static ngx_uint_t ngx_http_endpoint_query_known(void *data, ngx_str_t *name);
static ngx_int_t ngx_http_endpoint_query_params(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_query_conf_t *conf,
    ngx_http_endpoint_sql_t *sql);


static const char  *ngx_http_endpoint_query_options[] = {
    "default=", "error=", "isolated", "read", "idempotent", "file=", "cache=",
    "each=", "limit=", NULL
};


ngx_int_t
ngx_http_endpoint_query_compile(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_uint_t row)
{
    ngx_int_t                        rc;
    ngx_http_endpoint_query_args_t   args;
    ngx_http_endpoint_query_conf_t  *conf;

    conf = ngx_pcalloc(c->cf->pool, sizeof(ngx_http_endpoint_query_conf_t));
    if (conf == NULL) {
        return NGX_ERROR;
    }

    step->conf = conf;

    if (ngx_array_init(&conf->errors, c->cf->pool, 1,
                       sizeof(ngx_http_endpoint_query_error_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&args, sizeof(ngx_http_endpoint_query_args_t));

    if (row) {
        args.flags |= NGX_HTTP_ENDPOINT_PG_ROW;
    }

    if (c->bigint_string) {
        args.flags |= NGX_HTTP_ENDPOINT_PG_BIGINT;
    }

    /* the other words may use $item */

    rc = ngx_http_endpoint_each_compile(c, step, &conf->each);

    if (rc == NGX_OK) {
        rc = ngx_http_endpoint_query_args(c, step, &args);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_endpoint_query_isolated(c, conf, args.flags);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_endpoint_query_sql(c, step, &args);
    }

    c->item = NULL;

    return rc;
}


static ngx_int_t
ngx_http_endpoint_query_args(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_http_endpoint_query_args_t *args)
{
    ngx_int_t                        rc;
    ngx_str_t                       *arg;
    ngx_uint_t                       i;
    ngx_http_endpoint_query_conf_t  *conf;

    conf = step->conf;
    arg = c->statement->args;

    i = step->result ? 2 : 1;

    conf->pool = ngx_http_endpoint_pg_conf_find(c->pools, &arg[i]);

    if (conf->pool == NULL) {
        return ngx_http_endpoint_query_no_upstream(c, &arg[i]);
    }

    if (ngx_http_endpoint_query_target(c, step) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i++; i < c->statement->nargs; i++) {
        rc = ngx_http_endpoint_query_option(c, step, args, &arg[i]);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_OK) {
            continue;
        }

        if (args->sql.data) {
            return ngx_http_endpoint_step_unknown(c, &arg[i],
                                              ngx_http_endpoint_query_options);
        }

        args->sql = arg[i];
    }

    if ((args->sql.data != NULL) == (args->file.data != NULL)) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"%V\" needs its SQL, as one "
                                            "word or by \"file=\"", &arg[0]);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_query_no_upstream(ngx_http_endpoint_compile_t *c,
    ngx_str_t *name)
{
    ngx_str_t                     *known;
    ngx_uint_t                     i;
    ngx_http_endpoint_nearest_t    nearest;
    ngx_http_endpoint_pg_pool_t  **pool;

    pool = c->pools->elts;

    ngx_http_endpoint_nearest_init(&nearest, name);

    for (i = 0; i < c->pools->nelts; i++) {
        (void) ngx_http_endpoint_pg_conf_isolated(pool[i], &known);
        ngx_http_endpoint_nearest_look(&nearest, known);
    }

    return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                        "no upstream \"%V\" with "
                                        "\"endpoint_postgres\"%s%V%s", name,
                                        nearest.found.len
                                        ? ", did you mean \"" : "",
                                        &nearest.found,
                                        nearest.found.len ? "\"?" : "");
}


static ngx_int_t
ngx_http_endpoint_query_target(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step)
{
    ngx_str_t                       *name;
    ngx_http_endpoint_query_conf_t  *conf;

    conf = step->conf;

    (void) ngx_http_endpoint_pg_conf_isolated(conf->pool, &name);

    return ngx_http_endpoint_step_target(c, &step->target, "upstream", name);
}


/* NGX_DECLINED: it is no option */

static ngx_int_t
ngx_http_endpoint_query_option(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_http_endpoint_query_args_t *args,
    ngx_str_t *arg)
{
    ngx_int_t                        rc;
    ngx_str_t                        value;
    ngx_http_endpoint_query_conf_t  *conf;

    conf = step->conf;

    rc = ngx_http_endpoint_step_option(c, step, arg);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ngx_strcmp(arg->data, "isolated") == 0) {
        args->flags |= NGX_HTTP_ENDPOINT_PG_ISOLATED;
        return NGX_OK;
    }

    if (ngx_strcmp(arg->data, "idempotent") == 0) {
        args->flags |= NGX_HTTP_ENDPOINT_PG_IDEMPOTENT;
        return NGX_OK;
    }

    if (ngx_strcmp(arg->data, "read") == 0) {
        args->read = 1;
        return NGX_OK;
    }

    if (ngx_strncmp(arg->data, "each=", 5) == 0) {
        return NGX_OK;
    }

    if (ngx_strncmp(arg->data, "limit=", 6) == 0) {
        value.data = arg->data + 6;
        value.len = arg->len - 6;
        return ngx_http_endpoint_each_limit(c, &conf->each, &value);
    }

    if (ngx_strncmp(arg->data, "file=", 5) == 0) {
        args->file.data = arg->data + 5;
        args->file.len = arg->len - 5;
        return NGX_OK;
    }

    if (ngx_strncmp(arg->data, "error=", 6) == 0) {
        value.data = arg->data + 6;
        value.len = arg->len - 6;
        return ngx_http_endpoint_query_option_error(c, conf, &value);
    }

    if (ngx_strncmp(arg->data, "default=", 8) == 0) {
        return ngx_http_endpoint_query_default(c, step, arg->data + 8,
                                               arg->len - 8);
    }

    return NGX_DECLINED;
}


/* P0001:409; a SQLSTATE has five digits and capital letters */

static ngx_int_t
ngx_http_endpoint_query_option_error(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_query_conf_t *conf, ngx_str_t *value)
{
    size_t                            n;
    ngx_int_t                         status;
    ngx_http_endpoint_query_error_t  *error;

    for (n = 0; n < value->len; n++) {
        if (!(value->data[n] >= '0' && value->data[n] <= '9')
            && !(value->data[n] >= 'A' && value->data[n] <= 'Z'))
        {
            break;
        }
    }

    status = NGX_ERROR;

    if (n == 5 && value->len == 9 && value->data[5] == ':') {
        status = ngx_atoi(value->data + 6, 3);
    }

    if (status < 400 || status > 599) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid \"error=%V\", it must be "
                                            "a SQLSTATE and a status from 400 "
                                            "to 599 like P0001:409", value);
    }

    error = ngx_array_push(&conf->errors);
    if (error == NULL) {
        return NGX_ERROR;
    }

    error->sqlstate.data = value->data;
    error->sqlstate.len = 5;
    error->status = status;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_query_default(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, u_char *data, size_t len)
{
    ngx_str_t  value;

    value.data = data;
    value.len = len;

    if (c->order) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"default=\" in a transaction, "
                                            "which a failure rolls back");
    }

    return ngx_http_endpoint_step_default(c, step, &value);
}


/* without a connection of its own it would wait for ever */

static ngx_int_t
ngx_http_endpoint_query_isolated(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_query_conf_t *conf, ngx_uint_t flags)
{
    ngx_str_t  *name;

    if ((!c->order && !(flags & NGX_HTTP_ENDPOINT_PG_ISOLATED))
        || ngx_http_endpoint_pg_conf_isolated(conf->pool, &name))
    {
        return NGX_OK;
    }

    return ngx_http_endpoint_plan_error(c->cf, c->statement, c->order
               ? "a transaction in \"%V\", whose \"endpoint_postgres\" has "
                 "\"isolated=0\", it must be 1 or more"
               : "\"isolated\" in \"%V\", whose \"endpoint_postgres\" has "
                 "\"isolated=0\", it must be 1 or more", name);
}


static ngx_int_t
ngx_http_endpoint_query_sql(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, ngx_http_endpoint_query_args_t *args)
{
    ngx_int_t                        rc;
    ngx_str_t                        text, err;
    ngx_http_endpoint_sql_t          sql;
    ngx_http_endpoint_query_conf_t  *conf;

    conf = step->conf;
    text = args->sql;

    if (args->file.data
        && ngx_http_endpoint_file_read(c, &args->file, &text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_sql_scan(c->cf->pool, &text,
                                    ngx_http_endpoint_query_known, c, &sql,
                                    &err);
    if (rc == NGX_DECLINED) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement, "%V", &err);
    }

    if (rc == NGX_ERROR
        || ngx_http_endpoint_query_params(c, conf, &sql) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (sql.constant.len) {
        ngx_http_endpoint_plan_warn(c->cf, c->statement,
                                    "\"$%V\" behind BY in SQL is a constant, "
                                    "the same for all rows, write CASE $%V "
                                    "WHEN 'NAME' THEN NAME END",
                                    &sql.constant, &sql.constant);
    }

    if (sql.kind != ngx_http_endpoint_sql_read && !args->read) {
        step->act = 1;
        step->effect = 1;
    }

    ngx_http_endpoint_each_default(&conf->each, step->act || c->order);

    conf->timeout = step->timeout ? step->timeout : c->timeout;

    conf->statement = ngx_http_endpoint_pg_statement(c->cf, conf->pool, &sql,
                                                     &c->statement->file,
                                                     c->statement->line,
                                                     args->flags,
                                                     conf->timeout);

    return conf->statement ? NGX_OK : NGX_ERROR;
}


static ngx_uint_t
ngx_http_endpoint_query_known(void *data, ngx_str_t *name)
{
    ngx_http_endpoint_compile_t  *c = data;

    return ngx_http_endpoint_name_known(c, name);
}


static ngx_int_t
ngx_http_endpoint_query_params(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_query_conf_t *conf, ngx_http_endpoint_sql_t *sql)
{
    u_char                   *p, *end;
    ngx_str_t                *word;
    ngx_uint_t                i;
    ngx_http_endpoint_ref_t  *ref;

    if (ngx_array_init(&conf->params, c->cf->pool,
                       ngx_max(sql->refs.nelts, 1),
                       sizeof(ngx_http_endpoint_ref_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    word = sql->refs.elts;

    for (i = 0; i < sql->refs.nelts; i++) {
        ref = ngx_array_push(&conf->params);
        if (ref == NULL) {
            return NGX_ERROR;
        }

        p = word[i].data;
        end = word[i].data + word[i].len;

        if (ngx_http_endpoint_name_ref(c, &p, end, ref) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ref->name == NULL || ref->name->input) {
            conf->has_inputs = 1;
        }
    }

    return NGX_OK;
}
