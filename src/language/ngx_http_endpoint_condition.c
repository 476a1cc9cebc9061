
#include "ngx_http_endpoint_condition.h"
#include "ngx_http_endpoint_name.h"
#include "ngx_http_endpoint_compile.h"


typedef enum {
    ngx_http_endpoint_condition_true = 0,
    ngx_http_endpoint_condition_false,
    ngx_http_endpoint_condition_compare
} ngx_http_endpoint_condition_type_e;


struct ngx_http_endpoint_condition_s {
    ngx_http_endpoint_condition_type_e   type;
    ngx_http_endpoint_op_e               op;
    ngx_http_endpoint_ref_t              left;
    ngx_http_endpoint_ref_t              right;
    ngx_http_endpoint_value_t            literal;
    ngx_str_t                            word;      /* the literal's text */
    unsigned                             has_literal:1;
};


typedef struct {
    const char              *text;
    ngx_http_endpoint_op_e   op;
} ngx_http_endpoint_condition_op_t;


static ngx_int_t ngx_http_endpoint_condition_right(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_condition_t *cond,
    u_char *p, u_char *end);
static void ngx_http_endpoint_condition_literal(
    ngx_http_endpoint_compile_t *c, ngx_http_endpoint_condition_t *cond);


/* the longer ones first */

static ngx_http_endpoint_condition_op_t  ngx_http_endpoint_condition_ops[] = {
    { "==", ngx_http_endpoint_eq },
    { "!=", ngx_http_endpoint_ne },
    { "<=", ngx_http_endpoint_le },
    { ">=", ngx_http_endpoint_ge },
    { "<", ngx_http_endpoint_lt },
    { ">", ngx_http_endpoint_gt },
    { NULL, 0 }
};


ngx_http_endpoint_condition_t *
ngx_http_endpoint_condition_compile(ngx_http_endpoint_compile_t *c,
    ngx_str_t *word)
{
    u_char                            *p, *end;
    size_t                             len;
    ngx_int_t                          rc;
    ngx_http_endpoint_condition_t     *cond;
    ngx_http_endpoint_condition_op_t  *op;

    cond = ngx_pcalloc(c->cf->pool, sizeof(ngx_http_endpoint_condition_t));
    if (cond == NULL) {
        return NULL;
    }

    p = word->data;
    end = word->data + word->len;

    if (p < end && *p == '!') {
        cond->type = ngx_http_endpoint_condition_false;
        p++;
    }

    if (p == end || *p != '$') {
        goto invalid;
    }

    p++;

    if (ngx_http_endpoint_name_ref(c, &p, end, &cond->left) != NGX_OK) {
        return NULL;
    }

    if (p == end) {
        return cond;
    }

    if (cond->type == ngx_http_endpoint_condition_false) {
        goto invalid;
    }

    for (op = ngx_http_endpoint_condition_ops; op->text; op++) {
        len = ngx_strlen(op->text);

        if ((size_t) (end - p) < len || ngx_strncmp(p, op->text, len) != 0) {
            continue;
        }

        cond->type = ngx_http_endpoint_condition_compare;
        cond->op = op->op;

        rc = ngx_http_endpoint_condition_right(c, cond, p + len, end);

        if (rc == NGX_DECLINED) {
            break;
        }

        return rc == NGX_OK ? cond : NULL;
    }

invalid:

    (void) ngx_http_endpoint_plan_error(c->cf, c->statement,
                                        "invalid condition \"%V\", it must be "
                                        "$x, !$x, or $x OP VALUE in one word "
                                        "with OP one of == != < <= > >=",
                                        word);
    return NULL;
}


/* NGX_DECLINED: "===", which is no operator */

static ngx_int_t
ngx_http_endpoint_condition_right(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_condition_t *cond, u_char *p, u_char *end)
{
    ngx_str_t  word;

    word.data = p;
    word.len = end - p;

    if (word.len && word.data[0] == '$') {
        return ngx_http_endpoint_name_ref_word(c, &word, &cond->right);
    }

    if (word.len && word.data[0] == '=') {
        return NGX_DECLINED;
    }

    cond->has_literal = 1;
    cond->word = word;

    ngx_http_endpoint_condition_literal(c, cond);

    return NGX_OK;
}


/* a literal is JSON where it can be read as such, else it is text */

static void
ngx_http_endpoint_condition_literal(ngx_http_endpoint_compile_t *c,
    ngx_http_endpoint_condition_t *cond)
{
    ngx_http_endpoint_value_text(&cond->literal, cond->word.data,
                                 cond->word.len);

    if (ngx_http_endpoint_json_extract(c->cf->temp_pool, &cond->word, NULL, 0,
                                       NULL)
        != NGX_OK)
    {
        return;
    }

    ngx_http_endpoint_value_json(&cond->literal, cond->word.data,
                                 cond->word.len);

    if (cond->literal.type == ngx_http_endpoint_string) {
        (void) ngx_http_endpoint_value_to_text(c->cf->pool, &cond->literal,
                                               &cond->word);
    }
}


ngx_int_t
ngx_http_endpoint_condition_test(ngx_http_endpoint_condition_t *cond,
    ngx_http_endpoint_scope_t *scope)
{
    ngx_http_endpoint_value_t  left, right;

    if (ngx_http_endpoint_scope_value(scope, &cond->left, &left) != NGX_OK) {
        return NGX_ERROR;
    }

    switch (cond->type) {

    case ngx_http_endpoint_condition_true:
        return ngx_http_endpoint_value_truth(&left);

    case ngx_http_endpoint_condition_false:
        return !ngx_http_endpoint_value_truth(&left);

    case ngx_http_endpoint_condition_compare:
        break;
    }

    if (!cond->has_literal) {
        if (ngx_http_endpoint_scope_value(scope, &cond->right, &right)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

    } else if (cond->literal.type != ngx_http_endpoint_null
               && (left.type == ngx_http_endpoint_text
                   || left.type == ngx_http_endpoint_string))
    {
        /* $x==10 of a text "10": the literal is read as the other side is */

        ngx_http_endpoint_value_text(&right, cond->word.data, cond->word.len);

    } else {
        right = cond->literal;
    }

    return ngx_http_endpoint_value_compare(scope->pool, &left, cond->op,
                                           &right);
}
