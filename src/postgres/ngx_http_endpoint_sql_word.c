
#include "ngx_http_endpoint_sql_word.h"


#define ngx_http_endpoint_sql_is(word, name)                                  \
    ((word)->len == sizeof(name) - 1                                          \
     && ngx_strncasecmp((word)->data, (u_char *) name, sizeof(name) - 1) == 0)

#define ngx_http_endpoint_sql_letter(ch)                                      \
    (((ch) | 0x20) >= 'a' && ((ch) | 0x20) <= 'z')


static const char *ngx_http_endpoint_sql_first(
    ngx_http_endpoint_sql_words_t *words, ngx_str_t *word);
static const char *ngx_http_endpoint_sql_next(
    ngx_http_endpoint_sql_words_t *words, ngx_str_t *word);
static void ngx_http_endpoint_sql_create(ngx_http_endpoint_sql_words_t *words,
    ngx_str_t *word);
static ngx_uint_t ngx_http_endpoint_sql_into(
    ngx_http_endpoint_sql_words_t *words, ngx_str_t *word);
static void ngx_http_endpoint_sql_by(ngx_http_endpoint_sql_words_t *words,
    ngx_str_t *word);
static u_char *ngx_http_endpoint_sql_spaces(u_char *p, u_char *end);
static ngx_uint_t ngx_http_endpoint_sql_one_of(ngx_str_t *word,
    ngx_str_t *list);


/* these would act on the requests that share the connection */

static ngx_str_t  ngx_http_endpoint_sql_control[] = {
    ngx_string("begin"), ngx_string("start"), ngx_string("commit"),
    ngx_string("end"), ngx_string("rollback"), ngx_string("abort"),
    ngx_string("savepoint"), ngx_string("release"), ngx_null_string
};


static ngx_str_t  ngx_http_endpoint_sql_session[] = {
    ngx_string("reset"), ngx_string("discard"), ngx_string("prepare"),
    ngx_string("deallocate"), ngx_string("execute"), ngx_string("copy"),
    ngx_string("listen"), ngx_string("unlisten"), ngx_string("load"),
    ngx_null_string
};


static ngx_str_t  ngx_http_endpoint_sql_reads[] = {
    ngx_string("select"), ngx_string("values"), ngx_string("table"),
    ngx_string("show"), ngx_null_string
};


/* what may stand behind SET */

static ngx_str_t  ngx_http_endpoint_sql_local[] = {
    ngx_string("local"), ngx_string("constraints"), ngx_string("transaction"),
    ngx_null_string
};


static ngx_str_t  ngx_http_endpoint_sql_temporary[] = {
    ngx_string("temp"), ngx_string("temporary"), ngx_string("pg_temp"),
    ngx_null_string
};


/* what may stand between CREATE and TEMP */

static ngx_str_t  ngx_http_endpoint_sql_prefix[] = {
    ngx_string("or"), ngx_string("replace"), ngx_string("local"),
    ngx_string("global"), ngx_null_string
};


static ngx_str_t  ngx_http_endpoint_sql_lists[] = {
    ngx_string("order"), ngx_string("group"), ngx_string("partition"),
    ngx_null_string
};


/* what may stand behind a part of an ORDER BY */

static ngx_str_t  ngx_http_endpoint_sql_behind[] = {
    ngx_string("asc"), ngx_string("desc"), ngx_string("nulls"),
    ngx_string("limit"), ngx_string("offset"), ngx_string("fetch"),
    ngx_string("for"), ngx_string("having"), ngx_string("window"),
    ngx_string("union"), ngx_string("intersect"), ngx_string("except"),
    ngx_string("order"), ngx_null_string
};


const char *
ngx_http_endpoint_sql_words_add(ngx_http_endpoint_sql_words_t *words,
    ngx_str_t *word)
{
    const char  *wrong;

    words->n++;

    wrong = words->n == 1 ? ngx_http_endpoint_sql_first(words, word)
                          : ngx_http_endpoint_sql_next(words, word);

    words->second = words->last;
    words->last = *word;

    return wrong;
}


static const char *
ngx_http_endpoint_sql_first(ngx_http_endpoint_sql_words_t *words,
    ngx_str_t *word)
{
    words->kind = ngx_http_endpoint_sql_act;

    if (ngx_http_endpoint_sql_one_of(word, ngx_http_endpoint_sql_control)) {
        return "\"%V\" in SQL, write transaction { ... } around its queries";
    }

    if (ngx_http_endpoint_sql_one_of(word, ngx_http_endpoint_sql_session)) {
        return "\"%V\" in SQL would act on the connection that requests share";
    }

    if (ngx_http_endpoint_sql_one_of(word, ngx_http_endpoint_sql_reads)) {
        words->kind = ngx_http_endpoint_sql_read;

    } else if (ngx_http_endpoint_sql_is(word, "call")
               || ngx_http_endpoint_sql_is(word, "do"))
    {
        words->kind = ngx_http_endpoint_sql_call;
    }

    words->set = ngx_http_endpoint_sql_is(word, "set");
    words->declare = ngx_http_endpoint_sql_is(word, "declare");
    words->create = ngx_http_endpoint_sql_is(word, "create");
    words->prefix = words->create;

    return NULL;
}


