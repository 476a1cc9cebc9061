
#include "ngx_http_endpoint_carried.h"
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_compile.h"
#include "ngx_http_endpoint_handed.h"
#include "ngx_http_endpoint_nearest.h"
#include "ngx_http_endpoint_use.h"

#include <ngx_http.h>


typedef struct {
    ngx_http_endpoint_compile_t  *compile;
    u_char                       *pos;
    u_char                       *end;
    ngx_uint_t                    braced;
    ngx_str_t                     name;
    ngx_array_t                  *keys;
} ngx_http_endpoint_name_parser_t;


static ngx_http_endpoint_name_t *ngx_http_endpoint_name_visible(
    ngx_http_endpoint_compile_t *c, ngx_str_t *name);
static ngx_uint_t ngx_http_endpoint_name_is_item(
    ngx_http_endpoint_compile_t *c, ngx_str_t *name);
static ngx_int_t ngx_http_endpoint_name_parse(
    ngx_http_endpoint_name_parser_t *p);
static ngx_int_t ngx_http_endpoint_name_keys(
    ngx_http_endpoint_name_parser_t *p);
static ngx_int_t ngx_http_endpoint_name_key_member(
    ngx_http_endpoint_name_parser_t *p);
static ngx_int_t ngx_http_endpoint_name_key_index(
    ngx_http_endpoint_name_parser_t *p);
static ngx_uint_t ngx_http_endpoint_name_index_follows(u_char *p, u_char *end);
static ngx_int_t ngx_http_endpoint_name_number(
    ngx_http_endpoint_name_parser_t *p, ngx_int_t *n);
static ngx_int_t ngx_http_endpoint_name_member_slot(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_name_t *name,
    ngx_array_t *keys, ngx_uint_t *slot);
static ngx_uint_t ngx_http_endpoint_name_same_keys(ngx_array_t *a,
    ngx_array_t *b);
static ngx_int_t ngx_http_endpoint_name_bound(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_name_t *name, ngx_array_t *keys,
    ngx_http_endpoint_ref_t *ref);
static ngx_int_t ngx_http_endpoint_name_use(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_name_t *name);
static ngx_int_t ngx_http_endpoint_name_variable(
    ngx_http_endpoint_compile_t *c, ngx_str_t *name,
    ngx_http_endpoint_ref_t *ref);
static ngx_http_endpoint_uri_part_e ngx_http_endpoint_name_uri_part(
    ngx_str_t *name);
static ngx_int_t ngx_http_endpoint_name_unknown(
    ngx_http_endpoint_compile_t *c, ngx_str_t *name);
static ngx_uint_t ngx_http_endpoint_name_is_variable(ngx_conf_t *cf,
    ngx_str_t *name);


ngx_int_t
ngx_http_endpoint_name_check(ngx_http_endpoint_compile_t *c, ngx_str_t *text)
{
    ngx_uint_t  i;

    for (i = 0; i < text->len; i++) {
        if (!ngx_http_endpoint_name_char(text->data[i])) {
            break;
        }
    }

    if (i == text->len && i && (text->data[0] < '0' || text->data[0] > '9')) {
        return NGX_OK;
    }

    return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                        "invalid name \"$%V\", it must be "
                                        "letters, digits and \"_\"", text);
}


ngx_http_endpoint_name_t *
ngx_http_endpoint_name_bind(ngx_http_endpoint_compile_t *c, ngx_str_t *name)
{
    ngx_http_endpoint_name_t  *n, **np;

    n = ngx_http_endpoint_name_find(c->plan, name->data, name->len);
    if (n) {
        (void) ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"$%V\" is already bound at "
                                            "line %ui", name,
                                            n->statement->line);
        return NULL;
    }

    n = ngx_pcalloc(c->cf->pool, sizeof(ngx_http_endpoint_name_t));
    if (n == NULL) {
        return NULL;
    }

    if (ngx_array_init(&n->paths, c->cf->pool, 1,
                       sizeof(ngx_http_endpoint_json_path_t))
        != NGX_OK)
    {
        return NULL;
    }

    np = ngx_array_push(&c->plan->names);
    if (np == NULL) {
        return NULL;
    }

    *np = n;

    n->name = *name;
    n->statement = c->statement;
    n->slot = c->plan->nslots++;

    return n;
}


