
#include "../../src/input/ngx_http_endpoint_body.c"
#include "../../src/input/ngx_http_endpoint_choice.c"
#include "../../src/input/ngx_http_endpoint_constraint.c"
#include "../../src/input/ngx_http_endpoint_constraint_agree.c"
#include "../../src/input/ngx_http_endpoint_fault.c"
#include "../../src/input/ngx_http_endpoint_input.c"
#include "../../src/data/ngx_http_endpoint_integer.c"
#include "../../src/data/ngx_http_endpoint_json.c"
#include "../../src/data/ngx_http_endpoint_json_parse.c"
#include "../../src/data/ngx_http_endpoint_json_scan.c"
#include "../../src/data/ngx_http_endpoint_json_check.c"
#include "../../src/data/ngx_http_endpoint_number.c"
#include "../../src/input/ngx_http_endpoint_automaton.c"
#include "../../src/input/ngx_http_endpoint_automaton_program.c"
#include "../../src/input/ngx_http_endpoint_backtrack.c"
#include "../../src/input/ngx_http_endpoint_regex.c"
#include "../../src/input/ngx_http_endpoint_regex_quantifier.c"
#include "../../src/input/ngx_http_endpoint_regex_set.c"
#include "../../src/input/ngx_http_endpoint_regex_tree.c"
#include "../../src/input/ngx_http_endpoint_type.c"
#include "../../src/input/ngx_http_endpoint_type_json.c"
#include "../../src/data/ngx_http_endpoint_utf8.c"
#include "../../src/data/ngx_http_endpoint_uuid.c"
#include "../../src/data/ngx_http_endpoint_escape.c"
#include "../../src/data/ngx_http_endpoint_value.c"
#include "../../src/data/ngx_http_endpoint_writer.c"

#include "unit.h"


static ngx_pool_t  *input_pool;


#include "input_cases.h"
#include "input_fastapi.h"


/* the test's own memory never fails */

static ngx_str_t
input_copy(const char *text, size_t len)
{
    ngx_str_t   s;
    ngx_uint_t  fail;

    fail = unit_fail_alloc;
    unit_fail_alloc = 0;

    s = unit_copy(input_pool, text, len);

    unit_fail_alloc = fail;

    return s;
}


static ngx_http_endpoint_input_source_e
input_source(const char *declaration)
{
    ngx_uint_t          i;
    static const char  *sources[] = {
        "path ", "arg ", "header ", "cookie ", "field ", "body "
    };

    for (i = 0; strncmp(declaration, sources[i], strlen(sources[i])); i++) {
        /* void */
    }

    return i;
}


static ngx_int_t
input_compile(const char *declaration, ngx_http_endpoint_input_t *input,
    ngx_str_t *err)
{
    u_char                            *p, *end, *word;
    ngx_str_t                          words[8];
    ngx_uint_t                         n;
    ngx_http_endpoint_input_source_e   source;

    source = input_source(declaration);
    end = (u_char *) declaration + ngx_strlen(declaration);
    n = 0;

    for (p = (u_char *) strchr(declaration, ' ') + 1; p < end; p = word + 1) {
        word = ngx_strlchr(p, end, ' ');
        word = word ? word : end;

        words[n++] = input_copy((char *) p, word - p);
    }

    return ngx_http_endpoint_input_compile(input_pool, &unit_log, source,
                                           &words[0], &words[1], n - 1, input,
                                           err);
}


/* the value as JSON, or the reply with the faults */

