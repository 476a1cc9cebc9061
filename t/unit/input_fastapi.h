
/*
 * FastAPI's recorded answers (t/data/fastapi.jsonl) against our inputs: what
 * stands between a request and them, as little as does.
 */

#include <yajl/yajl_tree.h>


#define FASTAPI_INPUTS  8


/* the application that was recorded; bound segments are of its path */
static struct {
    const char  *method;
    const char  *path;
    const char  *inputs[FASTAPI_INPUTS];
    const char  *reply;
} fastapi_endpoints[] = {

    { "GET", "/item/$id:int", { NULL }, "{\"id\": $id}" },
    { "GET", "/float/$x:float", { NULL }, "{\"x\": $x}" },
    { "GET", "/bool/$x:bool", { NULL }, "{\"x\": $x}" },
    { "GET", "/uuid/$x:uuid", { NULL }, "{\"x\": $x}" },
    { "GET", "/str/$x", { NULL }, "{\"x\": $x}" },
    { "GET", "/files/$rest:path", { NULL }, "{\"rest\": $rest}" },
    { "GET", "/three/$a:int/$b:float/$c:bool", { NULL },
      "{\"a\": $a, \"b\": $b, \"c\": $c}" },
    { "GET", "/limit", { "arg $limit:int=100 ge=1 le=1000", NULL },
      "{\"limit\": $limit}" },
    { "GET", "/gtlt", { "arg $x:float gt=0 lt=1", NULL }, "{\"x\": $x}" },
    { "GET", "/need", { "arg $q:str min_length=2 max_length=5", NULL },
      "{\"q\": $q}" },
    { "GET", "/pattern", { "arg $s:str pattern=^[a-z]+$", NULL },
      "{\"s\": $s}" },
    { "GET", "/enum", { "arg $e:str enum=a,b,c", NULL }, "{\"e\": $e}" },
    { "GET", "/optional", { "arg $o:str=null", "arg $n:int=null", NULL },
      "{\"o\": $o, \"n\": $n}" },
    { "GET", "/header", { "header $x_token:str", NULL }, "{\"t\": $x_token}" },
    { "GET", "/cookie", { "cookie $session:str", NULL },
      "{\"s\": $session}" },
    { "POST", "/person",
      { "field $name:str min_length=1", "field $age:int ge=0",
        "field $ratio:float=0.5", "field $ok:bool=false",
        "field $id:uuid=null", "field $extra:json=null", NULL },
      "{\"name\": $name, \"age\": $age, \"ratio\": $ratio, \"ok\": $ok, "
      "\"id\": $id, \"extra\": $extra}" },
    { "POST", "/any", { "body $x:json", NULL }, "$x" }
};


#define FASTAPI_FINITE(input)                                                 \
    "{\"detail\":[{\"type\":\"finite_number\",\"loc\":[\"path\",\"x\"],"      \
    "\"msg\":\"Input should be a finite number\",\"input\":\"" input "\"}]}"

#define FASTAPI_SIZE(loc, input)                                              \
    "{\"detail\":[{\"type\":\"int_parsing_size\",\"loc\":" loc ",\"msg\":"    \
    "\"Unable to parse input string as an integer, exceeded maximum size\","  \
    "\"input\":" input "}]}"


/* where we differ on purpose, and why */
static struct {
    const char  *target;
    const char  *body;
    const char  *reason;
    const char  *answer;
} fastapi_differences[] = {

    { "/float/Infinity", NULL, "a 500 there", FASTAPI_FINITE("Infinity") },
    { "/float/NaN", NULL, "a 500 there", FASTAPI_FINITE("NaN") },
    { "/person", "{\"name\": \"A\", \"age\": NaN}", "a 500 there",
      "{\"detail\":[{\"type\":\"json_invalid\",\"loc\":[\"body\",21],"
      "\"msg\":\"JSON decode error\",\"input\":{},"
      "\"ctx\":{\"error\":\"Expecting value\"}}]}" },
    { "/item/9223372036854775808", NULL, "int is 64-bit",
      FASTAPI_SIZE("[\"path\",\"id\"]", "\"9223372036854775808\"") },
    { "/person",
      "{\"name\": \"A\", \"age\": 1000000000000000000000000000000}",
      "int is 64-bit",
      FASTAPI_SIZE("[\"body\",\"age\"]",
                   "1000000000000000000000000000000") }
};


static ngx_int_t input_compile(const char *declaration,
    ngx_http_endpoint_input_t *input, ngx_str_t *err);


static yajl_val
fastapi_get(yajl_val object, const char *name)
{
    const char  *path[2];

    path[0] = name;
    path[1] = NULL;

    return yajl_tree_get(object, path, yajl_t_any);
}


/* NULL: null, or not there */

