
#include "ngx_http_endpoint_cache_conf.h"
#include "ngx_http_endpoint_digest.h"
#include "ngx_http_endpoint_flight.h"
#include "ngx_http_endpoint_key.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_template.h"


/* names of a key whose values need no memory of their own */
#define NGX_HTTP_ENDPOINT_KEY_FEW  4


/* the value of a name in a key */
typedef struct {
    ngx_str_t   text;
    u_char      type;
} ngx_http_endpoint_key_value_t;


static ngx_int_t ngx_http_endpoint_key_word(ngx_http_endpoint_compile_t *c,
    ngx_str_t *text, ngx_http_endpoint_word_t *word);
static ngx_int_t ngx_http_endpoint_key_literal(ngx_pool_t *pool,
    ngx_str_t *text, ngx_str_t *more);
static void ngx_http_endpoint_key_digest(ngx_http_endpoint_key_t *key,
    ngx_str_t *identity);
static ngx_uint_t ngx_http_endpoint_key_known(ngx_http_endpoint_key_t *key);
static ngx_int_t ngx_http_endpoint_key_value(ngx_http_endpoint_key_t *key,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_ref_t *ref,
    ngx_http_endpoint_key_value_t *value);
static u_char ngx_http_endpoint_key_type(ngx_http_endpoint_key_t *key,
    ngx_http_endpoint_value_t *v);
static ngx_int_t ngx_http_endpoint_key_text(ngx_http_endpoint_key_t *key,
    ngx_pool_t *pool, ngx_http_endpoint_key_value_t *values, ngx_str_t *text);
static ngx_uint_t ngx_http_endpoint_key_match(ngx_http_endpoint_key_t *key,
    ngx_str_t *texts, ngx_uint_t n, ngx_http_endpoint_key_value_t *values);


ngx_int_t
ngx_http_endpoint_key_compile(ngx_http_endpoint_compile_t *c, ngx_str_t *zone,
    ngx_str_t *words, ngx_uint_t n, ngx_http_endpoint_key_t *key)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_word_t  *word;

    key->cache = ngx_http_endpoint_key_zone(c, zone);
    if (key->cache == NULL) {
        return NGX_ERROR;
    }

    if (n == 0 || (n == 1 && words->len == 0)) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "a key is missing behind the zone "
                                            "\"%V\"", zone);
    }

    if (ngx_array_init(&key->words, c->cf->pool, n,
                       sizeof(ngx_http_endpoint_word_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        word = ngx_array_push(&key->words);

        if (word == NULL
            || ngx_http_endpoint_key_word(c, &words[i], word) != NGX_OK)
        {
            return NGX_ERROR;
        }

        key->nrefs += word->bound;
    }

    return NGX_OK;
}


ngx_http_endpoint_cache_t *
ngx_http_endpoint_key_zone(ngx_http_endpoint_compile_t *c, ngx_str_t *name)
{
    ngx_shm_zone_t  *zone;

    zone = ngx_http_endpoint_cache_conf_zone(c->cf, name);

    if (zone && zone->data == NULL) {
        (void) ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "unknown cache zone \"%V\"", name);
    }

    return zone ? zone->data : NULL;
}


