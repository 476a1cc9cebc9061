
#include "ngx_http_endpoint_json.h"
#include "ngx_http_endpoint_json_check.h"
#include "ngx_http_endpoint_json_scan.h"
#include "ngx_http_endpoint_writer.h"


/* a run of keys that one pass can follow: members and indexes from the start */
typedef struct {
    ngx_http_endpoint_json_key_t     *keys;
    ngx_uint_t                        nkeys;
    ngx_uint_t                        depth;    /* keys of the open parents */
    ngx_uint_t                        reached;  /* keys that were met */
    ngx_http_endpoint_value_t        *value;
    ngx_uint_t                        twice;    /* one of them once more */
} ngx_http_endpoint_json_target_t;


/* what is left of a path where it comes to a list, and what it led through */
typedef struct {
    ngx_http_endpoint_json_key_t     *keys;
    ngx_uint_t                        nkeys;
    ngx_uint_t                        twice;
} ngx_http_endpoint_json_rest_t;


static ngx_uint_t ngx_http_endpoint_json_plain(
    ngx_http_endpoint_json_key_t *keys, ngx_uint_t n);
static void ngx_http_endpoint_json_follow(ngx_str_t *text,
    ngx_http_endpoint_json_target_t *targets, ngx_uint_t n, ngx_uint_t depth);
static ngx_uint_t ngx_http_endpoint_json_met(
    ngx_http_endpoint_json_scan_t *scan, ngx_int_t index,
    ngx_http_endpoint_json_target_t *target);
static ngx_int_t ngx_http_endpoint_json_last_index(
    ngx_http_endpoint_json_target_t *targets, ngx_uint_t n, ngx_uint_t depth);
static ngx_int_t ngx_http_endpoint_json_rest(ngx_pool_t *pool,
    ngx_http_endpoint_value_t *v, ngx_http_endpoint_json_rest_t *rest);
static void ngx_http_endpoint_json_reach(ngx_http_endpoint_value_t *v,
    ngx_http_endpoint_json_rest_t *rest);
static void ngx_http_endpoint_json_from_end(ngx_http_endpoint_value_t *v,
    ngx_int_t index);
static void ngx_http_endpoint_json_last(ngx_http_endpoint_value_t *v);
static ngx_int_t ngx_http_endpoint_json_gather(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_value_t *v, ngx_http_endpoint_json_rest_t *rest);
static void ngx_http_endpoint_json_range(ngx_http_endpoint_value_t *v,
    ngx_http_endpoint_json_key_t *key, ngx_int_t *from, ngx_int_t *to);
static ngx_int_t ngx_http_endpoint_json_gather_one(
    ngx_http_endpoint_writer_t *w, ngx_str_t *text,
    ngx_http_endpoint_json_rest_t *rest);


ngx_int_t
ngx_http_endpoint_json_extract(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_json_path_t *paths, ngx_uint_t n,
    ngx_http_endpoint_value_t *values)
{
    ngx_int_t                       rc;
    ngx_http_endpoint_json_path_t  *twice;

    rc = ngx_http_endpoint_json_valid(text);

    if (rc != NGX_OK || n == 0) {
        return rc;
    }

    return ngx_http_endpoint_json_take(pool, text, paths, n, 0, values,
                                       &twice);
}


