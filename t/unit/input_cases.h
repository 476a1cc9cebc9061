
/* What declared inputs make of what is sent, and what is no declaration. */


#define INPUT_UUID  "6f1c6e0e-1f0a-4c43-8c2e-0a4b6f6f7c11"

#define INPUT_FAULT(type, loc, msg, input)                                    \
    "{\"detail\":[{\"type\":\"" type "\",\"loc\":[" loc "],\"msg\":\"" msg    \
    "\",\"input\":" input "}]}"
#define INPUT_FAULT_CTX(type, loc, msg, input, ctx)                           \
    "{\"detail\":[{\"type\":\"" type "\",\"loc\":[" loc "],\"msg\":\"" msg    \
    "\",\"input\":" input ",\"ctx\":{" ctx "}}]}"

/* of "arg $x" and "field $x" */
#define INPUT_X(type, msg, input)                                             \
    INPUT_FAULT(type, "\"query\",\"x\"", msg, input)
#define INPUT_X_CTX(type, msg, input, ctx)                                    \
    INPUT_FAULT_CTX(type, "\"query\",\"x\"", msg, input, ctx)
#define INPUT_F(type, msg, input)                                             \
    INPUT_FAULT(type, "\"body\",\"x\"", msg, input)

#define INPUT_INT                                                             \
    "Input should be a valid integer, unable to parse string as an integer"
#define INPUT_SIZE                                                            \
    "Unable to parse input string as an integer, exceeded maximum size"
#define INPUT_FLOAT                                                           \
    "Input should be a valid number, unable to parse string as a number"
#define INPUT_BOOL                                                            \
    "Input should be a valid boolean, unable to interpret input"
#define INPUT_CHAR                                                            \
    "invalid character: expected an optional prefix of `urn:uuid:` "          \
    "followed by [0-9a-fA-F-], found "


typedef struct {
    const char  *declaration;
    const char  *sent;          /* NULL: nothing */
    const char  *answer;
} input_case_t;