static ngx_int_t
input_answer(ngx_http_endpoint_input_t *input, const char *sent,
    ngx_str_t *answer)
{
    char                         text[1024];
    ngx_int_t                    rc;
    ngx_str_t                    s, type;
    ngx_http_endpoint_value_t    value;
    ngx_http_endpoint_faults_t   faults;

    ngx_http_endpoint_faults_init(&faults, input_pool);
    ngx_memset(&value, 0xaa, sizeof(ngx_http_endpoint_value_t));

    if (input->source < ngx_http_endpoint_input_field) {

        if (sent) {
            s = input_copy(sent, ngx_strlen(sent));
        }

        rc = ngx_http_endpoint_input_text(input, sent ? &s : NULL, &value,
                                          &faults);
    } else {

        if (input->source == ngx_http_endpoint_input_field) {
            snprintf(text, sizeof(text), "{\"x\": %s}", sent);

        } else {
            snprintf(text, sizeof(text), "%s", sent);
        }

        s = input_copy(text, ngx_strlen(text));
        ngx_str_set(&type, "application/json");

        rc = ngx_http_endpoint_input_from_body(input, 1, &s, &type, 0, &value,
                                               &faults);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (faults.list.nelts) {
        return ngx_http_endpoint_faults_reply(&faults, answer);
    }

    return ngx_http_endpoint_value_to_json(input_pool, &value, answer);
}


static void
input_case(input_case_t *c)
{
    char                       name[1024];
    ngx_str_t                  err, answer;
    ngx_http_endpoint_input_t  input;

    snprintf(name, sizeof(name), "%s: %s", c->declaration,
             c->sent ? c->sent : "not sent");

    for (answer.len = 0; answer.len < ngx_strlen(name); answer.len++) {
        if ((u_char) name[answer.len] < 0x20) {
            name[answer.len] = ' ';
        }
    }

    if (input_compile(c->declaration, &input, &err) != NGX_OK) {
        (void) unit_ok(0, "%s: %.*s", name, (int) err.len, err.data);
        return;
    }

    if (input_answer(&input, c->sent, &answer) != NGX_OK) {
        (void) unit_ok(0, "%s", name);
        return;
    }

    (void) unit_str(&answer, c->answer, name);
}


/* every allocation of a declaration and its answer fails in its turn */

static void
input_memory(input_case_t *c)
{
    ngx_int_t                  rc;
    ngx_str_t                  err, answer;
    ngx_uint_t                 n, allocs, failed;
    ngx_http_endpoint_input_t  input;

    allocs = unit_allocs;
    (void) input_compile(c->declaration, &input, &err);
    (void) input_answer(&input, c->sent, &answer);
    allocs = unit_allocs - allocs;

    failed = 0;

    for (n = 1; n <= allocs; n++) {

        unit_fail_alloc = n;

        ngx_str_null(&err);
        rc = input_compile(c->declaration, &input, &err);

        if (rc == NGX_OK) {
            rc = input_answer(&input, c->sent, &answer);

        } else if (err.len == 0) {
            failed = n;
        }

        if (rc == NGX_OK && unit_fail_alloc == 0) {
            failed = n;
        }

        unit_fail_alloc = 0;
    }

    (void) unit_ok(failed == 0, "memory of %s (allocation %lu)",
                   c->declaration, (unsigned long) failed);
}


static void
input_pattern(ngx_uint_t i)
{
    ngx_str_t                   pattern, text, err;
    ngx_http_endpoint_regex_t  *regex;

    pattern = input_copy(input_patterns[i].pattern,
                        ngx_strlen(input_patterns[i].pattern));
    text = input_copy(input_patterns[i].text,
                     ngx_strlen(input_patterns[i].text));

    if (ngx_http_endpoint_regex_compile(input_pool, &pattern, &regex, &err)
        != NGX_OK)
    {
        (void) unit_ok(0, "pattern %s: %.*s", input_patterns[i].pattern,
                       (int) err.len, err.data);
        return;
    }

    (void) unit_ok(ngx_http_endpoint_regex_match(regex, &text)
                   == input_patterns[i].matches,
                   "pattern %lu: %s", (unsigned long) i,
                   input_patterns[i].pattern);
}


static void
input_mistake(ngx_uint_t i)
{
    ngx_int_t                  rc;
    ngx_str_t                  err;
    ngx_http_endpoint_input_t  input;

    ngx_str_null(&err);

    rc = input_compile(input_mistakes[i].declaration, &input, &err);

    if (rc == NGX_OK) {
        (void) unit_ok(0, "mistake: %s", input_mistakes[i].declaration);
        return;
    }

    (void) unit_str(&err, input_mistakes[i].err, input_mistakes[i].err);
}


static void
input_bodies(void)
{
    ngx_str_t                    body, type, answer;
    ngx_uint_t                   i;
    ngx_http_endpoint_input_t    inputs[2];
    ngx_http_endpoint_value_t    values[2];
    ngx_http_endpoint_faults_t   faults;

    static struct {
        const char  *type;
        const char  *body;
        const char  *answer;
    } bodies[] = {

        { "", "{\"a\": 1}", "{\"a\": 1} 1" },
        { "Application/Problem+JSON ; charset=utf-8", "{\"a\": 1}",
          "{\"a\": 1} 1" },
        { "text/plain", "{\"a\": 1}",
          INPUT_FAULT("model_attributes_type", "\"body\"",
                      "Input should be a valid dictionary or object to "
                      "extract fields from", "\"{\\\"a\\\": 1}\"") },
        { "application/jsonx", "5",
          INPUT_FAULT("model_attributes_type", "\"body\"",
                      "Input should be a valid dictionary or object to "
                      "extract fields from", "\"5\"") },
        { "application/json/json", "5",
          INPUT_FAULT("model_attributes_type", "\"body\"",
                      "Input should be a valid dictionary or object to "
                      "extract fields from", "\"5\"") },
        { "application/json", "{\"b\": null}",
          INPUT_FAULT("missing", "\"body\",\"a\"", "Field required",
                      "{\"b\": null}") },
        { "application/json", "",
          INPUT_FAULT("missing", "\"body\"", "Field required", "null") }
    };

    (void) input_compile("body $b:json", &inputs[0], &answer);
    (void) input_compile("field $a:int", &inputs[1], &answer);
    inputs[1].slot = 1;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        body = input_copy(bodies[i].body, ngx_strlen(bodies[i].body));
        type = input_copy(bodies[i].type, ngx_strlen(bodies[i].type));

        ngx_http_endpoint_faults_init(&faults, input_pool);

        if (ngx_http_endpoint_input_from_body(inputs, 2, &body, &type, 0, values,
                                              &faults)
            != NGX_OK)
        {
            (void) unit_ok(0, "body of type \"%s\"", bodies[i].type);
            continue;
        }

        if (faults.list.nelts) {
            (void) ngx_http_endpoint_faults_reply(&faults, &answer);

        } else {
            answer.data = ngx_pnalloc(input_pool, 1024);
            answer.len = ngx_snprintf(answer.data, 1024, "%V %V",
                                      &values[0].data, &values[1].data)
                         - answer.data;
        }

        (void) unit_str(&answer, bodies[i].answer, bodies[i].type);
    }
}


