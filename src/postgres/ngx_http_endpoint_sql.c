
#include "ngx_http_endpoint_sql_word.h"


/* what one message of the protocol can bind */
#define NGX_HTTP_ENDPOINT_SQL_MAX_PARAMS  65535

/* "$a" may become "$65535" */
#define NGX_HTTP_ENDPOINT_SQL_GROWTH      3


typedef struct {
    ngx_pool_t                      *pool;
    ngx_http_endpoint_sql_known_pt   known;
    void                            *data;
    ngx_http_endpoint_sql_t         *sql;
    ngx_str_t                       *err;
    u_char                          *pos;
    u_char                          *end;
    u_char                          *out;
    ngx_http_endpoint_sql_words_t    words;
    unsigned                         ended:1;   /* a semicolon was seen */
} ngx_http_endpoint_sql_scan_t;


static ngx_int_t ngx_http_endpoint_sql_token(ngx_http_endpoint_sql_scan_t *s);
static ngx_uint_t ngx_http_endpoint_sql_blank(ngx_http_endpoint_sql_scan_t *s);
static u_char *ngx_http_endpoint_sql_skip_line(u_char *p, u_char *end);
static u_char *ngx_http_endpoint_sql_skip_block(u_char *p, u_char *end);
static ngx_int_t ngx_http_endpoint_sql_word(ngx_http_endpoint_sql_scan_t *s);
static ngx_int_t ngx_http_endpoint_sql_keyword(ngx_http_endpoint_sql_scan_t *s,
    ngx_str_t *word);
static ngx_int_t ngx_http_endpoint_sql_quoted(ngx_http_endpoint_sql_scan_t *s,
    ngx_uint_t escapes);
static u_char *ngx_http_endpoint_sql_quote_end(u_char *p, u_char *end,
    ngx_uint_t escapes);
static u_char *ngx_http_endpoint_sql_continuation(u_char *p, u_char *end);
static ngx_int_t ngx_http_endpoint_sql_dollar(ngx_http_endpoint_sql_scan_t *s);
static size_t ngx_http_endpoint_sql_tag(u_char *p, u_char *end);
static ngx_int_t ngx_http_endpoint_sql_dollar_quoted(
    ngx_http_endpoint_sql_scan_t *s, size_t tag);
static ngx_int_t ngx_http_endpoint_sql_reference(
    ngx_http_endpoint_sql_scan_t *s);
static u_char *ngx_http_endpoint_sql_reference_end(u_char *p, u_char *end);
static u_char *ngx_http_endpoint_sql_index_end(u_char *p, u_char *end);
static ngx_int_t ngx_http_endpoint_sql_bind(ngx_http_endpoint_sql_scan_t *s,
    ngx_str_t *ref);
static ngx_int_t ngx_http_endpoint_sql_no_names(
    ngx_http_endpoint_sql_scan_t *s, u_char *p, u_char *last, const char *fmt);
static void ngx_http_endpoint_sql_copy(ngx_http_endpoint_sql_scan_t *s,
    u_char *to);
static ngx_int_t ngx_http_endpoint_sql_error(ngx_http_endpoint_sql_scan_t *s,
    const char *fmt, ngx_str_t *name);


#define ngx_http_endpoint_sql_name_start(ch)                                  \
    (((ch) >= 'a' && (ch) <= 'z') || ((ch) >= 'A' && (ch) <= 'Z')             \
     || (ch) == '_')

#define ngx_http_endpoint_sql_name_char(ch)                                   \
    (ngx_http_endpoint_sql_name_start(ch) || ((ch) >= '0' && (ch) <= '9'))

/* of identifiers: all that is not ASCII is a letter there */
#define ngx_http_endpoint_sql_word_char(ch)                                   \
    (ngx_http_endpoint_sql_name_char(ch) || (ch) >= 0x80)