static input_case_t  input_texts[] = {

    { "arg $x:int", " 5 ", "5" },
    { "arg $x:int", "5.0", "5" },
    { "arg $x:int", "-5.000", "-5" },
    { "arg $x:int", "1_000.0", "1000" },
    { "arg $x:int", "0_7", "7" },
    { "arg $x:int", "-0", "0" },
    { "arg $x:int", "\xc2\xa0" "5\xe3\x80\x80", "5" },
    { "arg $x:int", "\xe2\x80\x8a\xc2\x85" "5\xe1\x9a\x80\t", "5" },
    { "arg $x:int", "9223372036854775807", "9223372036854775807" },
    { "arg $x:int", "-9223372036854775808", "-9223372036854775808" },
    { "arg $x:int", "00000000000000000000000000000000000000000000001", "1" },
    { "arg $x:int", "9223372036854775808",
      INPUT_X("int_parsing_size", INPUT_SIZE, "\"9223372036854775808\"") },
    { "arg $x:int", "-9223372036854775809",
      INPUT_X("int_parsing_size", INPUT_SIZE, "\"-9223372036854775809\"") },
    { "arg $x:int", "99999999999999999999",
      INPUT_X("int_parsing_size", INPUT_SIZE, "\"99999999999999999999\"") },
    { "arg $x:int ge=0", "-99999999999999999999",
      INPUT_X_CTX("greater_than_equal",
                  "Input should be greater than or equal to 0",
                  "\"-99999999999999999999\"", "\"ge\":0") },
    { "arg $x:int le=9223372036854775807", "9223372036854775808",
      INPUT_X_CTX("less_than_equal",
                  "Input should be less than or equal to 9223372036854775807",
                  "\"9223372036854775808\"", "\"le\":9223372036854775807") },
    { "arg $x:int", "5.", INPUT_X("int_parsing", INPUT_INT, "\"5.\"") },
    { "arg $x:int", ".0", INPUT_X("int_parsing", INPUT_INT, "\".0\"") },
    { "arg $x:int", "1__0", INPUT_X("int_parsing", INPUT_INT, "\"1__0\"") },
    { "arg $x:int", "1_", INPUT_X("int_parsing", INPUT_INT, "\"1_\"") },
    { "arg $x:int", "_1", INPUT_X("int_parsing", INPUT_INT, "\"_1\"") },
    { "arg $x:int", "1_.0", INPUT_X("int_parsing", INPUT_INT, "\"1_.0\"") },
    { "arg $x:int", "5.0.0", INPUT_X("int_parsing", INPUT_INT, "\"5.0.0\"") },
    { "arg $x:int", "+-1", INPUT_X("int_parsing", INPUT_INT, "\"+-1\"") },
    { "arg $x:int", "1e3", INPUT_X("int_parsing", INPUT_INT, "\"1e3\"") },
    { "arg $x:int", "\x1f" "5",
      INPUT_X("int_parsing", INPUT_INT, "\"\\u001F5\"") },

    { "arg $x:float", "1", "1.0" },
    { "arg $x:float", "1e16", "1e+16" },
    { "arg $x:float", "123456789012345.6", "123456789012345.6" },
    { "arg $x:float", "1e15", "1000000000000000.0" },
    { "arg $x:float", ".0001", "0.0001" },
    { "arg $x:float", "0.00001", "1e-05" },
    { "arg $x:float", "5e-324", "5e-324" },
    { "arg $x:float", "1.7976931348623157e308", "1.7976931348623157e+308" },
    { "arg $x:float", "1e-400", "0.0" },
    { "arg $x:float", "-0", "-0.0" },
    { "arg $x:float", "5.960464477539063e-08", "5.960464477539063e-08" },
    { "arg $x:float", "1_000.5", "1000.5" },
    { "arg $x:float", "1e5_0", "1e+50" },
    { "arg $x:float", "\xc2\xa0+.5e+1 ", "5.0" },
    { "arg $x:float", " 1_0", INPUT_X("float_parsing", INPUT_FLOAT,
                                      "\" 1_0\"") },
    { "arg $x:float", "_1", INPUT_X("float_parsing", INPUT_FLOAT, "\"_1\"") },
    { "arg $x:float", "1_", INPUT_X("float_parsing", INPUT_FLOAT, "\"1_\"") },
    { "arg $x:float", "1__0", INPUT_X("float_parsing", INPUT_FLOAT,
                                      "\"1__0\"") },
    { "arg $x:float", ".", INPUT_X("float_parsing", INPUT_FLOAT, "\".\"") },
    { "arg $x:float", "1e", INPUT_X("float_parsing", INPUT_FLOAT, "\"1e\"") },
    { "arg $x:float", "1e400",
      INPUT_X("finite_number", "Input should be a finite number",
              "\"1e400\"") },
    { "arg $x:float", "-iNfInItY",
      INPUT_X("finite_number", "Input should be a finite number",
              "\"-iNfInItY\"") },
    { "arg $x:float ge=-0.5 le=1e-7", "nan",
      INPUT_X_CTX("less_than_equal",
                  "Input should be less than or equal to 0.0000001",
                  "\"nan\"", "\"le\":1e-07") },
    { "arg $x:float gt=1e20", "1e20",
      INPUT_X_CTX("greater_than",
                  "Input should be greater than 100000000000000000000",
                  "\"1e20\"", "\"gt\":1e+20") },
    { "arg $x:float ge=1", "inf",
      INPUT_X("finite_number", "Input should be a finite number",
              "\"inf\"") },

    { "arg $x:bool", "tRuE", "true" },
    { "arg $x:bool", "T", "true" },
    { "arg $x:bool", "oFf", "false" },
    { "arg $x:bool", "", INPUT_X("bool_parsing", INPUT_BOOL, "\"\"") },
    { "arg $x:bool", "1.0", INPUT_X("bool_parsing", INPUT_BOOL, "\"1.0\"") },

    { "arg $x:uuid", INPUT_UUID, "\"" INPUT_UUID "\"" },
    { "arg $x:uuid", "6F1C6E0E1F0A4C438C2E0A4B6F6F7C11",
      "\"" INPUT_UUID "\"" },
    { "arg $x:uuid", "urn:uuid:" INPUT_UUID, "\"" INPUT_UUID "\"" },
    { "arg $x:uuid", "{" INPUT_UUID "}", "\"" INPUT_UUID "\"" },
    { "arg $x:uuid", "{6f1c6e0e1f0a4c438c2e0a4b6f6f7c11}",
      INPUT_X_CTX("uuid_parsing", "Input should be a valid UUID, "
                  "invalid group count: expected 5, found 1",
                  "\"{6f1c6e0e1f0a4c438c2e0a4b6f6f7c11}\"", "\"error\":"
                  "\"invalid group count: expected 5, found 1\"") },
    { "arg $x:uuid", "\xc3\xa9",
      INPUT_X_CTX("uuid_parsing", "Input should be a valid UUID, "
                  INPUT_CHAR "`\xc3\xa9` at 1", "\"\xc3\xa9\"",
                  "\"error\":\"" INPUT_CHAR "`\xc3\xa9` at 1\"") },
    { "arg $x:uuid", "{" INPUT_UUID,
      INPUT_X_CTX("uuid_parsing", "Input should be a valid UUID, "
                  INPUT_CHAR "`{` at 1", "\"{" INPUT_UUID "\"",
                  "\"error\":\"" INPUT_CHAR "`{` at 1\"") },
    { "arg $x:uuid", "{" INPUT_UUID "1}",
      INPUT_X_CTX("uuid_parsing", "Input should be a valid UUID, "
                  "invalid group length in group 4: expected 12, found 15",
                  "\"{" INPUT_UUID "1}\"", "\"error\":"
                  "\"invalid group length in group 4: "
                  "expected 12, found 15\"") },

    { "arg $x:json", " {\"a\": [1e2]} ", "{\"a\": [1e2]}" },
    { "arg $x:json", "null", "null" },
    { "arg $x:json", "",
      INPUT_X_CTX("json_invalid", "Invalid JSON: "
                  "EOF while parsing a value at line 1 column 0", "\"\"",
                  "\"error\":\"EOF while parsing a value at line 1 "
                  "column 0\"") },
    { "arg $x:json", "[\n1,\nx]",
      INPUT_X_CTX("json_invalid", "Invalid JSON: "
                  "expected value at line 3 column 1", "\"[\\n1,\\nx]\"",
                  "\"error\":\"expected value at line 3 column 1\"") },
    { "arg $x:json", "\"\\ud800\"",
      INPUT_X("json_invalid", "Invalid JSON: lone leading surrogate in hex "
              "escape", "\"\\\"\\\\ud800\\\"\"") },

    { "arg $x", "a\xff" "b", "\"a\xef\xbf\xbd" "b\"" },
    { "arg $x=", NULL, "\"\"" },
    { "arg $x=a:b=c", NULL, "\"a:b=c\"" },
    { "arg $x:int=7", NULL, "7" },
    { "arg $x:float=7", NULL, "7.0" },
    { "arg $x:bool=no", NULL, "false" },
    { "arg $x:json=[1]", NULL, "[1]" },
    { "arg $x:uuid=null", NULL, "null" },
    { "arg $x:int=null ge=5", "4",
      INPUT_X_CTX("greater_than_equal",
                  "Input should be greater than or equal to 5", "\"4\"",
                  "\"ge\":5") },

    { "arg $x max_length=1", "ab",
      INPUT_X_CTX("string_too_long",
                  "String should have at most 1 character", "\"ab\"",
                  "\"max_length\":1") },
    { "arg $x min_length=02", "\xf0\x9f\x98\x80",
      INPUT_X_CTX("string_too_short",
                  "String should have at least 2 characters",
                  "\"\xf0\x9f\x98\x80\"", "\"min_length\":2") },
    { "arg $x enum=it's,b", "c",
      INPUT_X_CTX("literal_error", "Input should be \\\"it's\\\" or 'b'",
                  "\"c\"", "\"expected\":\"\\\"it's\\\" or 'b'\"") },
    { "arg $x enum=a\\b", "c",
      INPUT_X_CTX("literal_error", "Input should be 'a\\\\\\\\b'",
                  "\"c\"", "\"expected\":\"'a\\\\\\\\b'\"") },
    { "arg $x:int enum=1,2,-3", "-3.0", "-3" },
    { "arg $x:int enum=1,2", "3",
      INPUT_X_CTX("literal_error", "Input should be 1 or 2", "\"3\"",
                  "\"expected\":\"1 or 2\"") },
    { "arg $x:int enum=-9223372036854775808,2", "3",
      INPUT_X_CTX("literal_error",
                  "Input should be -9223372036854775808 or 2", "\"3\"",
                  "\"expected\":\"-9223372036854775808 or 2\"") },
    { "arg $x:int lt=5 ge=-9", "7",
      INPUT_X_CTX("less_than", "Input should be less than 5", "\"7\"",
                  "\"lt\":5") },
    { "arg $x:int ge=-9 lt=5", "7",
      INPUT_X_CTX("less_than", "Input should be less than 5", "\"7\"",
                  "\"lt\":5") },

    { "header $X_Token", NULL,
      INPUT_FAULT("missing", "\"header\",\"x-token\"", "Field required",
                  "null") },
    { "cookie $A_b", NULL,
      INPUT_FAULT("missing", "\"cookie\",\"A_b\"", "Field required",
                  "null") },
    { "path $x:path", "a/b", "\"a/b\"" }
};


