
#include "ngx_http_endpoint_constraint.h"
#include "ngx_http_endpoint_utf8.h"
#include "ngx_http_endpoint_writer.h"


static ngx_int_t ngx_http_endpoint_input_utf8(ngx_pool_t *pool,
    ngx_str_t *word, ngx_str_t *err);
static ngx_int_t ngx_http_endpoint_input_name(ngx_pool_t *pool,
    ngx_str_t *word, ngx_http_endpoint_input_t *input, ngx_str_t *err);
static ngx_int_t ngx_http_endpoint_input_key(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input);
static ngx_int_t ngx_http_endpoint_input_type(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, u_char *type, size_t len,
    ngx_str_t *err);
static ngx_int_t ngx_http_endpoint_input_default(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *def, ngx_str_t *err);
static ngx_int_t ngx_http_endpoint_input_finish(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_typed_t *typed,
    ngx_http_endpoint_value_t *value, ngx_http_endpoint_fault_t *fault);
static ngx_int_t ngx_http_endpoint_input_at(ngx_pool_t *pool,
    ngx_http_endpoint_json_path_t *path, ngx_str_t *at);
static ngx_int_t ngx_http_endpoint_input_absent(
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_value_t *value,
    ngx_http_endpoint_faults_t *faults);


ngx_int_t
ngx_http_endpoint_input_compile(ngx_pool_t *pool, ngx_log_t *log,
    ngx_http_endpoint_input_source_e source, ngx_str_t *word,
    ngx_str_t *options, ngx_uint_t n, ngx_http_endpoint_input_t *input,
    ngx_str_t *err)
{
    u_char      *p, *end;
    ngx_str_t    def;
    ngx_uint_t   i;

    ngx_memzero(input, sizeof(ngx_http_endpoint_input_t));

    input->source = source;

    /* whatever goes wrong and says nothing better */

    ngx_str_set(err, "no memory");

    if (ngx_http_endpoint_input_utf8(pool, word, err) != NGX_OK
        || ngx_http_endpoint_input_name(pool, word, input, err) != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = input->name.data + input->name.len;
    end = word->data + word->len;

    def.data = ngx_strlchr(p, end, '=');
    def.len = def.data ? end - ++def.data : 0;

    if (p < end && *p == ':') {
        p++;
        end = def.data ? def.data - 1 : end;

        if (ngx_http_endpoint_input_type(pool, input, p, end - p, err)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < n; i++) {

        if (ngx_http_endpoint_input_utf8(pool, &options[i], err) != NGX_OK
            || ngx_http_endpoint_constraint_compile(pool, input, &options[i],
                                                    err)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ngx_http_endpoint_constraint_agree(pool, input, err) != NGX_OK) {
        return NGX_ERROR;
    }

    if (def.data) {
        return ngx_http_endpoint_input_default(pool, input, &def, err);
    }

    return NGX_OK;
}


/* what stands in the configuration is shown to clients in JSON */

static ngx_int_t
ngx_http_endpoint_input_utf8(ngx_pool_t *pool, ngx_str_t *word, ngx_str_t *err)
{
    ngx_str_t  clean;

    clean = *word;

    if (ngx_http_endpoint_utf8_clean(pool, &clean) != NGX_OK) {
        return NGX_ERROR;
    }

    if (clean.data != word->data) {
        return ngx_http_endpoint_fault_conf(pool, err,
                   "\"%V\" is not valid UTF-8", word);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_input_name(ngx_pool_t *pool, ngx_str_t *word,
    ngx_http_endpoint_input_t *input, ngx_str_t *err)
{
    u_char  *p, *end, c;

    p = word->data;
    end = p + word->len;

    if (word->len < 2 || *p++ != '$' || (*p >= '0' && *p <= '9')) {
        goto invalid;
    }

    input->name.data = p;

    for ( /* void */ ; p < end && *p != ':' && *p != '='; p++) {

        c = *p | 0x20;

        if ((c < 'a' || c > 'z') && (*p < '0' || *p > '9') && *p != '_') {
            goto invalid;
        }
    }

    input->name.len = p - input->name.data;

    if (input->name.len == 0) {
        goto invalid;
    }

    if (ngx_http_endpoint_input_key(pool, input) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_OK;

invalid:

    return ngx_http_endpoint_fault_conf(pool, err,
               "invalid name \"%V\", it must be \"$\" and letters, digits "
               "or \"_\", not a digit first", word);
}


static ngx_int_t
ngx_http_endpoint_input_key(ngx_pool_t *pool, ngx_http_endpoint_input_t *input)
{
    size_t   i;
    u_char  *p, c;

    input->key = input->name;

    if (input->source != ngx_http_endpoint_input_header) {
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, input->name.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < input->name.len; i++) {
        c = input->name.data[i];
        p[i] = (c == '_') ? '-' : ngx_tolower(c);
    }

    input->key.data = p;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_input_type(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, u_char *type, size_t len, ngx_str_t *err)
{
    ngx_str_t   s;
    ngx_uint_t  path;

    path = (input->source == ngx_http_endpoint_input_path);

    if (ngx_http_endpoint_type_find(type, len, &input->type) == NGX_OK
        && (path || input->type != ngx_http_endpoint_type_path))
    {
        return NGX_OK;
    }

    s.data = type;
    s.len = len;

    return ngx_http_endpoint_fault_conf(pool, err,
               "invalid type \"%V\" of \"$%V\", it must be one of "
               "str, int, float, bool, uuid, json%s",
               &s, &input->name, path ? ", path" : "");
}


static ngx_int_t
ngx_http_endpoint_input_default(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_str_t *def, ngx_str_t *err)
{
    ngx_int_t                  rc;
    ngx_http_endpoint_fault_t  fault;
    ngx_http_endpoint_typed_t  typed;

    if (input->source == ngx_http_endpoint_input_path) {
        return ngx_http_endpoint_fault_conf(pool, err,
                   "default \"%V\" of \"$%V\", which a path always has",
                   def, &input->name);
    }

    input->has_default = 1;

    if (def->len == 4 && ngx_strncmp(def->data, "null", 4) == 0) {
        input->nullable = 1;
        return NGX_OK;
    }

    rc = ngx_http_endpoint_type_from_text(pool, input->type, def, &typed,
                                          &fault);

    if (rc == NGX_OK) {
        rc = ngx_http_endpoint_input_finish(pool, input, &typed, &input->def,
                                            &fault);
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_endpoint_fault_conf(pool, err,
                   "invalid default \"%V\" of \"$%V\": %V",
                   def, &input->name, &fault.msg);
    }

    return rc;
}


static ngx_int_t
ngx_http_endpoint_input_finish(ngx_pool_t *pool,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_typed_t *typed,
    ngx_http_endpoint_value_t *value, ngx_http_endpoint_fault_t *fault)
{
    ngx_int_t  rc;

    rc = ngx_http_endpoint_constraint_check(input->constraints, typed, fault);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_endpoint_type_value(pool, typed, value, fault);
}


ngx_int_t
ngx_http_endpoint_input_text(ngx_http_endpoint_input_t *input, ngx_str_t *text,
    ngx_http_endpoint_value_t *value, ngx_http_endpoint_faults_t *faults)
{
    ngx_int_t                  rc;
    ngx_str_t                  s;
    ngx_http_endpoint_fault_t  fault;
    ngx_http_endpoint_typed_t  typed;
    ngx_http_endpoint_value_t  sent;

    if (text == NULL) {
        return ngx_http_endpoint_input_absent(input, value, faults);
    }

    s = *text;

    if (ngx_http_endpoint_utf8_clean(faults->pool, &s) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_type_from_text(faults->pool, input->type, &s,
                                          &typed, &fault);

    if (rc == NGX_OK) {
        rc = ngx_http_endpoint_input_finish(faults->pool, input, &typed, value,
                                            &fault);
    }

    if (rc == NGX_DECLINED) {
        ngx_http_endpoint_value_text(&sent, s.data, s.len);

        ngx_memzero(value, sizeof(ngx_http_endpoint_value_t));

        return ngx_http_endpoint_fault_add(faults, input, &fault, &sent);
    }

    return rc;
}


static ngx_int_t
ngx_http_endpoint_input_absent(ngx_http_endpoint_input_t *input,
    ngx_http_endpoint_value_t *value, ngx_http_endpoint_faults_t *faults)
{
    ngx_memzero(value, sizeof(ngx_http_endpoint_value_t));

    if (input->has_default) {
        *value = input->def;
        return NGX_OK;
    }

    return ngx_http_endpoint_input_fault(input, "missing", "Field required",
                                         value, faults);
}


ngx_int_t
ngx_http_endpoint_input_json(ngx_http_endpoint_input_t *input,
    ngx_http_endpoint_value_t *json, ngx_http_endpoint_value_t *value,
    ngx_http_endpoint_faults_t *faults)
{
    ngx_int_t                  rc;
    ngx_http_endpoint_fault_t  fault;
    ngx_http_endpoint_typed_t  typed;

    if (json == NULL) {
        return ngx_http_endpoint_input_absent(input, value, faults);
    }

    if (json->type == ngx_http_endpoint_null && input->nullable) {
        ngx_memzero(value, sizeof(ngx_http_endpoint_value_t));
        return NGX_OK;
    }

    rc = ngx_http_endpoint_type_from_json(faults->pool, input->type, json,
                                          &typed, &fault);

    if (rc == NGX_OK) {
        rc = ngx_http_endpoint_input_finish(faults->pool, input, &typed, value,
                                            &fault);
    }

    if (rc == NGX_DECLINED) {
        ngx_memzero(value, sizeof(ngx_http_endpoint_value_t));

        return ngx_http_endpoint_fault_add(faults, input, &fault, json);
    }

    return rc;
}


ngx_int_t
ngx_http_endpoint_input_fault(ngx_http_endpoint_input_t *input, char *type,
    char *msg, ngx_http_endpoint_value_t *value,
    ngx_http_endpoint_faults_t *faults)
{
    ngx_http_endpoint_fault_t  fault;

    (void) ngx_http_endpoint_fault_set(&fault, type, msg);

    return ngx_http_endpoint_fault_add(faults, input, &fault, value);
}


ngx_int_t
ngx_http_endpoint_input_twice(ngx_http_endpoint_input_t *input,
    ngx_http_endpoint_json_path_t *path, ngx_http_endpoint_value_t *value,
    ngx_http_endpoint_faults_t *faults)
{
    ngx_http_endpoint_fault_t  fault;

    (void) ngx_http_endpoint_fault_set(&fault, "value_error",
                                       "Value error, it is there twice");

    if (path
        && ngx_http_endpoint_input_at(faults->pool, path, &fault.at) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_fault_add(faults, input, &fault, value);
}


/* the keys of a path as elements of loc, but for those of any element */

static ngx_int_t
ngx_http_endpoint_input_at(ngx_pool_t *pool,
    ngx_http_endpoint_json_path_t *path, ngx_str_t *at)
{
    u_char                        *p, buf[NGX_INT_T_LEN + 1];
    ngx_str_t                      json;
    ngx_uint_t                     i;
    ngx_http_endpoint_value_t      name;
    ngx_http_endpoint_writer_t     w;
    ngx_http_endpoint_json_key_t  *key;

    ngx_http_endpoint_writer_init(&w, pool, 0);

    key = path->keys->elts;

    for (i = 0; i < path->keys->nelts; i++) {

        if (key[i].type == ngx_http_endpoint_json_member) {
            ngx_http_endpoint_value_text(&name, key[i].name.data,
                                         key[i].name.len);

        } else if (key[i].type == ngx_http_endpoint_json_index) {
            p = ngx_sprintf(buf, "%i", key[i].from);
            ngx_http_endpoint_value_json(&name, buf, p - buf);

        } else {
            continue;
        }

        if ((w.size && ngx_http_endpoint_write(&w, (u_char *) ",", 1)
                       != NGX_OK)
            || ngx_http_endpoint_value_to_json(pool, &name, &json) != NGX_OK
            || ngx_http_endpoint_write(&w, json.data, json.len) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_writer_string(&w, at);
}