ngx_int_t
ngx_http_endpoint_sql_scan(ngx_pool_t *pool, ngx_str_t *text,
    ngx_http_endpoint_sql_known_pt known, void *data,
    ngx_http_endpoint_sql_t *sql, ngx_str_t *err)
{
    ngx_int_t                      rc;
    const char                    *wrong;
    ngx_http_endpoint_sql_scan_t   s;

    ngx_memzero(&s, sizeof(ngx_http_endpoint_sql_scan_t));

    s.pool = pool;
    s.known = known;
    s.data = data;
    s.sql = sql;
    s.err = err;
    s.pos = text->data;
    s.end = text->data + text->len;

    ngx_str_null(&sql->constant);

    if (ngx_array_init(&sql->refs, pool, 4, sizeof(ngx_str_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    s.out = ngx_pnalloc(pool, NGX_HTTP_ENDPOINT_SQL_GROWTH * text->len + 1);
    if (s.out == NULL) {
        return NGX_ERROR;
    }

    sql->text.data = s.out;

    if (ngx_strlchr(s.pos, s.end, '\0')) {
        return ngx_http_endpoint_sql_error(&s, "a NUL byte in SQL", NULL);
    }

    while (s.pos < s.end) {
        rc = ngx_http_endpoint_sql_token(&s);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    wrong = ngx_http_endpoint_sql_words_end(&s.words);

    if (wrong) {
        return ngx_http_endpoint_sql_error(&s, wrong, NULL);
    }

    sql->kind = s.words.kind;

    *s.out = '\0';
    sql->text.len = s.out - sql->text.data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_sql_token(ngx_http_endpoint_sql_scan_t *s)
{
    if (ngx_http_endpoint_sql_blank(s)) {
        return s->pos <= s->end ? NGX_OK
               : ngx_http_endpoint_sql_error(s, "\"*/\" is missing in SQL",
                                             NULL);
    }

    if (s->ended) {
        return ngx_http_endpoint_sql_error(s, "more than one statement in SQL, "
                                           "write a query for each", NULL);
    }

    switch (*s->pos) {

    case '\'':
    case '"':
        return ngx_http_endpoint_sql_quoted(s, 0);

    case '$':
        return ngx_http_endpoint_sql_dollar(s);

    case ';':
        s->ended = 1;
        s->pos++;
        return NGX_OK;

    default:
        if (ngx_http_endpoint_sql_word_char(*s->pos)) {
            return ngx_http_endpoint_sql_word(s);
        }

        ngx_http_endpoint_sql_words_sign(&s->words, *s->pos);
        ngx_http_endpoint_sql_copy(s, s->pos + 1);
        return NGX_OK;
    }
}


/* sets pos behind end where a comment has none */

static ngx_uint_t
ngx_http_endpoint_sql_blank(ngx_http_endpoint_sql_scan_t *s)
{
    u_char  *p;

    p = s->pos;

    if (*p == ' ' || (*p >= '\t' && *p <= '\r')) {
        ngx_http_endpoint_sql_copy(s, p + 1);
        return 1;
    }

    if (s->end - p < 2) {
        return 0;
    }

    if (p[0] == '-' && p[1] == '-') {
        s->pos = ngx_http_endpoint_sql_skip_line(p, s->end);

    } else if (p[0] == '/' && p[1] == '*') {
        p = ngx_http_endpoint_sql_skip_block(p, s->end);

        /* pg_hint_plan reads it */

        if (p <= s->end && s->pos[2] == '+') {
            ngx_http_endpoint_sql_copy(s, p);
            return 1;
        }

        s->pos = p;

    } else {
        return 0;
    }

    /* a comment parts words, too */
    *s->out++ = ' ';

    return 1;
}


static u_char *
ngx_http_endpoint_sql_skip_line(u_char *p, u_char *end)
{
    while (p < end && *p != '\n' && *p != '\r') {
        p++;
    }

    return p;
}


static u_char *
ngx_http_endpoint_sql_skip_block(u_char *p, u_char *end)
{
    ngx_uint_t  depth;

    depth = 0;

    while (end - p >= 2) {

        if (p[0] == '/' && p[1] == '*') {
            depth++;
            p += 2;

        } else if (p[0] == '*' && p[1] == '/') {
            p += 2;

            if (--depth == 0) {
                return p;
            }

        } else {
            p++;
        }
    }

    return end + 1;
}


static ngx_int_t
ngx_http_endpoint_sql_word(ngx_http_endpoint_sql_scan_t *s)
{
    u_char     *p;
    ngx_int_t   rc;
    ngx_str_t   word;

    for (p = s->pos; p < s->end; p++) {
        if (!ngx_http_endpoint_sql_word_char(*p) && *p != '$') {
            break;
        }
    }

    word.data = s->pos;
    word.len = p - s->pos;

    rc = ngx_http_endpoint_sql_no_names(s, s->pos, p,
                                        "\"$%V\" is part of a word in SQL, "
                                        "write a space before it");
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_endpoint_sql_keyword(s, &word);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_endpoint_sql_copy(s, p);

    if (word.len == 1 && (word.data[0] | 0x20) == 'e'
        && p < s->end && *p == '\'')
    {
        return ngx_http_endpoint_sql_quoted(s, 1);
    }

    return NGX_OK;
}


/* word: a name in double quotes has its quotes */

static ngx_int_t
ngx_http_endpoint_sql_keyword(ngx_http_endpoint_sql_scan_t *s,
    ngx_str_t *word)
{
    const char  *wrong;

    wrong = ngx_http_endpoint_sql_words_add(&s->words, word);

    return wrong ? ngx_http_endpoint_sql_error(s, wrong, word) : NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_sql_quoted(ngx_http_endpoint_sql_scan_t *s,
    ngx_uint_t escapes)
{
    u_char     *p;
    ngx_int_t   rc;
    ngx_str_t   word;

    p = ngx_http_endpoint_sql_quote_end(s->pos, s->end, escapes);

    if (p == NULL) {
        return ngx_http_endpoint_sql_error(s, *s->pos == '"'
                   ? "\" is missing in SQL, a quote has no end"
                   : "' is missing in SQL, a quote has no end", NULL);
    }

    rc = ngx_http_endpoint_sql_no_names(s, s->pos, p, *s->pos == '"'
             ? "\"$%V\" in double quotes is part of a name in SQL, "
               "names of tables and columns can't be parameters"
             : "\"$%V\" in quotes is not replaced in SQL, write it outside, "
               "as in '...' || $name || '...'");

    if (rc != NGX_OK) {
        return rc;
    }

    if (*s->pos == '"') {
        word.data = s->pos;
        word.len = p - s->pos;

        rc = ngx_http_endpoint_sql_keyword(s, &word);
        if (rc != NGX_OK) {
            return rc;
        }

    } else {
        ngx_http_endpoint_sql_words_sign(&s->words, 0);
    }

    ngx_http_endpoint_sql_copy(s, p);

    return NGX_OK;
}


static u_char *
ngx_http_endpoint_sql_quote_end(u_char *p, u_char *end, ngx_uint_t escapes)
{
    u_char  quote, *next;

    quote = *p++;

    while (p < end) {

        if (escapes && *p == '\\') {
            p += 2;
            continue;
        }

        if (*p++ != quote) {
            continue;
        }

        if (p < end && *p == quote) {
            p++;
            continue;
        }

        /* 'a' and 'b' on lines of their own are one string, of one kind */

        next = escapes ? ngx_http_endpoint_sql_continuation(p, end) : NULL;

        if (next == NULL) {
            return p;
        }

        p = next;
    }

    return NULL;
}


static u_char *
ngx_http_endpoint_sql_continuation(u_char *p, u_char *end)
{
    ngx_uint_t  newline;

    newline = 0;

    while (p < end) {

        if (*p == '\n' || *p == '\r') {
            newline = 1;
            p++;

        } else if (*p == ' ' || *p == '\t' || *p == '\f' || *p == '\v') {
            p++;

        } else if (end - p >= 2 && p[0] == '-' && p[1] == '-') {
            p = ngx_http_endpoint_sql_skip_line(p, end);

        } else {
            return (newline && *p == '\'') ? p + 1 : NULL;
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_endpoint_sql_dollar(ngx_http_endpoint_sql_scan_t *s)
{
    u_char  *p;
    size_t   tag;

    tag = ngx_http_endpoint_sql_tag(s->pos, s->end);

    if (tag) {
        return ngx_http_endpoint_sql_dollar_quoted(s, tag);
    }

    p = s->pos + 1;

    if (p < s->end && *p >= '0' && *p <= '9') {
        return ngx_http_endpoint_sql_error(s, "a number behind \"$\" in SQL, "
                   "values are bound by name, write $name", NULL);
    }

    if (p < s->end
        && (*p == '{' || ngx_http_endpoint_sql_name_start(*p)))
    {
        return ngx_http_endpoint_sql_reference(s);
    }

    return ngx_http_endpoint_sql_error(s, "a name is missing behind \"$\" in "
                                       "SQL", NULL);
}


/* the length of $tag$ at p, or 0 */

static size_t
ngx_http_endpoint_sql_tag(u_char *p, u_char *end)
{
    u_char  *start;

    start = p++;

    if (p < end && *p >= '0' && *p <= '9') {
        return 0;
    }

    while (p < end && ngx_http_endpoint_sql_word_char(*p)) {
        p++;
    }

    return (p < end && *p == '$') ? (size_t) (p + 1 - start) : 0;
}


static ngx_int_t
ngx_http_endpoint_sql_dollar_quoted(ngx_http_endpoint_sql_scan_t *s,
    size_t tag)
{
    u_char     *p;
    ngx_int_t   rc;
    ngx_str_t   name;

    for (p = s->pos + tag; (size_t) (s->end - p) >= tag; p++) {

        if (ngx_memcmp(p, s->pos, tag) != 0) {
            continue;
        }

        rc = ngx_http_endpoint_sql_no_names(s, s->pos + tag, p,
                 "\"$%V\" in dollar quotes is not replaced in SQL, "
                 "write it outside");

        if (rc == NGX_OK) {
            ngx_http_endpoint_sql_copy(s, p + tag);
        }

        return rc;
    }

    name.data = s->pos;
    name.len = tag;

    return ngx_http_endpoint_sql_error(s, "\"%V\" is missing in SQL, "
                                       "a dollar quote has no end", &name);
}


static ngx_int_t
ngx_http_endpoint_sql_reference(ngx_http_endpoint_sql_scan_t *s)
{
    u_char     *p;
    ngx_str_t   ref;

    ref.data = s->pos + 1;

    p = ngx_http_endpoint_sql_reference_end(ref.data, s->end);

    if (p == NULL) {
        return ngx_http_endpoint_sql_error(s, "\"}\" is missing behind \"${\" "
                                           "in SQL", NULL);
    }

    ref.len = p - ref.data;
    s->pos = p;

    if (ngx_http_endpoint_sql_words_constant(&s->words, p, s->end)) {
        s->sql->constant = ref;
    }

    ngx_http_endpoint_sql_words_sign(&s->words, 0);

    return ngx_http_endpoint_sql_bind(s, &ref);
}


static u_char *
ngx_http_endpoint_sql_reference_end(u_char *p, u_char *end)
{
    u_char  *next;

    if (*p == '{') {
        p = ngx_strlchr(p, end, '}');
        return p ? p + 1 : NULL;
    }

    while (p < end && ngx_http_endpoint_sql_name_char(*p)) {
        p++;
    }

    while (end - p >= 2) {

        if (p[0] == '.' && ngx_http_endpoint_sql_name_start(p[1])) {

            for (p++; p < end && ngx_http_endpoint_sql_name_char(*p); p++) {
                /* void */
            }

            continue;
        }

        next = ngx_http_endpoint_sql_index_end(p, end);

        if (next == NULL) {
            break;
        }

        p = next;
    }

    return p;
}


/* behind [0], [-1], [*] or [0:3]; NULL where p is at something else */

static u_char *
ngx_http_endpoint_sql_index_end(u_char *p, u_char *end)
{
    if (*p != '[' || p[1] == ']') {
        return NULL;
    }

    for (p++; p < end; p++) {

        if (*p == ']') {
            return p + 1;
        }

        if (*p != '-' && *p != ':' && *p != '*' && (*p < '0' || *p > '9')) {
            return NULL;
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_endpoint_sql_bind(ngx_http_endpoint_sql_scan_t *s, ngx_str_t *ref)
{
    ngx_str_t   *refs;
    ngx_uint_t   i;

    refs = s->sql->refs.elts;

    for (i = 0; i < s->sql->refs.nelts; i++) {
        if (refs[i].len == ref->len
            && ngx_memcmp(refs[i].data, ref->data, ref->len) == 0)
        {
            break;
        }
    }

    if (i == NGX_HTTP_ENDPOINT_SQL_MAX_PARAMS) {
        return ngx_http_endpoint_sql_error(s, "too many parameters in SQL",
                                           NULL);
    }

    if (i == s->sql->refs.nelts) {
        refs = ngx_array_push(&s->sql->refs);
        if (refs == NULL) {
            return NGX_ERROR;
        }

        *refs = *ref;
    }

    s->out = ngx_sprintf(s->out, "$%ui", i + 1);

    /* the server reads "$1a" as one word */

    if (s->pos < s->end && ngx_http_endpoint_sql_word_char(*s->pos)) {
        *s->out++ = ' ';
    }

    return NGX_OK;
}


/* fails where some $name between p and last is known */

static ngx_int_t
ngx_http_endpoint_sql_no_names(ngx_http_endpoint_sql_scan_t *s, u_char *p,
    u_char *last, const char *fmt)
{
    ngx_str_t  name;

    while (p < last) {

        if (*p++ != '$') {
            continue;
        }

        if (p < last && *p == '{') {
            p++;
        }

        name.data = p;

        while (p < last && ngx_http_endpoint_sql_name_char(*p)) {
            p++;
        }

        name.len = p - name.data;

        if (name.len && s->known(s->data, &name)) {
            return ngx_http_endpoint_sql_error(s, fmt, &name);
        }
    }

    return NGX_OK;
}


static void
ngx_http_endpoint_sql_copy(ngx_http_endpoint_sql_scan_t *s, u_char *to)
{
    s->out = ngx_cpymem(s->out, s->pos, to - s->pos);
    s->pos = to;
}


static ngx_int_t
ngx_http_endpoint_sql_error(ngx_http_endpoint_sql_scan_t *s, const char *fmt,
    ngx_str_t *name)
{
    size_t  len;

    len = ngx_strlen(fmt) + (name ? name->len : 0);

    s->err->data = ngx_pnalloc(s->pool, len);
    if (s->err->data == NULL) {
        return NGX_ERROR;
    }

    s->err->len = ngx_snprintf(s->err->data, len, fmt, name) - s->err->data;

    return NGX_DECLINED;
}