static const char *
fastapi_text(yajl_val object, const char *name)
{
    yajl_val  v;

    v = fastapi_get(object, name);

    return v ? YAJL_GET_STRING(v) : NULL;
}


static ngx_uint_t
fastapi_equal(yajl_val a, yajl_val b)
{
    size_t    i;
    yajl_val  v;

    if (a == NULL || b == NULL || a->type != b->type) {
        return 0;
    }

    switch (a->type) {

    case yajl_t_string:
        return strcmp(a->u.string, b->u.string) == 0;

    case yajl_t_number:
        return strcmp(a->u.number.r, b->u.number.r) == 0
               || strtod(a->u.number.r, NULL) == strtod(b->u.number.r, NULL);

    case yajl_t_object:

        if (a->u.object.len != b->u.object.len) {
            return 0;
        }

        for (i = 0; i < a->u.object.len; i++) {
            v = fastapi_get(b, a->u.object.keys[i]);

            if (!fastapi_equal(a->u.object.values[i], v)) {
                return 0;
            }
        }

        return 1;

    case yajl_t_array:

        if (a->u.array.len != b->u.array.len) {
            return 0;
        }

        for (i = 0; i < a->u.array.len; i++) {
            if (!fastapi_equal(a->u.array.values[i], b->u.array.values[i])) {
                return 0;
            }
        }

        return 1;

    default:
        return 1;
    }
}


/* of json_invalid, the position and ctx may be others */

static void
fastapi_forget(yajl_val answer)
{
    size_t       last;
    yajl_val     detail, fault, loc;
    const char  *type;

    detail = fastapi_get(answer, "detail");

    if (!YAJL_IS_ARRAY(detail) || detail->u.array.len != 1) {
        return;
    }

    fault = detail->u.array.values[0];
    type = fastapi_text(fault, "type");

    if (type == NULL || strcmp(type, "json_invalid") != 0) {
        return;
    }

    loc = fastapi_get(fault, "loc");

    while (loc->u.array.len > 1) {
        yajl_tree_free(loc->u.array.values[--loc->u.array.len]);
    }

    /* ctx is the last member, there and here */

    last = --fault->u.object.len;

    free((void *) fault->u.object.keys[last]);
    yajl_tree_free(fault->u.object.values[last]);
}


static ngx_int_t
fastapi_hex(const char *p)
{
    return isxdigit((u_char) p[0]) && isxdigit((u_char) p[1])
           ? ngx_hextoi((u_char *) p, 2) : NGX_ERROR;
}


/* the length of the decoded text; plus: '+' is a space */

static size_t
fastapi_decode(char *dst, const char *p, size_t len, ngx_uint_t plus)
{
    char        *start;
    ngx_int_t    c;
    const char  *end;

    start = dst;
    end = p + len;

    while (p < end) {
        c = (*p == '%' && end - p > 2) ? fastapi_hex(p + 1) : NGX_ERROR;

        if (c != NGX_ERROR) {
            *dst++ = (char) c;
            p += 3;
            continue;
        }

        *dst++ = (plus && *p == '+') ? ' ' : *p;
        p++;
    }

    return dst - start;
}


/* the last value of an argument of a query; NULL: none */

static ngx_str_t *
fastapi_arg(const char *query, ngx_http_endpoint_input_t *input,
    ngx_str_t *value)
{
    char         buf[256];
    size_t       n;
    ngx_str_t   *found;
    const char  *next, *eq;

    for (found = NULL; query && *query; query = next) {
        n = strcspn(query, "&");
        next = query + n + (query[n] == '&');

        eq = memchr(query, '=', n);
        eq = eq ? eq : query + n;

        if ((size_t) (eq - query) != input->key.len
            || ngx_strncmp(query, input->key.data, input->key.len) != 0)
        {
            continue;
        }

        n = query + n - eq;
        n = n ? fastapi_decode(buf, eq + 1, n - 1, 1) : 0;

        *value = unit_copy(input_pool, buf, n);
        found = value;
    }

    return found;
}


static ngx_str_t *
fastapi_cookie(yajl_val headers, ngx_http_endpoint_input_t *input,
    ngx_str_t *value)
{
    size_t       n;
    const char  *p;

    for (p = fastapi_text(headers, "Cookie"); p && *p; p += n) {

        p += strspn(p, "; ");
        n = strcspn(p, ";");

        if (ngx_strncmp(p, input->key.data, input->key.len) != 0
            || p[input->key.len] != '=')
        {
            continue;
        }

        p += input->key.len + 1;
        n -= input->key.len + 1;

        if (n > 1 && p[0] == '"' && p[n - 1] == '"') {
            p++;
            n -= 2;
        }

        *value = unit_copy(input_pool, p, n);
        return value;
    }

    return NULL;
}