/* members of a body, or the whole of it */
static input_case_t  input_jsons[] = {

    { "field $x:int", "true", "1" },
    { "field $x:int", "1e3", "1000" },
    { "field $x:int", "9007199254740993.0", "9007199254740992" },
    { "field $x:int", "9223372036854775807", "9223372036854775807" },
    { "field $x:int", "-9223372036854775808", "-9223372036854775808" },
    { "field $x:int", "9223372036854775808",
      INPUT_F("int_parsing_size", INPUT_SIZE, "9223372036854775808") },
    { "field $x:int", "-9223372036854775808.0",
      INPUT_F("int_parsing_size", INPUT_SIZE, "-9223372036854775808.0") },
    { "field $x:int", "1e999",
      INPUT_F("finite_number", "Input should be a finite number", "1e999") },
    { "field $x:int", "null",
      INPUT_F("int_type", "Input should be a valid integer", "null") },
    { "field $x:int=null", "null", "null" },
    { "field $x:int=3", "null",
      INPUT_F("int_type", "Input should be a valid integer", "null") },

    { "field $x:float", "true", "1.0" },
    { "field $x:float", "\"1_0\"", "10.0" },
    { "field $x:float", "9007199254740993", "9007199254740992.0" },
    { "field $x:float", "-0", "0.0" },
    { "field $x:float", "-0.0", "-0.0" },
    { "field $x:float", "1e999",
      INPUT_F("finite_number", "Input should be a finite number", "1e999") },
    { "field $x:float", "[]",
      INPUT_F("float_type", "Input should be a valid number", "[]") },

    { "field $x:bool", "0.0", "false" },
    { "field $x:bool", "1", "true" },
    { "field $x:bool", "2", INPUT_F("bool_parsing", INPUT_BOOL, "2") },
    { "field $x:bool", "9223372036854775808",
      INPUT_F("bool_type", "Input should be a valid boolean",
              "9223372036854775808") },
    { "field $x:bool", "0.5",
      INPUT_F("bool_type", "Input should be a valid boolean", "0.5") },
    { "field $x:bool", "1e30",
      INPUT_F("bool_type", "Input should be a valid boolean", "1e30") },

    { "field $x:uuid", "5",
      INPUT_F("uuid_type",
              "UUID input should be a string, bytes or UUID object", "5") },

    { "field $x", "true",
      INPUT_F("string_type", "Input should be a valid string", "true") },
    { "field $x", "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"" },
    { "field $x", "\"\\ude00\"",
      INPUT_F("string_unicode", "Input should be a valid string, "
              "unable to parse raw data as a unicode string",
              "\"\\ude00\"") },
    { "field $x:json", "{\"a\": \"\\ud83d\\\\ud800\"}",
      INPUT_F("string_unicode", "Input should be a valid string, "
              "unable to parse raw data as a unicode string",
              "{\"a\": \"\\ud83d\\\\ud800\"}") },
    { "field $x:json", "null", "null" },
    { "field $x:json", "[ 1.50 ]", "[ 1.50 ]" },

    { "body $x", "\"a\"", "\"a\"" },
    { "body $x:int", "\"a\"",
      INPUT_FAULT("int_parsing", "\"body\"", INPUT_INT, "\"a\"") },
    { "body $x:json=5", "null", "5" },
    { "body $x:json=5", "", "5" },
    { "body $x:json=5", " ",
      INPUT_FAULT_CTX("json_invalid", "\"body\",1", "JSON decode error",
                      "{}", "\"error\":\"Expecting value\"") },
    { "body $x:json", "\xef\xbb\xbf[1,]",
      INPUT_FAULT_CTX("json_invalid", "\"body\",3", "JSON decode error",
                      "{}", "\"error\":\"Expecting value\"") },
    { "body $x:json", "\"\xff\"",
      INPUT_FAULT_CTX("json_invalid", "\"body\",1", "JSON decode error",
                      "{}", "\"error\":\"Expecting value\"") }
};


static struct {
    const char  *declaration;
    const char  *err;
} input_mistakes[] = {

    { "arg x", "invalid name \"x\", it must be \"$\" and letters, digits or "
               "\"_\", not a digit first" },
    { "arg $", "invalid name \"$\", it must be \"$\" and letters, digits or "
               "\"_\", not a digit first" },
    { "arg $:int", "invalid name \"$:int\", it must be \"$\" and letters, "
                   "digits or \"_\", not a digit first" },
    { "arg $1", "invalid name \"$1\", it must be \"$\" and letters, digits "
                "or \"_\", not a digit first" },
    { "arg $a-b", "invalid name \"$a-b\", it must be \"$\" and letters, "
                  "digits or \"_\", not a digit first" },
    { "arg $id:integer", "invalid type \"integer\" of \"$id\", it must be "
                         "one of str, int, float, bool, uuid, json" },
    { "arg $id:", "invalid type \"\" of \"$id\", it must be "
                  "one of str, int, float, bool, uuid, json" },
    { "arg $id:path", "invalid type \"path\" of \"$id\", it must be "
                      "one of str, int, float, bool, uuid, json" },
    { "path $id:x", "invalid type \"x\" of \"$id\", it must be "
                    "one of str, int, float, bool, uuid, json, path" },
    { "path $id:int=5", "default \"5\" of \"$id\", which a path always has" },
    { "arg $n:int=x", "invalid default \"x\" of \"$n\": " INPUT_INT },
    { "arg $n:int=9223372036854775808",
      "invalid default \"9223372036854775808\" of \"$n\": " INPUT_SIZE },
    { "arg $n:int=0 ge=1", "invalid default \"0\" of \"$n\": "
      "Input should be greater than or equal to 1" },
    { "arg $n:json={", "invalid default \"{\" of \"$n\": Invalid JSON: "
      "EOF while parsing a value at line 1 column 1" },
    { "arg $n:float=inf", "invalid default \"inf\" of \"$n\": "
      "Input should be a finite number" },
    { "arg $s=ab pattern=^.$", "invalid default \"ab\" of \"$s\": "
      "String should match pattern '^.$'" },
    { "arg $n:int foo=1", "invalid parameter \"foo=1\" of \"$n\", of type "
      "\"int\" it must be one of enum=, le=, lt=, ge=, gt=" },
    { "arg $n:int ge", "invalid parameter \"ge\" of \"$n\", of type "
      "\"int\" it must be one of enum=, le=, lt=, ge=, gt=" },
    { "arg $n minlength=1", "invalid parameter \"minlength=1\" of \"$n\", of "
      "type \"str\" it must be one of enum=, min_length=, max_length=, "
      "pattern=" },
    { "arg $n:bool foo=1", "invalid parameter \"foo=1\" of \"$n\", there is "
      "none for type \"bool\"" },
    { "arg $n:int ge=5 le=4", "no value of \"$n\" can be both \"ge=5\" and "
      "\"le=4\", the lower bound must not be above the upper one" },
    { "arg $n:int lt=6 gt=5", "no value of \"$n\" can be both \"gt=5\" and "
      "\"lt=6\", the lower bound must not be above the upper one" },
    { "arg $n:int ge=5 lt=5", "no value of \"$n\" can be both \"ge=5\" and "
      "\"lt=5\", the lower bound must not be above the upper one" },
    { "arg $n:int=7 gt=9223372036854775806 lt=9223372036854775807",
      "no value of \"$n\" can be both \"gt=9223372036854775806\" and "
      "\"lt=9223372036854775807\", the lower bound must not be above the "
      "upper one" },
    { "arg $n:float gt=1.5 le=1.5", "no value of \"$n\" can be both "
      "\"gt=1.5\" and \"le=1.5\", the lower bound must not be above the "
      "upper one" },
    { "arg $n min_length=3 max_length=2", "no value of \"$n\" can be both "
      "\"min_length=3\" and \"max_length=2\", the lower bound must not be "
      "above the upper one" },
    { "arg $n:int enum=1,5 le=4", "5 in \"enum=1,5\" of \"$n\" can never be "
      "sent: Input should be less than or equal to 4" },
    { "arg $n enum=ab,c pattern=^..$", "'c' in \"enum=ab,c\" of \"$n\" can "
      "never be sent: String should match pattern '^..$'" },
    { "arg $n:int enum=1,01", "duplicate 1 in \"enum=1,01\" of \"$n\"" },
    { "arg $s=c enum=a,b", "invalid default \"c\" of \"$s\": Input should be "
      "'a' or 'b'" },
    { "arg $n:int min_length=1", "\"min_length=1\" does not apply to \"$n\" "
                                 "of type \"int\"" },
    { "arg $n ge=1", "\"ge=1\" does not apply to \"$n\" of type \"str\"" },
    { "arg $n:float enum=1", "\"enum=1\" does not apply to \"$n\" of type "
                             "\"float\"" },
    { "arg $n:int ge=1 le=3 ge=2", "duplicate \"ge\" of \"$n\"" },
    { "arg $n:int ge=1.5", "invalid value \"1.5\" in \"ge=1.5\" of \"$n\", "
                           "it must be of type \"int\"" },
    { "arg $n:int ge=", "invalid value \"\" in \"ge=\" of \"$n\", it must be "
                        "of type \"int\" and not empty" },
    { "arg $n:float lt=nan", "invalid value \"nan\" in \"lt=nan\" of \"$n\", "
                             "it must be of type \"float\"" },
    { "arg $n:int enum=1,x", "invalid value \"x\" in \"enum=1,x\" of \"$n\", "
                             "it must be of type \"int\"" },
    { "arg $n enum=a,", "invalid value \"\" in \"enum=a,\" of \"$n\", it "
                        "must be of type \"str\" and not empty" },
    { "arg $n min_length=-1", "invalid value \"-1\" in \"min_length=-1\" of "
                              "\"$n\", it must be a number of characters" },
    { "arg $n pattern=[a", "invalid pattern \"[a\" of \"$n\": "
      "pcre2_compile() failed: missing terminating ] for character class" },
    { "arg $n enum=\xff", "\"enum=\xff\" is not valid UTF-8" }
};


static struct {
    const char  *pattern;
    const char  *text;
    ngx_uint_t   matches;
} input_patterns[] = {

    { "^a$", "a", 1 },
    { "^a$", "a\n", 0 },
    { "^a\\$$", "a$", 1 },
    { "^(a$|b)", "b\n", 1 },
    { "(?m)^a$", "a\nb", 0 },
    { "^[]$]+$", "$]", 1 },
    { "^[^]$]+$", "$", 0 },
    { "^[^]$]+$", "a\n", 1 },
    { "^[[:alpha:]$]+$", "a$", 1 },
    { "^[[:]$", "[", 1 },
    { "^[[:]$", ":\n", 0 },
    { "^[\\]$]+$", "]$", 1 },
    { "^[\\Q]$\\E]$", "$", 1 },
    { "^\\Qa$\\E$", "a$", 1 },
    { "^\\Qa$\\E$", "a$\n", 0 },
    { "^a(?#$[)$", "a", 1 },
    { "^a(?#$[)$", "a\n", 0 },
    { "^\\cA$", "\x01", 1 },
    { "^\\cA$", "\x01\n", 0 },
    { "$", "", 1 },
    { "b", "abc", 1 },
    { "B", "abc", 0 },
    { "^.$", "\xc3\xa9", 1 },
    { "^[\xc3\xa9]$", "\xc3\xa9", 1 },
    { "^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 0 }
};