static const char *
ngx_http_endpoint_sql_next(ngx_http_endpoint_sql_words_t *words,
    ngx_str_t *word)
{
    if (words->n == 2 && words->set
        && !ngx_http_endpoint_sql_one_of(word, ngx_http_endpoint_sql_local))
    {
        return "SET in SQL changes the connection that requests share, write "
               "SET LOCAL in a transaction";
    }

    /* DECLARE name CURSOR WITH HOLD FOR ...: it outlives its transaction */

    if (words->declare && ngx_http_endpoint_sql_is(word, "hold")
        && ngx_http_endpoint_sql_is(&words->last, "with"))
    {
        return "\"WITH %V\" in SQL would leave a cursor on the connection "
               "that requests share";
    }

    if (ngx_http_endpoint_sql_is(word, "for")) {
        words->declare = 0;
    }

    if (ngx_http_endpoint_sql_into(words, word)) {
        return "\"INTO %V\" in SQL would leave a table on the connection that "
               "requests share, write CREATE TEMP TABLE ... ON COMMIT DROP AS "
               "in a transaction";
    }

    ngx_http_endpoint_sql_create(words, word);
    ngx_http_endpoint_sql_by(words, word);

    return NULL;
}


static void
ngx_http_endpoint_sql_create(ngx_http_endpoint_sql_words_t *words,
    ngx_str_t *word)
{
    if (ngx_http_endpoint_sql_is(word, "drop")
        && ngx_http_endpoint_sql_is(&words->last, "commit")
        && ngx_http_endpoint_sql_is(&words->second, "on"))
    {
        words->dropped = 1;
    }

    if (!words->create) {
        return;
    }

    /* an index, or a trigger, goes with the table that it is on */

    if (words->prefix
        ? ngx_http_endpoint_sql_one_of(word, ngx_http_endpoint_sql_temporary)
        : ngx_http_endpoint_sql_is(word, "pg_temp")
          && !ngx_http_endpoint_sql_is(&words->last, "on"))
    {
        words->temporary = 1;
    }

    words->prefix = words->prefix
           && ngx_http_endpoint_sql_one_of(word, ngx_http_endpoint_sql_prefix);

    words->create = !ngx_http_endpoint_sql_is(word, "as");
}


/* SELECT ... INTO TEMP name, but not INSERT INTO temp */

static ngx_uint_t
ngx_http_endpoint_sql_into(ngx_http_endpoint_sql_words_t *words,
    ngx_str_t *word)
{
    return ngx_http_endpoint_sql_is(&words->last, "into")
           && !ngx_http_endpoint_sql_is(&words->second, "insert")
           && !ngx_http_endpoint_sql_is(&words->second, "merge")
           && ngx_http_endpoint_sql_one_of(word,
                                           ngx_http_endpoint_sql_temporary);
}


static void
ngx_http_endpoint_sql_by(ngx_http_endpoint_sql_words_t *words, ngx_str_t *word)
{
    words->item = 0;

    if (ngx_http_endpoint_sql_is(word, "by")
        && ngx_http_endpoint_sql_one_of(&words->last,
                                        ngx_http_endpoint_sql_lists))
    {
        words->list = 1;
        words->list_depth = words->depth;
        words->item = 1;

    } else if (words->depth <= words->list_depth
               && (ngx_http_endpoint_sql_is(word, "select")
                   || ngx_http_endpoint_sql_one_of(word,
                                               ngx_http_endpoint_sql_behind))
               && !ngx_http_endpoint_sql_is(word, "asc")
               && !ngx_http_endpoint_sql_is(word, "desc")
               && !ngx_http_endpoint_sql_is(word, "nulls"))
    {
        words->list = 0;
    }
}


void
ngx_http_endpoint_sql_words_sign(ngx_http_endpoint_sql_words_t *words,
    u_char ch)
{
    words->item = 0;

    switch (ch) {

    case '(':
        words->depth++;
        break;

    case ')':
        if (words->depth) {
            words->depth--;
        }

        if (words->depth < words->list_depth) {
            words->list = 0;
        }

        break;

    case ',':
        words->item = words->list && words->depth == words->list_depth;
        break;

    default:
        break;
    }
}


const char *
ngx_http_endpoint_sql_words_end(ngx_http_endpoint_sql_words_t *words)
{
    if (words->n == 0) {
        return "no statement in SQL";
    }

    if (words->temporary && !words->dropped) {
        return "what is temporary in SQL would stay on the connection that "
               "requests share, write CREATE TEMP TABLE ... ON COMMIT DROP in "
               "a transaction";
    }

    return NULL;
}


ngx_uint_t
ngx_http_endpoint_sql_words_constant(ngx_http_endpoint_sql_words_t *words,
    u_char *p, u_char *end)
{
    ngx_str_t  word;

    if (!words->item) {
        return 0;
    }

    p = ngx_http_endpoint_sql_spaces(p, end);

    /* another type makes no difference */

    if (end - p > 2 && p[0] == ':' && p[1] == ':') {
        for (p += 2; p < end && (ngx_http_endpoint_sql_letter(*p)
                                 || (*p >= '0' && *p <= '9')); p++)
        {
            /* void */
        }

        p = ngx_http_endpoint_sql_spaces(p, end);
    }

    if (p == end || *p == ',' || *p == ')' || *p == ';') {
        return 1;
    }

    word.data = p;

    while (p < end && ngx_http_endpoint_sql_letter(*p)) {
        p++;
    }

    word.len = p - word.data;

    return ngx_http_endpoint_sql_one_of(&word, ngx_http_endpoint_sql_behind);
}


static u_char *
ngx_http_endpoint_sql_spaces(u_char *p, u_char *end)
{
    while (p < end && (*p == ' ' || (*p >= '\t' && *p <= '\r'))) {
        p++;
    }

    return p;
}


static ngx_uint_t
ngx_http_endpoint_sql_one_of(ngx_str_t *word, ngx_str_t *list)
{
    for ( /* void */ ; list->len; list++) {
        if (word->len == list->len
            && ngx_strncasecmp(word->data, list->data, word->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
