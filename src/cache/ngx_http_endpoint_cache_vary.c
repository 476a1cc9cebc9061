
#include "ngx_http_endpoint_cache_depend.h"
#include "ngx_http_endpoint_cache_vary.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_pass.h"
#include "ngx_http_endpoint_step.h"
#include "ngx_http_endpoint_use.h"

#include <ngx_http.h>


static ngx_int_t ngx_http_endpoint_cache_vary_ref(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_ref_t *ref,
    u_char *seen);
static ngx_int_t ngx_http_endpoint_cache_vary_step(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_step_t *step,
    u_char *seen);
static ngx_int_t ngx_http_endpoint_cache_vary_variable(
    ngx_http_endpoint_compile_t *c, ngx_uint_t index);
static ngx_int_t ngx_http_endpoint_cache_vary_add(
    ngx_http_endpoint_compile_t *c, ngx_str_t *header);
static ngx_uint_t ngx_http_endpoint_cache_vary_has(ngx_str_t *vary,
    ngx_str_t *header);


static ngx_str_t  ngx_http_endpoint_cache_vary_cookie = ngx_string("cookie");
static ngx_str_t  ngx_http_endpoint_cache_vary_user =
    ngx_string("authorization");


ngx_int_t
ngx_http_endpoint_cache_vary(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_key_t *key)
{
    u_char                    *seen;
    ngx_uint_t                 i;
    ngx_http_endpoint_word_t  *word;

    seen = ngx_pcalloc(c->cf->temp_pool, c->plan->steps.nelts);
    if (seen == NULL) {
        return NGX_ERROR;
    }

    word = key->words.elts;

    for (i = 0; i < key->words.nelts; i++) {
        if (word[i].bound
            && ngx_http_endpoint_cache_vary_ref(c, &word[i].ref, seen)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_cache_vary_ref(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_ref_t *ref, u_char *seen)
{
    ngx_http_endpoint_name_t  *name;

    name = ref->name;

    if (name == NULL) {
        return ngx_http_endpoint_cache_vary_variable(c, ref->index);
    }

    if (name->step) {
        return ngx_http_endpoint_cache_vary_step(c, name->step, seen);
    }

    if (name->input == NULL) {
        return NGX_OK;
    }

    switch (name->input->source) {

    case ngx_http_endpoint_input_header:
        return ngx_http_endpoint_cache_vary_add(c, &name->input->key);

    case ngx_http_endpoint_input_cookie:
        return ngx_http_endpoint_cache_vary_add(c,
                                        &ngx_http_endpoint_cache_vary_cookie);

    default:
        return NGX_OK;
    }
}


static ngx_int_t
ngx_http_endpoint_cache_vary_step(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_step_t *step, u_char *seen)
{
    ngx_uint_t                i;
    ngx_array_t              *headers;
    ngx_hash_key_t           *header;
    ngx_http_endpoint_use_t  *use;

    if (seen[step->index]) {
        return NGX_OK;
    }

    seen[step->index] = 1;

    use = c->uses->elts;

    for (i = 0; i < c->uses->nelts; i++) {
        if (use[i].step == step
            && ngx_http_endpoint_cache_vary_ref(c, &use[i].ref, seen)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (!step->type->passes) {
        return NGX_OK;
    }

    headers = step->pass ? &step->pass->lines : c->limits->pass_headers;
    header = headers->elts;

    for (i = 0; i < headers->nelts; i++) {

        /* these tell requests apart, and nothing about their answers */

        if (!ngx_http_endpoint_cache_depend_trace(&header[i])
            && ngx_http_endpoint_cache_vary_add(c, &header[i].key) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_cache_vary_variable(ngx_http_endpoint_compile_t *c,
    ngx_uint_t index)
{
    u_char                     *p;
    size_t                      i;
    ngx_str_t                   name;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(c->cf, ngx_http_core_module);

    v = cmcf->variables.elts;
    name = v[index].name;

    if (name.len > 7 && ngx_strncmp(name.data, "cookie_", 7) == 0) {
        return ngx_http_endpoint_cache_vary_add(c,
                                        &ngx_http_endpoint_cache_vary_cookie);
    }

    if (name.len == 11 && ngx_strncmp(name.data, "remote_user", 11) == 0) {
        return ngx_http_endpoint_cache_vary_add(c,
                                        &ngx_http_endpoint_cache_vary_user);
    }

    if (name.len <= 5 || ngx_strncmp(name.data, "http_", 5) != 0) {
        return NGX_OK;
    }

    /* a cache knows of the host */

    if (name.len == 9 && ngx_strncmp(name.data, "http_host", 9) == 0) {
        return NGX_OK;
    }

    name.data += 5;
    name.len -= 5;

    p = ngx_pstrdup(c->cf->temp_pool, &name);
    if (p == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < name.len; i++) {
        if (p[i] == '_') {
            p[i] = '-';
        }
    }

    name.data = p;

    return ngx_http_endpoint_cache_vary_add(c, &name);
}


/* header: in small letters; each word of it gets a large one */

static ngx_int_t
ngx_http_endpoint_cache_vary_add(ngx_http_endpoint_compile_t *c,
    ngx_str_t *header)
{
    u_char      *p;
    size_t       i;
    ngx_str_t   *vary;

    vary = &c->plan->vary;

    if (ngx_http_endpoint_cache_vary_has(vary, header)) {
        return NGX_OK;
    }

    p = ngx_pnalloc(c->cf->pool, vary->len + 2 + header->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (vary->len) {
        ngx_memcpy(ngx_cpymem(p, vary->data, vary->len), ", ", 2);
        vary->len += 2;
    }

    vary->data = p;
    p += vary->len;

    for (i = 0; i < header->len; i++) {
        p[i] = (i == 0 || header->data[i - 1] == '-')
                   ? ngx_toupper(header->data[i]) : header->data[i];
    }

    vary->len += header->len;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_cache_vary_has(ngx_str_t *vary, ngx_str_t *header)
{
    u_char  *p, *last, *next;

    last = vary->data + vary->len;

    for (p = vary->data; p < last; p = next + 2) {
        next = ngx_strlchr(p, last, ',');

        if (next == NULL) {
            next = last;
        }

        if ((size_t) (next - p) == header->len
            && ngx_strncasecmp(p, header->data, header->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
