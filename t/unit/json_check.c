
#include "unit.h"
#include "json_oracle.h"
#include "../../src/data/ngx_http_endpoint_utf8.c"
#include "../../src/data/ngx_http_endpoint_json_check.c"


#define JSON_CHECK_DEEP       100000
#define JSON_CHECK_MUTATIONS  200000


static char  *json_check_valid[] = {
    "0", "-0", "7", "123456789012345678901234567890", "-1", "1.5", "0.0",
    "-0.25", "1e5", "1E5", "1e+5", "1e-5", "0e0", "1.25e10", "1e00012",
    "12345678", "1234567.12345678e1", "true", "false", "null",

    "\"\"", "\"a\"", "\"abcdefghijklmnopqrstuvwxyz0123456789\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\"", "\"\\uD83D\\uDE00\"",
    "\"\\ud800\"", "\"\\uDFFF\\uAbCd\"", "\"/ \x7f\"", "\"'\"",
    "\"\\\\\"", "\"abcdef\\ngh\"", "\"abcdefg\\u00e9hijklmnop\"",
    "\"\xc2\x80 \xdf\xbf\"", "\"\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80\"",
    "\"\xef\xbf\xbf\"", "\"\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf\"",
    "\"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82\"",
    "\"\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c\"",

    "[]", "{}", "[ ]", "{ }", "[[]]", "[{}]", "{\"a\":{}}", "[1]", "[1,2]",
    "[1 , 2]", "[\"a\",\"b\"]", "[true,false,null]", "[[],[],{}]",
    "[-1,-2.5,0,0.1,1e1]", "{\"a\":1}", "{\"a\":1,\"a\":2}", "{\"\":0}",
    "{ \"a\" : [ 1 , { \"b\" : null } ] , \"c\" : \"d\" }",
    "{\n    \"id\": 1,\n    \"tags\": [\n        \"a\",\n        \"b\"\n"
        "    ],\n    \"none\": null\n}\n",
    "{\r\n\t\"id\":\t1\r\n}", " 1 ", "\n\n[]\n\n", "\t\"a\"\r",
    "{\"user_id\": 17, \"name\": \"Leanne Graham\", \"ok\": true}",
    "\n                        [\n                                1]",
    NULL
};


static char  *json_check_invalid[] = {
    "-", "+1", "01", "-01", "00", "1.", ".5", "1.e5", "1e", "1e+", "1e5.5",
    "1.5.5", "--1", "1-", "1+1", "0x10", "1_000", "NaN", "Infinity",
    "-Infinity", "- 1", "1 2", "1a", "0a", "1,", "1]", "-a", "1e1e1",

    "t", "tru", "truE", "True", "trues", "f", "fals", "falsy", "n", "nul",
    "nulll", "nil", "true false", "truefalse", "nullnull",

    "\"", "\"a", "\"\\\"", "\"\\", "\"\\a\"", "\"\\'\"", "\"\\x41\"",
    "\"\\u\"", "\"\\u1\"", "\"\\u12\"", "\"\\u123\"", "\"\\u123g\"",
    "\"\\u 123\"", "\"\\u12G4567890\"", "\"\\U0041\"", "\"a\"b", "'a'",
    "\"\x01\"", "\"\x1f\"", "\"a\nb\"", "\"\t\"", "\"abcdefgh\tijklmnop\"",
    "\"abcdefgh\\zijklmnop\"", "\"a\" \"b\"", "\"\"\"",

    "\"\x80\"", "\"\xbf\"", "\"\xc0\x80\"", "\"\xc1\xbf\"", "\"\xc2\"",
    "\"\xc2 \"", "\"\xdf\x7f\"", "\"\xc2\xc2\x80\"", "\"\xe0\x80\x80\"",
    "\"\xe0\x9f\xbf\"", "\"\xe1\x80\"", "\"\xe1\x80 \"", "\"\xed\xa0\x80\"",
    "\"\xed\xbf\xbf\"", "\"\xf0\x80\x80\x80\"", "\"\xf0\x8f\xbf\xbf\"",
    "\"\xf0\x90\x80\"", "\"\xf1\x80\x80 \"", "\"\xf4\x90\x80\x80\"",
    "\"\xf5\x80\x80\x80\"", "\"\xff\"", "\"\xfe\"", "\"\xf8\x88\x80\x80\x80\"",
    "\"abcdefgh\xed\xa0\x80ijklmnop\"", "\"abcdefgh\xc0\xafijklmnop\"",
    "\"abcdefgh\xf4\x90\x80\x80ijklmnop\"", "\xef\xbb\xbf[]", "\xc2\xa0[]",

    "[", "]", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1 2]", "[1,,2]", "[1]]",
    "[1}", "[\"a\":1]", "[\"a\"", "[true", "[[]", "[[],", "[1:2]", "[:]",
    "[]x", "[],", "[]{}", "[1]1",

    "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}",
    "{,}", "{1:1}", "{a:1}", "{'a':1}", "{\"a\" 1}", "{\"a\"::1}",
    "{\"a\",1}", "{\"a\":1 \"b\":2}", "{\"a\":1]", "{\"a\":}", "{\"a\"}",
    "{\"a\":1}}", "{null:1}", "{[]:1}", "{\"a\":1,,\"b\":2}", "{:1}",
    "{\"a\":1,2}", "{}{}",

    "//", "[1] // a", "/* */ 1", "1 #", "\v1", "\f[]", "1\v", "\x01", "\x7f",
    "*", "\\", "\\u0031",
    NULL
};


