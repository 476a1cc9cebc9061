
#include "ngx_http_endpoint_fault.h"
#include "ngx_http_endpoint_json_check.h"
#include "ngx_http_endpoint_writer.h"


/* no more of an input is shown: what is sent once would go back many times */
#define NGX_HTTP_ENDPOINT_FAULT_INPUT  2048

#define NGX_HTTP_ENDPOINT_FAULT_PIECE  4096

#define NGX_HTTP_ENDPOINT_FAULT_CUT    "\xe2\x80\xa6"    /* U+2026 */


static ngx_int_t ngx_http_endpoint_fault_write(ngx_http_endpoint_writer_t *w,
    char *text);
static ngx_int_t ngx_http_endpoint_fault_loc(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_fault_t *fault);
static ngx_int_t ngx_http_endpoint_fault_rest(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_fault_t *fault, ngx_http_endpoint_value_t *value);
static ngx_int_t ngx_http_endpoint_fault_input(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_value_t *value);
static void ngx_http_endpoint_fault_cut(ngx_str_t *text, ngx_uint_t escapes);


/* by ngx_http_endpoint_input_source_e */
static char  *ngx_http_endpoint_fault_sources[] = {
    "path", "query", "header", "cookie", "body", "body"
};


ngx_int_t
ngx_http_endpoint_fault_set(ngx_http_endpoint_fault_t *fault, char *type,
    char *msg)
{
    fault->type = type;
    fault->msg.data = (u_char *) msg;
    fault->msg.len = ngx_strlen(msg);

    ngx_str_null(&fault->ctx);
    ngx_str_null(&fault->at);

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_endpoint_fault_error(ngx_pool_t *pool,
    ngx_http_endpoint_fault_t *fault, char *type, char *prefix,
    ngx_str_t *error)
{
    u_char                     *p;
    size_t                      len;
    ngx_http_endpoint_value_t   value;

    (void) ngx_http_endpoint_fault_set(fault, type, prefix);

    len = fault->msg.len;

    p = ngx_pnalloc(pool, len + error->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(ngx_cpymem(p, prefix, len), error->data, error->len);

    fault->msg.data = p;
    fault->msg.len = len + error->len;

    ngx_http_endpoint_value_text(&value, error->data, error->len);

    if (ngx_http_endpoint_fault_ctx(pool, fault, "error", &value) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_endpoint_fault_ctx(ngx_pool_t *pool, ngx_http_endpoint_fault_t *fault,
    char *key, ngx_http_endpoint_value_t *value)
{
    ngx_http_endpoint_writer_t  w;

    ngx_http_endpoint_writer_init(&w, pool, 0);

    if (ngx_http_endpoint_fault_write(&w, "{\"") != NGX_OK
        || ngx_http_endpoint_fault_write(&w, key) != NGX_OK
        || ngx_http_endpoint_fault_write(&w, "\":") != NGX_OK
        || ngx_http_endpoint_write_value(&w, value) != NGX_OK
        || ngx_http_endpoint_fault_write(&w, "}") != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_writer_string(&w, &fault->ctx);
}


static ngx_int_t
ngx_http_endpoint_fault_write(ngx_http_endpoint_writer_t *w, char *text)
{
    return ngx_http_endpoint_write(w, (u_char *) text, ngx_strlen(text));
}


ngx_int_t
ngx_http_endpoint_fault_json(ngx_pool_t *pool,
    ngx_http_endpoint_fault_t *fault, ngx_str_t *text)
{
    u_char      *p, buf[NGX_MAX_CONF_ERRSTR];
    size_t       i, pos, start;
    ngx_str_t    error;
    ngx_uint_t   line;

    pos = ngx_http_endpoint_fault_position(text);

    line = 1;
    start = 0;

    for (i = 0; i < pos; i++) {
        if (text->data[i] == '\n') {
            line++;
            start = i + 1;
        }
    }

    if (pos == text->len) {
        p = ngx_sprintf(buf, "EOF while parsing a value");

    } else {
        p = ngx_sprintf(buf, "expected value");
        pos++;
    }

    p = ngx_sprintf(p, " at line %ui column %uz", line, pos - start);

    error.data = buf;
    error.len = p - buf;

    return ngx_http_endpoint_fault_error(pool, fault, "json_invalid",
                                         "Invalid JSON: ", &error);
}


size_t
ngx_http_endpoint_fault_position(ngx_str_t *text)
{
    size_t                          i, n;
    ngx_http_endpoint_json_check_t  check, before;

    ngx_http_endpoint_json_check_init(&check);

    /* byte by byte only in the piece that is refused */

    n = NGX_HTTP_ENDPOINT_FAULT_PIECE;

    for (i = 0; i < text->len; /* void */ ) {

        before = check;
        n = ngx_min(n, text->len - i);

        if (ngx_http_endpoint_json_check(&check, &text->data[i], n) == NGX_OK)
        {
            i += n;
            continue;
        }

        if (n == 1) {
            break;
        }

        check = before;
        n = 1;
    }

    return i;
}


void
ngx_http_endpoint_faults_init(ngx_http_endpoint_faults_t *faults,
    ngx_pool_t *pool)
{
    ngx_memzero(faults, sizeof(ngx_http_endpoint_faults_t));

    faults->pool = pool;
}


ngx_int_t
ngx_http_endpoint_fault_add(ngx_http_endpoint_faults_t *faults,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_fault_t *fault,
    ngx_http_endpoint_value_t *value)
{
    ngx_str_t                   *json;
    ngx_http_endpoint_writer_t   w;

    ngx_http_endpoint_writer_init(&w, faults->pool, 0);

    if (ngx_http_endpoint_fault_loc(&w, input, fault) != NGX_OK
        || ngx_http_endpoint_fault_rest(&w, fault, value) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* most requests have no fault: the list is made with the first */

    if (faults->list.elts == NULL
        && ngx_array_init(&faults->list, faults->pool, 4, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (faults->list.nelts == 0 || input->order < faults->order) {
        faults->order = input->order;
    }

    json = ngx_array_push(&faults->list);
    if (json == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_writer_string(&w, json);
}


static ngx_int_t
ngx_http_endpoint_fault_loc(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_input_t *input, ngx_http_endpoint_fault_t *fault)
{
    char  *source;

    source = ngx_http_endpoint_fault_sources[input->source];

    if (ngx_http_endpoint_fault_write(w, "{\"type\":\"") != NGX_OK
        || ngx_http_endpoint_fault_write(w, fault->type) != NGX_OK
        || ngx_http_endpoint_fault_write(w, "\",\"loc\":[\"") != NGX_OK
        || ngx_http_endpoint_fault_write(w, source) != NGX_OK
        || ngx_http_endpoint_fault_write(w, "\"") != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (input->source != ngx_http_endpoint_input_body) {

        if (ngx_http_endpoint_fault_write(w, ",\"") != NGX_OK
            || ngx_http_endpoint_write_escaped(w, &input->key) != NGX_OK
            || ngx_http_endpoint_fault_write(w, "\"") != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (fault->at.len) {

        if (ngx_http_endpoint_fault_write(w, ",") != NGX_OK
            || ngx_http_endpoint_write(w, fault->at.data, fault->at.len)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_fault_write(w, "],\"msg\":\"");
}


static ngx_int_t
ngx_http_endpoint_fault_rest(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_fault_t *fault, ngx_http_endpoint_value_t *value)
{
    if (ngx_http_endpoint_write_escaped(w, &fault->msg) != NGX_OK
        || ngx_http_endpoint_fault_write(w, "\",\"input\":") != NGX_OK
        || ngx_http_endpoint_fault_input(w, value) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (fault->ctx.len) {

        if (ngx_http_endpoint_fault_write(w, ",\"ctx\":") != NGX_OK
            || ngx_http_endpoint_write(w, fault->ctx.data, fault->ctx.len)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_endpoint_fault_write(w, "}");
}


/* the value, or of a long one its start, as a string */

static ngx_int_t
ngx_http_endpoint_fault_input(ngx_http_endpoint_writer_t *w,
    ngx_http_endpoint_value_t *value)
{
    ngx_int_t   rc;
    ngx_str_t   text;

    /* the quotes of a string are not counted */

    if (value->data.len <= NGX_HTTP_ENDPOINT_FAULT_INPUT + 2) {
        return ngx_http_endpoint_write_value(w, value);
    }

    if (ngx_http_endpoint_value_flatten(w->pool, value) != NGX_OK
        || ngx_http_endpoint_fault_write(w, "\"") != NGX_OK)
    {
        return NGX_ERROR;
    }

    text = value->data;

    if (value->type == ngx_http_endpoint_string) {
        text.data++;
        ngx_http_endpoint_fault_cut(&text, 1);

        rc = ngx_http_endpoint_write(w, text.data, text.len);

    } else {
        ngx_http_endpoint_fault_cut(&text, 0);

        rc = ngx_http_endpoint_write_escaped(w, &text);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_fault_write(w, NGX_HTTP_ENDPOINT_FAULT_CUT "\"");
}


/* not within a character, nor where there are any within an escape */

static void
ngx_http_endpoint_fault_cut(ngx_str_t *text, ngx_uint_t escapes)
{
    u_char  *p, *next, *last;

    p = text->data;
    last = p + NGX_HTTP_ENDPOINT_FAULT_INPUT;

    for ( ;; ) {
        next = p + 1;

        if (escapes && *p == '\\') {
            next += (p[1] == 'u') ? 5 : 1;

            /* the other half of a surrogate pair */

            if (p[1] == 'u' && (p[2] | 0x20) == 'd' && next[0] == '\\'
                && next[1] == 'u')
            {
                next += 6;
            }
        }

        while ((*next & 0xc0) == 0x80) {
            next++;
        }

        if (next > last) {
            text->len = p - text->data;
            return;
        }

        p = next;
    }
}


ngx_int_t
ngx_http_endpoint_faults_reply(ngx_http_endpoint_faults_t *faults,
    ngx_str_t *reply)
{
    ngx_str_t                   *fault;
    ngx_uint_t                   i;
    ngx_http_endpoint_writer_t   w;

    ngx_http_endpoint_writer_init(&w, faults->pool, 0);

    if (ngx_http_endpoint_fault_write(&w, "{\"detail\":[") != NGX_OK) {
        return NGX_ERROR;
    }

    fault = faults->list.elts;

    for (i = 0; i < faults->list.nelts; i++) {

        if (i && ngx_http_endpoint_fault_write(&w, ",") != NGX_OK) {
            return NGX_ERROR;
        }

        if (ngx_http_endpoint_write(&w, fault[i].data, fault[i].len)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ngx_http_endpoint_fault_write(&w, "]}") != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_writer_string(&w, reply);
}


ngx_int_t
ngx_http_endpoint_fault_conf(ngx_pool_t *pool, ngx_str_t *err,
    const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    p = ngx_pnalloc(pool, NGX_MAX_CONF_ERRSTR);
    if (p == NULL) {
        return NGX_ERROR;
    }

    va_start(args, fmt);
    err->len = ngx_vslprintf(p, p + NGX_MAX_CONF_ERRSTR, fmt, args) - p;
    va_end(args);

    err->data = p;

    return NGX_ERROR;
}