static ngx_int_t
ngx_http_endpoint_key_word(ngx_http_endpoint_compile_t *c, ngx_str_t *text,
    ngx_http_endpoint_word_t *word)
{
    ngx_str_t                 *place;
    ngx_uint_t                 i;
    ngx_array_t                parts;
    ngx_http_endpoint_part_t  *part;

    ngx_memzero(word, sizeof(ngx_http_endpoint_word_t));

    ngx_str_set(&word->prefix, "");
    ngx_str_set(&word->suffix, "");

    if (ngx_array_init(&parts, c->cf->temp_pool, 4,
                       sizeof(ngx_http_endpoint_part_t))
        != NGX_OK
        || ngx_http_endpoint_template_split(c, text, &parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    part = parts.elts;

    for (i = 0; i < parts.nelts; i++) {

        if (part[i].type == ngx_http_endpoint_part_literal) {
            place = word->bound ? &word->suffix : &word->prefix;

            if (ngx_http_endpoint_key_literal(c->cf->pool, place,
                                              &part[i].literal)
                != NGX_OK)
            {
                return NGX_ERROR;
            }

            continue;
        }

        if (word->bound) {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "more than one name in the "
                                                "key \"%V\", each must be a "
                                                "word of its own", text);
        }

        word->bound = 1;
        word->ref = part[i].ref;
    }

    return NGX_OK;
}


/* "$$" makes two literals of one */

static ngx_int_t
ngx_http_endpoint_key_literal(ngx_pool_t *pool, ngx_str_t *text,
    ngx_str_t *more)
{
    u_char  *p;

    p = ngx_pnalloc(pool, text->len + more->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(ngx_cpymem(p, text->data, text->len), more->data, more->len);

    text->data = p;
    text->len += more->len;

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_key_own(ngx_conf_t *cf, ngx_http_endpoint_key_t *key,
    ngx_str_t *identity)
{
    ngx_str_t                   owner;
    ngx_http_endpoint_key_t   **kp;
    ngx_http_endpoint_cache_t  *cache;

    cache = key->cache;

    if (cache->keys == NULL) {
        cache->keys = ngx_array_create(cf->pool, 4,
                                       sizeof(ngx_http_endpoint_key_t *));
        if (cache->keys == NULL) {
            return NGX_ERROR;
        }
    }

    ngx_http_endpoint_key_digest(key, identity);

    owner.data = key->owner;
    owner.len = NGX_HTTP_ENDPOINT_KEY_OWNER;

    while (ngx_http_endpoint_key_known(key)) {

        if (!key->exact) {
            return NGX_OK;
        }

        /* of two endpoints that nothing tells apart this is the second */

        ngx_http_endpoint_key_digest(key, &owner);
    }

    kp = ngx_array_push(cache->keys);
    if (kp == NULL) {
        return NGX_ERROR;
    }

    *kp = key;

    return NGX_OK;
}


static void
ngx_http_endpoint_key_digest(ngx_http_endpoint_key_t *key, ngx_str_t *identity)
{
    u_char                     digest[16];
    ngx_md5_t                  md5;
    ngx_uint_t                 i;
    ngx_http_endpoint_word_t  *word;

    ngx_md5_init(&md5);
    ngx_http_endpoint_digest_text(&md5, identity);

    word = key->words.elts;

    for (i = 0; i < key->words.nelts; i++) {
        ngx_http_endpoint_digest_text(&md5, &word[i].prefix);
        ngx_http_endpoint_digest_text(&md5, &word[i].suffix);
        ngx_md5_update(&md5, word[i].bound ? "$" : "-", 1);
    }

    ngx_md5_final(digest, &md5);

    ngx_memcpy(key->owner, digest, NGX_HTTP_ENDPOINT_KEY_OWNER);
}


static ngx_uint_t
ngx_http_endpoint_key_known(ngx_http_endpoint_key_t *key)
{
    ngx_uint_t                 i;
    ngx_http_endpoint_key_t  **keys;

    keys = key->cache->keys->elts;

    for (i = 0; i < key->cache->keys->nelts; i++) {
        if (ngx_memcmp(keys[i]->owner, key->owner,
                       NGX_HTTP_ENDPOINT_KEY_OWNER)
            == 0)
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_endpoint_key_render(ngx_http_endpoint_key_t *key,
    ngx_http_endpoint_scope_t *scope, ngx_str_t *text, ngx_str_t *types)
{
    ngx_uint_t                      i;
    ngx_http_endpoint_word_t       *word;
    ngx_http_endpoint_key_value_t  *values, *value;
    ngx_http_endpoint_key_value_t   few[NGX_HTTP_ENDPOINT_KEY_FEW];

    values = few;

    if (key->nrefs > NGX_HTTP_ENDPOINT_KEY_FEW) {
        values = ngx_palloc(scope->pool, key->nrefs
                                   * sizeof(ngx_http_endpoint_key_value_t));
        if (values == NULL) {
            return NGX_ERROR;
        }
    }

    value = values;
    word = key->words.elts;

    for (i = 0; i < key->words.nelts; i++) {
        if (word[i].bound
            && ngx_http_endpoint_key_value(key, scope, &word[i].ref, value++)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ngx_http_endpoint_key_text(key, scope->pool, values, text) != NGX_OK) {
        return NGX_ERROR;
    }

    types->data = text->data + text->len;
    types->len = key->nrefs;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_key_value(ngx_http_endpoint_key_t *key,
    ngx_http_endpoint_scope_t *scope, ngx_http_endpoint_ref_t *ref,
    ngx_http_endpoint_key_value_t *value)
{
    ngx_http_endpoint_value_t  v;

    if (ngx_http_endpoint_scope_value(scope, ref, &v) != NGX_OK
        || ngx_http_endpoint_value_to_text(scope->pool, &v, &value->text)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (value->text.len == 0) {
        ngx_str_set(&value->text, "");
    }

    value->type = ngx_http_endpoint_key_type(key, &v);

    return NGX_OK;
}


static u_char
ngx_http_endpoint_key_type(ngx_http_endpoint_key_t *key,
    ngx_http_endpoint_value_t *v)
{
    if (v->type == ngx_http_endpoint_null) {
        return '0';
    }

    if (!key->exact || v->type == ngx_http_endpoint_string
        || v->type == ngx_http_endpoint_text)
    {
        return 't';
    }

    return 'j';
}


/* the types stand behind the text */

static ngx_int_t
ngx_http_endpoint_key_text(ngx_http_endpoint_key_t *key, ngx_pool_t *pool,
    ngx_http_endpoint_key_value_t *values, ngx_str_t *text)
{
    u_char      *p;
    size_t       len;
    uint32_t     n;
    ngx_uint_t   i;

    len = NGX_HTTP_ENDPOINT_KEY_OWNER;

    for (i = 0; i < key->nrefs; i++) {
        len += sizeof(uint32_t) + values[i].text.len;
    }

    p = ngx_pnalloc(pool, len + key->nrefs);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;
    text->len = len;

    p = ngx_cpymem(p, key->owner, NGX_HTTP_ENDPOINT_KEY_OWNER);

    for (i = 0; i < key->nrefs; i++) {
        n = values[i].text.len;

        p = ngx_cpymem(p, &n, sizeof(uint32_t));
        p = ngx_cpymem(p, values[i].text.data, n);
    }

    for (i = 0; i < key->nrefs; i++) {
        *p++ = values[i].type;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_key_purge(ngx_http_endpoint_cache_t *cache, ngx_pool_t *pool,
    ngx_str_t *texts, ngx_uint_t n)
{
    ngx_str_t                        text;
    ngx_uint_t                       i;
    ngx_http_endpoint_key_t        **keys;
    ngx_http_endpoint_key_value_t   *values;

    if (cache->keys == NULL) {
        return NGX_OK;
    }

    values = ngx_pcalloc(pool, n * sizeof(ngx_http_endpoint_key_value_t));
    if (values == NULL) {
        return NGX_ERROR;
    }

    keys = cache->keys->elts;

    for (i = 0; i < cache->keys->nelts; i++) {

        if (!ngx_http_endpoint_key_match(keys[i], texts, n, values)) {
            continue;
        }

        if (ngx_http_endpoint_key_text(keys[i], pool, values, &text)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_http_endpoint_flight_purge(cache, &text);
    }

    return NGX_OK;
}


/* Whether the words can have these texts; then sets the values of the names. */

static ngx_uint_t
ngx_http_endpoint_key_match(ngx_http_endpoint_key_t *key, ngx_str_t *texts,
    ngx_uint_t n, ngx_http_endpoint_key_value_t *values)
{
    size_t                     around;
    ngx_str_t                 *text;
    ngx_uint_t                 i;
    ngx_http_endpoint_word_t  *word;

    if (key->words.nelts != n) {
        return 0;
    }

    word = key->words.elts;

    for (i = 0; i < n; i++) {
        text = &texts[i];

        if (text->len == 0) {
            ngx_str_set(text, "");
        }

        around = word[i].prefix.len + word[i].suffix.len;

        if (text->len < around
            || (text->len > around && !word[i].bound)
            || ngx_memcmp(text->data, word[i].prefix.data, word[i].prefix.len)
               != 0
            || ngx_memcmp(text->data + text->len - word[i].suffix.len,
                          word[i].suffix.data, word[i].suffix.len)
               != 0)
        {
            return 0;
        }

        if (word[i].bound) {
            values->text.data = text->data + word[i].prefix.len;
            values->text.len = text->len - around;
            values++;
        }
    }

    return 1;
}