static ngx_str_t *
fastapi_header(yajl_val headers, ngx_http_endpoint_input_t *input,
    ngx_str_t *value)
{
    size_t       i;
    const char  *text;

    for (i = 0; i < headers->u.object.len; i++) {

        if (strncasecmp(headers->u.object.keys[i], (char *) input->key.data,
                        input->key.len) == 0
            && headers->u.object.keys[i][input->key.len] == '\0')
        {
            text = YAJL_GET_STRING(headers->u.object.values[i]);
            *value = unit_copy(input_pool, text, strlen(text));
            return value;
        }
    }

    return NULL;
}


/*
 * Compiles the inputs of the path, the values in it taken; NGX_DECLINED: it
 * is another path.
 */

static ngx_int_t
fastapi_path(const char *pattern, const char *path, size_t len,
    ngx_http_endpoint_input_t *inputs, ngx_str_t *values, ngx_uint_t *n)
{
    char         declaration[64];
    size_t       size, taken;
    ngx_str_t    err;
    const char  *end;

    end = path + len;

    while (*pattern) {

        if (*pattern != '$') {

            if (path == end || *path++ != *pattern++) {
                return NGX_DECLINED;
            }

            continue;
        }

        size = strcspn(pattern, "/");
        snprintf(declaration, sizeof(declaration), "path %.*s", (int) size,
                 pattern);
        pattern += size;

        if (input_compile(declaration, &inputs[*n], &err) != NGX_OK) {
            return NGX_ERROR;
        }

        taken = end - path;

        if (inputs[*n].type != ngx_http_endpoint_type_path) {
            const char  *slash = memchr(path, '/', taken);

            taken = slash ? (size_t) (slash - path) : taken;

            if (taken == 0) {
                return NGX_DECLINED;
            }
        }

        values[(*n)++] = unit_copy(input_pool, path, taken);
        path += taken;
    }

    return path == end ? NGX_OK : NGX_DECLINED;
}


/* the reply with each $name replaced by its value */

static void
fastapi_render(const char *reply, ngx_http_endpoint_input_t *inputs,
    ngx_uint_t n, ngx_http_endpoint_value_t *values, char *dst)
{
    size_t      len;
    ngx_str_t   json;
    ngx_uint_t  i;

    while (*reply) {

        if (*reply != '$') {
            *dst++ = *reply++;
            continue;
        }

        len = strspn(++reply, "abcdefghijklmnopqrstuvwxyz_");

        for (i = 0; i < n; i++) {
            if (inputs[i].name.len == len
                && ngx_strncmp(inputs[i].name.data, reply, len) == 0)
            {
                (void) ngx_http_endpoint_value_to_json(input_pool, &values[i],
                                                       &json);
                dst = (char *) ngx_cpymem(dst, json.data, json.len);
            }
        }

        reply += len;
    }

    *dst = '\0';
}


/* which endpoint is asked, its path's inputs compiled; NGX_DECLINED: none */

static ngx_int_t
fastapi_find(yajl_val request, ngx_http_endpoint_input_t *inputs,
    ngx_str_t *texts, ngx_uint_t *n)
{
    char         path[256];
    size_t       len;
    ngx_int_t    rc;
    ngx_uint_t   e;
    const char  *target, *method;

    target = fastapi_text(request, "target");
    method = fastapi_text(request, "method");

    len = fastapi_decode(path, target, strcspn(target, "?"), 0);

    for (e = 0; e < sizeof(fastapi_endpoints) / sizeof(fastapi_endpoints[0]);
         e++)
    {
        *n = 0;

        rc = fastapi_path(fastapi_endpoints[e].path, path, len, inputs, texts,
                          n);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_OK && strcmp(fastapi_endpoints[e].method, method) == 0) {
            return e;
        }
    }

    return NGX_DECLINED;
}


/* what was sent for an input that is not of the body; NULL: nothing */

static ngx_str_t *
fastapi_sent(yajl_val request, ngx_http_endpoint_input_t *input,
    ngx_str_t *text)
{
    yajl_val     headers;
    const char  *query;

    headers = fastapi_get(request, "headers");

    switch (input->source) {

    case ngx_http_endpoint_input_path:
        return text;

    case ngx_http_endpoint_input_arg:
        query = strchr(fastapi_text(request, "target"), '?');
        return fastapi_arg(query ? query + 1 : NULL, input, text);

    case ngx_http_endpoint_input_header:
        return fastapi_header(headers, input, text);

    default:
        return fastapi_cookie(headers, input, text);
    }
}


static ngx_int_t
fastapi_body(yajl_val request, ngx_http_endpoint_input_t *inputs, ngx_uint_t n,
    ngx_http_endpoint_value_t *values, ngx_http_endpoint_faults_t *faults)
{
    ngx_str_t    body, type;
    const char  *text;

    text = fastapi_text(request, "body");
    body = unit_copy(input_pool, text ? text : "", text ? strlen(text) : 0);

    text = fastapi_text(fastapi_get(request, "headers"), "Content-Type");
    type = unit_copy(input_pool, text ? text : "", text ? strlen(text) : 0);

    return ngx_http_endpoint_input_from_body(inputs, n, &body, &type, 0, values,
                                             faults);
}


