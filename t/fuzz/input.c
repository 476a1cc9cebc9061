
/*
 * The first byte says the declaration, the rest is what a client sent for it:
 * the answer is a value that is JSON, or a list of faults that is.
 */


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

#include "../unit/unit.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


typedef struct {
    ngx_http_endpoint_input_source_e   source;
    char                              *word;
    char                              *option;
} input_declaration_t;


static input_declaration_t  input_declarations[] = {
    { ngx_http_endpoint_input_arg, "$x", NULL },
    { ngx_http_endpoint_input_arg, "$x:int", "ge=-9223372036854775808" },
    { ngx_http_endpoint_input_arg, "$x:int=null", "gt=-3" },
    { ngx_http_endpoint_input_arg, "$x:float", "lt=1e10" },
    { ngx_http_endpoint_input_arg, "$x:float", "ge=0.1" },
    { ngx_http_endpoint_input_arg, "$x:bool", NULL },
    { ngx_http_endpoint_input_arg, "$x:uuid", NULL },
    { ngx_http_endpoint_input_arg, "$x:json", NULL },
    { ngx_http_endpoint_input_header, "$x", "max_length=5" },
    { ngx_http_endpoint_input_cookie, "$x", "pattern=^(a|b*c)+$" },
    { ngx_http_endpoint_input_arg, "$x", "enum=a,b'c" },
    { ngx_http_endpoint_input_arg, "$x:int", "enum=1,-9223372036854775808" },
    { ngx_http_endpoint_input_body, "$x:json", NULL },
    { ngx_http_endpoint_input_body, "$x:int", "gt=0" },
    { ngx_http_endpoint_input_body, "$x:float", NULL },
    { ngx_http_endpoint_input_body, "$x:bool", NULL },
    { ngx_http_endpoint_input_body, "$x", "min_length=2" },
    { ngx_http_endpoint_input_field, "$x:uuid", NULL },
    { ngx_http_endpoint_input_field, "$x", NULL },
    { ngx_http_endpoint_input_field, "$x:int=5", "le=7" },
    { ngx_http_endpoint_input_field, "$x:json=null", NULL }
};


static void
input_compile(ngx_pool_t *pool, input_declaration_t *d,
    ngx_http_endpoint_input_t *input)
{
    ngx_str_t  word, option, err;

    word = unit_copy(pool, d->word, ngx_strlen(d->word));

    if (d->option) {
        option = unit_copy(pool, d->option, ngx_strlen(d->option));
    }

    if (ngx_http_endpoint_input_compile(pool, &unit_log, d->source, &word,
                                        &option, d->option ? 1 : 0, input,
                                        &err)
        != NGX_OK)
    {
        abort();
    }

    input->slot = 0;
}


static void
input_require_json(ngx_str_t *text)
{
    ngx_http_endpoint_json_check_t  check;

    ngx_http_endpoint_json_check_init(&check);

    if (ngx_http_endpoint_json_check(&check, text->data, text->len) != NGX_OK
        || ngx_http_endpoint_json_check_end(&check) != NGX_OK)
    {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_int_t                    rc;
    ngx_str_t                    text, type, answer;
    ngx_pool_t                  *pool;
    ngx_http_endpoint_input_t    input;
    ngx_http_endpoint_value_t    value;
    ngx_http_endpoint_faults_t   faults;

    if (size == 0) {
        return 0;
    }

    pool = ngx_create_pool(4096, &unit_log);

    input_compile(pool, &input_declarations[data[0]
                                            % (sizeof(input_declarations)
                                               / sizeof(input_declaration_t))],
                  &input);

    text = unit_copy(pool, (char *) data + 1, size - 1);

    ngx_http_endpoint_faults_init(&faults, pool);
    ngx_memzero(&value, sizeof(ngx_http_endpoint_value_t));

    if (input.source < ngx_http_endpoint_input_field) {
        rc = ngx_http_endpoint_input_text(&input, &text, &value, &faults);

    } else {
        ngx_str_set(&type, "application/json");
        rc = ngx_http_endpoint_input_from_body(&input, 1, &text, &type, 0,
                                               &value, &faults);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_endpoint_faults_empty(&faults)
             ? ngx_http_endpoint_value_to_json(pool, &value, &answer)
             : ngx_http_endpoint_faults_reply(&faults, &answer);
    }

    if (rc != NGX_OK) {
        abort();
    }

    input_require_json(&answer);

    ngx_destroy_pool(pool);

    return 0;
}
