
#include "unit.h"
#include "template_plan.h"


#define TEMPLATE_RANDOM  20000


typedef struct {
    ngx_http_endpoint_template_kind_e   kind;
    const char                         *text;
    const char                         *rendered;   /* NULL: a mistake */
} template_case_t;


static template_case_t  template_cases[] = {

    /* values of JSON */

    { ngx_http_endpoint_template_json, "{\"a\": 1}", "{\"a\": 1}" },
    { ngx_http_endpoint_template_json, "$n", "12.50" },
    { ngx_http_endpoint_template_json, "[$n, $o, $z, $b, $s]",
      "[12.50, {\"x\": [1]}, null, true, \"\\u00e9\\\"\"]" },
    { ngx_http_endpoint_template_json, "$t", "\"q\\\"\\\\<&'\\n\"" },
    { ngx_http_endpoint_template_json, "{\"a\": ${n}}", "{\"a\": 12.50}" },
    { ngx_http_endpoint_template_json, "[$e]", "[\"\"]" },

    /* inside strings of JSON */

    { ngx_http_endpoint_template_json, "\"<$t>\"", "\"<q\\\"\\\\<&'\\n>\"" },
    { ngx_http_endpoint_template_json, "\"$n$z$e$b\"", "\"12.50true\"" },
    { ngx_http_endpoint_template_json, "\"$o\"", "\"{\\\"x\\\": [1]}\"" },
    { ngx_http_endpoint_template_json, "\"\\\"$s\"", "\"\\\"\xc3\xa9\\\"\"" },
    { ngx_http_endpoint_template_json, "{\"$n\": 1}", "{\"12.50\": 1}" },
    { ngx_http_endpoint_template_json, "\"$$n\"", "\"$n\"" },
    { ngx_http_endpoint_template_json, "\"a\nb\tc\rd\"",
      "\"a\\nb\\tc\\rd\"" },
    { ngx_http_endpoint_template_json, "[\n1\t]", "[1]" },
    { ngx_http_endpoint_template_json, "\"\\\\\"", "\"\\\\\"" },

    /* what is no JSON, whatever the values are */

    { ngx_http_endpoint_template_json, "", NULL },
    { ngx_http_endpoint_template_json, " ", NULL },
    { ngx_http_endpoint_template_json, "hello", NULL },
    { ngx_http_endpoint_template_json, "{\"a\": $n", NULL },
    { ngx_http_endpoint_template_json, "{$n: 1}", NULL },
    { ngx_http_endpoint_template_json, "1$n", NULL },
    { ngx_http_endpoint_template_json, "$n$n", NULL },
    { ngx_http_endpoint_template_json, "\"$n", NULL },
    { ngx_http_endpoint_template_json, "\"a\\\nb\"", NULL },
    { ngx_http_endpoint_template_json, "$", NULL },
    { ngx_http_endpoint_template_json, "[1] $1", NULL },

    /* other places */

    { ngx_http_endpoint_template_text, "", "" },
    { ngx_http_endpoint_template_text, "<$t>$z$n", "<q\"\\<&'\n>12.50" },
    { ngx_http_endpoint_template_text, "$s", "\xc3\xa9\"" },
    { ngx_http_endpoint_template_text, "5 $$", "5 $" },
    { ngx_http_endpoint_template_html, "<b>$t</b>",
      "<b>q&quot;\\&lt;&amp;&#39;\n</b>" },
    { ngx_http_endpoint_template_html, "<i>$n</i>", "<i>12.50</i>" },
    { ngx_http_endpoint_template_log, "a $t b", "a q\"\\<&'\\x0A b" }
};


/* what random templates are made of */

static const char  *template_pieces[] = {
    "{", "}", "[", "]", ",", ":", "\"", "\\", "$t", "$n", "${o}", "$z", "$s",
    "1", "null", " ", "\n", "\"k\": ", "$$", "a", "{\"k\": $t}", "[$s, $n]"
};