/* the reply's JSON in dst; NGX_DECLINED: no endpoint of ours */

static ngx_int_t
fastapi_run(yajl_val request, char *dst)
{
    ngx_int_t                    e;
    ngx_str_t                    texts[FASTAPI_INPUTS], err;
    ngx_uint_t                   i, n, nfirst;
    const char                 **declaration;
    ngx_http_endpoint_input_t    inputs[FASTAPI_INPUTS];
    ngx_http_endpoint_value_t    values[FASTAPI_INPUTS];
    ngx_http_endpoint_faults_t   faults;

    e = fastapi_find(request, inputs, texts, &n);
    if (e < 0) {
        return e;
    }

    declaration = fastapi_endpoints[e].inputs;

    for (i = 0; declaration[i]; i++) {
        if (input_compile(declaration[i], &inputs[n++], &err) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ngx_http_endpoint_faults_init(&faults, input_pool);

    nfirst = n;

    for (i = 0; i < n; i++) {
        inputs[i].slot = i;

        if (inputs[i].source >= ngx_http_endpoint_input_field) {
            nfirst = ngx_min(nfirst, i);

        } else if (ngx_http_endpoint_input_text(&inputs[i],
                       fastapi_sent(request, &inputs[i], &texts[i]),
                       &values[i], &faults)
                   != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (nfirst < n
        && fastapi_body(request, inputs + nfirst, n - nfirst, values, &faults)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (faults.list.nelts == 0) {
        fastapi_render(fastapi_endpoints[e].reply, inputs, n, values, dst);
        return NGX_OK;
    }

    if (ngx_http_endpoint_faults_reply(&faults, &err) != NGX_OK) {
        return NGX_ERROR;
    }

    *ngx_cpymem(dst, err.data, err.len) = '\0';

    return NGX_OK;
}


static const char *
fastapi_difference(yajl_val request)
{
    size_t       i, n;
    const char  *target, *body;

    target = fastapi_text(request, "target");
    body = fastapi_text(request, "body");

    n = sizeof(fastapi_differences) / sizeof(fastapi_differences[0]);

    for (i = 0; i < n; i++) {

        if (strcmp(target, fastapi_differences[i].target) == 0
            && (fastapi_differences[i].body == NULL
                || (body && strcmp(body, fastapi_differences[i].body) == 0)))
        {
            return fastapi_differences[i].answer;
        }
    }

    return NULL;
}


static void
fastapi_line(char *line, ngx_uint_t n)
{
    char         reply[8192];
    long long    status;
    yajl_val     record, request, answer, expected, other, got;
    ngx_int_t    rc;
    ngx_uint_t   equal;
    const char  *difference;

    record = yajl_tree_parse(line, NULL, 0);
    request = fastapi_get(record, "request");
    answer = fastapi_get(record, "answer");
    expected = fastapi_get(answer, "json");
    status = YAJL_GET_INTEGER(fastapi_get(answer, "status"));

    rc = fastapi_run(request, reply);

    if (rc == NGX_DECLINED) {

        /* the route's business: 404, 405, 307 */

        (void) unit_ok(status != 200 && status != 201 && status != 422
                       && status != 500,
                       "line %lu has no endpoint", (unsigned long) n);
        yajl_tree_free(record);
        return;
    }

    difference = fastapi_difference(request);
    other = difference ? yajl_tree_parse(difference, NULL, 0) : NULL;
    expected = other ? other : expected;

    got = rc == NGX_OK ? yajl_tree_parse(reply, NULL, 0) : NULL;

    if (other == NULL && got) {
        fastapi_forget(expected);
        fastapi_forget(got);
    }

    equal = fastapi_equal(expected, got);

    (void) unit_ok(equal, "line %lu: %s", (unsigned long) n,
                   fastapi_text(request, "target"));

    if (!equal) {
        printf("# got %s\n# for %s", rc == NGX_OK ? reply : "an error", line);
    }

    yajl_tree_free(got);
    yajl_tree_free(other);
    yajl_tree_free(record);
}


static void
fastapi(void)
{
    char         line[8192];
    FILE        *file;
    ngx_uint_t   n;

    file = fopen("t/data/fastapi.jsonl", "r");

    if (file == NULL) {
        (void) unit_ok(0, "t/data/fastapi.jsonl can be read");
        return;
    }

    for (n = 1; fgets(line, sizeof(line), file); n++) {
        fastapi_line(line, n);
    }

    fclose(file);
}