ngx_http_endpoint_name_t *
ngx_http_endpoint_name_find(ngx_http_endpoint_plan_t *plan, u_char *data,
    size_t len)
{
    ngx_uint_t                  i;
    ngx_http_endpoint_name_t  **names;

    names = plan->names.elts;

    for (i = 0; i < plan->names.nelts; i++) {
        if (names[i]->name.len == len
            && ngx_strncmp(names[i]->name.data, data, len) == 0)
        {
            return names[i];
        }
    }

    return NULL;
}


ngx_uint_t
ngx_http_endpoint_name_known(ngx_http_endpoint_compile_t *c, ngx_str_t *name)
{
    return ngx_http_endpoint_name_visible(c, name) != NULL
           || ngx_http_endpoint_name_is_variable(c->cf, name);
}


/* $item hides a name of the plan */

static ngx_http_endpoint_name_t *
ngx_http_endpoint_name_visible(ngx_http_endpoint_compile_t *c, ngx_str_t *name)
{
    if (c->common == NULL && ngx_http_endpoint_name_is_item(c, name)) {
        return c->item;
    }

    return ngx_http_endpoint_name_find(c->plan, name->data, name->len);
}


static ngx_uint_t
ngx_http_endpoint_name_is_item(ngx_http_endpoint_compile_t *c, ngx_str_t *name)
{
    return c->item && name->len == c->item->name.len
           && ngx_strncmp(name->data, c->item->name.data, name->len) == 0;
}


ngx_int_t
ngx_http_endpoint_name_ref_word(ngx_http_endpoint_compile_t *c,
    ngx_str_t *word, ngx_http_endpoint_ref_t *ref)
{
    u_char  *p, *end;

    p = word->data + 1;
    end = word->data + word->len;

    if (word->len < 2 || word->data[0] != '$') {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid value \"%V\", it must be "
                                            "a \"$name\"", word);
    }

    if (ngx_http_endpoint_name_ref(c, &p, end, ref) != NGX_OK) {
        return NGX_ERROR;
    }

    if (p != end) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "unexpected text behind the name "
                                            "in \"%V\"", word);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_name_ref(ngx_http_endpoint_compile_t *c, u_char **pos,
    u_char *end, ngx_http_endpoint_ref_t *ref)
{
    ngx_int_t                         rc;
    ngx_str_t                         keys, text;
    ngx_http_endpoint_name_t         *name;
    ngx_http_endpoint_name_parser_t   p;

    ngx_memzero(&p, sizeof(ngx_http_endpoint_name_parser_t));

    p.compile = c;
    p.pos = *pos;
    p.end = end;

    if (ngx_http_endpoint_name_parse(&p) != NGX_OK) {
        return NGX_ERROR;
    }

    name = ngx_http_endpoint_name_visible(c, &p.name);

    if (name == NULL && c->outer) {
        return ngx_http_endpoint_carried_ref(c, pos, end, ref);
    }

    if (name == NULL && !ngx_http_endpoint_name_is_variable(c->cf, &p.name)) {
        return ngx_http_endpoint_name_unknown(c, &p.name);
    }

    if ((name == NULL || name->scalar) && p.keys->nelts) {
        keys.data = p.name.data + p.name.len;
        keys.len = p.pos - keys.data;

        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"$%V\" has no members, write "
                                            "\"${%V}%V\" where text follows "
                                            "it", &p.name, &p.name, &keys);
    }

    text.data = p.name.data;
    text.len = p.pos - p.name.data;

    if (p.braced) {
        if (p.pos == end || *p.pos != '}') {
            return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                                "\"}\" is missing behind "
                                                "\"${%V\"", &p.name);
        }

        p.pos++;
    }

    *pos = p.pos;

    if (name == NULL) {
        rc = ngx_http_endpoint_name_variable(c, &p.name, ref);

    } else {
        rc = ngx_http_endpoint_name_bound(c, name, p.keys, ref);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_use_note(c, &text, ref);
}