static char  *json_check_blank[] = { "", " ", "\n", "\t\r\n ", NULL };


/* xorshift, so that each run sees the same texts */

static uint32_t
json_check_random(uint32_t n)
{
    static uint32_t  state = 2463534242;

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;

    return state % n;
}


/* in blocks of their own, where no piece can look at the other */

static ngx_int_t
json_check_pieces(ngx_pool_t *pool, ngx_str_t *s, size_t at)
{
    ngx_int_t                       rc;
    ngx_str_t                       head, tail;
    ngx_http_endpoint_json_check_t  check;

    head = unit_copy(pool, (char *) s->data, at);
    tail = unit_copy(pool, (char *) s->data + at, s->len - at);

    ngx_http_endpoint_json_check_init(&check);

    rc = ngx_http_endpoint_json_check(&check, head.data, head.len);

    if (rc == NGX_OK) {
        rc = ngx_http_endpoint_json_check(&check, tail.data, tail.len);

    } else if (ngx_http_endpoint_json_check(&check, tail.data, tail.len)
               != NGX_ERROR)
    {
        return NGX_ABORT;
    }

    return rc == NGX_OK ? ngx_http_endpoint_json_check_end(&check) : rc;
}


static ngx_int_t
json_check_bytes(ngx_str_t *s)
{
    size_t                          i;
    ngx_http_endpoint_json_check_t  check;

    ngx_http_endpoint_json_check_init(&check);

    for (i = 0; i < s->len; i++) {
        if (ngx_http_endpoint_json_check(&check, &s->data[i], 1) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_json_check_end(&check);
}


static void
json_check_text(const char *text, size_t len, ngx_int_t expected)
{
    size_t       at;
    ngx_str_t    s;
    ngx_uint_t   good;
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &unit_log);
    s = unit_copy(pool, text, len);

    good = json_oracle(pool, s.data, s.len) == expected
           && json_check_bytes(&s) == expected;

    for (at = 0; at <= len; at++) {
        good = good && json_check_pieces(pool, &s, at) == expected;
    }

    unit_ok(good, "%s, in any pieces: %s",
            expected == NGX_OK ? "valid"
                               : expected == NGX_DECLINED ? "blank" : "invalid",
            len && text[0] > ' ' && !strchr(text, '\n') ? text : "(blanks)");

    ngx_destroy_pool(pool);
}


static void
json_check_texts(char **texts, ngx_int_t expected)
{
    for ( /* void */ ; *texts; texts++) {
        json_check_text(*texts, ngx_strlen(*texts), expected);
    }
}


/* the same behind so many blanks that words and blocks begin at each place */

static void
json_check_shifted(char **texts, ngx_int_t expected)
{
    size_t       n, len;
    char         buf[512];
    ngx_str_t    s;
    ngx_uint_t   good;
    ngx_pool_t  *pool;

    good = 1;

    for ( /* void */ ; *texts; texts++) {
        len = ngx_strlen(*texts);

        for (n = 0; n < 40; n++) {
            pool = ngx_create_pool(4096, &unit_log);

            memset(buf, ' ', sizeof(buf));
            ngx_memcpy(&buf[n], *texts, len);

            /* with as many behind it, so that no edge is near, too */

            s = unit_copy(pool, buf, n + len + n);

            if (json_check_pieces(pool, &s, s.len) != expected) {
                printf("# %lu blanks: %s\n", (unsigned long) n, *texts);
                good = 0;
            }

            ngx_destroy_pool(pool);
        }
    }

    unit_ok(good, "%s texts among blanks",
            expected == NGX_OK ? "valid" : "invalid");
}


static ngx_int_t
json_check_nested(ngx_uint_t depth, const char *open, const char *close)
{
    size_t       n, m;
    ngx_str_t    s;
    ngx_int_t    rc;
    ngx_uint_t   i;
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &unit_log);

    n = ngx_strlen(open);
    m = ngx_strlen(close);

    s.len = depth * (n + m);
    s.data = ngx_pnalloc(pool, s.len);

    for (i = 0; i < depth; i++) {
        ngx_memcpy(&s.data[i * n], open, n);
        ngx_memcpy(&s.data[depth * n + i * m], close, m);
    }

    /* the innermost {"a": needs a value */

    if (n > 1) {
        s.data[depth * n - 1] = ' ';
        s.data[depth * n - 2] = ' ';
        s.data[depth * n - 3] = ' ';
        s.data[depth * n - 4] = ' ';
    }

    rc = json_oracle_split(s.data, s.len, s.len / 3);

    ngx_destroy_pool(pool);

    return rc;
}


