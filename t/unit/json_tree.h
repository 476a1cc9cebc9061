
/*
 * What a path leads to, as yajl's tree says, and one way to write a value, so
 * that what was found in another way can be compared.
 */


#ifndef _JSON_TREE_H_INCLUDED_
#define _JSON_TREE_H_INCLUDED_


#include "../../src/data/ngx_http_endpoint_json.h"

#include <stdio.h>
#include <yajl/yajl_tree.h>


/* of members named twice the last counts; NULL: there is none */

static ngx_inline yajl_val
json_tree_key(yajl_val v, ngx_http_endpoint_json_key_t *key)
{
    size_t     i;
    yajl_val   found;
    ngx_int_t  n;

    found = NULL;

    if (key->type == ngx_http_endpoint_json_member) {

        for (i = 0; YAJL_IS_OBJECT(v) && i < v->u.object.len; i++) {
            if (ngx_strlen(v->u.object.keys[i]) == key->name.len
                && ngx_strncmp(v->u.object.keys[i], key->name.data,
                               key->name.len) == 0)
            {
                found = v->u.object.values[i];
            }
        }

        return found;
    }

    if (!YAJL_IS_ARRAY(v)) {
        return NULL;
    }

    n = key->from < 0 ? key->from + (ngx_int_t) v->u.array.len : key->from;

    return n >= 0 && n < (ngx_int_t) v->u.array.len ? v->u.array.values[n]
                                                    : NULL;
}


static ngx_inline void
json_tree_write(FILE *out, yajl_val v, ngx_http_endpoint_json_key_t *keys,
    ngx_uint_t n)
{
    size_t       i;
    ngx_int_t    from, to, len;
    const char  *comma;

    while (v && n && (keys->type == ngx_http_endpoint_json_member
                      || keys->type == ngx_http_endpoint_json_index))
    {
        v = json_tree_key(v, keys++);
        n--;
    }

    if (v == NULL || YAJL_IS_NULL(v) || (n && !YAJL_IS_ARRAY(v))) {
        fputs("null", out);
        return;
    }

    comma = "";

    switch (v->type) {

    case yajl_t_array:
        len = v->u.array.len;
        from = n && keys->type == ngx_http_endpoint_json_slice ? keys->from
                                                               : 0;
        to = n && keys->type == ngx_http_endpoint_json_slice ? keys->to : len;
        from = from < 0 ? ngx_max(from + len, 0) : from;
        to = to < 0 ? to + len : ngx_min(to, len);

        fputc('[', out);

        for ( /* void */ ; from < to; from++) {
            fputs(comma, out);
            json_tree_write(out, v->u.array.values[from], n ? keys + 1 : NULL,
                            n ? n - 1 : 0);
            comma = ",";
        }

        fputc(']', out);
        break;

    case yajl_t_object:
        fputc('{', out);

        for (i = 0; i < v->u.object.len; i++) {
            fprintf(out, "%s<%s>:", comma, v->u.object.keys[i]);
            json_tree_write(out, v->u.object.values[i], NULL, 0);
            comma = ",";
        }

        fputc('}', out);
        break;

    case yajl_t_string:
        fprintf(out, "<%s>", v->u.string);
        break;

    case yajl_t_number:
        fputs(v->u.number.r, out);
        break;

    default:
        fputs(YAJL_IS_TRUE(v) ? "true" : "false", out);
    }
}


/* for free(); NULL: yajl does not parse it */

static ngx_inline char *
json_tree(ngx_str_t *text, ngx_array_t *keys)
{
    FILE      *out;
    char      *s, *written;
    size_t     len;
    yajl_val   v;

    s = malloc(text->len + 1);
    ngx_memcpy(s, text->data, text->len);
    s[text->len] = '\0';

    v = yajl_tree_parse(s, NULL, 0);
    free(s);

    if (v == NULL) {
        return NULL;
    }

    out = open_memstream(&written, &len);
    json_tree_write(out, v, keys ? keys->elts : NULL,
                    keys ? keys->nelts : 0);
    fclose(out);

    yajl_tree_free(v);

    return written;
}


#endif /* _JSON_TREE_H_INCLUDED_ */