/* a fault that is found where a value is used, and beside others */

static void
input_faults(void)
{
    ngx_str_t                    reply, text;
    ngx_http_endpoint_input_t    a, b;
    ngx_http_endpoint_value_t    value;
    ngx_http_endpoint_faults_t   faults;

    (void) input_compile("header $a_b", &a, &reply);
    (void) input_compile("arg $n:int", &b, &reply);

    ngx_http_endpoint_faults_init(&faults, input_pool);

    (void) ngx_http_endpoint_faults_reply(&faults, &reply);
    (void) unit_str(&reply, "{\"detail\":[]}", "no faults");

    text = input_copy("x\"\n", 3);
    (void) ngx_http_endpoint_input_text(&a, &text, &value, &faults);
    (void) ngx_http_endpoint_input_fault(&a, "value_error", "No such value",
                                         &value, &faults);
    (void) ngx_http_endpoint_input_text(&b, NULL, &value, &faults);
    (void) ngx_http_endpoint_faults_reply(&faults, &reply);

    (void) unit_str(&reply,
        "{\"detail\":[{\"type\":\"value_error\",\"loc\":[\"header\",\"a-b\"],"
        "\"msg\":\"No such value\",\"input\":\"x\\\"\\n\"},"
        "{\"type\":\"missing\",\"loc\":[\"query\",\"n\"],"
        "\"msg\":\"Field required\",\"input\":null}]}", "two faults");
}


/* pydantic's limit on digits comes before any constraint */

static void
input_digits(void)
{
    char                        *digits;
    ngx_str_t                    text, reply, err;
    ngx_uint_t                   n;
    ngx_http_endpoint_input_t    input;
    ngx_http_endpoint_value_t    value;
    ngx_http_endpoint_faults_t   faults;

    digits = malloc(4301);
    ngx_memset(digits, '9', 4301);

    (void) input_compile("arg $n:int le=5", &input, &err);

    for (n = 4300; n < 4302; n++) {
        text = input_copy(digits, n);

        ngx_http_endpoint_faults_init(&faults, input_pool);
        (void) ngx_http_endpoint_input_text(&input, &text, &value, &faults);
        (void) ngx_http_endpoint_faults_reply(&faults, &reply);

        (void) unit_ok((ngx_strnstr(reply.data, "int_parsing_size", reply.len)
                        != NULL) == (n == 4301),
                       "%lu digits", (unsigned long) n);
    }

    free(digits);
}


int
main(void)
{
    ngx_uint_t  i;

    input_pool = ngx_create_pool(4096, &unit_log);

    for (i = 0; i < sizeof(input_texts) / sizeof(input_texts[0]); i++) {
        input_case(&input_texts[i]);
        input_memory(&input_texts[i]);
    }

    for (i = 0; i < sizeof(input_jsons) / sizeof(input_jsons[0]); i++) {
        input_case(&input_jsons[i]);
        input_memory(&input_jsons[i]);
    }

    for (i = 0; i < sizeof(input_mistakes) / sizeof(input_mistakes[0]); i++) {
        input_mistake(i);
    }

    for (i = 0; i < sizeof(input_patterns) / sizeof(input_patterns[0]); i++) {
        input_pattern(i);
    }

    input_bodies();
    input_faults();
    input_digits();
    fastapi();

    ngx_destroy_pool(input_pool);

    return unit_done();
}