static void
json_check_depths(void)
{
    ngx_uint_t  cap;

    cap = NGX_HTTP_ENDPOINT_JSON_DEPTH;

    unit_int(json_check_nested(cap, "[", "]"), NGX_OK, "arrays, at the cap");
    unit_int(json_check_nested(cap + 1, "[", "]"), NGX_ERROR,
             "arrays, over the cap");
    unit_int(json_check_nested(JSON_CHECK_DEEP, "[", "]"), NGX_ERROR,
             "arrays, far over the cap");

    unit_int(json_check_nested(cap, "{\"a\":", "}"), NGX_OK,
             "objects, at the cap");
    unit_int(json_check_nested(cap + 1, "{\"a\":", "}"), NGX_ERROR,
             "objects, over the cap");
    unit_int(json_check_nested(JSON_CHECK_DEEP, "{\"a\":", "}"), NGX_ERROR,
             "objects, far over the cap");

    unit_int(json_check_nested(cap / 2, "[{\"a\":", "}]"), NGX_OK,
             "both, at the cap");
    unit_int(json_check_nested(cap / 2 + 1, "[{\"a\":", "}]"), NGX_ERROR,
             "both, over the cap");
    unit_int(json_check_nested(cap / 2, "[{\"a\":", "]}"), NGX_ERROR,
             "both, closed the wrong way");
}


static size_t
json_check_mutate(char *buf, size_t len, size_t size)
{
    size_t       at, n;
    static char  bytes[] = "{}[]:,\"\\ \n\t0123456789-+.eEtrufalsn/bu"
                           "\x00\x01\x1f\x7f\x80\xbf\xc2\xe0\xed\xf0\xf4\xff";

    for (n = 1 + json_check_random(3); n; n--) {
        at = json_check_random(len + 1);

        switch (json_check_random(4)) {

        case 0:
            if (at < len) {
                buf[at] = bytes[json_check_random(sizeof(bytes) - 1)];
            }
            break;

        case 1:
            if (len < size) {
                memmove(&buf[at + 1], &buf[at], len - at);
                buf[at] = bytes[json_check_random(sizeof(bytes) - 1)];
                len++;
            }
            break;

        case 2:
            if (at < len) {
                memmove(&buf[at], &buf[at + 1], len - at - 1);
                len--;
            }
            break;

        default:
            len = json_check_random(8) ? len : at;
            break;
        }
    }

    return len;
}


static void
json_check_mutations(void)
{
    char         buf[512];
    size_t       len;
    ngx_int_t    expected;
    ngx_str_t    s;
    ngx_uint_t   i, n, good, valid;
    ngx_pool_t  *pool;

    for (n = 0; json_check_valid[n]; n++) { /* void */ }

    good = 1;
    valid = 0;

    for (i = 0; i < JSON_CHECK_MUTATIONS; i++) {
        pool = ngx_create_pool(4096, &unit_log);

        len = ngx_strlen(json_check_valid[i % n]);
        ngx_memcpy(buf, json_check_valid[i % n], len);
        len = json_check_mutate(buf, len, sizeof(buf));

        s = unit_copy(pool, buf, len);
        expected = json_oracle(pool, s.data, s.len);
        valid += expected == NGX_OK;

        if (json_check_bytes(&s) != expected
            || json_check_pieces(pool, &s, len) != expected
            || json_check_pieces(pool, &s, json_check_random(len + 1))
               != expected)
        {
            printf("# yajl says %ld of: %.*s\n", (long) expected, (int) len,
                   buf);
            good = 0;
        }

        ngx_destroy_pool(pool);
    }

    unit_ok(good, "agrees with yajl on mutated texts");
    unit_ok(valid > JSON_CHECK_MUTATIONS / 20
            && valid < JSON_CHECK_MUTATIONS / 2,
            "some of which are valid, and most are not");
}


int
main(void)
{
    json_check_texts(json_check_valid, NGX_OK);
    json_check_texts(json_check_invalid, NGX_ERROR);
    json_check_texts(json_check_blank, NGX_DECLINED);

    json_check_text("[\0]", 3, NGX_ERROR);
    json_check_text("\"\0\"", 3, NGX_ERROR);
    json_check_text("1\0", 2, NGX_ERROR);
    json_check_text("\0", 1, NGX_ERROR);

    json_check_shifted(json_check_valid, NGX_OK);
    json_check_shifted(json_check_invalid, NGX_ERROR);

    json_check_depths();
    json_check_mutations();

    return unit_done();
}
