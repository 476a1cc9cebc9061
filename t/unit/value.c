
#include "unit.h"
#include "../../src/data/ngx_http_endpoint_escape.c"
#include "../../src/data/ngx_http_endpoint_value.c"


#define value_type(name)  ngx_http_endpoint_##name


typedef struct {
    const char                       *json;
    ngx_http_endpoint_value_type_e    type;
    const char                       *text;
    ngx_uint_t                        truth;
} value_case_t;


typedef struct {
    const char                       *a;
    const char                       *b;
    ngx_int_t                         order;    /* 2: == and != alone */
} value_order_t;


static value_case_t  value_cases[] = {
    { "null", value_type(null), "", 0 },
    { "", value_type(null), "", 0 },
    { " \n\t\r", value_type(null), "", 0 },
    { "false", value_type(false), "false", 0 },
    { "true", value_type(true), "true", 1 },
    { "0", value_type(number), "0", 1 },
    { "-1.50e3", value_type(number), "-1.50e3", 1 },
    { "12345678901234567890", value_type(number), "12345678901234567890", 1 },
    { "[]", value_type(array), "[]", 1 },
    { " [1, 2] ", value_type(array), "[1, 2]", 1 },
    { "{}", value_type(object), "{}", 1 },
    { "\n{\"a\": 1}\n", value_type(object), "{\"a\": 1}", 1 },
    { "\"\"", value_type(string), "", 0 },
    { "\" \"", value_type(string), " ", 1 },
    { " \"plain\" ", value_type(string), "plain", 1 },
    { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", value_type(string),
      "\"\\/\b\f\n\r\t", 1 },
    { "\"a\\u0041z\"", value_type(string), "aAz", 1 },
    { "\"\\u007f\\u0080\\u07FF\\u0800\\uffff\"", value_type(string),
      "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", 1 },
    { "\"\\uD83D\\uDE00\"", value_type(string), "\xf0\x9f\x98\x80", 1 },
    { "\"\\ud800\\udc00\\uDBFF\\uDFFF\"", value_type(string),
      "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 1 },
    { "\"\\ud83d\"", value_type(string), "\xef\xbf\xbd", 1 },
    { "\"\\ude00\"", value_type(string), "\xef\xbf\xbd", 1 },
    { "\"\\ud83dx\"", value_type(string), "\xef\xbf\xbdx", 1 },
    { "\"\\ud83d\\n\"", value_type(string), "\xef\xbf\xbd\n", 1 },
    { "\"\\ud83d\\u0041\"", value_type(string), "\xef\xbf\xbd" "A", 1 },
    { "\"\\ud83d\\ud83d\\ude00\"", value_type(string),
      "\xef\xbf\xbd\xf0\x9f\x98\x80", 1 },
    { "\"\\ude00\\ud83d\"", value_type(string), "\xef\xbf\xbd\xef\xbf\xbd",
      1 },
    { "\"\\u00e9\xc3\xa9\"", value_type(string), "\xc3\xa9\xc3\xa9", 1 }
};


static value_order_t  value_orders[] = {
    { "1", "2", -1 },
    { "2", "2", 0 },
    { "10", "9", 1 },
    { "-1", "1", -1 },
    { "-2", "-1", -1 },
    { "-10", "-9", -1 },
    { "0", "-0", 0 },
    { "-0", "1", -1 },
    { "9007199254740993", "9007199254740992", 1 },
    { "9223372036854775807", "9223372036854775806", 1 },
    { "-9223372036854775808", "-9223372036854775807", -1 },
    { "123456789012345678901234567891", "123456789012345678901234567890", 1 },
    { "99999999999999999999", "100000000000000000000", -1 },
    { "1.5", "1.25", 1 },
    { "1", "1.0", 0 },
    { "1e2", "100", 0 },
    { "-1e-3", "0", -1 },
    { "-0.0", "0", 0 },
    { "1e400", "1e308", 1 },
    { "0.1000000000000000000000000000000000000000000000000000000000000000000",
      "0.1", 0 },

    { "\"a\"", "\"b\"", -1 },
    { "\"a\"", "\"a\"", 0 },
    { "\"a\"", "\"ab\"", -1 },
    { "\"\"", "\"\"", 0 },
    { "\"\\u0061\"", "\"a\"", 0 },
    { "\"Z\"", "\"a\"", -1 },
    { "\"\xc3\xa9\"", "\"z\"", 1 },
    { "\"10\"", "\"9\"", -1 },

    { "null", "null", 2 },
    { "true", "true", 2 },
    { "[1]", "[1]", 2 },
    { "{}", "{}", 2 }
};


static char  *value_distinct[] = { "null", "true", "false", "1", "\"1\"",
                                   "[1]", "[2]", "[1,1]", "{}", "\"\"" };


static void
value_case(ngx_pool_t *pool, value_case_t *c)
{
    ngx_str_t                  s, text;
    ngx_http_endpoint_value_t  v;

    s = unit_copy(pool, c->json, ngx_strlen(c->json));

    ngx_http_endpoint_value_json(&v, s.data, s.len);

    unit_int(v.type, c->type, c->json);
    unit_int(ngx_http_endpoint_value_truth(&v), c->truth, "truth");
    unit_int(ngx_http_endpoint_value_to_text(pool, &v, &text), NGX_OK, "text");
    unit_str(&text, c->text, "text is right");

    unit_ok(strchr(c->json, '\\') != NULL || text.len == 0
            || (text.data >= s.data && text.data + text.len <= s.data + s.len),
            "a slice where nothing is decoded");
}


static void
value_order(ngx_pool_t *pool, value_order_t *o, ngx_uint_t swap)
{
    ngx_int_t                  order, op, got, expected;
    ngx_str_t                  s, t;
    ngx_http_endpoint_value_t  a, b;

    s = unit_copy(pool, o->a, ngx_strlen(o->a));
    t = unit_copy(pool, o->b, ngx_strlen(o->b));

    ngx_http_endpoint_value_json(&a, s.data, s.len);
    ngx_http_endpoint_value_json(&b, t.data, t.len);

    order = o->order;

    for (op = ngx_http_endpoint_eq; op <= ngx_http_endpoint_ge; op++) {

        if (order == 2) {
            expected = op == ngx_http_endpoint_eq;

        } else {
            expected = (op == ngx_http_endpoint_eq && order == 0)
                       || (op == ngx_http_endpoint_ne && order != 0)
                       || (op == ngx_http_endpoint_lt && order < 0)
                       || (op == ngx_http_endpoint_le && order <= 0)
                       || (op == ngx_http_endpoint_gt && order > 0)
                       || (op == ngx_http_endpoint_ge && order >= 0);
        }

        got = swap ? ngx_http_endpoint_value_compare(pool, &b, op, &a)
                   : ngx_http_endpoint_value_compare(pool, &a, op, &b);

        unit_ok(got == expected, "%s op %ld %s", swap ? o->b : o->a, (long) op,
                swap ? o->a : o->b);
    }
}


static void
value_orders_both(ngx_pool_t *pool)
{
    ngx_uint_t     i;
    value_order_t  o;

    for (i = 0; i < sizeof(value_orders) / sizeof(value_orders[0]); i++) {
        o = value_orders[i];
        value_order(pool, &o, 0);

        o.order = (o.order == 2) ? 2 : -o.order;
        value_order(pool, &o, 1);
    }
}


static void
value_distinct_types(ngx_pool_t *pool)
{
    ngx_int_t                  op, got;
    ngx_uint_t                 i, j, n, good;
    ngx_http_endpoint_value_t  a, b;

    n = sizeof(value_distinct) / sizeof(value_distinct[0]);
    good = 1;

    for (i = 0; i < n; i++) {
        for (j = 0; j < n; j++) {
            ngx_http_endpoint_value_json(&a, (u_char *) value_distinct[i],
                                         ngx_strlen(value_distinct[i]));
            ngx_http_endpoint_value_json(&b, (u_char *) value_distinct[j],
                                         ngx_strlen(value_distinct[j]));

            if (i == j || (a.type == ngx_http_endpoint_string
                           && b.type == ngx_http_endpoint_string))
            {
                continue;
            }

            for (op = ngx_http_endpoint_eq; op <= ngx_http_endpoint_ge; op++) {
                got = ngx_http_endpoint_value_compare(pool, &a, op, &b);
                good = good && got == (op == ngx_http_endpoint_ne);
            }
        }
    }

    unit_ok(good, "what differs is only unequal");
}


static void
value_texts(ngx_pool_t *pool)
{
    ngx_str_t                  s, json;
    ngx_http_endpoint_value_t  v, w;

    s = unit_copy(pool, "a\"b\\\n\x01\xc3\xa9", 8);
    ngx_http_endpoint_value_text(&v, s.data, s.len);

    unit_ok(ngx_http_endpoint_value_truth(&v), "text is true");
    unit_int(ngx_http_endpoint_value_to_json(pool, &v, &json), NGX_OK, "json");
    unit_str(&json, "\"a\\\"b\\\\\\n\\u0001\xc3\xa9\"", "text, escaped");
    unit_ok(ngx_http_endpoint_value_to_text(pool, &v, &json) == NGX_OK
            && json.data == s.data && json.len == s.len, "text of text");

    ngx_http_endpoint_value_text(&v, s.data, 1);
    unit_int(ngx_http_endpoint_value_to_json(pool, &v, &json), NGX_OK, "json");
    unit_str(&json, "\"a\"", "text, quoted");

    ngx_http_endpoint_value_json(&w, (u_char *) "\"\\u0061\"", 8);
    unit_int(ngx_http_endpoint_value_compare(pool, &v, ngx_http_endpoint_eq,
                                             &w), 1, "text and a string");

    ngx_http_endpoint_value_text(&v, s.data, 0);
    unit_ok(!ngx_http_endpoint_value_truth(&v), "empty text is false");

    ngx_http_endpoint_value_json(&v, (u_char *) " null", 5);
    unit_int(ngx_http_endpoint_value_to_json(pool, &v, &json), NGX_OK, "json");
    unit_str(&json, "null", "null");

    ngx_http_endpoint_value_json(&v, (u_char *) "[1, 2]", 6);
    unit_int(ngx_http_endpoint_value_to_json(pool, &v, &json), NGX_OK, "json");
    unit_str(&json, "[1, 2]", "an array");
}


static void
value_chain(ngx_pool_t *pool, ngx_http_endpoint_value_t *v,
    const char **parts, ngx_http_endpoint_value_type_e type)
{
    ngx_chain_t  **ll;

    ngx_memzero(v, sizeof(ngx_http_endpoint_value_t));

    v->type = type;
    ll = &v->chain;

    for ( /* void */ ; *parts; parts++) {
        *ll = ngx_alloc_chain_link(pool);
        (*ll)->buf = ngx_create_temp_buf(pool, ngx_strlen(*parts) + 1);
        (*ll)->buf->last = ngx_cpymem((*ll)->buf->pos, *parts,
                                      ngx_strlen(*parts));
        (*ll)->next = NULL;
        ll = &(*ll)->next;

        v->data.len += ngx_strlen(*parts);
    }
}


static void
value_chains(ngx_pool_t *pool)
{
    ngx_str_t                  s;
    ngx_http_endpoint_value_t  v;
    static const char         *parts[] = { " {\"a\"", "", ": ", "1}\n", NULL };

    value_chain(pool, &v, parts, ngx_http_endpoint_object);
    unit_int(ngx_http_endpoint_value_flatten(pool, &v), NGX_OK, "flattened");
    unit_str(&v.data, "{\"a\": 1}", "without white space around it");
    unit_ok(v.chain == NULL && v.type == ngx_http_endpoint_object, "object");
    unit_int(ngx_http_endpoint_value_flatten(pool, &v), NGX_OK, "twice");

    value_chain(pool, &v, parts, ngx_http_endpoint_text);
    unit_int(ngx_http_endpoint_value_to_text(pool, &v, &s), NGX_OK, "text");
    unit_str(&s, " {\"a\": 1}\n", "text keeps all");

    value_chain(pool, &v, parts, ngx_http_endpoint_object);
    unit_fail_alloc = 1;
    unit_int(ngx_http_endpoint_value_flatten(pool, &v), NGX_ERROR,
             "no memory to flatten");
}


static void
value_no_memory(ngx_pool_t *pool)
{
    ngx_str_t                  s;
    ngx_http_endpoint_value_t  v, w;
    static char               *number = "1.00000000000000000000000000000000000"
                                        "0000000000000000000000000000000000000";

    ngx_http_endpoint_value_json(&v, (u_char *) "\"\\n\"", 4);
    ngx_http_endpoint_value_text(&w, (u_char *) "\n", 1);

    unit_fail_alloc = 1;
    unit_int(ngx_http_endpoint_value_to_text(pool, &v, &s), NGX_ERROR,
             "no memory to decode");

    unit_fail_alloc = 1;
    unit_int(ngx_http_endpoint_value_to_json(pool, &w, &s), NGX_ERROR,
             "no memory to escape");

    unit_fail_alloc = 1;
    unit_int(ngx_http_endpoint_value_compare(pool, &v, ngx_http_endpoint_eq,
                                             &w),
             NGX_ERROR, "no memory to compare text");

    ngx_http_endpoint_value_json(&v, (u_char *) number, ngx_strlen(number));

    unit_fail_alloc = 1;
    unit_int(ngx_http_endpoint_value_compare(pool, &v, ngx_http_endpoint_ne,
                                             &v),
             NGX_ERROR, "no memory to compare numbers");
}


int
main(void)
{
    ngx_uint_t   i;
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &unit_log);

    for (i = 0; i < sizeof(value_cases) / sizeof(value_cases[0]); i++) {
        value_case(pool, &value_cases[i]);
    }

    value_orders_both(pool);
    value_distinct_types(pool);
    value_texts(pool);
    value_chains(pool);
    value_no_memory(pool);

    ngx_destroy_pool(pool);

    return unit_done();
}