ngx_int_t
ngx_http_endpoint_json_valid(ngx_str_t *text)
{
    ngx_int_t                       rc;
    ngx_http_endpoint_json_check_t  check;

    ngx_http_endpoint_json_check_init(&check);

    if (ngx_http_endpoint_json_check(&check, text->data, text->len)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    rc = ngx_http_endpoint_json_check_end(&check);

    switch (rc) {

    case NGX_DECLINED:
        return NGX_ABORT;

    case NGX_ERROR:
        return NGX_DECLINED;

    default:
        return rc;
    }
}


ngx_int_t
ngx_http_endpoint_json_take(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_json_path_t *paths, ngx_uint_t n, ngx_uint_t once,
    ngx_http_endpoint_value_t *values, ngx_http_endpoint_json_path_t **twice)
{
    ngx_uint_t                        i;
    ngx_http_endpoint_value_t         whole;
    ngx_http_endpoint_json_rest_t     rest;
    ngx_http_endpoint_json_target_t  *targets;

    *twice = NULL;

    targets = ngx_pcalloc(pool, n * sizeof(ngx_http_endpoint_json_target_t));
    if (targets == NULL) {
        return NGX_ERROR;
    }

    ngx_http_endpoint_value_json(&whole, text->data, text->len);

    for (i = 0; i < n; i++) {
        targets[i].value = &values[paths[i].slot];
        *targets[i].value = whole;

        if (paths[i].keys) {
            targets[i].keys = paths[i].keys->elts;
            targets[i].nkeys = ngx_http_endpoint_json_plain(
                                   paths[i].keys->elts, paths[i].keys->nelts);
        }

        if (targets[i].nkeys) {
            ngx_http_endpoint_value_json(targets[i].value, NULL, 0);
        }
    }

    ngx_http_endpoint_json_follow(&whole.data, targets, n, 0);

    for (i = 0; i < n; i++) {
        rest.keys = targets[i].keys + targets[i].nkeys;
        rest.nkeys = paths[i].keys ? paths[i].keys->nelts - targets[i].nkeys
                                   : 0;
        rest.twice = targets[i].twice;

        if (rest.nkeys
            && ngx_http_endpoint_json_rest(pool, targets[i].value, &rest)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (rest.twice && (once || paths[i].once) && *twice == NULL) {
            *twice = &paths[i];
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_json_plain(ngx_http_endpoint_json_key_t *keys, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (keys[i].type != ngx_http_endpoint_json_member
            && (keys[i].type != ngx_http_endpoint_json_index
                || keys[i].from < 0))
        {
            break;
        }
    }

    return i;
}


/*
 * One pass for all targets whose parents are open.  A member that is named
 * twice is met twice, and takes back what the first one gave.
 */

static void
ngx_http_endpoint_json_follow(ngx_str_t *text,
    ngx_http_endpoint_json_target_t *targets, ngx_uint_t n, ngx_uint_t depth)
{
    ngx_int_t                         index, last;
    ngx_uint_t                        i, deeper;
    ngx_http_endpoint_json_scan_t     scan;
    ngx_http_endpoint_json_target_t  *target;

    if (text->len == 0 || (*text->data | 0x20) != '{') {
        return;
    }

    ngx_http_endpoint_json_scan(&scan, text);

    last = scan.object ? NGX_MAX_INT_T_VALUE
                       : ngx_http_endpoint_json_last_index(targets, n, depth);

    for (index = 0; index <= last; index++) {

        if (!ngx_http_endpoint_json_scan_next(&scan)) {
            return;
        }

        deeper = 0;

        for (i = 0; i < n; i++) {
            target = &targets[i];

            if (target->depth != depth || target->nkeys <= depth
                || !ngx_http_endpoint_json_met(&scan, index, target))
            {
                continue;
            }

            if (target->nkeys == target->reached) {
                ngx_http_endpoint_value_json(target->value, scan.value.data,
                                             scan.value.len);
                continue;
            }

            ngx_http_endpoint_value_json(target->value, NULL, 0);

            target->depth++;
            deeper = 1;
        }

        if (!deeper) {
            continue;
        }

        ngx_http_endpoint_json_follow(&scan.value, targets, n, depth + 1);

        for (i = 0; i < n; i++) {
            targets[i].depth = ngx_min(targets[i].depth, depth);
        }
    }
}


/* whether what was found is what the next key of a target means */

static ngx_uint_t
ngx_http_endpoint_json_met(ngx_http_endpoint_json_scan_t *scan,
    ngx_int_t index, ngx_http_endpoint_json_target_t *target)
{
    ngx_http_endpoint_json_key_t  *key;

    key = &target->keys[target->depth];

    if (scan->object) {
        if (key->type != ngx_http_endpoint_json_member
            || !ngx_http_endpoint_json_scan_key(scan, &key->name))
        {
            return 0;
        }

    } else if (key->type != ngx_http_endpoint_json_index
               || key->from != index)
    {
        return 0;
    }

    if (target->reached > target->depth) {
        target->twice = 1;
    }

    target->reached = target->depth + 1;

    return 1;
}


/* the last element of an array that any target wants; -1: none */

static ngx_int_t
ngx_http_endpoint_json_last_index(ngx_http_endpoint_json_target_t *targets,
    ngx_uint_t n, ngx_uint_t depth)
{
    ngx_int_t                      last;
    ngx_uint_t                     i;
    ngx_http_endpoint_json_key_t  *key;

    last = -1;

    for (i = 0; i < n; i++) {

        if (targets[i].depth != depth || targets[i].nkeys <= depth) {
            continue;
        }

        key = &targets[i].keys[depth];

        if (key->type == ngx_http_endpoint_json_index) {
            last = ngx_max(last, key->from);
        }
    }

    return last;
}


/* replaces v by what the keys, the first of which is not plain, lead to */

static ngx_int_t
ngx_http_endpoint_json_rest(ngx_pool_t *pool, ngx_http_endpoint_value_t *v,
    ngx_http_endpoint_json_rest_t *rest)
{
    ngx_str_t                    text;
    ngx_http_endpoint_writer_t   w;

    ngx_http_endpoint_json_reach(v, rest);

    if (rest->nkeys == 0) {
        return NGX_OK;
    }

    if (v->type != ngx_http_endpoint_array) {
        ngx_http_endpoint_value_json(v, NULL, 0);
        return NGX_OK;
    }

    ngx_http_endpoint_writer_init(&w, pool, v->data.len);

    if (ngx_http_endpoint_json_gather(&w, v, rest) != NGX_OK
        || ngx_http_endpoint_writer_string(&w, &text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_endpoint_value_json(v, text.data, text.len);

    return NGX_OK;
}


/* follows keys as long as they lead to one value */

static void
ngx_http_endpoint_json_reach(ngx_http_endpoint_value_t *v,
    ngx_http_endpoint_json_rest_t *rest)
{
    ngx_uint_t                       n;
    ngx_http_endpoint_value_t        found;
    ngx_http_endpoint_json_target_t  target;

    while (rest->nkeys) {

        n = ngx_http_endpoint_json_plain(rest->keys, rest->nkeys);

        if (n) {
            ngx_memzero(&target, sizeof(ngx_http_endpoint_json_target_t));

            target.keys = rest->keys;
            target.nkeys = n;
            target.value = &found;

            ngx_http_endpoint_value_json(&found, NULL, 0);
            ngx_http_endpoint_json_follow(&v->data, &target, 1, 0);

            *v = found;
            rest->twice |= target.twice;

        } else if (rest->keys->type == ngx_http_endpoint_json_index) {
            ngx_http_endpoint_json_from_end(v, rest->keys->from);
            n = 1;

        } else if (rest->keys->type == ngx_http_endpoint_json_all
                   && rest->nkeys == 1 && v->type == ngx_http_endpoint_array)
        {
            /* all elements, and nothing of them: the array itself */

            n = 1;

        } else {
            return;
        }

        rest->keys += n;
        rest->nkeys -= n;
    }
}


static void
ngx_http_endpoint_json_from_end(ngx_http_endpoint_value_t *v, ngx_int_t index)
{
    ngx_http_endpoint_json_scan_t  scan;

    if (index == -1 && v->type == ngx_http_endpoint_array) {
        ngx_http_endpoint_json_last(v);
        return;
    }

    index += ngx_http_endpoint_json_count(v, NGX_MAX_INT_T_VALUE);

    if (index < 0 || v->type != ngx_http_endpoint_array) {
        ngx_http_endpoint_value_json(v, NULL, 0);
        return;
    }

    ngx_http_endpoint_json_scan(&scan, &v->data);

    while (ngx_http_endpoint_json_scan_next(&scan) && index) {
        index--;
    }

    ngx_http_endpoint_value_json(v, scan.value.data, scan.value.len);
}


static void
ngx_http_endpoint_json_last(ngx_http_endpoint_value_t *v)
{
    ngx_http_endpoint_json_scan_t  scan;

    ngx_str_null(&scan.value);

    ngx_http_endpoint_json_scan(&scan, &v->data);

    while (ngx_http_endpoint_json_scan_next(&scan)) { /* void */ }

    ngx_http_endpoint_value_json(v, scan.value.data, scan.value.len);
}


ngx_uint_t
ngx_http_endpoint_json_count(ngx_http_endpoint_value_t *v, ngx_uint_t most)
{
    ngx_uint_t                     n;
    ngx_http_endpoint_json_scan_t  scan;

    if (v->type != ngx_http_endpoint_array) {
        return 0;
    }

    ngx_http_endpoint_json_scan(&scan, &v->data);

    for (n = 0; n < most; n++) {
        if (!ngx_http_endpoint_json_scan_next(&scan)) {
            break;
        }
    }

    return n;
}


/* what the keys behind [*] or a slice lead to in each element, as an array */

static ngx_int_t
ngx_http_endpoint_json_gather(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_value_t *v, ngx_http_endpoint_json_rest_t *rest)
{
    ngx_int_t                      i, from, to;
    ngx_http_endpoint_json_rest_t  inner;
    ngx_http_endpoint_json_scan_t  scan;

    ngx_http_endpoint_json_range(v, rest->keys, &from, &to);

    if (ngx_http_endpoint_write(w, (u_char *) "[", 1) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_endpoint_json_scan(&scan, &v->data);

    for (i = 0; i < to && ngx_http_endpoint_json_scan_next(&scan); i++) {

        if (i < from) {
            continue;
        }

        if (i > from && ngx_http_endpoint_write(w, (u_char *) ",", 1)
                        != NGX_OK)
        {
            return NGX_ERROR;
        }

        inner.keys = rest->keys + 1;
        inner.nkeys = rest->nkeys - 1;
        inner.twice = 0;

        if (ngx_http_endpoint_json_gather_one(w, &scan.value, &inner)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        rest->twice |= inner.twice;
    }

    return ngx_http_endpoint_write(w, (u_char *) "]", 1);
}


/* as Python reads [from:to] */

static void
ngx_http_endpoint_json_range(ngx_http_endpoint_value_t *v,
    ngx_http_endpoint_json_key_t *key, ngx_int_t *from, ngx_int_t *to)
{
    ngx_int_t  n;

    if (key->type == ngx_http_endpoint_json_all) {
        *from = 0;
        *to = NGX_MAX_INT_T_VALUE;
        return;
    }

    *from = key->from;
    *to = key->to;

    if (*from >= 0 && *to >= 0) {
        return;
    }

    n = ngx_http_endpoint_json_count(v, NGX_MAX_INT_T_VALUE);

    if (*from < 0) {
        *from = ngx_max(*from + n, 0);
    }

    if (*to < 0) {
        *to += n;
    }
}


static ngx_int_t
ngx_http_endpoint_json_gather_one(ngx_http_endpoint_writer_t *w,
    ngx_str_t *text, ngx_http_endpoint_json_rest_t *rest)
{
    ngx_http_endpoint_value_t  v;

    /* an element as it is, of which there may be many */

    if (rest->nkeys == 0
        || (rest->nkeys == 1 && rest->keys->type == ngx_http_endpoint_json_all
            && *text->data == '['))
    {
        return ngx_http_endpoint_write(w, text->data, text->len);
    }

    ngx_http_endpoint_value_json(&v, text->data, text->len);

    ngx_http_endpoint_json_reach(&v, rest);

    if (rest->nkeys && v.type == ngx_http_endpoint_array) {
        return ngx_http_endpoint_json_gather(w, &v, rest);
    }

    if (rest->nkeys || v.type == ngx_http_endpoint_null) {
        return ngx_http_endpoint_write(w, (u_char *) "null", 4);
    }

    return ngx_http_endpoint_write(w, v.data.data, v.data.len);
}