static ngx_int_t
ngx_http_endpoint_name_parse(ngx_http_endpoint_name_parser_t *p)
{
    ngx_http_endpoint_compile_t  *c = p->compile;

    if (p->pos < p->end && *p->pos == '{') {
        p->braced = 1;
        p->pos++;
    }

    p->name.data = p->pos;

    while (p->pos < p->end && ngx_http_endpoint_name_char(*p->pos)) {
        p->pos++;
    }

    p->name.len = p->pos - p->name.data;

    if (p->name.len == 0) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "a name is missing behind \"$\", "
                                            "write \"$$\" for a dollar sign");
    }

    p->keys = ngx_array_create(c->cf->pool, 1,
                               sizeof(ngx_http_endpoint_json_key_t));
    if (p->keys == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_name_keys(p);
}


static ngx_int_t
ngx_http_endpoint_name_keys(ngx_http_endpoint_name_parser_t *p)
{
    ngx_int_t  rc;

    while (p->pos + 1 < p->end) {

        if (p->pos[0] == '.'
            && ((p->pos[1] >= 'a' && p->pos[1] <= 'z')
                || (p->pos[1] >= 'A' && p->pos[1] <= 'Z')
                || p->pos[1] == '_'))
        {
            rc = ngx_http_endpoint_name_key_member(p);

        } else if (ngx_http_endpoint_name_index_follows(p->pos, p->end)) {
            rc = ngx_http_endpoint_name_key_index(p);

        } else {
            return NGX_OK;
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_name_key_member(ngx_http_endpoint_name_parser_t *p)
{
    ngx_http_endpoint_json_key_t  *key;

    key = ngx_array_push(p->keys);
    if (key == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(key, sizeof(ngx_http_endpoint_json_key_t));

    key->type = ngx_http_endpoint_json_member;
    key->name.data = ++p->pos;

    while (p->pos < p->end && ngx_http_endpoint_name_char(*p->pos)) {
        p->pos++;
    }

    key->name.len = p->pos - key->name.data;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_name_index_follows(u_char *p, u_char *end)
{
    if (*p != '[') {
        return 0;
    }

    for (p++; p < end; p++) {
        if (*p == ']') {
            return p[-1] != '[';
        }

        if (*p != '-' && *p != ':' && *p != '*' && (*p < '0' || *p > '9')) {
            return 0;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_endpoint_name_key_index(ngx_http_endpoint_name_parser_t *p)
{
    ngx_http_endpoint_compile_t   *c = p->compile;
    ngx_http_endpoint_json_key_t  *key;

    key = ngx_array_push(p->keys);
    if (key == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(key, sizeof(ngx_http_endpoint_json_key_t));

    key->to = NGX_MAX_INT_T_VALUE;
    p->pos++;

    if (*p->pos == '*') {
        key->type = ngx_http_endpoint_json_all;
        p->pos++;

    } else {
        key->type = ngx_http_endpoint_json_index;

        if (ngx_http_endpoint_name_number(p, &key->from) != NGX_OK) {
            return NGX_ERROR;
        }

        if (*p->pos == ':') {
            key->type = ngx_http_endpoint_json_slice;
            p->pos++;

            if (*p->pos != ']'
                && ngx_http_endpoint_name_number(p, &key->to) != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    if (*p->pos++ != ']') {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid index of \"$%V\", it "
                                            "must be [N], [*] or [N:M]",
                                            &p->name);
    }

    return NGX_OK;
}


/* the closing bracket is known to follow, so that no end need be tested */

static ngx_int_t
ngx_http_endpoint_name_number(ngx_http_endpoint_name_parser_t *p,
    ngx_int_t *n)
{
    u_char                       *start;
    ngx_uint_t                    negative;
    ngx_http_endpoint_compile_t  *c = p->compile;

    negative = (*p->pos == '-');
    start = negative ? ++p->pos : p->pos;

    while (*p->pos >= '0' && *p->pos <= '9') {
        p->pos++;
    }

    if (p->pos == start && !negative && *p->pos == ':') {
        *n = 0;
        return NGX_OK;
    }

    *n = ngx_atoi(start, p->pos - start);

    if (*n == NGX_ERROR) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "invalid index of \"$%V\", it "
                                            "must be [N], [*] or [N:M]",
                                            &p->name);
    }

    if (negative) {
        *n = -*n;
    }

    return NGX_OK;
}


/* the same member used twice has one slot, so it is looked for once */

static ngx_int_t
ngx_http_endpoint_name_member_slot(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_name_t *name, ngx_array_t *keys, ngx_uint_t *slot)
{
    ngx_uint_t                      i;
    ngx_http_endpoint_json_path_t  *path;

    path = name->paths.elts;

    for (i = 0; i < name->paths.nelts; i++) {
        if (ngx_http_endpoint_name_same_keys(path[i].keys, keys)) {
            *slot = path[i].slot;
            return NGX_OK;
        }
    }

    path = ngx_array_push(&name->paths);
    if (path == NULL) {
        return NGX_ERROR;
    }

    path->keys = keys;
    path->slot = c->plan->nslots++;
    path->once = 0;

    *slot = path->slot;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_endpoint_name_same_keys(ngx_array_t *a, ngx_array_t *b)
{
    ngx_uint_t                     i;
    ngx_http_endpoint_json_key_t  *x, *y;

    if (a->nelts != b->nelts) {
        return 0;
    }

    x = a->elts;
    y = b->elts;

    for (i = 0; i < a->nelts; i++) {
        if (x[i].type != y[i].type
            || x[i].from != y[i].from
            || x[i].to != y[i].to
            || x[i].name.len != y[i].name.len)
        {
            return 0;
        }

        /* an index has no name */

        if (x[i].name.len
            && ngx_strncmp(x[i].name.data, y[i].name.data, x[i].name.len) != 0)
        {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_http_endpoint_name_bound(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_name_t *name, ngx_array_t *keys,
    ngx_http_endpoint_ref_t *ref)
{
    ref->name = name;
    ref->index = name->slot;
    ref->uri = (name->input
                && name->input->type == ngx_http_endpoint_type_path)
               ? ngx_http_endpoint_uri_rest : ngx_http_endpoint_uri_none;

    if (ngx_http_endpoint_name_use(c, name) != NGX_OK) {
        return NGX_ERROR;
    }

    if (keys->nelts
        && ngx_http_endpoint_name_member_slot(c, name, keys, &ref->index)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_endpoint_handed_name(c, name, keys);

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_name_use(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_name_t *name)
{
    name->used = 1;

    if (name->step == NULL || c->step == NULL) {
        return NGX_OK;
    }

    if (name->step == c->step && name->order) {

        /* within a transaction there are no edges: its steps have an order */

        if (name->order < c->order) {
            return NGX_OK;
        }

        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"$%V\" is used before it is "
                                            "bound in the transaction",
                                            &name->name);
    }

    return ngx_http_endpoint_plan_edge(c, name->step, c->step);
}


static ngx_int_t
ngx_http_endpoint_name_variable(ngx_http_endpoint_compile_t *c,
    ngx_str_t *name, ngx_http_endpoint_ref_t *ref)
{
    ngx_int_t  index;

    if (!c->place->variables) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "variable \"$%V\" in %V, which "
                                            "has no request", name,
                                            &c->place->name);
    }

    index = ngx_http_get_variable_index(c->cf, name);
    if (index == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (!c->condition) {
        ngx_http_endpoint_handed_variable(c->plan, name);
    }

    ref->name = NULL;
    ref->index = index;
    ref->uri = ngx_http_endpoint_name_uri_part(name);

    return NGX_OK;
}


static ngx_http_endpoint_uri_part_e
ngx_http_endpoint_name_uri_part(ngx_str_t *name)
{
    ngx_uint_t  i;

    static struct {
        ngx_str_t                     name;
        ngx_http_endpoint_uri_part_e  part;
    } parts[] = {
        { ngx_string("uri"), ngx_http_endpoint_uri_path },
        { ngx_string("document_uri"), ngx_http_endpoint_uri_path },
        { ngx_string("request_uri"), ngx_http_endpoint_uri_path },
        { ngx_string("args"), ngx_http_endpoint_uri_args },
        { ngx_string("query_string"), ngx_http_endpoint_uri_args },
        { ngx_string("is_args"), ngx_http_endpoint_uri_args },
        { ngx_null_string, ngx_http_endpoint_uri_none }
    };

    if (name->len > 4
        && ngx_strncasecmp(name->data, (u_char *) "arg_", 4) == 0)
    {
        return ngx_http_endpoint_uri_arg;
    }

    for (i = 0; parts[i].name.len; i++) {
        if (name->len == parts[i].name.len
            && ngx_strncasecmp(name->data, parts[i].name.data, name->len) == 0)
        {
            break;
        }
    }

    return parts[i].part;
}


static ngx_int_t
ngx_http_endpoint_name_unknown(ngx_http_endpoint_compile_t *c, ngx_str_t *name)
{
    ngx_uint_t                    i;
    ngx_hash_key_t               *key;
    ngx_http_endpoint_name_t    **names;
    ngx_http_core_main_conf_t    *cmcf;
    ngx_http_endpoint_nearest_t   nearest;

    if (c->common && ngx_http_endpoint_name_is_item(c, name)) {
        return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                            "\"$%V\" in \"%s\", which is "
                                            "for all elements of \"each=\" "
                                            "at once: let \"each=\" fetch an "
                                            "endpoint that does it for one",
                                            name, c->common);
    }

    ngx_http_endpoint_nearest_init(&nearest, name);

    if (c->item && c->common == NULL) {
        ngx_http_endpoint_nearest_look(&nearest, &c->item->name);
    }

    names = c->plan->names.elts;

    for (i = 0; i < c->plan->names.nelts; i++) {
        ngx_http_endpoint_nearest_look(&nearest, &names[i]->name);
    }

    cmcf = ngx_http_conf_get_module_main_conf(c->cf, ngx_http_core_module);

    key = cmcf->variables_keys->keys.elts;

    for (i = 0; i < cmcf->variables_keys->keys.nelts; i++) {
        ngx_http_endpoint_nearest_look(&nearest, &key[i].key);
    }

    return ngx_http_endpoint_plan_error(c->cf, c->statement,
                                        "unknown name \"$%V\": no input, step "
                                        "or variable has it%s%V%s", name,
                                        nearest.found.len
                                        ? ", did you mean \"$" : "",
                                        &nearest.found,
                                        nearest.found.len ? "\"?" : "");
}


static ngx_uint_t
ngx_http_endpoint_name_is_variable(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t                  i;
    ngx_hash_key_t             *key;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    key = cmcf->variables_keys->keys.elts;

    for (i = 0; i < cmcf->variables_keys->keys.nelts; i++) {
        if (key[i].key.len == name->len
            && ngx_strncasecmp(key[i].key.data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    v = cmcf->prefix_variables.elts;

    for (i = 0; i < cmcf->prefix_variables.nelts; i++) {
        if (name->len > v[i].name.len
            && ngx_strncasecmp(v[i].name.data, name->data, v[i].name.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