static void
test_cases(ngx_pool_t *pool)
{
    ngx_int_t         rc;
    ngx_str_t         text, out;
    ngx_uint_t        i;
    template_case_t  *c;

    for (i = 0; i < sizeof(template_cases) / sizeof(template_case_t); i++) {
        c = &template_cases[i];

        text.data = (u_char *) c->text;
        text.len = ngx_strlen(c->text);

        rc = template_render(c->kind, &text, &out);

        if (c->rendered == NULL) {
            unit_ok(rc == NGX_DECLINED, "a mistake: %s", c->text);
            continue;
        }

        if (unit_ok(rc == NGX_OK, "renders: %s", c->text)) {
            unit_ok(out.len == ngx_strlen(c->rendered)
                    && (out.len == 0
                        || ngx_memcmp(out.data, c->rendered, out.len) == 0),
                    "as expected: %s", c->text);
        }
    }
}


/* a template that was accepted makes JSON of any values */

static void
test_random(void)
{
    size_t       len;
    u_char       buf[256];
    ngx_int_t    rc;
    ngx_str_t    text, out;
    ngx_uint_t   i, k, n, accepted, bad;
    ngx_pool_t  *pool;

    srandom(7);

    accepted = 0;
    bad = 0;

    for (i = 0; i < TEMPLATE_RANDOM; i++) {
        pool = ngx_create_pool(4096, &unit_log);

        template_init(pool);
        template_json('n', "12.50");
        template_json('o', "{\"x\": [1]}");
        template_json('s', "\"\\u00e9\\\"\"");
        template_text('t', (u_char *) "q\"\\\n\x01", 5);

        text.data = buf;
        text.len = 0;
        n = 1 + random() % 6;

        for (k = 0; k < n; k++) {
            const char  *piece;

            piece = template_pieces[random() % (sizeof(template_pieces)
                                                / sizeof(char *))];
            len = ngx_strlen(piece);
            ngx_memcpy(buf + text.len, piece, len);
            text.len += len;
        }

        rc = template_render(ngx_http_endpoint_template_json, &text, &out);

        if (rc == NGX_OK) {
            accepted++;
            bad += !template_is_json(&out);

        } else if (rc != NGX_DECLINED) {
            bad++;
        }

        ngx_destroy_pool(pool);
    }

    unit_ok(bad == 0, "what random templates render is JSON");
    unit_ok(accepted > TEMPLATE_RANDOM / 20, "many of them are accepted");
}


static void
test_long(ngx_pool_t *pool)
{
    u_char     *p;
    ngx_str_t   text, out;

    p = ngx_palloc(pool, 100000);
    ngx_memset(p, 'x', 100000);
    template_text('l', p, 100000);

    ngx_str_set(&text, "[\"a$l\", $l, $n]");

    unit_int(template_render(ngx_http_endpoint_template_json, &text, &out),
             NGX_OK, "a long value");
    unit_int(out.len, 200000 + sizeof("[\"a\", \"\", 12.50]") - 1,
             "none of it is lost");
    unit_ok(template_is_json(&out), "and it is JSON");
}


static void
test_allocations(void)
{
    ngx_int_t    rc;
    ngx_str_t    text, out;
    ngx_uint_t   n;
    ngx_pool_t  *pool;

    ngx_str_set(&text, "{\"a\": $t, \"b\": \"$s\n\", \"c\": [$o, $n]}");

    for (n = 1; n < 1000; n++) {
        pool = ngx_create_pool(4096, &unit_log);

        template_init(pool);
        template_json('n', "12.50");
        template_json('o', "{\"x\": [1]}");
        template_json('s', "\"\\u00e9\\\"\"");
        template_text('t', (u_char *) "text", 4);

        unit_fail_alloc = n;
        rc = template_render(ngx_http_endpoint_template_json, &text, &out);

        if (unit_fail_alloc) {
            unit_fail_alloc = 0;
            ngx_destroy_pool(pool);
            break;
        }

        unit_ok(rc == NGX_ERROR, "allocation %lu fails", (unsigned long) n);

        ngx_destroy_pool(pool);
    }

    unit_int(rc, NGX_OK, "none fails");
}


int
main(void)
{
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &unit_log);

    template_init(pool);
    template_json('n', "12.50");
    template_json('o', "{\"x\": [1]}");
    template_json('b', "true");
    template_json('s', "\"\\u00e9\\\"\"");
    template_text('t', (u_char *) "q\"\\<&'\n", 7);
    template_text('e', (u_char *) "", 0);

    test_cases(pool);
    test_long(pool);

    ngx_destroy_pool(pool);

    test_random();
    test_allocations();

    return unit_done();
}
